"""Why a task or an issue is where it is: statements made of what is recorded, each with the command that checks it."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from itertools import groupby
from typing import Any

from nightrun.decisions import budget, lines, page, suggested_lines
from nightrun.decisions.lines import BAD, GOOD, PLAIN, Line, Section
from nightrun.words import task as words

Facts = Mapping[str, Any]

EVIDENCE_CHARS = 300
EVENTS_FIRST, EVENTS_LAST = 3, 12  # of a long history
EARLIEST, LATEST = 1e9, 1e10  # numbers between them are moments, in seconds since the epoch
ANSWERED = "nightrun decide {id} 'ANSWER'"
INTAKE = "intake"
ADDED = "added"
NOTE = "note"
SWITCH_ON = "PIPELINE_AUTO_FIX_ENABLED=1 "
# What every condition has; the rest of its settings are the thresholds.
_SHARED = ("on", "severity", "heal", "task_type", "direction")


@dataclass(frozen=True)
class Explanation:
    title: str
    sections: tuple[Section, ...]


def make(facts: Facts, zone: tzinfo | None = None) -> Explanation:
    """`facts` is what flows/sight_explain.py gathers."""
    if facts["kind"] == "task":
        title, sections = lines.title(facts["task"]), _of_task(facts, zone)
    else:
        one = facts["issue"]
        title, sections = f"issue {lines.safe(one['id'])} {lines.safe(one['condition'])}", _of_issue(facts, zone)
    shown = (one for one in sections if one.lines)
    return Explanation(title, lines.as_called(shown, facts.get("make"), facts.get("program")))


def _quoted(text: object) -> str:
    """A word of a command that a person may paste: nothing in it is more than a word."""
    return shlex.quote(lines.safe(text, 300))


def _short(sha: object) -> str:
    return lines.safe(sha, 300)[:10]


def _explain(task_or_issue: object) -> str:
    return f"nightrun explain {_quoted(task_or_issue)}"


# -- a task


def _of_task(facts: Facts, zone: tzinfo | None) -> list[Section]:
    return [
        Section("Where it is", tuple(_state(facts))),
        Section("Where it comes from", tuple(_origin(facts, zone))),
        Section("Attempts", tuple(_attempts(facts))),
        Section("What happened", tuple(_events(facts, zone))),
    ]


def _state(facts: Facts) -> Iterable[Line]:
    told: dict[str, Callable[[Facts], Iterable[Line]]] = {
        words.PENDING: _pending,
        words.RUNNING: _running,
        words.NEEDS_DECISION: _undecided,
        words.FAILED: _failed,
        words.COMPLETED: _completed,
    }
    yield from told[facts["task"]["status"]](facts)
    for one in facts["named_by"]:
        said = f"The open issue {lines.safe(one['condition'])} names it: {lines.safe(one['message'])}"
        yield Line(said, _explain(one["id"]), BAD)


def _pending(facts: Facts) -> list[Line]:
    task, now = facts["task"], facts["now"]
    found = [*_needs(facts), *_pauses(facts)]
    is_put_off = task["ready_at"] > now
    if reason := task.get("waiting_reason"):
        command = "nightrun agents" if "agent" in reason else "nightrun status"
        found.append(Line(f"It waits: {lines.safe(reason)}.", command, BAD))
    if is_put_off and reason and not task["error_class"]:
        again = f"It is looked at again in {lines.lasting(task['ready_at'] - now)}, or when what it waits for changes."
        found.append(Line(again, "nightrun status"))
    elif is_put_off:
        put_off = f"It is put off for another {lines.lasting(task['ready_at'] - now)}"
        after = f" after {_why(task)}" if task["error_class"] else ""
        found.append(Line(f"{put_off}{after}: limits.backoff.", "nightrun policy show"))
    elif task["error_class"]:
        found.append(Line(f"It is back in the queue after {_why(task)}.", _log_of(facts, task["attempt"])))
    if not facts["run"]:
        found.append(Line("No run is up here, so nobody takes it.", "nightrun status", BAD))
    return found or [Line("It is ready: the next free runner takes it, by priority, then age.", "nightrun status")]


def _needs(facts: Facts) -> Iterable[Line]:
    for one in facts["needs"]:
        if one["status"] != words.COMPLETED:
            yield Line(f"It waits for {lines.title(one)}, which is {one['status']}.", _explain(one["id"]), BAD)
        elif one["commit_state"] in words.UNLANDED:
            state = f"completed, its change is {one['commit_state']}"
            yield Line(f"It waits for {lines.title(one)} to land: {state}.", _explain(one["id"]), BAD)


def _pauses(facts: Facts) -> Iterable[Line]:
    """Of intake and of the agent that was asked for; where none was, of all: any of them could be who works on it."""
    wanted = facts["task"].get("wants_agent")
    for one in facts["pauses"]:
        agent = one["scope"].removeprefix("agent:")
        if one["scope"] != INTAKE and wanted not in (None, agent):
            continue
        whose = "Its agent" if wanted else "Agent"
        what = "No new tasks are taken" if one["scope"] == INTAKE else f"{whose} {lines.safe(agent)} is paused"
        until = one.get("until")
        end = "" if until is None else f" for another {lines.lasting(until - facts['now'])}"
        said = f"{what}{end}: {lines.safe(one['reason'])} (by {lines.safe(one['by'])})."
        yield Line(said, page.how_to_end(one), BAD if one["scope"] == INTAKE or wanted else PLAIN)


def _running(facts: Facts) -> Iterable[Line]:
    task, now = facts["task"], facts["now"]
    who = f"{lines.safe(task['runner'] or 'somebody')} works on attempt {task['attempt']}"
    agent = f" with agent {lines.safe(task['agent'])}" if task.get("agent") else ""
    since = f" for {lines.lasting(now - task['started_at'])}" if task.get("started_at") else ""
    step = f", step: {lines.safe(task['current_step'])}" if task.get("current_step") else ""
    yield Line(f"{who}{agent}{since}{step}.", f"nightrun logs {task['id']} --follow", GOOD)
    lease = task.get("lease_expires_at")
    if lease is not None and lease < now:
        over = (
            f"Its lease ran out {lines.lasting(now - lease)} ago: the runner does not renew it, the API puts it back."
        )
        yield Line(over, "nightrun status", BAD)
    if not facts["run"]:
        yield Line("No run is up here: the next start takes it back and does it again.", "nightrun status", BAD)


def _undecided(facts: Facts) -> Iterable[Line]:
    task = facts["task"]
    asked = lines.safe(task.get("decision_prompt") or task.get("error_summary") or "it does not say what", 500)
    yield Line(f"It waits for your answer: {asked}", ANSWERED.format(id=task["id"]), BAD)
    yield from _kept(facts)


def _failed(facts: Facts) -> Iterable[Line]:
    task, allowed = facts["task"], facts["limits"].get("attempts")
    yield Line(f"It failed for good at attempt {task['attempt']}: {_why(task)}.", _log_of(facts, task["attempt"]), BAD)
    counted = lines.count(int(task["failures"]), "attempt")
    if allowed and task["failures"] >= allowed:
        yield Line(f"{counted} counted against it, limits.attempts is {allowed}.", "nightrun policy show")
    elif allowed:
        ended = f"{counted} counted against it, fewer than limits.attempts: {allowed}"
        yield Line(f"{ended}; it was ended before they were used up.", "nightrun policy show")
    yield from _kept(facts)


def _kept(facts: Facts) -> Iterable[Line]:
    """What the last attempt left: it is not lost."""
    branch = facts["task"].get("branch")
    if branch and facts["branch_there"]:
        yield Line(f"What it changed is on the branch {lines.safe(branch)}.", f"git log -p -1 {_quoted(branch)}")


def _why(task: Facts) -> str:
    return (
        f"{task['error_class'] or task['outcome'] or 'unknown'}: {lines.safe(task['error_summary'] or 'no error line')}"
    )


def _log_of(facts: Facts, attempt: int) -> str:
    there = attempt in facts["logs"]
    return f"nightrun logs {facts['task']['id']} --attempt {attempt}" if there else ""


def _completed(facts: Facts) -> Iterable[Line]:
    task = facts["task"]
    yield _gate(task)
    told = {
        words.COMMIT_NONE: _no_commit,
        words.COMMIT_LANDED: _landed,
        words.COMMIT_HELD: _not_landed,
        words.COMMIT_FAILED: _not_landed,
    }
    yield from told.get(task["commit_state"], _on_its_way)(facts)


def _gate(task: Facts) -> Line:
    gate = task.get("gate") or {}
    sha = task.get("commit_sha")
    if gate.get("result") != "passed":
        return Line("Completed; no gate checked it, as the policy says.", "nightrun policy show")
    commands = ", ".join(lines.safe(one if isinstance(one, str) else " ".join(map(str, one)), 80) for one in _all(gate))
    check = f"git show -s --format='%(trailers:key=Pipeline-Gate)' {_quoted(sha)}" if sha else ""
    tree = f" on tree {_short(gate['tree'])}" if gate.get("tree") else ""
    marks = {"reused": ", as it did before on the same tree", "flaky": ", after it failed on the same tree (flaky)"}
    said = "".join(words for name, words in marks.items() if gate.get(name))
    return Line(f"Completed; the gate passed{tree}{said}: {commands or 'no command'}.", check, GOOD)


def _all(gate: Facts) -> Iterable[Any]:
    commands = gate.get("commands")
    return commands if isinstance(commands, (list, tuple)) else ()


def _no_commit(facts: Facts) -> Iterable[Line]:
    task = facts["task"]
    yield Line(f"It has no commit: {lines.safe(task.get('commit_reason') or 'there was nothing to commit')}.", "")
    if task.get("tree") and facts["branch_there"]:
        yield Line("Its change was kept; it can still be committed.", f"nightrun commit {task['id']}")
    yield from _kept(facts)


def _landed(facts: Facts) -> Iterable[Line]:
    sha, target = facts["task"].get("commit_sha"), facts["target"]
    check = f"git branch --contains {_quoted(sha)}"
    if facts["on_target"] is None or target is None:
        yield Line(f"Its commit {_short(sha)} landed.", f"git show {_quoted(sha)}", GOOD)
    elif facts["on_target"]:
        yield Line(f"Its commit {_short(sha)} is on {lines.safe(target)}.", check, GOOD)
    else:
        gone = f"Its commit {_short(sha)} landed, and is not on {lines.safe(target)} now: the branch was moved since."
        yield Line(gone, check, BAD)


def _not_landed(facts: Facts) -> Iterable[Line]:
    task = facts["task"]
    what = "is held back" if task["commit_state"] == words.COMMIT_HELD else "could not be committed or landed"
    reason = lines.safe(task.get("commit_reason") or "no reason was given", 300)
    yield Line(f"Its change {what}: {reason}", f"nightrun commit {task['id']}", BAD)
    yield from _where_it_lies(facts)


def _on_its_way(facts: Facts) -> Iterable[Line]:
    state = facts["task"]["commit_state"]
    what = "waits for its commit" if state == words.COMMIT_PENDING else f"is {state} and waits to land"
    yield Line(f"Its change {what}; a runner does that next.", "nightrun status")
    yield from _where_it_lies(facts)


def _where_it_lies(facts: Facts) -> Iterable[Line]:
    sha = facts["task"].get("commit_sha")
    if sha:
        yield Line(f"It is in commit {_short(sha)}.", f"git show {_quoted(sha)}")
    else:
        yield from _kept(facts)


def _origin(facts: Facts, zone: tzinfo | None) -> Iterable[Line]:
    task, context = facts["task"], facts["task"]["context"]
    item, added = context.get("item"), f"Added {lines.at(task['created_at'], zone)}"
    if isinstance(item, Mapping):
        text, file = lines.safe(item.get("text")), lines.safe(item.get("file"))
        step = f", round {item['round']}" if isinstance(item.get("round"), int) and item["round"] > 1 else ""
        yield Line(f"{added} for the item {text!r} of {file}{step}.", "nightrun backlog")
    elif facts["issue"]:
        one = facts["issue"]
        why = f"because of the issue {lines.safe(one['condition'])}: {lines.safe(one['message'])}"
        yield Line(f"{added} {why}", _explain(one["id"]))
    else:
        yield Line(f"{added} by a person or a program.", "nightrun report --since 7d")
    yield Line(f"Direction: {lines.safe(task['direction'], 500)}", "")


def _attempts(facts: Facts) -> Iterable[Line]:
    """Those in a row that came to the same are one statement."""
    for _, group in groupby(facts["attempts"], key=_came_to):
        alike = list(group)
        first, last = alike[0], alike[-1]
        which = f"attempt {last['attempt']}" if first is last else f"attempts {first['attempt']} to {last['attempt']}"
        agent = f" with {lines.safe(last['agent'])}" if last.get("agent") else ""
        tone = BAD if last.get("error_class") else GOOD if last.get("ended_at") is not None else PLAIN
        by = f"{which} by {lines.safe(last['runner'] or 'a person')}{agent}"
        yield Line(f"{by}: {_came_to(last)[2]}{_took(alike)}", _log_of(facts, last["attempt"]), tone)
    if used := budget.told(facts["attempts"]):
        yield Line(f"What they used, as they told it: {used}", "")


def _came_to(one: Facts) -> tuple[Any, Any, str]:
    if one.get("ended_at") is None:
        return one["runner"], one["agent"], "not ended"
    said = _why(one) if one.get("error_class") else lines.safe(one["outcome"] or "ended")
    return one["runner"], one["agent"], said


def _took(alike: Sequence[Facts]) -> str:
    ended = [one["ended_at"] - one["started_at"] for one in alike if one.get("ended_at") is not None]
    if not ended:
        return ""
    return f" after {lines.lasting(ended[0])}" if len(ended) == 1 else f", {lines.lasting(sum(ended))} in all"


def _events(facts: Facts, zone: tzinfo | None) -> Iterable[Line]:
    """Of a long history its beginning and its end."""
    events = facts["events"]
    left_out = range(EVENTS_FIRST, len(events) - EVENTS_LAST)
    for number, one in enumerate(events):
        if number not in left_out:
            yield _event(facts, one, zone)
        elif number == EVENTS_FIRST:
            yield Line(f"... {len(left_out)} more ...", f"nightrun explain {facts['task']['id']} --json")


def _event(facts: Facts, one: Facts, zone: tzinfo | None) -> Line:
    sha = facts["task"].get("commit_sha")
    is_commit = one["kind"] in (words.COMMIT_COMMITTED, words.COMMIT_LANDED) and sha
    # The supervisor tells every move of a task in its log, on its own account.
    in_log = f"grep {facts['task']['id']} .pipeline/logs/supervisor.log" if one["kind"] not in (ADDED, NOTE) else ""
    command = f"git show {_quoted(sha)}" if is_commit else in_log
    return Line(f"{lines.at(one['at'], zone)} {lines.safe(one['text'], 300)}", command)


# -- an issue


def _of_issue(facts: Facts, zone: tzinfo | None) -> list[Section]:
    return [
        Section("Where it is", tuple(_issue_state(facts, zone))),
        Section("Why it fired", tuple(_reasons(facts, zone))),
        Section("What nightrun does", tuple(_remedy(facts))),
        Section("What heals suggested", tuple(_suggested(facts["issue"]))),
        Section("What you can do", tuple(_advice(facts))),
    ]


def _issue_state(facts: Facts, zone: tzinfo | None) -> Iterable[Line]:
    one, now = facts["issue"], facts["now"]
    seen = f"first seen {lines.at(one['first_seen'], zone)}, {lines.count(int(one['count']), 'time')} in all"
    if one.get("resolved_at") is not None:
        lasted = lines.lasting(one["resolved_at"] - one["first_seen"])
        over = f"It is over since {lines.at(one['resolved_at'], zone)}, after {lasted} ({seen})."
        yield Line(over, "nightrun report --since 7d", GOOD)
    elif one.get("quiet_since") is not None:
        quiet = lines.lasting(now - one["quiet_since"])
        yield Line(
            f"It is open, but not seen for {quiet}; when that lasts `over_after`, it is over ({seen}).",
            "nightrun status",
        )
    else:
        last = lines.lasting(now - one["last_seen"])
        yield Line(f"It is open, {lines.safe(one['severity'])}: {seen}, last {last} ago.", "nightrun status", BAD)
    if one.get("reopened"):
        yield Line(f"It was over and came back {lines.count(int(one['reopened']), 'time')}.", "")
    state = facts["state"]
    if state:
        since, looked = lines.lasting(now - state["since"]), facts["last_check"]
        ago = f" (the monitor looked {lines.lasting(now - looked)} ago)" if looked else ""
        said = f"The condition says {lines.safe(state['state'])} since {since}{ago}."
        yield Line(said, "nightrun monitor --once")


def _reasons(facts: Facts, zone: tzinfo | None) -> Iterable[Line]:
    one, settings = facts["issue"], facts["settings"]
    name = lines.safe(one["condition"])
    if facts["purpose"]:
        yield Line(f"{name} means: {lines.safe(facts['purpose'])}.", "", PLAIN)
    yield Line(f"It saw: {lines.safe(one['message'], 500)}", "nightrun report --since 7d", BAD)
    measured = _measured(one.get("evidence"), zone)
    if measured:
        yield Line(f"Measured: {measured}.", "nightrun status --json")
    limits = ", ".join(f"{key}: {_value(value)}" for key, value in settings.items() if key not in _SHARED)
    if limits:
        yield Line(f"The policy says: {limits}.", "nightrun policy show")
    for task in facts["tasks"]:
        yield Line(f"{lines.title(task)}: {task['status']}, {_outcome(task)}", _explain(task["id"]))


def _outcome(task: Facts) -> str:
    return _why(task) if task["error_class"] else lines.safe(task["outcome"] or "not ended")


def _measured(evidence: Any, zone: tzinfo | None) -> str:
    """What of the evidence fits in a line; the tasks have lines of their own."""
    known = evidence if isinstance(evidence, Mapping) else {}
    simple = {key: one for key, one in known.items() if key != "tasks" and one not in (None, "", [], {})}
    return lines.safe(", ".join(f"{key} {_value(one, zone)}" for key, one in simple.items()), EVIDENCE_CHARS)


def _value(one: Any, zone: tzinfo | None = None) -> str:
    if isinstance(one, float) and EARLIEST < one < LATEST:
        return lines.at(one, zone)
    return ", ".join(map(str, one)) if isinstance(one, (list, tuple)) else str(one)


def _remedy(facts: Facts) -> Iterable[Line]:
    heal, issue, settings = facts["heal"], facts["issue"], facts["settings"]
    if heal:
        effect = "the issue is over" if issue.get("resolved_at") else "the issue is still open"
        state = f"{heal['status']}; {effect if heal['status'] in words.TERMINAL else 'its effect is not known yet'}"
        yield Line(f"It asked for {lines.title(heal)}: {state}.", _explain(heal["id"]))
    elif not settings.get("heal"):
        yield Line("It asks for no heal task (heal: false).", "nightrun policy show")
    elif issue.get("resolved_at") is None:
        yield _no_heal_yet(facts)


def _no_heal_yet(facts: Facts) -> Line:
    """Which of the things that stand between an issue and its heal it is."""
    if not any(str(one).startswith(SWITCH_ON) for one in facts["run_settings"]):
        return Line("No heal task: PIPELINE_AUTO_FIX_ENABLED is not 1 here.", "nightrun status")
    limits, now = facts["limits"], facts["now"]
    at_work = sum(one["status"] not in words.TERMINAL for one in facts["heals"])
    today = sum(now - one["created_at"] < 86_400 for one in facts["heals"])
    if limits and (at_work >= limits["heals_open"] or today >= limits["heals_per_day"]):
        caps = f"{at_work} at work (heal.open: {limits['heals_open']}), {today} in 24 h"
        return Line(f"No heal task yet, the caps are reached: {caps} (heal.per_day: {limits['heals_per_day']}).", "")
    return Line("No heal task yet: the next look of the monitor may add one.", "nightrun monitor --once")


def _suggested(issue: Facts) -> Iterable[Line]:
    for one in issue.get("suggested_tasks") or ():
        yield from suggested_lines.long(one)


def _advice(facts: Facts) -> Iterable[Line]:
    advice = lines.safe(facts["issue"].get("suggested_action"), 500)
    if advice:
        yield Line(advice, "")
