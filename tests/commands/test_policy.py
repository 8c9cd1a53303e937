from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from nightrun.cli import main
from tests.story import write

GATES = "".join(f"  {name}: {{gate: ['true']}}\n" for name in ("spec", "impl", "test"))
GOOD = f"version: 1\ntask_types:\n{GATES}  review: {{gate: []}}\n"


def policy(*args: str | Path) -> Result:
    return CliRunner().invoke(main, ["policy", *map(str, args)])


@pytest.fixture
def project(repo: Path) -> Path:
    write(repo, "pipeline.yaml", GOOD)
    return repo


def test_a_good_policy_says_what_commits_and_what_nothing_checks(project: Path) -> None:
    shown = policy("check", "--repo", project)
    assert shown.exit_code == 0
    assert shown.stdout == (
        "pipeline.yaml is good. Commits: spec, impl, test, review. Without a gate, on purpose: review.\n"
    )
    assert json.loads(policy("check", "--repo", project, "--json").stdout) == {"valid": True, "problems": []}


def test_every_problem_is_told_at_once_with_its_line(project: Path) -> None:
    write(project, "pipeline.yaml", GOOD + "limtis: {}\nproject: {runners: 0}\n")
    shown = policy("check", "--repo", project)
    assert shown.exit_code == 78
    assert "pipeline.yaml:7" in shown.stderr and "limits" in shown.stderr and "pipeline.yaml:8" in shown.stderr
    said = json.loads(policy("check", "--repo", project, "--json").stdout)
    assert (said["valid"], [one["line"] for one in said["problems"]]) == (False, [7, 8])


def test_a_file_is_checked_where_it_lies(tmp_path: Path) -> None:
    path = write(tmp_path, "other.yaml", GOOD)
    assert policy("check", path).stdout.startswith(f"{path} is good.")
    missing = policy("check", tmp_path / "none.yaml")
    assert (missing.exit_code, json.loads(policy("check", tmp_path / "none.yaml", "--json").stdout)["valid"]) == (
        78,
        False,
    )


def test_no_policy_is_78_and_no_repository_wrong_use(repo: Path, tmp_path: Path) -> None:
    assert policy("check", "--repo", repo).exit_code == 78
    assert policy("check", "--repo", tmp_path).exit_code == 2


def test_what_counts_is_shown_with_every_default(project: Path) -> None:
    assert "disk_floor" in policy("show", "--repo", project).stdout
    said = json.loads(policy("show", "--repo", project, "--json").stdout)
    assert said["task_types"]["review"]["gate"] == [] and said["limits"]["attempts"] == 3


def test_schema_and_documentation_name_every_top_level_key(project: Path) -> None:
    keys = set(json.loads(policy("schema").stdout)["properties"])
    text = policy("docs", "--repo", project).stdout
    assert {"project", "task_types", "limits", "monitor"} <= keys
    assert [key for key in keys if f"`{key}" not in text and f"# {key}" not in text] == []


def test_documentation_is_written_on_request(project: Path) -> None:
    shown = policy("docs", "--write", "--repo", project)
    assert shown.stdout == "wrote docs/policy.md\nwrote docs/pipeline.schema.json\n"
    assert (project / "docs/policy.md").read_text() == policy("docs", "--repo", project).stdout


def test_fresh_comments_keep_the_values(project: Path) -> None:
    write(project, "pipeline.yaml", GOOD + "project: {runners: 7}\n")
    text = policy("template", "--repo", project).stdout
    write(project, "pipeline.yaml", text)
    assert json.loads(policy("show", "--repo", project, "--json").stdout)["project"]["runners"] == 7
