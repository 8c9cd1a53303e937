"""What the supervisor says: to the person at the terminal, and to its log."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from nightrun.hands import clock


@dataclass(frozen=True)
class Voice:
    out: Callable[[str], None]
    log: Path

    def __call__(self, text: str) -> None:
        """Neither a closed terminal nor a full disk stops the supervisor."""
        now = datetime.fromtimestamp(clock.now()).astimezone()
        with suppress(OSError):
            self.out(f"{now:%H:%M:%S} {text}")
        with suppress(OSError), self.log.open("a") as file:
            file.write(f"{now:%Y-%m-%dT%H:%M:%S%z} {text}\n")
