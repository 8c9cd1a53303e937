from __future__ import annotations

import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

import nightrun
from nightrun.cli import main


def test_page_is_printed_once_where_there_is_no_terminal(repo: Path) -> None:
    for args in ([], ["--once"]):
        shown = CliRunner().invoke(main, ["monitor", "--repo", str(repo), *args])
        assert shown.exit_code == 0
        assert f"{repo}: nothing is running\n    make autonomous\n" in shown.stdout


def test_json(repo: Path) -> None:
    shown = CliRunner().invoke(main, ["monitor", "--repo", str(repo), "--json"])
    assert json.loads(shown.stdout)["snapshot"] is None


class Terminal:
    """`nightrun monitor` on a terminal of its own."""

    def __init__(self, repo: Path, **env: str) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
        self.before = termios.tcgetattr(slave)
        self.slave = slave
        path = {"PYTHONPATH": str(Path(nightrun.__file__).parents[1]), "TERM": "xterm", **env}
        argv = [sys.executable, "-m", "nightrun", "monitor", "--repo", str(repo)]
        self.child = subprocess.Popen(
            argv, stdin=slave, stdout=slave, stderr=slave, env={**os.environ, **path}, start_new_session=True
        )
        self.seen = b""

    def until(self, text: bytes) -> bytes:
        deadline = time.monotonic() + 15
        os.set_blocking(self.master, False)
        while text not in self.seen and time.monotonic() < deadline:
            try:
                self.seen += os.read(self.master, 65536)
            except BlockingIOError:
                time.sleep(0.02)
        assert text in self.seen, self.seen
        return self.seen

    def end(self) -> None:
        if self.child.poll() is None:
            self.child.kill()
        self.child.wait()
        os.close(self.master)
        os.close(self.slave)


@pytest.mark.parametrize("how", ["key", "interrupt"])
def test_live_view_ends_at_once_and_leaves_the_terminal_as_it_was(how: str, repo: Path) -> None:
    terminal = Terminal(repo)
    try:
        terminal.until(b"nothing is running")
        if how == "key":
            os.write(terminal.master, b"q")
        else:
            terminal.child.send_signal(2)
        assert terminal.child.wait(5) == 0
        assert termios.tcgetattr(terminal.slave) == terminal.before
        assert terminal.until(b"\x1b[?1049l")
    finally:
        terminal.end()


def test_live_view_without_colour(repo: Path) -> None:
    terminal = Terminal(repo, NO_COLOR="1")
    try:
        assert b"\x1b[31m" not in terminal.until(b"nothing is running")
    finally:
        terminal.end()


def test_a_history_is_replayed(repo: Path) -> None:
    history = repo.parent / "history.json"
    history.write_text('{"start": "2026-01-31", "every": "1h", "results": "C*30 F*5 C*60"}')
    shown = CliRunner().invoke(main, ["monitor", "--repo", str(repo), "--replay", str(history)])
    assert shown.exit_code == 0
    rows = shown.stdout.splitlines()
    assert "  fired        high: repeated_failures in-a-row: the last 5 tasks all failed" in rows[1]
    assert rows[-1] == "95 looks, 2 fired, 2 resolved"
    said = CliRunner().invoke(main, ["monitor", "--repo", str(repo), "--json", "--replay", str(history)]).stdout
    assert json.loads(said)["looks"] == 95


def test_a_history_that_is_not_there_is_wrong_use(repo: Path) -> None:
    shown = CliRunner().invoke(main, ["monitor", "--repo", str(repo), "--replay", "nowhere.json"])
    assert shown.exit_code == 2
