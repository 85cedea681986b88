"""A column under one title day after day, and an entry that points at the one it goes on from: end to end."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING

import pytest

from monitor import pipeline
from monitor.feeds.parse import parse
from monitor.model import Candidate, Entry, Feed, FeedState, Fresh, Kind, Validators
from monitor.store.store import Store
from monitor.stories.fingerprint import cited, fingerprint
from monitor.stories.index import MIN_SHARED, Index, cited_keys, keys
from monitor.stories.judge import place
from tests.fakes import rules

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BOOK = rules("rules:\n  - {id: press, title: Press, any: [papers, envoy], send: [mail]}\n")
MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
COLUMN = "What the papers write of the envoy this morning"
OWN = "The paper's own view of trains"


class Desk:
    """One feed, a store, and a clock that is set."""

    def __init__(self, folder: Path, feed: Feed) -> None:
        self.store, self.feed, self.count = Store(folder), feed, 0
        self.store.sync_feeds([feed], first_poll=lambda _: MONDAY)

    def poll(self, now: datetime, *items: str) -> list[str]:
        """The rules that alert when the feed shows these items."""
        body = f'<rss version="2.0"><channel><title>t</title>{"".join(items)}</channel></rss>'.encode()
        entries = parse(body, feed=self.feed, content_type="", now=now)
        self.count += 1
        fresh = Fresh(self.feed, Validators(etag=str(self.count)), entries)
        state = self.store.feed_states([self.feed.name]).get(self.feed.name, FeedState())
        with self.store.transaction():
            plan = pipeline.plan_of(self.store, fresh, state=state, rulebook=BOOK, now=now)
            self.store.apply(plan, now=now, rulebook=BOOK.hash)
        return [alert.rule for alert in plan.alerts]


def item(title: str = COLUMN, *, guid: str, at: datetime | None = None, text: str = "") -> str:
    dated = f"<pubDate>{format_datetime(at)}</pubDate>" if at else ""
    return (
        f"<item><title>{title}</title><guid>{guid}</guid><link>https://kura.example/{guid}</link>"
        f"<description><![CDATA[{text}]]></description>{dated}</item>"
    )


FIRST = item(OWN, guid="own", at=MONDAY)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path, Feed("kura", "https://kura.example/feed", "Kura Post", recurring=True))
    made.poll(MONDAY, FIRST)
    yield made
    made.store.close()


def plain(desk: Desk) -> Desk:
    """The same desk, whose feed has no column."""
    desk.feed = replace(desk.feed, recurring=False)
    return desk


def test_the_next_days_piece_is_told_and_the_same_days_copy_is_not(desk: Desk) -> None:
    assert desk.poll(MONDAY, item(guid="1", at=MONDAY)) == ["press"]
    assert desk.poll(MONDAY + timedelta(hours=5), item(guid="1b", at=MONDAY + timedelta(hours=5))) == []
    tuesday = MONDAY + timedelta(hours=23)
    assert desk.poll(tuesday, item(guid="2", at=tuesday)) == ["press"]
    assert desk.poll(tuesday, item(guid="2", at=tuesday)) == []


def test_pieces_are_told_apart_by_their_dates_however_late_the_poll_that_brings_them(desk: Desk) -> None:
    days = [MONDAY + timedelta(days=number) for number in range(3)]
    assert desk.poll(days[0] + timedelta(hours=7), item(guid="1", at=days[0])) == ["press"]
    assert desk.poll(days[1] + timedelta(hours=1), item(guid="2", at=days[1])) == ["press"], "18 h later"
    assert desk.poll(days[2], item(guid="3", at=days[2])) == ["press"]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["oldest first", "newest first"])
def test_pieces_of_many_days_in_one_document_are_told_each(desk: Desk, order: tuple[int, ...]) -> None:
    items = [item(guid=str(days), at=MONDAY + timedelta(days=days)) for days in order]
    assert desk.poll(MONDAY + timedelta(hours=26), *items) == ["press", "press"]
    assert desk.poll(MONDAY + timedelta(hours=27), *items) == []


def test_the_same_piece_of_the_same_date_is_told_once_whenever_its_guid_is_made_anew(desk: Desk) -> None:
    assert desk.poll(MONDAY, item(guid="1", at=MONDAY)) == ["press"]
    assert desk.poll(MONDAY + timedelta(hours=24.5), item(guid="1b", at=MONDAY), FIRST) == []


def test_without_a_date_on_either_side_a_piece_is_told_by_when_it_is_seen(desk: Desk) -> None:
    assert desk.poll(MONDAY, item(guid="1")) == ["press"]
    assert desk.poll(MONDAY + timedelta(hours=5), item(guid="1b", at=MONDAY - timedelta(days=1))) == []
    tuesday = MONDAY + timedelta(days=1)
    assert desk.poll(tuesday, item(guid="2")) == ["press"]


def test_without_the_option_an_equal_title_is_a_copy_for_three_days(desk: Desk) -> None:
    made = plain(desk)
    assert made.poll(MONDAY, item(guid="1", at=MONDAY)) == ["press"]
    tuesday = MONDAY + timedelta(hours=23)
    assert made.poll(tuesday, item(guid="2", at=tuesday)) == []


def test_a_piece_under_the_guid_link_title_and_text_of_the_last_one_is_told_by_its_date(desk: Desk) -> None:
    assert desk.poll(MONDAY, item(guid="column", at=MONDAY)) == ["press"]
    later = MONDAY + timedelta(hours=3)
    assert desk.poll(later, item(guid="column", at=later)) == [], "a new date of the same day is an edit"
    for days in (1, 2):
        day = later + timedelta(days=days)
        assert desk.poll(day, item(guid="column", at=day)) == ["press"]
        assert desk.poll(day, item(guid="column", at=day)) == []


def test_without_the_option_the_same_guid_link_title_and_text_is_the_same_entry(desk: Desk) -> None:
    made = plain(desk)
    assert made.poll(MONDAY, item(guid="column", at=MONDAY)) == ["press"]
    tuesday = MONDAY + timedelta(days=1)
    assert made.poll(tuesday, item(guid="column", at=tuesday)) == []


def test_without_dates_another_text_under_the_guid_of_the_last_piece_is_the_next_one(desk: Desk) -> None:
    texts = (
        "Harvest, schools and the price of bread in the mountain villages fill the front pages of the day.",
        "A bridge opened over the gorge, and two dailies ask who is to pay for the trains of the night.",
    )
    assert desk.poll(MONDAY, item(guid="column", text=texts[0])) == ["press"]
    tuesday = MONDAY + timedelta(days=1)
    assert desk.poll(tuesday, item(guid="column", text=texts[0].replace("fill", "filled"))) == []
    assert desk.poll(tuesday, item(guid="column", text=texts[1])) == ["press"]


def test_turning_the_option_on_tells_nothing_again(desk: Desk) -> None:
    made = plain(desk)
    made.poll(MONDAY, item(guid="1", at=MONDAY), FIRST)
    made.feed = replace(made.feed, recurring=True)
    assert made.poll(MONDAY + timedelta(days=2), item(guid="1", at=MONDAY), FIRST) == []


# ---- a link to what it goes on from ----------------------------------------------------------------------

PAGE = "https://kura.example/ferry"


def entry(number: int, title: str, *, link: str = "", links: tuple[str, ...] = ()) -> Entry:
    return Entry(number, "f", "Kura Post", "", link, title, "", "", None, None, "", links)


def placed(old: Entry, new: Entry) -> Kind:
    """What the new one is beside the old one, found as the daemon finds it."""
    made = fingerprint(old)
    index = Index([(Candidate(old.id, old.id, old.id, "f", "Alazani Mail", MONDAY, made), keys(made))])
    here = fingerprint(new)
    near = index.near(keys(here) + cited_keys(cited(new)))
    return place(new.id, here, near, outlet=new.outlet, now=MONDAY, cited=cited(new)).verdict.kind


@pytest.mark.parametrize(
    ("title", "links", "kind", "why"),
    [
        ("Ferry owner from Poti hires a lawyer", (PAGE,), Kind.DEVELOPMENT, "it points at the story"),
        ("Ferry owner from Poti hires a lawyer", (f"{PAGE}?utm_source=x",), Kind.DEVELOPMENT, "tracked"),
        ("Ferry owner from Poti hires a lawyer", (), Kind.NEW, "no link"),
        ("Ferry owner from Poti hires a lawyer", ("https://kura.example/",), Kind.NEW, "the home page"),
        ("Orchards bloom early in Kakheti", (PAGE,), Kind.NEW, "read also: of something else"),
    ],
)
def test_an_entry_that_points_at_a_story_of_like_words_develops_it(
    title: str, links: tuple[str, ...], kind: Kind, why: str
) -> None:
    old = entry(1, "Ferry sinks off Poti in a storm at night", link=PAGE)
    assert placed(old, entry(2, title, links=links)) is kind, why


def test_a_link_in_a_feeds_markup_reaches_the_judge(desk: Desk) -> None:
    told = item("Ferry with the envoy sinks off Poti", guid="ferry", at=MONDAY)
    more = item(
        "Owner of the envoy's ferry flees",
        guid="owner",
        at=MONDAY,
        text='After <a href="https://www.kura.example/ferry?utm_source=rss&amp;x">the wreck</a> he left.',
    )
    assert desk.poll(MONDAY, told, FIRST) == ["press"]
    parsed = parse(
        f"<rss><channel>{more}</channel></rss>".encode(), feed=desk.feed, content_type="", now=MONDAY
    )
    assert parsed[0].links == ("https://www.kura.example/ferry?utm_source=rss&x",)


def test_what_an_entry_cites_does_not_make_it_found() -> None:
    """Else a link that stands under every entry would crowd out what is near."""
    citing = entry(1, "Owner flees", links=(PAGE,))
    assert not set(keys(fingerprint(citing))) & set(cited_keys(cited(citing)))
    assert len(cited_keys(cited(citing))) == MIN_SHARED
    assert len(cited_keys(frozenset(f"{PAGE}/{number}" for number in range(99)))) <= 16
