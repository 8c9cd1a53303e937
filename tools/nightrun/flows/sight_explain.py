"""What is recorded about one task or one issue: asked of the API and of git, looked up by id, its beginning or name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from nightrun import conditions
from nightrun.decisions import lines
from nightrun.flows import sight
from nightrun.hands import clock, git, policy_file, state_file
from nightrun.hands.client import Client, Refused
from nightrun.hands.state_dir import StateDir
from nightrun.policy.model import Policy
from nightrun.words.errors import NightrunError
from nightrun.words.task import ID_PATTERN

Facts = dict[str, Any]

TASK, ISSUE = "task", "issue"
NOT_FOUND = 404
PAGE = 100
MOST_PAGES = 50  # of tasks, newest first, that the beginning of an id is looked for in
SUGGESTED = 5
TASKS_SHOWN = 5  # of those an issue names


def gather(root: Path, wanted: str) -> Facts:
    """`kind` says whether it is a task or an issue. NightrunError with suggestions when it is neither."""
    with sight.answering(root) as client:
        said = client.issues()
        issues = [*said["issues"], *said["resolved"]]
        known = {one["id"] for one in issues}
        issues += [one for one in _local_issues(root) if one["id"] not in known]
        facts = {"root": str(root), "now": clock.now(), "run": sight.running(root) or None, "limits": _limits(root)}
        facts |= {"make": sight.make_of(root), "program": sight.program()}
        found = _found(root, client, issues, wanted)
        if isinstance(found, str):
            return {**facts, **_of_task(root, client, found, issues)}
        return {**facts, **_of_issue(root, client, found, said["last_check"])}


def _local_issues(root: Path) -> list[Facts]:
    """What the monitor saw while the API was away, which keeps the others."""
    kept = state_file.read_object(StateDir(root).monitor_issues).get("issues")
    each = [one for one in kept if isinstance(one, dict)] if isinstance(kept, list) else []
    return [{"count": 1, "resolved_at": None, **one} for one in each if str(one.get("id", "")).startswith("local-")]


def _policy(root: Path) -> Policy | None:
    with suppress(NightrunError):
        return policy_file.load(root)
    return None


def _limits(root: Path) -> Facts:
    """The numbers of the policy that explain something; empty when it cannot be read."""
    policy = _policy(root)
    if policy is None:
        return {}
    heal = policy.heal
    return {"attempts": policy.limits.attempts, "heals_open": heal.open, "heals_per_day": heal.per_day}


# -- which one is meant


def _found(root: Path, client: Client, issues: list[Facts], wanted: str) -> str | Facts:
    """The id of a task, or an issue."""
    by_id = {one["id"]: one for one in issues}
    if wanted in by_id:
        return by_id[wanted]
    if ID_PATTERN.fullmatch(wanted) and _is_task(client, wanted):
        return wanted
    of_condition = [one for one in issues if one["condition"] == wanted]
    if of_condition:
        return max(of_condition, key=lambda one: (one["status"] == "open", one["last_seen"]))
    return _by_beginning(root, client, by_id, wanted)


def _is_task(client: Client, task_id: str) -> bool:
    try:
        client.task(task_id)
    except Refused as error:
        if error.status != NOT_FOUND:
            raise
        return False
    return True


def _by_beginning(root: Path, client: Client, by_id: Mapping[str, Facts], wanted: str) -> str | Facts:
    ids = [*by_id, *_task_ids(client)]
    meant = [one for one in ids if wanted and one.startswith(wanted)]
    if len(meant) == 1:
        return by_id.get(meant[0], meant[0])
    name = lines.safe(wanted, 60)
    if meant:
        shown = ", ".join(lines.safe(one) for one in meant[:SUGGESTED])
        raise NightrunError(f"{len(meant)} ids begin with {name!r}.", f"For example: {shown}")
    hint = _committed(root, wanted) or _hint(wanted, ids, by_id.values())
    raise NightrunError(f"There is no task and no issue {name!r}.", hint)


def _committed(root: Path, wanted: str) -> str:
    """Its commit outlives the history in the state folder."""
    if ID_PATTERN.fullmatch(wanted):
        with suppress(NightrunError):
            found = git.task_commits(root, wanted, "HEAD")
            return f"Its history is gone, its commit is not: git show {found[0]}" if found else ""
    return ""


def _task_ids(client: Client) -> list[str]:
    ids: list[str] = []
    for page in range(MOST_PAGES):
        tasks, total = client.tasks(limit=PAGE, offset=page * PAGE)
        ids += [one.id for one in tasks]
        if (page + 1) * PAGE >= total:
            break
    return ids


def _hint(wanted: str, ids: list[str], issues: Iterable[Facts]) -> str:
    names = [one.NAME for one in conditions.ALL]
    if wanted in names:
        return f"The condition {wanted} is known and has never fired here; `nightrun status` shows what has."
    close = difflib.get_close_matches(wanted, [*ids, *{one["condition"] for one in issues}], n=SUGGESTED)
    shown = " or ".join(lines.safe(one) for one in close)
    return f"Did you mean {shown}?" if close else "`nightrun status` and `nightrun report` show the ids."


# -- what is known of it


def _of_task(root: Path, client: Client, task_id: str, issues: list[Facts]) -> Facts:
    task = asdict(client.task(task_id))
    asked = str(task["context"].get("issue") or task["context"].get("issue_id") or "")
    return {
        "kind": TASK,
        "task": task,
        "events": client.events(task_id),
        "attempts": client.attempts(task_id),
        "needs": [asdict(client.task(one)) for one in task["depends_on"]],
        "pauses": client.pauses(),
        "issue": next((one for one in issues if one["id"] == asked), None),
        "named_by": [one for one in issues if one["status"] == "open" and task_id in _named(one)],
        "logs": _logs(root, task_id),
        **_in_git(root, task),
    }


def _logs(root: Path, task_id: str) -> list[int]:
    """The attempts whose log is still there."""
    numbers = [one.stem.rpartition(".") for one in StateDir(root).task_logs.glob("*.log")]
    return sorted(int(number) for name, _, number in numbers if name == task_id and number.isdecimal())


def _in_git(root: Path, task: Facts) -> Facts:
    """`target`, whether the commit is `on_target`, and whether the attempt's branch is there; None: not known."""
    facts: Facts = {"target": None, "on_target": None, "branch_there": None}
    with suppress(NightrunError):
        run, policy = sight.running(root), _policy(root)
        facts["target"] = run.get("branch") or (policy and policy.project.target) or git.current_branch(root)
        if task["branch"]:
            facts["branch_there"] = git.tip(root, f"refs/heads/{task['branch']}") is not None
        if facts["target"] and task["commit_sha"]:
            facts["on_target"] = _is_on(root, str(task["commit_sha"]), str(facts["target"]))
    return facts


