"""The text of `pipeline.yaml` as a policy, or everything that is wrong with it at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from nightrun.policy import checks, complaints, yaml_tree
from nightrun.policy.complaints import Complaint
from nightrun.policy.keys import Path
from nightrun.policy.model import Policy
from nightrun.policy.yaml_tree import Tree

MOST_PASSES = 5  # a container is checked only after its bad items are gone


@dataclass(frozen=True, order=True)
class Problem:
    """One thing to correct; as text it is `pipeline.yaml:12: task_types.impl.tiemout: unknown key; ...`."""

    line: int
    path: str
    message: str
    where: str

    def __str__(self) -> str:
        return f"{self.where}:{self.line}: {self.path + ': ' if self.path else ''}{self.message}"


def read(text: str, where: str = "pipeline.yaml") -> Policy | list[Problem]:
    """The policy in the text. With anything wrong: all problems, in the order of their lines."""
    tree = yaml_tree.parse(text)
    if tree.value is None or not isinstance(tree.value, dict):
        return _shown(tree, _form_complaints(tree) or [_NO_MAPPING], where)
    policy, wrong = _validated(tree.value)
    wrong = [*_form_complaints(tree), *wrong]
    known_bad = [path for one in wrong for path in (one.path, one.meant) if path]
    broken = [Complaint(path, text) for path, text in checks.problems(policy) if not _is_about(path, known_bad)]
    return _shown(tree, [*wrong, *broken], where) if wrong or broken else policy


_NO_MAPPING = Complaint((), "must be keys with values, such as `version: 1` in its first line")


def _form_complaints(tree: Tree) -> list[Complaint]:
    return [Complaint(flaw.path, flaw.message, line=flaw.line) for flaw in tree.flaws]


def _validated(value: dict[str, Any]) -> tuple[Policy, list[Complaint]]:
    """The policy that is left when everything wrong is taken out of the value, and what was wrong."""
    wrong: list[Complaint] = []
    for _ in range(MOST_PASSES):
        try:
            return Policy.model_validate(value), wrong
        except ValidationError as error:
            found = [complaints.of(one) for one in error.errors(include_url=False)]
            wrong.extend(found)
            for one in found:
                _take_out(value, one.path)
    return Policy(), wrong


def _take_out(value: Any, path: Path) -> None:
    """Remove the nearest key above or at the path, so that its default counts."""
    steps = list(path)
    while steps and not isinstance(steps[-1], str):
        steps.pop()
    for step in steps[:-1]:
        value = value.get(step) if isinstance(value, dict) else None
    if isinstance(value, dict) and steps:
        value.pop(steps[-1], None)


def _is_about(path: Path, others: Iterable[Path]) -> bool:
    return any(path[: len(other)] == other or other[: len(path)] == path for other in others)


def _shown(tree: Tree, wrong: list[Complaint], where: str) -> list[Problem]:
    return sorted({Problem(one.line or tree.line_of(one.path), _dotted(one.path), one.message, where) for one in wrong})


def _dotted(path: Path) -> str:
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")
