"""Which nightrun this is: a hash over the installed files, so that an upgrade is noticed (reliability.md A12)."""

from __future__ import annotations

import hashlib
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


def build_id(package: Path = _PACKAGE) -> str:
    """Twelve characters; reads the files anew with every call, so a running part can see that it is old."""
    total = hashlib.sha256()
    for path in sorted(package.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            total.update(path.relative_to(package).as_posix().encode() + b"\0")
            total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()[:12]
