from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nightrun.decisions import service_text
from nightrun.decisions.service_text import Service
from nightrun.words.errors import WrongUse

ODD = '/src/a b/100% "odd" $HOME'


def service(**fields: Any) -> Service:
    return Service(
        **{"root": "/src/project", "python": "/venv/bin/python", "path": "/usr/bin", "name": "project"} | fields
    )


def setting(text: str, name: str) -> str:
    (found,) = [line.partition("=")[2] for line in text.splitlines() if line.startswith(f"{name}=")]
    return found


def test_unit_has_the_values_that_were_measured() -> None:
    """reliability.md 1.2; RestartSec x StartLimitBurst stays below the interval, else the limit is never reached."""
    text = service_text.unit(service(runners=2))
    for line in (
        *("Type=notify", "NotifyAccess=main", "WatchdogSec=60", "Restart=always", "RestartSec=5", "KillMode=mixed"),
        *("StartLimitIntervalSec=300", "StartLimitBurst=10", "TimeoutStopSec=60", "OOMPolicy=continue"),
        *("TasksMax=2048", "MemoryMax=75%", "WorkingDirectory=/src/project", 'Environment="PATH=/usr/bin"'),
    ):
        assert f"\n{line}\n" in text
    wanted = '"/venv/bin/python" "-P" "-m" "nightrun" "autonomous" "--repo" "/src/project" "--runners" "2"'
    assert setting(text, "ExecStart") == wanted


def test_run_that_was_stopped_or_whose_hours_are_over_is_not_started_again() -> None:
    assert setting(service_text.unit(service()), "RestartPreventExitStatus") == "0 2 78"
    with_hours = service_text.unit(service(hours=8.0))
    assert setting(with_hours, "RestartPreventExitStatus") == "0 1 2 78"
    assert setting(with_hours, "ExecStart").endswith('"--hours" "8"')


def test_odd_paths_stay_one_word_and_nothing_in_them_is_replaced() -> None:
    text = service_text.unit(service(root=ODD, path="/a b:/100%"))
    assert setting(text, "WorkingDirectory") == ODD.replace("%", "%%")
    assert setting(text, "ExecStart").endswith('"/src/a b/100%% \\"odd\\" $$HOME"')
    assert setting(text, "Environment") == '"PATH=/a b:/100%%"'


@pytest.mark.parametrize("field", ["root", "python", "path"])
def test_path_that_would_be_another_line_is_refused(field: str) -> None:
    with pytest.raises(WrongUse):
        service_text.check(service(**{field: "/src/a\nExecStart=/bin/evil"}))
    service_text.check(service(root=ODD))


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("project", "nightrun-project.service"),
        ("a b/../c%", "nightrun-a-b-..-c.service"),
        ("…", "nightrun-project.service"),
    ],
)
def test_unit_has_a_name_that_systemd_takes(name: str, unit: str) -> None:
    assert service(name=name).unit == unit


def test_unit_is_ours_for_its_own_repository_only() -> None:
    text = service_text.unit(service())
    assert service_text.is_ours(text, "/src/project")
    assert not service_text.is_ours(text, "/src/other") and not service_text.is_ours(text, "/src")
    assert not service_text.is_ours("[Service]\n# repository: /src/project\n", "/src/project")
    assert not service_text.is_ours("", "/src/project")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_systemd_finds_no_fault_with_it(tmp_path: Path) -> None:
    folder = tmp_path / 'a b 100% "odd"'
    folder.mkdir()
    unit = tmp_path / "nightrun-x.service"
    unit.write_text(
        service_text.unit(service(root=str(folder), python=sys.executable, path="/usr/bin:/a b", hours=8.0))
    )
    done = subprocess.run(["systemd-analyze", "--man=no", "verify", str(unit)], capture_output=True, text=True)
    assert [line for line in done.stderr.splitlines() if "nightrun-x" in line] == []


# -- cron


def test_line_of_cron_runs_in_the_repository_whatever_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "a 'b' 100% $HOME"
    (folder / ".pipeline/logs").mkdir(parents=True)
    program = tmp_path / "python"
    program.write_text('#!/bin/sh\npwd\necho "$PATH"\nfor one; do echo "$one"; done\n')
    program.chmod(0o755)
    line = service_text.cron_line(service(root=str(folder), python=str(program), path="/usr/bin:/bin:/a b"))
    assert line.startswith("@reboot ") and "\n" not in line
    command = line.removeprefix("@reboot ").replace("\\%", "%")  # as cron does
    subprocess.run(["sh", "-c", command], check=True)
    said = (folder / ".pipeline/logs/service.log").read_text().splitlines()
    assert said == [str(folder), "/usr/bin:/bin:/a b", "-P", "-m", "nightrun", "autonomous", "--repo", str(folder)]


def test_line_is_in_the_crontab_once_and_other_lines_stay() -> None:
    mine = "MAILTO=me\n\n0 1 * * * backup\n"
    other = service_text.with_line(mine, service(root="/src/other 100%"))
    once = service_text.with_line(other, service())
    assert service_text.with_line(once, service()) == once
    assert once.startswith(mine) and once.count("@reboot") == 2
    assert service_text.has_line(once, "/src/other 100%") and not service_text.has_line(once, "/src")
    assert service_text.without_line(once, "/src/project") == other
    assert service_text.without_line(other, "/src/other 100%") == mine
    assert shlex.split(once.splitlines()[-1].partition("&& ")[2])[-1] == "/src/project"
