"""What a heal suggests for the meta-backlog, and the task that puts it there: so the loop closes (DESIGN 3.8)."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from nightrun.decisions import backlog, chain, heal, short_direction
from nightrun.decisions.backlog import Item
from nightrun.words.task import COMMIT_LANDED, FAILED, Task

MOST = 5  # items of one heal
TITLE_CHARS = 100
LONGEST = 4_000  # characters of one item
KEY = "suggested:"  # of the task that adds an item, before the item's own key
OPEN, DONE, NOT_DONE = "open", "done", "failed"


def added(before: str, after: str, file: str) -> list[Item]:
    """The open items that a text has and the one before had not; without types where they say none."""
    known = {one.key for one in backlog.parse(before, file, ())}
    new = [one for one in backlog.parse(after, file, ()) if one.key not in known and not one.done]
    return [one for one in new if len(backlog.direction(one)) <= LONGEST][:MOST]


def state(task: Task, steps: Iterable[Task]) -> str:
    """Of a suggested item; `task` is the one that adds it, `steps` are those that work on it."""
    reached = next(iter(chain.latest(steps).values()), None)
    if FAILED in (task.status, reached and reached.status):
        return NOT_DONE
    return DONE if reached is not None and chain.is_over(reached) else OPEN


def open_one(asks: Task, suggested: Iterable[Mapping[str, Any]], undone: Collection[str]) -> Mapping[str, Any] | None:
    """The open suggestion that an earlier heal made for the same condition and fingerprint as the heal `asks`.

    `undone` are the items that stand in the file and are not ticked: a person may have ticked one, or taken it away.
    """
    for one in suggested:
        is_over = one["commit_state"] == COMMIT_LANDED and one["item"]["key"] not in undone
        is_own = one.get("suggested_by") == asks.id  # added before the runner died
        if one["state"] == OPEN and not is_over and not is_own and _is_same_kind(asks, one):
            return one
    return None


def has_kind(asks: Task) -> bool:
    """Whether the heal is known to be for something; one that a person added need not be."""
    return bool(issue_of(asks) or heal.key_of(vars(asks))[0])


def issue_of(asks: Task) -> str | None:
    found = asks.context.get("issue") or asks.context.get("issue_id")
    return found if isinstance(found, str) else None


def _is_same_kind(asks: Task, one: Mapping[str, Any]) -> bool:
    condition, fingerprint = heal.key_of(vars(asks))
    if one["issue"] is not None and one["issue"] == issue_of(asks):
        return True
    return bool(condition) and (one["condition"], one["fingerprint"]) == (condition, fingerprint)


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
