"""How near the goal the pipeline is, as one number, and what needs attention, as flags."""

from __future__ import annotations

from collections.abc import Collection

_FULL_PACE = 10.0  # tasks a day
_COST_OF_AN_ISSUE = 0.15

# The flag of GET /api/agent/pipeline-status, and the conditions that raise it.
FLAGS = {
    "stuck": ("no_task_running", "orphan_running", "agent_silent", "no_progress"),
    "repeated_failures": ("repeated_failures",),
    "output_empty": ("output_empty",),
    "executor_fail": ("executor_fail",),
    "low_success_rate": ("low_success_rate",),
}


def goal_proximity(rate: float, tasks_per_day: float, open_issues: int) -> float:
    """From 0 to 1: how well, how fast, how undisturbed (prior-system.md 1.7)."""
    pace = 0.5 + 0.5 * min(1.0, tasks_per_day / _FULL_PACE)
    calm = max(0.0, 1 - _COST_OF_AN_ISSUE * open_issues)
    return round(min(1.0, rate * pace * calm), 4)


def flags(open_conditions: Collection[str]) -> dict[str, bool]:
    return {name: any(one in open_conditions for one in conditions) for name, conditions in FLAGS.items()}
