"""The sandbox's caches: made by several at once, emptied while programs use them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier

import pytest

from nightrun.hands import files, sandbox_cache
from nightrun.hands.state_dir import StateDir
from nightrun.words.sandbox import AGENT, GATE


@pytest.fixture
def state(tmp_path: Path) -> StateDir:
    return StateDir(tmp_path).create()


@contextmanager
def program(state: StateDir, name: str, *, began: float) -> Iterator[None]:
    """As one that runs: it has a room since then, in seconds of the epoch."""
    room = state.path / sandbox_cache.ROOMS / name
    room.mkdir(parents=True)
    os.utime(room, (began, began))
    yield
    room.rmdir()


def fill(state: StateDir, kind: str) -> Path:
    path = sandbox_cache.folder(state, kind)
    (path / "home/.npm/package.tgz").write_bytes(b"x" * 10_000)
    (path / "home/.npm").chmod(0o500)  # as Go keeps its modules
    return path


def test_four_runners_make_it_at_once(tmp_path: Path) -> None:
    """One of them failed, and its task stayed with it until the lease was over."""
    for number in range(20):
        state, ready = StateDir(tmp_path / str(number)), Barrier(4)
        state.path.mkdir(parents=True)

        def make(state: StateDir = state, ready: Barrier = ready) -> Path:
            ready.wait()
            return sandbox_cache.folder(state, AGENT)

        with ThreadPoolExecutor(4) as pool:
            assert {one.result().is_dir() for one in [pool.submit(make) for _ in range(4)]} == {True}


def test_it_is_emptied_and_there_again(state: StateDir) -> None:
    path = fill(state, GATE)
    assert sandbox_cache.folders(state) == [path]
    assert files.size(path) >= 10_000
    assert sandbox_cache.empty(state, path)
    assert files.size(state.path / sandbox_cache.NAME) == 0
    assert (path / "home/.npm").is_dir()


def test_a_program_that_runs_keeps_what_it_has_until_it_ends(state: StateDir) -> None:
    path = fill(state, AGENT)
    with program(state, "t.1", began=1_000_000_000.0):
        kept = os.open(path, os.O_RDONLY)  # as the mount of its sandbox
        assert not sandbox_cache.empty(state, path)
        assert files.size(path) == 0, "the next one finds it empty"
        assert os.stat("home/.npm/package.tgz", dir_fd=kept).st_size == 10_000
        os.close(kept)
    with program(state, "t.2", began=4_000_000_000.0):  # began after it was put aside
        assert sandbox_cache.clear_aside(state)
    assert files.size(state.path / sandbox_cache.NAME) == 0


def test_one_look_in_a_while(state: StateDir) -> None:
    assert not sandbox_cache.is_due(state, 600.0), "there is none yet"
    sandbox_cache.folder(state, AGENT)
    assert sandbox_cache.is_due(state, 600.0)
    assert not sandbox_cache.is_due(state, 600.0)
    assert sandbox_cache.is_due(state, 0.0)
