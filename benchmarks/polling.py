"""How fast polling is, beside its peers: many feeds on loopback, each at an address of its own.

    python benchmarks/polling.py                             ourselves, and a bare urllib3 loop that only asks
    python benchmarks/polling.py --peers VENV/bin/python     and reader, rss2email, requests + feedparser
    python benchmarks/polling.py --feeds 300 --runs 3

VENV is any environment with `pip install reader sgmllib3k rss2email requests feedparser`; newsboat and sfeed
(with curl) are taken from the PATH. What is not there is left out with a line that says so. Every client is a
process of its own and polls every feed in five passes: first poll; unchanged (304); 5 % of the feeds with one
new entry; and, from a state of its own, first poll without validators; unchanged without validators. Runs are
interleaved. Figures are medians: seconds of wall clock / of CPU (client and its children, not the server),
and the most memory that the client's main process had.

What a client loads is loaded before the clock starts, for us too: our parser processes are up, as in a daemon
that runs. What one takes to start is printed apart. Our first poll ends when everything that stands in the
feeds is on the disk and will alert nobody; "settling" is the pass in which it is then read, fingerprinted,
judged and indexed, which a daemon does between its polls and no other client does at all.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.engine import Engine

RSS = b"<rss version='2.0'><channel><item><title>Ready</title></item></channel></rss>"
ENTRIES = 50
CHANGED = 20  # one feed in so many
PASSES = ("first", "settling", "unchanged", "5 % changed", "first, no validators", "unchanged, no validators")
OURS = ("monitor", "bare urllib3 loop")
PEERS = ("requests + feedparser", "reader", "rss2email")
PROGRAMS = {"newsboat": ("newsboat",), "sfeed": ("sfeed_update", "curl")}


# ---- the server --------------------------------------------------------------------------------------------


class Outlets(asyncio.Protocol):
    """Answers GET /N or /plain/N with feed N; /edition/N gives one feed in 20 its Nth new entry."""

    edition = 0
    documents: dict[tuple[int, int], bytes]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client is there."""
        self._transport = transport
        self._head = b""

    def data_received(self, data: bytes) -> None:
        """Answers each request that has come whole."""
        self._head += data
        while b"\r\n\r\n" in self._head:
            head, _, self._head = self._head.partition(b"\r\n\r\n")
            self._transport.write(self._answer(head))  # type: ignore[attr-defined]  # it is a stream's

    def _answer(self, head: bytes) -> bytes:
        path = head.split(b" ", 2)[1].decode()
        kind, _, number = path.strip("/").rpartition("/")
        if kind == "edition":
            Outlets.edition = int(number)
            for feed, _ in [key for key in self.documents if key[1] == 0 and key[0] % CHANGED == 0]:
                self.documents[feed, int(number)] = document(feed, int(number))
            return b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        edition = Outlets.edition if int(number) % CHANGED == 0 else 0
        validators = b""
        if kind != "plain":
            etag = b'"%s-%d"' % (number.encode(), edition)
            validators = b"ETag: " + etag + b"\r\n"
            if etag in head:
                return b"HTTP/1.1 304 Not Modified\r\n" + validators + b"\r\n"
        body = self.documents.setdefault((int(number), edition), document(int(number), edition))
        kept = b"Content-Type: application/rss+xml\r\n" + validators
        return b"HTTP/1.1 200 OK\r\n" + kept + b"Content-Length: %d\r\n\r\n" % len(body) + body


def document(number: int, edition: int) -> bytes:
    """Feed `number`: 50 entries of news of its own, an edition one more at the top."""
    items = "".join(_item(number, entry) for entry in range(ENTRIES + edition, edition, -1))
    channel = f"<channel><title>{number}</title>{items}</channel>"
    return f'<?xml version="1.0"?><rss version="2.0">{channel}</rss>'.encode()


def _item(number: int, entry: int) -> str:
    dice = random.Random(number * 1_000 + entry)
    title, text = _sentence(dice, 9), _sentence(dice, 45)
    return (
        f"<item><title>{title}</title><link>http://outlet-{number}.example/{entry}</link>"
        f"<guid>http://outlet-{number}.example/{entry}</guid><description>{text}.</description>"
        f"<pubDate>Fri, 20 Nov 2026 {entry % 24:02}:00:00 GMT</pubDate></item>"
    )


def _sentence(dice: random.Random, words: int) -> str:
    return " ".join(dice.choice(VOCABULARY) for _ in range(words)).capitalize()


