"""A fast-forward that was killed anywhere goes through the second time, and no edit of the person is touched."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from nightrun.hands import git, git_land, git_recover
from nightrun.words.errors import TryLater
from tests.story import commit_all, git_out, write


def big(word: str) -> str:
    return "".join(f"{word} {n}\n" for n in range(3000))


@pytest.fixture
def sha(repo: Path) -> str:
    """What main is to be moved to: files made, changed, deleted, of another type, in folders that come and go."""
    write(repo, ".gitattributes", "crlf.txt text eol=crlf\n")
    for name in ("a", "keep.py", "old/only.py", "type", "z", "crlf.txt"):
        write(repo, name, big("old"))
    write(repo, "tool", "same\n")
    base = commit_all(repo, "base")
    write(repo, "a", big("new"))
    write(repo, "crlf.txt", big("new"))
    write(repo, "made/deep/b.py", big("new"))
    write(repo, "z", "short\n")
    shutil.rmtree(repo / "old")
    write(repo, "old", "now a file\n")
    (repo / "type").unlink()
    (repo / "type").symlink_to("a")
    (repo / "tool").chmod(0o755)
    (repo / "keep.py").unlink()
    sha = commit_all(repo, "work")
    git_out(repo, "reset", "-q", "--hard", base)
    # The person's
    write(repo, "README.md", "edited\n")
    write(repo, "staged.py", "staged\n")
    git_out(repo, "add", "staged.py")
    write(repo, "made/untracked.py", "untracked\n")
    return sha


def on_disk(repo: Path) -> dict[str, tuple[int, bytes]]:
    found = {}
    for folder, folders, names in os.walk(repo):
        if ".git" in folders:
            folders.remove(".git")
        for name in names:
            path = Path(folder, name)
            content = os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()
            found[str(path.relative_to(repo))] = (path.lstat().st_mode, content)
    return found


def assert_goes_through(repo: Path, sha: str) -> None:
    done = git_land.fast_forward(repo, sha)
    assert done.state == git_land.DONE, done
    assert git_out(repo, "rev-parse", "main") == sha
    assert git_out(repo, "status", "--porcelain") == " M README.md\nA  staged.py\n?? made/untracked.py"
    assert (repo / "README.md").read_text() == "edited\n"


def began(repo: Path, sha: str) -> None:
    git_recover.began(git.git_dir(repo), sha, "main")
    (repo / ".git/index.lock").touch()


class TestKilled:
    """By hand: what git leaves, and what a person does before anybody looks."""

    def test_between_unlinking_and_writing(self, repo: Path, sha: str) -> None:
        before = on_disk(repo)
        began(repo, sha)
        (repo / "keep.py").unlink()
        shutil.rmtree(repo / "old")
        (repo / "a").unlink()
        git_land.recover_fast_forward(repo, sha)
        assert on_disk(repo) == before
        assert_goes_through(repo, sha)

    @pytest.mark.parametrize("size", [0, 5, 8192])
    def test_in_the_middle_of_a_file(self, repo: Path, sha: str, size: int) -> None:
        before = on_disk(repo)
        began(repo, sha)
        write(repo, "a", big("new")[:size])
        git_land.recover_fast_forward(repo, sha)
        assert on_disk(repo) == before
        assert_goes_through(repo, sha)

    def test_in_the_middle_of_a_file_whose_line_ends_git_changes(self, repo: Path, sha: str) -> None:
        before = on_disk(repo)
        began(repo, sha)
        write(repo, "a", big("new"))
        (repo / "crlf.txt").write_bytes(big("new").replace("\n", "\r\n").encode()[:100])
        git_land.recover_fast_forward(repo, sha)
        assert on_disk(repo) == before

    def test_edits_made_since_then_stay_and_are_in_the_way(self, repo: Path, sha: str) -> None:
        began(repo, sha)
        write(repo, "a", big("new") + "and the person's\n")
        write(repo, "made/deep/b.py", big("new"))
        write(repo, "z", "sh and something else\n")
        git_land.recover_fast_forward(repo, sha)
        assert (repo / "a").read_text().endswith("and the person's\n")
        assert (repo / "z").read_text() == "sh and something else\n"
        assert not (repo / "made/deep").exists()
        assert git_land.fast_forward(repo, sha).paths == ("a", "z")

    def test_a_file_in_the_place_of_a_folder_is_not_removed_for_it(self, repo: Path, sha: str) -> None:
        began(repo, sha)
        shutil.rmtree(repo / "old")
        write(repo, "old", "the person's\n")
        (repo / "keep.py").unlink()
        write(repo, "keep.py/inside", "the person's\n")
        git_land.recover_fast_forward(repo, sha)
        assert (repo / "old").read_text() == "the person's\n"
        assert (repo / "keep.py/inside").read_text() == "the person's\n"

    def test_what_the_person_staged_is_theirs(self, repo: Path, sha: str) -> None:
        began(repo, sha)
        write(repo, "a", big("new"))
        (repo / ".git/index.lock").unlink()
        git_out(repo, "add", "a")
        git_land.recover_fast_forward(repo, sha)
        assert (repo / "a").read_text() == big("new")

    def test_a_beginning_that_is_older_is_the_persons(self, repo: Path, sha: str) -> None:
        write(repo, "a", "new 0\n")
        os.utime(repo / "a", (1, 1))
        began(repo, sha)
        git_land.recover_fast_forward(repo, sha)
        assert (repo / "a").read_text() == "new 0\n"
        assert git_land.fast_forward(repo, sha).paths == ("a",)

    def test_a_person_who_removed_the_lock_is_helped_too(self, repo: Path, sha: str) -> None:
        before = on_disk(repo)
        began(repo, sha)
        (repo / ".git/index.lock").unlink()
        write(repo, "a", big("new"))
        git_land.recover_fast_forward(repo, sha)
        assert on_disk(repo) == before

    def test_what_was_deleted_without_a_sign_of_git_stays_deleted(self, repo: Path, sha: str) -> None:
        git_recover.began(git.git_dir(repo), sha, "main")
        (repo / "keep.py").unlink()
        git_land.recover_fast_forward(repo, sha)
        assert not (repo / "keep.py").exists()

    def test_a_commit_made_meanwhile_changes_nothing_about_it(self, repo: Path, sha: str) -> None:
        began(repo, sha)
        write(repo, "a", big("new"))
        (repo / ".git/index.lock").unlink()
        git_out(repo, "commit", "-q", "-m", "the person's", "--", "README.md")
        git_land.recover_fast_forward(repo, sha)
        assert git_out(repo, "status", "--porcelain") == "A  staged.py\n?? made/"
        assert git_land.fast_forward(repo, sha).state == git_land.DIVERGED

    def test_before_the_ref_was_moved_only_that_is_left_to_do(self, repo: Path, sha: str) -> None:
        base = git_out(repo, "rev-parse", "HEAD")
        assert git_land.fast_forward(repo, sha).state == git_land.DONE
        git_out(repo, "update-ref", "HEAD", base)
        git_recover.began(git.git_dir(repo), sha, "main")
        write(repo, "a", "edited since\n")
        git_land.recover_fast_forward(repo, sha)
        assert git_out(repo, "rev-parse", "main") == sha
        assert (repo / "a").read_text() == "edited since\n"

    def test_a_branch_that_the_person_made_meanwhile_is_not_moved(self, repo: Path, sha: str) -> None:
        base = git_out(repo, "rev-parse", "HEAD")
        assert git_land.fast_forward(repo, sha).state == git_land.DONE
        git_out(repo, "update-ref", "HEAD", base)
        git_recover.began(git.git_dir(repo), sha, "main")
        git_out(repo, "symbolic-ref", "HEAD", "refs/heads/mine")
        git_out(repo, "update-ref", "HEAD", base)
        git_land.recover_fast_forward(repo, sha)
        assert git_out(repo, "rev-parse", "mine") == git_out(repo, "rev-parse", "main") == base


@pytest.mark.parametrize("content", ["", "new 0\nnew 1\n"], ids=["empty", "half"])
def test_files_that_a_power_cut_took_after_all_was_done_are_written_anew(
    repo: Path, sha: str, content: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    git_recover.began(repo / ".git", sha, "main")
    git_out(repo, "merge", "-q", "--ff-only", sha)
    for name in ("a", "made/deep/b.py"):
        write(repo, name, content)
    write(repo, "z", "an edit of the person\n")
    monkeypatch.setattr("nightrun.hands.clock.boottime", lambda: 0.0)
    git_recover.recover(repo, sha)
    assert ((repo / "a").read_text(), (repo / "made/deep/b.py").read_text()) == (big("new"), big("new"))
    edited = [" M README.md", "A  staged.py", " M z", "?? made/untracked.py"]
    assert sorted(git_out(repo, "status", "--porcelain").splitlines()) == sorted(edited)
    assert git_recover.unfinished(repo / ".git") is None


def test_a_git_that_is_still_at_it_keeps_its_lock(repo: Path, sha: str, monkeypatch: pytest.MonkeyPatch) -> None:
    began(repo, sha)
    with subprocess.Popen(["git", "hash-object", "--stdin"], cwd=repo, stdin=subprocess.PIPE) as still:
        monkeypatch.setattr(git_recover, "_WAIT_S", 0.0)
        with pytest.raises(TryLater):
            git_land.recover_fast_forward(repo, sha)
        assert (repo / ".git/index.lock").exists()
        assert git_recover.unfinished(git.git_dir(repo)) == sha
        still.communicate()
    git_land.recover_fast_forward(repo, sha)
    assert_goes_through(repo, sha)


class TestNotBegun:
    @pytest.mark.parametrize("mark", [None, "another"])
    def test_nothing_is_touched(self, repo: Path, sha: str, mark: str | None) -> None:
        if mark:
            git_recover.began(git.git_dir(repo), mark, "main")
        write(repo, "a", big("new"))
        (repo / "keep.py").unlink()
        lock = write(repo, ".git/index.lock", "")
        before = on_disk(repo)
        git_land.recover_fast_forward(repo, sha)
        assert on_disk(repo) == before
        assert lock.exists()

    def test_a_lock_from_before_is_somebody_elses(self, repo: Path, sha: str) -> None:
        lock = write(repo, ".git/index.lock", "")
        os.utime(lock, (1, 1))
        git_recover.began(git.git_dir(repo), sha, "main")
        git_land.recover_fast_forward(repo, sha)
        assert lock.exists()

    def test_a_finished_one_leaves_no_mark(self, repo: Path, sha: str) -> None:
        assert_goes_through(repo, sha)
        assert git_recover.unfinished(git.git_dir(repo)) is None

    def test_an_unfinished_one_is_recovered_before_the_next(self, repo: Path, sha: str) -> None:
        began(repo, sha)
        write(repo, "a", big("new"))
        assert_goes_through(repo, sha)


def traced() -> str | None:
    """The path of a strace that can kill, None where there is none or it may not trace."""
    found = shutil.which("strace")
    if found is None:
        return None
    argv = [found, "-o", "/dev/null", "-e", "inject=write:signal=KILL:when=1", "echo", "x"]
    return found if subprocess.run(argv, capture_output=True).returncode != 0 else None


def kill_at(folder: Path, call: str, when: int) -> None:
    """The `git` in this folder is killed at one of the calls of its merge."""
    real = shutil.which("git")
    script = f"""#!/bin/sh
