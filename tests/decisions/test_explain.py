from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest

from nightrun.decisions import explain
from tests.decisions import seen
from tests.decisions.seen import NOW

SHA = "0123456789abcdef0123456789abcdef01234567"


def facts(task: dict[str, Any], **more: Any) -> dict[str, Any]:
    whole = {
        "context": {},
        "failures": 0,
        "ready_at": NOW - 60,
        "wants_agent": None,
        "runner": "runner-1",
        "lease_expires_at": None,
        "depends_on": (),
        **task,
    }
    return {
        "kind": "task",
        "now": NOW,
        "task": whole,
        "events": [],
        "attempts": [],
        "needs": [],
        "pauses": [],
        "issue": None,
        "named_by": [],
        "logs": [1],
        "target": "main",
        "on_target": None,
        "branch_there": True,
        "run": {"pid": 1},
        "limits": {"attempts": 3, "heals_open": 2, "heals_per_day": 6},
        **more,
    }


def pending(**fields: Any) -> dict[str, Any]:
    return seen.task(status="pending", outcome=None, commit_state="none", **fields)


def told(given: dict[str, Any], section: str = "Where it is") -> list[tuple[str, str]]:
    made = explain.make(given, UTC)
    return [(one.text, one.command) for part in made.sections if part.title == section for one in part.lines]


# -- where a task is


def test_ready_task_waits_for_a_runner_only() -> None:
    (line,) = told(facts(pending()))
    assert line == ("It is ready: the next free runner takes it, by priority, then age.", "nightrun status")


def test_every_reason_to_wait_is_said_with_what_checks_it() -> None:
    needs = [seen.task("a1", status="running"), seen.task("a2", commit_state="held"), seen.task("a3")]
    pauses = [
        {"scope": "intake", "reason": "rebasing", "by": "person"},
        {"scope": "agent:mine", "reason": "limit", "by": "nightrun", "until": NOW + 90},
        {"scope": "agent:other", "reason": "", "by": ""},
    ]
    task = pending(
        wants_agent="mine",
        ready_at=NOW + 90,
        error_class="gate",
        error_summary="2 failed",
        waiting_reason="no agent is here",
    )
    assert told(facts(task, needs=needs, pauses=pauses, run=None)) == [
        ("It waits for impl a1 Add a flag, which is running.", "nightrun explain a1"),
        ("It waits for impl a2 Add a flag to land: completed, its change is held.", "nightrun explain a2"),
        ("No new tasks are taken: rebasing (by person).", "make resume"),
        (
            "Its agent mine is paused for another 1 min 30 s: limit (by nightrun).",
            "nightrun pause --agent mine keeps it, make resume ends it",
        ),
        ("It waits: no agent is here.", "nightrun agents"),
        ("It is put off for another 1 min 30 s after gate: 2 failed: limits.backoff.", "nightrun policy show"),
        ("No run is up here, so nobody takes it.", "nightrun status"),
    ]


def test_work_that_waits_for_a_red_target_was_not_put_off_after_a_failure() -> None:
    task = pending(waiting_reason="needs main to pass its own gate", ready_at=NOW + 90)
    assert told(facts(task)) == [
        ("It waits: needs main to pass its own gate.", "nightrun status"),
        ("It is looked at again in 1 min 30 s, or when what it waits for changes.", "nightrun status"),
    ]


def test_any_agent_that_is_paused_may_be_who_it_waits_for() -> None:
    pauses = [{"scope": "agent:codex", "reason": "auth: 401", "by": "nightrun", "until": None}]
    first, _ready = told(facts(pending(), pauses=pauses)), None
    assert first[0] == ("Agent codex is paused: auth: 401 (by nightrun).", "make resume")


