"""How well names are found, and how fast.

Run as: python benchmarks/names.py --data DIR

DIR holds names/: Russian news with surnames marked (factRuEval-2016) and Universal Dependencies treebanks.
A proper noun's lemma becomes a name; each word of the treebank should be a mention if, and only if, it is a
form of that lemma. Halves are told apart by hash; neither was held back while the tables of endings were
written. "another script" are surnames printed in Latin letters beside the Russian ones, "in small letters"
names whose writers use no capitals: both are beyond what one Russian spelling of a name asks for. Speed is
CPU time from raw text to matches with 1,000 rules.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.model import Entry
from monitor.rules.document import Node
from monitor.rules.lexicon import carries_capital
from monitor.rules.match import match
from monitor.rules.rulebook import compile_rulebook
from monitor.text import clean, fold, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from monitor.errors import Fault
    from monitor.rules.rulebook import Rulebook

TREEBANKS = ("hy_armtdp-ud-dev", "ru_taiga-ud-dev", "tr_boun-ud-dev", "az_tuecl-ud-test", "ka_glc-ud-dev")
RULES = 1_000
SHORTEST_NAME = 5


def main() -> None:
    """Prints a line a measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--missed", type=int, default=0, help="show so many misses and false alarms of each")
    options = parser.parse_args()
    folder = options.data / "names"
    surnames(folder / "russian-surnames.jsonl.gz", missed=options.missed)
    for bank in TREEBANKS:
        proper_nouns(folder / f"{bank}.conllu.gz", missed=options.missed)
    speed(folder)


