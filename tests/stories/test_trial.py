"""A part that was given up is tried again after half an hour (reliability.md S2), in real time."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.matrix.scene import Scene
from tests.stories.night import script

TRIAL, HEALTHY = 1800.0, 600.0
SLACK = 30.0


@pytest.mark.soak
def test_a_part_that_was_given_up_is_tried_after_half_an_hour_and_the_rest_works_on(tmp_path: Path) -> None:
    scene = Scene(tmp_path / "scene")
    try:
        scene.start().fault("monitor", "die 0.2")
        scene.send("monitor", signal.SIGKILL)
        scene.until(lambda: "FATAL" in scene.log(), "it is given up")
        given_up = scene.until(lambda: scene.state.fatal_issues.exists(), "it is told")
        starts = scene.starts("monitor")
        (scene.faults / "monitor").unlink()
        scene.client.add_task(script("echo 1 >one.txt", "Make one"), "impl")
        scene.until(lambda: len(scene.night.subjects()) == 1, "a task is completed meanwhile")

        tried = scene.until(lambda: scene.starts("monitor") > starts, "it is tried", TRIAL + SLACK)
        scene.until(lambda: scene.works("monitor"), "it works")
        assert scene.state.fatal_issues.exists(), "it is not said to be well before it lived for ten minutes"
        well = scene.until(lambda: "monitor works again" in scene.log(), "it is well", HEALTHY + SLACK)
        print(f"given up after {given_up:.1f} s, tried {tried - given_up:.0f} s later, well {well - tried:.0f} s later")
        assert TRIAL - SLACK < tried - given_up < TRIAL + SLACK
        assert HEALTHY - SLACK < well - tried < HEALTHY + SLACK
        assert not scene.state.fatal_issues.exists()
        assert (scene.starts("monitor"), scene.starts("api"), scene.starts("runner-1")) == (starts + 1, 0, 0)
        assert scene.log().count("FATAL") == 1
    finally:
        scene.close()
