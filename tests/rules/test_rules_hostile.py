"""Texts made to be slow end, and what they hold is found. How fast is measured in benchmarks/rules.py."""

from __future__ import annotations

import pytest

from monitor.model import Entry
from monitor.rules.lexicon import MOST_MENTIONS
from monitor.rules.match import match
from tests.rules.hostile import BOOK, TEXTS


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.timeout(120)
def test_a_hostile_text_ends(name: str) -> None:
    text = TEXTS[name]
    for article in (
        Entry(1, "f", "o", "", "", "A title", "", text, None, None, ""),
        Entry(1, "f", "o", "", "", text, text, "", None, None, ""),
    ):
        for found in match(BOOK, article):
            assert 0 < len(found.mentions) <= 2 * MOST_MENTIONS


def test_beyond_the_most_mentions_the_first_still_count() -> None:
    article = Entry(1, "f", "o", "", "", "", "", "alpha beta " * 9_000, None, None, "")
    assert [found.rule for found in match(BOOK, article)] == ["near", "many", "nested"]


def test_an_apostrophe_that_is_a_letter_may_begin_a_word() -> None:
    for title, rules in (("ʼ", []), ("ʼalpha", []), ("ʼ Alpha Beta ʼʼ", ["near", "name"])):
        article = Entry(1, "f", "o", "", "", title, "", "", None, None, "")
        assert [found.rule for found in match(BOOK, article)] == rules
