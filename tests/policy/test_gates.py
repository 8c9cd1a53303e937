from __future__ import annotations

import pytest

from nightrun.policy import gates
from nightrun.policy.gates import Listing


def listing(*names: str, **texts: str) -> Listing:
    """Keywords are file names with the dot written as `__`."""
    files = {name.replace("__", "."): text for name, text in texts.items()}
    return Listing({*names, *files}, files)


def commands(found: Listing) -> list[tuple[str, ...]]:
    return [gate.commands for gate in gates.find(found)]


def test_an_unknown_repository_has_none() -> None:
    assert gates.find(listing("README.md", "src")) == []


@pytest.mark.parametrize(
    ("makefile", "command"),
    [
        ("test:\n\tpytest\n", "make test"),
        ("check: lint test\ntest:\n\tpytest\nlint:\n\truff\n", "make check"),
        ("check: lint\ntest:\n\tpytest\nlint:\n\truff\n", "make test"),
        ("all check: build\n\t./run\n", "make check"),
        (".PHONY: test\ntest: ; pytest\n", "make test"),
        ("test check:\n\tx\n", "make test"),
    ],
)
def test_a_makefile_is_asked_for_check_or_test(makefile: str, command: str) -> None:
    assert commands(listing(Makefile=makefile)) == [(command,)]


@pytest.mark.parametrize("makefile", ["TEST := x\ntest-all:\n\tx\n", "test := 1\n", "\ttest: x\n", "# test: x\n"])
def test_what_only_looks_like_a_target_is_none(makefile: str) -> None:
    assert commands(listing(Makefile=makefile)) == []


@pytest.mark.parametrize(
    ("names", "command", "setup"),
    [
        ((), "npm test", "npm install --no-package-lock"),
        (("package-lock.json",), "npm test", "npm ci"),
        (("pnpm-lock.yaml",), "pnpm test", "pnpm install --frozen-lockfile"),
        (("yarn.lock",), "yarn test", "yarn install --frozen-lockfile"),
        (("bun.lock",), "bun run test", "bun install --frozen-lockfile"),
    ],
)
def test_a_package_with_a_test_script_is_tested_by_its_package_manager(
    names: tuple[str, ...], command: str, setup: str
) -> None:
    package = '{"scripts": {"test": "vitest run"}, "devDependencies": {"vitest": "1"}}'
    (gate,) = gates.find(listing(*names, package__json=package))
    assert gate.commands == (command,)
    assert gate.setup == (setup,)


@pytest.mark.parametrize(
    "package",
    [
        '{"scripts": {"test": "echo \\"Error: no test specified\\" && exit 1"}}',
        "{}",
        "not json",
        "[1]",
        '{"scripts": 1}',
    ],
)
def test_a_package_without_a_real_test_script_has_none(package: str) -> None:
    assert commands(listing(package__json=package)) == []


@pytest.mark.parametrize(
    ("found", "command"),
    [
        (listing("noxfile.py"), "nox"),
        (listing("tox.ini"), "tox"),
        (listing(pyproject__toml="[tool.tox]\n"), "tox"),
        (listing(pyproject__toml="[tool.pytest.ini_options]\n"), "python3 -m pytest"),
        (listing("uv.lock", pyproject__toml='[dependency-groups]\ndev = ["pytest"]\n'), "uv run pytest"),
        (listing("poetry.lock", "conftest.py"), "poetry run pytest"),
        (listing(setup__cfg="[tool:pytest]\n"), "python3 -m pytest"),
        (listing("manage.py"), "python3 manage.py test"),
        (listing("Cargo.toml"), "cargo test"),
        (listing("go.mod"), "go test ./..."),
        (listing("mix.exs"), "mix test"),
        (listing("pom.xml"), "mvn -q test"),
        (listing("pom.xml", "mvnw"), "./mvnw -q test"),
        (listing("build.gradle.kts", "gradlew"), "./gradlew test"),
        (listing("build.gradle"), "gradle test"),
        (listing("Gemfile", "spec"), "bundle exec rspec"),
        (listing("Gemfile", Rakefile="Rake::TestTask.new\n"), "bundle exec rake test"),
        (listing("Gemfile", Rakefile="Rails.application.load_tasks\n"), "bin/rails test"),
        (listing(composer__json='{"scripts": {"test": "phpunit"}}'), "composer test"),
        (listing("phpunit.xml.dist"), "vendor/bin/phpunit"),
        (listing("app.csproj"), "dotnet test"),
        (listing("deno.json"), "deno test"),
        (listing("CMakeLists.txt"), "cmake -S . -B .pipeline/build"),
        (listing(justfile="test *args:\n  cargo test\n"), "just test"),
        (listing(Taskfile__yml="version: 3\ntasks:\n  test:\n    cmd: x\n"), "task test"),
    ],
)
def test_the_usual_command_of_each_kind_of_project_is_found(found: Listing, command: str) -> None:
    assert commands(found)[0][0] == command


def test_the_makefile_comes_first_and_the_others_are_kept() -> None:
    found = listing("Cargo.toml", Makefile="test:\n\tcargo test\n", package__json='{"scripts": {"test": "x"}}')
    assert commands(found) == [("make test",), ("npm test",), ("cargo test",)]
