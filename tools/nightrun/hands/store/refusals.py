"""What the store says no to; the API turns each into one HTTP status."""

from __future__ import annotations

from collections.abc import Sequence

from nightrun.words.errors import NightrunError, TryLater


class NotFound(NightrunError):
    """There is no such thing (404)."""


class Invalid(NightrunError):
    """The text or number cannot be stored (422)."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class NotAllowed(NightrunError):
    """The move is not one of the task's moves, or the claim is lost (409)."""

    def __init__(self, message: str, *, status: str, allowed: Sequence[str]) -> None:
        super().__init__(message)
        self.status = status
        self.allowed = tuple(allowed)


class StoreAway(TryLater):
    """The database cannot be used now; what was written last may or may not be there (503)."""
