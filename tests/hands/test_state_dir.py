from __future__ import annotations

from pathlib import Path

from nightrun.hands import state_dir
from nightrun.hands.state_dir import StateDir
from tests.story import git_out


def test_create_makes_a_folder_for_this_user_alone(tmp_path: Path) -> None:
    state = StateDir(tmp_path).create()
    assert state.path == tmp_path / ".pipeline"
    assert state.path.stat().st_mode & 0o777 == 0o700
    assert state.task_logs.is_dir()
    assert state.outbox.is_dir()


def test_create_again_keeps_what_is_there(tmp_path: Path) -> None:
    state = StateDir(tmp_path).create()
    state.api_json.write_text("{}")
    state.create()
    assert state.api_json.read_text() == "{}"


def test_create_takes_rights_of_others_away(tmp_path: Path) -> None:
    (tmp_path / ".pipeline").mkdir(mode=0o755)
    assert StateDir(tmp_path).create().path.stat().st_mode & 0o777 == 0o700


def test_names_of_logs(tmp_path: Path) -> None:
    state = StateDir(tmp_path)
    assert state.log("runner-1") == tmp_path / ".pipeline/logs/runner-1.log"
    assert state.task_log("0abc", 2) == tmp_path / ".pipeline/logs/tasks/0abc.2.log"


def test_the_folder_is_kept_out_of_git_once(repo: Path) -> None:
    StateDir(repo).create().db.write_text("x")
    target = repo / ".git/info/exclude"
    target.write_text("*.swp")
    assert state_dir.exclude(target) is True
    assert state_dir.exclude(target) is False
    assert target.read_text() == "*.swp\n/.pipeline/\n"
    assert git_out(repo, "status", "--porcelain", "--untracked-files=all") == ""


def test_exclude_makes_the_file_when_it_is_missing(tmp_path: Path) -> None:
    assert state_dir.exclude(tmp_path / "info" / "exclude") is True
    assert (tmp_path / "info" / "exclude").read_text() == "/.pipeline/\n"
