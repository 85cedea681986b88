"""`monitor init`: a desk to begin with, from two questions at most."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import click

from monitor.cli.main import echo_json
from monitor.cli.place import json_option, person


@click.command(
    name="init",
    epilog="""\b
Examples:
  monitor init desk                  asks what to watch and whom to tell
  monitor init desk --yes            asks nothing: news of peace, by mail to you on this machine
  monitor init desk --topic "ferry*, port strike" --to duty@example.org
  monitor init desk --to https://hooks.example.org/T0/B0 --feed https://www.example.org/rss.xml

\b
A topic is words and phrases as rules write them, with commas between: "sanction*" finds every ending.""",
)
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path, file_okay=False))
@click.option("--topic", metavar="WORDS", help="What to watch, instead of asking.")
@click.option("--to", metavar="ADDRESS", help="A mail address, a webhook, or any address of Apprise's.")
@click.option("--feed", "feeds", metavar="URL", multiple=True, help="Read this one, not ours; repeatable.")
@click.option("--allow-private", is_flag=True, help="These feeds may stand in your own network.")
@click.option("--yes", is_flag=True, help="Ask nothing: what is not said is chosen.")
@json_option
def command(  # an option each
    folder: Path,
    *,
    topic: str | None,
    to: str | None,
    feeds: tuple[str, ...],
    allow_private: bool,
    yes: bool,
    as_json: bool,
) -> int:
    """Write a desk to begin with into DIR: some feeds, a rule, a receiver, each line explained.

    Makes DIR/rules and DIR/state. Writes over nothing: where rules are already, it refuses. Nothing is
    polled or sent. Without a terminal to ask on, what is not said is chosen as with --yes.
    """
    from monitor import starter

    asks = sys.stdin.isatty() and not yes and not as_json
    topic = _asked("What to watch for (words, commas between)", topic, starter.TOPIC, asks=asks)
    to = _asked("Whom to tell (mail address or webhook)", to, f"{person() or 'root'}@localhost", asks=asks)
    place = starter.begin(folder, starter.Wish(topic, to, feeds, allow_private))
    then = dict(_NEXT)
    if folder != Path():
        then = {f"cd {shlex.quote(str(folder))}": "", **then}
    if as_json:
        written = sorted(str(path) for path in place.rglob("*") if path.is_file())
        echo_json({"ok": True, "topic": topic, "written": written, "next": list(then)})
        return 0
    click.echo(f"{place}: {', '.join(path.name for path in sorted(place.glob('*.yaml')))}")
    click.echo(f'News of "{topic}" goes to {_named(to)}; the address stands in {place / starter.SECRET}.')
    click.echo("next:")
    for line, why in then.items():
        click.echo(f"  {line:<27}{why}".rstrip())
    return 0


_NEXT = {
    "monitor check": "reads it all, and tries the rule's examples",
    "monitor receivers test me": "sends one message, marked as a test",
    "monitor run --once": "what stands in the feeds now is known, and no news",
    "monitor run": "from now on; monitor web shows the page",
}


def _asked(question: str, given: str | None, otherwise: str, *, asks: bool) -> str:
    if given is not None:
        return given
    if not asks:
        return otherwise
    answer: str = click.prompt(question, default=otherwise, err=True)
    return answer


def _named(to: str) -> str:
    """A mail address as it is; of any other no more than its kind, since it holds a secret."""
    return to if "://" not in to else f"{to.partition('://')[0]}://…"
