from __future__ import annotations

from nightrun.decisions import suggested_lines
from nightrun.decisions.lines import GOOD
from tests.decisions import seen
from tests.decisions.seen import suggested


def test_one_line_names_item_tasks_commits_and_effect() -> None:
    line = suggested_lines.short(suggested())
    assert line.text == (
        "item 'Say which file' for gate_red: done; added by s1; tasks: impl t1; commits: ffffffffff, 0123456789;"
        " recovered (the issue is resolved)"
    )
    assert (line.command, line.tone) == ("nightrun explain i1", GOOD)


def test_each_task_has_the_command_that_checks_it() -> None:
    found = [(line.text, line.command) for line in suggested_lines.long(suggested())]
    assert found == [
        (
            "The heal h1 suggested the item 'Say which file'"
            " (done; added by spec s1: completed, landed as ffffffffff).",
            "git show ffffffffff",
        ),
        ("impl t1 works on it: completed, landed as 0123456789", "git show 0123456789"),
        ("Effect of the item: recovered (the issue is resolved).", ""),
    ]


def test_what_is_not_there_yet_is_said() -> None:
    early = suggested(
        state="open", tasks=[], commits=[], commit_state="none", status="pending", effect="unknown", why="early"
    )
    assert "no task works on it yet; no commit yet; effect unknown (early)" in suggested_lines.short(early).text
    first, second, _ = [(line.text, line.command) for line in suggested_lines.long(early)]
    assert first[1] == "nightrun explain s1" and "pending, no commit yet" in first[0]
    assert second == ("No task works on it yet: it is taken up at the meta ratio.", "nightrun backlog")


def test_words_of_others_cannot_leave_their_line_or_command() -> None:
    bad = suggested(issue="i1; rm x", item={"key": "k", "text": "a\n# b"}, tasks=[seen.task(commit_sha="`x`")])
    assert suggested_lines.short(bad).command == "nightrun explain 'i1; rm x'"
    assert all("\n" not in line.text for line in suggested_lines.long(bad))
    assert [line.command for line in suggested_lines.long(bad)][1] == "git show '`x`'"
