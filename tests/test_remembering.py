"""What a process remembers of words and titles so as to be quick: how much that is when all of it is full."""

from __future__ import annotations

import sys
import tracemalloc
from functools import _lru_cache_wrapper
from importlib import import_module
from itertools import count
from pkgutil import walk_packages
from typing import TYPE_CHECKING, Any

import monitor
from monitor.rules.lexicon import MOST_SURFACES, Builder
from monitor.stories.spelling import _GROUPS
from monitor.stories.words import OPPOSITES

if TYPE_CHECKING:
    from collections.abc import Callable

MIB = 1 << 20
MOST = 32  # MiB: docs/operations.md

_TRIED = 96  # answers: not the very number after which a table of them has just grown
_number = count()


def word() -> str:
    """One that was never met, of nine letters."""
    return "".join(chr(ord("b") + int(digit)) for digit in f"{next(_number):09d}")


def title() -> tuple[str, ...]:
    """Ten words, each a string of its own: so they come out of the database."""
    return tuple(word() for _ in range(10))


def text() -> tuple[str, ...]:
    """A title and the hundred words of a report that are kept (fingerprint.REPORT_WORDS)."""
    return tuple(word() for _ in range(110))


def numbers() -> frozenset[str]:
    """As many as a text of figures has."""
    return frozenset(f"{next(_number):09d}" for _ in range(12))


# What each is asked for again and again, as long as there is news.
FED: dict[str, Callable[[], tuple[Any, ...]]] = {
    "monitor.text.fold": lambda: (word().capitalize(),),
    "monitor.urls.parts": lambda: (f"https://{word()}.example/{word()}",),
    "monitor.stories.index._hash": lambda: (word(),),
    "monitor.stories.fingerprint._read": lambda: (numbers(),),
    "monitor.stories.formula.runs": lambda: (text(),),
    "monitor.stories.guards._content_set": lambda: (title(),),
    "monitor.stories.guards._amount": lambda: (word(),),
    "monitor.stories.guards._sides_of": lambda: (word(), OPPOSITES),
    "monitor.stories.guards._stems": lambda: (text(),),
    "monitor.stories.guards._weighs": lambda: (word(),),
    "monitor.stories.guards.difference": lambda: (title(), title()),
    "monitor.stories.guards.recurring": lambda: (title(),),
    "monitor.stories.spelling._of_group": lambda: (word(), next(iter(_GROUPS))),
    "monitor.stories.spelling.carries_news": lambda: (word(),),
    "monitor.stories.spelling._stem_of_news": lambda: (word(),),
    "monitor.stories.spelling.content_words": lambda: (title(),),
    "monitor.stories.spelling.misspelt": lambda: (word(), word()),
    "monitor.stories.spelling.plain": lambda: (title(),),
    "monitor.stories.spelling.stem": lambda: (word(),),
    "monitor.stories.spelling.variants": lambda: (word(), word()),
}
# What is asked of our own lists and of the operator's addresses: as much as there are of those.
OURS = {
    "monitor.alerts.notify._own_name",
    "monitor.alerts.notify._tls",
    "monitor.store.schema.tables",
    "monitor.rules.endings._armenian",
    "monitor.rules.endings._cyrillic",
    "monitor.rules.endings._georgian",
    "monitor.rules.endings._turkic",
    "monitor.stories.guards._split",
    "monitor.stories.numbers._lexicon",
}


def remembering() -> dict[str, _lru_cache_wrapper[Any]]:
    """Every function of the program that keeps its answers, by name."""
    for module in walk_packages(monitor.__path__, "monitor."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    return {
        f"{found.__module__}.{found.__name__}": found
        for name, module in [*sys.modules.items()]
        if name.partition(".")[0] == "monitor"
        for found in vars(module).values()
        if isinstance(found, _lru_cache_wrapper) and found.__module__.startswith("monitor.")
    }


def test_every_function_that_remembers_is_known_and_forgets() -> None:
    found = remembering()
    assert found.keys() == FED.keys() | OURS
    assert all(found[name].cache_parameters()["maxsize"] for name in FED)


def test_what_is_remembered_of_the_news_is_little_when_all_of_it_is_full() -> None:
    caches = remembering()
    held = {name: _held_by(caches[name], ask) for name, ask in FED.items()}
    lexicon = Builder().lexicon()
    held |= {"quiet": _held_of_words(lexicon.quiet), "shouted": _held_of_words(lexicon.shouted)}
    assert sum(held.values()) < MOST * MIB, "\n".join(f"{of / MIB:5.2f} {name}" for name, of in held.items())


def _held_by(remember: _lru_cache_wrapper[Any], ask: Callable[[], tuple[Any, ...]]) -> float:
    """Bytes that are remembered when it is full: those of some answers, for as many as it has room for."""
    remember.cache_clear()
    return (remember.cache_parameters()["maxsize"] or 0) * _each(
        lambda: remember(*ask()), remember.cache_clear
    )


def _held_of_words(surfaces: dict[str, Any]) -> float:
    """As `_held_by`, of what the rules remember of printed words."""
    return MOST_SURFACES * _each(lambda: surfaces[word()], surfaces.clear)


def _each(remember: Callable[[], object], forget: Callable[[], None]) -> float:
    """Bytes an answer: what is free again once they are forgotten."""
    tracemalloc.start()
    try:
        for _ in range(_TRIED):
            remember()
        before = tracemalloc.get_traced_memory()[0]
        forget()
        return (before - tracemalloc.get_traced_memory()[0]) / _TRIED
    finally:
        tracemalloc.stop()


def test_printed_words_are_remembered_up_to_their_bound() -> None:
    words = Builder().lexicon().quiet
    for number in range(MOST_SURFACES + 10):
        assert not words[f"w{number}"].senses
    assert len(words) == 10
