"""Laws that hold for every text, and equality with a matcher too simple to be wrong."""

from __future__ import annotations

import unicodedata
from itertools import pairwise, product
from typing import TYPE_CHECKING

from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.model import Entry
from monitor.rules import document
from monitor.rules.condition import apart, neighbours
from monitor.rules.lexicon import Hit
from monitor.rules.match import match
from monitor.rules.rulebook import Rulebook, compile_rulebook, failing_examples
from monitor.rules.zones import ignored
from monitor.text import APOSTROPHES, clean, fold, words

if TYPE_CHECKING:
    from monitor.errors import Fault

DESK = """
names:
  aliyev: {full: [Ilham Aliyev, Ильхам Алиев, Իլհամ Ալիև],
           short: [Aliyev, Əliyev, Алиев],
           context: [Bakı, Баку], except: [Aliyev Airport]}
  baku: {full: [Bakı, Баку, Բաքու, ბაქო]}
terms:
  peace: {words: [peace (agreement|treaty), sülh*, мирн* договор*, été], except: [peace treaty museum]}
  who: {words: [=WHO]}
rules:
  - {id: a, when: $aliyev, send: d}
  - {id: b, when: "$peace near/2 $baku", send: d}
  - {id: c, when: "$peace and not $who", send: d}
  - {id: e, any: [talks, peace treaty], send: d}
"""
PIECES = (
    "Ilham", "Aliyev", "Əliyevin", "Aliyev's", "Ильхама", "Алиевым", "Իլհամ", "Ալիեւ", "Bakı", "BAKI'da",
    "Баку", "Բաքվում", "ბაქოში", "peace", "agreement", "treaty", "museum", "Airport", "sülhə", "мирного",
    "договора", "été", "WHO", "who", "talks", "x", "J.", ",", ". ", "\n", "-", "See also\n", "7", "ё", "d'",
)  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES), max_size=14).map(" ".join)
QUICK = settings(max_examples=60, deadline=None)


def compiled(text: str) -> Rulebook:
    faults: list[Fault] = []
    root = document.read("desk.yaml", text, faults)
    assert root is not None
    book = compile_rulebook([root], receivers=["d"], sources=[], read_article=str, faults=faults)
    assert not faults
    return book


BOOK = compiled(DESK)


def entry(title: str, body: str = "") -> Entry:
    return Entry(1, "f", "o", "", "", clean(title), "", clean(body), None, None, "")


def told(book: Rulebook, article: Entry) -> list[tuple[str, list[tuple[str, str, str]]]]:
    return [
        (found.rule, [(one.what, one.field, fold(one.surface)) for one in found.mentions])
        for found in match(book, article)
    ]


@QUICK
@given(TEXTS, TEXTS)
def test_composed_and_decomposed_letters_match_alike(title: str, body: str) -> None:
    decomposed = entry(unicodedata.normalize("NFD", title), unicodedata.normalize("NFD", body))
    assert match(BOOK, decomposed) == match(BOOK, entry(title, body))


@QUICK
@given(TEXTS, st.sampled_from(APOSTROPHES))
def test_any_apostrophe_is_an_apostrophe(title: str, apostrophe: str) -> None:
    changed = entry(title.replace("'", apostrophe))
    assert told(BOOK, changed) == told(BOOK, entry(title))


@QUICK
@given(TEXTS)
def test_capitals_lose_no_match_but_of_exact_words(title: str) -> None:
    book = compiled(DESK.replace("=WHO", "WHO"))
    before = {found.rule for found in match(book, entry(title, "x"))}
    assert before <= {found.rule for found in match(book, entry(title.upper(), "x"))}


@QUICK
@given(TEXTS, st.integers(min_value=0, max_value=80))
def test_invisible_characters_change_nothing(title: str, at: int) -> None:
    hidden = entry(title[:at] + "\u00ad\u200b" + title[at:])
    assert match(BOOK, hidden) == match(BOOK, entry(title))


@QUICK
@given(TEXTS, TEXTS)
def test_a_mention_is_what_stands_at_its_place(title: str, body: str) -> None:
    article = entry(title, body)
    for found in match(BOOK, article):
        assert found.mentions
        for mention in found.mentions:
            text: str = getattr(article, mention.field)
            assert text[mention.start : mention.end] == mention.surface != ""


@QUICK
@given(TEXTS, TEXTS)
def test_an_unrelated_rule_changes_nothing(title: str, body: str) -> None:
    wider = compiled(DESK + "  - {id: z, any: [unheard of, peace pipe, Алие*], send: d}\n")
    found = [one for one in match(wider, entry(title, body)) if one.rule != "z"]
    assert found == list(match(BOOK, entry(title, body)))


@QUICK
@given(TEXTS)
@example("a a a b")
def test_terms_equal_a_matcher_that_tries_every_phrase_at_every_word(title: str) -> None:
    phrases = ["peace agreement", "peace treaty", "talks", "x x", "x peace treaty", "who talks x"]
    lines = "".join(f"  - {{id: p{n}, any: [{phrase}], send: d}}\n" for n, phrase in enumerate(phrases))
    found = {
        (one.rule, mention.start, mention.end)
        for one in match(compiled("rules:\n" + lines), entry(title))
        for mention in one.mentions
    }
    assert found == set(_obvious(clean(title), phrases))