def test_running_task_whose_runner_is_gone_says_so() -> None:
    task = seen.task(status="running", lease_expires_at=NOW - 60, current_step="gate", commit_state="none")
    first, lease, run = told(facts(task, run=None))
    assert first == (
        "runner-1 works on attempt 1 with agent script for 5 min, step: gate.",
        "nightrun logs t1 --follow",
    )
    assert lease[0].startswith("Its lease ran out 1 min ago")
    assert run[0].startswith("No run is up here: the next start takes it back")


def test_failed_task_says_what_used_up_its_attempts_and_where_its_work_is() -> None:
    assert told(facts(seen.failed(failures=3), logs=[3])) == [
        ("It failed for good at attempt 3: gate: 2 tests failed.", "nightrun logs t2 --attempt 3"),
        ("3 attempts counted against it, limits.attempts is 3.", "nightrun policy show"),
        ("What it changed is on the branch nightrun/t2.1.", "git log -p -1 nightrun/t2.1"),
    ]
    early = told(facts(seen.failed(failures=1), logs=[], branch_there=False))
    assert early[0][1] == ""
    assert (
        early[1][0]
        == "1 attempt counted against it, fewer than limits.attempts: 3; it was ended before they were used up."
    )
    assert len(early) == 2


@pytest.mark.parametrize(
    ("on_target", "said"),
    [
        (True, "Its commit 0123456789 is on main."),
        (False, "Its commit 0123456789 landed, and is not on main now: the branch was moved since."),
        (None, "Its commit 0123456789 landed."),
    ],
)
def test_landed_task_is_checked_against_git(on_target: bool | None, said: str) -> None:
    gate, landed = told(facts(seen.task(commit_sha=SHA), on_target=on_target))
    assert gate == (
        "Completed; the gate passed on tree ffffffffff: make test.",
        f"git show -s --format='%(trailers:key=Pipeline-Gate)' {SHA}",
    )
    assert landed[0] == said
    assert SHA in landed[1]


def test_held_change_says_the_reason_and_where_it_lies() -> None:
    held = seen.task(commit_state="held", commit_reason="your edits overlap", commit_sha=None, gate=None)
    assert told(facts(held)) == [
        ("Completed; no gate checked it, as the policy says.", "nightrun policy show"),
        ("Its change is held back: your edits overlap", "nightrun commit t1"),
        ("What it changed is on the branch nightrun/t1.1.", "git log -p -1 nightrun/t1.1"),
    ]


@pytest.mark.parametrize("state", ["pending", "committed", "failed", "none"])
def test_every_state_of_a_change_is_explained(state: str) -> None:
    assert len(told(facts(seen.task(commit_state=state)))) >= 2


def test_open_question_is_shown_with_how_to_answer() -> None:
    task = seen.task(status="needs_decision", decision_prompt="Keep the old flag?", branch=None)
    assert told(facts(task)) == [("It waits for your answer: Keep the old flag?", "nightrun decide t1 'ANSWER'")]


# -- where it comes from and what happened


def test_origin_is_the_item_or_the_issue() -> None:
    item = {"text": "Add a flag", "file": "specs/backlog.md", "round": 2}
    (line, _) = told(facts(pending(context={"item": item})), "Where it comes from")
    assert line[0].endswith("for the item 'Add a flag' of specs/backlog.md, round 2.")
    (line, _) = told(facts(pending(), issue=seen.issue()), "Where it comes from")
    assert line[0].endswith("because of the issue repeated_failures: impl failed three times")
    assert line[1] == "nightrun explain i1"


def test_attempts_and_events_have_their_logs_and_commits() -> None:
    tries = [
        {"attempt": 1, "runner": "runner-1", "agent": "claude", "started_at": 0, "ended_at": 60, "outcome": "gate"},
        {"attempt": 2, "runner": "runner-2", "agent": None, "started_at": 0, "ended_at": None, "outcome": None},
    ]
    tries[0] |= {"error_class": "gate", "error_summary": "2 failed"}
    happened = [{"at": NOW, "kind": "landed", "text": f"change landed, {SHA}"}]
    given = facts(seen.task(commit_sha=SHA), attempts=tries, events=happened)
    assert told(given, "Attempts") == [
        ("attempt 1 by runner-1 with claude: gate: 2 failed after 1 min", "nightrun logs t1 --attempt 1"),
        ("attempt 2 by runner-2: not ended", ""),
    ]
    assert told(given, "What happened") == [(f"2025-10-09 08:53 change landed, {SHA}", f"git show {SHA}")]


