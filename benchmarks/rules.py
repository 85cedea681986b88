"""How fast rules are matched, beside the usual ways of finding many phrases, on the same text in one run.

Run as: python -m benchmarks.rules --data DIR

DIR holds names/english-news.jsonl.gz. The peers are a loop of compiled expressions, one big alternation,
pyahocorasick and ahocorasick_rs (the last two where `pip install pyahocorasick
ahocorasick_rs` was done). They are
given a text in small letters and look for phrases as they stand between non-letters: no endings, capitals,
accents, zones or rules, and no offsets of the original. Ours goes from raw text to matches with all of these.

Figures are CPU time, the median of the rounds, after one reading of the same articles; MB are UTF-8.
"""

from __future__ import annotations

import argparse
import re
import time
from pathlib import Path
from random import Random
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.names import english, entry, listed, mapped, rulebook_of, scalar
from monitor.rules.match import match
from monitor.rules.rulebook import compile_rulebook
from monitor.text import words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from monitor.errors import Fault
    from monitor.model import Entry
    from monitor.rules.rulebook import Rulebook

PHRASES = (10, 100, 1_000, 10_000, 100_000)
RULES = (3, 30, 300, 1_000, 5_000)
PATIENCE = 3.0  # seconds of CPU for one way and size; then the rest is reckoned from what was read
LARGEST = {"loop of re": 10_000, "alternation": 10_000}  # above it, building alone takes minutes


