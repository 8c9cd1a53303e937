"""The setting with which a person's own commits survive a power cut, and its way back."""

from __future__ import annotations

from pathlib import Path

import pytest

from nightrun.hands import git_durable
from tests.story import git_out


@pytest.fixture
def plain(repo: Path, sealed: Path) -> Path:
    """Without the setting that makes git quick in tests."""
    git_out(repo, "config", "--global", "--unset", "core.fsync")
    return repo


def test_it_is_set_once_and_taken_back(plain: Path) -> None:
    assert git_durable.harden(plain) == ["core.fsync: set to `all` here, so that a power cut takes no commit"]
    assert git_out(plain, "config", "core.fsync") == "all"
    assert git_durable.harden(plain) == []
    assert git_durable.undo(plain) == ["core.fsync: taken back"]
    assert "fsync" not in (plain / ".git/config").read_text()


def test_what_the_person_set_stays(plain: Path) -> None:
    git_out(plain, "config", "--global", "core.fsync", "none")
    assert git_durable.harden(plain) == []
    git_out(plain, "config", "core.fsync", "objects")
    assert git_durable.harden(plain) == []
    assert git_durable.undo(plain) == []
    assert git_out(plain, "config", "core.fsync") == "objects"


def test_what_the_person_changed_since_stays(plain: Path) -> None:
    git_durable.harden(plain)
    git_out(plain, "config", "core.fsync", "objects")
    assert git_durable.undo(plain) == []
    assert git_out(plain, "config", "core.fsync") == "objects"
