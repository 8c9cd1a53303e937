"""The console command: a table of commands, each imported when it is called, and failures turned into words."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import click

import nightrun
from nightrun.words.errors import BadPolicy, NightrunError

# name -> module in nightrun.commands, and its first line; `nightrun --help` is made of this and imports none of them.
COMMANDS: dict[str, tuple[str, str]] = {
    "setup": ("setup", "Install the git hooks of this repository; safe to repeat."),
    "demo": ("demo", "Show the whole loop on a scratch repository, in about a minute."),
    "drill": ("drill", "Try what agents must not do, on a clone, and show that each attempt is caught."),
    "autonomous": ("autonomous", "Run everything in the foreground: API, runners, monitor."),
    "overnight": ("overnight", "Run everything for the hours of a night, then write the report."),
    "service": ("service", "Let a run start by itself: with the machine, and again when it died."),
    "stop": ("stop", "End a run in order; nothing is lost."),
    "pause": ("pause", "Take no new tasks until resumed."),
    "resume": ("resume", "Take tasks again."),
    "task": ("task", "Add a task."),
    "backlog": ("backlog", "Show what is in the backlog files, what was done and what is next."),
    "decide": ("decide", "Answer a task that needs a decision; without an id, list them."),
    "commit": ("commit", "Commit and land the finished change of a task by hand."),
    "verify": ("verify", "Run the gate again on recorded commits, and compare with what they claim."),
    "undo": ("undo", "Revert the commits of a task or of a night."),
    "push": ("push", "Push the target branch yourself, after showing what would leave."),
    "monitor": ("monitor", "Watch the pipeline live; one page when the output is no terminal."),
    "status": ("status", "Show on one page how it stands now."),
    "report": ("report", "Write and print the report of the last hours, failures first."),
    "logs": ("logs", "Print what the agent of a task printed."),
    "explain": ("explain", "Tell why a task or an issue is where it is, with the commands that check it."),
    "doctor": ("doctor", "Check machine, repository, hooks, agents and policy."),
    "policy": ("policy", "Check, show or explain the policy."),
    "agents": ("agents", "Show the agents, and which of them can work here."),
    "notify": ("notify", "Show who is told about issues, or send a test message."),
    "clean": ("clean", "Remove what attempts left behind and nobody needs, after showing it."),
    "adopt": ("adopt", "Set up another repository for nightrun, or take that back."),
    "check-messages": ("check_messages", "Check the messages of commits that no hook has seen."),
    "commit-progress": ("commit_progress", "Commit what changed here as one task's commit."),
    "part": ("part", "Run one part of the pipeline; the supervisor calls it."),
}
HIDDEN = frozenset({"part"})

UNEXPECTED = 3
INTERRUPTED = 130
# Set by the Makefile: each variable given to make, and that it was make who called.
FROM_MAKE = "NIGHTRUN_ARG_"
CALLED_BY_MAKE = "NIGHTRUN_CALLED_BY_MAKE"


class Commands(click.Group):
    """The commands of the table."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name in COMMANDS if name not in HIDDEN]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"nightrun.commands.{COMMANDS[cmd_name][0]}")
        return next(one for one in vars(module).values() if isinstance(one, click.Command) and one.name == cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            raise click.UsageError(_unknown(args[0]), ctx)
        name, command, rest = super().resolve_command(ctx, args)
        given = _given_to_make()
        if command:
            given |= _flags_of_arguments(command, rest)
        if name and command and given:
            ctx.default_map = {name: _settings(command, given, name)}
        return name, command, rest

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name][1]) for name in self.list_commands(ctx)])

    def invoke(self, ctx: click.Context) -> Any:
        if os.environ.get("NO_COLOR"):
            ctx.color = False
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
            return result
        except BrokenPipeError:
            # Python would complain at exit that it could not flush.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0

    def main(  # type: ignore[override]
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        *,
        standalone_mode: bool = True,
        **more: Any,
    ) -> Any:
        if not standalone_mode:
            return super().main(args, prog_name, standalone_mode=False, **more)
        by_make = os.environ.pop(CALLED_BY_MAKE, "") != ""
        try:
            code = super().main(args, prog_name or "nightrun", standalone_mode=False, **more)
        except Exception as error:  # the one place that turns every failure into words
            code = _explain(error, by_make=by_make)
        sys.exit(code if type(code) is int else 0)


@click.group(
    name="nightrun",
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="Each command has a make target of the same name; `nightrun COMMAND --help` tells its options.",
)
@click.version_option(nightrun.__version__, message="nightrun %(version)s")
def main() -> None:
    """Agents work at night, the repository's own checks decide, every completed task is one commit."""


# -- failures


