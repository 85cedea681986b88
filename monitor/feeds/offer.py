"""What a feed says of push: its hubs and its topic, in headers and in the document (WebSub §4).

https://www.w3.org/TR/2018/REC-websub-20180123/ . All of it was written by strangers: what is no address that
may be polled is passed over. Nothing here connects.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from monitor import urls
from monitor.model import Offer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_MOST_HUBS = 3  # one is used, and another tried where it fails
_MOST_LINKS = 50  # of one header
_LONGEST = 2_000  # characters of an address
_LINK = re.compile(r"<([^<>]{1,2000})>([^<>]{0,500})")  # RFC 8288 §3: <address>; rel="hub", <next>
_REL = re.compile(r""";\s{0,9}rel\s{0,9}=\s{0,9}(?:"([^"]*)"|([^\s",;]+))""", re.IGNORECASE)
_TYPES = frozenset({"websub", "pubsubhubbub"})


def in_headers(link: str, *, url: str) -> Offer | None:
    """What a Link header of the answer from this address offers; None where it names no hub."""
    found = []
    for address, parameters in _LINK.findall(link)[:_MOST_LINKS]:
        rel = _REL.search(parameters)
        found.append((rel[1] or rel[2] or "" if rel else "", address))
    offer = of_links(found, url=url)
    return offer if offer.hubs else None


def of_links(links: Iterable[tuple[str, str]], *, url: str) -> Offer:
    """What (rel, href) of a document's own links offer; without hubs where they name none.

    A document that does not say its own name is known by the address it came from, as most hubs have it.
    """
    named: dict[str, list[str]] = {"hub": [], "self": []}
    for rels, href in links:
        for rel in set(rels.lower().split()) & named.keys():
            named[rel].append(href)
    return _offer(named["hub"], [*named["self"], url], url=url)


def of_json(document: Mapping[str, object], *, url: str) -> Offer:
    """What a JSON Feed offers (`hubs`, https://www.jsonfeed.org/version/1.1/)."""
    said = document.get("hubs")
    hubs = [one for one in said if isinstance(one, dict)] if isinstance(said, list) else []
    addresses = [str(one.get("url") or "") for one in hubs if str(one.get("type")).lower() in _TYPES]
    return _offer(addresses, [str(document.get("feed_url") or ""), url], url=url)


def _offer(hubs: Iterable[str], topics: Iterable[str], *, url: str) -> Offer:
    usable = tuple(dict.fromkeys(filter(None, (_address(hub, url) for hub in hubs))))[:_MOST_HUBS]
    topic = next(filter(None, (_address(topic, url) for topic in topics)), "")
    return Offer(usable, topic) if usable and topic else Offer()


def _address(href: str, base: str) -> str:
    """The address that it is, from the document's own; "" for what may not be asked."""
    try:
        address = urljoin(base, href.strip()) if href.strip() else ""
    except ValueError:
        return ""
    return address if address and len(address) <= _LONGEST and not urls.problem(address) else ""
