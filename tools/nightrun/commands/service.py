"""Let a run start by itself: with the machine, and again when it died."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from nightrun.commands.autonomous import MOST_RUNNERS
from nightrun.commands.options import json_option, repo_option

ACTIONS = ("install", "uninstall", "status")


@click.command("service")
@click.argument("action", type=click.Choice(ACTIONS), default="status")
@click.option("--runners", type=click.IntRange(1, MOST_RUNNERS), help="As for `nightrun autonomous`.")
@click.option("--hours", type=click.FloatRange(min=0, min_open=True), help="As for `nightrun autonomous`.")
@click.option("--cron", is_flag=True, help="With install: a line in your crontab, where there is no systemd.")
@click.option("--name", help="Name of the unit: nightrun-NAME.service. Unless given: that of the repository's folder.")
@repo_option
@json_option
def command(
    root: Path, action: str, runners: int | None, hours: float | None, cron: bool, name: str | None, as_json: bool
) -> None:
    """Let a run start by itself: with the machine, and again when it died.

    install writes a unit of systemd for this user and starts it: it restarts what dies or hangs, and ends it in order.
    A run that you stop (`nightrun stop`) stays stopped until the next boot. uninstall takes it back.

    \b
    Examples:
      nightrun service install --runners 2
      nightrun service status
      nightrun service install --cron
      nightrun service uninstall
    """
    from nightrun.flows import service  # kept from `--help`, which has to be quick

    one = service.make(root, name=name, runners=runners, hours=hours)
    if action == "status":
        facts = service.look(one)
        click.echo(json.dumps(facts) if as_json else "\n".join(_lines(facts)))
        return
    done = service.uninstall(one) if action == "uninstall" else (service.install_cron if cron else service.install)(one)
    click.echo(json.dumps({"done": done}) if as_json else "\n".join(done))


def _lines(facts: dict[str, Any]) -> list[str]:
    found = [_about_unit(facts)]
    if facts["ours"] and facts["lingers"] is False:
        found.append("It runs only while you are logged in; without a login, too: loginctl enable-linger")
    if facts["cron"]:
        found.append("A line in your crontab starts a run with each boot.")
    found.append("A run is up." if facts["run_is_up"] else "No run is up.")
    return found


def _about_unit(facts: dict[str, Any]) -> str:
    unit, state = facts["unit"], facts["state"]
    if facts["ours"]:
        said = f"{state.get('ActiveState', 'unknown')} ({state.get('SubState', 'systemd does not answer')})"
        again = f", started again {state['NRestarts']} times" if state.get("NRestarts", "0") != "0" else ""
        return f"{unit} is installed: {said}, {state.get('UnitFileState') or 'not known'}{again}."
    if facts["file"]:
        return f"{facts['file']} is not nightrun's for this repository."
    return f"{unit} is not installed" + ("." if facts["systemd"] else ", and no systemd runs here for this user.")
