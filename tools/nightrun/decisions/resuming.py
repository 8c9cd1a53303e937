"""Which earlier attempt's unfinished work the next one goes on with: of one that was ended by something else."""

from __future__ import annotations

from collections.abc import Mapping

from nightrun.words.outcome import ENVIRONMENT_FAULTS
from nightrun.words.task import Task


def attempt(task: Task) -> int | None:
    """Its number, None when there is none. `task` as it was claimed: with what is known of its last attempt."""
    if task.attempt > 1 and task.error_class == "interrupted":
        return task.attempt - 1  # also when its runner went away and could tell nothing
    last = task.context.get("last_failure")
    if not isinstance(last, Mapping) or last.get("class") not in ENVIRONMENT_FAULTS:
        return None
    number = last.get("attempt")
    return number if type(number) is int and 0 < number < task.attempt else None
