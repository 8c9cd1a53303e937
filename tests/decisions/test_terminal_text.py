from __future__ import annotations

import pytest

from nightrun.decisions import terminal_text

TITLE = "\x1b]0;owned\x07"
CLIPBOARD = "\x1b]52;c;aGk=\x1b\\"


@pytest.mark.parametrize(
    ("printed", "plain", "coloured"),
    [
        ("\x1b[1;31mred\x1b[0m\n", "red\n", "\x1b[1;31mred\x1b[0m\n"),
        (f"a{TITLE}b{CLIPBOARD}c", "abc", "abc"),
        ("\x1b[2J\x1b[H\x1b[?25lx", "x", "x"),
        ("10%\r50%\r100%\ndone\r\n", "100%\ndone\n", "10%\r50%\r100%\ndone\n"),
        ("bell\x07 back\x08space\x00", "bell backspace", "bell backspace"),
        ("\x9b31mx\x1b(Bx\x1b", "xx", "xx"),
        ("tab\tünï 🌙", "tab\tünï 🌙", "tab\tünï 🌙"),
    ],
)
def test_only_colours_are_left(printed: str, plain: str, coloured: str) -> None:
    assert terminal_text.plain(printed) == plain
    assert terminal_text.coloured(printed) == coloured
