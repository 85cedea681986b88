"""`monitor feeds`: add, look at, check and exchange feeds by hand."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor import added, config, migration
from monitor.cli import spoken
from monitor.cli.main import count, echo_json
from monitor.cli.place import json_option, rules_folder, rules_option, state_folder, state_option
from monitor.errors import FetchError, ParseError, UsageError
from monitor.feeds import health, opml, schedule, subscription
from monitor.model import Feed, FeedState

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from monitor.engine import Engine
    from monitor.model import Entry, Lost, Match, PollResult, Subscription
    from monitor.survey import Checked


@click.group(
    name="feeds",
    epilog="""\b
Examples:
  monitor feeds add https://www.rferl.org/ --tag caucasus     finds the feed behind the page
  monitor feeds list --failing
  monitor feeds check                                         asks every feed once, now
  monitor feeds import subscriptions.opml --check
  monitor feeds export > feeds.opml""",
)
def command() -> None:
    """Add, look at, check and exchange feeds.

    What these commands add stands in feeds-added.yaml of the rules folder, the only file that they write. A
    running monitor takes it up by itself.
    """


# ---- add ---------------------------------------------------------------------------------------------------


@command.command(
    name="add", epilog="\b\nExample:\n  monitor feeds add https://www.rferl.org/ --tag caucasus --lang en"
)
@click.argument("address")
@click.option("--name", default="", help="Its name for good: a-z, 0-9 and hyphens. Default: from the host.")
@click.option("--outlet", default="", help="Who publishes. Default: as its entries say, or the host.")
@click.option("--tag", "tags", multiple=True, help='Your own word, for "sources:" in a rule; repeatable.')
@click.option("--lang", default="", help="Its language in two or three letters.")
@click.option("--every", default="", help='How often to look, such as "5 min". Default: learned.')
@click.option("--allow-private", is_flag=True, help="It may stand in your own network.")
@click.option("--unchecked", is_flag=True, help="Add it as it is, without asking it.")
@rules_option
@json_option
def add(  # noqa: PLR0913  # an option each
    address: str,
    *,
    name: str,
    outlet: str,
    tags: tuple[str, ...],
    lang: str,
    every: str,
    allow_private: bool,
    unchecked: bool,
    rules: str | None,
    as_json: bool,
) -> int:
    """Add the feed at ADDRESS, or the one behind the page there; show its last entries.

    Of each entry it says which rules would have told it. What stands in a feed when it is added is told to
    nobody; what comes from then on is.
    """
    from monitor.survey import Checked

    folder = rules_folder(rules)
    desk = _desk(folder)
    url = address if "://" in address else f"https://{address}"
    host = config.host_of(url)
    wish = config.one_feed(
        {"name": "new", "url": url, "outlet": outlet, "lang": lang, "every": every},
        tags=tags,
        allow_private=allow_private,
    )
    found = [Checked(wish)] if unchecked else _found(desk, wish, named="://" in address)
    feed = found[0].feed
    _refuse_known(feed, desk.feeds)
    taken = desk.feeds_by_name
    if name and name in taken:
        what = f'there is a feed "{name}" already'
        raise UsageError(what, where=taken[name].url, remedy="give another --name")
    free = added.free_name(name or host, feed.url, taken)
    feed = replace(feed, name=free, outlet=outlet or _publisher(found[0], name=free, host=host))
    path = added.write(folder, [*added.added(folder), feed])
    others = [other.feed.url for other in found[1:]]
    last = _judged(desk, feed, found[0])
    if as_json:
        shown = [_entry_as_json(entry, matches) for entry, matches in last]
        echo_json({"added": _as_json(feed), "file": str(path), "others": others, "last": shown})
        return 0
    click.echo(f"added {feed.name}: {feed.url} (in {path})")
    for url in others:
        click.echo(f"  there is also {url}")
    if not unchecked:
        _show_last(found[0].entries, last)
    return 0


def _publisher(found: Checked, *, name: str, host: str) -> str:
    """The outlet of a feed for which none was given: its name, so none, where its entries bring theirs."""
    called = {entry.outlet for entry in found.last}
    return name if called and found.feed.outlet not in called else host


def _judged(desk: config.Desk, feed: Feed, found: Checked) -> list[tuple[Entry, tuple[Match, ...]]]:
    """The last entries as this feed's, under the desk's names of outlets, and the rules that each fires."""
    from monitor.feeds.aggregators import outlets
    from monitor.rules.match import match

    names = outlets([*desk.feeds, feed])
    own = found.feed.outlet  # what it was asked as
    named = [
        names.named(replace(one, feed=feed.name, outlet=feed.outlet if one.outlet == own else one.outlet))
        for one in found.last
    ]
    return [(entry, match(desk.rulebook, entry, tags=feed.labels)) for entry in named]


def _show_last(count_: int, last: Sequence[tuple[Entry, tuple[Match, ...]]]) -> None:
    if not last:
        click.echo("it shows nothing yet")
        return
    click.echo(
        f"it shows {count(count_, 'entry', 'entries')}, told to nobody; what the rules say of the last:"
    )
    for entry, matches in last:
        when = f"{entry.published:%Y-%m-%d %H:%M}" if entry.published else "without date"
        click.echo(f"  {when:<16}  {entry.title or '(without title)'}")
        for found in matches:
            why = dict.fromkeys(f'"{mention.surface}" ({mention.where})' for mention in found.mentions)
            told = f"{found.severity.name.lower()}, to {', '.join(found.send)}"
            click.echo(f"{'':<20}{found.rule} ({told}): {', '.join(why)}")
        if not matches:
            click.echo(f"{'':<20}no rule")


def _entry_as_json(entry: Entry, matches: Sequence[Match]) -> dict[str, Any]:
    return {
        "title": entry.title,
        "link": entry.link,
        "published": entry.published.isoformat() if entry.published else None,
        "rules": [
            {
                "rule": found.rule,
                "severity": found.severity.name.lower(),
                "send": list(found.send),
                "mentions": [asdict(mention) for mention in found.mentions],
            }
            for found in matches
        ],
    }


def _found(desk: config.Desk, wish: Feed, *, named: bool) -> list[Checked]:
    """The feeds at an address that can be read; `named` says that its scheme was not a guess of ours."""
    from monitor.clock import utc_now
    from monitor.survey import find

    with _engine(desk) as engine:
        try:
            found = find(wish, fetcher=engine.fetcher, parsers=engine.parsers, now=utc_now())
        except FetchError as error:
            remedy = "--unchecked adds it all the same"
            if error.remedy:  # that of the operator's files, said as an option
                remedy = "--allow-private lets a feed of your own network be polled"
            elif not named:
                remedy = f"if it speaks no https: monitor feeds add http://{wish.url.partition('://')[2]}"
            raise UsageError(error.what, where=wish.url, remedy=remedy) from error
    if not found:
        what = "there is no feed, and none behind the page"
        raise UsageError(what, where=wish.url, remedy="name the feed itself")
    return found


def _refuse_known(feed: Feed, known: Sequence[Feed]) -> None:
    same = next((other for other in known if _same(other.url, feed.url)), None)
    if same is not None:
        raise UsageError(f'it is there already, as "{same.name}"', where=feed.url)


def _same(one: str, other: str) -> bool:
    from monitor.urls import canonical

    return canonical(one) == canonical(other)


# ---- list and show -----------------------------------------------------------------------------------------


@command.command(name="list", epilog="\b\nExample:\n  monitor feeds list --failing")
@click.option("--failing", is_flag=True, help="Only those with which something is the matter.")
@rules_option
@state_option
@json_option
def list_(rules: str | None, state: str | None, *, failing: bool, as_json: bool) -> int:
    """List the feeds: how often each is asked, when it last answered, what is the matter."""
    desk = _desk(rules_folder(rules))
    hubs = _subscriptions(state)
    rows = [_row(feed, *found, hubs.get(feed.name)) for feed, found in _states(desk.feeds, state)]
    rows = [row for row in rows if row["notes"] or not failing]
    if as_json:
        echo_json(rows)
        return 0
    _print_table(rows)
    return 0


def _states(feeds: Sequence[Feed], state: str | None) -> list[tuple[Feed, tuple[FeedState, str]]]:
    """Each feed with what is remembered of it."""
    from monitor.store.store import DATABASE, Store

    folder = state_folder(state)
    if not (folder / DATABASE).exists():
        return [(feed, (FeedState(), "")) for feed in feeds]
    with Store(folder) as store:
        known = store.feed_conditions()
    return [(feed, known.get(feed.name, (FeedState(), ""))) for feed in feeds]


def _subscriptions(state: str | None) -> dict[str, Subscription]:
    """What hubs were asked for, by feed."""
    from monitor.store.store import DATABASE, Store

    folder = state_folder(state)
    if not (folder / DATABASE).exists():
        return {}
    with Store(folder) as store:
        return {one.feed: one for one in store.subscriptions()}


def _pushed(one: Subscription | None) -> dict[str, Any]:
    """How a feed is rung for. Not by which address and secret: they are between us and its hub."""
    from monitor.clock import utc_now

    if one is None:
        return {"push": None, "hub": None, "push_until": None, "push_error": ""}
    return {
        "push": subscription.standing(one, now=utc_now()),
        "hub": one.hub,
        "push_until": one.until.isoformat(timespec="seconds") if one.until else None,
        "push_error": one.error,
    }


def _row(feed: Feed, state: FeedState, error: str, hub: Subscription | None) -> dict[str, Any]:
    from monitor.clock import utc_now

    return {
        **_as_json(feed),
        "interval": opml.span(schedule.interval(feed, state)) if feed.every else _rounded(feed, state),
        "last_good": state.last_good.isoformat(timespec="seconds") if state.last_good else None,
        "next_poll": state.next_poll.isoformat(timespec="seconds") if state.next_poll else None,
        "last_new": state.last_new.isoformat(timespec="seconds") if state.last_new else None,
        "entries_an_hour": None if state.pace is None else round(state.pace, 3),
        "unsettled_entries": state.unsettled,
        "full_text": _yes_or_no(feed.full_text),
        "aggregator": None if feed.aggregator is None else _yes_or_no(feed.aggregator),
        "recurring": _yes_or_no(feed.recurring),
        "failures": state.failures,
        "asked_at": state.address or feed.url,
        **_pushed(hub),
        "last_rung": state.rung.isoformat(timespec="seconds") if state.rung else None,
        "notes": list(health.standing(state, error, now=utc_now())),
    }


def _yes_or_no(said: bool) -> str:  # noqa: FBT001  # what it is about
    return "yes" if said else "no"


def _rounded(feed: Feed, state: FeedState) -> str:
    minutes = schedule.interval(feed, state).total_seconds() / 60
    return f"{minutes:.0f} min"


def _print_table(rows: Sequence[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for column in ("feed", "outlet", "every", "last good", "notes"):
        table.add_column(column, overflow="fold")
    for row in rows:
        good = row["last_good"] or "never"
        table.add_row(
            row["name"], row["outlet"], row["interval"], good[:16].replace("T", " "), "; ".join(row["notes"])
        )
    width = None if sys.stdout.isatty() else 240  # what reads a pipe wants lines whole
    Console(highlight=False, markup=False, width=width).print(table)


@command.command(name="show", epilog="\b\nExample:\n  monitor feeds show azatutyun")
@click.argument("name", shell_complete=spoken.feeds)
@rules_option
@state_option
@json_option
def show(name: str, rules: str | None, state: str | None, *, as_json: bool) -> int:
    """Show all that is known of the feed NAME."""
    desk = _desk(rules_folder(rules))
    feed = _named(desk, [name])[0]
    row = _row(feed, *_states([feed], state)[0][1], _subscriptions(state).get(name))
    if as_json:
        echo_json(row)
        return 0
    for key, value in row.items():
        said = ", ".join(value) if isinstance(value, list) else value
        click.echo(f"{key.replace('_', ' '):<18}{'-' if said in (None, '') else said}")
    return 0


# ---- check and retry ---------------------------------------------------------------------------------------


@command.command(name="check", epilog="\b\nExample:\n  monitor feeds check azatutyun hetq-en")
@click.argument("names", nargs=-1, shell_complete=spoken.feeds)
@rules_option
@json_option
def check(names: tuple[str, ...], rules: str | None, *, as_json: bool) -> int:
    """Ask each feed (or those of NAMES) once, now; exits 1 if one cannot be read. Nothing is remembered."""
    desk = _desk(rules_folder(rules))
    answers = _checked(desk, _named(desk, names))
    if as_json:
        echo_json([_answer(answer) for answer in answers])
    else:
        for answer in answers:
            click.echo(_said(answer))
    return 1 if any(answer.error for answer in answers) else 0


def _checked(desk: config.Desk, feeds: Sequence[Feed]) -> list[Checked]:
    """What each answered, in their order; a progress bar shows how far it is."""
    from rich.console import Console
    from rich.progress import Progress

    from monitor.clock import utc_now
    from monitor.engine import PLACES, politely
    from monitor.model import NotModified, Validators
    from monitor.survey import check

    answers: dict[str, Checked] = {}
    quiet = not sys.stderr.isatty() or len(feeds) == 1
    with (
        _engine(desk) as engine,
        Progress(console=Console(stderr=True), transient=True, disable=quiet) as progress,
        ThreadPoolExecutor(PLACES) as pool,
    ):
        bar = progress.add_task("checking", total=len(feeds))

        def ask(feed: Feed) -> PollResult | Lost:
            answers[feed.name] = check(feed, fetcher=engine.fetcher, parsers=engine.parsers, now=utc_now())
            return NotModified(feed, Validators())

        polls = [(feed, FeedState()) for feed in feeds]
        for batch in politely(lambda feed, _: pool.submit(ask, feed), polls):
            progress.advance(bar, len(batch))
    return [answers[feed.name] for feed in feeds]


def _said(answer: Checked) -> str:
    if answer.error:
        return f"{answer.feed.name}: {answer.error} ({answer.feed.url})"
    newest = f", the newest of {answer.newest:%Y-%m-%d %H:%M} UTC" if answer.newest else ""
    return f"{answer.feed.name}: {count(answer.entries, 'item')}{newest}"


def _answer(answer: Checked) -> dict[str, Any]:
    return {
        **_as_json(answer.feed),
        "ok": not answer.error,
        "items": answer.entries,
        "newest": answer.newest.isoformat() if answer.newest else None,
        "latest": answer.latest,
        "error": answer.error,
    }


@command.command(name="retry", epilog="\b\nExample:\n  monitor feeds retry azatutyun")
@click.argument("names", nargs=-1, shell_complete=spoken.feeds)
@click.option("--failing", is_flag=True, help="All that fail.")
@rules_option
@state_option
@json_option
def retry(
    names: tuple[str, ...], rules: str | None, state: str | None, *, failing: bool, as_json: bool
) -> int:
    """Make the feeds NAMES due at once, whatever they wait for; a running monitor asks them within 15 s."""
    from monitor.clock import utc_now
    from monitor.store.store import Store

    if not names and not failing:
        raise UsageError("no feed is named", remedy="name one, or say --failing")
    desk = _desk(rules_folder(rules))
    chosen = {feed.name for feed in _named(desk, names)} if names else set()
    with Store(state_folder(state)) as store:
        chosen |= set(store.feed_errors()) if failing else set()
        due = store.retry_feeds(chosen, now=utc_now())
    if as_json:
        echo_json({"due": due})
    else:
        click.echo(f"{count(due, 'feed')} due now")
    return 0


# ---- import and export -------------------------------------------------------------------------------------


@command.command(
    name="import",
    epilog="""\b
