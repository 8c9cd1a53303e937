from __future__ import annotations

from typing import Any

import pytest

from nightrun.decisions import page, progress
from nightrun.decisions.lines import BAD, GOOD, Line
from tests.decisions import seen
from tests.decisions.seen import HOUR, NOW


def section(made: page.Page, title: str) -> list[tuple[str, str]]:
    return [(one.text, one.command) for part in made.sections if part.title == title for one in part.lines]


def shown(**fields: Any) -> page.Page:
    return page.make(seen.page(seen.snapshot(**fields)))


def test_headline_says_since_when_and_how_many() -> None:
    counts = {"pending": 5, "running": 1, "completed": 12, "failed": 2, "needs_decision": 0}
    text = "/src/project: running for 2 h with 2 runners; 1 running, 5 waiting, 12 completed, 2 failed"
    assert shown(counts=counts).headline == Line(text, "", GOOD)


def test_nothing_to_say_is_said() -> None:
    made = shown()
    assert section(made, "Needs attention") == []
    assert section(made, "Going well")[-1] == ("nothing needs you", "")


@pytest.mark.parametrize("shot", [None, seen.snapshot()])
def test_finished_work_that_was_not_committed_is_listed_with_and_without_the_api(shot: Any) -> None:
    left = [{"task_type": "impl", "id": f"t{number}", "branch": f"pipeline/t{number}.1"} for number in range(11)]
    made = section(page.make({**seen.page(shot), "left": left}), "Finished, not committed")
    assert made[0] == ("impl t0, on pipeline/t0.1", "make commit TASK=t0")
    assert made[10] == ("and 1 more", "make report")


def test_what_needs_a_person_has_its_command() -> None:
    made = shown(
        issues=[seen.issue()],
        needs_decision=[seen.task("t3", status="needs_decision", decision_prompt="Which name?")],
        pauses=[{"scope": "intake", "reason": "lunch", "by": "person", "until": None}],
        unlanded=[
            seen.task("t4", commit_state="held", commit_sha=None, commit_reason="README.md has uncommitted edits"),
            seen.task("t5", commit_state="pending"),
        ],
    )
    assert section(made, "Needs attention") == [
        ("high: repeated_failures: impl failed three times (3 times, since 1 h) Look at the gate.", ""),
        ("impl t3 Add a flag: Which name?", "make decide TASK=t3 TEXT='...'"),
        ("No new tasks are taken, until you resume it: lunch (by person)", "make resume"),
        ("impl t4 Add a flag is held: README.md has uncommitted edits", "git log -p -1 nightrun/t4.1"),
    ]


def test_pause_of_an_agent_says_when_it_ends() -> None:
    pause = {"scope": "agent:claude", "reason": "usage limit", "by": "nightrun", "until": NOW + 90 * 60}
    text = "agent:claude is paused, for another 1 h 30 min: usage limit (by nightrun)"
    assert page.pause(pause, NOW).text == text


def test_running_tasks_say_who_and_how_long() -> None:
    running = [seen.task("t6", status="running", current_step="gate", progress_pct=40, attempt=2)]
    assert section(shown(running=running), "Running") == [
        ("impl t6 Add a flag (script, attempt 2, 5 min, gate, 40 %)", "make logs TASK=t6")
    ]


def test_queue_says_what_waits_and_why() -> None:
    made = shown(
        ready_count=2, oldest_ready={"ready_at": NOW - 700}, waiting=[{"reason": "needs agent codex", "count": 1}]
    )
    assert section(made, "Queue") == [
        ("2 ready; the oldest has waited 11 min 40 s", "make backlog"),
        ("1 not ready: needs agent codex", ""),
    ]


def test_last_outcomes_say_class_and_error_line() -> None:
    assert section(shown(finished=[seen.failed(), seen.task()]), "Last outcomes") == [
        ("impl t2 failed 2 min ago, gate: 2 tests failed", "make logs TASK=t2"),
        ("impl t1 completed, landed 2 min ago", "make logs TASK=t1"),
    ]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"last_evaluation": NOW - 720}, "not sure: the monitor last looked 12 min ago, newer problems are not shown"),
        ({"last_evaluation": None}, "not sure: the monitor has not looked yet, newer problems are not shown"),
    ],
)
def test_monitor_that_does_not_look_makes_the_page_unsure(fields: dict[str, Any], said: str) -> None:
    made = shown(**fields)
    assert section(made, "Needs attention") == [(said, "")]
    assert made.headline.tone == BAD


def test_parts_that_do_not_move_make_the_page_unsure_the_supervisor_too() -> None:
    run = {"pid": 7, "started_at": NOW - 7200, "parts": {"api": {"pid": 8}, "runner-1": {"pid": 9}}}
    beats = {"supervisor": NOW - 130, "api": NOW - 15, "runner-1": NOW - 600, "runner-9": NOW - 9000}
    for shot in (seen.snapshot(), None):
        said = section(page.make(seen.page(shot, run=run, heartbeats=beats)), "Needs attention")
        assert [one for one in said if "not moved" in one[0]] == [
            ("not sure: supervisor (pid 7) has not moved for 2 min 10 s", "kill -9 7"),
            ("not sure: runner-1 (pid 9) has not moved for 10 min", "tail .pipeline/logs/runner-1.log"),
        ]


def test_a_page_that_is_not_sure_does_not_say_that_nothing_needs_you() -> None:
    sure, late = seen.snapshot(), seen.snapshot(last_evaluation=NOW - 720)
    fatal = {"reason": "runner_restart_failed", "detail": "runner-1 died 6 times", "at": NOW}
    said = [page.make(seen.page(shot, fatal=found)) for shot, found in ((sure, None), (late, None), (sure, fatal))]
    assert [("nothing needs you", "") in section(one, "Going well") for one in said] == [True, False, False]


