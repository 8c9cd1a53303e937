"""What an error of a model provider means for the queue; asked only with the error field of a run that failed."""

from __future__ import annotations

import re
from dataclasses import dataclass

from nightrun.agents import reset_time

# agents.md section 6: texts of ten programs, in the order in which they are tried.
_LIMIT = re.compile(
    r"you['’]ve (?:hit|reached) your [\w' -]*?limit\b|usage limit reached|usage limit (?:has been )?reached|"
    r"usage_limit_reached|\d+-hour limit reached|exhausted your (?:daily quota|capacity)|"
    r"hit a rate limit that restricts",
    re.IGNORECASE,
)
_BILLING = re.compile(
    r"credit balance is too low|quota exceeded\. check your plan|insufficient_quota|exceeded your current quota|"
    r"you have no quota|quota_exceeded|out of (?:usage )?credits|billing_error|payment required|free usage exceeded",
    re.IGNORECASE,
)
_RATE = re.compile(r"\b429\b|rate.?limit(?:_error|error| reached| exceeded|ed)|overloaded_error", re.IGNORECASE)
_AUTH = re.compile(
    r"\b401\b|\b403\b|authentication(?:_?error| failed)|not logged in|please run /login|incorrect api key|"
    r"invalid (?:x-)?api.?key|no api key|missing (?:bearer|api key)|oauth token (?:has expired|revoked)|"
    r"permission_error|unauthorized|no authentication information|authentication required",
    re.IGNORECASE,
)
_NETWORK = re.compile(
    r"\b5\d\d\b (?:[a-z]|[{\"])|stream disconnected|connection ?(?:error|refused|reset|closed)|ECONNREFUSED|ECONNRESET|"
    r"\bENOTFOUND|ETIMEDOUT|EAI_AGAIN|unable to connect|error sending request|fetch failed|socket|timed? ?out|"
    r"network|internal ?server ?error|service ?unavailable|bad ?gateway|getaddrinfo|the server had an error|"
    r"could not connect",
    re.IGNORECASE,
)
_STATUS = re.compile(r"(?:status:?|API Error:) ?(\d{3})\b")


@dataclass(frozen=True)
class Fault:
    """`kind` is an error class; `resets_at` when a limit is said to end, seconds since the epoch."""

    kind: str
    resets_at: float | None = None


def of(message: str, *, status: int | None = None, now: float, retry_after: float | None = None) -> Fault:
    """`status` is that of HTTP, where the result has it."""
    found = _STATUS.search(message)
    status = status or (int(found[1]) if found else None)
    if _LIMIT.search(message):
        at = reset_time.read(message, now=now)
        return Fault("limit", at if at is not None else _later(now, retry_after))
    if status == 402 or _BILLING.search(message):
        return Fault("auth")  # only a person can pay, as only a person can log in
    if status == 429 or (status is None and _RATE.search(message)):
        at = reset_time.read(message, now=now)
        return Fault("limit", at if at is not None else _later(now, retry_after))
    return Fault(_of_status(status) if status else _of_text(message))


def of_start(message: str, *, now: float) -> Fault:
    """Of a program that ended before its first event: all it printed is its own."""
    found = of(message, now=now)
    return Fault("setup") if found.kind == "agent" else found


def _later(now: float, retry_after: float | None) -> float | None:
    return None if retry_after is None else now + retry_after


def _of_status(status: int) -> str:
    if status in (401, 403):
        return "auth"
    if status == 404:
        return "setup"  # a model or an address that is not there: the next try finds the same
    return "network" if status >= 500 or status == 408 else "agent"


def _of_text(message: str) -> str:
    if _AUTH.search(message):
        return "auth"
    return "network" if _NETWORK.search(message) else "agent"
