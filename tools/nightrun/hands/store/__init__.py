"""The store: one SQLite file that only the API process opens (DESIGN section 12, docs/decisions/0001)."""
