"""The only door to systemd's units of this user."""

from __future__ import annotations

import getpass
import os
from pathlib import Path

from nightrun.hands import process, programs
from nightrun.words.errors import NightrunError

TIMEOUT_S = 200.0  # a restart waits for the ordered end (TimeoutStopSec=60), then for READY=1 (TimeoutStartSec=120)


def is_there() -> bool:
    """Whether a systemd runs for this user; the program alone is also in containers that have none."""
    if programs.find("systemctl") is None:
        return False
    return _run("show", "--property=Version").code == 0


def unit_file(unit: str) -> Path:
    folder = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(folder) / "systemd/user" / unit


def tell(*args: str) -> None:
    """`systemctl --user ARGS`; NightrunError with what it said when it fails."""
    done = _run(*args)
    if done.timed_out or done.code != 0:
        said = (done.err or done.out).decode(errors="replace").strip().partition("\n")[0]
        raise NightrunError(
            f"systemctl --user {' '.join(args)} failed: {said or f'exit code {done.code}'}.",
            f"See `journalctl --user -u {args[-1]} -n 50`." if args[-1].endswith(".service") else None,
        )


def state(unit: str) -> dict[str, str]:
    """What systemd says of the unit: ActiveState, SubState, UnitFileState, NRestarts, Result; empty when nothing."""
    names = "ActiveState,SubState,UnitFileState,NRestarts,Result"
    done = _run("show", f"--property={names}", unit)
    pairs = (line.partition("=") for line in done.text.splitlines()) if done.code == 0 else ()
    return {name: value for name, _, value in pairs}


def lingers() -> bool | None:
    """Whether units of this user run without a login; None when that is not known."""
    if programs.find("loginctl") is None:
        return None
    done = process.run(["loginctl", "show-user", getpass.getuser(), "--property=Linger"], timeout_s=10.0)
    return {"Linger=yes": True, "Linger=no": False}.get(done.text.strip())


def _run(*args: str) -> process.Finished:
    return process.run(["systemctl", "--user", *args], timeout_s=TIMEOUT_S)
