from __future__ import annotations

import pytest

from nightrun.scans.links import look
from tests.scans import changes


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("a", "/etc/passwd"),
        ("a", ".."),
        ("a", "../other"),
        ("docs/a", "../../other"),
        ("docs/a", "x/../../../other"),
        ("a", "../repo/back"),
        ("a", ".git/hooks"),
        ("docs/a", "../.GIT/config"),
        ("a", None),
    ],
)
def test_a_link_that_leaves_the_tree_is_refused(path: str, target: str | None) -> None:
    (finding,) = look(changes.of(changes.link(path, target)), changes.SETTINGS)
    assert (finding.path, finding.effect) == (path, "refuse")


@pytest.mark.parametrize(
    ("path", "target"),
    [("a", "b"), ("docs/a", "../README.md"), ("docs/x/a", "../../src/./b"), ("a", ".gitignore"), ("a", ".")],
)
def test_a_link_inside_the_tree_may_stay(path: str, target: str) -> None:
    assert look(changes.of(changes.link(path, target)), changes.SETTINGS) == []


def test_a_way_out_through_another_link_is_found() -> None:
    """`..` counts from where the other link leads to, not from where it stands."""
    pair = (changes.link("deep/er/up", "../.."), changes.link("deep/er/b", "up/../x"))
    assert [one.path for one in look(changes.of(*pair), changes.SETTINGS)] == ["deep/er/b"]


def test_a_circle_of_links_ends() -> None:
    assert look(changes.of(changes.link("a", "b"), changes.link("b", "a")), changes.SETTINGS) == []


def test_the_message_shows_no_control_characters() -> None:
    (finding,) = look(changes.of(changes.link("a", "/\x1b[2J\nx")), changes.SETTINGS)
    assert finding.message.startswith("The link points to `/ [2J x`, out of the repository")
