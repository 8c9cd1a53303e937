"""The keys of the policy as the models define them: for messages, documentation and the commented template."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from nightrun.policy.model import Policy

ANY_NAME = "<name>"  # stands in paths for a name that the person chooses

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Key:
    """One key of the policy and what it holds; `model` is set when it holds further keys."""

    path: tuple[str, ...]
    field: FieldInfo
    model: type[BaseModel] | None


def children(model: type[BaseModel], path: tuple[str, ...] = ()) -> list[Key]:
    """The keys directly in a model, in the order they are defined."""
    return [Key((*path, name), field, held_model(field.annotation)) for name, field in model.model_fields.items()]


def walk(model: type[BaseModel] = Policy, path: tuple[str, ...] = ()) -> Iterator[Key]:
    """Every key below the model."""
    for key in children(model, path):
        yield key
        if key.model is not None:
            named = (ANY_NAME,) if holds_names(key.field.annotation) else ()
            yield from walk(key.model, (*key.path, *named))


def held_model(annotation: Any) -> type[BaseModel] | None:
    """The model behind a key, also where the key holds a mapping of names to that model."""
    if holds_names(annotation):
        return held_model(get_args(annotation)[1])
    is_model = inspect.isclass(annotation) and issubclass(annotation, BaseModel)
    return annotation if is_model else None


def holds_names(annotation: Any) -> bool:
    """Whether the person chooses the keys."""
    return get_origin(annotation) is dict


def names_at(path: Path) -> list[str]:
    """The keys that are known at a path; empty when the person chooses them or there are none."""
    model: type[BaseModel] | None = Policy
    chosen = False
    for step in path:
        if chosen:
            chosen = False
            continue
        if model is None or step not in model.model_fields:
            return []
        annotation = model.model_fields[str(step)].annotation
        model, chosen = held_model(annotation), holds_names(annotation)
    return [] if model is None or chosen else list(model.model_fields)


def elsewhere(name: str) -> list[str]:
    """Where a key of that name would be at home, as dotted paths."""
    return [".".join(key.path) for key in walk() if key.path[-1] == name]
