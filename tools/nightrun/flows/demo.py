"""The demo's scratch repository: made from the texts in nightrun/demo, and looked at when the run is over."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from nightrun.decisions import backlog, demo
from nightrun.decisions.backlog import Item
from nightrun.decisions.demo import Seen
from nightrun.hands import files, git, git_change, hooks, marker, own_api, policy_file, state_dir, survivors
from nightrun.policy import template
from nightrun.words.errors import NightrunError
from nightrun.words.task import Task

TEXTS = Path(__file__).parents[1] / "demo"
PROJECT = "project"  # the files of the repository
AGENT = "demo-agent.py"
NAME = "yardstick"
# Python sources among the texts end so, since they are no part of the package.
SUFFIX = "-tpl"

_IDENTITY = {"user.name": "Demo", "user.email": "demo@example.invalid"}
_OWN_GIT = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
_PAGE = 100


def seal() -> None:
    """What the person set for their own work has no effect on the demo: this process and its children forget it."""
    for name in [one for one in os.environ if one.startswith("PIPELINE_")]:
        del os.environ[name]
    os.environ.update(_OWN_GIT)
    # The gate is `python3 ...`; the one that runs this is new enough.
    own = Path(sys.executable).parent
    if (own / "python3").exists():
        os.environ["PATH"] = os.pathsep.join([str(own), os.environ.get("PATH", os.defpath)])


def new_folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="nightrun-demo-")).resolve()


def make(folder: Path) -> Path:
    """The repository, in a folder that is there: one commit, the policy, the hooks. Its agent lies beside it."""
    root = folder / NAME
    _copy(TEXTS / PROJECT, root)
    agent = folder / AGENT
    files.write(agent, (TEXTS / f"{AGENT}{SUFFIX}").read_bytes(), mode=0o644)
    chosen = demo.policy(["python3", str(agent)])
    files.write(root / policy_file.NAME, template.text(chosen), mode=0o644)
    git.run(root, "init", "--quiet", "--template=", "--initial-branch=main")
    for name, value in _IDENTITY.items():
        git.run(root, "config", name, value)
    state_dir.exclude(git.git_path(root, "info/exclude"))
    git.run(root, "add", "--all")
    git.run(root, "commit", "--quiet", "--message=A small project, and work for a night")
    hooks.install(root, hooks.values_of(policy_file.load(root)))
    return root


def _copy(source: Path, target: Path) -> None:
    for path in sorted(source.rglob("*")):
        if path.is_file():
            name = path.relative_to(source)
            copy = target / name.with_name(name.name.removesuffix(SUFFIX))
            copy.parent.mkdir(parents=True, exist_ok=True)
            files.write(copy, path.read_bytes(), mode=0o644)


def items(root: Path) -> list[Item]:
    """Of both backlogs; as they stand."""
    named = ((demo.BACKLOG, False), (demo.META_BACKLOG, True))
    texts = [(name, (root / name).read_text(encoding="utf-8"), meta) for name, meta in named]
    return [item for name, text, meta in texts for item in backlog.parse(text, name, demo.CHAIN, meta=meta)]


def look(root: Path, before: list[Item], code: int) -> Seen:
    """What there is when the run is over."""
    with own_api.answering(root, lambda: None) as client:
        tasks: list[Task] = client.tasks(limit=_PAGE, order="oldest")[0]
        issues = client.snapshot()["issues"]
    return Seen(
        code=code,
        before=before,
        items=items(root),
        tasks=tasks,
        issues=issues,
        messages=[raw for _, raw in git.messages(root, "main")],
        changed=git_change.changed_paths(root),
        left=len(survivors.marked(marker.of_root(root))),
    )


def check(seen: Seen) -> None:
    """NightrunError with all that is not as it should be."""
    wrong = demo.problems(seen)
    if wrong:
        raise NightrunError("The demo did not go as it should:\n" + "\n".join(f"  {one}" for one in wrong))


def summary(seen: Seen) -> list[str]:
    return demo.summary(seen)


def log(root: Path) -> str:
    return git.text(root, "log", "--oneline", "--no-decorate")
