"""What of the home folder is shown: programs, and settings that hold no secret."""

from __future__ import annotations

import pytest

from nightrun.decisions import sandbox_home

HOME = "/home/me"
HIDDEN = (HOME, "/tmp", "/var/tmp", "/run")


@pytest.mark.parametrize(
    "text",
    [
        "//registry.npmjs.org/:_authToken=abcdef0123456789\n",
        "[global]\nindex-url = https://me:hunter2@pypi.example.org/simple\n",
        '[url "https://x-access-token@github.com/"]\n\tinsteadOf = https://github.com/\n',
        "[http]\n\textraheader = Authorization: Basic eDp5\n",
        "<server><password>hunter2</password></server>",
        "signing.password=hunter2\n",
        "machine example.org login me password hunter2 token: x\n",
        'proxy-user = "me:hunter2"\n',
    ],
)
def test_a_file_that_holds_a_secret_is_told(text: str) -> None:
    assert sandbox_home.holds_secret(text)


@pytest.mark.parametrize(
    "text",
    [
        "[user]\n\tname = A Person\n\temail = a@example.org\n[credential]\n\thelper = store\n",
        "[global]\nindex-url = https://pypi.example.org/simple\ntrusted-host = pypi.example.org\n",
        "registry=https://registry.example.org/\nfund=false\n",
        '[alias]\n\tst = status\n[init]\n\tdefaultBranch = main\n[url "git@github.com:"]\n\tinsteadOf = gh:\n',
        "",
    ],
)
def test_settings_without_a_secret_are_shown(text: str) -> None:
    assert not sandbox_home.holds_secret(text)


@pytest.mark.parametrize(
    ("program", "shown"),
    [
        ("/usr/bin/python3", None),
        (f"{HOME}/tool/bin/agent", f"{HOME}/tool"),
        (f"{HOME}/.local/bin/claude", f"{HOME}/.local/bin"),
        (f"{HOME}/.cargo/bin/tool", f"{HOME}/.cargo/bin"),
        (f"{HOME}/bin/agent", f"{HOME}/bin"),
        (f"{HOME}/agents/mine.py", f"{HOME}/agents"),
        (f"{HOME}/mine.py", f"{HOME}/mine.py"),
        ("/tmp/mine.py", "/tmp/mine.py"),
    ],
)
def test_a_program_brings_what_it_is_made_of_and_never_the_whole_home_folder(program: str, shown: str | None) -> None:
    assert sandbox_home.shown(program, hidden=HIDDEN) == shown


def test_folders_on_path_and_of_tools_are_shown_when_they_would_be_hidden() -> None:
    environ = {
        "PATH": f"/usr/bin:{HOME}/venv/bin:{HOME}/bin::relative:{HOME}",
        "GOROOT": f"{HOME}/sdk/go",
        "JAVA_HOME": "/usr/lib/jvm",
        "VIRTUAL_ENV": HOME,
    }
    found = set(sandbox_home.program_folders(environ, hidden=HIDDEN))
    assert found == {f"{HOME}/venv", f"{HOME}/bin", f"{HOME}/sdk/go"}


def test_no_folder_that_is_shown_is_one_that_holds_credentials() -> None:
    secret = (".ssh", ".gnupg", ".aws", ".config", ".config/gh", ".docker", ".kube", ".netrc", ".git-credentials")
    shown = (*sandbox_home.TOOLS, *sandbox_home.CACHES, *sandbox_home.SETTINGS)
    assert not [one for one in shown for bad in secret if one == bad or bad.startswith(f"{one}/")]
