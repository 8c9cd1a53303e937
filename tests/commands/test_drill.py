"""A drill on a repository of one's own: it shows what is caught and what is not, and touches nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from nightrun.hands import repository_mark
from tests.story import commit_all, git_out, write

# A repository in shell, with a gate that can see when the code is broken.
SUM = '#!/bin/sh\ntotal=0\nfor one in "$@"; do total=$((total + one)); done\necho "$total"\n'
CHECK = '#!/bin/sh\n[ "$(sh sum.sh 1 2 3)" = 6 ] || { echo "sum.sh is broken"; exit 1; }\n'
BATS = '@test "sums" {\n  [ "$(sh sum.sh 1 2)" = 3 ]\n}\n'
MAKEFILE = "test:\n\tsh check-sum.sh\n"
TYPES = ("spec", "impl", "test", "review")


def project(folder: Path) -> Path:
    folder.mkdir()
    git_out(folder, "init", "-q")
    for name, text in (("sum.sh", SUM), ("check-sum.sh", CHECK), ("sum.bats", BATS), ("Makefile", MAKEFILE)):
        write(folder, name, text)
    commit_all(folder, "begin")
    return folder


def with_policy(repo: Path, gate: list[str], block: str = "all", **scan: bool) -> None:
    types = {name: {"gate": gate} for name in TYPES}
    chosen = {"version": 1, "task_types": types, "scan": scan, "push": {"block": block}}
    write(repo, "pipeline.yaml", json.dumps(chosen))


def argv(repo: Path, *args: str) -> list[str]:
    return [sys.executable, "-P", "-m", "nightrun", "drill", "--repo", str(repo), *args]


def env() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


def call(repo: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(argv(repo, *args), env=env(), capture_output=True, text=True, timeout=300)


def only(*names: str) -> list[str]:
    return [word for name in names for word in ("--only", name)]


def verdicts(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    said: dict[str, Any] = json.loads(done.stdout)
    return {one["name"]: one["verdict"] for one in said["rows"]}


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the drill makes its folder."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


def test_guards_that_hold_catch_and_one_that_is_off_does_not(tmp_path: Path, scratch: Path) -> None:
    repo = project(tmp_path / "repo")
    with_policy(repo, ["make test"], weakened_tests=False)
    write(repo, "unsaved.txt", "a person is at work here\n")
    before = repository_mark.of(repo)
    done = call(repo, "--json", *only("works", "breaks", "skips-tests", "edits-policy", "push-a1"))
    assert done.returncode == 1, done.stderr
    assert verdicts(done) == {
        "works": "fine",
        "breaks": "caught",
        "skips-tests": "NOT CAUGHT",
        "edits-policy": "caught",
        "push-a1": "caught",
    }
    assert repository_mark.of(repo) == before
    assert json.loads(done.stdout)["touched"] == []
    assert list(scratch.iterdir()) == []


def test_what_changed_git_settings_twice_in_the_same_way_is_no_word_of_a_person(tmp_path: Path, scratch: Path) -> None:
    repo = project(tmp_path / "repo")
    done = call(repo, "--json", "--sandbox", "off", *only("push-a6", "push-http-a6", "plants-fsmonitor"))
    found = verdicts(done)
    assert (done.returncode, found["plants-fsmonitor"]) == (0, "caught"), done.stdout


def test_without_a_test_command_it_says_what_to_do(repo: Path, scratch: Path) -> None:
    done = call(repo)
    assert done.returncode == 1
    assert "No test command was found" in done.stderr
    assert "nightrun adopt" in done.stderr
    assert list(scratch.iterdir()) == []


def test_an_unknown_name_is_told_with_those_that_there_are(repo: Path) -> None:
    done = call(repo, *only("hang"))
    assert done.returncode == 2
    assert "There is no drill 'hang'." in done.stderr
    assert "hangs" in done.stderr


def test_a_stop_leaves_nothing(tmp_path: Path, scratch: Path) -> None:
    repo = project(tmp_path / "repo")
    drill = subprocess.Popen(
        argv(repo, *only("hangs", "forks", "daemon")), env=env(), stdout=subprocess.PIPE, text=True
    )
    end = time.monotonic() + 120
    while not list(scratch.glob("*/repository/.pipeline/worktrees/*")) and time.monotonic() < end:
        time.sleep(0.05)
    drill.send_signal(signal.SIGTERM)
    assert drill.wait(180) == 130
    assert list(scratch.iterdir()) == []
    left = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout
    assert str(scratch) not in left


@pytest.mark.soak
@pytest.mark.parametrize("mode", ["off", "auto"])
def test_everything_is_caught_or_listed_on_a_repository_of_another_language(
    tmp_path: Path, scratch: Path, mode: str
) -> None:
    repo = project(tmp_path / "repo")
    before = repository_mark.of(repo)
    done = call(repo, "--json", "--sandbox", mode)
    found = verdicts(done)
    assert "NOT CAUGHT" not in found.values(), done.stdout
    assert done.returncode == 0
    listed = {name for name, one in found.items() if one == "not stoppable here"}
    sandboxed = json.loads(done.stdout)["sandboxed"]
    # A clean environment has no HOME, where the password is: a5 and a6.
    here = {"moves-target-unseen", *(f"push-a{n}" for n in range(2, 10)), *(f"push-http-a{n}" for n in (2, 3, 4, 7, 8))}
    assert listed == (set() if sandboxed else here)
    assert repository_mark.of(repo) == before
    assert list(scratch.iterdir()) == []


@pytest.mark.soak
def test_with_every_guard_of_the_policy_off_the_drill_says_so(tmp_path: Path, scratch: Path) -> None:
    repo = project(tmp_path / "repo")
    off = ("secrets", "protected_paths", "size", "nested_repositories", "weakened_tests", "destructive")
    with_policy(repo, [], **dict.fromkeys(off, False))
    names = ("breaks", "deletes", "skips", "loosens", "edits", "leaks-secret", "nested-repository")
    done = call(repo, "--json", "--sandbox", "off", *only(*names))
    assert done.returncode == 1
    assert set(verdicts(done).values()) == {"NOT CAUGHT"}, verdicts(done)


@pytest.mark.soak
def test_a_guard_of_pushes_that_is_narrowed_lets_a_push_without_pipeline_commits_pass(
    tmp_path: Path, scratch: Path
) -> None:
    repo = project(tmp_path / "repo")
    with_policy(repo, ["make test"], "pipeline")
    done = call(repo, "--json", "--sandbox", "off", *only("push-a1"))
    assert (done.returncode, verdicts(done)) == (1, {"push-a1": "NOT CAUGHT"})
