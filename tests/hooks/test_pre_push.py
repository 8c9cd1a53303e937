"""What the installed pre-push hook stops, with real pushes to real bare repositories."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from nightrun.decisions.hook_text import HookValues
from nightrun.hands import hooks
from tests.hooks import push_cases
from tests.hooks.push_cases import CASES, EDIT, GO_ROUND, ORDINARY, PushCase

FRESH = """
git init -q --bare r.git; git clone -q r.git w 2>/dev/null; cd w; git remote set-url origin ../r.git
mkdir src; echo 1 >src/a.py; echo 2 >src/b.py; git add -A; git commit -qm c0
echo 11 >>src/a.py; git commit -qam c1
git push -q origin main; git branch feat; git push -q origin feat; git tag oldtag; git push -q origin oldtag
"""
PIPELINE_COMMIT = "echo x >>src/a.py; git commit -qam '[pipeline] impl t1: x'"


def sh(folder: Path, script: str, **extra: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, **extra}
    return subprocess.run(["sh", "-c", script], cwd=folder, env=env, capture_output=True, text=True, timeout=60)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone `w` of `r.git` with our hooks installed; copied for each case."""
    return tmp_path_factory.mktemp("push-template")


@pytest.fixture
def place(template: Path, tmp_path: Path) -> Path:
    if not (template / "w").exists():
        done = sh(template, "set -e\n" + FRESH)
        assert done.returncode == 0, done.stderr
        hooks.install(template / "w", HookValues())
    folder = tmp_path / "case"
    shutil.copytree(template, folder, symlinks=True)
    return folder


def block_pipeline(place: Path) -> None:
    hooks.install(place / "w", HookValues(block="pipeline"))


def remote_refs(place: Path) -> str:
    return "".join(
        sh(remote, "git for-each-ref").stdout for remote in (place / "r.git", place / "r2.git") if remote.exists()
    )


def attempt(place: Path, case: PushCase, **extra: str) -> tuple[bool, subprocess.CompletedProcess[str]]:
    """Whether the remote changed, and what the push said."""
    done = sh(place / "w", f"set -e\n{case.prepare}\npwd >'{place}/where'")
    assert done.returncode == 0, done.stderr
    before = remote_refs(place)
    pushed = sh(Path((place / "where").read_text().strip()), case.push, **extra)
    return remote_refs(place) != before, pushed


def number_and_name(case: PushCase) -> str:
    return f"{case.number}-{case.name.replace(' ', '_')}"


def test_there_are_39_ordinary_shapes() -> None:
    assert len(CASES) == 53
    assert len(ORDINARY) == 39


@pytest.mark.parametrize("case", [case for case in CASES if case.number not in GO_ROUND], ids=number_and_name)
def test_push_is_stopped_and_says_how_to_push(place: Path, case: PushCase) -> None:
    changed, pushed = attempt(place, case)
    assert not changed
    assert pushed.returncode != 0
    assert "nightrun: push stopped: PIPELINE_AUTO_PUSH is not set" in pushed.stderr
    assert "make push" in pushed.stderr


@pytest.mark.parametrize("case", [CASES[n - 1] for n in GO_ROUND], ids=number_and_name)
def test_what_no_hook_can_stop_gets_through(place: Path, case: PushCase) -> None:
    changed, pushed = attempt(place, case)
    assert changed
    assert pushed.returncode == 0


@pytest.mark.parametrize("number", [1, 13, 24, 37, 38])
def test_exactly_1_lets_a_push_pass(place: Path, number: int) -> None:
    changed, pushed = attempt(place, CASES[number - 1], PIPELINE_AUTO_PUSH="1")
    assert pushed.returncode == 0, pushed.stderr
    assert changed == (number not in push_cases.NOTHING_TO_PUSH)


@pytest.mark.parametrize("value", ["", "0", "true", "yes", "11", " 1", "1 ", "01", "1\n2"])
def test_any_other_value_is_refused_and_named(place: Path, value: str) -> None:
    changed, pushed = attempt(place, CASES[0], PIPELINE_AUTO_PUSH=value)
    assert not changed
    assert "is set, but only the exact value 1 allows a push" in pushed.stderr


def test_an_empty_list_of_refs_is_refused_with_its_reason(place: Path) -> None:
    _, pushed = attempt(place, CASES[24 - 1])
    assert "git names no ref" in pushed.stderr


def test_twenty_thousand_refs_neither_hang_nor_pass(place: Path) -> None:
    line = "refs/heads/a " + "1" * 40 + " refs/heads/a " + "0" * 40 + "\n"
    hook = place / "w/.git/hooks/pre-push"
    done = subprocess.run([hook, "origin", "../r.git"], input=line * 20_000, text=True, capture_output=True, timeout=30)
    assert done.returncode == 1


def test_a_credential_in_the_address_is_not_shown(place: Path) -> None:
    hook = place / "w/.git/hooks/pre-push"
    url = "https://person:secret@example.invalid/x.git"
    done = subprocess.run([hook, url, url], input="", text=True, capture_output=True, timeout=30)
    assert done.returncode == 1
    assert "secret" not in done.stderr


