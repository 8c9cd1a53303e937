"""The API's token: 32 random bytes in a file that only its owner can read (reliability.md C2)."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from nightrun.hands import files
from nightrun.words.errors import NightrunError

RANDOM_BYTES = 32
_SHORTEST = 43  # characters of 32 bytes in URL-safe base 64


class UnsafeToken(NightrunError):
    """The token file cannot be trusted; the API does not start with it."""


def load(path: Path) -> str:
    """The token in `path`, which is made when there is none; refused when others could have read it."""
    if not os.path.lexists(path):
        files.write(path, secrets.token_urlsafe(RANDOM_BYTES) + "\n", mode=0o600)
    _check(path)
    token = path.read_text().strip()
    if len(token) < _SHORTEST:
        raise UnsafeToken(f"The token file {path} is too short to be a secret.", _remedy(path))
    return token


def _check(path: Path) -> None:
    found = path.lstat()
    if not stat.S_ISREG(found.st_mode):
        raise UnsafeToken(f"The token {path} is not an ordinary file.", _remedy(path))
    if found.st_uid != os.geteuid():
        raise UnsafeToken(f"The token file {path} belongs to another user.", _remedy(path))
    if stat.S_IMODE(found.st_mode) & 0o077:
        mode = stat.S_IMODE(found.st_mode)
        raise UnsafeToken(f"Others can read the token file {path} (mode {mode:04o}).", _remedy(path))


def _remedy(path: Path) -> str:
    return f"Remove it with `rm {path}`; the next start makes a new one."
