from __future__ import annotations

import pytest

from nightrun.scans.path_pattern import matcher


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("Makefile", "Makefile", True),
        ("Makefile", "sub/deep/Makefile", True),
        ("Makefile", "makefile", True),
        ("Makefile", "Makefile.old", False),
        ("/Makefile", "Makefile", True),
        ("/Makefile", "sub/Makefile", False),
        (".env", ".env", True),
        (".env", ".env.example", False),
        ("*.lock", "a/b/poetry.lock", True),
        ("*.lock", "a.lock/b", True),
        ("*.lock", "lock", False),
        ("hooks/**", "hooks/pre-push", True),
        ("hooks/**", "hooks/a/b", True),
        ("hooks/**", "hooks", True),
        ("hooks/**", "HOOKS/pre-push", True),
        ("hooks/**", "src/hooks/a", False),
        ("hooks/**", "hooks2/a", False),
        ("**/hooks/*", "src/hooks/a", True),
        ("**/hooks/*", "hooks/a", True),
        ("src/*/api.py", "src/v1/api.py", True),
        ("src/*/api.py", "src/v1/v2/api.py", False),
        ("src/**/api.py", "src/v1/v2/api.py", True),
        ("src/**/api.py", "src/api.py", True),
        ("docs/", "docs/a.md", True),
        ("migrations", "app/migrations/1.sql", True),
        ("a?.txt", "ab.txt", True),
        ("a?.txt", "a/.txt", False),
        ("[id].ts", "[id].ts", True),
        ("[id].ts", "i.ts", False),
        ("a+b.txt", "aab.txt", False),
        ("**", "any/thing", True),
        ("straße", "STRASSE", True),
        ("caf\u00e9", "cafe\u0301", True),
        ("Makefile", "Make\u200dfile", True),
        ("x", "\udcff/x", True),
    ],
)
def test_patterns_read_as_in_gitignore_whatever_the_case(pattern: str, path: str, matches: bool) -> None:
    assert (matcher([pattern])(path) is not None) is matches


def test_the_first_pattern_that_matches_is_named() -> None:
    assert matcher(["*.md", "docs/**", "*.txt"])("docs/a.txt") == "docs/**"


def test_no_pattern_matches_nothing() -> None:
    assert matcher([])("a") is None
