"""The secrets here are made up, and put together when the test runs, so that no scanner finds one in this file."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest

from nightrun.decisions.secret_patterns import PATTERNS, find

HEX = hashlib.sha512(b"made up").hexdigest()
LETTERS = "".join(chr(97 + int(one, 16) + 7 * (at % 2)) for at, one in enumerate(HEX))  # a..w, no long runs
MIXED = "".join(one.upper() if at % 3 == 0 else one for at, one in enumerate(LETTERS[:64])) + HEX[:64]
UPPER = LETTERS.upper()
DIGITS = "9182736450192"


def jwt(payload: object) -> str:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part(payload)}.{MIXED[:43]}"


MADE_UP = {
    "an AWS access key id": "AKIA" + UPPER[:16],
    "an AWS secret access key": "aws_secret_access_key = " + MIXED[:40],
    "a GitHub token": "ghp" + "_" + MIXED[:36],
    "a GitHub fine-grained token": "github_" + "pat_" + MIXED[:22] + "_" + MIXED[:59],
    "a GitLab token": "glpat" + "-" + MIXED[:20],
    "a Slack token": "xox" + "b-" + DIGITS + "-" + DIGITS + "-" + MIXED[:24],
    "a Slack webhook": "https://hooks.slack" + ".com/services/T0" + UPPER[:8] + "/B0" + UPPER[8:16] + "/" + MIXED[:24],
    "a Discord webhook": "https://discord" + ".com/api/webhooks/" + "918273645019283746" + "/" + MIXED[:68],
    "an Anthropic key": "sk-" + "ant-api03-" + MIXED[:93] + "AA",
    "an OpenAI key": "sk-" + "proj-" + MIXED[:100],
    "an OpenRouter key": "sk-" + "or-v1-" + HEX[:64],
    "an API key": "sk-" + MIXED[40:88],
    "a Google API key": "AIza" + MIXED[:35],
    "a Google client secret": "GOCSPX" + "-" + MIXED[:28],
    "a SendGrid key": "SG" + "." + MIXED[:22] + "." + MIXED[:43],
    "an npm token": "npm" + "_" + MIXED[:36],
    "an npm registry token": "//registry.example.com/:_auth" + "Token=" + HEX[:36],
    "a PyPI token": "pypi-" + "AgEIcHlwaS5vcmc" + MIXED[:80],
    "a RubyGems key": "rubygems" + "_" + HEX[:48],
    "a Docker token": "dckr" + "_pat_" + MIXED[:27],
    "a Hugging Face token": "hf" + "_" + MIXED[:34],
    "a Groq key": "gsk" + "_" + MIXED[:52],
    "a DigitalOcean token": "dop" + "_v1_" + HEX[:64],
    "a Shopify token": "shpat" + "_" + HEX[:32],
    "a Stripe live key": "sk" + "_live_" + MIXED[:24],
    "a Databricks token": "dapi" + HEX[:32],
    "a Vault token": "hvs" + "." + MIXED[:90],
    "a Grafana token": "glsa" + "_" + MIXED[:32] + "_" + HEX[:8],
    "a Linear key": "lin" + "_api_" + MIXED[:40],
    "a Telegram bot token": DIGITS[:10] + ":AA" + MIXED[:33],
    "an age key": "AGE-SECRET-" + "KEY-1" + UPPER[:58],
    "an Azure storage key": "AccountKey" + "=" + MIXED[:86] + "==",
    "a JSON Web Token": jwt({"iss": "supabase", "role": "service_role", "iat": 1_700_000_000}),
    "a private key": "-----BEGIN RSA " + "PRIVATE KEY-----\n" + MIXED[:64],
    "a password in a URL": "postgres://app:" + "Tr0ub4dor" + "@db.company.com:5432/app",
}


def names(text: str) -> list[str]:
    return [secret.name for secret in find(text)]


def test_every_pattern_has_a_made_up_secret() -> None:
    assert MADE_UP.keys() == {pattern.name for pattern in PATTERNS}


@pytest.mark.parametrize("name", MADE_UP)
@pytest.mark.parametrize("around", ["{}", 'KEY = "{}"', "x: {}  # nosec gitleaks:allow", "first\n  {}\nlast"])
def test_each_kind_is_found_once_and_called_by_its_name(name: str, around: str) -> None:
    assert names(around.replace("{}", MADE_UP[name])) == [name]


def test_the_place_of_a_find_is_told() -> None:
    token = MADE_UP["a GitHub token"]
    (secret,) = find(f"one\ntoken={token};")
    assert (secret.start, secret.text) == (10, token)


@pytest.mark.parametrize("kind", ["RSA ", "OPENSSH ", "EC ", "ENCRYPTED ", ""])
def test_private_keys_are_found_in_one_line_and_in_code(kind: str) -> None:
    header = f"-----BEGIN {kind}" + "PRIVATE KEY-----"
    assert names(f"{header}\\n{MIXED[:64]}\\n") == ["a private key"]
    assert names(f'    "{header}\\n"\n    "{MIXED[:64]}\\n"\n') == ["a private key"]
    assert names(f"{header}\nProc-Type: 4,ENCRYPTED\n") == ["a private key"]


@pytest.mark.parametrize(
    "text",
    [
        "AKIAIOSFODNN7EXAMPLE",
        "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "aws_secret_access_key = os.environ['AWS_SECRET_ACCESS_KEY']",
        "ghp_" + "x" * 36,
        "ghp_" + "0123456789" * 4,
        "sk-ant-" + "api03-" + "your-key-here" * 8,
        "sk-" + "task-runner-of-the-whole-organisation-name",
        "the task-" + LETTERS[:40],
        r"ghp_[A-Za-z0-9]{36}",
        "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",
        "https://user:password@host.company.com/",
        "https://user:${PASSWORD}@host.company.com/",
        "f'https://{user}:{password}@host.company.com/'",
        "postgres://postgres:postgres@localhost/app",
        "postgres://app:Tr0ub4dor@db:5432/app",
        "postgres://app:Tr0ub4dor@db.example.com/app",
        "redis://:<your-secret>@cache.company.com",
        "https://company.com:8443/@scope/package",
        "git@github.com:owner/name.git",
        "-----BEGIN PRIVATE KEY-----",
        'if "-----BEGIN PRIVATE KEY-----" in text and len(text) > 100:',
        "-----BEGIN PUBLIC KEY-----\n" + MIXED[:64],
        "//registry.npmjs.org/:_authToken=${NPM_TOKEN}",
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ"
        ".SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c",
        jwt({"sub": "a person", "exp": 1_700_000_000}),
        "eyJ" + "a" * 21 + ".eyJ" + "b" * 30 + "." + "c" * 43,
        HEX,
        "integrity sha512-" + MIXED[:86] + "==",
        "123e4567-e89b-12d3-a456-426614174000",
    ],
)
def test_examples_names_and_patterns_are_no_secrets(text: str) -> None:
    assert names(text) == []


def test_letters_of_other_alphabets_do_not_break_it() -> None:
    assert names("eyJ" + "ä" * 12 + ".eyJ" + "ö" * 30 + "." + "ü" * 43) == []
