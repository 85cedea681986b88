"""What is known is left out, and what is left is what parsing the whole gives: as rows and as a law."""

from __future__ import annotations

import gzip
import os
import random
import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.errors import ParseError
from monitor.feeds import scan
from monitor.feeds.parse import read
from monitor.model import Feed

if TYPE_CHECKING:
    from monitor.feeds.parse import Reading
    from monitor.model import Entry, EntryId

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
FEED = Feed("feed", "https://outlet.example/feed", "outlet")
# The folder of real captures, where there is one: DATA=DIR pytest tests/feeds/test_feeds_scan.py
DATA = Path(os.environ.get("DATA", "../shared/data")) / "feeds"

RSS = (
    '<?xml version="1.0"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:content="http://purl.org/rss/1.0/modules/content/" '
    'xmlns:sy="http://purl.org/rss/1.0/modules/syndication/">'
    "<channel><title>t</title><lastBuildDate>{stamp}</lastBuildDate>{head}{items}</channel></rss>"
)
ATOM = (
    '<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><updated>{stamp}</updated>{head}{items}</feed>'
)


def rss(*items: str, head: str = "", stamp: str = "") -> bytes:
    return RSS.format(items="".join(items), head=head, stamp=stamp).encode()


def item(number: int, title: str = "", *, guid: str | None = None) -> str:
    return (
        f"<item><title>{title or f'Title {number}'}</title><guid isPermaLink='false'>{guid or number}</guid>"
        f"<link>https://outlet.example/{number}</link><description>About {number}</description></item>"
    )


def reading(body: bytes, marks: bytes = b"", *, feed: Feed = FEED) -> Reading:
    return read(body, feed=feed, content_type="", now=NOW, marks=marks)


def titles(found: Reading) -> list[str]:
    return [entry.title for entry in found.entries]


# ---- rows --------------------------------------------------------------------------------------------------


def test_only_new_and_changed_items_are_read() -> None:
    first = reading(rss(*map(item, range(4)), stamp="one"))
    assert (len(first.entries), first.familiar) == (4, 0)
    second = reading(rss(item(9), item(0), item(1, "Edited"), item(2), item(3), stamp="two"), first.marks)
    assert (titles(second), second.familiar) == (["Title 9", "Edited"], 3)
    assert len(second.marks) == 5 * 16


def test_a_document_of_known_items_costs_no_parse_and_is_remembered() -> None:
    first = reading(rss(item(1), item(2)))
    second = reading(rss(item(2), item(1), stamp="later"), first.marks)
    assert (second.entries, second.familiar) == ((), 2)
    assert scan.unpack(second.marks) == scan.unpack(first.marks)


def test_an_item_that_comes_back_unchanged_after_an_absence_is_read_again() -> None:
    first = reading(rss(item(1), item(2)))
    second = reading(rss(item(2)), first.marks)
    assert titles(reading(rss(item(1), item(2)), second.marks)) == ["Title 1"]


def test_items_of_one_guid_are_always_read_because_their_keys_hang_on_each_other() -> None:
    same = [item(1, "First", guid="x"), item(2, "Second", guid="x"), item(3)]
    first = reading(rss(*same))
    second = reading(rss(item(4), *same), first.marks)
    assert (titles(second), second.familiar) == (["Title 4", "First", "Second"], 1)


def test_a_new_item_under_the_guid_of_a_known_one_has_the_whole_document_read() -> None:
    first = reading(rss(item(1, "Old", guid="x"), item(2)))
    body = rss(item(3, "New", guid="x"), item(1, "Old", guid="x"), item(2))
    assert reading(body, first.marks) == reading(body)


def test_what_is_said_above_the_items_belongs_to_each() -> None:
    first = reading(rss(item(1)))
    based = rss(item(1)).replace(b"<channel>", b'<channel xml:base="https://elsewhere.example/">')
    assert reading(based, first.marks).familiar == 0


def test_the_same_document_at_another_address_is_read_anew() -> None:
    first = reading(rss(item(1)))
    moved = Feed("feed", "https://elsewhere.example/feed", "outlet")
    assert reading(rss(item(1)), first.marks, feed=moved).familiar == 0


