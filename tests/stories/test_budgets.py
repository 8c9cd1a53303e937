"""One night with budgets: agents that spend, one that goes round in circles, and what a person sees and does then."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from nightrun.words.task import Task
from tests.conftest import seal
from tests.stories.night import Night, program, script, wait_until

CHEAP = 0.25
NIGHT_USD = 1.0
GATE = ["sh", "-c", "test ! -e broken.txt"]
AGENTS = {
    "digger": program("spends.py", "0.4", "broken.txt", "try {attempt}"),  # something else each time
    "circler": program("spends.py", "0", "broken.txt", "the same"),
    "worker": program("spends.py", str(CHEAP), "{task}.txt"),
    "quiet": program("writes_file.py", "quiet.txt", "x"),  # tells nothing
}


@dataclass
class Morning:
    night: Night
    code: int
    said: str
    status: str
    report: str
    explained: str
    tasks: dict[str, Task] = field(default_factory=dict)
    attempts: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


@pytest.fixture(scope="module")
def morning(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Morning]:
    folder = tmp_path_factory.mktemp("budgets")
    with pytest.MonkeyPatch.context() as patch:
        seal(folder, patch)
        night = Night(
            folder / "repo",
            {
                "agents": {name: {"command": argv} for name, argv in AGENTS.items()},
                "task_types": {"impl": {"gate": [GATE]}},
                "limits": {"attempts": 9, "backoff": ["50ms"], "task_money": 0.75, "night_money": NIGHT_USD},
            },
            in_sandbox=True,
        )
        try:
            yield run(night)
        finally:
            night.close()


def run(night: Night) -> Morning:
    names = ["digger", "circler", "quiet", *(f"worker-{number}" for number in range(1, 3))]
    with night.api() as client:
        ids = {
            name: client.add_task(script("true", name), "impl", agent=name.partition("-")[0], priority=9 - at).id
            for at, name in enumerate(names)
        }
    code = night.until_idle(env={"PIPELINE_AUTO_FIX_ENABLED": "0"})
    said = night.said()
    with night.api():
        pages = (night.call("status"), night.call("report"), night.call("explain", ids["worker-2"]))
    made = Morning(night, code, said, *pages)
    with night.api() as client:
        made.tasks = {name: client.task(one) for name, one in ids.items()}
        made.attempts = {name: client.attempts(one) for name, one in ids.items()}
    return made


def test_a_task_that_used_its_money_up_asks_a_person_with_all_its_attempts_counted(morning: Morning) -> None:
    task = morning.tasks["digger"]
    assert (task.status, task.attempt) == ("needs_decision", 2), morning.said
    assert "0.80 of 0.75 USD" in (task.decision_prompt or "")
    assert [one["cost_usd"] for one in morning.attempts["digger"]] == [0.4, 0.4]


def test_a_task_that_goes_round_in_circles_is_parked_at_the_second_time_without_progress(morning: Morning) -> None:
    task = morning.tasks["circler"]
    assert (task.status, task.attempt, task.failures) == ("needs_decision", 3, 3), morning.said
    assert "3 attempts in a row came to the same files and the same result" in (task.decision_prompt or "")


def test_what_tells_no_cost_is_unknown_and_not_zero(morning: Morning) -> None:
    assert morning.tasks["quiet"].commit_state == "landed"
    assert [one["cost_usd"] for one in morning.attempts["quiet"]] == [None]
    assert "limits.night_money cannot be held for circler, digger, quiet, script, worker, which" in morning.said


def test_the_night_ends_at_its_money_and_the_rest_waits_at_no_cost(morning: Morning) -> None:
    done = [name for name, one in morning.tasks.items() if name.startswith("worker") and one.status == "completed"]
    assert done == ["worker-1"], morning.said
    assert (morning.tasks["worker-2"].status, morning.tasks["worker-2"].failures) == ("pending", 0)


def test_it_is_said_wherever_a_person_looks_and_the_exit_code_tells_it(morning: Morning) -> None:
    why = "the budget of this night is used up: 1.05 of 1.00 USD, told by 6 of 7 attempts"
    assert morning.code == 1
    for page in (morning.said, morning.status, morning.report, morning.explained):
        assert why in page, page


@pytest.mark.soak
def test_a_run_that_was_killed_goes_on_with_its_night_until_a_person_gives_it_a_new_budget(morning: Morning) -> None:
    night = morning.night
    began = morning.attempts["digger"][0]["started_at"] - 60.0
    night.state.run_json.write_text(json.dumps({"night_since": began}))  # as a supervisor leaves it that was killed
    night.start(env={"PIPELINE_AUTO_FIX_ENABLED": "0"})
    client = night.ready()
    wait_until(lambda: any(one["state"] == "idle" for one in client.runners()), "a runner looked for work")
    assert "the budget of this night is used up" in client.pauses()[0]["reason"]
    assert client.task(morning.tasks["worker-2"].id).status == "pending"
    assert "budget had paused it: the budget of this night is used up" in night.call("resume")
    wait_until(lambda: client.task(morning.tasks["worker-2"].id).status == "completed", "the rest is done")
    assert night.stop() == 0
