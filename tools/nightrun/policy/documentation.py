"""`docs/policy.md` and the JSON Schema for editors, made from the models that check the policy."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from nightrun.conditions.settings import ConditionSettings
from nightrun.policy import keys, shown
from nightrun.policy.keys import Key
from nightrun.policy.model import Policy
from nightrun.policy.task_types import TaskType, TaskTypes

MARKDOWN = "docs/policy.md"
SCHEMA = "docs/pipeline.schema.json"

_INTRODUCTION = """\
# The policy: every key of `pipeline.yaml`

For everyone who edits `pipeline.yaml`. This page is made from the program by `nightrun policy docs --write`.

- The file lies in the top folder of the repository. It is read again before the next task; a bad edit keeps the last
  good one and opens the issue `policy_invalid`.
- `nightrun policy check` names every mistake at once, with its line. `nightrun policy show` prints what counts now.
- A key that is left out has its default. A key that does not exist is an error.
- Durations: `90s`, `20m`, `1h30m`, `250ms`, or a number of seconds. Sizes: `512KiB`, `5MiB`, `1GiB`, or a number of
  bytes.
- Commands are run without a shell. Where one is wanted: `["sh", "-c", "cd api && make test"]`.

The smallest useful file:

```yaml
version: 1
task_types:
  spec: {gate: [make test]}
  impl: {gate: [make test]}
  test: {gate: [make test]}
  review: {gate: []}    # nothing checks a review, on purpose
```
"""


def markdown() -> str:
    """The text of `docs/policy.md`."""
    return "\n".join([_INTRODUCTION, *(line for key in keys.children(Policy) for line in _section(key))])


def schema() -> str:
    """The text of `docs/pipeline.schema.json`."""
    whole = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "nightrun policy (pipeline.yaml)",
        **_object(Policy),
    }
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def _section(key: Key) -> Iterator[str]:
    yield f"## {key.path[-1]}"
    yield ""
    if key.model is None:
        yield from _table([key], Policy)
    elif key.model is TaskTypes:
        yield from _task_types(key.model)
    else:
        yield from _model(key)


def _model(key: Key) -> Iterator[str]:
    model, name = key.model, key.path[-1]
    assert model is not None
    yield (model.__doc__ or "").strip()
    yield ""
    if keys.holds_names(key.field.annotation):
        yield f"Below `{name}` stand names that you choose; each has these keys."
        yield ""
    yield from _table([one for one in keys.children(model) if one.model is None], model)
    families = [one for one in keys.children(model) if one.model is not None]
    if families:
        yield "Every condition has these keys:"
        yield ""
        yield from _effects(ConditionSettings)
    for one in families:
        yield from _condition(one)


def _task_types(model: type[BaseModel]) -> Iterator[str]:
    types = keys.children(model)
    yield "Each of the five types has these keys:"
    yield ""
    yield from _effects(TaskType)
    yield "Their defaults:"
    yield ""
    yield from _row("", *(one.path[-1] for one in types))
    yield from _row(*["---"] * (len(types) + 1))
    for name in TaskType.model_fields:
        yield from _row(f"`{name}`", *(_value(shown.defaults(_held(one))[name]) for one in types))
    yield ""
    yield from (f"- `{one.path[-1]}`: {one.field.description}" for one in types)
    yield ""


def _condition(key: Key) -> Iterator[str]:
    model = _held(key)
    yield f"### {key.path[-1]}"
    yield ""
    yield key.field.description or ""
    yield ""
    common = list(ConditionSettings.model_fields)
    values = shown.defaults(model)
    yield f"Defaults: {', '.join(f'`{name}: {shown.flow(values[name])}`' for name in common if name != 'direction')}."
    if values["direction"]:
        yield f"Direction: “{values['direction']}”"
    yield ""
    yield from _table([one for one in keys.children(model) if one.path[-1] not in common], model)


def _held(key: Key) -> type[BaseModel]:
    assert key.model is not None
    return key.model


def _effects(model: type[BaseModel]) -> Iterator[str]:
    yield from _row("key", "type", "effect")
    yield from _row("---", "---", "---")
    for name, field in model.model_fields.items():
        yield from _row(f"`{name}`", shown.kind(model, name), field.description or "")
    yield ""


def _table(found: Iterable[Key], model: type[BaseModel]) -> Iterator[str]:
    rows = [
        (f"`{name}`", shown.kind(model, name), _value(shown.defaults(model)[name]), key.field.description or "")
        for key in found
        for name in [key.path[-1]]
    ]
    if rows:
        yield from _row("key", "type", "default", "effect")
        yield from _row("---", "---", "---", "---")
        for row in rows:
            yield from _row(*row)
        yield ""


def _value(value: Any) -> str:
    return f"`{shown.flow(value)}`"


def _row(*cells: str) -> Iterator[str]:
    yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _object(model: type[BaseModel]) -> dict[str, Any]:
    """A section may also be empty: then all its defaults count."""
    properties = {key.path[-1]: _property(key, model) for key in keys.children(model)}
    return {"type": ["object", "null"], "additionalProperties": False, "properties": properties}


def _property(key: Key, model: type[BaseModel]) -> dict[str, Any]:
    name = key.path[-1]
    if key.model is None:
        leaf = _without_names(model.model_json_schema()["properties"][name])
        return {**leaf, "default": shown.defaults(model)[name], "description": key.field.description}
    held = _object(key.model)
    if keys.holds_names(key.field.annotation):
        held = {"type": ["object", "null"], "additionalProperties": held}
    return {"description": key.field.description, **held}


def _without_names(schema: Any) -> Any:
    """Without what only the program itself reads."""
    if isinstance(schema, Mapping):
        return {name: _without_names(one) for name, one in schema.items() if name not in ("title", "x-kind")}
    return [_without_names(one) for one in schema] if isinstance(schema, list) else schema