def test_heartbeats_of_an_earlier_run_say_nothing_of_this_one() -> None:
    run = {"pid": 7, "started_at": NOW - 60, "parts": {"runner-1": {"pid": 9}}}
    made = page.make(seen.page(seen.snapshot(), run=run, heartbeats={"runner-1": NOW - 600}))
    assert section(made, "Needs attention") == []


@pytest.mark.parametrize("shot", [seen.snapshot(), None])
def test_a_clock_that_was_set_back_makes_the_page_unsure(shot: dict[str, Any] | None) -> None:
    said = section(page.make(seen.page(shot, heartbeats={"monitor": NOW + 7200})), "Needs attention")
    assert ("not sure: the clock was set back by 2 h or more, ages here are wrong until then", "date") in said


def test_monitor_has_time_after_a_start_of_the_api() -> None:
    assert section(shown(last_evaluation=None, started_at=NOW - 60), "Needs attention") == []


def test_fatal_issue_comes_first() -> None:
    fatal = {"reason": "runner_restart_failed", "detail": "runner-1 died 6 times", "at": NOW}
    made = page.make(seen.page(seen.snapshot(issues=[seen.issue()]), fatal=fatal))
    assert section(made, "Needs attention")[0] == ("fatal: runner_restart_failed: runner-1 died 6 times", "make doctor")


def test_no_supervisor_is_said() -> None:
    headline = page.make(seen.page(seen.snapshot(), run=None)).headline
    assert "the API answers, but no supervisor runs" in headline.text
    assert (headline.command, headline.tone) == ("make autonomous", BAD)


def test_without_the_api_the_files_speak() -> None:
    facts = seen.page(
        None,
        api_problem="The API does not answer.",
        heartbeats={"monitor": NOW - 90},
        last_issues={"issues": [seen.issue(count=1)], "last_check": NOW - 120},
        outbox=1,
    )
    made = page.make(facts)
    assert made.headline.text == "/src/project: a run is up for 2 h, but its API does not answer"
    assert section(made, "Needs attention") == [
        ("not sure: The API does not answer. Below is what the files say.", ""),
        ("1 result waits in .pipeline/outbox for the API to come back", "make autonomous"),
    ]
    assert [text for text, _ in section(made, "Last known")] == [
        "monitor last moved 1 min 30 s ago",
        "high: repeated_failures: impl failed three times (since 1 h) Look at the gate.",
        "issues as of 2 min ago",
        "what was committed stays in git",
    ]


def test_nothing_running_is_no_alarm() -> None:
    made = page.make(seen.page(None, run=None, api_problem="The nightrun API is not running here."))
    assert made.headline.text == "/src/project: nothing is running"
    assert section(made, "Needs attention") == []


def test_without_a_run_what_the_store_knows_is_shown_and_the_monitor_is_not_praised() -> None:
    pauses = [{"scope": "agent:codex", "reason": "limit", "by": "nightrun", "until": NOW + 90}]
    made = page.make({**seen.page(seen.snapshot(pauses=pauses), run=None), "alone": True})
    assert made.headline.text.startswith("/src/project: nothing is running; ")
    assert section(made, "Needs attention") == [
        (
            "agent:codex is paused, for another 1 min 30 s: limit (by nightrun)",
            "nightrun pause --agent codex keeps it, make resume ends it",
        )
    ]
    well = [text for text, _ in section(made, "Going well")]
    assert not [text for text in well if "monitor" in text or "nothing needs you" in text]


def test_texts_of_agents_cannot_draw() -> None:
    task = seen.failed("t9", error_summary="\x1b]0;title\x07\x1b[2Jgone\nnew line", direction="\x1b[31mred")
    texts = [
        text for part in shown(finished=[task], running=[task]).sections for text, _ in section(shown(), part.title)
    ]
    texts += [one.text for part in shown(finished=[task], running=[task]).sections for one in part.lines]
    assert not [text for text in texts if any(ord(c) < 32 for c in text)]


def test_page_of_a_long_night_is_short() -> None:
    many = [seen.task(f"t{n}", commit_state="held", finished_at=NOW - HOUR) for n in range(100)]
    assert sum(len(part.lines) for part in shown(finished=many, unlanded=many).sections) < 25


def test_a_rate_of_few_tasks_says_how_little_it_says() -> None:
    made = shown(window={"completed": 3, "failed": 1, "total": 4, "rate": 0.75})
    text = "last 7 days: 3 of 4 completed (75%), too few to judge (3 of 4, 90 % interval 36-94 %)"
    assert section(made, "Going well")[0] == (text, "make report SINCE=7d")
    made = shown(window={"completed": 15, "failed": 5, "total": 20, "rate": 0.75})
    assert section(made, "Going well")[0][0] == "last 7 days: 15 of 20 completed (75%)"


def test_progress_has_a_section_when_it_is_known() -> None:
    assert section(shown(), "Progress") == []
    rate = seen.snapshot()["window"]
    found = progress.make([], plan=None, rate=rate, used=seen.used(), known_since=NOW - 48 * HOUR, now=NOW)
    made = page.make({**seen.page(seen.snapshot()), "effectiveness": {"progress_to_goal": found}})
    assert section(made, "Progress")[0] == (
        "backlog: unknown, no runner has told of it; 0.0 a day over 2 days",
        "make backlog",
    )
