"""The pages behind entries: when they are asked for, and what their texts call for, once and never twice."""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor import articles, config, pipeline
from monitor.alerts.compose import compose
from monitor.articles import AGAIN, LATE, Reader, take
from monitor.cli.rules_try import _stored
from monitor.daemon import Daemon
from monitor.engine import Engine
from monitor.feeds.article import Outcome, Reading, Wanted
from monitor.feeds.extraction import Article
from monitor.feeds.fetch import Fetcher
from monitor.feeds.workers import Parsers
from monitor.model import Feed, FeedState
from monitor.rules.match import match
from monitor.rules.tenure import Standing, tenures
from monitor.store.reading import Reading as Reads
from monitor.store.store import Store
from monitor.store.upkeep import Upkeep
from monitor.trail import Stage, trail
from tests.desks import Desk, eventually, rss
from tests.fakes import FakeClock, FakeOutlet, Item, entry, rules
from tests.web_server import Request, Response, WebServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from monitor.model import Entry
    from monitor.rules.rulebook import Rulebook

FEED = Feed("wire", "https://wire.example/feed", outlet="The Wire", full_text=True)
OTHER = Feed("kura", "https://kura.example/feed", outlet="Kura Post", full_text=True)
RULES = """
rules:
  - {id: peace, title: Peace, any: [peace agreement], send: [mail], examples: {match: [A peace agreement]}}
  - {id: heads, title: Heads, when: "title: $bank", send: [mail], examples: {match: [A central bank]}}
  - {id: often, title: Often, when: atleast/3 $ferry, send: [mail],
     examples: {match: ["ferry, ferry, ferry"]}}
terms:
  bank: {words: [central bank]}
  ferry: {words: [ferry]}
"""
ITEM = Item("g1", "Ministers meet in the old town hall", "They talked for two hours about the bridge.")
TEXT = (
    "The ministers met at noon.\nThey signed a peace agreement in the evening, and the central bank was glad."
)


ELSEWHERE = "https://wire.example/2"


@dataclass
class Room:
    """A store, two feeds that have been read before, and a clock."""

    store: Store
    book: Rulebook = field(default_factory=lambda: rules(RULES))
    clock: FakeClock = field(default_factory=FakeClock)
    standing: Standing = field(default_factory=Standing)
    outlets: dict[str, FakeOutlet] = field(
        default_factory=lambda: {feed.name: FakeOutlet(feed) for feed in (FEED, OTHER)}
    )

    def begin(self) -> Room:
        feeds = [outlet.feed for outlet in self.outlets.values()]
        self.store.sync_feeds(feeds, first_poll=lambda _: self.clock.now)
        for feed in feeds:
            self.poll(feed)
        return self

    def poll(self, feed: Feed, *items: Item) -> int:
        """The feed shows these beside what it showed; how many alerts that makes."""
        self.clock.advance(timedelta(minutes=10))
        outlet = self.outlets[feed.name]
        fresh = {item.guid for item in items}
        outlet.items[:] = [*items, *(item for item in outlet.items if item.guid not in fresh)]
        state = self.store.feed_states([feed.name]).get(feed.name, FeedState())
        counts = pipeline.take(
            self.store, [outlet.poll(state)], rulebook=self.book, now=self.clock.now, standing=self.standing
        )
        return counts.alerts

    def due(self) -> list[int]:
        return [one.entry for one in self.store.due_articles(self.clock.now)]

    def came(self, item: Item, text: str = TEXT, *, feed: Feed = FEED, **of_reading: object) -> int:
        """The page of an item came back with this text; how many deliveries that makes."""
        made = entry(feed, item)
        if made.id in self.due():
            with self.store.transaction():
                self.store.claim_article(made.id, due=self.clock.now + AGAIN[0], now=self.clock.now)
        reading = Reading(Wanted(made.id, feed, made.link), Outcome.READ, Article(item.title, text))
        reading = replace(reading, **of_reading)  # type: ignore[arg-type]  # fields of a reading
        return take(
            self.store,
            reading,
            feed=feed,
            rulebook=self.book,
            standing=self.standing,
            now=self.clock.now,
        ).deliveries

    def alerts(self) -> list[tuple[str, str]]:
        return [
            (row["rule"], row["kind"]) for row in self.store._rows("select * from alerts order by created")
        ]

    def message(self) -> str:
        with self.store.transaction():
            claim = self.store.claim("mail", now=self.clock.now, lease=timedelta(minutes=3))
        assert claim is not None
        return compose(claim, chat=False, now=self.clock.now).body

    def entry(self, item: Item = ITEM, *, feed: Feed = FEED) -> Entry:
        return self.store.known([entry(feed, item).id])[entry(feed, item).id].entry

    def row(self, item: Item = ITEM, *, feed: Feed = FEED) -> dict[str, object]:
        found = self.store._rows("select * from articles where entry = ?", (entry(feed, item).id,))
        return dict(found[0]) if found else {}


