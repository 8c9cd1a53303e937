"""What the API does for the database beside the requests: a copy each hour, a trial of one each day, checks.

In a thread, so that no runner waits for it. Damage closes intake until a person ends that (reliability.md D4, D7, D12).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from nightrun.flows.api_desk import Desk
from nightrun.hands.store import backup, notes, pauses
from nightrun.hands.store.database import Database
from nightrun.hands.store.refusals import StoreAway
from nightrun.words.errors import NightrunError

HOUR_S, DAY_S = 3_600.0, 86_400.0
SETTLED_S = 40.0  # an API that runs for one question only makes no copies
AGAIN_S = 600.0  # after something that could not be done
BY = "disk"
CHECKED, COPIED, TRIED = "checked_boot", "copied_at", "tried_at"  # notes in the store

log = logging.getLogger("nightrun.api")


def opened(database: Path, copies: Path) -> Database:
    """What cannot be opened at all is said with the way back."""
    try:
        return Database(database)
    except StoreAway as error:
        if "damaged" in error.message:
            error.hint = f"{how_to_restore(database, copies)}."
        raise


class Care:
    """`look` now and then; one look at a time."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._not_before = 0.0
        self._looking: asyncio.Task[None] | None = None

    def begin(self) -> None:
        if self._looking is None or self._looking.done():
            self._looking = asyncio.ensure_future(self.look())

    async def look(self) -> None:
        """Do all that is due."""
        desk = self._desk
        try:
            if desk.now() < self._not_before:
                return
            if notes.read(desk.db, CHECKED) != desk.boot_id or desk.db.is_suspect:
                await self._check()
            if desk.now() - desk.started_at > SETTLED_S:
                await self._copy()
                await self._try()
        except (NightrunError, OSError) as error:
            log.error("%s", error)
            self._not_before = desk.now() + AGAIN_S

    async def _check(self) -> None:
        desk = self._desk
        desk.db.is_suspect = False
        found = await asyncio.to_thread(backup.problems, desk.state.db)
        if found:
            self._close(f"the database is damaged ({found[0][:200]})")
            return
        with desk.db.write():
            notes.write(desk.db, CHECKED, desk.boot_id)

    async def _copy(self) -> None:
        desk, now = self._desk, self._desk.now()
        last = notes.read(desk.db, COPIED) or 0.0
        if now - last < HOUR_S or _changed_at(desk.state.db) <= last:
            return
        stamp = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
        await asyncio.to_thread(backup.make, desk.state.db, desk.state.backups, stamp)
        with desk.db.write():
            notes.write(desk.db, COPIED, _changed_at(desk.state.db) + 1.0)

    async def _try(self) -> None:
        desk, now = self._desk, self._desk.now()
        copies = backup.kept(desk.state.backups)
        if not copies or now - (notes.read(desk.db, TRIED) or 0.0) < DAY_S:
            return
        found = await asyncio.to_thread(backup.tried, copies[-1])
        if found:
            log.error("the copy %s cannot be used: %s", copies[-1], found[0])
            copies[-1].unlink(missing_ok=True)
        with desk.db.write():
            notes.write(desk.db, TRIED, now)

    def _close(self, what: str) -> None:
        desk = self._desk
        reason = f"{what}; {how_to_restore(desk.state.db, desk.state.backups)}"
        log.error("%s", reason)
        pauses.put(desk.db, scope=pauses.INTAKE, by=BY, reason=reason, until=None, now=desk.now())


def how_to_restore(database: Path, folder: Path) -> str:
    """What a person does, in words; the damaged file is kept."""
    copies = backup.kept(folder)
    if not copies:
        return "there is no copy of it; `make stop`, move the file away, and the history begins anew"
    return (
        f"its newest copy is {copies[-1].name}: `make stop`, then in {database.parent} "
        f"`mv {database.name} damaged.db; rm -f {database.name}-*; cp backups/{copies[-1].name} {database.name}`"
    )


def _changed_at(database: Path) -> float:
    """When anything was last written, also to the log beside it. Looked at from outside only (D4)."""
    return max(_times(database), default=0.0)


def _times(database: Path) -> Iterator[float]:
    for path in (database, database.with_name(f"{database.name}-wal")):
        if path.exists():
            yield path.stat().st_mtime
