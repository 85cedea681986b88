"""`kill -9` at random moments of polling, judging and sending."""

from __future__ import annotations

import random
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from monitor.demo.sinks import MailSink
from tests.campaign.world import (
    Desk,
    Hook,
    Nursery,
    Outlet,
    Reckoning,
    Row,
    named,
    published,
    reckoned,
    settled,
)

_LIFE = (0.15, 1.1)  # seconds: from before the first poll to long after its sends


def kills(*, lives: int, stories: int, desks: int = 3, seed: int = 1) -> list[Row]:
    """So many lives, over so many stories, on several desks at once: two rows of the table."""
    with ThreadPoolExecutor(desks) as pool:
        parts = list(
            pool.map(
                lambda number: _one_desk(number, lives // desks, stories // desks, seed + number),
                range(desks),
            )
        )
    honouring, dumb = _sum([part[0] for part in parts]), _sum([one for part in parts for one in part[1:]])
    return [
        Row(
            f"{lives} x SIGKILL, {stories} stories, a sink that honours an idempotency key",
            "lost 0, repeated 0",
            str(honouring),
            honouring.lost == 0 and honouring.repeats == 0,
        ),
        Row(
            "the same, dumb SMTP and webhook sinks",
            "lost 0; every repeat marked as such",
            str(dumb),
            dumb.lost == 0 and dumb.unmarked == 0,
        ),
    ]


def _one_desk(number: int, lives: int, stories: int, seed: int) -> tuple[Reckoning, ...]:
    chance, outlet = random.Random(seed), Outlet(name="xyz"[number % 3] * (1 + number // 3))
    with (
        tempfile.TemporaryDirectory(prefix="campaign-kills-") as folder,
        published({"/": outlet}) as port,
        Hook("honouring", honouring=True) as honouring,
        Hook("hook") as hook,
        MailSink("mail") as mail,
        Nursery() as nursery,
    ):
        desk = Desk(
            Path(folder),
            {"wire": f"http://127.0.0.1:{port}/"},
            {"honouring": honouring.url, "hook": hook.url, "mail": mail.url},
        )
        desk.run("--once")  # the baseline
        for life in range(lives):
            outlet.published = stories * (life + 1) // lives
            nursery.life(desk.words("run"), seconds=chance.uniform(*_LIFE))
        nursery.born(desk.words("run"))
        settled(desk, stories)
        arrived = (
            honouring.bodies,
            hook.bodies,
            [f"{arrival.title}\n{arrival.body}" for arrival in mail.arrivals],
        )
        nursery.end()
        return tuple(reckoned(bodies, named(outlet)) for bodies in arrived)


def _sum(parts: list[Reckoning]) -> Reckoning:
    return Reckoning(
        *(sum(getattr(part, name) for part in parts) for name in ("owed", "lost", "repeats", "unmarked"))
    )
