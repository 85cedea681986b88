"""`monitor feeds` as people use it: one process a command, a real server, files that stay theirs."""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor import access, added, config
from monitor.errors import ConfigError, UsageError
from monitor.model import Feed
from monitor.rules import document
from tests.desks import called, rss
from tests.web_server import WebServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MINE = """\
# mine
feeds:
  - {name: wire, url: 'https://wire.example/feed', outlet: Wire, tags: [press], every: 1 h}
"""


WORDS = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=12)


class Hand:
    """A desk of files and the command."""

    def __init__(self, folder: Path) -> None:
        self.rules = folder / "rules"
        self.state = folder / "state"
        self.rules.mkdir()
        self.state.mkdir()
        (self.rules / "feeds.yaml").write_text(MINE)

    def feeds(self, verb: str, *words: str) -> subprocess.CompletedProcess[str]:
        places = ["--rules", str(self.rules)]
        if verb in ("list", "show", "retry"):
            places += ["--state", str(self.state)]
        done = called("feeds", verb, *words, *places)
        assert (self.rules / "feeds.yaml").read_text() == MINE
        return done

    @property
    def all(self) -> dict[str, Feed]:
        return config.load_desk(self.rules, env={}, secrets_required=False).feeds_by_name


@pytest.fixture
def hand(tmp_path: Path) -> Hand:
    return Hand(tmp_path)


@pytest.fixture
def web() -> Iterator[WebServer]:
    with WebServer() as server:
        server.serve("/feed", rss("One", "Two"), {"Content-Type": "application/rss+xml"})
        page = b"<html><head><link rel=alternate type='application/rss+xml' href='/feed'></head></html>"
        server.serve("/", page, {"Content-Type": "text/html"})
        yield server


def test_a_feed_is_added_to_the_commands_own_file(hand: Hand, web: WebServer) -> None:
    options = ("--allow-private", "--tag", "press", "--lang", "en", "--every", "5 min", "--outlet", 'A "B"')
    done = hand.feeds("add", web.url("/feed"), *options)
    assert done.returncode == 0, done.stderr
    assert "added 127-0-0-1: " in done.stdout
    every, tags = timedelta(minutes=5), frozenset({"press"})
    expected = Feed("127-0-0-1", web.url("/feed"), 'A "B"', tags, "en", every, allow_private=True)
    assert hand.all["127-0-0-1"] == expected


def test_the_feed_behind_a_page_is_found(hand: Hand, web: WebServer) -> None:
    web.serve("/rss", rss("Another"))
    found = json.loads(hand.feeds("add", web.url("/"), "--allow-private", "--name", "it", "--json").stdout)
    assert (found["added"]["name"], found["added"]["url"]) == ("it", web.url("/feed"))
    assert found["others"] == [web.url("/rss")]


RULES = """\
receivers: {desk: 'json://127.0.0.1:9/'}
rules: [{id: peace, title: Peace, any: [peace agreement], severity: high, send: [desk], sources: [press]}]
"""


def test_what_is_added_shows_its_last_entries_and_what_the_rules_say_of_them(
    hand: Hand, web: WebServer
) -> None:
    (hand.rules / "rules.yaml").write_text(RULES)
    web.serve("/feed", rss("Museum opens", "A peace agreement", text="It is so."))
    done = hand.feeds("add", web.url("/feed"), "--allow-private", "--name", "a", "--tag", "press")
    assert done.stdout.splitlines()[1:] == [
        "it shows 2 entries, told to nobody; what the rules say of the last:",
        "  without date      A peace agreement",
        '                    peace (high, to desk): "peace agreement" (title), "peace agreement" (summary)',
        "  without date      Museum opens",
        "                    no rule",
    ]
    (hand.rules / added.FILE).unlink()
    shown = json.loads(hand.feeds("add", web.url("/feed"), "--allow-private", "--json").stdout)["last"]
    assert [(row["title"], row["rules"]) for row in shown] == [
        ("A peace agreement", []),
        ("Museum opens", []),
    ]
    web.serve("/empty", rss())
    assert "it shows nothing yet" in hand.feeds("add", web.url("/empty"), "--allow-private").stdout