@pytest.fixture(name="room")
def _room(tmp_path: Path) -> Iterator[Room]:
    with Store(tmp_path) as store:
        yield Room(store).begin()


# ---- what a text calls for --------------------------------------------------------------------------------


def test_what_the_page_alone_says_is_told_when_it_comes_and_why(room: Room) -> None:
    assert room.poll(FEED, ITEM) == 0
    assert room.due() == [entry(FEED, ITEM).id]
    assert room.came(ITEM) == 1
    assert room.alerts() == [("peace", "new")], "a rule that looks at titles looks at no page"
    assert "article's text: They signed a [peace agreement] in the evening" in room.message()
    assert (room.due(), room.row()["state"], room.row()["text"]) == ([], "read", TEXT)
    past = [one.text for one, _, _ in room.store.history(since=room.clock.now - timedelta(days=1))]
    assert past == [TEXT], "a backtest reads what the rules read"


def test_what_was_told_on_the_summary_is_not_told_again(room: Room) -> None:
    item = replace(ITEM, summary="They signed a peace agreement.")
    assert room.poll(FEED, item) == 1
    assert room.came(item) == 0
    assert room.alerts() == [("peace", "new")]
    assert "article's text" not in room.message(), "told on what the feed gave, and quoted from it"


def test_a_text_that_comes_twice_calls_for_nothing(room: Room) -> None:
    room.poll(FEED, ITEM)
    assert [room.came(ITEM), room.came(ITEM), room.came(ITEM, "A peace agreement? No: a central bank.")] == [
        1,
        0,
        0,
    ]
    assert room.row()["text"] == TEXT


def test_a_copys_text_tells_what_its_story_did_not(room: Room) -> None:
    copy = replace(ITEM, guid="k1")
    room.poll(FEED, ITEM)
    room.poll(OTHER, copy)
    assert (
        room.came(ITEM, "Nothing of note was said or signed by anybody."),
        room.came(copy, feed=OTHER),
    ) == (0, 1)
    late = replace(ITEM, guid="k2")
    room.poll(OTHER, late)
    assert room.came(late, feed=OTHER) == 0, "told once of a story, whoever brings it"


def test_a_text_moves_no_entry_and_no_poll_undoes_it(room: Room) -> None:
    room.poll(FEED, ITEM)
    known = room.store.known([entry(FEED, ITEM).id])
    room.came(ITEM)
    assert room.store.known([entry(FEED, ITEM).id]) == known, "identity, place, fingerprint and digest stay"
    assert room.poll(FEED, replace(ITEM, guid="other", title="Ferry timetable changes", summary="")) == 0
    assert (room.row()["text"], room.row()["state"]) == (TEXT, "read")
    assert room.store._rows("select 1 from entries where edited is not null") == []


def test_an_edit_keeps_the_text_and_tells_only_what_is_new(room: Room, tmp_path: Path) -> None:
    room.poll(FEED, ITEM)
    room.clock.advance(timedelta(minutes=1))
    room.came(ITEM)
    assert room.poll(FEED, replace(ITEM, summary=ITEM.summary + " More soon.")) == 0, (
        "the text had told of it"
    )
    assert room.row()["text"] == TEXT and room.due() == []
    assert room.poll(FEED, replace(ITEM, title="Ministers meet the central bank in the old town hall")) == 1
    assert [rule for rule, _ in room.alerts()] == ["peace", "heads"]
    with Reads(tmp_path) as reads:
        facts = reads.facts(entry(FEED, ITEM).id)
    assert facts is not None
    made = {
        step.about: step.outcome.value for step in trail(facts, room.book, tags=frozenset()).of(Stage.RULE)
    }
    assert (made["peace"], made["heads"]) == ("alerted", "alerted on an edit"), "the text is no edit"


