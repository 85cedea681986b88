"""The feeds behind a page: what it names as its feeds, what it links to that looks like one, usual places."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urljoin

from monitor import urls
from monitor.feeds import sitemap

_MOST = 20  # addresses that are tried
_READ = 1 << 20  # characters of a page that are looked at
_INDEX = re.compile(r"<(?:[\w.-]+:)?sitemapindex[\s>]")
_TAG = re.compile(r"<(link|a)\b([^<>]{1,2000})>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([a-z]{1,20})\s{0,9}=\s{0,9}(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml")
_LIKELY = re.compile(r"(?:^|[/._=-])(?:rss|feeds?|atom|rdf)(?:$|[/._=?&-]|\d)|\.xml$", re.IGNORECASE)
_USUAL = ("/feed/", "/rss", "/rss.xml", "/feed.xml", "/atom.xml", "/index.xml")


def feeds_of(page: bytes, *, url: str) -> tuple[str, ...]:
    """Addresses where a page's feeds may be, the likeliest first, at most 20; they are not tried here.

    Those of an index of sitemaps are its sitemaps.
    """
    text = page.decode("utf-8", "replace")[:_READ]
    named: list[str] = sitemap.listed(text)[:_MOST] if _INDEX.search(text[:1_000]) else []
    linked: list[str] = []
    for found in _TAG.finditer(text):
        values = _attributes(found[2])
        href = values.get("href", "")
        if found[1].lower() == "a":
            linked += [href] if _LIKELY.search(href) else []
        elif "alternate" in values.get("rel", "").lower() and values.get("type", "").lower() in _TYPES:
            named.append(href)
    addresses = (_absolute(href, url) for href in (*named, *linked, *_USUAL))
    return tuple(dict.fromkeys(address for address in addresses if address and address != url))[:_MOST]


def _attributes(tag: str) -> dict[str, str]:
    return {
        name.lower(): unescape(quoted or apostrophed or bare)
        for name, quoted, apostrophed, bare in _ATTRIBUTE.findall(tag)
    }


def _absolute(href: str, base: str) -> str:
    try:
        address = urljoin(base, href.strip()).partition("#")[0] if href else ""
    except ValueError:
        return ""
    blank = "${" in address  # for a script of the page to fill in; the operator's files refuse it
    return "" if blank or urls.problem(address) else address
