"""How often the alarms are false, how soon they see a drop, and how often they fire again (reliability.md 2.2)."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from types import ModuleType
from typing import Any

from nightrun.conditions import low_success_rate, repeated_failures
from nightrun.decisions import history
from nightrun.decisions.replay import RESOLVED, Event, Replay

DAY = 86_400.0
DAYS = 90
DROP_DAY = 30
HEALTHY, DROPPED = 0.85, 0.45
PER_DAY = (2, 8, 30)
SEED = 20_260
# Of the worlds below: of failures that look alike, and of spells in which much fails in one way.
OF_ONE_KIND = 0.7
BAD_SPELL, BAD_RATE, BAD_TASKS = 0.02, 0.3, 6  # share of tasks that begin one, rate in it, its mean length
EACH, ALIKE, SPELLS = "each failure in a way of its own", "failures look alike", "failures come in spells"


@dataclass(frozen=True)
class Rule:
    name: str
    condition: ModuleType
    changes: Mapping[str, Any]


RULES = (
    Rule("`low_success_rate`, slow rule alone", low_success_rate, {"last": 0, "in_a_row": 0}),
    Rule("`low_success_rate`, last 20 alone", low_success_rate, {"at_least": 10**9, "in_a_row": 0}),
    Rule("`low_success_rate` as it is shipped", low_success_rate, {}),
    Rule("`repeated_failures` as it is shipped", repeated_failures, {}),
)


@dataclass(frozen=True)
class Outcome:
    """Of one rule at one pace, over all runs."""

    false: float  # episodes in 90 healthy days
    found: float  # share of the drops
    delay_h: float | None  # median, of those that were found
    most_fires: int  # after the drop; 1: it never fired again


def measure(per_day: int, runs: int, world: str = EACH) -> dict[str, Outcome]:
    healthy = [_episodes(per_day, number, world, drop=False) for number in range(runs)]
    dropped = [_episodes(per_day, number, world, drop=True) for number in range(runs)]
    return {
        rule.name: _outcome([one[rule.name] for one in healthy], [one[rule.name] for one in dropped]) for rule in RULES
    }


def _outcome(healthy: Sequence[list[float]], dropped: Sequence[list[float]]) -> Outcome:
    drop = DROP_DAY * DAY
    after = [[at for at in fires if at >= drop] for fires in dropped]
    found = [fires for fires in after if fires]
    delays = [(fires[0] - drop) / 3600 for fires in found]
    return Outcome(
        false=fmean(map(len, healthy)),
        found=len(found) / len(after),
        delay_h=median(delays) if delays else None,
        most_fires=max(map(len, after)),
    )


def _episodes(per_day: int, number: int, world: str, *, drop: bool) -> dict[str, list[float]]:
    """When each rule fired in one history; the rules see the same one."""
    replays = {rule.name: _replay(rule) for rule in RULES}
    fired: dict[str, list[float]] = {rule.name: [] for rule in RULES}
    for snapshot in history.of_tasks(_tasks(per_day, number, world, drop=drop), between_s=0):
        for name, replay in replays.items():
            fired[name] += [one.at for one in replay.look(snapshot) if _is_new(one)]
    return fired


def _replay(rule: Rule) -> Replay:
    settings = rule.condition.Settings(**rule.changes)
    return Replay(lambda _name: settings, only=(rule.condition,))


def _is_new(event: Event) -> bool:
    """A condition with several fingerprints may fire for each; all of them disturb somebody."""
    return event.what != RESOLVED


def _tasks(per_day: int, number: int, world: str, *, drop: bool) -> Iterator[Mapping[str, Any]]:
    """Tasks in even steps; each fails by chance, and the worlds have the same rate in the long run."""
    chosen = random.Random(f"{SEED} {per_day} {number} {drop}")
    spell = 0  # number of the bad spell, 0 for none
    for task in range(1, DAYS * per_day + 1):
        at = task * DAY / per_day
        rate = DROPPED if drop and at >= DROP_DAY * DAY else HEALTHY
        if world == SPELLS:
            spell = _spell(spell, task, chosen)
            rate = BAD_RATE if spell else _between_spells(rate)
        result = history.result("C" if chosen.random() < rate else _kind(world, chosen), spell or task)
        yield history.whole(task, {**result, "finished_at": at})


def _spell(spell: int, task: int, chosen: random.Random) -> int:
    if spell:
        return 0 if chosen.random() < 1 / BAD_TASKS else spell
    return task if chosen.random() < BAD_SPELL else 0


def _between_spells(rate: float) -> float:
    share = BAD_SPELL * BAD_TASKS / (1 + BAD_SPELL * BAD_TASKS)
    return (rate - share * BAD_RATE) / (1 - share)


def _kind(world: str, chosen: random.Random) -> str:
    """`F` with the number of a spell is one way of failing for all of the spell."""
    return "S" if world == ALIKE and chosen.random() < OF_ONE_KIND else "F"
