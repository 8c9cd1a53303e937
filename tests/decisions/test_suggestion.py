"""What a heal suggests for the meta-backlog, and the task that puts it there."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from nightrun.agents import script
from nightrun.decisions import backlog, suggestion
from nightrun.words.agent import AgentRun
from nightrun.words.task import Task

FILE = "specs/007-meta-pipeline-backlog.md"
OLD = "# Meta\n\n- [x] done\n- [ ] known\n"


def only(text: str) -> backlog.Item:
    (item,) = suggestion.added(OLD, OLD + text, FILE)
    return item


def test_only_new_open_items_count() -> None:
    new = "# Meta\n\n- [ ] new one\n- [x] ticked by the heal\n- [x] done\n- [ ] known\n"
    assert [one.text for one in suggestion.added(OLD, new, FILE)] == ["new one"]
    assert suggestion.added(OLD, OLD, FILE) == []
    assert suggestion.added(OLD, "", FILE) == []


def test_a_heal_cannot_flood_the_backlog() -> None:
    many = "".join(f"- [ ] item {n}\n" for n in range(50))
    assert len(suggestion.added("", many, FILE)) == suggestion.MOST
    assert suggestion.added("", f"- [ ] {'x' * 5_000}\n", FILE) == []


@pytest.mark.parametrize(
    "text",
    [
        "- [ ] Say which file the gate needs\n",
        "- [ ] `$(touch pwned)` and 'quotes' \"too\" \\ backslash\n",
        "- [ ] first line\n  second line\n\n  ```sh\n  touch pwned\n  ```\n",
        "- [ ] tildes\n\n  ~~~~sh\n  touch pwned\n  ~~~~\n",
        "- [ ] [impl, test] with a chain\n",
        "- [ ] [spec] with a chain that is one type\n",
    ],
)
@pytest.mark.parametrize("before", [OLD, OLD.rstrip("\n"), ""])
def test_the_task_appends_it_word_for_word_and_runs_nothing_of_it(tmp_path: Path, text: str, before: str) -> None:
    item = only(text)
    direction = suggestion.direction(item, FILE)
    assert script.cannot(direction) is None
    if before:
        (tmp_path / "specs").mkdir()
        (tmp_path / FILE).write_text(before)
    run = AgentRun(prompt=direction, direction=direction, worktree=str(tmp_path), prompt_file="")
    subprocess.run(["sh", "-e"], input=script.file_text(run), text=True, cwd=tmp_path, check=True)
    after = backlog.parse((tmp_path / FILE).read_text(), FILE, ())
    assert after[-1].key == item.key
    assert (after[-1].text, after[-1].types) == (item.text, item.types)
    assert not (tmp_path / "pwned").exists()


def test_its_title_says_what_it_is_about() -> None:
    direction = suggestion.direction(only("- [ ] Say which file the gate needs\n"), FILE)
    assert direction.startswith("Meta-backlog: Say which file the gate needs\n")


def heal_task(**context: object) -> Task:
    return Task(id="h2", direction="Find it", task_type="heal", context=context)


def made_before(**fields: object) -> dict[str, object]:
    usual = {"task": "s1", "state": "open", "commit_state": "landed", "item": {"key": "abc", "text": "it"}}
    return {**usual, "issue": "i1", "condition": "gate_red", "fingerprint": "f", **fields}


SAME = {"condition": "gate_red", "fingerprint": "f", "issue": "i2"}


@pytest.mark.parametrize(
    ("context", "fields", "is_open"),
    [
        (SAME, {}, True),
        ({"issue_id": "i1"}, {}, True),
        ({**SAME, "fingerprint": "g"}, {}, False),
        ({**SAME, "condition": "disk_low"}, {}, False),
        ({}, {"issue": None, "condition": None, "fingerprint": None}, False),
        (SAME, {"suggested_by": "h2"}, False),
        (SAME, {"state": "done"}, False),
        (SAME, {"state": "failed"}, False),
        (SAME, {"item": {"key": "ticked"}}, False),
        (SAME, {"item": {"key": "ticked"}, "commit_state": "none"}, True),
    ],
)
def test_one_suggestion_is_open_for_one_condition_and_fingerprint(
    context: dict[str, object], fields: dict[str, object], is_open: bool
) -> None:
    found = suggestion.open_one(heal_task(**context), [made_before(**fields)], {"abc"})
    assert (found is not None) is is_open


def test_a_heal_that_a_person_added_is_for_nothing_known() -> None:
    assert not suggestion.has_kind(heal_task())
    assert suggestion.has_kind(heal_task(issue_id="i1")) and suggestion.has_kind(heal_task(condition="gate_red"))
    assert suggestion.issue_of(heal_task(issue=["x"])) is None


def test_an_item_is_open_until_its_chain_is_over_or_failed() -> None:
    adds = Task(id="s1", direction="x", task_type="spec", status="completed")
    item = {"key": "abc", "file": FILE, "text": "it", "chain": ["impl", "review"], "round": 1}
    work = Task(id="t1", direction="it", task_type="impl", status="completed", context={"item": item})
    assert suggestion.state(adds, []) == suggestion.state(adds, [work]) == "open"
    assert suggestion.state(adds, [work, replace(work, task_type="review")]) == "done"
    assert suggestion.state(adds, [work, replace(work, task_type="review", status="failed")]) == "failed"
    assert suggestion.state(replace(adds, status="failed"), []) == "failed"
