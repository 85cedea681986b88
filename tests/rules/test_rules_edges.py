"""Where one value more or less decides: each row is a wrong change that no other test noticed."""

from __future__ import annotations

import time
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest

from monitor.alerts.telling import LEAD_WORDS
from monitor.rules import condition, document
from monitor.rules.condition import All, AtLeast, Name, Within
from monitor.rules.endings import stems
from monitor.rules.examples import failing_examples
from monitor.rules.lexicon import MOST_OCCURRENCES, MOST_STARTS
from monitor.rules.lint import implies, remarks
from monitor.rules.match import match
from monitor.rules.phrase import MOST_PHRASES
from monitor.rules.rulebook import Rulebook, compile_rulebook
from monitor.rules.schema import schema
from monitor.rules.tenure import Standing, Tenure
from tests.fakes import FEED, START, Item, entry, rules

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.errors import Fault
    from monitor.rules.condition import Condition

RULE = "rules: [{id: one, title: One, when: $a, send: mail, examples: {match: [%s]}}]\n"


def faults_of(text: str) -> list[Fault]:
    """The mistakes in a rulebook."""
    found: list[Fault] = []
    root = document.read("test.yaml", text, found)
    assert root is not None
    compile_rulebook([root], receivers=["mail"], sources=(), read_article=str, faults=found)
    return found


@pytest.mark.parametrize(
    ("example", "holds"), [("{file: saved.txt, title: Other}", True), ("{file: saved.txt}", False)]
)
def test_a_saved_article_is_all_body_where_the_example_has_a_title(example: str, *, holds: bool) -> None:
    root = document.read(
        "t.yaml", "terms: {a: {words: [treaty]}}\n" + RULE.replace("$a", "'body:$a'") % example, []
    )
    assert root is not None
    book = compile_rulebook(
        [root], receivers=["mail"], sources=(), read_article=lambda _: "treaty\nand more", faults=[]
    )
    assert ([*failing_examples(book)] == []) == holds


@pytest.mark.parametrize(("ways", "fits"), [(MOST_PHRASES, True), (MOST_PHRASES + 1, False)])
def test_a_spelling_may_stand_for_so_many_phrases_and_no_more(ways: int, *, fits: bool) -> None:
    choice = "|".join(f"w{number}" for number in range(ways))
    found = faults_of(f"terms: {{a: {{words: ['treaty ({choice})']}}}}\n" + RULE % "treaty w1")
    assert [fault for fault in found if "phrases" in fault.what] == [] if fits else found


def test_the_youngest_rule_is_the_one_that_came_last() -> None:
    since = {name: START + timedelta(hours=hours) for name, hours in (("a", 1), ("b", 5), ("c", 3))}
    tenures = {name: Tenure("content", then) for name, then in since.items()}
    assert Standing(tenures).youngest == START + timedelta(hours=5)
    assert Standing().youngest is None


def test_a_word_that_comes_without_end_begins_no_phrase_without_end() -> None:
    """Beyond MOST_STARTS it begins none; those before it are all found, and the text costs no more."""
    book = rules("terms: {a: {words: ['alpha beta', 'beta gamma']}}\n" + RULE % "alpha beta")
    body = "alpha beta " * (MOST_STARTS + 5) + "beta gamma"
    reading = book.lexicon.read(entry(FEED, Item("1", "x", "", body)))
    begun = time.monotonic()
    assert 0 < len(reading.hits(0)) <= MOST_OCCURRENCES
    assert time.monotonic() - begun < 5


def test_a_phrase_that_only_begins_after_too_many_starts_is_not_found() -> None:
    book = rules("terms: {a: {words: ['alpha gamma']}}\n" + RULE % "alpha gamma")
    assert [*_fired(book, "alpha " * (MOST_STARTS - 1) + "gamma")] == ["one"]
    assert [*_fired(book, "alpha " * (MOST_STARTS + 1) + "gamma")] == []


def _fired(book: Rulebook, body: str) -> list[str]:
    made = entry(FEED, Item("1", "x", "", body))
    return [found.rule for found in match(book, made)]


def test_a_short_word_is_remarked_on_with_what_to_do() -> None:
    (remark,) = [
        one
        for one in remarks(rules("terms: {a: {words: [eu, union]}}\n" + RULE % "eu union"))
        if "short" in one.what
    ]
    assert remark.what == '"eu" is short, and will stand in many texts for something else'
    assert remark.remedy == "write =EU if it is an abbreviation, or more words"


def test_a_rule_that_wants_something_twice_is_shadowed_by_the_one_that_wants_it_once() -> None:
    twice = "  - {id: two, when: atleast/2 $a, send: mail, examples: {match: [treaty and treaty]}}\n"
    once = "rules:\n  - {id: one, when: $a or $b, send: mail, examples: {match: [treaty]}}\n"
    desk = "terms: {a: {words: [treaty]}, b: {words: [pact]}}\n" + once
    assert any("shadowed" in one.what and '"two"' in one.what for one in remarks(rules(desk + twice)))


@pytest.mark.parametrize("wanted", [partial(AtLeast, 2), partial(Within, "title")])
def test_what_is_wanted_twice_or_in_one_zone_implies_what_it_implies_once_and_anywhere(
    wanted: Callable[[Condition], Condition],
) -> None:
    a, b = Name(0, "a"), Name(1, "b")
    assert implies(wanted(All((a, b))), a)
    assert not implies(wanted(a), All((a, b)))


@pytest.mark.parametrize(
    ("key", "fewest"), [("any", 1), ("sources", 1), ("not-sources", 1), ("lang", 1), ("send", 1)]
)
def test_the_schema_wants_as_many_as_the_loader(key: str, fewest: int) -> None:
    rule = schema()["properties"]["rules"]["items"]["properties"]
    assert rule[key]["anyOf"][1]["minItems"] == fewest


def test_the_schema_takes_empty_lists_where_the_loader_does() -> None:
    fewest = {
        found["minItems"]
        for name in schema()["properties"]["names"]["additionalProperties"]["properties"].values()
        for found in name.get("anyOf", [])
        if "minItems" in found
    }
    assert fewest == {0}


def test_the_hash_of_a_rulebook_is_128_bits() -> None:
    assert len(rules("terms: {a: {words: [treaty]}}\n" + RULE % "treaty").hash) == 32


@pytest.mark.parametrize(("word", "has_forms"), [("eu", False), ("xi", False), ("nato", True), ("kim", True)])
def test_a_name_of_two_latin_letters_has_no_endings(word: str, *, has_forms: bool) -> None:
    assert (len(stems(word)) > 1 or any(len(endings) > 1 for _, endings in stems(word))) == has_forms  # type: ignore[arg-type]


def test_a_georgian_name_takes_its_case_before_its_particle() -> None:
    endings = [endings for stem, endings in stems("ალიევი") if stem == "ალიევ"]
    assert any("მავე" in some for some in endings)
    assert not any("ვემა" in some for some in endings)


def test_what_a_message_calls_the_lead_is_what_rules_call_it() -> None:
    assert LEAD_WORDS == condition.LEAD_WORDS
