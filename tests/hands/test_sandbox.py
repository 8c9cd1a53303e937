"""Real programs in real sandboxes: what they reach, what they do not, and what is left of them."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from nightrun.hands import git_worktree, process, sandbox, survivors
from nightrun.hands.process import Ended, ProgramMissing
from nightrun.hands.sandbox import Found, NoSandbox, Place
from nightrun.hands.state_dir import StateDir
from nightrun.words.sandbox import AGENT, GATE, Own, Rules
from tests.sandboxed import NEEDED
from tests.story import commit_all, git_out, write

pytestmark = NEEDED
MARK = "test-of-sandboxes:"


class Box:
    """A repository with a state folder, an attempt's worktree, and a home folder with what must not be read."""

    def __init__(self, root: Path, home: Path) -> None:
        self.root, self.home = root, home
        self.state = StateDir(root).create()
        self.worktree = self.state.worktrees / "t.1"
        git_worktree.add(root, self.worktree, "pipeline/t.1", "HEAD")

    def place(self, kind: str = AGENT, own: Own | None = None, command: tuple[str, ...] = ()) -> Place:
        room = self.state.path / sandbox.ROOMS / "t.1"
        return Place(worktree=self.worktree, root=self.root, room=room, kind=kind, own=own or Own(), command=command)

    def run(
        self,
        script: str,
        rules: Rules | None = None,
        place: Place | None = None,
        argv: list[str] | None = None,
        timeout_s: float = 60.0,
    ) -> Ended:
        env = {"PATH": os.environ["PATH"], "HOME": str(self.home)}
        command = argv or ["sh", "-c", script]
        with sandbox.entered(rules or Rules(mode="bwrap"), place or self.place(), command, env) as box:
            assert box
            return process.run_agent(
                command,
                cwd=self.worktree,
                env=env,
                sandbox=box,
                stdin=None,
                log=self.state.logs / "agent.log",
                timeout_s=timeout_s,
                silence_s=None,
                should_stop=lambda: False,
                marker=f"{MARK}{os.getpid()}",
            )

    def says(self, script: str, rules: Rules | None = None, place: Place | None = None) -> str:
        ended = self.run(script, rules, place)
        assert ended.code == 0, ended.tail.decode()
        return ended.tail.decode().strip()


@pytest.fixture
def box(repo: Path, sealed: Path) -> Box:
    return Box(repo, sealed)


@pytest.fixture
def elsewhere() -> Iterator[Path]:
    """A folder in none of the places that are others inside."""
    import tempfile

    with tempfile.TemporaryDirectory(dir=Path(__file__).parents[2] / ".venv", prefix="sandbox-") as folder:
        yield Path(folder)


# -- what is out of reach


def test_credentials_of_the_person_are_not_there(box: Box) -> None:
    names = (".ssh/id_ed25519", ".git-credentials", ".netrc", ".config/gh/hosts.yml", ".aws/credentials", "diary.txt")
    for name in names:
        write(box.home, name, "SECRET")
    shown = box.says("find ~ -type f | xargs cat 2>/dev/null")
    assert "SECRET" not in shown


def test_the_token_the_database_and_env_files_are_not_there(box: Box) -> None:
    for path in (box.state.token, box.state.db, box.root / ".env", box.root / ".env.local"):
        path.write_text("SECRET")
    write(box.root, ".env.example", "EXAMPLE")
    shown = box.says(
        f"cd {box.root}; cat .env .env.local .env.example .pipeline/token .pipeline/pipeline.db; ls .pipeline"
    )
    assert "SECRET" not in shown
    assert "EXAMPLE" in shown
    assert shown.splitlines()[-1] == "worktrees"


def test_in_the_project_root_env_files_that_git_does_not_know_are_not_there_either(box: Box) -> None:
    """`isolation: root`: the worktree is the project root."""
    write(box.root, ".env.test", "KNOWN")
    write(box.root, ".gitignore", ".env\n.env.local\n")
    commit_all(box.root, "settings of tests")
    for name in (".env", ".env.local"):
        write(box.root, name, "SECRET")
    box.worktree = box.root
    shown = box.says(
        "cat .env .env.local .env.test 2>/dev/null; (rm -f .env; mv .env.local x; echo spoilt >.env) 2>/dev/null;"
        " git status --porcelain .env .env.local; echo x >work.txt"
    )
    assert shown == "KNOWN"
    assert [(box.root / name).read_text() for name in (".env", ".env.local")] == ["SECRET"] * 2
    assert (box.root / "work.txt").read_text() == "x\n"
    assert box.says("cat .env", Rules(links=(".env",))) == "SECRET", "what the policy links is meant to be read"


