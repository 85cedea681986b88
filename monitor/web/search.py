"""Search over all that is stored, what was found marked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from monitor.store.catalogue import RUN
from monitor.store.reading import Reading, searched
from monitor.text import cut, fold, parts
from monitor.web.site import LONGEST_VALUE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from monitor.web.site import Site

_FOUND = 30
_BEFORE, _QUOTED = 80, 240  # characters of a text that a list shows: before what was found, and in all


def search(site: Site, request: Request) -> Response:
    """What is stored with these words, the newest first."""
    query = request.query_params.get("q", "")[:LONGEST_VALUE]
    before = request.query_params.get("before", "")
    is_number = before.isascii() and before.isdigit() and len(before) < 19  # noqa: PLR2004 - 63 bits
    with Reading(site.state) as reading:
        found, more = reading.search(query, most=_FOUND, before=int(before) if is_number else 0)
    wanted = searched(query)
    shown = [(one, marked(one.title, wanted), marked(_around(one.summary, wanted), wanted)) for one in found]
    return site.shown(request, "search.html", query=query, found=shown, more=more)


def marked(text: str, wanted: Sequence[tuple[bool, str, bool]]) -> list[tuple[str, bool]]:
    """The text in pieces, those that a search asked for told apart."""
    exact: set[str] = set()
    begun: list[str] = []
    runs: list[str] = []
    for _, words, begins in (one for one in wanted if one[0]):
        runs += RUN.findall(words)
        if begins:
            begun.append(fold(words))
        else:
            exact |= {fold(word) for word in parts(RUN.sub(" ", words))[1::2]}
    pieces: list[tuple[str, bool]] = []
    for piece, hit in _pieces(text, exact, tuple(begun), runs):
        if pieces and pieces[-1][1] == hit:
            pieces[-1] = (pieces[-1][0] + piece, hit)
        elif piece:
            pieces.append((piece, hit))
    return pieces


def _pieces(
    text: str, exact: set[str], begun: tuple[str, ...], runs: Sequence[str]
) -> Iterator[tuple[str, bool]]:
    """Runs of scripts without spaces are found as they stand, all else by folded words."""
    cut_at = re.compile(f"({'|'.join(map(re.escape, runs))})") if runs else None
    for number, stretch in enumerate(cut_at.split(text) if cut_at else [text]):
        if number % 2:
            yield stretch, True
            continue
        for place, piece in enumerate(parts(stretch)):
            word = fold(piece) if place % 2 else ""
            yield piece, bool(word) and (word in exact or (bool(begun) and word.startswith(begun)))


def _around(text: str, wanted: Sequence[tuple[bool, str, bool]]) -> str:
    """So much of a text as a list shows, from shortly before what was looked for."""
    at = 0
    for piece, hit in marked(text, wanted):
        if hit:
            break
        at += len(piece)
    begin = max(0, at - _BEFORE) if at < len(text) else 0
    space = text.find(" ", begin, at) if begin else -1
    begin = space + 1 if space >= 0 else begin
    return ("…" if begin else "") + cut(text[begin:], _QUOTED)
