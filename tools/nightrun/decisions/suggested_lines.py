"""An item that a heal suggested, as lines: its text, the tasks that worked on it, their commits and the effect."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from typing import Any

from nightrun.decisions import lines
from nightrun.decisions.lines import BAD, GOOD, PLAIN, Line
from nightrun.words import issue
from nightrun.words import task as words

Facts = Mapping[str, Any]

SHA_CHARS = 10
_TONES = {issue.RECOVERED: GOOD, issue.NOT_RECOVERED: BAD}


def short(one: Facts) -> Line:
    """All of it in one line."""
    tasks = ", ".join(f"{lines.safe(each['task_type'])} {lines.safe(each['id'])}" for each in one["tasks"])
    commits = ", ".join(_sha(each) for each in one["commits"])
    why = f" for {lines.safe(one['condition'])}" if one["condition"] else ""
    parts = [
        f"item {_text(one)}{why}: {one['state']}",
        f"added by {lines.safe(one['task'])}",
        f"tasks: {tasks}" if tasks else "no task works on it yet",
        f"commits: {commits}" if commits else "no commit yet",
        _effect(one),
    ]
    return Line("; ".join(parts), _explain(one["issue"] or one["task"]), _TONES.get(one["effect"], PLAIN))


def long(one: Facts) -> Iterable[Line]:
    """Each with the command that checks it."""
    by = f"The heal {lines.safe(one['suggested_by'])} suggested" if one["suggested_by"] else "It was suggested"
    added = f"added by spec {lines.safe(one['task'])}: {one['status']}, {_change(one)}"
    yield Line(f"{by} the item {_text(one)} ({one['state']}; {added}).", _look(one, one["task"]))
    for each in one["tasks"]:
        name = f"{lines.safe(each['task_type'])} {lines.safe(each['id'])}"
        tone = BAD if each["status"] == words.FAILED else PLAIN
        yield Line(f"{name} works on it: {each['status']}, {_change(each)}", _look(each, each["id"]), tone)
    if not one["tasks"]:
        yield Line("No task works on it yet: it is taken up at the meta ratio.", "nightrun backlog")
    yield Line(f"Effect of the item: {_effect(one)}.", "", _TONES.get(one["effect"], PLAIN))


def _change(one: Facts) -> str:
    state, sha = one["commit_state"], one["commit_sha"]
    if state == words.COMMIT_NONE:
        return "no commit" if one["status"] in words.TERMINAL else "no commit yet"
    return f"{state} as {_sha(sha)}" if sha else f"its change is {state}"


def _look(one: Facts, task_id: str) -> str:
    return f"git show {_sha(one['commit_sha'])}" if one["commit_state"] == words.COMMIT_LANDED else _explain(task_id)


def _explain(task_or_issue: object) -> str:
    return f"nightrun explain {shlex.quote(lines.safe(task_or_issue))}"


def _effect(one: Facts) -> str:
    said = "effect unknown" if one["effect"] == issue.UNKNOWN else str(one["effect"])
    return f"{said} ({lines.safe(one['why'])})"


def _text(one: Facts) -> str:
    return repr(lines.safe(one["item"]["text"] or one["item"]["key"], 100))


def _sha(sha: object) -> str:
    return shlex.quote(lines.safe(sha or "", 300)[:SHA_CHARS])
