"""The arguments of bwrap: later ones win, so their order is what keeps things apart."""

from __future__ import annotations

from dataclasses import replace

from nightrun.decisions import sandbox
from nightrun.policy.model import Workspace
from nightrun.words.sandbox import Git, Room, Rules

GIT = Git(
    common="/p/.git",
    own="/p/.git/worktrees/t.1",
    fixed=("/p/.git/worktrees/t.1/commondir",),
    objects="/p/.git/worktrees/t.1/private/objects",
    heads="/p/.git/worktrees/t.1/private/heads",
    logs=None,
    branches="pipeline",
)
ROOM = Room(
    worktree="/p/.pipeline/worktrees/t.1",
    root="/p",
    state="/p/.pipeline",
    home="/home/me",
    temporary="/p/.pipeline/rooms/t.1/tmp",
    cache="/p/.pipeline/cache/agent",
    readable=("/home/me/.local/bin",),
    masked=("/p/.env",),
    logins=("/home/me/.agent",),
    settings=("/home/me/.agent/settings.json",),
    asked_readable=("/home/me/.tool",),
    asked_writable=("/home/me", "/dev/kvm"),
    work=("/p/.pipeline/prompts/t.1",),
    git=GIT,
)


def mounts(room: Room) -> list[tuple[str, str]]:
    """How and where, in order."""
    words = list(sandbox.arguments("bwrap", room))
    found = []
    while words:
        word = words.pop(0)
        if word in ("--bind", "--ro-bind", "--dev-bind", "--ro-bind-try", "--symlink"):
            words.pop(0)
            found.append((word, words.pop(0)))
        elif word in ("--tmpfs", "--proc", "--dev"):
            found.append((word, words.pop(0)))
    return found


def test_everything_ends_with_its_parent_in_a_world_of_processes_of_its_own() -> None:
    said = sandbox.arguments("bwrap", ROOM)
    assert said[0] == "bwrap"
    assert {"--die-with-parent", "--unshare-pid", "--new-session", "--proc"} <= set(said)
    assert said[-3:] == ("--chdir", ROOM.worktree, "--")


def test_the_network_stays_since_agents_need_their_provider() -> None:
    assert "--unshare-net" not in sandbox.arguments("bwrap", ROOM)


def test_what_the_person_gives_wins_over_the_home_folder_and_never_over_the_project() -> None:
    found = mounts(ROOM)
    order = [found.index(one) for one in (("--tmpfs", "/home/me"), ("--bind", "/home/me"), ("--ro-bind", "/p"))]
    assert order == sorted(order)


def test_the_state_folder_is_empty_but_for_the_own_worktree_and_prompt() -> None:
    found = mounts(ROOM)
    state = found.index(("--tmpfs", "/p/.pipeline"))
    below = [(how, where) for how, where in found if where.startswith("/p/.pipeline/")]
    assert below == [("--bind", ROOM.worktree), ("--bind", "/p/.pipeline/prompts/t.1")]
    assert all(found.index(one) > state for one in below)


def test_git_is_read_only_but_for_what_the_own_work_tree_needs() -> None:
    found = [(how, where) for how, where in mounts(ROOM) if where.startswith("/p/.git")]
    assert found == [
        ("--ro-bind", "/p/.git"),
        ("--bind", "/p/.git/worktrees/t.1"),
        ("--ro-bind", "/p/.git/worktrees/t.1/commondir"),
        ("--bind", "/p/.git/objects"),
        ("--bind", "/p/.git/refs/heads/pipeline"),
    ]


def test_in_the_project_root_itself_git_is_only_read() -> None:
    found = mounts(replace(ROOM, worktree="/p"))
    assert [how for how, where in found if where.startswith("/p/.git")] == ["--ro-bind"]
    assert found.index(("--bind", "/p")) < found.index(("--tmpfs", "/p/.pipeline"))


def test_settings_of_an_agent_can_be_read_and_its_login_changed() -> None:
    found = mounts(ROOM)
    assert found.index(("--bind", "/home/me/.agent")) < found.index(("--ro-bind", "/home/me/.agent/settings.json"))


def test_a_device_that_is_given_is_one_inside() -> None:
    assert ("--dev-bind", "/dev/kvm") in mounts(ROOM)


def test_root_gives_up_its_powers_and_cannot_set_the_kernel() -> None:
    said = sandbox.arguments("bwrap", replace(ROOM, is_root=True))
    assert said[said.index("--cap-drop") + 1] == "ALL"
    given = {said[at + 1] for at, word in enumerate(said) if word == "--cap-add"}
    assert not given & {"CAP_SYS_ADMIN", "CAP_MKNOD", "CAP_DAC_READ_SEARCH", "CAP_SYS_PTRACE", "CAP_NET_ADMIN"}
    assert ("--ro-bind-try", "/proc/sys") in mounts(replace(ROOM, is_root=True))
    assert "--cap-drop" not in sandbox.arguments("bwrap", ROOM)


def test_the_rules_are_those_of_the_policy() -> None:
    policy = Workspace(sandbox="bwrap", readable=("/a",), writable=("~/b",), link=("node_modules",))
    assert sandbox.rules(policy) == Rules(mode="bwrap", readable=("/a",), writable=("~/b",), links=("node_modules",))
