"""A gate that is red on the target itself: one repair, and nobody else pays for it."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.stories.conftest import Nights
from tests.stories.night import check_one_commit_each, script
from tests.story import commit_all, git_out, write

# Repairs the target when it is asked to, and does its own work otherwise.
WORKER = """\
import os, sys
from pathlib import Path
prompt = sys.stdin.read()
if "The gate fails on the target branch itself" in prompt:
    Path(sys.argv[1]).write_text(prompt)
    Path("needed.txt").write_text("there")
else:
    with open(sys.argv[1] + ".others", "a") as file:
        print("repaired" if Path("needed.txt").exists() else "still red", file=file)
    Path(os.environ["PIPELINE_TASK_ID"] + ".txt").write_text("x")
"""
GATE = "test -f needed.txt || { echo needed.txt is missing; exit 1; }"


def test_a_red_target_is_repaired_by_one_impl_task_and_the_others_are_not_charged(
    new_night: Nights, tmp_path: Path
) -> None:
    worker, told = tmp_path / "worker.py", tmp_path / "told"
    write(tmp_path, "worker.py", WORKER)
    agent = {"command": [sys.executable, str(worker), str(told)], "prompt": "stdin"}
    types = {"impl": {"agent": "worker", "gate": [["sh", "-c", GATE]]}}
    limits = {"attempts": 2, "backoff": ["300ms"]}
    # As it is shipped: what runs until nothing is left may not end before the monitor saw that the target is red.
    monitor = {"interval": "60s"}
    night = new_night({"agents": {"worker": agent}, "task_types": types, "limits": limits, "monitor": monitor})
    with night.api() as client:
        ids = [client.add_task(f"Task {n}", "impl").id for n in range(3)]
    assert night.until_idle() == 0, night.said()
    tasks = night.tasks()
    (repair,) = [one for one in tasks if one.id not in ids]
    assert (repair.task_type, repair.context["condition"]) == ("impl", "gate_red")
    assert "needed.txt is missing" in told.read_text()
    assert told.with_name("told.others").read_text() == "repaired\n" * 3, "an agent worked on a red target"
    assert {(one.status, one.commit_state, one.failures) for one in tasks} == {("completed", "landed", 0)}
    check_one_commit_each(night, tasks)
    assert night.committed()[repair.id] == [git_out(night.root, "log", "-1", "--format=%H", "--", "needed.txt")]
    with night.api() as client:
        assert client.snapshot()["issues"] == [], "the issue stays open though the target passes"


def test_a_target_that_a_person_repaired_is_seen_at_the_next_start_and_nobody_repairs_it_again(
    new_night: Nights,
) -> None:
    # The embedded agent cannot do what the repair asks for.
    types = {"impl": {"agent": "script", "gate": [["sh", "-c", GATE]]}}
    night = new_night({"task_types": types, "monitor": {"interval": "60s"}})
    with night.api() as client:
        waits = client.add_task(script("echo 1 >one.txt"), "impl").id
    assert night.until_idle() == 1, night.said()
    assert "1 waiting: needs main to pass its own gate" in night.log.read_text()
    write(night.root, "needed.txt", "by hand")
    commit_all(night.root, "by hand")
    night.log.unlink()
    assert night.until_idle() == 0, night.said()
    (task, repair) = night.tasks()
    assert (task.id, task.commit_state) == (waits, "landed")
    assert (repair.context["condition"], repair.status, repair.commit_state) == ("gate_red", "completed", "none")
    assert repair.commit_reason == "main passes its gate now, so nothing was left to repair"
    with night.api() as client:
        assert client.snapshot()["issues"] == []
