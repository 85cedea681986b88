"""Where one value more or less decides: each row is a wrong change that no other test noticed."""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode
from typing import TYPE_CHECKING

import pytest

from monitor.alerts import milestone, sample
from monitor.alerts.compose import compose
from monitor.alerts.notify import _scrubbed
from monitor.model import Alert, Kind, Match, Severity
from tests.fakes import FEED, Item, entry

if TYPE_CHECKING:
    from collections.abc import Callable


def test_the_sample_is_a_message_as_it_would_come() -> None:
    body = compose(sample.claims("r")[0], chat=False, now=sample.MOMENT).body
    assert "published 12 min ago" in body
    assert "Why: Railway agreement [high, rule railway-agreement]" in body
    assert "[railway agreement]" in body and "[Ministers]" in body


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
