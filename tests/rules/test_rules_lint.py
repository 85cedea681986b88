"""What is no mistake and looks like one."""

from __future__ import annotations

from datetime import date

import pytest

from monitor.model import Entry
from monitor.rules.backtest import Past, backtest, moved
from monitor.rules.lint import Met, near_misses, remarks, remarks_from_history
from tests.fakes import rules

USED = "rules:\n  - {id: one, when: $a, send: mail, examples: {match: [Alpha treaty]}}\n"
ODD = (
    ("a term that covers another", "terms: {a: {words: [treaty, peace treaty]}}\n" + USED,
     '"peace treaty" adds nothing: "treaty" finds it too'),
    ("a wildcard that covers a word", "terms: {a: {words: [treat*, treaties]}}\n" + USED,
     '"treaties" adds nothing: "treat*" finds it too'),
    ("two spellings that are one", "names: {a: {full: [Baku, Bakü]}}\n" + USED,
     '"Bakü" adds nothing: "Baku" finds it too'),
    ("an unused name", "names: {a: {full: [Alpha]}, b: {full: [Beta]}}\n" + USED, '"$b" is used by no rule'),
    ("a form of another's name",
     "names: {a: {full: [Алиев]}, b: {full: [Алиева]}}\n" + USED.replace("$a", "$a or $b"),
     '"Алиева" is also a form of $a'),
    ("a short word", "terms: {a: {words: [eu, union]}}\n" + USED, '"eu" is short'),
    ("no example", "terms: {a: {words: [treaty]}}\nrules: [{id: one, when: $a, send: mail}]\n",
     'rule "one" has no example that must match'),
    ("a rule in another's shadow",
     "terms: {a: {words: [treaty]}}\n" + USED
     + "  - {id: two, when: title:$a, send: mail, examples: {match: [treaty]}}\n",
     'rule "two" is shadowed: wherever it fires, "one" tells the same receivers'),
)  # fmt: skip


@pytest.mark.parametrize(("text", "said"), [odd[1:] for odd in ODD], ids=[odd[0] for odd in ODD])
def test_what_looks_odd_is_told_once_with_its_place(text: str, said: str) -> None:
    found = remarks(rules(text))
    others = [remark.what for remark in found if not remark.what.startswith(said)]
    assert len(found) == len(others) + 1
    assert others in ([], ['"Алиев" is also a form of $b'])
    assert found[0].line >= 1 and found[0].remedy


SOUND = (
    "terms: {a: {words: [treaty, =EU, pact]}}\n" + USED,
    "names: {a: {full: [Алиев], except: [Мехрибан Алиева]}, b: {full: [Мехрибан Алиева]}}\n"
    + USED.replace("$a", "$a or $b"),
    "names: {a: {full: [Alpha]}, b: {full: [Alpha, Beta]}}\n" + USED.replace("$a", "$a or $b"),
    "names: {a: {full: [აშშ]}}\n" + USED,
    "terms: {a: {words: [treaty]}}\n"
    + USED
    + "  - {id: two, when: $a, send: [mail, chat], lang: en, examples: {match: [treaty]}}\n",
    "terms: {a: {words: [treaty]}, b: {words: [warfare]}}\n"
    + USED
    + "  - {id: two, when: body:($a and not $b), send: mail, severity: high, examples: {match: [treaty]}}\n",
)


@pytest.mark.parametrize("text", SOUND)
def test_what_is_sound_is_not_remarked_on(text: str) -> None:
    assert remarks(rules(text)) == []


# ---- backtest and history --------------------------------------------------------------------------------


def past(number: int, title: str, *, story: int | None = None, day: int = 1) -> Past:
    entry = Entry(number, "wire", "Wire", "", "", title, "", "", None, None, "")
    return Past(entry, story or number, date(2026, 3, day), frozenset())


HISTORY = [
    past(1, "Treaty signed"),
    past(2, "Treaty signed again", story=1, day=2),
    past(3, "A pact and a treaty", day=2),
    past(4, "Nothing"),
]
BOOK = (
    "terms: {a: {words: [treaty, pact]}, b: {words: [war]}}\nrules: [{id: one, when: $a or $b, send: mail}]\n"
)


def test_a_story_counts_once_on_the_day_it_was_first_caught() -> None:
    tally = backtest(rules(BOOK), HISTORY)["one"]
    assert tally.days == {date(2026, 3, 1): 1, date(2026, 3, 2): 1}
    assert tally.entries == 3
    assert tally.outlets == {"Wire": 2}
    assert tally.terms == {"$a": 2}


def test_what_a_change_gains_and_loses_is_told_by_story() -> None:
    before = backtest(rules(BOOK), HISTORY)
    after = backtest(
        rules(BOOK.replace("treaty, pact", "pact, nothing").replace("id: one", "id: two")), HISTORY
    )
    (gained, lost) = moved(before, after, was={"two": "one"})["two"]
    assert [caught.title for caught in gained] == ["Nothing"]
    assert [caught.title for caught in lost] == ["Treaty signed"]
    apart = moved(before, after, was={})
    assert [len(stories) for stories in apart["two"]] == [2, 0]
    assert [len(stories) for stories in apart["one"]] == [0, 2]


def said_of(text: str, past: list[Past], *, days: int) -> list[str]:
    book = rules(text)
    met = Met(book)
    for one in past:
        met.read(one.entry)
    found = remarks_from_history(book, backtest(book, past), met=met, days=days)
    return [remark.what for remark in found]


def test_words_without_a_hit_and_words_with_nearly_all_are_told() -> None:
    many = [past(number, f"Treaty number {number}") for number in range(10)] + [past(11, "A pact, a war")]
    text = BOOK.replace("[war]", "[war]}, c: {words: [zebra]").replace("or $b", "or $b or $c")
    assert said_of(text, many, days=90) == ['"$c" made no rule fire in 90 days']
    text = BOOK.replace("treaty, pact", "treaty, pact, accord")
    few = [*many[:8], past(21, "A pact"), past(22, "An accord"), past(23, "War"), past(24, "A pact again")]
    assert said_of(text, few, days=9) == ['"treaty" stands in 8 of the 12 stories of rule "one"']


def test_each_spelling_that_never_stood_is_told_beside_those_that_did() -> None:
    text = (
        "names:\n a: {full: [Ilham Aliyev, Ильхам Алиев, (President|Başkan) Aliyev], short: [Aliyev, Əliyev],"
        " context: [Baku, Gəncə], except: [Aliyev Airport]}\nrules: [{id: one, when: $a, send: mail}]\n"
    )
    seen = [past(1, "Ильхаму Алиеву передали"), past(2, "Aliyev waits"), past(3, "President Aliyev")]
    assert said_of(text, seen, days=9) == [
        '"Ilham Aliyev" stood in no article of 9 days',
        '"Əliyev" stood in no article of 9 days',
    ]


def test_words_one_letter_off_are_told_for_a_look() -> None:
    text = "names: {a: {full: [Pashinyan]}}\nrules: [{id: one, when: $a, send: mail}]\n"
    words = {"Pashynian": 2, "Pashinyan": 9, "Pashinyans": 1, "Pashinian": 4, "Pasinyan": 7, "zebra": 3}
    (found,) = near_misses(rules(text), words)
    assert found.what == 'near "Pashinyan" in the news: Pasinyan (7), Pashinian (4), Pashinyans (1)'
