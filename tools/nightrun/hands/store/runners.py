"""The runners that have spoken to the API, and what each said last."""

# Only names of this package are put into SQL texts; every value is a parameter.
# ruff: noqa: S608

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from nightrun.hands.store.database import Database, Row

_COLUMNS = ("pid", "boot_id", "start_time", "state", "task_id", "counter")


def seen(db: Database, who: Row, *, now: float) -> None:
    """A runner asked for work."""
    db.run(
        "INSERT INTO runners (name, pid, boot_id, start_time, at) VALUES (:runner, :runner_pid, :runner_boot_id,"
        " :runner_start_time, :now) ON CONFLICT (name) DO UPDATE SET pid = excluded.pid, boot_id = excluded.boot_id,"
        " start_time = excluded.start_time, at = excluded.at",
        {**who, "now": now},
    )


def took(db: Database, name: str, task_id: str, *, now: float) -> None:
    db.run(
        "UPDATE runners SET task_id = :task_id, last_claim_at = :now WHERE name = :name",
        {"name": name, "task_id": task_id, "now": now},
    )


def report(db: Database, name: str, said: Mapping[str, Any], *, now: float) -> Row:
    """What a runner says about itself; names that are no columns are kept as details, a null takes one away."""
    columns = {key: said[key] for key in _COLUMNS if key in said}
    details = {key: value for key, value in said.items() if key not in _COLUMNS}
    with db.write():
        db.run(
            "INSERT INTO runners (name, at) VALUES (:name, :now) ON CONFLICT (name) DO UPDATE SET at = excluded.at",
            {"name": name, "now": now},
        )
        old = json.loads(db.value("SELECT details FROM runners WHERE name = :name", {"name": name}))
        kept = {key: value for key, value in {**old, **details}.items() if value is not None}
        columns["details"] = json.dumps(kept, ensure_ascii=False)
        sets = ", ".join(f"{key} = :{key}" for key in columns)
        db.run(f"UPDATE runners SET {sets} WHERE name = :name", {**columns, "name": name})
    return next(one for one in listed(db) if one["name"] == name)


def listed(db: Database) -> list[Row]:
    found = db.all("SELECT * FROM runners ORDER BY name")
    known = [(one, json.loads(one["details"])) for one in found]
    return [{**details, **one, "details": details} for one, details in known]


def last_claim_at(db: Database) -> float | None:
    when = db.value("SELECT max(last_claim_at) FROM runners")
    return None if when is None else float(when)
