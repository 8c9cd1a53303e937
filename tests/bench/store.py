"""Rows of a long history: claim, metrics, effects of heals, a look of the monitor; a million finished tasks behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from nightrun.flows import api_care, monitor_look
from nightrun.flows.monitor_look import Memory
from nightrun.hands import clock
from nightrun.hands.client import Client
from nightrun.hands.state_dir import StateDir
from nightrun.hands.store import notes
from nightrun.hands.store.database import Database
from nightrun.policy.model import Policy
from tests import story
from tests.bench import history, turns, used
from tests.bench.row import Bench, Family, Measured, Result, Row
from tests.bench.turns import Cost
from tests.flows.api_world import Process

MANY, FEW = 1_000_000, 10_000
SMALLER = 200_000  # with --quick
FLOOR = "the same with 10 thousand"
ROWS = (
    Row(name="claim", what="claim, with 1 million finished tasks", floor=FLOOR, goal=1.5),
    Row(name="metrics", what="`GET /api/agent/metrics`, with 1 million finished tasks", floor=FLOOR, goal=1.5),
    Row(
        name="effectiveness",
        what="`GET /api/agent/effectiveness`, with 1 million finished tasks",
        floor=FLOOR,
        goal=1.5,
    ),
    Row(
        name="monitor-look",
        what="one look of the monitor, with 1 million finished tasks",
        floor="nothing",
        goal=50,
        unit="ms CPU",
    ),
)


class Store:
    """A real API on a repository with a history. Costs are those of the caller's wait and of the API's CPU."""

    def __init__(self, api: Process) -> None:
        self.client: Client = api.client()
        self._pid = api.child.pid
        self._me = clock.my_identity()

    def timed(self, call: Callable[[], object]) -> Cost:
        """`cpu` is that of both sides."""
        before = used.by_process(self._pid)
        mine = turns.of_call(call)
        return Cost(mine.wall, mine.cpu + used.by_process(self._pid) - before)

    def claim(self) -> Cost:
        """A new task each time, which is completed again before the clock runs for the next one."""
        self.client.add_task("Add a flag", "impl")
        pid, start = self._me
        given = {"runner": "runner-1", "pid": pid, "boot_id": clock.boot_id(), "start_time": start}
        got: list[object] = []
        cost = self.timed(lambda: got.append(self.client.claim(**given, agents=["script"])))  # type: ignore[arg-type]
        task = got[0]
        assert task is not None
        self.client.patch(task.id, fencing_token=task.fencing_token, status="completed")  # type: ignore[attr-defined]
        return cost

    def metrics(self) -> Cost:
        return self.timed(self.client.metrics)

    def effectiveness(self) -> Cost:
        return self.timed(self.client.effectiveness)

    def look(self, policy: Policy, memory: Memory) -> Cost:
        facts = {"policy_problem": "", "hook_problems": [], "auto_commit": True, "runner_started_at": clock.now()}
        return self.timed(
            lambda: monitor_look.look(self.client, policy, memory, facts, auto_fix=False, now=clock.now())
        )


def measure(bench: Bench, wanted: frozenset[str]) -> Measured:
    many = bench.rounds(MANY, SMALLER)
    with ExitStack() as stack:
        large, small = (stack.enter_context(_store(bench, tasks)) for tasks in (many, FEW))
        found = {}
        for name in ("claim", "metrics", "effectiveness"):
            if name in wanted:
                ways = {"many": getattr(large, name), "few": getattr(small, name)}
                found[name] = _result(turns.take(ways, bench.rounds(100, 30), warm_up=5), many)
        if "monitor-look" in wanted:
            found["monitor-look"] = _look(bench, large, small, many)
    return found


@contextmanager
def _store(bench: Bench, tasks: int) -> Iterator[Store]:
    root = story.new_repository(bench.new(f"tasks-{tasks}"))
    history.fill(root, tasks)
    _looked_after(root)
    api = Process(root)
    try:
        yield Store(api.ready())
    finally:
        api.kill()


def _looked_after(root: Path) -> None:
    """As an API leaves it that ran for a while: it checks the whole file once each boot, and copies it each hour."""
    db = Database(StateDir(root).db)
    now = clock.now()
    with db.write():
        for name, value in {api_care.CHECKED: clock.boot_id(), api_care.COPIED: now, api_care.TRIED: now}.items():
            notes.write(db, name, value)
    db.close()


def _result(taken: turns.Turns, many: int) -> Result:
    mine, floor = (1000 * turns.median(taken, name, "wall") for name in ("many", "few"))
    cpu = turns.ratio(taken, "many", "few", "cpu")
    detail = f"wall of one request: {mine:.1f} ms to {floor:.1f} ms; CPU {cpu:.2f} x{_smaller(many)}"
    return Result(turns.ratio(taken, "many", "few", "wall"), f"{detail}; {len(taken['few'])} rounds")


def _look(bench: Bench, large: Store, small: Store, many: int) -> Result:
    policy = Policy(version=1)
    ways = {name: partial(store.look, policy, Memory()) for name, store in (("many", large), ("few", small))}
    taken = turns.take(ways, bench.rounds(30, 10), warm_up=3)
    mine, floor = (1000 * turns.median(taken, name, "cpu") for name in ("many", "few"))
    detail = f"monitor and API together; {floor:.0f} ms with 10 thousand{_smaller(many)}; {len(taken['few'])} rounds"
    return Result(mine, detail)


def _smaller(many: int) -> str:
    return "" if many == MANY else f"; here {many // 1000} thousand"


FAMILY = Family(ROWS, measure)
