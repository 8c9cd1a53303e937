"""`nightrun undo` on a real repository with real commits of the pipeline."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from nightrun.cli import main
from nightrun.decisions import message
from nightrun.hands import lock
from nightrun.hands.state_dir import StateDir
from tests.pipeline_commits import task_commit
from tests.story import commit_all, git_out, write


def undo(repo: Path, *args: str, answer: str = "") -> Result:
    return CliRunner().invoke(main, ["undo", "--repo", str(repo), *args], input=answer)


def head(repo: Path) -> str:
    return git_out(repo, "rev-parse", "HEAD")


@pytest.fixture
def night(repo: Path) -> dict[str, str]:
    """Two tasks, a person's commit between them; task -> commit."""
    one = task_commit(repo, "t1", {"one": "1\n"})
    write(repo, "mine", "mine\n")
    commit_all(repo, "by hand")
    return {"t1": one, "t2": task_commit(repo, "t2", {"two": "2\n", "one": "1\n2\n"})}


def test_a_night_is_reverted_newest_first_after_a_yes(repo: Path, night: dict[str, str]) -> None:
    start = head(repo)
    shown = undo(repo, "--since", "12h", answer="y\n")
    assert shown.exit_code == 0, shown.output
    subjects = git_out(repo, "log", "--format=%s", f"{start}..HEAD").splitlines()
    assert subjects == ['Revert "[pipeline] impl t1: Write one"', 'Revert "[pipeline] impl t2: Write two and one"']
    assert not (repo / "one").exists() and not (repo / "two").exists() and (repo / "mine").exists()
    assert git_out(repo, "status", "--porcelain") == ""
    told = [line for line in shown.stdout.splitlines() if line.startswith("to revert:")]
    assert [line.split()[2] for line in told] == [night["t2"][:10], night["t1"][:10]]
    assert "Revert 2 commits on main? [y/N]: y" in shown.stdout and "Nothing was pushed." in shown.stdout
    body = git_out(repo, "log", "-1", "--format=%B").encode()
    assert message.trailers(body) == {"Reverts-Pipeline-Task": ["t1"], "Reverts-Commit": [night["t1"]]}


@pytest.mark.parametrize("answer", ["n\n", "\n"])
def test_without_a_yes_nothing_is_done(answer: str, repo: Path, night: dict[str, str]) -> None:
    before = head(repo)
    shown = undo(repo, "--task", "t2", answer=answer)
    assert (shown.exit_code, head(repo)) == (0, before)
    assert shown.stdout.endswith("Nothing was undone.\n")


def test_what_is_undone_already_is_said_and_not_done_again(repo: Path, night: dict[str, str]) -> None:
    assert undo(repo, "--task", "t2", "--yes").exit_code == 0
    by, before = head(repo)[:10], head(repo)
    again = undo(repo, "--task", "t2", "--yes")
    assert (again.exit_code, head(repo)) == (0, before)
    assert again.stdout.startswith(f"already undone by {by}:  {night['t2'][:10]} [pipeline] impl t2: ")
    assert again.stdout.endswith("There is nothing to undo on main.\n")
    assert undo(repo, "--since", "12h", "--yes").exit_code == 0
    assert not (repo / "one").exists()


def test_an_undo_can_be_taken_back_and_done_again(repo: Path, night: dict[str, str]) -> None:
    shown = undo(repo, "--task", "t2", "--yes")
    command = shown.stdout.rsplit("To take it back: git ", 1)[1].split()
    git_out(repo, *command, "--no-edit")
    assert (repo / "two").exists()
    assert undo(repo, "--task", "t2", "--yes").exit_code == 0
    assert not (repo / "two").exists()


def test_a_conflict_stops_with_everything_as_it_was(repo: Path, night: dict[str, str]) -> None:
    write(repo, "one", "1\n2 and more\n")
    commit_all(repo, "by hand, on top of t2")
    last = task_commit(repo, "t3", {"three": "3\n"})
    before = head(repo)
    shown = undo(repo, "--since", "12h", "--yes")
    assert (shown.exit_code, head(repo)) == (1, before)
    assert f"Reverting {night['t2'][:10]} [pipeline] impl t2: Write two and one conflicts" in shown.stderr
    assert "in one. Nothing was undone." in shown.stderr
    assert f"git revert --no-edit {last[:10]}; git revert {night['t2'][:10]}, resolve it" in shown.stderr
    assert git_out(repo, "status", "--porcelain") == ""
    said = json.loads(undo(repo, "--since", "12h", "--json").stdout)
    assert (said["state"], said["conflict"]["task"], said["conflict"]["paths"]) == ("conflict", "t2", ["one"])


def test_uncommitted_edits_elsewhere_stay(repo: Path, night: dict[str, str]) -> None:
    write(repo, "mine", "edited\n")
    write(repo, "new", "untracked\n")
    assert undo(repo, "--task", "t2", "--yes").exit_code == 0
    assert (repo / "mine").read_text() == "edited\n"
    assert git_out(repo, "status", "--porcelain").splitlines() == [" M mine", "?? new"]


def test_an_overlap_with_uncommitted_edits_is_75_and_changes_nothing(repo: Path, night: dict[str, str]) -> None:
    write(repo, "one", "edited\n")
    before = head(repo)
    shown = undo(repo, "--task", "t2", "--yes")
    assert (shown.exit_code, head(repo)) == (75, before)
    assert "Your uncommitted edits of one overlap with it. Nothing was undone." in shown.stderr
    assert (repo / "one").read_text() == "edited\n" and (repo / "two").exists()