def _obvious(title: str, phrases: list[str]) -> list[tuple[str, int, int]]:
    stands = list(words(title))
    found = []
    for number, phrase in enumerate(phrases):
        wanted = phrase.split()
        for first in range(len(stands) - len(wanted) + 1):
            run = stands[first : first + len(wanted)]
            gaps = [title[left.end() : right.start()] for left, right in pairwise(run)]
            alike = all(
                want in (fold(word.group()), fold(word.group()).partition("'")[0], fold(word.group())[2:])
                for want, word in zip(wanted, run, strict=True)
            )
            ends = [
                "," in gap or (". " in gap and not (gap.strip(" \n") == "." and len(word.group()) <= 4))
                for gap, word in zip(gaps, run, strict=False)
            ]
            if alike and not any(ends):
                found.append((f"p{number}", run[0].start(), run[-1].end()))
    return found


CONDITIONS = st.lists(
    st.sampled_from(
        [
            "$a",
            "$b",
            "and",
            "or",
            "not",
            "(",
            ")",
            "near/2",
            "before/1",
            "atleast/2",
            "title:",
            "lead:",
            "x",
            '"',
        ]
    ),
    max_size=9,
).map(" ".join)


@settings(max_examples=200, deadline=None)
@given(CONDITIONS)
@example("$a and not $b and $a near/2 title: $b")
def test_a_condition_is_compiled_or_refused_and_what_is_compiled_explains_itself(condition: str) -> None:
    faults: list[Fault] = []
    text = (
        "terms:\n  a: {words: [alpha]}\n  b: {words: [beta]}\n"
        f"rules:\n  - id: one\n    when: '{condition}'\n    send: d\n"
        "    examples: {match: [nothing], ignore: [alpha beta alpha]}\n"
    )
    root = document.read("desk.yaml", text, faults)
    assert root is not None
    book = compile_rulebook([root], receivers=["d"], sources=[], read_article=str, faults=faults)
    assert bool(book.rules) is not bool(faults)
    assert all(fault.what.startswith('"one" should') for fault in failing_examples(book))


YAML = st.lists(
    st.sampled_from(
        (
            "names:", "terms:", "rules:", "a:", "words:", "full:", "-", "[", "]", "{", "}", ":", ",", "x",
            "&",
            "&a", "*a", "!t", "|", ">", "---", "#", "?", "examples:", "  ", "\n", "\t", "'", '"', "id: one",
            "when: $a", "any: x",
        )
    ),
    max_size=20,
).map(" ".join)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(YAML)
def test_no_rule_file_crashes_the_compiler(text: str) -> None:
    faults: list[Fault] = []
    root = document.read("desk.yaml", text, faults)
    roots = [root] if root is not None else []
    compile_rulebook(roots, receivers=["d"], sources=[], read_article=str, faults=faults)
    assert all(fault.line >= 1 and fault.column >= 1 and fault.what for fault in faults)


@QUICK
@given(
    st.lists(st.sampled_from(["See also", "Advertisement", "a", "word " * 45, "", "Related: x"]), max_size=9)
)
def test_what_is_ignored_stands_in_order_and_apart(lines: list[str]) -> None:
    zones = ignored("\n".join(lines))
    assert all(zone.start < zone.end and zone.why for zone in zones)
    assert all(left.end <= right.start for left, right in pairwise(zones))


HITS = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 12), st.integers(1, 3)), max_size=8).map(
    lambda spans: sorted({Hit(field, first, first + size, 0, 0, 0) for field, first, size in spans})
)


@settings(max_examples=300, deadline=None)
@given(HITS, HITS, st.integers(0, 4), st.booleans())
def test_near_equals_the_product_of_both_sides(
    left: list[Hit],
    right: list[Hit],
    distance: int,
    ordered: bool,  # noqa: FBT001  # hypothesis passes it by position
) -> None:
    expected = set()
    for one, other in product(left, right):
        apart_by = other.first - one.last if one[:3] < other[:3] else one.first - other.last
        before = one[:3] < other[:3]
        if (
            one.field == other.field
            and one[:3] != other[:3]
            and apart_by <= distance
            and (before or not ordered)
        ):
            expected |= {one, other}
    assert set(neighbours(left, right, distance, ordered=ordered)) == expected


@settings(max_examples=100, deadline=None)
@given(HITS)
def test_apart_is_the_most_mentions_that_do_not_overlap(hits: list[Hit]) -> None:
    best = 0
    for chosen in product((False, True), repeat=len(hits)):
        kept = [hit for hit, keep in zip(hits, chosen, strict=True) if keep]
        clash = any(
            one.field == other.field and one.first < other.last and other.first < one.last
            for number, one in enumerate(kept)
            for other in kept[:number]
        )
        best = max(best, 0 if clash else len(kept))
    assert apart(hits) == best
