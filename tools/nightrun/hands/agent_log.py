"""The log of one attempt: its beginning and its end, bounded, however much the program prints (reliability.md S9)."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from nightrun.decisions import secret_patterns
from nightrun.hands import clock, files

LAST_BYTES = 1 << 20  # of the end that is kept beside the beginning
REWRITE_S = 1.0  # a flood rewrites the end of the file no more often than this


class AgentLog:
    """Bytes go to the file as they come until it is full; from then on its last part is replaced by the newest.

    A file that cannot be written, on a full disk for one, does not end the program; `tail` is kept in any case.
    """

    def __init__(self, path: Path, largest: int, tail_bytes: int) -> None:
        self.problem: str | None = None
        self._has_file, self._path = True, path
        self._file = self._opened(path)
        self._last = min(LAST_BYTES, largest // 2)
        self._first = largest - self._last
        self._keep = max(self._last, tail_bytes)
        self._tail_bytes = tail_bytes
        self._end = bytearray()
        self._rewritten = clock.monotonic()
        self.seen_bytes = 0

    def _opened(self, path: Path) -> int:
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        except OSError as error:
            self.problem, self._has_file = error.strerror, False
            return os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)

    @property
    def tail(self) -> bytes:
        return bytes(self._end[-self._tail_bytes :])

    def take(self, data: bytes) -> None:
        room = max(0, self._first - self.seen_bytes)
        self.seen_bytes += len(data)
        self._end += data
        if len(self._end) > 2 * self._keep:
            del self._end[: len(self._end) - self._keep]
        if room:
            self._put(data[:room])
        if self.seen_bytes > self._first and clock.monotonic() - self._rewritten >= REWRITE_S:
            self._rewrite()

    def _rewrite(self) -> None:
        self._rewritten = clock.monotonic()
        if self._has_file:
            self._rewrite_file()

    def _rewrite_file(self) -> None:
        over = self.seen_bytes - self._first
        left_out = max(0, over - self._last)
        os.lseek(self._file, self._first, os.SEEK_SET)
        if left_out:
            self._put(f"\n[... {left_out} bytes left out ...]\n".encode())
        self._put(bytes(self._end[-min(over, self._last) :]))
        os.ftruncate(self._file, os.lseek(self._file, 0, os.SEEK_CUR))

    def _put(self, data: bytes) -> None:
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self._file, view) :]
        except OSError as error:
            self.problem = error.strerror

    def __enter__(self) -> AgentLog:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            if self.seen_bytes > self._first:
                self._rewrite()
        finally:
            os.close(self._file)
        if self._has_file and self._path.is_file():
            self._hide_secrets()

    def _hide_secrets(self) -> None:
        """What the program printed of keys and tokens does not stay in the log (reliability.md C6)."""
        with suppress(OSError):
            text = os.fsdecode(self._path.read_bytes())
            hidden = secret_patterns.hidden(text)
            if hidden != text:
                files.write(self._path, os.fsencode(hidden), mode=0o600)
