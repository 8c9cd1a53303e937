"""The loop closes: a failure, its issue, a heal that names the root cause, an item, its commits, and their effect."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.stories.conftest import Nights
from tests.stories.night import check_one_commit_each
from tests.story import commit_all, git_out, write

# A heal names two root causes; every other task leaves a line, but one that is told to fail.
WORKER = """\
import os, sys
kind, task, prompt = os.environ["PIPELINE_TASK_TYPE"], os.environ["PIPELINE_TASK_ID"], sys.stdin.read()
if kind == "heal":
    with open("specs/meta.md", "a") as out:
        out.write("- [ ] [impl review] Tell agents where the schema is\\n- [ ] [impl] Pin the schema\\n")
    print("the schema is not where agents look for it")
elif "Break it" in prompt:
    sys.exit("the schema was not found")
elif kind != "review":
    with open(f"{kind}.txt", "a") as out:
        out.write(task + "\\n")
print("VERDICT: PASS")
"""


def test_a_root_cause_becomes_an_item_is_worked_on_and_the_issue_shows_what_came_of_it(
    new_night: Nights, tmp_path: Path
) -> None:
    program = tmp_path / "worker.py"
    program.write_text(WORKER)
    agent = {"command": [sys.executable, str(program)], "prompt": "stdin"}
    types = {name: {"agent": "worker"} for name in ("spec", "impl", "test", "review", "heal")}
    night = new_night(
        {
            "agents": {"worker": agent},
            "task_types": types,
            "backlog": {"files": [], "meta": "specs/meta.md"},
            "limits": {"attempts": 1},
            "monitor": {"repeated_failures": {"count": 1}, "low_success_rate": {"on": False}},
        }
    )
    write(night.root, "specs/meta.md", "# Meta\n")
    commit_all(night.root, "meta")
    with night.api() as client:
        broken = client.add_task("Break it", "impl")
    assert night.until_idle() == 1, night.said()
    with night.api() as client:
        shown = client.issues()
        (issue,) = [one for one in shown["issues"] if one["condition"] == "repeated_failures"]
        tasks = {one.id: one for one in client.tasks(limit=100)[0]}
    heal = tasks[issue["heal_task_id"]]
    assert (tasks[broken.id].status, heal.task_type, heal.status) == ("failed", "heal", "completed")
    items = {one["item"]["text"]: one for one in issue["suggested_tasks"]}
    assert sorted(items) == ["Pin the schema", "Tell agents where the schema is"]
    for text, kinds in (("Pin the schema", ["impl"]), ("Tell agents where the schema is", ["impl", "review"])):
        one = items[text]
        assert (one["suggested_by"], one["state"], one["status"]) == (heal.id, "done", "completed")
        assert [each["task_type"] for each in one["tasks"]] == kinds
        assert set(one["commits"]) <= set(git_out(night.root, "rev-list", "main").split())
        assert one["commits"][0] == tasks[one["task"]].commit_sha
        assert (one["effect"], one["early"]) == ("unknown", True)
    assert (night.root / "specs/meta.md").read_text().count("- [x]") == 2
    check_one_commit_each(night, list(tasks.values()))
    said = night.call("explain", issue["id"])
    assert all(text in said for text in (*items, heal.id))
    assert all(one["commits"][0][:10] in said for one in items.values())
