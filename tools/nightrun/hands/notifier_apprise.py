"""One message through Apprise: read as JSON from standard input, answered as JSON; run as a process of its own."""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

MISSING = "Apprise is not installed; install nightrun[notify], or: pip install apprise"
TYPES = {"problem": "warning", "over": "success"}  # others are info


class _Kept(logging.Handler):
    """The last thing that a service's plugin said."""

    last = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.last = record.getMessage()


def main() -> None:
    asked = json.load(sys.stdin)
    try:
        import apprise  # optional: the extra nightrun[notify]
    except ImportError:
        answers = [_said("apprise", False, MISSING)]
    else:
        answers = _tell(apprise, asked)
    json.dump(answers, sys.stdout)


def _tell(apprise: Any, asked: dict[str, Any]) -> list[dict[str, Any]]:
    kept = _Kept(logging.WARNING)
    log = logging.getLogger("apprise")
    log.addHandler(kept)
    log.propagate = False
    answers = []
    for number, url in enumerate([one for text in asked["urls"] for one in text.split()], start=1):
        kept.last = ""
        services = apprise.Apprise()
        if not services.add(url) or not len(services):
            answers.append(_said(f"address {number}", False, kept.last or "no service of Apprise has such an address"))
            continue
        for service in services:
            ok = _accepts(apprise, service, asked, kept)
            answers.append(_said(str(service.service_name), ok, "" if ok else kept.last or "not accepted"))
    return answers


def _accepts(apprise: Any, service: Any, asked: dict[str, Any], kept: _Kept) -> bool:
    """One service that breaks does not keep the others from being told."""
    one, kind = apprise.Apprise(), TYPES.get(asked["kind"], "info")
    one.add(service)
    try:
        return bool(one.notify(body=asked["text"], title=asked["title"], notify_type=kind, body_format="text"))
    except Exception as error:
        kept.last = f"{type(error).__name__}: {error}"
        return False


def _said(to: str, ok: bool, said: str) -> dict[str, Any]:
    return {"to": to, "ok": ok, "said": said}


if __name__ == "__main__":
    main()
