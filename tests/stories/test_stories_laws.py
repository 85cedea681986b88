"""Laws of fingerprint, judge and place that hold whatever the entry."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from monitor.model import Candidate, Entry, Fingerprint, Kind
from monitor.stories.fingerprint import (
    fingerprint,
    known_numbers,
    pack,
    title_numbers,
    told_numbers,
    unpack,
)
from monitor.stories.index import keys
from monitor.stories.judge import judge, place
from monitor.text import clean

VOCABULARY = """
    minister talks railway bridge Gabala Yerevan opens rises falls not will to visit and the 2 twelve Monday
    министр переговоры мост не выросли два среда Əliyev görüşdü iki artdı köprü açıldı değil
    նախարար կամուրջ երկու չէ მინისტრი ხიდი ორი არ U.S. $1.8bn 25,000 «Նոր» – : May
"""
WORDS = st.sampled_from(sorted(set(VOCABULARY.split())))
HEADLINES = st.lists(WORDS, min_size=1, max_size=12).map(" ".join)
TEXTS = st.lists(WORDS, max_size=60).map(" ".join)
ANYTHING = st.text(max_size=60).map(clean)
LANGS = st.sampled_from(["en", "ru", "az", "tr", "hy", "ka", None, "xx"])
START = datetime(2026, 3, 2, 9, tzinfo=UTC)

quick = settings(max_examples=120, deadline=None)


def entry(title: str, text: str = "", *, link: str = "", lang: str | None = None, body: str = "") -> Entry:
    return Entry(
        id=1,
        feed="f",
        outlet="Kyiv Courier",
        guid="g",
        link=link,
        title=title,
        summary=text,
        body=body,
        published=None,
        lang=lang,
        digest="",
    )


def candidate(number: int, fp: Fingerprint, *, outlet: str = "o", story: int | None = None) -> Candidate:
    return Candidate(
        entry=number,
        story=number if story is None else story,
        lead=number,
        feed="f",
        outlet=outlet,
        seen=START + timedelta(minutes=number),
        fingerprint=fp,
    )


ENTRIES = st.builds(entry, st.one_of(HEADLINES, ANYTHING), st.one_of(TEXTS, ANYTHING), lang=LANGS)


@quick
@given(ENTRIES)
def test_an_exact_copy_is_always_a_copy(one: Entry) -> None:
    fp = fingerprint(one)
    assume(fp.digest)  # it says more than a heading
    assert judge(fp, fingerprint(replace(one, id=2, feed="other")), same_outlet=False).kind is Kind.COPY


@quick
@given(ENTRIES, st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_changed_number_in_a_title_is_never_a_copy(one: Entry, first: int, second: int) -> None:
    assume(first != second)
    here = fingerprint(replace(one, title=f"{first} people held; {one.title}"))
    there = fingerprint(replace(one, title=f"{second} people held; {one.title}"))
    assume(title_numbers(here) - title_numbers(there) and title_numbers(there) - title_numbers(here))
    assert judge(here, there, same_outlet=True).kind is not Kind.COPY


@quick
@given(HEADLINES, st.integers(2, 400), st.integers(2, 400))
def test_a_number_changed_in_a_plain_headline_leaves_each_with_its_own(
    words: str, first: int, second: int
) -> None:
    assume(first != second)
    here, there = (
        title_numbers(fingerprint(entry(f"{number} held in {words}"))) for number in (first, second)
    )
    assert here - there
    assert there - here


@quick
@given(ENTRIES, ENTRIES, st.booleans())
def test_judging_is_symmetric(one: Entry, other: Entry, same_outlet: bool) -> None:  # noqa: FBT001 - hypothesis gives by position
    here, there = fingerprint(one), fingerprint(other)
    forth = judge(here, there, same_outlet=same_outlet)
    back = judge(there, here, same_outlet=same_outlet)
    assert forth.kind is back.kind
    assert forth.score == pytest.approx(back.score)
    assert 0 <= forth.score <= 100
    assert forth.why


@quick
@given(HEADLINES, TEXTS, st.integers(0, 40))
def test_judging_near_copies_is_symmetric(title: str, text: str, cut: int) -> None:
    here = fingerprint(entry(title, text))
    there = fingerprint(entry(title, " ".join(text.split()[:cut] + text.split()[cut + 1 :])))
    assert judge(here, there, same_outlet=True).kind is judge(there, here, same_outlet=True).kind


@quick
@given(ENTRIES)
def test_a_fingerprint_comes_back_from_the_database_as_it_was(one: Entry) -> None:
    fp = fingerprint(one)
    assert unpack(pack(fp)) == fp


def test_a_fingerprint_whose_text_is_not_its_title_and_more_comes_back_too() -> None:
    fp = Fingerprint(("a", "b"), ("c", "d"), frozenset({"=1", "~2"}), "https://a.test/x", "", summary=True)
    assert unpack(pack(fp)) == fp


def test_a_packed_fingerprint_is_small() -> None:
    fp = fingerprint(entry("Border protocol signed in Prague", "minister " * 200))
    assert len(pack(fp)) < 1000


@pytest.mark.parametrize(
    ("link", "kept"),
    [
        ("https://a.test/", False),
        ("https://a.test", False),
        ("", False),
        ("https://a.test/news/1", True),
        ("https://a.test/?id=7", True),
    ],
)
def test_a_link_to_a_home_page_is_no_evidence(link: str, kept: bool) -> None:  # noqa: FBT001 - a column
    assert bool(fingerprint(entry("Any title at all", link=link)).link) is kept


RETITLED = [
    (
        "Minister opens railway bridge",
        "Minister opens new railway bridge in Gabala",
        Kind.COPY,
        "headline retouched",
    ),
    (
        "Live: protest in Tbilisi",
        "Opposition leader speaks at square",
        Kind.NEW,
        "a live page goes on: no word in common",
    ),
    (
        "Minister to open railway bridge",
        "Minister opens railway bridge",
        Kind.DEVELOPMENT,
        "announced, then done",
    ),
    ("2 hurt on railway bridge", "5 hurt on railway bridge", Kind.DEVELOPMENT, "the toll has risen"),
]


@pytest.mark.parametrize(("first", "second", "kind", "why"), RETITLED)
def test_one_link_makes_a_copy_of_a_like_title_only(first: str, second: str, kind: Kind, why: str) -> None:
    one, other = (fingerprint(entry(title, link="https://a.test/1")) for title in (first, second))
    assert judge(other, one, same_outlet=True).kind is kind, why


def test_two_home_pages_do_not_make_a_copy() -> None:
    one = fingerprint(entry("Mayor of Gori resigns", link="https://a.test/"))
    other = fingerprint(entry("Mayor of Gori retires", link="https://a.test/"))
    assert judge(other, one, same_outlet=True).kind is Kind.NEW


def test_nothing_said_twice_is_no_copy() -> None:
    empty = fingerprint(entry("", ""))
    assert judge(empty, empty, same_outlet=True).kind is Kind.NEW
    assert empty.digest == ""


def test_a_summary_of_few_words_is_a_caption_and_no_text() -> None:
    assert not fingerprint(entry("Bridge opens", "Photo: agency")).summary


def test_the_longer_of_summary_and_body_is_the_text() -> None:
    fp = fingerprint(entry("Bridge opens", "short", body="the railway bridge opens at last " * 4))
    assert "railway" in fp.text


def test_numbers_after_the_text_are_known_but_not_told() -> None:
    fp = fingerprint(entry("Bridge opens", "word " * 99 + "7.5 then 12 more"))
    assert "7.5" in told_numbers(fp)
    assert "12" in known_numbers(fp) - told_numbers(fp)


def test_the_best_copy_decides_where_an_entry_belongs() -> None:
    new = fingerprint(entry("Minister opens railway bridge in Gabala town"))
    near = [
        candidate(1, fingerprint(entry("Mayor closes school in Gori"))),
        candidate(2, fingerprint(entry("Minister opens railway bridge in Gabala")), story=20),
        candidate(3, new, story=30),
    ]
    found = place(9, new, near, outlet="o")
    assert (found.story, found.lead, found.of, found.verdict.kind) == (30, 3, 3, Kind.COPY)


def test_an_entry_like_no_other_is_a_story_of_its_own() -> None:
    new = fingerprint(entry("Minister opens railway bridge in Gabala town"))
    alone = place(9, new, [], outlet="o")
    unlike = place(9, new, [candidate(1, fingerprint(entry("Mayor closes school in Gori")))], outlet="o")
    assert (alone.story, alone.lead, alone.of, alone.verdict.kind) == (9, 9, None, Kind.NEW)
    assert (unlike.story, unlike.of, unlike.verdict.kind) == (9, None, Kind.NEW)


FIRST = "Armenia and Azerbaijan sign railway agreement in Tbilisi"
DEBATED = "Armenian parliament to debate railway agreement with Azerbaijan"


def test_a_development_joins_the_story_and_leads_its_own_copies() -> None:
    debate = fingerprint(entry(DEBATED))
    first = candidate(1, fingerprint(entry(FIRST)))
    found = place(2, debate, [first], outlet="o")
    assert (found.story, found.lead, found.of, found.verdict.kind) == (1, 2, 1, Kind.DEVELOPMENT)
    again = place(3, debate, [first, replace(candidate(2, debate, story=1), lead=2)], outlet="o")
    assert (again.story, again.lead, again.of, again.verdict.kind) == (1, 2, 2, Kind.COPY)


def test_a_development_of_a_development_alone_is_news() -> None:
    """Or stories would grow into chains whose ends have nothing in common."""
    debate = candidate(2, fingerprint(entry(DEBATED)))
    later = fingerprint(
        entry("Armenian parliament ratifies railway agreement with Azerbaijan after night session")
    )
    assert place(3, later, [debate], outlet="o").verdict.kind is Kind.DEVELOPMENT
    assert place(3, later, [replace(debate, story=1)], outlet="o").verdict.kind is Kind.NEW


def test_another_toll_at_another_place_is_another_event() -> None:
    one = fingerprint(entry("14 migrants die when boat sinks in Aegean"))
    other = fingerprint(entry("40 migrants die as boat sinks off Tunisia"))
    same = fingerprint(entry("40 migrants die when boat sinks in Aegean storm"))
    assert judge(one, other, same_outlet=False).kind is Kind.NEW
    assert judge(one, same, same_outlet=False).kind is Kind.DEVELOPMENT


def test_words_that_fit_several_stories_are_no_events_own() -> None:
    towns = ("Gori", "Poti", "Batumi")
    near = [
        candidate(number, fingerprint(entry(f"Fog closes school and harbour road, says mayor of {town}")))
        for number, town in enumerate(towns)
    ]
    new = fingerprint(entry("Fog closes school and harbour road again in Kutaisi and Zugdidi, mayor says"))
    assert place(9, new, near[:1], outlet="o").verdict.kind is Kind.DEVELOPMENT
    assert place(9, new, near, outlet="o").verdict.kind is Kind.NEW


def test_other_news_under_one_link_that_shares_a_word_is_a_development() -> None:
    one = fingerprint(entry("Live: protest on Rustaveli avenue", link="https://a.test/live"))
    other = fingerprint(entry("Rustaveli crowd hears opposition leader", link="https://a.test/live"))
    assert judge(other, one, same_outlet=True).kind is Kind.DEVELOPMENT


def test_a_doubled_last_letter_breaks_nothing() -> None:
    one, other = (fingerprint(entry(f"Gagauz{end} parliament meets in Comrat today")) for end in ("", "z"))
    assert judge(one, other, same_outlet=True).kind is Kind.COPY


def test_an_entry_is_not_its_own_copy() -> None:
    new = fingerprint(entry("Minister opens railway bridge in Gabala town"))
    assert place(9, new, [candidate(9, new)], outlet="o").of is None


SPELLINGS = [
    (
        "two dead and twenty-five hurt on Monday, March 10",
        None,
        {"2", "25", "d0", "m3", "10"},
        "words, dates",
    ),
    ("$1.8B for 25,250 cars, 1.5 percent", None, {"1800000000", "25250", "1.5"}, "signs and grouping"),
    ("25 000 человек, 1,5 млрд рублей, двадцать пять", "ru", {"25000", "1500000000", "25"}, "Russian"),
    ("Talks may fail on March 3 2024", None, {"m3", "3", "2024"}, "two numbers; may is a verb here"),
    ("9-month low, 1st since May 2", None, {"9", "1", "m5", "2"}, "a hyphen, an ordinal, a month"),
    ("On iki nəfər, üç min manat", "az", {"12", "3000"}, "on is ten in Azerbaijani"),
    ("Report on iron", "en", set(), "on is no ten in English"),
    ("Դեկտեմբերի 5-ին երեք հազար", "hy", {"m12", "5", "3000"}, "Armenian"),
    ("ორშაბათს ათი ადამიანი", "ka", {"d0", "10"}, "Georgian"),
    ("forty people and 20 five", None, {"40", "20", "5"}, "a figure takes no unit"),
    ("a million", None, {"1000000"}, "a magnitude alone"),
]


@pytest.mark.parametrize(("title", "lang", "expected", "why"), SPELLINGS)
def test_numbers_have_one_spelling(title: str, lang: str | None, expected: set[str], why: str) -> None:
    assert title_numbers(fingerprint(entry(title, lang=lang))) == expected, why


DATELINES = [
    "LONDON, March 3 (Reuters) - ",
    "BAKU (AZERTAC) -- ",
    "(Kyiv Courier) - ",
    "ЕРЕВАН, 3 марта. /АРМЕНПРЕСС/. ",
    "МОСКВА, 3 мар — РИА Новости. ",
    "Bakı, 3 mart, AZƏRTAC. ",
    "",
]


@pytest.mark.parametrize("dateline", DATELINES)
def test_a_dateline_is_no_part_of_the_text(dateline: str) -> None:
    text = "The railway bridge in the valley opens again after years of repair. (Not a dateline) - "
    assert fingerprint(entry("Bridge opens", dateline + text)) == fingerprint(entry("Bridge opens", text))


HOSTILE = [
    ("million " * 500, "http://[", "a number without end and a link that is none"),
    ("9" * 5000 + " dead", "", "a figure without end"),
    ("\ufdfa held in \ufdfa", "", "a letter that folds to a sentence"),
    ("- | : [video] ::", "", "nothing but furniture"),
    ("word " * 5000, "", "a title without end"),
    ("1.,2,.3 4#2 Friday Friday", "", "broken figures"),
]


@pytest.mark.parametrize(("title", "link", "why"), HOSTILE)
def test_a_hostile_entry_costs_and_breaks_nothing(title: str, link: str, why: str) -> None:
    fp = fingerprint(entry(title, title, link=link))
    other = fingerprint(entry("7 of 7 Monday Monday " + title, title))
    assert unpack(pack(fp)) == fp, why
    assert len(keys(fp)) <= 24
    assert all(len(number) < 64 for number in fp.numbers)
    assert judge(fp, other, same_outlet=True).why
    assert judge(other, fp, same_outlet=False).why


def test_a_weekday_named_twice_is_told_in_words() -> None:
    one, other = (fingerprint(entry(f"From {day} to {day} trains stop")) for day in ("Monday", "Friday"))
    assert judge(one, other, same_outlet=True).why == "numbers differ: Monday, Monday / Friday, Friday"
