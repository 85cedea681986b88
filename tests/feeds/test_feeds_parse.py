import json
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.errors import ParseError
from monitor.feeds.parse import parse
from monitor.model import Entry, Feed, identity

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
FEED = Feed(name="news", url="https://example.com/feeds/news.xml", outlet="Example")
XML = "application/xml"


def entries(body: bytes | str, *, content_type: str = XML, feed: Feed = FEED) -> tuple[Entry, ...]:
    raw = body.encode() if isinstance(body, str) else body
    return parse(raw, feed=feed, content_type=content_type, now=NOW)


def rss(*items: str, head: str = "", channel: str = "") -> str:
    joined = "".join(f"<item>{item}</item>" for item in items)
    return f'{head}<rss version="2.0"><channel><title>t</title>{channel}{joined}</channel></rss>'


def test_an_rss_item_becomes_an_entry() -> None:
    (entry,) = entries(
        rss(
            "<title>Peace &amp;amp; quiet</title><link>/a?x=1&amp;y=2</link>"
            "<guid isPermaLink='false'>g1</guid>"
            "<description>&lt;p&gt;One&lt;/p&gt;&lt;p&gt;two&lt;/p&gt;</description>"
            "<c:encoded xmlns:c='http://purl.org/rss/1.0/modules/content/'>"
            "<![CDATA[<p>All of it</p>]]></c:encoded>"
            "<pubDate>Sat, 21 Nov 2026 14:00:00 AZT</pubDate>",
            channel="<language>en-GB</language>",
        )
    )
    assert entry == Entry(
        id=identity("news", "g1"),
        feed="news",
        outlet="Example",
        guid="g1",
        link="https://example.com/a?x=1&y=2",
        title="Peace & quiet",
        summary="One\ntwo",
        body="All of it",
        published=datetime(2026, 11, 21, 10, tzinfo=UTC),
        lang="en",
        digest=entry.digest,
    )


def test_an_atom_entry_becomes_an_entry() -> None:
    (entry,) = entries(
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="az"><entry><id>tag:a</id><title type="html">'
        '&lt;b&gt;Ali&lt;/b&gt;yev</title><link rel="self" href="/self"/><link href="../b"/>'
        "<updated>2026-11-21T11:00:00Z</updated><published>2026-11-21T10:00:00Z</published>"
        '<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>a</p><p>b</p></div></content>'
        "</entry></feed>"
    )
    assert (entry.title, entry.link, entry.guid, entry.lang) == (
        "Aliyev",
        "https://example.com/b",
        "tag:a",
        "az",
    )
    assert (entry.summary, entry.body) in {("", "a\nb"), ("a\nb", "")}
    assert entry.published == datetime(2026, 11, 21, 10, tzinfo=UTC)


def test_an_rdf_item_becomes_an_entry() -> None:
    (entry,) = entries(
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel/><item rdf:about="x"><title>a</title>'
        "<link>https://example.com/a</link><dc:date>2026-11-21T10:00:00+04:00</dc:date></item></rdf:RDF>"
    )
    assert (entry.title, entry.published) == ("a", datetime(2026, 11, 21, 6, tzinfo=UTC))


def json_feed(*items: object, version: str = "https://jsonfeed.org/version/1.1") -> bytes:
    return json.dumps({"version": version, "language": "ka", "items": items}).encode()


def test_a_json_feed_item_becomes_an_entry() -> None:
    item = {
        "id": 7,
        "url": "/a",
        "title": "A &amp; b",
        "summary": "short",
        "content_html": "<p>long</p>",
        "date_published": "2026-11-21T10:00:00Z",
        "language": "hy",
    }
    (entry,) = entries(
        json_feed(item, "no item", {"title": "", "url": 5}), content_type="application/feed+json"
    )
    assert (entry.guid, entry.link, entry.title, entry.lang) == ("7", "https://example.com/a", "A & b", "hy")
    assert (entry.summary, entry.body, entry.published) == (
        "short",
        "long",
        datetime(2026, 11, 21, 10, tzinfo=UTC),
    )


def test_a_json_feed_item_of_plain_text_has_the_language_of_its_feed() -> None:
    (entry,) = entries(json_feed({"id": "a", "external_url": "https://b.example/", "content_text": "1 < 2"}))
    assert (entry.lang, entry.body, entry.link) == ("ka", "1 < 2", "https://b.example/")


