"""What an agent does behind the runner's back: its task called completed, the target branch moved."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from nightrun.flows import runner_forged, runner_record, runner_workspace, runner_world
from nightrun.flows.runner_attempt import Judged
from nightrun.flows.runner_workspace import Place
from nightrun.flows.runner_world import World
from nightrun.words.outcome import Outcome
from nightrun.words.task import Task
from tests.commands.night import Night
from tests.conftest import seal
from tests.story import commit_all, git_out, write

GATES = "".join(f"  {name}: {{gate: []}}\n" for name in ("spec", "impl", "test", "review"))


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    folder = tmp_path_factory.mktemp("forged")
    with pytest.MonkeyPatch.context() as patch:
        seal(folder, patch)
        made = Night(folder / "project")
        write(made.root, ".git/info/exclude", "/.pipeline/\n")
        write(made.root, "pipeline.yaml", f"version: 1\ntask_types:\n{GATES}")
        commit_all(made.root, "policy")
        yield made
        made.close()


@pytest.fixture
def world(night: Night) -> World:
    return runner_world.make(night.root, "runner-1")


@pytest.fixture
def begun(night: Night, world: World) -> Iterator[tuple[Task, Place]]:
    """A task that is being worked on."""
    night.add()
    task = night.claim()
    place = runner_workspace.prepare(world, task)
    yield task, place
    runner_workspace.leave(world, place, keep_branch=False)


def main_of(night: Night) -> str:
    return git_out(night.root, "rev-parse", "main")


def events(night: Night, task: Task) -> str:
    return "\n".join(one["text"] for one in night.client.events(task.id))


def commit_unchecked(place: Place) -> str:
    write(place.path, "unchecked", "x\n")
    return commit_all(place.path, "unchecked")


class TestTarget:
    def test_its_own_commit_on_the_target_is_taken_back_and_kept(
        self, night: Night, world: World, begun: tuple[Task, Place]
    ) -> None:
        task, place = begun
        before = runner_forged.target(world, place)
        own = commit_unchecked(place)
        git_out(place.path, "update-ref", "refs/heads/main", own)
        git_out(place.path, "reset", "-q", "--hard", str(before))  # so that HEAD does not tell
        said = runner_forged.look_at_target(world, task, place, before)
        assert f"its agent moved main to its own commit {own[:12]}" in said and "that was taken back" in said
        assert main_of(night) == before
        assert git_out(night.root, "rev-parse", f"refs/nightrun/kept/{task.id}.{task.attempt}/{own[:12]}") == own
        assert git_out(night.root, "status", "--porcelain") == ""

    def test_one_that_took_files_along_is_left_and_told(
        self, night: Night, world: World, begun: tuple[Task, Place]
    ) -> None:
        task, place = begun
        before = runner_forged.target(world, place)
        own = commit_unchecked(place)
        git_out(night.root, "merge", "-q", "--ff-only", own)
        said = runner_forged.look_at_target(world, task, place, before)
        assert "could not be taken back safely" in said
        assert main_of(night) == own, "the files of the project root went along"

    def test_a_persons_commits_are_told_and_no_fault_also_when_the_agent_merged_them(
        self, night: Night, world: World, begun: tuple[Task, Place]
    ) -> None:
        task, place = begun
        before = runner_forged.target(world, place)
        write(night.root, "mine", "x\n")
        mine = commit_all(night.root, "by hand")
        git_out(place.path, "merge", "-q", "main")
        assert runner_forged.look_at_target(world, task, place, before) == ""
        assert main_of(night) == mine
        assert f"main got 1 commits not by nightrun: {mine[:10]}" in events(night, task)

    def test_a_target_that_was_rewritten_is_kept_and_told(
        self, night: Night, world: World, begun: tuple[Task, Place]
    ) -> None:
        task, place = begun
        before = str(runner_forged.target(world, place))
        git_out(place.path, "update-ref", "refs/heads/main", "main~1")
        assert runner_forged.look_at_target(world, task, place, before) == ""
        assert "was rewritten" in events(night, task)
        kept = f"refs/nightrun/kept/{task.id}.{task.attempt}/{before[:12]}"
        assert git_out(night.root, "rev-parse", kept) == before
        git_out(night.root, "update-ref", "refs/heads/main", before)


class TestTask:
    def test_one_that_its_agent_called_completed_waits_for_a_person(
        self, night: Night, world: World, begun: tuple[Task, Place]
    ) -> None:
        task, place = begun
        night.client.patch(task.id, status="completed", commit_state="pending", tree=place.base_tree, base=place.base)
        with pytest.raises(runner_record.ClaimLost):
            runner_record.not_completed(world, task, _judged("agent"), None, place)
        runner_forged.take_back(world, task)
        found = night.client.task(task.id)
        assert (found.status, found.commit_state) == ("needs_decision", "none")
        assert "through the API while its agent still worked" in (found.decision_prompt or "")

    def test_one_that_was_completed_with_another_change_is_not_landed(
        self, night: Night, world: World, begun: tuple[Task, Place]
    ) -> None:
        """With the runner's own number of the claim, which the API shows."""
        task, place = begun
        forged = {"tree": "4" * 40, "commit_state": "pending", "fencing_token": task.fencing_token}
        night.client.patch(task.id, status="completed", **forged)
        with pytest.raises(runner_record.ClaimLost, match="another change"):
            runner_record.completed(world, task, place, _judged("completed", changed=True), will_land=True)

    def test_one_that_is_somebody_elses_by_now_is_left_to_them(self, night: Night, world: World) -> None:
        night.add()
        task = night.claim()
        night.client.patch(task.id, status="pending", fencing_token=task.fencing_token)
        again = night.claim()
        runner_forged.take_back(world, task)
        assert night.client.task(task.id).status == "running" and again.attempt > task.attempt
        night.client.patch(task.id, status="failed", fencing_token=again.fencing_token)


def _judged(kind: str, *, changed: bool = False) -> Judged:
    tree = "5" * 40 if changed else None
    return Judged(outcome=Outcome(kind=kind, summary="x"), agent="script", tree=tree, changed=changed)
