"""Run one part of the pipeline; the supervisor calls it."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("part")
@click.argument("kind", type=click.Choice(["api", "runner", "monitor"]))
# Exactly the top of the main work tree: whoever starts a part has looked for it already.
@click.option("--repo", "root", type=click.Path(path_type=Path, file_okay=False, exists=True), required=True)
@click.option("--name", default="runner-1", show_default=True, help="Of a runner: runner-1, runner-2 ...")
def command(kind: str, root: Path, name: str) -> int:
    """Run one part of the pipeline; the supervisor calls it.

    Ends when its supervisor is gone. SIGABRT writes the stacks of all threads to stderr, which is the part's log.
    """
    import faulthandler  # kept from `--help`, which has to be quick

    from nightrun.hands import parent

    faulthandler.enable()
    parent.watch()
    if kind == "api":
        from nightrun.flows import api

        return api.serve(root)
    if kind == "monitor":
        from nightrun.flows import monitor

        return monitor.run(root)
    from nightrun.flows import runner

    return runner.run(root, name)
