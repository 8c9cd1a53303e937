"""Once after each boot, before any work: whether the repository came through it (reliability.md D7)."""

from __future__ import annotations

import logging

from nightrun.decisions.pausing import INTAKE
from nightrun.flows import runner_durable
from nightrun.flows.runner_world import World, alone
from nightrun.hands import clock, files, git, git_check, state_file

NOTE = "git-checked.json"  # in the state folder
LOCK = "git-check"
LONGEST_S = 300.0

log = logging.getLogger("nightrun.runner")


def check(world: World) -> None:
    """What is damaged closes intake until a person ends that; then it is looked at again by the next start."""
    path, boot = world.state.path / NOTE, clock.boot_id()
    with alone(world, LOCK):
        said = state_file.read_object(path)
        if said.get("boot_id") == boot:
            return
        found = _found(world) if said else []
        if not found:
            files.write_json(path, {"boot_id": boot})
            return
    reason = (
        f"the repository is damaged ({found[0][:200]}): `git fsck` says all of it, `git reflog {world.target}` what "
        "was there before; then `make resume`"
    )
    log.error("%s", reason)
    world.client.pause(INTAKE, reason, by=runner_durable.BY)


def _found(world: World) -> list[str]:
    gone = git_check.remove_empty_objects(world.root)
    if gone:
        log.warning("a power cut left %d empty objects: removed", len(gone))
    try:
        with world.pulse.step("fsck", LONGEST_S):
            return git_check.problems(world.root)
    except git.GitFailed as error:
        log.warning("the repository could not be checked whole: %s", error.message)
        return []
