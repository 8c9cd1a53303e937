"""What an agent printed, made safe for a terminal or a file: colours at most, no other escape sequence."""

from __future__ import annotations

import re

# ECMA-48: CSI sequences; strings (OSC, DCS, SOS, PM, APC) up to their end; other two-character escapes.
_ESCAPE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]PX^_].*?(?:\x07|\x1b\\|$)|\x1b[ -/]*[0-~]|\x9b[0-?]*[ -/]*[@-~]|\x1b", re.DOTALL
)
_COLOUR = re.compile(r"\x1b\[[0-9;:]*m")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f]")


def plain(text: str) -> str:
    """Without escape sequences and control characters; of a line that was overwritten, what stood there last."""
    kept = _CONTROL.sub("", _ESCAPE.sub("", text.replace("\r\n", "\n")))
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in kept.split("\n"))


def coloured(text: str) -> str:
    """As `plain`, with colours: a title, a clipboard or a cursor is none of an agent's business."""
    kept = _ESCAPE.sub(lambda found: found[0] if _COLOUR.fullmatch(found[0]) else "", text.replace("\r\n", "\n"))
    return _CONTROL.sub("", kept)
