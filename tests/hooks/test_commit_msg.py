"""What the commit-msg hook makes of a message, and what git really hands to it (githooks.md section 6)."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nightrun.decisions import hook_text
from nightrun.decisions.hook_text import COMMIT_MSG, HookValues
from tests.story import git_out, write

SHIPPED = Path(__file__).resolve().parents[2] / "hooks" / COMMIT_MSG
GOOD = "[pipeline] impl t1: tighten the retry loop"
SHELLS = [shell for shell in (["dash"], ["bash", "--posix"]) if os.path.exists(f"/bin/{shell[0]}")]


def judge(
    message: bytes | str, values: HookValues | None = None, *, editor: bool = False, shell: list[str] | None = None
) -> subprocess.CompletedProcess[str]:
    """What the hook, filled with these values, answers to a message; without an editor as `git commit -m` has it."""
    text = hook_text.fill(SHIPPED.read_bytes(), COMMIT_MSG, values or HookValues())
    Path("hook").write_bytes(text)
    Path("MSG").write_bytes(message if isinstance(message, bytes) else message.encode())
    env = {**os.environ, "GIT_EDITOR": "vi" if editor else ":"}
    argv = [*(shell or ["sh"]), "hook", "MSG"]
    return subprocess.run(argv, env=env, capture_output=True, encoding="utf-8", errors="replace", timeout=20)


def accepted(message: bytes | str, values: HookValues | None = None, *, editor: bool = False) -> bool:
    done = judge(message, values, editor=editor)
    assert (done.returncode == 0) == (done.stderr == ""), done.stderr
    return done.returncode == 0


def line_after(label: str, stderr: str) -> str:
    return next(line for line in stderr.split("\n") if line.startswith(f"  {label}:")).split(": ", 1)[1].lstrip()


ACCEPTED = {
    "plain": GOOD,
    "line end": GOOD + "\n",
    "body": GOOD + "\n\nwhy it was done\n\nPipeline-Task: t1\n",
    "blank second line of blanks": GOOD + "\n  \t\nbody\n",
    "every type": "[pipeline] review r-1.2_x: ok",
    "second colon": "[pipeline] impl t1: retry: wait longer",
    "umlauts": "[pipeline] impl t1: größere Schrift für die Überschrift",
    "emoji": "[pipeline] impl t1: 🚀 faster",
    "backslash": r"[pipeline] impl t1: a\nb \\ c",
    "glob characters": "[pipeline] impl t1: *.py [a-z] ?",
    "shell text": "[pipeline] impl t1: $(touch pwned) `id` $HOME 'x' \"y\"",
    "invalid UTF-8 in the text": b"[pipeline] impl t1: caf\xe9",
    "72 characters": "[pipeline] impl t1: " + "x" * 52,
    "72 characters of two bytes": "[pipeline] impl t1: " + "é" * 52,
    "72 characters of four bytes": "[pipeline] impl t1: " + "🚀" * 52,
    "leading blank lines": "\n \n" + GOOD,
    "fixup": "fixup! " + GOOD,
    "squash of a fixup": "squash! fixup! " + GOOD,
    "amend": "amend! " + GOOD + "\n\n" + GOOD,
    "merge": "Merge branch 'feature'",
    "revert": f'Revert "{GOOD}"\n\nThis reverts commit 1234.\n',
    "revert of a revert": f'Reapply "{GOOD}"',
    "other": "fix the retry loop",
    "other with a body right below": "fix the retry loop\nand more",
    "other that names the tag": "docs: what [pipeline] means",
    "other tag": "[pipelines] x",
    "tag in other case, not in the format": "[Pipeline] update the CI file",
    "other with a control character": "fix \033[31m",
    "other with a byte order mark": "\ufefffix",
    "other in Chinese": "修复 [pipeline]",
    "fixup of another": "fixup! fix the retry loop",
    "a hash without an editor": "#123 fix the retry loop",
    "a megabyte in one line": "x" * 1_000_000,
}

REFUSED = {
    "type that does not exist": ("[pipeline] build t1: x", "`build` is not a task type that commits", "impl t1: x"),
    "type in capitals": ("[pipeline] Impl t1: x", "`Impl` is not a task type that commits", "impl t1: x"),
    "heal": ("[pipeline] heal t1: x", "tasks of type `heal` do not commit", "impl t1: x"),
    "type that is a pattern": ("[pipeline] * t1: x", "`*` is not a task type that commits", "impl t1: x"),
    "no id": ("[pipeline] impl: x", "the task id is missing", "impl t-42: x"),
    "no type": ("[pipeline] t1: x", "a type and an id must stand before the colon, not only `t1`", "impl t1: x"),
    "no colon": ("[pipeline] impl t1 x", "a colon and a blank must follow the id", "impl t1: x"),
    "only type and id": ("[pipeline] impl t1", "a colon and a blank must follow the id", "impl t1: say what was done"),
    "no blank after the colon": ("[pipeline] impl t1:x", "a blank and a text must follow the colon", "impl t1: x"),
    "two words as id": ("[pipeline] impl t1 t2: x", "not also `t2`", "impl t1: t2 x"),
    "slash in the id": ("[pipeline] impl a/b: x", "the id `a/b` may only have letters", "impl ab: x"),
    "colon in the id": ("[pipeline] impl a:b: x", "the id `a:b` may only have letters", "impl ab: x"),
    "dash in front of the id": ("[pipeline] impl -b: x", "the id `-b` may only have letters", "impl b: x"),
    "no text": ("[pipeline] impl t1: ", "must follow the colon", "impl t1: say what was done"),
    "text of blanks": ("[pipeline] impl t1:    \n", "must follow the colon", "impl t1: say what was done"),
    "two blanks before the text": ("[pipeline] impl t1:  x", "only one blank may follow the colon", "impl t1: x"),
    "two blanks after the tag": ("[pipeline]  impl t1: x", "exactly one blank must follow", "impl t1: x"),
    "two blanks after the type": ("[pipeline] impl  t1: x", "exactly one blank must stand", "impl t1: x"),
    "a blank before the colon": ("[pipeline] impl t1 : x", "exactly one blank must stand", "impl t1: x"),
    "no blank after the tag": ("[pipeline]impl t1: x", "exactly one blank must follow", "impl t1: x"),
    "tag alone": ("[pipeline]", "type, id and text are missing", "impl t-42: say what was done"),
    "carriage return": (GOOD + "\r\n", "carriage return", GOOD.removeprefix("[pipeline] ")),
    "escape": ("[pipeline] impl t1: a\033[31mb", "control character", "impl t1: a [31mb"),
    "tabulator": ("[pipeline] impl t1: a\tb", "control character", "impl t1: a b"),
    "delete character": ("[pipeline] impl t1: a\x7fb", "control character", "impl t1: a b"),
    "too long": (
        "[pipeline] impl t1: " + "word " * 20,
        "longer than 72 characters",
        "impl t1: " + " ".join(["word"] * 10),
    ),
    "73 characters of two bytes": (
        "[pipeline] impl t1: " + "é" * 53,
        "longer than 72 characters",
        "impl t1: say what was done",
    ),
    "a megabyte": (
        "[pipeline] impl t1: " + "a b: " * 200_000,
        "longer than 72 characters",
        "impl t1: " + " ".join(["a b:"] * 10) + " a",
    ),
    "second line not blank": (GOOD + "\nand more", "its second line is not blank", GOOD.removeprefix("[pipeline] ")),
    "byte order mark": ("\ufeff" + GOOD, "byte order mark", GOOD.removeprefix("[pipeline] ")),
    "blanks in front": ("  " + GOOD, "at the very start of the line", GOOD.removeprefix("[pipeline] ")),
    "blanks in front of a wrong one": (" [pipeline] x", "at the very start of the line", "impl x: say what was done"),
    "tag in other case": ("[Pipeline] impl t1: x", "the tag is [pipeline], not [Pipeline]", "impl t1: x"),
    "comment first without an editor": ("# c\n" + GOOD, "starts with a comment", GOOD.removeprefix("[pipeline] ")),
    "empty": ("", "it is empty", "impl t-42: say what was done"),
    "blank lines": ("\n  \n\n", "it is empty", "impl t-42: say what was done"),
}


@pytest.mark.parametrize("message", ACCEPTED.values(), ids=ACCEPTED)
def test_accepts(message: str | bytes) -> None:
    assert accepted(message)


@pytest.mark.parametrize(("message", "reason", "example"), REFUSED.values(), ids=REFUSED)
def test_refuses_names_the_part_and_mends_it(message: str, reason: str, example: str) -> None:
    done = judge(message)
    assert done.returncode == 1
    assert reason in done.stderr.splitlines()[0]
    assert line_after("correct", done.stderr) == f"[pipeline] {example}"
    assert accepted(f"[pipeline] {example}")


@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
def test_every_shell_gives_the_same_answer(shell: list[str]) -> None:
    for message in ACCEPTED.values():
        assert judge(message, shell=shell).returncode == 0
    for message, reason, _ in REFUSED.values():
        assert reason in judge(message, shell=shell).stderr


def test_a_refusal_keeps_the_prefix_in_its_example() -> None:
    done = judge("fixup! [pipeline] impl t1")
    assert line_after("correct", done.stderr) == "fixup! [pipeline] impl t1: say what was done"


def test_a_refusal_shows_no_control_characters() -> None:
    assert "\033" not in judge("[pipeline] impl t1: a\033]0;owned\007").stderr


def test_a_refusal_says_where_the_text_is_kept() -> None:
    assert "git commit -e -F MSG" in judge("[pipeline] x").stderr


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text(
        st.one_of(st.characters(codec="utf-8", exclude_characters="\0"), st.sampled_from(" :.-/[]impl\n\r\t\033")),
        max_size=40,
    )
)
def test_whatever_follows_the_tag_the_example_is_correct(rest: str) -> None:
    done = judge("[pipeline]" + rest)
    if done.returncode:
        assert done.returncode == 1
        assert accepted(line_after("correct", done.stderr))


class TestPolicy:
    def test_only_types_of_the_policy_commit(self) -> None:
        values = HookValues(types=("spec", "review"))
        assert accepted("[pipeline] spec t1: x", values)
        done = judge("[pipeline] impl t1: x", values)
        assert "`impl` is not a task type that commits" in done.stderr
        assert line_after("correct", done.stderr) == "[pipeline] spec t1: x"

    def test_heal_commits_when_the_policy_says_so(self) -> None:
        assert accepted("[pipeline] heal t1: x", HookValues(types=("heal",)))

    def test_subject_length(self) -> None:
        assert accepted("[pipeline] impl t1: " + "x" * 80, HookValues(subject_length=100))
        assert not accepted("[pipeline] impl t1: " + "x" * 81, HookValues(subject_length=100))

    @pytest.mark.parametrize(
        "message", [GOOD, "Merge branch 'x'", 'Revert "x"', "fixup! x", "squash! x", "amend! x\n\ny"]
    )
    def test_messages_pipeline_lets_these_pass(self, message: str) -> None:
        assert accepted(message, HookValues(messages="pipeline"))

    @pytest.mark.parametrize("message", ["fix: x", "Squashed commit of the following:\n\nx", "merge x", "#1 x"])
    def test_messages_pipeline_refuses_others(self, message: str) -> None:
        done = judge(message, HookValues(messages="pipeline"))
        assert "only messages of the pipeline are allowed here (policy: commit.messages)" in done.stderr

    def test_a_squashed_merge_gets_a_hint(self) -> None:
        done = judge("Squashed commit of the following:", HookValues(messages="pipeline"))
        assert "give the squashed merge a subject of its own" in done.stderr


class TestEditor:
    """With an editor the file holds comments, and perhaps the diff."""

    def test_comments_are_left_out(self) -> None:
        assert accepted(f"# help\n\n{GOOD}\n# help\n\nbody", editor=True)
        assert not accepted("# help\n[pipeline] x", editor=True)
        assert not accepted(f"{GOOD}\n# help\nbody", editor=True)

    def test_a_subject_that_git_takes_as_a_comment_is_said_to_be_one(self) -> None:
        assert "lines that start with `#` are comments" in judge("#123 fix", editor=True).stderr

    @pytest.mark.parametrize("mark", [";", "%", "//"])
    def test_the_comment_mark_of_the_configuration_counts(self, mark: str) -> None:
        git_out(Path(), "config", "--global", "core.commentChar", mark)
        assert accepted(f"{mark} help\n{GOOD}\n{mark} help", editor=True)
        assert accepted("#123 fix\n", editor=True)

    def test_the_comment_mark_may_be_chosen_by_git(self) -> None:
        git_out(Path(), "config", "--global", "core.commentChar", "auto")
        assert not accepted("; help\n[pipeline] x\n\n; help\n", editor=True)
        assert accepted("#123 fix\n\n; help\n; ------------------------ >8 ------------------------\n@@ x", editor=True)

    def test_nothing_below_the_scissors_counts(self) -> None:
        scissors = "# ------------------------ >8 ------------------------\n"
        assert accepted(f"{GOOD}\n{scissors}diff --git a/x b/x\n", editor=True)
        assert not accepted(f"{scissors}[pipeline] impl t1: x\n", editor=True)


class TestWithGit:
    """Real commits, with the hook where git looks for it."""

    @pytest.fixture
    def guarded(self, repo: Path) -> Path:
        hook = repo / ".git/hooks/commit-msg"
        hook.write_bytes(SHIPPED.read_bytes())
        hook.chmod(0o755)
        return repo

    def git(self, repo: Path, *args: str, **extra: str) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, **extra}
        return subprocess.run(["git", *args], cwd=repo, env=env, capture_output=True, text=True, timeout=30)

    def commit(self, repo: Path, *args: str, **extra: str) -> bool:
        before = git_out(repo, "rev-parse", "HEAD")
        done = self.git(repo, "commit", "-q", "--allow-empty", *args, **extra)
        landed = git_out(repo, "rev-parse", "HEAD") != before
        assert landed == (done.returncode == 0), done.stderr
        return landed

    def write_with(self, repo: Path, text: str) -> str:
        """An editor that puts this text in front of what is in the file."""
        return f'sh -c \'printf "{text}" >new && cat "$1" >>new && mv new "$1"\' -'

    def test_m_and_f(self, guarded: Path) -> None:
        assert self.commit(guarded, "-m", GOOD)
        assert self.commit(guarded, "-m", GOOD, "-m", "body")
        assert not self.commit(guarded, "-m", "[pipeline] x")
        message = write(guarded, "m", f"\n{GOOD}  \r\n\r\nbody\r\n")
        assert self.commit(guarded, "-F", str(message))
        assert git_out(guarded, "log", "-1", "--format=%s") == GOOD

    def test_verbatim_carriage_returns_and_byte_order_marks_are_refused(self, guarded: Path) -> None:
        message = write(guarded, "m", f"{GOOD}\r\n")
        assert not self.commit(guarded, "--cleanup=verbatim", "-F", str(message))
        message.write_text(f"\ufeff{GOOD}\n")
        assert not self.commit(guarded, "-F", str(message))

    @pytest.mark.parametrize("raw", [GOOD.replace("t1", "t1\0").encode(), GOOD.encode("utf-16")], ids=["NUL", "UTF-16"])
    def test_bytes_that_git_takes_for_no_text_make_no_commit(self, guarded: Path, raw: bytes) -> None:
        (guarded / "m").write_bytes(raw)
        assert not self.commit(guarded, "-F", "m")

    def test_stripped_comments_do_not_hide_a_bad_subject(self, guarded: Path) -> None:
        message = write(guarded, "m", "# c\n[pipeline] x\n")
        assert not self.commit(guarded, "--cleanup=strip", "-F", str(message))

    def test_editor_with_verbose_diff(self, guarded: Path) -> None:
        write(guarded, "README.md", "[pipeline] x\n")
        good, bad = self.write_with(guarded, GOOD), self.write_with(guarded, "[pipeline] x")
        assert not self.commit(guarded, "-av", GIT_EDITOR=bad)
        assert self.commit(guarded, "-av", GIT_EDITOR=good)

    def test_amend_in_an_editor(self, guarded: Path) -> None:
        assert self.commit(guarded, "-m", GOOD)
        assert self.git(guarded, "commit", "--allow-empty", "--amend", GIT_EDITOR="true").returncode == 0
        assert not self.commit(guarded, "--amend", "-m", "[pipeline] x")

    def test_fixup_and_squash(self, guarded: Path) -> None:
        assert self.commit(guarded, "-m", GOOD)
        assert self.commit(guarded, "--fixup=HEAD")
        assert self.commit(guarded, "--squash=HEAD~1", "-m", "more", GIT_EDITOR="true")
        assert self.commit(guarded, "--fixup=reword:HEAD~2", GIT_EDITOR="true")

    def test_a_message_longer_than_one_argument_may_be(self, guarded: Path) -> None:
        body = "a line of the body\n" * 10_000  # Linux: 128 KiB for one argument
        assert self.commit(guarded, "-F", str(write(guarded, "m", f"{GOOD}\n\n{body}")))
        assert not self.commit(guarded, "-F", str(write(guarded, "m", f"[pipeline] x\n\n{body}")))

    def test_a_template_is_judged_with_what_the_editor_makes_of_it(self, guarded: Path) -> None:
        template = write(guarded, "template", "[pipeline] x\n")
        with_it = ("-c", f"commit.template={template}", "commit", "-q", "--allow-empty")
        before = git_out(guarded, "rev-parse", "HEAD")
        refused = self.git(guarded, *with_it, GIT_EDITOR="sh -c 'echo more >>$1' -")
        assert "nightrun: commit message refused" in refused.stderr
        assert git_out(guarded, "rev-parse", "HEAD") == before
        done = self.git(guarded, *with_it, GIT_EDITOR=self.write_with(guarded, GOOD + r"\n\n"))
        assert done.returncode == 0, done.stderr

    def test_what_prepare_commit_msg_writes_is_judged_unless_git_skips_us(self, guarded: Path) -> None:
        prepare = write(guarded, ".git/hooks/prepare-commit-msg", "#!/bin/sh\necho '[pipeline] x' >\"$1\"\n")
        prepare.chmod(0o755)
        assert not self.commit(guarded, "-m", GOOD)
        assert self.commit(guarded, "-m", GOOD, "--no-verify")  # git skips commit-msg, and not prepare-commit-msg
        assert git_out(guarded, "log", "-1", "--format=%s") == "[pipeline] x"

    def test_from_a_subdirectory_and_a_linked_worktree(self, guarded: Path) -> None:
        (guarded / "sub").mkdir()
        assert self.git(guarded / "sub", "commit", "-q", "--allow-empty", "-m", GOOD).returncode == 0
        git_out(guarded, "worktree", "add", "-q", "../wt", "-b", "other")
        assert self.commit(guarded.parent / "wt", "-m", GOOD)
        assert not self.commit(guarded.parent / "wt", "-m", "[pipeline] x")

    def test_an_empty_message_is_refused_even_when_allowed(self, guarded: Path) -> None:
        assert not self.commit(guarded, "--allow-empty-message", "-m", "")

    def test_merge_passes_and_a_refused_merge_says_how_to_finish(self, guarded: Path) -> None:
        git_out(guarded, "checkout", "-q", "-b", "side")
        git_out(guarded, "commit", "-q", "--allow-empty", "-m", "side")
        git_out(guarded, "checkout", "-q", "main")
        refused = self.git(guarded, "merge", "--no-ff", "-m", "[pipeline] x", "side")
        assert refused.returncode != 0
        assert "The merge is still open" in refused.stderr
        assert self.git(guarded, "commit", "-q", "-m", "Merge branch 'side'").returncode == 0
        git_out(guarded, "reset", "-q", "--hard", "HEAD~1")
        assert self.git(guarded, "merge", "--no-ff", "side").returncode == 0

    def test_ways_of_committing_that_never_run_the_hook(self, guarded: Path) -> None:
        """Why `nightrun check-messages` exists; githooks.md section 6 has the whole list."""
        write(guarded, "README.md", "changed\n")
        git_out(guarded, "commit", "-q", "-a", "--no-verify", "-m", "[pipeline] bad")
        bad = git_out(guarded, "rev-parse", "HEAD")
        git_out(guarded, "reset", "-q", "--hard", "HEAD~1")
        assert self.git(guarded, "cherry-pick", bad).returncode == 0
        assert self.git(guarded, "revert", "--no-edit", "HEAD").returncode == 0
        assert self.git(guarded, "commit-tree", "HEAD^{tree}", "-m", "[pipeline] bad").returncode == 0

    def test_a_pull_that_merges_a_squash_and_a_reword_run_it(self, guarded: Path) -> None:
        git_out(guarded, "checkout", "-q", "-b", "side")
        git_out(guarded, "commit", "-q", "--allow-empty", "-m", "side")
        git_out(guarded, "checkout", "-q", "main")
        assert self.commit(guarded, "-m", GOOD)
        pull = ("pull", "-q", "--no-rebase", "--no-edit", ".", "side")
        assert self.git(guarded, *pull).returncode == 0, "a merge commit in git's own words passes"
        write(guarded, "README.md", "more\n")
        bad = self.write_with(guarded, "[pipeline] x")
        git_out(guarded, "checkout", "-q", "-b", "squashed", "side")
        git_out(guarded, "commit", "-q", "-a", "-m", "more")
        git_out(guarded, "checkout", "-q", "main")
        git_out(guarded, "merge", "-q", "--squash", "squashed")
        assert not self.commit(guarded, GIT_EDITOR=bad)
        assert self.commit(guarded, GIT_EDITOR="true"), "by policy"
        reword = {"GIT_SEQUENCE_EDITOR": "sed -i s/^pick/reword/", "GIT_EDITOR": bad}
        assert self.git(guarded, "rebase", "-q", "-i", "HEAD~1", **reword).returncode != 0
        assert "[pipeline] x" not in git_out(guarded, "log", "--format=%s")

    def test_without_message_editor_and_terminal_there_is_no_commit(self, guarded: Path) -> None:
        assert not self.commit(guarded, GIT_EDITOR="")