@pytest.mark.parametrize(
    "body",
    [
        rss("<item><title>a</title><item><title>b</title></item></item>"),  # one inside the other
        rss("<item/>", item(1)),
        rss(f"<group><deeper>{item(1)}</deeper></group>"),
        rss("<item><title>a &nbsp; b</title></item>"),  # an entity that nobody declared
        rss("<item><title>a</title><x:y>b</x:y></item>"),  # a prefix that nobody bound
        rss("<item><title>a</title>" + "<b>" * 200 + "</b>" * 200 + "</item>"),
        rss("<item><title>a</title></item>")[:-20],
        rss(item(1)).replace(b"<item>", b"<q:item xmlns:q=''>"),
    ],
)
def test_where_the_scan_is_unsure_nothing_is_remembered_and_the_whole_is_parsed(body: bytes) -> None:
    assert reading(body).marks == b""


def test_marks_that_are_cut_short_are_none() -> None:
    first = reading(rss(item(1)))
    assert reading(rss(item(1)), first.marks[:-1]).familiar == 0


@pytest.mark.parametrize(
    ("head", "hint"),
    [
        ("<ttl>60</ttl>", timedelta(hours=1)),
        ("<ttl> 5 </ttl>", timedelta(minutes=5)),
        ("<ttl>0</ttl>", None),
        ("<ttl>soon</ttl>", None),
        ("<sy:updatePeriod>hourly</sy:updatePeriod>", timedelta(hours=1)),
        (
            "<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>",
            timedelta(hours=6),
        ),
        ("<sy:updatePeriod>now and then</sy:updatePeriod>", None),
        ("", None),
    ],
)
def test_how_long_a_feed_says_it_stays_is_heard(head: str, hint: timedelta | None) -> None:
    assert reading(rss(item(1), head=head)).hint == hint


# ---- the law -----------------------------------------------------------------------------------------------


class Desk:
    """What a store remembers of one feed."""

    def __init__(self) -> None:
        self.standing: dict[EntryId, str] = {}
        self.marks = b""

    def arrivals(self, found: Reading) -> list[Entry]:
        return [entry for entry in found.entries if self.standing.get(entry.id) != entry.digest]

    def take(self, body: bytes) -> Reading:
        """Reads the document both ways, and holds them against each other."""
        whole, rest = reading(body), reading(body, self.marks)
        assert self.arrivals(rest) == self.arrivals(whole)
        assert rest.marks == whole.marks
        self.standing |= {entry.id: entry.digest for entry in whole.entries}
        self.marks = rest.marks
        return rest


WORDS = st.sampled_from(["Peace", "Talks &amp; more", "Ереван", "<![CDATA[<b>Baku</b> & co]]>", "", "a"])
GUIDS = st.sampled_from(["1", "2", "3", "4", "5", " 1 ", "<![CDATA[1]]>", "http://o.example/1", ""])
DATES = st.sampled_from(["", "Sat, 21 Nov 2026 10:00:00 GMT", "Sat, 21 Nov 2026 14:00:00 +0400", "yesterday"])
EXTRA = st.sampled_from(
    [
        "",
        "<dc:language>ru</dc:language>",
        "<content:encoded><![CDATA[<p>More</p>]]></content:encoded>",
        "<description>Again</description>",
        "<language>hy</language>",
        "<image><title>pic</title><link>http://o.example/pic</link></image>",
        "<source url='http://o.example/s'>S</source>",
        "<!-- comment -->",
    ]
)


@st.composite
def items(draw: st.DrawFn) -> str:
    title, guid, date, extra, link = draw(WORDS), draw(GUIDS), draw(DATES), draw(EXTRA), draw(GUIDS)
    permalink = draw(st.sampled_from(["", " isPermaLink='false'"]))
    parts = [
        f"<title>{title}</title>",
        f"<guid{permalink}>{guid}</guid>" if guid else "",
        f"<link>http://o.example/{link.strip()}</link>" if link.strip().isdigit() else "",
        f"<pubDate>{date}</pubDate>" if date else "",
        f"<description>{draw(WORDS)}</description>",
        extra,
    ]
    return f"<item>{''.join(draw(st.permutations(parts)))}</item>"


@st.composite
def histories(draw: st.DrawFn) -> list[bytes]:
    """Documents of one feed in a row, each the last one with items added, dropped, edited and moved."""
    pool = draw(st.lists(items(), min_size=3, max_size=8))
    heads = st.sampled_from(
        ["", "<ttl>5</ttl>", "<language>en</language>", "<image><title>i</title></image>"]
    )
    shown = [draw(st.lists(st.sampled_from(pool), max_size=6)) for _ in range(draw(st.integers(2, 4)))]
    return [rss(*row, head=draw(heads), stamp=str(number)) for number, row in enumerate(shown)]