SITEMAP = b"""<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
  xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"><url>
<loc>https://kura.example/1</loc>
<news:news><news:publication><news:name>The Kura Post</news:name></news:publication>
<news:title>A peace agreement</news:title>
</news:news></url></urlset>"""


def test_a_sitemap_that_is_added_without_outlet_leaves_its_entries_their_publications(
    hand: Hand, web: WebServer
) -> None:
    web.serve("/news.xml", SITEMAP, {"Content-Type": "application/xml"})
    web.serve("/empty.xml", SITEMAP[: SITEMAP.index(b"<url>")] + b"</urlset>")
    for path, name in (("/news.xml", "kura-map"), ("/empty.xml", "none")):
        done = hand.feeds("add", web.url(path), "--allow-private", "--name", name)
        assert done.returncode == 0, done.stderr
    assert hand.all["kura-map"].outlet == "kura-map", "that of a feed which has none"
    assert hand.all["none"].outlet == "127.0.0.1", "nothing is known of it: the host"


def test_what_the_rules_say_of_a_feed_that_is_added_goes_by_the_desks_names_of_outlets(
    hand: Hand, web: WebServer
) -> None:
    feeds = "feeds: [{name: kura, url: 'https://kura.example/rss', outlet: Kura Wire}]\n"
    (hand.rules / "rules.yaml").write_text(feeds + RULES.replace("press", "Kura Wire"))
    web.serve("/news.xml", SITEMAP, {"Content-Type": "application/xml"})
    done = hand.feeds("add", web.url("/news.xml"), "--allow-private", "--name", "kura-map")
    assert "peace (high, to desk)" in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("{web}/nothing", "--allow-private"), "answered 404 Not Found - --unchecked adds it all the same"),
        (("{web}/page", "--allow-private"), "there is no feed, and none behind the page"),
        (("{web}/feed",), "is not public: loopback - --allow-private lets"),
        (("{bare}/feed", "--allow-private"), "if it speaks no https: monitor feeds add http://127"),
        (("ftp://a.example/",), "cannot be polled"),
        (("https://b.example/?key=${credential:key}", "--unchecked"), "a url holds no secret"),
        (("https://wire.example/feed", "--unchecked"), 'it is there already, as "wire"'),
        (("https://b.example/", "--unchecked", "--name", "wire"), 'there is a feed "wire" already'),
        (("https://b.example/", "--unchecked", "--every", "often"), '"often" is no interval'),
    ],
)
def test_what_cannot_be_added_is_told_in_one_line(
    hand: Hand, web: WebServer, words: tuple[str, ...], said: str
) -> None:
    web.serve("/page", b"<html>nothing here</html>")
    web.serve("/feed", rss("One"))
    for path in ("/feed/", "/rss"):
        web.serve(path, b"", status=404)
    if "{web}/page" in words:
        web.serve("/feed", b"<html>")
    places = {"{web}": web.url(""), "{bare}": web.url("").partition("://")[2]}
    done = hand.feeds("add", *(re.sub(r"\{\w+}", lambda found: places[found[0]], word) for word in words))
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (hand.rules / added.FILE).exists()


@pytest.fixture
def polled(hand: Hand, web: WebServer) -> Hand:
    """A desk with a feed that is gone and a good one, both polled, and one that was not."""
    web.serve("/gone", b"", status=410)
    hand.feeds("add", web.url("/gone"), "--unchecked", "--allow-private", "--name", "gone")
    done = hand.feeds("add", web.url("/feed"), "--allow-private", "--name", "good")
    assert done.returncode == 0, done.stderr
    (hand.rules / "feeds.yaml").rename(hand.rules / "feeds.off")
    run = [sys.executable, "-m", "monitor", "run", "--once"]
    places = ["--rules", str(hand.rules), "--state", str(hand.state)]
    ran = subprocess.run([*run, *places], capture_output=True, text=True, check=True)
    assert "1 fresh, 0 unchanged, 1 failed" in ran.stdout, ran.stderr
    (hand.rules / "feeds.off").rename(hand.rules / "feeds.yaml")
    return hand


