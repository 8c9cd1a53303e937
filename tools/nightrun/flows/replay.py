"""Trying the monitor's conditions on a history in a file, with the policy of the repository."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nightrun.decisions import history, replay
from nightrun.decisions.replay import Event
from nightrun.hands import policy_file
from nightrun.hands.client import Client
from nightrun.policy import yaml_tree
from nightrun.policy.model import Policy
from nightrun.words.errors import WrongUse
from nightrun.words.task import COMPLETED, FAILED

_YAML = (".yaml", ".yml")
PAGE = 100  # as many as the API gives at once
KEPT = (
    *("id", "task_type", "status", "outcome", "error_class", "error_summary", "agent", "model", "output_chars"),
    *("attempt", "finished_at", "commit_state"),
)


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
    history.refuse(f"{path}:{one.line}: {one.message}" for one in tree.flaws)
    return tree.value


def _lines(path: Path, text: str) -> list[Any]:
    """One JSON object in each line."""
    found, numbers, wrong = [], list[int](), list[tuple[int, str]]()
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                found.append(json.loads(line))
                numbers.append(number)
            except ValueError as error:
                wrong.append((number, f"this is no JSON: {error}"))
    wrong += [(numbers[place], said) for place, said in history.problems(found)]
    history.refuse(f"{path}:{number}: {said}" for number, said in sorted(wrong))
    return found


# -- the other way: what a real run left


def recorded(client: Client) -> Iterator[dict[str, Any]]:
    """The tasks that ended, oldest first, with all that conditions look at: a history that can be replayed."""
    offset, total = 0, 1
    while offset < total:
        tasks, total = client.tasks(limit=PAGE, offset=offset, order="oldest")
        offset += PAGE
        yield from (_kept(asdict(one)) for one in tasks if one.status in (COMPLETED, FAILED))


def _kept(task: dict[str, Any]) -> dict[str, Any]:
    """Without directions and outputs: a history may be shown to others. The condition says that it was a repair."""
    condition = (task.get("context") or {}).get("condition")
    return {name: task.get(name) for name in KEPT} | {"context": {"condition": condition} if condition else {}}
