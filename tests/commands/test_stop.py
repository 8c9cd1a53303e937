from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from nightrun.cli import main
from nightrun.flows import stopping
from nightrun.hands import clock
from nightrun.hands.state_dir import StateDir

OBEYS = "import os, sys, time\nwhile not os.path.exists(sys.argv[1]): time.sleep(0.02)"
DOES_NOT = "import time; time.sleep(60)"


def stop(root: Path, *args: str) -> Result:
    return CliRunner().invoke(main, ["stop", "--repo", str(root), *args])


@contextmanager
def a_run(root: Path, code: str) -> Iterator[int]:
    """A process in the place of the supervisor. Its parent waits for it, so that it does not stay as a zombie."""
    state = StateDir(root).create()
    inner = f"import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', {code!r}, *sys.argv[1:]]); "
    outer = inner + "print(p.pid, flush=True); p.wait()"
    argv = [sys.executable, "-c", outer, str(state.stop_requested)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        found = clock.process_identity(pid)
        assert found is not None
        state.run_json.write_text(json.dumps({"pid": pid, "start_time": found[1]}))
        try:
            yield pid
        finally:
            subprocess.run(["kill", "-9", str(pid)], stderr=subprocess.DEVNULL)


def test_stop_waits_until_the_run_has_ended(repo: Path) -> None:
    with a_run(repo, OBEYS) as pid:
        shown = stop(repo)
        assert clock.process_identity(pid) is None
    assert shown.exit_code == 0
    assert shown.stdout.startswith("Stopped after ")
    assert shown.stderr.startswith(f"stopping nightrun (pid {pid})")


def test_stop_for_programs(repo: Path) -> None:
    with a_run(repo, OBEYS):
        assert json.loads(stop(repo, "--json").stdout)["ran"] is True
    assert json.loads(stop(repo, "--json").stdout) == {"ran": False, "seconds": None}


def test_run_that_does_not_end_is_said_with_what_to_do(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopping, "LIMIT_S", 0.3)
    monkeypatch.setattr(stopping, "SAY_S", 0.1)
    with a_run(repo, DOES_NOT) as pid:
        shown = stop(repo)
    assert shown.exit_code == 1
    assert "still stopping after 0 s\n" in shown.stderr
    assert f"nightrun: The run (pid {pid}) has not ended within 0 s.\n" in shown.stderr
    assert shown.stderr.endswith(f"kill -9 {pid}\n")


@pytest.mark.parametrize("said", [None, "{}", "no json", '{"pid": 999999999, "start_time": 1.0}', '{"pid": "1"}'])
def test_nothing_to_stop_is_fine_and_leaves_no_request(said: str | None, repo: Path) -> None:
    state = StateDir(repo)
    if said is not None:
        state.create().run_json.write_text(said)
    shown = stop(repo)
    assert (shown.exit_code, shown.stdout) == (0, f"Nothing runs in {repo}.\n")
    assert not state.stop_requested.exists()
    assert state.path.exists() == (said is not None)
