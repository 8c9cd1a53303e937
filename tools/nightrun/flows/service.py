"""A run that starts by itself: written as a unit of systemd or a line of cron, taken back, and looked at."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from nightrun.decisions import service_text
from nightrun.decisions.service_text import Service
from nightrun.hands import clock, crontab, files, git, policy_file, state_dir, state_file, systemd
from nightrun.hands.state_dir import StateDir
from nightrun.words.errors import NightrunError, TryLater

Facts = dict[str, Any]


def make(root: Path, *, name: str | None, runners: int | None = None, hours: float | None = None) -> Service:
    """With this Python and the PATH of this shell; relative places in it would mean others there."""
    places = dict.fromkeys(one for one in os.environ.get("PATH", "").split(os.pathsep) if one.startswith("/"))
    path = os.pathsep.join(places)
    service = Service(
        root=str(root), python=sys.executable, path=path, name=name or root.name, runners=runners, hours=hours
    )
    service_text.check(service)
    return service


# -- systemd


def install(service: Service) -> list[str]:
    """What was done, in lines. Started at once unless a run is up."""
    root = Path(service.root)
    policy_file.load(root)
    if not systemd.is_there():
        raise NightrunError(
            "No systemd runs here for this user, so there is nothing to install a service in.",
            f"`nightrun service install --cron` puts this line into your crontab:\n{service_text.cron_line(service)}",
        )
    path = _own_file(service)
    path.parent.mkdir(parents=True, exist_ok=True)
    files.write(path, service_text.unit(service), mode=0o644)
    systemd.tell("daemon-reload")
    systemd.tell("enable", service.unit)
    return [f"wrote {path}", _start(root, service.unit), *_about_lingering()]


def _own_file(service: Service) -> Path:
    """Where the unit lies; NightrunError when something that is not ours lies there."""
    path = systemd.unit_file(service.unit)
    if (path.exists() or path.is_symlink()) and not _is_ours(path, service.root):
        raise NightrunError(
            f"{path} is there and is not nightrun's for {service.root}.",
            "Give this one another name: nightrun service install --name OTHER",
        )
    return path


def _is_ours(path: Path, root: str) -> bool:
    try:
        return not path.is_symlink() and service_text.is_ours(path.read_text(errors="replace"), root)
    except OSError:
        return False


def _start(root: Path, unit: str) -> str:
    if _run_is_up(root) and systemd.state(unit).get("ActiveState") != "active":
        return (
            f"enabled; a run is up already, so it starts with the next boot, or after it: systemctl --user start {unit}"
        )
    systemd.tell("restart", unit)
    return f"{unit} is started, and starts by itself from now on"


def _run_is_up(root: Path) -> bool:
    run = state_file.read_object(StateDir(root).run_json)
    pid, start = run.get("pid"), run.get("start_time")
    return isinstance(pid, int) and isinstance(start, float) and clock.is_same_process(pid, start)


def _about_lingering() -> list[str]:
    if systemd.lingers():
        return []
    return ["it runs only while you are logged in; without a login, too: loginctl enable-linger"]


def uninstall(service: Service) -> list[str]:
    """What was done: the unit and the line of cron are gone, a run of the unit has ended in order."""
    done, path = [], systemd.unit_file(service.unit)
    if path.exists() or path.is_symlink():
        _own_file(service)
        if systemd.is_there():
            systemd.tell("disable", "--now", service.unit)
        path.unlink()
        done.append(f"removed {path}")
        if systemd.is_there():
            systemd.tell("daemon-reload")
    if crontab.is_there() and service_text.has_line(text := crontab.read(), service.root):
        crontab.write(service_text.without_line(text, service.root))
        done.append("took the line out of your crontab")
    return done or ["nothing was installed"]


# -- cron


def install_cron(service: Service) -> list[str]:
    root = Path(service.root)
    policy_file.load(root)
    if not crontab.is_there():
        raise TryLater("There is no crontab on this machine.", f"The line is:\n{service_text.cron_line(service)}")
    # The line writes into the state folder before a run makes it.
    state_dir.exclude(git.git_path(root, "info/exclude"))
    StateDir(root).create()
    crontab.write(service_text.with_line(crontab.read(), service))
    return ["put into your crontab; it starts with the next boot:", service_text.cron_line(service)]


# -- what is there


def look(service: Service) -> Facts:
    path, there = systemd.unit_file(service.unit), systemd.is_there()
    ours = _is_ours(path, service.root)
    return {
        "unit": service.unit,
        "file": str(path) if path.exists() else None,
        "ours": ours,
        "systemd": there,
        "state": systemd.state(service.unit) if there and ours else {},
        "lingers": systemd.lingers() if there else None,
        "cron": crontab.is_there() and service_text.has_line(crontab.read(), service.root),
        "run_is_up": _run_is_up(Path(service.root)),
    }
