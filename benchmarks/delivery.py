"""How fast a burst of alerts goes out, against plain smtplib and plain urllib3 with the same messages.

    python benchmarks/delivery.py [--alerts 1000] [--only webhook] [--profile]

The alerts stand in a real store, each about a story of its own; the senders are those of the daemon: claim,
compose, send through Apprise, record. The plain senders write and send messages of the same size over one
connection, and keep no books. The sinks are processes of their own on loopback, which accept everything: two
are servers that people run, two as little as passes for one. Beside the rates stands the CPU time that a
message takes here, which other load on the machine sways less. Exits 1 where a sender does not come to half
the rate of its plain row.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import json
import multiprocessing
import os
import pstats
import smtplib
import socket
import ssl
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import TYPE_CHECKING

import urllib3
from aiosmtpd.smtp import SMTP

from monitor import pipeline
from monitor.alerts import compose, notify
from monitor.model import (
    Alert,
    Claim,
    Entry,
    FeedState,
    Fingerprint,
    Kind,
    Match,
    Mention,
    Message,
    Placement,
    Plan,
    Receiver,
    Severity,
    Status,
    Stored,
    Told,
    Verdict,
    identity,
)
from monitor.store.claims import Count, keep_count
from monitor.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ROUNDS = 3
SUMMARY = "Ministers met for two days in the capital and agreed to sign a peace agreement, officials said."


# ---- sinks -----------------------------------------------------------------------------------------------


def _lines(connection: socket.socket) -> None:
    """As much of SMTP as a mail takes."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.sendall(b"220 sink ready\r\n")
    stream, answer = (
        connection.makefile("rb"),
        {b"EHLO": b"250-sink\r\n250 8BITMIME\r\n", b"QUIT": b"221 bye\r\n"},
    )
    for line in stream:
        verb = line[:4].upper()
        if verb == b"DATA":
            connection.sendall(b"354 go on\r\n")
            while stream.readline() != b".\r\n":
                pass
        connection.sendall(answer.get(verb, b"250 ok\r\n"))
        if verb == b"QUIT":
            return


def _posts(connection: socket.socket) -> None:
    """As much of HTTP/1.1 as a webhook takes."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    stream = connection.makefile("rb")
    while stream.readline().strip():
        length = 0
        while line := stream.readline().strip():
            if line.lower().startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        stream.read(length)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


def _sink(listener: socket.socket, serve: Callable[[socket.socket], None]) -> None:
    while True:
        connection, _ = listener.accept()
        with connection:
            serve(connection)


class _Hook(BaseHTTPRequestHandler):
    """The standard library's server, as many a desk's own hook has it."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        """Read it, and say ok."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _handled(connection: socket.socket) -> None:
    _Hook(connection, ("", 0), None)  # type: ignore[arg-type]  # it asks its server nothing


class _Keeper:
    """Accepts every mail."""

    async def handle_DATA(self, *_: object) -> str:  # noqa: N802 - aiosmtpd calls it by this name
        """Read it, and say ok."""
        return "250 ok"


def _aiosmtpd(listener: socket.socket, _serve: object) -> None:
    loop = asyncio.new_event_loop()
    loop.run_until_complete(
        loop.create_server(lambda: SMTP(_Keeper(), loop=loop, hostname="sink"), sock=listener)
    )
    loop.run_forever()


@dataclass(frozen=True, slots=True)
class Sink:
    """A server in a process of its own, which serves one connection after another."""

    port: int
    process: multiprocessing.process.BaseProcess

    @classmethod
    def start(cls, serve: Callable[[socket.socket], None], run: Callable[..., None] = _sink) -> Sink:
        """Begin to serve, on a port of its own."""
        listener = socket.create_server(("127.0.0.1", 0))
        process = multiprocessing.get_context("fork").Process(target=run, args=(listener, serve), daemon=True)
        process.start()
        return cls(listener.getsockname()[1], process)


# ---- the burst -------------------------------------------------------------------------------------------


