"""From a completed task to its one commit on the target branch, from what is recorded alone (DESIGN 3.5 and 3.6).

A crash at any point gives one commit: the trailer `Pipeline-Task` is looked for before one is made.
"""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from nightrun import commit_progress
from nightrun.decisions import landing, message
from nightrun.flows import runner_durable, runner_gate, runner_tick, runner_workspace
from nightrun.flows.runner_workspace import Place
from nightrun.flows.runner_world import LANDING, World, alone
from nightrun.hands import clock, git, git_change, git_commit, git_land, git_recover, git_settings, git_worktree, marker
from nightrun.hands.attempt_commit import Made
from nightrun.hands.client import ApiAway, Refused
from nightrun.words import gate as gates
from nightrun.words import task as words
from nightrun.words.errors import NightrunError
from nightrun.words.gate import Gate
from nightrun.words.task import Task

KEPT = "refs/nightrun/kept/"  # what agents committed themselves
MOST_ROUNDS = 20  # of rebasing onto a target that moves all the time

log = logging.getLogger("nightrun.runner")


@dataclass(frozen=True, kw_only=True)
class Landed:
    """What became of a change: one of the commit states and why."""

    state: str
    sha: str | None = None
    parent: str | None = None  # of the commit, where that is known
    reason: str | None = None
    tree: str | None = None
    gate: Gate | None = None


def land(world: World, task: Task, place: Place, *, fresh: bool = False) -> Task:
    """Commit and land the change of a completed task; the task as it is then.

    `fresh`: it was completed a moment ago by this process, so no earlier commit of it can exist.
    """
    try:
        done = _land(world, task, place, fresh=fresh)
    except runner_gate.Stopped:
        log.info("%s %s lands after the next start", task.task_type, task.id)
        return task
    except NightrunError as error:
        done = Landed(state=words.COMMIT_FAILED, reason=_reason(error))
    except OSError as error:  # what became of it is not known: the next try looks for the trailer (D12)
        runner_durable.failed(world, error)
        done = Landed(state=words.COMMIT_FAILED, reason=f"{error.strerror or error}: it is looked at again")
    if done.state == "conflict":
        return _reopen(world, task, place, done)
    if place.is_root:
        _leave(world, place, done)
        return _record(world, task, done)
    with ThreadPoolExecutor(1) as beside:
        beside.submit(_leave, world, place, done)
        return _record(world, task, done)


def _leave(world: World, place: Place, done: Landed) -> None:
    """What cannot be cleared away now is cleared by the next start."""
    try:
        if done.state == words.COMMIT_LANDED and done.sha is not None:
            runner_durable.reached(world, done.sha)
            runner_workspace.leave_landed(world, place, done.sha)
        if done.state == words.COMMIT_NONE:
            runner_workspace.leave(world, place, keep_branch=False)
    except (NightrunError, OSError) as error:
        log.warning("%s could not be cleared away: %s", place.path, error)


def _reason(error: NightrunError) -> str:
    return f"{error.message} {error.hint}" if error.hint else error.message


def _land(world: World, task: Task, place: Place, *, fresh: bool) -> Landed:
    earlier = None if fresh else _earlier(world, task, place)
    if earlier is not None and git.is_ancestor(world.root, earlier, world.target_ref):
        runner_durable.below(world, earlier)  # who landed it may have been killed before that
        return Landed(state=words.COMMIT_LANDED, sha=earlier)
    reason = landing.held(task.context)
    if place.is_root and reason is not None and task.tree is not None:
        _show_on_branch(world, task, place, task.tree)
        return Landed(state=words.COMMIT_HELD, reason=reason)
    made = Landed(state=words.COMMIT_COMMITTED, sha=earlier) if earlier else _commit(world, task, place)
    if made.sha is None:
        return made
    if place.is_root:
        runner_durable.below(world, place.base)
        git_land.sync_files(world.root, place.base, made.sha)
        return replace(made, state=words.COMMIT_LANDED)
    if reason is not None:
        return replace(made, state=words.COMMIT_HELD, reason=reason)
    return _forward(world, task, place, made)


def _show_on_branch(world: World, task: Task, place: Place, tree: str) -> None:
    """In the root a commit is on the target at once, so the change waits there uncommitted; the branch shows it."""
    if git.tip(world.root, f"refs/heads/{place.branch}") is None:
        kept = git_commit.kept(world.root, tree, place.base, f"nightrun: {task.id} waits for a person")
        git.keep(world.root, f"refs/heads/{place.branch}", kept)


def _earlier(world: World, task: Task, place: Place) -> str | None:
    """The commit that a process which is gone made of this task: on the target, or still on the attempt's branch."""
    for ref in (world.target_ref, place.ref):
        found = git.task_commits(world.root, task.id, ref, not_in=place.base) if git.tip(world.root, ref) else []
        if found and (ref == world.target_ref or _is_made(world, task, found[0])):
            return found[0]
    return None


