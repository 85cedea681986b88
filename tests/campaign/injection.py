"""What outlets write into headlines, names and links, at every family of receivers: nothing of it is live.

Told are alerts, digests, notices and the refusal of bad rules, with every naughty text in every place that
comes from outside, through the real sender to a server on loopback. What arrives is read as its service
reads it: a mention that would ring, a link that hides where it leads, a header or a tag that is not ours.
"""

from __future__ import annotations

import json
import random
import re
import tempfile
from dataclasses import dataclass, replace
from datetime import timedelta
from email import message_from_bytes, policy
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest

from monitor.alerts import compose, digest, notice
from monitor.alerts.notify import Notifier, is_chat
from monitor.model import (
    Claim,
    Digest,
    Feed,
    Kind,
    Match,
    Mention,
    Message,
    Notice,
    Receiver,
    Severity,
    Tally,
    Told,
)
from tests.alerts.families import FAMILIES, RawMailSink, sinks
from tests.campaign.world import Row
from tests.fakes import START, Item, entry

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.web_server import Request

# Each with what it is after. Feeds' texts are cleaned when they come in: these are not.
NAUGHTY = (
    # mentions: Slack, Discord, Mattermost, Teams, Telegram
    "<!channel> <!here> <!everyone|all of you>",
    "<@U024BE7LH> <@!80351110224678912> <@&165511591545143296> <#C024BE7LR>",
    "<!subteam^S012|team> <!date^1392734382^{date}|now>",
    "@everyone @here @channel @all @desk.chief @group",
    "x@everyone (@here) [@all] *@channel* _@here_ `@all` |@here|",
    "<at>Everyone</at> <at id='0'>Chief</at>",
    "@\u200beveryone <\u2060!channel> @\u00adhere <\u200e@U024BE7LH>",
    "@\neveryone <\r\n!channel>",
    "@@everyone <<!channel>> @@@here",
    "\ufe6beveryone \uff20here \uff1c!channel\uff1e",  # other forms of the signs
    "</everyone:0> <t:1618953630:R> <:smile:123> <a:dance:123> <id:customize>",
    "tg://user?id=1 [you](tg://user?id=1) <a href='tg://user?id=1'>you</a>",
    # links that hide where they lead
    "[Your bank](https://evil.example/) ![](https://evil.example/pixel.png)",
    "[Your bank][1] [1]: https://evil.example/",
    "<https://evil.example|your bank> <mailto:x@evil.example|write>",
    "[a](<javascript:alert(1)>) [b]( https://evil.example 'title')",
    "[nested [brackets]](https://evil.example/) \\[x\\](https://evil.example/)",
    "https://evil.example/@everyone https://a@evil.example/",
    # mark-up of chats and pages
    "*bold* _it_ `code` ```block``` ~~no~~ # head ||spoiler|| > quote - list",
    "<b>bold</b> &amp; &lt;script&gt; &#60;script&#62; <!-- comment --> <![CDATA[x]]>",
    # script
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)> <svg/onload=alert(1)> <iframe srcdoc='<script>'>",
    '"\'><script>alert(1)</script><a href="javascript:alert(1)">',
    "</title></style></textarea></h1></a><script>alert(1)</script>",
    "' onmouseover='alert(1) \" onmouseover=\"alert(1) ` onclick=`",
    "<style>*{display:none}</style><link rel=stylesheet href=//evil.example/x.css>",
    "<meta http-equiv=refresh content='0;url=https://evil.example/'><base href=//evil.example/>",
    "<form action=https://evil.example/><input name=password></form>",
    "\u2028<script>\u2029alert(1)//\x00</script> <scr\x00ipt>",
    # templates and formats
    "{{ 7 * 7 }} {% include 'mail.html' %} {# x #} ${7*7} #{7*7} <%= 7 %> %s %(x)s {0} {x.__class__}",
    # headers, lines, ends of input
    "Talks\r\nBcc: victim@evil.example\r\n\r\nAnother body",
    "Talks\nContent-Type: text/html\n\n<b>x</b>",
    "Talks\x0bBcc: victim@evil.example\x0cX-A: b\x85X-C: d\u2028X-E: f",
    "=?utf-8?q?=0D=0ABcc:_victim=40evil.example?=",
    "Talks\r\n.\r\nMAIL FROM:<a@evil.example>\r\n",
    ".\r\n.\r\nQUIT",
    "x\x00y\x07z\x1b[31mred\x1b]0;title\x07\x9b31m\x7f",
    '"}, "channel": "#other", "x": {"y": "',
    "\\u0040everyone \\x40here \\n\\r &#64;everyone %40everyone %0d%0aBcc:x",
    # what is seen and what is not
    "Talks \u202egnp.exe\u202c \u2066isolate \u2067right\u2069 \u200fmark\u200e \u061cend",
    "Ta\u200blks of pe\u2060ace\ufeff \u2061\u2062\u2063\u2064",
    "\ud800 lone \udfff surrogates \ud83d",
    "\U000e0041\U000e0042 tags \ufff9 annotated \ufffb",
    "Z\u0351\u0343\u0342a\u0310l\u0357g\u0301o" * 40,
    "محادثات السلام בירושלים — talks @everyone",
    "endless " * 1250,
    "x" * 10_000,
    "[" * 3_000,
    "@" * 3_000,
    "<" * 3_000,
)
LINKS = (
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    'https://evil.example/" onclick="alert(1)',
    "https://evil.example/'onclick='alert(1)",
    "https://evil.example/><script>alert(1)</script>",
    "https://evil.example/@everyone?to=@here#<!channel>",
    "https://user@evil.example/](https://other.example/)",
    "https://evil.example/\r\nBcc: victim@evil.example",
    "https://evil.example/\u202egnp.exe",
    "//evil.example/",
    "https://medium.example/@author/story",
)
_FEED = Feed("wire", "https://wire.example/feed", outlet="The Wire")

