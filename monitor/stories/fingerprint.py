"""An entry reduced to what judging it needs: folded words, numbers, link and digest. Pure.

Numbers are taken from the title as printed, before furniture is cut: " - March 10, 2014" looks like an outlet
and is the only difference between two live pages.
"""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import blake2b
from itertools import islice
from typing import TYPE_CHECKING

from monitor.model import Fingerprint
from monitor.stories.furniture import bare_report, bare_title, is_cut
from monitor.stories.grams import words_or_grams
from monitor.stories.numbers import languages, numbers
from monitor.stories.spelling import content_words
from monitor.text import words
from monitor.urls import canonical

if TYPE_CHECKING:
    from monitor.model import Entry

REPORT_WORDS = 100  # F on labelled wire news: 20 words .885, 40 .957, 60 .967, 100 .978
LEAST_SUMMARY = 10  # words; a shorter one is a caption
_SPACE = re.compile(r"\s")
LEAST_EVIDENCE = 3  # words in title and text together; "Press review" twice is no copy
_MARGIN_WORDS = 40  # after the text, whose numbers count as known
_TITLE = "="  # marks a number of the title
_TOLD, _WHOLE, _CUT = 1, 2, 4  # of a packed fingerprint: a text, one that does not open with the title, "…"
_BEYOND = "~"  # marks a number shortly after the text's end


def fingerprint(entry: Entry) -> Fingerprint:
    """What judging the entry needs.

    Its numbers are "=12" where the title has them, "12" in the text and "~12" shortly after its end.
    """
    tongues = languages(entry.title + entry.summary[:200], entry.lang)
    title = words_or_grams(bare_title(entry.title, entry.outlet))
    report = bare_report(_report(entry), entry.outlet)
    head = _head(report, REPORT_WORDS)
    body = words_or_grams(head)[:REPORT_WORDS]
    told = len(body) >= LEAST_SUMMARY
    text = title + body if told else title
    of_report = _of_report(report, head, tongues) if told else frozenset()
    return Fingerprint(
        title=title,
        text=text,
        numbers=_of_title(entry.title, tongues) | of_report,
        link=_page(entry.link),
        digest=_digest(title, body) if _says_something(title, body, told=told) else "",
        summary=told,
        cut=is_cut(entry.title),
    )


def title_numbers(of: Fingerprint) -> frozenset[str]:
    """The numbers, months and weekdays of the title."""
    return _read(of.numbers)[0]


def told_numbers(of: Fingerprint) -> frozenset[str]:
    """The numbers, months and weekdays of title and text."""
    return _read(of.numbers)[1]


def known_numbers(of: Fingerprint) -> frozenset[str]:
    """Those and the ones shortly after the text's end: a word put in before pushes them out of a copy."""
    return _read(of.numbers)[2]


@lru_cache(maxsize=1 << 10)
def _read(marked: frozenset[str]) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """Those of the title, those told, those known."""
    of_title = frozenset(number[1:] for number in marked if number.startswith(_TITLE))
    known = frozenset(map(_plain, marked))
    beyond = [number for number in marked if number.startswith(_BEYOND)]
    told = frozenset(map(_plain, marked.difference(beyond))) if beyond else known
    return of_title, told, known


def _plain(number: str) -> str:
    """The number without its marks and count."""
    return number.lstrip(_TITLE + _BEYOND).partition("#")[0]


def pack(fp: Fingerprint) -> str:
    """The fingerprint as lines of words: unpack(pack(fp)) == fp. About 600 bytes with a full text."""
    own = fp.text[len(fp.title) :] if fp.text[: len(fp.title)] == fp.title else None
    flags = fp.summary * _TOLD + (own is None) * _WHOLE + fp.cut * _CUT
    rest = fp.text if own is None else own
    return "\n".join(
        (" ".join(fp.title), " ".join(rest), " ".join(sorted(fp.numbers)), fp.link, fp.digest, str(flags))
    )


def unpack(text: str) -> Fingerprint:
    """The fingerprint that pack() wrote. Raises ValueError on anything else."""
    title, rest, found, link, digest, last = text.split("\n")
    flags = int(last)
    head = tuple(title.split())
    tail = tuple(rest.split())
    return Fingerprint(
        title=head,
        text=tail if flags & _WHOLE else head + tail,
        numbers=frozenset(found.split()),
        link=link,
        digest=digest,
        summary=bool(flags & _TOLD),
        cut=bool(flags & _CUT),
    )


def _report(entry: Entry) -> str:
    """The longer of summary and body: a summary is most often the body's beginning."""
    return entry.body if len(entry.body) > len(entry.summary) else entry.summary


def _head(report: str, count: int) -> str:
    """The first words of the report, as printed, up to a space: no number is cut in two."""
    last = next(islice(words(report), count - 1, None), None)
    space = _SPACE.search(report, last.end()) if last else None
    return report[: space.start()] if space else report


def _of_title(title: str, tongues: tuple[str, ...]) -> frozenset[str]:
    """Those of the title, each as often as it is there: "5 stories, Nov 5" is not "5 stories, Nov 7"."""
    return frozenset(_TITLE + number for number in numbers(title, tongues, counted=True))


def _of_report(report: str, head: str, tongues: tuple[str, ...]) -> frozenset[str]:
    """Those of the report's head, and of what comes shortly after it."""
    told = numbers(head, tongues)
    if len(report) == len(head):
        return told
    beyond = numbers(_head(report[len(head) :], _MARGIN_WORDS), tongues) - told
    return told | {_BEYOND + number for number in beyond}


def cited(entry: Entry) -> frozenset[str]:
    """The pages that the entry's text points at, beside its own."""
    return frozenset(map(_page, entry.links)) - {"", _page(entry.link)} if entry.links else _NOTHING


_NOTHING: frozenset[str] = frozenset()


def _page(link: str) -> str:
    """The identity of a link to one article, else ""; many feeds send every entry to the home page."""
    page = canonical(link) if link else ""
    return page if page.partition("://")[2].partition("/")[2] else ""


def _says_something(title: tuple[str, ...], body: tuple[str, ...], *, told: bool) -> bool:
    """Whether title and text are more than a heading: "Press review", "Here's the latest"."""
    return len(title) + len(body) >= LEAST_EVIDENCE and (told or len(content_words(title)) > 1)


def _digest(title: tuple[str, ...], body: tuple[str, ...]) -> str:
    """64 bits: among 10 million entries two texts share one with a chance under 3e-6."""
    return blake2b(
        "\n".join((" ".join(title), " ".join(body))).encode("utf-8", "surrogatepass"), digest_size=8
    ).hexdigest()
