"""Rows of auto-commit: from status to the moved ref in a running runner, against the naive chain of git commands."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

from nightrun import commit_progress
from nightrun.hands import git_change, git_settings, git_worktree
from tests.bench import repositories, turns
from tests.bench.row import Bench, Family, Measured, Result, Row
from tests.story import git_out

GOALS = {"1k": (1_000, 1.0), "10k": (10_000, 0.5), "100k": (100_000, 0.3)}
NAIVE = """\
git -c core.fsync=all status --porcelain >/dev/null &&
git -c core.fsync=all add -A &&
git -c core.fsync=all commit -q -m "[pipeline] impl 0042: tighten retry loop"
"""
MESSAGE = b"[pipeline] impl 0042: tighten retry loop\n\nthe direction\n\nPipeline-Task: 0042\nPipeline-Attempt: 1\n"
ROWS = tuple(
    Row(
        name=f"commit-{size}",
        what=f"auto-commit in the running runner (status to ref), one of {size} files changed",
        floor="`git status && git add -A && git commit -q` as durable",
        goal=goal,
    )
    for size, (_, goal) in GOALS.items()
)


def measure(bench: Bench, wanted: frozenset[str]) -> Measured:
    found: dict[str, Result] = {}
    for size, (files, _) in GOALS.items():
        if f"commit-{size}" in wanted:
            found[f"commit-{size}"] = _result(_turns(bench, bench.repository(files), files))
    return found


def _turns(bench: Bench, repo: Path, files: int) -> turns.Turns:
    """Each way commits an edit of its own, made before the clock runs; the runner's in a worktree, as attempts are."""
    numbers = itertools.cycle(range(0, files, max(1, files // 97)))
    worktree = bench.new("worktree")
    git_worktree.add(repo, worktree, "pipeline/bench.1", "main")

    def runner() -> turns.Cost:
        repositories.edit(worktree, next(numbers))
        parent = git_out(worktree, "rev-parse", "HEAD")
        return turns.of_call(lambda: _as_the_runner(repo, worktree, parent))

    def folder() -> turns.Cost:
        repositories.edit(repo, next(numbers))
        os.chdir(repo)
        return turns.of_call(_as_the_function)

    def floor() -> turns.Cost:
        repositories.edit(repo, next(numbers))
        return turns.of_process(["sh", "-c", NAIVE], cwd=repo)

    def look() -> turns.Cost:
        return turns.of_process(["git", "--no-optional-locks", "status", "--porcelain"], cwd=worktree)

    ways = {"runner": runner, "folder": folder, "look": look, "floor": floor}
    return turns.take(ways, bench.rounds(15 if files > 10_000 else 25, 7 if files > 10_000 else 11))


def _as_the_runner(repo: Path, worktree: Path, parent: str) -> None:
    git_settings.mark(repo)
    tree = git_change.snapshot(worktree)
    made = commit_progress.commit_change(
        worktree,
        ref="refs/heads/pipeline/bench.1",
        parent=parent,
        tree=tree,
        message=MESSAGE,
        author=None,
        sign=False,
        hooks=git_settings.hooks(repo),
    )
    assert made.state == "committed", made.detail


def _as_the_function() -> None:
    done = commit_progress.run("0042", "impl", "tighten retry loop")
    assert done.state == commit_progress.COMMITTED, done.reason


def _result(taken: turns.Turns) -> Result:
    mine, floor = (1000 * turns.median(taken, name, "wall") for name in ("runner", "floor"))
    cpu = turns.ratio(taken, "runner", "floor", "cpu")
    folder, look = (turns.ratio(taken, name, "floor", "wall") for name in ("folder", "look"))
    detail = (
        f"wall: {mine:.1f} ms to {floor:.1f} ms; CPU {cpu:.2f} x;"
        f" `commit_progress()` for a whole folder {folder:.2f} x; one `git status`"
        f" {look:.2f} x; {len(taken['floor'])} rounds"
    )
    return Result(turns.ratio(taken, "runner", "floor", "wall"), detail)


FAMILY = Family(ROWS, measure)
