"""The only reader of the PIPELINE_ variables: what is exported wins over `.env`, and that over what the caller sets."""

from __future__ import annotations

import difflib
import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

AUTO_COMMIT = "PIPELINE_AUTO_COMMIT"
AUTO_PUSH = "PIPELINE_AUTO_PUSH"
AUTO_FIX = "PIPELINE_AUTO_FIX_ENABLED"
API_URL = "PIPELINE_API_URL"
API_TOKEN = "PIPELINE_API_TOKEN"  # noqa: S105 - the name of a variable
API_PORT = "PIPELINE_API_PORT"
DATABASE_URL = "PIPELINE_DATABASE_URL"
NOTIFY_URLS = "PIPELINE_NOTIFY_URLS"
NOTIFY = "PIPELINE_NOTIFY_"  # how further variables with addresses of services begin
SWITCHES = (AUTO_COMMIT, AUTO_PUSH, AUTO_FIX)
VARIABLES = (*SWITCHES, API_URL, API_TOKEN, API_PORT, DATABASE_URL, NOTIFY_URLS)

FILE = ".env"
MOST_BYTES = 64 << 10
_LINE = re.compile(r"(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*(.*)", re.DOTALL)
_QUOTED = re.compile(r"""(?:'([^']*)'|"((?:\\.|[^"\\])*)")[ \t]*(?:#.*)?""")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


@dataclass(frozen=True, kw_only=True)
class Environment:
    """What the PIPELINE_ variables say. `problems` are lines of `.env` that could not be used, in words."""

    values: Mapping[str, str] = field(default_factory=dict, repr=False)  # may hold a token
    sources: Mapping[str, str] = field(default_factory=dict)  # variable -> "exported", ".env" or "default"
    problems: tuple[str, ...] = ()

    @property
    def auto_commit(self) -> bool:
        return self.values.get(AUTO_COMMIT) == "1"

    @property
    def auto_push(self) -> bool:
        return self.values.get(AUTO_PUSH) == "1"

    @property
    def auto_fix(self) -> bool:
        return self.values.get(AUTO_FIX) == "1"

    @property
    def api_url(self) -> str | None:
        return self.values.get(API_URL) or None

    @property
    def api_token(self) -> str | None:
        return self.values.get(API_TOKEN) or None

    @property
    def database_url(self) -> str | None:
        return self.values.get(DATABASE_URL) or None


def read(
    root: Path | None, *, exported: Mapping[str, str] | None = None, defaults: Mapping[str, str] | None = None
) -> Environment:
    """The variables for a project. `defaults` count where neither the person's shell nor `.env` says anything."""
    from_file, problems = _from_file(root / FILE) if root is not None else ({}, ())
    layers = (
        ("default", defaults or {}),
        (FILE, from_file),
        ("exported", os.environ if exported is None else exported),
    )
    values, sources = {}, {}
    for source, layer in layers:
        for name in VARIABLES:
            if name in layer:
                values[name], sources[name] = layer[name], source
    return Environment(values=values, sources=sources, problems=problems)


def lookup(root: Path, name: str) -> str:
    """One variable that the policy names: exported, else in `.env`, else empty."""
    return os.environ.get(name) or _from_file(root / FILE)[0].get(name, "")


def said(environment: Environment) -> list[str]:
    """Lines for the log at the start of a run: commit and push settings that are set, and what could not be used."""
    lines = [_said(name, environment) for name in SWITCHES if name in environment.values]
    return [*lines, *environment.problems]


_EFFECTS = {
    AUTO_COMMIT: ("completed tasks are committed", "completed tasks are not committed"),
    AUTO_PUSH: ("the target branch is pushed after landing", "nothing is pushed"),
    AUTO_FIX: ("issues may add heal tasks", "issues add no heal tasks"),
}


def _said(name: str, environment: Environment) -> str:
    value = environment.values[name]
    on, off = _EFFECTS[name]
    shown = value if re.fullmatch(r"[\w.-]{1,20}", value, re.ASCII) else ascii(value[:20])
    exact = "" if value in ("0", "1", "") else "; only the exact value 1 switches it on"
    return f"{name}={shown} ({environment.sources[name]}): {on if value == '1' else off}{exact}"


def _from_file(path: Path) -> tuple[dict[str, str], tuple[str, ...]]:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return {}, ()
    except OSError as error:
        return {}, (f"{FILE} cannot be read and does not count: {error.strerror}",)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return {}, (f"{FILE} is not an ordinary file and does not count",)
        raw = file.read(MOST_BYTES + 1)
    if len(raw) > MOST_BYTES:
        return {}, (f"{FILE} has more than {MOST_BYTES >> 10} KiB and does not count",)
    return parse(raw.decode("utf-8-sig", errors="replace"))


def parse(text: str) -> tuple[dict[str, str], tuple[str, ...]]:
    """The PIPELINE_ variables of a `.env` text, and its unusable lines in words. Nothing is expanded."""
    values: dict[str, str] = {}
    problems: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        name, value, problem = _line(line.strip())
        if problem:
            problems.append(f"{FILE}:{number}: {problem}")
        elif name.startswith("PIPELINE_"):
            problems.extend(f"{FILE}:{number}: {one}" for one in _doubts(name, values))
            values[name] = value
    return values, tuple(problems)


def _line(line: str) -> tuple[str, str, str]:
    """Name, value and problem of one line; a line that says nothing has neither."""
    if not line or line.startswith("#"):
        return "", "", ""
    match = _LINE.fullmatch(line)
    if match is None:
        return "", "", "is not of the form NAME=value and does not count"
    name, rest = match[1], match[2]
    if rest[:1] not in ("'", '"'):
        return name, re.split(r"(?:^|[ \t])#", rest, maxsplit=1)[0].rstrip(), ""
    quoted = _QUOTED.fullmatch(rest)
    if quoted is None:
        return name, "", f"{name} has quotes that do not match and does not count"
    if quoted[1] is not None:
        return name, quoted[1], ""
    return name, re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), quoted[2]), ""


def _doubts(name: str, values: Mapping[str, str]) -> Iterator[str]:
    if name in values:
        yield f"{name} is set twice; the last one counts"
    if name not in VARIABLES and not name.startswith(NOTIFY):
        meant = difflib.get_close_matches(name, VARIABLES, n=1)
        yield f"{name} means nothing to nightrun" + (f"; did you mean {meant[0]}?" if meant else "")
