from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from nightrun.cli import main
from nightrun.hands import files, git_settings, git_worktree, lock, sandbox_cache
from nightrun.hands.state_dir import StateDir
from tests import story

OLD = 1_700_000_000


@pytest.fixture
def state(repo: Path) -> StateDir:
    story.write(repo, ".git/info/exclude", "/.pipeline/\n")
    return StateDir(repo).create()


def clean(repo: Path, *args: str, answer: str = "") -> Result:
    return CliRunner().invoke(main, ["clean", "--repo", str(repo), *args], input=answer)


def branch(repo: Path, name: str, text: str, *, file: str = "new.txt") -> str:
    """A branch of an attempt with one commit."""
    path = repo.parent / "elsewhere"
    story.git_out(repo, "worktree", "add", "-q", "-b", f"pipeline/{name}", str(path))
    story.write(path, file, text)
    sha = story.commit_all(path, f"nightrun: work of {name}")
    story.git_out(repo, "worktree", "remove", str(path))
    return sha


def refs(repo: Path) -> list[str]:
    return story.git_out(repo, "for-each-ref", "--format=%(refname)").splitlines()


def test_nothing_to_remove_is_said(repo: Path, state: StateDir) -> None:
    shown = clean(repo)
    assert (shown.exit_code, shown.stdout) == (0, "There is nothing to remove.\n")


def test_work_in_the_history_goes_and_other_work_stays(repo: Path, state: StateDir) -> None:
    branch(repo, "merged.1", "one\n")
    story.git_out(repo, "merge", "-q", "--ff-only", "pipeline/merged.1")
    branch(repo, "picked.1", "two\n", file="two.txt")
    kept = branch(repo, "lost.1", "three\n", file="three.txt")
    story.write(repo, "other.txt", "x\n")
    story.commit_all(repo, "between")
    story.git_out(repo, "cherry-pick", "pipeline/picked.1")
    story.git_out(repo, "branch", "pipeline/mine", kept)
    shown = clean(repo, "--yes")
    assert shown.exit_code == 0, shown.output
    assert refs(repo) == ["refs/heads/main", "refs/heads/pipeline/lost.1", "refs/heads/pipeline/mine"]
    assert "Only with --all:\n  branch    pipeline/lost.1  (its work is not in the history)\n" in shown.stdout
    assert "Removed 2." in shown.stdout


def test_commits_of_an_agent_that_landed_as_one_are_in_the_history(repo: Path, state: StateDir) -> None:
    path = repo.parent / "elsewhere"
    story.git_out(repo, "worktree", "add", "-q", "--detach", str(path))
    for text in ("one\n", "one\ntwo\n"):
        story.write(path, "new.txt", text)
        sha = story.commit_all(path, text)
    story.git_out(repo, "worktree", "remove", str(path))
    story.git_out(repo, "update-ref", f"refs/nightrun/kept/t.1/{sha[:12]}", sha)
    story.write(repo, "other.txt", "x\n")
    story.commit_all(repo, "between")
    story.write(repo, "new.txt", "one\ntwo\n")
    story.commit_all(repo, "[pipeline] impl t: both")
    assert clean(repo, "--yes").exit_code == 0
    assert refs(repo) == ["refs/heads/main"]


def test_what_a_person_agrees_to_lose_can_be_had_back_for_14_days(repo: Path, state: StateDir) -> None:
    sha = branch(repo, "lost.1", "three\n")
    assert "1 of 1" not in clean(repo, "--all", answer="n\n").stdout
    assert "refs/heads/pipeline/lost.1" in refs(repo)
    assert clean(repo, "--all", answer="y\n").exit_code == 0
    (recovery,) = [one for one in refs(repo) if one != "refs/heads/main"]
    assert recovery.startswith("refs/nightrun/recovery/") and recovery.endswith(f"/lost.1-{sha[:12]}")
    assert story.git_out(repo, "rev-parse", recovery) == sha
    story.git_out(repo, "update-ref", "refs/nightrun/recovery/2020-01-01/old.1-abc", sha)
    assert clean(repo, "--yes").exit_code == 0
    assert refs(repo) == ["refs/heads/main", recovery]


def test_worktree_goes_with_its_branch_unless_somebody_works_in_it(repo: Path, state: StateDir) -> None:
    for name in ("idle.1", "busy.1"):
        git_worktree.add(repo, state.worktrees / name, f"pipeline/{name}", "HEAD")
    held = lock.hold(state.lock("attempt-busy.1"))
    assert held is not None
    shown = clean(repo, "--yes", "--all")
    held.release()
    assert shown.exit_code == 0, shown.output
    assert sorted(one.name for one in state.worktrees.iterdir()) == ["busy.1"]
    assert refs(repo) == ["refs/heads/main", "refs/heads/pipeline/busy.1"]
    assert "(an attempt runs in it)" in shown.stdout