def _explain(error: Exception, *, by_make: bool) -> int:
    """Say on stderr what happened; the exit code."""
    if isinstance(error, click.Abort):
        _say("interrupted", None)
        return INTERRUPTED
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
        return error.exit_code
    if isinstance(error, click.UsageError):
        _say(_problem(error, by_make=by_make), _usage(error.ctx, by_make=by_make))
        return error.exit_code
    if isinstance(error, click.ClickException):
        _say(error.format_message(), None)
        return error.exit_code
    if isinstance(error, NightrunError):
        _say(error.message, error.hint, getattr(error, "problems", ()) if isinstance(error, BadPolicy) else ())
        return error.exit_code
    return _unexpected(error)


def _say(message: str, hint: str | None, details: Sequence[str] = ()) -> None:
    lines = [f"nightrun: {message}", *(f"  {one}" for one in details), *([hint] if hint else [])]
    click.echo("\n".join(lines), err=True)


def _unexpected(error: Exception) -> int:
    from nightrun.hands import error_log  # only for what should never happen

    path = error_log.write(error)
    _say(f"unexpected {type(error).__name__}: {error}", f"The details are in {path}; please report it with that file.")
    return UNEXPECTED


def _unknown(name: str) -> str:
    import difflib  # only for a mistake

    close = difflib.get_close_matches(name, [known for known in COMMANDS if known not in HIDDEN], n=1)
    return f"There is no command {name!r}" + (f"; did you mean {close[0]!r}?" if close else ".")


def _problem(error: click.UsageError, *, by_make: bool) -> str:
    if by_make and isinstance(error, click.MissingParameter) and error.param is not None:
        return f"{variable(error.param)} is missing."
    return error.format_message()


def _usage(ctx: click.Context | None, *, by_make: bool) -> str | None:
    if ctx is None:
        return None
    if by_make and ctx.parent is not None:
        shown = " ".join(_shown(one) for one in _parameters(ctx.command).values())
        return f"Usage: make {ctx.info_name} {shown}".rstrip()
    usage = f"{ctx.get_usage()}\n" if ctx.parent is not None else ""
    return f"{usage}Try `{ctx.command_path} --help`."


# -- what was given to make


def _given_to_make() -> dict[str, str]:
    """Taken out of the environment: programs that we start are not to take it for theirs."""
    names = [name for name in os.environ if name.startswith(FROM_MAKE)]
    given = {name.removeprefix(FROM_MAKE): os.environ.pop(name) for name in names}
    return {name: value for name, value in given.items() if value}


def _flags_of_arguments(command: click.Command, words: list[str]) -> dict[str, str]:
    """`--task ID` for what is an argument, as every other variable of make is a flag; taken out of `words`."""
    flags = {f"--{name.lower()}": name for name, one in _parameters(command).items() if isinstance(one, click.Argument)}
    found: dict[str, str] = {}
    for at in reversed(range(words.index("--") if "--" in words else len(words))):
        flag, is_whole, value = words[at].partition("=")
        if flag in flags and (is_whole or at + 1 < len(words)):
            found.setdefault(flags[flag], value if is_whole else words[at + 1])
            del words[at : at + (1 if is_whole else 2)]
    return found


def _settings(command: click.Command, given: dict[str, str], name: str) -> dict[str, Any]:
    """`given` as click's defaults for this command; a variable that it does not have is refused."""
    if isinstance(command, click.Group):
        known = dict.fromkeys(one for inner in (*command.commands.values(), command) for one in _parameters(inner))
        inner = {key: _values(one, given) for key, one in command.commands.items()}
        settings = _values(command, given) | inner
    else:
        known, settings = dict.fromkeys(_parameters(command)), _values(command, given)
    unknown = [one for one in given if one not in known]
    if unknown:
        raise click.UsageError(f"`make {name}` takes no {', '.join(unknown)}; it takes {', '.join(known) or 'none'}.")
    return settings


def _values(command: click.Command, given: dict[str, str]) -> dict[str, Any]:
    found = {key: one for key, one in _parameters(command).items() if key in given and one.name}
    return {str(one.name): given[key].split() if _takes_many(one) else given[key] for key, one in found.items()}


def _takes_many(one: click.Parameter) -> bool:
    return one.multiple or one.nargs == -1


def _parameters(command: click.Command) -> dict[str, click.Parameter]:
    """By the name of their make variable."""
    return {variable(one): one for one in command.params}


def variable(one: click.Parameter) -> str:
    flag = max(one.opts, key=len) if isinstance(one, click.Option) else str(one.name)
    return flag.lstrip("-").replace("-", "_").upper()


def _shown(one: click.Parameter) -> str:
    value = "1" if isinstance(one, click.Option) and one.is_flag else "..."
    text = f"{variable(one)}={value}"
    return text if one.required else f"[{text}]"
