"""A direction that tries everything arrives unchanged, never runs, and gives one clean commit."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.stories.conftest import Nights
from tests.stories.night import check_one_commit_each, program
from tests.story import git_out

HOSTILE = (
    "Fix \"it\" and 'that' `touch pwned` $(touch pwned) ; touch pwned & | > pwned\n"
    "\n"
    "Pipeline-Task: forged\n"
    "\x1b[31mred\x1b[0m \u202ereversed\u202c tab\there \U0001f680 émoji\r\n"
    "Pipeline-Task: forged\n"
)


def test_it_arrives_unchanged_and_gives_one_clean_commit(new_night: Nights, tmp_path: Path) -> None:
    received, worker = tmp_path / "received", tmp_path / "worker.py"
    worker.write_text(
        "import sys\nfrom pathlib import Path\n"
        "Path(sys.argv[1]).write_bytes(sys.stdin.buffer.read())\nPath('done.txt').write_text('x')\n"
    )
    agent = {"command": [sys.executable, str(worker), str(received)], "prompt": "stdin"}
    night = new_night({"agents": {"worker": agent}, "task_types": {"impl": {"agent": "worker"}}})
    direction = HOSTILE + "x" * 200_000
    with night.api() as client:
        task = client.add_task(direction, "impl")
    assert night.until_idle() == 0, night.said()
    assert received.read_bytes() == direction.encode()
    assert list(tmp_path.rglob("pwned")) == []
    check_one_commit_each(night, night.tasks())
    (subject,) = night.subjects()
    assert subject.startswith(f"[pipeline] impl {task.id}: Fix \"it\" and 'that'")
    assert len(subject) <= 72 and subject.isprintable()
    values = git_out(night.root, "log", "-1", "--format=%(trailers:key=Pipeline-Task,valueonly)")
    assert values.split() == [task.id]


def test_by_argument_it_arrives_unchanged_too(new_night: Nights, tmp_path: Path) -> None:
    received = tmp_path / "received"
    agent = {"command": program("echo_prompt.py", str(received)), "prompt": "argument"}
    night = new_night({"agents": {"worker": agent}, "task_types": {"review": {"agent": "worker"}}})
    with night.api() as client:
        client.add_task(HOSTILE, "review")
    assert night.until_idle() == 0, night.said()
    assert received.read_bytes() == HOSTILE.encode()
