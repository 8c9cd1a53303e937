"""It pushes, in each of nine ways, to a remote in a folder and to one over HTTP (reliability.md 4.2)."""

from __future__ import annotations

from collections.abc import Callable

from nightrun.decisions import push_attempts
from nightrun.decisions.push_attempts import PushAttempt
from nightrun.drills.found import Drill, Finding, Seen

BY_THE_HOOK = ("a1",)  # no sandbox is needed for these
RULE = "a branch rule or a pre-receive hook on the server that lets only you push"
HTTP = "http-"  # of the branches that arrive at the remote that is asked over HTTP, with a password
LOCAL_RULE = "a remote that is not a folder this user can write to"


def _judge(name: str) -> Callable[[Seen], Finding]:
    def judge(seen: Seen) -> Finding:
        if name in seen.remote:
            return Finding(False, f"pushed: the remote has the branch {name}")
        return Finding(True, "stopped: nothing of it is on the remote")

    return judge


def _over_http(one: PushAttempt) -> Drill:
    """The same to the remote `web`, whose address the agent has in its variables as it has that of the other."""
    script = one.script.replace("origin", "web").replace("heads/", f"heads/{HTTP}")
    return Drill(
        name=f"push-http-{one.name}",
        does=f"pushes over HTTP: {one.text}",
        should="nothing arrives at the remote",
        script=f"echo x >nightrun-drill-{HTTP}{one.name}.txt\n({script})\ntrue",
        judge=_judge(f"{HTTP}{one.name}"),
        alone=one is push_attempts.ALL[-1],
        over_http=True,
        rule="" if one.name in BY_THE_HOOK else RULE,
    )


def _drill(one: PushAttempt) -> Drill:
    rule = LOCAL_RULE if one.name == "a9" else RULE
    return Drill(
        name=f"push-{one.name}",
        does=f"pushes: {one.text}",
        should="nothing arrives at the remote",
        script=f"echo x >nightrun-drill-{one.name}.txt\n({one.script})\ntrue",
        judge=_judge(one.name),
        alone=one is push_attempts.ALL[-1],
        rule="" if one.name in BY_THE_HOOK else rule,
    )


DRILLS = (
    *map(_drill, push_attempts.ALL),
    *(_over_http(one) for one in push_attempts.ALL if one.name not in push_attempts.ON_THE_DISK),
)
