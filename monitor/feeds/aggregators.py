"""Feeds that show what others publish: whose an item is, and what of it the aggregator added. Decides only.

Google News, Bing and their like print other outlets' headlines with "- Outlet" behind them, over links that
lead through themselves. An item is its outlet's, wherever it was found. Without a word of the operator's it
is an aggregator's where its link leads through one, or where it names a source that is not at home here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from monitor import urls
from monitor.model import Failed, Fresh, Settled
from monitor.text import folded_words, one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from monitor.model import Entry, Feed, PollResult

# Where a link leads through an aggregator to a page that it names: host, path, and the parameters that may.
_LEADING = (
    (re.compile(r"(?:www\.)?bing\.com"), "/news/apiclick.aspx", ("url",)),
    (re.compile(r"(?:www\.)?google\.[a-z.]{2,6}"), "/url", ("url", "q")),  # Google Alerts
    (re.compile(r"news\.google\.[a-z.]{2,6}"), "/news/url", ("url",)),  # Google News up to 2017
)
# Where it leads to one that only the aggregator knows.
_OPAQUE = re.compile(
    r"https?://news\.google\.[a-z.]{2,6}/(?:rss/|__i/rss/rd/)?(?:articles|read)/", re.IGNORECASE
)
_ADDRESS = re.compile(r"https?://([^/?#]+)(/[^?#]*)\?([^#]*)", re.IGNORECASE)
_THROUGH = ("google.", "bing.com/")  # one of them stands in any such link
_FEED_HOSTS = ("feeds.", "feed.", "rss.")
# Whose feeds and pages are many people's: that one of them has a feed here says nothing of the others.
_HOSTS_OF_MANY = frozenset(
    [
        "blogger.com", "blogspot.com", "dzen.ru", "facebook.com", "feedburner.com", "livejournal.com",
        "medium.com", "rutube.ru", "substack.com", "t.me", "telegram.me", "tumblr.com", "twitter.com",
        "vk.com", "wordpress.com", "x.com", "youtube.com",
    ]
)  # fmt: skip
_SEPARATOR = re.compile(r"\s+[-–—|]\s+")
_LONGEST_NAME = 100  # characters; what goes on longer names nobody
_LIST = re.compile(
    r"(?:<(?:ol|ul|li|p|br|b|strong|div|/[a-z]{1,6})(?:\s[^<>]*+)?/?>|&nbsp;|\s"
    r"|<a\s[^<>]*+>[^<>]*+</a>|<font[^<>]*+>[^<>]*+</font>)*+",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Source:
    """Who published what an aggregator shows: the name, and the site ("" where it is not known)."""

    name: str
    site: str


def behind(link: str) -> str:
    """The page's own address, where a link leads through an aggregator and says which; else the link."""
    if not any(part in link for part in _THROUGH):
        return link
    found = _ADDRESS.match(link)
    if found is None:
        return link
    host, path, query = found.groups()
    for hosts, way, names in _LEADING:
        if hosts.fullmatch(host.lower()) and path == way:
            values = parse_qs(query)
            to = next((values[name][0] for name in names if name in values), "")
            return link if not to or urls.problem(to) else to
    return link


def is_opaque(link: str) -> bool:
    """Whether the link says nothing of the page: another may lead to it at the next poll."""
    return "google." in link and bool(_OPAQUE.match(link))


def leads(link: str) -> bool:
    """Whether the link, as its document has it, leads through an aggregator."""
    return is_opaque(link) or behind(link) != link


def site(url: str) -> str:
    """Whose an address is: its host without what marks a mobile edition or a place of feeds; or ""."""
    host = urls.canonical(url).removeprefix("https://").partition("/")[0]
    for prefix in _FEED_HOSTS:
        rest = host.removeprefix(prefix)
        host = rest if "." in rest else host
    return host


