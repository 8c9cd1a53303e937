"""All changes of the current folder's repository become one task's commit, or there is a plain reason why not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from nightrun import commit_progress
from nightrun.decisions.hook_text import HookValues
from nightrun.hands import commit_index, hooks, lock
from nightrun.words.errors import NightrunError, TryLater, WrongUse
from tests.story import commit_all, git_out, new_repository, write

TYPES = "task_types:\n  spec: {gate: []}\n  impl: {gate: []}\n  test: {gate: []}\n"
POLICY = f"version: 1\n{TYPES}  review: {{gate: []}}\n"
VALUE = "--format=%(trailers:key=Pipeline-Task,valueonly,separator=%x2C)"


@pytest.fixture
def here(repo: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The repository, which is also the current folder."""
    monkeypatch.chdir(repo)
    return repo


def commit(task_id: str = "t1", task_type: str = "impl", text: str = "Add a file", *, push: bool = False) -> bool:
    return commit_progress.commit_progress(task_id, task_type, text, push)


def fails(task_id: str = "t1", task_type: str = "impl", text: str = "Add a file") -> NightrunError:
    """The failure in words; the function itself says False."""
    with pytest.raises(NightrunError) as raised:
        commit_progress.run(task_id, task_type, text)
    assert commit(task_id, task_type, text) is False
    assert raised.value.hint
    return raised.value


