"""Draws the pictures of the documents from what really arrives; needs Chromium and pngquant.

    python docs/pictures.py [--chromium PATH] [--look FOLDER]

An invented alert goes through Apprise to a mail server on loopback; the page of the mail that arrives is
drawn, light and dark side by side, into docs/alert-mail.png, and that of a digest into docs/digest-mail.png.
Another goes to Slack's webhook, on loopback over TLS; what arrives there is drawn in a frame like Slack's, as
Slack prints such a post, into docs/alert-slack.png: no picture of Slack itself.
With --look, the same of every kind of message, and narrow (320 px), into a folder, to be looked at.
"""

from __future__ import annotations

import argparse
import base64
import json
import re
import subprocess
import sys
import tempfile
from dataclasses import replace
from email import message_from_bytes, policy
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from monitor.alerts import digest, sample
from monitor.alerts.compose import compose
from monitor.alerts.notify import Notifier
from monitor.demo.sinks import MailSink
from monitor.model import Digest, Receiver, Severity, Tally
from tests.alerts.families import sinks

if TYPE_CHECKING:
    from aiosmtpd.smtp import SMTP, Envelope, Session

    from monitor.model import Claim, Message

HERE = Path(__file__).parent


class _Keeper(MailSink):
    """Keeps the page of each mail."""

    def __init__(self) -> None:
        super().__init__("mail")
        self.pages: list[str] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep it."""
        assert isinstance(envelope.content, bytes)
        page = message_from_bytes(envelope.content, policy=policy.default).get_body(preferencelist=("html",))
        assert page is not None
        self.pages.append(page.get_content())
        return await super().handle_DATA(server, session, envelope)


def arrived(messages: list[Message]) -> list[str]:
    """The pages of these mails, as they arrive."""
    with _Keeper() as sink:
        for message in messages:
            Notifier().send(Receiver("mail", sink.url), message)
        return list(sink.pages)


def framed(page: str, *, scheme: str, width: int, height: int) -> str:
    """A page in a frame of that width, for a reader who likes it light or dark."""
    data = base64.b64encode(page.encode()).decode()
    return (
        f'<iframe src="data:text/html;charset=utf-8;base64,{data}" scrolling="no"'
        f' style="color-scheme:{scheme};border:0;width:{width}px;height:{height}px"></iframe>'
    )


def draw(html: str, to: Path, *, width: int, height: int, chromium: str) -> None:
    """A picture of this HTML."""
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        page.write_text(
            f'<!doctype html><body style="margin:0;display:flex;background:#fff">{html}</body>', "utf-8"
        )
        words = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        size = f"--window-size={width},{height}"
        subprocess.run(
            [chromium, *words, size, f"--screenshot={to}", page.as_uri()],
            check=True,
            capture_output=True,
            timeout=120,
        )


def kinds() -> tuple[Claim, ...]:
    """A message of each kind, one that is critical and one from right to left among them."""
    new, development, milestone = sample.claims("mail")
    urgent = replace(
        development, tolds=(sample.told(development.tolds[0].kind, alert=9, severity=Severity.CRITICAL),)
    )
    hebrew = sample.told()
    title = "שרים הסכימו לפתוח מחדש את מסילת הרכבת עד האביב"
    mention = replace(hebrew.match.mentions[1], start=0, end=4, surface=title[:4])
    match = replace(hebrew.match, mentions=(hebrew.match.mentions[0], mention))
    right_to_left = replace(hebrew, entry=replace(hebrew.entry, title=title), match=match)
    return new, urgent, milestone, replace(new, tolds=(right_to_left,), opening=(right_to_left,))


def morning() -> Digest:
    """What the quiet hours of a night held: every kind, the most carried first."""
    claims = [replace(claim, story=number) for number, claim in enumerate(kinds())]
    return Digest(
        1, "mail", tuple(claims), Tally(quiet=4, muted=2), 1, uncertain=False, created=sample.MOMENT
    )


# ---- chat ------------------------------------------------------------------------------------------------


def posted_to_slack(claims: tuple[Claim, ...]) -> list[dict[str, str]]:
    """The attachments of these alerts' posts, as they arrive at Slack's webhook."""
    with (
        tempfile.TemporaryDirectory() as folder,
        pytest.MonkeyPatch.context() as patch,
        sinks(Path(folder), patch) as there,
    ):
        receiver = there.receiver("slack")
        for claim in claims:
            Notifier().send(receiver, compose(claim, chat=True, now=sample.MOMENT))
        bodies = [json.loads(request.body) for request in there.requests]
    assert not any(body["mrkdwn"] for body in bodies), "else it would have to be drawn as mark-up"
    return [body["attachments"][0] for body in bodies]


def as_slack_prints(attachment: dict[str, str]) -> str:
    """The text of an attachment: no mark-up, its line breaks, and addresses as links.

    What it escapes (&, < and >) is what a page escapes.
    """
    text = re.sub(r"https?://[^\s&]+", lambda found: f"<a>{found.group()}</a>", attachment["text"])
    return f'<div class="bar" style="border-color:{attachment["color"]}">{text}</div>'


_CHAT = """<!doctype html><meta charset="utf-8"><style>
body { margin: 0; padding: 14px 18px; font: 15px/1.45 Lato, "Helvetica Neue", Arial, sans-serif; }
.light { background: #fff; color: #1d1c1d; } .dark { background: #1a1d21; color: #d1d2d3; }
.light a { color: #1264a3; } .dark a { color: #1d9bd1; }
.post { display: flex; gap: 10px; margin-bottom: 14px; }
.face { flex: none; width: 36px; height: 36px; border-radius: 6px; background: #24527a; color: #fff;
  text-align: center; font: 700 18px/36px sans-serif; }
b { margin-right: 6px; } small { color: #868686; font-size: 12px; }
.app { background: #8683; border-radius: 3px; padding: 0 4px; font-size: 10px; font-weight: 700;
  margin-right: 6px; }
.bar { border-left: 4px solid; border-radius: 4px; padding-left: 12px; margin-top: 4px; white-space: pre-wrap;
  overflow-wrap: anywhere; }
</style>"""


def chat(attachments: list[dict[str, str]], *, scheme: str) -> str:
    """A page in the manner of Slack, with these posts."""
    posts = "".join(
        '<div class="post"><div class="face">m</div><div><b>media-monitor</b><span class="app">APP</span>'
        f"<small>9:{12 + number} AM</small>{as_slack_prints(attachment)}</div></div>"
        for number, attachment in enumerate(attachments)
    )
    return f'{_CHAT}<body class="{scheme}">{posts}'


def small(picture: Path) -> None:
    """The picture in 64 colours."""
    subprocess.run(["pngquant", "--force", "--ext", ".png", "--speed", "1", "64", picture], check=True)


def main() -> int:
    """Draws them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--chromium", default="chromium", help="the browser")
    parser.add_argument("--look", type=Path, metavar="FOLDER", help="draw every kind, narrow too")
    options = parser.parse_args()
    alerts = [compose(claim, chat=False, now=sample.MOMENT) for claim in kinds()]
    pages = arrived([*alerts, digest.compose(morning(), chat=False)])
    if options.look:
        options.look.mkdir(parents=True, exist_ok=True)
        for number, page in enumerate(pages):
            frames = [
                framed(page, scheme=scheme, width=width, height=760)
                for scheme, width in (("light", 660), ("dark", 660), ("light", 320), ("dark", 320))
            ]
            to = options.look / f"mail-{number}.png"
            draw("".join(frames), to, width=1960, height=760, chromium=options.chromium)
    for page, name, height in ((pages[0], "alert-mail.png", 520), (pages[-1], "digest-mail.png", 470)):
        frames = [framed(page, scheme=scheme, width=500, height=height) for scheme in ("light", "dark")]
        draw("".join(frames), HERE / name, width=1000, height=height, chromium=options.chromium)
        small(HERE / name)
    posts = posted_to_slack((kinds()[0], kinds()[2]))
    frames = [
        framed(chat(posts, scheme=scheme), scheme=scheme, width=560, height=620)
        for scheme in ("light", "dark")
    ]
    draw("".join(frames), HERE / "alert-slack.png", width=1120, height=620, chromium=options.chromium)
    small(HERE / "alert-slack.png")
    return 0


if __name__ == "__main__":
    sys.exit(main())
