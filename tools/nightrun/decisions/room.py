"""Whether there is room for another attempt: bytes and inodes of the disk, and worktrees (reliability.md D12)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

SHARE_AT_MOST = 20 << 30  # bytes: on a large disk a share of it would be much
INODES_SHARE = 0.05  # D12
INODES_AT_MOST = 50_000


class Limits(Protocol):
    @property
    def disk_floor(self) -> int: ...
    @property
    def disk_share(self) -> float: ...
    @property
    def worktrees(self) -> int: ...


@dataclass(frozen=True, kw_only=True)
class Disk:
    """What an ordinary user may still use of a file system, in bytes and inodes."""

    free: int
    total: int
    inodes_free: int = 0
    inodes_total: int = 0  # 0: this file system does not count them


def floor(limits: Limits, total: int) -> int:
    """Free bytes below which nothing is begun."""
    return max(limits.disk_floor, min(SHARE_AT_MOST, int(limits.disk_share * total)))


def lacking(disk: Disk, limits: Limits) -> str:
    """What of the disk there is too little of, in words; empty when there is enough."""
    wanted = floor(limits, disk.total)
    if disk.free < wanted:
        return f"{disk.free >> 20} MiB are free on the disk, the policy wants {wanted >> 20} MiB"
    inodes = min(INODES_AT_MOST, int(INODES_SHARE * disk.inodes_total))
    if disk.inodes_free < inodes:
        return f"room for {disk.inodes_free} more files is on the disk, there should be room for {inodes}"
    return ""


def crowded(worktrees: int, limits: Limits) -> str:
    """Too many worktrees that wait for a person; empty when there are not."""
    if worktrees < limits.worktrees:
        return ""
    return f"{worktrees} worktrees wait in .pipeline/worktrees, limits.worktrees is {limits.worktrees}: `make clean`"