_SYLLABLES = [
    "ba",
    "ce",
    "di",
    "fo",
    "gu",
    "ha",
    "je",
    "ki",
    "lo",
    "mu",
    "na",
    "pe",
    "ri",
    "so",
    "tu",
    "va",
    "we",
    "xi",
    "yo",
    "zu",
]
VOCABULARY = [a + b + c for a in _SYLLABLES for b in _SYLLABLES for c in _SYLLABLES[:12]]


async def serve(feeds: int) -> None:
    """Serves every loopback address until standard input ends; prints its port."""
    Outlets.documents = {(number, 0): document(number, 0) for number in range(feeds)}
    server = await asyncio.get_running_loop().create_server(Outlets, "0.0.0.0", 0, backlog=1024)  # noqa: S104
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)


def address(number: int, port: int, *, plain: bool) -> str:
    """Where feed `number` is: a loopback address of its own."""
    host = f"127.{1 + number // 62_500}.{number // 250 % 250}.{1 + number % 250}"
    return f"http://{host}:{port}/{'plain/' if plain else ''}{number}"


# ---- clients: each makes ready, and returns what polls once ------------------------------------------------

Poll = "Callable[[], object]"


def ours(urls: list[str], state: Path) -> Callable[[], object]:
    """The whole line: fetch, scan, parse, judge, match with a rule, store."""
    from monitor.engine import run_once

    engine = _engine(urls, state)

    def poll() -> None:
        counts = run_once(engine, settle=False)
        engine.close()
        assert counts.failed == 0, counts

    return poll


def settling(urls: list[str], state: Path) -> Callable[[], object]:
    """What the first poll kept, taken in."""
    from concurrent.futures import ThreadPoolExecutor

    from monitor import engine as line
    from monitor.store.store import Store

    engine = _engine(urls, state)

    def settle() -> None:
        with Store(engine.state) as store, ThreadPoolExecutor(line.PARSERS) as pool:
            taken = sum(engine.take(store, [one]).baseline for one in line.settling(engine, store, pool))
        engine.close()
        assert taken == ENTRIES * len(urls), taken

    return settle


def _engine(urls: list[str], state: Path) -> Engine:
    """Our parts in place, the parser processes up."""
    import logging
    from concurrent.futures import ThreadPoolExecutor

    from monitor import config
    from monitor.clock import utc_now
    from monitor.engine import PARSERS, Engine
    from monitor.model import Feed
    from monitor.rules import document as yaml
    from monitor.rules import rulebook

    logging.getLogger("monitor").setLevel(logging.ERROR)
    faults: list[Any] = []
    root = yaml.read("r", "rules: [{id: r, title: R, any: [babaceba, peace], send: [mail]}]", faults)
    assert root is not None
    book = rulebook.compile_rulebook(
        [root], receivers=("mail",), sources=(), read_article=lambda _: "", faults=faults
    )
    feeds = tuple(
        Feed(f"feed-{number}", url, f"o{number}", allow_private=True) for number, url in enumerate(urls)
    )
    engine = Engine(config.Desk(feeds, (), book), state)
    engine.parsers.start()
    with ThreadPoolExecutor(PARSERS) as pool:  # until both answer
        for _ in range(PARSERS):
            pool.submit(engine.parsers.read, RSS, feed=feeds[0], content_type="", now=utc_now())
    return engine


def bare(urls: list[str], state: Path) -> Callable[[], object]:
    """Asks, conditionally, one feed after the other; looks at nothing."""
    import urllib3

    pool = urllib3.PoolManager(num_pools=16)
    etags = _kept(state)

    def poll() -> None:
        for url in urls:
            headers = {"If-None-Match": etags[url]} if url in etags else {}
            answer = pool.request("GET", url, headers=headers)
            if "etag" in answer.headers:
                etags[url] = answer.headers["etag"]
        _keep(state, etags)

    return poll


def loop(urls: list[str], state: Path) -> Callable[[], object]:
    """The loop that people write first: requests, feedparser, validators."""
    import feedparser
    import requests

    etags = _kept(state)

    def poll() -> None:
        session = requests.Session()
        for url in urls:
            headers = {"If-None-Match": etags[url]} if url in etags else {}
            answer = session.get(url, headers=headers, timeout=20)
            if answer.status_code == 200:
                assert len(feedparser.parse(answer.content).entries) == ENTRIES
                if "etag" in answer.headers:
                    etags[url] = answer.headers["etag"]
        _keep(state, etags)

    return poll


