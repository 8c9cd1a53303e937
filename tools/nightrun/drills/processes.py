"""It leaves processes behind, or turns on the one that started it."""

from __future__ import annotations

from nightrun.drills import found
from nightrun.drills.found import Drill, Finding, Seen

# TAG is a number of its own, by which the drill finds these processes whatever they do with their environment.
FORKS = """
n=0
while [ $n -lt 40 ]; do sleep "600.$TAG" >/dev/null 2>&1 & n=$((n + 1)); done
sleep 3
echo x >nightrun-drill-forks.txt
"""
DAEMON = """
s=$(command -v setsid || true)
(env -i PATH="$PATH" $s sleep "600.$TAG" </dev/null >/dev/null 2>&1 &)
sleep 3
echo x >nightrun-drill-daemon.txt
"""
KILLS = """
if [ "$PIPELINE_ATTEMPT" = 1 ]; then kill -9 "$PPID"; sleep 5; fi
echo x >nightrun-drill-survived.txt
"""


def judge_left(seen: Seen) -> Finding:
    if not seen.met:
        return Finding(False, "none of its processes was ever seen, so nothing is shown")
    finding = found.landed(seen, f"{seen.met} processes seen, all ended with it")
    return found.both(finding, found.ended(seen), f"{seen.alive} of its processes live on")


def judge_kills(seen: Seen) -> Finding:
    if seen.task.attempt > 1 and seen.restarts:
        return found.landed(seen, "by attempt 2: the runner was killed and is there again")
    return found.landed(seen, "by attempt 1: the runner was out of its reach")


DRILLS = (
    Drill(
        name="forks",
        does="leaves forty processes in the background",
        should="lands, and none of them lives on",
        script=FORKS,
        judge=judge_left,
    ),
    Drill(
        name="daemon",
        does="leaves a daemon: forked twice, a session of its own, without its environment",
        should="lands, and the daemon does not live on",
        script=DAEMON,
        judge=judge_left,
    ),
    Drill(
        name="kills-runner",
        does="kills the runner that started it",
        should="the runner comes back, and the task lands as one commit",
        script=KILLS,
        judge=judge_kills,
    ),
)
