"""Where one value more or less decides: each row is a wrong change that no other test noticed."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.model import Candidate, Entry, Fingerprint, Kind
from monitor.stories import judge
from monitor.stories.event import related, same_event
from monitor.stories.fingerprint import fingerprint
from monitor.stories.formula import formula, runs
from monitor.stories.furniture import bare_report, bare_title
from monitor.stories.grams import words_or_grams
from monitor.stories.guards import _tense, contrary, recurring
from monitor.stories.index import NO_PRINT, keys, printed
from monitor.stories.memory import _BUCKETS, Postings
from monitor.stories.numbers import languages, numbers
from monitor.stories.order import roles_differ, sequence
from monitor.stories.words import ARMENIAN, AZERBAIJANI, ENGLISH, GEORGIAN, LANGUAGES, RUSSIAN, TURKISH
from monitor.text import folded_words
from tests.stories.test_stories_formula import SUBSCRIBE, TITLES, candidate, made
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


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("twenty ten", {"20", "10"}),
        ("twenty zero", {"20", "0"}),
        ("twenty one two", {"21", "2"}),
        ("fifteen five", {"15", "5"}),
        ("20 five", {"20", "5"}),
        ("million million million million million", {"1000000000000000000000000", "1"}),
        ("1.50 of 007 and 0.0", {"1.5", "7", "0"}),
        ("0,125 of 1,250 and 1,25 of 1.250.000", {"0.125", "1250", "1.25", "1250000"}),
        ("3k, k 3", {"3000", "3"}),
        ("March of 5, march on May 5, in Sep", {"m3", "5", "m5"}),
        ("1" * 30, {"1" * 24}),
    ],
)
def test_where_one_number_ends_the_next_begins(text: str, found: set[str]) -> None:
    assert numbers(text, ("en",)) == found


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


# ---- texts -------------------------------------------------------------------------------------------------

SYLLABLES = ("ba", "ko", "du", "mi", "fe", "lo", "nu", "ra", "si", "ty")
INVENTED = [f"{one}{two}{one}rk" for one, two in product(SYLLABLES, SYLLABLES)]
MORE_INVENTED = [f"{one}v{two}lt" for one, two in product(SYLLABLES, SYLLABLES)]
HEADLINE = "Varna council opens Dorsk bridge"
ELSEWHERE = HEADLINE.replace("Dorsk", "Kapan")


def of_words(*lists: list[str]) -> str:
    return " ".join(word for some in lists for word in some)


@pytest.mark.parametrize(
    ("title", "same_outlet", "copies", "alike"),
    [
        (HEADLINE, True, True, "46% of three-word runs alike"),
        (f"Grand {HEADLINE}", True, False, "texts differ, 45% alike"),
        (f"Grand {HEADLINE}", False, True, "45% of three-word runs alike"),
    ],
)
def test_how_much_of_a_text_must_be_alike_hangs_on_its_title_and_outlet(
    title: str, alike: str, *, same_outlet: bool, copies: bool
) -> None:
    one = told(HEADLINE, of_words(INVENTED[:64]))
    other = told(title, of_words(INVENTED[:39], MORE_INVENTED[:25]))
    verdict = judge.judge(one, other, same_outlet=same_outlet)
    assert (verdict.kind is Kind.COPY, alike in verdict.why) == (copies, True), verdict


@pytest.mark.parametrize(
    ("title", "words", "habit", "kind"),
    [
        ("Storm closes port of Dorsk", judge.LONG + 2, False, Kind.COPY),
        ("Storm closes port of Dorsk", judge.LONG + 1, False, Kind.NEW),
        ("Storm closes port of Dorsk", 90, True, Kind.NEW),
        ("Storm closes port of Kapan", 90, False, Kind.NEW),
    ],
)
def test_one_long_text_is_a_copy_under_titles_that_share_a_word(
    title: str, words: int, *, habit: bool, kind: Kind
) -> None:
    text = INVENTED[:words]
    one, other = told(HEADLINE, of_words(text)), told(title, of_words(text))
    known = runs(tuple(text)) if habit else frozenset()
    assert judge.judge(one, other, same_outlet=True, formula=known).kind is kind


@pytest.mark.parametrize(
    ("title", "ours", "theirs", "copies", "said"),
    [
        (HEADLINE, INVENTED[:30], MORE_INVENTED[:30], False, "formula only, 0% without it"),
        (HEADLINE, INVENTED[:30], INVENTED[:14] + MORE_INVENTED[:16], False, "formula only, 30% without it"),
        (HEADLINE, INVENTED[:30], INVENTED[:24] + MORE_INVENTED[:6], True, "of three-word runs alike"),
        (HEADLINE, INVENTED[:30], INVENTED[:12], True, "of three-word runs alike"),
        (HEADLINE, INVENTED[:8], MORE_INVENTED[:8], False, "formula only, 0% without it"),
        (HEADLINE, INVENTED[:7], MORE_INVENTED[:7], True, "of three-word runs alike"),
        (HEADLINE.replace("opens", "sells"), INVENTED[:4], MORE_INVENTED[:4], False, "titles differ"),
        (ELSEWHERE, INVENTED[:28], INVENTED[:28], True, "of three-word runs alike"),
        (ELSEWHERE, INVENTED[:27], INVENTED[:27], False, "one for another: “dorsk” / “kapan”"),
    ],
)
def test_texts_over_one_formula_are_compared_without_it(
    title: str, ours: list[str], theirs: list[str], said: str, *, copies: bool
) -> None:
    """Where next to nothing stands beside the formula the titles decide."""
    habit = [word[::-1] for word in INVENTED[:60]]
    one, other = told(HEADLINE, of_words(habit, ours)), told(title, of_words(habit, theirs))
    verdict = judge.judge(one, other, same_outlet=True, formula=runs(tuple(habit)))
    assert (verdict.kind is Kind.COPY, said in verdict.why) == (copies, True), verdict


def test_only_what_an_outlet_prints_under_other_titles_is_its_formula() -> None:
    shown = [made(title, SUBSCRIBE) for title in TITLES]
    own = made(TITLES[0], SUBSCRIBE, lead="The minister told reporters about a bridge. ")
    near = [candidate(number, one) for number, one in enumerate(shown[1:])]
    assert formula(own, near, outlet="Outlet") == runs(shown[0].text[len(shown[0].title) :])
    assert formula(own, near[:1], outlet="Outlet") == frozenset()
    assert formula(told(TITLES[0], of_words(INVENTED)), near, outlet="Outlet") == frozenset()


@pytest.mark.parametrize(
    ("title", "kind"),
    [(of_words(INVENTED[10:15]), Kind.COPY), ("Storm closes port of Kapan", Kind.NEW)],
)
def test_other_headlines_over_one_text_are_those_of_a_copy_where_both_stand_in_it(
    title: str, kind: Kind
) -> None:
    text = INVENTED[:39]
    one = told(of_words(INVENTED[:5]), of_words(text, ["firk"]))
    other = told(title, of_words(text, ["karf"]))
    assert judge.judge(one, other, same_outlet=True).kind is kind
    assert judge.judge(other, one, same_outlet=True).kind is kind


@pytest.mark.parametrize(
    ("teased", "words", "kind"),
    [
        (judge.FEWEST_TEASER_WORDS, 60, Kind.COPY),
        (judge.FEWEST_TEASER_WORDS - 1, 60, Kind.NEW),
        (25, 25, Kind.NEW),
    ],
)
def test_a_teaser_need_not_tell_all_that_the_title_of_the_longer_text_tells(
    teased: int, words: int, kind: Kind
) -> None:
    teaser = told(HEADLINE, of_words(INVENTED[:teased]))
    full = told(f"{HEADLINE} for former mayor", of_words(INVENTED[:words]))
    assert judge.judge(full, teaser, same_outlet=False).kind is kind
    assert judge.judge(teaser, full, same_outlet=False).kind is kind


@pytest.mark.parametrize(
    ("ours", "theirs", "copies"),
    [
        (INVENTED[:30], INVENTED[:30], True),
        (INVENTED[:29], INVENTED[:29], False),  # under 30 words one swapped name is most of the news
        (INVENTED[:50], INVENTED[:47] + MORE_INVENTED[:3], True),
        (INVENTED[:50], INVENTED[:40] + MORE_INVENTED[:10], False),
        (INVENTED[:50], [*INVENTED[:25], "dies", *INVENTED[25:50]], False),
    ],
)
def test_a_name_for_a_name_is_forgiven_over_long_texts_that_tell_the_same(
    ours: list[str], theirs: list[str], *, copies: bool
) -> None:
    one, other = told(HEADLINE, of_words(ours)), told(ELSEWHERE, of_words(theirs))
    assert (judge.judge(one, other, same_outlet=False).kind is Kind.COPY) == copies


@pytest.mark.parametrize(("changed", "copies"), [((), True), ((30,), True), ((30, 60), False)])
def test_one_long_text_may_lack_a_tenth_of_itself(changed: tuple[int, ...], *, copies: bool) -> None:
    text = [f"{word}e{word}" if at in changed else word for at, word in enumerate(INVENTED)]
    one, other = told(HEADLINE, of_words(INVENTED)), told("Storm closes port of Dorsk", of_words(text))
    assert (judge.judge(one, other, same_outlet=True).kind is Kind.COPY) == copies


@pytest.mark.parametrize(
    ("title", "kind", "score", "why"),
    [
        ("Dorsk bridge opens: storm, flags, mayor", Kind.COPY, 50.0, "same link, title alike"),
        ("Dorsk bridge opens: storm, flags, mayor, band", Kind.DEVELOPMENT, 44.0, "same link, other news"),
    ],
)
def test_a_page_whose_title_was_rewritten_is_a_copy_while_half_of_it_stands(
    title: str, kind: Kind, score: float, why: str
) -> None:
    page = "https://a.example/1"
    for new, old in ((title, "Dorsk bridge"), ("Dorsk bridge", title)):
        found = judge.judge(told(new, link=page), told(old, link=page), same_outlet=True)
        assert (found.kind, round(found.score), found.why.partition(";")[0]) == (kind, score, why)


@pytest.mark.parametrize(
    ("title", "left", "is_edit"),
    [(HEADLINE, 0, True), ("Storm sinks ferry", 5, True), ("Storm sinks ferry", 3, False)],
)
def test_an_edit_leaves_a_word_of_the_title_or_a_tenth_of_the_text(
    title: str, left: int, *, is_edit: bool
) -> None:
    before = told(HEADLINE, of_words(INVENTED[:32]))
    after = told(title, of_words(INVENTED[:left], MORE_INVENTED[: 32 - left]))
    assert judge.retouched(after, before) == is_edit
    assert judge.retouched(told(title), before)  # without a text there is no telling


def test_a_column_comes_again_the_next_morning_under_its_title_alone() -> None:
    one, other = told("Morning briefing"), told("Evening briefing")
    assert judge.comes_again(one, one, after=judge.AGAIN)
    assert not judge.comes_again(one, one, after=judge.AGAIN - timedelta(seconds=1))
    assert not judge.comes_again(one, other, after=judge.AGAIN)
    assert timedelta(hours=12) < judge.AGAIN < timedelta(days=1)


MISSPELT = [word if number % 3 else f"{word}e" for number, word in enumerate(INVENTED[:40])]


@pytest.mark.parametrize(
    ("title", "text", "score", "why"),
    [
        (HEADLINE, INVENTED[:40], 100.0, "same text"),
        (HEADLINE, MISSPELT, 98.0, "98 % of letters alike"),
        (HEADLINE, INVENTED[20:32], 100.0, "one text holds the other"),
        (HEADLINE, MORE_INVENTED[:40], 4.0, "texts differ, 4% alike"),
        ("Storm sinks ferry off Sicily", INVENTED[:12], 0.0, "a short text under other titles"),
        (HEADLINE, [], 100.0, "same title"),
        (f"{HEADLINE} again", [], 91.0, "91% of title words alike"),
        (f"{HEADLINE}, mayor dies", [], 83.0, "only one says “dies”"),
        (HEADLINE.replace("opens", "sells"), [], 80.0, "titles differ: “open” / “sel”"),
        (f"{HEADLINE} for traffic, cyclists, trams, buses, horses, hikers", [], 62.0, "too few words alike"),
        ("Storm sinks ferry off Sicily", [], 0.0, "too few words alike"),
    ],
)
def test_a_verdict_is_told_with_its_score_and_reason(
    title: str, text: list[str], score: float, why: str
) -> None:
    one, other = told(HEADLINE, of_words(INVENTED[:40])), told(title, of_words(text))
    verdict = judge.judge(one, other, same_outlet=False)
    assert verdict.why.endswith(why)
    assert round(verdict.score) == score


# ---- titles alone ------------------------------------------------------------------------------------------

AGREED = "Parliament approves railway agreement with"
WHOLE = (
    f"{AGREED} Georgia, Turkey, Bulgaria, Romania, Hungary, Austria, Serbia, Croatia, Slovenia and Moldova"
)


@pytest.mark.parametrize(
    ("one", "other", "score"),
    [
        (f"{AGREED}…", WHOLE, 100.0),
        (f"{AGREED}…", WHOLE.replace("approves", "narrowly approves"), 100.0 * 8 / 9),
        (AGREED, WHOLE, None),
        (f"{AGREED}…", f"{WHOLE}…", None),
    ],
)
def test_what_a_title_that_was_cut_may_have_said_too_is_no_difference(
    one: str, other: str, score: float | None
) -> None:
    for new, old in ((told(one), told(other)), (told(other), told(one))):
        verdict = judge.judge(new, old, same_outlet=False)
        assert (verdict.score if verdict.kind is Kind.COPY else None) == score


def test_titles_with_little_in_common_are_turned_away_at_once_whatever_they_link_to() -> None:
    titles = ("Mayor closes school in Gori", "Storm sinks ferry off Sicily")
    for links in (("https://a.example/1", "https://a.example/2"), ("https://a.example/1", ""), ("", "")):
        one, other = (told(title, link=link) for title, link in zip(titles, links, strict=True))
        verdict = judge.judge(one, other, same_outlet=True)
        assert (verdict.kind, verdict.score, verdict.why) == (Kind.NEW, 0.0, "too few words alike")


@pytest.mark.parametrize(
    ("one", "other", "contraries"),
    [
        ("oil rises", "oil falls", True),
        ("oil rises then falls", "oil falls", False),
        ("oil rises", "oil gains", False),
        ("oil rises", "oil waits", False),
        ("oil rises", "oil opens", False),
    ],
)
def test_contraries_are_the_two_sides_of_one_pair_each_said_by_one_title_only(
    one: str, other: str, *, contraries: bool
) -> None:
    ours, theirs = tuple(one.split()), tuple(other.split())
    assert [bool(contrary(ours, theirs)), bool(contrary(theirs, ours))] == [contraries] * 2


@pytest.mark.parametrize(
    ("title", "develops"),
    [
        ("Parliament rejects railway agreement with Georgia", True),
        ("Parliament opens railway agreement with Georgia", False),
        ("Parliament discusses railway agreement with Georgia", False),
    ],
)
def test_a_word_for_a_word_is_a_development_where_the_affair_turned_round(
    title: str, *, develops: bool
) -> None:
    first = told("Parliament approves railway agreement with Georgia")
    assert [bool(same_event(told(title), first)), bool(same_event(first, told(title)))] == [develops] * 2


QUAKE = "Strong earthquake shakes northern Chile coast on Monday, dozens hurt"


@pytest.mark.parametrize(
    ("title", "one_event"),
    [
        (f"{QUAKE}, roads closed", True),
        (f"{QUAKE}, roads closed".replace(" on Monday", ""), True),
        (f"{QUAKE}, roads closed".replace("Monday", "Friday"), False),
    ],
)
def test_only_titles_that_name_two_days_are_of_two_events(title: str, *, one_event: bool) -> None:
    one, other = told(QUAKE), told(title)
    assert [bool(same_event(other, one)), related(other, one), related(one, other)] == [one_event] * 3


@pytest.mark.parametrize(
    ("title", "said"),
    [
        ("Rescuers reach Dorsk", "same link, other news"),
        ("Rescuers reach Kapan", ""),
        ("Friday: rescuers reach Dorsk", ""),
    ],
)
def test_other_news_under_one_link_is_of_its_event_where_it_shares_a_word_and_the_day(
    title: str, said: str
) -> None:
    page = "https://a.example/1"
    first = told("Monday: storm closes port of Dorsk", link=page)
    assert same_event(told(title, link=page), first) == said
    assert same_event(told(title, link=f"{page}2"), first) == ""


def test_what_two_titles_of_one_event_share_is_told_in_the_order_of_the_new_one() -> None:
    first = told("Parliament of Georgia delays railway contract")
    later = told("Railway contract waits, parliament of Georgia votes again")
    assert same_event(later, first) == "same event, both say railway, contract, parliament"
    assert same_event(first, later) == "same event, both say parliament, georgia, railway"


@pytest.mark.parametrize(
    ("title", "returns"),
    [
        ("music live", True),
        ("live music returns", False),
        ("press review", True),
        ("press review of tuesday", True),
        ("tuesday press review", True),
        ("press review names minister who paid mayor", False),
    ],
)
def test_a_recurring_title_opens_or_ends_in_its_known_words_and_says_little_beside(
    title: str, *, returns: bool
) -> None:
    assert recurring(tuple(title.split())) == returns


# ---- what is kept and shown --------------------------------------------------------------------------------


def test_what_is_too_old_for_a_print_has_that_of_an_empty_entry() -> None:
    assert printed(Entry(1, "", "", "", "", "", "", "", None, None, "")) == NO_PRINT


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (told("", link="https://a.example/1"), (1319910635660048648, 3555984713144095302)),
        (told("Explosion"), (-3766121520034998528, 5590195331568433268)),
    ],
)
def test_keys_of_exact_evidence_are_those_that_databases_hold(
    of: Fingerprint, expected: tuple[int, ...]
) -> None:
    assert keys(of) == expected


@pytest.mark.parametrize(
    ("text", "grams"),
    [
        ("กขคง", ("|กข", "กขค", "ขคง", "คง|")),
        ("ກຂຄ", ("|ກຂ", "ກຂຄ", "ຂຄ|")),
        ("发", ("|发", "发|")),
        ("ก", ("|ก|",)),
    ],
)
def test_letters_stand_in_threes_and_han_in_twos_each_end_with_its_edge(
    text: str, grams: tuple[str, ...]
) -> None:
    assert words_or_grams(text) == grams


def test_a_score_is_told_to_a_tenth() -> None:
    _, copy = judged(line("a", TITLE), line("b", f"{TITLE} on Monday evening", hours=1))
    assert copy["score"] == 92.3
