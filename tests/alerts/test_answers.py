"""What a receiver's server asks for, as heard through the real Apprise from a real server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from monitor.alerts import answers
from monitor.alerts.notify import Notifier
from monitor.errors import SendError
from monitor.model import Message, Receiver
from tests.web_server import Response, WebServer

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
JSON = {"Content-Type": "application/json"}


def refused(response: Response) -> SendError:
    with WebServer() as web:
        web.answer("/hook", lambda _: response)
        receiver = Receiver("desk", web.url("/hook").replace("http", "json", 1))
        with pytest.raises(SendError) as caught:
            Notifier().send(receiver, Message("t", "b"))
    return caught.value


@pytest.mark.parametrize(
    ("response", "seconds"),
    [
        (Response(b"", {"Retry-After": "120"}, 429), 120),
        (Response(b"", {"Retry-After": "120"}, 503), 120),
        (Response(b'{"retry_after": 2.5}', JSON, 429), 2.5),
        (Response(b'{"parameters": {"retry_after": 35}}', JSON, 429), 35),
        (Response(b"slow down", {}, 429), 60),
        (Response(b'{"parameters": {}}', JSON, 429), 60),
        (Response(b"[]", JSON, 429), 60),
        (Response(b"", {"Retry-After": "1e999"}, 429), 60),
        (Response(b"", {"Retry-After": "9999999"}, 429), 86400),
        (Response(b"", {}, 503), None),
        (Response(b"", {"Retry-After": "120"}, 500), None),
    ],
)
def test_how_long_a_server_wants_to_be_left_alone(response: Response, seconds: float | None) -> None:
    expected = None if seconds is None else timedelta(seconds=seconds)
    assert refused(response).retry_after == expected


def test_a_message_that_is_not_wanted_is_told_from_a_receiver_that_is_down() -> None:
    assert refused(Response(status=400)).own
    assert not refused(Response(status=500)).own


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Mon, 02 Mar 2026 09:10:00 GMT", timedelta(minutes=10)),
        ("Mon, 02 Mar 2026 09:10:00 -0000", timedelta(minutes=10)),
        ("Mon, 02 Mar 2026 08:00:00 GMT", timedelta()),
        ("-5", timedelta()),
        ("soon", timedelta(minutes=1)),
    ],
)
def test_an_http_date_is_heard_too(said: str, expected: timedelta) -> None:
    assert answers.asked([(429, said)], now=NOW) == expected
