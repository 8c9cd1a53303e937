"""What is on disk as a tree, whatever an agent did to its index, and what two trees differ in."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from nightrun.hands import git, git_change, git_worktree
from nightrun.hands.git import GitFailed
from nightrun.words.change import MODE_LINK, MODE_NESTED, MODE_PROGRAM, Change, Entry
from nightrun.words.errors import NightrunError
from tests.story import commit_all, git_out, write

ODD = ["line\nend", 'quo"te', "tab\there", "[x]*", ":(glob)x", " lead", "-dash", "back\\slash", "\udcff\udcfe"]


@pytest.fixture
def attempt(repo: Path) -> Path:
    """A worktree as an attempt gets it."""
    write(repo, "src/a.py", "one\ntwo\nthree\n")
    write(repo, "src/b.py", "b\n")
    base = commit_all(repo, "second")
    path = repo / ".pipeline/worktrees/t1.1"
    git_worktree.add(repo, path, "pipeline/t1.1", base)
    return path


def names(worktree: Path, tree: str) -> list[str]:
    return os.fsdecode(git.run(worktree, "ls-tree", "-r", "-z", "--name-only", tree).out).split("\0")[:-1]


def content(worktree: Path, tree: str, path: str) -> bytes | None:
    return git_change.file_at(worktree, tree, path)


def of(change: Change, path: str) -> Entry:
    return next(entry for entry in change.entries if entry.path == path)


class TestSnapshot:
    def test_holds_what_is_on_disk_and_nothing_ignored(self, attempt: Path) -> None:
        write(attempt, ".gitignore", "*.log\n")
        write(attempt, "x.log", "noise")
        write(attempt, "new/c.py", "c\n")
        (attempt / "src/b.py").unlink()
        tree = git_change.snapshot(attempt)
        assert names(attempt, tree) == [".gitignore", "README.md", "new/c.py", "src/a.py"]

    def test_without_a_change_it_is_the_tree_of_the_base(self, attempt: Path) -> None:
        assert git_change.snapshot(attempt) == git.tree_of(attempt, "HEAD")

    def test_odd_names_are_names(self, attempt: Path) -> None:
        for name in ODD:
            (attempt / name).write_text("x")
        assert set(ODD) <= set(names(attempt, git_change.snapshot(attempt)))
        assert set(git_change.changed_paths(attempt)) == set(ODD)

    def test_what_an_agent_committed_or_staged_does_not_matter(self, attempt: Path) -> None:
        write(attempt, "src/a.py", "committed\n")
        write(attempt, "gone.py", "")
        commit_all(attempt, "by the agent")
        write(attempt, "src/a.py", "staged\n")
        git_out(attempt, "add", "-A")
        write(attempt, "src/a.py", "on disk\n")
        (attempt / "gone.py").unlink()
        tree = git_change.snapshot(attempt)
        assert content(attempt, tree, "src/a.py") == b"on disk\n"
        assert "gone.py" not in names(attempt, tree)

    def test_in_the_middle_of_a_merge_it_is_still_what_is_on_disk(self, attempt: Path) -> None:
        git_out(attempt, "branch", "other")
        write(attempt, "src/a.py", "ours\n")
        commit_all(attempt, "ours")
        git_out(attempt, "switch", "-q", "other")
        write(attempt, "src/a.py", "theirs\n")
        commit_all(attempt, "theirs")
        assert subprocess.run(["git", "merge", "-q", "pipeline/t1.1"], cwd=attempt, capture_output=True).returncode == 1
        assert git.state(attempt).unmerged == ("src/a.py",)
        write(attempt, "src/a.py", "half\n")
        assert content(attempt, git_change.snapshot(attempt), "src/a.py") == b"half\n"

    @pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree"])
    def test_a_file_that_git_was_told_not_to_see_is_seen(self, attempt: Path, flag: str) -> None:
        git_out(attempt, "update-index", flag, "src/a.py")
        write(attempt, "src/a.py", "hidden\n")
        assert content(attempt, git_change.snapshot(attempt), "src/a.py") == b"hidden\n"

    @pytest.mark.parametrize("damage", [lambda index: index.unlink(), lambda index: index.write_bytes(b"nonsense")])
    def test_a_broken_index_is_made_anew(self, attempt: Path, damage: object) -> None:
        write(attempt, "new.py", "n\n")
        damage(git.git_dir(attempt) / "index")  # type: ignore[operator]
        assert names(attempt, git_change.snapshot(attempt)) == ["README.md", "new.py", "src/a.py", "src/b.py"]

    def test_links_of_the_workspace_are_left_out_ignored_or_not(self, attempt: Path) -> None:
        write(attempt, ".gitignore", "node_modules\n")
        for name in ("node_modules", "data", "st*r"):
            (attempt / name).symlink_to("/")
        write(attempt, "star", "kept\n")
        tree = git_change.snapshot(attempt, leave_out=("node_modules", "data", "st*r"))
        assert names(attempt, tree) == [".gitignore", "README.md", "src/a.py", "src/b.py", "star"]

    def test_nested_repositories_are_entries_with_and_without_a_commit(self, attempt: Path) -> None:
        base = git_change.snapshot(attempt)
        for name in ("empty", "deep/er", "full"):
            (attempt / name).mkdir(parents=True)
            git_out(attempt / name, "init", "-q")
            write(attempt / name, "file", "x")
        commit_all(attempt / "full", "nested")
        write(attempt, "new.py", "n\n")
        tree = git_change.snapshot(attempt)
        change = git_change.change(attempt, base, tree)
        assert [(one.path, one.new_mode == MODE_NESTED) for one in change.entries] == [
            ("deep/er", True),
            ("empty", True),
            ("full", True),
            ("new.py", False),
        ]
        assert git_change.tracked_tree(attempt) == tree

    @pytest.mark.parametrize(
        ("files", "said"),
        [
            ({"d/.GIT/config": "x"}, "invalid path 'd/.GIT/config'"),
            ({"GIT~1/config": "x"}, "invalid path 'GIT~1/config'"),
            ({".git /x": "x"}, "invalid path '.git /x'"),
            ({".gitattributes": "*.txt working-tree-encoding=UTF-16\n", "a.txt": "x"}, "BOM is required in 'a.txt'"),
        ],
    )
    def test_what_git_does_not_take_in_is_the_works_fault_and_not_the_machines(
        self, attempt: Path, files: dict[str, str], said: str
    ) -> None:
        for name, text in files.items():
            write(attempt, name, text)
        with pytest.raises(git_change.NotTaken, match=f"^git does not take the work in: .*{re.escape(said)}"):
            git_change.snapshot(attempt)

    def test_a_file_that_became_a_pipe_is_not_taken_in(self, attempt: Path) -> None:
        (attempt / "src/a.py").unlink()
        os.mkfifo(attempt / "src/a.py")
        with pytest.raises(git_change.NotTaken, match=r"src/a.py: can only add regular files"):
            git_change.snapshot(attempt)

    @pytest.mark.parametrize("own", ["init -q", "init -q --separate-git-dir ../own.git"])
    def test_a_worktree_that_an_agent_made_another_repository_of_is_refused(self, attempt: Path, own: str) -> None:
        (attempt / ".git").unlink()
        git_out(attempt, *own.split())
        with pytest.raises(NightrunError, match="no longer a worktree of"):
            git_change.snapshot(attempt)
        with pytest.raises(NightrunError, match="no longer a worktree of"):
            git_change.tracked_tree(attempt)

    def test_of_the_settings_of_a_person_none_hides_a_file(self, attempt: Path) -> None:
        for name, value in (("status.showUntrackedFiles", "no"), ("status.renames", "copies"), ("core.quotePath", "1")):
            git_out(attempt, "config", name, value)
        write(attempt, "näw.py", "n\n")
        assert git_change.changed_paths(attempt) == ["näw.py"]
        assert "näw.py" in names(attempt, git_change.snapshot(attempt))


class TestTrackedTree:
    def test_equals_the_snapshot_until_a_tracked_file_changes(self, attempt: Path) -> None:
        write(attempt, "new.py", "n\n")
        tree = git_change.snapshot(attempt)
        write(attempt, "build/out", "made by the gate")
        assert git_change.tracked_tree(attempt) == tree
        write(attempt, "new.py", "m\n")
        assert content(attempt, git_change.tracked_tree(attempt), "new.py") == b"m\n"
        (attempt / "new.py").unlink()
        assert "new.py" not in names(attempt, git_change.tracked_tree(attempt))

    def test_a_touched_file_is_no_change(self, attempt: Path) -> None:
        tree = git_change.snapshot(attempt)
        os.utime(attempt / "src/a.py", (1, 1))
        assert git_change.tracked_tree(attempt) == tree

    def test_leaves_the_index_as_it_is(self, attempt: Path) -> None:
        git_change.snapshot(attempt)
        before = (git.git_dir(attempt) / "index").read_bytes()
        write(attempt, "src/a.py", "changed\n")
        git_change.tracked_tree(attempt)
        assert (git.git_dir(attempt) / "index").read_bytes() == before
        assert [path.name for path in git.git_dir(attempt).glob("nightrun-index.*")] == []

    def test_sees_a_file_that_the_gate_hid(self, attempt: Path) -> None:
        git_change.snapshot(attempt)
        git_out(attempt, "update-index", "--assume-unchanged", "src/a.py")
        write(attempt, "src/a.py", "hidden\n")
        assert content(attempt, git_change.tracked_tree(attempt), "src/a.py") == b"hidden\n"


def test_put_back_undoes_what_was_made_and_keeps_what_is_ignored(attempt: Path) -> None:
    write(attempt, "keep.log", "log")
    write(attempt, ".gitignore", "*.log\n")
    base = git_change.snapshot(attempt)
    write(attempt, "src/a.py", "changed\n")
    write(attempt, "new/x", "x")
    (attempt / "src/b.py").unlink()
    git_change.put_back(attempt, base)
    assert (attempt / "src/a.py").read_text() == "one\ntwo\nthree\n"
    assert (attempt / "src/b.py").exists()
    assert not (attempt / "new").exists()
    assert (attempt / "keep.log").exists()
    assert git_change.snapshot(attempt) == base


class TestChange:
    def test_says_what_each_path_was_and_is(self, attempt: Path) -> None:
        base = git_change.snapshot(attempt)
        write(attempt, "src/a.py", "one\n2\r\nthree\nfour")
        write(attempt, "tool.sh", "#!/bin/sh\n").chmod(0o755)
        (attempt / "src/b.py").unlink()
        (attempt / "link").symlink_to("../else where")
        (attempt / "README.md").unlink()
        (attempt / "README.md").symlink_to("target")
        (attempt / "data.bin").write_bytes(b"\0\1\2")
        write(attempt, "empty", "")
        tree = git_change.snapshot(attempt)
        change = git_change.change(attempt, base, tree)
        assert (change.base, change.tree, change.complete) == (base, tree, True)
        assert {one.path: one.status for one in change.entries} == {
            **{"README.md": "T", "data.bin": "A", "empty": "A", "link": "A"},
            **{"src/a.py": "M", "src/b.py": "D", "tool.sh": "A"},
        }
        edited = of(change, "src/a.py")
        assert edited.added == ((2, "2"), (4, "four"))
        assert edited.removed == ((2, "two"),)
        assert edited.size == len(b"one\n2\r\nthree\nfour")
        assert of(change, "tool.sh").new_mode == MODE_PROGRAM
        assert (of(change, "link").new_mode, of(change, "link").target) == (MODE_LINK, "../else where")
        assert of(change, "README.md").target == "target"
        assert of(change, "README.md").removed == ((1, "# a project"),)
        assert (of(change, "data.bin").binary, of(change, "data.bin").added) == (True, ())
        assert (of(change, "src/b.py").size, of(change, "src/b.py").removed) == (0, ((1, "b"),))
        assert of(change, "src/b.py").new_id == git.ZERO_ID

    def test_odd_names_and_lines_that_look_like_a_patch(self, attempt: Path) -> None:
        base = git_change.snapshot(attempt)
        text = "diff --git a/x b/x\n@@ -1 +1 @@\n+++ b/x\nBinary files a and b differ\n"
        for name in ODD:
            (attempt / name).write_text(text)
        change = git_change.change(attempt, base, git_change.snapshot(attempt))
        assert {one.path for one in change.entries} == set(ODD)
        assert {one.added for one in change.entries} == {tuple(enumerate(text.splitlines(), 1))}
        assert not any(one.binary for one in change.entries)

    def test_only_a_mode(self, attempt: Path) -> None:
        base = git_change.snapshot(attempt)
        (attempt / "src/a.py").chmod(0o755)
        [entry] = git_change.change(attempt, base, git_change.snapshot(attempt)).entries
        assert (entry.status, entry.old_mode, entry.new_mode, entry.added) == ("M", 0o100644, 0o100755, ())

    def test_lines_of_large_files_are_left_out_and_it_says_so(self, attempt: Path) -> None:
        base = git_change.snapshot(attempt)
        write(attempt, "large", "x\n" * 600)
        write(attempt, "small", "x\n" * 10)
        change = git_change.change(attempt, base, git_change.snapshot(attempt), line_bytes=1000)
        assert not change.complete
        assert (of(change, "large").added, of(change, "large").binary, of(change, "large").size) == ((), False, 1200)
        assert len(of(change, "small").added) == 10

    def test_no_attribute_hides_lines_and_no_setting_runs_a_program(self, attempt: Path, repo: Path) -> None:
        write(repo, ".gitattributes", "*.py -diff\n*.md diff=evil\n")
        marker = repo.parent / "ran"
        for name in ("diff.external", "diff.evil.command", "diff.evil.textconv", "core.fsmonitor"):
            git_out(repo, "config", name, f"touch {marker}")
        base = git_change.snapshot(attempt)
        write(attempt, ".gitattributes", "*.py -diff\n*.md diff=evil\n")
        write(attempt, "src/a.py", "password\n")
        write(attempt, "README.md", "other\n")
        change = git_change.change(repo, base, git_change.snapshot(attempt))
        assert of(change, "src/a.py").added == ((1, "password"),)
        assert of(change, "README.md").added == ((1, "other"),)
        assert not marker.exists()

    def test_no_object_stands_in_for_what_is_committed(self, attempt: Path, repo: Path) -> None:
        base = git_change.snapshot(attempt)
        write(attempt, "key.txt", "a secret\n")
        tree = git_change.snapshot(attempt)
        harmless = git.run(repo, "hash-object", "-w", "--stdin", stdin=b"nothing to see\n").text.strip()
        git_out(repo, "replace", git_out(repo, "rev-parse", f"{tree}:key.txt"), harmless)
        assert of(git_change.change(repo, base, tree), "key.txt").added == ((1, "a secret"),)

    def test_nothing_is_fetched_unless_that_is_asked_for(self, attempt: Path, repo: Path, tmp_path: Path) -> None:
        base = git_change.snapshot(attempt)
        write(attempt, "a.txt", "a\n")
        tree = git_change.snapshot(attempt)
        fetches = write(tmp_path, "fetches", f"#!/bin/sh\ntouch {tmp_path}/ran\nexit 1\n")
        fetches.chmod(0o755)
        settings = {"remote.x.promisor": "true", "remote.x.url": str(repo), "remote.x.uploadpack": str(fetches)}
        for name, value in ({"extensions.partialClone": "x", "core.repositoryFormatVersion": "1"} | settings).items():
            git_out(repo, "config", name, value)
        blob = git_out(repo, "rev-parse", f"{tree}:a.txt")
        (repo / ".git/objects" / blob[:2] / blob[2:]).unlink()
        with pytest.raises(GitFailed):
            git_change.change(repo, base, tree, lazy=False)
        assert not (tmp_path / "ran").exists()
        with pytest.raises(GitFailed):
            git_change.change(repo, base, tree)
        assert (tmp_path / "ran").exists()

    def test_settings_of_a_person_change_nothing(self, attempt: Path) -> None:
        base = git_change.snapshot(attempt)
        write(attempt, "src/a.py", "one\n2\nthree\n")
        (attempt / "src/b.py").rename(attempt / "moved.py")
        tree = git_change.snapshot(attempt)
        before = git_change.change(attempt, base, tree)
        for name, value in (
            *(("diff.noprefix", "true"), ("diff.renames", "copies"), ("color.ui", "always"), ("diff.context", "9")),
            *(("diff.relative", "true"), ("diff.suppressBlankEmpty", "true"), ("diff.mnemonicPrefix", "true")),
        ):
            git_out(attempt, "config", name, value)
        assert git_change.change(attempt, base, tree) == before

    def test_the_same_trees_have_no_entries(self, attempt: Path) -> None:
        tree = git_change.snapshot(attempt)
        assert git_change.change(attempt, tree, tree).entries == ()


class TestFiles:
    def test_file_at_is_the_content_or_none(self, repo: Path) -> None:
        write(repo, "sub/x", "x\n")
        sha = commit_all(repo, "x")
        assert git_change.file_at(repo, sha, "sub/x") == b"x\n"
        assert git_change.file_at(repo, sha, "sub/y") is None
        assert git_change.file_at(repo, sha, "sub") is None
        write(repo, "untracked", "")
        assert git_change.file_at(repo, sha, "untracked") is None

    def test_with_file_changes_one_blob(self, repo: Path) -> None:
        write(repo, "sub/deep/x", "x\n").chmod(0o755)
        write(repo, "sub/y", "y\n")
        base = commit_all(repo, "x")
        tree = git_change.with_file(repo, git.tree_of(repo, base), "sub/deep/x", b"new\r\n")
        [entry] = git_change.change(repo, git.tree_of(repo, base), tree).entries
        assert (entry.path, entry.status, entry.new_mode) == ("sub/deep/x", "M", MODE_PROGRAM)
        assert git_change.file_at(repo, tree, "sub/deep/x") == b"new\r\n"
        assert git_out(repo, "status", "--porcelain") == ""
        for path in ("sub/none", "sub", "sub/y/z"):
            with pytest.raises(NightrunError, match="There is no file"):
                git_change.with_file(repo, tree, path, b"")

    def test_path_is_clean(self, repo: Path) -> None:
        write(repo, "other", "dirty")
        assert git_change.path_is_clean(repo, "README.md")
        write(repo, "README.md", "edited\n")
        assert not git_change.path_is_clean(repo, "README.md")
        git_out(repo, "add", "README.md")
        git_out(repo, "show", "HEAD:README.md")
        write(repo, "README.md", "# a project\n")
        assert not git_change.path_is_clean(repo, "README.md"), "the index counts, too"
        assert not git_change.path_is_clean(repo, "other")
        write(repo, ".git/info/exclude", "other\n")
        assert not git_change.path_is_clean(repo, "other")
        assert git_change.path_is_clean(repo, "nowhere")


def test_the_same_files_are_the_same_change_on_a_target_that_moved(attempt: Path) -> None:
    def made(*files: tuple[str, str]) -> str:
        for path, text in files:
            write(attempt, path, text)
        return git_change.snapshot(attempt)

    old = made()
    one = git_change.identity(attempt, old, made(("new.txt", "x")))
    moved = made(("other.txt", "of somebody else"))
    (attempt / "new.txt").unlink()
    base = made()
    assert git_change.identity(attempt, base, moved) == one
    assert git_change.identity(attempt, base, made(("new.txt", "y"))) != one
    assert git_change.identity(attempt, base, base) == git_change.identity(attempt, old, old) != one
