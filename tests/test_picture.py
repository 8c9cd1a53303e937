"""The picture of the demo in README.md."""

from __future__ import annotations

from tests import picture

SAID = """\
demo repository: /var/folders/x/nightrun-demo-a1b2/yardstick

22:00:01 PIPELINE_AUTO_COMMIT=1 (default): completed tasks are committed
22:00:02 impl t1 running: Sort the units
22:00:02 impl t1 completed
22:00:03 impl t1 landed 0123456789: Sort the units

Failed
  impl t2 Give all results: gate
    make logs TASK=t2

Committed
  impl t1 Sort the units: gate passed
    git show 012345678

written: /var/folders/x/nightrun-demo-a1b2/yardstick/.pipeline/reports/2026-01-01.md
"""
SHORT = """\
demo repository: /tmp/nightrun-demo-xxxxxxxx/yardstick

22:00:03 impl t1 landed 0123456789: Sort the units

Failed
  impl t2 Give all results: gate
    make logs TASK=t2

Committed
  [...]"""


def test_what_a_reader_can_do_without_is_left_out() -> None:
    assert picture.shortened(SAID) == SHORT


def test_a_long_line_is_cut() -> None:
    assert len(picture.shortened("x" * 500)) == picture.WIDTH


def test_picture_replaces_the_one_before() -> None:
    page = f"a\n{picture.BEGIN}old\n{picture.END}b\n"
    made = picture.with_picture(page, "new")
    assert made == f"a\n{picture.BEGIN}```text\n$ make demo\nnew\n```\n{picture.END}b\n"
    assert picture.with_picture(made, "new") == made


def test_readme_has_a_picture_without_paths_of_a_machine() -> None:
    shown = picture.README.read_text().partition(picture.BEGIN)[2].partition(picture.END)[0]
    assert "[pipeline] impl" in shown and "Everything happened as it should:" in shown
    assert picture.shortened(shown).strip() == shown.strip()