def test_a_rebase_in_progress_is_75(repo: Path, night: dict[str, str]) -> None:
    write(repo, ".git/rebase-merge/head-name", "refs/heads/main\n")
    assert undo(repo, "--task", "t2", "--yes").exit_code == 75


def test_since_takes_a_commit_and_a_date(repo: Path, night: dict[str, str]) -> None:
    def tasks(since: str) -> list[str]:
        said = json.loads(undo(repo, "--since", since, "--json").stdout)
        return [one["task"] for one in said["reverts"]]

    assert tasks(night["t1"]) == ["t2"]
    assert tasks("main~1") == ["t2"]
    assert tasks(f"{datetime.now() - timedelta(days=1):%Y-%m-%d}") == ["t2", "t1"]
    assert tasks(f"{datetime.now() + timedelta(days=1):%Y-%m-%d %H:%M}") == []


def test_json_without_yes_only_shows(repo: Path, night: dict[str, str]) -> None:
    before = head(repo)
    said = json.loads(undo(repo, "--task", "t2", "--json").stdout)
    assert (said["state"], head(repo)) == ("planned", before)
    said = json.loads(undo(repo, "--task", "t2", "--json", "--yes").stdout)
    assert (said["state"], said["reverts"][0]["reverted_by"]) == ("done", head(repo))


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        ((), 2, "Name a task or a time."),
        (("--task", "t1", "--since", "1h"), 2, "Name a task or a time."),
        (("--since", "nonsense"), 2, "'nonsense' is no time, no date and no commit."),
        (("--since", "2026-13-45"), 2, "'2026-13-45' is no time, no date and no commit."),
        (("--task", "t9"), 1, "There is no commit of a task t9 on main."),
    ],
)
def test_wrong_use(args: tuple[str, ...], code: int, said: str, repo: Path, night: dict[str, str]) -> None:
    shown = undo(repo, *args)
    assert shown.exit_code == code
    assert shown.stderr.startswith(f"nightrun: {said}\n")


def test_the_guard_of_the_repository_sees_nothing_wrong(repo: Path) -> None:
    assert CliRunner().invoke(main, ["setup", "--repo", str(repo)]).exit_code == 0
    task_commit(repo, "t1", {"one": "1\n"})
    start = head(repo)
    assert undo(repo, "--task", "t1", "--yes").exit_code == 0
    checked = CliRunner().invoke(main, ["check-messages", "--repo", str(repo), f"{start}..HEAD"])
    assert (
        checked.stdout == "1 commit checked, none refused\n" or checked.stdout == "one commit checked, none refused\n"
    )
    git_out(repo, "commit", "--amend", "--no-edit")  # runs the commit-msg hook


def test_a_target_that_is_not_checked_out_is_moved_alone(repo: Path, night: dict[str, str]) -> None:
    write(repo, "pipeline.yaml", _policy("target: main"))
    git_out(repo, "switch", "-q", "-c", "elsewhere")
    before = head(repo)
    assert undo(repo, "--task", "t2", "--yes").exit_code == 0
    assert head(repo) == before and (repo / "two").exists()
    assert git_out(repo, "log", "-1", "--format=%s", "main").startswith('Revert "[pipeline] impl t2')


def test_ticks_beside_each_other_are_no_conflict(repo: Path) -> None:
    backlog = "- [ ] a\n- [ ] b\n- [ ] c\n"
    write(repo, "specs/backlog.md", backlog)
    commit_all(repo, "items")
    first = backlog.replace("[ ] a", "[x] a")
    task_commit(repo, "t1", {"specs/backlog.md": first, "a": "a\n"})
    task_commit(repo, "t2", {"specs/backlog.md": first.replace("[ ] b", "[x] b"), "b": "b\n"})
    assert undo(repo, "--task", "t1", "--yes").exit_code == 0
    assert (repo / "specs/backlog.md").read_text() == "- [ ] a\n- [x] b\n- [ ] c\n"
    assert (repo / "b").exists() and not (repo / "a").exists()


def test_what_is_gone_already_needs_no_commit(repo: Path) -> None:
    task_commit(repo, "t1", {"one": "1\n"})
    (repo / "one").unlink()
    before = commit_all(repo, "not wanted")
    shown = undo(repo, "--task", "t1", "--yes")
    assert (shown.exit_code, head(repo)) == (0, before)
    assert shown.stdout.startswith("nothing of it is left:  ")


def test_a_landing_in_progress_is_waited_for(
    repo: Path, night: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nightrun.flows.undoing.LOCK_WAIT_S", 0.1)
    held = lock.hold(StateDir(repo).create().lock("landing"))
    assert held is not None
    shown = undo(repo, "--task", "t2", "--yes")
    assert (shown.exit_code, shown.stderr.split("\n")[0]) == (
        75,
        "nightrun: A runner is landing work just now. Nothing was undone.",
    )
    held.release()
    assert undo(repo, "--task", "t2", "--yes").exit_code == 0


def test_the_first_commit_of_a_repository_can_be_undone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from nightrun import commit_progress

    git_out(tmp_path, "init", "-q", "fresh")
    repo = tmp_path / "fresh"
    write(repo, "one", "1\n")
    monkeypatch.chdir(repo)
    assert commit_progress.commit_progress("t1", "impl", "Write one")
    assert undo(repo, "--task", "t1", "--yes").exit_code == 0
    assert git_out(repo, "ls-tree", "HEAD") == ""


def _policy(project: str) -> str:
    gates = "".join(f"  {name}: {{gate: []}}\n" for name in ("spec", "impl", "test", "review"))
    return f"version: 1\nproject: {{{project}}}\ntask_types:\n{gates}"
