"""All rows, in the order of DESIGN section 14."""

from __future__ import annotations

from tests.bench import hooks

FAMILIES = (hooks.FAMILY,)
ROWS = tuple(row for family in FAMILIES for row in family.rows)