def test_an_env_file_that_the_policy_links_is_readable(box: Box) -> None:
    write(box.root, ".env", "LINKED")
    assert box.says(f"cat {box.root}/.env", Rules(links=(".env",))) == "LINKED"


def test_nothing_outside_of_the_worktree_can_be_written(box: Box, elsewhere: Path) -> None:
    script = (
        f"for one in {box.root} {box.root}/.git {box.root}/.git/hooks {elsewhere} /usr /etc /proc/sys/kernel;"
        ' do touch "$one/x" 2>/dev/null && echo "wrote $one"; done;'
        " test -w /proc/sys/kernel/core_pattern && echo kernel;"
        " echo mine >own.txt; echo t >/tmp/t; echo h >~/h; cat own.txt"
    )
    assert box.says(script) == "mine"
    assert (box.worktree / "own.txt").read_text() == "mine\n"
    assert not (box.home / "h").exists()
    assert not Path("/tmp/t").exists()


def test_processes_of_the_machine_cannot_be_seen_or_ended(box: Box) -> None:
    shown = box.says(f"kill -0 {os.getpid()} 2>/dev/null && echo seen; ls -d /proc/[0-9]* | wc -l")
    assert int(shown) < 10


def test_sockets_of_services_that_start_programs_are_not_there(box: Box) -> None:
    assert box.says("ls /run | grep -v -e nscd -e systemd -e resolvconf -e NetworkManager -e nightrun || true") == ""


# -- what is shown


def test_an_agent_finds_its_own_login_and_cannot_change_what_names_programs(box: Box) -> None:
    own = Own(folders=(".agent", ".absent"), files=(".agent.json",), settings=(".agent/settings.json",))
    write(box.home, ".agent/login", "old")
    write(box.home, ".agent/settings.json", "{}")
    write(box.home, ".agent.json", "known")
    script = "cat ~/.agent.json; echo new >~/.agent/login; echo x >~/.agent.json; echo evil >~/.agent/settings.json"
    assert box.run(script, place=box.place(own=own)).code != 0
    assert (box.home / ".agent/login").read_text() == "new\n"
    assert (box.home / ".agent/settings.json").read_text() == "{}"
    assert (box.home / ".agent.json").read_text() == "known"


def test_settings_without_a_secret_are_copied_and_others_withheld(box: Box) -> None:
    write(box.home, ".npmrc", "//registry.npmjs.org/:_authToken=abcdefabcdef0123\n")
    write(box.home, ".config/pip/pip.conf", "[global]\nindex-url = https://pypi.example.org/simple\n")
    shown = box.says(
        "cat ~/.npmrc 2>/dev/null; cat ~/.config/pip/pip.conf; git config user.name; git config commit.gpgSign"
    )
    assert "authToken" not in shown
    assert "pypi.example.org" in shown
    assert shown.splitlines()[-2:] == ["Test Person", "false"]


def test_what_the_person_allows_is_there(box: Box, elsewhere: Path) -> None:
    write(box.home, ".tool/key", "allowed")
    rules = Rules(readable=("~/.tool", "/no/such/path"), writable=(str(elsewhere),))
    assert box.says(f"cat ~/.tool/key; echo x >{elsewhere}/x; touch ~/.tool/y 2>/dev/null || echo only read", rules)
    assert (elsewhere / "x").exists()
    assert not (box.home / ".tool/y").exists()


def test_programs_in_hidden_folders_run_with_what_lies_beside_them(box: Box, tmp_path: Path) -> None:
    """This Python may lie anywhere, and the file that the policy names lies below /tmp."""
    write(tmp_path, "mine/beside.py", "WORD = 'found'\n")
    file = write(tmp_path, "mine/agent.py", "import beside\nprint(beside.WORD)\n")
    argv = [sys.executable, str(file)]
    ended = box.run("", argv=argv, place=box.place(command=tuple(argv)))
    assert ended.tail.decode().strip() == "found"


def test_caches_last_from_one_to_the_next_and_a_gate_has_its_own(box: Box) -> None:
    assert box.says("echo kept >~/.cache/one; echo also >~/.npm/two; cat ~/.cache/one") == "kept"
    assert box.says("cat ~/.cache/one ~/.npm/two") == "kept\nalso"
    assert box.says("cat ~/.cache/one 2>/dev/null; ls ~/.npm", place=box.place(GATE)) == ""
    assert not (box.home / ".npm").exists()


