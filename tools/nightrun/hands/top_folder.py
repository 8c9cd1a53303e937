"""What lies in the top folder of a repository, as far as it tells how the project is tested."""

from __future__ import annotations

from pathlib import Path

from nightrun.policy import gates
from nightrun.policy.gates import Listing

MAKEFILES = ("GNUmakefile", "makefile", "Makefile")  # in the order in which GNU make looks
LARGEST_READ = 1 << 20  # bytes of a makefile or package file


def listing(root: Path) -> Listing:
    """The names there, and the texts of the files that a gate may be found in."""
    names = {path.name for path in root.iterdir()}
    texts = {name: _text(root / name) for name in gates.WANTED if name in names and (root / name).is_file()}
    return Listing(names, texts)


def makefile(root: Path) -> str:
    """The text of the makefile that `make` reads here; empty when there is none."""
    found = (root / name for name in MAKEFILES)
    return next((_text(one) for one in found if one.is_file()), "")


def _text(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(LARGEST_READ).decode("utf-8", errors="replace")