def _is_made(world: World, task: Task, sha: str) -> bool:
    """Whether it is the commit of the tree that was judged: an agent may write such a trailer, too."""
    if sha == task.commit_sha or task.tree is None:
        return sha == task.commit_sha
    gate = gates.from_json(task.gate) or Gate(result=gates.NONE, tree=task.tree)
    said = git.run(world.root, "cat-file", "commit", sha).out.partition(b"\n\n")[2]
    return git.tree_of(world.root, sha) == task.tree and said == _message(world, task, gate)


# -- the commit


def _commit(world: World, task: Task, place: Place, *, again: bool = False) -> Landed:
    """On the attempt's branch, or in root mode on the target itself."""
    assert task.tree is not None
    gate = gates.from_json(task.gate) or Gate(result=gates.NONE, tree=task.tree)
    made = _made(world, task, place, gate)
    if made.state == "failed" and not place.is_root and _start_branch(world, task, place):
        made = _made(world, task, place, gate)
    if made.state == "committed":
        return Landed(state=words.COMMIT_COMMITTED, sha=made.sha, parent=place.base, tree=task.tree, gate=gate)
    if made.state != "changed" or again:
        return Landed(state=words.COMMIT_FAILED, reason=made.detail or f"a hook {made.state} the change")
    checked = runner_gate.check(world, task, place.path, made.tree)
    if checked.result == gates.FAILED:
        return Landed(state=words.COMMIT_FAILED, reason=f"after a hook changed the files: {checked.problem}")
    return _commit(world, replace(task, tree=made.tree, gate=checked.to_json()), place, again=True)


def _made(world: World, task: Task, place: Place, gate: Gate) -> Made:
    assert task.tree is not None
    return commit_progress.commit_change(
        place.path,
        ref=world.target_ref if place.is_root else place.ref,
        parent=place.base,
        tree=task.tree,
        message=_message(world, task, gate),
        author=world.policy.commit.author,
        sign=world.signs,
        hooks=None if place.is_root else git_settings.hooks(world.root),
    )


def _start_branch(world: World, task: Task, place: Place) -> bool:
    """Put the branch at the base; False when it is there.

    What an agent committed itself, or what was kept on the branch, stays reachable under another name.
    """
    tip = git.tip(world.root, place.ref)
    if tip == place.base:
        return False
    if tip is not None:
        git.keep(world.root, f"{KEPT}{task.id}.{task.attempt}/{tip[:12]}", tip)
    git.keep(world.root, place.ref, place.base)
    return True


def _message(world: World, task: Task, gate: Gate) -> bytes:
    settings = world.policy.commit
    return message.commit(
        task_type=task.task_type,
        task_id=task.id,
        direction=task.direction,
        attempt=task.attempt,
        agent=task.agent or "unknown",
        gate=message.gate_trailer(gate.to_json()),
        gate_log=message.gate_log_trailer(gate.to_json()),
        subject_length=settings.subject_length,
        body_length=settings.body_length,
    )


# -- onto the target


def _forward(world: World, task: Task, place: Place, made: Landed) -> Landed:
    """Rebase while the target moves, then fast-forward with compare-and-set."""
    assert made.sha is not None
    # Mostly the target is still where the attempt began; when it is not, the fast-forward says so.
    tip = made.parent or git.tip(world.root, world.target_ref)
    for _ in range(MOST_ROUNDS):
        if tip is None:
            return replace(made, state=words.COMMIT_FAILED, reason=f"there is no branch {world.target} any more")
        if made.parent != tip and not git.is_ancestor(world.root, tip, made.sha):
            made = _rebased(world, task, place, made, tip)
            if made.state != words.COMMIT_COMMITTED:
                return made
        runner_durable.below(world, tip)
        with alone(world, LANDING):
            done = _fast_forward(world, made, tip)
        if done is not None:
            return done
        tip = git.tip(world.root, world.target_ref)
    return replace(made, state=words.COMMIT_HELD, reason=f"{world.target} moves too fast to land on it")


def _fast_forward(world: World, made: Landed, tip: str) -> Landed | None:
    """None when the target moved meanwhile."""
    assert made.sha is not None
    where = git_land.checked_out_at(world.root, world.target)
    if where is None:
        moved = git_commit.move_ref(world.root, world.target_ref, made.sha, tip, "nightrun: landed")
        return replace(made, state=words.COMMIT_LANDED, reason=None) if moved else None
    forwarded = git_land.fast_forward(where, made.sha, branch=world.target)
    if forwarded.state == "done":
        return replace(made, state=words.COMMIT_LANDED, reason=None)
    if forwarded.state == "diverged":
        return None
    return replace(made, state=landing.state_of(forwarded.state), reason=landing.words_of(forwarded))