def test_what_the_operator_says_of_a_feed_is_shown(hand: Hand) -> None:
    said = "recurring: yes, aggregator: "
    feeds = [f"{{name: f-{word}, url: 'https://{word}.example/', {said}{word}}}" for word in ("yes", "no")]
    (hand.rules / "more.yaml").write_text(f"feeds: [{', '.join(feeds)}]\n")
    for word in ("yes", "no"):
        lines = dict(line.split(maxsplit=1) for line in hand.feeds("show", f"f-{word}").stdout.splitlines())
        assert (lines["aggregator"], lines["recurring"]) == (word, "yes")
    assert json.loads(hand.feeds("show", "wire", "--json").stdout)["aggregator"] is None, "as its items say"


def test_feeds_are_listed_and_shown_with_what_is_the_matter(polled: Hand) -> None:
    hand = polled
    assert "wire" in hand.feeds("list").stdout
    rows = json.loads(hand.feeds("list", "--failing", "--json").stdout)
    assert [row["name"] for row in rows] == ["gone"]
    assert "asked once a month" in rows[0]["notes"][0]
    assert "once a month" in hand.feeds("list").stdout.replace("\n", " ")
    shown = hand.feeds("show", "good").stdout
    assert "asked at" in shown
    assert "10 min" in shown
    assert "\nunsettled entries 0\n" in shown
    assert json.loads(hand.feeds("show", "good", "--json").stdout)["failures"] == 0


def test_a_feed_that_fails_is_tried_again_and_stands_in_the_status(polled: Hand) -> None:
    hand = polled
    assert hand.feeds("retry", "gone").stdout == "1 feed due now\n"
    assert json.loads(hand.feeds("retry", "--failing", "--json").stdout) == {"due": 1}
    assert "no feed is named" in hand.feeds("retry").stderr
    said = called("status", "--state", hand.state).stdout
    assert "  gone: gone (answered 410 Gone); asked once a month" in said
    found = json.loads(called("status", "--state", hand.state, "--json").stdout)
    assert list(found["feed_notes"]) == ["gone"]


def test_feeds_are_checked_at_once(hand: Hand, web: WebServer) -> None:
    hand.feeds("add", web.url("/feed"), "--allow-private", "--name", "good")
    hand.feeds("add", web.url("/nothing"), "--allow-private", "--unchecked", "--name", "bad")
    done = hand.feeds("check", "good", "bad")
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "good: 2 items",
        f"bad: answered 404 Not Found ({web.url('/nothing')})",
    ]
    answers = json.loads(hand.feeds("check", "good", "--json").stdout)
    assert (answers[0]["ok"], answers[0]["items"], answers[0]["latest"]) == (True, 2, "Two")
    assert 'did you mean "good"?' in hand.feeds("check", "goood").stderr


def test_a_list_goes_out_and_comes_in_again(hand: Hand, tmp_path: Path) -> None:
    opml = tmp_path / "feeds.opml"
    opml.write_text(hand.feeds("export").stdout)
    again = hand.feeds("import", str(opml))
    assert "0 feeds added" in again.stdout
    assert "https://wire.example/feed: it is there already" in again.stdout
    opml.write_text(
        "<opml><body><outline text='News'><outline text='Wire' xmlUrl='https://a.example/1'/>"
        "<outline title='Ереван' xmlUrl='https://www.a.example/2'/><outline xmlUrl='file:///etc/passwd'/>"
        "</outline></body></opml>"
    )
    found = json.loads(hand.feeds("import", str(opml), "--json").stdout)
    assert [row["name"] for row in found["added"]] == ["wire-2", "a-example"]
    assert len(found["left_out"]) == 1
    url, tags = "https://www.a.example/2", frozenset({"news"})
    assert hand.all["a-example"] == Feed("a-example", url, "Ереван", tags)


LISTED = """\
<opml xmlns:monitor="urn:media-monitor:opml"><body>
<outline text="a" xmlUrl="https://a.example/" monitor:every="90 s" monitor:allow-private="yes"/>
<outline text="b" xmlUrl="https://b.example/" monitor:every="often"/>
<outline text="c" xmlUrl="https://c.example/?key=${env:KEY}"/>
</body></opml>
"""


