"""`docs/PIPELINE-ATTENTION.md` and `.env.example` say what the program does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from nightrun import conditions
from nightrun.conditions.settings import ConditionSettings
from nightrun.hands import environment
from nightrun.policy import shown
from nightrun.words import outcome, task

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/PIPELINE-ATTENTION.md").read_text()
EXAMPLE = (ROOT / ".env.example").read_text()
PROSE = " ".join(PAGE.split())


def section(heading: str) -> str:
    found = re.search(rf"^### {re.escape(heading)}\n(.*?)(?=^##)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, f"there is no section {heading}"
    return " ".join(found[1].split())


@pytest.mark.parametrize("name", [module.NAME for module in conditions.ALL])
def test_every_condition_says_what_it_means_what_happens_and_what_to_do(name: str) -> None:
    for part in ("**Means:**", "**nightrun:**", "**You:**"):
        assert part in section(name)


@pytest.mark.parametrize("module", conditions.ALL, ids=lambda module: module.NAME)
def test_the_numbers_of_every_condition_are_its_defaults(module: type) -> None:
    settings: type[ConditionSettings] = module.Settings  # type: ignore[attr-defined]
    text = section(module.NAME)  # type: ignore[attr-defined]
    for name, value in shown.defaults(settings).items():
        if name not in ConditionSettings.model_fields:
            assert f"`{name}: {shown.flow(value)}`" in text, name


def test_no_section_is_about_a_condition_that_is_gone() -> None:
    found = re.findall(r"^### ([a-z]+(?:_[a-z]+)+)$", PAGE, re.MULTILINE)
    assert sorted(found) == sorted(module.NAME for module in conditions.ALL)


@pytest.mark.parametrize("name", environment.VARIABLES)
def test_every_variable_is_explained(name: str) -> None:
    assert f"| `{name}` |" in PAGE
    assert re.search(rf"^#?{name}=", EXAMPLE, re.MULTILINE)


def test_every_variable_that_the_program_speaks_of_is_explained() -> None:
    sources = "".join(path.read_text() for path in (ROOT / "tools/nightrun").rglob("*.py"))
    told = set(re.findall(r"\bPIPELINE_[A-Z_]+[A-Z]\b", sources))
    assert {name for name in told if f"| `{name}` |" not in PAGE} == set()


def test_auto_commit_and_auto_push_are_off_in_the_example() -> None:
    values, problems = environment.parse(EXAMPLE)
    assert problems == ()
    assert values == {"PIPELINE_AUTO_COMMIT": "0", "PIPELINE_AUTO_PUSH": "0"}


def test_every_commit_state_and_every_failure_class_is_explained() -> None:
    for word in (*task.COMMIT_STATES, *outcome.ERROR_CLASSES):
        assert f"| `{word}` |" in PAGE, word


def test_the_directions_of_the_specification_are_quoted() -> None:
    assert "“Analyze 7d success rate; suggest prompt/model/meta improvements.”" in PROSE
    assert "“Suggest meta-pipeline item to specs/007-meta-pipeline-backlog.md if root cause identified.”" in PROSE


def test_the_form_of_the_commit_message_is_the_one_of_the_specification() -> None:
    assert "`[pipeline] {task_type} {task_id}: {short_direction}`" in PAGE
