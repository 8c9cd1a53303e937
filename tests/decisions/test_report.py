from __future__ import annotations

from datetime import UTC

import pytest

from nightrun.decisions import progress, report, report_html
from nightrun.decisions.lines import Line
from tests.decisions import seen
from tests.decisions.seen import HOUR, NOW

CHECK = "git show 012345678; make verify RANGE=012345678"


def section(made: report.Report, title: str) -> list[tuple[str, str]]:
    return [(one.text, one.command) for part in made.sections if part.title == title for one in part.lines]


def test_failures_come_first() -> None:
    made = report.make(seen.span([seen.task(), seen.failed()]), UTC)
    assert made.title == "nightrun report, 2025-10-08 20:53 to 2025-10-09 08:53"
    assert [one.title for one in made.sections] == ["In short", "Failed", "Committed"]
    assert section(made, "Failed") == [
        ("impl t2 Add a flag: gate: 2 tests failed (3 attempts)", "make logs TASK=t2"),
    ]


def test_commits_come_with_their_evidence() -> None:
    bare = seen.task("t3", gate={"result": "none"})
    made = report.make(seen.span([seen.task(), bare]), UTC)
    assert section(made, "Committed") == [
        ("impl t1 Add a flag: gate passed in 3.2 s on tree fffffffff: make test", CHECK),
        ("impl t3 Add a flag: no gate checked it, as the policy says", CHECK),
    ]


def test_numbers_say_what_they_are_made_of() -> None:
    shot = seen.snapshot(window={"completed": 9, "failed": 3, "total": 12, "rate": 0.75})
    made = report.make(seen.span([seen.task(), seen.failed()], shot), UTC)
    assert section(made, "In short")[0][0] == "1 of 2 tasks failed, 1 completed."
    assert section(made, "In short")[2] == ("The last 7 days: 9 of 12 completed (75%).", "make report SINCE=7d")
    assert made.numbers["ended"] == 2 and made.numbers["landed"] == 1 and made.numbers["failed"] == 1


def test_quiet_night() -> None:
    assert section(report.make(seen.span([]), UTC), "In short") == [("No task ended in this time.", "make status")]
    good = report.make(seen.span([seen.task()]), UTC)
    assert section(good, "In short")[0] == ("The one task completed, none failed.", "make status")


def test_what_the_supervisor_gave_up_on_comes_first() -> None:
    fatal = {"reason": "monitor_restart_failed", "detail": "monitor died 6 times", "at": NOW}
    first = report.make({**seen.span([]), "fatal": fatal}).sections[0].lines[0]
    assert first.text == "fatal: monitor_restart_failed: monitor died 6 times"


def test_what_did_not_land_and_what_waits_is_said() -> None:
    held = seen.task("t4", commit_state="held", commit_reason="README.md has uncommitted edits")
    asked = seen.task("t5", status="needs_decision", decision_prompt="Which name?")
    made = report.make(seen.span([held], seen.snapshot(unlanded=[held], needs_decision=[asked])), UTC)
    assert section(made, "Not landed") == [
        ("impl t4 Add a flag is held: README.md has uncommitted edits", "git show 012345678")
    ]
    assert section(made, "Needs your decision") == [
        ("impl t5 Add a flag: Which name?", "make decide TASK=t5 TEXT='...'")
    ]
    assert section(made, "Committed") == section(made, "Completed without a commit") == []


def test_review_without_a_commit_is_not_called_missing() -> None:
    review = seen.task("t6", task_type="review", commit_state="none", commit_sha=None, tree=None)
    assert section(report.make(seen.span([review]), UTC), "Completed without a commit") == [
        ("review t6 Add a flag: nothing to commit", "make logs TASK=t6")
    ]


def test_heals_come_with_their_effect() -> None:
    heals = [seen.task(f"h{n}", task_type="heal", commit_state="none") for n in (1, 2, 3)]
    shot = seen.snapshot(
        issues=[seen.issue(heal_task_id="h1")],
        resolved=[
            seen.issue(
                id="i2", condition="disk_low", heal_task_id="h2", resolved_at=NOW - HOUR, first_seen=NOW - 2 * HOUR
            ),
            seen.issue(id="i3", resolved_at=NOW - 13 * HOUR),
        ],
        heals=heals,
    )
    assert [text for text, _ in section(report.make(seen.span([], shot), UTC), "Issues and heals")] == [
        "high: repeated_failures: impl failed three times (3 times, since 1 h; heal task h1) Look at the gate.",
        "resolved after 1 h: disk_low: impl failed three times",
        "heal h1 completed; not recovered: repeated_failures is still open",
        "heal h2 completed; recovered: disk_low is resolved",
        "heal h3 completed; effect unknown",
    ]


def test_queue_is_cut_and_says_so() -> None:
    shot = seen.snapshot()
    shot["counts"]["pending"] = 27
    pending = [seen.task(f"p{n}", status="pending", attempt=0) for n in range(20)]
    left = section(report.make(seen.span([], shot, pending=pending), UTC), "Left in the queue")
    assert left[0] == ("impl p0 Add a flag", "make explain TASK=p0")
    assert left[-1] == ("and 7 more", "make status")


