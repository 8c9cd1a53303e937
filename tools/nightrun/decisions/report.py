"""The morning report: what failed first, then what waits for a person, then what was committed on what evidence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from nightrun.decisions import lines, message, page, progress, suggested_lines, suggestion
from nightrun.decisions.lines import BAD, DIM, GOOD, Line, Section
from nightrun.words import issue
from nightrun.words import task as words

Facts = Mapping[str, Any]

QUEUE_SHOWN = 20
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+!|~&-])")
_BACKTICKS = re.compile(r"`+")


@dataclass(frozen=True)
class Report:
    title: str
    numbers: Mapping[str, int]
    sections: tuple[Section, ...]


def make(facts: Facts, zone: tzinfo | None = None) -> Report:
    """`facts` is what flows/sight.py gathers for a span: snapshot, tasks that ended in it, tasks that wait."""
    shot, ended = facts["snapshot"], facts["ended"]
    done = [one for one in ended if one["status"] == words.COMPLETED]
    failed = [one for one in ended if one["status"] == words.FAILED]
    committed = [one for one in done if one["commit_state"] == words.COMMIT_LANDED]
    waiting_for_you = [page.decision(one) for one in shot["needs_decision"]]
    sections = (
        Section("In short", tuple(_short(facts, done, failed, committed))),
        Section("Failed", tuple(_failed(one) for one in failed)),
        Section("Not landed", tuple(page.unlanded(one) for one in shot["unlanded"])),
        Section("Needs your decision", tuple(waiting_for_you)),
        Section("Paused", tuple(page.pause(one, facts["until"]) for one in shot["pauses"])),
        Section("Issues and heals", tuple(_issues(facts))),
        Section("Progress", tuple(progress.said((facts.get("effectiveness") or {}).get("progress_to_goal")))),
        Section("Committed", tuple(_committed(one) for one in committed)),
        Section("Completed without a commit", tuple(_without_commit(one) for one in done if _is_bare(one))),
        Section("Left in the queue", tuple(_left(facts["pending"], shot))),
        Section("Settings", tuple(Line(lines.safe(one), "", DIM) for one in facts.get("settings") or ())),
    )
    title = f"nightrun report, {lines.at(facts['since'], zone)} to {lines.at(facts['until'], zone)}"
    shown = lines.as_called((one for one in sections if one.lines), facts.get("make"), facts.get("program"))
    return Report(title, _numbers(facts, done, failed, committed), shown)


def _numbers(
    facts: Facts, done: Sequence[Facts], failed: Sequence[Facts], committed: Sequence[Facts]
) -> dict[str, int]:
    shot = facts["snapshot"]
    return {
        "ended": len(done) + len(failed),
        "completed": len(done),
        "failed": len(failed),
        "landed": len(committed),
        "not_landed": len(shot["unlanded"]),
        "needs_decision": len(shot["needs_decision"]),
        "open_issues": len(shot["issues"]),
        "pending": shot["counts"][words.PENDING],
        "running": shot["counts"][words.RUNNING],
    }


# -- lines


def _short(facts: Facts, done: Sequence[Facts], failed: Sequence[Facts], committed: Sequence[Facts]) -> Iterable[Line]:
    ended, shot = len(done) + len(failed), facts["snapshot"]
    yield from page.fatal(facts)
    if not ended:
        yield Line("No task ended in this time.", "make status")
    elif failed:
        yield Line(f"{len(failed)} of {lines.count(ended, 'task')} failed, {len(done)} completed.", "make status", BAD)
    else:
        all_of_them = "The one task" if ended == 1 else f"All {ended} tasks"
        yield Line(f"{all_of_them} completed, none failed.", "make status", GOOD)
    if committed:
        yield Line(f"{lines.count(len(committed), 'commit')} landed on the target branch.", _log(committed), GOOD)
    if shot["window"]["total"]:
        yield Line(f"The last 7 days: {lines.percent(shot['window'])}.", "make report SINCE=7d")
    if unseen := _unseen([*done, *failed], shot):
        what = lines.count(unseen, "task that ended last was", "tasks that ended last were")
        yield Line(f"Not sure: {what} not looked at by the monitor, problems may be missing here.", "make doctor", BAD)
    if facts.get("cut"):
        yield Line(f"Only the newest {facts['cut']} tasks were looked at.", "", BAD)


def _unseen(ended: Iterable[Facts], shot: Facts) -> int:
    """How many ended so long after the monitor's last look that it should have looked again, or never looked."""
    seen_until = (shot.get("last_evaluation") or 0.0) + page.MONITOR_LATE_S
    return sum(shot["now"] > seen_until and one["finished_at"] > seen_until for one in ended)


def _log(committed: Sequence[Facts]) -> str:
    return f"git log --oneline -{len(committed)} --grep='^\\[pipeline\\]'"


def _failed(one: Facts) -> Line:
    attempts = lines.count(int(one["attempt"]), "attempt")
    why = f"{one['error_class'] or 'unknown'}: {lines.safe(one['error_summary'] or 'no error line')}"
    return Line(f"{lines.title(one)}: {why} ({attempts})", page.LOGS.format(id=one["id"]), BAD)