case " $* " in *" merge "*) exec strace -qq -o /dev/null -e inject={call}:signal=KILL:when={when} {real} "$@" ;; esac
exec {real} "$@"
"""
    write(folder, "git", script).chmod(0o755)


def merge_is_killed(repo: Path, sha: str) -> bool:
    git_recover.began(git.git_dir(repo), sha, "main")
    try:
        git_land._merge(repo, sha)
    except git.GitFailed:
        return True
    return False


# Every call takes half a minute: EVERY_KILL=1 asks for it.
STEPS = {"openat": 37, "unlink": 4, "write": 5, "rename": 1, "mkdir": 1, "rmdir": 1, "symlink": 1}


@pytest.mark.skipif(traced() is None, reason="strace, which kills git at a chosen call, is not here or may not trace")
@pytest.mark.parametrize("call", STEPS)
def test_killed_at_any_call(repo: Path, sha: str, call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    spare, path, before = repo.parent / "spare", os.environ["PATH"], on_disk(repo)
    shutil.copytree(repo, spare, symlinks=True)
    step = 1 if os.environ.get("EVERY_KILL") else STEPS[call]
    when = 1
    while True:
        monkeypatch.setenv("PATH", path)
        kill_at(repo.parent / "bin", call, when)
        monkeypatch.setenv("PATH", f"{repo.parent / 'bin'}:{path}")
        if not merge_is_killed(repo, sha):
            break
        monkeypatch.setenv("PATH", path)
        git_land.recover_fast_forward(repo, sha)
        if git_out(repo, "rev-parse", "main") != sha:
            assert on_disk(repo) == before, (call, when)
        assert_goes_through(repo, sha)
        shutil.rmtree(repo)
        shutil.copytree(spare, repo, symlinks=True)
        when += step
    assert when > 1, "git never made this call"


@pytest.fixture
def finished(repo: Path, sha: str) -> tuple[str, int]:
    """All of the change on disk and in the index, as an attempt in the root leaves it; then most of it is lost."""
    base = git.tree_of(repo, "HEAD")
    before = {name: (repo / name).read_bytes() for name in ("a", "crlf.txt", "z", "keep.py", "tool")}
    git_out(repo, "rm", "-q", "-r", "old")
    git_out(repo, "read-tree", "-u", "--reset", sha)
    since = time.time_ns() - 10**9
    old = since - 10**9
    for name in ("z", "keep.py", "tool"):  # a file that was put in its place, the removal, and the mode
        (repo / name).unlink(missing_ok=True)
        (repo / name).write_bytes(before[name])
        os.utime(repo / name, ns=(old, old))
    (repo / "a").write_bytes(b"")
    (repo / "crlf.txt").write_bytes((repo / "crlf.txt").read_bytes()[:4096])
    shutil.rmtree(repo / "made/deep")
    (repo / "type").unlink()
    (repo / "old").write_text("the person wrote here after the cut\n")
    return base, since


def test_what_a_power_cut_took_of_a_finished_change_is_written_again(
    repo: Path, sha: str, finished: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    base, since = finished
    monkeypatch.setattr("nightrun.hands.clock.boottime", lambda: 0.0)
    git_recover.fill(repo, base, git.tree_of(repo, sha), since)
    assert git_out(repo, "diff", "--name-only").split() == ["old"]
    assert (repo / "old").read_text() == "the person wrote here after the cut\n"
    assert not (repo / "keep.py").exists()
    assert (repo / "made/untracked.py").read_text() == "untracked\n"


def test_without_another_boot_nothing_of_a_finished_change_is_touched(
    repo: Path, sha: str, finished: tuple[str, int]
) -> None:
    base, since = finished
    seen = on_disk(repo)
    git_recover.fill(repo, base, git.tree_of(repo, sha), since)
    assert on_disk(repo) == seen
