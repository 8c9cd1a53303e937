"""It fills the disk, for everybody who needs it."""

from __future__ import annotations

from nightrun.drills import found
from nightrun.drills.found import Drill, Finding, Seen

STEP_MIB, STEPS = 64, 32
NEEDED = 2 * STEP_MIB * STEPS << 20  # bytes that must be free for it to be tried
SCRIPT = f"""
n=0
while [ $n -lt {STEPS} ]; do
    head -c {STEP_MIB << 20} /dev/zero >>nightrun-drill-filler || true
    echo "{STEP_MIB} MiB more"
    sleep 0.2
    n=$((n + 1))
done
sleep "600.$TAG"
"""


def judge(seen: Seen) -> Finding:
    if not found.ended(seen):
        return Finding(False, f"{seen.alive} of its processes live on")
    if seen.task.status == "pending" and "disk" in seen.attempts:
        return Finding(not seen.paths, f"ended, intake waits for room: {seen.task.error_summary or seen.attempts[-1]}")
    return found.failed(seen, "agent", "scan")


DRILLS = (
    Drill(
        name="fills-disk",
        does=f"writes up to {STEP_MIB * STEPS} MiB; `limits.disk_floor` is set near for it",
        should="is ended when the disk has less than the policy wants; nothing new is begun until there is room",
        script=SCRIPT,
        judge=judge,
        alone=True,
        fills=True,
    ),
)
