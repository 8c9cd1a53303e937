"""The docs say what the sources say, and every file, command and link that they name is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from nightrun import cli
from tests import docs
from tests.test_makefile import targets

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
README = (ROOT / "README.md").read_text()
HOW = (ROOT / "docs/how-it-works.md").read_text()
FAMILIES = ("words", "decisions", "agents", "conditions", "scans", "policy", "hands", "flows", "commands", "hooks")


def test_commands_page_is_made_from_the_commands() -> None:
    assert (ROOT / "docs/commands.md").read_text() == docs.commands(), "run `make docs`"


def test_map_names_each_module_and_nothing_else() -> None:
    assert docs.with_map(HOW) == HOW, "run `make docs`"


def test_runbook_describes_auto_commit() -> None:
    """Specification: docs (RUNBOOK, PIPELINE-ATTENTION) describe auto-commit behavior."""
    runbook = (ROOT / "docs/RUNBOOK.md").read_text()
    assert "\n## Auto-commit\n" in runbook
    for text in ("PIPELINE_AUTO_COMMIT=1", "PIPELINE_AUTO_PUSH=1", "[pipeline] {task_type} {task_id}", "never heal"):
        assert text in runbook


def test_readme_is_short_and_has_the_two_commands() -> None:
    assert len(README.partition("<!-- demo:begin -->")[0].splitlines()) < 30
    assert "make demo" in README and "make test" in README
    assert README.index("<!-- demo:begin -->") < README.index("<!-- demo:end -->")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text())
    assert [link for link in links if "://" not in link and not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_that_are_named_exist(page: Path) -> None:
    text = page.read_text()
    made = set(re.findall(r"`(?:[A-Z_]+=\S+ )?make (?:-f pipeline\.mk )?([a-z][a-z-]*)", text))
    run = set(re.findall(r"`nightrun ([a-z-]+)", text))
    assert made - set(targets()) == set()
    assert run - set(cli.COMMANDS) == set()


def test_files_that_are_named_exist() -> None:
    """In how-it-works: paths of the package; a name in angle brackets or with a star is a pattern."""
    named = set(re.findall(r"`([a-z_]+/[a-z_/*<>-]+(?:\.py|/)?)`", HOW.partition("## Every file")[0]))
    wrong = []
    for one in named:
        if one.split("/")[0] in FAMILIES and "<" not in one:
            found = list((ROOT / "tools/nightrun").glob(one.rstrip("/"))) or list(ROOT.glob(one.rstrip("/")))
            wrong += [] if found else [one]
    assert sorted(wrong) == []


def test_pages_say_who_they_are_for() -> None:
    for name in ("RUNBOOK", "how-it-works", "PIPELINE-ATTENTION"):
        assert (ROOT / f"docs/{name}.md").read_text().split("\n")[2].startswith("For ")
