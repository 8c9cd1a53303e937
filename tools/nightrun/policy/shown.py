"""Policy values as a person writes them: YAML text that reads back as the same value, and the words for its type."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel

from nightrun.policy.model import Policy

_WORD = r"[\w/.*@+-]+"
_PLAIN = re.compile(rf"(?=[A-Za-z_/.*]){_WORD}(?: {_WORD})*|[0-9.]+(?:ms|[smhdwB]|[KMGT]iB)", re.ASCII)
# What YAML 1.1, which other tools speak, takes for something else than text; a first * would be an alias.
_NOT_TEXT = re.compile(r"true|false|null|yes|no|on|off|y|n|[-+.0-9eE_]+|\*.*", re.IGNORECASE)
LONGEST_PLAIN = 60
_TYPES = {"boolean": "true or false", "integer": "whole number", "number": "number", "string": "text"}


def flow(value: Any) -> str:
    """The value in one line of YAML."""
    if value is None or isinstance(value, (bool, int, float)):
        return json.dumps(value)
    if isinstance(value, str):
        plain = len(value) <= LONGEST_PLAIN and _PLAIN.fullmatch(value) and not _NOT_TEXT.fullmatch(value)
        return value if plain else json.dumps(value, ensure_ascii=False)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{flow(str(key))}: {flow(one)}" for key, one in value.items()) + "}"
    return "[" + ", ".join(flow(one) for one in value) + "]"


def block(value: Mapping[str, Any], indent: str = "") -> str:
    """A mapping as YAML, one line for each key."""
    lines = []
    for key, one in value.items():
        if isinstance(one, Mapping) and one:
            lines.append(f"{indent}{flow(key)}:\n{block(one, indent + '  ')}")
        else:
            lines.append(f"{indent}{flow(key)}: {flow(one)}\n")
    return "".join(lines)


def effective(policy: Policy) -> str:
    """The whole policy with every default written out, as a `pipeline.yaml` would say it."""
    return block(policy.model_dump(mode="json"))


@cache
def defaults(model: type[BaseModel]) -> Mapping[str, Any]:
    """The defaults of a model's keys, as a person writes them."""
    return model().model_dump(mode="json")


@cache
def _schema(model: type[BaseModel]) -> Mapping[str, Any]:
    return model.model_json_schema()


def kind(model: type[BaseModel], name: str) -> str:
    """What a key holds, in a few words: `duration`, `list of text`, `worktree, root`, `whole number from 1`."""
    schema = _schema(model)
    return _kind(schema["properties"][name], schema.get("$defs", {}))


def _kind(schema: Mapping[str, Any], defs: Mapping[str, Any]) -> str:
    if "x-kind" in schema:
        return str(schema["x-kind"])
    if "enum" in schema:
        return ", ".join(str(one) for one in schema["enum"])
    if "const" in schema:
        return str(schema["const"])
    if "anyOf" in schema:
        words = list(dict.fromkeys(_kind(one, defs) for one in schema["anyOf"]))
        return " or ".join([word for word in words if word != "null"] + ["null"] * ("null" in words))
    if schema.get("type") == "array":
        return f"list of {_plural(_kind(schema.get('items', {}), defs))}"
    if schema.get("type") == "object":
        return "names with text"
    return _TYPES.get(schema.get("type", ""), str(schema.get("type"))) + _range(schema)


def _plural(word: str) -> str:
    return f"{word}s" if word in ("duration", "command") else word


def _range(schema: Mapping[str, Any]) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if "exclusiveMinimum" in schema:
        return f" above {schema['exclusiveMinimum']:g}"
    if low is not None and high is not None:
        return f" from {low:g} to {high:g}"
    return f" from {low:g}" if low is not None else ""
