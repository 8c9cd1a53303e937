"""The last push of the target branch was refused or failed; pushing is on (`PIPELINE_AUTO_PUSH=1`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nightrun.conditions import found
from nightrun.conditions.settings import ConditionSettings
from nightrun.words.issue import Finding

NAME = "push_failed"
DIRECTION = ""  # credentials, network or the other side's rules: nothing an agent may change
ACTION = (
    "Push once by hand with `make push` to see the whole answer; commits are safe here, it is tried again by itself."
)
_FAILED = ("refused", "failed")


class Settings(ConditionSettings):
    pass


def detect(snapshot: Mapping[str, Any], settings: Settings, now: float) -> list[Finding]:
    """Runners report their last push as `push: {state, detail, at}`; where none was made there is nothing to find."""
    if lacking := found.missing(snapshot, "runners"):
        return found.unknown(NAME, settings, lacking)
    pushes = [one["push"] for one in snapshot["runners"] if isinstance(one.get("push"), dict)]
    last = max(pushes, key=lambda one: float(one.get("at") or 0), default=None)
    if last is None or last.get("state") not in _FAILED:
        return []
    message = f"the last push was not done: {last.get('detail') or last['state']}"
    return [found.firing(NAME, settings, message, ACTION, evidence=last)]
