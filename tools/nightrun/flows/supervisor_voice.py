"""What the supervisor says: to the person at the terminal, and to its log."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from nightrun.decisions import lines
from nightrun.hands import clock

LONGEST = 1000


@dataclass(frozen=True)
class Voice:
    out: Callable[[str], None]
    log: Path

    def __call__(self, text: str) -> None:
        """Neither a closed terminal nor a full disk stops the supervisor, nor does what an agent printed."""
        now, said = datetime.fromtimestamp(clock.now()).astimezone(), lines.safe(text, LONGEST)
        with suppress(OSError):
            self._tell(f"{now:%H:%M:%S} {said}")
        with suppress(OSError), self.log.open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"{now:%Y-%m-%dT%H:%M:%S%z} {said}\n")

    def _tell(self, text: str) -> None:
        try:
            self.out(text)
        except UnicodeError:  # a terminal of another encoding
            self.out(text.encode("ascii", "backslashreplace").decode())
