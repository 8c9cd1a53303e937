"""The console command: quick help, and every kind of failure as words and an exit code."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

import nightrun
from nightrun import cli
from nightrun.words.errors import BadPolicy, NightrunError, TryLater, WrongUse

COMMANDS = Path(nightrun.__file__).parent / "commands"
NO_COMMANDS = {"__init__", "options"}


@pytest.fixture
def probe(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Puts a command `probe` in the table that does what it is told; returns how to run it."""

    def run(body: Any, *args: str, params: list[click.Parameter] | None = None) -> Result:
        module = ModuleType("nightrun.commands.probe")
        module.probe = click.Command("probe", callback=body, params=params or [])  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "nightrun.commands.probe", module)
        monkeypatch.setitem(cli.COMMANDS, "probe", ("probe", "Probe."))
        return CliRunner().invoke(cli.main, ["probe", *args])

    return run


def raises(error: BaseException) -> Any:
    def body() -> None:
        raise error

    return body


def test_table_is_the_files_and_their_first_lines() -> None:
    files = {one.stem: ast.get_docstring(ast.parse(one.read_text())) for one in COMMANDS.glob("*.py")}
    first = {name: (text or "").splitlines()[0] for name, text in files.items() if name not in NO_COMMANDS}
    assert {module: text for module, text in cli.COMMANDS.values()} == first


def test_each_command_is_found_under_its_name() -> None:
    missing = []
    for name in cli.COMMANDS:
        command = cli.main.get_command(click.Context(cli.main), name)
        if command is None or command.name != name or not command.help:
            missing.append(name)
    assert missing == []


def test_help_names_every_command_and_imports_none() -> None:
    code = (
        "import sys; from nightrun.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: print([m for m in sys.modules if m.startswith('nightrun.')])"
    )
    shown = subprocess.run([sys.executable, "-c", code], env=_env(), capture_output=True, text=True).stdout
    assert [name for name in cli.COMMANDS if name not in cli.HIDDEN and f"\n  {name} " not in shown] == []
    assert "part " not in [line.strip()[:5] for line in shown.splitlines()]
    assert shown.splitlines()[-1] == "['nightrun.words', 'nightrun.words.errors', 'nightrun.cli']"


def test_version() -> None:
    assert CliRunner().invoke(cli.main, ["--version"]).output == f"nightrun {nightrun.__version__}\n"


def test_unknown_command_suggests_one() -> None:
    result = CliRunner().invoke(cli.main, ["statsu"])
    assert result.exit_code == 2
    assert result.stderr == "nightrun: There is no command 'statsu'; did you mean 'status'?\nTry `nightrun --help`.\n"


def test_no_command_is_wrong_use_and_shows_the_help() -> None:
    result = CliRunner().invoke(cli.main, [])
    assert result.exit_code == 2
    assert result.stdout == "" and result.stderr.startswith("Usage: nightrun")


@pytest.mark.parametrize(
    ("error", "code"),
    [(NightrunError("It is so.", "Do this."), 1), (WrongUse("It is so.", "Do this."), 2), (TryLater("It is so."), 75)],
)
def test_expected_failure_is_a_sentence_and_a_hint(error: NightrunError, code: int, probe: Any) -> None:
    result = probe(raises(error))
    assert result.exit_code == code
    assert result.stderr == "nightrun: It is so.\n" + ("Do this.\n" if error.hint else "")


def test_bad_policy_shows_all_problems(probe: Any) -> None:
    result = probe(raises(BadPolicy("pipeline.yaml has 2 problems.", ["line 1", "line 2"], "See docs/policy.md.")))
    assert result.exit_code == 78
    assert result.stderr == "nightrun: pipeline.yaml has 2 problems.\n  line 1\n  line 2\nSee docs/policy.md.\n"