def test_links_of_the_policy_lead_somewhere_that_can_be_written(box: Box) -> None:
    write(box.root, "node_modules/a", "a")
    (box.worktree / "node_modules").symlink_to(box.root / "node_modules")
    assert box.says("cat node_modules/a; echo b >node_modules/b", Rules(links=("node_modules",))) == "a"
    assert (box.root / "node_modules/b").exists()


def test_the_room_is_gone_afterwards_whatever_was_left_in_it(box: Box) -> None:
    box.says("mkdir -p /tmp/a/b; echo x >/tmp/a/b/c; chmod 0 /tmp/a/b /tmp/a")
    assert not list((box.state.path / sandbox.ROOMS).iterdir())


# -- how it ends


def test_the_exit_code_and_the_signal_of_the_program_are_told(box: Box) -> None:
    assert box.run("exit 7").code == 7
    assert box.run("kill -KILL $$").code == -signal.SIGKILL


def test_at_its_time_limit_a_program_is_asked_first(box: Box) -> None:
    script = "trap 'echo asked; exit 3' TERM; echo up; while :; do sleep 0.05; done"
    ended = box.run(script, timeout_s=1.0)
    assert (ended.code, ended.reason) == (3, "timeout")
    assert ended.tail.decode().split()[-1] == "asked"


def test_what_it_leaves_is_dead_at_once_sessions_and_daemons_too(box: Box) -> None:
    started = time.monotonic()
    ended = box.run("sleep 300 & setsid sleep 300 & (setsid sh -c 'trap \"\" TERM; sleep 300 & wait' &) ; echo done")
    assert (ended.code, ended.reason, ended.tail) == (0, "exit", b"done\n")
    assert time.monotonic() - started < 30
    assert not survivors.marked(f"{MARK}{os.getpid()}")


def test_a_program_that_is_not_there_is_known_before_it_starts(box: Box) -> None:
    for argv in (["no-such-program"], ["./no-such-file"]):
        with pytest.raises(ProgramMissing, match="no-such"):
            box.run("", argv=argv)


def test_a_program_whose_interpreter_is_missing_is_known_by_what_bwrap_says(box: Box) -> None:
    write(box.worktree, "broken", "#!/no/such/interpreter\n").chmod(0o755)
    ended = box.run("", argv=["./broken"])
    with pytest.raises(ProgramMissing, match="broken"):
        sandbox.check_end(("bwrap",), ended)


def test_a_room_that_cannot_be_made_is_no_failure_of_the_program(tmp_path: Path, box: Box) -> None:
    argv = ("bwrap", "--ro-bind", "/no/such/folder", "/x", "--", "true")
    done = process.run_agent(
        ["true"], cwd=tmp_path, env={"PATH": os.environ["PATH"]}, sandbox=argv[:-1], stdin=None,
        log=tmp_path / "log", timeout_s=20, silence_s=None, should_stop=lambda: False, marker=MARK,
    )  # fmt: skip
    with pytest.raises(NoSandbox, match="no/such/folder"):
        sandbox.check_end(argv, done)
    ended = box.run("echo 'bwrap: not me'; exit 0")
    sandbox.check_end(argv, ended)


# -- whether there is one


def test_without_bwrap_auto_does_without_and_bwrap_insists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "look", lambda: Found(program=None, why="bwrap is not here", fix=sandbox.INSTALL))
    assert sandbox.wanted("auto") is None
    assert sandbox.wanted("off") is None
    with pytest.raises(NoSandbox, match="bwrap is not here"):
        sandbox.wanted("bwrap")


def test_a_bwrap_that_may_not_be_used_is_told_with_its_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stub = write(tmp_path, "bin/bwrap", "#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n")
    stub.chmod(0o755)
    monkeypatch.setenv("PATH", str(stub.parent), prepend=os.pathsep)
    found = sandbox.look.__wrapped__()
    assert found.program is None
    assert "uid map: Permission denied" in found.why
    assert "AppArmor" in found.fix


def test_switched_off_nothing_stands_before_the_program(box: Box) -> None:
    with sandbox.entered(Rules(mode="off"), box.place(), ["true"], {}) as before:
        assert before == ()


def test_git_inside_reads_the_project(box: Box) -> None:
    head = git_out(box.root, "rev-parse", "HEAD")
    assert box.says("git status --porcelain; git log --format=%H") == head