# ---- what is told ------------------------------------------------------------------------------------------


def messages(text: str, *, link: str = "", chat: bool) -> Iterator[Message]:
    """Every kind of message with this text in every place that comes from outside."""
    claim = _claim(text, link)
    yield compose.compose(claim, chat=chat, now=START + timedelta(minutes=5))
    tally = Tally(quiet=1, muted=2)
    yield digest.compose(Digest(1, "r", (claim,), tally, 1, uncertain=True, created=START), chat=chat)
    lines = (f"feed wire: moved to {link or text}", text)
    yield notice.compose(Notice(1, "r", notice.TITLE, lines, 1, uncertain=True, created=START), chat=chat)
    title, *said = notice.refusal(f"rules.yaml:1:1: {text}")
    yield notice.compose(Notice(1, "r", title, tuple(said), 1, uncertain=True, created=START), chat=chat)


def _claim(text: str, link: str) -> Claim:
    article = entry(_FEED, Item("g1", text, f"Of peace. {text} peace. {text}", link=link))
    article = replace(article, outlet=text)
    mentions = tuple(
        Mention(text, field, where, where + 5, text)
        for field, where in (("summary", 3), ("title", 0), ("title", max(0, len(text) - 5)))
    )
    match = Match("peace", text, Severity.HIGH, (), mentions)
    told = (Told(1, Kind.NEW, match, article, START), Told(2, Kind.MILESTONE, match, article, START, 5))
    opening = (Told(9, Kind.NEW, match, article, START),)
    return Claim("r", 7, told, (text,) * 7, 1, True, START, opening=opening, notes=(text,))  # noqa: FBT003


# ---- what is live ------------------------------------------------------------------------------------------

_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200c\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]"
)
_LINK = re.compile(r"^\[(?P<shown>https?://.+)\]\((?P<target>https?://[^\s()]+)\)$", re.MULTILINE)
_LIVE_IN_CHAT = (
    ("mention", re.compile(r"@\w|<[!@#]")),
    ("tag", re.compile(r"<[A-Za-z/!?:]")),
    ("link", re.compile(r"\]\(|\]\[|\]:\s*\S|<(?!\u200d)\S+\|")),
    ("unseen", _UNSEEN),
)


def live_in_chat(text: str) -> list[str]:
    """What a chat service would act on in this text, or what turns a reader's eye, by sort."""
    text = _LINK.sub(_shown, text)
    return [sort for sort, pattern in _LIVE_IN_CHAT if pattern.search(text)]


def _shown(link: re.Match[str]) -> str:
    """What is read in the stead of a link, where it shows the address that it leads to; else the link."""
    shown = re.sub(r"\\(.)", r"\1", link["shown"])
    return shown if unquote(shown) == unquote(link["target"]) else link.group()


def live_in_post(request: Request, usual: Request) -> list[str]:
    """What is live in what a service was sent; `usual` is a post with nothing in it."""
    found = [] if {*request.headers} == {*usual.headers} else ["header"]
    if (request.method, request.path) != (usual.method, usual.path):
        found.append("address")
    document, plain = json.loads(request.body), json.loads(usual.body)
    if _shape(document) != _shape(plain):
        found.append("field")
    own = {*_texts(plain)}
    return found + [sort for text in _texts(document) if text not in own for sort in live_in_chat(text)]


def _shape(document: Any) -> Any:
    match document:
        case dict():
            return {key: _shape(value) for key, value in document.items()}
        case list():
            return [_shape(value) for value in document]
        case _:
            return type(document).__name__


def _texts(document: Any) -> Iterator[str]:
    match document:
        case dict():
            for value in document.values():
                yield from _texts(value)
        case list():
            for value in document:
                yield from _texts(value)
        case str():
            yield document


_HEADERS = {
    *("Content-Type", "MIME-Version", "Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted"),
    *("References", "In-Reply-To", "Content-Transfer-Encoding"),
}


