"""Real small processes: limits, stopping, and what is left behind."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from nightrun.hands import process
from nightrun.words.errors import NightrunError

MARKER = f"nightrun-test-{os.getpid()}"


def is_alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(") ")[2][0] not in "ZX"


def wait_until(true: Callable[[], bool], seconds: float = 5.0) -> bool:
    over = time.monotonic() + seconds
    while time.monotonic() < over:
        if true():
            return True
        time.sleep(0.02)
    return true()


def agent(tmp_path: Path, script: str, **changes: object) -> process.Ended:
    settings: dict[str, object] = {
        "cwd": tmp_path,
        "env": {"PATH": os.environ["PATH"]},
        "stdin": None,
        "log": tmp_path / "logs" / "agent.log",
        "timeout_s": 20,
        "silence_s": None,
        "should_stop": lambda: False,
        "marker": MARKER,
    }
    return process.run_agent(["sh", "-c", script], **{**settings, **changes})  # type: ignore[arg-type]


def pid_in(path: Path) -> int:
    assert wait_until(lambda: path.exists() and path.read_text().strip() != ""), f"{path.name} was never written"
    return int(path.read_text())


class TestRun:
    def test_output_code_and_time(self, tmp_path: Path) -> None:
        done = process.run(["sh", "-c", "pwd; echo oops >&2; exit 3"], cwd=tmp_path)
        assert (done.code, done.text, done.err) == (3, f"{tmp_path}\n", b"oops\n")
        assert done.argv == ("sh", "-c", "pwd; echo oops >&2; exit 3")
        assert not done.timed_out
        assert not done.cut
        assert 0 < done.seconds < 5

    def test_stdin_is_empty_unless_given(self) -> None:
        assert process.run(["cat"]).out == b""
        text = os.urandom(3 << 20)
        assert process.run(["cat"], stdin=text).out == text

    def test_a_child_that_does_not_read_its_stdin_is_no_problem(self) -> None:
        assert process.run(["true"], stdin=b"x" * (3 << 20)).code == 0

    def test_arguments_arrive_unchanged(self, tmp_path: Path) -> None:
        text = "a b'\"$(touch pwned)`touch pwned`\n*\t\N{ROCKET}"
        done = process.run([sys.executable, "-c", "import sys; print(ascii(sys.argv[1]))", text], cwd=tmp_path)
        assert done.text.strip() == ascii(text)
        assert not (tmp_path / "pwned").exists()

    def test_it_has_no_terminal_and_a_session_of_its_own(self) -> None:
        code = "import os; print(os.getsid(0) == os.getpid(), os.isatty(0))"
        assert process.run([sys.executable, "-c", code]).text == "True False\n"

    def test_the_time_limit_asks_first(self, tmp_path: Path) -> None:
        script = "trap 'echo asked > asked; exit 7' TERM; while :; do sleep 0.05; done"
        done = process.run(["sh", "-c", script], cwd=tmp_path, timeout_s=0.3)
        assert done.timed_out
        assert done.code == 7
        assert (tmp_path / "asked").read_text() == "asked\n"

    def test_what_ignores_the_request_is_killed_with_its_group(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(process, "RUN_GRACE_S", 0.3)
        script = "trap '' TERM; sleep 60 & echo $! > child; sleep 60"
        done = process.run(["sh", "-c", script], cwd=tmp_path, timeout_s=0.4)
        assert (done.timed_out, done.code) == (True, -signal.SIGKILL)
        assert wait_until(lambda: not is_alive(pid_in(tmp_path / "child")))

    def test_a_background_child_that_keeps_the_pipe_does_not_delay_the_end(self) -> None:
        done = process.run(["sh", "-c", "sleep 5 & echo $!"])
        os.kill(int(done.out), signal.SIGKILL)
        assert done.seconds < 3
        assert done.code == 0

    def test_the_last_part_of_a_flood_is_kept(self) -> None:
        done = process.run(["sh", "-c", "seq 1 300000; echo end"], keep_bytes=1000)
        assert done.cut
        assert len(done.out) == 1000
        assert done.out.endswith(b"300000\nend\n")

    def test_a_program_that_is_not_there_has_its_own_error(self, tmp_path: Path) -> None:
        with pytest.raises(process.ProgramMissing, match="no-such-program"):
            process.run(["no-such-program"])
        (tmp_path / "plain").write_text("no program")
        with pytest.raises(process.ProgramMissing):
            process.run([str(tmp_path / "plain")])

    @pytest.mark.parametrize("argument", ["x" * 300_000, "a\0b"])
    def test_an_impossible_argument_is_said(self, argument: str) -> None:
        with pytest.raises(NightrunError, match="true cannot be started"):
            process.run(["true", argument])

    def test_a_missing_folder_is_not_a_missing_program(self, tmp_path: Path) -> None:
        with pytest.raises(NightrunError, match="folder") as caught:
            process.run(["true"], cwd=tmp_path / "gone")
        assert not isinstance(caught.value, process.ProgramMissing)


class TestAgent:
    def test_output_of_both_streams_is_logged_as_it_comes(self, tmp_path: Path) -> None:
        pids: list[int] = []
        ended = agent(tmp_path, "echo one; echo two >&2; exit 4", on_start=pids.append)
        assert (ended.code, ended.reason, ended.tail, ended.output_bytes) == (4, "exit", b"one\ntwo\n", 8)
        assert pids == [ended.pid]
        assert (tmp_path / "logs" / "agent.log").read_bytes() == b"one\ntwo\n"
        assert (tmp_path / "logs" / "agent.log").stat().st_mode & 0o777 == 0o600

    def test_only_the_given_environment_and_the_marker(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SECRET", "s")
        ended = agent(tmp_path, "/usr/bin/env")
        assert f"NIGHTRUN_ATTEMPT={MARKER}".encode() in ended.tail
        assert b"SECRET" not in ended.tail

    def test_the_prompt_can_come_on_stdin(self, tmp_path: Path) -> None:
        assert agent(tmp_path, "cat", stdin=b"do it").tail == b"do it"
        assert agent(tmp_path, "cat", stdin=None).tail == b""

    def test_the_time_limit(self, tmp_path: Path) -> None:
        ended = agent(tmp_path, "echo started; sleep 60", timeout_s=0.5)
        assert (ended.code, ended.reason, ended.tail) == (-signal.SIGTERM, "timeout", b"started\n")
        assert ended.seconds < 5

    def test_silence(self, tmp_path: Path) -> None:
        ended = agent(tmp_path, "for i in 1 2 3 4; do echo $i; sleep 0.3; done; sleep 60", silence_s=0.8)
        assert ended.reason == "silent"
        assert ended.tail == b"1\n2\n3\n4\n"

    def test_a_stop_lets_the_agent_end_in_order(self, tmp_path: Path) -> None:
        script = "trap 'echo tidied; exit 0' TERM; echo ready; while :; do sleep 0.05; done"
        log = tmp_path / "logs" / "agent.log"
        ended = agent(tmp_path, script, should_stop=lambda: log.exists() and b"ready" in log.read_bytes())
        assert (ended.code, ended.reason) == (0, "stopped")
        assert ended.tail.endswith(b"tidied\n")

    def test_one_that_fills_the_disk_is_ended(self, tmp_path: Path) -> None:
        big = tmp_path / "big"
        ended = agent(tmp_path, "head -c 1000000 /dev/zero >big; exec sleep 60", is_full=big.exists)
        assert (ended.reason, ended.seconds < 30) == ("disk", True)

    def test_an_agent_that_ignores_the_request_is_killed(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(process, "GRACE_S", 0.3)
        ended = agent(tmp_path, "trap '' TERM; while :; do sleep 0.1; done", timeout_s=0.3)
        assert (ended.code, ended.reason) == (-signal.SIGKILL, "timeout")

    def test_an_agent_that_closes_its_output_ends_when_it_ends_and_at_its_time_limit(self, tmp_path: Path) -> None:
        """reliability.md 6, fault 18."""
        ended = agent(tmp_path, "echo said; exec >&- 2>&-; sleep 0.6; : >late; exit 3")
        assert (ended.code, ended.reason, ended.tail) == (3, "exit", b"said\n")
        assert (tmp_path / "late").exists()
        ended = agent(tmp_path, "exec >&- 2>&-; sleep 60", timeout_s=0.5)
        assert (ended.code, ended.reason) == (-signal.SIGTERM, "timeout")

    def test_a_background_child_that_keeps_the_pipe_ends_with_the_agent(self, tmp_path: Path) -> None:
        ended = agent(tmp_path, "sleep 60 & echo $! > child; echo done")
        assert (ended.reason, ended.code, ended.tail) == ("exit", 0, b"done\n")
        assert ended.seconds < 3
        assert not is_alive(pid_in(tmp_path / "child"))

    @pytest.mark.parametrize(
        "hide",
        [
            "(trap '' TERM; echo $$ > ignored; exec sh -c 'echo $$ > child; exec sleep 60') &",
            "setsid sh -c 'echo $$ > child; exec sleep 60' &",
            "(setsid sh -c 'trap \"\" TERM; (echo $$ > child; while :; do sleep 1; done) &' &)",
            "(env -u NIGHTRUN_ATTEMPT sh -c 'echo $$ > child; exec sleep 60' &)",
        ],
        ids=["ignores TERM", "own session", "daemon", "no marker, same session"],
    )
    @pytest.mark.parametrize("timeout_s", [20.0, 0.8], ids=["after its end", "at the limit"])
    def test_nothing_is_left(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hide: str, timeout_s: float
    ) -> None:
        monkeypatch.setattr(process, "LEFT_GRACE_S", 0.2)
        monkeypatch.setattr(process, "GRACE_S", 0.2)
        wait = "\nwhile ! [ -s child ]; do sleep 0.02; done"
        ended = agent(tmp_path, f"{hide} {wait}; {'exit 0' if timeout_s > 1 else 'sleep 60'}", timeout_s=timeout_s)
        assert ended.reason == ("exit" if timeout_s > 1 else "timeout")
        assert not is_alive(pid_in(tmp_path / "child"))

    def test_a_flood_is_bounded_and_keeps_beginning_and_end(self, tmp_path: Path) -> None:
        ended = agent(tmp_path, "echo begin; yes | head -c 30000000; echo end", log_bytes=1 << 20)
        text = (tmp_path / "logs" / "agent.log").read_bytes()
        assert ended.output_bytes == 30_000_010
        assert text.startswith(b"begin\n")
        assert text.endswith(b"y\nend\n")
        assert b"bytes left out" in text
        assert len(text) < (1 << 20) + 200
        assert len(ended.tail) == process.TAIL_BYTES

    def test_a_flood_without_end_still_meets_the_limit(self, tmp_path: Path) -> None:
        ended = agent(tmp_path, "yes", timeout_s=0.5, log_bytes=1 << 18)
        assert ended.reason == "timeout"
        assert (tmp_path / "logs" / "agent.log").stat().st_size < (1 << 18) + 200

    def test_a_failing_callback_leaves_nothing_running(self, tmp_path: Path) -> None:
        def broken() -> bool:
            if (tmp_path / "child").exists() and (tmp_path / "child").read_text():
                raise RuntimeError("bug")
            return False

        with pytest.raises(RuntimeError):
            agent(tmp_path, "setsid sh -c 'echo $$ > child; exec sleep 60' & sleep 60", should_stop=broken)
        assert not is_alive(pid_in(tmp_path / "child"))

    def test_a_secret_that_an_agent_prints_does_not_stay_in_its_log(self, tmp_path: Path) -> None:
        token = "ghp" + "_q7Zt2Vb9Lw4Xc6Rn1Ks8Jd3Hf5Gm0PyTa7Ue"
        agent(tmp_path, f"echo begin; printf 'token %s and \\351 more\\n' {token}; echo end")
        assert (tmp_path / "logs/agent.log").read_bytes() == b"begin\ntoken ghp_... and \xe9 more\nend\n"

    def test_a_log_that_cannot_be_written_does_not_end_the_agent(self, tmp_path: Path) -> None:
        ended = agent(tmp_path, "echo still here", log=Path("/dev/full"))
        assert (ended.code, ended.tail) == (0, b"still here\n")


class TestSubreaper:
    @pytest.mark.parametrize("delay_s", [0, 0.5], ids=["at once", "when this machine is slow to look"])
    def test_a_daemon_that_wiped_its_environment_is_adopted_and_ended(self, tmp_path: Path, delay_s: float) -> None:
        """In a process of its own: being a subreaper cannot be undone."""
        hide = "(setsid env -i /bin/sh -c 'echo $$ > child; exec /bin/sleep 60' &); until [ -s child ]; do :; done"
        program = f"""
