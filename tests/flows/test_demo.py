from __future__ import annotations

import glob
import os
import subprocess
import tomllib
from pathlib import Path

import pytest

from nightrun.decisions import demo as wanted
from nightrun.decisions.demo import Seen
from nightrun.flows import demo
from nightrun.hands import hooks, policy_file
from nightrun.words.errors import NightrunError
from tests.story import git_out


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    return demo.make(tmp_path)


def test_repository_is_whole_before_the_night(scratch: Path) -> None:
    assert git_out(scratch, "log", "--format=%s %an <%ae>") == (
        "A small project, and work for a night Demo <demo@example.invalid>"
    )
    assert git_out(scratch, "status", "--porcelain") == ""
    policy = policy_file.load(scratch)
    assert hooks.check(scratch, hooks.values_of(policy)) == []
    assert policy.committing_types == wanted.CHAIN
    assert "# -- monitor ---" in (scratch / "pipeline.yaml").read_text()


def test_gate_passes_before_the_night(scratch: Path) -> None:
    done = subprocess.run(wanted.GATE.split(), cwd=scratch, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Ran 4 tests" in done.stderr
    assert git_out(scratch, "status", "--porcelain") == ""


def test_backlogs_hold_what_is_looked_for_afterwards(scratch: Path) -> None:
    items = demo.items(scratch)
    assert [one.types for one in items].count(wanted.CHAIN) == 1
    assert len(items) == 8
    assert [one.text for one in items if one.meta] == ["Write down what the gate checks"]
    assert {wanted.REPAIRED, wanted.NEVER} <= {one.text for one in items}
    assert not any(one.done for one in items)


def test_agent_lies_beside_the_repository(scratch: Path) -> None:
    agent = policy_file.load(scratch).agents[wanted.AGENT]
    assert agent.command == ("python3", str(scratch.parent / demo.AGENT))
    compile((scratch.parent / demo.AGENT).read_text(), demo.AGENT, "exec")


def test_what_the_person_set_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", os.environ.copy())
    os.environ.update(PIPELINE_AUTO_PUSH="1", PIPELINE_DATABASE_URL="postgresql://example.invalid/team")
    demo.seal()
    assert not [name for name in os.environ if name.startswith("PIPELINE_")]
    assert os.environ["GIT_CONFIG_GLOBAL"] == os.devnull


def test_a_demo_that_went_otherwise_is_an_error_with_reasons() -> None:
    with pytest.raises(NightrunError, match="the run ended with exit code 0, not 1"):
        demo.check(Seen(code=0, before=[], items=[], tasks=[], issues=[], messages=[], changed=[]))


def test_texts_are_installed_with_the_package() -> None:
    package = demo.TEXTS.parent
    pyproject = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    patterns = pyproject["tool"]["setuptools"]["package-data"]["nightrun"]
    # As setuptools does it: a star means no name that begins with a dot.
    installed = {name for one in patterns for name in glob.glob(one, root_dir=package, recursive=True)}
    assert {str(one.relative_to(package)) for one in demo.TEXTS.rglob("*")} <= installed