def test_what_attempts_used_is_told_as_far_as_they_told_it() -> None:
    tries = [
        {"attempt": n, "runner": "r", "agent": None, "started_at": 0, "ended_at": 60, "outcome": "gate", **told_it}
        for n, told_it in enumerate(({"cost_usd": 0.5, "input_tokens": 900, "output_tokens": 100}, {}, {"cost_usd": 1}))
    ]
    *_, (text, _) = told(facts(pending(), attempts=tries), "Attempts")
    assert text == (
        "What they used, as they told it: 1.50 USD, told by 2 of 3 attempts; 1,000 tokens, told by 1 of 3 attempts"
    )


def test_attempts_that_came_to_the_same_are_one_statement() -> None:
    tries = [
        {"attempt": n, "runner": "r", "agent": None, "started_at": 0, "ended_at": 60, "outcome": "gate"}
        | {"error_class": "gate" if n != 4 else "timeout", "error_summary": "x"}
        for n in range(1, 6)
    ]
    assert [text for text, _ in told(facts(pending(), attempts=tries), "Attempts")] == [
        "attempts 1 to 3 by r: gate: x, 3 min in all",
        "attempt 4 by r: timeout: x after 1 min",
        "attempt 5 by r: gate: x after 1 min",
    ]


def test_long_history_is_shown_by_its_ends() -> None:
    happened = [{"at": NOW, "kind": "claimed", "text": f"attempt {n}"} for n in range(40)]
    shown = [text.partition(" ")[2][6:] for text, _ in told(facts(pending(), events=happened), "What happened")]
    assert shown[:3] == ["attempt 0", "attempt 1", "attempt 2"]
    assert shown[4:] == [f"attempt {n}" for n in range(28, 40)]
    made = told(facts(pending(), events=happened), "What happened")[3]
    assert made == ("... 25 more ...", "nightrun explain t1 --json")
    assert len(told(facts(pending(), events=happened[:15]), "What happened")) == 15


def test_task_in_the_queue_again_says_after_what_and_which_issue_names_it() -> None:
    task = pending(error_class="gate", error_summary="2 failed")
    assert told(facts(task, named_by=[seen.issue()])) == [
        ("It is back in the queue after gate: 2 failed.", "nightrun logs t1 --attempt 1"),
        ("The open issue repeated_failures names it: impl failed three times", "nightrun explain i1"),
    ]


def test_nothing_in_a_hostile_text_reaches_the_terminal_or_the_shell() -> None:
    bad = "\x1b[2J\u202e$(reboot)\n; rm -rf ~"
    task = seen.task(direction=bad, commit_sha=bad, branch=bad, runner=bad, agent=bad, commit_state="landed")
    task |= {"context": {"item": {"text": bad, "file": bad}}}
    given = facts(task, on_target=True, events=[{"at": NOW, "kind": "landed", "text": bad}])
    made = explain.make(given, UTC)
    every = [part for section in made.sections for one in section.lines for part in (one.text, one.command)]
    assert not any(sign in text for text in [made.title, *every] for sign in ("\x1b", "\u202e", "\n"))
    assert all("'[2J $(reboot) ; rm -rf ~'" in text for text in every if text.startswith("git") and "reboot" in text)


# -- an issue


