"""The kinds of value a policy is made of besides numbers: commands, agent choices, paths inside the repository."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, PlainValidator, WithJsonSchema

COMMAND_FORM = 'a command such as "make test", or ["sh", "-c", "cd api && make test"]'
TIME_FORM = "a time of day such as 07:30"
SPAN_FORM = "a span of the day such as 22:00-07:00"
_QUOTED = re.compile(r"""'[^']*'|\\.""", re.DOTALL)
_DOUBLE_QUOTED = re.compile(r'"(?:\\.|[^"\\])*"', re.DOTALL)
_EXPANSION = re.compile(r"\$[({\w]|`")
_OPERATOR = re.compile(r"&&|\|\||[|;&<>]|^\s*[A-Za-z_]\w*=|(?<!\S)~(?=/|\s|$)")
_BRANCH_FORBIDDEN = re.compile(r"[\x00-\x20~^:?*\[\\\x7f]|\.\.|@\{|//|\.lock(/|$)|(^|/)\.|[./]$|^[-/]")
_AUTHOR = re.compile(r"[^<>\n\x00]*[^<>\n\x00\s] <[^<>\s]+@[^<>\s]+>")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")
_AGENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def _shell_syntax(text: str) -> str | None:
    """The first piece of the command that only a shell would understand."""
    outside_single = _QUOTED.sub("", text)
    found = _EXPANSION.search(outside_single) or _OPERATOR.search(_DOUBLE_QUOTED.sub('""', outside_single))
    return found[0].strip() if found else None


