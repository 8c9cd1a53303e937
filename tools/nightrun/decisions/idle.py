"""Whether a run has nothing left to do, and what to tell whoever waits for its end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nightrun.words import gate as gates
from nightrun.words import task as words

_BLOCKED = ("waits for ", "needs ")  # reasons that no time ends


def busy(snapshot: Mapping[str, Any], *, since: float, monitored: bool) -> str | None:
    """Why the run is not over yet, in words; None when nothing is left that could go on by itself.

    `since` is when this run started: what runners said before it does not count. `monitored`: a monitor is watching,
    and may still find something to heal in what ended last.
    """
    counts, now = snapshot["counts"], snapshot["now"]
    if counts[words.RUNNING]:
        return f"{counts[words.RUNNING]} running"
    if snapshot["ready_count"] and not _closed_for_good(snapshot):
        return f"{snapshot['ready_count']} ready"
    return (
        _put_off(snapshot, now)
        or _on_its_way(snapshot)
        or _runners(snapshot, since)
        or (_unseen(snapshot, since) if monitored else None)
    )


def has_work(snapshot: Mapping[str, Any]) -> bool:
    """Whether something runs, lands, or will be begun without a person: then the machine should not go to sleep."""
    if snapshot["counts"][words.RUNNING] or _on_its_way(snapshot):
        return True
    comes = snapshot["ready_count"] or _put_off(snapshot, snapshot["now"])
    return bool(comes) and not _closed_for_good(snapshot)


def _closed_for_good(snapshot: Mapping[str, Any]) -> bool:
    """Intake is paused and only a person can open it."""
    return any(one["scope"] == "intake" and one.get("until") is None for one in snapshot["pauses"])


def _put_off(snapshot: Mapping[str, Any], now: float) -> str | None:
    """Tasks that will be ready later: after a back-off, or when a pause with an end is over."""
    later = [one for one in snapshot["waiting"] if one["ready_at"] > now and not one["reason"].startswith(_BLOCKED)]
    if later:
        return f"{sum(one['count'] for one in later)} put off"
    ends = any(one.get("until") is not None for one in snapshot["pauses"])
    return "paused for a while" if ends and snapshot["counts"][words.PENDING] else None


def _on_its_way(snapshot: Mapping[str, Any]) -> str | None:
    going = [
        one for one in snapshot["unlanded"] if one["commit_state"] in (words.COMMIT_PENDING, words.COMMIT_COMMITTED)
    ]
    return f"{len(going)} not landed yet" if going else None


def _runners(snapshot: Mapping[str, Any], since: float) -> str | None:
    """A runner takes the next item of the backlog only when it has time: it must have said that nothing is open."""
    # One that stopped is not here: it is being started again, or was given up.
    here = [one for one in snapshot["runners"] if one["at"] >= since and one.get("state") != "stopped"]
    if not here:
        return "no runner has reported yet"
    at_work = [one["name"] for one in here if one.get("state") != "idle"]
    if at_work:
        return f"{', '.join(at_work)} at work"
    open_items = max(int(one.get("backlog_open") or 0) for one in here)
    return f"{open_items} open in the backlog" if open_items and not _closed_for_good(snapshot) else None


def _unseen(snapshot: Mapping[str, Any], since: float) -> str | None:
    ended = [one["finished_at"] for one in snapshot["finished"][:1]]
    # Work that waits for a target that is red: the repair is what a look asks for.
    red = [float(one["target_gate"].get("at") or 0.0) for one in snapshot["runners"] if _is_red(one)]
    last = max([*ended, *red], default=since)
    seen = snapshot.get("last_evaluation") or 0.0
    return None if seen > max(last, since) else "the monitor has not looked yet"


def _is_red(runner: Mapping[str, Any]) -> bool:
    said = runner.get("target_gate")
    return isinstance(said, dict) and said.get("result") == gates.FAILED


def drained(snapshot: Mapping[str, Any]) -> bool:
    """Whether nothing runs any more and what was completed has landed, as far as it can."""
    return not snapshot["counts"][words.RUNNING] and _on_its_way(snapshot) is None


def needs_a_look(reason: str | None) -> bool:
    return reason == "the monitor has not looked yet"


def failures(snapshot: Mapping[str, Any], *, failed: int, since: float) -> list[str]:
    """What did not go well in this run, one line each; empty when it all did. `failed` tasks failed since its start."""
    bad = [one for one in snapshot["finished"] if one["status"] == words.FAILED and one["finished_at"] >= since]
    lines = [f"failed: {one['task_type']} {one['id']}: {one.get('error_summary') or one['error_class']}" for one in bad]
    if failed > len(bad):
        lines.append(f"failed: {failed - len(bad)} more")
    lines += [f"needs a decision: {one['task_type']} {one['id']}" for one in snapshot["needs_decision"]]
    lines += [
        f"{one['commit_state']}: {one['task_type']} {one['id']}: {one.get('commit_reason') or 'no reason given'}"
        for one in snapshot["unlanded"]
    ]
    return lines


def waiting(snapshot: Mapping[str, Any]) -> list[str]:
    """What was not begun and why, one line each. An agent whose work another one did kept nothing from being begun."""
    pauses = [one for one in snapshot["pauses"] if one["scope"] == "intake" or snapshot["counts"][words.PENDING]]
    paused = [f"{one['scope']} is paused: {one['reason']}" for one in pauses]
    return paused + [f"{one['count']} waiting: {one['reason']}" for one in snapshot["waiting"] if one["count"]]
