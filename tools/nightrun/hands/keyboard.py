"""The only reader of single keys: what a person types while a live view stands on the terminal."""

from __future__ import annotations

import select
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def single_keys() -> Iterator[None]:
    """Keys arrive one by one and are not shown; the terminal is put back as it was, whatever happens."""
    if not sys.stdin.isatty():
        yield
        return
    before = termios.tcgetattr(sys.stdin)
    try:
        tty.setcbreak(sys.stdin)
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def pressed(wait_s: float) -> str:
    """The key that was pressed within this time, or an empty text."""
    ready, _, _ = select.select([sys.stdin], [], [], wait_s) if sys.stdin.isatty() else ([], [], [])
    return sys.stdin.read(1) if ready else ""
