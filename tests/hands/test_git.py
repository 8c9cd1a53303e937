"""How git is called whatever the person's or an agent's settings say, and what is asked of real repositories."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from pathlib import Path

import pytest

from nightrun.hands import git, process
from nightrun.hands.git import GitFailed, NoIdentity
from nightrun.words.errors import WrongUse
from tests.story import commit_all, git_out, new_repository, write


def hook(repo: Path, name: str, script: str) -> None:
    write(repo, f".git/hooks/{name}", f"#!/bin/sh\n{script}\n").chmod(0o755)


class TestRun:
    def test_says_which_call_failed_and_why(self, repo: Path) -> None:
        with pytest.raises(GitFailed, match="git cat-file failed: Not a valid object name nothing") as failed:
            git.run(repo, "cat-file", "-t", "nothing")
        assert (failed.value.argv, failed.value.code) == (("cat-file", "-t", "nothing"), 128)
        assert git.run(repo, "cat-file", "-e", "nothing", ok=(0, 128)).code == 128

    def test_no_answer_is_a_failure(self, repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """git takes no notice when it cannot write to a pipe: an attempt's tree was taken for another one's."""
        real = shutil.which("git")
        monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
        write(tmp_path, "bin/git", f'#!/bin/sh\nexec 3>&1; "{real}" "$@" | head -c 0 >&3\n').chmod(0o755)
        with pytest.raises(GitFailed, match="git write-tree failed: it ended well and printed nothing"):
            git.text(repo, "write-tree")
        with pytest.raises(GitFailed, match="printed nothing"):
            git.tip(repo, "HEAD")

    def test_what_a_git_that_called_us_left_is_not_passed_on(
        self, repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        known = subprocess.run(["git", "rev-parse", "--local-env-vars"], capture_output=True, text=True).stdout.split()
        assert len(known) > 10
        for name in (*known, "GIT_AUTHOR_NAME", "GIT_COMMITTER_DATE", "GIT_CONFIG_KEY_0", "PIPELINE_AUTO_PUSH"):
            monkeypatch.setenv(name, "/nowhere")
        assert git.toplevel(repo) == repo
        left = git._environment("status").keys() & {*known, "GIT_AUTHOR_NAME", "GIT_COMMITTER_DATE"} - git._EXACT.keys()
        assert left == set()
        assert "PIPELINE_AUTO_PUSH" not in git._environment("status")

    def test_settings_that_name_programs_are_not_followed(self, repo: Path) -> None:
        marker = repo.parent / "ran"
        for name in ("core.fsmonitor", "core.pager", "gpg.program", "core.editor", "core.askPass"):
            git_out(repo, "config", name, f"touch {marker}; false")
        hook(repo, "post-index-change", f"touch {marker}")
        git_out(repo, "config", "commit.gpgSign", "true")
        write(repo, "new", "x")
        git.run(repo, "add", "--all")
        git.run(repo, "log", "--show-signature")
        git.state(repo)
        assert not marker.exists()

    def test_paths_are_literal(self, repo: Path) -> None:
        for name in ("x1", "x[1]", ":(glob)x"):
            (repo / name).write_text("x")
        git.run(repo, "add", "--", "x[1]", ":(glob)x")
        assert git_out(repo, "diff", "--cached", "--name-only").splitlines() == [":(glob)x", "x[1]"]

    def test_nothing_is_asked(self, repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("GIT_ASKPASS", "echo")
        monkeypatch.setenv("SSH_ASKPASS", "echo")
        asked = b"protocol=https\nhost=example.invalid\n\n"
        with pytest.raises(GitFailed):
            git.run(repo, "credential", "fill", stdin=asked)

    def test_a_lock_that_goes_away_is_waited_for(self, repo: Path) -> None:
        lock = write(repo, ".git/index.lock", "")
        write(repo, "new", "x")
        threading.Timer(0.2, lock.unlink).start()
        git.run(repo, "add", "--all")
        assert git_out(repo, "diff", "--cached", "--name-only") == "new"

    def test_a_lock_that_stays_is_told_with_its_age_and_what_to_do(
        self, repo: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(git, "_LOCK_WAITS_S", (0.0,))
        lock = write(repo, ".git/index.lock", "")
        os.utime(lock, (os.stat(lock).st_mtime - 3600,) * 2)
        with pytest.raises(GitFailed, match=r"index\.lock has been in the way for 36\d\d s") as failed:
            git.run(repo, "add", "--all")
        assert failed.value.is_lock
        assert f"rm '{lock}'" in str(failed.value.hint)
        assert lock.exists()

    def test_a_call_that_takes_too_long_is_ended(self, repo: Path) -> None:
        git_out(repo, "config", "alias.slow", "!sleep 30")
        with pytest.raises(GitFailed, match=r"longer than 0\.1 s"):
            git.run(repo, "slow", timeout_s=0.1)

    def test_passwords_in_addresses_are_not_shown(self, repo: Path) -> None:
        with pytest.raises(GitFailed) as failed:
            git.run(repo, "ls-remote", "https://me:secret@127.0.0.1:9/x", network=True)
        assert "secret" not in failed.value.said


class TestPlaces:
    def test_no_repository_and_a_bare_one_have_no_root(self, tmp_path: Path) -> None:
        assert git.root(tmp_path) is None
        git_out(tmp_path, "init", "-q", "--bare", "bare.git")
        assert git.root(tmp_path / "bare.git") is None
        assert git.toplevel(tmp_path / "bare.git") is None

    def test_a_linked_worktree_belongs_to_the_main_one(self, repo: Path) -> None:
        git_out(repo, "worktree", "add", "-q", "../a wt", "-b", "other")
        linked = repo.parent / "a wt"
        write(linked, "deep/file", "x")
        assert git.root(linked / "deep") == git.root(repo) == repo
        assert git.toplevel(linked / "deep") == linked
        assert git.common_dir(linked) == git.common_dir(linked / "deep") == git.common_dir(repo) == repo / ".git"
        assert git.git_dir(linked) == git.git_dir(linked / "deep") == repo / ".git/worktrees/a-wt"
        assert git.git_path(linked, "MERGE_HEAD") == repo / ".git/worktrees/a-wt/MERGE_HEAD"
        assert git.hooks_dir(linked) == repo / ".git/hooks"

    def test_a_submodule_is_a_repository_of_its_own_and_so_are_its_worktrees(self, repo: Path) -> None:
        git_out(repo, "clone", "-q", ".", "../other")
        git_out(repo, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "../other", "sub")
        git_out(repo / "sub", "worktree", "add", "-q", "--detach", "../../subwt")
        assert git.root(repo / "sub") == repo / "sub"
        assert git.root(repo.parent / "subwt") == repo / "sub"
        assert git.worktrees(repo.parent / "subwt")[0][0] == repo / "sub"
        assert git.common_dir(repo / "sub") == repo / ".git/modules/sub"

    def test_the_git_folder_elsewhere(self, repo: Path) -> None:
        git_out(repo, "init", "-q", "--separate-git-dir", "../store")
        assert git.root(repo) == repo
        assert git.git_dir(repo) == git.common_dir(repo) == repo.parent / "store"
        assert git.worktrees(repo)[0][0] == repo

    def test_a_name_with_a_line_end(self, tmp_path: Path) -> None:
        path = tmp_path / "a\nb"
        path.mkdir()
        git_out(path, "init", "-q")
        assert git.root(path) == path

    def test_hooks_path_is_followed(self, repo: Path) -> None:
        git_out(repo, "config", "core.hooksPath", ".husky")
        assert git.hooks_dir(repo) == repo / ".husky"
        assert not git.has_hook(repo, "pre-commit")
        write(repo, ".husky/pre-commit", "").chmod(0o755)
        assert git.has_hook(repo, "pre-commit")

    def test_a_repository_of_somebody_else_is_told_and_how_to_trust_it(self, repo: Path) -> None:
        if os.geteuid() != 0:
            pytest.skip("only root can give a folder away")
        for folder, _, names in os.walk(repo):
            for one in (folder, *(os.path.join(folder, name) for name in names)):
                os.chown(one, 65534, 65534)
        with pytest.raises(GitFailed, match="dubious ownership") as failed:
            git.root(repo)
        assert "safe.directory" in str(failed.value.hint)


class TestState:
    def test_on_a_branch(self, repo: Path) -> None:
        state = git.state(repo)
        assert (state.branch, state.head) == ("main", git_out(repo, "rev-parse", "HEAD"))
        assert (state.detached, state.unborn, state.operation, state.unmerged) == (False, False, None, ())

    def test_without_a_commit(self, tmp_path: Path) -> None:
        git_out(tmp_path, "init", "-q", "new")
        state = git.state(tmp_path / "new")
        assert (state.branch, state.head, state.unborn, state.detached) == ("main", None, True, False)
        assert git.current_branch(tmp_path / "new") == "main"
        assert git.tip(tmp_path / "new", "HEAD") is None

    def test_detached(self, repo: Path) -> None:
        git_out(repo, "switch", "-q", "--detach")
        assert git.state(repo).detached
        assert git.current_branch(repo) is None

    def test_operations_in_any_worktree(self, repo: Path) -> None:
        git_out(repo, "worktree", "add", "-q", "../wt", "-b", "other")
        linked = repo.parent / "wt"
        write(repo, "README.md", "ours\n")
        ours = commit_all(repo, "ours")
        write(linked, "README.md", "theirs\n")
        commit_all(linked, "theirs")
        for start, end, name in (
            (("merge", ours), ("merge", "--abort"), "merge"),
            (("rebase", ours), ("rebase", "--abort"), "rebase"),
            (("rebase", "--apply", ours), ("rebase", "--abort"), "rebase"),
            (("cherry-pick", ours), ("cherry-pick", "--abort"), "cherry-pick"),
            (("revert", f"{ours}^"), ("revert", "--abort"), "revert"),
            (("bisect", "start"), ("bisect", "reset"), "bisect"),
        ):
            subprocess.run(["git", *start], cwd=linked, capture_output=True)
            state = git.state(linked)
            assert state.operation == name
            assert state.unmerged == (() if name == "bisect" else ("README.md",))
            assert git.state(repo).operation is None
            git_out(linked, *end)
            assert git.state(linked).operation is None


class TestCommits:
    def test_messages_are_whole_newest_first_and_in_one_encoding(self, repo: Path) -> None:
        first, text = git_out(repo, "rev-parse", "HEAD"), "zwei ä\n\nbody\n"
        for name in ("i18n.commitEncoding", "i18n.logOutputEncoding"):
            git_out(repo, "config", name, "latin-1")
        argv = ["git", "commit", "-q", "--allow-empty", "-F", "-"]
        subprocess.run(argv, cwd=repo, input=text.encode("latin-1"), check=True)
        second = git_out(repo, "rev-parse", "HEAD")
        assert git.messages(repo, "HEAD") == [(second, text.encode()), (first, b"first\n")]
        assert git.messages(repo, f"{first}..HEAD") == [(second, text.encode())]
        assert git.messages(repo, "HEAD..HEAD") == []

    @pytest.mark.parametrize("range", ["nothing..HEAD", "README.md", "--all", "-1", ""])
    def test_a_range_that_is_none_is_wrong_use(self, repo: Path, range: str) -> None:
        with pytest.raises(WrongUse):
            git.messages(repo, range)

    def test_task_commits_are_those_with_exactly_one_such_trailer(self, repo: Path) -> None:
        git_out(repo, "config", "trailer.separators", "=")

        def commit(body: str) -> str:
            git_out(repo, "commit", "-q", "--allow-empty", "-m", f"subject\n\n{body}")
            return git_out(repo, "rev-parse", "HEAD")

        old = commit("Pipeline-Task: t1")
        commit("says Pipeline-Task: t1 in its text\n\nOther: x")
        commit("Pipeline-Task: t1\nPipeline-Task: t2")
        commit("Pipeline-Task: t11")
        new = commit("body\n\nPipeline-Task: t1\nPipeline-Attempt: 2")
        assert git.task_commits(repo, "t1", "HEAD") == [new, old]
        assert git.task_commits(repo, "t1", "HEAD", not_in=old) == [new]
        assert git.task_commits(repo, "t.", "HEAD") == []

    def test_refs(self, repo: Path) -> None:
        head = git_out(repo, "rev-parse", "HEAD")
        assert git.tip(repo, "refs/heads/none") is None
        git.keep(repo, "refs/heads/pipeline/t1.1", head)
        assert git.tip(repo, "refs/heads/pipeline/t1.1") == head
        assert git.tree_of(repo, "HEAD") == git_out(repo, "rev-parse", "HEAD^{tree}")
        new = commit_all(repo, "second") if write(repo, "x", "x") else ""
        assert git.is_ancestor(repo, head, new)
        assert not git.is_ancestor(repo, new, head)
        with pytest.raises(WrongUse):
            git.tip(repo, "--all")


class TestIdentity:
    def test_name_and_mail(self, repo: Path) -> None:
        assert git.identity(repo) == "Test Person <person@example.invalid>"

    def test_none_is_told_with_what_to_do(self, repo: Path, sealed: Path) -> None:
        (sealed / ".gitconfig").write_text("")
        with pytest.raises(NoIdentity) as failed:
            git.identity(repo)
        assert "git config --global user.name" in str(failed.value.hint)


class TestConfigMark:
    def test_changes_with_what_git_obeys(self, repo: Path) -> None:
        write(repo, "included", "")
        git_out(repo, "config", "include.path", "../included")
        marks = [git.config_mark(repo)]
        git_out(repo, "config", "filter.x.clean", "touch ran")
        marks.append(git.config_mark(repo))
        write(repo, "included", "[core]\n\tfsmonitor = touch ran\n")
        marks.append(git.config_mark(repo))
        write(repo, ".git/info/attributes", "* filter=x\n")
        marks.append(git.config_mark(repo))
        assert len(set(marks)) == 4

    def test_stays_with_branches_that_come_and_follow(self, repo: Path) -> None:
        before = git.config_mark(repo)
        git_out(repo, "switch", "-q", "-c", "new")
        git_out(repo, "branch", "-q", "-u", "main")
        assert git.config_mark(repo) == before


class TestHooks:
    def test_runs_what_git_would_run_as_it_would(self, repo: Path) -> None:
        assert git.run_hook(repo, "commit-msg", ["x"], {}) is None
        hook(repo, "commit-msg", 'echo "$1 $GIT_EDITOR $GIVEN" >&2; exit 3')
        done = git.run_hook(repo, "commit-msg", ["a message"], {"GIVEN": "given"})
        assert done is not None
        assert (done.code, done.err) == (3, b"a message : given\n")
        (repo / ".git/hooks/commit-msg").chmod(0o644)
        assert git.run_hook(repo, "commit-msg", ["x"], {}) is None

    def test_hooks_path_and_standard_input(self, repo: Path) -> None:
        git_out(repo, "config", "core.hooksPath", "their hooks")
        write(repo, "their hooks/pre-push", "cat >&2; exit 1\n").chmod(0o755)
        done = git.run_hook(repo, "pre-push", ["origin", "url"], {}, stdin=b"refs\n")
        assert done is not None
        assert (done.code, done.err) == (1, b"refs\n")
        assert git.run_hook(repo, "post-commit", [], {}, stdin=b"") is None

    def test_in_a_language_of_the_person(self, repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
        assert git.run_hook(repo, "commit-msg", ["x"], {}) is None
        hook(repo, "commit-msg", 'echo "$LC_ALL"')
        done = git.run_hook(repo, "commit-msg", ["x"], {})
        assert done is not None
        assert b"de_DE.UTF-8\n" in done.out + done.err


class TestPush:
    @pytest.fixture
    def remote(self, repo: Path) -> Path:
        path = repo.parent / "remote.git"
        git_out(repo, "init", "-q", "--bare", str(path))
        git_out(repo, "remote", "add", "origin", str(path))
        return path

    def push(self, repo: Path, sha: str = "") -> git.Pushed:
        return git.push(repo, "origin", sha or git_out(repo, "rev-parse", "HEAD"), "main")

    def test_one_commit_to_one_branch_with_permission_for_this_push_alone(self, repo: Path, remote: Path) -> None:
        hook(repo, "pre-push", '[ "$PIPELINE_AUTO_PUSH" = 1 ]')
        git_out(repo, "tag", "-m", "x", "v1")
        git_out(repo, "config", "push.followTags", "true")
        assert self.push(repo).state == "done"
        assert git_out(remote, "for-each-ref", "--format=%(refname)") == "refs/heads/main"
        assert "PIPELINE_AUTO_PUSH" not in os.environ
        assert self.push(repo).state == "done"

    def test_a_hook_of_this_side_refuses(self, repo: Path, remote: Path) -> None:
        hook(repo, "pre-push", "echo not today >&2; exit 1")
        pushed = self.push(repo)
        assert pushed.state == "refused"
        assert "not today" in pushed.detail

    def test_what_the_remote_has_is_never_overwritten(self, repo: Path, remote: Path) -> None:
        first = git_out(repo, "rev-parse", "HEAD")
        write(repo, "x", "x")
        second = commit_all(repo, "second")
        assert self.push(repo).state == "done"
        pushed = self.push(repo, first)
        assert pushed.state == "refused"
        assert "non-fast-forward" in pushed.detail
        assert git_out(remote, "rev-parse", "main") == second

    def test_a_remote_that_refuses_is_heard(self, repo: Path, remote: Path) -> None:
        write(remote, "hooks/pre-receive", "#!/bin/sh\necho protected >&2\nexit 1\n").chmod(0o755)
        pushed = self.push(repo)
        assert pushed.state == "refused"
        assert "protected" in pushed.detail

    def test_a_submodule_that_no_remote_has_is_named(self, repo: Path, remote: Path) -> None:
        inner = new_repository(repo.parent / "inner")
        git_out(repo, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner), "lib")
        write(repo, "lib/x", "x")
        commit_all(repo / "lib", "only here")
        commit_all(repo, "with it")
        pushed = self.push(repo)
        assert (pushed.state, pushed.detail) == ("refused", "no remote has the commits of the submodules lib")

    def test_a_remote_that_is_not_there_is_a_failure(self, repo: Path, remote: Path) -> None:
        git_out(repo, "remote", "set-url", "origin", "https://me:secret@127.0.0.1:9/x")
        pushed = self.push(repo)
        assert pushed.state == "failed"
        assert "secret" not in pushed.detail


def test_the_version_of_this_git(repo: Path) -> None:
    assert git.version() >= (2, 36)
    assert isinstance(git.run(repo, "version"), process.Finished)


def test_the_tree_of_a_commit_met_before_is_known_without_a_process(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = git.tip_and_tree(repo, "refs/heads/main")
    assert first == (git_out(repo, "rev-parse", "HEAD"), git_out(repo, "rev-parse", "HEAD^{tree}"))
    with monkeypatch.context() as patched:
        patched.setattr(git, "run", lambda *_args, **_more: pytest.fail("git was asked"))
        assert git.tip_and_tree(repo, "refs/heads/main") == first
    git_out(repo, "pack-refs", "--all")
    assert git.tip_and_tree(repo, "refs/heads/main") == first
    write(repo, "b.txt", "b\n")
    second = commit_all(repo, "b")
    assert git.tip_and_tree(repo, "refs/heads/main") == (second, git_out(repo, "rev-parse", "HEAD^{tree}"))
    assert git.tip_and_tree(repo, "refs/heads/none") is None
