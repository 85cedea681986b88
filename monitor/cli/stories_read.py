"""`monitor stories list|show|search|export`: what is stored of stories, for people and for measuring."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from monitor.cli import spoken
from monitor.cli.main import count, echo_json
from monitor.cli.place import json_option, state_folder, state_option
from monitor.clock import utc_now
from monitor.errors import UsageError
from monitor.model import Kind
from monitor.store.reading import Reading
from monitor.stories.difference import differences
from monitor.text import cut

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.model import Entry
    from monitor.store.reading import Headline, Hit, Whole
    from monitor.trail import Arrived, Correction

_MOST_SHOWN = 200  # entries of a story
_QUOTE = 200  # characters of a text in a list
_BARS = " ▁▂▃▄▅▆▇█"

days_option = click.option(
    "--days",
    type=click.FloatRange(min=0, min_open=True, max=36_500),
    default=1.0,
    show_default=True,
    metavar="N",
    help="How far back to look.",
)


# ---- list --------------------------------------------------------------------------------------------------


@click.command(
    name="list",
    epilog="""\b
Examples:
  monitor stories list                      what was alerted in the last day, by rule
  monitor stories list --rule sanctions --days 7
  monitor stories list --carried            what most outlets carry, alerted or not""",
)
@click.option(
    "--rule", default="", metavar="ID", shell_complete=spoken.rules, help="Only what this rule alerted."
)
@click.option("--carried", is_flag=True, help="The most carried stories, alerted or not.")
@days_option
@click.option("--most", type=click.IntRange(1, 10_000), default=50, show_default=True, metavar="N")
@state_option
@json_option
def list_(rule: str, days: float, most: int, state: str | None, *, carried: bool, as_json: bool) -> int:
    """List stories: those alerted, by rule, or the most carried."""
    until = utc_now()
    since = until - timedelta(days=days)
    with Reading(state_folder(state)) as reading:
        if carried:
            return _list_carried(reading, since, until, most=most, as_json=as_json)
        hits = reading.hits(since=since, until=until, rule=rule, most=most)
    if as_json:
        echo_json([hit_values(hit) for hit in hits])
        return 0
    by_rule: dict[str, list[Hit]] = {}
    for hit in hits:
        by_rule.setdefault(hit.rule, []).append(hit)
    for name, found in by_rule.items():
        click.echo(f"{name} ({found[0].severity.name.lower()})")
        for hit in found:
            kind = " development" if hit.kind is Kind.DEVELOPMENT else ""
            click.echo(
                f"  {hit.created:%m-%d %H:%M}  {hit.headline.story:016x}"
                f"  {count(hit.outlets, 'outlet'):>11}{kind}  {hit.headline.title}"
            )
    if not hits:
        click.echo("nothing was alerted in this time")
    return 0


def _list_carried(reading: Reading, since: datetime, until: datetime, *, most: int, as_json: bool) -> int:
    found = reading.carried(since=since, until=until, most=most)
    if as_json:
        echo_json([_headline_values(first) | {"outlets": o, "entries": n} for first, o, n in found])
        return 0
    for first, outlets, entries in found:
        click.echo(f"{outlets:4} outlets {entries:4} entries  {first.story:016x}  {first.title}")
    if not found:
        click.echo("no story of this time has a copy")
    return 0


def hit_values(hit: Hit) -> dict[str, Any]:
    """The alert for JSON; numbers as logs write them."""
    return _headline_values(hit.headline) | {
        "alert": f"{hit.alert:016x}",
        "rule": hit.rule,
        "severity": hit.severity.name.lower(),
        "kind": hit.kind.value,
        "decided": hit.created.isoformat(),
        "outlets": hit.outlets,
        "entries": hit.entries,
    }


def _headline_values(one: Headline) -> dict[str, Any]:
    return {
        "story": f"{one.story:016x}",
        "entry": f"{one.entry:016x}",
        "title": one.title,
        "outlet": one.outlet,
        "feed": one.feed,
        "link": one.link,
        "lang": one.lang,
        "seen": one.seen.isoformat(),
    }


# ---- show --------------------------------------------------------------------------------------------------


@click.command(epilog="\b\nExample:\n  monitor stories show 3f2a9c0d51e7b684")
@click.argument("story")
@state_option
@json_option
def show(story: str, state: str | None, *, as_json: bool) -> int:
    """Show STORY: its copies and developments, how each differs from the first, when each came, who was told.

    STORY is the number of a story, or of any entry or alert of it. What a copy has and the first has not
    stands {in braces}.
    """
    with Reading(state_folder(state)) as reading:
        whole = _whole(reading, story)
        coverage = [seen for seen, _ in reading.coverage(whole.story)]
    if as_json:
        echo_json(_whole_values(whole))
        return 0
    first = whole.entries[0]
    click.echo(f"{whole.title}\nstory {whole.story:016x} · {_extent(whole)}\n{_timeline(coverage)}")
    for told in whole.tellings:
        kind = "a development, " if told.kind is Kind.DEVELOPMENT else ""
        click.echo(
            f"told: {kind}{told.rule} ({told.severity.name.lower()}), {told.created:%Y-%m-%d %H:%M} UTC"
        )
    leads = dict.fromkeys(one.lead for one in whole.entries)
    for lead in leads:
        members = [one for one in whole.entries if one.lead == lead]
        click.echo("\n" + ("first and copies" if lead == first.lead else "development"))
        for one in members:
            click.echo(_member(one, members[0]))
    if whole.more:
        click.echo(f"\nand {count(whole.more, 'entry', 'entries')} more")
    for made in whole.corrections:
        click.echo(f"{made.verb} by hand, {made.made:%Y-%m-%d %H:%M} UTC: entry {made.entry:016x}")
    return 0


def _whole(reading: Reading, written: str) -> Whole:
    from monitor.cli.why import number

    wanted = number(written)
    entry = None if wanted is None else reading.numbered(wanted)
    facts = None if entry is None else reading.facts(entry)
    whole = None if facts is None else reading.story(facts.arrived.story, most=_MOST_SHOWN)
    if whole is None:
        raise UsageError(
            "there is no such story", where=written, remedy="look for it: monitor stories search WORDS"
        )
    return whole


def _extent(whole: Whole) -> str:
    outlets = len({one.entry.outlet for one in whole.entries})
    number = len(whole.entries) + whole.more
    return (
        f"{count(number, 'entry', 'entries')} of {count(outlets, 'outlet')},"
        f" {whole.first_seen:%Y-%m-%d %H:%M} to {whole.last_seen:%Y-%m-%d %H:%M} UTC"
    )


def _timeline(moments: list[datetime]) -> str:
    """Entries by hour from the first on, a column an hour, at most 72."""
    hours = Counter(int((at - moments[0]).total_seconds() // 3600) for at in moments)
    shown = min(max(hours) + 1, 72)
    return f"by hour  {bars([hours[hour] for hour in range(shown)])}"


def bars(numbers: list[int]) -> str:
    """The numbers as a row of bars, the highest full; what is not zero is never blank."""
    top = max(numbers, default=0)
    return "".join(_BARS[-(-number * 8 // top)] if number else " " for number in numbers) if top else ""


def _member(one: Arrived, first: Arrived) -> str:
    entry = one.entry
    head = f"  {one.seen:%m-%d %H:%M}  {entry.id:016x}  {entry.outlet}: "
    if one is first:
        return f"{head}{entry.title}\n{'':20}{entry.link}"
    evidence = f"{one.kind.value}, score {one.score:.0f}: {one.why}"
    text = cut(marked(text_of(entry), text_of(first.entry)), _QUOTE)
    title, _, rest = text.partition("\n")
    return f"{head}{title}\n{'':20}{evidence}\n{'':20}{entry.link}" + (f"\n{'':20}{rest}" if rest else "")


def text_of(entry: Entry) -> str:
    """What is compared of an entry: its title, and what the feed says of it."""
    return f"{entry.title}\n{entry.summary}"


def marked(text: str, other: str) -> str:
    """The text, what the other has not {in braces}."""
    return "".join(run.text if run.shared else f"{{{run.text}}}" for run in differences(text, other))


def _whole_values(whole: Whole) -> dict[str, Any]:
    return {
        "story": f"{whole.story:016x}",
        "title": whole.title,
        "first_seen": whole.first_seen.isoformat(),
        "last_seen": whole.last_seen.isoformat(),
        "more": whole.more,
        "entries": [
            {
                "entry": f"{one.entry.id:016x}",
                "lead": f"{one.lead:016x}",
                "outlet": one.entry.outlet,
                "title": one.entry.title,
                "summary": one.entry.summary,
                "link": one.entry.link,
                "seen": one.seen.isoformat(),
                "verdict": one.kind.value,
                "score": one.score,
                "evidence": one.why,
            }
            for one in whole.entries
        ],
        "alerts": [
            {"rule": told.rule, "kind": told.kind.value, "decided": told.created.isoformat()}
            for told in whole.tellings
        ],
    }


# ---- search ------------------------------------------------------------------------------------------------


@click.command(
    epilog="""\b
