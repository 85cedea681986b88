"""What arrives, family by family, byte for byte, hostile headlines among it.

GOLDEN=write python -m pytest tests/alerts/test_golden.py    writes the files anew; read what changed
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from monitor.alerts import digest
from monitor.alerts.compose import compose
from monitor.alerts.digest import fitting
from monitor.alerts.notify import Notifier, is_chat
from monitor.model import (
    Claim,
    Digest,
    Feed,
    Kind,
    Match,
    Mention,
    Message,
    Receiver,
    Severity,
    Tally,
    Told,
)
from tests.alerts.families import FAMILIES, RawMailSink, sinks
from tests.fakes import START, Item, entry

if TYPE_CHECKING:
    from tests.web_server import Request

GOLDEN = Path(__file__).parent / "golden"
WRITE = os.environ.get("GOLDEN") == "write"
FEED = Feed("wire", "https://wire.example/feed", outlet="The Wire")
TEXT = "Ministers met for two days. They agreed to sign a peace agreement before the end of the year."

# How an address stands in a card of Teams: as a link that shows where it leads.
OWN_LINK = re.compile(r"\[https?:[^\s\]]*\]\(https://(?:wire|news)\.example/[^)\s]*\)")
ALERTING = (Kind.NEW, Kind.DEVELOPMENT, Kind.MILESTONE)

# Each with the reason why it is here. Feeds' texts are cleaned when they come in: these are worse than any.
HEADLINES = {
    "plain": "Ministers meet for talks on peace",
    "mentions": "<!channel> @everyone @here <@U024BE7LH> <#C024BE7LR> @channel: talks",
    "links": "[Your bank](https://evil.example/) ![](https://evil.example/pixel.png) <https://evil.example|bank>",
    "references": "[click][1] and so on\n[1]: https://evil.example/",
    "mark-up": "*bold* _it_ `code` ~~no~~ # head ||spoiler|| <b>bold</b> &amp; &lt;i&gt;",
    "script": "<script>alert(1)</script><img src=x onerror=alert(1)>\"'><svg/onload=alert(1)>",
    "template": "{{ 7 * 7 }} {% raw %} ${7*7} #{7*7} %s %(x)s",
    "line breaks": "Talks\r\nBcc: victim@example.org\r\n\r\nAnother body\x0b\x0c\x00\x1b[31m",
    "bidi": "Talks \u202egnp.exe\u202c \u2066isolate \u2067right\u2069 \u200fmark\u200e end",
    "zero width": "Ta\u200blks of pe\u2060ace\ufeff",
    "emoji": "👨‍👩‍👧‍👦 🇦🇲🇦🇿 Talks 🕊️ of peace",
    "right to left": "محادثات السلام בירושלים — talks, 2026",
    "alphabets": "Ալիևը և Փաշինյանը — ალიევი, Алиев, Əliyev: sülh",
    "ten thousand": "endless " * 1250,
    "no title": "",
    "a date in a card": "{{DATE(2026-03-02T09:00:00Z, SHORT)}} [a](javascript:alert(1))",
    "an address": "https://news.example/@everyone/a_(b)_c",
}


def told(title: str, *, kind: Kind = Kind.NEW, alert: int = 1) -> Told:
    article = entry(FEED, Item("g1", title, TEXT))
    start = TEXT.index("peace agreement")
    mention = Mention("$peace", "summary", start, start + len("peace agreement"), "peace agreement")
    match = Match("peace", "Peace agreement", Severity.HIGH, (), (mention,))
    outlets = 5 if kind is Kind.MILESTONE else 0
    return Told(alert, kind, match, article, decided=START, outlets=outlets)


def claim(receiver: str, *tolds: Told, opening: tuple[Told, ...] = (), again: bool = False) -> Claim:
    outlets = ("The Wire", "Daily <b>@all", "C", "D", "E", "F") if again or opening else ("The Wire",)
    return Claim(receiver, 7, tolds, outlets, 1, uncertain=again, created=START, opening=opening or tolds)


def digests(receiver: Receiver) -> dict[str, Message]:
    """A digest of every headline, in as many messages as they take, and one of every kind of alert."""
    name = receiver.name
    opening = (told(HEADLINES["plain"]),)
    each = [claim(name, told(title, alert=n)) for n, title in enumerate(HEADLINES.values())]
    kinds = [claim(name, told(kind.value, kind=kind), opening=opening, again=True) for kind in ALERTING]
    left: list[Claim] = [replace(one, story=n) for n, one in enumerate(each)]
    parts = []
    while left:
        parts.append(fitting(left, chat=is_chat(receiver)))
        left = [one for one in left if one not in parts[-1]]
    several = {
        f"a digest, {number}": Digest(1, name, part, Tally(digest=9), 1, uncertain=False, created=START)
        for number, part in enumerate(parts, 1)
    }
    tally = Tally(quiet=2, digest=1, limit=1, muted=3)
    of_kinds = Digest(1, name, tuple(kinds), tally, 2, uncertain=True, created=START, more=True)
    return {
        case: digest.compose(one, chat=is_chat(receiver))
        for case, one in (several | {"a digest of every kind": of_kinds}).items()
    }


def cases(receiver: Receiver) -> dict[str, Message]:
    """A message for each headline, and one of each kind of alert."""
    name = receiver.name
    first = told(HEADLINES["plain"])
    development = told("Talks break down, ministers leave", kind=Kind.DEVELOPMENT, alert=2)
    milestone = told(HEADLINES["plain"], kind=Kind.MILESTONE, alert=3)
    urgent = replace(development, match=replace(development.match, severity=Severity.CRITICAL), alert=4)
    claims = {case: claim(name, told(title)) for case, title in HEADLINES.items()} | {
        "a development": claim(name, development, opening=(first,)),
        "a development that is more urgent": claim(name, urgent, opening=(first,)),
        "a milestone": claim(name, milestone, opening=(first,)),
        "sent again": claim(name, first, again=True),
    }
    now = START + timedelta(minutes=12)
    alerts = {case: compose(one, chat=is_chat(receiver), now=now) for case, one in claims.items()}
    return alerts | digests(receiver)


def shown(text: str) -> str:
    """The text with what nobody sees written out."""
    return re.sub(
        "[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]",
        lambda found: f"\\u{ord(found.group()):04x}",
        text,
    )


def check(family: str, arrived: dict[str, str]) -> None:
    """What arrived is what stands in the golden file of the family."""
    text = "\n".join(f"==== {case}\n{body}" for case, body in arrived.items()) + "\n"
    file = GOLDEN / f"{family}.txt"
    if WRITE:
        file.write_text(text, "utf-8")
    assert text == file.read_text("utf-8"), "if it should be so: GOLDEN=write, and read the difference"


def as_arrived(request: Request) -> str:
    headers = [
        f"{name}: {request.headers[name]}"
        for name in ("content-type", "idempotency-key", "title", "markdown")
        if name in request.headers
    ]
    body = json.dumps(json.loads(request.body), ensure_ascii=False, indent=1)
    return "\n".join([f"{request.method} {request.path}", *headers, "", shown(body).replace("\\n", "\\n\n")])


@pytest.mark.parametrize("family", FAMILIES)
def test_what_arrives_at_a_service(family: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with sinks(tmp_path, monkeypatch) as there:
        receiver, notifier = there.receiver(family), Notifier()
        arrived = {}
        with notifier.kept(receiver):
            for case, message in cases(receiver).items():
                before = len(there.requests)
                notifier.send(receiver, message)
                (request,) = there.requests[before:]
                arrived[case] = as_arrived(request)
        assert there.plain.connections + there.secure.connections == 1, "one connection carries them all"
        bodies = [shown(request.body.decode()) for request in there.requests]
    check(family, arrived)
    for body in (OWN_LINK.sub("", one) for one in bodies):
        for live in ("<!", "<@", "<#", "@everyone", "@here", "@channel", "](http", "][1]", "]: http"):
            assert live not in body


def test_what_arrives_as_mail() -> None:
    with RawMailSink("mail") as sink:
        receiver, notifier = Receiver("mail", sink.url), Notifier()
        messages = cases(receiver)
        with notifier.kept(receiver):
            for message in messages.values():
                notifier.send(receiver, message)
        raw = list(sink.raw)
    check("mail", {case: written(mail) for case, mail in zip(messages, raw, strict=True)})


def written(raw: bytes) -> str:
    """A mail with its parts decoded, and without what differs from one sending to the next."""
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))  # RFC 5322 §2.1.1
    assert raw.isascii()
    mail = message_from_bytes(raw, policy=policy.default)
    head = [f"{name}: {value}" for name, value in mail.items() if name not in ("Date", "Message-ID")]
    parts = [
        f"---- {part.get_content_type()}, {part['Content-Transfer-Encoding']}\n{part.get_content().rstrip()}"
        for part in mail.walk()
        if not part.is_multipart()
    ]
    text = "\n".join([*head, *parts])
    return shown(re.sub(r"={10,}\d+==", "BOUNDARY", text))
