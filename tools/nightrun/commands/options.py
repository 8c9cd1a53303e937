"""Options that several commands share: which repository, JSON, and the client that fits them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from nightrun.words.errors import WrongUse

if TYPE_CHECKING:
    from nightrun.hands.client import Client


def _root(context: click.Context, option: click.Parameter, value: Path | None) -> Path:
    return root_of(value)


def root_of(value: Path | None) -> Path:
    """The top of the main work tree that holds the path, or the current folder."""
    from nightrun.hands import git  # kept from `--help`, which has to be quick

    asked = (value or Path()).absolute()
    root = git.root(asked) if asked.is_dir() else None
    if root is None:
        raise WrongUse(
            f"{asked} is not inside a git repository.",
            "Run it inside one, or name one: --repo PATH (with make: REPO=PATH).",
        )
    return root


# Gives `root: Path`, the top of the main work tree.
repo_option = click.option(
    "--repo",
    "root",
    type=click.Path(path_type=Path),
    envvar="NIGHTRUN_REPO",
    callback=_root,
    help="A path inside the repository to work on; the current folder unless given.",
)

# Gives `repo: Path | None` as it was written, for groups: what follows may name another one.
raw_repo_option = click.option(
    "--repo",
    type=click.Path(path_type=Path),
    envvar="NIGHTRUN_REPO",
    help="A path inside the repository to work on; the current folder unless given.",
)

# Gives `as_json: bool`.
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


def client_for(root: Path) -> Client:
    """The API of this repository, or the one that PIPELINE_API_URL names."""
    from nightrun.hands.client import Client  # kept from `--help`, which has to be quick

    return Client.for_repo(root)
