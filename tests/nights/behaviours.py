"""The twelve behaviours: what each agent does, how its tasks are to end, and what its attempts may come to."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from tests.stories.night import program

WHY = "REASON-OF-THE-GATE"
GATE = f"if test -e broken.txt; then cat broken.txt; echo {WHY}; exit 1; fi"
LANDED = "landed"
PARKED = "parked"  # failed, or handed to a person
# The first that every agent does: a trace of its attempt, which must be found again.
TRACE = 'mkdir -p work && echo "$PIPELINE_TASK_ID.$PIPELINE_ATTEMPT" >"work/$PIPELINE_TASK_ID.$PIPELINE_ATTEMPT"'
DONE = 'echo done >"$PIPELINE_TASK_ID.txt"'


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    name: str
    what: str  # in words, for the table
    words: str  # of shell; `$OUT` is a folder outside of the repository
    end: str = LANDED
    bad: tuple[str, ...] = ()  # what its attempts may come to besides `completed`
    task_type: str = "impl"
    traces: bool = True  # whether each attempt leaves work that must be found again

    @property
    def command(self) -> list[str]:
        return ["sh", "-c", f"{TRACE}; {self.words}" if self.traces else self.words]


def _call(name: str, *args: str) -> str:
    """The command of an agent of tests/agents; what is to be expanded by the shell stays in double quotes."""
    return " ".join([*map(shlex.quote, program(name)), *(f'"{one}"' for one in args)])


TASK_FILE = "$PIPELINE_TASK_ID.txt"


def all_of(limit_s: float, free: int) -> Sequence[Behaviour]:
    """`limit_s`: how long the usage limit lasts; it comes after `free` tasks."""
    return (
        Behaviour(name="good", what="does its work", words=_call("writes_file.py", TASK_FILE, "done")),
        Behaviour(name="slow", what="takes its time", words=_call("slow.py", "3", TASK_FILE, "done")),
        Behaviour(
            name="silent",
            what="says nothing for ever",
            words=f"exec {_call('sleeps.py', '600')}",
            end=PARKED,
            bad=("silent",),
            task_type="test",
        ),
        Behaviour(name="flood", what="prints 50 MB", words=f"{_call('floods_output.py', '25')}; {DONE}"),
        Behaviour(
            name="daemon",
            what="leaves a daemon behind",
            words=f"{_call('forks_daemon.py', '$OUT/daemon.$PIPELINE_TASK_ID', '600')}; {DONE}",
        ),
        Behaviour(
            name="stubborn",
            what="is too late and ignores SIGTERM, once",
            words=f'if [ "$PIPELINE_ATTEMPT" = 1 ]; then exec {_call("ignores_sigterm.py", "600")}; fi; {DONE}',
            bad=("timeout",),
            task_type="spec",
        ),
        Behaviour(
            name="liar",
            what="says that all is done",
            words=_call("lies_about_success.py"),
            end=PARKED,
            bad=("no_change",),
            traces=False,
        ),
        Behaviour(
            name="limit",
            what=f"is at its usage limit for {limit_s:.0f} s",
            words=_call("at_its_limit.py", "$OUT/limit", str(free), str(limit_s), TASK_FILE),
            bad=("limit",),
        ),
        Behaviour(
            name="login",
            what="loses its login",
            words=_call("logged_out.py", "$OUT/login", TASK_FILE),
            bad=("auth",),
            traces=False,  # its trial is done in a repository that is thrown away
        ),
        Behaviour(
            name="conflict",
            what="changes the line that others change",
            words=_call("same_line.py", "$OUT/meet", "names.txt"),
            bad=("conflict",),
        ),
        Behaviour(
            name="crash",
            what="takes its runner with it, once",
            words=f"exec {_call('wants_death.py', '$OUT/death', TASK_FILE)}",
            bad=("interrupted",),
        ),
        Behaviour(
            name="again",
            what="makes the same mistake again and again",
            words="echo the same >broken.txt",
            end=PARKED,
            bad=("gate",),
            traces=False,  # its attempts are to be the same
        ),
    )
