"""What a commit of the pipeline claims by its trailers, and whether that holds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from nightrun.decisions import lines
from nightrun.decisions import message as messages
from nightrun.words import gate as gates
from nightrun.words.commit import Commit
from nightrun.words.gate import Gate

# Verdict.state
HOLDS = "holds"
FALSE = "false"
UNKNOWN = "unknown"  # it could not be checked here

NOT_RUN = "not run"
UNCHECKED = "unchecked"  # Found.result: the gate could not be run to its end
CLAIM_CHARS = 60

_SUBJECT = re.compile(r"\[pipeline\] ([a-z][a-z0-9_-]*) ([A-Za-z0-9][A-Za-z0-9._-]*): \S.*")
_GATE = re.compile(r"(passed|none)(?: ([0-9a-f]{40}|[0-9a-f]{64}))?(?: (\d+\.\d)s)?(?: (.*))?", re.DOTALL)
_GATE_LOG = re.compile(r"sha256:([0-9a-f]{64}) exit [0-9 ]*((?:, [a-z]+)*)")
_TASK_LINE = re.compile(rf"^{messages.TASK}[ \t]*:", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """`problems` are what is wrong with the commit whatever its gate says."""

    commit: Commit
    task: str | None
    task_type: str | None
    gate: str | None  # the trailer; None when it claims none
    attempt: str | None = None
    log: str | None = None  # SHA-256 of what the gate printed in this attempt; None when it claims none
    problems: tuple[str, ...] = ()

    @property
    def result(self) -> str | None:
        """passed or none; None when no gate is claimed, or what is claimed cannot be read."""
        found = _GATE.fullmatch(self.gate or "")
        return found[1] if found else None

    def names(self, commands: Sequence[str]) -> bool:
        """Whether these are the commands that it claims to have run; none at all for a gate that was none."""
        found = _GATE.fullmatch(self.gate or "")
        if found is None:
            return False
        said = {"result": found[1], "tree": found[2], "seconds": float(found[3] or 0.0), "commands": commands}
        # The trailer is cut at a length, so the whole of it is compared.
        return messages.gate_trailer(said) == self.gate

    @property
    def commands(self) -> str:
        found = _GATE.fullmatch(self.gate or "")
        return (found[4] or "") if found else ""


@dataclass(frozen=True, kw_only=True)
class Found:
    """What the gate says now. `result`: passed, failed, none, NOT_RUN or UNCHECKED."""

    result: str
    seconds: float = 0.0
    problem: str = ""
    commands: tuple[str, ...] = ()
    log: str = ""  # the file with what it printed, kept when it did not pass
    named: bool = True  # these are the commands that the commit names
    flaky: bool = False  # it failed first on the same tree
    other_log: str = ""  # the log of its gate, when that is not the one that the commit names


@dataclass(frozen=True, kw_only=True)
class Verdict:
    claim: Claim
    found: Found
    state: str
    reasons: tuple[str, ...] = ()


def read(commit: Commit) -> Claim:
    known = messages.trailers(commit.message)
    subject = _SUBJECT.fullmatch(commit.subject)
    tasks, gate = known.get(messages.TASK) or [], known.get(messages.GATE) or []
    return Claim(
        commit=commit,
        task=tasks[0] if len(tasks) == 1 else None,
        task_type=subject[1] if subject else None,
        gate=gate[0] if gate else None,
        attempt=_number(known),
        log=_log(known),
        problems=tuple(_problems(commit, known, subject)),
    )


def _number(known: Mapping[str, Sequence[str]]) -> str | None:
    said = known.get(messages.ATTEMPT) or []
    return said[0] if len(said) == 1 and re.fullmatch("[0-9]{1,9}", said[0]) else None


def _log(known: Mapping[str, Sequence[str]]) -> str | None:
    """Of a gate that answered before, the log is another attempt's."""
    said = _GATE_LOG.fullmatch((known.get(messages.GATE_LOG) or [""])[0])
    return said[1] if said and "reused" not in said[2] else None


def _problems(commit: Commit, known: Mapping[str, Sequence[str]], subject: re.Match[str] | None) -> Iterator[str]:
    tasks = known.get(messages.TASK) or []
    named = len(_TASK_LINE.findall(commit.message.decode(errors="replace")))
    if subject is None:
        yield "its subject is not [pipeline] {type} {id}: {text}"
    if len(tasks) != 1:
        yield f"it has {len(tasks) or 'no'} {messages.TASK} trailer{'s' if tasks else ''}"
    elif named != 1:
        yield f"it has a {messages.TASK} line outside its trailers, too"
    elif subject is not None and tasks[0] != subject[2]:
        yield f"its subject names {subject[2]}, its trailer {lines.safe(tasks[0])}"
    if len(commit.parents) > 1:
        yield "it is a merge"
    yield from _gate_problems(commit, known)