@settings(max_examples=300, deadline=None)
@given(histories())
def test_what_is_left_is_what_the_whole_would_have_given(history: list[bytes]) -> None:
    desk = Desk()
    for body in history:
        desk.take(body)


def test_an_atom_feed_obeys_the_same_law() -> None:
    def entry(number: int, title: str) -> str:
        return (
            f"<entry><id>tag:{number}</id><title>{title}</title><link href='/{number}'/>"
            f"<summary type='html'>&lt;b&gt;{title}&lt;/b&gt;</summary></entry>"
        )

    desk = Desk()
    for shown in ([(1, "a"), (2, "b")], [(3, "c"), (1, "a"), (2, "B")], [(3, "c"), (1, "a")]):
        body = ATOM.format(items="".join(entry(*row) for row in shown), head="", stamp=str(shown))
        desk.take(body.encode())
    assert len(desk.standing) == 3


@pytest.mark.slow
@pytest.mark.skipif(not DATA.is_dir(), reason=f"there are no captures at {DATA}")
def test_every_real_capture_obeys_the_law() -> None:
    familiar = shown = 0
    for outlet in sorted((DATA / "history").iterdir()):
        desk = Desk()
        for path in sorted(outlet.glob("*.gz")):
            body = gzip.decompress(path.read_bytes())
            try:
                familiar += reading(body, desk.marks).familiar
                desk.take(body)
            except ParseError:
                continue
            shown += len(scan.unpack(desk.marks))
    assert familiar > shown / 2


@pytest.mark.slow
@pytest.mark.skipif(not DATA.is_dir(), reason=f"there are no captures at {DATA}")
def test_every_real_feed_obeys_the_law_whatever_is_known_of_it() -> None:
    for path in sorted((DATA / "real").glob("*.gz")):
        body = gzip.decompress(path.read_bytes())
        try:
            whole = reading(body)
        except ParseError:
            continue
        rows = scan.unpack(whole.marks)
        for known in (list(rows)[1:], list(rows)[::2], list(rows)[1::3], list(rows)):
            some = reading(body, scan.pack(known, [rows[mark] for mark in known]))
            left = {entry.id for entry in some.entries}
            assert list(some.entries) == [entry for entry in whole.entries if entry.id in left]
            assert {entry.id for entry in whole.entries} <= left | {rows[mark] for mark in known}
            assert some.marks == whole.marks


@pytest.mark.slow
@pytest.mark.skipif(not DATA.is_dir(), reason=f"there are no captures at {DATA}")
def test_every_real_feed_obeys_the_law_through_changes_made_at_random() -> None:
    """Items dropped, moved, doubled, edited, cut short and broken; now and then the head with them."""
    known = 0
    for path in sorted((DATA / "real").glob("*.gz")):
        desk, dice = Desk(), random.Random(path.name)
        body = gzip.decompress(path.read_bytes())
        with suppress(ParseError):
            desk.take(body)
            known += desk.take(_changed(body, dice)).familiar
    assert known > 1_000


_ITEM = re.compile(rb"<(item|entry)\b.*?</\1>", re.DOTALL)


def _changed(body: bytes, dice: random.Random) -> bytes:
    """The document with a change or two; what is between its items stays, at its beginning and end."""
    found = list(_ITEM.finditer(body))
    if not found:
        return body
    head, tail = body[: found[0].start()], body[found[-1].end() :]
    shown = [item.group() for item in found]
    for _ in range(dice.randint(1, 3)):
        at = dice.randrange(len(shown))
        match dice.randrange(8):
            case 0 if len(shown) > 1:
                del shown[at]
            case 1:
                shown.insert(dice.randrange(len(shown)), shown.pop(at))
            case 2:
                shown.insert(at, shown[dice.randrange(len(shown))])
            case 3:
                shown[at] = shown[at].replace(b"e", "\u0451".encode(), dice.randint(1, 9))
            case 4:
                shown[at] = re.sub(rb"(<title[^>]*>)", rb"\\1New: ", shown[at], count=1)
            case 5:
                shown[at] = re.sub(rb"<(guid|id)\b.*?</\1>", b"", shown[at], count=1, flags=re.DOTALL)
            case 6:
                shown[at] = shown[at].replace(b" ", b" &nbsp; & ", 1)
            case _:
                head = head.replace(b"<title>", b"<language>hy</language><title>", 1)
    return head + b"".join(shown) + tail
