"""Every kind of failure a person may see: one sentence, a hint, an exit code (DESIGN section 6)."""

from __future__ import annotations

from collections.abc import Sequence


class NightrunError(Exception):
    """An expected failure. `message` says what is wrong, `hint` what to do; shown without a traceback."""

    exit_code = 1

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class WrongUse(NightrunError):
    """The command was called in a way it cannot be."""

    exit_code = 2


class TryLater(NightrunError):
    """Nothing is broken, but it cannot be done now (sysexits EX_TEMPFAIL)."""

    exit_code = 75


class BadPolicy(NightrunError):
    """`pipeline.yaml` is not usable (sysexits EX_CONFIG). `problems` are all of them, one line each."""

    exit_code = 78

    def __init__(self, message: str, problems: Sequence[str] = (), hint: str | None = None) -> None:
        super().__init__(message, hint)
        self.problems = tuple(problems)


class Interrupted(NightrunError):
    """A person or the supervisor stopped us."""

    exit_code = 130