def test_other_news_under_the_same_guid_is_read_anew(room: Room) -> None:
    room.poll(FEED, ITEM)
    room.came(ITEM, "Nothing of note was said or signed by anybody.")
    room.clock.advance(3 * LATE)
    other = Item(
        "g1",
        "Ferry sinks off the northern coast in a storm",
        "Forty people were saved.",
        link="https://wire.example/2",
    )
    room.poll(FEED, other)
    assert (room.row()["text"], room.due()) == ("", [entry(FEED, other).id])
    room.clock.advance(LATE - timedelta(hours=1))
    assert room.came(ITEM) == 0, "the page of before"
    assert room.row()["error"] == "its link was changed meanwhile" and room.due() == [entry(FEED, other).id]
    assert room.came(other, "A peace agreement was signed on deck.") == 1


def test_other_news_under_a_guid_of_the_first_poll_is_news_and_read(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        room = Room(store)
        room.outlets["wire"].items.append(Item("live", "Museum of clocks opens again", "Old clocks."))
        room.begin()
        room.clock.advance(3 * LATE)
        other = Item("live", "Ferry sinks off the northern coast", "Forty people were saved.", link=ELSEWHERE)
        room.poll(FEED, other)
        assert room.due() == [entry(FEED, other).id]
        assert room.came(other, "A peace agreement was signed on deck.") == 1


@pytest.mark.parametrize("tries", [1, 3])
def test_a_page_that_was_not_there_is_asked_for_under_its_mended_link(room: Room, tries: int) -> None:
    room.poll(FEED, ITEM)
    for number in range(1, tries + 1):
        room.clock.advance(timedelta(hours=1))
        assert room.came(ITEM, outcome=Outcome.FAILED, why="410 Gone", lasting=number == tries) == 0
    assert (room.row()["state"], room.due()) == ("failed", [])
    room.poll(FEED, replace(ITEM, summary="They talked for three hours about the bridge."))
    assert room.due() == [], "no other link"
    mended = replace(ITEM, link=ELSEWHERE)
    room.poll(FEED, mended)
    assert room.came(mended) == (1 if tries == 1 else 0), "three times in all"
    room.poll(FEED, replace(ITEM, link=f"{ELSEWHERE}2"))
    assert room.due() == [], "a text stays"


def test_what_may_tell_nobody_is_not_asked_for(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        room = Room(store)
        room.outlets["wire"].items.append(ITEM)
        room.begin()
        old = Item("old", "An old column comes back", published=room.clock.now - timedelta(days=300))
        google = Item("g", "Chess is played", link="https://news.google.com/rss/articles/CBMiX?oc=5")
        room.poll(FEED, old, Item("no link", "A note", link=" "), google)
        assert entry(FEED, google).id not in room.due(), "what stands there is a cookie wall, and no text"
        plain = replace(OTHER, full_text=False)
        room.outlets["kura"] = FakeOutlet(plain)
        room.poll(plain, replace(ITEM, guid="k"))
        assert room.store._rows("select count(*) n from articles where feed = 'kura'")[0]["n"] == 0
        assert entry(FEED, ITEM).id not in room.due() and entry(FEED, old).id not in room.due()


def test_a_text_that_comes_a_day_late_is_kept_and_tells_nobody(room: Room) -> None:
    room.poll(FEED, ITEM)
    room.clock.advance(LATE + timedelta(minutes=1))
    assert (room.came(ITEM), room.alerts(), room.row()["text"]) == (0, [], TEXT)


def test_a_rule_that_came_later_tells_nothing_that_a_page_said_before(room: Room) -> None:
    nothing = rules("rules: []")
    book, room.book = room.book, nothing
    room.poll(FEED, ITEM)
    room.came(ITEM)
    room.clock.advance(timedelta(hours=1))
    room.book = book
    room.standing = Standing(
        tenures(book, {}, now=room.clock.now), {"wire": frozenset(), "kura": frozenset()}
    )
    copy = replace(ITEM, guid="k1")
    room.poll(OTHER, copy)
    assert (room.came(copy, feed=OTHER), room.alerts()) == (0, [])


def test_a_page_says_again_what_the_feed_gave_and_counts_once(room: Room) -> None:
    item = replace(ITEM, title="Ferry late", summary="The ferry was late on Monday, said its captain.")
    room.poll(FEED, item)
    assert room.came(item, "The ferry was late on Monday, said its captain.") == 0, "twice, and twice again"
    more = replace(item, guid="g2", title="Ferry later still than ever this winter", summary="It rained.")
    room.poll(FEED, more)
    assert room.came(more, "The ferry was late. Another ferry left at nine.") == 1


def test_lines_that_stand_under_every_article_do_not_count(room: Room, tmp_path: Path) -> None:
    foot = "Sign the peace agreement petition of our newspaper and follow us on Telegram"
    for number, word in enumerate(("bridges", "harbours", "orchards", "vineyards", "glaciers")):
        item = Item(
            f"n{number}",
            f"Minister speaks on {word} in parliament",
            f"The {word} were the subject, {number} of them.",
        )
        room.poll(FEED, item)
        told = room.came(
            item, f"The minister spoke on {word} for two hours on Tuesday, and nobody slept.\n{foot}"
        )
        assert told == (1 if number < 3 else 0), number
    with Reads(tmp_path) as reads:
        facts = reads.facts(entry(FEED, item).id)
    assert facts is not None
    (why,) = (step for step in trail(facts, room.book, tags=frozenset()).steps if step.about == "peace")
    assert why.outcome.value == "stands where nothing counts"
    desk = config.Desk((FEED,), (), room.book)
    shown, outside = _stored(entry(FEED, item).id, desk, str(tmp_path))
    assert match(room.book, shown, outside=outside) == (), 'as "rules try" says'


@pytest.mark.parametrize("wanted", ["before", "after"])
def test_a_text_that_a_restored_database_does_not_know_as_told_says_that_it_may_be_a_repeat(
    room: Room, wanted: str
) -> None:
    """Whether its page was wanted before the database went back or by the feed's first poll after that."""
    if wanted == "before":
        room.poll(FEED, ITEM)
    with room.store.transaction():
        room.store.mark_gone_back(room.clock.now, noticed=True)
    room.poll(FEED, ITEM)
    assert room.came(ITEM) == 1
    later = Item("later", "A ferry stands still at its pier", "Nobody on the shore knows the reason for it.")
    room.poll(FEED, later)
    assert room.came(later, "ferry, ferry, ferry: all of them stand still today.") == 1
    said = room.store._rows("select uncertain from deliveries join alerts on id = alert order by created")
    assert [row["uncertain"] for row in said] == [1, 0]


def test_texts_go_with_their_entries_and_wait_with_the_clock(tmp_path: Path) -> None:
    with Upkeep(tmp_path) as store:
        room = Room(store).begin()
        room.poll(FEED, ITEM)
        store.put_off_article(entry(FEED, ITEM).id, "down", due=room.clock.now + timedelta(minutes=10))
        store.shift_dues(timedelta(hours=-5), now=room.clock.now - timedelta(hours=5))
        assert store.next_article_due() == room.clock.now + timedelta(minutes=10) - timedelta(hours=5)
        room.outlets["wire"].items.clear()
        room.poll(FEED, Item("last", "Something else entirely came to pass"))
        for pruned in store.prune(before=room.clock.now + timedelta(days=1), keys_before=room.clock.now):
            del pruned
        assert entry(FEED, ITEM).id not in room.due()


TEXTS = st.sampled_from(
    ("", "A peace agreement.", "ferry ferry ferry", "The central bank. A peace agreement.")
)


@settings(max_examples=12, deadline=None)
@given(steps=st.lists(st.tuples(st.integers(0, 2), st.booleans(), TEXTS, TEXTS), min_size=1, max_size=6))
def test_whatever_comes_in_which_order_each_rule_tells_once_of_a_story(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, bool, str, str]]
) -> None:
    """Law: every rule that any text of a story fires is told of it, once."""
    with Store(tmp_path_factory.mktemp("law")) as store:
        room = Room(store).begin()
        items = [replace(ITEM, guid=f"g{number}") for number in range(3)]
        shown: dict[int, str] = {}
        due: set[str] = set()
        for which, first, given_, page in steps:
            feed = FEED if first else OTHER
            number = which if first else which + 3
            if number not in shown:
                shown[number] = given_
                room.poll(feed, replace(items[which], summary=f"{ITEM.summary} {given_}"))
                due |= fires(given_)
            elif room.row(items[which], feed=feed).get("state") == "due":
                room.came(items[which], f"{ITEM.summary} {page}", feed=feed)
                due |= fires(page)
        stories = {row["story"] for row in store._rows("select distinct story from entries")}
        told = sorted(rule for rule, _ in room.alerts())
        assert len(stories) == 1 and told == sorted(due)


