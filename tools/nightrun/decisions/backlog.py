"""The items of a backlog file: which there are, in which order they are taken, how one is ticked. Text in, text out."""

from __future__ import annotations

import functools
import hashlib
import math
import re
import textwrap
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

from nightrun.words.task import TASK_TYPES

# What an item may go through: heal tasks come from issues only.
TYPES = tuple(one for one in TASK_TYPES if one != "heal")
KEY_CHARS = 12
BOM = "\ufeff"
TAB = 4  # columns, as Markdown counts them

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_MARKERS = re.compile(r"[ \t]*(?:(?:[-+*]|\d{1,9}[.)])[ \t]+)*")
_BOX = re.compile(r"\[([ xX])\](?=[ \t]|$)")
_BOX_BELOW = re.compile(r"^([ \t]*(?:[-+*]|\d{1,9}[.)])[ \t]+)\[[ xX]\](?=\s)", re.MULTILINE)
# Bytes that are no UTF-8, kept (surrogateescape) or replaced: an item has one key, however its file was read.
_UNREADABLE = re.compile("[\ud800-\udfff\ufffd]+")
_TYPES_FIRST = re.compile(r"\[([A-Za-z]+(?:[ \t]*[, \t][ \t]*[A-Za-z]+)*)\](?=\s|$)")


@dataclass(frozen=True, kw_only=True)
class Item:
    """One piece of work in a backlog file. `key` is made of its words, so it stays when the item is moved or ticked."""

    key: str
    text: str  # the first paragraph, without marker, checkbox and types
    body: str  # what is indented below it, dedented; sub-items are part of it
    types: tuple[str, ...]  # the task types it goes through
    file: str
    line: int  # from 1
    done: bool
    meta: bool = False  # of the backlog that improves the pipeline itself


@dataclass(frozen=True, kw_only=True)
class _Place:
    """An item as it stands in the lines of a file."""

    line: int  # from 0
    mark: slice  # in that line: the character in the box, or where a box would be put
    boxed: bool
    done: bool
    types: tuple[str, ...]  # none when it does not say
    text: str
    body: str


def direction(item: Item) -> str:
    return f"{item.text}\n\n{item.body}" if item.body else item.text


def parse(text: str, file: str, chain: Sequence[str], *, meta: bool = False) -> list[Item]:
    """All items, done ones too, as they stand. `chain` is what an item goes through that says nothing else."""
    return [
        Item(
            key=key,
            text=place.text,
            body=place.body,
            types=place.types or tuple(chain),
            file=file,
            line=place.line + 1,
            done=place.done,
            meta=meta,
        )
        for key, place in _keyed(_lines(text))
    ]


def tick(text: str, key: str) -> str:
    """The text with this item ticked and every other character as it was; the same text when there is none to tick."""
    lines = _lines(text)
    for found, place in _keyed(lines):
        if found == key and not place.done:
            line, mark = lines[place.line], "x" if place.boxed else "[x] "
            lines[place.line] = line[: place.mark.start] + mark + line[place.mark.stop :]
    return text[: text.startswith(BOM)] + "".join(lines)


def in_order(items: Sequence[Item], meta_items: Sequence[Item], ratio: float, taken: int) -> list[Item]:
    """The open items as they are to be taken, after `taken` of them were: of every 1/ratio the last one is meta.

    What stands in two files is one item, and is done when it is done in one of them.
    """
    seen = {one.key for one in (*items, *meta_items) if one.done}
    plain, meta = _open(items, seen), _open(meta_items, seen)
    order: list[Item] = []
    while plain or meta:
        slot = taken + len(order)
        is_meta = _whole(ratio * (slot + 1)) > _whole(ratio * slot)
        first, other = (meta, plain) if is_meta else (plain, meta)
        order.append((first or other).popleft())
    return order


def _open(items: Sequence[Item], seen: set[str]) -> deque[Item]:
    """Those that were not seen before; now they are."""
    found = {one.key: one for one in reversed(items) if one.key not in seen}
    seen.update(found)
    return deque(reversed(found.values()))


def _whole(value: float) -> int:
    return math.floor(value + 1e-9)  # 3 * 0.2 is a little more, other products are a little less than whole


# -- reading


@functools.cache
def _markdown() -> MarkdownIt:
    """Blocks only. A reference (`[impl]: text`) is no block here, and a line of === below an item no heading."""
    reader = MarkdownIt("commonmark").disable(["reference", "lheading"])
    reader.core.ruler.enableOnly(["normalize", "block"])
    return reader


def _lines(text: str) -> list[str]:
    """With their ends, as Markdown counts lines; str.splitlines knows more kinds of end."""
    return _LINE.findall(text.removeprefix(BOM))


def _keyed(lines: Sequence[str]) -> Iterator[tuple[str, _Place]]:
    known: Counter[str] = Counter()
    for place in _places(lines):
        words = " ".join([*place.text.split(), *_BOX_BELOW.sub(r"\1", place.body).split()])
        key = hashlib.sha256(_UNREADABLE.sub("?", words).encode()).hexdigest()[:KEY_CHARS]
        known[key] += 1
        yield (key if known[key] == 1 else f"{key}-{known[key]}"), place


def _places(lines: Sequence[str]) -> Iterator[_Place]:
    """Items below an item are part of it; what is quoted, fenced or commented out is none."""
    end = quotes = 0
    for token, first in pairwise(_markdown().parse("".join(lines))):
        quotes += {"blockquote_open": 1, "blockquote_close": -1}.get(token.type, 0)
        if token.type != "list_item_open" or first.type != "paragraph_open" or quotes:
            continue
        if token.map and token.map[0] >= end and (place := _place(lines, token, first)):
            yield place
            end = token.map[1]


def _place(lines: Sequence[str], token: Token, paragraph: Token) -> _Place | None:
    """None when it is a plain bullet or says nothing."""
    assert token.map is not None and paragraph.map is not None
    line = lines[paragraph.map[0]].rstrip("\r\n")
    lead = _MARKERS.match(line)
    start = lead.end() if lead else 0
    box = _BOX.match(line, start)
    if box is None and not token.info:  # `info` is the number
        return None
    below = _dedented(lines[paragraph.map[0] + 1 : paragraph.map[1]], start)
    types, text = _types_and_text(f"{line[box.end() if box else start :]}\n{below}".strip())
    if not text:
        return None
    return _Place(
        line=paragraph.map[0],
        mark=slice(*box.span(1)) if box else slice(start, start),
        boxed=box is not None,
        done=box is not None and box[1] != " ",
        types=types,
        text=text,
        body=_dedented(lines[paragraph.map[1] : token.map[1]], start),
    )


def _types_and_text(text: str) -> tuple[tuple[str, ...], str]:
    """Words in brackets that are not all types are just text."""
    found = _TYPES_FIRST.match(text)
    words = tuple(dict.fromkeys(re.split(r"[\s,]+", found[1].lower()))) if found else ()
    if found is None or not set(words) <= set(TYPES):
        return (), text
    return words, text[found.end() :].strip()


def _dedented(lines: Sequence[str], columns: int) -> str:
    """First what belongs to the item, then what all lines share: people indent to the text behind the box, too."""
    return textwrap.dedent("\n".join(_without_indent(one.rstrip("\r\n"), columns) for one in lines)).strip("\n")


def _without_indent(line: str, columns: int) -> str:
    column = start = 0
    while column < columns and line[start : start + 1] in (" ", "\t"):
        column += TAB - column % TAB if line[start] == "\t" else 1
        start += 1
    return line[start:]
