"""Installing, checking and removing the hook files of real repositories."""

from __future__ import annotations

import os
import subprocess
import threading
from pathlib import Path

import pytest

from nightrun.decisions import hook_text
from nightrun.decisions.hook_text import HOOK_NAMES, HookValues
from nightrun.hands import hooks
from nightrun.hands.hooks import HookConflict
from nightrun.policy.model import Commit, Policy, Push
from tests.story import git_out, write

VALUES = HookValues()
FOREIGN = '#!/bin/sh\necho "earlier $1" >>earlier.log\nexit ${EARLIER_CODE:-0}\n'
PRE_COMMIT = '#!/bin/sh\nif [ -x "$0.legacy" ]; then "$0.legacy" "$@" || exit; fi\necho "framework" >>earlier.log\n'


def executable(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def commit(repo: Path, message: str, **extra: str) -> bool:
    argv = ["git", "commit", "-q", "--allow-empty", "-m", message]
    return subprocess.run(argv, cwd=repo, env={**os.environ, **extra}, capture_output=True).returncode == 0


def guarded(repo: Path) -> bool:
    """Whether commits of this work tree are judged."""
    return commit(repo, "[pipeline] impl t1: x") and not commit(repo, "[pipeline] x")


def kinds(repo: Path, values: HookValues = VALUES) -> list[tuple[str, str]]:
    return [(problem.hook, problem.kind) for problem in hooks.check(repo, values)]


class TestInstall:
    def test_git_runs_them_afterwards(self, repo: Path) -> None:
        said = hooks.install(repo, VALUES)
        assert [line.split(":")[0] for line in said] == list(HOOK_NAMES)
        assert guarded(repo)
        assert kinds(repo) == []

    def test_a_second_time_changes_nothing_and_says_so(self, repo: Path) -> None:
        hooks.install(repo, VALUES)
        before = [(path, path.stat().st_ino) for path in sorted((repo / ".git/hooks").iterdir())]
        assert hooks.install(repo, VALUES) == [f"{name}: already in place" for name in HOOK_NAMES]
        assert [(path, path.stat().st_ino) for path in sorted((repo / ".git/hooks").iterdir())] == before

    def test_works_when_the_hooks_folder_is_missing(self, repo: Path) -> None:
        (repo / ".git/hooks").rename(repo / ".git/gone")
        hooks.install(repo, VALUES)
        assert guarded(repo)

    def test_from_a_linked_worktree_it_is_installed_for_all(self, repo: Path) -> None:
        git_out(repo, "worktree", "add", "-q", "../wt", "-b", "other")
        hooks.install(repo.parent / "wt", VALUES)
        assert guarded(repo)
        assert guarded(repo.parent / "wt")
        assert kinds(repo) == []

    def test_in_a_submodule(self, repo: Path) -> None:
        git_out(repo, "clone", "-q", ".", "../other")
        git_out(repo, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "../other", "sub")
        hooks.install(repo / "sub", VALUES)
        assert guarded(repo / "sub")
        assert not guarded(repo)

    def test_git_directory_elsewhere(self, repo: Path) -> None:
        git_out(repo, "init", "-q", "--separate-git-dir", "../the git dir")
        hooks.install(repo, VALUES)
        assert guarded(repo)

    def test_the_policy_is_written_into_them(self, repo: Path) -> None:
        policy = Policy(commit=Commit(messages="pipeline", subject_length=100), push=Push(block="pipeline"))
        hooks.install(repo, hooks.values_of(policy))
        assert not commit(repo, "anything else")
        assert "subject_length='100'\n" in (repo / ".git/hooks/commit-msg").read_text()
        assert "block='pipeline'\n" in (repo / ".git/hooks/pre-push").read_text()

    def test_lost_mode_and_content_are_repaired(self, repo: Path) -> None:
        hooks.install(repo, VALUES)
        (repo / ".git/hooks/commit-msg").chmod(0o644)
        write(repo, ".git/hooks/pre-push", (repo / ".git/hooks/pre-push").read_text() + "exit 0\n")
        hooks.install(repo, VALUES)
        assert kinds(repo) == []

    def test_a_commit_at_any_moment_of_a_refresh_is_judged(self, repo: Path) -> None:
        hooks.install(repo, VALUES)
        done = threading.Event()

        def refresh() -> None:
            length = 72
            while not done.is_set():
                length += 1
                hooks.install(repo, HookValues(subject_length=length))

        thread = threading.Thread(target=refresh)
        thread.start()
        try:
            assert not any(commit(repo, "[pipeline] x") for _ in range(30))
        finally:
            done.set()
            thread.join()
        assert sorted(path.name for path in (repo / ".git/hooks").iterdir() if ".sample" not in path.name) == [
            "commit-msg",
            "pre-push",
        ]


class TestEarlierHooks:
    def test_an_earlier_hook_still_runs_and_can_refuse(self, repo: Path) -> None:
        executable(repo / ".git/hooks/commit-msg", FOREIGN)
        said = hooks.install(repo, VALUES)
        assert "kept as commit-msg.nightrun-chained and runs first" in said[0]
        assert guarded(repo)
        assert (repo / "earlier.log").read_text() == "earlier .git/COMMIT_EDITMSG\n" * 2
        assert not commit(repo, "fine", EARLIER_CODE="1")

    def test_a_message_that_an_earlier_hook_spoils_is_refused(self, repo: Path) -> None:
        executable(repo / ".git/hooks/commit-msg", '#!/bin/sh\necho "[pipeline] x" >"$1"\n')
        hooks.install(repo, VALUES)
        assert not commit(repo, "fine")

    def test_it_is_chained_once_however_often(self, repo: Path) -> None:
        executable(repo / ".git/hooks/commit-msg", FOREIGN)
        for length in (72, 72, 73):
            hooks.install(repo, HookValues(subject_length=length))
        assert commit(repo, "fine")
        assert (repo / "earlier.log").read_text().count("earlier") == 1

    def test_a_hook_without_an_interpreter_line_and_a_symbolic_link(self, repo: Path) -> None:
        executable(repo / "scripts/msg", "echo linked >>earlier.log\n")
        (repo / ".git/hooks/commit-msg").symlink_to("../../scripts/msg")
        hooks.install(repo, VALUES)
        assert commit(repo, "fine")
        assert (repo / "earlier.log").read_text() == "linked\n"
        assert (repo / "scripts/msg").read_text() == "echo linked >>earlier.log\n"
        hooks.uninstall(repo)
        assert (repo / ".git/hooks/commit-msg").readlink() == Path("../../scripts/msg")

    def test_a_hook_that_git_ignored_stays_ignored(self, repo: Path) -> None:
        write(repo, ".git/hooks/commit-msg", "exit 1\n")
        assert "not executable" in hooks.install(repo, VALUES)[0]
        assert commit(repo, "fine")

    def test_an_interrupted_installation_is_finished(self, repo: Path) -> None:
        executable(repo / ".git/hooks/commit-msg", FOREIGN)
        executable(repo / ".git/hooks/commit-msg.nightrun-chained", FOREIGN)
        hooks.install(repo, VALUES)
        assert commit(repo, "fine")
        assert (repo / "earlier.log").read_text().count("earlier") == 1

    def test_a_framework_that_took_our_place_is_chained_with_the_oldest_behind_it(self, repo: Path) -> None:
        folder = repo / ".git/hooks"
        executable(folder / "commit-msg", FOREIGN)
        hooks.install(repo, VALUES)
        (folder / "commit-msg").rename(folder / "commit-msg.legacy")
        executable(folder / "commit-msg", PRE_COMMIT)
        assert guarded(repo)
        assert (repo / "earlier.log").read_text().count("earlier") == 2
        assert kinds(repo) == [("commit-msg", "foreign")]
        (repo / "earlier.log").unlink()
        hooks.install(repo, VALUES)
        assert kinds(repo) == []
        assert guarded(repo)
        assert (repo / "earlier.log").read_text().count("framework") == 2
        assert (
            not (folder / "commit-msg.legacy").exists() or "nightrun" not in (folder / "commit-msg.legacy").read_text()
        )

    def test_a_framework_without_an_older_hook(self, repo: Path) -> None:
        folder = repo / ".git/hooks"
        hooks.install(repo, VALUES)
        (folder / "commit-msg").rename(folder / "commit-msg.legacy")
        executable(folder / "commit-msg", PRE_COMMIT)
        hooks.install(repo, VALUES)
        assert guarded(repo)
        assert not (folder / "commit-msg.legacy").exists()

    def test_two_strangers_are_not_guessed_about(self, repo: Path) -> None:
        folder = repo / ".git/hooks"
        executable(folder / "commit-msg", FOREIGN)
        hooks.install(repo, VALUES)
        executable(folder / "commit-msg", "#!/bin/sh\nexit 0\n")
        with pytest.raises(HookConflict, match="another program put a new commit-msg hook"):
            hooks.install(repo, VALUES)
        assert (folder / "commit-msg").read_text() == "#!/bin/sh\nexit 0\n"
        assert (folder / "commit-msg.nightrun-chained").read_text() == FOREIGN


class TestUninstall:
    def test_leaves_what_was_there_before(self, repo: Path) -> None:
        executable(repo / ".git/hooks/commit-msg", FOREIGN)
        before = sorted(path.name for path in (repo / ".git/hooks").iterdir())
        hooks.install(repo, VALUES)
        said = hooks.uninstall(repo)
        assert said == ["commit-msg: removed, the earlier hook is back", "pre-push: removed"]
        assert sorted(path.name for path in (repo / ".git/hooks").iterdir()) == before
        assert (repo / ".git/hooks/commit-msg").read_text() == FOREIGN

    def test_leaves_the_hooks_of_others_alone(self, repo: Path) -> None:
        executable(repo / ".git/hooks/commit-msg", FOREIGN)
        assert "left alone" in hooks.uninstall(repo)[0]
        assert (repo / ".git/hooks/commit-msg").exists()


class TestCheck:
    def test_nothing_installed(self, repo: Path) -> None:
        assert kinds(repo) == [("commit-msg", "missing"), ("pre-push", "missing")]

    def test_each_way_of_being_wrong(self, repo: Path) -> None:
        hooks.install(repo, VALUES)
        (repo / ".git/hooks/pre-push").chmod(0o644)
        executable(repo / ".git/hooks/commit-msg", "#!/bin/sh\n# nightrun hook: commit-msg\nexit 0\n")
        assert kinds(repo) == [("commit-msg", "changed"), ("pre-push", "not_executable")]
        executable(repo / ".git/hooks/commit-msg", "")
        assert kinds(repo)[0] == ("commit-msg", "foreign")

    def test_a_stale_policy(self, repo: Path) -> None:
        hooks.install(repo, VALUES)
        assert kinds(repo, HookValues(types=("spec",))) == [("commit-msg", "stale")]
        assert kinds(repo, HookValues(block="pipeline")) == [("pre-push", "stale")]
        assert "run `nightrun setup`" in hooks.check(repo, HookValues(block="pipeline"))[0].text

    def test_a_worktree_with_a_hooks_path_of_its_own(self, repo: Path) -> None:
        hooks.install(repo, VALUES)
        git_out(repo, "worktree", "add", "-q", "../wt", "-b", "other")
        git_out(repo, "config", "extensions.worktreeConfig", "true")
        git_out(repo.parent / "wt", "config", "--worktree", "core.hooksPath", "/dev/null")
        problems = hooks.check(repo, VALUES)
        assert [problem.kind for problem in problems] == ["missing", "missing", "hooks_path"]
        assert {problem.worktree.name for problem in problems} == {"wt"}

    def test_a_worktree_whose_folder_is_gone_does_not_count(self, repo: Path) -> None:
        hooks.install(repo, VALUES)
        git_out(repo, "worktree", "add", "-q", "../wt", "-b", "other")
        (repo.parent / "wt").rename(repo.parent / "moved")
        assert kinds(repo) == []


class TestLinkedFolder:
    """A link in the place of the folder of hooks; no setting is to blame."""

    @pytest.fixture
    def linked(self, repo: Path, tmp_path: Path) -> Path:
        hooks.install(repo, VALUES)
        (repo / ".git/hooks").rename(tmp_path / "elsewhere")
        (repo / ".git/hooks").symlink_to(tmp_path / "elsewhere")
        return tmp_path / "elsewhere"

    def test_hooks_of_ours_that_lie_there_are_kept_in_order(self, repo: Path, linked: Path) -> None:
        assert kinds(repo) == []
        (linked / "commit-msg").chmod(0o644)
        hooks.install(repo, VALUES)
        assert kinds(repo) == []

    def test_a_folder_without_them_is_said_and_how_to_be_rid_of_the_link(self, repo: Path, linked: Path) -> None:
        for one in linked.iterdir():
            one.unlink()
        problem = hooks.check(repo, VALUES)[-1]
        assert (problem.kind, "is a link that sends git to" in problem.text) == ("hooks_path", True)
        with pytest.raises(HookConflict, match="is a link: git runs the hooks in") as caught:
            hooks.install(repo, VALUES)
        assert str(caught.value.hint).startswith(f"`rm {repo / '.git/hooks'}` takes the link away")
        (repo / ".git/hooks").unlink()
        hooks.install(repo, VALUES)
        assert kinds(repo) == []


class TestHooksPath:
    @pytest.mark.parametrize("scope", ["--local", "--global"])
    def test_it_is_said_and_nothing_is_written(self, repo: Path, tmp_path: Path, scope: str) -> None:
        theirs = tmp_path / "their hooks"
        theirs.mkdir()
        git_out(repo, "config", scope, "core.hooksPath", str(theirs))
        with pytest.raises(HookConflict, match=r"git runs the hooks in .*their hooks and ignores those in") as caught:
            hooks.install(repo, VALUES)
        assert "--into-hooks-path" in str(caught.value.hint)
        assert list(theirs.iterdir()) == []
        assert ("", "hooks_path") in kinds(repo)

    def test_it_is_followed_when_the_person_says_so(self, repo: Path, tmp_path: Path) -> None:
        theirs = executable(tmp_path / "their hooks/commit-msg", FOREIGN).parent
        git_out(repo, "config", "--global", "core.hooksPath", str(theirs))
        said = hooks.install(repo, VALUES, into_hooks_path=True)
        assert "perhaps all repositories of this account" in said[0]
        assert guarded(repo)
        assert (repo / "earlier.log").exists()
        assert kinds(repo) == []
        hooks.uninstall(repo)
        assert (theirs / "commit-msg").read_text() == FOREIGN

    def test_a_path_to_the_usual_folder_is_no_obstacle(self, repo: Path) -> None:
        git_out(repo, "config", "core.hooksPath", ".git/hooks")
        hooks.install(repo, VALUES)
        assert guarded(repo)

    def test_a_relative_path_inside_the_repository(self, repo: Path) -> None:
        git_out(repo, "config", "core.hooksPath", ".githooks")
        with pytest.raises(HookConflict, match="githooks"):
            hooks.install(repo, VALUES)
        assert "this repository alone" in hooks.install(repo, VALUES, into_hooks_path=True)[0]
        assert guarded(repo)

    def test_a_linked_worktree_that_lacks_the_folder_is_found(self, repo: Path) -> None:
        git_out(repo, "config", "core.hooksPath", ".githooks")
        hooks.install(repo, VALUES, into_hooks_path=True)
        git_out(repo, "worktree", "add", "-q", "../wt", "-b", "other")
        assert [problem.kind for problem in hooks.check(repo, VALUES)] == ["missing", "missing", "hooks_path"]


class TestHusky:
    """husky's generated files source `h`, which finds the person's hook by the name it was called with."""

    @pytest.fixture
    def husky(self, repo: Path) -> Path:
        folder = repo / ".husky/_"
        shim = '#!/usr/bin/env sh\n. "$(dirname "$0")/h"'
        executable(folder / "commit-msg", shim)
        executable(folder / "pre-push", shim)
        write(repo, ".husky/_/husky.sh", "")
        write(
            repo,
            ".husky/_/h",
            'n=$(basename "$0")\ns=$(dirname "$(dirname "$0")")/$n\n'
            '[ ! -f "$s" ] && exit 0\nsh -e "$s" "$@"\nexit $?\n',
        )
        executable(repo / ".husky/commit-msg", FOREIGN)
        executable(repo / ".husky/pre-push", 'cat >lines; echo "$@" >args\n')
        git_out(repo, "config", "core.hooksPath", ".husky/_")
        return folder

    def test_it_is_named(self, repo: Path, husky: Path) -> None:
        with pytest.raises(HookConflict, match="husky owns that folder"):
            hooks.install(repo, VALUES)

    def test_its_hooks_still_run(self, repo: Path, husky: Path) -> None:
        said = hooks.install(repo, VALUES, into_hooks_path=True)
        assert any("husky writes that folder anew" in line for line in said)
        assert guarded(repo)
        assert "earlier .git/COMMIT_EDITMSG" in (repo / "earlier.log").read_text()
        assert not commit(repo, "fine", EARLIER_CODE="1")

    def test_its_push_hook_gets_the_lines(self, repo: Path, husky: Path) -> None:
        hooks.install(repo, VALUES, into_hooks_path=True)
        git_out(repo, "init", "-q", "--bare", "../r.git")
        argv = ["git", "push", "-q", "../r.git", "main"]
        assert subprocess.run(argv, cwd=repo, capture_output=True).returncode != 0
        assert not (repo / "lines").exists()
        subprocess.run(argv, cwd=repo, env={**os.environ, "PIPELINE_AUTO_PUSH": "1"}, check=True)
        assert (repo / "lines").read_text().startswith("refs/heads/main ")
        assert (repo / "args").read_text() == "../r.git ../r.git\n"


class TestShipped:
    def test_both_hooks_come_with_the_source(self) -> None:
        for name in HOOK_NAMES:
            assert hook_text.is_ours(hooks.shipped(name), name)

    def test_an_environment_has_them_below_its_prefix(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        """What `data-files` of pyproject.toml make of an installed wheel."""
        share = executable(
            tmp_path / "venv/share/nightrun/hooks/commit-msg", "#!/bin/sh\n# nightrun hook: commit-msg\n"
        )
        module = tmp_path / "venv/lib/python3.11/site-packages/nightrun/hands/hooks.py"
        assert share.parent in hooks.places(module)

    def test_unfilled_and_filled_with_the_defaults_are_the_same(self) -> None:
        for name in HOOK_NAMES:
            assert hook_text.fill(hooks.shipped(name), name, VALUES) == hooks.shipped(name)
