"""The world round a desk on loopback: an outlet that publishes, sinks that keep, a nursery of daemons.

A daemon of the nursery is forked from a process that has imported everything, so a life costs milliseconds
where starting Python anew costs half a second: a thousand of them fit into minutes. It is a process of its
own all the same, and `kill -9` ends it as it ends any.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Self

from monitor.alerts.compose import AGAIN
from monitor.demo.loopback import Loopback
from monitor.model import identity
from monitor.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

RULES = "rules: [{id: watched, title: Watched, any: [peace agreement], send: %s}]\n"
WORDS = "abend barka corvo dulce ember finca gorse helix ingot jurat kapok lemur mocha nacre okapi pylon"
NOT_TRIED = "not tried"
_SHOWN = 500  # entries of a feed


def unmeasured() -> dict[str, str]:
    """The environment without coverage: for what is traced, cut and killed, or is a copy of the code."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COV")}


@dataclass(frozen=True)
class Row:
    """A line of the campaign's table: what was tried, what had to be reached, what came of it."""

    what: str
    reach: str
    got: str
    held: bool

    @property
    def tried(self) -> bool:
        """Whether it could be tried here at all."""
        return not self.got.startswith(NOT_TRIED)


def untried(what: str, reach: str, why: str) -> Row:
    """The row of what cannot be tried here, and why."""
    return Row(what, reach, f"{NOT_TRIED}: {why}", held=True)


# ---- an outlet ---------------------------------------------------------------------------------------------


@dataclass
class Outlet:
    """A feed of the latest 500 stories, each unlike any other; `published` says how many there are."""

    published: int = 0
    name: str = ""

    def document(self) -> bytes:
        """The feed as it stands."""
        latest = range(max(0, self.published - _SHOWN), self.published)
        items = "".join(self._item(number) for number in reversed(latest))
        return f'<rss version="2.0"><channel><title>t</title>{items}</channel></rss>'.encode()

    def _item(self, number: int) -> str:
        own = [f"{word}{self.name}{marked(number)}" for word in WORDS.split()]
        return (
            f"<item><guid>{number}</guid><title>{' '.join(own[:6])} peace agreement</title>"
            f"<description>{' '.join(own)} story{number}end.</description></item>"
        )


