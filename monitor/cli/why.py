"""`monitor why`: the stored way of an entry, alerted or not."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

import click

from monitor import config
from monitor.cli.main import count, echo_json
from monitor.cli.place import json_option, rules_folder, rules_option, state_folder, state_option
from monitor.errors import UsageError
from monitor.store.reading import Reading
from monitor.trail import Outcome, Stage, language, trail

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.config import Desk
    from monitor.model import EntryId
    from monitor.store.reading import Headline
    from monitor.trail import Step, Trail

_HEXADECIMAL = re.compile(r"[0-9a-f]{16}")
_QUIET = frozenset({Outcome.NO_MATCH})


@click.command(
    name="why",
    epilog="""\b
Examples:
  monitor why 3f2a9c0d51e7b684                         a number of a log line, an alert or a story
  monitor why https://wire.example/2026/ferry-sinks    any link to the page
  monitor why "Ferry sinks off Poti"                   words of its title

\b
Every outcome that can be named stands in docs/why.md.""",
)
@click.argument("entry")
@state_option
@rules_option
@click.option("--all", "everything", is_flag=True, help="Show the rules that found nothing in it too.")
@json_option
def command(entry: str, state: str | None, rules: str | None, *, everything: bool, as_json: bool) -> int:
    """Show the way of ENTRY: its poll, its story, each rule, each delivery.

    ENTRY is a number (of an entry, an alert or a story), the address of an article, or words of its title.
    What is stored is shown as it was recorded; the clauses of rules are explained with the rules that the
    daemon has in force (--rules names others), and where those are not the rules of the time, it is said.
    """
    with Reading(state_folder(state)) as reading:
        facts = reading.facts(_one(reading, entry))
        kept = reading.desk()
    assert facts is not None, "what was found is there"
    desk = _desk(kept[0] if kept else None, rules)
    feed = desk.feeds_by_name.get(facts.arrived.entry.feed)
    made = trail(facts, desk.rulebook, tags=feed.labels if feed else frozenset())
    spoken = language(facts.arrived.entry, operators=feed.lang if feed else None)
    if as_json:
        echo_json(as_values(made, spoken=spoken))
    else:
        click.echo("\n".join(_told(made, spoken=spoken, everything=everything)))
    return 0


def _desk(packed: str | None, rules: str | None) -> Desk:
    """The desk to explain with: the one that was named, the one in force, the one that a run would take."""
    if packed is not None and rules is None:
        return config.desk_in_force(packed)
    return config.load_desk(rules_folder(rules), env=os.environ, secrets_required=False)


# ---- which entry -------------------------------------------------------------------------------------------


def _one(reading: Reading, written: str) -> EntryId:
    """The entry that is meant; raises UsageError for none, and for several with their numbers."""
    if "://" in written:
        return _the_only(reading.linked(written), written)
    wanted = number(written)
    if wanted is not None:
        if (found := reading.numbered(wanted)) is not None:
            return found
        if reading.is_bygone(wanted):
            raise UsageError(
                "its texts were pruned: it is known as seen and told, and its trail has gone",
                where=written,
                remedy="keep them longer: settings: keep: (docs/operations.md)",
            )
    return _the_only(reading.titled(written), written)


def number(written: str) -> int | None:
    """The number as logs write it, in 16 hexadecimal digits, or in decimal; None for what is no number."""
    if _HEXADECIMAL.fullmatch(written):
        return int(written, 16)
    return int(written) if written.isascii() and written.isdigit() and len(written) < 20 else None  # noqa: PLR2004 - 63 bits


def _the_only(found: Sequence[Headline], written: str) -> EntryId:
    if not found:
        raise UsageError(
            "nothing of this number, address or title is stored",
            where=written,
            remedy="look for it: monitor stories search WORDS",
        )
    if len(found) > 1:
        listed = "".join(
            f"\n  {one.entry:016x}  {one.seen:%Y-%m-%d %H:%M}  {one.outlet}: {one.title}" for one in found
        )
        raise UsageError(
            f"{len(found)} entries are this{listed}\n", where=written, remedy="name one by its number"
        )
    return found[0].entry


# ---- saying it ---------------------------------------------------------------------------------------------


def _told(made: Trail, *, spoken: str, everything: bool) -> list[str]:
    arrived = made.facts.arrived
    entry = arrived.entry
    lines = [
        entry.title or entry.summary or entry.link,
        f"{entry.outlet} · {entry.link}",
        f"entry {entry.id:016x} · story {arrived.story:016x}",
        f"language: {spoken}",
        "",
        f"outcome: {made.outcome.value}",
        made.outcome.means,
    ]
    for stage in Stage:
        steps = [step for step in made.of(stage) if everything or step.outcome not in _QUIET]
        hidden = len(made.of(stage)) - len(steps)
        if steps or hidden:
            lines += ["", stage.value]
        lines += [_line(step) for step in steps]
        if hidden:
            lines.append(f"  {count(hidden, 'rule')} found too little (--all shows each)")
    if made.nearest:
        near = next(step for step in made.steps if step.about == made.nearest)
        lines.append(f"  nearest: {near.about}: {near.said}")
    return [*lines, *(f"\nnote: {note}" for note in made.notes)]


def _line(step: Step) -> str:
    when = f"{step.at:%Y-%m-%d %H:%M:%S}  " if step.at else ""
    quoted = "".join(f'\n{"":20}{one.what} "{one.surface}" ({one.where})' for one in step.mentions[:4])
    return f"  {step.outcome.value}: {step.about}\n{'':20}{when}{step.said}{quoted}"


def as_values(made: Trail, *, spoken: str) -> dict[str, Any]:
    """The trail for JSON; numbers as logs write them."""
    arrived = made.facts.arrived
    entry = arrived.entry
    return {
        "entry": f"{entry.id:016x}",
        "story": f"{arrived.story:016x}",
        "title": entry.title,
        "outlet": entry.outlet,
        "feed": entry.feed,
        "link": entry.link,
        "lang": entry.lang,
        "language": spoken,
        "seen": arrived.seen.isoformat(),
        "outcome": made.outcome.value,
        "means": made.outcome.means,
        "nearest": made.nearest or None,
        "notes": list(made.notes),
        "steps": [
            {
                "stage": step.stage.value,
                "outcome": step.outcome.value,
                "about": step.about,
                "said": step.said,
                "at": step.at.isoformat() if step.at else None,
                "entry": f"{step.other:016x}" if step.other is not None else None,
                "mentions": [
                    {
                        "what": one.what,
                        "field": one.field,
                        "start": one.start,
                        "end": one.end,
                        "surface": one.surface,
                    }
                    for one in step.mentions
                ],
            }
            for step in made.steps
        ],
    }
