from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.errors import ParseError
from monitor.feeds import opml
from monitor.model import Access, Feed, Proxy

LIST = """<?xml version="1.0"?>
<opml version="1.0"><head><title>mine</title></head><body>
  <outline text="Caucasus"><outline text="Ереван">
    <outline type="rss" text="A &amp; B" title="The A &amp; B" language="hy-AM"
      xmlUrl=" https://a.example/rss "/>
  </outline></outline>
  <outline text="Plain" xmlUrl="https://b.example/feed" category="/World/Europe,press"/>
  <outline text="a note"/>
</body></opml>"""


def test_folders_and_categories_become_tags() -> None:
    first, second = opml.read(LIST.encode())
    assert first == opml.Outline("https://a.example/rss", "A & B", "The A & B", ("caucasus", "ереван"), "hy")
    assert (second.tags, second.lang, second.title) == (("world", "europe", "press"), "", "")


@pytest.mark.parametrize(
    ("document", "what"),
    [
        (b"", "not well-formed"),
        (b"<opml><body>", "not well-formed"),
        (b"<rss/>", "no OPML"),
        (b"<!DOCTYPE opml [<!ENTITY a 'aaaa'>]><opml><body/></opml>", "DOCTYPE"),
        (b"<opml>" + b"<outline text='a'>" * 60 + b"</outline>" * 60 + b"</opml>", "too deep"),
    ],
)
def test_what_is_no_list_is_refused(document: bytes, what: str) -> None:
    with pytest.raises(ParseError, match=what):
        opml.read(document)


NAMES = st.from_regex(r"[a-z0-9][a-z0-9-]{0,8}", fullmatch=True)
CHARACTERS = st.characters(blacklist_categories=["Cs", "Cc"])
TEXT = st.text(CHARACTERS, min_size=1).filter(lambda text: text == text.strip())
FEEDS = st.builds(
    Feed,
    name=NAMES,
    url=NAMES.map(lambda name: f"https://{name}.example/feed?a=1&b=<2>"),
    outlet=TEXT,
    tags=st.frozensets(st.sampled_from(["press", "ереван", "a & b", "<x>"])),
    lang=st.sampled_from([None, "hy"]),
    every=st.sampled_from([None, timedelta(seconds=90), timedelta(minutes=5), timedelta(days=1)]),
    allow_private=st.booleans(),
)


@settings(max_examples=100, deadline=None)
@given(st.lists(FEEDS, max_size=5))
def test_what_is_written_is_read_again(feeds: list[Feed]) -> None:
    found = {
        (
            outline.url,
            outline.text,
            outline.title,
            frozenset(outline.tags),
            outline.lang or None,
            outline.every,
            outline.private == "yes",
        )
        for outline in opml.read(opml.write(feeds).encode())
    }
    assert found == {
        (
            feed.url,
            feed.name,
            feed.outlet,
            feed.tags,
            feed.lang,
            opml.span(feed.every) if feed.every else "",
            feed.allow_private,
        )
        for feed in feeds
    }


def test_what_a_feed_is_asked_with_does_not_go_out_with_the_list() -> None:
    access = Access(headers=(("X-Key", "hush"),), proxy=Proxy("proxy.example", 1, "hush"))
    assert "hush" not in opml.write([Feed("a", "https://a.example/", "A", access=access)])
