"""The policy that a drill runs with, and its table: attempt, what should happen, what happened, caught or not; pure."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nightrun.decisions.lines import count, safe
from nightrun.drills import found
from nightrun.drills.found import Drill, Finding

CAUGHT = "caught"
NOT_CAUGHT = "NOT CAUGHT"
NOT_STOPPABLE = "not stoppable here"
FINE = "fine"  # of the one that does no harm

RUNNERS = 3  # at most
BRIEF_S = 2
QUIET_S = 1
TIMEOUT_S = 60
MOST_CHARS = 600  # of what happened: an error may be long


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table."""

    name: str
    does: str
    should: str
    happened: str
    verdict: str
    seconds: float = 0.0
    rule: str = ""  # what would stop it, when nothing here can

    @property
    def is_good(self) -> bool:
        return self.verdict != NOT_CAUGHT


def row(drill: Drill, finding: Finding, seconds: float, *, sandboxed: bool, late: bool = False) -> Row:
    """`sandboxed`: the agents ran in a sandbox, which has to stop what nothing else can. `late`: it is not over yet."""
    verdict = NOT_CAUGHT
    if finding.caught:
        verdict = FINE if drill.name == "works" else CAUGHT
    elif drill.rule and not sandboxed and not late:
        verdict = NOT_STOPPABLE
    return Row(
        name=drill.name,
        does=drill.does,
        should=drill.should,
        happened=safe(finding.happened, MOST_CHARS),
        verdict=verdict,
        seconds=seconds,
        rule=drill.rule if verdict == NOT_STOPPABLE else "",
    )


def exit_code(rows: Iterable[Row], untouched: bool) -> int:
    return 0 if untouched and all(one.is_good for one in rows) else 1


# -- the policy


def policy(
    own: Mapping[str, Any],
    drills: Sequence[Drill],
    *,
    env: Mapping[str, Mapping[str, str]],
    gate: Sequence[Any],
    reach: Mapping[str, Any],
    sandbox: str | None = None,
) -> dict[str, Any]:
    """What is chosen: the person's own guards, and for the rest what a drill needs.

    `own` is their policy as it was written; `env` the variables of each drill's agent; `gate` checks the drills that
    are to meet a gate; `reach` is what their agents need of the machine in a sandbox, as in `workspace`; `sandbox` is
    the mode that was asked for, which wins.
    """
    common = {"agent": "script", "commit": True, "verdict": False, "no_change": "refused", "silence": None}
    types: dict[str, Any] = {
        found.PLAIN: {**common, "gate": [["true"]], "timeout": TIMEOUT_S},
        found.BRIEF: {**common, "gate": [["true"]], "timeout": BRIEF_S},
        found.QUIET: {**common, "gate": [["true"]], "timeout": TIMEOUT_S, "silence": QUIET_S},
        found.GATED: {**common, "gate": list(gate), "timeout": 2 * TIMEOUT_S},
        "heal": {"agent": "script"},
    }
    limits = own.get("limits") or {}
    return {
        "version": 1,
        "project": {"isolation": "worktree", "runners": max(1, min(RUNNERS, sum(not one.alone for one in drills)))},
        "task_types": types,
        "workspace": {
            "sandbox": sandbox or (own.get("workspace") or {}).get("sandbox", "auto"),
            **reach,
        },
        "agents": {one.name: {"command": _command(one, env[one.name]), "env": dict(env[one.name])} for one in drills},
        "commit": {**(own.get("commit") or {}), "sign": "never"},
        "push": {key: value for key, value in (own.get("push") or {}).items() if key != "remote"},
        "scan": dict(own.get("scan") or {}),
        "limits": {
            "attempts": 1,
            "backoff": ["100ms"],
            "disk_floor": 0,
            "disk_share": 0,
            **{key: limits[key] for key in ("task_log", "part_log") if key in limits},
        },
        "monitor": {"interval": "1s"},
        "heal": {"per_day": 0},
        "backlog": {"files": [], "meta": None},
    }


def _command(drill: Drill, env: Mapping[str, str]) -> list[str]:
    """The tag is in the command line, so that what is left of it can be found."""
    return ["sh", "-c", drill.script, f"drill-{env.get('TAG', '')}"]


# -- the table


def table(rows: Sequence[Row], width: int | None) -> Iterator[str]:
    """For a terminal: each attempt in a few lines, the verdict first."""
    for one in rows:
        yield f"{one.verdict:<18} {one.name}  ({one.seconds:.1f} s)"
        for name, text in (("does", one.does), ("should", one.should), ("did", one.happened), ("rule", one.rule)):
            if text:
                yield from _wrapped(f"{name + ':':<8}{text}", width)


def _wrapped(text: str, width: int | None) -> list[str]:
    if width is None:
        return [f"    {text}"]
    return textwrap.wrap(text, width, initial_indent="    ", subsequent_indent=" " * 12, break_long_words=False)


def markdown(rows: Iterable[Row]) -> Iterator[str]:
    """The same for docs/drill.md."""
    yield "| attempt | what it does | should | happened | |"
    yield "|---|---|---|---|---|"
    for one in rows:
        happened = f"{one.happened}. Would stop it: {one.rule}" if one.rule else one.happened
        cells = (f"`{one.name}`", one.does, one.should, happened, one.verdict)
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def summary(rows: Sequence[Row]) -> list[str]:
    """How many were caught, and the names of the others."""
    of = {name: [one for one in rows if one.verdict == name] for name in (CAUGHT, NOT_STOPPABLE, NOT_CAUGHT)}
    tried = len(rows) - sum(one.verdict == FINE for one in rows)
    lines = [f"{len(of[CAUGHT])} of {count(tried, 'attempt')} caught."]
    if of[NOT_STOPPABLE]:
        lines.append(f"Not stoppable here: {', '.join(one.name for one in of[NOT_STOPPABLE])}.")
        lines += [f"  what would stop it: {rule}" for rule in dict.fromkeys(one.rule for one in of[NOT_STOPPABLE])]
    if of[NOT_CAUGHT]:
        lines.append(f"NOT CAUGHT: {', '.join(one.name for one in of[NOT_CAUGHT])}.")
    return lines
