"""`nightrun verify` on a real repository with real commits of the pipeline and real gates."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from nightrun import commit_progress
from nightrun.cli import main
from nightrun.hands.state_dir import StateDir
from tests.pipeline_commits import task_commit
from tests.story import commit_all, git_out, write

GATE = "sh -c 'test ! -e broken'"


def verify(repo: Path, *args: str) -> Result:
    return CliRunner().invoke(main, ["verify", "--repo", str(repo), *args])


def policy(repo: Path, gate: str = GATE, more: str = "", timeout: str = "1h") -> None:
    types = "".join(f'  {name}: {{gate: ["{gate}"]}}\n' for name in ("spec", "test", "review"))
    write(
        repo,
        "pipeline.yaml",
        f'version: 1\ntask_types:\n{types}  impl: {{gate: ["{gate}"], timeout: {timeout}}}\n{more}',
    )
    commit_all(repo, "policy")


@pytest.fixture
def gated(repo: Path) -> Path:
    policy(repo)
    return repo


def states(shown: Result) -> dict[str, tuple[str, str]]:
    return {one["task"]: (one["state"], one["found"]["result"]) for one in json.loads(shown.stdout)["commits"]}


def test_what_a_night_claims_is_run_again_and_holds(gated: Path) -> None:
    one = task_commit(gated, "t1", {"one": "1\n"}, commands=(GATE,))
    write(gated, "mine", "x\n")
    commit_all(gated, "by hand")
    two = task_commit(gated, "t2", {"two": "2\n"}, commands=(GATE,))
    write(gated, "broken", "only in the checkout of the person\n")
    shown = verify(gated)
    assert shown.exit_code == 0, shown.output
    rows = [line.split() for line in shown.stdout.splitlines()[1:3]]
    assert [(row[0], row[1], row[2]) for row in rows] == [(two[:10], "impl", "t2"), (one[:10], "impl", "t1")]
    assert shown.stdout.endswith("2 commits checked: all that is claimed holds.\n")
    assert f"1 of 2: {two[:10]} {GATE}\n" in shown.stderr
    assert git_out(gated, "status", "--porcelain").splitlines() == ["?? broken"]
    assert list(StateDir(gated).worktrees.iterdir()) == []
    assert git_out(gated, "worktree", "list").count("\n") == 0


def test_a_gate_that_did_not_pass_is_found(gated: Path) -> None:
    task_commit(gated, "t1", {"broken": "it never passed\n"}, commands=(GATE,))
    task_commit(gated, "t2", {"two": "2\n"}, commands=(GATE,))
    shown = verify(gated, "HEAD~1")
    assert shown.exit_code == 1
    assert f"the gate fails on it: `{GATE}` failed with exit code 1\n" in shown.stdout
    assert "DOES NOT HOLD" in shown.stdout
    log = StateDir(gated).task_logs / f"verify-{git_out(gated, 'rev-parse', 'HEAD~1')[:10]}.log"
    assert log.exists() and str(log) in shown.stdout


def test_a_gate_that_fails_once_and_then_passes_on_the_same_tree_is_flaky_as_in_an_attempt(repo: Path) -> None:
    gate = "sh -c 'test -e been || { touch been; exit 1; }'"
    policy(repo, gate=gate, more='workspace: {sandbox: "off"}\n')
    task_commit(repo, "t1", {"one": "1\n"}, commands=(gate,))
    shown = verify(repo)
    assert shown.exit_code == 0, shown.output
    assert ", flaky: it failed first on the same tree\n" in shown.stdout
    (one,) = json.loads(verify(repo, "--json").stdout)["commits"]
    assert (one["state"], one["found"]["result"], one["found"]["flaky"]) == ("holds", "passed", True)


def test_a_gate_that_no_policy_has_is_found(gated: Path) -> None:
    task_commit(gated, "t1", {"one": "1\n"}, commands=("true",))
    shown = verify(gated, "--json")
    assert (shown.exit_code, states(shown)) == (1, {"t1": ("false", "passed")})
    assert json.loads(shown.stdout)["holds"] is False
    assert verify(gated, "--no-run").exit_code == 1


def test_none_where_the_policy_has_a_gate_is_found(gated: Path) -> None:
    task_commit(gated, "t1", {"one": "1\n"}, gate="none")
    assert verify(gated, "--no-run").exit_code == 1


def test_commands_of_a_message_never_run(gated: Path, tmp_path: Path) -> None:
    task_commit(gated, "t1", {"one": "1\n"}, commands=(f"touch {tmp_path / 'pwned'}",))
    assert verify(gated).exit_code == 1
    assert not (tmp_path / "pwned").exists()


def test_a_log_that_is_not_the_one_of_the_gate_is_found(gated: Path) -> None:
    printed = b"12 passed\n"
    task_commit(gated, "t1", {"one": "1\n"}, commands=(GATE,), log=hashlib.sha256(printed).hexdigest())
    assert verify(gated, "HEAD", "--no-run").exit_code == 0, "logs are not kept for ever"
    log = StateDir(gated).create().task_logs / "t1.1.gate.log"
    log.write_bytes(printed)
    assert verify(gated, "HEAD", "--no-run").exit_code == 0
    log.write_bytes(b"13 passed\n")
    shown = verify(gated, "HEAD", "--no-run")
    assert (shown.exit_code, f"what its gate printed is not what it names: {log}" in shown.stdout) == (1, True)


def test_a_gate_that_was_changed_since_is_the_one_of_then(gated: Path) -> None:
    task_commit(gated, "t1", {"one": "1\n"}, commands=(GATE,))
    policy(gated, gate="false")
    shown = verify(gated, "--json")
    assert (shown.exit_code, states(shown)) == (0, {"t1": ("holds", "passed")})
    assert json.loads(shown.stdout)["commits"][0]["found"]["commands"] == [GATE]


def test_only_comparing_runs_nothing(gated: Path) -> None:
    task_commit(gated, "t1", {"broken": "x\n"}, commands=(GATE,))
    shown = verify(gated, "--no-run", "--json")
    assert (shown.exit_code, states(shown)) == (0, {"t1": ("holds", "not run")})
    assert not (gated / ".pipeline").exists()


def test_a_forged_trailer_is_found(gated: Path) -> None:
    task_commit(gated, "t1", {"one": "1\n"}, commands=(GATE,))
    body = git_out(gated, "show", "-s", "--format=%B", "HEAD")
    write(gated, "one", "other content, under the same evidence\n")
    commit_all(gated, body)
    shown = verify(gated, "HEAD")
    assert shown.exit_code == 1
    assert "its gate is about tree" in shown.stdout


def test_the_same_tree_is_checked_once(gated: Path, tmp_path: Path) -> None:
    gate = f"sh -c 'echo run >> {tmp_path / 'runs'}'"
    policy(gated, gate=gate, more=f"workspace: {{writable: [{tmp_path}]}}\n")
    task_commit(gated, "t1", {"one": "1\n"}, commands=(gate,))
    task_commit(gated, "t2", {"one": "2\n"}, commands=(gate,))
    task_commit(gated, "t3", {"one": "1\n"}, commands=(gate,))
    assert verify(gated).exit_code == 0
    assert (tmp_path / "runs").read_text() == "run\nrun\n"


def test_setup_and_links_of_the_workspace_are_there_as_in_an_attempt(repo: Path) -> None:
    gate = "sh -c 'test -e made -a -e deps/lib'"
    policy(repo, gate=gate, more="workspace: {setup: [touch made], link: [deps]}\n")
    write(repo, "deps/lib", "x\n")
    task_commit(repo, "t1", {"one": "1\n"}, commands=(gate,))
    shown = verify(repo)
    assert shown.exit_code == 0, shown.output
    assert (repo / "deps/lib").exists()


@pytest.mark.parametrize(
    ("gate", "timeout", "said"),
    [
        ("no-such-program-here", "1h", "`no-such-program-here` cannot be started"),
        ("sleep 30", "200ms", "`sleep 30` took longer than the policy allows"),
    ],
)
def test_what_cannot_be_checked_here_is_75(gate: str, timeout: str, said: str, repo: Path) -> None:
    policy(repo, gate=gate, timeout=timeout)
    task_commit(repo, "t1", {"one": "1\n"}, commands=(gate,))
    shown = verify(repo)
    assert shown.exit_code == 75, shown.output
    assert said in shown.stdout and "could not be" in shown.stdout


def test_a_failing_setup_is_no_verdict(repo: Path) -> None:
    policy(repo, more="workspace: {setup: ['false']}\n")
    task_commit(repo, "t1", {"one": "1\n"}, commands=(GATE,))
    assert verify(repo).exit_code == 75


def test_a_gate_that_changes_tracked_files_does_not_hold(repo: Path) -> None:
    gate = "sh -c 'echo changed > one'"
    policy(repo, gate=gate)
    task_commit(repo, "t1", {"one": "1\n"}, commands=(gate,))
    shown = verify(repo)
    assert shown.exit_code == 1
    assert "it changes files that git tracks" in shown.stdout


def test_a_commit_by_hand_claims_no_gate(gated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(gated, "one", "1\n")
    monkeypatch.chdir(gated)
    assert commit_progress.commit_progress("t1", "impl", "Write one")
    shown = verify(gated)
    assert shown.exit_code == 0
    assert shown.stdout.splitlines()[1].split() == [
        git_out(gated, "rev-parse", "HEAD")[:10],
        *("impl", "t1", "no", "gate", "no", "gate"),
    ]


def test_without_a_policy_nothing_can_be_said(repo: Path) -> None:
    task_commit(repo, "t1", {"one": "1\n"})
    shown = verify(repo)
    assert shown.exit_code == 75
    assert "there is no pipeline.yaml that says what the gate is" in shown.stdout


def test_nothing_to_check_is_said(gated: Path) -> None:
    shown = verify(gated)
    assert (shown.exit_code, shown.stdout) == (0, "There is no commit of the pipeline in that range.\n")
    assert verify(gated, "nowhere..HEAD").exit_code == 2


def test_what_a_killed_verify_left_is_removed(gated: Path) -> None:
    task_commit(gated, "t1", {"one": "1\n"}, commands=(GATE,))
    left = StateDir(gated).create().worktrees / "verify-0123456789"
    git_out(gated, "worktree", "add", "-q", "--detach", str(left), "HEAD")
    assert verify(gated).exit_code == 0
    assert not left.exists()
    assert str(left) not in git_out(gated, "worktree", "list")
