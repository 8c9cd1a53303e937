"""The page that says what is in the backlog files, what is worked on and what is next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from nightrun.decisions import lines
from nightrun.decisions.lines import BAD, DIM, GOOD, PLAIN, Line, Section
from nightrun.words import task as words

Facts = Mapping[str, Any]

NEXT_SHOWN = 20


def make(facts: Facts) -> tuple[Section, ...]:
    """`facts` is what flows/sight_backlog.py gathers."""
    parts = [
        Section("Files", tuple(_file(one, facts["meta_ratio"]) for one in facts["files"])),
        Section("Begun", tuple(_begun(one) for one in facts["begun"])),
        Section("Next", tuple(_next(facts))),
    ]
    return tuple(one for one in parts if one.lines)


def _file(one: Facts, ratio: float) -> Line:
    share = f", {ratio:.0%} of what is taken" if one["meta"] else ""
    if one["problem"] and not one["open"] + one["done"]:
        return Line(f"{one['file']} {one['problem']}", "", DIM)
    more = f"; it {one['problem']}" if one["problem"] else ""
    return Line(f"{one['file']}: {one['open']} open, {one['done']} done{share}{more}", "", BAD if more else PLAIN)


def _begun(one: Facts) -> Line:
    item, task = one["item"], one["task"]
    text = f"{_name(item)}: {task['task_type']} {task['id']}"
    number = f", round {one['round']}" if one["round"] > 1 else ""
    if task["status"] == words.FAILED:
        why = lines.safe(task["error_summary"] or task["error_class"] or "no error line")
        return Line(f"{text} failed{number}: {why}", f"make logs TASK={task['id']}", BAD)
    if task["status"] == words.NEEDS_DECISION:
        asked = lines.safe(task["decision_prompt"] or "it waits for your answer")
        return Line(f"{text} needs a decision{number}: {asked}", f"make decide TASK={task['id']} TEXT='...'", BAD)
    if task["commit_state"] in (words.COMMIT_HELD, words.COMMIT_FAILED):
        return Line(f"{text} {task['commit_state']}{number}: {lines.safe(task['commit_reason'])}", "make status", BAD)
    if one["over"]:
        return Line(f"{text} was its last task; the item is not ticked here", "", GOOD)
    waits = f" ({lines.safe(task['waiting_reason'])})" if task["waiting_reason"] else ""
    return Line(f"{text} {task['status']}{number}{waits}")


def _next(facts: Facts) -> Iterator[Line]:
    order = facts["next"]
    for number, item in enumerate(order[:NEXT_SHOWN], start=1):
        yield Line(f"{number}. {_name(item)} ({' '.join(item['types'])}), {item['file']}:{item['line']}")
    if len(order) > NEXT_SHOWN:
        yield Line(f"and {len(order) - NEXT_SHOWN} more", "", DIM)
    if not order:
        yield Line("no open item is left to begin", "", DIM)
    if facts["tasks_problem"]:
        yield Line(f"items that are begun already are not told apart: {lines.safe(facts['tasks_problem'])}", "", DIM)


def _name(item: Facts) -> str:
    return lines.safe(item["text"], lines.TITLE_CHARS)
