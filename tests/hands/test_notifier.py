from __future__ import annotations

import json
import stat
import sys
from pathlib import Path

import pytest

from nightrun.hands import notifier
from nightrun.hands.notifier import Answer

MESSAGE = {"kind": "problem", "title": "nightrun project: 1 new issue", "text": "high: gate_red: it fails"}
SECRET = "slack://AAAAAAAAA/BBBBBBBBB/token123456789"
APPRISE = """\
import json, os, logging, time
class Service:
    def __init__(self, url): self.url, self.service_name = url, url.split(":")[0].title()
class Apprise:
    def __init__(self): self.all = []
    def add(self, one):
        if isinstance(one, str) and not one.startswith(("slack", "bad", "breaks", "hangs")): return False
        self.all.append(Service(one) if isinstance(one, str) else one)
        return True
    def __iter__(self): return iter(self.all)
    def __len__(self): return len(self.all)
    def notify(self, **more):
        url = self.all[0].url
        if url.startswith("hangs"): time.sleep(600)
        if url.startswith("breaks"): raise RuntimeError("a bug with " + url)
        if url.startswith("bad"): logging.getLogger("apprise").warning("no answer from %s", url)
        with open(os.environ["HOME"] + "/told", "a") as file: file.write(json.dumps([url, more]) + "\\n")
        return url.startswith("slack")
"""


@pytest.fixture
def apprise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of that name; the file that it writes."""
    folder = tmp_path / "packages"
    folder.mkdir()
    (folder / "apprise.py").write_text(APPRISE)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    return tmp_path / "home/told"


def program(folder: Path, text: str) -> list[str]:
    path = folder / "tell-me"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return [str(path), "now"]


def send(folder: Path, *urls: str, command: list[str] | None = None, timeout_s: float = 20.0) -> list[Answer]:
    return notifier.send(MESSAGE, urls=urls, command=command, root=folder, timeout_s=timeout_s)


def test_program_gets_the_message_as_json_in_the_repository(tmp_path: Path) -> None:
    command = program(tmp_path, 'cat > got; echo "$1" >> got')
    assert send(tmp_path, command=command) == [Answer(to="tell-me", ok=True)]
    text, argument = (tmp_path / "got").read_text().rsplit("}", 1)
    assert json.loads(text + "}") == MESSAGE and argument.strip() == "now"


def test_program_that_fails_hangs_or_is_missing_is_an_answer(tmp_path: Path) -> None:
    failed = send(tmp_path, command=program(tmp_path, "echo 'no \\033[31mroute' >&2; exit 3"))
    assert failed == [Answer(to="tell-me", ok=False, said="exit code 3: no [31mroute")]
    hangs = send(tmp_path, command=program(tmp_path, "exec sleep 600"), timeout_s=0.2)
    assert hangs == [Answer(to="tell-me", ok=False, said="did not end within 0.2 s")]
    (missing,) = send(tmp_path, command=[str(tmp_path / "nothing")])
    assert not missing.ok and "cannot be started" in missing.said


def test_each_service_has_an_answer_and_no_secret_is_repeated(tmp_path: Path, apprise: Path) -> None:
    answers = send(tmp_path, f"{SECRET} bad://token987654321/x", "what://secret111111 breaks://secret222222")
    assert [(one.to, one.ok) for one in answers] == [
        ("Slack", True),
        ("Bad", False),
        ("address 3", False),
        ("Breaks", False),
    ]
    assert answers[1].said == "no answer from bad://***/x"
    assert answers[3].said == "RuntimeError: a bug with breaks://***"
    url, said = json.loads(apprise.read_text().splitlines()[0])
    assert url == SECRET
    assert said == {"body": MESSAGE["text"], "title": MESSAGE["title"], "notify_type": "warning", "body_format": "text"}


def test_service_that_hangs_is_ended(tmp_path: Path, apprise: Path) -> None:
    assert send(tmp_path, "hangs://secret111111", timeout_s=1.0) == [
        Answer(to="hangs", ok=False, said="no answer within 1 s")
    ]


def test_apprise_that_is_missing_is_said_with_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "apprise.py").write_text("raise ImportError\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (answer,) = send(tmp_path, SECRET)
    assert not answer.ok and "nightrun[notify]" in answer.said


def test_address_is_no_argument_of_a_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = program(tmp_path, 'echo "$@" > args; cat > got')
    monkeypatch.setattr(sys, "executable", fake[0])
    monkeypatch.chdir(tmp_path)
    send(tmp_path, SECRET)
    assert SECRET in (tmp_path / "got").read_text()
    assert "token" not in (tmp_path / "args").read_text()


def test_kinds_hold_nothing_secret() -> None:
    assert notifier.kinds([f"{SECRET}  ntfy://topic", "nonsense"]) == ["slack", "ntfy"]
