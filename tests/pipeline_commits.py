"""Real commits of the pipeline in a test's repository, made by the functions that make them at night."""

from __future__ import annotations

from pathlib import Path

from nightrun import commit_progress
from nightrun.decisions import message
from tests.story import git_out, write


def task_commit(
    repo: Path,
    task_id: str,
    files: dict[str, str],
    *,
    task_type: str = "impl",
    gate: str = "passed",
    commands: tuple[str, ...] = ("true",),
    direction: str = "",
    log: str = "",
) -> str:
    """An attempt in a worktree of its own that writes the files, committed and landed on main; its commit."""
    place = repo.with_name(f"wt-{task_id}")
    branch = f"pipeline/{task_id}.1"
    git_out(repo, "worktree", "add", "-q", str(place), "-b", branch, "main")
    for name, text in files.items():
        write(place, name, text)
    git_out(place, "add", "-A")
    tree = git_out(place, "write-tree")
    evidence = {"result": gate, "tree": tree, "seconds": 0.1, "commands": list(commands) if gate == "passed" else []}
    evidence |= {"codes": [0], "log": log}
    made = commit_progress.commit_change(
        place,
        ref=f"refs/heads/{branch}",
        parent=git_out(repo, "rev-parse", "main"),
        tree=tree,
        message=message.commit(
            task_type=task_type,
            task_id=task_id,
            direction=direction or f"Write {' and '.join(files)}",
            attempt=1,
            agent="script",
            gate=message.gate_trailer(evidence),
            gate_log=message.gate_log_trailer(evidence),
        ),
        author=None,
        sign=False,
    )
    assert made.state == "committed" and made.sha is not None, made.detail
    git_out(repo, "merge", "-q", "--ff-only", made.sha)
    git_out(repo, "worktree", "remove", "--force", str(place))
    git_out(repo, "branch", "-q", "-D", branch)
    return made.sha