def lines(path: Path) -> Iterator[str]:
    """The lines of a compressed file."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from file


def scalar(text: str) -> Node:
    """A text as a rule file would hold it."""
    return Node("benchmark", 1, 1, "scalar", text)


def listed(*items: Node) -> Node:
    """A list as a rule file would hold it."""
    return Node("benchmark", 1, 1, "list", items=items)


def mapped(**pairs: Node) -> Node:
    """A map as a rule file would hold it."""
    return Node("benchmark", 1, 1, "map", pairs=tuple((scalar(key), value) for key, value in pairs.items()))


def rulebook_of(names: Iterable[tuple[str, ...]]) -> Rulebook:
    """One name and one rule for each group of spellings."""
    definitions, rules = {}, []
    for number, spellings in enumerate(names):
        definitions[f"n{number}"] = mapped(full=listed(*map(scalar, spellings)))
        rules.append(mapped(id=scalar(f"n{number}"), when=scalar(f"$n{number}"), send=scalar("desk")))
    faults: list[Fault] = []
    root = mapped(names=mapped(**definitions), rules=listed(*rules))
    book = compile_rulebook(
        [root], receivers={"desk"}, sources=(), read_article=lambda path: path, faults=faults
    )
    assert not faults, faults[:5]
    return book


def entry(body: str) -> Entry:
    """An entry that is all body."""
    return Entry(1, "f", "o", "", "", "", "", clean(body), None, None, "")


def surnames(path: Path, *, missed: int) -> None:
    """The share of marked surname mentions that a name with that surname alone finds."""
    gold: Counter[str] = Counter()
    found_in: Counter[str] = Counter()
    lost: list[str] = []
    for line in lines(path):
        document = json.loads(line)
        marked = [(mention["surface"], mention["lastname"]) for mention in document["surnames"]]
        marked = [(surface, [last for last in group if any(words(last))]) for surface, group in marked]
        lasts = sorted({last for _, group in marked for last in group})
        if not lasts:
            continue
        found: dict[str, set[str]] = defaultdict(set)
        for fired in match(rulebook_of((last,) for last in lasts), entry(document["text"])):
            found[lasts[int(fired.rule[1:])]] |= {fold(mention.surface) for mention in fired.mentions}
        for surface, group in marked:
            hit = any(fold(surface) in found[last] for last in group)
            script = "same script" if _is_cyrillic(surface) else "another script"
            for label in ("all", half(document["id"]), script):
                gold[label] += 1
                found_in[label] += hit
            if not hit:
                lost.append(f"{group}: {surface}")
    shares = ", ".join(f"{label} {found_in[label] / gold[label]:.1%} of {gold[label]}" for label in gold)
    print(f"russian surnames found: {shares}")
    _show(lost, missed)


def half(key: str) -> str:
    """The half of the data that a key falls into, by its hash."""
    return "half A" if hashlib.blake2b(key.encode(), digest_size=1).digest()[0] % 2 else "half B"


def _is_cyrillic(word: str) -> bool:
    return "\u0400" <= word[0] <= "\u052f"


def proper_nouns(path: Path, *, missed: int) -> None:
    """Recall and precision over the capitalised words of a treebank."""
    forms: dict[tuple[str, str], int] = defaultdict(int)
    proper: dict[str, int] = defaultdict(int)
    for form, lemma, kind in tokens(path):
        forms[form, lemma if kind == "PROPN" else ""] += 1
        if kind == "PROPN":
            proper[lemma] += 1
    lemmas = sorted(proper)
    book = rulebook_of((lemma,) for lemma in lemmas)
    tally: Counter[tuple[str, str]] = Counter()
    lost: list[str] = []
    false: list[str] = []
    found: dict[str, set[str]] = {}
    for (form, lemma), count in forms.items():
        if form not in found:
            found[form] = {fold(lemmas[int(rule.rule[1:])]) for rule in match(book, entry(form))}
        right = bool(lemma) and fold(lemma) in found[form]
        wrong = bool(found[form] - {fold(lemma)}) and not right
        capital = not lemma or form[0].isupper() or not carries_capital(lemma)
        for label in ("all", half(lemma or form), "written as names" if capital else "in small letters"):
            tally[label, "total"] += count if lemma else 0
            tally[label, "right"] += count if right else 0
            tally[label, "wrong"] += count if wrong else 0
        if lemma and not right:
            lost.append(f"{lemma}: {form}")
        if wrong:
            false.append(f"{sorted(found[form])[:2]}: {form} ({lemma})")
    shares = []
    for label in ("all", "half A", "half B", "written as names"):
        right_, wrong_, total = (tally[label, kind] for kind in ("right", "wrong", "total"))
        shares.append(f"{label} {right_ / (total or 1):.1%}/{right_ / (right_ + wrong_ or 1):.1%} of {total}")
    print(f"{path.name[:2]}: recall/precision {', '.join(shares)}")
    _show(lost, missed)
    _show(false, missed)


def tokens(path: Path) -> Iterator[tuple[str, str, str]]:
    """(form, lemma, part of speech) of each token that is one word, its lemma one word too."""
    for line in lines(path):
        columns = line.rstrip("\n").split("\t")
        if len(columns) != 10 or not columns[0].isdigit():
            continue
        form, lemma, kind = columns[1], columns[2], columns[3]
        if len(list(words(form))) == 1 and len(list(words(lemma))) == 1 and len(form) > 1:
            yield form, capitalised(lemma) if kind == "PROPN" else lemma, kind


def capitalised(lemma: str) -> str:
    """A lemma as an editor would write the name: treebanks give some in small letters."""
    return lemma[:1].upper() + lemma[1:]


def speed(folder: Path) -> None:
    """CPU time from raw text to matches, with 1,000 rules of the words that the texts hold."""
    articles = [entry(text) for text in english(folder / "english-news.jsonl.gz")]
    capital = sorted(
        {w.group() for a in articles for w in words(a.body) if w.group()[0].isupper() and len(w.group()) > 4}
    )
    book = rulebook_of((name,) for name in capital[:: max(1, len(capital) // RULES)][:RULES])
    for label in ("first reading", "again"):
        times = []
        for article in articles:
            began = time.process_time()
            match(book, article)
            times.append(time.process_time() - began)
        size = sum(len(article.body) for article in articles)
        print(
            f"speed, {RULES} rules, {len(articles)} articles of {size // len(articles)} characters, {label}: "
            f"{size / sum(times) / 1e6:.1f} Mchar/s, p99 {sorted(times)[int(len(times) * 0.99)] * 1e3:.1f} ms"
        )


def english(path: Path) -> Iterator[str]:
    """The text of each article."""
    for line in lines(path):
        yield json.loads(line)["text"]


def _show(lines: list[str], most: int) -> None:
    for line in lines[:most]:
        print("   ", line)


if __name__ == "__main__":
    main()
