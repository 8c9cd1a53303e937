from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from nightrun.cli import main
from tests import story
from tests.agents.ends import RECORDED
from tests.commands.night import Night

POLICY = """\
version: 1
task_types:
  spec: {gate: []}
  impl: {gate: [], agent: [mine, script]}
  test: {gate: []}
  review: {gate: [], agent: mine}
agents:
  mine: {command: [./gone]}
"""
# In a sandbox what an agent needs of the machine has to be named.
READS = f"{POLICY}workspace: {{readable: [{RECORDED}]}}\n"


@pytest.fixture
def on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the first of the PATH; no agent of this machine is seen."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    monkeypatch.setenv("IS_SANDBOX", "1")
    return folder


@pytest.fixture
def night(tmp_path: Path) -> Iterator[Night]:
    made = Night(tmp_path / "project")
    yield made
    made.close()


def program(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.write_text(f'#!/bin/sh\n[ "$1" = --version ] && {{ echo 9.9.9; exit; }}\n{text}\n')
    path.chmod(0o755)


def run(repo: Path, *args: str) -> Result:
    return CliRunner().invoke(main, ["agents", *args, "--repo", str(repo)])


def test_without_a_preset_auto_is_the_embedded_agent(repo: Path, on_path: Path) -> None:
    shown = run(repo)
    assert shown.exit_code == 0
    assert "--    claude       claude is not on the PATH\n" in shown.stdout
    assert "\nauto is script.\n" in shown.stdout


def test_what_is_found_is_told_with_its_version(repo: Path, on_path: Path) -> None:
    program(on_path, "codex", "")
    story.write(repo, "pipeline.yaml", POLICY)
    found = json.loads(run(repo, "--json").stdout)
    seen = {one["name"]: one for one in found["agents"]}
    assert seen["codex"]["version"] == "9.9.9" and seen["codex"]["program"] == str(on_path / "codex")
    assert (seen["mine"]["is_available"], seen["mine"]["problem"]) == (False, "./gone is not there")
    assert found["auto"] == "codex"
    assert found["task_types"] == {"spec": "codex", "impl": "script", "test": "codex", "review": None, "heal": "codex"}


def test_older_version_than_was_tried_is_told(repo: Path, on_path: Path) -> None:
    program(on_path, "claude", "")
    (on_path / "claude").write_text("#!/bin/sh\necho '2.1.197 (Claude Code)'\n")
    assert "older than 2.1.330, which it was tried with" in run(repo).stdout


def test_trial_of_an_agent_that_works(repo: Path, on_path: Path) -> None:
    story.write(repo, "pipeline.yaml", READS)
    before = sorted(repo.rglob("*"))
    shown = run(repo, "check", "script")
    assert (shown.exit_code, shown.stdout.split(" after")[0]) == (0, "script: completed")
    program(on_path, "codex", f"cat > /dev/null; echo works > nightrun-check.txt; cat {RECORDED}/codex/success.jsonl")
    told = json.loads(run(repo, "check", "codex", "--json").stdout)
    assert (told["outcome"], told["usage"]["output_tokens"]) == ("completed", 120)
    assert sorted(repo.rglob("*")) == before


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        (f"cat {RECORDED}/codex/success.jsonl", "no_change"),
        (f"cat {RECORDED}/codex/401.jsonl; exit 1", "auth"),
        (f"cat {RECORDED}/codex/429.jsonl; exit 1", "limit"),
        ("echo works > nightrun-check.txt", "agent"),
    ],
)
def test_trial_of_an_agent_that_does_not(repo: Path, on_path: Path, text: str, outcome: str) -> None:
    story.write(repo, "pipeline.yaml", READS)
    program(on_path, "codex", text)
    shown = run(repo, "check", "codex")
    assert shown.exit_code == 1
    assert shown.stdout.startswith(f"codex: {outcome} after 0 s")


def test_a_trial_that_passes_ends_nightruns_own_pauses_of_the_agent_and_no_others(night: Night, on_path: Path) -> None:
    def pause(scope: str, reason: str, by: str = "nightrun") -> None:
        night.client.pause(scope, reason, by=by)

    story.write(night.root, "pipeline.yaml", READS)
    pause("agent:codex", "auth: 401")
    pause("agent:claude", "auth: 401")
    pause("intake", "agent codex had the same fault 2 times in a row: auth: 401")
    program(on_path, "codex", "exit 1")
    assert "codex" in night.run("agents").stdout and "paused by nightrun: auth: 401" in night.run("agents").stdout
    assert run(night.root, "check", "codex").exit_code == 1
    assert len(night.client.pauses()) == 3
    program(on_path, "codex", f"cat > /dev/null; echo works > nightrun-check.txt; cat {RECORDED}/codex/success.jsonl")
    assert "it is used again; it had been paused: auth: 401" in run(night.root, "check", "codex").stdout
    assert [one["scope"] for one in night.client.pauses()] == ["agent:claude"]
    pause("agent:codex", "I want to see it first", by="person")
    assert run(night.root, "check", "codex").exit_code == 0
    assert [one["scope"] for one in night.client.pauses()] == ["agent:claude", "agent:codex"]


def test_trial_of_a_program_that_is_not_there_is_a_setup_fault(repo: Path, on_path: Path) -> None:
    assert run(repo, "check", "opencode").stdout.startswith("opencode: setup after 0 s: The program opencode")


def test_unknown_agent_is_wrong_use(repo: Path, on_path: Path) -> None:
    shown = run(repo, "check", "nobody")
    assert shown.exit_code == 2
    assert "There is no agent nobody here." in shown.stderr


def test_doctor_has_a_row_about_agents(repo: Path, on_path: Path) -> None:
    from nightrun.commands import doctor

    rows = list(doctor.CHECKS["agents"](repo))
    assert [(row.state, row.text) for row in rows] == [
        ("ok", "auto is script: it runs the sh block of a direction, all other work waits")
    ]
    program(on_path, "codex", "")
    (on_path / "codex").write_text("#!/bin/sh\nexit 1\n")
    assert [row.state for row in doctor.CHECKS["agents"](repo)] == ["warn", "ok"]
