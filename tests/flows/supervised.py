"""A supervisor with fake parts, run as a program by its tests: times are short, everything else is the real thing."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from nightrun.decisions import restart
from nightrun.flows import supervisor, supervisor_part
from nightrun.flows.supervisor import Pace, Plan
from nightrun.hands import environment
from nightrun.words.errors import NightrunError

FAKE = Path(__file__).with_name("fake_part.py")


def argv_for(root: Path, name: str) -> list[str]:
    if name in OPTIONS.get("missing", ()):
        return ["/nowhere/python"]
    if name in OPTIONS.get("real", ()):
        return supervisor.part_argv(root, name)
    return [sys.executable, "-I", str(FAKE), str(root), name]


def main(root: Path) -> int:
    restart.FIRST_DELAY_S, restart.LONGEST_DELAY_S = 0.02, 0.1
    supervisor_part.ABORT_S = 2.0
    pace = {
        "tick": 0.02,
        "ask": 0.3,
        "probe_timeout": 0.3,
        "hung_looks": 0.1,
        "story": 0.1,
        "settle": 0.1,
    }
    plan = {"settings": environment.read(root), "runners": 1, **OPTIONS.get("plan", {})}
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
