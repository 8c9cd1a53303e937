"""Whether git's settings and hooks are still those that the run began with: an agent may plant programs in them.

The first runner of a run remembers them. When they differ, intake is closed, and a person's `resume` says that they
are known (reliability.md 4.3, rule G).
"""

from __future__ import annotations

import logging
import os
from typing import Any

from nightrun.decisions.pausing import INTAKE
from nightrun.flows.runner_world import World
from nightrun.hands import git_settings, git_trust
from nightrun.hands.client import ApiAway
from nightrun.words.errors import NightrunError

BY = "guard"  # nightrun itself does not end such a pause
WHY = (
    "git's settings or hooks in this repository were changed during the run, and could run programs of an agent: look "
    "at `git config --local --list` and the hooks, then `make resume`"
)

log = logging.getLogger("nightrun.runner")


class Broken(NightrunError):
    """They differ: the attempt stays as it is, for a person to look at."""


def check(world: World) -> None:
    """Broken when nothing of git may touch the work any more: what just ended was written by an agent."""
    if not is_given(world):
        raise Broken(WHY)


def is_given(world: World) -> bool:
    """Nothing of git may touch the work while this is False."""
    mark, said = git_settings.mark(world.root), git_trust.note(world.state)
    if said.get("trusted") == mark:
        return True
    try:
        return _look(world, said, mark)
    except ApiAway as error:
        log.warning("%s; meanwhile: %s", WHY, error.message)
        return False


def _look(world: World, said: dict[str, Any], mark: str) -> bool:
    if _is_known_to_a_person(world, said, mark):
        _remember(world, trusted=mark)
        return True
    if said.get("refused") != mark:
        log.warning("%s", WHY)
    # The pause first: whoever finds the refusal and no pause takes it for a person's word.
    world.client.pause(INTAKE, WHY, by=BY)
    _remember(world, trusted=str(said.get("trusted")), refused=mark)
    return False


def _is_known_to_a_person(world: World, said: dict[str, Any], mark: str) -> bool:
    """They are there when a run begins, unless they were refused; and they ended the pause."""
    if said.get("unpaused") and said.get("refused") == mark:
        return False
    if any(one["by"] == BY for one in world.client.pauses()):
        return False
    return said.get("run") != os.getppid() or said.get("refused") == mark


def _remember(world: World, **said: str) -> None:
    git_trust.write(world.state, run=os.getppid(), **said)
