"""In a process of its own: becoming a subreaper and ending orphans is about everything that a process has."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nightrun

TOOLS = str(Path(nightrun.__file__).parents[1])
HEAD = """
import os, subprocess, sys, time
from nightrun.hands import orphans, process
sleeper = ["sleep", "60"]
def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False
def orphan(*argv, session=False):
    "A child of a child that has ended: it becomes ours."
    code = "import subprocess as s, sys; print(s.Popen(sys.argv[2:], stdout=s.DEVNULL, stderr=s.DEVNULL, " \
        "start_new_session=sys.argv[1] == 'True').pid)"
    argv = [sys.executable, "-c", code, str(session), *argv]
    return int(subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=True).stdout)
"""


def run(body: str) -> str:
    argv, env = [sys.executable, "-c", HEAD + body], {**os.environ, "PYTHONPATH": TOOLS}
    done = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_orphans_are_ended_and_own_children_with_what_is_below_them_are_not() -> None:
    said = run("""
process.become_subreaper()
mine = subprocess.Popen(["sh", "-c", "sleep 60 & echo $!; wait"], stdout=subprocess.PIPE, text=True)
below = int(mine.stdout.readline())
left = [orphan(*sleeper), orphan(*sleeper, session=True)]
ended = orphans.end({mine.pid})
print(sorted(left) == ended, [alive(one) for one in left], alive(mine.pid), alive(below))
os.kill(below, 9); mine.kill()
""")
    assert said == "True [False, False] True True\n"


def test_what_is_below_an_orphan_is_ended_with_it() -> None:
    said = run("""
process.become_subreaper()
above = orphan("sh", "-c", "sleep 60 & sleep 60")
def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [int(one) for one in file.read().split()]
while len(below := children(above)) < 2:
    time.sleep(0.01)
print(sorted([above, *below]) == orphans.end(set()), list(map(alive, [above, *below])))
""")
    assert said == "True [False, False, False]\n"


def test_children_that_were_there_before_are_spared() -> None:
    said = run("""
before = subprocess.Popen(sleeper)
spared = orphans.present()
process.become_subreaper()
left = orphan(*sleeper)
print(orphans.end(set(), spared) == [left], alive(before.pid))
before.kill()
""")
    assert said == "True True\n"


def test_with_no_orphan_nothing_is_ended() -> None:
    assert run("print(orphans.end(set()))") == "[]\n"
