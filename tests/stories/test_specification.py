"""What the specification says of the running parts, on a whole run; docs/specification.md names every line's test."""

from __future__ import annotations

import sys
from pathlib import Path

from nightrun.conditions import low_success_rate
from tests.stories.conftest import Nights
from tests.stories.night import Night, script
from tests.story import git_out, write

LOW_RATE = "Analyze 7d success rate; suggest prompt/model/meta improvements."
META = "Suggest meta-pipeline item to specs/007-meta-pipeline-backlog.md if root cause identified."
# The hook asks the API what it knows of the task whose commit is being made.
HOOK = """\
#!{python}
import sys
from pathlib import Path
sys.path[:0] = {path!r}
from nightrun.hands.client import Client
message = Path(sys.argv[1]).read_text()
task = message.split("Pipeline-Task: ")[1].split()[0]
with open({told!r}, "a") as out:
    print(Client.for_repo(Path({root!r})).task(task).status, file=out)
"""


def test_the_commit_is_made_after_the_patch_to_completed_returned(night: Night, tmp_path: Path) -> None:
    """Specification: agent runner invokes commit after PATCH returns for completed tasks when env is set."""
    told = tmp_path / "told"
    text = HOOK.format(python=sys.executable, path=sys.path, told=str(told), root=str(night.root))
    write(night.root, ".git/hooks/commit-msg", text).chmod(0o755)
    with night.api() as client:
        client.add_task(script("echo a >a.txt"), "impl")
    assert night.until_idle() == 0, night.said()
    assert told.read_text() == "completed\n"
    assert len(night.subjects()) == 1


def test_a_low_success_rate_makes_an_issue_and_with_auto_fix_a_heal_task(new_night: Nights) -> None:
    """Specification: heal task in addition to issue when auto-fix enabled; both directions in its words."""
    night = new_night({"limits": {"attempts": 1}})
    with night.api() as client:
        for n in range(5):
            client.add_task(script("echo the same failure; exit 1", f"Task {n}"), "impl")
    assert night.until_idle(env={"PIPELINE_AUTO_FIX_ENABLED": "0"}) == 1, night.said()
    assert {"low_success_rate", "repeated_failures"} <= open_issues(night)
    assert [one for one in night.tasks() if one.task_type == "heal"] == []
    night.until_idle(env={"PIPELINE_AUTO_FIX_ENABLED": "1"})
    assert {"low_success_rate", "repeated_failures"} <= open_issues(night)
    heals = {str(one.context["condition"]): one for one in night.tasks() if one.task_type == "heal"}
    assert set(heals) == {"low_success_rate", "repeated_failures"}
    assert heals["low_success_rate"].direction == LOW_RATE == low_success_rate.DIRECTION
    assert META in heals["repeated_failures"].direction
    assert night.subjects() == []


def open_issues(night: Night) -> set[str]:
    with night.api() as client:
        return {str(one["condition"]) for one in client.issues()["issues"]}


def test_every_type_is_committed_with_the_short_direction_and_heal_is_not(night: Night) -> None:
    """Specification: [pipeline] {task_type} {task_id}: {short_direction} (spec/impl/test/review; not heal)."""
    direction = script("echo $PIPELINE_TASK_TYPE >$PIPELINE_TASK_TYPE.txt", "Write the type down. Then stop.")
    with night.api() as client:
        ids = {name: client.add_task(direction, name).id for name in ("spec", "impl", "test", "review", "heal")}
    assert night.until_idle() == 0, night.said()
    wanted = {f"[pipeline] {name} {ids[name]}: Write the type down." for name in ids if name != "heal"}
    assert {one.rstrip(".") + "." for one in night.subjects()} == wanted
    assert git_out(night.root, "status", "--porcelain") == ""
