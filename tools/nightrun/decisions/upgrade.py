"""When another build counts as installed: pure, over what was seen of the installed files (reliability.md fault 70)."""

from __future__ import annotations

from dataclasses import dataclass, replace

BETWEEN_S = 1_200.0  # after a start for this reason; at most three an hour, as for other restarts (reliability.md S8)


@dataclass(frozen=True)
class Seen:
    """The build that runs, and the one that was installed when it was looked at last."""

    running: str
    last: str | None = None
    new: str | None = None  # the same in two looks, so its installation is over

    def after(self, installed: str) -> Seen:
        is_new = installed == self.last and installed != self.running
        return replace(self, last=installed, new=installed if is_new else None)