NO_FEEDS = [
    (b"", "empty", "an empty body"),
    (b" \r\n ", "empty", "blank lines"),
    (b"<!DOCTYPE html>\n<!-- x -->\n<HTML><head><title>t</title></head></html>", "HTML page", "a page"),
    (b"\xef\xbb\xbf <html lang='en'>", "HTML page", "a page with a byte order mark"),
    (b"Too many requests", "no feed", "text"),
    (b"<x/>", "no feed", "other XML"),
    (b"\x89PNG\r\n\x1a\n" + bytes(100), "no feed", "a picture"),
    (b'{"items": []}', "no JSON Feed", "other JSON"),
    (b"[1]", "no JSON Feed", "a list"),
    (b'{"version": "https://jsonfeed.org/version/1", "items": {}}', "no JSON Feed", "items that are none"),
    (b'{"version"', "broken JSON", "JSON cut off"),
    (b"[" * 100_000, "broken JSON", "deep JSON"),
]


@pytest.mark.parametrize(("body", "what", "why"), NO_FEEDS, ids=[row[2] for row in NO_FEEDS])
def test_what_is_no_feed_is_an_error(body: bytes, what: str, why: str) -> None:
    with pytest.raises(ParseError, match=what):
        pytest.fail(f"{why}: {entries(body)}")


def test_a_feed_without_items_is_a_feed() -> None:
    assert entries(rss()) == ()


@settings(max_examples=60)
@given(st.binary(max_size=300) | st.text(alphabet="<>/rssitemle &;#x!-[]\"'=", max_size=80).map(str.encode))
def test_whatever_is_served_gives_entries_or_a_parse_error(body: bytes) -> None:
    for whole in (body, b"<rss version='2.0'><channel><item><title>" + body):
        with suppress(ParseError):
            entries(whole)


# ---- documents as they are served --------------------------------------------------------------------------

CYRILLIC = "Мирное соглашение подписано в Вашингтоне"
ITEM = f"<title>{CYRILLIC}</title><guid>1</guid>"
ENCODINGS = [
    (rss(ITEM).encode(), XML, "UTF-8 without a word"),
    (rss(ITEM, head="\ufeff \n\n").encode(), XML, "a byte order mark and blank lines"),
    (rss(ITEM).encode(), "text/xml", "text/xml means ASCII to the standard, and to nobody else"),
    (rss(ITEM).encode(), "text/xml; charset=ISO-8859-1", "a server's default label"),
    (rss(ITEM, head='<?xml version="1.0" encoding="windows-1251"?>').encode("cp1251"), XML, "windows-1251"),
    (rss(ITEM).encode("cp1251"), "text/xml; charset=windows-1251", "labelled by the server"),
    (rss(ITEM, head='<?xml version="1.0" encoding="koi8-r"?>').encode("koi8-r"), "text/xml", "KOI8-R"),
    (rss(ITEM, head='<?xml version="1.0" encoding="utf-16"?>').encode("utf-16"), XML, "UTF-16"),
    (rss(ITEM, head="<!-- c --><?style x?>\n<!DOCTYPE rss>\n").encode(), XML, "a DOCTYPE"),
    (rss(ITEM, head='<!DOCTYPE rss [<!ENTITY x "y">]>').encode(), XML, "a DOCTYPE with entities"),
    (rss(ITEM, channel="<x>&nbsp;&foo;</x>").encode(), XML, "unknown entities"),
    (rss(ITEM, channel="<x>\x08 &#8; &#x110000; &#xD800;</x>").encode(), XML, "characters XML forbids"),
    (
        rss(ITEM, channel="<x>&#99999999999;&#" + "1" * 5000 + ";</x>").encode(),
        XML,
        "references beyond reason",
    ),
    (rss(ITEM, channel="<x>a & b <br></x>").encode(), XML, "not well-formed"),
    (rss(ITEM, head='<?xml version="1.0" encoding="no-such"?>').encode(), XML, "an unknown encoding"),
    (rss(ITEM).encode()[:-20], XML, "cut off"),
]


@pytest.mark.parametrize(("body", "content_type", "why"), ENCODINGS, ids=[row[2] for row in ENCODINGS])
def test_a_title_is_read_however_it_is_served(body: bytes, content_type: str, why: str) -> None:
    assert [entry.title for entry in entries(body, content_type=content_type)] == [CYRILLIC], why


@pytest.mark.parametrize(("label", "codec"), [("utf-8", "utf-8"), ("windows-1251", "cp1251")])
def test_one_broken_character_does_not_turn_the_rest_into_another_alphabet(label: str, codec: str) -> None:
    body = rss(
        ITEM, f"<title>{CYRILLIC}#</title><guid>2</guid>", head=f'<?xml version="1.0" encoding="{label}"?>'
    )
    broken = body.encode(codec).replace(b"#", b"\x98")
    assert [entry.title[: len(CYRILLIC)] for entry in entries(broken)] == [CYRILLIC, CYRILLIC]


