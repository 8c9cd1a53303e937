"""The text of a commented `pipeline.yaml`: every key with its effect; what is not chosen shows its default."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from nightrun.conditions.settings import ConditionSettings
from nightrun.decisions import heal
from nightrun.policy import keys, shown
from nightrun.policy.keys import Key
from nightrun.policy.model import Policy
from nightrun.policy.task_types import TaskType

WIDTH = 110
EXAMPLE_AGENT = "mine"  # stands for a name that the person chooses
EXAMPLE_COMMAND = ("my-agent", "--quiet", "{prompt}")
HEAL_KEYS = ("heal", "task_type", "direction")

HEADER = """\
What agents may do in this repository while nobody watches, and what happens with their work.
Every setting is in this file. A line that begins with # and a key without a space between them, such as
#attempts: 3, shows a default: remove its # to change it. Times are written 90s, 20m, 1h30m; sizes 512KiB, 5MiB.
Commands are run without a shell; where one is wanted, write ["sh", "-c", "cd api && make test"].
The file is read again before the next task. `nightrun policy check` names every mistake with its line.
"""


def text(chosen: Mapping[str, Any], schema: str | None = None, notes: Mapping[str, str] | None = None) -> str:
    """The file for the values in `chosen`. `notes` are further comments, by dotted path of the key they stand above."""
    lines = [f"# yaml-language-server: $schema={schema}"] if schema else []
    lines += [f"# {line}" for line in HEADER.splitlines()]
    for key in keys.children(Policy):
        lines += ["", *_section(key, chosen, notes or {})]
    return "\n".join(lines) + "\n"


def _section(key: Key, chosen: Mapping[str, Any], notes: Mapping[str, str]) -> Iterator[str]:
    name = key.path[-1]
    if key.model is None:
        yield from _leaf(key, Policy, {"version": 1, **chosen}, "", notes)
        return
    yield f"# -- {name} ".ljust(WIDTH, "-")
    yield from _comment((key.model.__doc__ if name != "agents" else key.field.description) or "", "")
    yield from _shared_keys(key.model)
    if not key.model.model_fields:
        yield f"#{name}: {{}}"
        return
    yield from _comment(notes.get(name, ""), "")
    yield f"{name}:"
    values = chosen.get(name) or {}
    if keys.holds_names(key.field.annotation):
        yield from _example_agent(key.model)
        yield from shown.block(values, "  ").splitlines()
    else:
        yield from _model(key.model, key.path, values, "  ", notes)


def _model(
    model: type[BaseModel], path: tuple[str, ...], values: Mapping[str, Any], indent: str, notes: Mapping[str, str]
) -> Iterator[str]:
    for at, key in enumerate(keys.children(model, path)):
        if key.model is None:
            if key.path[-1] not in _left_out(model, path):
                yield from _leaf(key, model, values, indent, notes)
            continue
        if at:
            yield ""
        yield from _comment(key.field.description or "", indent)
        yield f"{indent}{key.path[-1]}:"
        yield from _model(key.model, key.path, values.get(key.path[-1]) or {}, indent + "  ", notes)


def _leaf(
    key: Key, model: type[BaseModel], values: Mapping[str, Any], indent: str, notes: Mapping[str, str]
) -> Iterator[str]:
    name = key.path[-1]
    if name not in _shared(model):
        yield from _comment(key.field.description or "", indent)
    yield from _comment(notes.get(".".join(key.path), ""), indent)
    if name in values:
        yield from _entry(name, values[name], indent)
    else:
        yield from _entry(name, shown.defaults(model)[name], f"{indent}#")


def _entry(name: str, value: Any, indent: str) -> Iterator[str]:
    """One line, or one for each item where a list would be too long for one."""
    line = f"{indent}{name}: {shown.flow(value)}"
    if isinstance(value, list) and len(line) > WIDTH:
        yield f"{indent}{name}:"
        yield from (f"{indent}- {shown.flow(one)}" for one in value)
    else:
        yield line


def _left_out(model: type[BaseModel], path: tuple[str, ...]) -> tuple[str, ...]:
    """Keys that cannot be set otherwise: what the supervisor repairs is never healed."""
    return HEAL_KEYS if issubclass(model, ConditionSettings) and path[-1] in heal.SUPERVISED else ()


def _shared(model: type[BaseModel]) -> Mapping[str, Any]:
    """The keys that are explained once for all members of a family."""
    for family in (TaskType, ConditionSettings):
        if issubclass(model, family):
            return family.model_fields
    return {}


def _shared_keys(model: type[BaseModel]) -> Iterator[str]:
    """What the keys of all members mean, above the family's section."""
    held = [key.model for key in keys.children(model) if key.model is not None]
    if held:
        yield "#"
        family = TaskType if issubclass(held[0], TaskType) else ConditionSettings
        for name, field in family.model_fields.items():
            yield from _comment(field.description or "", "", f"{name.ljust(9)}  ")


def _example_agent(model: type[BaseModel]) -> Iterator[str]:
    yield f"  #{EXAMPLE_AGENT}:"
    for key in keys.children(model, (EXAMPLE_AGENT,)):
        name = key.path[-1]
        yield from _comment(key.field.description or "", "    ")
        value = EXAMPLE_COMMAND if name == "command" else shown.defaults(model)[name]
        yield f"    #{name}: {shown.flow(value)}"


def _comment(words: str, indent: str, first: str = "") -> list[str]:
    prose = " ".join(words.split())
    return textwrap.wrap(
        prose,
        WIDTH,
        initial_indent=f"{indent}# {first}",
        subsequent_indent=f"{indent}# {' ' * len(first)}",
        break_long_words=False,
        break_on_hyphens=False,
    )
