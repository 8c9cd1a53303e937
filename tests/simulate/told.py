"""What the simulations came to, as Markdown."""

from __future__ import annotations

import statistics

from tests.simulate import alarms, storm
from tests.simulate.alarms import Outcome

RUNS = {2: 150, 8: 150, 30: 40}
STORMS = 20
HEAD = f"""\
## How good the alarms are

The conditions and the caps of this repository on simulated histories; seeds are fixed, so that every run gives the
same numbers. Again: `make simulate` (some minutes), or `python -m tests.simulate --quick`.

A healthy run completes {alarms.HEALTHY:.0%} of its tasks. *False* is the number of alarms in {alarms.DAYS} healthy
days. Then the same with a drop to {alarms.DROPPED:.0%} on day {alarms.DROP_DAY}: how many of the drops are *found* in
the {alarms.DAYS - alarms.DROP_DAY} days left, after how many hours (median), and how often an issue fires after it in
the worst run (1: it fires once and stays open). One that was open already on that day does not count as found. Each
failure is of its own kind; of `repeated_failures` a row of three is therefore all that fires,
which is meant to be quick, not sure.
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
    return HEAD + "\n" + "\n".join(rows) + "\n"


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
