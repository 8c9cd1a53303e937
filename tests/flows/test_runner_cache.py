"""The sandbox's caches stay below `workspace.cache`, and are the first to go when the disk is short."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from nightrun.flows import runner_room, runner_world
from nightrun.flows.runner_world import World
from nightrun.hands import files, sandbox_cache
from nightrun.words.sandbox import AGENT, GATE
from tests.story import commit_all, write

GATES = "".join(f"  {name}: {{gate: ['true']}}\n" for name in ("spec", "impl", "test", "review"))


@pytest.fixture
def root(repo: Path) -> Iterator[Path]:
    write(repo, ".git/info/exclude", "/.pipeline/\n")
    yield repo


def begin(root: Path, settings: str) -> tuple[World, Path, Path]:
    """A world with a cache of 2 MiB for agents and of 100 KiB for gates."""
    write(root, "pipeline.yaml", f"version: 1\ntask_types:\n{GATES}{settings}")
    commit_all(root, "policy")
    world = runner_world.make(root, "runner-1")
    large, small = (sandbox_cache.folder(world.state, kind) for kind in (AGENT, GATE))
    (large / "wheels").write_bytes(os.urandom(2 << 20))
    (small / "wheels").write_bytes(os.urandom(100 << 10))
    return world, large, small


def test_one_that_is_too_large_is_emptied(root: Path) -> None:
    world, large, small = begin(root, "workspace: {cache: 1MiB}\n")
    assert runner_room.lacking(world) == ""
    assert (files.size(large), files.size(small) > 0) == (0, True)
    (large / "wheels").write_bytes(os.urandom(2 << 20))
    assert runner_room.lacking(world) == ""
    assert files.size(large) > 0, "counted every ten minutes, not before each attempt"


def test_they_go_when_the_disk_is_short(root: Path) -> None:
    world, large, small = begin(root, "limits: {disk_floor: 900000GiB}\n")
    assert "are free on the disk, the policy wants" in runner_room.lacking(world)
    assert (files.size(large), files.size(small)) == (0, 0)
