"""Telling the API what an attempt came to: kept in the outbox first, delivered when somebody answers."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from nightrun.decisions import fingerprint, pausing, retry, scan_report, secret_patterns, stagnation
from nightrun.flows import runner_budget
from nightrun.flows.runner_attempt import WORKSPACE, Judged
from nightrun.flows.runner_workspace import Place
from nightrun.flows.runner_world import World
from nightrun.hands import clock, files, git_change, state_file
from nightrun.hands.client import ApiAway, Refused
from nightrun.words import task as words
from nightrun.words.errors import NightrunError
from nightrun.words.outcome import COMPLETED, ENVIRONMENT_FAULTS, Outcome
from nightrun.words.task import Task

AWAY_S = 1.0  # between two tries while the API is away
SLOWEST_S = 5.0
FINDINGS_CHARS = 8_000  # of a FAIL, for the next round

log = logging.getLogger("nightrun.runner")


class ClaimLost(Exception):
    """The task belongs to somebody else by now; what this runner made of it stays on its branch."""


def completed(world: World, task: Task, place: Place, judged: Judged, *, will_land: bool) -> Task:
    """PATCH the task to completed; the task as it is then. ClaimLost when it is not ours any more."""
    stays = will_land or world.policy.task_types[task.task_type].commit
    said = {"status": words.COMPLETED, **_said(world, task, judged), **_change(place, judged, stays=stays)}
    if will_land:
        said |= {"commit_state": words.COMMIT_PENDING, "commit_reason": None}
    elif judged.changed:
        said |= {"commit_state": words.COMMIT_NONE, "commit_reason": _why_not(world, task, place)}
        said["context"]["began_at"] = place.base_tree
    told = _tell(world, task, said)
    if told.tree != said.get("tree", told.tree):
        raise ClaimLost(f"{task.id} was called completed with another change than the one that was checked.")
    return told


def _why_not(world: World, task: Task, place: Place) -> str:
    """Why a change is not committed, and what a person can do with it."""
    if not world.policy.task_types[task.task_type].commit:
        return f"{task.task_type} tasks are not committed; the change is kept on branch {place.branch}"
    return f"auto-commit is off; `nightrun commit {task.id}` commits and lands it"


def not_completed(world: World, task: Task, judged: Judged, kept: str | None, place: Place | None) -> Task:
    """PATCH the task to what comes next, and pause what its outcome affects."""
    limits, outcome = world.policy.limits, judged.outcome
    pause(world, task, outcome, judged.agent)
    said = _said(world, task, judged)
    said["context"]["last_result"] = _last_result(world, task, judged, place)
    question = runner_budget.question(world, task, judged.usage) or _stands_still(said, judged)
    if not question and judged.refused and task.failures + 1 >= limits.attempts:
        question = scan_report.question(judged.refused, limits.attempts)
    if question and judged.refused:
        question += f" `nightrun decide {task.id} accept` lets it pass with what was found."
    following = retry.after(
        outcome,
        failures=task.failures,
        attempts=limits.attempts,
        backoff=limits.backoff,
        now=clock.now(),
        blameless=judged.blameless,
        question=question,
    )
    said |= {"status": following.status, "costs_attempt": following.costs_attempt}
    said |= {"error_class": outcome.kind, "error_summary": outcome.summary or outcome.kind}
    if following.ready_at is not None:
        said["ready_at"] = following.ready_at
    if following.status == words.NEEDS_DECISION:
        said |= {"decision_prompt": question, "decision": None}
    if place is not None and kept is not None:
        said |= {"branch": place.branch, "base": place.base, "tree": judged.tree}
    if judged.untouchable and place is not None:
        said["worktree"] = str(place.path)
    return _tell(world, task, said)


def _stands_still(said: dict[str, Any], judged: Judged) -> str:
    return "" if judged.blameless else stagnation.question(said["context"]["last_result"], judged.outcome)


def put_back(world: World, task: Task, reason: str, *, ready_at: float) -> Task:
    """It is not for now; that costs nothing."""
    said = {"status": words.PENDING, "outcome": "waiting", "waiting_reason": reason, "ready_at": ready_at}
    return _tell(world, task, {**said, "costs_attempt": False})


def pause(world: World, task: Task, outcome: Outcome, agent: str) -> None:
    """Faults of the environment pause what they affect; the same again pauses for longer, and stops intake."""
    if outcome.kind not in ENVIRONMENT_FAULTS or outcome.passing:
        return
    if outcome.kind == "interrupted" and world.wants_end:
        return
    now, began = clock.now(), task.started_at or 0.0
    try:
        ended = world.client.snapshot()["attempts"]
        in_a_row = pausing.in_a_row(ended, outcome, agent, began=began)
        found = pausing.of(outcome, agent, in_a_row=in_a_row, now=now)
        if found is not None and agent == WORKSPACE:
            found = replace(found, scope=pausing.INTAKE)
        same = pausing.same_in_a_row(ended, outcome, agent, began=began)
        for one in (found, pausing.of_intake(outcome, agent, found, same=same, now=now)):
            if one is not None:
                log.warning("pausing %s: %s", one.scope, one.reason)
                world.client.pause(one.scope, one.reason[:1000], until=one.until, by="nightrun")
    except ApiAway as error:
        log.warning("%s", error.message)


# -- what is said


def _said(world: World, task: Task, judged: Judged) -> dict[str, Any]:
    outcome = judged.outcome
    said: dict[str, Any] = {
        "outcome": outcome.kind,
        # It is shown, and the next attempt's agent is told of it.
        "output": secret_patterns.hidden(outcome.output.replace("\0", "\ufffd")),
        "agent": judged.agent,
        "model": judged.model,
        "command": judged.command,
        "context": _context(task, judged),
    }
    if judged.usage:
        said["usage"] = dict(judged.usage)
    if judged.gate is not None:
        said["gate"] = judged.gate.to_json()
    return said


def _context(task: Task, judged: Judged) -> dict[str, Any]:
    """Key by key; None takes one away. What the next attempt, the next task and the report need to know."""
    outcome = judged.outcome
    done = outcome.kind == COMPLETED
    failure = None if done else {"class": outcome.kind, "summary": outcome.summary, "attempt": task.attempt}
    found = {"findings": secret_patterns.hidden(outcome.findings)[-FINDINGS_CHARS:]} if outcome.findings else {}
    return {
        **found,
        "verdict": outcome.verdict,
        "usage": dict(judged.usage) or None,
        "last_failure": failure and {**failure, "fingerprint": fingerprint.clean(outcome.summary)},
        "last_result": None,
        "held": [scan_report.summary([one]) for one in judged.held][:20] or None,
        "refused": [scan_report.key(one) for one in judged.refused] or None,
        "agreed": None,  # a person's word was about an earlier attempt's change
    }


def _last_result(world: World, task: Task, judged: Judged, place: Place | None) -> dict[str, Any] | None:
    change = None
    if place is not None and judged.tree is not None:
        with suppress(NightrunError):  # objects that are not there any more: not compared
            change = git_change.identity(world.root, place.base_tree, judged.tree)
    return stagnation.step(task.context.get("last_result"), judged.outcome, change=change, failures=task.failures)


def _change(place: Place, judged: Judged, *, stays: bool) -> dict[str, Any]:
    """Everything that is needed to commit and land it, also by another runner after a crash."""
    if not judged.changed:
        said = {"commit_state": words.COMMIT_NONE, "commit_reason": judged.reason}
        return {"base": place.base, "tree": None, **said}
    worktree = str(place.path) if stays else None
    return {"base": place.base, "tree": judged.tree, "branch": place.branch, "worktree": worktree}


def will_commit(world: World, task_type: str) -> bool:
    """Whether the change of a completed task of this type becomes a commit (the specification's condition)."""
    return world.settings.auto_commit and world.policy.task_types[task_type].commit


# -- delivery


def _tell(world: World, task: Task, said: dict[str, Any]) -> Task:
    """Until it is told: the lease is renewed meanwhile, and the outbox outlives this process."""
    kept = world.state.outbox / f"{task.id}.{task.attempt}.json"
    change = {**said, "fencing_token": task.fencing_token}
    try:
        told = world.client.patch(task.id, **change)
    except ApiAway as error:
        log.warning("%s is kept in the outbox: %s", task.id, error.message)
        with suppress(OSError):  # the disk may be full; this process goes on trying
            files.write_json(kept, {"task_id": task.id, "change": change})
        told = _insist(world, task, change)
    except Refused as error:
        raise ClaimLost(error.message) from error
    kept.unlink(missing_ok=True)
    return told


def _insist(world: World, task: Task, change: dict[str, Any]) -> Task:
    wait = AWAY_S
    while not world.stop.is_set():
        world.pulse.moves()
        world.stop.wait(wait)
        wait = min(SLOWEST_S, wait * 1.5)
        try:
            return world.client.patch(task.id, **change)
        except ApiAway:
            continue
        except Refused as error:
            raise ClaimLost(error.message) from error
    raise ApiAway("This runner ends while the API is away; the result waits in .pipeline/outbox.")


def deliver(world: World) -> None:
    """What earlier runners could not tell. A result whose claim is lost is dropped: the work is on its branch."""
    for path in sorted(world.state.outbox.glob("*.json")):
        kept = state_file.read_object(path)
        if not _deliver(world, path, kept):
            return


def _deliver(world: World, path: Path, kept: dict[str, Any]) -> bool:
    try:
        world.client.patch(str(kept["task_id"]), **kept["change"])
    except ApiAway:
        return False
    except (Refused, KeyError, TypeError) as error:
        log.warning("%s is not delivered: %s", path.name, error)
    else:
        log.info("%s delivered", path.name)
    path.unlink(missing_ok=True)
    return True
