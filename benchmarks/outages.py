"""What an outage of six hours does, fault by fault: to the receiver that has it, and to another beside it.

    python benchmarks/outages.py

A webhook on loopback fails for six hours in one of the ways that servers have; a story comes every ten
minutes and is owed to it and to a second webhook, which is well. The store, the rounds, Apprise and the
sockets are the real ones; only the clock is advanced, and time-outs are made short. Exits 1 where anything
was lost, told twice without saying so, tried more than eight times in an hour, or late at the second one.
"""

from __future__ import annotations

import argparse
import logging
import os
import re
import ssl
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import trustme

from monitor import pipeline
from monitor.alerts import notify
from monitor.alerts.compose import AGAIN
from monitor.alerts.notify import Notifier
from monitor.model import Receiver
from tests.fakes import START, rules
from tests.test_holding import Line
from tests.web_server import Raw, Response, WebServer, drip, reset

if TYPE_CHECKING:
    import socket
    import threading
    from datetime import datetime

    from monitor.model import Message
    from tests.web_server import Request

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
DOWN_FROM, DOWN_TILL, END = START + HOUR, START + 7 * HOUR, START + 8 * HOUR
BOOK = rules("rules: [{id: peace, title: Peace, any: [peace], send: [mail, phone]}]", ("mail", "phone"))
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108


def hang(_connection: socket.socket, closing: threading.Event) -> None:
    """Take it, and never answer."""
    closing.wait()


def half(connection: socket.socket, _closing: threading.Event) -> None:
    """Answer by half."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok")


FAULTS: dict[str, Response | Raw | None] = {
    "429, Retry-After 20 min": Response(b"", {"Retry-After": "1200"}, status=429),
    "429 without": Response(b"", status=429),
    "500": Response(b"", status=500),
    "never answers": hang,
    "answers a byte a while": drip(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", b"x"),
    "answers by half": half,
    "resets": reset,
    "wrong certificate": None,
}


@dataclass
class Hook:
    """The webhook that fails, and how it was asked."""

    web: WebServer
    line: Line
    fault: str
    authority: str
    notifier: Notifier = field(default_factory=Notifier)
    tried: list[datetime] = field(default_factory=list)
    taken: list[tuple[datetime, int, bool]] = field(
        default_factory=list
    )  # when, which story, said to be a repeat

    @property
    def receiver(self) -> Receiver:
        """As a desk has it."""
        secure = self.fault == "wrong certificate"
        return Receiver("mail", f"json{'s' * secure}://localhost:{self.web.port}/hook")

    def send(self, receiver: Receiver, message: Message) -> None:
        """The real thing; the server fails for six hours."""
        up = not DOWN_FROM <= self.line.clock.now < DOWN_TILL
        fault = FAULTS[self.fault]
        os.environ["REQUESTS_CA_BUNDLE"] = self.authority if up else ""
        if not up:
            self.tried.append(self.line.clock.now)
        if up or fault is None:
            self.web.answer("/hook", self.take)
        elif isinstance(fault, Response):
            self.web.answer("/hook", lambda _: fault)
        else:
            self.web.raw("/hook", fault)
        self.notifier.send(receiver, message)

    def take(self, request: Request) -> Response:
        """It is well."""
        body = request.body.decode()
        found = re.search(r"anchor(\d+)q", body)
        assert found
        self.taken.append((self.line.clock.now, int(found[1]), AGAIN in body))
        return Response(b"ok")


@dataclass(frozen=True)
class Row:
    """What an outage came to."""

    tries: int
    in_an_hour: int
    waited: int  # messages that came when it was well again, all in that minute
    back: timedelta  # from its being well to the first message
    lost: int
    twice: int
    marked: int
    late: timedelta  # the longest that the other receiver waited

    def holds(self) -> bool:
        """Whether it is as promised."""
        return not self.lost and not self.twice and self.in_an_hour <= 8 and not self.late


def outage(fault: str) -> Row:
    """Eight hours, of which six are bad."""
    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(tls)
    late = timedelta()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=MEMORY)))
        authority.cert_pem.write_to_path(folder / "ca.pem")
        (folder / "state").mkdir()
        line = Line(folder / "state", BOOK)
        stack.enter_context(line.store)
        web = stack.enter_context(WebServer(tls=tls if fault == "wrong certificate" else None))
        beside = stack.enter_context(WebServer())
        beside.serve("/hook", b"ok")
        hook, phone = Hook(web, line, fault, str(folder / "ca.pem")), Notifier()
        other = Receiver("phone", beside.url("/hook").replace("http", "json"))
        while line.clock.now < END:
            if line.clock.now.minute % 10 == 0:
                line.news("peace")
            while pipeline.deliver(line.store, hook.receiver, send=hook.send, clock=line.clock):
                pass
            while told := pipeline.deliver(line.store, other, send=phone.send, clock=line.clock):
                late = max(late, line.clock.now - told.created)
            line.clock.advance(MINUTE)
        assert len(beside.requests) == line.number, "the other was told all, each once"
        return judged(hook, stories=line.number, late=late)


def judged(hook: Hook, *, stories: int, late: timedelta) -> Row:
    """What the two receivers saw."""
    told = [story for _, story, _ in hook.taken]
    back = min(moment for moment, _, _ in hook.taken if moment >= DOWN_TILL)
    return Row(
        tries=len(hook.tried),
        in_an_hour=max(sum(first <= moment < first + HOUR for moment in hook.tried) for first in hook.tried),
        waited=sum(moment == back for moment, _, _ in hook.taken),
        back=back - DOWN_TILL,
        lost=stories - len(set(told)),
        twice=len(told) - len(set(told)),
        marked=sum(marked for _, _, marked in hook.taken),
        late=late,
    )


def main() -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", help="not used: everything is invented")
    parser.parse_args()
    logging.getLogger("monitor").setLevel(logging.CRITICAL)
    vars(notify).update(_READ=1.0, _LONGEST=2.0)  # seconds, and real ones: as many as a busy machine needs
    print("six hours down, a story every 10 min; the other receiver is well")
    print(f"{'the fault':<26}{'tried':>6}{'an hour':>8}{'back':>8}{'at once':>8}{'marked':>7}", end="")
    print(f"{'twice':>6}{'lost':>5}{'the other waits':>16}")
    fine = True
    for fault in FAULTS:
        row = outage(fault)
        fine &= row.holds()
        minutes = f"{row.back / MINUTE:.0f} min"
        print(
            f"{fault:<26}{row.tries:>6}{row.in_an_hour:>8}{minutes:>8}{row.waited:>8}{row.marked:>7}", end=""
        )
        print(f"{row.twice:>6}{row.lost:>5}{row.late.total_seconds():>14.0f} s", flush=True)
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
