from __future__ import annotations

import pytest

from nightrun.policy.model import Scan
from nightrun.scans.protected_paths import look
from nightrun.words.change import MODE_PROGRAM, ScanFinding
from tests.scans import changes


def held(path: str, settings: Scan = changes.SETTINGS) -> list[ScanFinding]:
    return look(changes.of(changes.entry(path)), settings)


@pytest.mark.parametrize(
    "path",
    [
        "pipeline.yaml",
        "Makefile",
        "makefile",
        "lib/Makefile",
        "hooks/commit-msg",
        ".GitHub/workflows/ci.yml",
        "sub/.gitattributes",
        ".claude/settings.json",
        ".env",
        "GNUmakefile",
        ".husky/pre-push",
        "Jenkinsfile",
        "azure-pipelines.yml",
        ".vscode/tasks.json",
        "AGENTS.md",
        "sub/CLAUDE.md",
        ".cursorrules",
        ".cursor/mcp.json",
        ".mcp.json",
        ".aider.conf.yml",
        "opencode.json",
    ],
)
def test_what_guards_the_repository_waits_for_a_person(path: str) -> None:
    (finding,) = held(path)
    assert (finding.path, finding.effect) == (path, "hold")
    assert "the policy protects `" in finding.message


@pytest.mark.parametrize("path", ["src/app.py", "docs/hooks.md", ".env.example", "environment/.envrc"])
def test_other_files_may_change(path: str) -> None:
    assert held(path) == []


def test_the_policy_itself_is_protected_even_when_the_policy_forgets_it() -> None:
    assert held("pipeline.yaml", Scan(protected=("*.sql",))) != []
    assert held("sub/pipeline.yaml", Scan(protected=("*.sql",))) == []


def test_deleting_or_renaming_one_counts_and_says_what_happened() -> None:
    change = changes.change({"hooks/pre-push": "exit 1\n"}, {"attic/pre-push": "exit 1\n"})
    (finding,) = look(change, changes.SETTINGS)
    assert finding.message == "This file was deleted, and the policy protects `hooks/**`: look at it yourself."


@pytest.mark.parametrize(
    ("entry", "what"),
    [
        (changes.link(".github", "elsewhere"), "This became a link"),
        (changes.nested("hooks"), "This became another repository"),
        (changes.entry("Makefile", status="M"), "This file was changed"),
        (changes.entry("hooks/x", status="M", old_id="a", new_id="a", new_mode=MODE_PROGRAM), "was made executable"),
        (changes.entry("hooks/x", status="M", old_id="a", new_id="a"), "was made not executable"),
    ],
)
def test_links_repositories_and_modes_count(entry: changes.Entry, what: str) -> None:
    (finding,) = look(changes.of(entry), changes.SETTINGS)
    assert what in finding.message
