"""Adding the heal tasks that issues ask for, with the failing output in their context."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from nightrun import conditions
from nightrun.decisions import heal
from nightrun.decisions.heal import HealRequest
from nightrun.hands.client import ApiAway, Client, Refused
from nightrun.policy.model import Policy
from nightrun.words.issue import Finding

OUTPUT_CHARS = 4_000  # of each failed task that a heal is shown
OUTPUT_TASKS = 3

log = logging.getLogger("nightrun.monitor")

Issue = Mapping[str, Any]


def add(
    client: Client,
    policy: Policy,
    findings: Sequence[Finding],
    issues: Sequence[Issue],
    snapshot: Mapping[str, Any],
    *,
    now: float,
) -> list[str]:
    """The ids of the tasks that were added. What could not be added is tried again by the next look."""
    added: list[str] = []
    try:
        wanted = heal.choose(
            findings,
            {(one["condition"], one["fingerprint"]): one for one in issues},
            _remedies(client, issues, snapshot),
            task_types={one.NAME: policy.monitor.condition(one.NAME).task_type for one in conditions.ALL},
            caps=_caps(policy),
            auto_fix=True,
            now=now,
        )
        for one in wanted:
            added.append(_add(client, one))
    except (ApiAway, Refused) as error:
        log.warning("a heal task could not be added: %s", error.message)
    return added


def _caps(policy: Policy) -> heal.Caps:
    settings = policy.heal
    return heal.Caps(
        open_per_condition=settings.open_per_condition,
        open=settings.open,
        per_day=settings.per_day,
        cooldown=settings.cooldown,
    )


def _remedies(client: Client, issues: Sequence[Issue], snapshot: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The heals, and the tasks of another type that open issues are linked to."""
    known = {one["id"]: dict(one) for one in snapshot.get("heals") or ()}
    for one in issues:
        task_id = one.get("heal_task_id")
        if task_id and task_id not in known:
            known[task_id] = asdict(client.task(task_id))
    return list(known.values())


def _add(client: Client, request: HealRequest) -> str:
    context = {**request.context, "failing_output": _failing_output(client, request)}
    task = client.add_task(request.direction, request.task_type, context=context, dedup_key=request.dedup_key)
    client.patch_issue(request.issue, heal_task_id=task.id)
    log.warning("%s task %s for issue %s (%s)", request.task_type, task.id, request.issue, request.condition)
    return task.id


def _failing_output(client: Client, request: HealRequest) -> list[dict[str, Any]]:
    """The end of what the failed tasks said: the agent of the heal sees the failure itself, not only its count."""
    ids = list(request.context["evidence"].get("tasks") or ())[:OUTPUT_TASKS]
    tasks = [client.task(one) for one in ids]
    return [
        {
            "task": one.id,
            "error_class": one.error_class,
            "error_summary": one.error_summary,
            "output": (one.output or "")[-OUTPUT_CHARS:],
        }
        for one in tasks
    ]
