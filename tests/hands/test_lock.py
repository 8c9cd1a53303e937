from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from nightrun.hands import lock


def test_a_second_holder_gets_nothing_until_the_first_lets_go(tmp_path: Path) -> None:
    path = tmp_path / "locks" / "api.lock"
    first = lock.hold(path)
    assert first is not None
    assert lock.hold(path) is None
    first.release()
    assert lock.hold(path) is not None


def test_a_killed_holder_leaves_no_lock(tmp_path: Path) -> None:
    path = tmp_path / "api.lock"
    code = (
        "import sys, pathlib; from nightrun.hands import lock; held = lock.hold(pathlib.Path(sys.argv[1]));"
        "print(held is not None, flush=True); sys.stdin.read()"
    )
    tools = str(Path(lock.__file__).parents[2])
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"PYTHONPATH": tools},
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"True\n"
    assert lock.hold(path) is None
    child.kill()
    child.communicate()
    assert lock.hold(path) is not None
