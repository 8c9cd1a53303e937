"""What pages and reports are made of: asked of the API, and of the files of the state folder when it is away."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from nightrun.hands import clock, environment, left_work, own_api, programs, state_file, top_folder
from nightrun.hands.client import ApiAway, Client
from nightrun.hands.state_dir import StateDir
from nightrun.policy import adoption
from nightrun.words import task as words
from nightrun.words.errors import NightrunError

Facts = dict[str, Any]

NAME = "nightrun"
PAGE = 100  # tasks in one answer of the API
MOST_PAGES = 50
LONGEST_WAY_S = 7 * 86_400.0  # from adding a task to its end, for a report of one night
PENDING_SHOWN = 20
QUICK_S = 3.0


def now(root: Path, *, start: bool = False) -> Facts:
    """How it stands: `snapshot` is None when nobody answers, and `api_problem` says why.

    `start`: where no run is up the API is started for this question, so that pauses and decisions are seen.
    """
    facts: Facts = {"root": str(root), "now": clock.now(), "snapshot": None, "api_problem": None, **_files(root)}
    try:
        facts |= _told(Client.for_repo(root, timeout_s=QUICK_S))
    except ApiAway as error:
        facts["api_problem"] = error.message
    if start and facts["snapshot"] is None and not facts["run"] and StateDir(root).db.exists():
        with suppress(NightrunError), own_api.answering(root, lambda: None) as client:
            facts |= {**_told(client), "api_problem": None, "alone": True, "now": clock.now()}
    return facts


def _told(client: Client) -> Facts:
    return {"snapshot": client.snapshot(), "effectiveness": client.effectiveness()}


def span(root: Path, since: float) -> Facts:
    """What happened from `since` until now. Starts the API for the question when none runs."""
    with answering(root) as client:
        until = clock.now()
        ended, cut = _ended(client, since)
        pending, _ = client.tasks(status=words.PENDING, limit=PENDING_SHOWN, order="oldest")
        facts = {"root": str(root), "since": since, "until": until, "snapshot": client.snapshot(), "cut": cut}
        facts["fatal"] = state_file.read_object(StateDir(root).fatal_issues) or None
        facts |= {"effectiveness": client.effectiveness(), "suggested": client.issues().get("suggested")}
        facts |= {"make": make_of(root), "program": program()}
        return {**facts, "ended": ended, "pending": [asdict(one) for one in pending], "settings": _settings(root, {})}


@contextmanager
def answering(root: Path) -> Iterator[Client]:
    """A client of the API that runs, or of one that runs as long as this."""
    with own_api.answering(root, lambda: _check_that_it_ran(root)) as client:
        yield client


def running(root: Path) -> Facts:
    """What run.json says of the run that is up; empty when none is."""
    found = state_file.read_object(StateDir(root).run_json)
    return found if _is_alive(found) else {}


def _check_that_it_ran(root: Path) -> None:
    if not StateDir(root).db.exists():
        raise NightrunError("Nothing has run here yet.", "Start with `make autonomous`, or look at `make demo`.")


def _ended(client: Client, since: float) -> tuple[list[Facts], int | None]:
    """Tasks that became terminal since then, in the order they ended; and how many were looked at if not all."""
    found: list[Facts] = []
    for page in range(MOST_PAGES):
        tasks, total = client.tasks(limit=PAGE, offset=page * PAGE)
        found += [asdict(one) for one in tasks if (one.finished_at or 0.0) >= since and one.status in words.TERMINAL]
        if (page + 1) * PAGE >= total or not tasks or tasks[-1].created_at < since - LONGEST_WAY_S:
            return sorted(found, key=_end), None
    return sorted(found, key=_end), MOST_PAGES * PAGE


def _end(task: Facts) -> float:
    return float(task["finished_at"])


# -- files


def _files(root: Path) -> Facts:
    state = StateDir(root)
    run = running(root)
    return {
        "run": run or None,
        "fatal": state_file.read_object(state.fatal_issues) or None,
        "heartbeats": _heartbeats(state),
        "last_issues": state_file.read_object(state.monitor_issues),
        "outbox": len(list(state.outbox.glob("*.json"))),
        "left": left_work.found(root) if state.path.is_dir() else [],
        "settings": _settings(root, run),
        "make": make_of(root),
        "program": program(),
    }


def make_of(root: Path) -> str | None:
    """How make has to be called here; None: plain `make` does."""
    return adoption.make_of(top_folder.makefile(root)) if (root / adoption.MAKE).is_file() else None


def program() -> str | None:
    """How nightrun has to be called here; None: its name does."""
    if programs.find(NAME):
        return None
    beside = Path(sys.executable).with_name(NAME)
    return shlex.quote(str(beside)) if beside.exists() else f"{shlex.quote(sys.executable)} -m {NAME}"


def _is_alive(run: Facts) -> bool:
    try:
        return clock.is_same_process(int(run["pid"]), float(run["start_time"]))
    except (KeyError, TypeError, ValueError):
        return False


def _heartbeats(state: StateDir) -> dict[str, float]:
    found = {one.stem: state_file.read_object(one).get("at") for one in state.heartbeats.glob("*.json")}
    return {name: float(at) for name, at in found.items() if isinstance(at, (int, float))}


def _settings(root: Path, run: Facts) -> list[str]:
    """Those of the run, else what counts for one that is started here."""
    told = run.get("settings")
    return list(told) if isinstance(told, list) else environment.said(environment.read(root))