def _words(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        piece = _shell_syntax(value)
        if piece is not None:
            raise ValueError(
                f"no shell runs this command, so {piece!r} would reach the program as it is; "
                f"write {_as_shell(value)} where a shell is wanted"
            )
        try:
            return tuple(shlex.split(value))
        except ValueError as error:
            raise ValueError(f"the quotes in it do not match ({str(error).lower()})") from None
    if isinstance(value, (list, tuple)) and all(isinstance(word, str) for word in value):
        return tuple(value)
    raise ValueError(f"must be {COMMAND_FORM}; words that look like numbers or true/false need quotes")


def _as_shell(text: str) -> str:
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'["sh", "-c", "{quoted}"]'


def command(value: object) -> tuple[str, ...]:
    """The argument list of a command as people write it; ValueError when it is none."""
    words = _words(value)
    if not words or not words[0]:
        raise ValueError(f"is empty; must be {COMMAND_FORM}")
    if any("\0" in word for word in words):
        raise ValueError("has a NUL character in it")
    return words


def _command_list(value: object) -> object:
    if isinstance(value, str):
        raise ValueError(f"is one command; write a list of commands: [{value}]")
    return value


def _choice(value: object) -> str | tuple[str, ...]:
    if isinstance(value, str) and value:
        return value
    if isinstance(value, (list, tuple)) and value and all(isinstance(name, str) and name for name in value):
        if "auto" in value:
            raise ValueError("auto chooses by itself; write it alone, not in a list")
        return tuple(value)
    raise ValueError('must be "auto", the name of an agent, or a list of names in the order of preference')


def inside_repository(path: str) -> str:
    """The path unchanged; ValueError unless it stays below the top of the repository."""
    if not path or "\0" in path:
        raise ValueError("must be a path, not empty")
    if path.startswith(("/", "~")):
        raise ValueError(f"{path!r} is not inside the repository; write a path relative to its top folder")
    if ".." in PurePosixPath(path).parts:
        raise ValueError(f"{path!r} may leave the repository; write it without ..")
    if PurePosixPath(path).parts[:1] == (".git",):
        raise ValueError(f"{path!r} belongs to git")
    return path


def machine_path(path: str) -> str:
    """The path unchanged; ValueError unless it starts at the top of the machine or of the home folder."""
    if not path.startswith(("/", "~/")) or "\0" in path:
        raise ValueError(f"{path!r} must begin with / or ~/")
    if ".." in PurePosixPath(path).parts or path in ("/", "~/"):
        raise ValueError(f"{path!r} is too much; name what is needed, without ..")
    return path


def _no_duplicates(values: tuple[str, ...]) -> tuple[str, ...]:
    twice = sorted({value for value in values if values.count(value) > 1})
    if twice:
        raise ValueError(f"{', '.join(twice)} is in it twice")
    return values


def _glob(pattern: str) -> str:
    if not pattern or pattern.startswith(("/", "!")) or "\0" in pattern:
        raise ValueError(f"{pattern!r} is no pattern of paths in the repository, such as .github/** or *.lock")
    return pattern


def _branch(name: str) -> str:
    if not name or _BRANCH_FORBIDDEN.search(name):
        raise ValueError(f"{name!r} cannot be the name of a branch")
    return name.removeprefix("refs/heads/")


def _remote(name: str) -> str:
    if not name or name.startswith("-") or re.search(r"[\x00-\x20\x7f]", name):
        raise ValueError(f"{name!r} cannot be the name or the address of a git remote")
    return name


def _author(text: str) -> str:
    if not _AUTHOR.fullmatch(text):
        raise ValueError(f"{text!r} must have the form: Name <mail@example.org>")
    return text


def variable_name(name: str) -> str:
    """The name unchanged; ValueError unless an agent may be given an environment variable of that name."""
    if not _VARIABLE.fullmatch(name):
        raise ValueError(f"{name!r} cannot be the name of an environment variable")
    if name.startswith(("PIPELINE_", "NIGHTRUN_", "GIT_")):
        raise ValueError(f"{name} is not for agents: it could let one push or reach other repositories")
    return name


def _own_variable(name: str) -> str:
    if not _VARIABLE.fullmatch(name):
        raise ValueError(
            "takes names of environment variables that hold the addresses, not the addresses themselves; "
            "this file is committed"
        )
    return name


def _time_of_day(text: str) -> str:
    if not _TIME.fullmatch(text):
        raise ValueError(f"must be {TIME_FORM}")
    return text


def _time_span(text: str) -> str:
    begin, dash, end = text.partition("-")
    if not dash or not _TIME.fullmatch(begin) or not _TIME.fullmatch(end) or begin == end:
        raise ValueError(f"must be {SPAN_FORM}")
    return text


def _agent_name(name: str) -> str:
    if not _AGENT.fullmatch(name) or name == "auto":
        raise ValueError(f"{name!r} cannot be the name of an agent; use letters, digits, '.', '_' and '-'")
    return name


def _plain_text(text: str) -> str:
    if "\0" in text:
        raise ValueError("has a NUL character in it")
    return text


def _shown_command(words: Iterable[str]) -> Any:
    """As a person would write it: one string when that reads back as the same words."""
    listed = list(words)
    joined = shlex.join(listed)
    return joined if _shell_syntax(joined) is None and shlex.split(joined) == listed else listed


def _shown_choice(value: str | tuple[str, ...]) -> Any:
    return value if isinstance(value, str) else list(value)


_COMMAND_SCHEMA: dict[str, Any] = {
    "anyOf": [{"type": "string", "minLength": 1}, {"type": "array", "items": {"type": "string"}, "minItems": 1}],
    "x-kind": "command",
}
_CHOICE_SCHEMA: dict[str, Any] = {
    "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}],
    "x-kind": "auto, a name or a list of names",
}

Text = Annotated[str, AfterValidator(_plain_text)]
Command = Annotated[
    tuple[str, ...],
    PlainValidator(command),
    PlainSerializer(_shown_command, when_used="json"),
    WithJsonSchema(_COMMAND_SCHEMA),
]
Commands = Annotated[tuple[Command, ...], BeforeValidator(_command_list)]
AgentChoice = Annotated[
    str | tuple[str, ...],
    PlainValidator(_choice),
    PlainSerializer(_shown_choice, when_used="json"),
    WithJsonSchema(_CHOICE_SCHEMA),
]
AgentName = Annotated[str, AfterValidator(_agent_name)]
RepositoryPath = Annotated[str, AfterValidator(inside_repository)]
MachinePath = Annotated[str, AfterValidator(machine_path)]
MachinePaths = Annotated[tuple[MachinePath, ...], AfterValidator(_no_duplicates)]
RepositoryPaths = Annotated[tuple[RepositoryPath, ...], AfterValidator(_no_duplicates)]
Glob = Annotated[str, AfterValidator(_glob)]
Branch = Annotated[str, AfterValidator(_branch)]
Remote = Annotated[str, AfterValidator(_remote)]
Author = Annotated[str, AfterValidator(_author)]
VariableName = Annotated[str, AfterValidator(variable_name)]
OwnVariable = Annotated[str, AfterValidator(_own_variable)]
TimeOfDay = Annotated[
    str,
    AfterValidator(_time_of_day),
    WithJsonSchema({"type": "string", "x-kind": TIME_FORM.removeprefix("a "), "pattern": f"^{_TIME.pattern}$"}),
]
TimeSpan = Annotated[
    str,
    AfterValidator(_time_span),
    WithJsonSchema(
        {"type": "string", "x-kind": SPAN_FORM.removeprefix("a "), "pattern": f"^{_TIME.pattern}-{_TIME.pattern}$"}
    ),
]
