"""What the installed hook files say: the shipped text with the policy filled in."""

from __future__ import annotations

import re
from dataclasses import dataclass

COMMIT_MSG = "commit-msg"
PRE_PUSH = "pre-push"
HOOK_NAMES = (COMMIT_MSG, PRE_PUSH)

_POLICY_START = b"# --- policy:"
_POLICY_END = b"# --- end of policy ---\n"
_TYPE = re.compile(r"[a-z][a-z0-9_-]*")


@dataclass(frozen=True, kw_only=True)
class HookValues:
    """The part of the policy that hooks know."""

    types: tuple[str, ...] = ("spec", "impl", "test", "review")
    messages: str = "any"  # or pipeline
    subject_length: int = 72
    block: str = "all"  # or pipeline

    def __post_init__(self) -> None:
        # They become shell text.
        if not all(_TYPE.fullmatch(name) for name in self.types):
            raise ValueError(f"task types must match {_TYPE.pattern}: {self.types}")
        if self.messages not in ("any", "pipeline") or self.block not in ("all", "pipeline"):
            raise ValueError(f"unknown value in {self}")


def is_type(name: str) -> bool:
    """Whether a task type may have this name."""
    return _TYPE.fullmatch(name) is not None


def is_ours(content: bytes, name: str) -> bool:
    """Whether a hook file is one of nightrun's, of any version."""
    return f"# nightrun hook: {name}".encode() in content.splitlines()[:3]


def fill(shipped: bytes, name: str, values: HookValues) -> bytes:
    """The hook as it is installed."""
    head, start, rest = shipped.partition(_POLICY_START)
    title, _, rest = rest.partition(b"\n")
    _, end, tail = rest.partition(_POLICY_END)
    if not end:
        raise ValueError(f"the shipped {name} has no policy block")
    lines = "".join(f"{key}='{value}'\n" for key, value in _settings(name, values))
    return b"".join((head, start, title, b"\n", lines.encode(), end, tail))


def values_in(installed: bytes) -> HookValues | None:
    """The policy that an installed commit-msg hook of nightrun's was filled with; None when it is not one."""
    block = installed.partition(_POLICY_START)[2].partition(_POLICY_END)[0].decode(errors="replace")
    said = dict(re.findall(r"^(types|messages|subject_length)='([^']*)'$", block, re.MULTILINE))
    if not is_ours(installed, COMMIT_MSG) or len(said) != 3 or not said["subject_length"].isdecimal():
        return None
    try:
        length = int(said["subject_length"])
        return HookValues(types=tuple(said["types"].split()), messages=said["messages"], subject_length=length)
    except ValueError:
        return None


def differs_in_policy_only(installed: bytes, wanted: bytes) -> bool:
    """Whether the same version of a hook was installed for another policy."""
    return _without_policy(installed) == _without_policy(wanted)


def _settings(name: str, values: HookValues) -> list[tuple[str, object]]:
    if name == PRE_PUSH:
        return [("block", values.block)]
    return [
        ("types", " ".join(values.types)),
        ("messages", values.messages),
        ("subject_length", values.subject_length),
    ]


def _without_policy(content: bytes) -> bytes:
    head, _, rest = content.partition(_POLICY_START)
    return head + rest.partition(_POLICY_END)[2]