def test_every_line_of_trouble_has_a_command() -> None:
    shot = seen.snapshot(unlanded=[seen.task()], needs_decision=[seen.task()])
    made = report.make(seen.span([seen.failed(), seen.task()], shot), UTC)
    assert [one for part in made.sections for one in part.lines if not one.command] == []


HOSTILE = [
    "# Heading",
    "[click](javascript:alert(1))",
    "![x](http://example.invalid/x.png)",
    "<script>alert(1)</script>",
    "`code` **bold** _it_ ~~no~~ | table |",
    "</li></ul><h1>Oops",
    "&lt;script&gt;",
    "1. list\n# not a heading\n- item",
    "http://example.invalid",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_text_of_an_agent_stays_text(text: str) -> None:
    made = report.make(seen.span([seen.failed(error_summary=text)]), UTC)
    page = report_html.page(report.markdown(made), made.title)
    for tag in ("<script", "<a ", "<img", "<strong>", "<em>", "<ol>", "<table"):
        assert tag not in page
    assert page.count("<h1>") == 1 and page.count("<h2>") == 2
    shown = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert shown in page


def test_markdown_has_numbers_in_its_headings_and_commands_as_code() -> None:
    text = report.markdown(report.make(seen.span([seen.failed()]), UTC))
    assert (
        "## Failed (1)\n\n- impl t2 Add a flag: gate: 2 tests failed \\(3 attempts\\)  \n  `make logs TASK=t2`" in text
    )
    assert text.endswith("\n") and "\n\n\n" not in text


def test_command_with_backticks_stays_one_code_span() -> None:
    made = report.Report("t", {}, (report.Section("s", (Line("x", "echo ``a`` `"),)),))
    assert "<code>echo ``a`` `</code>" in report_html.page(report.markdown(made), "t")


def test_page_needs_nothing_else() -> None:
    page = report_html.page("# t\n", "a <title> & more")
    assert "<title>a &lt;title&gt; &amp; more</title>" in page
    assert "http://" not in page and "https://" not in page and "src=" not in page
    assert "default-src 'none'" in page


def test_effects_that_were_measured_are_said_with_their_reason_and_beside_those_without_a_heal() -> None:
    rows = [("h1", "recovered", "9 of 20 completed before, 18 of 20 after"), ("h2", "unknown", "too early")]
    shot = seen.snapshot(
        heals=[seen.task(task, task_type="heal") for task, _, _ in rows],
        effects=[{"task": task, "condition": "gate_red", "effect": word, "why": why} for task, word, why in rows],
    )
    tallies = {"recovered": 1, "not_recovered": 0, "unknown": 1}, {"recovered": 0, "not_recovered": 2, "unknown": 0}
    heals = dict(zip(("treated", "untreated"), tallies, strict=True))
    facts = {**seen.span([], shot), "effectiveness": {"heals": heals}}
    assert [text for text, _ in section(report.make(facts, UTC), "Issues and heals")] == [
        "heal h1 completed; recovered: gate_red (9 of 20 completed before, 18 of 20 after)",
        "heal h2 completed; effect unknown (too early)",
        "effect of the last 2 heals: 1 recovered, 1 unknown; of 2 issues without one 2 not recovered",
    ]


def test_it_says_when_the_monitor_did_not_see_the_end() -> None:
    ended = [seen.task("t1", finished_at=NOW - HOUR), seen.task("t2", finished_at=NOW - 2 * HOUR)]
    late = report.make(seen.span(ended, seen.snapshot(last_evaluation=NOW - 1.5 * HOUR)), UTC)
    said = "Not sure: 1 task that ended last was not looked at by the monitor, problems may be missing here."
    assert (said, "make doctor") in section(late, "In short")
    never = report.make(seen.span(ended, seen.snapshot(last_evaluation=None)), UTC)
    assert any(text.startswith("Not sure: 2 tasks") for text, _ in section(never, "In short"))
    fresh = report.make(seen.span(ended, seen.snapshot(last_evaluation=NOW - HOUR)), UTC)
    assert not any(text.startswith("Not sure") for text, _ in section(fresh, "In short"))


def test_items_that_heals_suggested_are_named_while_they_are_open_or_moved_lately() -> None:
    old = {"updated_at": NOW - 13 * HOUR}
    kept = [seen.suggested(), seen.suggested(**old), seen.suggested(state="open", task="s3", **old)]
    named = section(report.make({**seen.span([]), "suggested": kept}, UTC), "Issues and heals")
    assert [text.partition(": ")[2].partition("; tasks")[0] for text, _ in named] == [
        "done; added by s1",
        "open; added by s3",
    ]


def test_progress_is_a_section_when_it_is_known() -> None:
    found = progress.make(
        [],
        plan={"index": 1, "total": 3},
        rate=seen.snapshot()["window"],
        used=seen.used(),
        known_since=NOW - 80 * HOUR,
        now=NOW,
    )
    made = report.make({**seen.span([]), "effectiveness": {"progress_to_goal": found}}, UTC)
    assert section(made, "Progress")[:2] == [
        ("backlog: 1 of 3 items done; 0.0 a day over 3 days", "make backlog"),
        ("forecast: unknown, no item was done in 3 days", ""),
    ]