@pytest.mark.parametrize("believed", [False, True])
def test_a_list_says_how_often_and_of_private_hosts_only_what_the_operator_believes(
    hand: Hand, tmp_path: Path, *, believed: bool
) -> None:
    (tmp_path / "feeds.opml").write_text(LISTED)
    words = ["--allow-private"] if believed else []
    done = hand.feeds("import", str(tmp_path / "feeds.opml"), *words)
    assert "1 feed added" in done.stdout
    assert '"often" is no interval' in done.stdout
    assert "a url holds no secret" in done.stdout
    every = timedelta(seconds=90)
    assert hand.all["a"] == Feed("a", "https://a.example/", "a", every=every, allow_private=believed)


def test_an_import_may_ask_each_feed_first(hand: Hand, tmp_path: Path) -> None:
    opml = tmp_path / "feeds.opml"
    opml.write_text("<opml><body><outline text='x' xmlUrl='http://127.0.0.1:9/feed'/></body></opml>")
    done = hand.feeds("import", str(opml), "--check")
    assert "0 feeds added" in done.stdout
    assert "may not be polled" in done.stdout


def test_a_list_that_is_none_is_refused(hand: Hand, tmp_path: Path) -> None:
    opml = tmp_path / "feeds.opml"
    opml.write_text("<rss/>")
    for name, said in ((str(opml), "no OPML"), (str(tmp_path / "nowhere"), "No such file")):
        done = hand.feeds("import", name)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        assert said in done.stderr


def test_the_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    feeds = (
        Feed("a", "https://a.example/?x=#y", "A: 'the' \"paper\" # 1", frozenset({"no", "12:30"}), "hy"),
        Feed("b", "https://b.example/", "true", every=timedelta(seconds=90), allow_private=True),
        Feed("c", "https://c.example/", "C", every=timedelta(days=1)),
    )
    added.write(tmp_path, feeds)
    assert added.added(tmp_path) == feeds
    added.write(tmp_path, ())
    assert added.added(tmp_path) == ()


FEEDS = st.builds(
    Feed,
    name=st.from_regex(r"[a-z0-9][a-z0-9-]{0,20}", fullmatch=True),
    url=st.from_regex(r"https://[a-z]{1,9}\.example/[a-z0-9?=#&%]{0,9}", fullmatch=True),
    outlet=WORDS,
    tags=st.frozensets(WORDS, max_size=3),
    lang=st.none() | st.from_regex(r"[a-z]{2,3}", fullmatch=True),
    every=st.none() | st.integers(1, 604_800).map(lambda seconds: timedelta(seconds=seconds)),
    allow_private=st.booleans(),
    recurring=st.booleans(),
    aggregator=st.none() | st.booleans(),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(feeds=st.lists(FEEDS, max_size=3, unique_by=lambda feed: feed.name))
def test_whatever_a_feed_says_is_still_said_after_the_commands_wrote_it(
    tmp_path: Path, feeds: list[Feed]
) -> None:
    added.write(tmp_path, feeds)
    assert added.added(tmp_path) == tuple(feeds)


def test_every_key_of_a_feed_that_commands_may_write_is_written(tmp_path: Path) -> None:
    """A key that is new to feeds is missing here until the commands keep it."""
    every = timedelta(minutes=5)
    full = Feed("a", "https://a.example/", "A", frozenset({"b"}), "hy", every, True, True)  # noqa: FBT003
    full = dataclasses.replace(full, full_text=True, aggregator=True)
    written = document.read("f", added.write(tmp_path, [full]).read_text(), [])
    assert written is not None
    ((_, feeds),) = written.pairs
    keys = [key.text for key, _ in feeds.items[0].pairs]
    assert sorted(keys) == sorted(set(config.FEED_KEYS) - set(access.KEYS))


def test_adding_a_feed_takes_nothing_from_those_that_were_added_before(hand: Hand) -> None:
    (hand.rules / added.FILE).write_text(
        "feeds:\n  - {name: column, url: 'https://column.example/', recurring: yes}\n"
    )
    assert hand.feeds("add", "https://other.example/", "--unchecked").returncode == 0
    assert hand.all["column"].recurring


def test_mistakes_in_the_file_are_not_written_over(tmp_path: Path) -> None:
    (tmp_path / added.FILE).write_text("feeds: [{name: X}]")
    with pytest.raises(ConfigError):
        added.added(tmp_path)


def test_a_folder_that_cannot_be_written_is_said_to_be_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written"):
        added.write(tmp_path / "nowhere", ())
