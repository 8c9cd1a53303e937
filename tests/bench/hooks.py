"""Rows of the hooks: run as git runs them, against a script that only exits."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from nightrun.decisions.hook_text import HookValues
from nightrun.hands import hooks
from tests.bench import turns
from tests.bench.row import Bench, Family, Measured, Result, Row
from tests.hooks import test_pre_push as pushing
from tests.hooks.push_cases import ORDINARY

SIZES = {1_000: "1k", 100_000: "100k"}
MESSAGE = "[pipeline] impl 0042: tighten retry loop\n\nthe whole direction\n\nPipeline-Task: 0042\n"
EXIT_0 = "#!/bin/sh\nexit 0\n"
ZERO = "0" * 40
FLOOR = "a `sh` script that exits 0"


def _rows() -> tuple[Row, ...]:
    hook_rows = [
        Row(name=f"{hook}-{size}", what=f"{hook} hook, one run, {size} files", floor=FLOOR, goal=1.5)
        for hook in ("commit-msg", "pre-push")
        for size in SIZES.values()
    ]
    shapes = f"{len(ORDINARY)} shapes of pushes"
    return (*hook_rows, Row(name="push-shapes", what="pushes that slip through", floor=shapes, goal=0, unit="pushes"))


def measure(bench: Bench, wanted: frozenset[str]) -> Measured:
    found: dict[str, Result] = {}
    for files, size in SIZES.items():
        if {f"commit-msg-{size}", f"pre-push-{size}"} & wanted:
            found |= _hooks(bench, bench.repository(files), size)
    if "push-shapes" in wanted:
        found["push-shapes"] = _push_shapes(bench)
    return found


def _hooks(bench: Bench, repo: Path, size: str) -> Mapping[str, Result]:
    folder = repo / ".git/hooks"
    message, exits = repo / ".git/COMMIT_EDITMSG", folder / "exit-0"
    message.write_text(MESSAGE)
    exits.write_text(EXIT_0)
    exits.chmod(0o755)
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=repo, capture_output=True, text=True, check=True).stdout
    pushed = f"refs/heads/main {head.strip()} refs/heads/main {ZERO}\n".encode()
    env = {"PATH": "/usr/bin:/bin", "PIPELINE_AUTO_PUSH": "1"}

    def commit_msg(script: Path) -> turns.Way:
        return lambda: turns.of_process([script, message], cwd=repo, env=env)

    def pre_push(script: Path) -> turns.Way:
        return lambda: turns.of_process([script, "origin", "../r.git"], cwd=repo, env=env, stdin=pushed)

    ways = {
        "commit-msg": commit_msg(folder / "commit-msg"),
        "commit-msg floor": commit_msg(exits),
        "pre-push": pre_push(folder / "pre-push"),
        "pre-push floor": pre_push(exits),
    }
    taken = turns.take(ways, bench.rounds(300, 100), warm_up=10)
    return {f"{hook}-{size}": _result(taken, hook) for hook in ("commit-msg", "pre-push")}


def _result(taken: turns.Turns, hook: str) -> Result:
    mine, floor = (1000 * turns.median(taken, name, "cpu") for name in (hook, f"{hook} floor"))
    wall = turns.ratio(taken, hook, f"{hook} floor", "wall")
    detail = f"CPU, accepting: {mine:.2f} ms to {floor:.2f} ms; wall {wall:.2f} x; {len(taken[hook])} rounds"
    return Result(turns.ratio(taken, hook, f"{hook} floor", "cpu"), detail)


def _push_shapes(bench: Bench) -> Result:
    """Each from a fresh clone to a fresh bare remote, which must not have changed."""
    template = bench.new("push").parent
    done = pushing.sh(template, "set -e\n" + pushing.FRESH)
    assert done.returncode == 0, done.stderr
    hooks.install(template / "w", HookValues())
    through = []
    for case in ORDINARY:
        place = bench.new(f"push-{case.number}")
        shutil.copytree(template, place, symlinks=True)
        changed, _ = pushing.attempt(place, case)
        through += [case.name] if changed else []
    return Result(len(through), f"real pushes to a bare remote; through: {', '.join(through) or 'none'}")


FAMILY = Family(_rows(), measure)
