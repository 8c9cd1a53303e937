"""The API process: the only one that opens the database. Start, upkeep and ordered stop."""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nightrun
from nightrun.decisions import rounds
from nightrun.decisions.rounds import Rounds
from nightrun.flows import api_app, api_care, api_server
from nightrun.flows.api_desk import Desk
from nightrun.flows.api_security import Guard
from nightrun.hands import ballast, build, clock, files, lock, secret
from nightrun.hands.heartbeat import Heart
from nightrun.hands.state_dir import StateDir
from nightrun.hands.store import claims, notes, pauses, sums
from nightrun.hands.store.database import Row
from nightrun.words.errors import NightrunError, TryLater, WrongUse

SWEEP_S = 30.0  # between two looks for expired leases (reliability.md D8)
HEARTBEAT_S = 15.0
FORGET_S = 3_600.0
BALLAST_S = 600.0
LOOPBACK = "127.0.0.1"

log = logging.getLogger("nightrun.api")


def serve(root: Path, port: int | None = None, host: str = LOOPBACK) -> int:
    """Serve until a stop signal; the exit code. What is wrong at the start is said in words on stderr."""
    _log_to_stderr()
    try:
        return _serve(root, _wanted_port(port), host)
    except NightrunError as error:
        log.error("%s%s", error.message, f" {error.hint}" if error.hint else "")
        return error.exit_code


def _serve(root: Path, port: int, host: str) -> int:
    if os.environ.get("PIPELINE_DATABASE_URL"):
        raise WrongUse("PIPELINE_DATABASE_URL is set, but this version keeps its state in .pipeline/pipeline.db only.")
    state = StateDir(root).create()
    held = lock.hold(state.lock("api"))
    if held is None:
        raise TryLater(f"The API of {root} is running already.", f"Its process is named in {state.lock('api')}.")
    try:
        token = secret.load(state.token)
        desk = _desk(state)
        try:
            return _run(desk, token, host, port)
        finally:
            desk.db.close()
    finally:
        held.release()


def _desk(state: StateDir) -> Desk:
    desk = Desk(
        state=state,
        db=api_care.opened(state.db, state.backups),
        version=nightrun.__version__,
        build_id=build.build_id(),
        boot_id=clock.boot_id(),
        started_at=clock.now(),
    )
    take_over(desk)
    return desk


def _run(desk: Desk, token: str, host: str, port: int) -> int:
    bound = _listen(desk, host, port)
    number = bound.getsockname()[1]
    guarded = Guard(api_app.create(desk), token=token, hosts=_hosts(host, number))
    server = api_server.Server(
        guarded,
        on_ready=lambda: _ready(desk, host, number),
        on_stop=lambda: _stopping(desk),
        upkeep=lambda server: _upkeep(desk, server),
    )
    asyncio.run(server.serve(sockets=[bound]))
    _forget_address(desk)
    _last_sweep(desk)
    if server.failure:
        raise NightrunError(server.failure)
    log.info("stopped")
    return 0


# -- address


def _wanted_port(port: int | None) -> int:
    """0 means any free one."""
    text = os.environ.get("PIPELINE_API_PORT", "") if port is None else str(port)
    if not text:
        return 0
    if not text.isdecimal() or int(text) > 65_535:
        raise WrongUse(f"PIPELINE_API_PORT is not a port number: {text!r}.")
    return int(text)


def _listen(desk: Desk, host: str, port: int) -> Any:
    """The port of the last start is taken again when it is free, so that clients need not look for a new one."""
    last = notes.read(desk.db, "port")
    if port == 0 and isinstance(last, int):
        try:
            return api_server.listen(host, last)
        except TryLater:
            log.info("port %d of the last start is taken; choosing another", last)
    return api_server.listen(host, port)


def _hosts(host: str, port: int) -> set[str]:
    names = {host, "127.0.0.1", "localhost", "[::1]"}
    return {f"{name}:{port}" for name in names}


def _ready(desk: Desk, host: str, port: int) -> None:
    with desk.db.write():
        notes.write(desk.db, "port", port)
    pid, start = clock.my_identity()
    url = f"http://{host}:{port}"
    said = {
        "url": url,
        "pid": pid,
        "start_time": start,
        "build_id": desk.build_id,
        "started_at": desk.started_at,
    }
    files.write_json(desk.state.api_json, said)
    log.info("ready at %s, version %s, build %s", url, desk.version, desk.build_id)


