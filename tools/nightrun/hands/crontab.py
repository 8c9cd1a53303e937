"""The only door to the crontab of this user."""

from __future__ import annotations

from nightrun.hands import process, programs
from nightrun.words.errors import NightrunError

TIMEOUT_S = 10.0


def is_there() -> bool:
    return programs.find("crontab") is not None


def read() -> str:
    """All of it; empty when the user has none."""
    done = process.run(["crontab", "-l"], timeout_s=TIMEOUT_S)
    if done.code == 0:
        return done.text
    if b"no crontab" in done.err.lower():
        return ""
    # Whatever it is, writing now could lose what stands there.
    raise NightrunError(f"The crontab cannot be read: {_first(done.err) or f'exit code {done.code}'}.")


def write(text: str) -> None:
    done = process.run(["crontab", "-"], stdin=text.encode(errors="surrogateescape"), timeout_s=TIMEOUT_S)
    if done.code != 0:
        raise NightrunError(f"The crontab cannot be written: {_first(done.err) or f'exit code {done.code}'}.")


def _first(said: bytes) -> str:
    return said.decode(errors="replace").strip().partition("\n")[0]
