"""Every test is sealed: an empty HOME, no system git configuration, never this repository."""

from __future__ import annotations

import compileall
import importlib
import os
import shutil
import signal
import sys
from pathlib import Path

import pytest

import nightrun
from tests import story

# In the order of what one test of them takes: what waits for whole runs begins first, so that none begins last.
LONG = ("tests/stories/", "tests/flows/", "tests/drills/", "tests/commands/", "tests/hooks/", "tests/hands/")

GITCONFIG = """\
[user]
    name = Test Person
    email = person@example.invalid
[init]
    defaultBranch = main
[core]
    fsync = none
"""

MEMORY = Path("/dev/shm")
MEMORY_BYTES = 4 << 30  # a whole run leaves about 600 MB


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: many tests wait for processes."""
    return (os.cpu_count() or 1) + 1


def pytest_configure(config: pytest.Config) -> None:
    """Compile once what hundreds of processes are started from, and what every worker would compile for itself.

    Also where Python is told not to keep what it compiled, as in many images of containers. What tests write lies in
    memory where there is room: they make things durable thousands of times, and a disk lets them wait each time.
    """
    sys.dont_write_bytecode = False
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # A shell gives that to what it runs in the background, and each program that a test starts would inherit it.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    worker = getattr(config, "workerinput", None)
    if worker is None:
        if config.option.basetemp is None and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > MEMORY_BYTES:
            os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))
        compileall.compile_dir(Path(nightrun.__file__).parent, quiet=2)
    elif not config.option.file_or_dir:
        _import_share(int(worker["workerid"].removeprefix("gw")), int(worker["workercount"]))


def _import_share(number: int, workers: int) -> None:
    """pytest rewrites the asserts of a module when it is imported, and keeps that for the other workers."""
    here = Path(__file__).parent
    for path in sorted(here.rglob("test_*.py"))[number::workers]:
        importlib.import_module(".".join(path.relative_to(here.parent).with_suffix("").parts))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda one: next((n for n, folder in enumerate(LONG) if one.nodeid.startswith(folder)), len(LONG)))


@pytest.fixture(autouse=True)
def sealed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """HOME, git configuration and the current folder belong to this test alone."""
    return seal(tmp_path, monkeypatch)


def seal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The new HOME, in that folder."""
    for name in list(os.environ):
        if name.startswith(("GIT_", "PIPELINE_", "NIGHTRUN_", "XDG_", "MAKE", "MFLAGS")):
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(GITCONFIG)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(home / ".gitconfig"))
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.chdir(tmp_path)
    return home


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A git repository on branch main with one commit that holds README.md."""
    return story.new_repository(tmp_path / "repo")
