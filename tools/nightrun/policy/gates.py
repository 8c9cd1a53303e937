"""Which command checks a repository's work: read off the files in its top folder. Pure."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Listing:
    """The top folder: the names in it, and the texts of the files in `WANTED` that are there."""

    names: Collection[str]
    texts: Mapping[str, str]

    def first(self, *names: str) -> str | None:
        return next((name for name in names if name in self.names), None)


@dataclass(frozen=True)
class Gate:
    """Commands that check the work, and those that a fresh worktree needs before them."""

    commands: tuple[str, ...]
    because: str  # what in the repository says so
    setup: tuple[str, ...] = ()


MAKEFILES = ("GNUmakefile", "Makefile", "makefile")
JUSTFILES = ("justfile", "Justfile", ".justfile")
TASKFILES = ("Taskfile.yml", "Taskfile.yaml")
WANTED = (
    *MAKEFILES,
    *JUSTFILES,
    *TASKFILES,
    "package.json",
    "pyproject.toml",
    "setup.cfg",
    "composer.json",
    "Rakefile",
)

# One file, one command. The build folder of those that need one lies in .pipeline/, which git never sees.
_BY_FILE: tuple[tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]], ...] = (
    (("Cargo.toml",), ("cargo test",), ()),
    (("go.mod", "go.work"), ("go test ./...",), ()),
    (("mix.exs",), ("mix test",), ("mix deps.get",)),
    (("project.clj",), ("lein test",), ()),
    (("deno.json", "deno.jsonc"), ("deno test",), ()),
    (("Package.swift",), ("swift test",), ()),
    (("pubspec.yaml",), ("dart test",), ("dart pub get",)),
    (("stack.yaml",), ("stack test",), ()),
    (("cabal.project",), ("cabal test all",), ()),
    (("build.zig",), ("zig build test",), ()),
    (("gleam.toml",), ("gleam test",), ()),
    (("dune-project",), ("dune test",), ()),
    (("rebar.config",), ("rebar3 eunit",), ()),
    (("shard.yml",), ("crystal spec",), ("shards install",)),
    (("MODULE.bazel", "WORKSPACE", "WORKSPACE.bazel"), ("bazel test //...",), ()),
    (
        ("CMakeLists.txt",),
        (
            "cmake -S . -B .pipeline/build",
            "cmake --build .pipeline/build",
            "ctest --test-dir .pipeline/build --output-on-failure",
        ),
        (),
    ),
    (("meson.build",), ("meson setup --reconfigure .pipeline/build", "meson test -C .pipeline/build"), ()),
)
_MAKE_RULE = re.compile(r"^([\w.-]+(?:[ \t]+[\w.-]+)*)[ \t]*::?(?!=)([^\n]*(?:\n\t[^\n]*)*)", re.MULTILINE)
_JUST_RULE = re.compile(r"^@?(test|check)\b[^:=\n]*:(?!=)", re.MULTILINE)
_TASK_RULE = re.compile(r"^  (test|check):", re.MULTILINE)
_NPM_PLACEHOLDER = "no test specified"
_PYTHON_RUNNERS = (
    ("uv.lock", "uv run pytest"),
    ("poetry.lock", "poetry run pytest"),
    ("pdm.lock", "pdm run pytest"),
    ("Pipfile.lock", "pipenv run pytest"),
)
# The wrapper that a project brings along before the program that the machine may have.
_JVM_RUNNERS = (
    ("mvnw", "./mvnw -q test"),
    ("pom.xml", "mvn -q test"),
    ("gradlew", "./gradlew test"),
    ("build.gradle", "gradle test"),
    ("build.gradle.kts", "gradle test"),
    ("build.sbt", "sbt test"),
)
_NODE_RUNNERS = (
    ("pnpm-lock.yaml", "pnpm test", "pnpm install --frozen-lockfile"),
    ("yarn.lock", "yarn test", "yarn install --frozen-lockfile"),
    ("bun.lock", "bun run test", "bun install --frozen-lockfile"),
    ("bun.lockb", "bun run test", "bun install --frozen-lockfile"),
    ("package-lock.json", "npm test", "npm ci"),
    ("npm-shrinkwrap.json", "npm test", "npm ci"),
)


def find(listing: Listing) -> list[Gate]:
    """Every way to check the work that the repository shows, the most likely one first."""
    return [gate for finder in _FINDERS for gate in finder(listing)]


def make_targets(listing: Listing) -> dict[str, str]:
    """The targets of the repository's makefile, each with its prerequisites and recipe."""
    name = listing.first(*MAKEFILES)
    targets: dict[str, str] = {}
    for rule in _MAKE_RULE.finditer(listing.texts.get(name or "", "")):
        for target in rule[1].split():
            targets[target] = targets.get(target, "") + rule[2]
    return targets


def _make(listing: Listing) -> Iterator[Gate]:
    """`check` where it runs the tests too, else `test`: in many projects `check` is only the linter."""
    targets = make_targets(listing)
    for target in ("check", "test"):
        if target in targets and (target == "test" or "test" in targets[target] or "test" not in targets):
            yield Gate((f"make {target}",), f"{listing.first(*MAKEFILES)} has the target {target}")
            return


