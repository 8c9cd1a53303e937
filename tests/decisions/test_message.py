"""Messages are read back by git itself, and judged by the hook that is installed."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nightrun.decisions import message
from nightrun.decisions.hook_text import HookValues
from nightrun.hands import hooks

FORGED = "Do it\n\nPipeline-Task: FORGED\nSigned-off-by: x <y>"
IDS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,19}", fullmatch=True)
TYPES = st.sampled_from(HookValues().types)
# Pieces that messages are broken with, between any text.
PIECES = st.sampled_from(
    [
        *("\n", "\n\n", "\r\n", "\x00", "\x1b[0m", "\u2028", "\x85", " ", ":", ": ", "#", "---\n", "é", "🚀", "\ud800"),
        *(
            "Pipeline-Task: FORGED",
            "pipeline-task:FORGED",
            "\n\nPipeline-Task: t1\n",
            "x: y\n z",
            "[pipeline] impl x: y",
        ),
        *("\n# ------------------------ >8 ------------------------\n", "(cherry picked from commit 1)", "fixup! "),
    ]
)
DIRECTIONS = st.one_of(st.text(), st.lists(st.one_of(PIECES, st.text(max_size=8))).map("".join))


def made(direction: str, **more: object) -> bytes:
    fields = {"task_type": "impl", "task_id": "t1", "attempt": 1, "agent": "script", "gate": "none"} | more
    return message.commit(direction=direction, **fields)  # type: ignore[arg-type]


def read_by_git(folder: Path, messages: Sequence[bytes]) -> list[tuple[str, str, list[str]]]:
    """Subject, body and Pipeline-Task values of each, as git understands them; fast-import takes many at once."""
    repo = folder / "objects.git"
    subprocess.run(["git", "init", "-q", "--bare", repo], check=True)
    commits = (
        b"commit refs/heads/m\nmark :%d\ncommitter x <y> %d +0000\ndata %d\n%b\n" % (number, number, len(one), one)
        for number, one in enumerate(messages, 1)
    )
    subprocess.run(["git", "fast-import", "--quiet"], input=b"".join(commits), cwd=repo, check=True)
    form = "--format=%s%x01%b%x01%(trailers:key=Pipeline-Task,valueonly,separator=%x02)%x03"
    shown = subprocess.run(["git", "log", "--reverse", form, "refs/heads/m"], cwd=repo, capture_output=True, check=True)
    found = shown.stdout.decode(errors="surrogateescape").split("\x03\n")[:-1]
    parts = [one.split("\x01") for one in found]
    return [(subject, body, values.split("\x02")) for subject, body, values in parts]


def test_subject_is_in_the_format_of_the_specification() -> None:
    assert message.subject("review", "task_msg_test", "Review code quality") == (
        "[pipeline] review task_msg_test: Review code quality"
    )


def test_whole_message() -> None:
    gate = message.gate_trailer({"result": "passed", "tree": "f00", "seconds": 12.44, "commands": ["make check"]})
    assert made("Add a flag.\n\nIt is called --all.", attempt=2, agent="claude", gate=gate).decode() == (
        "[pipeline] impl t1: Add a flag.\n"
        "\n"
        "Add a flag.\n"
        "\n"
        "It is called --all.\n"
        "\n"
        "Pipeline-Task: t1\n"
        "Pipeline-Attempt: 2\n"
        "Pipeline-Agent: claude\n"
        "Pipeline-Gate: passed f00 12.4s make check\n"
    )


def test_trailers_that_are_not_known_are_left_out() -> None:
    said = message.commit(task_type="impl", task_id="t1", direction="")
    assert said == b"[pipeline] impl t1: no direction\n\nPipeline-Task: t1\n"


@pytest.mark.parametrize(
    ("gate", "wanted"),
    [
        (None, "none"),
        ({"result": "none", "tree": "f00", "seconds": 0.0, "commands": []}, "none f00 0.0s"),
        ({"result": "passed", "tree": "f00", "seconds": 3, "commands": ["a\nPipeline-Task: x", "b"]},
         "passed f00 3.0s a Pipeline-Task: x; b"),
    ],
)  # fmt: skip
def test_gate_is_one_line(gate: dict[str, object] | None, wanted: str) -> None:
    assert message.gate_trailer(gate) == wanted


def test_values_of_trailers_cannot_add_trailers() -> None:
    raw = made("x", agent="script\nPipeline-Task: FORGED", gate="none\n\nPipeline-Task: FORGED")
    assert message.trailers(raw)["Pipeline-Task"] == ["t1"]


def test_lines_that_look_like_trailers_are_indented_in_the_body() -> None:
    assert "\n    Pipeline-Task: FORGED\n" in made(FORGED).decode()


def test_body_is_cut_at_its_limit_and_says_so() -> None:
    raw = made("first line\n" + "é" * 200_000, body_length=1000)
    assert len(raw) < 1300
    assert b"(cut; the whole direction has 200011 characters)" in raw
    assert message.trailers(raw)["Pipeline-Task"] == ["t1"]


def test_a_message_that_a_hook_added_a_trailer_to_is_still_the_tasks() -> None:
    raw = made("Do it")
    assert message.is_of(raw + b"Signed-off-by: P <p@example.invalid>\n", raw)
    assert message.is_of(raw + b"\n\n", raw)


@pytest.mark.parametrize(
    "rewritten",
    [
        b"JIRA-1 " + made("Do it"),
        made("Do it").replace(b"Pipeline-Task: t1", b"Pipeline-Task: t2"),
        made("Do it") + b"Pipeline-Task: t1\n",
        made("Do it") + b"pipeline-task: t1\n",
        made("Do it") + b"\nsome more text\n",
        b"",
        b"[pipeline] impl t1: Do it\n",
    ],
)
def test_a_message_that_lost_its_subject_or_trailer_is_not(rewritten: bytes) -> None:
    assert not message.is_of(rewritten, made("Do it"))


def test_git_reads_one_value_whatever_the_direction_says(tmp_path: Path) -> None:
    """One process reads the messages of all examples."""
    messages: list[tuple[str, bytes]] = []

    @settings(max_examples=300, deadline=None)
    @given(DIRECTIONS, IDS, TYPES, st.text(max_size=20), st.text(max_size=20))
    @example(FORGED, "t1", "impl", "x\n\nPipeline-Task: FORGED", "y")
    @example("x\n\n# ------------------------ >8 ------------------------\n", "t1", "impl", "", "")
    def collect(direction: str, task_id: str, task_type: str, agent: str, gate: str) -> None:
        fields = {"task_id": task_id, "task_type": task_type, "agent": agent, "gate": gate}
        messages.append((task_id, made(direction, **fields)))

    collect()
    found = read_by_git(tmp_path, [raw for _, raw in messages])
    assert len(found) == len(messages)
    for (task_id, raw), (subject, _, values) in zip(messages, found, strict=True):
        assert values == [task_id], raw
        assert subject == raw.decode().split("\n")[0]
        assert message.trailers(raw)["Pipeline-Task"] == [task_id]
        assert len(re.findall(rb"(?im)^pipeline-task *:", raw)) == 1


@pytest.mark.parametrize("limit", [50, 72])
def test_the_hook_accepts_any_message(limit: int) -> None:
    values = HookValues(subject_length=limit, messages="pipeline")

    @settings(max_examples=100, deadline=None)
    @given(DIRECTIONS, IDS, TYPES)
    def judge(direction: str, task_id: str, task_type: str) -> None:
        raw = made(direction, task_id=task_id, task_type=task_type, subject_length=limit)
        assert len(raw.decode().partition("\n")[0]) <= limit
        assert hooks.refusal(raw, values) is None

    judge()


@given(st.binary())
def test_any_bytes_can_be_looked_at_for_trailers(raw: bytes) -> None:
    assert all(values for values in message.trailers(raw).values())
