from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner, Result

from nightrun.cli import main
from nightrun.decisions.hook_text import HookValues
from nightrun.hands import hooks
from tests.story import git_out, write


def setup(repo: Path, *args: str) -> Result:
    return CliRunner().invoke(main, ["setup", "--repo", str(repo), *args])


def test_hooks_are_what_git_runs_afterwards_and_a_second_time_changes_nothing(repo: Path) -> None:
    shown = setup(repo)
    assert shown.exit_code == 0, shown.output
    folder = repo / ".git/hooks"
    assert shown.stdout == f"commit-msg: installed in {folder}\npre-push: installed in {folder}\n"
    assert hooks.check(repo, HookValues()) == []
    assert setup(repo).stdout == "commit-msg: already in place\npre-push: already in place\n"


def test_the_policy_is_written_into_them_anew(repo: Path) -> None:
    setup(repo)
    gates = "".join(f"  {name}: {{gate: []}}\n" for name in ("spec", "impl", "test", "review"))
    write(repo, "pipeline.yaml", f"version: 1\ntask_types:\n{gates}commit: {{subject_length: 60}}\n")
    assert setup(repo).stdout.startswith("commit-msg: brought up to date")


def test_it_works_from_a_linked_worktree(repo: Path) -> None:
    git_out(repo, "worktree", "add", "-q", "../linked")
    assert setup(repo.parent / "linked").exit_code == 0
    assert hooks.check(repo, HookValues()) == []


def test_a_hooks_path_of_somebody_else_is_said_and_followed_only_on_request(repo: Path, tmp_path: Path) -> None:
    git_out(repo, "config", "core.hooksPath", str(tmp_path / "shared"))
    shown = setup(repo)
    assert shown.exit_code == 1
    assert shown.stderr.startswith("nightrun: core.hooksPath is set: ")
    assert setup(repo, "--into-hooks-path").exit_code == 0
    assert (tmp_path / "shared/pre-push").is_file()


def test_a_bad_policy_installs_nothing(repo: Path) -> None:
    write(repo, "pipeline.yaml", "version: 7\n")
    assert setup(repo).exit_code == 78
    assert not (repo / ".git/hooks/pre-push").exists()
