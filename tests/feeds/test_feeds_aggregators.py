"""Feeds of feeds: whose an item is, what of it is the aggregator's, and one story of one outlet."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor import config, pipeline
from monitor.engine import Engine
from monitor.feeds import aggregators
from monitor.feeds.parse import parse, read
from monitor.model import Entry, Failed, Feed, Fresh, Kind, Settled, Validators, identity
from monitor.store.store import Store
from tests.fakes import FakeClock, FakeReceivers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
GOOGLE = Feed("google", "https://news.google.com/rss/search?q=x&hl=en-US", outlet="Google News")
XML = "application/xml"


def read_one(feed: Feed, body: str, *, content_type: str = XML) -> Entry:
    (one,) = entries(feed, body, content_type=content_type)
    return one


def entries(feed: Feed, body: str, *, content_type: str = XML) -> tuple[Entry, ...]:
    return parse(body.encode(), feed=feed, content_type=content_type, now=NOW)


def google_item(
    title: str, outlet: str, url: str, *, key: str = "CBMiAAA", summary: str | None = None, day: int = 21
) -> str:
    """As Google News writes it: the outlet behind the title, an opaque link and guid, a list for a text."""
    link = f"https://news.google.com/rss/articles/{key}?oc=5"
    name = f'<font color="#6f6f6f">{outlet}</font>'
    shown = f'<a href="{link}" target="_blank">{escape(title)}</a>&nbsp;&nbsp;{name}'
    return (
        f"<item><title>{escape(title)} - {outlet}</title><link>{link}</link>"
        f'<guid isPermaLink="false">{key}</guid><pubDate>{day} Nov 2026 08:00:00 GMT</pubDate>'
        f"<description>{escape(shown if summary is None else summary)}</description>"
        f'<source url="{url}">{outlet}</source></item>'
    )


def google(*items: str) -> str:
    return (
        '<?xml version="1.0"?><rss version="2.0"><channel><generator>NFE/5.0</generator>'
        '<title>"x" - Google News</title><link>https://news.google.com/search?q=x</link>'
        f"<language>en-US</language>{''.join(items)}</channel></rss>"
    )


TITLES = [
    ("Ministers sign a peace agreement", "Reuters", "https://www.reuters.com"),
    ("Пашинян и Алиев встретились в Брюсселе", "РИА Новости", "https://ria.ru"),
    ("Cumhurbaşkanı Erdoğan Bakü'ye gitti", "Anadolu Ajansı", "https://www.aa.com.tr"),
    ("Die Minister - und was sie sagten", "FAZ - Frankfurter Allgemeine Zeitung", "https://www.faz.net"),
    ("Իշխան Սարգսյանը մեկնեց Թբիլիսի", "Ազատություն", "https://www.azatutyun.am"),
    ("მინისტრები ხელს აწერენ", "რადიო თავისუფლება", "https://www.radiotavisupleba.ge"),
]


@pytest.mark.parametrize(("title", "outlet", "url"), TITLES)
def test_an_item_of_google_news_is_its_outlets(title: str, outlet: str, url: str) -> None:
    one = read_one(GOOGLE, google(google_item(title, outlet, url)))
    assert (one.title, one.outlet, one.summary, one.body, one.links) == (title, outlet, "", "", ())
    assert one.origin == aggregators.site(url)
    assert one.link.startswith("https://news.google.com/rss/articles/"), "the story's page leads there"


def test_other_outlets_headlines_under_an_item_are_no_text_of_it() -> None:
    listed = (
        '<ol><li><a href="https://news.google.com/rss/articles/A?oc=5">Quiet day</a>'
        '&nbsp;&nbsp;<font color="#6f6f6f">Reuters</font></li><li>'
        '<a href="https://news.google.com/rss/articles/B">Ministers sign a peace agreement</a>&nbsp;'
        '<font color="#6f6f6f">BBC</font></li>'
        '<li><strong><a href="https://news.google.com/rss/stories/C">Full coverage</a></strong></li></ol>'
    )
    one = read_one(GOOGLE, google(google_item("Quiet day", "Reuters", "https://reuters.com", summary=listed)))
    assert (one.summary, one.links) == ("", ())
    nobodys = google(google_item("Quiet day", "", "", summary=listed).replace('<source url=""></source>', ""))
    assert read_one(GOOGLE, nobodys).summary == "", "whoever published it"
    roundup = item(
        "Links of the day", "https://kura.example/7", SOURCE + f"<description>{escape(listed)}</description>"
    )
    assert "peace agreement" in read_one(PLAIN, roundup).summary, "under a link of its own it may be the text"
    told = f"{listed}A text of its own."
    one = read_one(GOOGLE, google(google_item("Quiet day", "Reuters", "https://reuters.com", summary=told)))
    assert one.summary.endswith("A text of its own."), "what is more than headlines is kept whole"


def test_an_opaque_link_and_guid_that_change_make_no_new_entry_and_no_edit() -> None:
    first, again = (
        entries(
            GOOGLE,
            google(
                google_item("Quiet day", "Reuters", "https://reuters.com", key=f"CBMi{token}1"),
                google_item("Quiet day", "BBC", "https://bbc.co.uk", key=f"CBMi{token}2"),
                google_item("Quiet day", "BBC", "https://bbc.co.uk", key=f"CBMi{token}3"),
                google_item("Quiet day", "BBC", "https://bbc.co.uk", key=f"CBMi{token}4", day=20),
            ),
        )
        for token in "XY"
    )
    assert [one.id for one in first] == [
        identity("google", f"{outlet}\nQuiet day\n2026-11-{day}")
        for outlet, day in (("Reuters", 21), ("BBC", 21), ("BBC", 20))
    ], "by outlet, title and day, and what is said twice of them is one"
    assert [(one.id, one.digest) for one in first] == [(one.id, one.digest) for one in again]
    assert first[0].link != again[0].link


def test_a_guid_beside_an_opaque_link_is_the_identity_and_used_twice_swallows_nothing() -> None:
    items = [
        google_item(title, "Reuters", "https://reuters.com", key=token).replace(
            f">{token}</guid>", ">tag:1</guid>"
        )
        for title, token in (("Later news", "CBMiB"), ("Quiet day", "CBMiA"))
    ]
    later, oldest = entries(GOOGLE, google(*items))
    assert oldest.id == identity("google", "tag:1")
    assert later.id == identity("google", "tag:1", "", "Later news")


def test_known_items_of_google_news_are_left_out_and_the_rest_are_what_the_whole_would_give() -> None:
    items = [google_item(f"News of day {day}", "Reuters", "https://reuters.com", day=day) for day in (19, 20)]
    before = read(google(*items).encode(), feed=GOOGLE, content_type=XML, now=NOW)
    new = google_item("News of day 21", "BBC", "https://bbc.co.uk")
    body = google(new, *items).encode()
    rest = read(body, feed=GOOGLE, content_type=XML, now=NOW, marks=before.marks)
    assert rest.familiar == len(items)
    assert rest.entries == parse(body, feed=GOOGLE, content_type=XML, now=NOW)[:1]


def item(title: str, link: str, more: str = "", *, home: str = "") -> str:
    return (
        '<rss version="2.0" xmlns:News="https://www.bing.com/news/search?q=x&amp;format=rss"><channel>'
        f"<title>t</title><link>{home}</link><item><title>{title}</title><link>{escape(link)}</link>{more}"
        "</item></channel></rss>"
    )


BING = (
    "http://www.bing.com/news/apiclick.aspx?ref=FexRss&aid=&tid=1&url=https%3a%2f%2fwww.kura.example%2f7&c=9"
)
ALERT = "https://www.google.com/url?rct=j&sa=t&url=https://www.kura.example/7&ct=ga&usg=AOv"
SOURCE = '<source url="https://www.kura.example/rss">Kura Wire</source>'
PLAIN = Feed("plain", "https://news.example/feed", outlet="Pontic")
FINDER, NO_FINDER = replace(PLAIN, aggregator=True), replace(PLAIN, aggregator=False)


def planet(link: str, name: str = "Kura Wire") -> str:
    return (
        '<feed xmlns="http://www.w3.org/2005/Atom"><link href="https://news.example/"/><entry><id>1</id>'
        f'<title>News</title><link href="{escape(link)}"/><author><name>Jo</name></author><source><id>k</id>'
        f'<title>{name}</title><link href="https://kura.example/"/></source></entry></feed>'
    )


def json_feed(author: str, url: str, link: str) -> str:
    authors = [{"name": "Somebody"}, 7, {"name": author, "url": url}]
    one = {"id": 1, "title": "News | Kura Wire", "url": link, "content_text": "It is.", "authors": authors}
    version = "https://jsonfeed.org/version/1.1"
    return json.dumps({"version": version, "home_page_url": "https://news.example/", "items": [one]})


WHOSE = [
    (item("News - Kura Wire", BING, "<News:Source>Kura Wire</News:Source>"), PLAIN, "Kura Wire", "News",
     "Bing names it"),
    (item("News", BING), PLAIN, "kura.example", "News", "Bing does not, and its link does"),
    (item("News - Kura Wire", ALERT), PLAIN, "kura.example", "News - Kura Wire", "a Google Alert"),
    (item("News – kura wire", "https://news.example/7", SOURCE), PLAIN, "Kura Wire", "News", "another site"),
    (item("News | Kura Wire - Kura Wire", "https://x.example/7", SOURCE), PLAIN, "Kura Wire", "News",
     "twice"),
    (planet("https://kura.example/7"), PLAIN, "Kura Wire", "News", "Atom's source"),
    (json_feed("Kura Wire", "https://kura.example/", "https://kura.example/7"), PLAIN, "Kura Wire", "News",
     "a page of its author's own"),
    (json_feed("Jo", "https://jo.example/", "https://news.example/7"), PLAIN, "Pontic", "News | Kura Wire",
     "an author who writes for the outlet"),
    (item("News - Kura Wire", "https://news.example/7"), PLAIN, "Pontic", "News - Kura Wire", "none named"),
    (item("News - Ani", "https://news.example/7", SOURCE), PLAIN, "Kura Wire", "News - Ani",
     "another's name"),
    (item("Kura Wire - Kura Wire", "https://x.example/7", SOURCE), PLAIN, "Kura Wire", "Kura Wire",
     "all"),
    (item("- Kura Wire", "https://x.example/7", SOURCE), PLAIN, "Kura Wire", "- Kura Wire",
     "no separator"),
    (item("News", "https://news.example/7", '<source url="https://rss.news.example/">Local</source>'), PLAIN,
     "Pontic", "News", "at home"),
    (item("News", "https://a.example/7", '<source url="https://kura.example/">Kura Wire</source>',
          home="https://www.kura.example/"), PLAIN, "Pontic", "News", "at home, as its document says"),
    (item("News", "https://news.example/7", "<source>Kura Wire</source>"), PLAIN, "Pontic", "News",
     "no site"),
    (item("News", "https://x.example/7", f'<source url="https://x.example/">{"long " * 30}</source>'), PLAIN,
     "Pontic", "News", "no name is as long"),
    (item("News", "https://news.example/7", "<source>Kura Wire</source>"), FINDER, "Kura Wire", "News",
     "the operator says so"),
    (item("News", "https://www.kura.example/7"), FINDER, "kura.example", "News", "as its link says"),
    (item("News", "https://news.example/7"), FINDER, "Pontic", "News", "its own all the same"),
    (item("News - Kura Wire", BING, SOURCE), NO_FINDER, "Pontic", "News - Kura Wire",
     "the operator says no"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "at", "outlet", "title", "why"), WHOSE, ids=[row[4] for row in WHOSE])
def test_whose_an_item_is(body: str, at: Feed, outlet: str, title: str, why: str) -> None:
    one = read_one(at, body)
    assert (one.outlet, one.title) == (outlet, title), why


LINKS = [
    (BING, "https://www.kura.example/7", "Bing"),
    (ALERT, "https://www.kura.example/7", "Google Alerts"),
    ("https://news.google.com/news/url?sa=t&url=https://kura.example/7", "https://kura.example/7", "once"),
    ("https://www.google.com/url?q=https://kura.example/7", "https://kura.example/7", "the other parameter"),
    ("https://www.google.com/url?url=javascript:alert(1)", "", "what is no page is left as it is"),
    ("https://www.google.com/url?sa=t", "", "no page named"),
    ("https://www.google.com/url", "", "nothing asked"),
    ("https://google.evil.example/url?url=https://kura.example/7", "", "another's host"),
    ("https://kura.example/?url=https://www.google.com/url", "", "an ordinary link that looks like one"),
]  # fmt: skip


@pytest.mark.parametrize(("link", "page", "why"), LINKS, ids=[row[2] for row in LINKS])
def test_a_link_that_names_the_page_behind_it_is_that_page(link: str, page: str, why: str) -> None:
    assert aggregators.behind(link) == (page or link), why


@given(st.text(max_size=40), st.text(max_size=20))
def test_what_is_taken_off_a_title_is_its_end_and_never_all(title: str, name: str) -> None:
    cut = aggregators.without_name(title, name)
    assert title.startswith(cut)
    assert cut or not title
    assert aggregators.without_name(cut, name) == cut


# ---- through the line --------------------------------------------------------------------------------------


RULES = """
feeds:
  - {name: kura, url: "https://rss.kura.example/all", outlet: Kura Wire}
  - {name: ani, url: "https://ani.example/feed", outlet: Ani}
  - {name: google, url: "https://news.google.com/rss/search?q=x", outlet: Google News, tags: [found]}