def _forget_address(desk: Desk) -> None:
    desk.state.api_json.unlink(missing_ok=True)


# -- upkeep


def take_over(desk: Desk) -> None:
    """What an end of the API left: runners that still live keep their tasks, those of dead ones go back."""
    earlier = (notes.read(desk.db, "clock") or {}).get("boot_id")
    _follow_clock(desk)

    def gone(row: Row) -> bool:
        return _is_gone(desk, row) or (row["runner_boot_id"] == earlier != desk.boot_id and earlier is not None)

    def alive(row: Row) -> bool:
        return row["runner_boot_id"] is not None and not gone(row)

    claims.renew(desk.db, alive, now=desk.now())
    _say_reclaimed(claims.reclaim(desk.db, gone, now=desk.now()))


def sweep(desk: Desk) -> None:
    """Put back what nobody works on any more, and let waiting runners look again."""
    _follow_clock(desk)
    taken = claims.reclaim(desk.db, lambda row: _is_gone(desk, row), now=desk.now())
    _say_reclaimed(taken)
    pauses.forget_ended(desk.db, now=desk.now())
    desk.db.shrink_log()
    if taken:
        desk.bell.ring()


def _last_sweep(desk: Desk) -> None:
    """In an ordered stop the runners have ended before: nothing is left running in the store."""
    try:
        if desk.db.is_there():
            sweep(desk)
    except Exception:  # an ordered end goes on; the next start looks for them too
        log.exception("the last upkeep failed")


async def _upkeep(desk: Desk, server: api_server.Server) -> None:
    heart, care, going = Heart(desk.state.heartbeat("api")), api_care.Care(desk), Rounds()
    for number in itertools.count():
        if not desk.db.is_there():
            server.stop(f"The database {desk.state.db} was deleted or replaced while the API had it open.")
            return
        heart.beat()
        going = going.after(well=_one_round(desk, number), now=clock.monotonic())
        if going.are_hopeless(clock.monotonic()):
            server.stop(f"In its upkeep {rounds.said()}.")
            return
        care.begin()
        await asyncio.sleep(HEARTBEAT_S)


def _one_round(desk: Desk, number: int) -> bool:
    """Whether it went well. One that fails is logged and tried again in the next: the API goes on answering.

    A database that cannot be used now is no fault of this process, and shown by its health (reliability.md S3).
    """
    try:
        if number % round(SWEEP_S / HEARTBEAT_S) == 0:
            sweep(desk)
        if number % round(FORGET_S / HEARTBEAT_S) == 0:
            sums.forget_old(desk.db, now=desk.now())
        if number % round(BALLAST_S / HEARTBEAT_S) == 1:
            ballast.keep(desk.state.path)
    except (NightrunError, OSError) as error:
        log.error("upkeep failed: %s", error)
    except Exception:
        log.exception("upkeep failed")
        return False
    return True


def _stopping(desk: Desk) -> None:
    """Waiting runners are answered at once."""
    log.info("stopping")
    desk.closing = True
    desk.bell.ring()


def _follow_clock(desk: Desk) -> None:
    jump = claims.follow_clock(desk.db, wall=desk.now(), steady=desk.steady(), boot_id=desk.boot_id)
    if jump:
        log.warning("the clock moved by %.0f s, or the machine slept; leases were moved along", jump)


def _is_gone(desk: Desk, row: Row) -> bool:
    """Only where its pid means something: on this machine, in this boot. A result it left still counts."""
    if (desk.state.outbox / f"{row['id']}.{row['attempt']}.json").exists():
        return False
    if row["runner_boot_id"] != desk.boot_id or row["runner_pid"] is None or row["runner_start_time"] is None:
        return False
    return not clock.is_same_process(row["runner_pid"], row["runner_start_time"])


def _say_reclaimed(task_ids: list[str]) -> None:
    for task_id in task_ids:
        log.warning("task %s was put back: its runner is gone", task_id)


class _Utc(logging.Formatter):
    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="seconds")


def _log_to_stderr() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Utc("%(asctime)s api %(levelname)s %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