def fires(text: str) -> set[str]:
    wanted = {"peace": "peace agreement", "often": "ferry ferry ferry"}
    return {rule for rule, words in wanted.items() if words in text}


# ---- when pages are asked for -----------------------------------------------------------------------------

PAGE = (
    "<!doctype html><html><head><title>{title}</title></head><body><article><h1>{title}</h1><p>{text} It was"
    " said on Tuesday in the old town hall, where forty people had waited since noon.</p></article></body>"
)


@dataclass
class Walk:
    """A real engine over real sockets: what its reader asks for, and what comes of it."""

    web: WebServer
    folder: Path
    parsers: Parsers
    clock: FakeClock = field(default_factory=FakeClock)
    feed: Feed = field(init=False)
    outlet: FakeOutlet = field(init=False)
    engine: Engine = field(init=False)
    reader: Reader = field(init=False)
    told: list[bool] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.feed = Feed("wire", self.web.url("/feed"), "The Wire", full_text=True, allow_private=True)
        self.outlet = FakeOutlet(self.feed)
        self.engine = Engine(config.Desk((self.feed,), (), rules(RULES)), self.folder, clock=self.clock)
        self.reader = self.restarted()
        with Store(self.folder) as store:
            self.engine.sync(store)
        self.poll()

    def restarted(self) -> Reader:
        return Reader(self.engine, told=lambda: self.told.append(True), parsers=self.parsers)

    def close(self) -> None:
        self.reader.close()
        self.engine.close()

    def publish(self, number: int, title: str, text: str, *, status: int = 200, path: str = "") -> Item:
        item = Item(f"g{number}", title, link=self.web.url(path or f"/{number}"))
        body = PAGE.format(title=title, text=text).encode()
        self.web.serve(f"/{number}", body, {"Content-Type": "text/html"}, status=status)
        self.outlet.items.insert(0, item)
        self.poll()
        return item

    def poll(self) -> None:
        with Store(self.folder) as store:
            state = store.feed_states([self.feed.name])[self.feed.name]
            self.engine.take(store, [self.outlet.poll(state)])

    def work(self) -> None:
        self.reader.work_off(within=timedelta(seconds=90), pause=lambda _: self.web.closing.wait(0.005))

    def after(self, length: timedelta) -> None:
        self.clock.advance(length)
        self.work()

    def asked(self) -> list[str]:
        return [request.path for request in self.web.requests if request.path != "/robots.txt"]

    def states(self) -> list[tuple[str, str]]:
        with Store(self.folder) as store:
            rows = store._rows("select state, error from articles")
            return sorted((row["state"], row["error"]) for row in rows)

    def rules(self) -> list[str]:
        with Store(self.folder) as store:
            return [row["rule"] for row in store._rows("select rule from alerts")]

    def steps(self, item: Item) -> list[tuple[str, str]]:
        """What `why` says of the entry's arrival."""
        with Reads(self.folder) as reads:
            facts = reads.facts(entry(self.feed, item).id)
        assert facts is not None
        made = trail(facts, self.engine.desk.rulebook, tags=frozenset())
        return [(step.outcome.value, step.said) for step in made.of(Stage.ARRIVAL)]

    def count(self, name: str) -> int:
        with Store(self.folder) as store:
            rows = store._rows("select count from tallies where name = ?", (name,))
            return int(rows[0]["count"]) if rows else 0


