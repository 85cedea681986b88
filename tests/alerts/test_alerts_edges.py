"""Where one value more or less decides: each row is a wrong change that no other test noticed."""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import requests

from monitor import pipeline
from monitor.alerts import milestone, notify, sample
from monitor.alerts.compose import compose
from monitor.alerts.notify import _scrubbed
from monitor.alerts.template import Templates
from monitor.model import Alert, FeedState, Kind, Match, Receiver, Severity
from monitor.store.store import Store
from tests.fakes import FEED, START, FakeClock, FakeOutlet, FakeReceivers, Item, entry, rules

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_the_sample_is_a_message_as_it_would_come() -> None:
    body = compose(sample.claims("r")[0], chat=False, now=sample.MOMENT).body
    assert "published 12 min ago" in body
    assert "Why: Railway agreement [high, rule railway-agreement]" in body
    assert "[railway agreement]" in body and "[Ministers]" in body


@pytest.mark.parametrize(
    ("minutes", "age"),
    [
        (-5, "just now"),
        (0.9, "just now"),
        (1, "1 min ago"),
        (59.9, "59 min ago"),
        (60, "1 h ago"),
        (48 * 60 - 1, "47 h ago"),
        (48 * 60, "2 days ago"),
        (72 * 60 - 1, "2 days ago"),
    ],
)
def test_how_long_ago_it_was_is_said_in_minutes_then_in_hours_and_from_two_days_on_in_days(
    minutes: float, age: str
) -> None:
    now = sample.MOMENT - timedelta(minutes=12 - minutes)
    assert f"published {age} " in compose(sample.claims("r")[0], chat=False, now=now).body


def test_the_id_of_a_milestone_stays_from_version_to_version() -> None:
    """A database of an earlier program knows it: with another id the milestone would be told anew."""
    match = Match("peace", "Peace", Severity.HIGH, (), ())
    told = Alert(1, 7, "peace", Kind.NEW, 7, entry(FEED, Item("1", "Peace")), match)
    made = milestone._alert(told, 5)
    assert (made.id, made.kind, made.outlets) == (4749715297448546181, Kind.MILESTONE, 5)


@pytest.mark.parametrize(
    ("before", "login"),
    [
        ("535 no: AUTH PLAIN ", b"\0desk-user\0password-Qz47"),  # RFC 4616
        ("535 no: AUTH LOGIN ", b"password-Qz47"),
        ("401 for Basic ", b"desk-user:password-Qz47"),  # RFC 7617
        ("401 for Basic ", b"desk-user:password-Qz47\xff\xfb\xef"),
    ],
)
@pytest.mark.parametrize("coded", [b64encode, urlsafe_b64encode])
def test_a_login_that_a_server_says_back_in_base64_is_scrubbed(
    before: str, login: bytes, coded: Callable[[bytes], bytes]
) -> None:
    said = f"{before}{coded(login).decode()}"
    assert (
        _scrubbed(said, "mailtos://desk-user:password-Qz47@mail.example/?to=d@desk.example") == before + "***"
    )


def test_what_only_looks_like_base64_is_left_as_it_was_said() -> None:
    said = "Failed to send: Internal/server/error12 abcdefgh== -_-_-_-_-"
    assert _scrubbed(said, "mailtos://desk-user:password-Qz47@mail.example/") == said


def test_of_two_secrets_the_longer_is_scrubbed_first_or_its_end_would_be_left() -> None:
    said = "no channel abcdefgh-Qz47 for abcdefgh"
    assert _scrubbed(said, "mmost://abcdefgh:@127.0.0.1/abcdefgh-Qz47") == "no channel *** for ***"


def test_a_message_that_cannot_be_composed_was_not_sent_for_certain(tmp_path: Path) -> None:
    class Broken(Templates):
        def render(self, *_: object, **__: object) -> str:
            raise RuntimeError

    outlet, receivers, clock = FakeOutlet(FEED), FakeReceivers(), FakeClock()
    book = rules("rules: [{id: peace, title: Peace, any: [peace agreement], send: [mail]}]")
    with Store(tmp_path) as store:
        store.sync_feeds([FEED], first_poll=lambda _: START)
        for title in ("Nothing much happens", "A peace agreement is signed"):
            outlet.items.append(Item(title, title))
            state = store.feed_states([FEED.name]).get(FEED.name, FeedState())
            pipeline.take(store, [outlet.poll(state)], rulebook=book, now=clock.now)
        mail = Receiver("mail", "json://127.0.0.1:9/")
        pipeline.deliver(store, mail, send=receivers.send, clock=clock, templates=Broken())
        (row,) = store._rows("select state, uncertain, error from deliveries")
    assert tuple(row) == ("due", 0, "the message could not be composed: RuntimeError")
    assert receivers.arrived == []


# ---- what is kept from one message to the next -------------------------------------------------------------


def test_a_request_that_differs_in_its_text_alone_is_not_prepared_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = requests.Session.prepare_request
    prepared = []

    def prepare(session: requests.Session, request: requests.Request) -> requests.PreparedRequest:
        prepared.append(request.data)
        return whole(session, request)

    monkeypatch.setattr(requests.Session, "prepare_request", prepare)
    with notify._Session() as session:
        for text, url in (("one", "/a"), ("two", "/a"), ("three", "/a"), ("four", "/b"), ("five", "/b")):
            made = session.prepare_request(requests.Request("POST", f"http://127.0.0.1{url}", data=text))
            assert made.body == text
    assert prepared == ["one", "four"]
