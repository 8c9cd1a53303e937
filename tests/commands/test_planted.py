"""Programs planted in git's settings or hooks: no command of nightrun lets git run them (reliability.md 4.3)."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from nightrun.cli import main
from nightrun.drills import plants
from nightrun.hands import git_settings
from nightrun.hands.state_dir import StateDir
from tests.pipeline_commits import task_commit
from tests.story import git_out, write

# How git runs each of them when a person who does not know calls it.
RUNS = ("fsmonitor", "hooks-path", "filter", "gpg", "external-diff", "textconv", "alias")
PLAIN = "echo more >>two; git status; git add -A; git commit -qm more; git diff HEAD~1; git log -p -1; git stat"


def call(repo: Path, name: str, *args: str) -> Result:
    return CliRunner().invoke(main, [name, "--repo", str(repo), *args])


def script(text: str, out: Path) -> str:
    """The drill's agent, which leaves word in `out` when one of its programs runs."""
    return f"OUT='{out}'\n{text.replace('alias.status', 'alias.stat')}\n"


def plant(repo: Path, text: str, out: Path) -> None:
    subprocess.run(["sh", "-c", script(text, out)], cwd=repo, check=True)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


def gated(repo: Path, tmp_path: Path, text: str, out: Path) -> Path:
    """Two commits of the pipeline whose gate plants something when it runs."""
    gate = f"sh {write(tmp_path, 'gate.sh', script(text, out))}"
    types = {name: {"gate": [gate]} for name in ("spec", "impl", "test", "review")}
    write(repo, "pipeline.yaml", json.dumps({"version": 1, "task_types": types, "workspace": {"sandbox": "off"}}))
    task_commit(repo, "t1", {"one": "1\n"}, commands=(gate,))
    task_commit(repo, "t2", {"two": "2\n"}, commands=(gate,))
    return repo


@pytest.mark.parametrize(("name", "text"), [(name, f"{plants._BEGIN}{how}") for name, _, how in plants.SETTINGS])
def test_a_gate_that_plants_one_ends_verify_and_no_command_runs_it(
    repo: Path, tmp_path: Path, out: Path, name: str, text: str
) -> None:
    gated(repo, tmp_path, text, out)
    tip = git_out(repo, "rev-parse", "main")
    shown = call(repo, "verify")
    assert shown.exit_code == 1, shown.output
    assert "changed git's settings or hooks" in shown.output and "1 of 2" in shown.output
    assert "2 of 2" not in shown.output, "the rest is not looked at"
    for command, *args in (("verify",), ("verify", "--no-run"), ("undo", "--task", "t2", "--yes"), ("clean", "--yes")):
        shown = call(repo, command, *args)
        assert shown.exit_code == 1, shown.output
        assert "git's settings or hooks were changed" in shown.output, (command, shown.output)
    assert call(repo, "check-messages", "main~2..main").exit_code == 0
    assert git_out(repo, "rev-parse", "main") == tip
    assert list(out.iterdir()) == []
    subprocess.run(["sh", "-c", PLAIN], cwd=repo, capture_output=True)
    assert bool(list(out.iterdir())) == (name in RUNS), "what was planted works"


def test_installed_hooks_that_a_gate_replaced_end_verify(repo: Path, tmp_path: Path, out: Path) -> None:
    gated(repo, tmp_path, plants.INSTALLED, out)
    shown = call(repo, "verify")
    assert (shown.exit_code, list(out.iterdir())) == (1, []), shown.output
    assert "changed git's settings or hooks" in shown.output


def test_doctor_and_drill_run_none_of_them(repo: Path, out: Path) -> None:
    """All of them at once; a runner has seen that they changed."""
    write(repo, "pipeline.yaml", "version: 1\n")
    state = StateDir(repo).create()
    trusted = git_settings.mark(repo)
    plant(repo, plants._BEGIN + "\n".join(how for _, _, how in plants.SETTINGS), out)
    said = {"run": 1, "trusted": trusted, "refused": git_settings.mark(repo)}
    write(repo, ".pipeline/git-settings.json", json.dumps(said))
    shown = call(repo, "doctor", "--json")
    assert shown.exit_code == 1, shown.output
    rows = {one["name"]: one for one in json.loads(shown.stdout)["checks"]}
    assert "could run programs of an agent" in rows["hooks"]["text"]
    shown = call(repo, "drill", "--only", "works")
    assert (shown.exit_code, list(out.iterdir())) == (1, []), shown.output
    assert "make resume" in shown.output and state.path.is_dir()


def test_they_are_used_again_when_a_person_resumes(repo: Path, tmp_path: Path, out: Path) -> None:
    gated(repo, tmp_path, "git config core.abbrev 9", out)
    assert call(repo, "verify").exit_code == 1
    assert call(repo, "undo", "--task", "t2", "--yes").exit_code == 1
    shown = call(repo, "resume")
    assert shown.stdout == "git's settings and hooks are used again, as they are now.\n", shown.output
    assert call(repo, "undo", "--task", "t2", "--yes").exit_code == 0
    assert call(repo, "verify", "main~2..main~1").exit_code == 0