def source(feed: Feed, *, home: str, linked: str, link: str, name: str = "", url: str = "") -> Source | None:
    """Who published an item of this feed, where that is not the feed's own outlet.

    `name` and `url` are the source that it names, `home` the site's address that the document names, `linked`
    the item's link as it stands there, and `link` the page behind it.
    """
    if feed.aggregator is False:
        return None
    name = one_line(name)
    name = "" if len(name) > _LONGEST_NAME else name
    at = site(url) if name else ""
    through = link != linked or is_opaque(link)
    page = "" if is_opaque(link) else site(link)
    ours = [place for place in (site(feed.url), site(home)) if place]
    if name and (through or feed.aggregator or (at and not _at_home(at, ours))):
        return Source(name, at or page)
    if page and not _at_home(page, ours) and (through or feed.aggregator):
        return Source(page, page)
    return None


def _at_home(place: str, ours: Iterable[str]) -> bool:
    return any(place == own or place.endswith("." + own) or own.endswith("." + place) for own in ours)


def without_name(title: str, name: str) -> str:
    """The title without its source's name behind a dash or a bar; nothing else is taken off."""
    named = folded_words(name)
    cut = title
    for separator in reversed(list(_SEPARATOR.finditer(title))):
        tail = cut[separator.end() :]
        if len(tail) > 2 * _LONGEST_NAME or not named:
            break
        if folded_words(tail) == named and folded_words(title[: separator.start()]):
            cut = title[: separator.start()]
    return cut


def lists_headlines(summary: str) -> bool:
    """Whether some markup is nothing but links and the names beside them: headlines, each another's."""
    return "<a " in summary and bool(_LIST.fullmatch(summary))


# ---- by the operator's names -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Outlets:
    """What the operator calls the outlets of the feeds, by site and by name."""

    by_site: Mapping[str, str] = field(default_factory=dict)
    by_name: Mapping[tuple[str, ...], str] = field(default_factory=dict)

    def named(self, entry: Entry) -> Entry:
        """The entry under its outlet's name here: by its own feed and by an aggregator it is one outlet's.

        Its feed's name is no better than the one that it brings.
        """
        if not entry.origin:
            return entry
        ours = self._at(entry.origin) or self.by_name.get(folded_words(entry.outlet))
        return entry if ours in (None, entry.outlet, entry.feed) else replace(entry, outlet=ours)

    def in_result(self, result: PollResult) -> PollResult:
        """The result with its entries under these names."""
        if isinstance(result, Settled):
            return self._in_settled(result)
        if not isinstance(result, Fresh):
            return result
        first = result.settled and self._in_settled(result.settled)
        return replace(result, entries=tuple(map(self.named, result.entries)), settled=first)

    def _in_settled(self, result: Settled) -> Settled:
        reading = self.in_result(result.reading)
        assert isinstance(reading, Fresh | Failed)
        return replace(result, reading=reading)

    def _at(self, place: str) -> str | None:
        """Whose the site is, or the one that it is a part of ("edition.news.example")."""
        while "." in place:
            if place in self.by_site:
                return self.by_site[place]
            place = place.partition(".")[2]
        return None


def outlets(feeds: Iterable[Feed]) -> Outlets:
    """The names of these feeds' outlets. A site of several outlets tells nothing, nor does a host of many.

    A feed that is called what its outlet is, for want of a name, counts where no other of its site has one.
    """
    given: dict[str, set[str]] = {}
    unnamed: dict[str, set[str]] = {}
    by_name: dict[tuple[str, ...], str] = {}
    for feed in feeds:
        if feed.aggregator:
            continue
        at = unnamed if feed.outlet == feed.name else given
        at.setdefault(site(feed.url), set()).add(feed.outlet)
        by_name.setdefault(folded_words(feed.outlet), feed.outlet)
    by_site = {
        place: names.pop()
        for place, names in (unnamed | given).items()
        if place and place not in _HOSTS_OF_MANY and len(names) == 1
    }
    return Outlets(by_site, by_name)
