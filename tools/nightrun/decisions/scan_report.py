"""What the scans found, as a line for people and as lines for the next prompt and the log."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from nightrun.decisions import secret_patterns
from nightrun.decisions.lines import safe
from nightrun.words.change import HOLD, REFUSE, ScanFinding

PATH_CHARS = 200
ASKED = 10  # findings that a question to a person shows
MESSAGE_CHARS = 400
_ESCAPED = {"\n": "\\n", "\t": "\\t", "\r": "\\r", '"': '\\"', "\\": "\\\\"}
_WORDS = {REFUSE: "refused", HOLD: "held"}


def refused(findings: Iterable[ScanFinding]) -> list[ScanFinding]:
    """Those that fail the attempt."""
    return [one for one in findings if one.effect == REFUSE]


def held(findings: Iterable[ScanFinding]) -> list[ScanFinding]:
    """Those that keep the finished change from landing until a person agrees."""
    return [one for one in findings if one.effect == HOLD]


def key(finding: ScanFinding) -> str:
    """The same for the same finding in the next attempt, on whatever line it stands then."""
    return _line(replace(finding, line=None))


def without(findings: Iterable[ScanFinding], accepted: object) -> list[ScanFinding]:
    """Those that a person has not accepted; `accepted` is what a task remembers of that."""
    known = accepted if isinstance(accepted, list) else []
    return [one for one in findings if key(one) not in known]


def summary(findings: Sequence[ScanFinding]) -> str:
    """One line: the first finding, refusals before the others, and how many there are; empty when there is none."""
    ordered = [*refused(findings), *held(findings)]
    if not ordered:
        return ""
    more = f" (and {len(ordered) - 1} more)" if len(ordered) > 1 else ""
    return _line(ordered[0]) + more


def text(findings: Sequence[ScanFinding]) -> str:
    """A line for each, refusals first, each with what becomes of the change because of it."""
    ordered = [*refused(findings), *held(findings)]
    return "\n".join(f"{_WORDS[one.effect]}: {_line(one)}" for one in ordered)


def question(findings: Sequence[ScanFinding], attempts: int) -> str:
    """What a person is asked when the last attempt was refused, too: what was found is for them to accept or not."""
    shown = "; ".join(_line(one) for one in findings[:ASKED])
    more = f"; and {len(findings) - ASKED} more" if len(findings) > ASKED else ""
    return f"Scans refused the change of the last of {attempts} attempts: {shown}{more}. What shall be done?"


def shown_path(path: str) -> str:
    """As git shows it: a name with signs that a terminal obeys is quoted, and they are written out."""
    path = secret_patterns.hidden(path)
    shown = "".join(_ESCAPED.get(one) or (one if one.isprintable() else _octal(one)) for one in path)
    return path if shown == path else f'"{shown}"'


def _octal(sign: str) -> str:
    return "".join(f"\\{byte:03o}" for byte in sign.encode("utf-8", "surrogateescape"))


def _line(finding: ScanFinding) -> str:
    """Paths and quoted lines are an agent's to choose: nothing in them may move a cursor or begin a new line."""
    where = safe(shown_path(finding.path), PATH_CHARS) + (f":{finding.line}" if finding.line else "")
    return f"{finding.scan}: {where}: {safe(finding.message, MESSAGE_CHARS)}"
