"""What the simulations came to, as Markdown."""

from __future__ import annotations

import statistics

from tests.simulate import alarms, storm
from tests.simulate.alarms import Outcome

RUNS = {2: 150, 8: 150, 30: 150}
CLUSTERED = (8, 40)  # tasks a day, runs
STORMS = 20
HEAD = f"""\
## How good the alarms are

The conditions and the caps of this repository on simulated histories; seeds are fixed, so that every run gives the
same numbers. Again: `make simulate` (some minutes), or `python -m tests.simulate --quick`.

A healthy run completes {alarms.HEALTHY:.0%} of its tasks. *False* is the number of alarms in {alarms.DAYS} healthy
days. Then the same with a drop to {alarms.DROPPED:.0%} on day {alarms.DROP_DAY}: how many of the drops are *found* in
the {alarms.DAYS - alarms.DROP_DAY} days left, after how many hours (median), and how often an issue fires after it in
the worst run (1: it fires once and stays open). One that was open already on that day does not count as found. Each
failure comes by chance and is of its own kind, so that of `repeated_failures` only the row of five can fire.
"""
CLUSTERED_HEAD = f"""
Real failures are not independent. The same at {CLUSTERED[0]} tasks a day ({CLUSTERED[1]} runs) when
{alarms.OF_ONE_KIND:.0%} of the failures end with the same line (a test command that says no more than that something
failed), and when failures come in spells of {alarms.BAD_TASKS} tasks on average, of which {1 - alarms.BAD_RATE:.0%}
fail, in the same way: the rates in the long run are as above. An alarm about a spell is no false one, it is counted
here all the same; and what looks alike and happens three times in a day is told, however healthy the rest is.

"""
STORM_HEAD = f"""
### A heal storm

{storm.HOURS} hours, one runner, {storm.SLOTS} slots of {storm.SLOT_S / 60:.0f} minutes, work always ready;
{storm.TASK_FAILS:.0%} of the tasks fail, half of these in the same way, and {storm.HEAL_FAILS:.0%} of the heals fail.
A heal is taken before all other work, which is the worst order. {STORMS} runs; the worst of them counts. Held to: at
most 6 heals, and at least 95 % of the slots for other work (`tests/test_simulate.py`).

| heals | heals added, most | other tasks done, fewest | of the slots |
|---|---|---|---|
"""


def everything(*, quick: bool) -> str:
    return _alarms(quick) + _storms(quick)


def _alarms(quick: bool) -> str:
    paces = {pace: runs // 10 if quick else runs for pace, runs in RUNS.items()}
    measured = {pace: alarms.measure(pace, runs) for pace, runs in paces.items()}
    titles = " | ".join(f"{pace} tasks a day ({runs} runs)" for pace, runs in paces.items())
    rows = [f"| rule | {titles} |", f"|---|{'---|' * len(paces)}"]
    for rule in alarms.RULES:
        cells = " | ".join(_cell(one[rule.name]) for one in measured.values())
        rows.append(f"| {rule.name} | {cells} |")
    return HEAD + "\n" + "\n".join(rows) + "\n" + _clustered(quick)


def _clustered(quick: bool) -> str:
    pace, runs = CLUSTERED
    worlds = (alarms.ALIKE, alarms.SPELLS)
    measured = [alarms.measure(pace, runs // 10 if quick else runs, world) for world in worlds]
    rows = [f"| rule | {' | '.join(worlds)} |", "|---|---|---|"]
    rows += [f"| {rule.name} | {' | '.join(_cell(one[rule.name]) for one in measured)} |" for rule in alarms.RULES]
    return CLUSTERED_HEAD + "\n".join(rows) + "\n"


def _cell(one: Outcome) -> str:
    delay = "" if one.delay_h is None else f", {one.delay_h:.0f} h"
    return f"false {one.false:.2f}; found {one.found:.0%}{delay}; fires at most {one.most_fires}"


def _storms(quick: bool) -> str:
    rows = []
    for name, choose in storm.RULES.items():
        runs = [storm.run(choose, number) for number in range(STORMS // 10 if quick else STORMS)]
        heals, normal = max(len(one.heals) for one in runs), min(one.normal for one in runs)
        typical = statistics.median(len(one.heals) for one in runs)
        rows.append(f"| {name} | {heals} (median {typical:g}) | {normal} | {normal / storm.SLOTS:.1%} |\n")
    return STORM_HEAD + "".join(rows)
