"""What a heal suggests for the meta-backlog, and the task that puts it there: so the loop closes (DESIGN 3.8)."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from nightrun.decisions import backlog, short_direction
from nightrun.decisions.backlog import Item

MOST = 5  # items of one heal
TITLE_CHARS = 100
LONGEST = 4_000  # characters of one item


def added(before: str, after: str, file: str) -> list[Item]:
    """The open items that a text has and the one before had not; without types where they say none."""
    known = {one.key for one in backlog.parse(before, file, ())}
    new = [one for one in backlog.parse(after, file, ()) if one.key not in known and not one.done]
    return [one for one in new if len(backlog.direction(one)) <= LONGEST][:MOST]


def direction(item: Item, file: str) -> str:
    """For the embedded agent: it appends the item to the file, word for word, and nothing of it is run."""
    lines = _lines(item)
    end = _not_in(lines, f"ITEM_{item.key}")
    fence = _not_in(lines, "~~~", grow="~")
    name = shlex.quote(file)
    script = [
        f"mkdir -p -- {shlex.quote(file.rpartition('/')[0] or '.')}",
        f'[ ! -s {name} ] || [ -z "$(tail -c 1 {name})" ] || echo >>{name}',
        f"cat >>{name} <<'{end}'",
        *lines,
        end,
    ]
    title = f"Meta-backlog: {short_direction.short(item.text, TITLE_CHARS)}"
    return "\n".join([title, "", f"{fence}sh", *script, fence, ""])


def _lines(item: Item) -> list[str]:
    chain = f"[{' '.join(item.types)}] " if item.types else ""
    first, *rest = item.text.splitlines()
    body = [f"  {line}".rstrip() for line in item.body.splitlines()]
    return [f"- [ ] {chain}{first}", *(f"  {line}" for line in rest), *([""] if body else []), *body]


def _not_in(lines: Sequence[str], word: str, grow: str = "_") -> str:
    while any(line.strip().startswith(word) for line in lines):
        word += grow
    return word
