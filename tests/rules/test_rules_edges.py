"""Where one value more or less decides: each row is a wrong change that no other test noticed."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.alerts.telling import LEAD_WORDS
from monitor.rules import condition, document
from monitor.rules.condition import All, AnyOf, AtLeast, Name, Near, Within, Without, neighbours
from monitor.rules.endings import stems
from monitor.rules.examples import failing_examples
from monitor.rules.explain import explain
from monitor.rules.lexicon import MOST_OCCURRENCES, MOST_STARTS, Hit
from monitor.rules.lint import implies, near_misses, remarks
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

A, B, C = (Name(owner, what) for owner, what in enumerate("abc"))
RULE = "rules: [{id: one, title: One, when: $a, send: mail, examples: {match: [%s]}}]\n"


def faults_of(text: str) -> list[Fault]:
    """The mistakes in a rulebook."""
    return read_all({"test.yaml": text})[1]


def read_all(texts: dict[str, str]) -> tuple[Rulebook, list[Fault]]:
    """The rulebook of these files, and its mistakes."""
    found: list[Fault] = []
    roots = [root for file, text in texts.items() if (root := document.read(file, text, found)) is not None]
    book = compile_rulebook(
        roots, receivers=["mail", "chat"], sources=["a", "b"], read_article=str, faults=found
    )
    return book, found


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
    begun = time.process_time()
    assert 0 < len(reading.hits(0)) <= MOST_OCCURRENCES
    assert time.process_time() - begun < 5


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


# ---- mistakes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["title", "severity", "was"])
def test_an_empty_text_is_one_mistake(key: str) -> None:
    (found,) = faults_of(f"rules: [{{id: one, any: [treaty], send: mail, {key}: ' '}}]\n")
    assert found.what == f'"{key}" is empty'


def test_mistakes_are_told_in_the_order_in_which_the_files_are_read() -> None:
    wrong = "rules:\n  - {id: %s, any: [treaty], send: nobody}\n"
    _, found = read_all({"b.yaml": wrong % "one", "a.yaml": wrong % "two"})
    assert [fault.file for fault in found] == ["b.yaml", "a.yaml"]


@pytest.mark.parametrize(
    ("when", "fits"),
    [
        (f"$a near/{condition.FARTHEST} $a", True),
        (f"$a near/{condition.FARTHEST + 1} $a", False),
        (f"atleast/{condition.MOST_AT_LEAST} $a", True),
        (f"atleast/{condition.MOST_AT_LEAST + 1} $a", False),
    ],
)
def test_a_condition_counts_so_far_and_no_further(when: str, *, fits: bool) -> None:
    found = faults_of("terms: {a: {words: [treaty]}}\n" + (RULE % "treaty").replace("$a", when))
    assert [" is more than " in fault.what for fault in found] == [True] * (not fits)


# ---- mentions ----------------------------------------------------------------------------------------------


def test_a_long_mention_reaches_past_a_short_one_inside_it() -> None:
    long, short, after = (Hit(0, first, last, 0, 0, 0) for first, last in ((0, 10), (2, 3), (14, 15)))
    assert neighbours([long, short], [after], 5, ordered=False) == (long, after)
    assert neighbours([after], [long, short], 5, ordered=False) == (long, after)
    assert neighbours([long, short], [after], 3, ordered=False) == ()
    assert neighbours([long], [after._replace(field=1)], 5, ordered=False) == ()


@pytest.mark.parametrize(
    ("body", "fires"),
    [
        ("Aliyev in Baku", True),
        ("Aliyev at Aliyev Airport", False),
        ("Aliyev in Baku, at Aliyev Airport", True),
        ("Aliyev Airport in Baku", False),
    ],
)
def test_what_an_exception_names_is_no_mention_and_no_context(body: str, *, fires: bool) -> None:
    book = rules(
        "names: {a: {short: [Aliyev], context: [Baku], except: [Aliyev Airport]}}\n" + RULE % "Aliyev Baku"
    )
    assert bool(_fired(book, body)) == fires


@pytest.mark.parametrize(("words", "more"), [(3, ""), (4, ""), (5, "; and 1 more")])
def test_of_many_alternatives_that_fail_four_are_told_and_the_others_counted(words: int, more: str) -> None:
    looked_for = ["alpha", "beta", "gamma", "delta", "epsilon"][:words]
    book = rules(f"rules: [{{id: one, any: [{', '.join(looked_for)}], send: mail}}]\n")
    (verdict,) = explain(book, entry(FEED, Item("1", "x")), tags=frozenset()).verdicts
    assert verdict.clause == "; ".join(f"{word} is not mentioned" for word in looked_for[:4]) + more


@pytest.mark.parametrize(("times", "more"), [(3, ""), (4, ""), (5, " and 1 more")])
def test_of_many_mentions_four_are_told_and_the_others_counted(times: int, more: str) -> None:
    book = rules("terms: {a: {words: [treaty]}}\n" + (RULE % "x").replace("$a", "atleast/9 $a"))
    made = entry(FEED, Item("1", "x", "", "treaty " * times))
    (verdict,) = explain(book, made, tags=frozenset()).verdicts
    told = ", ".join(['$a "treaty" (body)'] * min(times, 4))
    assert verdict.clause == f"fewer than 9 mentions: {told}{more}"


@pytest.mark.parametrize(
    ("text", "fires"),
    [
        ("Antony J. Blinken came", True),
        ("Antony J Blinken came", True),
        ("Antony Blinken came", True),
        ("Antony J. K. Blinken came", False),
        ("Antony met Blinken", False),
        ("Antony, J. Blinken came", False),
        ("Antony J., Blinken came", False),
        ("then came Antony J.", False),
        ("then came Antony", False),
    ],
)
def test_a_name_in_full_may_have_one_middle_initial(text: str, *, fires: bool) -> None:
    book = rules("names: {a: {full: [Antony Blinken]}}\n" + RULE % "Antony Blinken")
    assert bool(_fired(book, text)) == fires
    term = rules("terms: {a: {words: [antony blinken]}}\n" + RULE % "Antony Blinken")
    assert bool(_fired(term, text)) == (fires and "J" not in text)


def test_a_word_that_is_a_name_too_is_found_in_small_letters() -> None:
    book = rules(
        "names: {b: {full: [March]}}\nterms: {a: {words: [march]}}\n"
        + (RULE % "a march").replace("$a,", "$a or $b,")
    )
    (found,) = match(book, entry(FEED, Item("1", "They march to Kapan")))
    assert [mention.surface for mention in found.mentions] == ["march"]


def test_a_phrase_of_any_is_found_in_small_letters_and_without_endings() -> None:
    book = rules("rules: [{id: one, any: [Peace], send: mail, examples: {match: [peace]}}]\n")
    assert [_fired(book, text) for text in ("in peace", "in PEACE", "peaceler")] == [["one"], ["one"], []]


def test_what_stands_in_a_tail_is_told_of_a_name_and_not_of_what_goes_with_it() -> None:
    book = rules("names: {a: {short: [Aliyev], context: [Baku]}}\n" + RULE % "Aliyev in Baku")
    made = entry(FEED, Item("1", "x", "", "One. Two.\n***\nRead also\nAliyev in Baku"))
    (found,) = book.lexicon.read(made).discarded()
    assert made.body[found[0].start : found[0].end] == "Aliyev"


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ("", True),
        ("any: [treaty, pact]", True),
        ("any: [treaty, truce]", False),
        ("any: [treaty]", False),
        ("any: [pact, treaty]", False),
    ],
)
def test_the_hash_tells_one_list_from_another(change: str, *, same: bool) -> None:
    text = "rules: [{id: one, any: [treaty, pact], send: mail, examples: {match: [treaty]}}]\n"
    changed = text.replace("any: [treaty, pact]", change or "any: [treaty, pact]")
    assert (rules(text).hash == rules(changed).hash) == same


def test_a_rule_without_a_title_is_called_by_its_id() -> None:
    book = rules("rules: [{id: one, any: [treaty], send: mail}, {id: two, title: T, any: [a], send: mail}]\n")
    assert [rule.title for rule in book.rules] == ["one", "T"]


def test_what_other_readers_of_a_file_look_for_is_no_mistake_in_its_rules() -> None:
    feeds = "feeds: [{name: a, url: 'https://a.example/'}]\nreceivers: {mail: 'json://x'}\n"
    book, found = read_all({"t.yaml": feeds + "rules: [{id: one, any: [treaty], send: mail}]\n"})
    assert (found, len(book.rules)) == ([], 1)


def test_an_article_that_cannot_be_read_is_a_mistake_with_its_reason() -> None:
    def read(path: str) -> str:
        raise ValueError(f"{path} leads out of the folder")

    root = document.read(
        "t.yaml", "rules: [{id: one, any: [a], send: mail, examples: {match: [{file: ../x}]}}]", []
    )
    assert root is not None
    found: list[Fault] = []
    compile_rulebook([root], receivers=["mail"], sources=(), read_article=read, faults=found)
    assert 'cannot read the article "../x": ../x leads out of the folder' in [one.what for one in found]


# ---- conditions --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "owners", "pages"),
    [
        (A, {0}, True),
        (All((A, AnyOf((B, C)))), {0}, True),
        (All((AnyOf((B, C)), A)), {0}, True),
        (AnyOf((A, B)), {0, 1}, True),
        (Without(A, B), {0}, True),
        (Near(AnyOf((A, B)), C, 3, ordered=False), {2}, True),
        (AtLeast(2, B), {1}, True),
        (Within("title", A), {0}, False),
        (Within("body", A), {0}, True),
        (All((Within("title", A), B)), {0}, True),
        (Near(Within("title", A), B, 3, ordered=False), {0}, False),
        (Near(B, Within("title", A), 3, ordered=False), {1}, False),
        (Without(Within("title", A), B), {0}, False),
        (Without(A, Within("title", B)), {0}, True),
        (AtLeast(2, Within("title", A)), {0}, False),
        (Within("title", AnyOf((A, B))), {0, 1}, False),
    ],
)
def test_a_condition_knows_the_fewest_names_it_needs_and_whether_a_page_may_bring_them(
    asked: Condition, owners: set[int], *, pages: bool
) -> None:
    assert (set(condition.needed(asked)), condition.reads_pages(asked)) == (owners, pages)
    assert owners <= {name.owner for name in condition.names(asked)}


CONDITIONS = st.recursive(
    st.sampled_from([A, B, C]),
    lambda part: st.one_of(
        st.tuples(part, part).map(All),
        st.tuples(part, part).map(AnyOf),
        st.builds(Without, part, part),
        st.builds(partial(Near, ordered=True), part, part, st.integers(0, 3)),
        st.builds(AtLeast, st.integers(1, 3), part),
        st.builds(Within, st.sampled_from(["title", "lead", "body"]), part),
    ),
    max_leaves=5,
)
LEXICON = rules(
    "terms: {a: {words: [alpha]}, b: {words: [beta]}, c: {words: [gamma]}}\n" + RULE % "alpha"
).lexicon
TEXTS = st.lists(st.sampled_from(["alpha", "beta", "gamma", "x"]), max_size=6).map(" ".join)


@settings(max_examples=100)
@given(CONDITIONS, TEXTS, TEXTS)
def test_what_holds_had_a_name_that_was_needed_and_a_page_that_was_read(
    asked: Condition, title: str, page: str
) -> None:
    reading = LEXICON.read(replace(entry(FEED, Item("1", title)), text=page))
    if found := condition.mentions(asked, reading):
        assert any(reading.hits(owner) for owner in condition.needed(asked))
        assert {hit.owner for hit in found} <= {name.owner for name in condition.names(asked)}
    if condition.mentions(asked, LEXICON.read(replace(entry(FEED, Item("1", "x")), text=page))):
        assert condition.reads_pages(asked)


@pytest.mark.parametrize(
    ("when", "fits"),
    [
        (" and ".join(["($a)"] * 2 * condition._DEEPEST), True),
        ("(" * condition._DEEPEST + "$a" + ")" * condition._DEEPEST, True),
        ("(" * (condition._DEEPEST + 1) + "$a" + ")" * (condition._DEEPEST + 1), False),
        ("title:$a and body:$a", True),
        ("title:(body:$a)", False),
    ],
)
def test_brackets_stand_so_deep_and_as_many_beside_each_other_as_one_likes(when: str, *, fits: bool) -> None:
    found = faults_of("terms: {a: {words: [treaty]}}\n" + (RULE % "treaty").replace("$a", when))
    assert (not [one for one in found if "deep" in one.what or "inside" in one.what]) == fits


# ---- remarks -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "remarked"),
    [("eu", True), ("war", True), ("wars", False), ("EU", False), ("Eu", False), ("ევრ", False)],
)
def test_a_short_word_is_remarked_on_where_it_may_be_any_word(word: str, *, remarked: bool) -> None:
    found = remarks(rules(f"terms: {{a: {{words: [{word}]}}}}\n" + RULE % word))
    assert any("is short" in one.what for one in found) == remarked


def test_a_name_that_no_rule_uses_is_remarked_on_once_however_it_is_spelt() -> None:
    desk = "names: {a: {full: [Ana Lee]}, b: {full: [Bo Lee, Bo Li], short: [Li, Lee]}}\n" + RULE % "Ana Lee"
    found = [one.what for one in remarks(rules(desk)) if "used by no rule" in one.what]
    assert found == ['"$b" is used by no rule']


def test_a_spelling_of_several_short_words_is_remarked_on_once() -> None:
    found = remarks(rules("terms: {a: {words: [(eu|un|treaty)]}}\n" + RULE % "eu"))
    assert [one.what for one in found] == ['"eu" is short, and will stand in many texts for something else']


@pytest.mark.parametrize(
    ("wider", "narrower", "shadows"),
    [
        ("send: [mail, chat]", "send: mail", True),
        ("send: mail", "send: [mail, chat]", False),
        ("send: mail, severity: high", "send: mail", True),
        ("send: mail", "send: mail, severity: high", False),
        ("send: mail", "send: mail, lang: en", True),
        ("send: mail, lang: [en, ru]", "send: mail, lang: en", True),
        ("send: mail, lang: en", "send: mail, lang: [en, ru]", False),
        ("send: mail, lang: en", "send: mail", False),
        ("send: mail, sources: [a, b]", "send: mail, sources: [a]", True),
        ("send: mail, sources: [a]", "send: mail, sources: [a, b]", False),
        ("send: mail, sources: [a]", "send: mail", False),
        ("send: mail, not-sources: [a]", "send: mail, not-sources: [a, b]", True),
        ("send: mail, not-sources: [a, b]", "send: mail, not-sources: [a]", False),
    ],
)
def test_a_rule_is_in_the_shadow_of_one_that_lets_as_much_pass_and_tells_as_many_as_urgently(
    wider: str, narrower: str, *, shadows: bool
) -> None:
    desk = (
        "terms: {a: {words: [treaty]}, b: {words: [pact]}}\nrules:\n"
        f"  - {{id: one, when: $a or $b, {wider}, examples: {{match: [treaty]}}}}\n"
        f"  - {{id: two, when: $a, {narrower}, examples: {{match: [treaty]}}}}\n"
    )
    book, faults = read_all({"test.yaml": desk})
    assert faults == []
    assert ['"two" is shadowed' in one.what for one in remarks(book)] == [True] * shadows


def test_of_two_rules_that_say_the_same_the_later_one_is_in_the_shadow() -> None:
    def shadowed(one: str, two: str) -> list[str]:
        desk = (
            "terms: {a: {words: [treaty]}}\nrules:\n"
            f"  - {{id: one, when: $a, {one}, examples: {{match: [treaty]}}}}\n"
            f"  - {{id: two, when: $a, {two}, examples: {{match: [treaty]}}}}\n"
        )
        return [fault.what for fault in remarks(rules(desk)) if "shadowed" in fault.what]

    told = 'rule "%s" is shadowed: wherever it fires, "%s" tells the same receivers'
    assert shadowed("send: mail", "send: mail") == [told % ("two", "one")]
    assert shadowed("send: mail", "send: mail, severity: high") == [told % ("one", "two")]
    assert shadowed("send: mail, severity: high", "send: mail") == [told % ("two", "one")]
    assert shadowed("send: mail", "send: [mail, chat]") == [told % ("one", "two")]
    assert shadowed("send: mail", "send: chat") == []


@pytest.mark.parametrize(
    ("one", "other", "both_ways"),
    [
        (All((A, B)), A, False),
        (All((A, B)), All((B, A)), True),
        (A, AnyOf((A, B)), False),
        (AnyOf((A, B)), AnyOf((B, C, A)), False),
        (Without(A, B), A, False),
        (Near(A, B, 3, ordered=False), All((A, B)), False),
        (Near(A, B, 3, ordered=False), Near(A, B, 5, ordered=False), False),
        (Near(A, B, 3, ordered=True), Near(A, B, 3, ordered=False), False),
        (AtLeast(3, A), AtLeast(2, A), False),
        (AtLeast(2, A), AnyOf((A, B)), False),
        (Within("title", All((A, B))), A, False),
        (Within("title", AtLeast(2, A)), A, False),
        (Within("title", Near(A, B, 3, ordered=False)), B, False),
    ],
)
def test_a_condition_implies_the_weaker_one(one: Condition, other: Condition, *, both_ways: bool) -> None:
    assert [implies(one, other), implies(other, one)] == [True, both_ways]


@pytest.mark.parametrize(
    "inner",
    [
        Without(A, B),
        AnyOf((C, Without(A, B))),
        All((C, Without(A, B))),
        Near(Without(A, B), C, 3, ordered=False),
        Near(C, Without(A, B), 3, ordered=False),
        AtLeast(2, Without(A, B)),
    ],
)
def test_what_holds_in_a_zone_because_something_is_missing_there_implies_nothing(inner: Condition) -> None:
    assert not implies(Within("title", inner), inner)


@pytest.mark.parametrize(
    ("general", "narrow", "covers"),
    [
        ("=Treaty", "Treaty", False),
        ("Treaty", "=Treaty", False),
        ("=Treaty", "=Treaty pact", True),
        ("=Treat*", "=Treat", False),
        ("treaty", "peace treaty", True),
        ("treat*", "treaty", True),
        ("treat*", "treats*", True),
        ("treats*", "treat*", False),
        ("treaty", "treat*", False),
        ("treaty", "treaties", False),
        ("peace treaty", "treaty peace", False),
        ("=Treaty", "treaty", False),
    ],
)
def test_a_spelling_adds_nothing_where_another_stands_in_it(
    general: str, narrow: str, *, covers: bool
) -> None:
    found = remarks(rules(f"terms: {{a: {{words: [{general}, {narrow}]}}}}\n" + RULE % "treaty"))
    told = f'"{narrow}" adds nothing: "{general}" finds it too'
    assert (told in [one.what for one in found]) == covers


@pytest.mark.parametrize(
    ("word", "is_near"),
    [
        ("Pashinyin", True),
        ("Pashinyann", True),
        ("Pashinya", True),
        ("Pashniyan", False),
        ("Pashnyian", False),
        ("Pashninyyan", False),
        ("Pashinyan", False),
    ],
)
def test_a_near_miss_is_one_letter_more_or_less_or_changed(word: str, *, is_near: bool) -> None:
    book = rules("names: {a: {full: [Pashinyan]}}\n" + RULE % "Pashinyan")
    assert bool(near_misses(book, {word: 1})) == is_near


@pytest.mark.parametrize(
    ("term", "word", "is_near"),
    [
        ("words: [railway]", "railwey", True),
        ("words: [railway bridge]", "railwey", False),
        ("words: [railways*]", "ralways", False),
        ("words: [trams]", "tramsy", False),
        ("words: [railway]", "rail", False),
        ("words: [bridge], except: [railway]", "railwey", False),
    ],
)
def test_near_misses_are_told_of_long_words_that_are_looked_for_alone(
    term: str, word: str, *, is_near: bool
) -> None:
    book = rules(f"terms: {{a: {{{term}}}}}\n" + RULE % "railway")
    assert bool(near_misses(book, {word: 1})) == is_near
