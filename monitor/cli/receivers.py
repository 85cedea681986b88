"""`monitor receivers`: who is there to be told, and whether a message gets through."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import click

from monitor import config
from monitor.cli import spoken
from monitor.cli.main import echo_json
from monitor.cli.place import json_option, rules_folder, rules_option
from monitor.errors import UsageError
from monitor.rules.document import nearest

if TYPE_CHECKING:
    from monitor.config import Desk
    from monitor.model import Claim, Receiver


@click.group(
    name="receivers",
    epilog="\b\nExamples:\n  monitor receivers list\n  monitor receivers test slack-desk",
)
def command() -> None:
    """Receivers are where alerts go: a name for each address, in receivers.yaml.

    Addresses are secrets: no command prints one.
    """


@command.command(name="list", epilog="\b\nExample:\n  monitor receivers list --rules /etc/monitor")
@rules_option
@json_option
def list_receivers(rules: str | None, *, as_json: bool) -> None:
    """List the receivers: what kind each is, and which rules send to it."""
    from monitor.alerts import notify

    desk = config.load_desk(rules_folder(rules), env=os.environ, secrets_required=False)
    rows = [
        {
            "name": receiver.name,
            "service": notify.family(receiver),
            "mail": notify.is_mail(receiver),
            "operators": receiver.name == desk.operators,
            "rules": [rule.id for rule in desk.rulebook.rules if receiver.name in rule.send],
        }
        for receiver in desk.receivers
    ]
    if as_json:
        echo_json({"receivers": rows, "notes": desk.notes})
        return
    for row in rows:
        told = ", ".join(row["rules"]) or "no rule sends here"  # type: ignore[arg-type]  # a list of ids
        operators = ", the operators'" if row["operators"] else ""
        click.echo(f"{row['name']:<20} {row['service']}{operators}: {told}")
    for note in desk.notes:
        click.echo(f"note: {note}")


@command.command(
    name="test",
    epilog="\b\nExamples:\n  monitor receivers test slack-desk\n  monitor receivers test email-duty --json",
)
@click.argument("name", shell_complete=spoken.receivers)
@rules_option
@json_option
def test_receiver(name: str, rules: str | None, *, as_json: bool) -> int:
    """Send NAME one test message, and say what became of it.

    The message is an invented alert, marked as a test, made by your templates. Exits 0 if it was accepted, 1
    if it was refused or nobody can say.
    """
    desk = config.load_desk(rules_folder(rules), env=os.environ, secrets_required=False)
    receiver = _named(name, desk)
    outcome = _tried(receiver, desk)
    if as_json:
        echo_json({"receiver": name, "outcome": outcome.word, "reason": outcome.reason})
    else:
        click.echo(f"{name}: {_sentence(outcome)}")
    return 0 if outcome.word == "accepted" else 1


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What became of it: accepted, refused or uncertain; and why."""

    word: str
    reason: str = ""


def _named(name: str, desk: Desk) -> Receiver:
    for receiver in desk.receivers:
        if receiver.name == name:
            return receiver
    known = [receiver.name for receiver in desk.receivers]
    remedy = nearest(name, known) or f"there are: {', '.join(known)}"
    notes = "".join(f"; {note}" for note in desk.notes)
    raise UsageError(f'there is no receiver "{name}" whose address is here', remedy=f"{remedy}{notes}")


def _tried(receiver: Receiver, desk: Desk) -> _Outcome:
    from monitor.alerts.compose import compose
    from monitor.alerts.notify import Notifier, is_chat
    from monitor.clock import utc_now
    from monitor.errors import SendError

    message = compose(_test(receiver), chat=is_chat(receiver), now=utc_now(), templates=desk.templates)
    try:
        Notifier().send(receiver, message)
    except SendError as error:
        return _Outcome("uncertain" if error.uncertain else "refused", error.what)
    return _Outcome("accepted")


def _test(receiver: Receiver) -> Claim:
    """An invented alert of now that says that it is a test; no later one is of its thread."""
    from monitor.alerts import sample
    from monitor.clock import utc_now
    from monitor.model import identity

    now = utc_now()
    told = sample.told()
    entry = replace(told.entry, published=now)
    title = replace(told.match, title="Test: this alert is invented")
    told = replace(told, entry=entry, match=title, decided=now)
    claim = sample.claims(receiver.name)[0]
    story = identity("test", now.isoformat())
    return replace(claim, story=story, tolds=(told,), opening=(told,), created=now)


def _sentence(outcome: _Outcome) -> str:
    if outcome.word == "accepted":
        return "accepted. Look whether it is there: a service may take what it does not show."
    if outcome.word == "refused":
        return f"refused, nothing arrived: {outcome.reason}"
    return f"uncertain, it may have arrived: {outcome.reason}"