class Lasting(Parsers):
    """One process for all of these tests."""

    def close(self) -> None:
        """It serves the next test."""


@pytest.fixture(name="parsers", scope="module")
def _parsers() -> Iterator[Parsers]:
    parsers = Lasting(1)
    yield parsers
    Parsers.close(parsers)


@pytest.fixture(name="walk")
def _walk(tmp_path: Path, parsers: Parsers) -> Iterator[Walk]:
    with WebServer() as web:
        walk = Walk(web, tmp_path, parsers)
        yield walk
        walk.close()


HEADLINES = """
terms: {a: {words: [bank]}, b: {words: [ferry]}}
rules:
  - {id: one, title: One, when: "title:($a or atleast/2 $b)", send: [mail], examples: {match: [A bank]}}
  - {id: near, title: Near, when: "title:($a near/3 $b)", send: [mail], examples: {match: [bank ferry]}}
  - {id: not, title: Not, when: "title:$a and not $b", send: [mail], examples: {match: [A bank]}}
"""
FOR_KURA = """
rules:
  - {id: any, title: Any, any: [zebra], send: [mail], examples: {match: [A zebra]}}
  - {id: kura, title: Kura, any: [treaty], ONLY, send: [mail], examples: {match: [A treaty]}}
"""
LONG = " ".join(f"Nobody signed paper {number} of the hundred that lay there." for number in range(20))
TOPICS = ("A bridge is mended", "Apples ripen early", "Orchestra plays in the rain", "Chess champion retires")


