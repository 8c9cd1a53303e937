from __future__ import annotations

from nightrun.decisions import message, undoing
from nightrun.decisions.hook_text import HookValues
from nightrun.hands import hooks
from nightrun.words.commit import Commit

A, B, C, D = (letter * 40 for letter in "abcd")


def commit(sha: str, text: bytes | str, at: float = 0.0) -> Commit:
    raw = text.encode() if isinstance(text, str) else text
    return Commit(sha=sha, tree="f" * 40, parents=("0" * 40,), at=at, message=raw)


def of_task(sha: str, task_id: str, direction: str = "Do it") -> Commit:
    return commit(sha, message.commit(task_type="impl", task_id=task_id, direction=direction))


def all_of(*history: Commit) -> undoing.Selected:
    return undoing.select(history, lambda one: True)


def test_a_commit_belongs_to_the_one_task_of_its_trailer() -> None:
    assert undoing.task_of(of_task(A, "t1", "Do it\n\nPipeline-Task: t2")) == "t1"
    assert undoing.task_of(commit(A, "[pipeline] impl t1: x\n\nPipeline-Task: t1\nPipeline-Task: t2\n")) is None
    assert undoing.task_of(commit(A, "[pipeline] impl t1: x\n\nPipeline-Task: t1; rm\n")) is None
    assert undoing.task_of(commit(A, "[pipeline] impl t1: x\n")) is None


def test_commits_of_people_are_never_selected() -> None:
    assert all_of(commit(A, "by hand\n"), commit(B, "[pipeline] impl t1: by hand\n")) == undoing.Selected((), ())


def test_newest_comes_first_as_it_has_to_be_reverted() -> None:
    assert [one.sha for one in all_of(of_task(B, "t2"), of_task(A, "t1")).wanted] == [B, A]


def test_what_was_reverted_by_us_or_by_git_is_already_undone() -> None:
    one, two = of_task(A, "t1"), of_task(B, "t2")
    ours, theirs = commit(C, undoing.message(one)), commit(D, f'Revert "x"\n\nThis reverts commit {B}.\n')
    assert all_of(theirs, ours, two, one) == undoing.Selected((), ((two, D), (one, C)))


def test_a_revert_that_was_reverted_undoes_nothing() -> None:
    one = of_task(A, "t1")
    revert = commit(B, undoing.message(one))
    again = commit(C, f'Reapply "x"\n\nThis reverts commit {B}.\n')
    assert all_of(again, revert, one).wanted == (one,)


def test_message_says_what_is_undone_and_passes_the_hook() -> None:
    made = undoing.message(of_task(A, "t1", "Füge ein langes Wort hinzu " * 10))
    assert made.startswith('Revert "[pipeline] impl t1: Füge ein'.encode())
    assert message.trailers(made) == {"Reverts-Pipeline-Task": ["t1"], "Reverts-Commit": [A]}
    for values in (HookValues(), HookValues(messages="pipeline")):
        assert hooks.refusal(made, values) is None


def test_a_subject_cannot_hide_anything_in_the_message() -> None:
    made = undoing.message(commit(A, "[pipeline] impl t1: \x1b[2J\u202ex\n\nPipeline-Task: t1\n"))
    assert made.partition(b"\n")[0] == b'Revert "[pipeline] impl t1: [2J x"'


def test_a_tick_is_taken_back_beside_later_ticks() -> None:
    before, after = "- [ ] a\n- [ ] b\n", "- [x] a\n- [ ] b\n"
    assert undoing.without_lines(before, after, "- [x] a\n- [x] b\n- [ ] c\n") == "- [ ] a\n- [x] b\n- [ ] c\n"


def test_what_is_no_plain_change_of_lines_is_left_to_a_person() -> None:
    assert undoing.without_lines("a\n", "a\nb\n", "a\nb\nc\n") is None
    assert undoing.without_lines("- [ ] a\n", "- [x] a\n", "- [x] other\n") is None
    assert undoing.without_lines("- [ ] a\n", "- [x] a\n", "- [x] a\n- [x] a\n") is None
