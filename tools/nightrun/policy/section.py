"""What every part of the policy shares: frozen, unknown keys refused, a key with nothing below it means defaults."""

from __future__ import annotations

from typing import Any, get_origin

from pydantic import BaseModel, ConfigDict, model_validator


class Section(BaseModel):
    """One mapping of the policy; its attribute names are the keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _empty_is_default(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return {} if value is None else value
        return {key: {} if one is None and cls._holds_names(key) else one for key, one in value.items()}

    @classmethod
    def _holds_names(cls, key: object) -> bool:
        field = cls.model_fields.get(str(key))
        return field is not None and get_origin(field.annotation) is dict
