"""The service over small programs that stand for systemctl, loginctl and crontab."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from nightrun.cli import main
from nightrun.decisions import service_text
from nightrun.hands import clock, files, systemd

POLICY = "version: 1\ntask_types: {spec: {gate: []}, impl: {gate: []}, test: {gate: []}, review: {gate: []}}\n"
SYSTEMCTL = """\
#!/bin/sh
echo "$@" >> "$HOME/asked"
test -e "$HOME/no-bus" && { echo "Failed to connect to bus: No medium found" >&2; exit 1; }
case "$*" in
  *"show --property=ActiveState"*) cat "$HOME/state" 2>/dev/null; exit 0 ;;
  *"restart"*) test -e "$HOME/fails" && { echo "Job failed." >&2; exit 1; } ;;
esac
exit 0
"""
LOGINCTL = '#!/bin/sh\ncat "$HOME/linger" 2>/dev/null || echo Linger=no\n'
CRONTAB = """\
#!/bin/sh
test -e "$HOME/broken" && { echo "you may not" >&2; exit 1; }
case "$1" in
  -l) test -e "$HOME/tab" && exec cat "$HOME/tab"; echo "no crontab for me" >&2; exit 1 ;;
  -) exec cat > "$HOME/tab" ;;
esac
"""


@pytest.fixture
def home(tmp_path: Path, repo: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """HOME, where the programs write what they were asked."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, text in (("systemctl", SYSTEMCTL), ("loginctl", LOGINCTL), ("crontab", CRONTAB)):
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    (repo / "pipeline.yaml").write_text(POLICY)
    return tmp_path / "home"


def run(repo: Path, *args: str) -> Result:
    return CliRunner().invoke(main, ["service", "--repo", str(repo), *args])


def asked(home: Path) -> list[str]:
    return (home / "asked").read_text().splitlines()


def unit(home: Path) -> Path:
    return home / ".config/systemd/user/nightrun-repo.service"


def test_install_writes_the_unit_and_starts_it(home: Path, repo: Path) -> None:
    done = run(repo, "install", "--runners", "2")
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines() == [
        f"wrote {unit(home)}",
        "nightrun-repo.service is started, and starts by itself from now on",
        "it runs only while you are logged in; without a login, too: loginctl enable-linger",
    ]
    assert service_text.is_ours(unit(home).read_text(), str(repo))
    assert '"--runners" "2"' in unit(home).read_text()
    assert asked(home)[1:] == [
        "--user daemon-reload",
        "--user enable nightrun-repo.service",
        "--user restart nightrun-repo.service",
    ]
    (home / "linger").write_text("Linger=yes\n")
    again = run(repo, "install")
    assert again.exit_code == 0 and "enable-linger" not in again.stdout
    assert "--runners" not in unit(home).read_text()


def test_run_that_is_up_is_not_started_twice(home: Path, repo: Path) -> None:
    pid, start = clock.my_identity()
    (repo / ".pipeline").mkdir()
    files.write_json(repo / ".pipeline/run.json", {"pid": pid, "start_time": start})
    done = run(repo, "install")
    assert "enabled; a run is up already" in done.stdout
    assert not any("restart" in line for line in asked(home))


def test_unit_of_somebody_else_is_never_overwritten_or_removed(home: Path, repo: Path) -> None:
    unit(home).parent.mkdir(parents=True)
    unit(home).write_text("[Service]\nExecStart=/bin/mine\n")
    for action in ("install", "uninstall"):
        done = run(repo, action)
        assert done.exit_code == 1
        assert "is not nightrun's for" in done.stderr and "--name OTHER" in done.stderr
    assert unit(home).read_text() == "[Service]\nExecStart=/bin/mine\n"
    assert "is not nightrun's for this repository" in run(repo, "status").stdout
    assert run(repo, "install", "--name", "other").exit_code == 0
    assert (unit(home).parent / "nightrun-other.service").exists()


def test_link_in_its_place_is_not_followed(home: Path, repo: Path) -> None:
    run(repo, "install")
    kept = unit(home).rename(home / "kept")
    unit(home).symlink_to(kept)
    assert run(repo, "install").exit_code == 1


def test_uninstall_ends_and_removes_it_and_is_safe_to_repeat(home: Path, repo: Path) -> None:
    run(repo, "install")
    done = run(repo, "uninstall")
    assert (done.exit_code, done.stdout) == (0, f"removed {unit(home)}\n")
    assert asked(home)[-3:] == [
        "--user disable --now nightrun-repo.service",
        "--user show --property=Version",
        "--user daemon-reload",
    ]
    assert run(repo, "uninstall").stdout == "nothing was installed\n"


def test_start_that_fails_is_said_with_where_to_look(home: Path, repo: Path) -> None:
    (home / "fails").touch()
    done = run(repo, "install")
    assert done.exit_code == 1
    assert "systemctl --user restart nightrun-repo.service failed: Job failed." in done.stderr
    assert "journalctl --user -u nightrun-repo.service" in done.stderr


def test_policy_with_a_mistake_is_said_before_anything_is_written(home: Path, repo: Path) -> None:
    (repo / "pipeline.yaml").write_text("version: 7\n")
    assert run(repo, "install").exit_code == 78
    assert not unit(home).exists()


def test_without_systemd_the_line_of_cron_is_offered(home: Path, repo: Path) -> None:
    (home / "no-bus").touch()
    done = run(repo, "install")
    assert done.exit_code == 1
    assert "No systemd runs here" in done.stderr and "@reboot cd" in done.stderr
    assert not unit(home).exists() and not (home / "tab").exists()
    assert "no systemd runs here" in run(repo, "status").stdout


def test_line_of_cron_comes_and_goes_only_when_asked(home: Path, repo: Path) -> None:
    (home / "tab").write_text("0 1 * * * backup\n")
    for _ in range(2):
        assert run(repo, "install", "--cron").exit_code == 0
    first, mine = (home / "tab").read_text().splitlines()
    assert first == "0 1 * * * backup" and mine.startswith(f"@reboot cd {repo} && ")
    assert (repo / ".pipeline/logs").is_dir() and "/.pipeline/" in (repo / ".git/info/exclude").read_text()
    assert json.loads(run(repo, "status", "--json").stdout)["cron"] is True
    assert run(repo, "uninstall").stdout == "took the line out of your crontab\n"
    assert (home / "tab").read_text() == "0 1 * * * backup\n"


def test_crontab_that_cannot_be_read_is_not_written(home: Path, repo: Path) -> None:
    (home / "broken").touch()
    done = run(repo, "install", "--cron")
    assert done.exit_code == 1 and "The crontab cannot be read: you may not." in done.stderr


def test_status_says_how_it_stands(home: Path, repo: Path) -> None:
    assert run(repo).stdout.splitlines() == ["nightrun-repo.service is not installed.", "No run is up."]
    run(repo, "install")
    (home / "state").write_text("ActiveState=active\nSubState=running\nUnitFileState=enabled\nNRestarts=2\n")
    assert run(repo, "status").stdout.splitlines() == [
        "nightrun-repo.service is installed: active (running), enabled, started again 2 times.",
        "It runs only while you are logged in; without a login, too: loginctl enable-linger",
        "No run is up.",
    ]
    said = json.loads(run(repo, "status", "--json").stdout)
    assert (said["ours"], said["state"]["NRestarts"], said["run_is_up"]) == (True, "2", False)


def test_unit_lies_where_xdg_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", "/cfg")
    assert systemd.unit_file("x.service") == Path("/cfg/systemd/user/x.service")
