"""How well the language of an entry is told, and how fast, beside other detectors.

    python benchmarks/language.py --data ../shared/data [--lid lid.176.ftz]

DIR holds names/ (treebanks, news in Russian) and stream/ (English headlines). The first nine words of a
sentence stand for a headline, it and the two behind it for a summary. "ours" are the headlines of the tests,
written by us, who knew the detector. Printed are the shares that were told right, left open, and told wrong;
what is left open keeps the language that its feed declares. Other detectors are measured where they are
installed (cld3-py, pycld2, py3langid, fasttext-predict with the model of --lid), each with the threshold that
leaves least wrong. Time is CPU time, a headline at a time, the median of five runs.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import time
from collections import Counter, defaultdict
from contextlib import suppress
from datetime import UTC, datetime
from importlib import import_module
from itertools import islice
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from monitor.feeds.language import heard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Told = Callable[[str, str], str | None]

BANKS = ("az_tuecl-ud-test", "hy_armtdp-ud-dev", "ka_glc-ud-dev", "ru_taiga-ud-dev", "tr_boun-ud-dev")
OURS = Path(__file__).parent.parent / "tests" / "data" / "headlines-by-language.tsv"
MOST = 1_000  # texts of each source
HEADLINE, FEWEST = 9, 4  # words
NOW = datetime(2026, 3, 1, tzinfo=UTC)
_LANGUAGE = re.compile(rb"""<language>\s*([a-z]{2})|xml:lang=["']([a-z]{2})""", re.IGNORECASE)
EVERY = 50  # of the stream's headlines, one in so many


def main() -> None:
    """Prints a line for each source and detector."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--lid", type=Path, help="fastText's model")
    parser.add_argument("--feeds", action="store_true", help="only count whose declarations are overruled")
    options = parser.parse_args()
    if options.feeds:
        overruled(options.data / "feeds" / "real")
        return
    sources = dict(texts(options.data))
    for name, told in detectors(options.lid):
        print(f"\n{name}\n{'':14}{'texts':>6}  headline: right  open  wrong   with text: right  open  wrong")
        for source, rows in sources.items():
            of = source.partition(" ")[0]
            both = [[told(title, text) for title, text in some] for some in (bare(rows), rows)]
            print(f"{source:14}{len(rows):6}  {shares(both[0], of)}            {shares(both[1], of)}")
        print(f"{speed(told, [title for rows in sources.values() for title, _ in rows]):.0f} µs a headline")


def bare(rows: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The headlines without their texts."""
    return [(title, "") for title, _ in rows]


def shares(found: list[str | None], of: str) -> str:
    """What part was told right, left open, told wrong."""
    right, unsure = found.count(of) / len(found), found.count(None) / len(found)
    return f"{right:11.3f} {unsure:5.3f} {abs(1 - right - unsure):6.3f}"


def speed(told: Told, titles: list[str]) -> float:
    """Microseconds of CPU for a headline by itself."""
    times = []
    for _ in range(5):
        began = time.process_time()
        for title in titles:
            told(title, "")
        times.append(time.process_time() - began)
    return median(times) / len(titles) * 1e6


def overruled(folder: Path) -> None:
    """Entries of real feeds by what they declare and what is heard; titles where these differ."""
    from monitor.errors import ParseError
    from monitor.feeds.parse import parse
    from monitor.model import Feed

    counts: Counter[tuple[str, str]] = Counter()
    for path in sorted(folder.glob("*.gz")):
        body = gzip.decompress(path.read_bytes())
        found = _LANGUAGE.search(body)
        declared = (found[1] or found[2]).decode().lower() if found else "none"
        with suppress(ParseError):
            for one in parse(body, feed=Feed("a", "https://a.example/", "A"), content_type="", now=NOW):
                said = heard(one.title, one.summary or one.body) or "open"
                counts[declared, said] += 1
                if said not in (declared, "open") and declared != "none":
                    print(f"{declared} -> {said}: {one.title[:90]}")
    for (declared, said), number in counts.most_common():
        print(f"{number:6} declared {declared}, heard {said}")


# ---- texts -------------------------------------------------------------------------------------------------


def texts(data: Path) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """By language and source: headlines, each with the text below it."""
    for bank in BANKS:
        said = [
            line[9:] for line in lines(data / "names" / f"{bank}.conllu.gz") if line.startswith("# text = ")
        ]
        yield f"{bank[:2]} treebank", cut(said)
    articles = (json.loads(line)["text"] for line in lines(data / "names" / "russian-surnames.jsonl.gz"))
    yield "ru news", cut([one for text in articles for one in re.split(r"(?<=[.!?])\s+", text)])
    stream = islice(lines(data / "stream" / "headlines.tsv.gz"), 1, None, EVERY)
    yield "en headlines", [(line.split("\t")[4].split(" | ")[0], "") for line in islice(stream, MOST)]
    ours: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for line in OURS.read_text().splitlines():
        of, title = line.split("\t")
        ours[f"{of} ours"].append((title, ""))
    yield from ours.items()


def cut(sentences: list[str]) -> list[tuple[str, str]]:
    """The first words of each sentence, and that with the two sentences behind it."""
    found = [
        (" ".join(words[:HEADLINE]), " ".join(sentences[at : at + 3]))
        for at, sentence in enumerate(sentences)
        if len(words := sentence.split()) >= FEWEST
    ]
    return found[:MOST]


def lines(path: Path) -> Iterator[str]:
    """The lines of a compressed file, their ends off."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield line.rstrip("\n")


# ---- detectors ---------------------------------------------------------------------------------------------


def detectors(lid: Path | None) -> Iterator[tuple[str, Told]]:
    """Ours, and those that are installed here."""
    yield "ours", heard
    with suppress(ImportError):
        cld2 = import_module("pycld2")
        yield "pycld2", lambda title, text: _cld2(cld2, f"{title} {text}")
    with suppress(ImportError):
        network = import_module("gcld3").NNetLanguageIdentifier(0, 1000)
        yield "cld3-py", lambda title, text: _cld3(network, f"{title} {text}")
    with suppress(ImportError):
        langid = import_module("py3langid.langid")
        bayes = langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True)
        yield "py3langid", lambda title, text: _likely(*bayes.classify(f"{title} {text}"), least=0.9)
    if lid is not None:
        model = import_module("fasttext").load_model(str(lid))
        yield "fastText lid.176", lambda title, text: _fasttext(model, f"{title} {text}")


def _cld2(cld2: object, text: str) -> str | None:
    sure, _, found = cld2.detect("".join(filter(str.isprintable, text)))  # type: ignore[attr-defined]  # has no types
    return str(found[0][1]) if sure else None


def _cld3(network: object, text: str) -> str | None:
    found = network.FindLanguage(text)  # type: ignore[attr-defined]  # has no types
    return str(found.language) if found.is_reliable else None


def _fasttext(model: object, text: str) -> str | None:
    (name,), (likelihood,) = model.predict(text.replace("\n", " "), k=1)  # type: ignore[attr-defined]  # has no types
    return _likely(name.removeprefix("__label__"), likelihood, least=0.8)


def _likely(name: str, likelihood: float, *, least: float) -> str | None:
    return name if likelihood >= least else None


if __name__ == "__main__":
    main()
