"""What strangers' pages and robots.txt say, read by the two libraries that know how. For parser processes.

Both are extras, loaded when they are first asked: Trafilatura finds an article in its page, Protego reads
RFC 9309. Strangers decide how long that takes: whoever asks must be one who can be killed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from monitor.feeds.page import headline_of, text_of_page
from monitor.text import clean, words

MOST_TEXT = 100_000  # characters of one article that are kept; half of what rules read of an entry
FEWEST_WORDS = 20  # fewer are a cookie notice, a caption or "Subscribe to read"
# | threshold | the case that set it |
# |---|---|
# | more than half is links | "Read also: headline" is a link but for its marker |
# | 300 characters of text in a cell | results stand in short cells, what a table lays out in a long one |
MOST_LINKED = 0.5
LONGEST_CELL = 300
_BLOCKS = (
    "p",
    "li",
    "ul",
    "ol",
    "dl",
    "td",
    "div",
    "section",
    "aside",
    "nav",
    "header",
    "footer",
    "h2",
    "h3",
    "h4",
)
_UNSEEN = frozenset({"script", "style", "noscript", "template"})
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
    from trafilatura import extract, load_html

    source = text_of_page(page.body, page.content_type)
    if not source.lstrip("\ufeff \t\r\n").startswith("<"):
        return NOTHING  # a PDF that is called HTML
    tree = load_html(source)
    if tree is None:
        return NOTHING
    _cleared(tree)
    found = extract(tree, favor_precision=True, include_comments=False, include_tables=True) or ""
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


# ---- what is not the article, by its links ----------------------------------------------------------------


def _cleared(tree: Any) -> None:
    """Takes out of a page what is mostly links, and makes of tables that lay it out what they stand for.

    "Read also" insets stand amid the paragraphs, and pages of the 2000s have menus in cells beside the text:
    no class tells either, and Trafilatura keeps both (benchmarks/fulltext.py).
    """
    whole, linked = _lengths(tree)
    for table in list(tree.iter("table")):
        if any(whole[cell] - linked[cell] > LONGEST_CELL for cell in table.iter("td")):
            for part in table.iter("table", "tbody", "tr", "td"):
                part.tag = "div"
    for block in reversed(list(tree.iter(*_BLOCKS))):  # a list of links first, so that what is round it stays
        if linked[block] > MOST_LINKED * whole[block] and block.getparent() is not None:
            for one in block.iterancestors():
                whole[one] -= whole[block]
                linked[one] -= linked[block]
            block.drop_tree()


def _lengths(tree: Any) -> tuple[dict[Any, int], dict[Any, int]]:
    """Of each element: the characters in it, and those of them that stand in links."""
    whole: dict[Any, int] = {}
    linked: dict[Any, int] = {}
    for one in reversed(list(tree.iter())):  # what is inside comes after what it is in
        own = _written(one.text) if isinstance(one.tag, str) and one.tag not in _UNSEEN else 0
        whole[one] = own + sum(whole[child] + _written(child.tail) for child in one)
        linked[one] = whole[one] if one.tag == "a" else sum(linked[child] for child in one)
    return whole, linked


def _written(text: str | None) -> int:
    return sum(map(len, text.split())) if text else 0


# ---- robots.txt -------------------------------------------------------------------------------------------


def leave(asked: Question) -> Leave:
    """What a robots.txt says of an address (RFC 9309 §2.2); what is no robots.txt says nothing."""
    from protego import Protego

    robots = Protego.parse(asked.robots.decode("utf-8", "replace"))
    delay = robots.crawl_delay(asked.agent)
    return Leave(bool(robots.can_fetch(asked.url, asked.agent)), float(delay or 0.0))