receivers: {mail: "json://127.0.0.1:9/"}
settings: {milestones: [2]}
rules:
  - {id: peace, any: [peace agreement], send: mail, examples: {match: [A peace agreement], ignore: [War]}}
  - {id: of-kura, any: [ferry], send: mail, sources: [Kura Wire], examples: {match: [A ferry], ignore: [War]}}
  - {id: of-google, any: [harp], send: mail, sources: [Google News], examples: {match: [Harp], ignore: [War]}}
"""
HEAD = "Ministers sign a peace agreement in the capital"
TEXT = "After nine months of talks both sides signed on Friday; the accord opens the border in spring."


class Line:
    """An engine on a desk of three feeds, polled by hand."""

    def __init__(self, folder: Path, store: Store) -> None:
        (folder / "rules").mkdir()
        (folder / "rules" / "desk.yaml").write_text(RULES)
        self.store, self.clock = store, FakeClock(NOW)
        desk = config.load_desk(folder / "rules", env={}, secrets_required=True)
        self.engine = Engine(desk, folder, clock=self.clock)
        self.engine.install(desk, store)
        for name in desk.feeds_by_name:
            self.show(name, google())

    def show(self, name: str, body: str) -> list[tuple[str, Kind, str]]:
        """The feed is polled; the rules, kinds and outlets of the alerts that it made."""
        self.clock.advance(timedelta(minutes=10))
        before = self._alerts()
        feed = self.engine.desk.feeds_by_name[name]
        found = read(body.encode(), feed=feed, content_type=XML, now=self.clock.now)
        self.engine.take(self.store, [Fresh(feed, Validators(), found.entries, marks=found.marks)])
        return [alert for key, alert in self._alerts().items() if key not in before]

    def outlets(self) -> list[str]:
        return [row["outlet"] for row in self.store._rows("select outlet from entries order by seen, outlet")]

    def told(self) -> list[str]:
        """The texts of all that is due."""
        receivers = FakeReceivers()
        (mail,) = self.engine.desk.receivers
        while pipeline.deliver(
            self.store, mail, send=receivers.send, clock=self.clock, customs=self.engine.desk.customs
        ):
            pass
        return [message.body for _, message in receivers.arrived]

    def _alerts(self) -> dict[int, tuple[str, Kind, str]]:
        rows = self.store._rows(
            "select alerts.id, rule, kind, outlet from alerts join entries on entries.id = entry"
        )
        return {row["id"]: (row["rule"], Kind(row["kind"]), row["outlet"]) for row in rows}


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    with Store(tmp_path) as store:
        made = Line(tmp_path, store)
        yield made
        made.engine.close()


def own(title: str, text: str = TEXT) -> str:
    more = f"<guid>{title}</guid><description>{text}</description>"
    return item(title, "https://kura.example/1", more, home="https://kura.example/")


def test_an_article_by_its_own_feed_and_by_an_aggregator_is_one_story_of_one_outlet(line: Line) -> None:
    shown = google_item(HEAD, "KURA WIRE", "https://www.kura.example")
    assert line.show("google", google(shown)) == [("peace", Kind.NEW, "Kura Wire")]
    assert line.show("kura", own(HEAD)) == []
    assert line.outlets() == ["Kura Wire", "Kura Wire"], "so it is no milestone"
    assert line.show("ani", own(HEAD)) == [("peace", Kind.MILESTONE, "Kura Wire")]
    first, *_ = line.told()
    assert HEAD in first
    assert "Kura Wire" in first
    assert "Google" not in first.replace("https://news.google.com", "")


def test_polls_that_change_every_opaque_link_tell_nothing_twice(line: Line) -> None:
    told = [
        line.show(
            "google",
            google(
                google_item(HEAD, "Kura Wire", "https://kura.example", key=f"CBMi{number}a"),
                google_item("A quiet day", "Ani", "https://ani.example", key=f"CBMi{number}b"),
            ),
        )
        for number in range(3)
    ]
    assert told == [[("peace", Kind.NEW, "Kura Wire")], [], []]
    assert len(line.outlets()) == 2


def test_a_rule_on_an_outlet_hears_it_through_an_aggregator_and_one_on_the_aggregator_all(line: Line) -> None:
    shown = [
        google_item("A ferry sinks off Poti", "Kura Wire", "https://kura.example", key="CBMi1"),
        google_item("Old ferry repaired in Batumi", "Pontic", "https://pontic.example", key="CBMi2"),
        google_item("Glass harp concert moved to Friday", "Pontic", "https://pontic.example", key="CBMi3"),
    ]
    assert sorted(line.show("google", google(*shown))) == [
        ("of-google", Kind.NEW, "Pontic"),
        ("of-kura", Kind.NEW, "Kura Wire"),
    ]


def test_another_storys_headline_in_an_aggregators_list_tells_nobody(line: Line) -> None:
    listed = f'<ol><li><a href="https://news.google.com/rss/articles/B">{HEAD}</a> <font>Ani</font></li></ol>'
    shown = google_item("A quiet day at the lake", "Kura Wire", "https://kura.example", summary=listed)
    assert line.show("google", google(shown)) == []


# ---- by the operator's names -------------------------------------------------------------------------------


def feed(name: str, url: str, outlet: str, *, aggregator: bool | None = None) -> Feed:
    return Feed(name, url, outlet, aggregator=aggregator)


NAMES = aggregators.outlets(
    [
        feed("a", "https://feeds.kura.example/x", "Kura Wire"),
        feed("b", "https://www.kura.example/y", "Kura Wire"),
        feed("c", "https://feedburner.example/1", "Ani"),
        feed("d", "https://feedburner.example/2", "Bel"),
        feed("e", "https://finder.example/", "Finder", aggregator=True),
        feed("kura-map", "https://www.kura.example/news.xml", "kura-map"),
        feed("minimal", "https://minimal.example/feed", "minimal"),
        feed("channel", "https://www.youtube.com/feeds/videos.xml?channel_id=A", "Channel A"),
    ]
)


@pytest.mark.parametrize(
    ("origin", "printed", "outlet", "why"),
    [
        ("kura.example", "Kura", "Kura Wire", "its site is a feed's"),
        ("world.kura.example", "Kura World", "Kura Wire", "a part of it is"),
        ("kura.net", "KURA  wire", "Kura Wire", "its name is"),
        ("feedburner.example", "Cel", "Cel", "a site of two outlets says nothing"),
        ("finder.example", "Finder", "Finder", "an aggregator is no outlet"),
        ("", "KURA WIRE", "KURA WIRE", "what no aggregator showed keeps its feed's"),
        ("pontic.example", "Pontic", "Pontic", "nobody's here"),
        (
            "minimal.example",
            "The Minimal",
            "minimal",
            "a feed without a name of its outlet, alone on its site",
        ),
        ("youtube.com", "YouTube", "YouTube", "a host of many is no outlet's site"),
    ],
)
def test_an_outlet_has_the_name_that_the_operator_gave_it(
    origin: str, printed: str, outlet: str, why: str
) -> None:
    one = replace(read_one(PLAIN, item("News", "https://x.example/")), origin=origin, outlet=printed)
    fresh = Fresh(PLAIN, Validators(), (one,))
    settled = Settled(PLAIN, NOW, fresh)
    named = NAMES.in_result(replace(fresh, settled=settled))
    assert isinstance(named, Fresh)
    assert named.entries[0].outlet == outlet, why
    assert named.settled == replace(settled, reading=replace(named, settled=None))
    failed = Failed(PLAIN, "it is down")
    assert NAMES.in_result(failed) == failed
    assert NAMES.in_result(replace(settled, reading=failed)) == replace(settled, reading=failed)


SITEMAP = """<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
  xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">
<url><loc>https://www.kura.example/1</loc>
<news:news><news:publication><news:name>The Kura Post (EN)</news:name>
<news:language>en</news:language></news:publication><news:title>News</news:title></news:news></url></urlset>"""


@pytest.mark.parametrize(
    ("desk", "outlet"),
    [
        ([feed("kura", "https://rss.kura.example/all", "Kura Wire")], "Kura Wire"),
        ([], "The Kura Post (EN)"),
    ],
    ids=["its site has a name here", "it has none"],
)
def test_the_entries_of_a_sitemap_without_outlet_are_its_sites(desk: list[Feed], outlet: str) -> None:
    sitemap = feed("kura-map", "https://www.kura.example/news.xml", "kura-map")
    one = read_one(sitemap, SITEMAP)
    assert aggregators.outlets([sitemap, *desk]).named(one).outlet == outlet
