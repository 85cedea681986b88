"""How faithful what we read is: titles, links and dates of real feeds beside feedparser's own.

    python benchmarks/fidelity.py --data DIR

DIR/feeds/real holds single captures of many feeds, DIR/feeds/history/OUTLET successive ones. Each document in
which feedparser, its options as they come, finds entries is read by monitor.feeds.parse too. Titles are
compared as a reader sees them, links as addresses. A date is right where the standard library's readers of
RFC 5322 and ISO 8601 take the same text for the same second. Prints the shares and what differs; exits 1
under 99.9 % of titles or 99.5 % of links, with a date that is wrong, or with an entry or document lost.
"""

from __future__ import annotations

import argparse
import gzip
import re
import sys
import time
import warnings
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html import unescape
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import feedparser

from monitor.errors import ParseError
from monitor.feeds.parse import read
from monitor.model import Feed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from monitor.model import Entry

NOW = datetime(2026, 11, 21, tzinfo=UTC)
TITLES, LINKS = 0.999, 0.995
_TAG = re.compile(r"<[a-zA-Z/!][^<>]*>")


@dataclass
class Tally:
    """What was compared, and what differed."""

    documents: int = 0
    unread: int = 0  # documents that feedparser finds entries in and we refuse
    entries: int = 0
    lost: int = 0
    titles: int = 0
    links: int = 0
    dates: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """The shares."""
        found = self.entries - self.lost
        dated = sum(self.dates.values())
        dates = ", ".join(f"{count:,} {what}" for what, count in self.dates.most_common())
        return (
            f"{self.documents} documents ({self.unread} of them refused), {self.entries:,} entries"
            f" ({self.lost} of them lost)\n"
            f"titles as feedparser has them  {self.titles / found:.3%}  ({found - self.titles} differ)\n"
            f"links as feedparser has them   {self.links / found:.3%}  ({found - self.links} differ)\n"
            f"dates of {dated:,} entries: {dates}"
        )

    @property
    def good(self) -> bool:
        """Whether the goals are reached."""
        found = self.entries - self.lost
        return (
            not (self.lost or self.unread or self.dates["wrong"])
            and self.titles >= TITLES * found
            and self.links >= LINKS * found
        )


def compare(body: bytes, feed: Feed, tally: Tally) -> None:
    """Reads a document both ways."""
    theirs = _feedparser(body)
    if not theirs:
        return
    tally.documents += 1
    try:
        entries = read(body, feed=feed, content_type="", now=NOW).entries
    except ParseError as error:
        tally.unread += 1
        tally.differences.append(f"{feed.name}: refused: {error.what}")
        return
    for one, ours in _paired(theirs, entries):
        tally.entries += 1
        if ours is None:
            tally.lost += 1
            tally.differences.append(f"{feed.name}: lost: {one.get('title')!r}")
            continue
        _compare_entry(one, ours, feed, tally)


def _compare_entry(one: Any, ours: Entry, feed: Feed, tally: Tally) -> None:
    title = seen(one.get("title", ""))
    tally.titles += title == ours.title
    if title != ours.title:
        tally.differences.append(f"{feed.name}: title {title!r} is {ours.title!r} to us")
    link = _link(one, feed)
    tally.links += link == ours.link
    if link != ours.link:
        tally.differences.append(f"{feed.name}: link {link!r} is {ours.link!r} to us")
    text = next(filter(None, (dict.get(one, name) for name in ("published", "created", "updated"))), "")
    if text:
        what = _date(text, ours.published)
        tally.dates[what] += 1
        if what == "wrong":
            tally.differences.append(f"{feed.name}: date {text!r} is {ours.published} to us")


def seen(markup: str) -> str:
    """A title as a reader sees it, by other means than ours: tags off, references read, one line."""
    return " ".join(unescape(_TAG.sub("", markup)).replace("\u00ad", "").replace("\u200b", "").split())


def _link(one: Any, feed: Feed) -> str:
    link = " ".join(str(one.get("link", "")).split()).replace(" ", "%20")
    return urljoin(feed.url, link) if link else ""


def _date(text: str, ours: datetime | None) -> str:
    """Whether the date is right, absent or wrong."""
    if ours is None:
        return "absent"
    for reader in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            moment = reader(text.strip())
        except (ValueError, TypeError, IndexError):
            continue
        if moment.tzinfo is not None:
            return "right" if moment.replace(microsecond=0) == ours else "wrong"
    return "read by us alone"


def _feedparser(body: bytes) -> list[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return list(feedparser.parse(BytesIO(body)).entries)


def _paired(theirs: Iterable[Any], ours: Iterable[Entry]) -> Iterator[tuple[Any, Entry | None]]:
    """Each of their entries with ours of the same guid or link and title; what is said twice counts once."""
    rest = list(ours)
    paired: set[tuple[str, str, str]] = set()
    for one in theirs:
        guid, title = " ".join(str(one.get("id", "")).split()), seen(one.get("title", ""))
        key = (guid, str(one.get("link", "")), title)
        if key in paired or not any(key):
            continue
        paired.add(key)
        fitting = [entry for entry in rest if entry.guid == guid] if guid else rest
        found = next((entry for entry in fitting if entry.title == title), fitting[0] if fitting else None)
        if found is not None:
            rest.remove(found)
        yield one, found


def compared(captures: Iterable[Path]) -> Tally:
    """All of these files; each belongs to the feed that it, or its folder of history, is named after."""
    tally = Tally()
    for path in captures:
        name = path.name.partition(".")[0] if path.parent.name == "real" else path.parent.name
        feed = Feed(name, f"https://{name}.invalid/feed", name)
        compare(gzip.decompress(path.read_bytes()), feed, tally)
    return tally


def main() -> int:
    """Prints the shares."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder with feeds/")
    parser.add_argument("--all", action="store_true", help="print every difference, not only the first 20")
    options = parser.parse_args()
    feeds = options.data / "feeds"
    if not feeds.is_dir():
        sys.exit(f"{feeds} is not there: name the folder of captures with --data")
    began = time.perf_counter()
    captures = [*sorted((feeds / "real").glob("*.gz")), *sorted((feeds / "history").glob("*/*.gz"))]
    tally = compared(captures)
    print(tally)
    for line in tally.differences[: None if options.all else 20]:
        print(f"  {line}")
    print(f"in {time.perf_counter() - began:.0f} s")
    return 0 if tally.good else 1


if __name__ == "__main__":
    sys.exit(main())