def _is_on(root: Path, sha: str, branch: str) -> bool:
    """False also for a commit that git does not have any more."""
    try:
        return git.is_ancestor(root, sha, f"refs/heads/{branch}")
    except git.GitFailed:
        return False


def _of_issue(root: Path, client: Client, issue: Facts, last_check: float | None) -> Facts:
    state = client.issues_state()
    key = (issue["condition"], issue.get("fingerprint") or "")
    seen = [one for one in state["conditions"] if (one["condition"], one["fingerprint"]) == key]
    return {
        "kind": ISSUE,
        "issue": issue,
        "state": seen[0] if seen else None,
        "last_check": last_check,
        "tasks": _tasks(client, _named(issue)),
        "heal": next(iter(_tasks(client, [issue.get("heal_task_id")])), None),
        "heals": client.snapshot()["heals"],
        "settings": _settings(root, str(issue["condition"])),
        "purpose": _purpose(str(issue["condition"])),
        "run_settings": sight.now(root)["settings"],
    }


def _named(issue: Facts) -> list[Any]:
    """The tasks of its evidence; any program may send an issue."""
    evidence = issue.get("evidence")
    named = evidence.get("tasks") if isinstance(evidence, dict) else None
    return named if isinstance(named, list) else []


def _tasks(client: Client, ids: Iterable[Any]) -> list[Facts]:
    found = []
    for one in [one for one in ids if isinstance(one, str) and one][:TASKS_SHOWN]:
        with suppress(Refused):
            found.append(asdict(client.task(one)))
    return found


def _settings(root: Path, condition: str) -> Facts:
    """What the policy says about the condition, as a person writes it."""
    policy = _policy(root)
    if policy is None or condition not in {one.NAME for one in conditions.ALL}:
        return {}
    return policy.monitor.condition(condition).model_dump(mode="json")


def _purpose(condition: str) -> str:
    module = next((one for one in conditions.ALL if condition == one.NAME), None)
    return ((module and module.__doc__) or "").strip().partition("\n")[0].partition(" (")[0].rstrip(".")
