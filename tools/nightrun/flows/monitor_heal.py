"""Adding the heal tasks that issues ask for, with the failing output, the last change and how it was before."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from nightrun import conditions
from nightrun.decisions import effect, heal
from nightrun.decisions.heal import HealRequest
from nightrun.hands.client import ApiAway, Client, Refused
from nightrun.policy.model import Policy
from nightrun.words.issue import Finding
from nightrun.words.task import Task

OUTPUT_CHARS = 4_000  # of each failed task that a heal is shown
OUTPUT_TASKS = 3
REPAIR_PRIORITY = 100

log = logging.getLogger("nightrun.monitor")

Issue = Mapping[str, Any]
DiffOf = Callable[[Task], str]


def no_diff(task: Task) -> str:
    """Where no repository is at hand."""
    return ""


def add(
    client: Client,
    policy: Policy,
    findings: Sequence[Finding],
    issues: Sequence[Issue],
    snapshot: Mapping[str, Any],
    *,
    now: float,
    diff_of: DiffOf = no_diff,
) -> list[str]:
    """The ids of the tasks that were added. What could not be added is tried again by the next look."""
    added: list[str] = []
    try:
        remedies = _remedies(client, issues, snapshot)
        wanted = heal.choose(
            findings,
            {(one["condition"], one["fingerprint"]): one for one in issues},
            remedies,
            task_types={one.NAME: policy.monitor.condition(one.NAME).task_type for one in conditions.ALL},
            caps=_caps(policy),
            auto_fix=True,
            now=now,
            slots=heal.slots(snapshot, remedies),
        )
        for one in wanted:
            added.append(_add(client, one, diff_of, _before(policy, one, snapshot)))
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
        share=settings.share,
    )


def _remedies(client: Client, issues: Sequence[Issue], snapshot: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The heals with their effect, and the tasks of another type that open issues are linked to."""
    known = {one["id"]: dict(one) for one in snapshot.get("heals") or ()}
    for one in issues:
        task_id = one.get("heal_task_id")
        if task_id and task_id not in known:
            known[task_id] = asdict(client.task(task_id))
    return heal.with_effects(list(known.values()), snapshot.get("effects") or ())


def _before(policy: Policy, request: HealRequest, snapshot: Mapping[str, Any]) -> dict[str, Any]:
    """What its effect will be measured against."""
    threshold = getattr(policy.monitor.condition(conditions.low_success_rate.NAME), "threshold", effect.THRESHOLD)
    return effect.before(snapshot.get("finished") or (), request.fingerprint, threshold).to_json()


def _add(client: Client, request: HealRequest, diff_of: DiffOf, before: Mapping[str, Any]) -> str:
    failing = _failed(client, request)
    context = {**request.context, "before": before, "failing_output": [_output(one) for one in failing]}
    diff = next((text for one in failing if (text := diff_of(one))), "")
    if diff:
        context["last_diff"] = diff
    # Until the target passes its own gate nothing else can.
    first = {"priority": REPAIR_PRIORITY} if request.condition == conditions.gate_red.NAME else {}
    task = client.add_task(request.direction, request.task_type, context=context, dedup_key=request.dedup_key, **first)
    client.patch_issue(request.issue, heal_task_id=task.id)
    log.warning("%s task %s for issue %s (%s)", request.task_type, task.id, request.issue, request.condition)
    return task.id


def _failed(client: Client, request: HealRequest) -> list[Task]:
    ids = list(request.context["evidence"].get("tasks") or ())[:OUTPUT_TASKS]
    return [client.task(one) for one in ids]


def _output(task: Task) -> dict[str, Any]:
    """The end of what a failed task said: the agent of the heal sees the failure itself, not only its count."""
    return {
        "task": task.id,
        "error_class": task.error_class,
        "error_summary": task.error_summary,
        "output": (task.output or "")[-OUTPUT_CHARS:],
    }