def live_in_mail(raw: bytes) -> list[str]:
    """What is live in a mail: headers that are not ours or stand twice, tags, hidden signs, odd lines."""
    mail = message_from_bytes(raw, policy=policy.default)
    found = [] if {*mail.keys()} <= _HEADERS and len(mail.keys()) == len({*mail.keys()}) else ["header"]
    if mail.defects or any(len(line) > 998 for line in raw.split(b"\r\n")) or not raw.isascii():
        found.append("form")
    if _UNSEEN.search(str(mail["Subject"])):
        found.append("unseen")
    for part in mail.walk():
        if part.is_multipart():
            continue
        text = str(part.get_content())
        found += ["unseen"] if _UNSEEN.search(text) else []
        found += _live_in_page(text) if part.get_content_type() == "text/html" else []
        found += ["part"] if part.get_content_type() not in ("text/plain", "text/html") else []
    return found


_TAGS = {
    *("html", "head", "meta", "title", "style", "body", "div", "p", "span", "strong", "em", "h1", "h2", "a"),
    *("mark", "ul", "li", "ol", "br", "hr", "small", "b", "i"),
}
_ATTRIBUTES = {"lang", "charset", "name", "content", "class", "style", "dir", "href", "rel"}


@dataclass
class _Tag:
    name: str
    attributes: dict[str, str]


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[_Tag] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep it."""
        self.tags.append(_Tag(tag, {name: value or "" for name, value in attrs}))


def _live_in_page(text: str) -> list[str]:
    page = _Page()
    page.feed(text)
    found = [f"<{tag.name}>" for tag in page.tags if tag.name not in _TAGS]
    found += [name for tag in page.tags for name in tag.attributes if name not in _ATTRIBUTES]
    links = [tag.attributes["href"] for tag in page.tags if "href" in tag.attributes]
    found += ["link" for link in links if not re.match(r"https?://[^\s<>\"]+$", link)]
    # Styles and heads are ours: one of each, whatever the texts say.
    found += [name for name in ("html", "head", "body", "title", "style") if _count(page, name) != 1]
    return found


def _count(page: _Page, name: str) -> int:
    return sum(tag.name == name for tag in page.tags)


# ---- the row -----------------------------------------------------------------------------------------------


def injection(*, texts: int = 0, seed: int = 1) -> Row:
    """So many naughty texts (0: all) and every naughty link, as every kind of message, at every family."""
    chance = random.Random(seed)
    chosen = [*NAUGHTY] if not texts else chance.sample(NAUGHTY, texts)
    cases = [(text, "") for text in chosen] + [("Talks of peace", link) for link in LINKS]
    found: list[str] = []
    sent = 0
    with (
        pytest.MonkeyPatch.context() as patch,
        tempfile.TemporaryDirectory(prefix="campaign-inject-") as folder,
    ):
        for family in FAMILIES:
            count, live = _at_a_service(family, cases, Path(folder), patch)
            sent, found = sent + count, [*found, *live]
        count, live = _as_mail(cases)
        sent, found = sent + count, [*found, *live]
    return Row(
        f"{len(cases)} naughty texts and links in {sent:,} messages to {len(FAMILIES) + 1} families",
        "0 live mentions, 0 extra headers, 0 raw tags",
        f"{len(found)} live{': ' if found else ''}{'; '.join(found[:5])}",
        not found,
    )


def _at_a_service(
    family: str, cases: Sequence[tuple[str, str]], folder: Path, patch: pytest.MonkeyPatch
) -> tuple[int, list[str]]:
    found = []
    with sinks(folder, patch) as there:
        receiver, notifier = there.receiver(family), Notifier()
        with notifier.kept(receiver):
            told = [("", message) for message in messages("peace", chat=True)]
            told += [
                (f"{text!r:.60} {link}", one) for text, link in cases for one in _of(text, link, receiver)
            ]
            for what, message in told:
                before = len(there.requests)
                notifier.send(receiver, message)
                if len(there.requests) != before + 1:
                    found.append(f"{family}: {what}: {len(there.requests) - before} posts")
        posts = there.requests
    usual = posts[:4]
    for (what, _), post, number in zip(told[4:], posts[4:], range(len(posts)), strict=False):
        found += [f"{family}: {what}: {sort}" for sort in live_in_post(post, usual[number % 4])]
    return len(posts), found


def _as_mail(cases: Sequence[tuple[str, str]]) -> tuple[int, list[str]]:
    with RawMailSink("mail") as sink:
        receiver, notifier = Receiver("mail", sink.url), Notifier()
        told = [(f"{text!r:.60} {link}", one) for text, link in cases for one in _of(text, link, receiver)]
        with notifier.kept(receiver):
            for _, message in told:
                notifier.send(receiver, message)
        raw = list(sink.raw)
    found = [] if len(raw) == len(told) else [f"mail: {len(raw)} of {len(told)} mails"]
    for (what, _), mail in zip(told, raw, strict=False):
        found += [f"mail: {what}: {sort}" for sort in live_in_mail(mail)]
    return len(raw), found


def _of(text: str, link: str, receiver: Receiver) -> Iterator[Message]:
    return messages(text, link=link, chat=is_chat(receiver))
