"""When a part that goes round, but never gets through a round, ends so that it is started anew (reliability.md S4)."""

from __future__ import annotations

from dataclasses import dataclass

FAILING_S = 90.0  # as long as one that does not move at all (restart.HUNG_S)
EXIT_CODE = 3  # something nobody expected


@dataclass(frozen=True)
class Rounds:
    """How the rounds of a part go; a round fails when something unexpected happens in the part itself.

    What the part depends on does not count, another start of it would not help that (reliability.md S3).
    """

    failing_since: float | None = None  # the first failure after a round that went well

    def after(self, *, well: bool, now: float) -> Rounds:
        """What is known after another round; `now` is on a clock that stands still while the machine sleeps."""
        if well:
            return Rounds()
        return self if self.failing_since is not None else Rounds(now)

    def are_hopeless(self, now: float) -> bool:
        return self.failing_since is not None and now - self.failing_since >= FAILING_S


def said() -> str:
    return f"no round has gone well for {FAILING_S:g} s; ending, so that a fresh start can try"
