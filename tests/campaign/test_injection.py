"""What the row on injection rests on: its eyes, and laws over texts that nobody thought of."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.alerts.compose import BODY, defused
from monitor.alerts.notify import mail_of
from tests.campaign.injection import LINKS, live_in_chat, live_in_mail, messages

if TYPE_CHECKING:
    from monitor.model import Message

_PIECES = st.sampled_from(
    [
        *"@<>[]()|!#&;:\"'`{}%*_ \n\r\t\x00\x1b\u202e\u200b\u200d\u2028\ud800/ax",
        *("everyone", "https://x.example/", "<script>", "](", "]:", "\r\nBcc: x@y.example\r\n", "&lt;"),
        *("=?utf-8?q?", "-->", "{{", "://", "é", "م"),
    ]
)
_TEXTS = st.one_of(st.lists(_PIECES, max_size=40).map("".join), st.text(max_size=120))


@pytest.mark.parametrize(
    ("text", "sort"),
    [
        ("@everyone", "mention"),
        ("<!channel>", "mention"),
        ("<@U1>", "mention"),
        ("<#C1>", "mention"),
        ("<b>", "tag"),
        ("</b>", "tag"),
        ("<at>", "tag"),
        ("[bank](https://evil.example)", "link"),
        ("[1]: https://evil.example", "link"),
        ("<https://evil.example|bank>", "link"),
        ("\u202egnp", "unseen"),
        ("a\x1b[31m", "unseen"),
    ],
)
def test_what_is_live_in_a_chat_is_seen_and_gone_when_defused(text: str, sort: str) -> None:
    assert sort in live_in_chat(text)
    if sort != "unseen":  # that is cleaned, not defused
        assert live_in_chat(defused(text)) == []


def _mailed(message: Message, **more: str) -> bytes:
    return mail_of(message, sender=("", "a@desk.example"), target=("", "b@desk.example"), more=more)


@pytest.mark.parametrize(
    ("page", "live"),
    [
        ("<script>1</script>", "<script>"),
        ("<p onclick='1'>", "onclick"),
        ("<a href='javascript:1'>", "link"),
        ("</body></html><html>", "html"),
        ("\u202e", "unseen"),
    ],
)
def test_what_is_live_in_a_mail_is_seen(page: str, live: str) -> None:
    (message, *_) = messages("peace", chat=False)
    assert live_in_mail(_mailed(message)) == []
    assert live in live_in_mail(_mailed(replace(message, html=message.html + page)))
    assert "header" in live_in_mail(_mailed(message, Bcc="x@evil.example"))


@settings(max_examples=25)
@given(_TEXTS)
def test_whatever_outlets_write_nothing_of_it_is_live(text: str) -> None:
    for message in messages(text, chat=True):
        assert live_in_chat(message.body) == []
        assert len(message.body) <= BODY
    for message in messages(text, chat=False):
        assert live_in_mail(_mailed(message)) == []


@pytest.mark.parametrize("link", ["https://medium.example/@author/story", *LINKS])
def test_an_address_that_is_told_in_a_chat_leads_where_the_outlet_said(link: str) -> None:
    (alert, *_) = messages("peace", link=link, chat=True)
    (line,) = [line for line in alert.body.split("\n") if line.startswith("https://")] or [""]
    if "medium" in link:
        assert line == "https://medium.example/%40author/story"
    assert "\u200d" not in line or "](" in link
