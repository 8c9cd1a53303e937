"""The first runner after a boot looks at the repository before any work, and only the first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from nightrun.flows import runner_after_boot
from nightrun.hands import files
from tests.stories.conftest import Nights
from tests.stories.crash import Crash
from tests.story import commit_all, git_out, write


@pytest.fixture
def crash(new_night: Nights, tmp_path: Path) -> Iterator[Crash]:
    night = new_night()
    with night.api() as client:
        yield Crash(night, client, tmp_path / "crash")


def reasons(crash: Crash) -> list[str]:
    return [one["reason"] for one in crash.client.pauses() if one["by"] == "disk"]


def test_a_repository_that_a_power_cut_damaged_is_not_worked_in(crash: Crash) -> None:
    root, note = crash.night.root, crash.night.state.path / runner_after_boot.NOTE
    runner_after_boot.check(crash.world())
    files.write_json(note, {"boot_id": "the one before"})
    write(root, "mine.txt", "mine\n")
    sha = commit_all(root, "mine")
    lost = git_out(root, "rev-parse", "HEAD:mine.txt")
    path = root / ".git/objects" / lost[:2] / lost[2:]
    path.chmod(0o644)
    path.write_bytes(b"")

    runner_after_boot.check(crash.world())
    assert not path.exists()
    assert len(reasons(crash)) == 1
    assert lost in reasons(crash)[0]
    assert files.read_json(note) == {"boot_id": "the one before"}
    # A person brings it back, and says so.
    git_out(root, "hash-object", "-w", "mine.txt")
    crash.client.resume("intake")
    runner_after_boot.check(crash.world())
    assert reasons(crash) == []
    assert git_out(root, "rev-parse", "main") == sha


def test_it_is_done_once_for_each_boot(crash: Crash, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Path] = []
    monkeypatch.setattr("nightrun.hands.git_check.problems", lambda root: asked.append(root) or [])
    runner_after_boot.check(crash.world())
    assert asked == []
    files.write_json(crash.night.state.path / runner_after_boot.NOTE, {"boot_id": "the one before"})
    runner_after_boot.check(crash.world())
    runner_after_boot.check(crash.world())
    assert asked == [crash.night.root]
