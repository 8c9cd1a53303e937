"""Writes the generated pages of docs/ anew: `python -m tests.docs`. `tests/test_docs.py` holds them to the sources."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "tools/nightrun"
MAP_BEGIN, MAP_END = "<!-- map:begin -->\n", "<!-- map:end -->\n"
WIDTH = 100
HEAD = """\
# Commands

Made from the commands themselves by `make docs`. Each has a make target of the same name, whose variables are the
options in capitals: `--since 7d` is `SINCE=7d`, `--json` is `JSON=1`, an argument `ID` is `TASK=`. In a program, and
where nightrun is installed, it is `nightrun COMMAND`.
"""


def commands() -> str:
    """docs/commands.md."""
    from nightrun import cli

    top = click.Context(cli.main, info_name="nightrun")
    parts = [HEAD]
    for name in cli.main.list_commands(top):
        command = cli.main.get_command(top, name)
        assert command is not None
        parts += [f"## {name}\n", _block(command, click.Context(command, info_name=name, parent=top))]
    return "\n".join(parts)


def _block(command: click.Command, context: click.Context) -> str:
    texts = [_help(command, context)]
    if isinstance(command, click.Group):
        for name, inner in sorted(command.commands.items()):
            texts.append(_help(inner, click.Context(inner, info_name=name, parent=context)))
    return "".join(f"```\n{text}\n```\n" for text in texts)


def _help(command: click.Command, context: click.Context) -> str:
    context.terminal_width = WIDTH
    context.help_option_names = ["-h", "--help"]
    return command.get_help(context).rstrip()


def the_map() -> str:
    """The part of docs/how-it-works.md that names each file with its first line."""
    return "\n".join(["| file | what is in it |", "|---|---|", *_rows()]) + "\n"


def _rows() -> Iterator[str]:
    for path in sorted(PACKAGE.rglob("*.py"), key=lambda one: (len(one.relative_to(PACKAGE).parts), one)):
        name = path.relative_to(PACKAGE)
        shown = f"{name.parent}/" if path.name == "__init__.py" else str(name)
        first = (ast.get_docstring(ast.parse(path.read_text())) or "").partition("\n")[0]
        yield f"| `{'nightrun/' if shown == './' else shown}` | {first.replace('|', chr(92) + '|')} |"


def with_map(page: str) -> str:
    before, _, rest = page.partition(MAP_BEGIN)
    return before + MAP_BEGIN + the_map() + MAP_END + rest.partition(MAP_END)[2]


def main() -> None:
    how = ROOT / "docs/how-it-works.md"
    how.write_text(with_map(how.read_text()))
    (ROOT / "docs/commands.md").write_text(commands())
    subprocess.run([sys.executable, "-m", "nightrun", "policy", "docs", "--write"], cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