def _just(listing: Listing) -> Iterator[Gate]:
    yield from _recipes(listing, JUSTFILES, _JUST_RULE, "just")


def _task(listing: Listing) -> Iterator[Gate]:
    yield from _recipes(listing, TASKFILES, _TASK_RULE, "task")


def _recipes(listing: Listing, names: tuple[str, ...], rule: re.Pattern[str], program: str) -> Iterator[Gate]:
    name = listing.first(*names)
    found = rule.findall(listing.texts.get(name or "", ""))
    if found:
        recipe = "test" if "test" in found else found[0]
        yield Gate((f"{program} {recipe}",), f"{name} has the recipe {recipe}")


def _node(listing: Listing) -> Iterator[Gate]:
    package = _json(listing.texts.get("package.json", ""))
    script = _mapping(package.get("scripts")).get("test")
    if not isinstance(script, str) or _NPM_PLACEHOLDER in script:
        return
    because = "package.json has the script test"
    needs = bool(package.get("dependencies") or package.get("devDependencies"))
    for lock, command, install in _NODE_RUNNERS:
        if lock in listing.names:
            yield Gate((command,), f"{because}, and there is {lock}", (install,) if needs else ())
            return
    yield Gate(("npm test",), because, ("npm install --no-package-lock",) if needs else ())


def _python(listing: Listing) -> Iterator[Gate]:
    if "noxfile.py" in listing.names:
        yield Gate(("nox",), "there is a noxfile.py")
    tools = _mapping(_toml(listing.texts.get("pyproject.toml", "")).get("tool"))
    if "tox.ini" in listing.names or "tox" in tools or "[tox" in listing.texts.get("setup.cfg", ""):
        yield Gate(("tox",), "tox is set up")
    if reason := _pytest_reason(listing, tools):
        lock, command = next(
            ((lock, command) for lock, command in _PYTHON_RUNNERS if lock in listing.names),
            ("", "python3 -m pytest"),
        )
        yield Gate((command,), f"{reason}, and there is {lock}" if lock else reason)
    elif "manage.py" in listing.names:
        yield Gate(("python3 manage.py test",), "there is a manage.py")


def _pytest_reason(listing: Listing, tools: Mapping[str, Any]) -> str | None:
    if "pytest" in tools:
        return "pyproject.toml sets pytest up"
    if name := listing.first("pytest.ini", ".pytest.ini", "conftest.py"):
        return f"there is a {name}"
    if "[tool:pytest]" in listing.texts.get("setup.cfg", ""):
        return "setup.cfg sets pytest up"
    return "pyproject.toml names pytest" if "pytest" in listing.texts.get("pyproject.toml", "") else None


def _jvm(listing: Listing) -> Iterator[Gate]:
    for name, command in _JVM_RUNNERS:
        if name in listing.names:
            yield Gate((command,), f"there is a {name}")
            return


def _ruby(listing: Listing) -> Iterator[Gate]:
    prefix = "bundle exec " if "Gemfile" in listing.names else ""
    rakefile = listing.texts.get("Rakefile", "")
    if ".rspec" in listing.names or (prefix and "spec" in listing.names):
        yield Gate((f"{prefix}rspec",), "there are specs for rspec")
    elif "Rails.application" in rakefile:
        yield Gate(("bin/rails test",), "the Rakefile is that of a Rails application")
    elif "test" in rakefile.lower():
        yield Gate((f"{prefix}rake test",), "the Rakefile speaks of tests")


def _php(listing: Listing) -> Iterator[Gate]:
    scripts = _mapping(_json(listing.texts.get("composer.json", "")).get("scripts"))
    if "test" in scripts:
        yield Gate(("composer test",), "composer.json has the script test", ("composer install",))
    elif name := listing.first("phpunit.xml", "phpunit.xml.dist"):
        yield Gate(("vendor/bin/phpunit",), f"there is a {name}", ("composer install",))


def _dotnet(listing: Listing) -> Iterator[Gate]:
    name = next(
        (name for name in sorted(listing.names) if name.endswith((".sln", ".slnx", ".csproj", ".fsproj"))), None
    )
    if name:
        yield Gate(("dotnet test",), f"there is a {name}")


def _by_file(listing: Listing) -> Iterator[Gate]:
    for names, commands, setup in _BY_FILE:
        if name := listing.first(*names):
            yield Gate(commands, f"there is a {name}", setup)


_FINDERS: tuple[Callable[[Listing], Iterator[Gate]], ...] = (
    _make,
    _just,
    _task,
    _node,
    _python,
    _by_file,
    _jvm,
    _ruby,
    _php,
    _dotnet,
)


def _json(text: str) -> Mapping[str, Any]:
    try:
        return _mapping(json.loads(text))
    except (ValueError, RecursionError):
        return {}


def _toml(text: str) -> Mapping[str, Any]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError):
        return {}


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
