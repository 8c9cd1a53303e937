"""docs/specification.md names for every line of the specification the tests that hold it, and these exist."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/specification.md").read_text()
# The specification's lines, word for word.
LINES = """\
When `PIPELINE_AUTO_COMMIT=1`, pipeline commits file changes after each completed task \
(spec/impl/test/review; not heal).
Commit runs from project root; message format: `[pipeline] {task_type} {task_id}: {short_direction}`.
Skip commit when no changes (`git status --porcelain` empty); skip when not a git repo.
Optional `PIPELINE_AUTO_PUSH=1` runs `git push` after commit (default off; use with caution).
Agent runner invokes commit after PATCH returns for completed tasks when env is set.
When monitor detects `low_success_rate`, create heal task (in addition to issue) when auto-fix enabled.
Heal task direction for repeated_failures includes: "Suggest meta-pipeline item to \
specs/007-meta-pipeline-backlog.md if root cause identified."
When monitor detects `low_success_rate`, heal task direction: "Analyze 7d success rate; suggest prompt/model/meta \
improvements."
run_overnight_pipeline.sh and run_autonomous.sh document PIPELINE_AUTO_COMMIT and PIPELINE_AUTO_PUSH in logs when set.
Docs (RUNBOOK, PIPELINE-ATTENTION) describe auto-commit behavior.
`api/scripts/agent_runner.py` — call commit helper after completed task when PIPELINE_AUTO_COMMIT=1
`api/scripts/commit_progress.py` — new: git add, commit, optional push; no-op when no changes
`api/scripts/monitor_pipeline.py` — add heal task for low_success_rate; enhance repeated_failures direction
`docs/RUNBOOK.md` — add auto-commit section
`docs/PIPELINE-ATTENTION.md` — add auto-commit env vars
**API restart on metrics 404:** When API is up but GET /api/agent/metrics returns 404, autonomous loop restarts API \
to load new routes.
**Pipeline restart when runner hung:** When no_task_running for 10+ min, monitor writes restart_requested; watchdog \
restarts pipeline.
Auto-push in CI (separate concern; spec 027 covers CI).
Modifying SPEC-COVERAGE/STATUS from pipeline (handled by update_spec_coverage.py in CI).
Automated PR creation.
`PIPELINE_AUTO_COMMIT` default off in .env.example; enable in autonomous runs via run_autonomous.
`PIPELINE_AUTO_PUSH` default off; human enables only when confident in pipeline quality.
""".splitlines()
QUOTED = re.findall(r"^> (.+)\n\n((?:(?!> |## ).*\n?)*)", PAGE, re.M)
TESTS = sorted({test for _, text in QUOTED for test in re.findall(r"^- `(tests/\S+)`$", text, re.M)})


def test_every_line_of_the_specification_is_quoted_in_its_order() -> None:
    assert [line for line, _ in QUOTED] == LINES


@pytest.mark.parametrize(("line", "text"), QUOTED, ids=[line[:50] for line, _ in QUOTED])
def test_every_line_has_a_test(line: str, text: str) -> None:
    assert re.findall(r"^- `tests/\S+::test_\w+`$", text, re.M) or "::test_" in text, line


@pytest.mark.parametrize("test", TESTS)
def test_each_test_that_is_named_exists(test: str) -> None:
    path, _, name = test.partition("::")
    assert name in names(path)


@cache
def names(path: str) -> frozenset[str]:
    """The tests of a file, those of a class with its name."""
    found = set()
    for node in ast.parse((ROOT / path).read_text()).body:
        if isinstance(node, ast.FunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.ClassDef):
            found |= {f"{node.name}::{one.name}" for one in node.body if isinstance(one, ast.FunctionDef)}
    return frozenset(found)


def test_files_that_the_page_names_for_it_exist() -> None:
    named = re.findall(r"`((?:tools|docs)/[\w./-]+)`", PAGE)
    assert named and [one for one in named if not (ROOT / one).exists()] == []


# -- what is not done


def test_ci_neither_pushes_nor_switches_pushing_on() -> None:
    """Specification: auto-push in CI is out of scope."""
    for path in sorted((ROOT / ".ci").iterdir()):
        text = path.read_text()
        assert "PIPELINE_AUTO_PUSH" not in text and "git push" not in text


def test_nothing_knows_of_coverage_pages_or_pull_requests() -> None:
    """Specification: the pipeline changes no SPEC-COVERAGE or STATUS page, and opens no pull request."""
    wrong = re.compile(r"spec.coverage|\bgh pr\b|\bglab mr\b|/pulls\b|/merge_requests\b|create.?pull.?request", re.I)
    program = [*(ROOT / "tools/nightrun").rglob("*.py"), *(ROOT / "hooks").iterdir()]
    assert [(path.name, found[0]) for path in program if (found := wrong.search(path.read_text()))] == []
