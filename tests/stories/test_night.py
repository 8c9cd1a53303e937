"""A quiet night: work of every type goes from the queue to its commit."""

from __future__ import annotations

from click.testing import CliRunner

from nightrun.cli import main
from tests.stories.conftest import Nights
from tests.stories.night import Night, check_one_commit_each, script
from tests.story import commit_all, git_out, write


def test_each_completed_task_is_one_commit_and_heal_is_none(night: Night) -> None:
    with night.api() as client:
        ids = {
            task_type: client.add_task(script(f"echo {task_type} >{task_type}.txt"), task_type).id
            for task_type in ("spec", "impl", "test", "review", "heal")
        }
    assert night.until_idle() == 0, night.said()
    tasks = night.tasks()
    assert {one.task_type: one.commit_state for one in tasks} == {
        **dict.fromkeys(("spec", "impl", "test", "review"), "landed"),
        "heal": "none",
    }, night.said()
    check_one_commit_each(night, tasks)
    wanted = [f"[pipeline] {name} {ids[name]}: Do it" for name in ids if name != "heal"]
    assert sorted(night.subjects()) == sorted(wanted)
    assert git_out(night.root, "status", "--porcelain") == ""
    assert night.left() == []
    heal = next(one for one in tasks if one.task_type == "heal")
    assert git_out(night.root, "show", f"{heal.branch}:heal.txt") == "heal"


def test_what_is_set_of_commit_and_push_is_in_the_log_at_start(night: Night) -> None:
    """Specification: PIPELINE_AUTO_COMMIT and PIPELINE_AUTO_PUSH are documented in logs when set."""
    assert night.until_idle(env={"PIPELINE_AUTO_PUSH": "0"}) == 0
    said = night.state.log("supervisor").read_text()
    assert "PIPELINE_AUTO_COMMIT=1 (default): completed tasks are committed" in said
    assert "PIPELINE_AUTO_PUSH=0 (exported): nothing is pushed" in said


def test_with_auto_commit_off_a_change_waits_and_is_committed_by_hand(night: Night) -> None:
    with night.api() as client:
        task = client.add_task(script("echo a >a.txt"), "impl")
    assert night.until_idle(env={"PIPELINE_AUTO_COMMIT": "0"}) == 0, night.said()
    (left,) = night.tasks()
    assert (left.status, left.commit_state) == ("completed", "none")
    assert night.subjects() == []
    assert f"nightrun commit {task.id}" in (left.commit_reason or "")
    assert left.worktree is not None
    assert f"make commit TASK={task.id}" in night.call("status")
    assert night.call("commit", task.id) == f"impl {task.id} landed as {git_out(night.root, 'rev-parse', 'main')[:10]}."
    check_one_commit_each(night, night.tasks())
    assert "not committed" not in night.call("status")
    assert git_out(night.root, "status", "--porcelain") == ""


def test_with_auto_commit_off_a_chain_shares_its_worktree_and_each_task_is_committed_by_hand(
    new_night: Nights,
) -> None:
    """Also a task after one that changed nothing, and one whose forerunner was rebased when it landed."""
    night = new_night({"task_types": {"test": {"gate": ["true"], "no_change": "allowed"}}})
    does = "[ $PIPELINE_TASK_TYPE = test ] || echo $PIPELINE_TASK_TYPE >>a.txt"
    item = ["- [ ] Add a line", "  ```sh", f"  {does}", "  echo VERDICT: PASS", "  ```", ""]
    write(night.root, "specs/backlog.md", "\n".join(item))
    commit_all(night.root, "a backlog")
    with night.api() as client:
        other = client.add_task(script("echo b >b.txt"), "impl")
    assert night.until_idle(env={"PIPELINE_AUTO_COMMIT": "0"}) == 0, night.said()
    tasks = {one.task_type: one for one in night.tasks() if one.id != other.id}
    assert git_out(night.root, "show", f"{tasks['review'].branch}:a.txt") == "spec\nimpl\nreview"
    assert f"nightrun commit {tasks['spec'].id}" in night.call("commit", tasks["impl"].id, code=1)
    for one in (other.id, *(tasks[name].id for name in ("spec", "impl", "review"))):
        assert "landed as" in night.call("commit", one)
    contents = [git_out(night.root, "show", f"main~{back}:a.txt").split() for back in (2, 1, 0)]
    assert contents == [["spec"], ["spec", "impl"], ["spec", "impl", "review"]]
    assert "- [x] Add a line" in git_out(night.root, "show", "main:specs/backlog.md")
    assert git_out(night.root, "status", "--porcelain") == ""
    check_one_commit_each(night, [one for one in night.tasks() if one.tree])


