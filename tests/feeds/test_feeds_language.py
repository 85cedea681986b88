"""An entry's language: its words' where they are plain, else what is declared, and the operator's first."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.feeds import language
from monitor.feeds.parse import parse
from monitor.model import Feed

HEADLINES = Path(__file__).parent.parent / "data" / "headlines-by-language.tsv"
RUSSIAN = "Министры подписали мирное соглашение, рассказал посол, но не сказал, где и когда его опубликуют"


def test_headlines_are_known_by_their_words_and_none_is_taken_for_another_language() -> None:
    """By themselves, ours alone: the shares on texts of others are measured by benchmarks/language.py."""
    right: Counter[str] = Counter()
    whole: Counter[str] = Counter()
    for line in HEADLINES.read_text().splitlines():
        of, title = line.split("\t")
        found = language.told(title)
        assert found in (of, None), title
        whole[of] += 1
        right[of] += found == of
    for of in ("hy", "ka", "ru", "uk", "az", "tr", "en", "fr", "de", "fa", "ar"):
        assert right[of] >= whole[of] / 2, of


DECLARED = [
    (RUSSIAN, "", "en", "ru", "a feed's default over Russian text"),
    (RUSSIAN, "", None, "ru", "nothing declared"),
    ("Пашинян Алиев Брюссель", RUSSIAN, "en", "ru", "the title is not plain, its text is"),
    ("Пашинян Алиев Брюссель", "", "bg", "bg", "not plain: what is declared"),
    ("Пашинян Алиев Брюссель", "", "en", None, "not plain, and never written so"),
    ("Aliyev Pashinyan", "", "ru", None, "the same the other way round"),
    ("Aliyev Pashinyan", "", "az", "az", "names say nothing"),
    ("Erdoğan hosts Şimşek in Ankara", "", "en", "en", "two names of another language"),
    ("The ministers have signed an agreement", "", "uk", "en", "a country's code in a language's place"),
    ("The ministers have signed an agreement", "", "us", "en", "the same, and no language at all"),
    ("Nova vlada u Beogradu", "", "us", "us", "no language that is known: it stays as it is declared"),
    ("Vlada je u Beogradu i da se ne kaže što će biti", "", "sr", "sr", "near, and not told apart here"),
    ("Vlada je u Beogradu i da se ne kaže što će biti", "", None, "hr", "the nearest one"),
    ("岸田首相が会見", "", "en", "ja", "kana between"),
    ("国务院总理会见", "", "zh", "zh", "Chinese or Japanese, by their letters"),
    ("国务院总理会见", "", "en", None, "either of them"),
    ("அமைச்சர் BBC உடன் பேசினார்", "", "ta", "ta", "a script in which no languages are told apart"),
    ("அமைச்சர் BBC உடன் பேசினார்", "", "en", None, "the same, and never written so"),
    ("2026: 100 %", "", "ru", "ru", "hardly a letter"),
    ("", "", None, None, "nothing at all"),
]


@pytest.mark.parametrize(
    ("title", "report", "declared", "spoken", "why"), DECLARED, ids=[row[4] for row in DECLARED]
)
def test_what_is_declared_stands_unless_the_words_are_plainly_others(
    title: str, report: str, declared: str | None, spoken: str | None, why: str
) -> None:
    assert language.spoken(title, report, declared) == spoken, why


UNTOLD = [
    ("fo", "Landsstýrið leggur fram nýtt uppskot", "cs"),
    ("oc", "Lo president a anonciat las novèlas mesuras per las escòlas", "it"),
    ("rm", "La regenza grischuna ha decis da dar daners a las vischnancas per la scola", "it"),
    ("ht", "Prezidan an pale ak pèp la", "fr"),
    ("fy", "De deputearre sei dat der te min jild is foar it wurk en de minsken", "nl"),
    ("sh", "Vlada je u Beogradu i da se ne kaže što će biti", "hr"),
]


@pytest.mark.parametrize(("declared", "title", "neighbour"), UNTOLD, ids=[row[0] for row in UNTOLD])
def test_a_language_that_is_not_told_apart_is_not_taken_for_the_neighbour_it_resembles(
    declared: str, title: str, neighbour: str
) -> None:
    assert language.told(title) == neighbour
    assert language.spoken(title, "", declared) == declared


@given(st.text(max_size=80), st.sampled_from([None, "en", "ru", "sr", "ja", "xx"]))
def test_any_text_has_a_language_that_is_told_apart_or_the_declared_one(
    title: str, declared: str | None
) -> None:
    every = {name for _, names in language._SCRIPTS.values() for name in names.split()}
    assert language.spoken(title, "", declared) in every | {declared, None}


def test_each_language_that_is_told_apart_has_its_letters_and_words_are_of_such_languages_alone() -> None:
    several = [names for names in language._NAMES.values() if names & language._LETTERS.keys()]
    assert frozenset().union(*several) == language._LETTERS.keys()
    assert language._WORDS.keys() <= language._LETTERS.keys()


def test_the_operators_word_is_final_and_what_an_item_declares_goes_before_its_feed() -> None:
    feed = Feed("wire", "https://wire.example/", outlet="Wire")
    item = (
        '{"version": "https://jsonfeed.org/version/1.1", "language": "en", "items":'
        ' [{"id": "1", "title": "%s", "language": "%s"}]}'
    )

    def spoken(title: str, declared: str, *, operators: str | None = None) -> str | None:
        (one,) = parse(
            (item % (title, declared)).encode(),
            feed=replace(feed, lang=operators),
            content_type="",
            now=datetime(2026, 11, 21, tzinfo=UTC),
        )
        return one.lang

    assert spoken(RUSSIAN, "en") == "ru"
    assert spoken(RUSSIAN, "en", operators="be") == "be"
    assert spoken("Aliyev Pashinyan", "az-AZ") == "az"
    assert spoken("Aliyev Pashinyan", "") == "en"
    assert spoken("Oslo Bergen", "nb-NO") == "no", "one language has one code"
    assert spoken("ירושלים", "iw") == "he"
