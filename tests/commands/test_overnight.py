from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from nightrun.cli import main
from nightrun.commands import autonomous, report
from nightrun.words.errors import NightrunError, TryLater
from tests.commands.test_autonomous import POLICY, start
from tests.story import commit_all, write


def test_the_run_is_followed_by_its_report(repo: Path) -> None:
    write(repo, "pipeline.yaml", POLICY)
    commit_all(repo, "policy")
    run = start(repo, "overnight", "--until", "idle")
    said, _ = run.communicate(timeout=45)
    assert run.returncode == 0, said
    assert said.index("stopped; nothing is left running") < said.index("written: ")
    assert {path.suffix for path in (repo / ".pipeline/reports").iterdir()} == {".md", ".html"}


def test_a_night_has_eight_hours_unless_given(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(autonomous, "run", lambda *given: asked.append(given) or 1)
    monkeypatch.setattr(report, "write_and_print", lambda *_: None)
    assert CliRunner().invoke(main, ["overnight", "--repo", str(repo)]).exit_code == 1
    assert CliRunner().invoke(main, ["overnight", "--repo", str(repo), "--hours", "2.5"]).exit_code == 1
    assert asked == [(repo, None, 8.0, None), (repo, None, 2.5, None)]


def test_a_report_that_fails_does_not_hide_how_the_run_ended(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_report(*_: object) -> None:
        raise TryLater("The API did not start.")

    monkeypatch.setattr(autonomous, "run", lambda *_: 130)
    monkeypatch.setattr(report, "write_and_print", no_report)
    shown = CliRunner().invoke(main, ["overnight", "--repo", str(repo)])
    assert (shown.exit_code, shown.stderr) == (130, "nightrun: no report: The API did not start.\n")


def test_a_run_that_does_not_begin_has_no_report(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> int:
        raise NightrunError("HEAD is detached.")

    monkeypatch.setattr(autonomous, "run", refused)
    monkeypatch.setattr(report, "write_and_print", lambda *_: pytest.fail("there was no run"))
    assert CliRunner().invoke(main, ["overnight", "--repo", str(repo)]).exit_code == 1
