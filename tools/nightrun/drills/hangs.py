"""It does not end: it says nothing, or goes on whatever it is asked."""

from __future__ import annotations

from nightrun.drills import found
from nightrun.drills.found import Drill, Finding, Seen

STUBBORN = """
trap '' TERM INT HUP QUIT
echo begin >nightrun-drill-stubborn.txt
while :; do echo working; sleep 0.2; done
"""


def judge_silent(seen: Seen) -> Finding:
    return found.both(found.failed(seen, "silent"), found.ended(seen), f"{seen.alive} of its processes live on")


def judge_stubborn(seen: Seen) -> Finding:
    return found.both(found.failed(seen, "timeout"), found.ended(seen), f"{seen.alive} of its processes live on")


DRILLS = (
    Drill(
        name="hangs",
        does="says nothing and never ends",
        should="is ended for its silence, and fails",
        kind=found.QUIET,
        script='echo x >nightrun-drill-hangs.txt; sleep "600.$TAG"',
        judge=judge_silent,
    ),
    Drill(
        name="hangs-stubborn",
        does="never ends, and ignores being asked to",
        should="is killed after its time and ten seconds of grace, and fails",
        kind=found.BRIEF,
        script=STUBBORN,
        judge=judge_stubborn,
    ),
)
