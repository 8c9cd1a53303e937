"""`restart_requested.json`: taken once, by renaming it, whatever is in it (reliability.md S8)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from nightrun.decisions import restart
from nightrun.decisions.restart import Request
from nightrun.hands import clock, files

TAKEN = ".taken"
REFUSED = ".refused"


@dataclass
class Requests:
    path: Path
    say: Callable[[str], None]
    done: list[Request] = field(default_factory=list)

    def take(self) -> Request | None:
        """The request to carry out now. One that is garbage, old or too much is put aside and said."""
        taken = self._rename(self.path, TAKEN)
        if taken is None:
            return None
        found = restart.read_request(files.read_json(taken), clock.now())
        if isinstance(found, str):
            self._rename(taken, REFUSED)
            self.say(f"{self.path.name} is not followed: {found}")
            return None
        if restart.too_many(self.done, found.target, clock.now()):
            self.say(
                f"{found.target} was restarted {restart.MOST_REQUESTS} times in an hour; not again: {found.reason}"
            )
            return None
        self.done = [one for one in self.done if clock.now() - one.at < restart.HOUR]
        return found

    def was_done(self, request: Request) -> bool:
        """Count it; whether it was the last one that is allowed in this hour."""
        self.done.append(Request(request.reason, request.target, clock.now()))
        return restart.too_many(self.done, request.target, clock.now())

    def forget(self) -> None:
        """At a start everything is new: what was asked for before is done by that."""
        if self._rename(self.path, TAKEN) is not None:
            self.say(f"an earlier {self.path.name} is done by this start")

    def _rename(self, path: Path, suffix: str) -> Path | None:
        new = self.path.with_name(self.path.name + suffix)
        try:
            path.replace(new)
        except FileNotFoundError:
            return None
        except OSError as error:
            self.say(f"{path.name} cannot be taken: {error.strerror}")
            return None
        return new
