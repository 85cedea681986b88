"""Why an article fires a rule or does not, said in the words of the rule."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.model import Entry
from monitor.rules.condition import mentions
from monitor.rules.explain import explain, spelt
from monitor.rules.lexicon import LONGEST_TEXT
from monitor.rules.lint import implies
from tests.fakes import rules

if TYPE_CHECKING:
    from monitor.rules.rulebook import Rulebook

WORDS = """
names:
  aliyev: {full: [Ilham Aliyev], short: [Aliyev], context: [Baku], except: [Aliyev Airport]}
terms:
  talks: {words: [talks, met]}
  war: {words: [war]}
rules:
"""


def book(condition: str, more: str = "") -> Rulebook:
    return rules(f'{WORDS}  - {{id: one, when: "{condition}", send: mail{more}}}\n')


def entry(title: str, body: str = "") -> Entry:
    return Entry(1, "wire", "Wire", "", "", title, "", body, None, "en", "")


def clause(condition: str, title: str, body: str = "") -> tuple[bool, str]:
    (verdict,) = explain(book(condition), entry(title, body), tags=frozenset()).verdicts
    return verdict.fired, verdict.clause


CLAUSES = (
    ("$talks", "They met", True, "$talks"),
    ("$talks or $war", "They met", True, "$talks"),
    ("$talks or $war", "Talks on war", True, "$talks or $war"),
    ("($talks or $war) and $aliyev", "Ilham Aliyev met", True, "$talks and $aliyev"),
    ("$talks and not $war", "They met", True, "$talks and not $war"),
    ("title:($talks or $war)", "They met", True, "title:$talks"),
    ("($talks or $war) near/3 $aliyev", "Ilham Aliyev met", True, "$talks near/3 $aliyev"),
    ("$aliyev before/3 $talks", "Ilham Aliyev met", True, "$aliyev before/3 $talks"),
    ("atleast/2 $talks", "They met for talks", True, "atleast/2 $talks"),
    ("$talks", "Nothing", False, "$talks is not mentioned"),
    ("$aliyev", "Aliyev spoke", False, "$aliyev stands only in its short form"),
    ("$aliyev", "Aliyev Airport is closed, said Ilham", False, "$aliyev stands only inside what its except"),
)  # fmt: skip


@pytest.mark.parametrize(("condition", "title", "fires", "said"), CLAUSES)
def test_the_clause_that_decided_is_named(condition: str, title: str, *, fires: bool, said: str) -> None:
    fired, told = clause(condition, title)
    assert fired is fires
    assert told == said if fires else told.startswith(said)


def test_a_mention_in_a_tail_is_named_with_the_line_that_opened_it() -> None:
    article = entry("Quiet day", "Nothing.\nSee also\nTalks end")
    what = explain(book("$talks"), article, tags=frozenset())
    assert what.fired == ()
    assert what.verdicts[0].clause == '$talks stands only where nothing counts: tail after "See also"'
    assert [(one.mention.surface, one.why) for one in what.discarded] == [("Talks", 'tail after "See also"')]
    assert [field for field, _ in what.zones] == ["body"]


def test_what_is_beyond_the_longest_text_is_said_to_be_unread() -> None:
    article = entry("x", "y" * LONGEST_TEXT)
    assert explain(book("$talks"), article, tags=frozenset()).unread == 1


FILTERS = (
    (", lang: [ru]", 'its "lang" is ru, and this is en'),
    (", sources: [wire2]", 'its "sources" are wire2, and this came from "wire"'),
    (", not-sources: [wire]", 'its "not-sources" name where this came from ("wire")'),
)


@pytest.mark.parametrize(("more", "said"), FILTERS)
def test_a_filter_is_named_where_the_words_stand(more: str, said: str) -> None:
    made = book("$talks").rules[0]
    sources = frozenset({"wire2"}) if more.startswith(", sources") else frozenset[str]()
    not_sources = frozenset({"wire"}) if "not-" in more else frozenset[str]()
    lang = frozenset({"ru"}) if "lang" in more else frozenset[str]()
    whole = book("$talks")
    barred = replace(whole, rules=(replace(made, sources=sources, not_sources=not_sources, lang=lang),))
    (verdict,) = explain(barred, entry("They met"), tags=frozenset()).verdicts
    assert (verdict.fired, verdict.clause) == (False, f"its words stand here, but {said}")


# ---- laws ------------------------------------------------------------------------------------------------

PARTS = ("$aliyev", "$talks", "$war")
LEAVES = st.sampled_from(PARTS)
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds("({} and {})".format, inner, inner),
        st.builds("({} or {})".format, inner, inner),
        st.builds("({} and not {})".format, inner, inner),
        st.builds("({} near/{} {})".format, inner, st.sampled_from((1, 4)), inner),
        st.builds("({} before/{} {})".format, inner, st.sampled_from((1, 4)), inner),
        st.builds("(atleast/{} {})".format, st.sampled_from((1, 2)), inner),
    ),
    max_leaves=5,
)
ZONED = st.one_of(
    CONDITIONS, st.builds("{}:{}".format, st.sampled_from(("title", "lead", "body")), CONDITIONS)
)
TEXTS = st.lists(
    st.sampled_from(["Ilham", "Aliyev", "talks", "war", "x", "Baku", "Airport"]), max_size=9
).map(" ".join)


@settings(max_examples=150, deadline=None)
@given(ZONED, TEXTS, TEXTS)
def test_a_condition_that_is_spelt_and_read_again_is_the_same(condition: str, title: str, body: str) -> None:
    first = book(condition)
    again = book(spelt(first.rules[0].condition))
    article = entry(title, body)
    fired = bool(explain(first, article, tags=frozenset()).fired)
    assert bool(explain(again, article, tags=frozenset()).fired) is fired


@settings(max_examples=300, deadline=None)
@given(ZONED, ZONED, TEXTS, TEXTS)
def test_what_is_implied_holds(one: str, other: str, title: str, body: str) -> None:
    made = rules(
        f'{WORDS}  - {{id: one, when: "{one}", send: mail}}\n  - {{id: two, when: "{other}", send: mail}}\n'
    )
    left, right = (rule.condition for rule in made.rules)
    reading = made.lexicon.read(entry(title, body))
    if implies(left, right) and mentions(left, reading):
        assert mentions(right, reading)
