"""What keeps a run from beginning, and what is only said; in real repositories."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from nightrun.decisions import room
from nightrun.decisions.hook_text import HookValues
from nightrun.flows import supervisor_start
from nightrun.flows.supervisor import Plan
from nightrun.flows.supervisor_start import Asked
from nightrun.hands import clock, hooks, policy_file, sandbox
from nightrun.hands.sandbox import Found
from nightrun.policy.model import Limits
from nightrun.words.errors import BadPolicy, NightrunError
from tests.story import commit_all, git_out, write


def policy(repo: Path, **changes: Any) -> None:
    types = {name: {"gate": ["true"]} for name in ("spec", "impl", "test", "review")}
    write(repo, "pipeline.yaml", yaml.safe_dump({"version": 1, "task_types": types, **changes}))


def plan(repo: Path, **asked: Any) -> Plan:
    return supervisor_start.plan(repo, policy_file.load(repo), Asked(**asked))


def refusal(repo: Path, **asked: Any) -> NightrunError:
    with pytest.raises(NightrunError) as raised:
        plan(repo, **asked)
    assert raised.value.exit_code == 1 and raised.value.hint
    return raised.value


@pytest.fixture
def ready(repo: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """As on a machine that has a sandbox."""
    monkeypatch.setattr(sandbox, "look", lambda: Found(program="/usr/bin/bwrap"))
    policy(repo)
    return repo


# -- what counts


def test_the_command_line_wins_over_the_policy(repo: Path) -> None:
    policy(repo, project={"runners": 3}, limits={"hours": 5})
    assert (plan(repo).runners, plan(repo).hours) == (3, 5)
    asked = plan(repo, runners=2, hours=1.5, until_idle=True)
    assert (asked.runners, asked.hours, asked.until_idle) == (2, 1.5, True)


def test_without_a_word_one_runner_works_without_end(ready: Path) -> None:
    assert (plan(ready).runners, plan(ready).hours, plan(ready).until_idle) == (1, None, False)


def test_commits_and_heals_are_on_unless_the_person_says_otherwise(
    ready: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = plan(ready).settings
    assert (settings.auto_commit, settings.auto_fix, settings.auto_push) == (True, True, False)
    write(ready, ".env", "PIPELINE_AUTO_COMMIT=0\nPIPELINE_AUTO_FIX_ENABLED=0\n")
    settings = plan(ready).settings
    assert (settings.auto_commit, settings.auto_fix) == (False, False)
    monkeypatch.setenv("PIPELINE_AUTO_COMMIT", "1")
    assert plan(ready).settings.auto_commit


def test_work_lands_on_what_is_checked_out_or_on_the_target_of_the_policy(repo: Path) -> None:
    policy(repo)
    assert plan(repo).branch == "main"
    git_out(repo, "branch", "night")
    policy(repo, project={"target": "night"})
    assert plan(repo).branch == "night"
    git_out(repo, "checkout", "-q", "--detach")
    assert plan(repo).branch == "night"


# -- reasons not to begin


def test_a_bad_policy(repo: Path) -> None:
    with pytest.raises(BadPolicy, match=r"There is no pipeline\.yaml"):
        supervisor_start.run(repo, Asked(), print)
    assert not (repo / ".pipeline").exists()


def test_a_state_folder_that_cannot_be_made(ready: Path) -> None:
    (ready / ".pipeline").write_text("a file of somebody else\n")
    with pytest.raises(NightrunError, match=r"\.pipeline cannot be made or written: File exists\.") as raised:
        supervisor_start.run(ready, Asked(), print)
    assert raised.value.exit_code == 1


def test_a_detached_head(ready: Path) -> None:
    git_out(ready, "checkout", "-q", "--detach")
    assert refusal(ready).message == "HEAD is detached, so it is not known where work shall land."


def test_a_branch_without_a_commit(tmp_path: Path) -> None:
    new = tmp_path / "new"
    git_out(tmp_path, "init", "-q", "new")
    policy(new)
    assert refusal(new).message == "The branch main has no commit yet, so there is nothing to work from."


def test_a_target_that_does_not_exist(repo: Path) -> None:
    policy(repo, project={"target": "nihgt"})
    assert refusal(repo).message == "project.target is nihgt, and there is no such branch."


def test_nobody_to_commit_as(ready: Path, sealed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (sealed / ".gitconfig").write_text("[user]\n    useConfigOnly = true\n")
    assert "user.name" in f"{refusal(ready).message} {refusal(ready).hint}"
    monkeypatch.setenv("PIPELINE_AUTO_COMMIT", "0")
    assert plan(ready).branch == "main"


def test_uncommitted_changes_where_agents_work_in_the_root_itself(repo: Path) -> None:
    policy(repo, project={"isolation": "root"})
    commit_all(repo, "policy")
    assert plan(repo).branch == "main"
    for name in "abcd":
        write(repo, name, "mine\n")
    said = refusal(repo).message
    assert said.startswith(
        f"With isolation: root agents work in {repo} itself, and it has uncommitted changes: a, b, c"
    )
    assert said.endswith(" and 1 more.")


def test_several_runners_in_the_root_itself(repo: Path) -> None:
    policy(repo, project={"isolation": "root"})
    commit_all(repo, "policy")
    assert "2 runners were asked for" in refusal(repo, runners=2).message


# -- what is only said


def test_a_repository_in_order_has_nothing_to_say(ready: Path) -> None:
    hooks.install(ready, HookValues())
    assert plan(ready).notes == ()


def test_a_merge_in_progress(ready: Path) -> None:
    hooks.install(ready, HookValues())
    git_out(ready, "checkout", "-q", "-b", "other")
    commit_all(ready, "other")
    git_out(ready, "checkout", "-q", "main")
    policy(ready)
    write(ready, "mine", "mine\n")
    git_out(ready, "add", "mine")
    git_out(ready, "commit", "-q", "-m", "mine")
    (ready / "pipeline.yaml").unlink()
    git_out(ready, "merge", "-q", "--no-commit", "other")
    (note,) = plan(ready).notes
    assert note == "a merge is in progress here: nothing lands in this checkout before its end"


def test_too_little_disk(ready: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hooks.install(ready, HookValues())
    monkeypatch.setattr(clock, "disk_free", lambda _path: 5 << 20)
    monkeypatch.setattr(clock, "disk_total", lambda _path: 10 << 30)
    (note,) = plan(ready).notes
    wanted = room.floor(Limits(), clock.disk(ready).total) >> 20
    assert note == f"5 MiB are free on the disk, the policy wants {wanted} MiB: no attempt starts below that"


def test_hooks_that_were_never_installed_stay_the_choice_of_the_person(ready: Path) -> None:
    (note,) = plan(ready).notes
    assert note == "commit-msg and pre-push: no such hook is installed here; `make setup` does that"
    assert not (ready / ".git/hooks/commit-msg").exists()


def test_hooks_of_an_older_policy_are_brought_up_to_date(repo: Path) -> None:
    policy(repo, commit={"subject_length": 60}, workspace={"sandbox": "off"})
    hooks.install(repo, HookValues())
    (note,) = plan(repo).notes
    assert note.startswith("hook commit-msg: brought up to date")
    assert hooks.check(repo, hooks.values_of(policy_file.load(repo))) == []
    assert plan(repo).notes == ()


def test_a_hook_that_somebody_edited_stays_and_is_told(ready: Path) -> None:
    hooks.install(ready, HookValues())
    hook = ready / ".git/hooks/pre-push"
    hook.write_text(hook.read_text() + "# mine\n")
    (note,) = plan(ready).notes
    assert f"{hook} is another version than this nightrun's, or was edited" in note
    assert hook.read_text().endswith("# mine\n")


# -- the sandbox


def test_without_a_sandbox_a_run_begins_and_says_so(ready: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "look", lambda: Found(program=None, why="bwrap is not here", fix=sandbox.INSTALL))
    assert "agents and gates run without a sandbox: bwrap is not here" in plan(ready).notes
    policy(ready, workspace={"sandbox": "off"})
    assert not [note for note in plan(ready).notes if "sandbox" in note]


def test_that_agents_in_the_project_root_read_env_files_is_said_where_nothing_hides_them(ready: Path) -> None:
    policy(ready, workspace={"sandbox": "off"}, project={"isolation": "root"})
    commit_all(ready, "policy")
    assert [note for note in plan(ready).notes if "such as .env" in note]


def test_a_policy_that_insists_on_a_sandbox_keeps_a_run_from_beginning_without(
    ready: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "look", lambda: Found(program=None, why="bwrap is not here", fix=sandbox.INSTALL))
    policy(ready, workspace={"sandbox": "bwrap"})
    raised = refusal(ready)
    assert "bwrap is not here" in raised.message and "bubblewrap" in str(raised.hint)


def test_in_a_sandbox_nothing_is_said(ready: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "look", lambda: Found(program="/usr/bin/bwrap"))
    assert not [note for note in plan(ready).notes if "sandbox" in note]
