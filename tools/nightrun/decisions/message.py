"""The message of a task's commit: its subject, the direction as its body, and trailers that cannot be forged."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from nightrun.decisions import short_direction

TASK = "Pipeline-Task"
ATTEMPT = "Pipeline-Attempt"
AGENT = "Pipeline-Agent"
GATE = "Pipeline-Gate"
GATE_LOG = "Pipeline-Gate-Log"

GATE_MARKS = ("reused", "flaky")

SUBJECT_LENGTH = 72
BODY_LENGTH = 16 << 10
VALUE_LENGTH = 400

_INDENT = "    "
# What a reader of trailers could stumble over: lines like one, the divider of `git interpret-trailers`, and a scissors
# line, behind which git reads no trailer at all.
_LIKE_A_TRAILER = re.compile(r"[A-Za-z0-9-]+\s*:|---|\(cherry picked from|.* ------------------------ >8 ")
_TRAILER = re.compile(r"([A-Za-z0-9-]+)\s*:(.*)", re.DOTALL)


def subject(task_type: str, task_id: str, direction: str, limit: int = SUBJECT_LENGTH) -> str:
    """`[pipeline] {task_type} {task_id}: {short_direction}`, in at most `limit` characters if the id leaves room."""
    start = f"[pipeline] {task_type} {task_id}: "
    return start + short_direction.short(direction, limit - len(start))


def commit(
    *,
    task_type: str,
    task_id: str,
    direction: str,
    attempt: int | None = None,
    agent: str | None = None,
    gate: str | None = None,
    gate_log: str | None = None,
    subject_length: int = SUBJECT_LENGTH,
    body_length: int = BODY_LENGTH,
) -> bytes:
    """The whole message, UTF-8. Exactly one Pipeline-Task value, whatever the direction says."""
    known = ((TASK, task_id), (ATTEMPT, attempt), (AGENT, agent), (GATE, gate), (GATE_LOG, gate_log))
    own = "\n".join(f"{name}: {one_line(str(value))}" for name, value in known if value not in (None, ""))
    paragraphs = [subject(task_type, task_id, direction, subject_length), _body(direction, body_length), own]
    return ("\n\n".join(one for one in paragraphs if one) + "\n").encode()


def gate_trailer(gate: Mapping[str, Any] | None) -> str:
    """`passed <tree> 12.4s make check`, of the gate as the task keeps it; `none` when nothing is known of one."""
    if not gate:
        return "none"
    commands = "; ".join(map(str, gate.get("commands") or ()))
    seconds = float(gate.get("seconds") or 0.0)
    return one_line(f"{gate.get('result') or 'none'} {gate.get('tree') or ''} {seconds:.1f}s {commands}")


def gate_log_trailer(gate: Mapping[str, Any] | None) -> str:
    """`sha256:<digits> exit 0`, with `reused` and `flaky` where it is; empty when no log of a gate is known."""
    if not gate or not gate.get("log"):
        return ""
    codes = " ".join(map(str, gate.get("codes") or ()))
    return one_line(", ".join([f"sha256:{gate['log']} exit {codes}", *(one for one in GATE_MARKS if gate.get(one))]))


def trailers(raw: bytes) -> dict[str, list[str]]:
    """The last paragraph's trailers, in the spelling of their first; empty unless every line of it is one."""
    paragraphs = re.split(r"\n(?:[ \t]*\n)+", raw.decode(errors="replace").strip("\n \t"))
    found: dict[str, list[str]] = {}
    if len(paragraphs) < 2:
        return found
    spelling: dict[str, str] = {}
    for line in re.sub(r"\n[ \t]+", " ", paragraphs[-1]).split("\n"):
        parts = _TRAILER.fullmatch(line)
        if parts is None:
            return {}
        name = spelling.setdefault(parts[1].lower(), parts[1])
        found.setdefault(name, []).append(parts[2].strip())
    return found


def is_of(raw: bytes, wanted: bytes) -> bool:
    """Whether a hook that rewrote `wanted` to `raw` left what it is found by: subject and task trailer."""
    same_subject = raw.partition(b"\n")[0].rstrip() == wanted.partition(b"\n")[0]
    return same_subject and _task(raw) == _task(wanted) != []


def one_line(text: str) -> str:
    return " ".join(short_direction.visible(text).split())[:VALUE_LENGTH].rstrip()


def _task(raw: bytes) -> list[str]:
    return next((values for name, values in trailers(raw).items() if name.lower() == TASK.lower()), [])


def _body(direction: str, limit: int) -> str:
    # Four times the limit is more than is kept, however much of it is indented.
    text = "\n".join(map(_line, direction[: 4 * limit].splitlines())).strip("\n")
    data = text.encode()
    if len(data) <= limit and len(direction) <= 4 * limit:
        return text
    kept = data[:limit].decode(errors="ignore")
    whole_lines = kept.rpartition("\n")[0]
    kept = whole_lines if len(whole_lines) > len(kept) // 2 else kept  # one line may be nearly all of it
    return f"{kept.rstrip()}\n\n(cut; the whole direction has {len(direction)} characters)"


def _line(line: str) -> str:
    shown = short_direction.visible(line).rstrip()
    return _INDENT + shown if _LIKE_A_TRAILER.match(shown) else shown
