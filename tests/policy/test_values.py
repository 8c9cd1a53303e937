from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from nightrun.policy import values


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("make test", ("make", "test")),
        ("python -c 'print($x)'", ("python", "-c", "print($x)")),
        ('sh -c "a && b"', ("sh", "-c", "a && b")),
        ("grep a=b", ("grep", "a=b")),
        (["sh", "-c", "cd api && make test"], ("sh", "-c", "cd api && make test")),
    ],
)
def test_a_command_is_split_into_words_without_a_shell(text: object, words: tuple[str, ...]) -> None:
    assert values.command(text) == words


@pytest.mark.parametrize(
    ("text", "piece"),
    [
        ("cd api && make test", "&&"),
        ("make test | tee log", "|"),
        ("make test > log", ">"),
        ("echo $HOME", "$H"),
        ('echo "$(id)"', "$("),
        ("echo `id`", "`"),
        ("CI=1 make test", "CI="),
        ("~/bin/check", "~"),
    ],
)
def test_shell_syntax_is_refused_with_the_form_that_works(text: str, piece: str) -> None:
    with pytest.raises(ValueError) as error:
        values.command(text)
    assert f"so {piece!r} would reach the program as it is" in str(error.value)
    assert '["sh", "-c", "' in str(error.value)


@pytest.mark.parametrize("text", ["", [], [""], "a 'b", {"a": 1}, ["make", 1], None, "a\0b"])
def test_what_is_no_command_is_refused(text: object) -> None:
    with pytest.raises(ValueError):
        values.command(text)


@pytest.mark.parametrize("words", [["make", "test"], ["sh", "-c", "a && b"], ["echo", "a b"], ["a", "$HOME"]])
def test_a_command_is_shown_in_a_form_that_reads_back(words: list[str]) -> None:
    shown = TypeAdapter(values.Command).dump_python(tuple(words), mode="json")
    assert values.command(shown) == tuple(words)


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "a/../../b", "~/x", "", ".git/config", "a\0b"])
def test_a_path_that_leaves_the_repository_is_refused(path: str) -> None:
    with pytest.raises(ValueError):
        values.inside_repository(path)


@pytest.mark.parametrize("name", ["main", "release/1.0", "feature-x", "refs/heads/main"])
def test_names_of_branches_pass(name: str) -> None:
    assert TypeAdapter(values.Branch).validate_python(name) == name.removeprefix("refs/heads/")


@pytest.mark.parametrize("name", ["", "a b", "-x", "a..b", "a~1", "x.lock", "a@{1}", "/a", "a/", "a//b", ".a", "a\nb"])
def test_what_git_refuses_as_a_branch_is_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(values.Branch).validate_python(name)


@pytest.mark.parametrize("name", ["PIPELINE_AUTO_PUSH", "NIGHTRUN_ATTEMPT", "GIT_DIR", "1A", "A-B", "", "A=B"])
def test_variables_that_open_the_push_guard_are_not_for_agents(name: str) -> None:
    with pytest.raises(ValueError):
        values.variable_name(name)


def test_a_list_of_agents_cannot_have_auto_in_it() -> None:
    with pytest.raises(ValidationError, match="write it alone"):
        TypeAdapter(values.AgentChoice).validate_python(["claude", "auto"])


@pytest.mark.parametrize("text", ["me", "me <>", "<a@b>", "me a@b", "me <a@b>\nx"])
def test_an_author_needs_name_and_mail(text: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(values.Author).validate_python(text)