def entry(number: int) -> Entry:
    """An article like no other."""
    return Entry(
        id=identity("bench", str(number)),
        feed="bench",
        outlet="The Wire",
        guid=str(number),
        link=f"https://wire.example/{number}",
        title=f"Ministers meet for round {number} of the talks",
        summary=SUMMARY,
        body="",
        published=NOW,
        lang="en",
        digest=str(number),
    )


def plan(alerts: int, receivers: tuple[str, ...]) -> Plan:
    """So many stories, with an alert each to every receiver."""
    entries, decided = [], []
    start = SUMMARY.index("peace agreement")
    mention = Mention("peace agreement", "summary", start, start + 15, "peace agreement")
    match = Match("peace", "Peace agreement", Severity.HIGH, receivers, (mention,))
    for number in range(alerts):
        one = entry(number)
        place = Placement(one.id, one.id, None, Verdict(Kind.NEW, 0.0, "nothing like it"))
        words = Fingerprint((), (), frozenset(), one.link, "", summary=False)
        entries.append(Stored(one, Status.NEWS, place, words, (), (match,), known=False))
        decided.append(Alert(one.id, one.id, "peace", Kind.NEW, one.id, one, match))
    return Plan(
        feed="bench",
        asked="",
        state=FeedState(next_poll=NOW),
        error="",
        entries=tuple(entries),
        alerts=tuple(decided),
        deliveries=tuple((alert.id, receiver) for alert in decided for receiver in receivers),
    )


def receiver(name: str, sink: Sink) -> Receiver:
    """The receiver that a sink stands behind."""
    if name.startswith("mail"):
        people = "from=a@example.org&to=b@example.org"
        return Receiver("mail", f"mailto://127.0.0.1:{sink.port}/?{people}&mode=insecure")
    return Receiver("hook", f"json://127.0.0.1:{sink.port}/")


@dataclass(frozen=True, slots=True)
class Clock:
    """When something began: on the wall, and in CPU time of this process; both in seconds."""

    wall: float
    cpu: float

    @classmethod
    def now(cls) -> Clock:
        """Begin."""
        return cls(time.perf_counter(), time.process_time())

    def rate(self, messages: int) -> tuple[float, float]:
        """Messages a second since then, and milliseconds of CPU a message."""
        return (
            messages / (time.perf_counter() - self.wall),
            (time.process_time() - self.cpu) / messages * 1000,
        )


def ours(receiver: Receiver, alerts: int) -> tuple[float, float]:
    """Messages a second through the outbox, and milliseconds of CPU a message."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder, Store(Path(folder)) as store:
        with store.transaction():
            store.apply(plan(alerts, (receiver.name,)), now=NOW, rulebook="bench")
        notifier = notify.Notifier()
        began = Clock.now()
        with notifier.kept(receiver):
            while pipeline.deliver_burst(store, receiver, send=notifier.send, clock=lambda: NOW):
                pass
        rate = began.rate(alerts)
        assert store.counts()["sent"] == alerts
    return rate


def message(number: int, *, chat: bool) -> Message:
    """What is sent of one alert."""
    one = entry(number)
    start = SUMMARY.index("peace agreement")
    mention = Mention("peace agreement", "summary", start, start + 15, "peace agreement")
    match = Match("peace", "Peace agreement", Severity.HIGH, (), (mention,))
    told = (Told(1, Kind.NEW, match, one, NOW),)
    claim = Claim("bench", one.id, told, ("The Wire",), 1, uncertain=False, created=NOW)
    return compose.compose(claim, chat=chat, now=NOW)


def plain_smtp(port: int, alerts: int) -> tuple[float, float]:
    """The same, of mails that smtplib alone writes and sends over one connection."""
    text, began = message(0, chat=False), Clock.now()
    with smtplib.SMTP("127.0.0.1", port, local_hostname="bench") as smtp:
        for _ in range(alerts):
            mail = EmailMessage()
            mail["Subject"], mail["From"], mail["To"] = text.title, "a@example.org", "b@example.org"
            mail.set_content(text.body)
            mail.add_alternative(text.html, subtype="html")
            smtp.send_message(mail)
    return began.rate(alerts)


def plain_http(port: int, alerts: int) -> tuple[float, float]:
    """The same, of posts that urllib3 alone makes over one connection."""
    text, pool, began = message(0, chat=True), urllib3.PoolManager(), Clock.now()
    for _ in range(alerts):
        body = json.dumps({"version": "1.0", "title": "", "message": text.body, "type": "info"}).encode()
        answer = pool.request(
            "POST", f"http://127.0.0.1:{port}/", body=body, headers={"Content-Type": "application/json"}
        )
        assert answer.status == 200
    return began.rate(alerts)


def commit() -> float:
    """Milliseconds that a commit which waits for the disk takes here."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder, (Path(folder) / "log").open("wb") as file:
        times = []
        for _ in range(30):
            file.write(bytes(4096))
            file.flush()
            began = time.perf_counter()
            os.fsync(file.fileno())
            times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000


