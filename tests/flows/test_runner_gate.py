"""The gate's evidence: codes and logs of every command, two answers on one tree, the target before the work."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from nightrun.decisions import message
from nightrun.flows import runner_gate, runner_trust, runner_workspace, runner_world
from nightrun.flows.runner_world import World
from nightrun.hands import git_change, git_settings
from nightrun.words.gate import FAILED, PASSED, Gate
from nightrun.words.task import Task
from tests.story import commit_all, git_out, write

TASK = Task(id="t1", task_type="impl", direction="Do it", status="running", attempt=1)


def world_of(repo: Path, *lines: str, **more: object) -> World:
    """A runner of a repository whose gate of impl tasks are these lines of `sh`."""
    gate = [["sh", "-c", line] for line in lines]
    none = {name: {"gate": []} for name in ("spec", "test", "review")}
    write(
        repo,
        "pipeline.yaml",
        json.dumps(
            {"version": 1, "workspace": {"sandbox": "off"}, "task_types": {**none, "impl": {"gate": gate}}, **more}
        ),
    )
    commit_all(repo, "policy")
    world = runner_world.make(repo, "runner-1")
    runner_trust._remember(world, trusted=git_settings.mark(repo))  # as the run's first look would
    return world


def check(world: World) -> Gate:
    place = runner_workspace.prepare(world, TASK)
    try:
        return runner_gate.check(world, TASK, place.path, git_change.snapshot(place.path))
    finally:
        runner_workspace.leave(world, place, keep_branch=False)


def test_every_command_has_a_code_and_a_log_and_the_hash_is_of_all(repo: Path) -> None:
    world = world_of(repo, "echo one; echo more", "echo two")
    gate = check(world)
    assert (gate.result, gate.codes) == (PASSED, (0, 0))
    logs = [world.state.task_logs / name for name in ("t1.1.gate.log", "t1.1.gate.2.log")]
    assert [one.read_text() for one in logs] == ["one\nmore\n", "two\n"]
    assert gate.log == hashlib.sha256(b"one\nmore\ntwo\n").hexdigest()
    assert message.gate_log_trailer(gate.to_json()) == f"sha256:{gate.log} exit 0 0"


def test_the_same_tree_and_commands_are_not_run_again_and_it_is_said(repo: Path, tmp_path: Path) -> None:
    world = world_of(repo, f"echo ran >>{tmp_path}/ran")
    first, second = check(world), check(world)
    assert (tmp_path / "ran").read_text() == "ran\n"
    assert (first.reused, second.reused, second.log) == (False, True, first.log)
    assert message.gate_log_trailer(second.to_json()).endswith("exit 0, reused")


def test_a_gate_that_says_no_and_then_yes_on_the_same_tree_is_flaky(repo: Path, tmp_path: Path) -> None:
    gate = check(world_of(repo, f"test -e {tmp_path}/been && echo yes || {{ touch {tmp_path}/been; exit 3; }}"))
    assert (gate.result, gate.flaky, gate.codes, gate.log) == (PASSED, True, (0,), hashlib.sha256(b"yes\n").hexdigest())
    assert message.gate_log_trailer(gate.to_json()).endswith("exit 0, flaky")


@pytest.mark.parametrize(("reruns", "runs"), [(0, 1), (1, 2), (3, 4)])
def test_one_that_always_says_no_fails(repo: Path, tmp_path: Path, reruns: int, runs: int) -> None:
    gate = check(world_of(repo, "true", f"echo ran >>{tmp_path}/ran; exit 3", limits={"gate_reruns": reruns}))
    assert (gate.result, gate.flaky, gate.codes) == (FAILED, False, (0, 3))
    assert (tmp_path / "ran").read_text() == "ran\n" * runs


def test_one_that_changes_files_is_not_asked_again(repo: Path, tmp_path: Path) -> None:
    gate = check(world_of(repo, f"echo ran >>{tmp_path}/ran; echo x >>README.md; exit 1"))
    assert gate.result == FAILED
    assert (tmp_path / "ran").read_text() == "ran\n"


def test_a_target_that_passed_is_not_asked_again(repo: Path, tmp_path: Path) -> None:
    world = world_of(repo, f"echo ran >>{tmp_path}/ran")
    base = git_out(repo, "rev-parse", "HEAD")
    assert not runner_gate.target_is_red(world, TASK, base)
    assert check(world).reused
    assert not runner_gate.target_is_red(world, TASK, base)
    assert (tmp_path / "ran").read_text() == "ran\n"