def test_unexpected_failure_names_a_log_with_the_traceback(probe: Any, tmp_path: Path) -> None:
    (tmp_path / ".pipeline/logs").mkdir(parents=True)
    result = probe(raises(ValueError("surprise")))
    (log,) = (tmp_path / ".pipeline/logs").glob("error-*.log")
    assert result.exit_code == 3
    assert result.stderr.startswith(f"nightrun: unexpected ValueError: surprise\nThe details are in {log};")
    assert "Traceback" not in result.stderr
    assert "Traceback" in log.read_text() and nightrun.__version__ in log.read_text()
    assert log.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort()])
def test_interruption_is_130(error: BaseException, probe: Any) -> None:
    result = probe(raises(error))
    assert result.exit_code == 130
    assert result.stderr.strip() == "nightrun: interrupted"


def test_number_that_a_command_returns_is_its_exit_code(probe: Any) -> None:
    assert probe(lambda: 75).exit_code == 75
    assert probe(lambda: None).exit_code == 0
    assert probe(lambda: True).exit_code == 0


def test_reader_that_goes_away_is_no_failure() -> None:
    argv = f"{sys.executable} -m nightrun --help | true; exit ${{PIPESTATUS[0]}}"
    for _ in range(3):
        done = subprocess.run(["bash", "-c", argv], env=_env(), capture_output=True, text=True)
        assert done.stderr == ""
        assert done.returncode in (0, 1)  # 1 is click's own, for its help


def test_colour_is_off_with_no_color(probe: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert probe(lambda: click.echo(click.get_current_context().color)).stdout == "False\n"


# -- called by make

OPTIONS: list[click.Parameter] = [
    click.Argument(["text"], required=False),
    click.Option(["--type", "task_type"], required=True),
    click.Option(["--after"], multiple=True),
    click.Option(["--json", "as_json"], is_flag=True),
]


def show(**values: Any) -> None:
    import os

    click.echo([values, [name for name in os.environ if name.startswith("NIGHTRUN_")]])


def test_variables_of_make_are_taken_once(probe: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"TYPE": "impl", "AFTER": "a b", "JSON": "1", "TEXT": "$(x) `y`", "CALLED": ""}
    for name, text in given.items():
        monkeypatch.setenv(f"NIGHTRUN_ARG_{name}", text)
    monkeypatch.setenv("NIGHTRUN_CALLED_BY_MAKE", "1")
    wanted = {"text": "$(x) `y`", "task_type": "impl", "after": ("a", "b"), "as_json": True}
    assert probe(show, params=OPTIONS).stdout == f"{[wanted, []]}\n"


def test_flag_wins_over_variable(probe: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIGHTRUN_ARG_TYPE", "impl")
    assert "'task_type': 'spec'" in probe(show, "--type", "spec", params=OPTIONS).stdout


@pytest.mark.parametrize("words", [("--text", "a b"), ("--text=a b",), ("a b",)])
def test_argument_can_be_given_as_the_flag_of_its_variable(probe: Any, words: tuple[str, ...]) -> None:
    assert "'text': 'a b'" in probe(show, *words, "--type", "spec", params=OPTIONS).stdout
    assert "'text': '--text'" in probe(show, "--type", "spec", "--", "--text", params=OPTIONS).stdout


def test_missing_variable_is_a_usage_line(probe: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIGHTRUN_CALLED_BY_MAKE", "1")
    result = probe(show, params=OPTIONS)
    assert result.exit_code == 2
    usage = "Usage: make probe [TEXT=...] TYPE=... [AFTER=...] [JSON=1]"
    assert result.stderr == f"nightrun: TYPE is missing.\n{usage}\n"


def test_variable_of_another_command_is_refused(probe: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIGHTRUN_CALLED_BY_MAKE", "1")
    monkeypatch.setenv("NIGHTRUN_ARG_HOURS", "8")
    result = probe(show, params=OPTIONS)
    assert result.exit_code == 2
    assert "`make probe` takes no HOURS; it takes TEXT, TYPE, AFTER, JSON." in result.stderr


def _env() -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONPATH": str(COMMANDS.parents[1])}
