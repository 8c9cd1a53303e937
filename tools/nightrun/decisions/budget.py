"""What may be used of attempts, rounds, tokens, money and time: by one task, and in one night; unknown is not zero."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from nightrun import agents
from nightrun.decisions import lines
from nightrun.words import usage
from nightrun.words.agent import AgentSpec
from nightrun.words.outcome import Outcome

Spent = Mapping[str, Any]  # of the store: attempts, rounds, seconds; of each name of `usage` {sum, told, attempts}


class Limits(Protocol):
    """What the policy sets."""

    @property
    def task_tokens(self) -> int | None: ...
    @property
    def task_money(self) -> float | None: ...
    @property
    def task_minutes(self) -> float | None: ...
    @property
    def night_attempts(self) -> int | None: ...
    @property
    def night_rounds(self) -> int | None: ...
    @property
    def night_tokens(self) -> int | None: ...
    @property
    def night_money(self) -> float | None: ...
    @property
    def night_minutes(self) -> float | None: ...


@dataclass(frozen=True, kw_only=True)
class Budget:
    """None: no limit."""

    name: str  # task or night: the beginning of its keys in the policy
    attempts: int | None = None
    rounds: int | None = None
    tokens: int | None = None
    money: float | None = None  # US dollars
    minutes: float | None = None

    @property
    def is_set(self) -> bool:
        limits = (self.attempts, self.rounds, self.tokens, self.money, self.minutes)
        return any(one is not None for one in limits)


def of_task(limits: Limits) -> Budget:
    return Budget(name="task", tokens=limits.task_tokens, money=limits.task_money, minutes=limits.task_minutes)


def of_night(limits: Limits) -> Budget:
    return Budget(
        name="night",
        attempts=limits.night_attempts,
        rounds=limits.night_rounds,
        tokens=limits.night_tokens,
        money=limits.night_money,
        minutes=limits.night_minutes,
    )


def used_up(spent: Spent, budget: Budget) -> str:
    """What of it is used up, in words; empty when nothing is."""
    return "; ".join([*_counted(spent, budget), *_used(spent, budget)])


def why_paused(used: str) -> str:
    return f"the budget of this night is used up: {used} (`make resume` gives it once more)"


def seconds_left(spent: Spent, budget: Budget) -> float | None:
    """None where there is no limit."""
    return None if budget.minutes is None else max(0.0, budget.minutes * 60 - float(spent["seconds"]))


def with_attempt(spent: Spent, used: Mapping[str, Any]) -> Spent:
    """With what the attempt told that ends now: it is counted as one that runs, and its numbers are not stored yet."""
    found = dict(spent)
    for name in usage.NAMES:
        number, before = usage.number(used, name), spent[name]
        if number is not None:
            found[name] = {**before, "sum": (before["sum"] or 0) + number, "told": before["told"] + 1}
    return found


def out_of_time(outcome: Outcome, whose: str) -> Outcome:
    """The night's end is nobody's fault; a task that used its own minutes up took too long."""
    kind = "interrupted" if whose == "night" else "timeout"
    summary = f"it was ended because limits.{whose}_minutes are used up"
    return replace(outcome, kind=kind, summary=summary, passing=whose == "night")


def question(used_up: str) -> str:
    """What a person is asked about a task that is parked."""
    return (
        f"Its budget is used up: {used_up}. Any answer gives it the same once more; `nightrun task` with a smaller"
        " direction, or higher limits, may be the better one."
    )


def told(attempts: Iterable[Mapping[str, Any]]) -> str:
    """What these attempts of the store used of money and tokens; empty when none told anything."""
    worked = [one for one in attempts if one.get("outcome") != "waiting"]
    parts = []
    for names, shown in (((usage.MONEY,), "{:.2f} USD"), ((usage.INPUT, usage.OUTPUT), "{:,.0f} tokens")):
        each = [[number for name in names if (number := usage.number(one, name)) is not None] for one in worked]
        sums = [sum(one) for one in each if one]
        if sums:
            parts.append(shown.format(sum(sums)) + _told({"told": len(sums), "attempts": len(worked)}))
    return "; ".join(parts)


def silent(candidates: Iterable[AgentSpec]) -> dict[str, set[str]]:
    """For money and tokens, the names of those that do not tell them, as a rule."""
    found: dict[str, set[str]] = {"money": set(), "tokens": set()}
    for one in candidates:
        told = agents.tells(agents.BY_NAME[one.kind])
        if usage.MONEY not in told:
            found["money"].add(one.name)
        if usage.OUTPUT not in told:
            found["tokens"].add(one.name)
    return found


def not_held(budget: Budget, silent: Mapping[str, Iterable[str]]) -> list[str]:
    """What of a budget cannot be held. `silent`: for money and tokens, the agents that may work and do not tell it."""
    found = []
    for name, limit, what in (("money", budget.money, "costs"), ("tokens", budget.tokens, "tokens")):
        names = sorted(silent.get(name, ()))
        if limit is not None and names:
            key, who = f"limits.{budget.name}_{name}", ", ".join(names)
            found.append(f"{key} cannot be held for {who}, which may not tell {what}; the other limits hold")
    return found


def _counted(spent: Spent, budget: Budget) -> Iterable[str]:
    for name, limit in (("attempts", budget.attempts), ("rounds", budget.rounds)):
        if limit is not None and spent[name] >= limit:
            yield f"{spent[name]} of {limit} {name}"


def _used(spent: Spent, budget: Budget) -> Iterable[str]:
    money, tokens, seconds = _money(spent), _tokens(spent), float(spent["seconds"])
    if budget.money is not None and money is not None and money >= budget.money:
        yield f"{money:.2f} of {budget.money:.2f} USD{_told(spent[usage.MONEY])}"
    if budget.tokens is not None and tokens is not None and tokens >= budget.tokens:
        yield f"{tokens:,.0f} of {budget.tokens:,} tokens{_told(spent[usage.OUTPUT])}"
    if budget.minutes is not None and seconds >= budget.minutes * 60:
        yield f"{lines.lasting(seconds)} of {lines.lasting(budget.minutes * 60)}"


def _money(spent: Spent) -> float | None:
    found = spent[usage.MONEY]["sum"]
    return None if found is None else float(found)


def _tokens(spent: Spent) -> float | None:
    known = [one for name in (usage.INPUT, usage.OUTPUT) if (one := spent[name]["sum"]) is not None]
    return float(sum(known)) if known else None


def _told(one: Mapping[str, Any]) -> str:
    """Of how many attempts it is the sum, when it is not of all: then more was used than is known."""
    return "" if one["told"] == one["attempts"] else f", told by {one['told']} of {one['attempts']} attempts"
