"""Lock files of dependencies: what is in them runs on every machine that installs the project. Off by default."""

from __future__ import annotations

from typing import Any

from nightrun.scans import found, path_pattern
from nightrun.words import change as words
from nightrun.words.change import Change, ScanFinding

NAME = "lock_files"
NAMES = (
    *("package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb", "deno.lock"),
    *("poetry.lock", "Pipfile.lock", "pdm.lock", "uv.lock", "pixi.lock", "pylock.toml", "pylock.*.toml"),
    *("requirements.lock", "requirements-*.lock", "conda-lock.yml"),
    *("Cargo.lock", "go.sum", "go.work.sum", "Gemfile.lock", "composer.lock", "mix.lock", "rebar.lock", "shard.lock"),
    *("pubspec.lock", "Podfile.lock", "Cartfile.resolved", "Package.resolved", "flake.lock", "stack.yaml.lock"),
    *("cabal.project.freeze", "gradle.lockfile", "buildscript-gradle.lockfile", "packages.lock.json", "paket.lock"),
    *("conan.lock", "MODULE.bazel.lock", ".terraform.lock.hcl"),
)


def look(change: Change, settings: Any) -> list[ScanFinding]:
    match = path_pattern.matcher(NAMES)
    return [
        found.hold(
            NAME,
            entry.path,
            None,
            f"This lock file of dependencies {_what(entry.status)}: look at what is new in it yourself.",
        )
        for entry in change.entries
        if match(entry.path) is not None
    ]


def _what(status: str) -> str:
    return {words.ADDED: "is new", words.DELETED: "was deleted"}.get(status, "was changed")
