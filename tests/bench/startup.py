"""Rows of a new process: what `nightrun` costs before it does anything, and for one commit."""

from __future__ import annotations

import sys

from nightrun.decisions.hook_text import HookValues
from nightrun.hands import hooks
from tests import story
from tests.bench import turns
from tests.bench.row import Bench, Family, Measured, Result, Row

NIGHTRUN = [sys.executable, "-P", "-m", "nightrun"]
COMMIT = [*NIGHTRUN, "commit-progress", "--task-id", "0042", "--task-type", "impl", "--message", "tighten retry loop"]
FLOOR = "`python3 -I -c pass`"
ROWS = (
    Row(name="help", what="`--help` of nightrun, a new process", floor=FLOOR, goal=80, unit="ms CPU more"),
    Row(
        name="commit-progress",
        what="`nightrun commit-progress`, a new process that commits one changed file, git included",
        floor=FLOOR,
        goal=80,
        unit="ms CPU more",
    ),
)


def measure(bench: Bench, wanted: frozenset[str]) -> Measured:
    repo = story.new_repository(bench.new("startup"))
    hooks.install(repo, HookValues())

    def commit() -> turns.Cost:
        with (repo / "README.md").open("a") as file:
            file.write("one line more\n")
        return turns.of_process(COMMIT, cwd=repo)

    ways = {
        "help": lambda: turns.of_process([*NIGHTRUN, "--help"], cwd=repo),
        "commit-progress": commit,
        "floor": lambda: turns.of_process([sys.executable, "-I", "-c", "pass"], cwd=repo),
    }
    taken = turns.take({name: ways[name] for name in (*wanted, "floor")}, bench.rounds(25, 11))
    return {name: _result(taken, name) for name in wanted}


def _result(taken: turns.Turns, name: str) -> Result:
    mine, floor = (1000 * turns.median(taken, one, "cpu") for one in (name, "floor"))
    detail = f"CPU: {mine:.0f} ms to {floor:.0f} ms; wall {turns.median(taken, name, 'wall') * 1000:.0f} ms"
    return Result(1000 * turns.difference(taken, name, "floor", "cpu"), f"{detail}; {len(taken[name])} rounds")


FAMILY = Family(ROWS, measure)