def _rebased(world: World, task: Task, place: Place, made: Landed, tip: str) -> Landed:
    """The change on the target's new tip: gated again, since nothing has checked that tree yet."""
    assert made.sha is not None
    merged = git_land.merge(world.root, tip, made.sha)
    tree, conflicts = _with_backlog(world, task, tip, merged.tree, merged.conflicts)
    if conflicts:
        return replace(made, state="conflict", reason=landing.conflict_words(conflicts, world.target, tip))
    if tree == git.tree_of(world.root, tip):
        return replace(made, state=words.COMMIT_NONE, sha=None, reason=f"{world.target} holds this change already")
    git_change.put_back(place.path, tree, leave_out=place.links)
    gate = runner_gate.check(world, task, place.path, tree)
    if gate.result == gates.FAILED:
        reason = f"with what landed on {world.target} meanwhile: {gate.problem}"
        return replace(made, state="conflict", reason=reason)
    sha = git_commit.commit_tree(
        world.root,
        tree,
        tip,
        _message(world, replace(task, tree=tree), gate),
        author=world.policy.commit.author,
        sign=world.signs,
    )
    git.keep(world.root, place.ref, sha)
    return replace(made, sha=sha, parent=tip, tree=tree, gate=gate)


def _with_backlog(
    world: World, task: Task, tip: str, tree: str, conflicts: tuple[str, ...]
) -> tuple[str, tuple[str, ...]]:
    """Two ticks beside each other are no conflict: the target's backlog with this item ticked is what is meant."""
    name = str((task.context.get("item") or {}).get("file") or "")
    if conflicts != (name,):
        return tree, conflicts
    theirs = git_change.file_at(world.root, git.tree_of(world.root, tip), name)
    if theirs is None:
        return tree, conflicts
    return git_change.with_file(world.root, tree, name, runner_tick.again(task, theirs)), ()


# -- what is told


def _reopen(world: World, task: Task, place: Place, done: Landed) -> Task:
    """A real conflict becomes a new attempt that is told of it; this one's commit stays on its branch."""
    runner_workspace.leave(world, place, keep_branch=True)
    try:
        return back_to_work(world, task, done.reason or "it conflicts with what landed meanwhile")
    except (ApiAway, Refused) as error:
        log.warning("%s could not be sent back to work: %s", task.id, error.message)
        return task


def back_to_work(world: World, task: Task, reason: str) -> Task:
    """For another attempt, or, when there were enough of them, for a person."""
    log.warning("%s goes back to work: %s", task.id, reason)
    question = landing.question(task, reason, attempts=world.policy.limits.attempts)
    return world.client.reopen(task.id, reason, **({"question": question} if question else {}))


def _record(world: World, task: Task, done: Landed) -> Task:
    """When nobody answers, the next look at unlanded work finds the commit by its trailer and says it then."""
    said = {"commit_state": done.state, "commit_sha": done.sha, "commit_reason": done.reason}
    if done.tree is not None and done.gate is not None and done.gate.to_json() != task.gate:
        said |= {"tree": done.tree, "gate": done.gate.to_json()}  # type: ignore[dict-item]
    if done.state == words.COMMIT_LANDED:
        said["worktree"] = None
    same = (done.state, done.sha, done.reason) == (task.commit_state, task.commit_sha, task.commit_reason)
    if same:
        return task
    log.info("%s %s %s %s", task.task_type, task.id, done.state, done.reason or done.sha or "")
    try:
        return world.client.patch(task.id, **said)
    except (ApiAway, Refused) as error:
        log.warning("what became of %s could not be told: %s", task.id, error.message)
        return replace(task, commit_state=words.COMMIT_PENDING)


# -- after a crash


def recover(world: World) -> None:
    """Undo half of a fast-forward that a process was killed in."""
    with alone(world, LANDING):
        where = git_land.checked_out_at(world.root, world.target)
        sha = None if where is None else git_recover.unfinished(git.git_dir(where))
        if where is not None and sha is not None:
            log.warning("a landing was interrupted; %s is put in order", where)
            git_land.recover_fast_forward(where, sha)


def place_of(world: World, task: Task) -> Place:
    """Where a completed task's change can be committed: its own worktree, made again when it is gone."""
    base, branch = task.base, task.branch or runner_workspace.branch_of(task)
    if base is None or task.tree is None:
        raise NightrunError(f"Nothing is recorded about the change of {task.id}.")
    base_tree = git.tree_of(world.root, base)
    if world.in_root:
        return Place(path=world.root, branch=branch, base=base, base_tree=base_tree, is_root=True)
    path = Path(task.worktree) if task.worktree else runner_workspace.folder_of(world, task.id, task.attempt)
    if not (path / ".git").exists():
        path = runner_workspace.folder_of(world, task.id, task.attempt)
        git_worktree.remove(world.root, path)
        git_worktree.add(world.root, path, None, base)
        git_change.put_back(path, task.tree)
        runner_workspace.link(world, path)
        problem = runner_gate.set_up(world, path, marker.of_attempt(world.root, task.id, task.attempt), path.name)
        if problem:
            raise NightrunError(f"The change of {task.id} cannot be checked again: {problem}")
    links = runner_workspace.links_in(world, path)
    return Place(path=path, branch=branch, base=base, base_tree=base_tree, links=links)


def is_due(world: World, task: Task, last_try: float | None) -> bool:
    return landing.is_due(task, last_try, clock.now())
