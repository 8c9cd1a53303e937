"""What a heal suggests for the meta-backlog, and the task that puts it there."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from nightrun.agents import script
from nightrun.decisions import backlog, suggestion
from nightrun.words.agent import AgentRun

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