def main() -> None:
    """Prints a table a question."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ways", nargs="*", default=[], help="ways to find phrases, by name; all if none")
    options = parser.parse_args()
    articles = [entry(text) for text in english(options.data / "names" / "english-news.jsonl.gz")]
    size = sum(len(article.body.encode()) for article in articles)
    print(f"{len(articles)} articles, {size / 1e6:.2f} MB, median of {options.rounds} rounds")
    for kind, made in (("strange", strange), ("own", own)):
        phrases = made(articles, max(PHRASES))
        by_phrases(kind, phrases, articles, ways=options.ways, rounds=options.rounds)
    by_rules(articles, rounds=options.rounds)
    hostile()
    loading()


# ---- phrases ---------------------------------------------------------------------------------------------


def strange(articles: Sequence[Entry], count: int) -> list[str]:
    """Ten phrases of the articles, then names of two invented words each: what grows is never found."""
    chance = Random(1)
    syllables = [a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u", "an", "or", "el")]

    def word() -> str:
        return "".join(chance.choice(syllables) for _ in range(chance.randint(2, 4))).title()

    return [*own(articles, 10), *(f"{word()} {word()}" for _ in range(count - 10))]


def own(articles: Sequence[Entry], count: int) -> list[str]:
    """Pairs of words, each drawn evenly from all distinct words of the articles: every word may begin one."""
    known = sorted({word.group() for article in articles for word in words(article.body)})
    known = [word for word in known if len(word) > 2 and word.isalpha()]
    chance = Random(2)
    return [f"{chance.choice(known)} {chance.choice(known)}" for _ in range(count)]


def by_phrases(
    kind: str, phrases: Sequence[str], articles: Sequence[Entry], *, ways: Sequence[str], rounds: int
) -> None:
    """MB/s of each way from 10 to 100,000 phrases, and how much dearer the most is than the fewest."""
    print(f"\n{kind} phrases: MB/s")
    print(f"{'':16}" + "".join(f"{count:>10,}" for count in PHRASES) + f"{'growth':>10}")
    for name, build in {"media-monitor": ours, **peers()}.items():
        if ways and name not in ways:
            continue
        counts = [count for count in PHRASES if count <= LARGEST.get(name, count)]
        speeds = [speed(build(phrases[:count]), articles, rounds=rounds) for count in counts]
        growth = f"{speeds[0] / speeds[-1]:.1f}" if len(speeds) == len(PHRASES) else "-"
        cells = [f"{value:.2f}" for value in speeds] + ["-"] * (len(PHRASES) - len(speeds))
        print(f"{name:16}" + "".join(f"{cell:>10}" for cell in cells) + f"{growth:>10}")


def speed(find: Callable[[Entry], int], articles: Sequence[Entry], *, rounds: int) -> float:
    """MB/s of CPU time from raw text to what is found, once everything is warm."""
    measured = []
    for _ in range(rounds + 1):
        done, began = 0, time.process_time()
        for article in articles:
            find(article)
            done += len(article.body.encode())
            if time.process_time() - began > PATIENCE:
                break
        measured.append(done / (time.process_time() - began) / 1e6)
        if time.process_time() - began > PATIENCE:
            break
    return median(measured[1:] or measured)


def ours(phrases: Sequence[str]) -> Callable[[Entry], int]:
    """A rule for every twenty phrases; those that begin with a capital are names."""
    names = [phrase for phrase in phrases if phrase[0].isupper()]
    terms = [phrase for phrase in phrases if not phrase[0].isupper()]
    book = rulebook(twenties(names), twenties(terms))
    return lambda article: len(match(book, article))


def twenties(phrases: Sequence[str]) -> list[Sequence[str]]:
    """The phrases by twenties."""
    return [phrases[at : at + 20] for at in range(0, len(phrases), 20)]


def rulebook(names: Sequence[Sequence[str]], terms: Sequence[Sequence[str]]) -> Rulebook:
    """A rule for each name and each term."""
    ids = [f"n{number}" for number in range(len(names))] + [f"t{number}" for number in range(len(terms))]
    root = mapped(
        names=mapped(
            **{id_: mapped(full=listed(*map(scalar, spelt))) for id_, spelt in zip(ids, names, strict=False)}
        ),
        terms=mapped(
            **{
                id_: mapped(words=listed(*map(scalar, spelt)))
                for id_, spelt in zip(ids[len(names) :], terms, strict=True)
            }
        ),
        rules=listed(*(mapped(id=scalar(id_), when=scalar(f"${id_}"), send=scalar("desk")) for id_ in ids)),
    )
    faults: list[Fault] = []
    book = compile_rulebook([root], receivers={"desk"}, sources=(), read_article=str, faults=faults)
    assert not faults, faults[:5]
    return book


def peers() -> dict[str, Callable[[Sequence[str]], Callable[[Entry], int]]]:
    """The other ways, by name; those that are not installed are named and left out."""
    found: dict[str, Callable[[Sequence[str]], Callable[[Entry], int]]] = {
        "loop of re": loop,
        "alternation": alternation,
    }
    for name, build in (("pyahocorasick", automaton), ("ahocorasick_rs", rust)):
        try:
            build(["a"])
        except ImportError:
            print(f"{name} is not installed")
        else:
            found[name] = build
    return found


def loop(phrases: Sequence[str]) -> Callable[[Entry], int]:
    """Every phrase an expression."""
    compiled = [re.compile(rf"\b{re.escape(phrase.lower())}\b") for phrase in phrases]

    def find(article: Entry) -> int:
        text = article.body.lower()
        return sum(len(one.findall(text)) for one in compiled)

    return find


def alternation(phrases: Sequence[str]) -> Callable[[Entry], int]:
    """All phrases in one expression."""
    one = re.compile(r"\b(?:" + "|".join(re.escape(phrase.lower()) for phrase in phrases) + r")\b")
    return lambda article: len(one.findall(article.body.lower()))


def automaton(phrases: Sequence[str]) -> Callable[[Entry], int]:
    """An Aho-Corasick automaton, in C (pyahocorasick)."""
    import ahocorasick  # type: ignore[import-not-found]  # a peer, and may not be here

    made: Any = ahocorasick.Automaton()
    for phrase in phrases:
        made.add_word(phrase.lower(), len(phrase))
    made.make_automaton()

    def find(article: Entry) -> int:
        text = article.body.lower()
        return sum(stands_alone(text, end - length + 1, end + 1) for end, length in made.iter(text))

    return find


def rust(phrases: Sequence[str]) -> Callable[[Entry], int]:
    """The same, in Rust (ahocorasick_rs)."""
    import ahocorasick_rs  # type: ignore[import-not-found]  # a peer, and may not be here

    made: Any = ahocorasick_rs.AhoCorasick([phrase.lower() for phrase in phrases])

    def find(article: Entry) -> int:
        text = article.body.lower()
        found = made.find_matches_as_indexes(text, overlapping=True)
        return sum(stands_alone(text, start, end) for _, start, end in found)

    return find


def stands_alone(text: str, start: int, end: int) -> bool:
    """Whether no letter touches a stretch of the text."""
    return not (text[start - 1 : start].isalnum() or text[end : end + 1].isalnum())


# ---- rules, hostile texts, loading ------------------------------------------------------------------------


def by_rules(articles: Sequence[Entry], *, rounds: int) -> None:
    """Articles a second and MB/s from 3 to 5,000 rules, each with a name of the articles; p99 an article."""
    print("\nrules         MB/s  first reading   articles/s     p99 ms")
    capital = {word.group() for article in articles for word in words(article.body) if len(word.group()) > 4}
    names = sorted(word for word in capital if word[0].isupper())
    size = sum(len(article.body.encode()) for article in articles)
    for count in RULES:
        step = max(1, len(names) // count)
        picked = [*names[::step][:count], *(f"Name{number}" for number in range(count - len(names)))]
        book = rulebook_of((name,) for name in picked)
        readings = [times(book, articles) for _ in range(rounds + 1)]
        warm = median(sum(reading) for reading in readings[1:])
        p99 = median(sorted(reading)[int(len(reading) * 0.99)] for reading in readings[1:])
        print(
            f"{count:>5,} {size / warm / 1e6:>12.1f} {size / sum(readings[0]) / 1e6:>14.1f}"
            f" {len(articles) / warm:>12,.0f} {p99 * 1e3:>10.1f}"
        )


def times(book: Rulebook, articles: Iterable[Entry]) -> list[float]:
    """Seconds of CPU for each article."""
    found = []
    for article in articles:
        began = time.process_time()
        match(book, article)
        found.append(time.process_time() - began)
    return found


def hostile() -> None:
    """Seconds for 200 kB of text made to be slow."""
    print("\nhostile text (200 kB)                      ms")
    from tests.rules.hostile import BOOK, TEXTS

    for name, text in TEXTS.items():
        article = entry(text)
        print(f"{name:40} {median(times(BOOK, [article] * 3)) * 1e3:>6.0f}")


def loading() -> None:
    """Milliseconds to read and compile 200 rules, each with a name of its own."""
    from monitor.rules import document

    text = "names:\n" + "".join(
        f"  n{n}: {{full: [Name{n} Surname{n}, Имя{n} Фамилия{n}]}}\n" for n in range(200)
    )
    text += "rules:\n" + "".join(
        f"  - {{id: r{n}, when: $n{n} or $n{n // 2}, send: d}}\n" for n in range(200)
    )
    spent = []
    for _ in range(5):
        began, faults = time.process_time(), list[Any]()
        root = document.read("desk.yaml", text, faults)
        assert root is not None
        compile_rulebook([root], receivers={"d"}, sources=(), read_article=str, faults=faults)
        spent.append(time.process_time() - began)
    print(f"\nloading 200 rules: {median(spent) * 1e3:.0f} ms")


if __name__ == "__main__":
    main()
