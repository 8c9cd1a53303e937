"""Trying the monitor's conditions on a history in a file, with the policy of the repository."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nightrun.decisions import history, replay
from nightrun.decisions.replay import Event
from nightrun.hands import policy_file
from nightrun.policy import yaml_tree
from nightrun.policy.model import Policy
from nightrun.words.errors import WrongUse

_YAML = (".yaml", ".yml")


@dataclass(frozen=True)
class Replayed:
    events: list[Event]
    looks: int
    since: float | None
    until: float | None

    def to_json(self) -> dict[str, Any]:
        return {
            "looks": self.looks,
            "since": self.since,
            "until": self.until,
            "events": [asdict(one) for one in self.events],
        }


def of_file(root: Path, path: Path) -> Replayed:
    """What would have fired when; without a pipeline.yaml the defaults count."""
    policy = policy_file.load(root) if (root / policy_file.NAME).exists() else Policy()
    looks = history.snapshots(_read(path))
    events, number = replay.run(looks, policy.monitor.condition, most=policy.monitor.new_per_hour)
    since, until = (looks[0]["now"], looks[-1]["now"]) if looks else (None, None)
    return Replayed(events, number, since, until)


def _read(path: Path) -> Any:
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUse(f"{path} cannot be read: {error}.") from error
    if path.suffix in _YAML:
        return _yaml(path, text)
    try:
        return json.loads(text)
    except ValueError:
        return _lines(path, text)


def _yaml(path: Path, text: str) -> Any:
    tree = yaml_tree.parse(text)
    if tree.flaws:
        raise WrongUse(f"{path}:{tree.flaws[0].line}: {tree.flaws[0].message}.")
    return tree.value


def _lines(path: Path, text: str) -> list[Any]:
    """One JSON object in each line."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                found.append(json.loads(line))
            except ValueError as error:
                raise WrongUse(f"{path}:{number} is no JSON: {error}.") from None
    return found