def hook(repo: Path, name: str, text: str) -> Path:
    path = write(repo, f".git/hooks/{name}", f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def status(repo: Path) -> str:
    return git_out(repo, "status", "--porcelain")


def files(repo: Path, commit: str = "HEAD") -> list[str]:
    return git_out(repo, "show", "--format=", "--name-only", "--no-renames", commit).split("\n")


def commits(repo: Path) -> int:
    return int(git_out(repo, "rev-list", "--all", "--count"))


class TestCommit:
    def test_all_changes_are_one_commit_in_the_format(self, here: Path) -> None:
        write(here, "new/file", "x")
        write(here, "README.md", "changed\n")
        assert commit("task_msg_test", "review", "Review code quality")
        assert git_out(here, "log", "-1", "--format=%s") == "[pipeline] review task_msg_test: Review code quality"
        assert git_out(here, "log", "-1", VALUE) == "task_msg_test"
        assert sorted(files(here)) == ["README.md", "new/file"]
        assert status(here) == ""
        assert git_out(here, "fsck", "--strict") == ""

    def test_from_a_folder_below_the_top_everything_is_taken(self, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        write(here, "above", "x")
        write(here, "below/file", "x")
        monkeypatch.chdir(here / "below")
        assert commit()
        assert files(here) == ["above", "below/file"]
        assert status(here) == ""

    def test_kinds_of_change(self, here: Path) -> None:
        for name in ("gone", "folder/inner", "to-link/inner", "was-file", "mode"):
            write(here, name, name)
        commit_all(here, "second")
        (here / "gone").unlink()
        shutil.rmtree(here / "folder")
        write(here, "folder", "now a file")
        shutil.rmtree(here / "to-link")
        (here / "to-link").symlink_to("elsewhere")
        (here / "was-file").unlink()
        write(here, "was-file/inner", "x")
        (here / "mode").chmod(0o755)
        assert commit()
        assert status(here) == ""
        tree = git_out(here, "ls-tree", "-r", "--name-only", "HEAD").split("\n")
        assert tree == ["README.md", "folder", "mode", "to-link", "was-file/inner"]

    def test_odd_names(self, here: Path) -> None:
        names = [
            b"a b",
            b"tab\t",
            b"line\nend",
            b'q"uote',
            b"back\\slash",
            b"-dash",
            b":(glob)*",
            b"caf\xe9",
            b"[x]",
            b" ",
        ]
        for name in names:
            Path(os.fsdecode(os.fsencode(here) + b"/" + name)).write_bytes(b"x")
        assert commit()
        listed = subprocess.run(["git", "ls-tree", "-z", "--name-only", "HEAD"], capture_output=True, check=True).stdout
        assert {*names, b"README.md"} == {*listed.split(b"\0")[:-1]}

    def test_what_the_person_staged_belongs_to_it(self, here: Path) -> None:
        """The specification's literal mode is `git add` of everything; only the index is never touched before."""
        write(here, "ignored-now", "secret")
        commit_all(here, "second")
        write(here, "staged", "x")
        git_out(here, "add", "staged")
        git_out(here, "rm", "-q", "--cached", "ignored-now")
        write(here, ".gitignore", "ignored-now\n")
        assert commit()
        assert sorted(files(here)) == [".gitignore", "ignored-now", "staged"]
        assert status(here) == ""
        assert "ignored-now" not in git_out(here, "ls-files")

    def test_ignored_files_stay_out(self, here: Path) -> None:
        write(here, ".gitignore", "*.log\n")
        write(here, "x.log", "x")
        assert commit()
        assert files(here) == [".gitignore"]

    @pytest.mark.parametrize("with_commit", [True, False])
    def test_nested_repositories_are_left_out_and_said(self, here: Path, with_commit: bool) -> None:
        git_out(here, "init", "-q", "nested")
        write(here, "nested/file", "x")
        if with_commit:
            commit_all(here / "nested", "inner")
        write(here, "file", "x")
        assert commit_progress.run("t1", "impl", "x").left_out == ("nested/",)
        assert files(here) == ["file"]

    def test_first_commit_of_a_repository(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        git_out(tmp_path, "init", "-q", "fresh")
        monkeypatch.chdir(tmp_path / "fresh")
        write(tmp_path, "fresh/file", "x")
        assert commit()
        assert files(tmp_path / "fresh") == ["file"]
        assert status(tmp_path / "fresh") == ""

    def test_in_a_linked_worktree_and_in_a_submodule(self, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        git_out(here, "worktree", "add", "-q", "../wt", "-b", "other")
        git_out(here, "clone", "-q", ".", "../origin")
        git_out(here, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "../origin", "sub")
        commit_all(here, "submodule")
        for place in (here.parent / "wt", here / "sub"):
            write(place, "file", "x")
            monkeypatch.chdir(place)
            assert commit()
            assert files(place) == ["file"]
            assert status(place) == ""

    def test_settings_that_change_what_git_prints_change_nothing(self, here: Path) -> None:
        for setting in (
            "status.showUntrackedFiles=no",
            "core.quotePath=true",
            "status.renames=copies",
            "color.ui=always",
        ):
            git_out(here, "config", *setting.split("="))
        write(here, "new ä", "x")
        (here / "README.md").rename(here / "renamed")
        assert commit()
        assert git_out(here, "ls-tree", "-z", "--name-only", "HEAD").split("\0")[:-1] == ["new ä", "renamed"]

    def test_variables_of_a_git_that_called_us_lead_nowhere_else(
        self, here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        other = new_repository(tmp_path / "other")
        monkeypatch.setenv("GIT_DIR", str(other / ".git"))
        monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git/index"))
        write(here, "file", "x")
        assert commit()
        monkeypatch.delenv("GIT_DIR")
        monkeypatch.delenv("GIT_INDEX_FILE")
        assert files(here) == ["file"]
        assert commits(other) == 1

    @pytest.mark.parametrize(
        ("text", "short"),
        [
            ("", "impl completed"),
            ("first\nsecond", "first"),
            ("`id` $(touch pwned) \"q\" 'q'", "`id` $(touch pwned) \"q\" 'q'"),
            ("x\n\nPipeline-Task: FORGED", "x"),
            ("\x1b[31m🚀 " + "long " * 50_000, "🚀 " + " ".join(["long"] * 10)),
        ],
    )
    def test_message_of_any_text(self, here: Path, text: str, short: str) -> None:
        hooks.install(here, HookValues())
        write(here, "file", "x")
        assert commit(text=text)
        assert git_out(here, "log", "-1", "--format=%s") == f"[pipeline] impl t1: {short}"
        assert git_out(here, "log", "-1", VALUE) == "t1"
        assert not (here / "pwned").exists()

    def test_length_of_the_subject_is_what_the_installed_hook_allows(self, here: Path) -> None:
        hooks.install(here, HookValues(subject_length=50))
        write(here, "file", "x")
        assert commit(text="word " * 40)
        assert 45 < len(git_out(here, "log", "-1", "--format=%s")) <= 50

    def test_length_of_the_subject_is_the_policys_without_a_hook(self, here: Path) -> None:
        write(here, "pipeline.yaml", f"{POLICY}commit:\n  subject_length: 100\n")
        assert commit(text="word " * 40)
        assert 95 < len(git_out(here, "log", "-1", "--format=%s")) <= 100


class TestNothingToDo:
    def test_no_repository(self, tmp_path: Path) -> None:
        assert commit()
        assert "not inside a git repository" in commit_progress.run("t1", "impl", "x").reason

    def test_bare_repository(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        git_out(tmp_path, "init", "-q", "--bare", "bare.git")
        monkeypatch.chdir(tmp_path / "bare.git")
        assert commit()

    def test_no_change(self, here: Path) -> None:
        assert commit()
        assert commits(here) == 1

    def test_again_with_the_same_id(self, here: Path) -> None:
        write(here, "file", "x")
        assert commit() and commit()
        assert commits(here) == 2

    def test_what_changed_since_is_another_commit(self, here: Path) -> None:
        for text in "xy":
            write(here, "file", text)
            assert commit()
        assert commits(here) == 3

    def test_heal_is_never_committed(self, here: Path) -> None:
        write(here, "file", "x")
        assert commit(task_type="heal")
        assert status(here) == "?? file"

    def test_type_that_the_policy_does_not_commit(self, here: Path) -> None:
        write(here, "pipeline.yaml", f"version: 1\n{TYPES}  review: {{commit: false}}\n")
        assert commit(task_type="review")
        assert commits(here) == 1

    def test_line_ends_that_git_normalises_are_no_change(self, here: Path) -> None:
        write(here, ".gitattributes", "* text=auto eol=lf\n")
        commit_all(here, "attributes")
        (here / "README.md").write_bytes(b"# a project\r\n")
        assert status(here) != ""
        assert commit()
        assert commits(here) == 2
        assert status(here) == ""

    def test_commit_that_was_killed_before_its_index_was_there(self, here: Path) -> None:
        write(here, "file", "x")
        before = (here / ".git/index").read_bytes()
        assert commit()
        (here / ".git/index").write_bytes(before)
        (here / ".git/nightrun-commit-index").write_bytes(b"left behind")
        assert commit()
        assert commits(here) == 2
        assert status(here) == ""


def merge_conflict(repo: Path, command: tuple[str, ...]) -> None:
    git_out(repo, "switch", "-q", "-c", "other")
    write(repo, "README.md", "theirs\n")
    commit_all(repo, "theirs")
    git_out(repo, "switch", "-q", "main")
    write(repo, "README.md", "ours\n")
    commit_all(repo, "ours")
    assert subprocess.run(["git", *command], cwd=repo, capture_output=True).returncode != 0


def bisect(repo: Path) -> None:
    for name in ("second", "third"):
        write(repo, name, "x")
        commit_all(repo, name)
    git_out(repo, "bisect", "start", "HEAD", "HEAD~2")
    write(repo, "file", "x")


def conflict_of_a_stash(repo: Path) -> None:
    write(repo, "README.md", "stashed\n")
    git_out(repo, "stash", "-q")
    write(repo, "README.md", "ours\n")
    commit_all(repo, "ours")
    assert subprocess.run(["git", "stash", "pop"], cwd=repo, capture_output=True).returncode != 0


def detached(repo: Path) -> None:
    git_out(repo, "switch", "-q", "--detach")
    write(repo, "file", "x")


UNFIT: dict[str, tuple[Callable[[Path], None], str]] = {
    "merge": (lambda repo: merge_conflict(repo, ("merge", "other")), "a merge is in progress"),
    "rebase": (lambda repo: merge_conflict(repo, ("rebase", "other")), "a rebase is in progress"),
    "cherry-pick": (lambda repo: merge_conflict(repo, ("cherry-pick", "other")), "a cherry-pick is in progress"),
    "revert": (lambda repo: merge_conflict(repo, ("revert", "other")), "a revert is in progress"),
    "bisect": (bisect, "a bisect is in progress"),
    "stash": (conflict_of_a_stash, "README.md has conflicts"),
    "detached": (detached, "HEAD is detached"),
}


class TestNotNow:
    @pytest.mark.parametrize(("make", "words"), UNFIT.values(), ids=UNFIT)
    def test_unfinished_work_of_a_person_is_left_alone(
        self, here: Path, make: Callable[[Path], None], words: str
    ) -> None:
        make(here)
        before = (status(here), git_out(here, "rev-parse", "HEAD"), commits(here))
        assert words in fails().message
        assert (status(here), git_out(here, "rev-parse", "HEAD"), commits(here)) == before

    def test_missing_identity(self, here: Path, sealed: Path) -> None:
        (sealed / ".gitconfig").write_text("[user]\n\tname = Only a Name\n")
        write(here, "file", "x")
        error = fails()
        assert error.message == "git does not know who commits here."
        assert "git config --global user.email" in (error.hint or "")
        assert (status(here), commits(here)) == ("?? file", 1)

    @pytest.mark.parametrize("task_id", ["", "-x", "a b", "a\n", "ä", "../x"])
    def test_id_that_is_none(self, here: Path, task_id: str) -> None:
        assert isinstance(fails(task_id), WrongUse)

    @pytest.mark.parametrize("task_type", ["", "Impl", "build", "impl x"])
    def test_type_that_is_none(self, here: Path, task_type: str) -> None:
        write(here, "file", "x")
        assert isinstance(fails(task_type=task_type), WrongUse)
        assert commits(here) == 1

    def test_id_that_leaves_no_room(self, here: Path) -> None:
        write(here, "file", "x")
        assert "leaves no room" in fails("t" * 80).message

    def test_index_that_another_git_holds(self, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(commit_index, "_LOCK_WAITS_S", (0.0,))
        write(here, "file", "x")
        held = write(here, ".git/index.lock", "")
        error = fails()
        assert "index.lock has been in the way for" in error.message
        assert f"rm '{held}'" in (error.hint or "")
        assert commits(here) == 1
        held.unlink()
        assert commit()
        assert status(here) == "" and commits(here) == 2

    def test_index_that_another_git_holds_when_the_commit_is_made(
        self, here: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(commit_index, "_LOCK_WAITS_S", (0.0,))
        hook(here, "commit-msg", "touch .git/index.lock")
        write(here, "file", "x")
        with pytest.raises(NightrunError, match=r"is made, but git's index is not up to date: .*index\.lock"):
            commit_progress.run("t1", "impl", "x")
        (here / ".git/index.lock").unlink()
        (here / ".git/hooks/commit-msg").unlink()
        assert commit()
        assert status(here) == "" and commits(here) == 2

    def test_two_at_a_time_are_one_after_the_other(self, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(commit_index, "_ALONE_PATIENCE_S", 0.0)
        held = lock.hold(here / ".git/nightrun.lock")
        assert held is not None
        write(here, "file", "x")
        assert isinstance(fails(), TryLater)
        held.release()
        assert commit()

    def test_full_disk_loses_nothing(self, here: Path) -> None:
        """A limit on the size of files stands for the disk: git and we get the same kind of error."""
        write(here, "file", os.urandom(200_000).hex())
        code = (
            "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000));"
            "from nightrun.cli import main; main(['commit-progress', '--task-id', 't1'])"
        )
        env = {**os.environ, "PYTHONPATH": str(Path(commit_progress.__file__).parents[1])}
        done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
        assert done.returncode == 1
        assert done.stderr.startswith("nightrun: Nothing was committed: ")
        assert "Traceback" not in done.stderr
        assert (status(here), commits(here)) == ("?? file", 1)

    def test_failure_of_ours_does_not_reach_the_caller(
        self, here: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        shutil.rmtree(here)
        assert commit() is False
        assert "Nothing was committed" in caplog.text

    def test_a_message_longer_than_an_argument_may_be_and_a_template_that_is_gone(self, here: Path) -> None:
        git_out(here, "config", "commit.template", "/nowhere/template")
        write(here, "file", "x")
        assert commit_progress.commit_progress("t1", "impl", "first line\n\n" + "word " * 40_000)
        assert len(git_out(here, "log", "-1", "--format=%B")) > 16_000


class TestHooks:
    def test_all_of_the_persons_hooks_fire_in_gits_order(self, here: Path) -> None:
        for name in ("pre-commit", "prepare-commit-msg", "commit-msg", "post-commit"):
            hook(here, name, f'echo "{name} $# $GIT_EDITOR $(git diff --cached --name-only)" >>.git/said')
        write(here, "file", "x")
        assert commit()
        assert (here / ".git/said").read_text().splitlines() == [
            "pre-commit 0 : file",
            "prepare-commit-msg 2 : file",
            "commit-msg 1 : file",
            "post-commit 0 : ",
        ]

    @pytest.mark.parametrize("name", ["pre-commit", "prepare-commit-msg", "commit-msg"])
    def test_refusal_is_said_and_leaves_everything(self, here: Path, name: str) -> None:
        hook(here, name, "echo not today; exit 3")
        write(here, "file", "x")
        error = fails()
        assert error.message == f"Nothing was committed: the hook {name} refused."
        assert error.hint == "not today"
        assert (status(here), commits(here)) == ("?? file", 1)

    def test_post_commit_that_fails_changes_nothing(self, here: Path) -> None:
        hook(here, "post-commit", "exit 1")
        write(here, "file", "x")
        assert commit()

    def test_hook_that_is_not_executable_does_not_count(self, here: Path) -> None:
        hook(here, "pre-commit", "exit 1").chmod(0o644)
        write(here, "file", "x")
        assert commit()

    def test_hooks_of_another_folder(self, here: Path) -> None:
        git_out(here, "config", "core.hooksPath", "my hooks")
        write(here, "my hooks/pre-commit", "#!/bin/sh\nexit 1\n").chmod(0o755)
        assert "the hook pre-commit refused" in fails().message

    def test_formatter_that_refuses_once_is_asked_again(self, here: Path) -> None:
        hook(here, "pre-commit", "echo x >>.git/runs; grep -q good file || { echo good >file; exit 1; }")
        write(here, "file", "bad\n")
        assert commit()
        assert git_out(here, "show", "HEAD:file") == "good"
        assert (here / ".git/runs").read_text() == "x\nx\n"
        assert status(here) == ""

    def test_formatter_that_never_ends_is_asked_twice(self, here: Path) -> None:
        hook(here, "pre-commit", "echo x >>.git/runs; echo more >>file; exit 1")
        write(here, "file", "x\n")
        with pytest.raises(NightrunError):
            commit_progress.run("t1", "impl", "x")
        assert (here / ".git/runs").read_text() == "x\nx\n"
        assert status(here) == "?? file"

    def test_hook_that_stages_what_it_changed(self, here: Path) -> None:
        hook(here, "pre-commit", "echo good >file; git add file")
        write(here, "file", "bad\n")
        assert commit()
        assert git_out(here, "show", "HEAD:file") == "good"
        assert status(here) == ""

    def test_trailer_that_a_hook_adds_is_kept(self, here: Path) -> None:
        hook(here, "prepare-commit-msg", "git interpret-trailers --in-place --trailer 'Reviewed-by: P <p@x>' \"$1\"")
        write(here, "file", "x")
        assert commit()
        assert "Reviewed-by: P <p@x>" in git_out(here, "log", "-1", "--format=%(trailers)")
        assert git_out(here, "log", "-1", VALUE) == "t1"

    @pytest.mark.parametrize("edit", ["s/^.pipeline/PROJ-1 &/", "s/^Pipeline-Task.*//", "s/^Pipeline-Task.*/&\\n&/"])
    def test_message_by_which_the_task_is_not_found_is_refused(self, here: Path, edit: str) -> None:
        hook(here, "prepare-commit-msg", f"sed -i '{edit}' \"$1\"")
        write(here, "file", "x")
        assert "by which the task is found" in (fails().hint or "")
        assert commits(here) == 1

    def test_commit_is_signed_when_the_person_signs(self, here: Path) -> None:
        program = write(
            here.parent, "gpg", "#!/bin/sh\ncat >/dev/null; echo '[GNUPG:] SIG_CREATED ' >&2; echo SIGNED\n"
        )
        program.chmod(0o755)
        git_out(here, "config", "gpg.program", str(program))
        git_out(here, "config", "commit.gpgSign", "true")
        write(here, "file", "x")
        assert commit()
        assert "gpgsig SIGNED" in git_out(here, "cat-file", "commit", "HEAD")
        write(here, "pipeline.yaml", f"{POLICY}commit:\n  sign: never\n")
        assert commit()
        assert "gpgsig" not in git_out(here, "cat-file", "commit", "HEAD")

    def test_key_that_cannot_sign_is_named_as_the_reason(self, here: Path) -> None:
        git_out(here, "config", "gpg.program", "false")
        git_out(here, "config", "commit.gpgSign", "true")
        write(here, "file", "x")
        assert "could not be signed" in fails().message
        assert (status(here), commits(here)) == ("?? file", 1)


class TestSomebodyElse:
    def test_branch_that_moves_meanwhile_gives_a_second_try(self, here: Path) -> None:
        move = "git commit-tree -p HEAD -m theirs HEAD^{tree}"
        hook(
            here,
            "pre-commit",
            f"[ -e .git/moved ] || {{ touch .git/moved; git update-ref refs/heads/main $({move}); }}",
        )
        write(here, "file", "x")
        assert commit()
        assert git_out(here, "log", "--format=%s") == "[pipeline] impl t1: Add a file\ntheirs\nfirst"
        assert status(here) == ""

    def test_what_is_staged_meanwhile_stays_staged(self, here: Path) -> None:
        hook(here, "pre-commit", "echo x >late; GIT_INDEX_FILE=.git/index git add late")
        write(here, "file", "x")
        assert commit()
        assert files(here) == ["file"]
        assert status(here) == "A  late"

    def test_edit_while_hooks_run_stays_uncommitted(self, here: Path) -> None:
        hook(here, "commit-msg", "echo later >>file")
        write(here, "file", "x\n")
        assert commit()
        assert git_out(here, "show", "HEAD:file") == "x"
        assert (here / "file").read_text() == "x\nlater\n"
        assert status(here) == "M file".rjust(7)


class TestPush:
    @pytest.fixture
    def remote(self, here: Path, tmp_path: Path) -> Path:
        git_out(tmp_path, "init", "-q", "--bare", "remote.git")
        git_out(here, "remote", "add", "origin", "../remote.git")
        return tmp_path / "remote.git"

    def test_branch_is_pushed_past_the_guard(self, here: Path, remote: Path) -> None:
        hooks.install(here, HookValues())
        write(here, "file", "x")
        assert commit(push=True)
        assert git_out(remote, "rev-parse", "main") == git_out(here, "rev-parse", "HEAD")

    def test_nothing_is_pushed_unless_asked(self, here: Path, remote: Path) -> None:
        write(here, "file", "x")
        assert commit()
        assert git_out(remote, "for-each-ref") == ""

    def test_remote_is_the_one_that_git_would_push_to(self, here: Path, remote: Path) -> None:
        git_out(here, "remote", "rename", "origin", "mine")
        git_out(here, "config", "branch.main.remote", ".")
        git_out(here, "config", "remote.pushDefault", "mine")
        write(here, "file", "x")
        assert commit_progress.run("t1", "impl", "x", push=True).pushed == "mine"

    def test_failed_push_keeps_the_commit_and_the_next_call_pushes(self, here: Path, remote: Path) -> None:
        remote.rename(remote.with_name("away"))
        write(here, "file", "x")
        with pytest.raises(commit_progress.PushFailed, match="push to origin failed"):
            commit_progress.run("t1", "impl", "x", push=True)
        assert commits(here) == 2
        assert commit(push=True) is False
        remote.with_name("away").rename(remote)
        assert commit("t2", push=True)
        assert git_out(remote, "for-each-ref") == ""
        assert commit(push=True)
        assert git_out(remote, "rev-parse", "main") == git_out(here, "rev-parse", "HEAD")

    def test_it_is_never_forced(self, here: Path, remote: Path) -> None:
        git_out(here, "push", "-q", "origin", "main")
        git_out(here, "commit", "-q", "--amend", "-m", "rewritten")
        write(here, "file", "x")
        with pytest.raises(commit_progress.PushFailed, match="refused"):
            commit_progress.run("t1", "impl", "x", push=True)
