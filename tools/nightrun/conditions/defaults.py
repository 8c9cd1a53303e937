"""A condition's own default for a setting that all conditions share; what the setting means stays said in one place."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from nightrun.conditions.settings import ConditionSettings

Severity = Literal["high", "medium", "low"]
TaskType = Literal["spec", "impl", "test", "review", "heal"]


def own(name: str, default: Any) -> Any:
    return Field(default=default, description=ConditionSettings.model_fields[name].description)
