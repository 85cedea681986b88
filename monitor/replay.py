"""A history of captures through the real line, under the clock of the days they were made; nobody is told.

Each capture is polled when it was captured: parsed by the real parsers, taken in by round one, what it calls
for sent by round two to receivers that only keep. What was told is then held against "once per story".
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING

from monitor import pipeline
from monitor.errors import FetchError, UsageError
from monitor.feeds import schedule
from monitor.feeds.fetch import Fetched
from monitor.feeds.poll import poll
from monitor.feeds.workers import Parsers
from monitor.model import Claim, Failed, Feed, Poll, Receiver, Reply, Validators
from monitor.pipeline import Counts
from monitor.rules import document, rulebook
from monitor.store.store import Store
from monitor.text import folded_words
from monitor.urls import canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from monitor.model import Message
    from monitor.rules.rulebook import Rulebook

_STAMP = re.compile(r"(\d{8}T\d{6})Z")
_LARGEST = 64 << 20  # bytes of a capture unpacked
_TOLD_TO = "replay"

# A rule that fires on nearly everything: the commonest words of the languages that we read.
EVERYTHING = """\
rules:
  - id: everything
    title: Everything
    send: [replay]
    any: [the, to, in, of, and, for, on, with, at, is, as, by, from, after, over, his, her, new, says, how,
          why, what, who, are, be, will, it, an, has, not, this, that, up, out, more, than, you, your, we,
          и, в, на, с, по, за, о, из, не, что, для, от, և, է, ու, մեջ, ve, bir, ile, da, də, və, და, რომ]