class TestBlockPipeline:
    """push.block: pipeline stops pushes that carry commits of the pipeline, and what cannot be judged."""

    @pytest.fixture(autouse=True)
    def narrowed(self, place: Path) -> None:
        block_pipeline(place)

    @pytest.mark.parametrize("number", [1, 2, 7, 10, 11, 16, 17, 21, 28, 29, 30, 31, 33, 35, 38, 39, 40, 41])
    def test_commits_of_people_pass(self, place: Path, number: int) -> None:
        _, pushed = attempt(place, CASES[number - 1])
        assert pushed.returncode == 0, pushed.stderr

    @pytest.mark.parametrize("number", [13, 14, 15, 24, 25, 26, 37])
    def test_deletions_and_empty_lists_are_refused(self, place: Path, number: int) -> None:
        changed, pushed = attempt(place, CASES[number - 1])
        assert not changed
        assert "nightrun: push stopped" in pushed.stderr

    @pytest.mark.parametrize(
        "push",
        [
            "git push origin main",
            "git push origin HEAD:refs/heads/new",
            "git push origin 'HEAD^{/impl t1}:refs/heads/new'",
            "git tag v1; git push origin v1",
            "git tag -a v1 -m v1; git push --tags",
            "git push --all",
            "git commit -q --allow-empty -m later; git push origin main",
            "git push --mirror origin",
        ],
    )
    def test_a_pipeline_commit_is_refused_however_it_is_carried(self, place: Path, push: str) -> None:
        changed, pushed = attempt(place, PushCase(0, "", PIPELINE_COMMIT, push))
        assert not changed
        assert "carries commits of the pipeline (1 of them" in pushed.stderr

    def test_a_fixup_of_a_pipeline_commit_is_refused(self, place: Path) -> None:
        prepare = "git commit -q --allow-empty -m 'fixup! [pipeline] impl t1: x'"
        changed, _ = attempt(place, PushCase(0, "", prepare, "git push origin main"))
        assert not changed

    def test_the_tag_elsewhere_in_a_message_does_not_matter(self, place: Path) -> None:
        prepare = "git commit -q --allow-empty -m 'docs: how [pipeline] works' -m '[pipeline] impl t1: x'"
        changed, pushed = attempt(place, PushCase(0, "", prepare, "git push origin main"))
        assert changed, pushed.stderr

    def test_commits_that_the_remote_has_do_not_count_again(self, place: Path) -> None:
        prepare = f"{PIPELINE_COMMIT}; PIPELINE_AUTO_PUSH=1 git push -q origin main; git checkout -q -b mine; {EDIT}"
        changed, pushed = attempt(place, PushCase(0, "", prepare, "git push origin mine"))
        assert changed, pushed.stderr

    def test_a_remote_that_only_seems_to_have_them_is_asked(self, place: Path) -> None:
        prepare = (
            f"{PIPELINE_COMMIT}; PIPELINE_AUTO_PUSH=1 git push -q origin main;"
            "git init -q --bare ../r2.git; git remote set-url origin ../r2.git"
        )
        changed, pushed = attempt(place, PushCase(0, "", prepare, "git push origin main"))
        assert not changed
        assert "carries commits of the pipeline" in pushed.stderr

    def test_a_remote_ahead_of_this_clone_cannot_be_judged(self, place: Path) -> None:
        prepare = (
            "git clone -q ../r.git ../other; git -C ../other commit -q --allow-empty -m theirs;"
            f"git -C ../other push -q origin main; {EDIT}"
        )
        changed, pushed = attempt(place, PushCase(0, "", prepare, "git push -f origin main"))
        assert not changed
        assert "git cannot list what it carries" in pushed.stderr

    def test_a_replaced_commit_does_not_hide_one_of_the_pipeline(self, place: Path) -> None:
        prepare = (
            f"{PIPELINE_COMMIT}; git replace HEAD $(git commit-tree HEAD^{{tree}} -p HEAD~1 -m innocent);"
            "git log -1 --format=%s | grep innocent"
        )
        changed, _ = attempt(place, PushCase(0, "", prepare, "git push origin main"))
        assert not changed

    def test_exactly_1_lets_it_pass(self, place: Path) -> None:
        changed, pushed = attempt(
            place, PushCase(0, "", PIPELINE_COMMIT, "git push origin main"), PIPELINE_AUTO_PUSH="1"
        )
        assert changed, pushed.stderr


class TestChain:
    """A hook that was there before gets the arguments and the lines, and can still refuse."""

    EARLIER = '#!/bin/sh\necho "$@" >args; cat >lines; exit ${EARLIER_CODE:-0}\n'

    @pytest.fixture(autouse=True)
    def earlier(self, place: Path) -> Path:
        path = place / "w/.git/hooks/pre-push.nightrun-chained"
        path.write_text(self.EARLIER)
        path.chmod(0o755)
        return path

    @pytest.mark.parametrize("block", ["all", "pipeline"])
    def test_it_gets_arguments_and_lines(self, place: Path, block: str) -> None:
        hooks.install(place / "w", HookValues(block=block))
        value = "1" if block == "all" else "0"
        changed, pushed = attempt(place, PushCase(0, "", EDIT, "git push origin main feat"), PIPELINE_AUTO_PUSH=value)
        assert changed, pushed.stderr
        assert (place / "w/args").read_text() == "origin ../r.git\n"
        lines = (place / "w/lines").read_text().splitlines()
        assert [line.split()[0] for line in lines] == ["refs/heads/main"]
        assert all(len(line.split()) == 4 for line in lines)

    def test_its_refusal_refuses(self, place: Path) -> None:
        changed, pushed = attempt(place, CASES[0], PIPELINE_AUTO_PUSH="1", EARLIER_CODE="3")
        assert not changed
        assert pushed.returncode != 0

    def test_it_does_not_run_when_the_guard_refuses(self, place: Path) -> None:
        attempt(place, CASES[0])
        assert not (place / "w/args").exists()
