"""What the doctor says about pushes without permission: a table of ways and places, and what would stop the rest."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from nightrun.decisions import push_attempts


class Row(Protocol):
    @property
    def remote(self) -> str: ...
    @property
    def sandbox(self) -> bool: ...
    @property
    def passed(self) -> Collection[str]: ...


ADVICE = {
    "hook": "The hooks alone stop a push that goes wrong, not one that is meant: install bubblewrap, or run nightrun "
    "as a user of its own that cannot read your credentials (chmod 600) nor write the remote's folder.",
    "server": "On the server: protect the branch (changes by pull request only, no direct pushes), or a pre-receive "
    "hook in a place that the agent's user cannot write, such as: "
    'while read old new ref; do case "$ref" in refs/heads/main) echo "no direct pushes"; exit 1;; esac; done',
}


def table(rows: Sequence[Row]) -> list[str]:
    """One line for each remote and sandbox, one column for each way; then what each way is."""
    names = sorted(one.name for one in push_attempts.ALL)
    lines = [f"{'':<44}{'  '.join(names)}"]
    for row in rows:
        where = f"{row.remote}, {'in the sandbox' if row.sandbox else 'without a sandbox'}"
        marks = "  ".join(f"{'P' if name in row.passed else '.':<2}" for name in names)
        lines.append(f"{where:<44}{marks}".rstrip())
    lines.append("P: it got through. .: it was stopped.")
    ways = {one.name: one.text for one in push_attempts.ALL}
    return [*lines, "; ".join(f"{name} {ways[name]}" for name in names)]


def advice(rows: Sequence[Row], *, sandboxed: bool) -> list[str]:
    """What cannot be stopped as agents run here, and what would stop it; empty when nothing got through."""
    open_ways = sorted({name for row in rows if row.sandbox == sandboxed for name in row.passed})
    if not open_ways:
        return []
    said = f"Agents here run {'in the sandbox' if sandboxed else 'without a sandbox'}: {', '.join(open_ways)} cannot be"
    return [f"{said} stopped on this machine.", *([] if sandboxed else [ADVICE["hook"]]), ADVICE["server"]]
