"""The only place that starts processes: argument lists, a session of their own, limits, and nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from nightrun.hands import clock, resources, survivors
from nightrun.hands.agent_log import AgentLog
from nightrun.hands.child_output import DRAIN_S, EndReason, Kept, Reader, Sink
from nightrun.hands.resources import Bounds, Watch
from nightrun.words.errors import NightrunError

Argument = str | bytes
Ask = Callable[["subprocess.Popen[bytes]"], None]

GRACE_S = 10.0  # between asking an agent to end and killing it (reliability.md S7)
RUN_GRACE_S = 5.0  # the same for a short command: git that is killed leaves its lock files (githooks.md section 8)
LEFT_GRACE_S = 1.0  # what outlived its agent gets less
TIED_S = 2.0  # for a tied child to end when its pipe is closed
TAIL_BYTES = 64 << 10

_PR_SET_CHILD_SUBREAPER = 36  # prctl(2)
_DEADLY = tuple(
    int(getattr(signal, f"SIG{name}"))
    for name in ("HUP", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "SEGV", "TERM", "XCPU", "XFSZ", "SYS")
)

_starting = threading.Lock()  # held while a child is started: until it is in _ours it would look like an orphan
_ours: set[int] = set()
_adopts = False


class ProgramMissing(NightrunError):
    """The program is not there, or is no program."""


@dataclass(frozen=True)
class Finished:
    """How a short command ended. `code` is negative for a signal; `cut` says that older output was let go."""

    argv: tuple[str, ...]
    code: int
    out: bytes
    err: bytes
    seconds: float
    timed_out: bool
    cut: bool = False

    @property
    def text(self) -> str:
        return self.out.decode(errors="replace")


@dataclass(frozen=True)
class Ended:
    """How a long-running program ended. `code` is None when it could not be made to end."""

    code: int | None
    reason: EndReason
    seconds: float
    tail: bytes
    output_bytes: int
    pid: int
    log_problem: str | None = None  # why its log is not whole


def run(
    argv: Sequence[Argument],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: bytes | None = None,
    timeout_s: float = 60,
    keep_bytes: int = 8 << 20,
) -> Finished:
    """Run a short command to its end. Of each stream the last `keep_bytes` are kept."""
    started = clock.monotonic()
    with _started(argv, cwd=cwd, env=env, stdin=stdin, stderr=subprocess.PIPE) as process:
        out, err = Kept(keep_bytes), Kept(keep_bytes)
        reader = _reader(process, out, err)
        stopped = reader.until_end(lambda _quiet_s: "timeout" if clock.monotonic() - started > timeout_s else None)
        if stopped:
            _stop(process, reader, RUN_GRACE_S)
        reader.drain(DRAIN_S)
        code = process.wait()
    seconds = clock.monotonic() - started
    return Finished(_shown(argv), code, out.value(), err.value(), seconds, stopped is not None, out.cut or err.cut)


def run_agent(
    argv: Sequence[Argument],
    *,
    cwd: Path,
    env: Mapping[str, str],
    stdin: bytes | None,
    log: Path,
    timeout_s: float,
    silence_s: float | None,
    should_stop: Callable[[], bool],
    marker: str,
    on_start: Callable[[int], None] | None = None,
    log_bytes: int = 5 << 20,
    is_full: Callable[[], bool] | None = None,
    bounds: Bounds | None = None,
    sandbox: Sequence[str] = (),
) -> Ended:
    """Run a program that may misbehave, with its output in `log`; when it ended, nothing that it started is alive.

    `should_stop` and `is_full`, which says that it fills the disk, are asked four times a second. `sandbox` is what
    stands before the program (hands/sandbox.py).
    Two of these at a time need two processes: what a subreaper adopts cannot be told apart.
    """
    started = clock.monotonic()
    environment, children_before = {**env, survivors.MARKER: marker}, survivors.own_children()

    def why_stop(quiet_s: float) -> EndReason | None:
        if should_stop():
            return "stopped"
        if clock.monotonic() - started > timeout_s:
            return "timeout"
        if is_full is not None and is_full():
            return "disk"
        if over := watch.over():
            return over
        return "silent" if silence_s is not None and quiet_s > silence_s else None

    with (
        AgentLog(log, log_bytes, TAIL_BYTES) as output,
        _started((*sandbox, *argv), cwd=cwd, env=environment, stdin=stdin, stderr=subprocess.STDOUT) as process,
    ):
        ask = _ask_inside if sandbox else _ask
        leader = survivors.leader(process.pid, marker, children_before)
        watch = Watch(bounds or Bounds(), lambda: survivors.family(leader, adopts=_adopts, not_these=_ours))
        resources.prepare(process.pid, bounds or Bounds())
        reader = _reader(process, output)
        try:
            if on_start is not None:
                on_start(process.pid)
            reason = reader.until_end(why_stop)
        except BaseException:
            _end_all(process, leader, reader, 0.0, ask)
            raise
        at_once = reason in ("memory", "processes")  # the machine suffers as long as it lives
        code = _end_all(process, leader, reader, (0.0 if at_once else GRACE_S) if reason else None, ask)
        reader.drain(DRAIN_S)
    seconds = clock.monotonic() - started
    if sandbox and code is not None:
        code = _from_inside(code)
    return Ended(code, reason or "exit", seconds, output.tail, output.seen_bytes, process.pid, output.problem)


def sweep(marker_prefix: str) -> list[int]:
    """Kill every process that an earlier run left behind, found by its marker; the pids."""
    if not marker_prefix:
        raise ValueError("an empty prefix would be every attempt of every repository")
    return survivors.end(lambda: survivors.marked(marker_prefix), grace_s=0.0)


def become_subreaper() -> None:
    """From here on orphans below this process become its children (prctl(2)); Linux only."""
    import ctypes  # only the parts need it, and it is slow to import

    global _adopts
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        _adopts = libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0


class Part:
    """A long-running child of the supervisor, leader of its own process group."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self.pid = process.pid

    def poll(self) -> int | None:
        """None while it runs, then its exit code."""
        code = self._process.poll()
        if code is not None:
            _ours.discard(self.pid)
        return code

    def has_ended(self) -> bool:
        """Whether it has. Where the system can tell that without a wait, the pid stays its own, and its group's."""
        if self._process.returncode is not None or not hasattr(os, "waitid"):  # macOS has none before Python 3.13
            return self._process.poll() is not None
        with suppress(ChildProcessError):
            return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        return True

    def reap(self) -> int | None:
        """As `poll`; when it has ended, what is left of its group is killed."""
        if self._process.returncode is None and self.has_ended():
            _signal_group(self._process, signal.SIGKILL)
        return self.poll()

    def terminate(self) -> None:
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def send(self, number: signal.Signals) -> None:
        """Signal the part alone, not its group."""
        if not self.has_ended():
            os.kill(self.pid, number)

    def _signal(self, number: signal.Signals) -> None:
        if not self.has_ended():
            _signal_group(self._process, number)


