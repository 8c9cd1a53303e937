"""Snapshots as the API gives them, small."""

from __future__ import annotations

from typing import Any

T0 = 1_800_000_000.0
HOUR = 3_600.0
DAY = 86_400.0


def task(number: int, status: str = "completed", **more: Any) -> dict[str, Any]:
    """Number 1 ended last, one minute before T0."""
    failed = status == "failed"
    return {
        "id": f"t{number}",
        "task_type": "impl",
        "status": status,
        "outcome": "gate" if failed else "completed",
        "error_class": "gate" if failed else None,
        "error_summary": "make test: exit 2" if failed else None,
        "agent": "claude",
        "output_chars": 100,
        "finished_at": T0 - 60.0 * number,
        "commit_state": "landed",
        "context": {},
        **more,
    }


def tasks(statuses: str, **more: Any) -> list[dict[str, Any]]:
    """`"FFC"`: the newest two failed, the one before was completed."""
    kinds = {"F": "failed", "C": "completed"}
    return [task(number, kinds[letter], **more) for number, letter in enumerate(statuses, 1)]


def attempt(number: int, error_class: str | None = None, **more: Any) -> dict[str, Any]:
    return {
        "task_id": f"t{number}",
        "task_type": "impl",
        "agent": "claude",
        "error_class": error_class,
        "error_summary": None,
        "ended_at": T0 - 60.0 * number,
        **more,
    }


def window(completed: int, failed: int) -> dict[str, Any]:
    return {"completed": completed, "failed": failed, "total": completed + failed, "rate": 0.0}


def issue(condition: str, fingerprint: str = "", **more: Any) -> dict[str, Any]:
    return {"id": "i1", "condition": condition, "fingerprint": fingerprint, "first_seen": T0 - DAY, **more}
