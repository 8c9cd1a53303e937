"""The line that `nightrun service install --cron` writes, run as cron does: by sh, in a nearly empty environment."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.stories.night import Night, script, wait_until

CRONTAB = """\
#!/bin/sh
case "$1" in -l) cat "$HOME/tab" 2>/dev/null ;; -) cat > "$HOME/tab" ;; esac
"""


@pytest.mark.soak
def test_the_line_of_cron_starts_a_run_that_works_and_can_be_stopped(
    night: Night, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "crontab").write_text(CRONTAB)
    (programs / "crontab").chmod(0o755)
    (tmp_path / "home/tab").touch()
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    said = night.call("service", "install", "--cron")
    line = (tmp_path / "home/tab").read_text().rstrip("\n")
    assert line in said and line.startswith("@reboot ")
    with night.api() as client:
        client.add_task(script("echo 1 >one.txt", "Make one"), "impl")
    # crontab(5): a bare % ends the command, \% is one.
    command = line.removeprefix("@reboot ").replace("\\%", "%")
    environment = {"HOME": os.environ["HOME"], "LOGNAME": "someone", "SHELL": "/bin/sh", "PATH": "/usr/bin:/bin"}
    job = subprocess.Popen(["/bin/sh", "-c", command], cwd=os.environ["HOME"], env=environment, start_new_session=True)
    try:
        wait_until(lambda: len(night.subjects()) == 1, "its task has landed", 60)
        assert "working on" in (night.state.logs / "service.log").read_text()
        night.call("stop")
        assert job.wait(10) == 0
    finally:
        job.kill()
        job.wait()
    assert "took the line out of your crontab" in night.call("service", "uninstall")
    assert (tmp_path / "home/tab").read_text() == ""
