"""Processes are found by their arguments, whatever they did with parents, sessions and their environment."""

from __future__ import annotations

import subprocess
import sys

from nightrun.hands import command_lines


def test_a_process_without_environment_is_found_by_its_arguments_and_gone_when_it_ended() -> None:
    argv = [sys.executable, "-c", "import sys; sys.stdin.read()", "a tag"]
    child = subprocess.Popen(argv, stdin=subprocess.PIPE, env={}, start_new_session=True)
    try:
        assert command_lines.of_all()[child.pid][-1] == "a tag"
    finally:
        child.kill()
        child.wait()
    assert child.pid not in command_lines.of_all()