def test_changes_in_a_worktree_are_asked_about_and_kept(repo: Path, state: StateDir) -> None:
    path = state.worktrees / "dirty.1"
    git_worktree.add(repo, path, "pipeline/dirty.1", "HEAD")
    story.write(path, "new.txt", "not committed\n")
    assert clean(repo, "--yes").exit_code == 0
    assert path.is_dir() and "refs/heads/pipeline/dirty.1" in refs(repo)
    assert clean(repo, "--yes", "--all").exit_code == 0
    recovery = next(one for one in refs(repo) if "recovery" in one)
    assert story.git_out(repo, "show", f"{recovery}:new.txt") == "not committed"
    assert not path.exists()


def test_worktrees_of_a_person_are_not_touched(repo: Path, state: StateDir) -> None:
    outside, inside = repo.parent / "mine.1", state.worktrees / "mine.2"
    story.git_out(repo, "worktree", "add", "-q", "-b", "mine", str(outside))
    story.git_out(repo, "worktree", "add", "-q", "-b", "pipeline/other.1", str(inside))
    assert clean(repo, "--yes", "--all").stdout == "There is nothing to remove.\n"
    assert outside.is_dir() and inside.is_dir()
    assert {"refs/heads/mine", "refs/heads/pipeline/other.1"} <= {*refs(repo)}


def test_old_logs_and_prompts_go(repo: Path, state: StateDir) -> None:
    old, new, prompt = state.task_log("a", 1), state.task_log("b", 1), state.path / "prompts/a.1/prompt"
    for path in (old, new, prompt):
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text("x")
    for path in (old, prompt.parent):
        os.utime(path, (OLD, OLD))
    assert clean(repo, "--yes").exit_code == 0
    assert (old.exists(), new.exists(), prompt.parent.exists()) == (False, True, False)


def test_looking_changes_nothing_and_json_asks_nobody(repo: Path, state: StateDir) -> None:
    branch(repo, "lost.1", "three\n")
    before = refs(repo)
    found = json.loads(clean(repo, "--json", "--dry-run", "--all").stdout)
    assert [one["name"] for one in found["asked"]] == ["refs/heads/pipeline/lost.1"]
    assert (found["done"], refs(repo)) == ([], before)
    assert clean(repo, "--json").exit_code == 2
    assert json.loads(clean(repo, "--json", "--yes", "--all").stdout)["done"] == ["refs/heads/pipeline/lost.1"]


def test_nothing_is_taken_from_a_task_that_is_not_done_with(repo: Path, state: StateDir) -> None:
    task = ["task", "--repo", str(repo), "--type", "impl", "--direction", "x", "--json"]
    name = f"{json.loads(CliRunner().invoke(main, task).stdout)['id']}.1"
    branch(repo, name, "half\n")
    shown = clean(repo, "--yes", "--all")
    assert shown.exit_code == 0, shown.output
    assert f"refs/heads/pipeline/{name}" in refs(repo)
    assert "(its task is pending)" in shown.stdout


def test_settings_that_a_runner_refused_are_not_used(repo: Path, state: StateDir) -> None:
    story.git_out(repo, "config", "filter.x.clean", "touch ran")
    story.write(repo, ".pipeline/git-settings.json", json.dumps({"run": 1, "refused": git_settings.mark(repo)}))
    shown = clean(repo, "--yes")
    assert (shown.exit_code, "could run programs of an agent" in shown.stderr) == (1, True)
    story.git_out(repo, "config", "--unset", "filter.x.clean")
    assert clean(repo, "--yes").exit_code == 0


def test_caches_of_the_sandbox_are_shown_and_go_with_all(repo: Path, state: StateDir) -> None:
    path = sandbox_cache.folder(state, "agent")
    (path / "wheels").write_bytes(os.urandom(3 << 20))
    shown = clean(repo)
    assert f"Only with --all: 3.0 MiB\n  cache     {path}  (3.0 MiB; what is needed of it is" in shown.stdout
    assert "There is nothing to remove." in shown.stdout
    shown = clean(repo, "--all", "--yes")
    assert (shown.exit_code, "Removed 1. 3.0 MiB" in shown.stdout) == (0, True), shown.output
    assert files.size(state.path / "cache") == 0
    assert clean(repo).stdout == "There is nothing to remove.\n"


def test_a_cache_that_a_program_uses_goes_when_that_has_ended(repo: Path, state: StateDir) -> None:
    (sandbox_cache.folder(state, "gate") / "wheels").write_bytes(b"x" * 5000)
    room = state.path / sandbox_cache.ROOMS / "t.1"
    room.mkdir(parents=True)
    shown = clean(repo, "--all", "--yes")
    assert (shown.exit_code, "stays: a program uses it; it goes when that has ended" in shown.stderr) == (1, True)
    room.rmdir()
    assert clean(repo, "--all", "--yes").exit_code == 0
