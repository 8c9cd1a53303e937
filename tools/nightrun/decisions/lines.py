"""What pages and reports are made of: lines that are safe to show, with a tone and the command that shows more."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from typing import Any

from nightrun.decisions import short_direction

PLAIN = "plain"
GOOD = "good"
BAD = "bad"
DIM = "dim"
HEADING = "heading"

TEXT_CHARS = 160
TITLE_CHARS = 60
# A command at its beginning, between backticks, or as one of two.
_CALLS = {word: re.compile(rf"(?:(?<=^)|(?<=`)|(?<=it, )|(?<=or )){word} (?=[a-z])") for word in ("make", "nightrun")}
# Control characters, and those that reorder or hide what stands beside them (Unicode categories).
_UNSAFE = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")


@dataclass(frozen=True)
class Line:
    """One thing to know. `command` is what shows or settles it; empty when there is none."""

    text: str
    command: str = ""
    tone: str = PLAIN


@dataclass(frozen=True)
class Section:
    title: str
    lines: tuple[Line, ...]


def safe(text: object, limit: int = TEXT_CHARS) -> str:
    """Any text as one line: nothing in it can move the cursor, hide something or begin a new line."""
    shown = "".join(" " if unicodedata.category(one) in _UNSAFE else one for one in str(text or "")[: 20 * limit])
    line = " ".join(shown.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def title(task: Mapping[str, Any]) -> str:
    """Type and id of a task, and the beginning of its direction."""
    direction = safe(short_direction.first_line(task.get("direction") or ""), TITLE_CHARS)
    return f"{task['task_type']} {task['id']}" + (f" {direction}" if direction else "")


def as_called(sections: Iterable[Section], make: str | None = None, program: str | None = None) -> tuple[Section, ...]:
    """The same with `make` and `nightrun` written as they have to be called there; None: the plain word does."""
    return tuple(
        replace(one, lines=tuple(replace(line, **called(line, make, program)) for line in one.lines))
        for one in sections
    )


def called(line: Line, make: str | None, program: str | None = None) -> dict[str, str]:
    """The text and the command of a line, with that `make` and that `nightrun`."""
    said = {"text": line.text, "command": line.command}
    for word, name in (("make", make), ("nightrun", program)):
        if name is not None:
            written = f"{name} ".replace("\\", r"\\")
            said = {key: _CALLS[word].sub(written, text) for key, text in said.items()}
    return said


def lasting(seconds: float) -> str:
    """A length of time in at most two units."""
    whole = max(0, round(seconds))
    for unit, size, smaller, part in (("d", 86_400, "h", 3_600), ("h", 3_600, "min", 60), ("min", 60, "s", 1)):
        if whole >= size:
            rest = whole % size // part
            return f"{whole // size} {unit}" + (f" {rest} {smaller}" if rest else "")
    return f"{whole} s"


def at(when: float, zone: tzinfo | None = None) -> str:
    """A moment as people write it, in `zone`; None is the time zone of this machine."""
    return f"{datetime.fromtimestamp(when, UTC).astimezone(zone):%Y-%m-%d %H:%M}"


def count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def percent(rate: Mapping[str, Any]) -> str:
    """A rate with the number that it is made of."""
    return f"{rate['completed']} of {rate['total']} completed ({rate['rate']:.0%})"


def rows(sections: Iterable[Section], width: int | None = None) -> Iterator[tuple[str, str]]:
    """The sections as rows of a terminal, each with its tone; wrapped when there is a width."""
    for section in sections:
        yield "", PLAIN
        yield section.title, HEADING
        for line in section.lines:
            yield from ((row, line.tone) for row in wrapped(line.text, width, "  "))
            if line.command:
                yield f"    {line.command}", DIM


def wrapped(text: str, width: int | None, indent: str = "") -> list[str]:
    if width is None:
        return [indent + text]
    return textwrap.wrap(text, max(20, width), initial_indent=indent, subsequent_indent=indent + "  ")
