"""The numbers in Prometheus' text exposition format, version 0.0.4."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Sample = tuple[Mapping[str, str], float]


def text(facts: Mapping[str, Any]) -> str:
    counts, window = facts["counts"], facts["window"]
    seconds, rate = window["execution_time"], window["success_rate"]
    build = {"version": facts["version"], "build_id": facts["build_id"]}
    by_severity: dict[str, int] = {"high": 0, "medium": 0, "low": 0}
    for issue in facts["issues"]:
        by_severity[issue["severity"]] += 1
    parts = [
        _metric("nightrun_build_info", "Which nightrun this is.", [(build, 1)]),
        _metric("nightrun_start_time_seconds", "When the API started.", [({}, facts["started_at"])]),
        _metric("nightrun_tasks", "Tasks by status.", _each("status", counts["by_status"])),
        _metric("nightrun_changes", "Completed tasks by commit state.", _each("state", counts["by_commit_state"])),
        _metric("nightrun_tasks_ready", "Tasks that a runner could take now.", [({}, facts["ready"])]),
        _metric("nightrun_tasks_window", "Tasks that ended in the last 7 days.", _ended(rate)),
        _metric("nightrun_success_ratio", "Completed of all that ended in the last 7 days.", [({}, rate["rate"])]),
        _metric(
            "nightrun_execution_seconds",
            "Run time of an attempt in the last 7 days.",
            [({"quantile": "0.5"}, seconds["p50_seconds"]), ({"quantile": "0.95"}, seconds["p95_seconds"])],
        ),
        _metric("nightrun_issues_open", "Open issues by severity.", _each("severity", by_severity)),
        _metric("nightrun_pauses", "Pauses that hold now.", [({}, len(facts["pauses"]))]),
        _metric("nightrun_last_evaluation_time_seconds", "When the monitor last looked.", _seen(window)),
    ]
    return "".join(parts)


def _metric(name: str, help_text: str, samples: Iterable[Sample]) -> str:
    lines = [f"# HELP {name} {help_text}", f"# TYPE {name} gauge"]
    lines += [f"{name}{_labels(labels)} {value}" for labels, value in samples]
    return "\n".join(lines) + "\n"


def _each(label: str, values: Mapping[str, float]) -> list[Sample]:
    return [({label: name}, value) for name, value in values.items()]


def _ended(rate: Mapping[str, Any]) -> list[Sample]:
    return _each("status", {"completed": rate["completed"], "failed": rate["failed"]})


def _seen(window: Mapping[str, Any]) -> list[Sample]:
    last = window["last_evaluation"]
    return [] if last is None else [({}, last)]


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
