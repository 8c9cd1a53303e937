"""What keys, tokens and passwords look like, precisely enough that a find is one (reliability.md 4.4).

The forms are those the issuers document or gitleaks' rules (MIT) describe. Nothing here guesses by entropy: on real
code that named 20 innocent files in 1,000.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass

SHOWN = 4  # characters of a secret that may be shown: they are its prefix, the same for all of its kind


@dataclass(frozen=True)
class Pattern:
    """`literals`: text without one of these holds no such secret. A search for them costs a tenth of the expression."""

    name: str
    literals: tuple[str, ...]
    expression: re.Pattern[str]


@dataclass(frozen=True)
class Secret:
    name: str
    start: int  # where in the text
    text: str


def _token(name: str, literals: str, expression: str) -> Pattern:
    """A token that stands alone: no letter, digit or `_` touches it."""
    return Pattern(
        name, tuple(literals.split()), re.compile(rf"(?<![A-Za-z0-9_])(?:{expression})(?![A-Za-z0-9_])", re.ASCII)
    )


def _context(name: str, literals: str, expression: str) -> Pattern:
    return Pattern(name, tuple(literals.split()), re.compile(expression, re.ASCII))


PATTERNS = (
    _token("an AWS access key id", "AKIA ASIA ABIA ACCA", r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}"),
    _context(
        "an AWS secret access key",
        "secret_access_key SECRET_ACCESS_KEY secretAccessKey",
        r"(?:secret_access_key|SECRET_ACCESS_KEY|secretAccessKey)[\"']?\s{0,8}[:=]>?\s{0,8}[\"']?"
        r"[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])",
    ),
    _token("a GitHub token", "ghp_ gho_ ghu_ ghs_ ghr_", r"gh[pousr]_[A-Za-z0-9]{36,255}"),
    _token("a GitHub fine-grained token", "github_pat_", r"github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}"),
    _token("a GitLab token", "glpat- glptt- gldt- glrt- glcbt-", r"gl(?:pat|ptt|dt|rt|cbt)-[A-Za-z0-9_.-]{20,300}"),
    _token(
        "a Slack token", "xox xapp-", r"xox[abeoprs]-[0-9]{8,}-[A-Za-z0-9-]{10,}|xapp-\d-[A-Z0-9]+-\d+-[a-f0-9]{40,}"
    ),
    _context("a Slack webhook", "hooks.slack.com/", r"hooks\.slack\.com/(?:services|workflows|triggers)/[\w+/]{40,80}"),
    _context("a Discord webhook", "/api/webhooks/", r"discord(?:app)?\.com/api/webhooks/\d{17,20}/[\w-]{60,80}"),
    _token("an Anthropic key", "sk-ant-", r"sk-ant-[a-z]{3,8}\d\d-[\w-]{60,200}"),
    _token("an OpenAI key", "sk-proj- sk-svcacct- sk-admin-", r"sk-(?:proj|svcacct|admin)-[\w-]{40,250}"),
    _token("an OpenRouter key", "sk-or-", r"sk-or-v1-[0-9a-f]{64}"),
    _token("an API key", "sk-", r"sk-(?=[A-Za-z]*[0-9])(?=[0-9]*[A-Za-z])[A-Za-z0-9]{32,64}"),
    _token("a Google API key", "AIza", r"AIza[\w-]{35}"),
    _token("a Google client secret", "GOCSPX-", r"GOCSPX-[\w-]{28}"),
    _token("a SendGrid key", "SG.", r"SG\.[\w-]{22}\.[\w-]{43}"),
    _token("an npm token", "npm_", r"npm_[A-Za-z0-9]{36}"),
    _context("an npm registry token", ":_authToken=", r":_authToken=[\"']?[A-Za-z0-9_-]{30,}={0,2}"),
    _token("a PyPI token", "pypi-AgE", r"pypi-AgE(?:IcHlwaS5vcmc|NdGVzdC5weXBpLm9yZw)[\w-]{50,}"),
    _token("a RubyGems key", "rubygems_", r"rubygems_[a-f0-9]{48}"),
    _token("a Docker token", "dckr_pat_", r"dckr_pat_[\w-]{27}"),
    _token("a Hugging Face token", "hf_", r"hf_[A-Za-z0-9]{34}"),
    _token("a Groq key", "gsk_", r"gsk_[A-Za-z0-9]{52}"),
    _token("a DigitalOcean token", "_v1_", r"do[opr]_v1_[a-f0-9]{64}"),
    _token("a Shopify token", "shpat_ shpca_ shppa_ shpss_", r"shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}"),
    _token("a Stripe live key", "sk_live_ rk_live_", r"[sr]k_live_[A-Za-z0-9]{20,250}"),
    _token("a Databricks token", "dapi", r"dapi[0-9a-f]{32}(?:-\d)?"),
    _token("a Vault token", "hvs.", r"hvs\.[\w-]{24,300}"),
    _token("a Grafana token", "glsa_", r"glsa_[A-Za-z0-9]{32}_[a-f0-9]{8}"),
    _token("a Linear key", "lin_api_", r"lin_api_[A-Za-z0-9]{40}"),
    _token("a Telegram bot token", ":AA", r"[0-9]{8,10}:AA[\w-]{33}"),
    _token("an age key", "AGE-SECRET-KEY-", r"AGE-SECRET-KEY-1[A-Z0-9]{58}"),
    _context("an Azure storage key", "AccountKey=", r"AccountKey=[A-Za-z0-9+/]{86}=="),
    # Only a service's: it is a key like any other. One that a person logs in with runs out within hours, and tests
    # are full of them.
    _token("a JSON Web Token", "eyJ", r"eyJ[\w-]{10,}\.eyJ[\w-]{20,}\.[\w-]{40,}"),
    # Only with the key behind it: code that looks for such a line has the line, too.
    _context(
        "a private key",
        "PRIVATE",
        r"-----BEGIN (?:[A-Z0-9]{2,10} ){0,2}PRIVATE KEY(?: BLOCK)?-----"
        r"(?:\\[nr]|[\s\"'+,]){1,60}(?:(?:Proc-Type|DEK-Info|Version|Comment): ?|[A-Za-z0-9+/]{16,})",
    ),
    _context(
        "a password in a URL",
        "://",
        r"(?<![A-Za-z0-9+.-])[a-zA-Z][a-zA-Z0-9+.-]{1,20}://[^\s/:@\"'`<>{}$%]{0,80}:"
        r"(?P<password>[^\s/:@\"'`<>{}$]{6,100})@(?P<host>[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)",
    ),
)

# What documentation and tests put where a secret would be. Words of five letters and more: shorter ones are in real
# tokens by chance.
_EXAMPLE = re.compile(
    r"example|sample|dummy|placeholder|changeme|change-me|redacted|replace|notreal|not-real|your[_-]|insert"
    r"|password|passwd|(.)\1{5}|\*{3}|\.{3}|12345678|abcdefgh|0123456",
    re.IGNORECASE,
)
_EXAMPLE_PASSWORD = re.compile(r"(?:my|the|top)?[_-]?secret[_-]?\d*|hunter2|xxxx+", re.IGNORECASE)
# Published by their makers, so no secrets: the token on jwt.io, and the account of the Azurite emulator.
_PUBLIC = ("eyJzdWIiOiIxMjM0NTY3ODkwIiw", "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq")
_LOCAL_HOST = re.compile(
    r"(?:.*\.)?(?:example|test|invalid|localhost|local|internal|example\.[a-z]+)|127\..*|0\.0\.0\.0"
)
_SERVICE = re.compile(r'"role"\s*:\s*"(?:service_role|admin|service)"|"type"\s*:\s*"(?:service|api[_-]?key)"')


def find(text: str) -> Iterator[Secret]:
    """Every secret in the text, each once; examples are none."""
    taken = set[int]()
    for pattern in PATTERNS:
        if not any(one in text for one in pattern.literals):
            continue
        for match in pattern.expression.finditer(text):
            if match.start() not in taken and not _is_example(pattern.name, match):
                taken.add(match.start())
                yield Secret(pattern.name, match.start(), match[0])


def hidden(text: str) -> str:
    """The text with the first characters of every secret alone."""
    for one in sorted(find(text), key=lambda secret: secret.start, reverse=True):
        text = f"{text[: one.start + SHOWN]}...{text[one.start + len(one.text) :]}"
    return text


def _is_example(name: str, match: re.Match[str]) -> bool:
    """Judged by the secret alone: what stands beside it is the agent's to write."""
    text = match[0]
    if any(one in text for one in _PUBLIC):
        return True
    if name == "a password in a URL":
        password, host = match["password"], match["host"].lower()
        return bool(_EXAMPLE.search(password) or _EXAMPLE_PASSWORD.fullmatch(password) or _LOCAL_HOST.fullmatch(host))
    if name == "a JSON Web Token":
        return not _SERVICE.search(_payload(text))
    return name != "a private key" and _EXAMPLE.search(text) is not None


def _payload(token: str) -> str:
    middle = token.split(".")[1]
    whole = middle[: len(middle) - (len(middle) % 4 == 1)]
    return base64.urlsafe_b64decode(whole + "=" * (-len(whole) % 4)).decode("utf-8", "replace")