@pytest.mark.parametrize("head", ["<!DOCTYPE", "<!DOCTYPE [", "<!DOCTYPE [ ]", "<!-- ", "<? ", "<!DOCTYPE x"])
def test_a_head_that_never_ends_is_no_feed(head: str) -> None:
    with pytest.raises(ParseError):
        entries(head)


def test_bytes_in_no_alphabet_are_left_to_the_parser() -> None:
    assert (
        len(entries(b"<rss version='2.0'><channel><item><title>\xff\xfe\x98</title></item></channel></rss>"))
        == 1
    )


def test_blank_lines_before_the_root_cost_nothing() -> None:
    assert len(entries(b"<?xml version='1.0'?>" + b"\n" * 200_000 + rss(ITEM).encode())) == 1


# ---- which entry is which ----------------------------------------------------------------------------------

KEYS = [
    ("<title>t</title><link>/a</link><guid isPermaLink='false'>g</guid>", "g", "guid"),
    ("<title>t</title><link>/a</link>", "/a", "link, as written: the address of the feed may move"),
    ("<title>t</title><pubDate>Sat, 21 Nov 2026 10:00:00 GMT</pubDate>", "t\n2026-11-21", "title and day"),
    ("<title>t</title>", "t\n", "title"),
]


@pytest.mark.parametrize(("item", "key", "why"), KEYS, ids=[row[2] for row in KEYS])
def test_an_entry_is_known_by_its_guid_or_link_or_title_and_day(item: str, key: str, why: str) -> None:
    (entry,) = entries(rss(item))
    assert entry.id == identity("news", key), why


def test_an_item_with_neither_guid_link_nor_title_is_left_out() -> None:
    assert entries(rss("<description>x</description>")) == ()


def test_an_item_said_twice_is_one() -> None:
    twice = "<title>a</title><link>https://e.example/a</link><guid isPermaLink='false'>1</guid>"
    assert len(entries(rss(twice, twice))) == 1


def test_a_guid_that_is_used_again_swallows_nothing_and_the_older_one_keeps_its_key() -> None:
    old = "<title>Old</title><link>https://e.example/old</link><guid isPermaLink='false'>1</guid>"
    new = "<title>New</title><link>https://e.example/new</link><guid isPermaLink='false'>1</guid>"
    (before,) = entries(rss(old))
    fresh, kept = entries(rss(new, old))
    assert [fresh.title, kept.title] == ["New", "Old"]
    assert kept == before
    assert fresh.id != kept.id
    assert entries(rss(new, old)) == (fresh, kept)


def test_a_digest_changes_with_what_a_reader_sees_and_with_nothing_else() -> None:
    item = "<title>a</title><guid>1</guid><description>b</description>"
    (plain,) = entries(rss(item))
    (same,) = entries(rss(item.replace("b<", "&lt;i&gt;b&lt;/i&gt;<") + "<pubDate>x</pubDate>"))
    (edited,) = entries(rss(item.replace("b<", "c<")))
    assert plain.digest == same.digest != edited.digest


@pytest.mark.parametrize(
    ("link", "absolute"),
    [
        ("https://other.example/a b", "https://other.example/a%20b"),
        ("?id=1", "https://example.com/feeds/news.xml?id=1"),
        ("//cdn.example/a", "https://cdn.example/a"),
        ("javascript:alert(1)", ""),
        ("http://[::1", ""),
        ("mailto:a@example.com", ""),
    ],
)
def test_a_link_is_an_absolute_web_address_or_none(link: str, absolute: str) -> None:
    (entry,) = entries(rss(f"<title>a</title><link>{link}</link>"))
    assert entry.link == absolute


def test_the_operator_says_what_language_a_feed_is_in_and_knows_better_than_its_default() -> None:
    """WordPress says en-US of every site until somebody sets it."""
    feed = Feed(name="news", url="https://example.com/", outlet="x", lang="ru")
    assert [entry.lang for entry in entries(rss("<title>a</title>"), feed=feed)] == ["ru"]
    spoken = rss("<title>a</title>", channel="<language>AZ</language>")
    assert [entry.lang for entry in entries(spoken, feed=feed)] == ["ru"]
    assert [entry.lang for entry in entries(spoken, feed=replace(feed, lang=None))] == ["az"]
    odd = rss("<title>a</title>", channel="<language>english</language>")
    assert [entry.lang for entry in entries(odd, feed=feed)] == ["ru"]
