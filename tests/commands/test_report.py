from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from nightrun.cli import main
from tests.commands.night import Night
from tests.story import write


@pytest.fixture
def night(tmp_path: Path) -> Iterator[Night]:
    made = Night(tmp_path / "project")
    yield made
    made.close()


def test_report_is_printed_and_kept_as_markdown_and_page(night: Night) -> None:
    night.add("Write the parser")
    bad = night.end("failed", error_class="gate", error_summary="<script>alert(1)</script> 2 tests failed")
    night.add("Add a flag")
    good = night.end(
        commit_state="landed", commit_sha="a" * 40, gate={"result": "passed", "seconds": 1.5, "commands": ["make test"]}
    )
    shown = night.run("report")
    assert shown.exit_code == 0, shown.output
    assert shown.stdout.index("Failed") < shown.stdout.index("Committed")
    assert f"  impl {bad.id} Write the parser: gate: <script>" in shown.stdout
    assert f"    make logs TASK={bad.id}" in shown.stdout
    check = "git show aaaaaaaaa; make verify RANGE=aaaaaaaaa"
    assert f"  impl {good.id} Add a flag: gate passed in 1.5 s: make test\n    {check}" in shown.stdout
    written = [Path(line.removeprefix("written: ")) for line in shown.stdout.splitlines()[-2:]]
    assert [one.suffix for one in written] == [".md", ".html"]
    assert "## Failed (1)" in written[0].read_text()
    assert "&lt;script&gt;alert" in written[1].read_text() and "<script" not in written[1].read_text()
    numbers = json.loads(night.run("report", "--json", "--since", "1h").stdout)["numbers"]
    assert (numbers["ended"], numbers["failed"], numbers["landed"]) == (2, 1, 1)


def test_report_works_after_the_run_and_leaves_nothing_running(night: Night) -> None:
    night.add()
    night.end()
    assert night.api.stop() == 0
    shown = night.run("report")
    assert shown.exit_code == 0, shown.output
    assert "The one task completed, none failed." in shown.stdout
    assert not night.api.state.api_json.exists()


def test_report_of_a_repository_that_was_never_used(repo: Path) -> None:
    shown = CliRunner().invoke(main, ["report", "--repo", str(repo)])
    assert shown.exit_code == 1
    assert shown.stderr.startswith("nightrun: Nothing has run here yet.\n")
    assert not (repo / ".pipeline").exists()


def test_span_that_is_none_is_wrong_use(repo: Path) -> None:
    shown = CliRunner().invoke(main, ["report", "--repo", str(repo), "--since", "yesterday"])
    assert shown.exit_code == 2
    assert shown.stderr.startswith("nightrun: --since yesterday: must be a duration")


def test_commands_are_those_that_work_in_an_adopted_repository_without_the_include(night: Night) -> None:
    """`make status` fails there: its own makefile knows no such target."""
    write(night.root, "Makefile", "test:\n\ttrue\n")
    write(night.root, "pipeline.mk", "status:\n")
    night.add("Name the flag")
    for command in ("status", "report"):
        shown = night.run(command).stdout
        assert "make -f pipeline.mk " in shown
        assert "make " not in shown.replace("make -f pipeline.mk ", "")
    write(night.root, "Makefile", "test:\n\ttrue\ninclude pipeline.mk\n")
    for command in ("status", "report"):
        assert "make -f" not in night.run(command).stdout
