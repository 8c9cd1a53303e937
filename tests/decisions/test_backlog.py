from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nightrun.decisions import backlog
from nightrun.decisions.backlog import Item

CHAIN = ("spec", "impl", "test", "review")


def parse(text: str) -> list[Item]:
    return backlog.parse(text, "specs/backlog.md", CHAIN)


def texts(text: str) -> list[str]:
    return [one.text for one in parse(text)]


@pytest.mark.parametrize(
    ("line", "done"),
    [
        ("- [ ] Add a flag", False),
        ("* [x] Add a flag", True),
        ("+ [X] Add a flag", True),
        ("1. [ ] Add a flag", False),
        ("1. [x] Add a flag", True),
        ("1. Add a flag", False),
        ("27) Add a flag", False),
        ("  - [ ]  Add a flag  ", False),
        ("-\t[ ]\tAdd a flag", False),
        ("\ufeff- [ ] Add a flag", False),
        ("- [ ]\n  Add a flag", False),
    ],
)
def test_checkboxes_and_numbers_are_items(line: str, done: bool) -> None:
    (item,) = parse(line)
    assert (item.text, item.body, item.done, item.types) == ("Add a flag", "", done, CHAIN)


@pytest.mark.parametrize(
    "text",
    [
        "- a plain bullet",
        "# 1. a heading",
        "a paragraph [ ] with a box",
        "```\n- [ ] fenced\n1. fenced\n```",
        "~~~\n- [ ] fenced\n\n- [ ] to the end of the file",
        "<!--\n- [ ] commented out\n1. too\n-->",
        "> - [ ] quoted",
        "    - [ ] indented code",
        "- [ ]",
        "1.",
        "1. [ ]",
        "- [ ] [impl]",
        "- [x](link) and text",
        "- [-] given up",
        "- [ ]no space",
        "1.no space",
        "* * *\n- - -",
        "1. # a heading",
        "1. ```\n   code\n   ```",
        "",
    ],
)
def test_everything_else_is_none(text: str) -> None:
    assert parse(text) == []


def test_what_is_indented_belongs_to_the_item() -> None:
    item, other = parse(
        "# Work\n\n- [ ] Add a flag\n  that lists all\n\n  Why: asked for.\n\n"
        "  ```sh\n  make all:\n  \tx\n\n    deeper\n  ```\n\nA paragraph.\n- [ ] Next\n"
    )
    assert item.text == "Add a flag\nthat lists all"
    assert item.body == "Why: asked for.\n\n```sh\nmake all:\n\tx\n\n  deeper\n```"
    assert backlog.direction(item) == f"{item.text}\n\n{item.body}"
    assert (item.file, item.line, other.line) == ("specs/backlog.md", 3, 16)
    assert backlog.direction(other) == "Next"


def test_body_may_be_indented_to_the_text_behind_the_box_or_by_tabs() -> None:
    (item,) = parse("- [ ] Add\n\n      ```sh\n      make\n      ```\n")
    assert item.body == "```sh\nmake\n```"
    (item,) = parse("- [ ] Add\n\n\t```sh\n\tmake\n\t```\n")
    assert item.body == "```sh\nmake\n```"


def test_items_below_an_item_are_part_of_it_and_those_below_a_plain_bullet_are_items() -> None:
    item, first, second = parse(
        "- [ ] All\n  - [ ] one\n  1. two\n- Group\n  - [ ] first\n    - [ ] second\n- [x] last\n"
    )
    assert (item.body, first.text, first.body) == ("- [ ] one\n1. two", "first", "- [ ] second")
    assert (second.text, second.done) == ("last", True)


def test_markdown_that_is_not_indented_goes_on_with_the_paragraph() -> None:
    assert texts("- [ ] Add a flag\nthat lists all\n\nnot this\n") == ["Add a flag\nthat lists all"]


@pytest.mark.parametrize(
    ("text", "types", "rest"),
    [
        ("[impl] Add", ("impl",), "Add"),
        ("[spec, impl] Add", ("spec", "impl"), "Add"),
        ("[spec impl review] Add", ("spec", "impl", "review"), "Add"),
        ("[Impl,impl] Add", ("impl",), "Add"),
        ("[impl]\n  Add", ("impl",), "Add"),
        ("[wip] Add", CHAIN, "[wip] Add"),
        ("[impl, wip] Add", CHAIN, "[impl, wip] Add"),
        ("[heal] Add", CHAIN, "[heal] Add"),
        ("[impl](link) Add", CHAIN, "[impl](link) Add"),
        ("Add [impl]", CHAIN, "Add [impl]"),
    ],
)
def test_types_in_brackets_are_the_chain_of_the_item(text: str, types: tuple[str, ...], rest: str) -> None:
    for marker in ("- [ ]", "1."):
        (item,) = parse(f"{marker} {text}")
        assert (item.types, item.text) == (types, rest)


def test_reference_is_no_trap() -> None:
    assert texts("1. [impl]: Add\n") == ["[impl]: Add"]


def test_key_is_made_of_the_words_alone() -> None:
    same = ["- [ ] Add a  flag", "7. Add a flag", "# Top\n\ntext\n\n* [x] [impl] Add a flag\r\n", "- [ ] Add a\n  flag"]
    assert len({parse(one)[0].key for one in same}) == 1
    assert parse("- [ ] Add a flag\n  - [ ] part\n")[0].key == parse("- [ ] Add a flag\n  - [x] part\n")[0].key
    others = ["- [ ] Add a flag\n\n  body", "- [ ] Add A flag", "- [ ] Add a flag."]
    assert len({parse(one)[0].key for one in [same[0], *others]}) == 4


