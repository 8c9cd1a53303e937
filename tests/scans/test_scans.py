from __future__ import annotations

import pkgutil
from dataclasses import replace

from nightrun import scans
from nightrun.policy.model import Scan
from nightrun.scans import found
from nightrun.words.change import EFFECTS, HOLD, REFUSE
from tests.decisions.test_secret_patterns import MADE_UP
from tests.scans import changes

NOT_SCANS = {"found", "languages", "path_pattern"}


def bad() -> changes.Change:
    """One thing for every scan to find."""
    before = {"tests/test_a.py": "def test_a():\n    assert f()\n", "b": "x\n", "c": "gone\n" * 90}
    after = {"b": f"<<<<<<< HEAD\n{MADE_UP['an npm token']}\n", "Makefile": "all:\n", "B": "y\n", "uv.lock": "z\n"}
    made = changes.change(before, after)
    more = (
        changes.nested("lib"),
        changes.link("out", "/etc"),
        changes.entry("big", size=1 << 30, binary=True, added=()),
    )
    return replace(made, entries=(*made.entries, *more), paths=frozenset({*after, "b"}))


def test_every_scan_is_in_the_list_under_the_name_of_its_file() -> None:
    files = {one.name for one in pkgutil.iter_modules(scans.__path__)} - NOT_SCANS
    assert {one.__name__.rpartition(".")[2] for one in scans.ALL} == files
    assert {one.NAME for one in scans.ALL} == files


def test_every_scan_finds_what_it_is_there_for() -> None:
    findings = scans.look(bad(), Scan(lock_files=True))
    assert {one.scan for one in findings} == {one.NAME for one in scans.ALL}
    assert {one.scan for one in scans.look(bad(), Scan())} == {one.NAME for one in scans.ALL} - {"lock_files"}
    assert {one.effect for one in findings} <= set(EFFECTS)


def test_the_policy_turns_each_scan_off_but_the_one_for_links() -> None:
    names = {one.NAME for one in scans.ALL} - {"links"}
    for name in names:
        assert name not in {one.scan for one in scans.look(bad(), Scan(**{name: False}))}
    assert {one.scan for one in scans.look(bad(), Scan(**dict.fromkeys(names, False)))} == {"links"}


def test_an_ordinary_change_and_no_change_find_nothing() -> None:
    assert scans.look(changes.change({"a.py": "x = 1\n"}, {"a.py": "x = 2\n", "b.py": "y = 1\n"}), Scan()) == []
    assert scans.look(changes.of(), Scan()) == []


def test_many_findings_are_cut_refusals_first_and_the_rest_counted() -> None:
    held = [found.hold("x", f"h{number}", None, "Held.") for number in range(30)]
    refused = [found.refuse("x", "r", 7, "Refused.")]
    kept = found.bounded([*held, *refused])
    assert len(kept) == found.MOST + 1
    assert [one.effect for one in kept[:2]] == [REFUSE, HOLD]
    assert (kept[-1].path, kept[-1].effect) == ("h19", HOLD)
    assert kept[-1].message == "and 11 more findings of this scan, this file being the first of them."
    assert found.bounded(held[: found.MOST]) == held[: found.MOST]


def test_what_is_over_the_bound_still_refuses() -> None:
    kept = found.bounded(found.refuse("x", str(number), None, "Refused.") for number in range(25))
    assert {one.effect for one in kept} == {REFUSE}
