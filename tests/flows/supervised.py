"""A supervisor with fake parts, run as a program by its tests: times are short, everything else is the real thing."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nightrun.conditions import monitor_stale
from nightrun.decisions import restart
from nightrun.flows import supervisor, supervisor_part
from nightrun.flows.supervisor import Pace, Plan
from nightrun.hands import build, environment
from nightrun.words.errors import NightrunError

FAKE = Path(__file__).with_name("fake_part.py")


def argv_for(root: Path, name: str) -> list[str]:
    if name in OPTIONS.get("missing", ()):
        return ["/nowhere/python"]
    if name in OPTIONS.get("real", ()):
        return supervisor.part_argv(root, name)
    return [sys.executable, "-I", str(FAKE), str(root), name]


def installed(package: Path, hash_of: Callable[[Path], str] = build.build_id) -> str:
    return hash_of(package)


def main(root: Path) -> int:
    restart.FIRST_DELAY_S, restart.LONGEST_DELAY_S = 0.02, 0.1
    supervisor_part.ABORT_S = 2.0
    restart.DRAIN_S = OPTIONS.get("drain", restart.DRAIN_S)
    if "installed" in OPTIONS:
        build.build_id = lambda: installed(Path(OPTIONS["installed"]))  # type: ignore[misc, assignment]
    pace = {
        "tick": 0.02,
        "ask": 0.3,
        "probe_timeout": 0.3,
        "hung_looks": 0.1,
        "story": 0.1,
        "settle": 0.1,
    }
    plan: dict[str, Any] = {"settings": environment.read(root), "runners": 1, **OPTIONS.get("plan", {})}
    if "monitor_stale" in plan:
        plan["monitor_stale"] = monitor_stale.Settings(**plan["monitor_stale"])
    made = Pace(**{**pace, **OPTIONS.get("pace", {})})
    return supervisor.run(
        root, lambda: Plan(**plan), say=lambda text: print(text, flush=True), argv_for=argv_for, pace=made
    )


if __name__ == "__main__":
    OPTIONS = json.loads(sys.argv[2])
    try:
        sys.exit(main(Path(sys.argv[1])))
    except NightrunError as error:
        print(error.message, flush=True)
        sys.exit(error.exit_code)
