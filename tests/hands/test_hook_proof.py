"""The proofs hold exactly when the hooks do."""

from __future__ import annotations

from pathlib import Path

import pytest

from nightrun.decisions.hook_text import HookValues
from nightrun.hands import hook_proof, hooks
from tests.story import git_out

VALUES = HookValues()


def holds(repo: Path, values: HookValues = VALUES) -> list[bool]:
    return [proof.holds for proof in hook_proof.prove(repo, values)]


def test_installed_hooks_are_proved(repo: Path) -> None:
    hooks.install(repo, VALUES)
    proofs = hook_proof.prove(repo, VALUES)
    assert [proof.holds for proof in proofs] == [True, True, True]
    assert [proof.text.split(": ")[-1] for proof in proofs] == ["accepted", "refused", "stopped by the pre-push hook"]


def test_without_hooks_nothing_holds(repo: Path) -> None:
    assert holds(repo) == [False, False, False]


def test_a_narrowed_push_guard_is_proved_too(repo: Path) -> None:
    values = HookValues(block="pipeline", types=("review",))
    hooks.install(repo, values)
    assert all(holds(repo, values))


def test_hooks_that_git_does_not_run_prove_nothing(repo: Path) -> None:
    hooks.install(repo, VALUES)
    git_out(repo, "config", "core.hooksPath", "/dev/null")
    assert not any(holds(repo))


def test_a_guard_of_somebody_else_is_not_taken_for_ours(repo: Path) -> None:
    for name in ("commit-msg", "pre-push"):
        (repo / ".git/hooks" / name).write_text("#!/bin/sh\nexit 1\n")
        (repo / ".git/hooks" / name).chmod(0o755)
    assert holds(repo) == [False, False, False]


def test_the_repository_stays_as_it_was(repo: Path) -> None:
    hooks.install(repo, VALUES)

    def state() -> list[str]:
        listed = sorted(str(path) for path in repo.rglob("*"))
        return [*listed, git_out(repo, "for-each-ref"), git_out(repo, "config", "--list", "--local")]

    before = state()
    hook_proof.prove(repo, VALUES)
    assert state() == before


def test_the_permission_of_the_person_does_not_spoil_the_proof(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIPELINE_AUTO_PUSH", "1")
    hooks.install(repo, VALUES)
    assert all(holds(repo))
