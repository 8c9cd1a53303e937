"""Items of the backlog go through their chain, are ticked in the last commit, and wait for a person when they must."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.stories.conftest import Nights
from tests.stories.night import Night, check_one_commit_each, script, wait_until
from tests.story import commit_all, git_out, write

# Does one thing for each type; what a review says is in a file outside of the repository, one verdict for each round.
WORKER = """\
import os, sys
from pathlib import Path
kind, task = os.environ["PIPELINE_TASK_TYPE"], os.environ["PIPELINE_TASK_ID"]
prompt = sys.stdin.read()
Path(sys.argv[1], f"{kind}.{task}").write_text(prompt)
if kind != "review":
    with open(f"{kind}.txt", "a") as out:
        out.write(task + "\\n")
if kind in ("test", "review"):
    verdicts = Path(sys.argv[1], "verdicts")
    left = verdicts.read_text().split() if verdicts.exists() and kind == "review" else ["PASS"]
    if kind == "review" and verdicts.exists():
        verdicts.write_text(" ".join(left[1:]) or "PASS")
    print("the name is wrong" if left[0] == "FAIL" else "good")
    print("VERDICT: " + left[0])
"""


def with_worker(new_night: Nights, tmp_path: Path, items: str, **policy: object) -> tuple[Night, Path]:
    program, told = tmp_path / "worker.py", tmp_path / "told"
    program.write_text(WORKER)
    told.mkdir()
    agent = {"command": [sys.executable, str(program), str(told)], "prompt": "stdin"}
    types = {name: {"agent": "worker"} for name in ("spec", "impl", "test", "review")}
    night = new_night({"agents": {"worker": agent}, "task_types": types, **policy})
    write(night.root, "specs/backlog.md", items)
    commit_all(night.root, "backlog")
    return night, told


def test_an_item_goes_through_spec_impl_test_review_and_is_ticked(new_night: Nights, tmp_path: Path) -> None:
    night, _ = with_worker(new_night, tmp_path, "# Work\n\n- [ ] Add a flag\n1. Remove the old one\n")
    assert night.until_idle() == 0, night.said()
    tasks = night.tasks()
    by_item: dict[str, list[str]] = {}
    for one in tasks:
        by_item.setdefault(one.direction, []).append(one.task_type)
    assert by_item == {one: ["spec", "impl", "test", "review"] for one in ("Add a flag", "Remove the old one")}
    assert (night.root / "specs/backlog.md").read_text() == "# Work\n\n- [x] Add a flag\n1. [x] Remove the old one\n"
    check_one_commit_each(night, tasks)
    assert len(night.subjects()) == 8
    last = git_out(night.root, "log", "-1", "--format=%s", "--", "specs/backlog.md")
    assert last.startswith("[pipeline] review ")
    assert git_out(night.root, "status", "--porcelain") == ""


def test_a_fail_sends_the_item_back_to_impl_with_the_findings(new_night: Nights, tmp_path: Path) -> None:
    night, told = with_worker(new_night, tmp_path, "- [ ] Add a flag\n")
    (told / "verdicts").write_text("FAIL PASS")
    assert night.until_idle() == 0, night.said()
    tasks = night.tasks()
    assert [one.task_type for one in tasks] == ["spec", "impl", "test", "review", "impl", "test", "review"]
    again = tasks[4]
    prompt = (told / f"impl.{again.id}").read_text()
    assert "the name is wrong" in prompt and "Add a flag" in prompt
    assert (night.root / "specs/backlog.md").read_text() == "- [x] Add a flag\n"
    check_one_commit_each(night, tasks)


def test_after_the_policys_rounds_a_person_is_asked_and_the_answer_reaches_the_agent(
    new_night: Nights, tmp_path: Path
) -> None:
    night, told = with_worker(new_night, tmp_path, "- [ ] [impl review] Add a flag\n", limits={"rounds": 1})
    (told / "verdicts").write_text("FAIL PASS")
    assert night.until_idle() == 1
    asked = night.tasks()[-1]
    assert (asked.task_type, asked.status) == ("impl", "needs_decision")
    assert "the name is wrong" in (asked.decision_prompt or "")
    with night.api() as client:
        client.patch(asked.id, decision="Call it --json.")
    assert night.until_idle() == 0, night.said()
    assert "Call it --json." in (told / f"impl.{asked.id}").read_text()
    assert (night.root / "specs/backlog.md").read_text() == "- [x] [impl review] Add a flag\n"
    check_one_commit_each(night, night.tasks())


def test_a_direction_for_which_there_is_no_agent_waits_with_a_reason(new_night: Nights) -> None:
    """No agent program is on PATH here, and the embedded one runs fenced sh blocks only."""
    night = new_night()
    write(night.root, "specs/backlog.md", "- [ ] [impl] Think of something nice\n")
    commit_all(night.root, "backlog")
    assert night.until_idle(env={"PATH": "/usr/bin:/bin"}) == 1
    (task,) = night.tasks()
    assert (task.status, task.failures) == ("pending", 0)
    assert (task.waiting_reason or "").startswith("needs ")


def test_the_meta_backlog_is_worked_on_at_its_share(new_night: Nights, tmp_path: Path) -> None:
    items = "".join(f"- [ ] [impl] item {n}\n" for n in range(4))
    policy = {"backlog": {"files": ["specs/backlog.md"], "meta": "specs/meta.md", "meta_ratio": 0.5, "ahead": 1}}
    night, _ = with_worker(new_night, tmp_path, items, **policy)
    write(night.root, "specs/meta.md", "".join(f"- [ ] [impl] meta {n}\n" for n in range(4)))
    commit_all(night.root, "meta")
    assert night.until_idle() == 0, night.said()
    order = [one.direction.split()[0] for one in night.tasks()]
    assert order == ["item", "meta"] * 4


def test_an_item_that_is_moved_in_the_file_is_not_done_twice(new_night: Nights, tmp_path: Path) -> None:
    night, _ = with_worker(new_night, tmp_path, "- [ ] [impl] one\n- [ ] [impl] two\n", backlog={"tick": False})
    assert night.until_idle() == 0, night.said()
    write(night.root, "specs/backlog.md", "# new\n\n- [ ] [impl] two\n- [ ] [impl] three\n- [ ] [impl] one\n")
    commit_all(night.root, "moved")
    assert night.until_idle() == 0, night.said()
    assert sorted(one.direction for one in night.tasks()) == ["one", "three", "two"]


def test_a_backlog_that_a_person_edits_is_not_ticked_and_holds_nothing_up(new_night: Nights, tmp_path: Path) -> None:
    night, _ = with_worker(new_night, tmp_path, "- [ ] [impl] one\n")
    write(night.root, "specs/backlog.md", "- [ ] [impl] one\n- [ ] [impl] two\n")
    assert night.until_idle() == 0, night.said()
    assert sorted(one.direction for one in night.tasks()) == ["one", "two"]
    assert (night.root / "specs/backlog.md").read_text() == "- [ ] [impl] one\n- [ ] [impl] two\n"
    assert wait_until(lambda: len(night.subjects()) == 2, "both landed", 1.0)


def test_what_a_heal_suggests_becomes_an_item_by_a_commit_of_its_own(new_night: Nights) -> None:
    """DESIGN 3.8: a heal commits nothing; the line it leaves in the meta-backlog is committed as a spec task."""
    night = new_night({"backlog": {"meta": "specs/meta.md"}})
    write(night.root, "specs/meta.md", "# Meta\n")
    commit_all(night.root, "meta")
    line = "- [ ] Tell agents which tests exist"
    with night.api() as client:
        heal = client.add_task(script(f"echo '{line}' >>specs/meta.md; echo x >other.txt", "Find the cause"), "heal")
    assert night.until_idle(env={"PATH": "/usr/bin:/bin"}) == 1
    tasks = night.tasks()
    assert [(one.task_type, one.status, one.commit_state) for one in tasks[:2]] == [
        ("heal", "completed", "none"),
        ("spec", "completed", "landed"),
    ]
    assert tasks[1].context["suggested_by"] == heal.id
    assert night.subjects() == [f"[pipeline] spec {tasks[1].id}: Meta-backlog: Tell agents which tests exist"]
    assert (night.root / "specs/meta.md").read_text() == f"# Meta\n{line}\n"
    assert not (night.root / "other.txt").exists()
    # The item itself is then taken up; no agent here can do it, so it waits.
    assert (tasks[2].direction, tasks[2].status) == ("Tell agents which tests exist", "pending")


def test_a_heal_adds_all_its_ideas_and_one_that_comes_back_none_while_they_are_open(new_night: Nights) -> None:
    night = new_night({"backlog": {"files": [], "meta": "specs/meta.md"}})
    write(night.root, "specs/meta.md", "# Meta\n")
    commit_all(night.root, "meta")
    heals = []
    with night.api() as client:
        for number, fingerprint in enumerate(("f", "f", "g")):
            ideas = f"- [ ] Idea {number}\\n- [ ] Another idea {number}\\n"
            edit = script(f"printf -- '{ideas}' >>specs/meta.md", f"Find the cause {number}")
            about = {"condition": "gate_red", "fingerprint": fingerprint}
            (issue,) = client.send_findings([{**about, "state": "firing"}])["open"]
            heals.append(client.add_task(edit, "heal", context={**about, "issue": issue["id"]}).id)
    night.until_idle(env={"PATH": "/usr/bin:/bin"})
    added = [one for one in night.tasks() if "suggested_by" in one.context]
    assert [(one.context["suggested_by"], one.commit_state) for one in added] == [
        (heals[number], "landed") for number in (0, 0, 2, 2)
    ]
    kept = (night.root / "specs/meta.md").read_text().removeprefix("# Meta\n").splitlines()
    assert sorted(kept) == [f"- [ ] {name} {number}" for name in ("Another idea", "Idea") for number in (0, 2)]
    with night.api() as client:
        said = [[one["text"] for one in client.events(task) if one["kind"] == "note"] for task in heals]
        why = f"that of task {added[1].id} is open for the same condition and fingerprint"
        assert said == [[], [f"item {name!r} was not added: {why}" for name in ("Idea 1", "Another idea 1")], []]
        shown = client.issues()["suggested"]
    assert sorted((one["fingerprint"], *one["commits"]) for one in shown) == sorted(
        [("f", one.commit_sha) for one in added[:2]] + [("g", one.commit_sha) for one in added[2:]]
    )