import os, time
from pathlib import Path
from nightrun.hands import process, survivors
look = survivors.leader
survivors.leader = lambda *known: (time.sleep({delay_s}), look(*known))[1]
process.become_subreaper()
own = process.run(["true"])
part = process.start_part(["sleep", "60"], cwd=Path("."), env=None, log=Path("part.log"))
ended = process.run_agent(["sh", "-c", {hide!r}], cwd=Path("."), env=dict(os.environ), stdin=None, log=Path("log"),
    timeout_s=9, silence_s=None, should_stop=lambda: False, marker={MARKER!r})
print(ended.reason, ended.code, part.poll())
part.kill()
"""
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        done = process.run([sys.executable, "-c", program], cwd=tmp_path, env=env, timeout_s=20)
        assert done.text == "exit 0 None\n", done.err
        assert not is_alive(pid_in(tmp_path / "child"))


class TestSweep:
    def test_only_processes_with_the_marker_are_ended(self, tmp_path: Path) -> None:
        marked = self.start(tmp_path, "one", {"NIGHTRUN_ATTEMPT": f"{MARKER}/t1.1"})
        other = self.start(tmp_path, "two", {"NIGHTRUN_ATTEMPT": f"other-{MARKER}/t1.1"})
        plain = self.start(tmp_path, "three", {})
        try:
            assert process.sweep(MARKER) == [marked.pid]
            assert wait_until(lambda: marked.poll() is not None)
            assert (other.poll(), plain.poll()) == (None, None)
        finally:
            for part in (marked, other, plain):
                part.kill()

    def test_this_process_is_never_ended(self) -> None:
        program = f"import os; from nightrun.hands import process; print(process.sweep({MARKER!r}))"
        env = {**os.environ, "NIGHTRUN_ATTEMPT": MARKER, "PYTHONPATH": os.pathsep.join(sys.path)}
        done = process.run([sys.executable, "-c", program], env=env)
        assert done.text == "[]\n", done.err

    def test_an_empty_prefix_is_refused(self) -> None:
        with pytest.raises(ValueError, match="every attempt"):
            process.sweep("")

    @staticmethod
    def start(tmp_path: Path, name: str, env: dict[str, str]) -> process.Part:
        path = {"PATH": os.environ["PATH"]}
        return process.start_part(["sleep", "60"], cwd=tmp_path, env={**path, **env}, log=tmp_path / f"{name}.log")


class TestPart:
    def test_output_is_appended_to_its_log(self, tmp_path: Path) -> None:
        log = tmp_path / "logs" / "api.log"
        for word in ("one", "two"):
            part = process.start_part(["sh", "-c", f"echo {word}; echo err >&2"], cwd=tmp_path, env=None, log=log)
            assert wait_until(lambda part=part: part.poll() is not None)  # type: ignore[misc]
            assert part.poll() == 0
        assert log.read_text() == "one\nerr\ntwo\nerr\n"

    def test_it_is_ended_with_its_group(self, tmp_path: Path) -> None:
        script = "sleep 60 & echo $! > child; trap '' TERM; while :; do sleep 0.1; done"
        part = process.start_part(["sh", "-c", script], cwd=tmp_path, env=None, log=tmp_path / "log")
        child = pid_in(tmp_path / "child")
        part.terminate()
        assert wait_until(lambda: not is_alive(child))
        assert part.poll() is None
        part.kill()
        assert wait_until(lambda: part.poll() == -signal.SIGKILL)

    def test_ending_what_has_ended_does_nothing(self, tmp_path: Path) -> None:
        part = process.start_part(["true"], cwd=tmp_path, env=None, log=tmp_path / "log")
        assert wait_until(lambda: part.poll() == 0)
        part.terminate()
        part.kill()

    def test_what_is_left_of_its_group_ends_when_its_end_is_seen(self, tmp_path: Path) -> None:
        script = "sleep 60 & echo $! > child"
        part = process.start_part(["sh", "-c", script], cwd=tmp_path, env=None, log=tmp_path / "log")
        child = pid_in(tmp_path / "child")
        assert wait_until(part.has_ended)
        part.terminate()
        assert is_alive(child)
        assert part.reap() == 0
        assert wait_until(lambda: not is_alive(child))
        assert (part.reap(), part.poll(), part.has_ended()) == (0, 0, True)


class TestNoLog:
    """Fault 66: a folder of logs that cannot be written to is no reason not to work."""

    def test_an_agent_works_without_one_and_its_end_is_known(self, tmp_path: Path) -> None:
        (tmp_path / "logs").write_text("a file where the folder should be\n")
        ended = agent(tmp_path, "seq 100000; echo last")
        assert (ended.code, ended.reason) == (0, "exit")
        assert ended.tail.endswith(b"100000\nlast\n")
        assert ended.log_problem

    def test_a_part_talks_to_our_own_stderr_then(self, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
        (tmp_path / "logs").write_text("a file where the folder should be\n")
        part = process.start_part(["sh", "-c", "echo here"], cwd=tmp_path, env=None, log=tmp_path / "logs" / "x.log")
        assert wait_until(lambda: part.reap() is not None)
        assert capfd.readouterr().err == "here\n"