def _gate_problems(commit: Commit, known: Mapping[str, Sequence[str]]) -> Iterator[str]:
    claimed = known.get(messages.GATE) or []
    if not claimed and messages.ATTEMPT in known:
        yield "it is of an attempt and claims no gate"
    if len(claimed) > 1:
        yield f"it has {len(claimed)} {messages.GATE} lines"
    if not claimed:
        return
    found = _GATE.fullmatch(claimed[0])
    if found is None:
        yield f"its {messages.GATE} line cannot be read: {lines.safe(claimed[0], CLAIM_CHARS)}"
    elif found[2] != commit.tree:
        told = f"tree {found[2][:10]}" if found[2] else "no tree"
        yield f"its gate is about {told}, the commit has {commit.tree[:10]}"


def judge(claim: Claim, found: Found) -> Verdict:
    reasons = [*claim.problems, *_against(claim, found)]
    if reasons:
        return Verdict(claim=claim, found=found, state=FALSE, reasons=tuple(reasons))
    if found.result == UNCHECKED:
        return Verdict(claim=claim, found=found, state=UNKNOWN, reasons=(found.problem,))
    return Verdict(claim=claim, found=found, state=HOLDS)


def _against(claim: Claim, found: Found) -> Iterator[str]:
    if found.other_log:
        yield f"what its gate printed is not what it names: {found.other_log}"
    if claim.result is None:
        return
    if not found.named:
        policy = "; ".join(found.commands) or "none"
        recorded = lines.safe(claim.commands, CLAIM_CHARS) or "none"
        yield f"it names the gate `{recorded}`, the policy has `{policy}`, now and when it was made"
    if found.result == gates.FAILED:
        yield f"the gate fails on it: {found.problem}"


def of_gate(made: Gate, *, log: str = "", named: bool = True) -> Found:
    return Found(
        result=made.result,
        seconds=made.seconds,
        problem=made.problem,
        commands=made.commands,
        log=log,
        named=named,
        flaky=made.flaky,
    )


def exit_code(verdicts: Iterable[Verdict]) -> int:
    """1 when a claim is false; 75 when all that can be said is that some could not be checked."""
    states = {one.state for one in verdicts}
    return 1 if FALSE in states else 75 if UNKNOWN in states else 0


# -- the table


def table(verdicts: Sequence[Verdict]) -> list[str]:
    """Commit, task, claimed, found; what does not hold is said in full below its line."""
    rows = [("commit", "task", "claimed", "found"), *(_row(one) for one in verdicts)]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    found = []
    for row, verdict in zip(rows, [None, *verdicts], strict=True):
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        found.append("  ".join([*cells, row[3]]).rstrip())
        if verdict is not None:
            found += [f"    {reason}" for reason in verdict.reasons]
            found += [f"    {verdict.found.log}"] if verdict.reasons and verdict.found.log else []
    return found


def _row(one: Verdict) -> tuple[str, str, str, str]:
    claim = one.claim
    task = f"{claim.task_type or '?'} {lines.safe(claim.task or '?')}"
    claimed = _without_tree(claim.gate) if claim.gate else "no gate"
    return claim.commit.sha[:10], task, claimed, _found(one)


def _without_tree(gate: str) -> str:
    return lines.safe(re.sub(r" [0-9a-f]{40,64}", "", gate, count=1), CLAIM_CHARS)


def _found(one: Verdict) -> str:
    result = one.found.result
    seconds = f" {one.found.seconds:.1f}s" if result in (gates.PASSED, gates.FAILED) else ""
    seconds += ", flaky: it failed first on the same tree" if one.found.flaky else ""
    said = {gates.NONE: "no gate", UNCHECKED: "could not be checked"}.get(result, result)
    return f"{said}{seconds}" + ("; DOES NOT HOLD" if one.state == FALSE else "")


def summary(verdicts: Sequence[Verdict]) -> str:
    checked = lines.count(len(verdicts), "commit")
    false = sum(1 for one in verdicts if one.state == FALSE)
    unknown = sum(1 for one in verdicts if one.state == UNKNOWN)
    if false:
        return f"{checked} checked: what {lines.count(false, 'of them claims', 'of them claim')} does not hold."
    if unknown:
        return f"{checked} checked, {unknown} of them could not be: see above."
    ran = any(one.found.result in (gates.PASSED, gates.NONE) for one in verdicts)
    return f"{checked} checked: all that is claimed holds{'' if ran else ', as far as can be said without running'}."
