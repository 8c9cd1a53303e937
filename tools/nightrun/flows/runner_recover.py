"""What earlier processes left: results, commits, landings, worktrees. Put in order at the start and now and then."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path

from nightrun.flows import (
    runner_after_boot,
    runner_chain,
    runner_gate,
    runner_land,
    runner_leftovers,
    runner_record,
    runner_root,
    runner_trust,
    runner_workspace,
)
from nightrun.flows.runner_world import World, alone
from nightrun.hands import clock, git, git_change, git_commit, git_leftovers, git_mend, git_worktree, lock
from nightrun.hands.client import ApiAway, Refused
from nightrun.words import task as words
from nightrun.words.errors import NightrunError
from nightrun.words.task import Task

RECOVERY = "recovery"  # lock

log = logging.getLogger("nightrun.runner")


def at_start(world: World) -> bool:
    """Before the first claim; False when not all could be done. Nothing in it may stop the runner from working."""
    done = tried(runner_record.deliver, world)
    for step in (
        runner_after_boot.check,
        runner_land.recover,
        runner_leftovers.clear_git,
        clear_worktrees,
        follow_last,
    ):
        done = runner_trust.is_given(world) and tried(step, world) and done
    return done


def tried(step: Callable[[World], None], world: World) -> bool:
    try:
        step(world)
    except (NightrunError, OSError) as error:
        log.warning("recovery: %s", error)
        return False
    except Exception:  # one folder that breaks it must not keep the runner from all other work
        log.exception("recovery failed")
        return False
    return True


def follow_last(world: World) -> None:
    """Of the task that this runner was at when it was killed: what follows it may not have been added."""
    here = next((one for one in world.client.runners() if one["name"] == world.name), None)
    if here is None or not here["task_id"]:
        return
    task = world.client.task(here["task_id"])
    if task.status == words.COMPLETED:
        runner_chain.follow(world, task)


def land_again(world: World, tries: dict[str, float]) -> None:
    """Commit and land what was completed and has not landed; `tries`: task id -> when it was tried last."""
    for task in unlanded(world):
        if not runner_land.is_due(world, task, tries.get(task.id)):
            continue
        tries[task.id] = clock.now()
        again(world, task)


def unlanded(world: World) -> list[Task]:
    """Oldest first."""
    return [Task.from_json(one) for one in world.client.snapshot()["unlanded"]]


def again(world: World, task: Task) -> Task:
    """Land one task from what is recorded; one that another runner is busy with is left to it."""
    folder = Path(task.worktree) if task.worktree else runner_workspace.folder_of(world, task.id, task.attempt)
    try:
        with runner_workspace.owned(world, folder), world.pulse.step("landing", _most_s(world, task)):
            return runner_land.land(world, world.client.task(task.id), runner_land.place_of(world, task))
    except runner_workspace.NoWorkspace:
        return task
    except ApiAway as error:
        log.warning("%s", error.message)
        return task
    except (NightrunError, OSError) as error:
        return _say_failed(world, task, str(error))


def _say_failed(world: World, task: Task, why: str) -> Task:
    if (task.commit_state, task.commit_reason) == (words.COMMIT_FAILED, why):
        return task
    return world.client.patch(task.id, commit_state=words.COMMIT_FAILED, commit_reason=why)


def _most_s(world: World, task: Task) -> float:
    return world.policy.task_types[task.task_type].timeout


# -- worktrees that nobody works in


def clear_worktrees(world: World) -> None:
    """Keep what a killed attempt left as a commit on its branch, then remove the folder."""
    if world.in_root:
        runner_root.recover(world)
        runner_leftovers.clear_files(world)
        return
    with alone(world, RECOVERY):
        folders = [one for one in sorted(world.state.worktrees.iterdir()) if one.is_dir()]
        done = [tried(partial(_clear, folder=folder), world) for folder in folders]
        git_worktree.prune(world.root)
        runner_leftovers.clear_files(world)
    if not all(done):
        raise NightrunError("Not all worktrees could be cleared up.")


def _clear(world: World, folder: Path) -> None:
    if git_worktree.is_aside(folder):
        git_worktree.remove(world.root, folder)
        return
    if folder.name.startswith(f"{runner_gate.TARGET}."):
        _clear_target(world, folder)
        return
    held = lock.hold(runner_workspace.owner_lock(world, folder))
    if held is None:
        return
    try:
        _mend(world, folder)
        if not _is_needed(world, folder):
            _keep_and_remove(world, folder)
    finally:
        runner_workspace.give_up(held)


def _mend(world: World, folder: Path) -> None:
    tip = git.tip(world.root, world.target_ref)
    branch = f"{runner_workspace.BRANCHES}{folder.name}"
    mended = git_mend.worktree(world.root, folder, branch, tip) if tip else []
    if mended:
        log.warning("%s of the worktree %s were broken and are written anew", ", ".join(mended), folder.name)


def _clear_target(world: World, folder: Path) -> None:
    name = folder.name.removeprefix(f"{runner_gate.TARGET}.")
    held = None if name == world.name else lock.hold(world.state.lock(name))
    if name == world.name or held is not None:
        git_worktree.remove(world.root, folder)
    if held is not None:
        held.release()


def _is_needed(world: World, folder: Path) -> bool:
    """Finished work that waits in it for its commit, or for a person."""
    name = runner_workspace.ATTEMPT.fullmatch(folder.name)
    if name is None:
        return True  # not ours to judge
    try:
        task = world.client.task(name["task"])
    except Refused:  # a store that knows nothing of it
        return False
    return task.worktree == str(folder) and task.commit_state != words.COMMIT_LANDED


def _keep_and_remove(world: World, folder: Path) -> None:
    git_worktree.clear_stale_locks(world.root, folder)
    was_used = (folder / ".git").exists() and not git_leftovers.is_half_made(world.root, folder)
    head = git.tip(folder, "HEAD") if was_used else None
    if head is not None:
        _keep(world, folder, head)
    git_worktree.remove(world.root, folder)
    runner_leftovers.drop_without_work(world, folder.name)


def _keep(world: World, folder: Path, head: str) -> None:
    """Also what an agent committed itself, wherever it moved HEAD."""
    tree = git_change.snapshot(folder, leave_out=runner_workspace.links_in(world, folder))
    branch, sha = f"{runner_workspace.BRANCHES}{folder.name}", head
    if tree != git.tree_of(folder, head):
        subject = f"nightrun: kept work of an interrupted attempt, {folder.name}"
        sha = git_commit.kept(folder, tree, head, subject)
    if git.tip(world.root, f"refs/heads/{branch}") == sha or git.is_ancestor(world.root, sha, world.target_ref):
        return
    git.keep(world.root, f"refs/heads/{branch}", sha)
    log.warning("the work of %s is kept on branch %s", folder.name, branch)