def start_part(argv: Sequence[Argument], *, cwd: Path, env: Mapping[str, str] | None, log: Path) -> Part:
    """Start a part; its output is appended to `log`, which it keeps open when this process ends.

    Where no log can be written it goes to our own stderr: no reason not to work.
    """
    try:
        log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    except OSError:
        descriptor = os.dup(2)
    try:
        return Part(_popen(argv, cwd, env, subprocess.DEVNULL, descriptor, subprocess.STDOUT))
    finally:
        os.close(descriptor)


class Tied:
    """A small child that ends when this process does, however that ends: it reads a pipe that only we hold open."""

    def __init__(self, child: subprocess.Popen[bytes], first: bytes) -> None:
        self._child, self._said = child, bytearray()
        self.pid = child.pid
        assert child.stdin is not None and child.stdout is not None
        os.set_blocking(child.stdout.fileno(), False)
        with suppress(BrokenPipeError):
            child.stdin.write(first)

    def said(self) -> bytes:
        """What it printed so far, on both streams."""
        assert self._child.stdout is not None
        with suppress(BlockingIOError):
            while data := os.read(self._child.stdout.fileno(), 4096):
                self._said += data[: 64 << 10]
        return bytes(self._said)

    def has_ended(self) -> bool:
        return self._child.poll() is not None

    def end(self) -> None:
        """Its pipe is closed, and what is left of its group is killed when that is not enough."""
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()
        try:
            self._child.wait(TIED_S)
        except subprocess.TimeoutExpired:
            _signal_group(self._child, signal.SIGKILL)
            self._child.wait()
        _ours.discard(self.pid)


def start_tied(argv: Sequence[Argument], first: bytes) -> Tied:
    """Start a child that reads its standard input to the end; `first` is written there."""
    return Tied(_popen(argv, None, None, subprocess.PIPE, subprocess.PIPE, subprocess.STDOUT), first)


