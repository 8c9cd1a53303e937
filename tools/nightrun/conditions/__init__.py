"""Conditions: what the monitor looks for; one file each, pure."""

from __future__ import annotations

from types import ModuleType

from nightrun.conditions import (
    agent_silent,
    api_stale,
    api_unreachable,
    commit_failed,
    disk_fault,
    disk_low,
    executor_fail,
    gate_red,
    heal_futile,
    hooks_tampered,
    low_success_rate,
    monitor_stale,
    needs_decision,
    no_progress,
    no_task_running,
    orphan_running,
    output_empty,
    policy_invalid,
    push_failed,
    repeated_failures,
)

ALL: tuple[ModuleType, ...] = (
    low_success_rate,
    repeated_failures,
    no_task_running,
    orphan_running,
    agent_silent,
    output_empty,
    executor_fail,
    commit_failed,
    push_failed,
    needs_decision,
    gate_red,
    no_progress,
    disk_low,
    disk_fault,
    api_unreachable,
    api_stale,
    policy_invalid,
    hooks_tampered,
    heal_futile,
    monitor_stale,
)
