"""The arithmetic of the benchmarks, and that docs/benchmarks.md has their rows; nothing is timed here."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from tests.bench import page, repositories, turns
from tests.bench.families import ROWS
from tests.bench.row import Result, Row
from tests.bench.turns import Cost

ROW = Row(name="one", what="a thing", floor="nothing", goal=1.5)


def costs(*walls: float) -> list[Cost]:
    return [Cost(wall, 2 * wall) for wall in walls]


TAKEN = {"mine": costs(2, 30, 4, 8), "floor": costs(1, 10, 4, 2)}


class TestArithmetic:
    def test_medians_are_of_one_way(self) -> None:
        assert turns.median(TAKEN, "mine", "wall") == 6
        assert turns.median(TAKEN, "floor", "cpu") == 6

    def test_ratio_and_difference_are_of_pairs_of_a_round(self) -> None:
        """The slow round of both counts as one; the ratio of the medians would be another number."""
        assert turns.ratio(TAKEN, "mine", "floor", "wall") == 2.5
        assert turns.difference(TAKEN, "mine", "floor", "cpu") == 7

    def test_ways_without_a_partner_are_no_pairs(self) -> None:
        with pytest.raises(ValueError):
            turns.ratio({"mine": costs(1, 2), "floor": costs(1)}, "mine", "floor", "wall")


class TestTurns:
    def test_each_round_has_each_way_once_in_changing_order_and_the_first_rounds_do_not_count(self) -> None:
        ran: list[str] = []

        def way(name: str) -> turns.Way:
            def run() -> Cost:
                ran.append(name)
                return Cost(len(ran), 0)

            return run

        taken = turns.take({name: way(name) for name in "abc"}, 20, warm_up=2)
        rounds = ["".join(ran[at : at + 3]) for at in range(0, len(ran), 3)]
        assert len(rounds) == 22 and all(sorted(one) == ["a", "b", "c"] for one in rounds)
        assert len(set(rounds)) > 1
        assert {name: len(each) for name, each in taken.items()} == {"a": 20, "b": 20, "c": 20}
        assert min(one.wall for each in taken.values() for one in each) == 7

    def test_a_process_gets_its_input_and_its_failure_ends_the_bench(self, tmp_path: Path) -> None:
        reads = [sys.executable, "-I", "-c", "import sys; sys.exit(len(sys.stdin.read()))"]
        assert turns.of_process(reads, cwd=tmp_path, stdin=b"abc", code=3).wall > 0
        with pytest.raises(SystemExit, match="exit code 3"):
            turns.of_process(reads, cwd=tmp_path, stdin=b"abc")


class TestPage:
    def test_docs_have_each_row_and_no_other(self) -> None:
        said = page.PAGE.read_text()
        assert re.findall(r"^\| `([a-z0-9-]+)` \|", said, re.M) == [row.name for row in ROWS]
        for row in ROWS:
            assert f"| `{row.name}` | {row.what} | {row.floor} | at most {row.goal:g} {row.unit} |" in said

    def test_docs_say_how_to_repeat_and_on_what_machine(self) -> None:
        said = page.PAGE.read_text()
        assert said.startswith(page.HEAD), "run `make bench`"
        assert re.search(r"^Machine: \d+ cores, .+, Python \d\S+, git \d\S+\.$", said, re.M)

    @pytest.mark.parametrize(
        ("value", "shown"), [(1.5, "1.5 x |"), (1.51, "1.51 x (missed) |"), (0, "0 x |"), (182.4, "182 x (missed) |")]
    )
    def test_a_missed_goal_is_said(self, value: float, shown: str) -> None:
        assert f"| at most 1.5 x | {shown}" in page.line(ROW, Result(value, "so"))

    def test_rows_that_were_not_measured_stay_only_when_they_are_of_this_machine(self) -> None:
        other = Row(name="two", what="a thing", floor="nothing", goal=1)
        old = page.with_results("", [ROW, other], {"one": Result(1, "old"), "two": Result(1, "old")})
        new = {"one": Result(1.2, "new")}
        assert page.with_results(old, [ROW, other], new).splitlines()[-2:] == [
            page.line(ROW, new["one"]),
            page.line(other, Result(1, "old")),
        ]
        elsewhere = old.replace(page.machine(), "Machine: 64 cores.\n")
        assert "`two`" not in page.with_results(elsewhere, [ROW, other], new)


def test_repositories_are_as_large_as_they_say(tmp_path: Path) -> None:
    repo = repositories.make(tmp_path / "repo", 60)
    assert len(list(repo.rglob("*.py"))) == 60
    before = (repo / repositories.name(55)).read_text()
    repositories.edit(repo, 55)
    assert (repo / repositories.name(55)).read_text().startswith(before + "# ")