"""


@dataclass(frozen=True, slots=True)
class Capture:
    """A document as it was once served: of which feed, when, and in which file."""

    feed: Feed
    taken: datetime
    path: Path

    def body(self) -> bytes:
        """The document, unpacked. Raises FetchError for a file that cannot be read."""
        try:
            packed = self.path.read_bytes()
            if self.path.suffix != ".gz":
                return packed
            return gzip.decompress(packed)[:_LARGEST]
        except (OSError, EOFError, zlib.error) as error:
            raise FetchError(f"the capture cannot be read: {error}", where=str(self.path)) from error


@dataclass(frozen=True, slots=True)
class Telling:
    """One message that would have been sent; `kinds` says whether it tells a new story or a development."""

    when: datetime
    receiver: str
    story: int
    feed: str
    guid: str
    link: str
    title: str
    rules: tuple[str, ...]
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """Two messages to one receiver that tell the same entry: by its guid, its link or its title.

    By guid or link it is a repeat. By title alone it may be one, or a column of the next day: read it.
    """

    by: str
    first: Telling
    again: Telling


@dataclass(slots=True)
class Outcome:
    """What a replay came to."""

    captures: int = 0
    counts: Counts = field(default_factory=Counts)
    familiar: int = 0  # items that were not parsed, because they stood unchanged in the capture before
    failures: Counter[str] = field(default_factory=Counter)
    told: list[Telling] = field(default_factory=list)
    lasted: timedelta = timedelta(0)  # from the first capture to the last

    def repeats(self) -> list[Repeat]:
        """Messages that tell again what was told to the same receiver under the same rules."""
        return [repeat for repeat in _repeats(self.told) if repeat.by != "title"]

    def namesakes(self) -> list[Repeat]:
        """Messages whose title was told before, of another guid and link."""
        return [repeat for repeat in _repeats(self.told) if repeat.by == "title"]


def captures(folder: Path) -> list[Capture]:
    """The captures under a folder in the order of their times: each sub-folder is a feed, or the folder is.

    Files are named by the time of capture (20200427T090819Z.xml.gz). Raises UsageError where there is none.
    """
    found = [
        Capture(_feed(path.parent.name), moment, path)
        for path in [*folder.glob("*"), *folder.glob("*/*")]
        if path.is_file() and (moment := _moment(path.name)) is not None
    ]
    if not found:
        raise UsageError(
            "there are no captures",
            where=str(folder),
            remedy="name a folder of OUTLET/YYYYMMDDTHHMMSSZ.xml or .xml.gz",
        )
    return sorted(found, key=lambda capture: (capture.taken, capture.path))


def everything() -> Rulebook:
    """The rulebook that fires on nearly every entry."""
    root = document.read("everything.yaml", EVERYTHING, [])
    assert root is not None
    return rulebook.compile_rulebook(
        [root], receivers=(_TOLD_TO,), sources=(), read_article=lambda _: "", faults=[]
    )


def replay(
    history: Sequence[Capture],
    state: Path,
    *,
    book: Rulebook,
    advanced: Callable[[Capture], None] = lambda _: None,
) -> Outcome:
    """Runs the captures through the line; `state` is an empty folder for its database."""
    outcome = Outcome(lasted=history[-1].taken - history[0].taken)
    receivers = [Receiver(name, "json://localhost") for name in _receivers(book)]
    feeds = {capture.feed.name: capture.feed for capture in history}
    parsers = Parsers(1)
    try:
        with Store(state) as store:
            begin = history[0].taken
            store.sync_feeds(
                list(feeds.values()), first_poll=lambda feed: schedule.first_poll(feed, now=begin)
            )
            for capture in history:
                _take(store, capture, outcome, book=book, parsers=parsers)
                for receiver in receivers:
                    _deliver(store, receiver, outcome, now=capture.taken)
                advanced(capture)
    finally:
        parsers.close()
    return outcome


def _take(store: Store, capture: Capture, outcome: Outcome, *, book: Rulebook, parsers: Parsers) -> None:
    state = store.feed_states([capture.feed.name])[capture.feed.name]
    job = Poll(capture.feed, state.validators, state.marks)
    result = poll(job, fetcher=Shelf(capture), parsers=parsers, now=capture.taken)
    outcome.captures += 1
    outcome.counts += pipeline.take(store, [result], rulebook=book, now=capture.taken)
    outcome.familiar += getattr(result, "familiar", 0)
    if isinstance(result, Failed):
        outcome.failures[result.what] += 1


def _deliver(store: Store, receiver: Receiver, outcome: Outcome, *, now: datetime) -> None:
    def keep(_receiver: Receiver, _message: Message) -> None:
        """Nobody is told."""

    while (claim := pipeline.deliver(store, receiver, send=keep, clock=lambda: now)) is not None:
        assert isinstance(claim, Claim), "without customs nothing is held, and nobody is told of the desk"
        outcome.told.append(_telling(claim, now))


def _telling(claim: Claim, now: datetime) -> Telling:
    entry = claim.tolds[0].entry
    return Telling(
        when=now,
        receiver=claim.receiver,
        story=claim.story,
        feed=entry.feed,
        guid=entry.guid,
        link=entry.link,
        title=entry.title,
        rules=tuple(sorted({told.match.rule for told in claim.tolds})),
        kinds=tuple(sorted({told.kind.value for told in claim.tolds})),
    )


@dataclass(frozen=True, slots=True)
class Shelf:
    """Answers a poll with its capture, as a server without validators would."""

    capture: Capture

    def fetch(self, poll: Poll) -> Fetched:
        """The capture, whatever is asked; raises FetchError where its file cannot be read."""
        body = self.capture.body()
        digest = blake2b(body, digest_size=16).hexdigest()
        return Fetched(Validators(digest=digest), body, "", poll.feed.url, Reply(whole=True))


def _receivers(book: Rulebook) -> list[str]:
    return sorted({receiver for rule in book.rules for receiver in rule.send})


def _feed(folder: str) -> Feed:
    name = re.sub(r"[^a-z0-9-]+", "-", folder.lower()).strip("-") or "feed"
    return Feed(name, f"https://{name}.invalid/feed", folder)


def _moment(name: str) -> datetime | None:
    found = _STAMP.search(name)
    return datetime.strptime(found.group(1), "%Y%m%dT%H%M%S").replace(tzinfo=UTC) if found else None


# ---- once per story ----------------------------------------------------------------------------------------


def _repeats(told: Sequence[Telling]) -> Iterator[Repeat]:
    first: dict[tuple[str, ...], Telling] = {}
    for telling in told:
        names = _names(telling)
        again = next(((by, first[name]) for by, name in names.items() if name in first), None)
        if again is not None:
            yield Repeat(again[0], again[1], telling)
        for name in names.values():
            first.setdefault(name, telling)


def _names(telling: Telling) -> Mapping[str, tuple[str, ...]]:
    """What a message may be known by; a guid together with its link, for outlets give guids again."""
    to = (telling.receiver, *telling.rules, telling.feed)
    link = canonical(telling.link)
    names = {"guid": telling.guid and f"{telling.guid} {link}", "link": link}
    names["title"] = " ".join(folded_words(telling.title))
    return {by: (by, *to, name) for by, name in names.items() if name}