class _Asking(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30

    def __init__(self, outlets: dict[str, Outlet], *connection: Any) -> None:
        self.outlets = outlets
        super().__init__(*connection)

    def do_GET(self) -> None:
        body = self.outlets[self.path].document()
        etag = f'"{sha256(body).hexdigest()}"'
        unchanged = self.headers["If-None-Match"] == etag
        self.send_response(304 if unchanged else 200)
        self.send_header("ETag", etag)
        self.send_header("Content-Type", "application/rss+xml")
        self.send_header("Content-Length", "0" if unchanged else str(len(body)))
        self.end_headers()
        if not unchanged:
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def published(outlets: dict[str, Outlet]) -> Iterator[int]:
    """Serve each outlet's feed under its path; the port."""
    server = Loopback(partial(_Asking, outlets))
    server.start()
    try:
        yield server.port
    finally:
        server.stop()


# ---- sinks -------------------------------------------------------------------------------------------------


class Hook:
    """A plain webhook. One that is `honouring` takes each Idempotency-Key once, as a good service does."""

    def __init__(self, name: str, *, honouring: bool = False) -> None:
        self.name = name
        self.honouring = honouring
        self.bodies: list[str] = []
        self._keys: set[str] = set()
        self._lock = threading.Lock()
        self._server = Loopback(partial(_Posting, self))

    @property
    def url(self) -> str:
        return f"json://127.0.0.1:{self._server.port}/"

    def take(self, body: str, key: str) -> None:
        """Keep a post, unless its key is known."""
        with self._lock:
            if self.honouring and key and key in self._keys:
                return
            self._keys.add(key)
            self.bodies.append(body)

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()


class _Posting(BaseHTTPRequestHandler):
    timeout = 10

    def __init__(self, hook: Hook, *connection: Any) -> None:
        self.hook = hook
        super().__init__(*connection)

    def do_POST(self) -> None:
        posted = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.hook.take(f"{posted['title']}\n{posted['message']}", self.headers["Idempotency-Key"] or "")
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@dataclass(frozen=True)
class Reckoning:
    """What a sink got of what it was owed."""

    owed: int
    lost: int
    repeats: int
    unmarked: int  # repeats that do not say that they are

    def __str__(self) -> str:
        said = f"{self.owed} owed: {self.lost} lost, {self.repeats} repeated"
        return said + (f" ({self.unmarked} unmarked)" if self.repeats else "")


def reckoned(bodies: Iterable[str], owed: Iterable[str]) -> Reckoning:
    """Count the messages by story: the word before "peace agreement" names it."""
    told: Counter[str] = Counter()
    unmarked: Counter[str] = Counter()
    for body in bodies:
        name = body.partition(" peace agreement")[0].split()[-1]
        told[name] += 1
        unmarked[name] += AGAIN not in body
    wanted = set(owed)
    return Reckoning(
        owed=len(wanted),
        lost=len(wanted - set(told)),
        repeats=sum(told.values()) - len(told),
        unmarked=sum(max(0, count - 1) for count in unmarked.values()),
    )


def named(outlet: Outlet) -> list[str]:
    """How each story that the outlet published is counted."""
    return [f"finca{outlet.name}{marked(number)}" for number in range(outlet.published)]


def marked(number: int) -> str:
    """Letters that stand for a number, by its hash: those of 1 and 12 must not look like a misprint."""
    return "".join(chr(ord("a") + int(digit)) for digit in f"{identity(str(number)) % 10**8:08d}")


# ---- desks and daemons -------------------------------------------------------------------------------------


@dataclass
class Desk:
    """A folder with rules and state, and the command run on it."""

    folder: Path
    feeds: dict[str, str]
    receivers: dict[str, str]
    every: str = "1 s"
    rules_text: str = ""
    env: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rules.mkdir(parents=True, exist_ok=True)
        self.state.mkdir(parents=True, exist_ok=True)
        feeds = [
            {"name": name, "url": url, "every": self.every, "allow-private": "yes"}
            for name, url in self.feeds.items()
        ]
        (self.rules / "feeds.yaml").write_text(json.dumps({"feeds": feeds}))
        (self.rules / "receivers.yaml").write_text(json.dumps({"receivers": self.receivers}))
        (self.rules / "rules.yaml").write_text(self.rules_text or RULES % json.dumps([*self.receivers]))

    @property
    def rules(self) -> Path:
        return self.folder / "rules"

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def words(self, verb: str, *options: str) -> list[str]:
        """The arguments of a verb on this desk."""
        return [verb, "--rules", str(self.rules), "--state", str(self.state), *options]

    def run(self, *options: str, **more: Any) -> subprocess.CompletedProcess[str]:
        """`monitor run` with these options, to its end."""
        return subprocess.run(
            [sys.executable, "-m", "monitor", *self.words("run", *options)],
            env=unmeasured(),
            check=False,
            capture_output=True,
            text=True,
            timeout=120,
            **more,
        )

    def counts(self) -> dict[str, int]:
        """What stands in its database."""
        with Store(self.state) as store:
            return store.counts()


def state_of(pid: int) -> str:
    """R, S, D, T (stopped), Z (dead, not yet reaped) and so on (proc(5))."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


class Nursery:
    """Forks daemons from a process that has imported all; one lives at a time."""

    module = "tests.campaign.nursery"

    def __init__(self) -> None:
        self._living = 0
        self._process = subprocess.Popen(
            [sys.executable, "-m", self.module],
            # Nothing here asks who vouches for a server: the system's authorities need not be read each time.
            env=unmeasured() | {"SSL_CERT_FILE": os.devnull},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()

    def end(self, *, kill: bool = False) -> None:
        """End who lives, as `systemctl stop` does, or with -9."""
        if self._living:
            with suppress(ProcessLookupError):
                os.kill(self._living, signal.SIGKILL if kill else signal.SIGTERM)
            self.dead()

    def born(self, words: list[str], *, log: str = os.devnull, stopped: bool = False, call: str = "") -> int:
        """A process that runs the command, from its first SIGCONT if it is born `stopped`; its pid.

        `call` ("module:function") is run with the words in the command's stead.
        """
        self._say({"words": words, "log": log, "stopped": stopped, "call": call})
        self._living = int(self._line())
        while stopped and state_of(self._living) not in "TZ":  # a SIGCONT before its stop would be lost
            time.sleep(0.001)
        return self._living

    def dead(self) -> int:
        """Wait for the process; its status as os.waitpid gives it."""
        status = int(self._line())
        self._living = 0
        return status

    def whole_life(self, words: list[str], *, log: str = os.devnull, call: str = "") -> int:
        """Born, and left to its end; its status as os.waitpid gives it."""
        self.born(words, log=log, call=call)
        return self.dead()

    def life(self, words: list[str], *, seconds: float, log: str = os.devnull, call: str = "") -> int:
        """Born, and killed with -9 after so long; its status, or that of its own end before."""
        pid = self.born(words, log=log, call=call)
        time.sleep(seconds)
        with suppress(ProcessLookupError):  # it came to its own end
            os.kill(pid, signal.SIGKILL)
        return self.dead()

    def _say(self, order: dict[str, Any]) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()

    def _line(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline()


@dataclass
class Crowd:
    """Nurseries that are lent one at a time, so that several threads work at once; made when first needed."""

    _free: SimpleQueue[Nursery] = field(default_factory=SimpleQueue)
    _stack: ExitStack = field(default_factory=ExitStack)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def lent(self) -> Iterator[Nursery]:
        """A nursery that nobody else has; who lives in it at the end is killed."""
        nursery = self._one()
        try:
            yield nursery
        finally:
            nursery.end(kill=True)
            self._free.put(nursery)

    def _one(self) -> Nursery:
        with suppress(Empty):
            return self._free.get_nowait()
        with self._lock:
            return self._stack.enter_context(Nursery())

    def close(self) -> None:
        """End them all."""
        self._stack.close()


@contextmanager
def crowd() -> Iterator[Crowd]:
    """As many nurseries as are lent at once."""
    nurseries = Crowd()
    try:
        yield nurseries
    finally:
        nurseries.close()


def settled(desk: Desk, stories: int, *, within: float = 120.0) -> bool:
    """Whether all stories are decided and nothing waits any more; False once so long nothing has moved."""
    before: dict[str, int] = {}
    until = time.monotonic() + within
    while time.monotonic() < until:
        counts = desk.counts()
        if counts["alerts"] >= stories and not counts["waiting"]:
            return True
        if counts != before:
            until, before = time.monotonic() + within, counts
        time.sleep(0.2)
    return False