def test_pages_are_read_one_at_a_time_a_host_and_told_of(walk: Walk) -> None:
    together, most = 0, 0

    def respond(request: Request) -> Response:
        nonlocal together, most
        together += 1
        most = max(most, together)
        walk.web.closing.wait(0.02)
        together -= 1
        text = "They signed a peace agreement." if request.path == "/2" else "Nobody signed anything."
        return Response(PAGE.format(title="x", text=text).encode(), {"Content-Type": "text/html"})

    for number, title in enumerate(TOPICS):
        item = walk.publish(number, title, "")
        walk.web.answer(f"/{number}", respond)
    walk.work()
    assert sorted(walk.asked()) == ["/0", "/1", "/2", "/3"] and most == 1
    assert (walk.rules(), walk.told, walk.count("texts read")) == (["peace"], [True], 4)
    assert walk.steps(item)[1][0] == "text read"
    walk.work()
    assert len(walk.asked()) == 4, "once"


def test_a_page_that_is_not_there_yet_is_asked_for_three_times_within_the_hour(walk: Walk) -> None:
    item = walk.publish(1, TOPICS[0], "A peace agreement.", status=404)
    walk.work()
    assert walk.steps(item)[1] == ("text to come", "due 2026-03-02 09:10 UTC, after: answered 404 Not Found")
    walk.after(timedelta(minutes=9))
    assert len(walk.asked()) == 1
    walk.after(timedelta(minutes=1))
    assert len(walk.asked()) == 2
    walk.publish(1, TOPICS[0], "A peace agreement.")
    walk.after(timedelta(minutes=50))
    assert (walk.rules(), len(walk.asked())) == (["peace"], 3)


def test_after_three_times_it_is_given_up_with_the_reason(walk: Walk) -> None:
    item = walk.publish(1, TOPICS[0], "", status=503)
    for minutes in (0, 10, 50, 600):
        walk.after(timedelta(minutes=minutes))
    assert walk.steps(item)[1] == ("no text", "answered 503 Service Unavailable (3 attempts)")
    assert (len(walk.asked()), walk.count("texts failed")) == (3, 1)


def test_a_page_whose_reading_was_cut_off_is_asked_for_again(walk: Walk) -> None:
    item = walk.publish(1, TOPICS[0], "A peace agreement.")
    for attempt in range(3):
        with Store(walk.folder) as store, store.transaction():  # as the process dies before its answer
            assert [due.attempts for due in store.due_articles(walk.clock.now)] == [attempt]
            walk_due = walk.clock.now + articles._wait(attempt + 1)
            store.claim_article(entry(walk.feed, item).id, due=walk_due, now=walk.clock.now)
        walk.clock.advance(timedelta(hours=1))
        if attempt == 0:
            assert walk.rules() == []
    walk.work()
    assert walk.states() == [("failed", "was cut off, the last of 3 times")], "it may be what kills us"
    assert walk.asked() == []


def test_what_robots_bars_is_said_and_not_asked_for(walk: Walk) -> None:
    walk.web.serve("/robots.txt", b"User-agent: *\nDisallow: /\n")
    item = walk.publish(1, TOPICS[0], "A peace agreement.")
    walk.work()
    assert walk.steps(item)[1] == ("no text", "robots.txt asks not to read it")
    assert (walk.asked(), walk.states()[0][0], walk.count("texts barred")) == ([], "barred", 1)


def test_a_copy_is_read_only_where_its_story_has_no_text(walk: Walk) -> None:
    first = walk.publish(1, TOPICS[0], LONG)
    walk.outlet.items.insert(0, replace(first, guid="copy", link=walk.web.url("/1?copy")))
    walk.poll()
    walk.work()
    assert (walk.asked(), [state for state, _ in walk.states()].count("spared")) == (["/1"], 1)


def test_a_cookie_wall_stands_for_no_other_text_of_its_story(walk: Walk) -> None:
    first = walk.publish(1, TOPICS[0], "We use cookies and data to deliver and maintain services.")
    walk.work()
    walk.publish(2, first.title, "They signed a peace agreement.")
    walk.work()
    assert (walk.asked(), walk.rules()) == (["/1", "/2"], ["peace"])


