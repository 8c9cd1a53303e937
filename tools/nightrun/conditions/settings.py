"""What every condition can be told in the policy, and the kinds of value its thresholds are made of."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StrictBool,
    WithJsonSchema,
    model_validator,
)

from nightrun.words import quantity

Flag = StrictBool
Count = Annotated[int, Field(strict=True, ge=0)]
Ratio = Annotated[float, Field(strict=True, ge=0, le=1)]
Duration = Annotated[
    float,
    BeforeValidator(quantity.seconds),
    PlainSerializer(quantity.duration_text, return_type=str, when_used="json"),
    WithJsonSchema({"type": ["string", "number"], "x-kind": "duration", "pattern": quantity.DURATION_PATTERN}),
]
Size = Annotated[
    int,
    BeforeValidator(quantity.size),
    PlainSerializer(quantity.size_text, return_type=str, when_used="json"),
    WithJsonSchema({"type": ["string", "integer"], "x-kind": "size", "pattern": quantity.SIZE_PATTERN}),
]


Severity = Annotated[
    Literal["high", "medium", "low"],
    Field(description="Order of the issues: high ones come first and turn the status page red."),
]
Hold = Annotated[
    Duration, Field(description="How long it must be seen without a break before it becomes an issue. 0s: at once.")
]
OverAfter = Annotated[
    Duration, Field(description="How long it must not be seen any more before its issue is over. 0s: at once.")
]
Heal = Annotated[
    Flag, Field(description="Whether the issue adds a task that repairs it; needs PIPELINE_AUTO_FIX_ENABLED=1.")
]
HealType = Annotated[
    Literal["spec", "impl", "test", "review", "heal"],
    Field(description="Type of that task. A type that commits has its repair gated, committed and landed."),
]
Direction = Annotated[
    str, Field(description="Text that tells the agent of that task what to do; the evidence is added below it.")
]


A_DAY = 86_400.0  # what comes and goes by chance is over when it stayed away so long (reliability.md A6)


class ConditionSettings(BaseModel):
    """Settings that all conditions share; a condition adds its thresholds and changes the defaults it needs to,
    with the types above: `severity: Severity = "high"`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    on: Flag = Field(default=True, description="Whether the monitor looks for this at all.")
    severity: Severity = "medium"
    hold: Hold = 0.0
    over_after: OverAfter = 0.0
    heal: Heal = False
    task_type: HealType = "heal"
    direction: Direction = ""

    @model_validator(mode="before")
    @classmethod
    def _empty_is_default(cls, value: Any) -> Any:
        """A key with nothing below it, as when every line there is commented out."""
        return {} if value is None else value
