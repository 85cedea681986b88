"""Feeds that nobody meant: mutated ones, through the code of the parser processes, guided by what they reach.

    python -m tests.campaign.fuzz COUNT SEED [DIR]

is one worker: it reads COUNT documents with the function that a parser process answers with, and prints what
came of them as JSON. Mutants come of a pool that begins with invented feeds and those of DIR. A mutant joins
it that is read as none was before, or, of the tenth that is traced, that runs a line of monitor/feeds that
none ran before.
"""

from __future__ import annotations

import gzip
import json
import random
import re
import subprocess
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitor.feeds.worker import Job, Refused, _reply
from monitor.model import Feed
from tests.campaign.world import Row

if TYPE_CHECKING:
    from types import CodeType, FrameType

    from monitor.feeds.parse import Reading

_FEED = Feed("f", "https://f.example/", outlet="f")
_NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
_ROOM = str(Path(__file__).parents[2] / "monitor" / "feeds")
_TRACED = 10  # one in so many
_HUNG = 4.0  # seconds of CPU: a parser process is killed then (monitor.feeds.workers)
_LONGEST = 6_000  # bytes of a document that stays in the pool
_KEPT = Path("build") / "campaign"  # what broke the parser is kept here
ITEMS = (
    b"<item><guid>1</guid><title>One peace agreement</title><link>http://e.example/1</link>"
    b"<description><![CDATA[A <b>text</b> of its own &amp; more]]></description>"
    b"<pubDate>Mon, 02 Mar 2026 09:00:00 GMT</pubDate></item>"
)
SEEDS = (
    b'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>' + ITEMS * 3 + b"</channel></rss>",
    b"""<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><entry><id>a</id>
    <title type="html">&lt;b&gt;x</title><link href="http://e.example/a"/>
    <updated>2026-03-02T09:00:00Z</updated><content type="xhtml"><div
    xmlns="http://www.w3.org/1999/xhtml">body</div></content></entry></feed>""",
    """<?xml version="1.0" encoding="windows-1251"?><rss version="2.0"><channel><item><title>Мир</title>
    </item></channel></rss>""".encode("windows-1251"),
    b"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">
    <item rdf:about="http://e.example/r"><title>r</title><link>http://e.example/r</link></item></rdf:RDF>""",
    b"""{"version":"https://jsonfeed.org/version/1.1","title":"t",
    "items":[{"id":"1","title":"x","content_text":"y"}]}""",
    b"<!DOCTYPE html><html><head><title>no feed</title></head><body>503</body></html>",
)
_PIECES = (
    *b"""<![CDATA[ ]]> <!-- --> &#0; &#xD800; &amp &bogus; &a; <item> </item> </channel> <title> <pubDate>
    xmlns='' encoding='utf-7' type='application/xml'""".split(),
    *(b"<?xml version='1.1'?>", b"<!DOCTYPE x [<!ENTITY a 'b'>]>"),
    *(b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\xd0", b"\xe2\x80\xae", b"9" * 400, b"\r\n\r\n"),
)


@dataclass
class Tally:
    """What became of a worker's documents."""

    read: int = 0
    refused: int = 0
    slowest: float = 0.0  # seconds of CPU
    hung: int = 0
    joined: int = 0
    uncaught: list[str] = field(default_factory=list)


@dataclass
class _Fuzzer:
    chance: random.Random
    pool: list[bytes]
    tally: Tally = field(default_factory=Tally)
    kinds: set[tuple[object, ...]] = field(default_factory=set)
    lines: set[tuple[CodeType, int]] = field(default_factory=set)

    def play(self, count: int) -> Tally:
        for number in range(count):
            document = _mutated(self.chance.choice(self.pool), self.pool, self.chance)
            before = len(self.lines), len(self.kinds)
            sys.settrace(self._call if number % _TRACED == 0 else None)
            try:
                self.kinds.add(self._one(document))
            finally:
                sys.settrace(None)
            if (len(self.lines), len(self.kinds)) != before and 0 < len(document) <= _LONGEST:
                self.pool.append(document)
                self.tally.joined += 1
        return self.tally

    def _one(self, document: bytes) -> tuple[object, ...]:
        """How a document was read, roughly."""
        begun = time.process_time()
        try:
            answer = _reply(Job(document, _FEED, "application/rss+xml", _NOW))
        except Exception as error:  # noqa: BLE001 - what the campaign looks for
            name = f"fuzz-{sha256(document).hexdigest()[:12]}"
            _KEPT.mkdir(parents=True, exist_ok=True)
            (_KEPT / name).write_bytes(document)
            self.tally.uncaught.append(f"{type(error).__name__} ({_KEPT / name})")
            return (type(error),)
        finally:
            took = time.process_time() - begun
            self.tally.slowest = max(self.tally.slowest, took)
            self.tally.hung += took > _HUNG
        if isinstance(answer, Refused):
            self.tally.refused += 1
            return (re.sub(r"\d+", "", answer.what),)
        self.tally.read += 1
        return _kind(answer)

    def _call(self, frame: FrameType, _event: str, _what: Any) -> Any:
        return self._line if frame.f_code.co_filename.startswith(_ROOM) else None

    def _line(self, frame: FrameType, event: str, _what: Any) -> Any:
        if event == "line":
            self.lines.add((frame.f_code, frame.f_lineno))
        return self._line


def _kind(reading: Reading) -> tuple[object, ...]:
    first = reading.entries[0] if reading.entries else None
    told = () if first is None else (first.title, first.summary, first.body, first.link, first.published)
    return (min(len(reading.entries), 4), bool(reading.hint), *map(bool, told), first and first.lang)


def fuzz(*, count: int, seed: int, corpus: Path | None = None, workers: int = 2) -> Row:
    """So many mutated feeds, each read or refused in time."""
    begun = time.monotonic()
    words = [sys.executable, "-m", "tests.campaign.fuzz", str(count // workers)]
    places = [str(corpus)] if corpus is not None and corpus.is_dir() else []
    processes = [
        subprocess.Popen(
            [*words, f"{seed}{number}", *places],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        for number in range(workers)
    ]
    tallies, died = [], 0
    for process in processes:
        said = process.communicate()[0]
        died += process.returncode != 0
        tallies += [Tally(**json.loads(said))] if process.returncode == 0 else []
    uncaught = Counter(what for tally in tallies for what in tally.uncaught)
    refused, joined = sum(tally.refused for tally in tallies), sum(tally.joined for tally in tallies)
    hung, slowest = (
        sum(tally.hung for tally in tallies),
        max((tally.slowest for tally in tallies), default=0.0),
    )
    read = sum(tally.read for tally in tallies) + refused + uncaught.total()
    return Row(
        f"{read:,} mutated feeds{', of real ones too' if places else ''}, guided by what they reach",
        "0 uncaught, 0 hung",
        f"{refused:,} refused, {uncaught.total()} uncaught, {hung + died} hung or died,"
        f" slowest {slowest:.2f} s of CPU, {joined:,} joined the pool"
        f" ({read / (time.monotonic() - begun):,.0f} a second)" + "".join(f"; {what}" for what in uncaught),
        not uncaught and not hung and not died,
    )


def _corpus(folder: Path) -> list[bytes]:
    files = sorted(path for path in folder.iterdir() if path.is_file())
    read = [
        gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes() for path in files
    ]
    return [_shortened(document) for document in read]


def _shortened(document: bytes) -> bytes:
    """A feed's head, first item and end: what a long one has more of is more of the same."""
    ends = [found.end() for found in re.finditer(rb"</(?:item|entry)>", document)]
    if not ends:
        return document[:_LONGEST]
    return (document[: ends[0]][:_LONGEST] + document[ends[-1] :])[:_LONGEST]


def _mutated(document: bytes, seeds: list[bytes], chance: random.Random) -> bytes:
    """The document after one to eight changes: bits, pieces of XML, cuts, doubling, splices."""
    made = bytearray(document)
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(made) + 1)
        match chance.randrange(6):
            case 0:
                made[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                made[at:at] = chance.choice(_PIECES)
            case 2:
                del made[at : at + chance.randrange(1, 60)]
            case 3:
                made[at:at] = made[at : at + chance.randrange(1, 200)] * chance.randrange(1, 9)
            case 4:
                other = chance.choice(seeds)
                start = chance.randrange(len(other))
                made[at:at] = other[start : start + 300]
            case _:
                del made[at:]
    return bytes(made)


def main() -> None:
    """One worker."""
    count, seed, *places = sys.argv[1:]
    pool = [*SEEDS, *(document for place in places for document in _corpus(Path(place)))]
    tally = _Fuzzer(random.Random(f"fuzz {seed}"), pool).play(int(count))
    sys.stdout.write(json.dumps(asdict(tally)))


if __name__ == "__main__":
    main()
