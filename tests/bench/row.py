"""A row of docs/benchmarks.md: what is measured against what, the goal, and what came of it."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench import repositories


@dataclass(frozen=True, kw_only=True)
class Row:
    """`goal` is the largest number that is good; `unit` stands behind it (x: times the floor)."""

    name: str
    what: str
    floor: str
    goal: float
    unit: str = "x"


@dataclass(frozen=True)
class Result:
    value: float
    detail: str  # how it was measured, with the numbers behind the ratio


Measured = Mapping[str, Result]  # by the name of the row


@dataclass(frozen=True)
class Family:
    """Rows that are measured together. `wanted` are the names of rows that are asked for."""

    rows: tuple[Row, ...]
    measure: Callable[[Bench, frozenset[str]], Measured]


class Bench:
    """A folder for repositories, and how much time there is."""

    def __init__(self, folder: Path, *, quick: bool) -> None:
        self.folder = folder
        self.quick = quick
        self._sized: dict[int, Path] = {}

    def rounds(self, many: int, few: int) -> int:
        return few if self.quick else many

    def new(self, name: str) -> Path:
        """A folder that is not there yet."""
        return Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.folder)) / name

    def repository(self, files: int) -> Path:
        """Made once for each size, with the hooks of nightrun; whoever takes it leaves it committed."""
        if files not in self._sized:
            self._sized[files] = repositories.make(self.new(f"files-{files}"), files)
        return self._sized[files]


@contextmanager
def begun(*, quick: bool) -> Iterator[Bench]:
    """Sealed as the tests are: an empty HOME, no system git configuration. git's own default for fsync stays."""
    # Not where a name is short by a symbolic link: git and nightrun would name folders differently.
    folder = Path(os.path.realpath(tempfile.mkdtemp(prefix="nightrun-bench-")))
    for name in list(os.environ):
        if name.startswith(("GIT_", "PIPELINE_", "NIGHTRUN_", "XDG_")):
            del os.environ[name]
    logging.disable(logging.CRITICAL)  # what a part says about a made-up history is no result
    (folder / "home").mkdir()
    (folder / "home/.gitconfig").write_text(repositories.GITCONFIG)
    os.environ |= {
        "HOME": str(folder / "home"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": str(folder / "home/.gitconfig"),
        "LC_ALL": "C.UTF-8",
    }
    try:
        yield Bench(folder, quick=quick)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