def become(argv: Sequence[str]) -> NoReturn:
    """This process goes on as that program, with the environment as it is now."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(argv[0], list(argv))  # noqa: S606 - without a shell


@contextmanager
def _started(
    argv: Sequence[Argument], *, cwd: Path | None, env: Mapping[str, str] | None, stdin: bytes | None, stderr: int
) -> Iterator[subprocess.Popen[bytes]]:
    source = subprocess.DEVNULL if stdin is None else _in_memory(stdin)
    try:
        process = _popen(argv, cwd, env, source, subprocess.PIPE, stderr)
    finally:
        if source >= 0:
            os.close(source)
    try:
        yield process
    except BaseException:
        if process.returncode is None:
            _signal_group(process, signal.SIGKILL)
            process.wait()
        raise
    finally:
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
        _ours.discard(process.pid)


def _popen(
    argv: Sequence[Argument], cwd: Path | None, env: Mapping[str, str] | None, stdin: int, stdout: int, stderr: int
) -> subprocess.Popen[bytes]:
    if cwd is not None and not cwd.is_dir():
        raise NightrunError(f"The folder {cwd} does not exist.")
    try:
        with _starting:
            process = subprocess.Popen(
                list(argv),
                cwd=cwd,
                env=env,
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                bufsize=0,
                start_new_session=True,
            )
            _ours.add(process.pid)
            return process
    except (FileNotFoundError, NotADirectoryError, PermissionError) as error:
        raise ProgramMissing(f"The program {_shown(argv)[0]} cannot be started: {error.strerror}.") from error
    except (OSError, ValueError) as error:
        raise NightrunError(f"{_shown(argv)[0]} cannot be started: {error}.") from error


def _in_memory(data: bytes) -> int:
    """A file that is read from its start and blocks nobody, however much of it the child reads."""
    try:
        descriptor = os.memfd_create("stdin")
    except (AttributeError, OSError):
        import tempfile  # only where memfd_create(2) is missing: its import is slow

        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _reader(process: subprocess.Popen[bytes], *sinks: Sink) -> Reader:
    pipes = (pipe for pipe in (process.stdout, process.stderr) if pipe is not None)
    return Reader(process.pid, process.poll, {pipe.fileno(): sink for pipe, sink in zip(pipes, sinks, strict=True)})


def _end_all(
    process: subprocess.Popen[bytes], leader: survivors.Leader, reader: Reader, stop_grace_s: float | None, ask: Ask
) -> int | None:
    """End everything that is left of the process, and itself when `stop_grace_s` is given; its exit code."""
    known: list[survivors.Row] = []
    if stop_grace_s is not None:
        known = survivors.below(process.pid)
        _ask_then_kill(process, reader, stop_grace_s, ask)

    def left() -> list[survivors.Row]:
        with _starting:
            return survivors.of(leader, adopts=_adopts, not_these=_ours, known=known)

    if ask is _ask_inside and _adopts:
        over = clock.monotonic() + RUN_GRACE_S
        reader.until_end(lambda _quiet_s: "stopped" if clock.monotonic() > over else None)
        survivors.await_adopted(leader, _ours, RUN_GRACE_S)  # the first process inside: the kernel ends it and the rest
    survivors.end(left, grace_s=LEFT_GRACE_S if stop_grace_s is None else 0.0)
    try:
        return process.wait(RUN_GRACE_S)
    except subprocess.TimeoutExpired:
        return None  # it is stuck inside the kernel, where no signal reaches it


def _stop(process: subprocess.Popen[bytes], reader: Reader, grace_s: float) -> None:
    _ask_then_kill(process, reader, grace_s, _ask)
    process.wait()


def _ask_then_kill(process: subprocess.Popen[bytes], reader: Reader, grace_s: float, ask: Ask) -> None:
    """The group is asked to end; what of it is there when its leader ended or the grace is over, is killed."""
    ask(process)
    over = clock.monotonic() + grace_s
    reader.until_end(lambda _quiet_s: "stopped" if clock.monotonic() > over else None)
    _signal_group(process, signal.SIGKILL)


def _ask(process: subprocess.Popen[bytes]) -> None:
    _signal_group(process, signal.SIGTERM)


def _ask_inside(process: subprocess.Popen[bytes]) -> None:
    """bwrap would end at once and take the program with it; the group that it started inside is asked instead."""
    children = survivors.children(process.pid)
    asked = False
    for pid in children:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGTERM)
            asked = True
    if not asked:
        _signal_group(process, signal.SIGKILL)  # the program is not there yet


def _from_inside(code: int) -> int:
    """bwrap says 128 + n for a program that signal n ended, as shells do."""
    return 128 - code if code - 128 in _DEADLY else code


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    if process.pid <= 1:
        return  # 0 and 1 would name our own group, or every process there is (kill(2))
    # macOS refuses to signal a group of zombies with EPERM
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _shown(argv: Sequence[Argument]) -> tuple[str, ...]:
    return tuple(os.fsdecode(argument) for argument in argv)
