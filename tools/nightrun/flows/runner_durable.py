"""What a landed commit stands on survives a power cut as it does itself (reliability.md D5).

nightrun's git makes its own objects durable. A person's git does not, by default: their commit of the last half minute
may come back as empty files, and with it every commit above it is out of reach.
"""

from __future__ import annotations

import errno
import logging
from contextlib import suppress

from nightrun.decisions.pausing import INTAKE
from nightrun.flows.runner_world import World
from nightrun.hands import files, git
from nightrun.hands.client import ApiAway
from nightrun.words.errors import NightrunError

NOTE = "durable-commit"  # in the state folder: up to this one the target is known to be durable
BY = "disk"
WHY = "the disk reported an input/output error: look at the kernel's log (`dmesg`) and at the disk, then `make resume`"

log = logging.getLogger("nightrun.runner")


def below(world: World, parent: str) -> None:
    """Before anything lands on `parent`, or is said to have landed. Nothing to do when that was made sure of before."""
    if _note(world) == parent:
        return
    try:
        files.sync_file_system(git.common_dir(world.root))
    except OSError as error:
        failed(world, error)
        raise NightrunError(f"The repository cannot be made durable: {error.strerror}.") from error


def failed(world: World, error: OSError) -> None:
    """After an I/O error nothing new is begun: a disk that lost a write once says nothing of it the next time (D12)."""
    if error.errno != errno.EIO:
        return
    log.error("%s", WHY)
    with suppress(ApiAway):
        world.client.pause(INTAKE, WHY, by=BY)


def met_fault(world: World) -> bool:
    """Whether a git of this runner met an I/O error since this was asked last: the same holds then."""
    if not git.io_error():
        return False
    log.error("git said: %s; %s", git.io_error(), WHY)
    world.client.pause(INTAKE, WHY, by=BY)
    git.forget_io_error()
    return True


def reached(world: World, sha: str) -> None:
    """A landed one, of whose durability nothing is open. Without the note it is made sure of once more."""
    with suppress(OSError):
        (world.state.path / NOTE).write_text(sha)


def _note(world: World) -> str:
    try:
        return (world.state.path / NOTE).read_text(errors="replace")
    except OSError:
        return ""
