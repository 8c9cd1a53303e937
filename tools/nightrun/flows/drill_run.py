"""The run of a drill: the real supervisor on the clone, one task for each drill, and what is seen when each is over."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nightrun.decisions import drill
from nightrun.decisions.drill import Row
from nightrun.drills import contents
from nightrun.drills.found import Drill, Finding, Seen
from nightrun.flows.drill_scene import Scene
from nightrun.hands import clock, command_lines, files, git, git_trust, marker, policy_file, process, state_file
from nightrun.hands.client import ApiAway, Client
from nightrun.hands.state_dir import StateDir
from nightrun.words import task as words
from nightrun.words.errors import NightrunError
from nightrun.words.task import Task

READY_S = 30.0
LOOK_S = 0.1
WHOLE_S = 360.0  # for all drills; what is not over by then is not caught
TOGETHER_S = 150.0
ALONE_S = 20.0
FILLS_S = 45.0  # the same for what fills the disk
FLOOR_BELOW = 64 << 20  # bytes below what is free: others on this machine use some, too
LEFT_S = 3.0  # for what is left of a drill to be gone after its task has ended
HOURS = "0.5"  # a drill that was killed does not leave a run for ever
# Folders of the state folder that hold the work itself.
NOT_ABOUT_IT = ("worktrees", "rooms", "cache")
# What git reads its programs from, in the folder that all work trees share.
NOTE = "note"  # kind of an event
GUARDED = ("config", "info", "hooks")

Say = Callable[[Row], None]


@dataclass
class _Followed:
    """A drill that is being worked on."""

    drill: Drill
    task_id: str
    tag: str
    since: float
    met: int = 0


@dataclass
class Run:
    scene: Scene
    client: Client
    tags: Mapping[str, str]
    sandboxed: bool
    log_limit: int
    rows: list[Row] = field(default_factory=list)
    say: Say = lambda row: None
    deadline: float = field(default_factory=lambda: clock.monotonic() + WHOLE_S)

    # -- together and alone

    def together(self, drills: Sequence[Drill]) -> None:
        """All at once; what is not over in time is not caught."""
        self._follow([self._add(one) for one in drills], TOGETHER_S)

    def alone(self, one: Drill) -> None:
        """One that stops intake or takes a guard away; what it changed is put back by its end."""
        _keep(self.scene)
        if one.fills:
            _set_floor(self.scene, clock.disk_free(self.scene.root) - FLOOR_BELOW)
        followed = self._add(one)
        self._follow([followed], FILLS_S if one.fills else ALONE_S)
        _set_floor(self.scene, 0)
        with self._answering():
            if self.client.task(followed.task_id).status == words.PENDING:
                self.client.patch(followed.task_id, status=words.FAILED, error_summary="the drill is over")
            # As `make resume` does: without it the same change in the next drill is taken for one a person knows.
            git_trust.accept(self.scene.root)
            for pause in self.client.pauses():
                self.client.resume(pause["scope"])

    def _add(self, one: Drill) -> _Followed:
        task = self.client.add_task(one.direction or one.does, one.kind, agent=one.name)
        return _Followed(one, task.id, self.tags[one.name], clock.monotonic())

    def _follow(self, open_ones: list[_Followed], limit_s: float) -> None:
        deadline = min(clock.monotonic() + limit_s, self.deadline)
        while open_ones:
            lines = command_lines.of_all()
            for one in open_ones:
                one.met = max(one.met, _sleepers(lines, one.tag))
            late = clock.monotonic() > deadline
            over = self._over(open_ones, late=late)
            open_ones = [one for one in open_ones if one not in over]
            clock.sleep(LOOK_S)

    def _over(self, open_ones: list[_Followed], *, late: bool) -> list[_Followed]:
        """Those that came to an end, judged; all of them when it is too late."""
        over = []
        try:
            tasks = {one.id: one for one in self.client.tasks(limit=100, order="newest")[0]}
            for one in open_ones:
                task = tasks.get(one.task_id)
                if task is not None and (late or _is_over(task)):
                    self._judge(one, task)
                    over.append(one)
        except ApiAway:
            if late:
                raise
        return over

    @contextmanager
    def _answering(self) -> Iterator[None]:
        try:
            yield
        except ApiAway as error:
            raise NightrunError("The API of the drill does not answer any more.", error.message) from error

    # -- looking

    def _judge(self, one: _Followed, task: Task) -> None:
        pauses = tuple(pause["scope"] for pause in self.client.pauses())
        outcomes = tuple(str(each["outcome"]) for each in self.client.attempts(task.id))
        planted = _put_back(self.scene) if one.drill.alone else False
        seen = self._seen(one, task, pauses, outcomes, planted=planted)
        late = not _is_over(task)
        finding = Finding(False, f"not over in time: {_state(task)}") if late else one.drill.judge(seen)
        seconds = (task.finished_at or clock.now()) - (task.started_at or task.created_at)
        row = drill.row(one.drill, finding, seconds, sandboxed=self.sandboxed, late=late)
        self.rows.append(row)
        self.say(row)

    def _seen(
        self, one: _Followed, task: Task, pauses: tuple[str, ...], outcomes: tuple[str, ...], *, planted: bool
    ) -> Seen:
        scene, state = self.scene, StateDir(self.scene.root)
        messages = tuple(raw for _, raw in git.messages(scene.root, f"{scene.base}..refs/heads/{scene.branch}"))
        log = state.task_log(task.id, max(task.attempt, 1))
        return Seen(
            task=task,
            attempts=outcomes,
            messages=messages,
            paths=tuple(self._paths(task.id)),
            remote=frozenset((*_branches(scene.remote), *_branches(scene.web_remote))),
            ran=tuple(sorted(path.name for path in scene.out(one.drill.name).iterdir())),
            planted=planted,
            moved=not all(raw.startswith(b"[pipeline] ") for raw in messages),
            met=one.met,
            alive=_alive(one.tag),
            log_bytes=log.stat().st_size if log.exists() else 0,
            log_limit=self.log_limit,
            leaks=tuple(_leaks(scene)) if one.drill.script == contents.KEY else (),
            pauses=tuple(scope for scope in pauses if scope in ("intake", f"agent:{one.drill.name}")),
            restarts=_restarts(state),
            told=tuple(each["text"] for each in self.client.events(task.id) if each["kind"] == NOTE),
            real_gate=scene.real_gate,
        )

    def _paths(self, task_id: str) -> Iterator[str]:
        """What the commits of a task changed on the target."""
        for sha in git.task_commits(self.scene.root, task_id, f"refs/heads/{self.scene.branch}"):
            listed = git.text(self.scene.root, "diff-tree", "-r", "-z", "--no-commit-id", "--name-only", sha)
            yield from (name for name in listed.split("\0") if name)


def _is_over(task: Task) -> bool:
    if task.status == words.PENDING:
        return task.attempt > 0 and (task.outcome == "disk" or "paused" in (task.waiting_reason or ""))
    settled = task.commit_state not in (words.COMMIT_PENDING, words.COMMIT_COMMITTED)
    return task.status in (words.FAILED, words.NEEDS_DECISION) or (task.status == words.COMPLETED and settled)


def _state(task: Task) -> str:
    return f"{task.status}, {task.waiting_reason or task.commit_reason or task.error_summary or task.commit_state}"


def _sleepers(lines: Mapping[int, tuple[str, ...]], tag: str) -> int:
    return sum(f"600.{tag}" in argv for argv in lines.values())


def _alive(tag: str) -> int:
    """How many processes of a drill are left, some time after its end."""
    deadline = clock.monotonic() + LEFT_S
    while left := sum(any(tag in word for word in argv) for argv in command_lines.of_all().values()):
        if clock.monotonic() > deadline:
            break
        clock.sleep(LOOK_S)
    return left


def _branches(remote: Path) -> list[str]:
    return git.text(remote, "for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads/").splitlines()


def _leaks(scene: Scene) -> Iterator[str]:
    """Files about the run that hold the key that a drill wrote; others come and go meanwhile."""
    state, key = StateDir(scene.root), contents.KEY_TEXT.encode()
    for folder, folders, names in os.walk(state.path):
        if Path(folder) == state.path:
            folders[:] = [one for one in folders if one not in NOT_ABOUT_IT]
        for path in (Path(folder, name) for name in names):
            with suppress(OSError):
                if path.is_file() and key in path.read_bytes():
                    yield str(path.relative_to(scene.root))


def _restarts(state: StateDir) -> int:
    parts = state_file.read_object(state.run_json).get("parts")
    each: dict[str, Any] = parts if isinstance(parts, dict) else {}
    return sum(int(one.get("restarts") or 0) for name, one in each.items() if name.startswith("runner-"))


# -- what drills that are alone may change


def _set_floor(scene: Scene, floor: int) -> None:
    """In the policy of the clone, which is read again before the next task."""
    path = scene.root / policy_file.NAME
    said = json.loads(path.read_text())
    if said["limits"]["disk_floor"] != floor:
        said["limits"]["disk_floor"] = floor
        files.write(path, json.dumps(said, indent=1) + "\n", mode=0o644)


def _keep(scene: Scene) -> None:
    kept = scene.folder / "kept"
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir()
    for name in GUARDED:
        _copy(scene.root / ".git" / name, kept / name)


def _put_back(scene: Scene) -> bool:
    """Whether anything was changed; it is as before now. No git runs before that."""
    changed = False
    for name in GUARDED:
        place, kept = scene.root / ".git" / name, scene.folder / "kept" / name
        if _contents(place) != _contents(kept):
            changed = True
            _remove(place)
            _copy(kept, place)
    return changed


def _contents(path: Path) -> dict[str, bytes]:
    each = sorted(path.rglob("*")) if path.is_dir() else [path]
    return {str(one.relative_to(path)): one.read_bytes() for one in each if one.is_file()}


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True)
    else:
        shutil.copy2(source, target)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


# -- the supervisor


@contextmanager
def running(scene: Scene, *, sandboxed: bool, say: Say) -> Iterator[Run]:
    """With the supervisor at work on the clone; at the end nothing of it is left, whatever happened."""
    state = StateDir(scene.root)
    argv = [sys.executable, "-P", "-m", "nightrun", "autonomous", "--repo", str(scene.root), "--hours", HOURS]
    env = {**os.environ, "PIPELINE_AUTO_FIX_ENABLED": "0"}
    part = process.start_part(argv, cwd=scene.root, env=env, log=scene.folder / "run.log")
    try:
        client = Client.for_repo(scene.root)
        _await(client, part, scene.folder / "run.log")
        policy = policy_file.load(scene.root)
        tags = {name: agent.env["TAG"] for name, agent in policy.agents.items()}
        yield Run(scene, client, tags, sandboxed, policy.limits.task_log, say=say)
    finally:
        _end(part, state)
        process.sweep(marker.of_root(scene.root))


def _await(client: Client, part: process.Part, log: Path) -> None:
    deadline = clock.monotonic() + READY_S
    while clock.monotonic() < deadline and part.poll() is None:
        try:
            client.health(timeout_s=1.0)
            return
        except ApiAway:
            clock.sleep(LOOK_S)
    said = log.read_text(errors="replace").strip().splitlines()[-3:] if log.exists() else []
    raise NightrunError("The run of the drill did not start.", "\n".join(said) or None)


def _end(part: process.Part, state: StateDir) -> None:
    """In order, within the time that a stop takes; then by force."""
    part.terminate()
    deadline = clock.monotonic() + 45.0
    while part.poll() is None and clock.monotonic() < deadline:
        clock.sleep(0.05)
    part.kill()
