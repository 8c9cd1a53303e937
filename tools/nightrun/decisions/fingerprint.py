"""What makes two failures the same kind: task type, failure class, and the error line without what always changes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from nightrun.decisions import telling_line

LONGEST_LINE = 200  # characters that count
# In this order: a path may hold a hash, a time holds numbers (reliability.md A4).
_CHANGING = (
    (re.compile(r"\x1b\[[0-9;?]*[A-Za-z]"), ""),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?"), "TIME"),
    (re.compile(r"\b\d\d:\d\d:\d\d(?:[.,]\d+)?"), "TIME"),
    (re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b", re.I), "ID"),
    (re.compile(r"""(?<![\w.])(?:~|\.{1,2})?/[^\s'":,;()\[\]]+"""), "PATH"),
    (re.compile(r"\b[\w.-]+(?:/[\w.-]+)+"), "PATH"),
    (re.compile(r"\b0x[0-9a-f]+\b", re.I), "HEX"),
    (re.compile(r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,64}\b", re.I), "HEX"),
    (re.compile(r"\d+(?:[.,]\d+)*"), "N"),
    (re.compile(r"\s+"), " "),
)


def clean(line: str) -> str:
    """The line without colours, times, ids, paths, hashes and numbers."""
    for pattern, word in _CHANGING:
        line = pattern.sub(word, line)
    return line.strip()[:LONGEST_LINE]


@lru_cache(maxsize=1024)  # every look asks for the same failures again
def of(task_type: str, error_class: str | None, error: str) -> str:
    """Readable in front, exact behind: `impl:gate:1f3a09bc`."""
    kind = f"{task_type}:{error_class or 'unknown'}"
    cleaned = clean(telling_line.of(error))
    return f"{kind}:{hashlib.sha256(f'{kind}:{cleaned}'.encode()).hexdigest()[:8]}"


def of_task(task: Mapping[str, Any]) -> str:
    """Of a failed task as the API shows it."""
    return of(task["task_type"], task.get("error_class"), task.get("error_summary") or "")