Examples:
  monitor feeds import subscriptions.opml --check          folders and categories become tags
  monitor feeds import ~/.config/rss2email.cfg
  monitor feeds import ~/.config/urlwatch/urls.yaml --check    the feeds behind the pages it watches
  monitor feeds import ~/.newsboat/urls""",
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--check",
    "checked",
    is_flag=True,
    help="Ask each: add only those that can be read, and for a page the feed behind it.",
)
@click.option(
    "--allow-private",
    is_flag=True,
    help="Feeds that an OPML list calls private, all of other lists, and those behind pages, may stand in"
    " your own network.",
)
@rules_option
@json_option
def import_(file: Path, rules: str | None, *, checked: bool, allow_private: bool, as_json: bool) -> int:
    """Add the feeds of a list: OPML, or what rss2email, urlwatch or newsboat keep. Feeds that are there stay.

    Which of them it is, is seen by what stands in it. Mail addresses, filters, logins and headers of the
    other program stay with it.
    """
    folder = rules_folder(rules)
    desk = _desk(folder)
    try:
        found = migration.read(file.read_bytes())
    except OSError as error:
        what = f"the list cannot be read: {error.strerror}"
        raise UsageError(what, where=str(file), remedy="name a file that is there") from error
    except ParseError as error:
        raise UsageError(error.what, where=str(file), remedy="export it anew as OPML") from error
    # Only OPML can call a feed private; of other lists, as of pages, the operator's word is all there is.
    listed = found.feeds if found.kind == "OPML" else [replace(one, private="yes") for one in found.feeds]
    new, left_out = _new(listed, desk.feeds, allow_private=allow_private)
    left_out += found.left_out
    if checked:
        answers = _checked(desk, new)
        left_out += [f"{answer.feed.url}: {answer.error}" for answer in answers if answer.error]
        new = [answer.feed for answer in answers if not answer.error]
        behind, without = _behind(desk, found.pages, [*desk.feeds, *new], allow_private=allow_private)
        new, left_out = [*new, *behind], [*left_out, *without]
    else:
        left_out += [f"{page.url}: a page, it seems: --check looks for its feed" for page in found.pages]
    path = added.write(folder, [*added.added(folder), *new]) if new else folder / added.FILE
    if as_json:
        feeds = [_as_json(feed) for feed in new]
        echo_json({"kind": found.kind, "added": feeds, "left_out": left_out, "file": str(path)})
        return 0
    click.echo(f"{count(len(new), 'feed')} added to {path}; {len(left_out)} left out")
    for why in left_out:
        click.echo(f"  {why}")
    return 0


def _behind(
    desk: config.Desk, pages: Sequence[opml.Outline], known: Sequence[Feed], *, allow_private: bool
) -> tuple[list[Feed], list[str]]:
    """The likeliest feed behind each page, and why a page has none."""
    from monitor.clock import utc_now
    from monitor.survey import find

    found: list[opml.Outline] = []
    left_out: list[str] = []
    if not pages:
        return [], []
    with _engine(desk) as engine:
        for page in _with_bar(pages, "looking for feeds"):
            try:
                wish = _of(replace(page, private="yes"), "new", allow_private=allow_private)
                answers = find(wish, fetcher=engine.fetcher, parsers=engine.parsers, now=utc_now())
            except (UsageError, FetchError) as error:
                left_out.append(f"{page.url}: {error.what}")
                continue
            if answers:
                found.append(replace(page, url=answers[0].feed.url, private="yes"))
            else:
                left_out.append(f"{page.url}: there is no feed, and none behind the page")
    new, more = _new(found, known, allow_private=allow_private)
    return new, left_out + more


def _with_bar(things: Sequence[opml.Outline], what: str) -> Iterator[opml.Outline]:
    """The same, with a bar on a terminal's standard error."""
    from rich.console import Console
    from rich.progress import track

    quiet = not sys.stderr.isatty() or not things
    yield from track(things, what, console=Console(stderr=True), transient=True, disable=quiet)


