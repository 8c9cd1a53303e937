"""Check, show or explain the policy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nightrun.commands.options import json_option, repo_option
from nightrun.words.errors import BadPolicy, WrongUse

if TYPE_CHECKING:
    from nightrun.policy.model import Policy
    from nightrun.policy.reading import Problem


@click.group("policy")
def command() -> None:
    """Check, show or explain the policy."""


@command.command()
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--repo", type=click.Path(path_type=Path), default=Path(), help="A path inside the repository.")
@json_option
@click.pass_context
def check(context: click.Context, file: Path | None, repo: Path, as_json: bool) -> None:
    """Name every problem of pipeline.yaml, or of FILE, at once; exit code 78 when there is one."""
    from nightrun.hands import policy_file  # kept from `--help`, which has to be quick

    path = file or policy_file.find(_root(repo))
    name = str(file) if file else policy_file.NAME
    if not as_json:
        click.echo(f"{name} is good. {_summary(policy_file.load_file(path, name))}")
        return
    found = _found(path, name)
    click.echo(json.dumps({"valid": not found, "problems": found}))
    context.exit(BadPolicy.exit_code if found else 0)


@command.command()
@repo_option
@json_option
def show(root: Path, as_json: bool) -> None:
    """Print the policy that counts, with every default written out."""
    from nightrun.hands import policy_file
    from nightrun.policy import shown

    policy = policy_file.load(root)
    click.echo(json.dumps(policy.model_dump(mode="json")) if as_json else shown.effective(policy), nl=as_json)


@command.command()
def schema() -> None:
    """Print the JSON Schema of pipeline.yaml, for editors."""
    from nightrun.policy import documentation

    click.echo(documentation.schema(), nl=False)


@command.command()
@click.option("--write", is_flag=True, help="Write docs/policy.md and docs/pipeline.schema.json instead.")
@repo_option
def docs(root: Path, write: bool) -> None:
    """Print the documentation of every key, as Markdown."""
    from nightrun.policy import documentation

    if not write:
        click.echo(documentation.markdown(), nl=False)
        return
    for name, text in (
        (documentation.MARKDOWN, documentation.markdown()),
        (documentation.SCHEMA, documentation.schema()),
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
        click.echo(f"wrote {name}")


@command.command()
@repo_option
def template(root: Path) -> None:
    """Print pipeline.yaml with the comments and defaults of this version; its values stay, its comments do not."""
    from nightrun.hands import policy_file

    click.echo(policy_file.with_fresh_comments(root), nl=False)


def _root(path: Path) -> Path:
    from nightrun.hands import git

    root = git.root(path.absolute()) if path.is_dir() else None
    if root is None:
        raise WrongUse(
            f"{path.absolute()} is not inside a git repository.", "Name the file: nightrun policy check FILE"
        )
    return root


def _found(path: Path, name: str) -> list[dict[str, object]]:
    from nightrun.hands import policy_file

    try:
        read: Policy | list[Problem] = policy_file.read_file(path, name)
    except BadPolicy as error:
        return [{"where": name, "line": 0, "path": "", "message": error.message}]
    if not isinstance(read, list):
        return []
    return [{"where": one.where, "line": one.line, "path": one.path, "message": one.message} for one in read]


def _summary(policy: Policy) -> str:
    gates = {name: policy.task_types[name].gate for name in policy.committing_types}
    unchecked = [name for name, gate in gates.items() if not gate]
    types = ", ".join(policy.committing_types) or "no type"
    return f"Commits: {types}." + (f" Without a gate, on purpose: {', '.join(unchecked)}." if unchecked else "")
