"""Examples are run, and each that fails says why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from monitor.rules import document
from monitor.rules.rulebook import Rulebook, compile_rulebook, failing_examples

if TYPE_CHECKING:
    from monitor.errors import Fault

DEFINITIONS = """
names:
  aliyev: {full: [Ilham Aliyev], short: [Aliyev], context: [Baku], except: [Aliyev Airport]}
terms:
  talks: {words: [talks]}
  deal: {words: [deal]}
  sport: {words: [football]}
"""


def article(path: str) -> str:
    return {"saved.txt": "A headline\nwith talks\n"}[path]


def compiled(*rules: str) -> Rulebook:
    faults: list[Fault] = []
    text = DEFINITIONS + "rules:\n" + "".join(f"  - {rule}\n" for rule in rules)
    root = document.read("desk.yaml", text, faults)
    assert root is not None
    book = compile_rulebook([root], receivers=["desk"], sources=["tass"], read_article=article, faults=faults)
    assert not faults, [str(fault) for fault in faults]
    return book


def failures(condition: str, examples: str, more: str = "") -> list[str]:
    rule = f'{{id: one, when: "{condition}", send: desk, {more} examples: {examples}}}'
    return [fault.what.partition(": ")[2] for fault in failing_examples(compiled(rule))]


WHY = [
    ("$talks", "{match: [deal]}", "$talks is not mentioned"),
    ("$talks", "{ignore: [Talks on]}", '$talks "Talks" (title)'),
    (
        "$aliyev",
        "{match: [Aliyev]}",
        "$aliyev stands only in its short form, with no full form and no context word",
    ),
    ("$aliyev", "{match: [Baku Aliyev Airport]}", "$aliyev stands only inside what its except: names"),
    ("$talks and $deal", "{match: [talks]}", "$deal is not mentioned"),
    ("$talks or $deal", "{match: [x]}", "$talks is not mentioned; $deal is not mentioned"),
    ("$talks and not $sport", "{match: [football talks]}", '"and not" finds $sport "football" (title)'),
    ("$talks and not $sport", "{match: [football]}", "$talks is not mentioned"),
    ("title:$talks", "{match: [{title: x, body: talks}]}", "$talks does not stand in the title"),
    ("atleast/2 $talks", "{match: [talks]}", 'fewer than 2 mentions: $talks "talks" (title)'),
    ("atleast/2 $talks", "{match: [x]}", "$talks is not mentioned"),
    ("$talks near/1 $deal", "{match: [talks]}", "$deal is not mentioned"),
    (
        "$talks near/1 $deal",
        "{match: [talks on a new deal]}",
        '$talks "talks" (title) stands nowhere within 1 words of $deal "deal" (title)',
    ),
    (
        "$talks",
        "{ignore: [talks talks talks talks talks]}",
        ", ".join(['$talks "talks" (title)'] * 4) + " and 1 more",
    ),
    (
        "($talks or $deal or $sport or $aliyev or title:$deal)",
        "{match: [x]}",
        "".join(f"${name} is not mentioned; " for name in ("talks", "deal", "sport", "aliyev"))
        + "and 1 more",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("condition", "examples", "why"), WHY)
def test_a_failing_example_says_why(condition: str, examples: str, why: str) -> None:
    assert failures(condition, examples) == [why]


HOLDS = [
    ("$talks", "{match: [talks, {summary: talks}, {title: x, body: talks}], ignore: [deal]}", ""),
    ("$talks", "{match: talks}", ""),
    ("$talks", "{later: [deal, talks], match: , ignore: []}", ""),
    ("$talks", "{match: [{title: talks, source: tass}]}", "sources: [tass],"),
    ("$talks", "{match: [{title: talks, lang: en}], ignore: [{title: talks, lang: ru}]}", "lang: [en],"),
    ("$talks", "{match: [{file: saved.txt}, {file: saved.txt, title: x}]}", ""),
    ("title:$talks", "{ignore: [{file: saved.txt}]}", ""),
]


@pytest.mark.parametrize(("condition", "examples", "more"), HOLDS)
def test_examples_that_hold_are_silent(condition: str, examples: str, more: str) -> None:
    assert failures(condition, examples, more) == []


def test_filters_are_a_reason_too() -> None:
    said = failures("$talks", "{match: [{title: talks, lang: ru}]}", "lang: [en],")
    assert said == ['its "lang" is en, and this is ru']


def test_an_example_that_names_no_source_is_asked_about_its_words_only() -> None:
    assert failures("$talks", "{match: [talks]}", "sources: [tass],") == []


def test_a_fault_stands_at_the_line_of_its_example() -> None:
    book = compiled("id: one\n    any: [talks]\n    send: desk\n    examples:\n      match:\n        - deal")
    (fault,) = failing_examples(book)
    assert str(fault) == (
        'desk.yaml:14:11: "one" should match this example, but does not: talks is not mentioned'
    )
