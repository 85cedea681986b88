"""What agencies and outlets put round a text and readers skip: labels, signatures, datelines. Pure.

Cutting too little costs a repeat; cutting too much makes two stories look alike. So a label goes only if it
is made of known words, and a signature only if it names the outlet, an agency or plainly a paper.
"""

from __future__ import annotations

import re

from monitor.stories.words import AGENCIES, LANGUAGES, PRESS
from monitor.text import fold, folded_words

_LABEL = re.compile(r"\s*[\[(]?([^\W_][^:|/\-–—\])!]{0,39}?)[\])]?\s*(?:[:|/!]+|\s*[-–—]+|[\])])\s*(?=\S)")
_TAIL_LABEL = re.compile(r"\s*[\[(]([^\])]{2,40})[\])]\s*$")
_SIGNATURE = re.compile(r"\s+[-–—|/•·]\s+|\s+::\s+|\s*\|\s*")
_LONGEST_SIGNATURE = 6  # words: "The New York Times International Edition"
_LONGEST_BYLINE = 3  # "Reuters Staff Writer"
_LONGEST_PAPER = 4  # "The New Jersey Herald"
_LEAST_OUTLET = 2  # words; a name of one word ("Dnipro") may open what a title says of a place
_LONGEST_EDITION = 2  # words after the outlet's name: "Valley Courier North"
_DATELINE = (
    # LONDON, March 3 (Reuters) - ; BAKU (AZERTAC) -- ; (Reuters) -
    re.compile(r"\s*[^.!?()]{0,60}\((?P<who>[^()]{2,40})\)\s*[-–—:.]+\s*"),
    # ЕРЕВАН, 3 марта. /АРМЕНПРЕСС/. ; БАКУ /Trend/ -
    re.compile(r"\s*[^!?/]{2,60}/(?P<who>[^/]{2,40})/\s*[-–—:.,]*\s*"),
    # МОСКВА, 3 мар — РИА Новости. ; Bakı, 3 mart, AZƏRTAC
    re.compile(
        r"\s*[^\W\d_][^.!?()\d]{1,30},\s*\d{1,2}\.?\s+[^\W\d_]+\.?(?:\s+\d{4})?\s*[,.–—-]+\s*"
        r"(?P<who>[^\W_][^.,–—()]{1,30}?)\s*[.,–—-]+\s+"
    ),
)
_LABELS = frozenset(fold(word) for language in LANGUAGES.values() for word in language.alerts.split())
_AGENCIES = frozenset(" ".join(folded_words(name)) for name in AGENCIES)
_ELLIPSIS = re.compile(r"\s*(?:\.{3,}|…)\s*$")
_INITIALS = re.compile(r"\b(?:[^\W\d_]\.)+[^\W\d_](?:\.|(?=\s))")
_TICKER = re.compile(r"\s*<[A-Z0-9.]{1,8}>")


def bare_title(title: str, outlet: str) -> str:
    """The title without its labels and signatures, or the title itself if nothing else would be left."""
    bare = _TICKER.sub("", _ELLIPSIS.sub("", title))
    bare = _INITIALS.sub(lambda initials: initials[0].replace(".", "") + " ", bare)
    bare = _without_signatures(_without_labels(bare), outlet)
    return bare if folded_words(bare) else title


def is_cut(title: str) -> bool:
    """Whether the title breaks off."""
    return bool(_ELLIPSIS.search(title))


def bare_report(report: str, outlet: str) -> str:
    """The text without the dateline of an agency or of its own outlet."""
    for dateline in _DATELINE:
        found = dateline.match(report)
        if found and _signs(found["who"], outlet):
            return report[found.end() :]
    return report


def _without_labels(title: str) -> str:
    while (found := _LABEL.match(title)) and _is_label(found[1]):
        title = title[found.end() :]
    while (found := _TAIL_LABEL.search(title)) and _is_label(found[1]):
        title = title[: found.start()]
    return title


def _is_label(text: str) -> bool:
    """Whether every word is a known label or the count of an update ("UPDATE 2")."""
    words = folded_words(text)
    return bool(words) and not words[0].isdigit() and all(word in _LABELS or word.isdigit() for word in words)


def _without_signatures(title: str, outlet: str) -> str:
    """The title without the outlet's name at its end or, if that is its own or an agency's, its beginning."""
    parts = _SIGNATURE.split(title)
    separators = _SIGNATURE.findall(title)
    while len(parts) > 1 and (
        _signs(parts[-1], outlet, paper=True) or _is_edition(parts[-1], outlet) or _is_label(parts[-1])
    ):
        parts.pop()
        separators.pop()
    while len(parts) > 1 and _signs(parts[0], outlet, paper=True):
        parts.pop(0)
        separators.pop(0)
    return parts[0] + "".join(between + part for between, part in zip(separators, parts[1:], strict=True))


def _is_edition(text: str, outlet: str) -> bool:
    """Whether the text is the outlet's name with that of an edition behind it."""
    words, name = folded_words(text), folded_words(outlet)
    return (
        len(name) >= _LEAST_OUTLET
        and words[: len(name)] == name
        and len(words) - len(name) <= _LONGEST_EDITION
    )


def _signs(text: str, outlet: str, *, paper: bool = False) -> bool:
    """Whether the text names the outlet, an agency or, if asked, any paper ("WBOC-TV 16", "news.am")."""
    words = folded_words(text.rstrip("0123456789 "))
    if not words or len(words) > _LONGEST_SIGNATURE:
        return False
    if words == folded_words(outlet) or " ".join(words) in _AGENCIES:
        return True
    if (
        any(" ".join(words[:size]) in _AGENCIES for size in (1, 2))
        and len(words) <= _LONGEST_BYLINE
        and not paper
    ):
        return True
    site = re.fullmatch(r"\s*(?:www\.)?[\w-]+(?:\.[\w-]+)*\.[a-z]{2,6}\s*", text, re.IGNORECASE)
    return paper and (bool(site) or (1 < len(words) <= _LONGEST_PAPER and words[-1] in PRESS))
