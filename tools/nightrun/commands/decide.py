"""Answer a task that needs a decision; without an id, list them."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nightrun.commands.options import json_option, repo_option
from nightrun.words.errors import NightrunError, WrongUse
from nightrun.words.task import COMPLETED, FAILED, NEEDS_DECISION

if TYPE_CHECKING:
    from nightrun.hands.client import Client
    from nightrun.words.task import Task

MOST = 100
ACCEPT, REFUSE = "accept", "refuse"
ACCEPTED = "A person looked at what the scans refused and accepts it: make the same change again."


@click.command("decide")
@click.argument("task", metavar="ID", required=False)
@click.argument("text", metavar="ANSWER", required=False)
@click.option("--drop", is_flag=True, help="End the task as failed instead; ANSWER says why.")
@repo_option
@json_option
def command(root: Path, task: str | None, text: str | None, drop: bool, as_json: bool) -> None:
    """Answer a task that needs a decision; without an id, list them.

    The answer is given to the next attempt, and the task goes back to work. A finished change that is held for you is
    accepted (as with `nightrun commit`) or refused: then the task goes back to work with what was found and what you
    say. Where a scan refused the change, `accept` lets the next attempt pass with what was found. A task that nobody
    shall work on any more is dropped. Works while nothing runs, too.

    \b
    Examples:
      nightrun decide
      nightrun decide ID "Keep the old option, add the new one beside it."
      nightrun decide ID --drop "I did it myself."
      nightrun decide ID accept
      nightrun decide ID "refuse: keep the test, mend the code"
    """
    from nightrun.flows import sight  # kept from `--help`, which has to be quick

    with sight.answering(root) as client:
        if task is None and text is None and not drop:
            _list(client, sight.make_of(root), sight.program(), as_json=as_json)
            return
        if task and drop:
            _drop(client, task, (text or "").strip(), as_json=as_json)
            return
        if not task or not (text or "").strip():
            missing = "id" if not task else "answer"
            raise WrongUse(f"The {missing} is missing.", "nightrun decide ID ANSWER (make decide TASK=ID TEXT='...').")
        _answer(root, client, task, str(text), as_json=as_json)


def _drop(client: Client, task: str, why: str, *, as_json: bool) -> None:
    """What its attempts made stays on their branches."""
    now = client.task(task)
    if now.status != NEEDS_DECISION:
        raise NightrunError(
            f"{now.task_type} {now.id} is {now.status.replace('_', ' ')}: only a task that needs a decision is dropped."
        )
    said = {"error_summary": f"dropped by a person: {why}" if why else "dropped by a person"}
    after = client.patch(task, status=FAILED, error_class="interrupted", **said)
    click.echo(json.dumps(asdict(after)) if as_json else f"{after.task_type} {after.id} is dropped.")


def _answer(root: Path, client: Client, task: str, text: str, *, as_json: bool) -> None:
    from nightrun.flows import runner_by_hand

    now = client.task(task)
    refused = now.context.get("refused")
    if now.status != COMPLETED and refused and text.strip().lower() == ACCEPT:
        known = [*(now.context.get("accepted") or ()), *refused]
        after = client.patch(task, decision=ACCEPTED, context={"accepted": known, "refused": None})
    elif now.status != COMPLETED:
        after = client.patch(task, decision=text)
    else:
        word, why = _word(task, text)
        after = runner_by_hand.land(root, task) if word == ACCEPT else runner_by_hand.refuse(root, task, why)
        if word == ACCEPT and not as_json:
            from nightrun.commands import commit

            commit.say(after)
            return
    click.echo(json.dumps(asdict(after)) if as_json else f"{after.task_type} {after.id} goes back to work.")


def _word(task: str, text: str) -> tuple[str, str]:
    """The decision about a finished change, and the reason that was given."""
    word, _, why = text.strip().partition(":")
    word = word.strip().lower()
    if word not in (ACCEPT, REFUSE) or (word == ACCEPT and why.strip()):
        hint = f'nightrun decide {task} accept, or: nightrun decide {task} "refuse: what to do instead"'
        raise WrongUse("The task is completed: its change can be accepted or refused.", hint)
    return word, why.strip()


def _list(client: Client, make: str | None, program: str | None, *, as_json: bool) -> None:
    from nightrun.decisions import lines, page

    found, total = client.tasks(status=NEEDS_DECISION, limit=MOST, order="oldest")
    held = _held(client)
    if as_json:
        shown = {"tasks": [asdict(one) for one in found], "total": total, "held": [asdict(one) for one in held]}
        click.echo(json.dumps(shown))
        return
    for line in (*(page.decision(asdict(one)) for one in found), *(page.unlanded(asdict(one)) for one in held)):
        said = lines.called(line, make, program)
        click.echo(f"{said['text']}\n    {said['command']}")
    total += len(held)
    click.echo(f"{lines.count(total, 'task needs', 'tasks need')} a decision." if total else "Nothing waits for you.")


def _held(client: Client) -> list[Task]:
    """Finished changes that land when a person agrees; others that are held land by themselves."""
    from nightrun.decisions import landing
    from nightrun.words.task import COMMIT_HELD, Task

    unlanded = (Task.from_json(one) for one in client.snapshot()["unlanded"])
    return [one for one in unlanded if one.commit_state == COMMIT_HELD and landing.held(one.context)]