def reader(urls: list[str], state: Path) -> Callable[[], object]:
    """reader, 20 workers."""
    from reader import make_reader  # type: ignore[import-not-found]  # of the peers' environment

    library = make_reader(str(state / "reader.sqlite"))
    for url in urls:
        library.add_feed(url, exist_ok=True)
    return lambda: library.update_feeds(workers=20, scheduled=False)


def rss2email(urls: list[str], state: Path) -> Callable[[], object]:
    """rss2email, `r2e run --no-send`."""
    import rss2email.main  # type: ignore[import-not-found]  # of the peers' environment

    settings = state / "r2e.cfg"
    lines = ["[DEFAULT]", "from = a@a.example", "to = b@b.example"]
    lines += [f"[feed.f{number}]\nurl = {url}" for number, url in enumerate(urls)]
    settings.write_text("\n".join(lines) + "\n")
    words = ["-c", str(settings), "-d", str(state / "r2e.json"), "run", "--no-send"]

    def poll() -> None:
        with (state / "log").open("w") as log, redirect_stdout(log), redirect_stderr(log):
            rss2email.main.run(words)

    return poll


def newsboat(urls: list[str], state: Path) -> Callable[[], object]:
    """newsboat, `-x reload` on 20 threads."""
    (state / "urls").write_text("\n".join(urls) + "\n")
    (state / "config").write_text("reload-threads 20\n")
    words = ["newsboat", "-q", "-u", str(state / "urls"), "-C", str(state / "config")]
    words += ["-c", str(state / "cache.db"), "-x", "reload"]
    env = {**os.environ, "HOME": str(state)}
    return lambda: subprocess.run(words, check=True, capture_output=True, env=env)


def sfeed(urls: list[str], state: Path) -> Callable[[], object]:
    """sfeed_update with the ETags of sfeedrc(5)'s example, 20 jobs."""
    (state / "etags").mkdir(exist_ok=True)
    lines = ["maxjobs=20", f'sfeedpath="{state}/feeds"', "fetch() {", f'  etag="{state}/etags/$1"']
    lines += ['  curl -f -s -m 15 --etag-save "$etag" --etag-compare "$etag" "$2" 2>/dev/null', "}"]
    lines += ["feeds() {", *(f'  feed "{number}" "{url}"' for number, url in enumerate(urls)), "}"]
    (state / "sfeedrc").write_text("\n".join(lines) + "\n")
    # Where nothing has changed sfeed has nothing to parse, and says so in its status.
    return lambda: subprocess.run(["sfeed_update", str(state / "sfeedrc")], check=False, capture_output=True)


CLIENTS = {
    "monitor": ours,
    "monitor, settling": settling,
    "bare urllib3 loop": bare,
    "requests + feedparser": loop,
    "reader": reader,
    "rss2email": rss2email,
    "newsboat": newsboat,
    "sfeed": sfeed,
}


def _kept(state: Path) -> dict[str, str]:
    path = state / "etags.json"
    return dict(json.loads(path.read_text())) if path.exists() else {}


def _keep(state: Path, etags: dict[str, str]) -> None:
    (state / "etags.json").write_text(json.dumps(etags))


def one_pass(client: str, state: Path, port: int, feeds: int, *, plain: bool) -> None:
    """Polls once and prints what it took."""
    urls = [address(number, port, plain=plain) for number in range(feeds)]
    poll = CLIENTS[client](urls, state)
    wall, cpu = time.perf_counter(), _cpu()
    poll()
    wall, cpu = time.perf_counter() - wall, _cpu() - cpu
    who = resource.RUSAGE_CHILDREN if client in PROGRAMS else resource.RUSAGE_SELF
    memory = resource.getrusage(who).ru_maxrss / 1024
    print(json.dumps({"wall": wall, "cpu": cpu, "memory": memory}))


def _cpu() -> float:
    """Seconds of this process, of the children that have ended, and of those that have not."""
    found = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    ended = sum(usage.ru_utime + usage.ru_stime for usage in found)
    living = (Path("/proc") / pid / "schedstat" for pid in _children())
    return ended + sum(int(path.read_text().split()[0]) for path in living) / 1e9


def _children() -> list[str]:
    return [pid for path in Path("/proc/self/task").glob("*/children") for pid in path.read_text().split()]


# ---- the runs ----------------------------------------------------------------------------------------------