def _new(
    outlines: Sequence[opml.Outline], known: Sequence[Feed], *, allow_private: bool
) -> tuple[list[Feed], list[str]]:
    """The feeds that are not there yet, and why each other is left out."""
    from monitor.urls import canonical, problem

    there = {canonical(feed.url) for feed in known}
    taken = {feed.name for feed in known}
    new: list[Feed] = []
    left_out: list[str] = []
    for outline in outlines:
        if why := problem(outline.url):
            left_out.append(f"{outline.url}: {why}")
        elif canonical(outline.url) in there:
            left_out.append(f"{outline.url}: it is there already")
        else:
            name = added.free_name(outline.text or outline.title, outline.url, taken)
            try:
                new.append(_of(outline, name, allow_private=allow_private))
            except UsageError as error:
                left_out.append(f"{outline.url}: {error}")
                continue
            there.add(canonical(outline.url))
            taken.add(name)
    return new, left_out


def _of(outline: opml.Outline, name: str, *, allow_private: bool) -> Feed:
    """The feed of a list's line. Any list may call any host private: the operator's word counts."""
    outlet = outline.title or outline.text or config.host_of(outline.url)
    values = {
        "name": name,
        "url": outline.url,
        "outlet": outlet,
        "lang": outline.lang,
        "every": outline.every,
    }
    return config.one_feed(
        values, tags=outline.tags, allow_private=allow_private and outline.private.lower() == "yes"
    )


