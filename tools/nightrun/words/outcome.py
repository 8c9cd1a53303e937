"""What an attempt came to: `completed`, `no_change`, or a failure class (DESIGN section 4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

COMPLETED = "completed"
NO_CHANGE = "no_change"

# These cost an attempt, count in success rates and can trigger heals.
TASK_FAULTS = ("agent", "gate", "scan", "timeout", "silent", "resources", NO_CHANGE, "conflict")
# These pause what they affect until the cause is gone, and cost nothing.
ENVIRONMENT_FAULTS = ("limit", "auth", "network", "disk", "setup", "interrupted")
ERROR_CLASSES = TASK_FAULTS + ENVIRONMENT_FAULTS


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How one attempt ended. `error_class` is None exactly when `kind` is `completed`."""

    kind: str  # COMPLETED or one of ERROR_CLASSES
    summary: str = ""  # one line
    output: str = ""  # the last part of the agent's or the gate's output
    verdict: str | None = None  # PASS or FAIL, of a review or test
    findings: str = ""  # what a failed verdict asks for
    passing: bool = False  # what ended it is over: nothing is paused because of it
    resets_at: float | None = None  # when a limit ends, seconds since the epoch
    usage: Mapping[str, Any] = field(default_factory=dict)  # tokens, cost; a missing key is unknown, not zero

    @property
    def error_class(self) -> str | None:
        return None if self.kind == COMPLETED else self.kind

    @property
    def costs_an_attempt(self) -> bool:
        return self.kind in TASK_FAULTS
