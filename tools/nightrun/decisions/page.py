"""The page that says how it stands now: what is sure, what needs a person, what runs, waits and was done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from nightrun.decisions import landing, lines, progress, statistics
from nightrun.decisions.lines import BAD, DIM, GOOD, PLAIN, Line, Section
from nightrun.words import task as words

Facts = Mapping[str, Any]

MONITOR_LATE_S = 300.0  # a monitor that did not look for so long is not watching
QUIET_S = 120.0  # a part that did not move for so long hangs; the supervisor ends it after 90 s
CLOCK_S = 60.0  # what lies so far ahead was written before the clock was set back
RECENT = 8
FINDINGS_CHARS = 1200  # of why something waits for a person: the exact lines are in it
UNLANDED_SHOWN = 10
LOGS = "make logs TASK={id}"
EXPLAIN = "make explain TASK={id}"
COMMITS_LOG = "git log --oneline --grep='^\\[pipeline\\]'"


@dataclass(frozen=True)
class Page:
    headline: Line
    sections: tuple[Section, ...]


def make(facts: Facts) -> Page:
    """`facts` is what flows/sight.py gathers; without a snapshot only what the files of the state folder say."""
    page, called = _made(facts), (facts.get("make"), facts.get("program"))
    return Page(replace(page.headline, **lines.called(page.headline, *called)), lines.as_called(page.sections, *called))


def _made(facts: Facts) -> Page:
    shot = facts.get("snapshot")
    now = facts["now"]
    if shot is None:
        parts = [_attention(_away(facts)), _left(facts), _last_known(facts), _settings(facts)]
        return Page(_headline_away(facts), tuple(one for one in parts if one.lines))
    parts = [
        _attention([*fatal(facts), *_unsure(facts), *attention(shot)]),
        Section("Going well", tuple(_well(facts))),
        Section("Progress", tuple(progress.said((facts.get("effectiveness") or {}).get("progress_to_goal")))),
        Section("Running", tuple(_running(one, now) for one in shot["running"])),
        Section("Queue", tuple(_queue(shot, now))),
        _left(facts),
        Section("Last outcomes", tuple(_outcome(one, now) for one in shot["finished"][:RECENT])),
        _settings(facts),
    ]
    return Page(_headline(facts), tuple(one for one in parts if one.lines))


# -- first line


def _headline(facts: Facts) -> Line:
    run, counts, now = facts.get("run"), facts["snapshot"]["counts"], facts["now"]
    if run:
        runners = lines.count(int(run.get("runners") or 1), "runner")
        since = f"running for {lines.lasting(now - run['started_at'])} with {runners}"
    else:
        since = "nothing is running" if facts.get("alone") else "the API answers, but no supervisor runs"
    queue = f"{counts[words.RUNNING]} running, {counts[words.PENDING]} waiting, {counts[words.COMPLETED]} completed"
    text = f"{facts['root']}: {since}; {queue}, {counts[words.FAILED]} failed"
    tone = PLAIN if facts.get("alone") else GOOD if run and not _unsure(facts) else BAD
    return Line(text, "" if run else "make autonomous", tone)


def _headline_away(facts: Facts) -> Line:
    run, now = facts.get("run"), facts["now"]
    if run:
        since = lines.lasting(now - run["started_at"])
        return Line(f"{facts['root']}: a run is up for {since}, but its API does not answer", "make doctor", BAD)
    return Line(f"{facts['root']}: nothing is running", "make autonomous", PLAIN)


# -- what a person should look at


def _attention(found: Iterable[Line]) -> Section:
    return Section("Needs attention", tuple(found))


def attention(shot: Facts) -> list[Line]:
    """Issues, decisions, pauses and changes that did not land, the worst first."""
    return [
        *(issue(one, shot["now"]) for one in shot["issues"]),
        *(decision(one) for one in shot["needs_decision"]),
        *(pause(one, shot["now"]) for one in shot["pauses"]),
        *(unlanded(one) for one in _stuck(shot["unlanded"])[:UNLANDED_SHOWN]),
    ]


def issue(one: Facts, now: float) -> Line:
    seen = f"{one['count']} times, " if one["count"] > 1 else ""
    since = f"{seen}since {lines.lasting(now - one['first_seen'])}{_quiet(one, now)}"
    heal = f"; heal task {one['heal_task_id']}" if one.get("heal_task_id") else ""
    advice = lines.safe(one.get("suggested_action"))
    text = f"{one['severity']}: {one['condition']}: {lines.safe(one['message'])} ({since}{heal})"
    return Line(f"{text} {advice}".rstrip(), "", BAD if one.get("quiet_since") is None else PLAIN)


def _quiet(one: Facts, now: float) -> str:
    since = one.get("quiet_since")
    return "" if since is None else f", not seen for {lines.lasting(now - since)}"


def decision(one: Facts) -> Line:
    asked = lines.safe(
        one.get("decision_prompt") or one.get("error_summary") or "it waits for your answer", FINDINGS_CHARS
    )
    return Line(f"{lines.title(one)}: {asked}", f"make decide TASK={one['id']} TEXT='...'", BAD)


def pause(one: Facts, now: float) -> Line:
    until = one.get("until")
    end = "until you resume it" if until is None else f"for another {lines.lasting(until - now)}"
    what = "No new tasks are taken" if one["scope"] == "intake" else f"{lines.safe(one['scope'])} is paused"
    more = how_to_end(one)
    return Line(f"{what}, {end}: {lines.safe(one['reason'])} (by {lines.safe(one['by'])})", more, BAD)


def paused(one: Facts, now: float) -> str:
    """The same in one line, for where its scope is named already."""
    end = "" if one.get("until") is None else f", for another {lines.lasting(one['until'] - now)}"
    return f"paused by {lines.safe(one['by'])}{end}: {lines.safe(one['reason'])} ({how_to_end(one)})"


def how_to_end(one: Facts) -> str:
    """The commands that end a pause, and that keep one which ends by itself."""
    return "make resume" if one.get("until") is None else f"{_keep(one['scope'])} keeps it, make resume ends it"


def _keep(scope: str) -> str:
    agent = lines.safe(scope.removeprefix("agent:"))
    return "nightrun pause" if scope == "intake" else f"nightrun pause --agent {agent}"


def unlanded(one: Facts) -> Line:
    state = {words.COMMIT_FAILED: "could not be committed", words.COMMIT_HELD: "is held"}
    said = state.get(one["commit_state"], f"is {one['commit_state']}, not landed")
    reason = lines.safe(one.get("commit_reason") or "no reason was given", FINDINGS_CHARS)
    if one["commit_state"] == words.COMMIT_HELD and landing.held(one.get("context") or {}):
        reason += f" `make decide TASK={one['id']} TEXT=accept` lands it, TEXT='refuse: ...' sends it back to work."
    return Line(f"{lines.title(one)} {said}: {reason}", _look_at(one), BAD)


def _look_at(one: Facts) -> str:
    if one.get("commit_sha"):
        return f"git show {lines.safe(one['commit_sha'], 10).rstrip('…')}"
    return f"git log -p -1 {one['branch']}" if one.get("branch") else LOGS.format(id=one["id"])


def _stuck(found: Sequence[Facts]) -> list[Facts]:
    """A change that is about to be committed or landed is no news."""
    return [one for one in found if one["commit_state"] in (words.COMMIT_HELD, words.COMMIT_FAILED)]


def fatal(facts: Facts) -> list[Line]:
    """What the supervisor gave up on."""
    said = facts.get("fatal")
    if not said:
        return []
    reason, detail = lines.safe(said.get("reason")), lines.safe(said.get("detail"))
    return [Line(f"fatal: {reason}: {detail}", "make doctor", BAD)]


def _unsure(facts: Facts) -> list[Line]:
    """Why this page may not show everything."""
    shot, now = facts["snapshot"], facts["now"]
    last = shot.get("last_evaluation")
    found = [*_hanging(facts), *_clock(facts, last or 0.0)]
    if now - max(last or 0.0, shot.get("started_at") or 0.0) > MONITOR_LATE_S:
        ago = "has not looked yet" if last is None else f"last looked {lines.lasting(now - last)} ago"
        found.append(Line(f"not sure: the monitor {ago}, newer problems are not shown", "", BAD))
    return found


def _hanging(facts: Facts) -> Iterable[Line]:
    """Parts of the run that do not move, the supervisor among them: nobody else would tell of that one."""
    run, now = facts.get("run") or {}, facts["now"]
    for name in ("supervisor", *(run.get("parts") or ())) if run else ():
        beat = (facts.get("heartbeats") or {}).get(name)
        if beat is not None and now - max(beat, run["started_at"]) > QUIET_S:
            pid = run["pid"] if name == "supervisor" else run["parts"][name].get("pid")
            advice = f"kill -9 {pid}" if name == "supervisor" else f"tail .pipeline/logs/{name}.log"
            yield Line(f"not sure: {name} (pid {pid}) has not moved for {lines.lasting(now - beat)}", advice, BAD)


def _clock(facts: Facts, *more: float) -> Iterable[Line]:
    run = facts.get("run") or {}
    ahead = max([*(facts.get("heartbeats") or {}).values(), run.get("started_at") or 0.0, *more]) - facts["now"]
    if ahead > CLOCK_S:
        said = f"not sure: the clock was set back by {lines.lasting(ahead)} or more, ages here are wrong until then"
        yield Line(said, "date", BAD)


def _away(facts: Facts) -> list[Line]:
    found = fatal(facts)
    if facts.get("run"):
        found.append(Line(f"not sure: {lines.safe(facts.get('api_problem'))} Below is what the files say.", "", BAD))
        found += [*_hanging(facts), *_clock(facts)]
    if facts.get("outbox"):
        waiting = lines.count(int(facts["outbox"]), "result waits", "results wait")
        found.append(Line(f"{waiting} in .pipeline/outbox for the API to come back", "make autonomous", BAD))
    return found


# -- what is in order


def _well(facts: Facts) -> list[Line]:
    shot, now = facts["snapshot"], facts["now"]
    found = []
    if shot["window"]["total"]:
        found.append(_rate(shot["window"]))
    landed = (shot.get("commit_states") or {}).get(words.COMMIT_LANDED, 0)
    if landed:
        found.append(Line(f"{lines.count(landed, 'task')} landed as a commit", COMMITS_LOG, GOOD))
    if shot.get("last_evaluation") and not facts.get("alone") and not _unsure(facts):
        found.append(Line(f"the monitor looked {lines.lasting(now - shot['last_evaluation'])} ago", "", GOOD))
    waits = shot["issues"] or shot["needs_decision"] or shot["pauses"] or _stuck(shot["unlanded"])
    if not (waits or _unsure(facts) or fatal(facts)):
        found.append(Line("nothing needs you", "", GOOD))
    return found


def _rate(window: Facts) -> Line:
    """With few tasks the page says how little their rate says."""
    few = statistics.judged(statistics.Count(window["completed"], window["total"]))["too_few"]
    said = f"last 7 days: {lines.percent(window)}"
    return Line(f"{said}, {few}" if few else said, "make report SINCE=7d", DIM if few else GOOD)


def _running(one: Facts, now: float) -> Line:
    age = lines.lasting(now - one["started_at"]) if one.get("started_at") else "just claimed"
    step = lines.safe(one.get("current_step"), 40)
    done = f"{one['progress_pct']} %" if one.get("progress_pct") is not None else ""
    more = [lines.safe(one.get("agent"), 40), f"attempt {one['attempt']}", age, step, done]
    return Line(f"{lines.title(one)} ({', '.join(part for part in more if part)})", LOGS.format(id=one["id"]))


def _queue(shot: Facts, now: float) -> Iterable[Line]:
    if shot["ready_count"]:
        oldest = shot.get("oldest_ready")
        since = f"; the oldest has waited {lines.lasting(now - oldest['ready_at'])}" if oldest else ""
        yield Line(f"{shot['ready_count']} ready{since}", "make backlog")
    for one in shot["waiting"]:
        yield Line(f"{one['count']} not ready: {lines.safe(one['reason'])}", "", DIM)


def _left(facts: Facts) -> Section:
    """What was finished with auto-commit off; in the order in which it can be committed."""
    found = facts.get("left") or ()
    shown = [
        Line(
            f"{lines.safe(one['task_type'])} {lines.safe(one['id'])}, on {one['branch']}",
            f"make commit TASK={one['id']}",
        )
        for one in found[:UNLANDED_SHOWN]
    ]
    more = [Line(f"and {len(found) - UNLANDED_SHOWN} more", "make report")] if len(found) > UNLANDED_SHOWN else []
    return Section("Finished, not committed", (*shown, *more))


def _outcome(one: Facts, now: float) -> Line:
    name = f"{one['task_type']} {one['id']}"
    ago = f"{lines.lasting(now - one['finished_at'])} ago"
    if one["status"] == words.FAILED:
        why = f"{one['error_class'] or 'unknown'}: {lines.safe(one['error_summary'] or 'no error line')}"
        return Line(f"{name} failed {ago}, {why}", show(one), BAD)
    state = one["commit_state"]
    tone = GOOD if state in (words.COMMIT_LANDED, words.COMMIT_NONE) else PLAIN
    said = "completed, no commit" if state == words.COMMIT_NONE else f"completed, {state}"
    return Line(f"{name} {said} {ago}", show(one), tone)


def show(one: Facts) -> str:
    """The command that shows more of a task: one that no agent worked on has no log."""
    return (LOGS if one.get("attempt", 1) else EXPLAIN).format(id=one["id"])


# -- without the API


def _last_known(facts: Facts) -> Section:
    now = facts["now"]
    found = [
        Line(f"{name} last moved {lines.lasting(now - beat)} ago", f"tail .pipeline/logs/{name}.log", DIM)
        for name, beat in sorted((facts.get("heartbeats") or {}).items())
    ]
    known = facts.get("last_issues") or {}
    for one in known.get("issues") or ():
        found.append(issue(one, now))
    if known.get("last_check"):
        found.append(Line(f"issues as of {lines.lasting(now - known['last_check'])} ago", "", DIM))
    found.append(Line("what was committed stays in git", COMMITS_LOG, DIM))
    return Section("Last known", tuple(found))


def _settings(facts: Facts) -> Section:
    return Section("Settings", tuple(Line(lines.safe(one), "", DIM) for one in facts.get("settings") or ()))
