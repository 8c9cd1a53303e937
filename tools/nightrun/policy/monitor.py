"""The section `monitor`: one key for each condition, made from the conditions themselves."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pydantic import Field, create_model

from nightrun import conditions
from nightrun.conditions.settings import ConditionSettings, Count, Duration
from nightrun.policy.section import Section


class MonitorSection(Section):
    """How often the monitor looks, and what it looks for."""

    interval: Duration = Field(default=60.0, gt=0, description="Time between two looks at the run.")
    new_per_hour: Count = Field(
        default=10, description="Most new issues in an hour; what comes on top waits and is said in one issue. 0: all."
    )

    def condition(self, name: str) -> ConditionSettings:
        """The settings of the condition of that name; KeyError when there is none."""
        if name not in CONDITIONS:
            raise KeyError(name)
        found: ConditionSettings = getattr(self, name)
        return found


def _build() -> type[MonitorSection]:
    keys: dict[str, Any] = {
        one.NAME: (one.Settings, Field(default=one.Settings(), description=_purpose(one.__doc__)))
        for one in conditions.ALL
    }
    return create_model("Monitor", __base__=MonitorSection, __doc__=MonitorSection.__doc__, **keys)


def _purpose(text: str | None) -> str:
    """The first line of the condition's file, without the place where its numbers come from."""
    return re.sub(r" \([\w-]+\.md [^)]*\)", "", (text or "").strip().partition("\n")[0])


CONDITIONS = tuple(one.NAME for one in conditions.ALL)

if TYPE_CHECKING:
    Monitor = MonitorSection
else:
    Monitor = _build()
