from __future__ import annotations

import os
from pathlib import Path

import pytest

from nightrun.hands import clock, files, git_settings, git_trust
from nightrun.hands.git_trust import Distrusted
from nightrun.hands.state_dir import StateDir
from tests.story import git_out


@pytest.fixture
def state(repo: Path) -> StateDir:
    return StateDir(repo).create()


def test_what_changes_while_a_run_is_at_work_is_not_used(repo: Path, state: StateDir) -> None:
    files.write_json(state.run_json, {"pid": os.getpid(), "start_time": clock.my_identity()[1]})
    git_trust.write(state, run=os.getpid(), trusted=git_settings.mark(repo))
    git_trust.check(repo)
    git_out(repo, "config", "core.fsmonitor", "touch ran")
    with pytest.raises(Distrusted, match="could run programs of an agent"):
        git_trust.check(repo)
    files.write_json(state.run_json, {"pid": os.getpid(), "start_time": 1.0})
    git_trust.check(repo)


def test_what_was_refused_is_used_again_when_a_person_accepts_it(repo: Path, state: StateDir) -> None:
    before = git_trust.watch(repo)
    before.check("The gate")
    assert not git_trust.accept(repo), "nothing was refused"
    git_out(repo, "config", "core.fsmonitor", "touch ran")
    with pytest.raises(Distrusted, match="The gate changed git's settings"):
        before.check("The gate")
    with pytest.raises(Distrusted):
        git_trust.watch(repo)
    assert git_trust.accept(repo)
    git_trust.watch(repo)


def test_a_runner_still_knows_which_run_it_was(repo: Path, state: StateDir) -> None:
    """It closes intake for what another command refused."""
    git_trust.write(state, run=7, trusted="then")
    watch = git_trust.watch(repo)
    git_out(repo, "config", "core.fsmonitor", "touch ran")
    with pytest.raises(Distrusted):
        watch.check("The gate")
    assert git_trust.note(state) == {
        "run": 7,
        "trusted": "then",
        "refused": git_settings.mark(repo),
        "unpaused": True,
    }
