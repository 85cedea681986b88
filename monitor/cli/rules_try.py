"""`monitor rules try`: why an article fires a rule, or does not."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from monitor import config
from monitor.cli import spoken
from monitor.cli.main import count, echo_json
from monitor.cli.place import json_option, rules_folder, rules_option, state_folder, state_option
from monitor.errors import FetchError, ParseError, UsageError
from monitor.model import Entry, Feed, Mention, Poll, identity
from monitor.rules.explain import discarded, explain
from monitor.rules.match import match
from monitor.text import clean, cleaned

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rich.text import Text

    from monitor.config import Desk
    from monitor.feeds.extraction import Article
    from monitor.rules.explain import Explanation

_FIELDS = ("title", "summary", "body")
_SHOWN = (*_FIELDS[1:], "text")


@click.command(
    name="try",
    epilog="""\b
Examples:
  monitor rules try saved-article.txt                  the first line is the headline
  monitor rules try https://example.org/news/1         fetched as a feed is: no inner addresses
  monitor rules try --rule sanctions - < article.txt   one rule, from standard input
  monitor rules try 4611686018427387904                an entry of the database, by its number
  monitor rules try --jsonl -                          one article a line in, one result a line out

\b
A line of --jsonl is {"id": ..., "title": ..., "summary": ..., "body": ..., "source": ..., "lang": ...};
all but one text may be missing. Its result has id, fired (ids of rules), mentions and ignored, each with
its place in the text as it came in: text[start:end].""",
)
@click.argument("article")
@rules_option
@state_option
@click.option(
    "--rule",
    "only",
    multiple=True,
    metavar="ID",
    shell_complete=spoken.rules,
    help="Ask this rule only; may be repeated.",
)
@click.option("--source", default="", metavar="NAME", help="The feed, outlet or tag it came from.")
@click.option("--lang", default="", metavar="CODE", help="Its language: en, ru, hy, ...")
@click.option("--jsonl", is_flag=True, help="ARTICLE is a file of articles, a JSON object a line, or -.")
@json_option
def command(
    article: str,
    rules: str | None,
    state: str | None,
    only: tuple[str, ...],
    source: str,
    lang: str,
    *,
    jsonl: bool,
    as_json: bool,
) -> int:
    """Explain ARTICLE (a file, - for standard input, an address, a stored entry's number).

    Says of each rule whether it fires, which clause of its condition decided, and which mentions did not
    count and why. Nothing is sent and nothing is stored.
    """
    desk = config.load_desk(rules_folder(rules), env=os.environ, secrets_required=False)
    _refuse_unknown_rules(desk, only)
    if jsonl:
        return _lines(desk, article, only=frozenset(only))
    found = _entries(article, desk=desk, state=state, source=source, lang=lang)
    explained = [
        (
            entry,
            explain(desk.rulebook, entry, tags=_tags(desk, entry), sourced=_sourced(entry), outside=outside),
        )
        for entry, outside in found
    ]
    if as_json:
        echo_json([_as_json(entry, what, only) for entry, what in explained])
        return 0
    for entry, what in explained:
        _show(entry, what, only=only)
    return 0


def _refuse_unknown_rules(desk: Desk, only: Sequence[str]) -> None:
    known = [rule.id for rule in desk.rulebook.rules]
    for name in only:
        if name not in known:
            raise UsageError(f'there is no rule "{name}"', remedy=f"known are: {', '.join(known)}")


# ---- the article -----------------------------------------------------------------------------------------


def _entries(
    article: str, *, desk: Desk, state: str | None, source: str, lang: str
) -> list[tuple[Entry, Mapping[str, str]]]:
    """What the argument names: one article, or every entry of a feed's document.

    With a stored entry come the lines that are no part of it: only a feed's past tells them.
    """
    if "://" in article:
        body, kind = _fetched(article, desk)
    elif article == "-":
        body, kind = sys.stdin.buffer.read(), ""
    elif article.isdigit() and not Path(article).exists():
        return [_stored(int(article), desk, state)]
    else:
        body, kind = _read(Path(article)), ""
    if entries := _feed_entries(body, kind, article):
        return [(_from(desk, entry, source=source, lang=lang), {}) for entry in entries]
    from monitor.feeds import page

    if "://" in article and (read := _article(body, kind)):
        entry = replace(_entry(title=read.title), text=read.text)
        return [(_from(desk, entry, source=source, lang=lang), {})]
    title, text = page.article(body, kind)
    return [(_from(desk, _entry(title=title, body=text), source=source, lang=lang), {})]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"the article cannot be read: {error.strerror}",
            where=str(path),
            remedy=f'to try a headline: echo "{path}" | monitor rules try -'
            if " " in path.name
            else "name a file, an address, an entry's number, or - for standard input",
        ) from error


def _fetched(address: str, desk: Desk) -> tuple[bytes, str]:
    from monitor import __version__
    from monitor.feeds.fetch import Fetched, Fetcher

    contact = f"; {desk.contact}" if desk.contact else ""
    fetcher = Fetcher(user_agent=f"media-monitor/{__version__} (feed reader{contact})")
    host = urlsplit(address).netloc
    private = any(feed.allow_private and urlsplit(feed.url).netloc == host for feed in desk.feeds)
    try:
        answer = fetcher.fetch(Poll(Feed("try", address, "try", allow_private=private)))
    except FetchError as error:
        raise FetchError(
            error.what, where=address, remedy="save the article and try the file: monitor rules try FILE"
        ) from error
    finally:
        fetcher.close()
    assert isinstance(answer, Fetched), "a request without validators is never answered with 304"
    return answer.body, answer.content_type


def _article(body: bytes, kind: str) -> Article | None:
    """The article of a page as `full_text` reads it; None where that is not installed, or finds none."""
    if config.missing_for_full_text():
        return None
    from monitor.feeds.extraction import Page
    from monitor.feeds.workers import Parsers

    parsers = Parsers(1)
    try:
        found = parsers.tell(Page(body, kind))
    except ParseError:
        return None
    finally:
        parsers.close()
    return found if found.text else None


def _stored(number: int, desk: Desk, state: str | None) -> tuple[Entry, Mapping[str, str]]:
    from monitor.pipeline import recurring_in
    from monitor.store.store import Store

    with Store(state_folder(state)) as store:
        known = store.known([number])
        if number not in known:
            raise UsageError(
                f"no entry {number} is stored", remedy="name a file, an address, or an entry's number"
            )
        was = known[number].candidate
        entry = store.with_texts([known[number].entry])[0]
        feed = desk.feeds_by_name.get(entry.feed) or Feed(entry.feed, "", entry.outlet)
        return entry, recurring_in(store, [entry], feed=feed, now=was.seen).outside(was.story)


def _feed_entries(body: bytes, kind: str, name: str) -> tuple[Entry, ...]:
    """The entries of a feed's document; none where it is no feed."""
    if not body.lstrip()[:200].lower().startswith((b"<?xml", b"<rss", b"<feed", b"<rdf")):
        return ()
    from monitor.clock import utc_now
    from monitor.feeds.parse import parse

    try:
        return parse(body, feed=Feed("", name, ""), content_type=kind, now=utc_now())
    except ParseError:
        return ()


def _entry(*, title: str = "", summary: str = "", body: str = "") -> Entry:
    return Entry(
        id=identity("try", title, summary, body),
        feed="",
        outlet="",
        guid="",
        link="",
        title=title,
        summary=summary,
        body=body,
        published=None,
        lang=None,
        digest="",
    )


def _from(desk: Desk, entry: Entry, *, source: str, lang: str) -> Entry:
    """The entry as if it had come from this source: a feed's name, or an outlet or tag."""
    feed = desk.feeds_by_name.get(source)
    outlet = feed.outlet if feed else source
    language = lang or entry.lang or (feed.lang if feed else None)
    return replace(entry, feed=source, outlet=outlet, lang=language or None)


def _tags(desk: Desk, entry: Entry) -> frozenset[str]:
    feed = desk.feeds_by_name.get(entry.feed)
    return feed.labels if feed else frozenset({entry.feed} - {""})


def _sourced(entry: Entry) -> bool:
    return bool(entry.feed)


# ---- one article a line ----------------------------------------------------------------------------------


def _lines(desk: Desk, name: str, *, only: frozenset[str]) -> int:
    stream = sys.stdin.buffer if name == "-" else _opened(name)
    for line in stream:
        if line.strip():
            text = json.dumps(_result(desk, line, only), ensure_ascii=False)
            sys.stdout.buffer.write(text.encode("utf-8", "replace") + b"\n")
            sys.stdout.buffer.flush()
    return 0


def _opened(name: str) -> Any:
    try:
        return Path(name).open("rb")
    except OSError as error:
        raise UsageError(f"the articles cannot be read: {error.strerror}", where=name) from error


def _result(desk: Desk, line: bytes, only: frozenset[str]) -> dict[str, Any]:
    """The result of one line; a line that is no article has an error for a result, and harms no other."""
    try:
        article = json.loads(line)
    except (ValueError, RecursionError) as error:
        return _no_article(None, f"the line is not JSON: {error}")
    if not isinstance(article, dict):
        return _no_article(None, "the line is not a JSON object")
    texts = {key: article.get(key) or "" for key in (*_FIELDS, "source", "lang")}
    if strange := [key for key, text in texts.items() if not isinstance(text, str)]:
        return _no_article(article.get("id"), f"{', '.join(strange)} must be texts")
    placed = {field: cleaned(texts[field]) for field in _FIELDS}
    title, summary, body = (placed[field][0] for field in _FIELDS)
    entry = _entry(title=title.replace("\n", " "), summary=summary, body=body)
    entry = _from(desk, entry, source=clean(texts["source"]), lang=texts["lang"])
    return {"id": article.get("id")} | _found(desk, entry, {key: at for key, (_, at) in placed.items()}, only)


def _no_article(number: Any, why: str) -> dict[str, Any]:
    return {"id": number, "fired": [], "mentions": [], "ignored": [], "error": why}


def _found(
    desk: Desk, entry: Entry, origins: dict[str, Sequence[int]], only: frozenset[str]
) -> dict[str, Any]:
    matches = match(desk.rulebook, entry, tags=_tags(desk, entry), sourced=_sourced(entry))
    fired = [found for found in matches if not only or found.rule in only]
    away = discarded(desk.rulebook, entry, desk.rulebook.lexicon.read(entry))
    return {
        "fired": [found.rule for found in fired],
        "mentions": [
            {"rule": found.rule, **_placed(mention, origins)} for found in fired for mention in found.mentions
        ],
        "ignored": [{**_placed(one.mention, origins), "why": one.why} for one in away],
    }


def _placed(mention: Mention, origins: dict[str, Sequence[int]]) -> dict[str, Any]:
    """The mention with its place in the text as it came in."""
    origin = origins[mention.field]
    return asdict(mention) | {"start": origin[mention.start], "end": origin[mention.end]}


# ---- for people and machines -----------------------------------------------------------------------------


def _as_json(entry: Entry, what: Explanation, only: Iterable[str]) -> dict[str, Any]:
    wanted = set(only)
    return {
        "title": entry.title,
        "fired": [v.rule.id for v in what.fired if not wanted or v.rule.id in wanted],
        "rules": [
            {
                "rule": verdict.rule.id,
                "fired": verdict.fired,
                "clause": verdict.clause,
                "mentions": [asdict(mention) for mention in verdict.mentions],
            }
            for verdict in what.verdicts
            if not wanted or verdict.rule.id in wanted
        ],
        "ignored": [{**asdict(one.mention), "why": one.why} for one in what.discarded],
        "zones": [{"field": field, **asdict(zone)} for field, zone in what.zones],
        "unread": what.unread,
    }


def _show(entry: Entry, what: Explanation, *, only: Sequence[str]) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    for text in _marked(entry, what):
        console.print(text)
    console.print()
    verdicts = [verdict for verdict in what.verdicts if not only or verdict.rule.id in only]
    for verdict in sorted(verdicts, key=lambda verdict: not verdict.fired):
        line = Text("FIRES " if verdict.fired else "no    ", style="bold green" if verdict.fired else "dim")
        line.append(verdict.rule.id, style="bold").append(f"  {verdict.clause}")
        console.print(line)
        if verdict.fired:
            seen = dict.fromkeys(f'{m.what} "{m.surface}" ({m.where})' for m in verdict.mentions)
            console.print(Text("        " + ", ".join(seen), style="green"))
            told = f"        {verdict.rule.severity.name.lower()}, to {', '.join(verdict.rule.send)}"
            console.print(Text(told, style="dim"))
    for one in what.discarded:
        where = f'{one.mention.what} "{one.mention.surface}" ({one.mention.where}, at {one.mention.start})'
        console.print(Text("ignored ", style="yellow").append(f"{where}: {one.why}"))
    for field, zone in what.zones:
        shown = " ".join(getattr(entry, field)[zone.start : zone.end].split())
        console.print(
            Text("ignored ", style="yellow").append(f"{zone.why} ({field}, {count(len(shown), 'character')})")
        )
    if what.unread:
        console.print(
            Text("ignored ", style="yellow").append(f"the last {what.unread:,} characters: too long")
        )


def _marked(entry: Entry, what: Explanation) -> Iterable[Text]:
    """The article with its mentions marked: the headline, and each paragraph in which something stands."""
    from rich.text import Text

    yield _styled(Text(entry.title, style="bold"), "title", 0, what)
    for field in _SHOWN:
        whole: str = getattr(entry, field)
        at = 0
        for line in whole.split("\n"):
            if _touched(field, at, at + len(line), what):
                yield _styled(Text(line), field, at, what)
            at += len(line) + 1


def _touched(field: str, start: int, end: int, what: Explanation) -> bool:
    mentions = [mention for verdict in what.fired for mention in verdict.mentions]
    mentions += [one.mention for one in what.discarded]
    return any(one.field == field and start <= one.start < end for one in mentions)


def _styled(text: Text, field: str, offset: int, what: Explanation) -> Text:
    for zone_field, zone in what.zones:
        if zone_field == field:
            text.stylize("dim", max(0, zone.start - offset), max(0, zone.end - offset))
    for one in what.discarded:
        _mark(text, one.mention, field, offset, style="yellow strike")
    for verdict in what.fired:
        for mention in verdict.mentions:
            _mark(text, mention, field, offset, style="bold black on green")
    return text


def _mark(text: Text, mention: Mention, field: str, offset: int, *, style: str) -> None:
    if mention.field == field and 0 <= mention.start - offset < len(text):
        text.stylize(style, mention.start - offset, mention.end - offset)
