from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from nightrun.cli import main
from nightrun.hands import files

TYPES = "task_types: {spec: {gate: []}, impl: {gate: []}, test: {gate: []}, review: {gate: []}}\n"


def run(repo: Path, *args: str, notify: str = "{}") -> Result:
    (repo / "pipeline.yaml").write_text(f"version: 1\n{TYPES}notify: {notify}\n")
    return CliRunner().invoke(main, ["notify", "--repo", str(repo), *args])


def test_nobody_is_told_unless_it_is_set_up(repo: Path) -> None:
    shown = run(repo)
    assert shown.exit_code == 0
    assert shown.stdout == "Nobody is told: PIPELINE_NOTIFY_URLS is not set, and notify.command is not either.\n"
    tried = run(repo, "--test")
    assert tried.exit_code == 1
    assert tried.stderr.startswith("nightrun: Nobody is told anything here.\nSet PIPELINE_NOTIFY_URLS to an address")


def test_test_message_says_what_came_of_it(repo: Path) -> None:
    good = run(repo, "--test", notify="{command: [sh, -c, 'cat > got']}")
    assert (good.exit_code, good.stdout) == (0, "sh: accepted\n")
    assert json.loads((repo / "got").read_text())["kind"] == "test"
    bad = run(repo, "--test", notify="{command: [sh, -c, 'echo no route >&2; exit 7']}")
    assert (bad.exit_code, bad.stdout) == (1, "sh: NOT accepted: exit code 7: no route\n")
    said = json.loads(run(repo, "--test", "--json", notify="{command: [sh, -c, 'exit 7']}").stdout)
    assert said == [{"to": "sh", "ok": False, "said": "exit code 7: "}]


def test_set_up_is_shown_without_an_address(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIPELINE_NOTIFY_URLS", "slack://secret1/secret2")
    (repo / ".pipeline").mkdir()
    issue = {"severity": "high", "message": "gate_red: it fails", "since": 1.0, "told_at": 2.0, "gone_since": None}
    files.write_json(repo / ".pipeline/notify.json", {"seen": {"gate_red": issue}, "problem": "no network"})
    shown = run(repo, notify="{command: tell-me, quiet: '22:00-07:00', report_at: '07:30'}").stdout
    assert shown == (
        "Told: 1 by Apprise (slack) and the program tell-me; issues of severity medium and above.\n"
        "Quiet from 22:00 to 07:00.\n"
        "A report at 07:30.\n"
        "Not accepted: no network\n"
        "told and not over: high: gate_red: it fails\n"
    )


@pytest.mark.parametrize(
    ("notify", "said"),
    [
        ("{urls_from: ['slack://secret1/secret2']}", "takes names of environment variables that hold the addresses"),
        ("{quiet: '22-7'}", "must be a span of the day such as 22:00-07:00"),
        ("{report_at: '7:30'}", "must be a time of day such as 07:30"),
        ("{quiet: '22:00-07:00', report_at: '06:00'}", "lies within the quiet hours (22:00-07:00)"),
    ],
)
def test_mistake_in_the_policy_is_named(repo: Path, notify: str, said: str) -> None:
    shown = run(repo, notify=notify)
    assert shown.exit_code == 78
    assert said in shown.stderr and "secret1" not in shown.stderr
