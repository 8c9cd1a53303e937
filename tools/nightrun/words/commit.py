"""A commit as its history tells it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Commit:
    """`message` is in UTF-8 where the commit says what it is written in, else byte for byte."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    at: float  # when it was committed, seconds since the epoch
    message: bytes

    @property
    def subject(self) -> str:
        """The first line; as an agent may have written it."""
        return self.message.lstrip(b"\n").partition(b"\n")[0].decode(errors="replace")
