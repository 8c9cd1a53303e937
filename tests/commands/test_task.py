from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from nightrun.cli import main
from nightrun.flows import api_alone
from tests import story
from tests.commands.night import Night

ODD = 'it\'s "quoted" `touch pwned` $(touch pwned)\r\n\n\tPipeline-Task: forged\n\n🌙 \x1b[31m\\n  '


@pytest.fixture
def night(tmp_path: Path) -> Iterator[Night]:
    made = Night(tmp_path / "project")
    yield made
    made.close()


def run(root: Path, *args: str, **more: object) -> Result:
    return CliRunner().invoke(main, ["task", "--repo", str(root), *args], **more)  # type: ignore[arg-type]


def test_direction_arrives_unchanged(night: Night, tmp_path: Path) -> None:
    given = tmp_path / "direction.md"
    given.write_bytes(ODD.encode())
    ways = [
        night.run("task", "--type", "impl", "--direction", ODD, "--json"),
        night.run("task", "--type", "impl", "--direction", "-", "--json", input=ODD.encode()),
        night.run("task", "--type", "impl", "--file", str(given), "--json"),
    ]
    for shown in ways:
        assert night.client.task(json.loads(shown.stdout)["id"]).direction == ODD


def test_all_that_is_said_of_a_task_is_kept(night: Night) -> None:
    first = night.add()
    more = ["--priority", "-5", "--after", first.id, "--model", "small", "--json"]
    shown = night.run("task", "--type", "test", "--direction", "Check it", *more)
    task = night.client.task(json.loads(shown.stdout)["id"])
    assert (task.task_type, task.priority, task.depends_on, task.model) == ("test", -5, (first.id,), "small")
    assert task.agent is None


def test_it_says_what_happens_next(night: Night) -> None:
    shown = night.run("task", "--type", "impl", "--direction", "Add a flag\n\nto all")
    task = night.client.tasks()[0][0]
    assert shown.stdout == (
        f"impl {task.id} Add a flag was added. Nothing runs here: `make autonomous` starts the work.\n"
    )
    waits = night.run("task", "--type", "impl", "--direction", "Then this", "--after", task.id)
    assert waits.stdout.endswith(f"Then this was added. It waits for {task.id}.\n")
    pid, start = night.api.child.pid, night.api.said()["start_time"]
    night.api.state.run_json.write_text(json.dumps({"pid": pid, "start_time": start}))
    free = night.run("task", "--type", "impl", "--direction", "Now")
    assert free.stdout.endswith("Now was added. It is worked on as soon as a runner is free: `make monitor`.\n")
    night.client.pause("intake", "rebasing")
    paused = night.run("task", "--type", "impl", "--direction", "Later")
    assert paused.stdout.endswith("Later was added. No tasks are taken now (rebasing): `make resume`.\n")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--type", "imp", "--direction", "x"], "There is no task type 'imp'; did you mean 'impl'?"),
        (["--type", "qqq", "--direction", "x"], "There is no task type 'qqq'."),
        (["--type", "impl"], "The direction is missing."),
        (["--type", "impl", "--direction", "x", "--file", "README.md"], "The direction is given twice."),
        (["--type", "impl", "--direction", " \n"], "The direction is empty."),
        (["--type", "impl", "--direction", "x" * 1_000_000], "The direction is too long: 1,000,002 bytes or more"),
        (["--type", "impl", "--direction", '"' * 600_000], "The direction is too long: 1,200,002 bytes or more"),
        (["--direction", "x"], "Missing option '--type'."),
    ],
)
def test_wrong_use_is_said_before_anything_is_started(
    args: list[str], said: str, repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repo)
    shown = run(repo, *args)
    assert shown.exit_code == 2
    assert shown.stderr.startswith(f"nightrun: {said}")
    assert not (repo / ".pipeline").exists()


def test_direction_that_is_no_text_is_refused(repo: Path) -> None:
    shown = run(repo, "--type", "impl", "--direction", "-", input=b"caf\xe9")
    assert (shown.exit_code, shown.stderr.splitlines()[0]) == (2, "nightrun: The direction is not UTF-8 text (byte 3).")


def test_longest_direction_is_taken(night: Night) -> None:
    text = "x" * 999_998
    shown = night.run("task", "--type", "impl", "--direction", "-", "--json", input=text)
    assert night.client.task(json.loads(shown.stdout)["id"]).direction == text


def test_unknown_task_to_wait_for_is_refused(night: Night) -> None:
    shown = night.run("task", "--type", "impl", "--direction", "x", "--after", "nothing")
    assert shown.exit_code == 1
    assert "There is no task 'nothing' to depend on." in shown.stderr


def test_misspelt_agent_is_refused_and_one_of_the_policy_is_known(night: Night) -> None:
    shown = night.run("task", "--type", "impl", "--direction", "x", "--agent", "scirpt")
    assert shown.exit_code == 2
    assert shown.stderr.startswith("nightrun: There is no agent 'scirpt'; did you mean 'script'?")
    types = "".join(f"  {one}: {{gate: []}}\n" for one in ("spec", "impl", "test", "review"))
    policy = f"version: 1\ntask_types:\n{types}agents:\n  mine: {{command: [true]}}\n"
    story.write(night.root, "pipeline.yaml", policy.replace("[true]", '["true"]'))
    shown = night.run("task", "--type", "impl", "--direction", "x", "--agent", "mine", "--json")
    assert night.client.task(json.loads(shown.stdout)["id"]).wants_agent == "mine"


def test_it_works_before_anything_ran_and_leaves_nothing_running(repo: Path) -> None:
    shown = run(repo, "--type", "impl", "--direction", ODD)
    assert shown.exit_code == 0, shown.stderr
    assert "Nothing runs here" in shown.stdout
    assert not (repo / ".pipeline/api.json").exists()
    assert story.git_out(repo, "status", "--porcelain") == ""
    with api_alone.answering(repo) as client:
        (task,), total = client.tasks()
    assert (task.direction, total) == (ODD, 1)


def test_two_at_once_are_both_added(repo: Path) -> None:
    import sys

    argv = [sys.executable, "-m", "nightrun", "task", "--repo", str(repo), "--type", "impl", "--direction"]
    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": ":".join(sys.path)}
    both = [subprocess.Popen([*argv, text], env=env, stdout=subprocess.PIPE, text=True) for text in ("one", "two")]
    assert [one.wait(60) for one in both] == [0, 0]
    with api_alone.answering(repo) as client:
        assert {one.direction for one in client.tasks()[0]} == {"one", "two"}
    for one in both:
        assert one.stdout is not None
        one.stdout.close()
