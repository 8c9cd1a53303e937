"""The file that tells about an unexpected failure, so that it can be reported."""

from __future__ import annotations

import platform
import secrets
import sys
import tempfile
import traceback
from pathlib import Path

import nightrun
from nightrun.hands.state_dir import NAME


def write(error: BaseException) -> Path:
    """Into the log folder of this repository when there is one, else into the folder for temporary files."""
    path = _folder() / f"error-{secrets.token_hex(4)}.log"
    path.touch(mode=0o600)
    path.write_text(_text(error), errors="backslashreplace")
    return path


def _folder() -> Path:
    here = Path.cwd()
    known = (one / NAME / "logs" for one in (here, *here.parents))
    return next((one for one in known if one.is_dir()), Path(tempfile.gettempdir()))


def _text(error: BaseException) -> str:
    facts = (
        f"nightrun {nightrun.__version__}",
        f"Python {sys.version.split()[0]}, {platform.platform()}",
        f"arguments: {sys.argv!r}",
        f"folder: {Path.cwd()}",
    )
    return "\n".join(facts) + "\n\n" + "".join(traceback.format_exception(error))