class Bench:
    """A server, and the clients' processes one after the other."""

    def __init__(self, feeds: int, peers: str | None) -> None:
        self.feeds = feeds
        self.pythons = dict.fromkeys(OURS, sys.executable)
        if peers:
            self.pythons |= {client: peers for client in PEERS if _has(peers, client)}
            self.pythons |= {client: sys.executable for client in PROGRAMS if _is_installed(client)}
        self.took: dict[tuple[str, str], list[dict[str, float]]] = {}
        self.server = subprocess.Popen(
            [sys.executable, __file__, "--serve", "--feeds", str(feeds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.server.stdout is not None
        self.port = int(self.server.stdout.readline())

    def run(self, number: int) -> None:
        """Every client through every pass, the clients in turn within each."""
        folder = Path(tempfile.mkdtemp(prefix="monitor-polling-"))
        try:
            for name in PASSES:
                plain = "validators" in name
                if name == "5 % changed":
                    self._edition(number)
                for client in self.pythons:
                    if name == "settling" and client != "monitor":
                        continue
                    state = folder / f"{client} {plain}"
                    state.mkdir(exist_ok=True)
                    self._pass(client, name, state, plain=plain)
            self._edition(0)
        finally:
            shutil.rmtree(folder)

    def _pass(self, client: str, name: str, state: Path, *, plain: bool) -> None:
        does = f"{client}, settling" if name == "settling" else client
        words = [self.pythons[client], __file__, "--client", does, "--state", str(state)]
        words += ["--port", str(self.port), "--feeds", str(self.feeds), *(["--plain"] if plain else [])]
        env = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
        done = subprocess.run(words, capture_output=True, text=True, check=False, env=env)
        if done.returncode:
            sys.exit(f"{client} failed in the pass {name!r}:\n{done.stderr[-2000:]}")
        self.took.setdefault((client, name), []).append(json.loads(done.stdout.splitlines()[-1]))

    def _edition(self, number: int) -> None:
        from urllib.request import urlopen

        with urlopen(f"http://127.0.0.1:{self.port}/edition/{number}", timeout=5):
            """The server has turned the page."""

    def print(self) -> None:
        """The table: medians of wall / CPU seconds, and the most memory."""
        width = max(map(len, self.pythons))
        print(f"{'':<{width}}" + "".join(f"{name:>26}" for name in PASSES) + f"{'memory':>10}")
        for client in self.pythons:
            cells = [self._cell(client, name) for name in PASSES]
            memory = max(row["memory"] for name in PASSES for row in self.took.get((client, name), ()))
            print(f"{client:<{width}}" + "".join(f"{cell:>26}" for cell in cells) + f"{memory:>6.0f} MB")

    def _cell(self, client: str, name: str) -> str:
        rows = self.took.get((client, name))
        if rows is None:
            return "-"
        wall, cpu = (statistics.median(row[what] for row in rows) for what in ("wall", "cpu"))
        return f"{wall:.2f} / {cpu:.2f}"


def start_of_a_parser() -> float:
    """Seconds of CPU, the least of five."""
    took = []
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", "import monitor.feeds.worker"], check=True, env=env)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        took.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(took)


def _has(python: str, client: str) -> bool:
    module = {"requests + feedparser": "requests, feedparser"}.get(client, client)
    found = (
        subprocess.run([python, "-c", f"import {module}"], capture_output=True, check=False).returncode == 0
    )
    if not found:
        print(f"{client}: left out, {python} has no {module}")
    return found


def _is_installed(client: str) -> bool:
    missing = [program for program in PROGRAMS[client] if shutil.which(program) is None]
    if missing:
        print(f"{client}: left out, there is no {missing[0]} on the PATH")
    return not missing


def main() -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--feeds", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--peers", metavar="PYTHON", help="interpreter of an environment with the peers")
    parser.add_argument("--data", help="taken for the sake of `.ci/run bench`; nothing is read")
    for hidden in ("--client", "--state", "--port"):
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    for hidden in ("--serve", "--plain"):
        parser.add_argument(hidden, action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(serve(options.feeds))
        return 0
    if options.client:
        one_pass(options.client, Path(options.state), int(options.port), options.feeds, plain=options.plain)
        return 0
    if not options.peers:
        print("the peers are left out: name an environment that has them with --peers")
    bench = Bench(options.feeds, options.peers)
    try:
        for number in range(1, options.runs + 1):
            bench.run(number)
        print(
            f"{options.feeds} feeds of {ENTRIES} entries, wall / CPU seconds, medians of {options.runs} runs"
        )
        bench.print()
        print(f"to start one of our two parser processes: {start_of_a_parser():.2f} s of CPU")
    finally:
        assert bench.server.stdin is not None
        bench.server.stdin.close()
        bench.server.wait(10)
    return 0


if __name__ == "__main__":
    sys.exit(main())
