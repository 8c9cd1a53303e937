"""`pipeline.yaml` was changed to something that is not valid; the last good one is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nightrun.conditions import found
from nightrun.conditions.settings import ConditionSettings, Severity
from nightrun.words.issue import Finding

NAME = "policy_invalid"
DIRECTION = ""  # the policy is a person's
ACTION = "Run `nightrun policy check`: it names every problem with its line. The last good policy counts until then."


class Settings(ConditionSettings):
    severity: Severity = "high"


def detect(snapshot: Mapping[str, Any], settings: Settings, now: float) -> list[Finding]:
    if lacking := found.missing(snapshot, "policy_problem"):
        return found.unknown(NAME, settings, lacking)
    problem = str(snapshot["policy_problem"])
    if not problem:
        return []
    first = problem.splitlines()[0]
    return [found.firing(NAME, settings, f"the policy is not valid: {first}", ACTION, evidence={"problem": problem})]