Examples:
  monitor stories search railway agreement        both words
  monitor stories search '"railway agreement" -ferry'
  monitor stories search 'pashin*'                any ending"""
)
@click.argument("words", nargs=-1, required=True)
@click.option("--most", type=click.IntRange(1, 10_000), default=30, show_default=True, metavar="N")
@state_option
@json_option
def search(words: tuple[str, ...], most: int, state: str | None, *, as_json: bool) -> int:
    """Search all that is stored, the newest first.

    All WORDS must stand there, in any order, whatever their case and accents; "in quotes" side by side; -word
    must not; word* may go on, from three letters.
    """
    with Reading(state_folder(state)) as reading:
        found, more = reading.search(" ".join(words), most=most)
    if as_json:
        echo_json([_headline_values(one) for one in found])
        return 0
    for one in found:
        click.echo(f"{one.seen:%Y-%m-%d %H:%M}  {one.story:016x}  {one.outlet}: {one.title}")
    if more:
        click.echo(f"these are the newest {most}; --most shows more")
    if not found:
        click.echo("nothing stored has these words")
    return 0


# ---- export ------------------------------------------------------------------------------------------------


@click.command(epilog="\b\nExample:\n  monitor stories export > corrections.jsonl")
@state_option
def export(state: str | None) -> int:
    """Write what people corrected as labelled pairs, one JSON object a line, for measuring the judgement.

    `label` is N for a pair that was split (different news) and D for one that was merged (the same news); `a`
    and `b` hold id, title, summary, outlet, link, lang and published.
    """
    with Reading(state_folder(state)) as reading:
        pairs = reading.corrected()
        for made, moved, other in pairs:
            click.echo(json.dumps(_pair(made, moved, other), ensure_ascii=False))
    click.echo(count(len(pairs), "pair"), err=True)
    return 0


def _pair(made: Correction, moved: Entry, other: Entry) -> dict[str, Any]:
    return {
        "label": "N" if made.verb == "split" else "D",
        "verb": made.verb,
        "made": made.made.isoformat(),
        "a": _side(other),
        "b": _side(moved),
    }


def _side(entry: Entry) -> dict[str, Any]:
    return {
        "id": f"{entry.id:016x}",
        "title": entry.title,
        "summary": entry.summary,
        "outlet": entry.outlet,
        "link": entry.link,
        "lang": entry.lang,
        "published": entry.published.isoformat() if entry.published else None,
    }


VERBS = (list_, show, search, export)
