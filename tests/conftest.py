"""Every test is sealed: an empty HOME, no system git configuration, never this repository."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests import story

GITCONFIG = """\
[user]
    name = Test Person
    email = person@example.invalid
[init]
    defaultBranch = main
[core]
    fsync = none
"""


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: many tests wait for processes."""
    return (os.cpu_count() or 1) + 1


@pytest.fixture(autouse=True)
def sealed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """HOME, git configuration and the current folder belong to this test alone."""
    return seal(tmp_path, monkeypatch)


def seal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The new HOME, in that folder."""
    for name in list(os.environ):
        if name.startswith(("GIT_", "PIPELINE_", "NIGHTRUN_", "XDG_", "MAKE", "MFLAGS")):
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(GITCONFIG)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(home / ".gitconfig"))
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.chdir(tmp_path)
    return home


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A git repository on branch main with one commit that holds README.md."""
    return story.new_repository(tmp_path / "repo")