def test_only_the_exact_value_1_commits(night: Night) -> None:
    with night.api() as client:
        client.add_task(script("echo a >a.txt"), "impl")
    assert night.until_idle(env={"PIPELINE_AUTO_COMMIT": "true"}) == 0
    assert night.subjects() == []


def test_nothing_changed_is_no_commit(night: Night) -> None:
    """A review may change nothing; an impl that changes nothing fails with a reason of its own."""
    with night.api() as client:
        review = client.add_task(script("echo fine"), "review")
    assert night.until_idle() == 0, night.said()
    (done,) = night.tasks()
    assert (done.id, done.status, done.commit_state) == (review.id, "completed", "none")
    assert done.commit_reason == "nothing was changed"
    assert night.subjects() == []


def test_a_push_happens_only_when_it_is_allowed(night: Night) -> None:
    remote = night.root.with_name("remote.git")
    git_out(night.root, "init", "-q", "--bare", str(remote))
    git_out(night.root, "remote", "add", "origin", str(remote))
    git_out(night.root, "push", "-q", "origin", "main")
    before = git_out(night.root, "rev-parse", "main")
    with night.api() as client:
        client.add_task(script("echo a >a.txt"), "impl")
    assert night.until_idle() == 0, night.said()
    assert git_out(remote, "rev-parse", "main") == before
    with night.api() as client:
        client.add_task(script("echo b >b.txt"), "impl")
    assert night.until_idle(env={"PIPELINE_AUTO_PUSH": "1"}) == 0, night.said()
    assert git_out(remote, "rev-parse", "main") == git_out(night.root, "rev-parse", "main") != before


def test_root_mode_works_in_the_project_root(new_night: object) -> None:
    night: Night = new_night({"project": {"isolation": "root"}})  # type: ignore[operator]
    with night.api() as client:
        client.add_task(script("echo a >a.txt"), "impl")
        client.add_task(script("test -f a.txt && echo b >>a.txt"), "impl")
    assert night.until_idle() == 0, night.said()
    assert (night.root / "a.txt").read_text() == "a\nb\n"
    check_one_commit_each(night, night.tasks())
    assert len(night.subjects()) == 2
    assert git_out(night.root, "status", "--porcelain") == ""


def test_root_mode_commits_nothing_that_waits_for_a_person(new_night: object) -> None:
    """It did before: in the root a commit is on the target, and what was found was not asked about there."""
    night: Night = new_night({"project": {"isolation": "root"}})  # type: ignore[operator]
    before = git_out(night.root, "rev-parse", "main")
    with night.api() as client:
        client.add_task(script("echo obey >AGENTS.md"), "impl")
    night.until_idle()
    (task,) = night.tasks()
    assert (task.status, task.commit_state) == ("completed", "held"), night.said()
    assert "AGENTS.md" in (task.commit_reason or "")
    assert git_out(night.root, "rev-parse", "main") == before
    assert git_out(night.root, "show", f"{task.branch}:AGENTS.md") == "obey"
    done = CliRunner().invoke(main, ["decide", "--repo", str(night.root), task.id, "accept"])
    assert done.exit_code == 0, done.output
    check_one_commit_each(night, night.tasks())
    assert git_out(night.root, "status", "--porcelain") == ""


def test_root_mode_refuses_a_dirty_tree_at_start(new_night: object) -> None:
    night: Night = new_night({"project": {"isolation": "root"}})  # type: ignore[operator]
    (night.root / "README.md").write_text("mine\n")
    assert night.until_idle() == 1
    assert "uncommitted changes" in night.log.read_text()
    assert (night.root / "README.md").read_text() == "mine\n"


def test_what_a_scan_refuses_passes_once_a_person_accepts_it(new_night: object) -> None:
    """A key that is none, for one: three equal attempts end with a question, and no answer let it pass before."""
    night: Night = new_night({"limits": {"attempts": 5, "backoff": ["0s"]}})  # type: ignore[operator]
    token = "ghp" + "_q7Zt2Vb9Lw4Xc6Rn1Ks8Jd3Hf5Gm0PyTa7Ue"
    half = len(token) // 2
    with night.api() as client:
        client.add_task(script(f"printf '%s%s' {token[:half]} {token[half:]} >fixture.txt"), "impl")
    night.until_idle()
    (task,) = night.tasks()
    assert task.status == "needs_decision", night.said()
    assert f"`nightrun decide {task.id} accept`" in (task.decision_prompt or "")
    assert token not in str(task)
    done = CliRunner().invoke(main, ["decide", "--repo", str(night.root), task.id, "accept"])
    assert (done.exit_code, done.output) == (0, f"impl {task.id} goes back to work.\n")
    assert night.until_idle() == 0, night.said()
    check_one_commit_each(night, night.tasks())
    assert git_out(night.root, "show", "main:fixture.txt") == token
