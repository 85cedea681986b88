"""Where one value more or less decides: each row is a wrong change that no other test noticed."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.model import Candidate, Entry, Fingerprint, Kind
from monitor.stories import judge
from monitor.stories.event import same_event
from monitor.stories.fingerprint import fingerprint
from monitor.stories.furniture import bare_report, bare_title
from monitor.stories.guards import _tense
from monitor.stories.memory import _BUCKETS, Postings
from monitor.stories.numbers import languages, numbers
from monitor.stories.order import roles_differ, sequence
from monitor.stories.words import ARMENIAN, AZERBAIJANI, ENGLISH, GEORGIAN, LANGUAGES, RUSSIAN, TURKISH
from monitor.text import folded_words
from tests.stories.test_stories_trial import TITLE, judged, line

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
TONGUES = (ARMENIAN, AZERBAIJANI, ENGLISH, GEORGIAN, RUSSIAN, TURKISH)


def told(title: str, summary: str = "", *, link: str = "") -> Fingerprint:
    return fingerprint(Entry(1, "f", "Halden Wire", "g", link, title, summary, "", None, "en", "d"))


# ---- words -------------------------------------------------------------------------------------------------

# How a word of a power of ten begins, in any of the alphabets: 10 to which power it stands for.
POWERS = (
    (12, "trillion|trln|tn$|триллион|трлн|trilyon|ტრილიონ|տրիլիոն"),
    (9, "billion|bln$|bn$|b$|миллиард|млрд|milyar|mlrd|mr$|მილიარდ|მლრდ|միլիարդ|մլրդ"),
    (6, "million|mln$|mn$|m$|миллион|млн|milyon|მილიონ|მლნ|միլիոն|մլն"),
    (3, "thousand|k$|тысяч|тыс$|min$|bin$|ათას|հազար"),
    (2, "hundred|ст[оа]$|сот|yuz$|ას|հարյուր"),
)


@pytest.mark.parametrize("language", TONGUES)
def test_a_power_of_ten_means_the_same_in_every_alphabet(language: object) -> None:
    magnitudes = language.magnitudes  # type: ignore[attr-defined]  # parametrised values are objects
    assert magnitudes
    for word, power in magnitudes.items():
        assert [meant for meant, begins in POWERS if re.match(begins, word)] == [power], word


@pytest.mark.parametrize(
    ("tongue", "word", "number"),
    [
        ("hy", "տասնինը", "19"),
        ("hy", "առաջին", "1"),
        ("hy", "երեսուն", "30"),
        ("tr", "doksan", "90"),
        ("az", "doxsan", "90"),
        ("ru", "девяносто", "90"),
        ("en", "nineteen", "19"),
        ("en", "ninety", "90"),
    ],
)
def test_a_number_in_words_is_the_number_in_figures(tongue: str, word: str, number: str) -> None:
    assert tongue in LANGUAGES
    assert numbers(f"x {word} x", (tongue,)) == numbers(f"x {number} x", (tongue,))


@pytest.mark.parametrize(("words", "figures"), [("two bn", "2000000000"), ("two mn", "2000000")])
def test_a_short_word_for_a_magnitude_counts_after_a_word(words: str, figures: str) -> None:
    assert numbers(words, ("en",)) == numbers(figures, ("en",))


# ---- titles ------------------------------------------------------------------------------------------------


def test_single_letters_have_no_place_in_the_order_of_a_title() -> None:
    assert sequence(("x", "sues", "q")) == sequence(("sues",))


@pytest.mark.parametrize(
    ("words", "kind"), [(judge.FEWEST_WORDS, Kind.COPY), (judge.FEWEST_WORDS - 1, Kind.NEW)]
)
def test_an_equal_title_is_evidence_from_so_many_words_on(words: int, kind: Kind) -> None:
    title = tuple(["barka", "corvo", "dulce"][:words])
    assert judge._by_equal_title(title).kind is kind


def test_two_events_whose_titles_differ_by_a_word_for_a_word_are_not_one() -> None:
    first = told("Strong earthquake shakes northern Chile coast, dozens hurt")
    assert same_event(told("Strong earthquake shakes northern Peru coast, dozens hurt"), first) == ""
    assert same_event(told("Strong earthquake shakes northern Chile coast, dozens hurt, roads closed"), first)


def test_one_link_is_no_evidence_where_nobody_knows_the_time() -> None:
    one = told("Live: talks go on in Geneva", link="https://a.example/live")
    old = Candidate(2, 2, 2, "f", "Halden Wire", NOW, one)
    assert judge._one_page(one, old, NOW)
    assert not judge._one_page(one, old, None)
    assert not judge._one_page(one, old, NOW + timedelta(days=1))


@pytest.mark.parametrize(
    ("title", "bare"),
    [
        ("news.am — Blast in Baku", "Blast in Baku"),
        ("The Tampa Herald — Blast in Baku", "Blast in Baku"),
        ("Blast in Baku — news.am", "Blast in Baku"),
        ("Reuters photographer hurt — Blast in Baku", "Reuters photographer hurt — Blast in Baku"),
        ("Blast in Baku — Reuters photographer hurt", "Blast in Baku — Reuters photographer hurt"),
    ],
)
def test_papers_sign_before_and_behind_and_what_an_agency_tells_of_itself_stays(
    title: str, bare: str
) -> None:
    assert bare_title(title, "Halden Wire") == bare


# ---- memory ------------------------------------------------------------------------------------------------


@settings(max_examples=10)
@given(st.lists(st.tuples(st.integers(-(1 << 63), (1 << 63) - 1), st.integers(0, 50)), max_size=30))
def test_postings_count_as_a_dictionary_does_before_and_after_they_grow(some: list[tuple[int, int]]) -> None:
    postings, kept = Postings(), dict[int, list[int]]()
    for key, number in [*some, *((key * 7919, key % 50) for key in range(_BUCKETS + 100)), *some]:
        postings.put({key}, number)
        kept.setdefault(key, []).append(number)
    for key, numbered in kept.items():
        newest = numbered[::-1][:3]
        assert postings.count({key}, most=3) == {number: newest.count(number) for number in newest}


def test_a_copy_of_a_development_joins_the_development_and_its_story() -> None:
    news = "Armenian parliament to debate railway agreement with Azerbaijan"
    first, _, copy = judged(
        line("a", TITLE), line("c", news, hours=2), line("d", f"UPDATE 1-{news}", hours=3)
    )
    assert (first["story"], copy["story"], copy["lead"], copy["verdict"]) == ("a", "a", "c", "copy")


# ---- titles ------------------------------------------------------------------------------------------------


ORDER = "the same words in another order"


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ("Snowden: leaks helped the public", "Leaks helped the public: Snowden", ""),
        ("Russia strikes a depot", "Drones strike a depot in Russia", ORDER),
        ("Firm finds natural gas field in upper Dzor", "Firm finds upper Dzor natural gas field", ""),
        (
            "Firm finds large natural gas field in upper Vayots Dzor valley",
            "Firm finds upper Vayots Dzor valley large natural gas field",
            ORDER,
        ),
    ],
)
def test_what_may_stand_elsewhere_in_a_title_is_bounded_on_either_side(
    one: str, other: str, said: str
) -> None:
    ours, theirs = (tuple(folded_words(title)) for title in (one, other))
    assert [roles_differ(ours, theirs), roles_differ(theirs, ours)] == [said, said]


def test_what_is_going_on_is_neither_to_come_nor_done() -> None:
    titles = [
        tuple(title.split()) for title in ("pm visiting gyumri", "pm to visit gyumri", "pm visits gyumri")
    ]
    going_on, to_come, done = titles
    assert _tense(going_on, to_come) == _tense(to_come, going_on) == _tense(going_on, done) == ""
    assert _tense(to_come, done)


def test_an_agency_of_two_words_may_sign_with_who_wrote_it() -> None:
    report = "The bridge opened after two years."
    assert bare_report(f"KAPAN, March 3 (Associated Press Writer) - {report}", "Halden Wire") == report


def test_a_feed_that_says_it_is_turkish_is_believed_where_no_letter_shows_it() -> None:
    assert languages("Polis on kisiyi tutukladi", "tr") == ("en", "tr")
    assert "10" in numbers("Polis on kisiyi tutukladi", languages("Polis on kisiyi tutukladi", "tr"))
