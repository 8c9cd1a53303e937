"""The one-line form of a direction, for the subject of its commit and for lists."""

from __future__ import annotations

import re

NONE = "no direction"
LOOKED_AT = 64 << 10  # characters; a direction may be a megabyte

# What could move a cursor, reorder or hide the text beside it: colours of terminals, C0 and C1 controls, marks of
# direction (Trojan Source, CVE-2021-42574), lone surrogates, invisible characters, tags. Joiners of emoji stay.
_HIDDEN = re.compile(
    "\x1b\\[[0-?]*[ -/]*[@-~]|[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u061c\u115f\u1160\u17b4\u17b5\u180e"
    "\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_JOINERS = "\u200c\u200d\ufe0e\ufe0f"
_MARK_OF_LIST = re.compile(r"(?:(?:#{1,6}|>|[-*+](?: \[[ xX]\])?|\d{1,3}[.)]) )+(?=\S)")
_FENCE = ("```", "~~~")
# Two letters before the stop, so that `e.g. A` is no end; the text that follows begins like a sentence.
_END_OF_SENTENCE = re.compile(r"(?<=[^\W_]{2})[.!?](?= [^a-z\s])|[。！？](?=.)")
_LOOSE_END = " ,;:-–—([{\"'`/" + _JOINERS


def short(direction: str, limit: int) -> str:
    """First sentence of the first line that says something, cut at a word; never empty, never over `limit`."""
    text = _cut(_first_sentence(first_line(direction)), max(1, limit))
    return text if _is_seen(text) else NONE[: max(1, limit)].strip()


def visible(text: str) -> str:
    """Without the characters that hide or reorder; the ends of lines stay."""
    return _HIDDEN.sub("", text)


def first_line(direction: str) -> str:
    """The first line that says something: no fence, and without the mark of a list."""
    lines = [" ".join(visible(line).split()) for line in direction[:LOOKED_AT].splitlines()]
    seen = [line for line in lines if _is_seen(line)]
    speaking = (line for line in seen if not line.startswith(_FENCE) and any(map(str.isalnum, line)))
    line = next(speaking, seen[0] if seen else "")
    return line[found.end() :] if (found := _MARK_OF_LIST.match(line)) else line


def _first_sentence(line: str) -> str:
    found = _END_OF_SENTENCE.search(line)
    return line[: found.end()] if found else line


def _cut(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    head = text[: limit + 1].rpartition(" ")[0].rstrip(_LOOSE_END)
    return head if _is_seen(head) else text[:limit].rstrip(f" {_JOINERS}")


def _is_seen(text: str) -> bool:
    return any(one.isprintable() and one not in _JOINERS and not one.isspace() for one in text)
