"""Reading the small JSON files of the state folder, whatever is in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

LARGEST = 4 << 20  # bytes


def read(path: Path) -> Any:
    """What the file holds; None when there is none or it is not JSON."""
    try:
        with path.open("rb") as file:
            return json.loads(file.read(LARGEST))
    except (OSError, ValueError, RecursionError):
        return None


def read_object(path: Path) -> dict[str, Any]:
    """The same for a file that should hold an object; empty when it does not."""
    found = read(path)
    return found if isinstance(found, dict) else {}
