"""Patterns of paths as the policy has them, read as in a .gitignore file: `*` any name, `**` any number of folders.

A pattern without `/` matches in every folder; one with `/` starts at the top of the repository. A pattern that
matches a folder covers everything in it, and `docs/**` covers `docs` itself, too, since a link could stand in its
place. Upper and lower case are the same: on macOS they name the same file.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable

_PIECE = re.compile(r"\*+|\?|[^*?]+")


def matcher(patterns: Iterable[str]) -> Callable[[str], str | None]:
    """What tells which of the patterns a path matches first; None when none does."""
    read = [(pattern, re.compile(_expression(pattern))) for pattern in patterns]

    def first(path: str) -> str | None:
        name = plain(path)
        return next((pattern for pattern, expression in read if expression.fullmatch(name)), None)

    return first


def plain(text: str) -> str:
    """What two names have in common that are one on HFS+ and APFS.

    They ignore case, the way an accent is written, and characters without a width.
    """
    if text.isascii():
        return text.lower()
    shown = "".join(one for one in unicodedata.normalize("NFC", text) if unicodedata.category(one) != "Cf")
    return unicodedata.normalize("NFC", shown.casefold())


def _expression(pattern: str) -> str:
    folders = [one for one in plain(pattern).split("/") if one not in ("", ".")]
    if "/" not in pattern.rstrip("/"):
        folders.insert(0, "**")
    while folders[-1:] == ["**"]:
        folders.pop()
    if not folders:
        return ".*"
    *above, last = ("(?:[^/]+/)*" if one == "**" else _name(one) + "/" for one in folders)
    return "".join(above) + last.removesuffix("/") + "(?:/.*)?"


def _name(pattern: str) -> str:
    """Brackets mean themselves: `[id].ts` is a file name where people use such names."""
    pieces = _PIECE.findall(pattern)
    return "".join("[^/]*" if one[0] == "*" else "[^/]" if one == "?" else re.escape(one) for one in pieces)
