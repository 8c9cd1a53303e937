"""What pydantic found wrong, in the words of a person who edits `pipeline.yaml`."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from nightrun.policy import keys
from nightrun.policy.keys import Path

Words = Callable[[Any, Mapping[str, Any], Mapping[str, Any]], str]

MOST_SHOWN = 60  # characters of a value in a message
_YES = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}


@dataclass(frozen=True)
class Complaint:
    """What is wrong at a path; `meant` is the key that was probably meant instead. Line None is that of the path."""

    path: Path
    message: str
    meant: Path | None = None
    line: int | None = None


def of(error: Mapping[str, Any]) -> Complaint:
    """One entry of pydantic's `ValidationError.errors()`."""
    path: Path = tuple(error["loc"])
    if path and path[-1] == "[key]":
        path = path[:-1]
    if error["type"] == "extra_forbidden":
        return _unknown_key(path)
    return Complaint(path, _message(error))


def closest(word: object, known: Iterable[str]) -> str | None:
    """The known word that a misspelt one probably stands for."""
    if not isinstance(word, str):
        return None
    lower = {one.lower(): one for one in known}
    found = difflib.get_close_matches(word.lower(), lower, n=1, cutoff=0.6)
    return lower[found[0]] if found else None


def shown(value: object) -> str:
    """The value as it may stand in a one-line message."""
    text = json.dumps(value, ensure_ascii=True, default=str)
    return text if len(text) <= MOST_SHOWN else text[: MOST_SHOWN - 3] + "..."


def _unknown_key(path: Path) -> Complaint:
    name, known = str(path[-1]), keys.names_at(path[:-1])
    meant = closest(name, known)
    if meant is not None:
        return Complaint(path, f"unknown key; did you mean {meant}?", (*path[:-1], meant))
    homes = keys.elsewhere(name)
    if homes:
        return Complaint(path, f"unknown key here; it belongs to {' or '.join(homes[:3])}")
    return Complaint(path, f"unknown key; known here: {', '.join(known) or 'none'}")


def _message(error: Mapping[str, Any]) -> str:
    kind, value, context = error["type"], error.get("input"), error.get("ctx", {})
    if kind == "value_error":
        sentence = str(context["error"])
        return f"{sentence}, not {shown(value)}" if sentence.startswith("must be") and _is_scalar(value) else sentence
    if kind == "literal_error":
        return _one_of(value, re.findall(r"'([^']*)'", context["expected"]) or [context["expected"]])
    if kind == "bool_type":
        meant = _YES.get(value.lower()) if isinstance(value, str) else None
        return f"must be true or false, not {shown(value)}" + (f"; write {meant}" if meant else "")
    words: Words = _WORDS.get(kind, _other)
    return words(value, context, error)


def _one_of(value: object, known: list[str]) -> str:
    meant = closest(value, known)
    hint = f"; did you mean {meant}?" if meant else ""
    return f"must be {' or '.join(known)}, not {shown(value)}{hint}"


def _text(value: object, _context: Mapping[str, Any], _error: Mapping[str, Any]) -> str:
    hint = f'; put it in quotes: "{value}"' if isinstance(value, (int, float)) else ""
    return f"must be text, not {shown(value)}{hint}"


def _number(value: object, _context: Mapping[str, Any], _error: Mapping[str, Any]) -> str:
    percent = re.fullmatch(r"([0-9.]{1,9}) ?%", value) if isinstance(value, str) else None
    return f"must be a number, not {shown(value)}" + (f"; write {float(percent[1]) / 100:g}" if percent else "")


def _is_scalar(value: object) -> bool:
    return isinstance(value, (str, int, float)) or value is None


def _other(value: object, _context: Mapping[str, Any], error: Mapping[str, Any]) -> str:
    return f"{error['msg'][:1].lower()}{error['msg'][1:]}, not {shown(value)}"


_WORDS: dict[str, Words] = {
    "string_type": _text,
    "int_type": lambda value, _c, _e: f"must be a whole number, not {shown(value)}",
    "float_type": _number,
    "finite_number": _number,
    "tuple_type": lambda value, _c, _e: f"must be a list such as [one, two], not {shown(value)}",
    "dict_type": lambda value, _c, _e: f"must be keys with values below it, not {shown(value)}",
    "model_type": lambda value, _c, _e: f"must be keys with values below it, not {shown(value)}",
    "greater_than_equal": lambda value, c, _e: f"must be at least {c['ge']}, not {shown(value)}",
    "greater_than": lambda value, c, _e: f"must be more than {c['gt']:g}, not {shown(value)}",
    "less_than_equal": lambda value, c, _e: f"must be at most {c['le']:g}, not {shown(value)}",
    "too_short": lambda _v, c, _e: f"must have at least {c['min_length']} item",
}
