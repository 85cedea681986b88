"""Two loopback receivers that keep what arrives: a mail server and a chat webhook.

They stand in for the desk's mailbox and channel. Each has an Apprise address (`url`), keeps every message as
an Arrival, in order, and calls `on_arrival` from its own thread before it acknowledges, so keep that quick.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from email import message_from_bytes, policy
from functools import partial
from http.server import BaseHTTPRequestHandler
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, Self

from aiosmtpd.smtp import SMTP

from monitor.demo.loopback import Loopback

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from aiosmtpd.smtp import Envelope, Session


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message as its receiver got it: plain text with line feeds; `at` is in seconds of the sink's clock.

    A chat has no titles: there `title` is empty and the text, title first, is the body.
    """

    receiver: str
    title: str
    body: str
    at: float


class _Sink:
    """What both sinks do with an arrival."""

    def __init__(
        self,
        receiver: str,
        on_arrival: Callable[[Arrival], None] | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.receiver = receiver
        self._on_arrival = on_arrival
        self._clock = clock
        self._lock = Lock()
        self._arrivals: list[Arrival] = []

    @property
    def arrivals(self) -> tuple[Arrival, ...]:
        """Everything that has arrived so far, the first first."""
        with self._lock:
            return tuple(self._arrivals)

    def keep(self, title: str, body: str) -> None:
        """Keep a message and tell who asked to be told."""
        arrival = Arrival(self.receiver, title, "\n".join(body.splitlines()), self._clock())
        with self._lock:
            self._arrivals.append(arrival)
        if self._on_arrival is not None:
            self._on_arrival(arrival)

    def start(self) -> None:
        raise NotImplementedError

    def stop(self) -> None:
        raise NotImplementedError

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


# ---- chat --------------------------------------------------------------------------------------------------

_TOKEN = "demo0desk0hook0token000000"  # noqa: S105 - it opens nothing but this sink
_LONGEST_POST = 1 << 20  # bytes; Apprise cuts at 4,000 characters


class ChatSink(_Sink):
    """An incoming webhook as Mattermost and Slack have it: a POST of JSON with a "text"."""

    def __init__(
        self,
        receiver: str,
        on_arrival: Callable[[Arrival], None] | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(receiver, on_arrival, clock=clock)
        self._server = Loopback(partial(_Hook, self.keep))

    @property
    def url(self) -> str:
        """The Apprise address of this sink. image=no: the icon would point at a public site."""
        return f"mmost://127.0.0.1:{self._server.port}/{_TOKEN}?image=no"

    def start(self) -> None:
        """Receive from now on."""
        self._server.start()

    def stop(self) -> None:
        """Receive no more; what arrived stays."""
        self._server.stop()


class _Hook(BaseHTTPRequestHandler):
    """One post to the webhook."""

    timeout = 5

    def __init__(self, keep: Callable[[str, str], None], *connection: Any) -> None:
        self._keep = keep
        super().__init__(*connection)

    def do_POST(self) -> None:
        """Answer "ok" to a text for the right token, as Mattermost does, and 4xx to anything else."""
        text = _text_of(self.rfile.read(min(int(self.headers.get("Content-Length", 0)), _LONGEST_POST)))
        if self.path != f"/hooks/{_TOKEN}":
            self._answer(404, b"no such hook")
        elif text is None:
            self._answer(400, b"no text")
        else:
            self._keep("", text)
            self._answer(200, b"ok")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
        """Say nothing: the demo prints arrivals itself."""


def _text_of(posted: bytes) -> str | None:
    """The "text" of a webhook's JSON; None where there is none."""
    try:
        payload = json.loads(posted)
    except ValueError:
        return None
    text = payload.get("text") if isinstance(payload, dict) else None
    return text if isinstance(text, str) and text else None


# ---- mail --------------------------------------------------------------------------------------------------


class MailSink(_Sink):
    """A mail server that accepts everything and passes nothing on."""

    def __init__(
        self,
        receiver: str,
        on_arrival: Callable[[Arrival], None] | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(receiver, on_arrival, clock=clock)
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._thread = Thread(target=self._run, name="demo-mail", daemon=True)

    @property
    def url(self) -> str:
        """The Apprise address of this sink, once it has been started; mode=insecure: it speaks no TLS."""
        assert self._server is not None, "start the sink before asking where it is"
        port = self._server.sockets[0].getsockname()[1]
        return (
            f"mailto://127.0.0.1:{port}/?from=monitor@desk.example&to=duty@desk.example"
            "&mode=insecure&format=text"
        )

    def start(self) -> None:
        """Receive from now on."""
        listening = self._loop.create_server(self._session, "127.0.0.1", 0)
        self._server = self._loop.run_until_complete(listening)
        self._thread.start()

    def stop(self) -> None:
        """Receive no more; what arrived stays."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
        self._loop.close()

    def _session(self) -> SMTP:
        # The hostname is given because aiosmtpd would ask the DNS for it.
        return SMTP(self, loop=self._loop, hostname="desk.example", ident="demo", enable_SMTPUTF8=True)

    def _run(self) -> None:
        assert self._server is not None
        self._loop.run_forever()
        self._server.close()
        self._loop.run_until_complete(_hang_up())

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep a mail and accept it; aiosmtpd calls this by its name."""
        assert isinstance(envelope.content, bytes)  # decode_data is off
        mail = message_from_bytes(envelope.content, policy=policy.default)
        text = mail.get_body(preferencelist=("plain",))
        self.keep(str(mail["Subject"]), text.get_content() if text is not None else "")
        return "250 Kept"


async def _hang_up() -> None:
    """End the sessions that stand, so that none is left pending when the loop closes."""
    sessions = asyncio.all_tasks() - {asyncio.current_task()}
    for session in sessions:
        session.cancel()
    await asyncio.gather(*sessions, return_exceptions=True)
