"""The optional scanner for secrets: the real program where it is installed, and nothing at all where it is not."""

from __future__ import annotations

import random
import string
from pathlib import Path

import pytest

from nightrun.hands import kingfisher
from nightrun.scans import found
from nightrun.words.change import HOLD, Change, ScanFinding
from tests.scans import changes

needs_it = pytest.mark.skipif(kingfisher.program() is None, reason="kingfisher is not installed (kingfisher-bin)")


def made_up() -> str:
    """In the form of a real key, and nobody's."""
    some = random.Random(7)
    return "sk" + "_live_" + "".join(some.choices(string.ascii_letters + string.digits, k=24))


def look(change: Change, folder: Path, known: tuple[ScanFinding, ...] = ()) -> list[ScanFinding]:
    return kingfisher.look(change, rules=folder / "rules", scratch=folder / "scratch", known=known)


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One of this name that stands before all others on the path; its file is to be written."""
    path = tmp_path / "bin/kingfisher"
    path.parent.mkdir()
    path.write_text("#!/bin/sh\nexit 3\n")
    path.chmod(0o755)
    monkeypatch.setattr(kingfisher, "program", lambda: str(path))
    return path


@needs_it
def test_what_it_finds_holds_the_line_and_is_not_repeated(tmp_path: Path) -> None:
    before = "one\ntwo\nthree\n"
    after = f'one\ntwo\nkey = "{made_up()}"  # kingfisher:ignore gitleaks:allow\nthree\n'
    change = changes.change({"src/pay.py": before}, {"src/pay.py": after})
    (finding,) = look(change, tmp_path)
    assert (finding.path, finding.line, finding.effect) == ("src/pay.py", 3, HOLD)
    assert made_up()[8:] not in finding.message
    assert "stripe" in finding.message
    assert look(change, tmp_path, (found.refuse("secrets", "src/pay.py", 3, "known"),)) == []
    assert not (tmp_path / "scratch").exists()


@needs_it
def test_a_change_without_a_secret_is_no_finding(tmp_path: Path) -> None:
    assert look(changes.adds("print(1)\n"), tmp_path) == []


def test_where_it_is_not_installed_nothing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kingfisher, "program", lambda: None)
    assert look(changes.adds("print(1)\n"), tmp_path) == []


@pytest.mark.parametrize("script", ["exit 3", "echo no json", "exit 200"])
def test_one_that_does_not_work_holds_the_change(tmp_path: Path, program: Path, script: str) -> None:
    program.write_text(f"#!/bin/sh\n{script}\n")
    (finding,) = look(changes.adds("print(1)\n"), tmp_path)
    assert finding.effect == HOLD
    assert "kingfisher could not look at this change" in finding.message


def test_it_is_told_to_ask_nobody_and_sees_only_what_was_added(tmp_path: Path, program: Path) -> None:
    program.write_text(f"""#!/bin/sh
echo "$@" >{tmp_path}/args; env | cut -d= -f1 | sort >{tmp_path}/env; cat 0.py >{tmp_path}/file
echo '{{"findings": []}}'
""")
    change = changes.change({"a b.py": "one\ntwo\n"}, {"a b.py": "one\ntwo\nthree\n"})
    assert look(change, tmp_path) == []
    args = (tmp_path / "args").read_text().split()
    assert {"--no-validate", "--no-update-check", "--no-ignore", "--redact"} <= {*args}
    assert {*(tmp_path / "env").read_text().split()} <= {
        "HOME",
        "KF_RULE_CACHE_DIR",
        "PATH",
        "PWD",
        "OLDPWD",
        "SHLVL",
        "_",
    }
    assert (tmp_path / "file").read_text() == "\n\nthree\n"
