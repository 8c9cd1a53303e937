"""The installed git hooks are missing, changed or out of date: commits and pushes are not guarded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nightrun.conditions import found
from nightrun.conditions.settings import ConditionSettings, Severity
from nightrun.words.issue import Finding

NAME = "hooks_tampered"
DIRECTION = ""  # an agent must never touch the hooks
ACTION = "See what changed with `nightrun doctor`, then install the hooks again with `make setup`."


class Settings(ConditionSettings):
    severity: Severity = "high"


def detect(snapshot: Mapping[str, Any], settings: Settings, now: float) -> list[Finding]:
    if lacking := found.missing(snapshot, "hook_problems"):
        return found.unknown(NAME, settings, lacking)
    problems = [str(one) for one in snapshot["hook_problems"]]
    if not problems:
        return []
    message = f"git hooks: {'; '.join(problems)}"
    return [found.firing(NAME, settings, message, ACTION, evidence={"problems": problems})]
