"""All rows, in the order of DESIGN section 14."""

from __future__ import annotations

from tests.bench import commits, hooks, running, startup, store, tasks

FAMILIES = (hooks.FAMILY, commits.FAMILY, startup.FAMILY, store.FAMILY, tasks.FAMILY, running.FAMILY)
ROWS = tuple(row for family in FAMILIES for row in family.rows)
