"""Reading the small JSON files of the state folder that hold one object."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nightrun.hands import files


def read_object(path: Path) -> dict[str, Any]:
    """What the file holds; empty when there is none, or it holds anything else."""
    found = files.read_json(path)
    return found if isinstance(found, dict) else {}
