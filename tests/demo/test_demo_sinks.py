import json
import smtplib
import socket
import struct
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import urllib3

from monitor.demo.sinks import Arrival, ChatSink, MailSink

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # Apprise imports imghdr where Python still has it
    import apprise

    assert apprise.Apprise().add("json://localhost")  # loads its plugins, with all they import

TITLE = "[high] Headline of the day"
BODY = (
    "Headline of the day: <\u200d!channel> & “ə Թ ქ Я”\nSome Outlet · just now\n\nhttps://a.example/?x=1&y=2"
)


class Ticks:
    """A clock that has moved on by a second whenever it is read."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        self.at += 1
        return self.at


@pytest.fixture
def heard() -> list[Arrival]:
    return []


@pytest.fixture
def chat(heard: list[Arrival]) -> Iterator[ChatSink]:
    with ChatSink("slack-desk", heard.append, clock=Ticks()) as sink:
        yield sink


@pytest.fixture
def mail(heard: list[Arrival]) -> Iterator[MailSink]:
    with MailSink("email-duty", heard.append, clock=Ticks()) as sink:
        yield sink


def notify(url: str, *, title: str = TITLE, body: str = BODY) -> bool:
    sender = apprise.Apprise()
    assert sender.add(url)
    return bool(sender.notify(title=title, body=body, body_format="text"))


def post(sink: ChatSink, payload: Any, *, path: str | None = None) -> int:
    port, token = sink.url.removeprefix("mmost://127.0.0.1:").partition("?")[0].split("/")
    with urllib3.PoolManager(retries=False) as pool:
        url = f"http://127.0.0.1:{port}{path or f'/hooks/{token}'}"
        return pool.request("POST", url, body=payload, headers={"Content-Type": "application/json"}).status


def test_a_chat_message_arrives_as_apprise_sends_it_with_the_title_first(
    chat: ChatSink, heard: list[Arrival]
) -> None:
    assert notify(chat.url)
    assert chat.arrivals == (Arrival("slack-desk", "", f"{TITLE}\n{BODY}", 1),)
    assert heard == list(chat.arrivals)


def test_a_mail_arrives_as_apprise_sends_it(mail: MailSink, heard: list[Arrival]) -> None:
    assert notify(mail.url)
    assert mail.arrivals == (Arrival("email-duty", TITLE, BODY, 1),)
    assert heard == list(mail.arrivals)


@pytest.mark.parametrize("title", ["Թբիլիսի, " * 20, "სათაური", "Заголовок — «цитата»"])
def test_a_subject_in_any_script_and_length_arrives_whole(mail: MailSink, title: str) -> None:
    assert notify(mail.url, title=title.strip())
    assert [arrival.title for arrival in mail.arrivals] == [title.strip()]


def test_arrivals_are_kept_in_order(chat: ChatSink) -> None:
    for number in range(5):
        assert notify(chat.url, title="", body=f"message {number}")
    assert [arrival.body for arrival in chat.arrivals] == [f"message {number}" for number in range(5)]
    assert [arrival.at for arrival in chat.arrivals] == [1, 2, 3, 4, 5]


def test_nobody_need_listen() -> None:
    with ChatSink("slack-desk") as chat, MailSink("email-duty") as mail:
        assert notify(chat.url)
        assert notify(mail.url)
        assert len(chat.arrivals) == len(mail.arrivals) == 1


@pytest.mark.parametrize(
    "payload",
    [b"", b"{", b"[]", b"{}", b'{"text": ""}', b'{"text": 3}', b"\xff"],
    ids=["nothing", "broken", "a list", "no text", "an empty text", "a number", "no UTF-8"],
)
def test_what_is_no_message_is_refused(chat: ChatSink, payload: bytes) -> None:
    assert post(chat, payload) == 400
    assert chat.arrivals == ()


def test_a_wrong_token_is_refused(chat: ChatSink) -> None:
    assert post(chat, json.dumps({"text": "hello"}), path="/hooks/other") == 404
    assert chat.arrivals == ()


def test_a_client_that_hangs_up_harms_nobody(chat: ChatSink, capsys: pytest.CaptureFixture[str]) -> None:
    port = int(chat.url.split(":")[2].partition("/")[0])
    with socket.create_connection(("127.0.0.1", port)) as hasty:
        hasty.sendall(b"POST /hooks/x HTTP/1.1\r\nContent-Length: 100\r\n\r\nhalf")
        hasty.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close with a reset
    assert notify(chat.url)
    assert capsys.readouterr().err == ""


def test_a_mistake_of_the_listener_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    def mistaken(arrival: Arrival) -> None:
        raise ValueError(arrival.body)

    with ChatSink("slack-desk", mistaken) as chat:
        assert not notify(chat.url, title="", body="the telling word")
    assert "ValueError: the telling word" in capsys.readouterr().err


def test_a_mail_without_a_text_arrives_with_its_subject_alone(mail: MailSink) -> None:
    port = int(mail.url.split(":")[2].partition("/")[0])
    with smtplib.SMTP("127.0.0.1", port) as client:
        html = "Subject: only HTML\r\nContent-Type: text/html\r\n\r\n<p>hello</p>\r\n"
        client.sendmail("a@desk.example", ["b@desk.example"], html)
    assert [(arrival.title, arrival.body) for arrival in mail.arrivals] == [("only HTML", "")]


def test_a_mail_session_that_stands_does_not_hold_up_the_end() -> None:
    mail = MailSink("email-duty")
    mail.start()
    with smtplib.SMTP("127.0.0.1", int(mail.url.split(":")[2].partition("/")[0])):
        mail.stop()


def test_a_mail_sink_that_never_started_can_be_stopped() -> None:
    MailSink("email-duty").stop()


def test_a_stopped_sink_still_knows_what_arrived() -> None:
    with MailSink("email-duty") as mail:
        assert notify(mail.url)
    assert len(mail.arrivals) == 1
