"""Pushing the target branch after landing, only with PIPELINE_AUTO_PUSH=1 (DESIGN 3.7)."""

from __future__ import annotations

import logging

from nightrun.flows.runner_world import World, alone
from nightrun.hands import clock, git
from nightrun.words.errors import NightrunError
from nightrun.words.task import Task

AGAIN_S = 300.0  # a push that failed is tried again after this, or with the next landing
PUSHING = "pushing"  # lock

log = logging.getLogger("nightrun.runner")


def after_landing(world: World, task: Task) -> None:
    if world.settings.auto_push:
        _push(world)


def again(world: World) -> None:
    last = world.reported.get("push") or {}
    if world.settings.auto_push and last.get("state") in ("failed", "refused") and clock.now() - last["at"] > AGAIN_S:
        _push(world)


def _push(world: World) -> None:
    """Explicit, never forced; a refusal is said and is an issue, not a failure of the task."""
    remote = world.policy.push.remote
    with alone(world, PUSHING), world.pulse.step("push", 300.0):
        sha = git.tip(world.root, world.target_ref)
        if sha is None:
            return
        try:
            pushed = git.push(world.root, remote, sha, world.target)
            state, detail = pushed.state, pushed.detail
        except NightrunError as error:
            state, detail = "failed", error.message
    log.info("push of %s to %s: %s %s", sha[:10], remote, state, detail)
    world.report(push={"state": state, "detail": detail, "at": clock.now(), "sha": sha})