def counting() -> float:
    """Milliseconds that writing down the count of claims takes, once a burst."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        times = []
        for number in range(1000):
            began = time.perf_counter()
            keep_count(Path(folder), Count("0123456789abcdef", number))
            times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000


def composing(*, chat: bool) -> float:
    """Milliseconds that making a message takes."""
    times = []
    for number in range(200):
        began = time.perf_counter()
        message(number, chat=chat)
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000


def tls() -> float:
    """Milliseconds that a TLS context takes to make."""
    times = []
    for _ in range(5):
        began = time.perf_counter()
        ssl.create_default_context()
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000


def _medians(runs: tuple[tuple[float, float], ...]) -> tuple[float, float]:
    rates, cpu = zip(*runs, strict=True)
    return statistics.median(rates), statistics.median(cpu)


def main() -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--alerts", type=int, default=1000, help="how many a burst has")
    parser.add_argument("--only", default="", help="sinks whose names begin so: mail or webhook")
    parser.add_argument("--profile", action="store_true", help="say where the time of ours goes, and end")
    parser.add_argument("--data", help="not used: everything is invented")
    options = parser.parse_args()
    sinks = {
        name: Sink.start(serve, run)
        for name, serve, run in (
            ("mail, aiosmtpd", _lines, _aiosmtpd),
            ("mail, bare sink", _lines, _sink),
            ("webhook, http.server", _handled, _sink),
            ("webhook, bare sink", _posts, _sink),
        )
        if name.startswith(options.only)
    }
    if options.profile:
        with cProfile.Profile() as profile:
            for name, sink in sinks.items():
                ours(receiver(name, sink), options.alerts)
        pstats.Stats(profile).sort_stats("tottime").print_stats(25)
        return 0
    print(f"{options.alerts:,} alerts, the median of {ROUNDS} rounds, messages a second")
    print(f"an fsync takes {commit():.1f} ms here, a TLS context {tls():.0f} ms (one serves all mail)")
    print(f"the claims of a burst are counted beside the database in {counting():.3f} ms")
    chat, mail = composing(chat=True), composing(chat=False)
    print(f"a chat message is made in {chat:.2f} ms, a mail in {mail:.2f} ms, before it is sent")
    print(f"{'':<22}{'ours':>8}{'plain':>8}{'share':>8}{'CPU ms, ours':>14}{'plain':>8}")
    slow = 0
    for name, sink in sinks.items():
        plain, to = plain_smtp if name.startswith("mail") else plain_http, receiver(name, sink)
        ours(to, 5)  # loads what is loaded once
        pairs = [(ours(to, options.alerts), plain(sink.port, options.alerts)) for _ in range(ROUNDS)]
        (rate, cpu), (bare, least) = (_medians(runs) for runs in zip(*pairs, strict=True))
        print(f"{name:<22}{rate:>8,.0f}{bare:>8,.0f}{rate / bare:>8.0%}{cpu:>14.2f}{least:>8.2f}")
        slow += rate < bare / 2
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
