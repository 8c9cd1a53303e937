"""The texts that start a run by itself: a systemd unit of the user, or a line of cron."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from nightrun.words.errors import WrongUse

WRITTEN_BY = "# Written by `nightrun service install`"
CRON_MARK = "# nightrun service"
CRON_LOG = ".pipeline/logs/service.log"
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.-]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")

UNIT = """\
{written_by} for this repository; it may write it anew.
# Changes of your own: systemctl --user edit {unit}
{repository}

[Unit]
Description=nightrun works on {described}
StartLimitIntervalSec=300
StartLimitBurst=10

[Service]
# It says when it is ready, and after each round that it really looked: one that hangs is ended and started again.
Type=notify
NotifyAccess=main
WatchdogSec=60
TimeoutStartSec=120
WorkingDirectory={folder}
Environment={path}
ExecStart={command}
Restart=always
RestartSec=5
# {prevent_reason}
RestartPreventExitStatus={prevent}
# Only the supervisor is asked to end, within 45 s it ends its parts in order; what is left then is killed.
KillMode=mixed
TimeoutStopSec=60
OOMPolicy=continue
TasksMax=2048
MemoryMax=75%

[Install]
WantedBy=default.target
"""
# A run that was stopped in order (make stop) stays stopped; wrong use and a bad policy are not helped by a restart.
PREVENT = ("0 2 78", "An ordered end is one; wrong use (2) and a bad policy (78) are not helped by another start.")
# With hours the end of a run in which something failed is 1, and an end all the same.
PREVENT_WITH_HOURS = (
    "0 1 2 78",
    "The end of its hours is one, also when something failed (1); nor helps it for 2, 78.",
)


@dataclass(frozen=True, kw_only=True)
class Service:
    """A run that starts by itself."""

    root: str  # absolute
    python: str  # absolute
    path: str  # PATH of the person's shell: agents are found by it
    name: str  # as the person calls it
    runners: int | None = None
    hours: float | None = None

    @property
    def unit(self) -> str:
        return f"nightrun-{_NOT_IN_NAMES.sub('-', self.name).strip('-.') or 'project'}.service"

    @property
    def argv(self) -> tuple[str, ...]:
        # -P: what lies in the repository is not to be imported instead of what is installed.
        more = (("--runners", str(self.runners)) if self.runners else ()) + (
            ("--hours", f"{self.hours:g}") if self.hours else ()
        )
        return (self.python, "-P", "-m", "nightrun", "autonomous", "--repo", self.root, *more)


def check(service: Service) -> None:
    """WrongUse for a path that would be another line of the text."""
    for text in (service.root, service.python, service.path):
        if _CONTROL.search(text):
            raise WrongUse(f"The path {text!r} has control characters in it; neither systemd nor cron can be told it.")


def unit(service: Service) -> str:
    """Values: reliability.md 1.2."""
    prevent, reason = PREVENT_WITH_HOURS if service.hours else PREVENT
    return UNIT.format(
        written_by=WRITTEN_BY,
        unit=service.unit,
        repository=_repository(service.root),
        described=_percent(service.root),
        folder=_percent(service.root),
        path=_word(f"PATH={service.path}"),
        command=_command(service.argv),
        prevent=prevent,
        prevent_reason=reason,
    )


def _repository(root: str) -> str:
    return f"# repository: {root}"


def is_ours(text: str, root: str) -> bool:
    """Whether a unit was written by us, for this very repository."""
    lines = text.splitlines()
    return bool(lines) and lines[0].startswith(WRITTEN_BY) and _repository(root) in lines[:5]


def _percent(text: str) -> str:
    """systemd replaces %h and its like everywhere (systemd.unit(5))."""
    return text.replace("%", "%%")


def _word(text: str) -> str:
    quoted = _percent(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}"'


def _command(argv: Sequence[str]) -> str:
    """In the arguments $NAME would be replaced, too, in the program it is not (systemd.service(5))."""
    return " ".join([_word(argv[0]), *(_word(one).replace("$", "$$") for one in argv[1:])])


# -- cron


def cron_line(service: Service) -> str:
    """Starts it after a boot of the machine."""
    start = f"PATH={shlex.quote(service.path)} exec {shlex.join(service.argv)} >> {CRON_LOG} 2>&1"
    return _for_cron(f"@reboot cd {shlex.quote(service.root)} && {start} {_mark(service.root)}")


def with_line(crontab: str, service: Service) -> str:
    """The crontab with our line for this repository, once."""
    return without_line(crontab, service.root) + cron_line(service) + "\n"


def without_line(crontab: str, root: str) -> str:
    kept = [line for line in crontab.splitlines() if not has_line(line, root)]
    return "".join(f"{line}\n" for line in kept)


def has_line(crontab: str, root: str) -> bool:
    return any(line.endswith(f" {_for_cron(_mark(root))}") for line in crontab.splitlines())


def _mark(root: str) -> str:
    return f"{CRON_MARK} {shlex.quote(root)}"


def _for_cron(line: str) -> str:
    """A bare % ends the command (crontab(5))."""
    return line.replace("%", "\\%")