@command.command(name="export", epilog="\b\nExample:\n  monitor feeds export > feeds.opml")
@rules_option
@json_option
def export(rules: str | None, *, as_json: bool) -> int:
    """Print all feeds as OPML, in folders by tag."""
    feeds = _desk(rules_folder(rules)).feeds
    if as_json:
        echo_json([_as_json(feed) for feed in feeds])
    else:
        click.echo(opml.write(feeds), nl=False)
    return 0


# ---- what they share ---------------------------------------------------------------------------------------


def _desk(folder: Path) -> config.Desk:
    return config.load_desk(folder, env=os.environ, secrets_required=False)


def _named(desk: config.Desk, names: Sequence[str]) -> list[Feed]:
    """The feeds of these names, or all; raises UsageError for one that is not there."""
    from difflib import get_close_matches

    for name in names:
        if name not in desk.feeds_by_name:
            near = get_close_matches(name, desk.feeds_by_name, 1)
            remedy = f'did you mean "{near[0]}"?' if near else "see monitor feeds list"
            raise UsageError(f'there is no feed "{name}"', remedy=remedy)
    return [desk.feeds_by_name[name] for name in names] or list(desk.feeds)


@contextmanager
def _engine(desk: config.Desk) -> Iterator[Engine]:
    from monitor.engine import Engine

    engine = Engine(desk, Path())
    try:
        yield engine
    finally:
        engine.close()


def _as_json(feed: Feed) -> dict[str, Any]:
    return {
        "name": feed.name,
        "url": feed.url,
        "outlet": feed.outlet,
        "tags": sorted(feed.tags),
        "lang": feed.lang,
    }
