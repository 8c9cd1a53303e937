from __future__ import annotations

import pytest

from nightrun.scans.lock_files import look
from tests.scans import changes


@pytest.mark.parametrize(
    "path", ["package-lock.json", "web/yarn.lock", "CARGO.LOCK", "go.sum", "requirements-dev.lock"]
)
def test_a_changed_lock_file_waits_for_a_person(path: str) -> None:
    (finding,) = look(changes.change({path: "a\n"}, {path: "b\n"}), changes.SETTINGS)
    assert (finding.path, finding.effect) == (path, "hold")
    assert finding.message.startswith("This lock file of dependencies was changed: ")


def test_new_and_deleted_ones_are_said_as_such() -> None:
    said = [one.message for one in look(changes.change({"go.sum": "a\n"}, {"uv.lock": "b\n"}), changes.SETTINGS)]
    assert ["was deleted" in said[0], "is new" in said[1]] == [True, True]


def test_other_files_pass() -> None:
    assert look(changes.change({}, {"package.json": "{}\n", "src/lock.py": "x\n"}), changes.SETTINGS) == []
