from __future__ import annotations

import pytest

from nightrun.decisions import message, verifying
from nightrun.decisions.verifying import Claim, Found
from nightrun.words.commit import Commit

TREE = "f" * 40
GATE = {"result": "passed", "tree": TREE, "seconds": 12.4, "commands": ["make check", "sh -c 'a; b'"]}


def commit(raw: bytes | None = None, **fields: object) -> Commit:
    made = message.commit(
        task_type="impl",
        task_id="t1",
        direction="Do it",
        attempt=1,
        agent="script",
        gate=message.gate_trailer(GATE),
    )
    known = {"sha": "a" * 40, "tree": TREE, "parents": ("0" * 40,), "at": 0.0, "message": raw or made}
    return Commit(**{**known, **fields})  # type: ignore[arg-type]


def claim(raw: bytes | None = None, **fields: object) -> Claim:
    return verifying.read(commit(raw, **fields))


def with_gate(text: str) -> bytes:
    return message.commit(task_type="impl", task_id="t1", direction="x", attempt=1, agent="a", gate=text)


def test_a_commit_of_an_attempt_claims_what_its_trailers_say() -> None:
    found = claim()
    assert (found.task, found.task_type, found.result, found.problems) == ("t1", "impl", "passed", ())
    assert found.names(["make check", "sh -c 'a; b'"])
    assert not found.names(["make check"]) and not found.names([])


def test_a_gate_that_was_none_names_no_commands() -> None:
    found = claim(with_gate(message.gate_trailer({"result": "none", "tree": TREE})))
    assert (found.result, found.problems) == ("none", ())
    assert found.names([]) and not found.names(["make check"])


def test_a_trailer_that_was_cut_is_compared_as_it_was_cut() -> None:
    commands = [f"step-{number} --with a-long-argument" for number in range(30)]
    found = claim(with_gate(message.gate_trailer({**GATE, "commands": commands})))
    assert found.names(commands) and not found.names(commands[1:])


def test_a_commit_by_hand_claims_no_gate() -> None:
    found = claim(message.commit(task_type="impl", task_id="t1", direction="x"))
    assert (found.result, found.gate, found.problems) == (None, None, ())
    assert verifying.judge(found, Found(result="none", commands=("make check",), named=True)).state == "holds"


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"[pipeline] impl t1: x\n\nbody\n", "it has no Pipeline-Task trailer"),
        (b"[pipeline] impl t1: x\n\nPipeline-Task: t1\nPipeline-Task: t1\n", "it has 2 Pipeline-Task trailers"),
        (
            b"[pipeline] impl t1: x\n\nPipeline-Task: t2\n\nPipeline-Task: t1\n",
            "it has a Pipeline-Task line outside its trailers, too",
        ),
        (b"[pipeline] impl t1: x\n\nPipeline-Task: t2\n", "its subject names t1, its trailer t2"),
        (b"fix it\n\nPipeline-Task: t2\n", "its subject is not [pipeline] {type} {id}: {text}"),
        (
            b"[pipeline] impl t1: x\n\nPipeline-Task: t1\nPipeline-Attempt: 1\n",
            "it is of an attempt and claims no gate",
        ),
        (with_gate("passed"), "its gate is about no tree, the commit has ffffffffff"),
        (with_gate(f"passed {'e' * 40} 1.0s x"), "its gate is about tree eeeeeeeeee, the commit has ffffffffff"),
        (with_gate("it was fine"), "its Pipeline-Gate line cannot be read: it was fine"),
        (with_gate(f"failed {TREE} 1.0s x"), f"its Pipeline-Gate line cannot be read: failed {TREE} 1.0s x"),
    ],
)
def test_what_is_wrong_with_the_trailers_is_said(raw: bytes, problem: str) -> None:
    found = claim(raw)
    assert found.problems == (problem,)
    assert verifying.judge(found, Found(result="passed")).state == "false"


def test_a_merge_is_none_of_ours() -> None:
    assert claim(parents=("0" * 40, "1" * 40)).problems == ("it is a merge",)


def test_a_gate_that_fails_now_makes_the_claim_false() -> None:
    verdict = verifying.judge(claim(), Found(result="failed", problem="`make check` failed with exit code 2"))
    assert (verdict.state, verdict.reasons) == (
        "false",
        ("the gate fails on it: `make check` failed with exit code 2",),
    )


def test_a_gate_that_no_policy_has_makes_the_claim_false_even_when_ours_passes() -> None:
    verdict = verifying.judge(
        claim(with_gate(f"passed {TREE} 0.0s true")), Found(result="passed", commands=("make check",), named=False)
    )
    assert verdict.reasons == ("it names the gate `true`, the policy has `make check`, now and when it was made",)


def test_what_could_not_be_run_is_neither_true_nor_false() -> None:
    verdict = verifying.judge(claim(), Found(result="unchecked", problem="`make check` cannot be started"))
    assert (verdict.state, verdict.reasons) == ("unknown", ("`make check` cannot be started",))


def test_exit_code_says_the_worst() -> None:
    holds, false, unknown = (
        verifying.judge(claim(), Found(result=one)) for one in ("passed", "failed", verifying.UNCHECKED)
    )
    assert verifying.exit_code([]) == verifying.exit_code([holds]) == 0
    assert verifying.exit_code([holds, unknown]) == 75
    assert verifying.exit_code([holds, unknown, false]) == 1


def test_table_names_commit_task_claim_and_finding() -> None:
    holds = verifying.judge(claim(), Found(result="passed", seconds=11.94))
    false = verifying.judge(
        claim(with_gate(f"passed {TREE} 0.1s true")),
        Found(result="failed", seconds=2.0, problem="`true` failed", log="/x/verify-a.log"),
    )
    assert verifying.table([holds, false]) == [
        "commit      task     claimed                                found",
        "aaaaaaaaaa  impl t1  passed 12.4s make check; sh -c 'a; b'  passed 11.9s",
        "aaaaaaaaaa  impl t1  passed 0.1s true                       failed 2.0s; DOES NOT HOLD",
        "    the gate fails on it: `true` failed",
        "    /x/verify-a.log",
    ]
    assert verifying.summary([holds, false]) == "2 commits checked: what 1 of them claims does not hold."
    assert verifying.summary([holds]) == "1 commit checked: all that is claimed holds."


def test_a_message_cannot_move_the_cursor_in_the_table() -> None:
    found = claim(b"[pipeline] impl t1: x\n\nPipeline-Task: t1\nPipeline-Gate: \x1b[2J passed\n")
    assert "\x1b" not in "".join(verifying.table([verifying.judge(found, Found(result="none"))]))
