"""An agent that calls its own task completed, or moves the target: taken back where that is safe, else said (55)."""

from __future__ import annotations

import logging

from nightrun.decisions import message
from nightrun.flows.runner_land import KEPT
from nightrun.flows.runner_workspace import Place
from nightrun.flows.runner_world import LANDING, World, alone
from nightrun.hands import git, git_commit, git_land, git_target
from nightrun.hands.client import ApiAway, Refused
from nightrun.words import task as words
from nightrun.words.task import Task

COMPLETED_BY_OTHERS = (
    "it was called completed through the API while its agent still worked at it, so nothing has checked what it did"
)
ASKED = f"Somebody else, perhaps its agent, says it is done: {COMPLETED_BY_OTHERS}. Shall it be worked on again?"
MOST_NAMED = 5

log = logging.getLogger("nightrun.runner")


# -- the task


def take_back(world: World, task: Task) -> None:
    """Of a task that is not this runner's any more: a person is asked when it was completed in the same attempt."""
    try:
        found = world.client.task(task.id)
        if found.status != words.COMPLETED or found.attempt != task.attempt:
            return
        log.error("%s %s: %s", task.task_type, task.id, COMPLETED_BY_OTHERS)
        if found.commit_state == words.COMMIT_LANDED:
            world.client.note(task.id, COMPLETED_BY_OTHERS)
            return
        world.client.patch(task.id, commit_state=words.COMMIT_HELD, commit_reason=COMPLETED_BY_OTHERS, worktree=None)
        world.client.reopen(task.id, COMPLETED_BY_OTHERS, error_class="scan", question=ASKED)
    except (ApiAway, Refused) as error:
        log.warning("%s could not be taken back: %s", task.id, error.message)


# -- the target branch


def target(world: World, place: Place) -> str | None:
    """Where it is before an agent starts; None where the agent works on it itself."""
    found = None if place.is_root else git.tip_and_tree(world.root, world.target_ref)
    return found and found[0]


def look_at_target(world: World, task: Task, place: Place, before: str | None) -> str:
    """What this agent did to the target, in words; empty when nothing that is known to be its doing."""
    now = target(world, place)
    if before is None or now is None or now == before:
        return ""
    if not git.is_ancestor(world.root, before, now):
        git.keep(world.root, f"{KEPT}{task.id}.{task.attempt}/{before[:12]}", before)
        _note(world, task, f"while its agent worked {world.target} was rewritten, by it or by you: it was at {before}")
        return ""
    commits = git_target.new(world.root, before, now)
    made = git_target.made_in(place.path)
    own = [one for one in commits if one in made]
    if not own:
        _tell_of_strangers(world, task, commits)
        return ""
    name = f"{KEPT}{task.id}.{task.attempt}/{own[0][:12]}"
    git.keep(world.root, name, own[0])
    what = f"its agent moved {world.target} to its own commit {own[0][:12]}, which nothing has checked"
    if _put_back(world, before, now):
        text = f"{what}; that was taken back, the commit is kept as {name}"
    else:
        text = f"{what}; it could not be taken back safely: look at `git log {before[:12]}..{world.target}`"
    log.error("%s %s: %s", task.task_type, task.id, text)
    return text


def _tell_of_strangers(world: World, task: Task, commits: dict[str, bytes]) -> None:
    """They are a person's, or an agent made them where nobody sees it."""
    others = [sha for sha, raw in commits.items() if not _is_ours(world, raw)]
    if others:
        named = ", ".join(one[:10] for one in others[:MOST_NAMED])
        _note(world, task, f"while its agent worked {world.target} got {len(others)} commits not by nightrun: {named}")


def _is_ours(world: World, raw: bytes) -> bool:
    named = message.trailers(raw).get(message.TASK, [])
    try:
        return len(named) == 1 and world.client.task(named[0]).status == words.COMPLETED
    except Refused:
        return False


def _note(world: World, task: Task, text: str) -> None:
    log.warning("%s %s: %s", task.task_type, task.id, text)
    try:
        world.client.note(task.id, text)
    except (ApiAway, Refused) as error:
        log.warning("%s", error.message)


def _put_back(world: World, before: str, now: str) -> bool:
    """Only where nobody's files went along with it, and nothing came onto it since."""
    with alone(world, LANDING):
        where = git_land.checked_out_at(world.root, world.target)
        if where is not None and not git_target.holds(where, before):
            return False
        return git_commit.move_ref(world.root, world.target_ref, before, now, "nightrun: an agent had moved it")
