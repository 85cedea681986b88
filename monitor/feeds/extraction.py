"""What strangers' pages and robots.txt say, read by the two libraries that know how. For parser processes.

Both are extras, loaded when they are first asked: Trafilatura finds an article in its page, Protego reads
RFC 9309. Strangers decide how long that takes: whoever asks must be one who can be killed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from monitor.feeds.page import headline_of, text_of_page
from monitor.text import clean, words

MOST_TEXT = 100_000  # characters of one article that are kept; half of what rules read of an entry
FEWEST_WORDS = 20  # fewer are a cookie notice, a caption or "Subscribe to read"
_MANY_LINES = re.compile(r"\n\s*\n+")


@dataclass(frozen=True, slots=True)
class Page:
    """A page to take the article out of."""

    body: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class Article:
    """What a page says: its headline and its text, cleaned (text.py), a paragraph a line; "" for none.

    `cut` says that the text goes on: MOST_TEXT of it are kept.
    """

    title: str
    text: str
    cut: bool = False


NOTHING = Article("", "")


@dataclass(frozen=True, slots=True)
class Question:
    """Whether a robots.txt lets `agent` read an address."""

    robots: bytes
    agent: str
    url: str


@dataclass(frozen=True, slots=True)
class Leave:
    """Its answer, and the seconds that it asks for between two requests (0 for none)."""

    granted: bool
    delay: float = 0.0


GRANTED = Leave(granted=True)


def answer(job: Page | Question) -> Article | Leave:
    """What the page or the robots.txt says; whatever the library raises is a page that says nothing."""
    return leave(job) if isinstance(job, Question) else article(job)


def article(page: Page) -> Article:
    """The article of a page, without its menus, other headlines and comments.

    `favor_precision` leaves out what may be either: a rule that fires on a sidebar tells people something
    that is not so, and what it leaves out the summary has most often told (benchmarks/fulltext.py).
    """
    from trafilatura import extract

    source = text_of_page(page.body, page.content_type)
    if not source.lstrip("\ufeff \t\r\n").startswith("<"):
        return NOTHING  # a PDF that is called HTML
    found = extract(source, favor_precision=True, include_comments=False, include_tables=True) or ""
    text = _MANY_LINES.sub("\n", clean(found)).strip()
    if sum(1 for _ in words(text[:1000])) < FEWEST_WORDS:
        return Article(headline_of(source), "")
    return Article(headline_of(source), *_bounded(text))


def _bounded(text: str) -> tuple[str, bool]:
    """Whole paragraphs of it, as many as are kept."""
    if len(text) <= MOST_TEXT:
        return text, False
    end = text.rfind("\n", 0, MOST_TEXT)
    return text[: end if end > 0 else MOST_TEXT], True


def leave(asked: Question) -> Leave:
    """What a robots.txt says of an address (RFC 9309 §2.2); what is no robots.txt says nothing."""
    from protego import Protego

    robots = Protego.parse(asked.robots.decode("utf-8", "replace"))
    delay = robots.crawl_delay(asked.agent)
    return Leave(bool(robots.can_fetch(asked.url, asked.agent)), float(delay or 0.0))
