"""What these programs printed, each run on a small project in which something was wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightrun.decisions import telling_line

PYTEST = """\
test_x.py:4: AssertionError
=========================== short test summary info ============================
FAILED test_x.py::T::test_a - AssertionError: 3 != 4
========================= 1 failed, 1 passed in 0.89s ==========================
"""
PYTEST_QUIET = """\
FAILED test_x.py::T::test_a - AssertionError: 3 != 4
1 failed, 1 passed in 0.81s
make: *** [Makefile:2: test] Error 1
"""
PYTEST_COLLECTS = """\
E   ModuleNotFoundError: No module named 'nope'
=========================== short test summary info ============================
ERROR test_y.py
!!!!!!!!!!!!!!!!!!!! Interrupted: 1 error during collection !!!!!!!!!!!!!!!!!!!!
1 error in 1.40s
"""
UNITTEST = """\
AssertionError: 3 != 4

----------------------------------------------------------------------
Ran 2 tests in 0.004s

FAILED (failures=1)
"""
NODE = """\
not ok 1 - adds
  ---
  duration_ms: 1.9
  code: 'ERR_ASSERTION'
  ...
# Subtest: ok
ok 2 - ok
  ---
  duration_ms: 0.315191
  ...
1..2
# tests 2
# pass 1
# fail 1
# duration_ms 173.313775
npm notice
npm notice New minor version of npm available! 11.19.1 -> 11.21.2
npm notice
"""
CARGO = """\
test a ... FAILED
test b ... ok

failures:
    a

test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.41s

error: test failed, to rerun pass `--lib`
"""
MYPY = """\
m.py:1: error: Incompatible types in assignment  [assignment]
m.py:1: note: see the manual
Found 1 error in 1 file (checked 1 source file)
"""
RUFF = """\
F401 [*] `nope` imported but unused
 --> test_y.py:1:8
  |
1 | import nope
help: Remove unused import: `nope`

Found 1 error.
[*] 1 fixable with `--fix`.
"""
NINJA = 'FAILED: x \nsh -c "echo broken thing; exit 3"\nbroken thing\nninja: build stopped: subcommand failed.\n'
MAKE = """\
make[1]: Entering directory '/home/me/sub'
deep
make[1]: *** [Makefile:2: x] Error 2
make[1]: Leaving directory '/home/me/sub'
make: *** [mk2:2: test] Error 2
"""
MAKE_KEEPS_ON = "first\nmake: *** [mk:3: a] Error 1\nmake: Target 'all' not remade because of errors.\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param(PYTEST, "FAILED test_x.py::T::test_a - AssertionError: 3 != 4", id="pytest"),
        pytest.param(PYTEST_QUIET, "FAILED test_x.py::T::test_a - AssertionError: 3 != 4", id="pytest -q in make"),
        pytest.param(PYTEST_COLLECTS, "ERROR test_y.py", id="pytest that cannot collect"),
        pytest.param(UNITTEST, "AssertionError: 3 != 4", id="unittest"),
        pytest.param(NODE, "not ok 1 - adds", id="node in npm"),
        pytest.param(CARGO, "test a ... FAILED", id="cargo"),
        pytest.param(MYPY, "m.py:1: error: Incompatible types in assignment  [assignment]", id="mypy"),
        pytest.param(RUFF, "F401 [*] `nope` imported but unused", id="ruff"),
        pytest.param(NINJA, "broken thing", id="ninja"),
        pytest.param(MAKE, "deep", id="make in make"),
        pytest.param(MAKE_KEEPS_ON, "first", id="make -k"),
        pytest.param("\x1b[31mFAILED a::b\x1b[0m\n\x1b[31m1 failed\x1b[0m in 0.1s\n", "FAILED a::b", id="in colours"),
    ],
)
def test_what_failed_is_told_and_not_that_something_did(text: str, told: str) -> None:
    assert telling_line.of(text) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a\nb\n  \n\n", "b"),
        ("", ""),
        ("make: *** [Makefile:2: test] Error 1\n", "make: *** [Makefile:2: test] Error 1"),
        ("1 failed, 1 passed in 0.81s\n", "1 failed, 1 passed in 0.81s"),
        ("FAILED a::b\n1 failed in 0.1s\nand then the cleaning failed\n", "and then the cleaning failed"),
    ],
)
def test_otherwise_it_is_the_last_line_that_says_something(text: str, told: str) -> None:
    assert telling_line.of(text) == told


@given(st.text())
def test_it_is_a_line_of_any_text_that_has_one(text: str) -> None:
    found = telling_line.of(text)
    assert bool(found) == bool(text.split()) or "\x1b" in text
    assert "\n" not in found
