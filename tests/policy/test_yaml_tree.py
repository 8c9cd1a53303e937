from __future__ import annotations

import pytest

from nightrun.policy import yaml_tree


def flaws(text: str) -> list[tuple[int, str]]:
    return [(flaw.line, flaw.message) for flaw in yaml_tree.parse(text).flaws]


def test_the_key_on_stays_a_word() -> None:
    assert yaml_tree.parse("on: true\noff: false\nyes: no\n").value == {"on": True, "off": False, "yes": "no"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1:30", "1:30"),
        ("2026-01-01", "2026-01-01"),
        ("yes", "yes"),
        ("0x10", "0x10"),
        ("010", 10),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("~", None),
        ("", None),
        ("'5'", "5"),
    ],
)
def test_values_mean_what_they_look_like(text: str, value: object) -> None:
    assert yaml_tree.parse(f"a: {text}").value == {"a": value}


def test_every_path_knows_its_line() -> None:
    tree = yaml_tree.parse("a:\n  b:\n    - x\n    - y\nc: 1\n")
    assert [tree.line_of(path) for path in [("a",), ("a", "b"), ("a", "b", 1), ("c",)]] == [1, 2, 4, 5]


def test_a_path_that_is_not_there_has_the_line_of_the_one_above() -> None:
    assert yaml_tree.parse("x: 1\na:\n  b: 1\n").line_of(("a", "c", "d")) == 2


def test_a_key_given_twice_is_found_with_both_lines() -> None:
    assert flaws("a: 1\nb: 2\na: 3\n") == [(3, "is in line 1 already; remove one of the two")]


def test_every_line_that_begins_with_a_tab_is_named() -> None:
    assert flaws("a:\n\tb: 1\n  \tc: 2\n") == [
        (2, "begins with a tab; YAML is indented with spaces"),
        (3, "begins with a tab; YAML is indented with spaces"),
    ]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: 1\nb: c: d\n", 2, "needs quotes"),
        ("a:\n  - b\n c: 1\n", 3, "look at the indentation"),
        ("a: [1, 2\n", 2, "expected ',' or ']'"),
        ("a: 1\nb: *nope\n", 2, "undefined alias"),
        ("a: 1\nb: \x07\n", 2, "unacceptable character"),
    ],
)
def test_a_syntax_error_is_named_with_its_line(text: str, line: int, words: str) -> None:
    tree = yaml_tree.parse(text)
    assert tree.value is None
    assert [flaw.line for flaw in tree.flaws] == [line]
    assert words in tree.flaws[0].message


def test_a_small_text_whose_aliases_explode_is_refused() -> None:
    bomb = "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12))
    assert flaws(bomb) == [(1, "its aliases stand for more than 20000 values; write them out")]


def test_an_alias_that_holds_itself_is_refused() -> None:
    assert "aliases" in flaws("a: &x [*x]\n")[0][1]


def test_a_plain_alias_is_followed() -> None:
    assert yaml_tree.parse("a: &gate [make test]\nb: *gate\n").value == {"a": ["make test"], "b": ["make test"]}


def test_deep_nesting_is_refused() -> None:
    assert flaws("[" * 100_000) == [(1, "it is nested more than 30 levels deep")]


def test_a_file_of_more_than_256_kib_is_refused() -> None:
    assert "is not read" in flaws("# " + "x" * (256 << 10))[0][1]


@pytest.mark.parametrize("text", ["a: !!python/name:os.system x", "a: !mine {b: 1}", "a: !!binary aGk="])
def test_tags_are_refused(text: str) -> None:
    assert "has the tag" in flaws(text)[0][1]


@pytest.mark.parametrize(
    ("text", "words"),
    [("--- 1\n--- 2\n", "2 YAML documents"), ("<<: {a: 1}\n", "write the keys out"), ("? [a]\n: 1\n", "no word")],
)
def test_rare_forms_are_refused_in_words(text: str, words: str) -> None:
    assert words in flaws(text)[0][1]


def test_an_empty_text_is_an_empty_mapping() -> None:
    assert yaml_tree.parse("# nothing\n").value == {}
