"""Fakes for the world outside: a clock that is advanced, outlets that publish, receivers that keep.

They stand where the network and time would; the store, the decisions and the transactions are the real ones.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from monitor.model import (
    Entry,
    Feed,
    FeedState,
    Fresh,
    Message,
    NotModified,
    PollResult,
    Receiver,
    Validators,
    identity,
)
from monitor.rules import document, rulebook

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
FEED = Feed("wire", "https://wire.example/feed", outlet="The Wire")


@dataclass
class FakeClock:
    """Time that moves only when told to."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, by: timedelta) -> None:
        self.now += by


@dataclass(frozen=True)
class Item:
    """What an outlet publishes."""

    guid: str
    title: str
    summary: str = ""
    body: str = ""
    link: str = ""
    published: datetime | None = None


@dataclass
class FakeOutlet:
    """A feed as its server has it; answers polls as a server with ETags does."""

    feed: Feed
    items: list[Item] = field(default_factory=list)

    def poll(self, state: FeedState) -> PollResult:
        etag = sha256(repr(self.items).encode("utf-8", "surrogatepass")).hexdigest()
        if state.validators.etag == etag:
            return NotModified(self.feed, state.validators)
        entries = tuple(entry(self.feed, item) for item in self.items)
        return Fresh(self.feed, Validators(etag=etag), entries)


@dataclass
class FakeReceivers:
    """Keeps what arrives; fails while told to."""

    arrived: list[tuple[str, Message]] = field(default_factory=list)
    failing: dict[str, Exception] = field(default_factory=dict)

    def send(self, receiver: Receiver, message: Message) -> None:
        if receiver.name in self.failing:
            raise self.failing[receiver.name]
        self.arrived.append((receiver.name, message))


def entry(feed: Feed, item: Item) -> Entry:
    """The item as parsing it would give it."""
    shown = sha256(
        f"{item.title}\n{item.summary}\n{item.body}\n{item.link}".encode("utf-8", "surrogatepass")
    ).hexdigest()
    return Entry(
        id=identity(feed.name, item.guid),
        feed=feed.name,
        outlet=feed.outlet,
        guid=item.guid,
        link=item.link or f"https://{feed.name}.example/{item.guid}",
        title=item.title,
        summary=item.summary,
        body=item.body,
        published=item.published,
        lang=feed.lang,
        digest=shown,
    )


def rules(
    text: str, receivers: tuple[str, ...] = ("mail", "chat"), sources: tuple[str, ...] = ()
) -> rulebook.Rulebook:
    """The rulebook that this YAML text is."""
    faults: list[object] = []
    root = document.read("test.yaml", text, faults)  # type: ignore[arg-type]  # only printed
    assert root is not None
    book = rulebook.compile_rulebook(
        [root],
        receivers=receivers,
        sources=sources,
        read_article=lambda _: "",
        faults=faults,  # type: ignore[arg-type]
    )
    assert not faults, "\n".join(map(str, faults))
    return book
