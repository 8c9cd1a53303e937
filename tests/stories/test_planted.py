"""An agent plants programs into git's settings or hooks: no git of ours runs them, and the work is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stories.conftest import Nights
from tests.stories.night import check_one_commit_each, program, script
from tests.story import git_out

PLANTERS = {
    "settings": program("plants_git_config.py"),
    "hooks": program("edits_hooks.py"),
}


@pytest.mark.soak
def test_a_filter_in_the_settings_of_the_worktree_alone_never_runs(new_night: Nights, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    filters = f"git config --worktree filter.x.clean 'touch {marker}; cat'; echo '* filter=x' >.gitattributes"
    night = new_night()
    git_out(night.root, "config", "extensions.worktreeConfig", "true")
    with night.api() as client:
        client.add_task(script(f"{filters}; echo a >a.txt"), "impl")
    assert night.until_idle() == 1, night.said()
    (task,) = night.tasks()
    assert not marker.exists()
    assert "settings or hooks in this repository were changed" in (task.error_summary or "")
    assert (Path(task.worktree or "") / "a.txt").read_text() == "a\n"


@pytest.mark.parametrize("kind", ["settings", pytest.param("hooks", marks=pytest.mark.soak)])
def test_what_is_planted_stops_the_night_before_any_git_runs_it(new_night: Nights, tmp_path: Path, kind: str) -> None:
    marker = tmp_path / "marker"
    said = str(marker) if kind == "settings" else f"touch '{marker}'"
    command = ["sh", "-c", 'echo mine >mine.txt; exec "$@"', "sh", *PLANTERS[kind], said]
    night = new_night({"agents": {"planter": {"command": command}}})
    with night.api() as client:
        planter = client.add_task("Plant", "impl", agent="planter").id
        after = client.add_task(script("echo a >a.txt"), "impl").id
    assert night.until_idle() == 1, night.said()
    tasks = {one.id: one for one in night.tasks()}
    assert not marker.exists(), marker.read_text()
    assert tasks[planter].error_class == "scan"
    assert "settings or hooks in this repository were changed" in (tasks[planter].error_summary or "")
    worktree = Path(tasks[planter].worktree or "")
    assert (worktree / "mine.txt").read_text() == "mine\n"
    assert (tasks[after].status, tasks[after].failures, night.subjects()) == ("pending", 0, [])
    assert "settings or hooks in this repository were changed" in night.log.read_text()


@pytest.mark.parametrize("code", [pytest.param(0, marks=pytest.mark.soak), 1])
def test_what_the_gate_plants_is_found_before_any_git_of_ours_runs(
    new_night: Nights, tmp_path: Path, code: int
) -> None:
    """It runs what the agent wrote. After a red one the target itself is checked, in a worktree that git fills."""
    marker = tmp_path / "marker"
    plants = f'test -e a.txt || exit 0; "$@"; touch -d 2001-01-01 README.md; exit {code}'
    gate = [["sh", "-c", plants, "sh", *PLANTERS["settings"], str(marker)]]
    night = new_night({"task_types": {"impl": {"gate": gate}}})
    with night.api() as client:
        client.add_task(script("echo a >a.txt"), "impl")
    assert night.until_idle() == 1, night.said()
    [task] = night.tasks()
    assert not marker.exists(), marker.read_text()
    assert "settings or hooks in this repository were changed" in (task.error_summary or "")
    assert (Path(task.worktree or "") / "a.txt").read_text() == "a\n"


def test_a_person_who_looked_resumes_and_all_goes_on(new_night: Nights) -> None:
    agent = {"command": ["sh", "-c", "git config core.abbrev 9; echo x >x.txt"]}
    night = new_night({"agents": {"planter": agent}, "limits": {"attempts": 2, "backoff": ["100ms"]}})
    with night.api() as client:
        client.add_task("Plant", "impl", agent="planter")
        client.add_task(script("echo a >a.txt"), "impl")
    assert night.until_idle() == 1, night.said()
    assert night.until_idle() == 1, "starting again is no word of a person\n" + night.said()
    assert night.subjects() == []
    night.call("resume")
    assert night.until_idle() == 0, night.said()
    assert len(night.subjects()) == 2
    check_one_commit_each(night, night.tasks())
