"""Single facts the store remembers under a name: the last look of the monitor, the boot, the clock."""

from __future__ import annotations

import json
from typing import Any

from nightrun.hands.store.database import Database


def read(db: Database, name: str) -> Any:
    """The value, None when it was never written."""
    text = db.value("SELECT value FROM notes WHERE name = :name", {"name": name})
    return None if text is None else json.loads(text)


def write(db: Database, name: str, value: Any) -> None:
    sql = "INSERT INTO notes VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
    db.run(sql, {"name": name, "value": json.dumps(value)})
