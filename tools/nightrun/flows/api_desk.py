"""What all rooms of the API share: the one database connection, the bell for waiting runners, who we are."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import JSONResponse

from nightrun.hands import clock
from nightrun.hands.state_dir import StateDir
from nightrun.hands.store.database import Database
from nightrun.hands.store.ended import Lately


class Bell:
    """Wakes every runner that waits for work. Used on one event loop only."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def ring(self) -> None:
        self._event.set()
        self._event = asyncio.Event()

    async def heard(self, within_s: float) -> bool:
        """Wait for the next ring; False when there was none in this time."""
        try:
            await asyncio.wait_for(self._event.wait(), within_s)
        except TimeoutError:
            return False
        return True


@dataclass
class Desk:
    state: StateDir
    db: Database
    version: str
    build_id: str
    boot_id: str
    started_at: float
    now: Callable[[], float] = clock.now
    steady: Callable[[], float] = clock.monotonic
    bell: Bell = field(default_factory=Bell)
    closing: bool = False
    ended: Lately = field(default_factory=Lately)


async def _desk_of(request: Request) -> Desk:
    found: Desk = request.app.state.desk
    return found


AtDesk = Annotated[Desk, Depends(_desk_of)]


class Answer(JSONResponse):
    """JSON that was checked when it was stored: it is not validated a second time on its way out."""

    def __init__(self, content: Any, status_code: int = 200, headers: dict[str, str] | None = None) -> None:
        super().__init__(content, status_code, headers)
