"""`monitor check`: every mistake in the operator's files, all at once."""

from __future__ import annotations

import os
from dataclasses import asdict

import click

from monitor import config
from monitor.cli.main import count, echo_json
from monitor.cli.place import json_option, rules_folder, rules_option
from monitor.errors import ConfigError


@click.command(name="check", epilog="\b\nExample:\n  monitor check --rules /etc/monitor")
@rules_option
@json_option
def command(rules: str | None, *, as_json: bool) -> int:
    """Check rules, feeds and receivers; run the rules' examples.

    Prints each mistake as file:line:column with its remedy and exits 78; exits 0 if there is none. Receivers
    whose secret is not here (a systemd credential, say) are named and passed over. Nothing is sent or polled.
    """
    folder = rules_folder(rules)
    try:
        desk = config.load_desk(folder, env=os.environ, secrets_required=False)
    except ConfigError as error:
        if not as_json:
            raise
        echo_json({"ok": False, "faults": [asdict(fault) for fault in error.faults]})
        return ConfigError.exit_status
    examples = sum(len(rule.examples) for rule in desk.rulebook.rules)
    if as_json:
        echo_json(
            {
                "ok": True,
                "faults": [],
                "notes": desk.notes,
                "feeds": len(desk.feeds),
                "receivers": len(desk.receivers),
                "rules": len(desk.rulebook.rules),
                "examples": examples,
                "rulebook": desk.rulebook.hash,
            }
        )
        return 0
    for note in desk.notes:
        click.echo(f"note: {note}")
    click.echo(
        f"{folder}: {count(len(desk.feeds), 'feed')}, {count(len(desk.rulebook.rules), 'rule')},"
        f" {count(examples, 'example')}: no mistakes"
    )
    return 0
