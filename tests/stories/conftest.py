"""What stories share: a night that is ended whatever happens in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.stories.night import Night

Nights = Callable[..., Night]


@pytest.fixture
def new_night(tmp_path: Path) -> Iterator[Nights]:
    """Makes a night with a policy; everything that runs in it is ended after the test."""
    made: list[Night] = []

    def make(policy: dict[str, Any] | None = None, name: str = "repo", *, in_sandbox: bool = False) -> Night:
        made.append(Night(tmp_path / name, policy, in_sandbox=in_sandbox))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def night(new_night: Nights) -> Night:
    return new_night()
