"""Show who is told about issues, or send a test message."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from nightrun.commands.options import json_option, repo_option


@click.command("notify")
@click.option("--test", "send", is_flag=True, help="Send a test message now and say what came of it.")
@repo_option
@json_option
@click.pass_context
def command(context: click.Context, root: Path, send: bool, as_json: bool) -> None:
    """Show who is told about issues, or send a test message.

    Services are addresses as Apprise writes them, in the environment variable PIPELINE_NOTIFY_URLS (exported or in
    .env), or a program of your own; see `notify` in pipeline.yaml. Exit code 1 when a test was not accepted by all.

    \b
    Examples:
      nightrun notify
      PIPELINE_NOTIFY_URLS=ntfy://my-topic nightrun notify --test
    """
    from nightrun.flows import monitor_notify  # kept from `--help`, which has to be quick

    if not send:
        facts = monitor_notify.set_up(root)
        click.echo(json.dumps(facts) if as_json else "\n".join(_lines(facts)))
        return
    answers = monitor_notify.test(root)
    if as_json:
        click.echo(json.dumps([asdict(one) for one in answers]))
    else:
        for one in answers:
            click.echo(f"{one.to}: {'accepted' if one.ok else f'NOT accepted: {one.said}'}")
    context.exit(0 if all(one.ok for one in answers) else 1)


def _lines(facts: dict[str, Any]) -> list[str]:
    from nightrun.decisions import lines

    who = [f"{len(facts['services'])} by Apprise ({', '.join(facts['services'])})"] if facts["services"] else []
    who += [f"the program {lines.safe(facts['command'][0])}"] if facts["command"] else []
    if not who:
        names = " or ".join(facts["urls_from"]) or "a variable named in notify.urls_from"
        return [f"Nobody is told: {names} is not set, and notify.command is not either."]
    found = [f"Told: {' and '.join(who)}; issues of severity {facts['severity']} and above."]
    found += [f"Quiet from {facts['quiet'].replace('-', ' to ')}."] if facts["quiet"] else []
    found += [f"A report at {facts['report_at']}."] if facts["report_at"] else []
    found += [f"Last message accepted {lines.at(facts['told_at'])}."] if facts["told_at"] else []
    found += [f"Not accepted: {facts['problem']}"] if facts["problem"] else []
    found += [f"told and not over: {one['severity']}: {one['message']}" for one in facts["told"]]
    return found
