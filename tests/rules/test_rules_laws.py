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
from monitor.text import APOSTROPHES, clean, fold
from tests.rules import obvious

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


# ---- equality with the obvious matcher -------------------------------------------------------------------

WHOLE = """
names:
  aliyev:
    full: [Ilham Aliyev, Ильхам Алиев, Իլհամ Ալիև, (President|президент) (Aliyev|Алиев)]
    short: [Aliyev, Əliyev, Алиев, Ալիև]
    context: [Bakı, Баку, treaty]
    except: [(Heydar|Мехрибан) (Aliyev|Алиева), Aliyev Airport]
  baku: {full: [Bakı, Баку, Բաքու, ბაქო], except: [Bakı x]}
  pavel: {full: [Павел, Павел x Алиев]}
terms:
  peace: {words: [peace (agreement|treaty), peace, sülh*, мирн* договор*, été, x x],
          except: [peace treaty museum]}
  who: {words: [=WHO, =Turkey, talks]}
rules:
  - {id: name, when: $aliyev, send: d}
  - {id: near, when: ($peace near/2 $baku) or ($aliyev near/0 $pavel), send: d}
  - {id: before, when: "$peace before/1 ($aliyev or $who)", send: d}
  - {id: least, when: "atleast/2 ($peace or $baku or $aliyev)", send: d}
  - {id: without, when: ($peace and not $who) and not title:$baku, send: d}
  - {id: zones, when: "title:($aliyev or $peace) or body:($who and $baku)", send: d}
  - {id: lead, when: "lead:(atleast/2 $peace)", send: d}
  - {id: both, when: $aliyev and $baku and $peace, send: d}
  - {id: any, any: [talks, peace treaty, Павел], send: d}
"""
MORE = (
    *PIECES, "Heydar", "Мехрибан", "Алиева", "Алиеву", "President", "президента", "Павел", "Павлу", "K", "'",
    "l'Aliyev", "Ալիևի", "Իլհամի", "Bakının", ".", "...", "”", "PEACE TREATY",
    "word " * 58, "aliyev", "павел", "Turkey",
)  # fmt: skip
LONGER = st.lists(st.sampled_from(MORE), max_size=18).map(" ".join)
HEADLINES = LONGER | LONGER.map(str.upper)
WHOLE_BOOK = compiled(WHOLE)


@settings(max_examples=300, deadline=None)
@given(HEADLINES, LONGER)
@example("a a a b", "peace x x treaty")
@example("Ilham J. Aliyev", "President J. K. Aliyev. Baku")
@example("x x x", "x x. x peace. Treaty")
@example("Aliyev Airport", "Heydar Aliyev, Bakı")
@example("x", "word " * 59 + "peace x peace x peace")
@example("TURKEY TALKS", "TURKEY x turkey, павел")
def test_matches_equal_those_of_a_matcher_that_tries_everything_everywhere(title: str, body: str) -> None:
    article = entry(title, body)
    found = {
        one.rule: [(m.what, f"{m.field} {m.start}", m.surface) for m in one.mentions]
        for one in match(WHOLE_BOOK, article)
    }
    assert found == obvious.fired(WHOLE_BOOK, article)


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
