"""Facts as flows/sight.py gathers them, for pages and reports."""

from __future__ import annotations

from typing import Any

from nightrun.words import usage

NOW = 1_760_000_000.0
HOUR = 3_600.0


def task(task_id: str = "t1", **fields: Any) -> dict[str, Any]:
    return {
        "id": task_id,
        "task_type": "impl",
        "direction": "Add a flag",
        "status": "completed",
        "attempt": 1,
        "agent": "script",
        "outcome": "completed",
        "error_class": None,
        "error_summary": None,
        "commit_state": "landed",
        "commit_sha": "0123456789abcdef",
        "commit_reason": None,
        "branch": f"nightrun/{task_id}.1",
        "tree": "f" * 40,
        "gate": {"result": "passed", "seconds": 3.21, "commands": [["make", "test"]], "tree": "f" * 40},
        "waiting_reason": None,
        "decision_prompt": None,
        "progress_pct": None,
        "current_step": None,
        "started_at": NOW - 300,
        "finished_at": NOW - 120,
        "created_at": NOW - HOUR,
        "updated_at": NOW - 120,
        **fields,
    }


def failed(task_id: str = "t2", **fields: Any) -> dict[str, Any]:
    more = {"error_class": "gate", "error_summary": "2 tests failed", "commit_state": "none", "commit_sha": None}
    return task(task_id, **{"status": "failed", "outcome": "gate", "attempt": 3, **more, **fields})


def issue(**fields: Any) -> dict[str, Any]:
    return {
        "id": "i1",
        "condition": "repeated_failures",
        "severity": "high",
        "message": "impl failed three times",
        "suggested_action": "Look at the gate.",
        "first_seen": NOW - HOUR,
        "last_seen": NOW - 60,
        "count": 3,
        "heal_task_id": None,
        "resolved_at": None,
        **fields,
    }


def suggested(**fields: Any) -> dict[str, Any]:
    """An item that a heal suggested, as the API shows it."""
    return {
        "task": "s1",
        "status": "completed",
        "commit_state": "landed",
        "commit_sha": "f" * 16,
        "suggested_by": "h1",
        "issue": "i1",
        "condition": "gate_red",
        "fingerprint": "",
        "item": {"key": "k", "text": "Say which file"},
        "state": "done",
        "tasks": [task()],
        "commits": ["f" * 16, "0123456789abcdef"],
        "updated_at": NOW - 120,
        "effect": "recovered",
        "why": "the issue is resolved",
        "early": False,
        **fields,
    }


def snapshot(**fields: Any) -> dict[str, Any]:
    return {
        "now": NOW,
        "started_at": NOW - 8 * HOUR,
        "last_evaluation": NOW - 30,
        "counts": {"pending": 0, "running": 0, "completed": 0, "failed": 0, "needs_decision": 0},
        "commit_states": {"landed": 0},
        "running": [],
        "ready_count": 0,
        "oldest_ready": None,
        "waiting": [],
        "finished": [],
        "window": {"completed": 0, "failed": 0, "total": 0, "rate": 0.0},
        "unlanded": [],
        "needs_decision": [],
        "heals": [],
        "pauses": [],
        "issues": [],
        "resolved": [],
        **fields,
    }


def page(shot: dict[str, Any] | None, **fields: Any) -> dict[str, Any]:
    return {
        "root": "/src/project",
        "now": NOW,
        "snapshot": shot,
        "api_problem": None,
        "run": {"started_at": NOW - 2 * HOUR, "runners": 2},
        "fatal": None,
        "heartbeats": {},
        "last_issues": {},
        "outbox": 0,
        "settings": ["PIPELINE_AUTO_COMMIT=1 (default): completed tasks are committed"],
        **fields,
    }


def span(ended: list[dict[str, Any]], shot: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    return {
        "root": "/src/project",
        "since": NOW - 12 * HOUR,
        "until": NOW,
        "snapshot": shot or snapshot(),
        "ended": ended,
        "pending": [],
        "cut": None,
        "settings": [],
        **fields,
    }


def used(attempts: int = 1, seconds: float = 60.0, rounds: int = 0, **told: tuple[float, int]) -> dict[str, Any]:
    """What attempts used: of each number its sum and how many attempts told it."""
    found = {name: told.get(name, (None, 0)) for name in usage.NAMES}
    sums = {name: {"sum": total, "told": n, "attempts": attempts} for name, (total, n) in found.items()}
    return {"attempts": attempts, "seconds": seconds, "rounds": rounds, **sums}
