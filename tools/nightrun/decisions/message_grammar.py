"""Messages that the commit-msg hook accepts for certain, so that it need not be started for each of a thousand."""

from __future__ import annotations

import re

from nightrun.decisions.hook_text import HookValues

_OTHER = re.compile(rb"(?!fixup! |squash! |amend! )[A-Za-z0-9]")


def is_plainly_fine(message: bytes, values: HookValues) -> bool:
    """Whether the hook accepts this message; False means only that the hook has to be asked."""
    subject, _, rest = message.partition(b"\n")
    if subject.startswith(b"[pipeline]"):
        second = rest.partition(b"\n")[0]
        return _is_plain_pipeline_subject(subject, values) and not second.strip()
    return values.messages == "any" and _OTHER.match(subject) is not None and b"pipeline]" not in subject.lower()


def _is_plain_pipeline_subject(subject: bytes, values: HookValues) -> bool:
    types = "|".join(map(re.escape, values.types)).encode()
    form = rb"\[pipeline\] (?:%b) [A-Za-z0-9][A-Za-z0-9._-]*: [!-~][ -~]*" % types
    return len(subject) <= values.subject_length and re.fullmatch(form, subject) is not None