def test_bytes_that_are_no_text_give_one_key_however_they_are_read() -> None:
    raw = b"- [ ] caf\xe9 \xff\xfe ol\xe9\n"
    assert parse(raw.decode(errors="replace"))[0].key == parse(raw.decode(errors="surrogateescape"))[0].key


def test_the_same_item_twice_has_two_keys() -> None:
    one, two, three = parse("- [x] Run\n- [ ] Run\n- [ ] Run\n")
    assert (two.key, three.key) == (f"{one.key}-2", f"{one.key}-3")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("- [ ] Add", "- [x] Add"),
        ("1. Add\n", "1. [x] Add\n"),
        ("  3)   Add\r\n     more\r\n", "  3)   [x] Add\r\n     more\r\n"),
        ("1. [ ] [impl] Add\r", "1. [x] [impl] Add\r"),
        ("\ufeff- [ ] Add  \n\n\n", "\ufeff- [x] Add  \n\n\n"),
        ("- [ ]\n  Add\n", "- [x]\n  Add\n"),
        ("- [X] Add\n", "- [X] Add\n"),
    ],
)
def test_tick_changes_the_box_and_nothing_else(before: str, after: str) -> None:
    assert backlog.tick(before, parse(before)[0].key) == after


def test_tick_finds_the_item_again_after_the_file_was_edited() -> None:
    (item,) = parse("- [ ] Add\n")
    assert backlog.tick("# New\n\n- [ ] Other\n1. Add\n", item.key) == "# New\n\n- [ ] Other\n1. [x] Add\n"
    assert backlog.tick("- [ ] Added\n", item.key) == "- [ ] Added\n"


PIECES = st.sampled_from(
    [
        *("- [ ] ", "* [x] ", "+ [ ]", "1. ", "2) ", "10. [ ] ", "- ", "> ", "# ", "    ", "  ", "\t", " "),
        *("\n", "\n", "\n\n", "\r\n", "\r", "```", "```sh\n", "<!--", "-->", "[impl] ", "[x]", "[ ]", "[a]: b"),
        *("a", "b", "Add a flag", "===", "---", "***", "<div>", "\ufeff", "\x0b", "\x85", "\u2028", "\xa0", "\0"),
    ]
)
TEXTS = st.lists(PIECES, max_size=30).map("".join) | st.text(max_size=60)


@given(text=TEXTS, which=st.integers(0, 20))
@example(text="1. a\n1. [ ] a\n", which=1)
@example(text="1. # a\nb\n", which=0)
def test_ticking_one_item_changes_one_item(text: str, which: int) -> None:
    items = parse(text)
    assert len({one.key for one in items}) == len(items)
    if not items:
        return
    item = items[which % len(items)]
    ticked = backlog.tick(text, item.key)
    after = parse(ticked)
    assert [one.key for one in after] == [one.key for one in items]
    assert [one.done for one in after] == [one.done or one.key == item.key for one in items]
    assert [(one.text, one.body, one.types, one.line) for one in after] == [
        (one.text, one.body, one.types, one.line) for one in items
    ]
    assert len(ticked) - len(text) in (0, 4)
    assert backlog.tick(ticked, item.key) == ticked


# -- order


def items(*names: str, meta: bool = False) -> list[Item]:
    return backlog.parse("".join(f"- [ ] {one}\n" for one in names), "f.md", CHAIN, meta=meta)


def order(plain: list[Item], meta: list[Item], ratio: float, taken: int = 0) -> str:
    return "".join(one.text for one in backlog.in_order(plain, meta, ratio, taken))


def test_meta_items_come_between_by_ratio() -> None:
    plain, meta = items(*"abcdefgh"), items("1", "2", meta=True)
    assert order(plain, meta, 0.2) == "abcd1efgh2"
    assert order(plain, meta, 0.2, taken=3) == "a1bcde2fgh"
    assert order(plain, meta, 0.5) == "a1b2cdefgh"
    assert order(plain, meta, 0.0) == "abcdefgh12"
    assert order(plain, meta, 1.0) == "12abcdefgh"


@given(ratio=st.floats(0, 1), taken=st.integers(0, 10**6))
def test_the_ratio_holds_over_time_and_nothing_is_left_out(ratio: float, taken: int) -> None:
    plain, meta = items(*map(str, range(40))), items(*(f"m{one}" for one in range(40)), meta=True)
    taking = backlog.in_order(plain, meta, ratio, taken)
    assert sorted(one.key for one in taking) == sorted(one.key for one in plain + meta)
    assert abs(sum(one.meta for one in taking[:40]) - 40 * ratio) <= 1 + 1e-6


def test_done_items_are_not_taken_and_an_item_in_two_files_is_one() -> None:
    plain = backlog.parse("- [x] a\n- [ ] b\n- [ ] c\n- [ ] d\n", "f.md", CHAIN)
    meta = backlog.parse("- [ ] a\n- [ ] b\n- [x] c\n", "m.md", CHAIN, meta=True)
    assert order(plain, meta, 0.0) == "bd"
