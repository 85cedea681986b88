"""Texts of 200 kB made to be slow, and rules that look for them."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from monitor.rules import document
from monitor.rules.rulebook import compile_rulebook

if TYPE_CHECKING:
    from monitor.errors import Fault
    from monitor.rules.rulebook import Rulebook

_DESK = """
terms:
  a: {words: [alpha, alpha alpha, alpha*, alpha (alpha|beta) (alpha|beta) alpha]}
  b: {words: [beta, beta beta]}
names:
  n: {full: [Alpha Beta], short: [Alpha], context: [Beta], except: [Alpha Alpha]}
rules:
  - {id: near, when: $a near/1000 $b, send: d}
  - {id: many, when: atleast/100 ($a or $b), send: d}
  - {id: nested, when: ($a before/1000 ($b near/1000 $a)) and not title:$n, send: d}
  - {id: name, when: $n, send: d}
"""


def _compiled() -> Rulebook:
    faults: list[Fault] = []
    root = document.read("hostile.yaml", _DESK, faults)
    assert root is not None
    book = compile_rulebook([root], receivers=["d"], sources=[], read_article=str, faults=faults)
    assert not faults
    return book


def _random_words(count: int) -> str:
    chance = Random(3)
    return " ".join("".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=6)) for _ in range(count))


BOOK = _compiled()
TEXTS = {
    "one word of 60,000 letters": "a" * 60_000,
    "150,000 distinct random words": _random_words(150_000),
    "3,000 x 3,000 near": " ".join(["alpha"] * 3_000 + ["x"] * 500 + ["beta"] * 3_000),
    "alpha beta for ever": "Alpha Beta " * 18_000,
    "alpha alpha for ever": "alpha " * 33_000,
    "apostrophes": "a'" * 100_000,
    "apostrophes after each word": "alpha'beta'alpha " * 11_000,
    "combining marks": "a\u0301" * 100_000,
    "full stops": "alpha." * 33_000,
    "line breaks": "\n" * 200_000,
    "markers of tails": "See also\n" * 22_000,
    "initials": "Alpha J. " * 22_000,
    "Han": "北京" * 100_000,
}
