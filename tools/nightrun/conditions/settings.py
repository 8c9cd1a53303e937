"""What every condition can be told in the policy, and the kinds of value its thresholds are made of."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, StrictBool, WithJsonSchema

from nightrun.words import quantity

Flag = StrictBool
Count = Annotated[int, Field(strict=True, ge=0)]
Ratio = Annotated[float, Field(strict=True, ge=0, le=1)]
Duration = Annotated[
    float,
    BeforeValidator(quantity.seconds),
    PlainSerializer(quantity.duration_text, return_type=str, when_used="json"),
    WithJsonSchema({"type": ["string", "number"], "description": quantity.DURATION_FORM}),
]
Size = Annotated[
    int,
    BeforeValidator(quantity.size),
    PlainSerializer(quantity.size_text, return_type=str, when_used="json"),
    WithJsonSchema({"type": ["string", "integer"], "description": quantity.SIZE_FORM}),
]


class ConditionSettings(BaseModel):
    """Settings that all conditions share; a condition adds its thresholds and changes the defaults it needs to."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    on: Flag = Field(default=True, description="Whether the monitor looks for this at all.")
    severity: Literal["high", "medium", "low"] = Field(
        default="medium", description="Order of the issues: high ones come first and turn the status page red."
    )
    hold: Duration = Field(
        default=0.0, description="How long it must be seen without a break before it becomes an issue. 0s: at once."
    )
    heal: Flag = Field(
        default=False,
        description="Whether the issue adds a task that repairs it; needs PIPELINE_AUTO_FIX_ENABLED=1.",
    )
    task_type: Literal["spec", "impl", "test", "review", "heal"] = Field(
        default="heal", description="Type of that task. A type that commits has its repair gated, committed and landed."
    )
    direction: str = Field(
        default="", description="Text that tells the agent of that task what to do; the evidence is added below it."
    )