def issue(**more: Any) -> dict[str, Any]:
    return {
        "kind": "issue",
        "now": NOW,
        "issue": seen.issue(evidence={"tasks": ["t2"], "error_class": "gate", "rate": 0.25, "last_at": NOW}),
        "state": {"state": "firing", "since": NOW - 600},
        "last_check": NOW - 30,
        "tasks": [seen.failed()],
        "heal": None,
        "heals": [],
        "settings": {"on": True, "severity": "high", "heal": True, "count": 3, "direction": "x"},
        "purpose": "Different tasks fail in the same way",
        "run_settings": ["PIPELINE_AUTO_FIX_ENABLED=1 (default): issues may add heal tasks"],
        "limits": {"attempts": 3, "heals_open": 2, "heals_per_day": 6},
        **more,
    }


def test_an_issue_that_is_not_seen_any_more_says_what_it_waits_for() -> None:
    given = issue()
    given["issue"]["quiet_since"] = NOW - 3 * 3600
    text, command = told(given)[0]
    assert text.startswith("It is open, but not seen for 3 h; when that lasts `over_after`, it is over (")
    assert command == "nightrun status"


def test_open_issue_says_since_when_why_and_by_which_numbers() -> None:
    given = issue()
    assert told(given)[0] == (
        "It is open, high: first seen 2025-10-09 07:53, 3 times in all, last 1 min ago.",
        "nightrun status",
    )
    assert told(given)[1][0] == "The condition says firing since 10 min (the monitor looked 30 s ago)."
    assert told(given, "Why it fired") == [
        ("repeated_failures means: Different tasks fail in the same way.", ""),
        ("It saw: impl failed three times", "nightrun report --since 7d"),
        ("Measured: error_class gate, rate 0.25, last_at 2025-10-09 08:53.", "nightrun status --json"),
        ("The policy says: count: 3.", "nightrun policy show"),
        ("impl t2 Add a flag: failed, gate: 2 tests failed", "nightrun explain t2"),
    ]
    assert told(given, "What you can do") == [("Look at the gate.", "")]


def test_resolved_issue_says_how_long_it_lasted() -> None:
    given = issue(issue=seen.issue(resolved_at=NOW, reopened=1), state=None)
    lines = [text for text, _ in told(given)]
    assert lines[0].startswith("It is over since 2025-10-09 08:53, after 1 h")
    assert lines[1] == "It was over and came back 1 time."


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, "No heal task yet: the next look of the monitor may add one."),
        ({"run_settings": []}, "No heal task: PIPELINE_AUTO_FIX_ENABLED is not 1 here."),
        ({"settings": {"heal": False}}, "It asks for no heal task (heal: false)."),
        (
            {"heals": [seen.task(status="running"), seen.task(status="pending")]},
            "No heal task yet, the caps are reached: 2 at work (heal.open: 2), 2 in 24 h (heal.per_day: 6).",
        ),
        (
            {"heal": seen.task("h1", task_type="heal", status="completed")},
            "It asked for heal h1 Add a flag: completed; the issue is still open.",
        ),
    ],
)
def test_heal_or_what_stands_between(more: dict[str, Any], said: str) -> None:
    ((text, _),) = told(issue(**more), "What nightrun does")
    assert text == said


def test_issue_tells_the_item_its_tasks_their_commits_and_the_effect() -> None:
    assert told(issue(), "What heals suggested") == []
    given = issue(issue=seen.issue(suggested_tasks=[seen.suggested()]))
    assert [command for _, command in told(given, "What heals suggested")] == [
        "git show ffffffffff",
        "git show 0123456789",
        "",
    ]
    assert told(given, "What heals suggested")[2][0] == "Effect of the item: recovered (the issue is resolved)."


def test_a_note_is_not_looked_for_in_the_log_of_moves() -> None:
    events = [{"at": NOW, "kind": kind, "text": "x"} for kind in ("note", "retry")]
    commands = [command for _, command in told(facts(pending(), events=events), "What happened")]
    assert commands == ["", "grep t1 .pipeline/logs/supervisor.log"]