def _committed(one: Facts) -> Line:
    sha = lines.safe(one["commit_sha"] or "", 10).rstrip("…")
    look = f"git show {sha}; make verify RANGE={sha}" if sha else ""
    return Line(f"{lines.title(one)}: {_evidence(one)}", look, GOOD)


MARKS = {"reused": "answered before for the same tree", "flaky": "flaky: it failed first on the same tree"}


def _evidence(one: Facts) -> str:
    """What checked it: the gate, how long it took, on which tree."""
    gate = one.get("gate") or {}
    if gate.get("result") != "passed":
        return "no gate checked it, as the policy says"
    commands = ", ".join(lines.safe(_command(each), 60) for each in gate.get("commands") or ())
    took = f" in {gate['seconds']:.1f} s" if isinstance(gate.get("seconds"), (int, float)) else ""
    tree = f" on tree {lines.safe(gate['tree'], 10).rstrip('…')}" if gate.get("tree") else ""
    marks = "".join(f", {MARKS[name]}" for name in message.GATE_MARKS if gate.get(name))
    return f"gate passed{took}{tree}{marks}: {commands or 'no command'}"


def _command(words_or_text: Any) -> str:
    return words_or_text if isinstance(words_or_text, str) else " ".join(map(str, words_or_text))


def _is_bare(one: Facts) -> bool:
    return bool(one["commit_state"] == words.COMMIT_NONE)


def _without_commit(one: Facts) -> Line:
    reason = lines.safe(one.get("commit_reason") or "nothing to commit")
    look = f"git log -p -1 {one['branch']}" if one.get("branch") and one.get("tree") else ""
    return Line(f"{lines.title(one)}: {reason}", look or page.LOGS.format(id=one["id"]))


def _issues(facts: Facts) -> Iterable[Line]:
    shot, since, until = facts["snapshot"], facts["since"], facts["until"]
    yield from (page.issue(one, until) for one in shot["issues"])
    for one in shot.get("resolved") or ():
        if one["resolved_at"] >= since:
            lasted = lines.lasting(one["resolved_at"] - one["first_seen"])
            yield Line(f"resolved after {lasted}: {one['condition']}: {lines.safe(one['message'])}", "", GOOD)
    for one in shot["heals"]:
        if (one.get("finished_at") or one["updated_at"]) >= since:
            yield Line(f"heal {one['id']} {one['status']}; {_effect(one, shot)}", page.LOGS.format(id=one["id"]))
    for one in facts.get("suggested") or ():
        if one["state"] == suggestion.OPEN or one["updated_at"] >= since:
            yield suggested_lines.short(one)
    yield from _effects((facts.get("effectiveness") or {}).get("heals"))


def _effects(heals: Facts | None) -> Iterable[Line]:
    """What became of issues with a heal, beside those without one: much gets better by itself."""
    if not heals or not sum(heals["treated"].values()):
        return
    treated, alone = _tally(heals["treated"]), _tally(heals["untreated"])
    beside = f"; of {sum(heals['untreated'].values())} issues without one {alone}" if alone else ""
    yield Line(f"effect of the last {lines.count(sum(heals['treated'].values()), 'heal')}: {treated}{beside}", "")


def _tally(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {verdict.replace('_', ' ')}" for verdict, number in counts.items() if number)


def _effect(heal: Facts, shot: Facts) -> str:
    """Whether what it was asked for is over: recovered, not recovered, unknown."""
    if heal["status"] not in words.TERMINAL:
        return "its effect is not known yet"
    for one in shot.get("effects") or ():
        if one["task"] == heal["id"]:
            said = f"{one['effect']}: {one['condition']}" if one["effect"] != issue.UNKNOWN else "effect unknown"
            return f"{said} ({lines.safe(one['why'])})"
    for one in shot["issues"]:
        if one.get("heal_task_id") == heal["id"]:
            return f"not recovered: {one['condition']} is still open"
    for one in shot.get("resolved") or ():
        if one.get("heal_task_id") == heal["id"]:
            return f"recovered: {one['condition']} is resolved"
    return "effect unknown"


def _left(pending: Sequence[Facts], shot: Facts) -> Iterable[Line]:
    for one in pending[:QUEUE_SHOWN]:
        reason = f" ({lines.safe(one['waiting_reason'])})" if one.get("waiting_reason") else ""
        yield Line(f"{lines.title(one)}{reason}", page.EXPLAIN.format(id=one["id"]))
    more = shot["counts"][words.PENDING] - min(len(pending), QUEUE_SHOWN)
    if more > 0:
        yield Line(f"and {more} more", "make status")


# -- as text


def markdown(report: Report) -> str:
    """Texts of agents and tasks are escaped: none of them can make a heading, a link or a picture."""
    parts = [f"# {_escaped(report.title)}"]
    for section in report.sections:
        number = "" if section.title in ("In short", "Settings") else f" ({len(section.lines)})"
        rows = (
            f"- {_escaped(one.text)}" + (f"  \n  {_code(one.command)}" if one.command else "") for one in section.lines
        )
        parts.append("\n".join([f"## {section.title}{number}", "", *rows]))
    return "\n\n".join(parts) + "\n"


def _escaped(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", text)


def _code(text: str) -> str:
    """A code span with a fence longer than any run of backticks in it (CommonMark 6.1)."""
    fence = "`" * (max(map(len, _BACKTICKS.findall(text)), default=0) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"
