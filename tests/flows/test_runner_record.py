"""What an attempt came to, as the API is told it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from nightrun.decisions import landing
from nightrun.flows import runner_record, runner_world
from nightrun.flows.runner_attempt import Judged
from nightrun.flows.runner_workspace import Place
from nightrun.words.change import HOLD, ScanFinding
from nightrun.words.outcome import COMPLETED, Outcome
from tests.commands.night import Night
from tests.story import commit_all, git_out, write

FINDING = ScanFinding(scan="protected_paths", path="Makefile", line=None, message="It is protected.", effect=HOLD)


@pytest.fixture
def night(tmp_path: Path) -> Iterator[Night]:
    made = Night(tmp_path / "project")
    gates = "".join(f"  {name}: {{gate: []}}\n" for name in ("spec", "impl", "test", "review"))
    write(made.root, "pipeline.yaml", f"version: 1\ntask_types:\n{gates}")
    commit_all(made.root, "policy")
    yield made
    made.close()


def test_a_persons_word_is_about_one_attempt_only(night: Night) -> None:
    """Agreed to once, sent back by a conflict, changed by another attempt: a person is asked again."""
    world = runner_world.make(night.root, "runner-1")
    base = git_out(night.root, "rev-parse", "HEAD")
    place = Place(
        path=night.root, branch="pipeline/t.1", base=base, base_tree=git_out(night.root, "rev-parse", "HEAD:")
    )
    judged = Judged(
        outcome=Outcome(kind=COMPLETED), agent="script", tree=place.base_tree, changed=True, held=(FINDING,)
    )
    night.add("Change the makefile")
    task = runner_record.completed(world, night.claim(), place, judged, will_land=True)
    night.client.patch(task.id, context={"agreed": True})
    assert landing.held(night.client.task(task.id).context) is None
    night.client.reopen(task.id, "it conflicts")
    again = runner_record.completed(world, night.claim(), place, judged, will_land=True)
    assert landing.held(again.context) is not None