@pytest.mark.parametrize("only", ["sources: [kura]", "not-sources: [wire]", "lang: [ru]"])
def test_a_text_stands_only_for_rules_that_looked_in_it(walk: Walk, only: str) -> None:
    book = rules(FOR_KURA.replace("ONLY", only), sources=("kura", "wire"))
    walk.engine.desk = replace(walk.engine.desk, rulebook=book)
    walk.feed = replace(walk.feed, lang="en")
    walk.outlet.feed = walk.feed
    first = walk.publish(1, TOPICS[0], LONG)
    walk.work()
    walk.feed = replace(walk.feed, name="kura", outlet="Kura Post", lang="ru")
    walk.engine.desk = replace(walk.engine.desk, feeds=(*walk.engine.desk.feeds, walk.feed))
    walk.outlet = FakeOutlet(walk.feed)
    with Store(walk.folder) as store:
        walk.engine.sync(store)
    walk.poll()
    walk.clock.advance(timedelta(minutes=10))
    walk.publish(2, first.title, "They signed a treaty.")
    walk.work()
    assert (walk.asked(), walk.rules()) == (["/1", "/2"], ["kura"])


def test_what_would_tell_nobody_is_not_asked_for(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    walk.publish(1, TOPICS[0], "")
    walk.clock.advance(LATE + timedelta(minutes=1))
    walk.publish(2, TOPICS[1], "")
    monkeypatch.setattr(articles, "MOST_A_DAY", 0)
    walk.work()
    monkeypatch.undo()
    desk = walk.engine.desk
    walk.publish(3, TOPICS[2], "", path="/3#\\")
    walk.work()
    walk.engine.desk = replace(desk, rulebook=rules(HEADLINES))
    walk.publish(4, TOPICS[3], "")
    walk.work()
    walk.engine.desk = replace(
        desk, feeds=(replace(walk.feed, full_text=False), replace(walk.feed, name="b"))
    )
    walk.publish(5, "Weather stays as it is for the season", "")
    walk.work()
    assert walk.asked() == []
    assert walk.states() == [
        ("failed", "the address holds white space, a backslash or a control character"),
        ("spared", "0 pages of its feed were asked for within a day"),
        ("spared", "it is a day old: it would tell nobody"),
        ("spared", "its feed has full_text no more"),
        ("spared", "no rule for its feed and language looks in texts"),
    ]


def test_where_every_rule_has_told_of_a_story_its_page_can_say_nothing_more(walk: Walk) -> None:
    walk.engine.desk = replace(walk.engine.desk, rulebook=rules(RULES.partition("  - {id: heads")[0]))
    walk.publish(1, "Ministers sign a peace agreement", "")
    walk.work()
    assert (walk.asked(), walk.states()) == (
        [],
        [("spared", "every rule that it could fire has told of its story")],
    )


def test_a_fault_of_ours_costs_one_page(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    walk.publish(1, TOPICS[0], "Nobody signed anything.")
    monkeypatch.setattr(articles, "read", broken)
    walk.work()
    monkeypatch.undo()
    walk.publish(2, TOPICS[1], "Nobody signed anything.")
    monkeypatch.setattr(articles, "reread", broken)
    walk.work()
    assert walk.states() == [
        ("failed", "its text could not be taken in: see the log"),
        ("failed", "reading it broke: ZeroDivisionError"),
    ]


def test_a_host_that_asks_for_pauses_gets_them(walk: Walk) -> None:
    walk.web.serve("/robots.txt", b"User-agent: *\nCrawl-delay: 600\n")
    for number, title in enumerate(TOPICS[:2]):
        walk.publish(number, title, "Nobody signed anything.")
    while not walk.reader.count:
        walk.reader.work()
    assert [walk.reader.work() and len(walk.asked()) for _ in range(3)] == [1, 1, 1]


def test_the_pages_of_a_slow_host_keep_no_others_waiting(walk: Walk) -> None:
    for number, title in enumerate(TOPICS):
        walk.outlet.items.insert(0, Item(f"s{number}", title, link=f"http://slow.example/{number}"))
    walk.poll()
    walk.reader._free["slow.example"] = time.monotonic() + 3600
    walk.clock.advance(timedelta(minutes=1))
    walk.publish(9, "Ministers meet in the old town hall", "They signed a peace agreement.")
    walk.work()
    assert (walk.asked(), walk.rules()) == (["/9"], ["peace"])
    assert walk.reader.work() - walk.clock.now <= articles.IDLE, "and what comes next is seen as soon"


def test_a_public_host_gets_pauses_unasked(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(articles, "PAUSE", 60.0)
    feed = replace(walk.feed, allow_private=False)
    walk.engine.desk = replace(walk.engine.desk, feeds=(feed,))
    walk.engine.fetcher = Fetcher(
        user_agent="test",
        resolve=lambda _host, _port: ["93.184.216.34"],
        connect=lambda _address, port, timeout: socket.create_connection(("127.0.0.1", port), timeout),
    )
    walk.reader = walk.restarted()
    for number, title in enumerate(TOPICS[:2]):
        walk.publish(number, title, "Nobody signed anything.")
    while not walk.reader.count:
        due = walk.reader.work()
    assert len(walk.asked()) == 1 and timedelta() < due - walk.clock.now <= timedelta(seconds=60)


def test_a_reader_that_was_stopped_or_has_no_feed_asks_for_nothing(walk: Walk) -> None:
    walk.publish(1, TOPICS[0], "Nobody signed anything.")
    walk.reader.close()
    assert walk.reader.work() > walk.clock.now
    walk.engine.desk = replace(walk.engine.desk, feeds=())
    assert (walk.reader.work() - walk.clock.now, walk.asked()) == (articles.IDLE, [])
    assert walk.reader.work_off(within=timedelta()) == 0


# ---- from the files to the message ------------------------------------------------------------------------

WITH_TEXT = {"full_text": "yes", "every": "1 s", "allow-private": "yes"}


def a_desk(folder: Path, web: WebServer, sink: WebServer) -> Desk:
    address = f"json://127.0.0.1:{sink.port}"
    desk = Desk(folder, {"mail": address, "chat": address}, {"wire": web.url("/feed")})
    feed = {"name": "wire", "url": web.url("/feed"), **WITH_TEXT}
    (desk.rules / "feeds.yaml").write_text(json.dumps({"feeds": [feed]}))
    return desk


def show(web: WebServer, *titles: str) -> None:
    """A feed whose last item leads to a page with what is watched for."""
    body = rss(*titles).replace(b"https://wire.example", web.url().rstrip("/").encode())
    web.serve("/feed", body, {"ETag": f'"{len(titles)}"', "Content-Type": "application/rss+xml"})
    page = PAGE.format(title=titles[-1], text="The ministers signed a peace agreement.").encode()
    web.serve(f"/{len(titles) - 1}", page, {"Content-Type": "text/html"})


def test_a_single_pass_reads_pages_after_it_has_sent(tmp_path: Path) -> None:
    with WebServer() as web, WebServer() as sink:
        sink.serve("/", b"{}")
        desk = a_desk(tmp_path, web, sink)
        show(web, "Ministers meet in the old town hall")
        said = desk.command("run", "--once", "--backfill")
        assert "1 page read behind them" in said.stdout, said.stdout + said.stderr
        assert "; 1 alert\n" in said.stdout, "what a text called for is counted"
        assert len(sink.requests) == 2 and all(b"article's text" in one.body for one in sink.requests)
        why = desk.call("why", "Ministers meet in the old town hall")
        assert "(article's text)" in why.stdout, "one word for it everywhere"
        assert "texts       1 read; 0 to come" in desk.call("status").stdout
        assert 'media_monitor_texts_total{outcome="read"} 1' in desk.call("status", "--prometheus").stdout


def test_without_full_text_nothing_is_to_come(walk: Walk) -> None:
    walk.publish(1, TOPICS[0], "Nobody signed anything.")
    with Store(walk.folder) as store:
        walk.engine.install(replace(walk.engine.desk, feeds=(replace(walk.feed, full_text=False),)), store)
    assert walk.states() == [("spared", "its feed has full_text no more")]
    assert walk.count("texts spared") == 1


def test_the_daemon_reads_pages_beside_its_polls(tmp_path: Path) -> None:
    with WebServer() as web:
        desk = a_desk(tmp_path, web, web)
        show(web, "Ministers meet in the old town hall")
        loaded = replace(config.load_desk(desk.rules, env={}, secrets_required=True), receivers=())
        engine = Engine(loaded, desk.state, backfill=True)
        daemon = Daemon(engine, reload=lambda: loaded)
        thread = threading.Thread(target=daemon.run)
        thread.start()
        try:
            with Store(desk.state) as store:
                eventually(lambda: store.counts()["alerts"] == 1)
        finally:
            daemon.stop()
            thread.join(90)
        assert not thread.is_alive()


def test_without_what_reads_pages_check_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with WebServer() as web:
        desk = a_desk(tmp_path, web, web)
        assert desk.call("check").returncode == 0
        kept = config.load_desk(desk.rules, env={}, secrets_required=True).sources.packed()
        monkeypatch.setitem(sys.modules, "trafilatura", None)
        said = desk.call("check")
        assert said.returncode == 78
        assert 'full_text needs trafilatura - pip install "media-monitor[fulltext]"' in said.stderr
        assert "feeds.yaml:1:" in said.stderr
        there = config.desk_in_force(kept)
        assert not there.feeds[0].full_text and "pages are not read" in there.notes[0]
