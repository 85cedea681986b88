"""`kill -9` at random moments of polling, judging and sending."""

from __future__ import annotations

import random
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from monitor.demo.sinks import MailSink
from tests.campaign.world import (
    Crowd,
    Desk,
    Hook,
    Outlet,
    Reckoning,
    Row,
    named,
    published,
    reckoned,
    settled,
)

_LIFE = (0.3, 2.0)  # of what a pass takes here: from before the first poll to long after its sends


def kills(nurseries: Crowd, *, lives: int, stories: int, seed: int, desks: int = 3) -> list[Row]:
    """So many lives, over so many stories, on several desks at once: two rows of the table."""
    each, of_each = -(-lives // desks), -(-stories // desks)
    with ThreadPoolExecutor(desks) as pool:
        parts = list(
            pool.map(
                lambda number: _one_desk(nurseries, number, lives=each, stories=of_each, seed=seed),
                range(desks),
            )
        )
    honouring, dumb = _sum([part[0] for part in parts]), _sum([one for part in parts for one in part[1:]])
    return [
        Row(
            f"{each * desks:,} x SIGKILL, {of_each * desks:,} stories, a sink that honours idempotency keys",
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


def _one_desk(nurseries: Crowd, number: int, *, lives: int, stories: int, seed: int) -> tuple[Reckoning, ...]:
    chance = random.Random(f"kills {seed} {number}")
    outlet = Outlet(name="xyz"[number % 3] * (1 + number // 3))
    with (
        tempfile.TemporaryDirectory(prefix="campaign-kills-") as folder,
        published({"/": outlet}) as port,
        Hook("honouring", honouring=True) as honouring,
        Hook("hook") as hook,
        MailSink("mail") as mail,
        nurseries.lent() as nursery,
    ):
        desk = Desk(
            Path(folder),
            {"wire": f"http://127.0.0.1:{port}/"},
            {"honouring": honouring.url, "hook": hook.url, "mail": mail.url},
        )
        nursery.whole_life(desk.words("run", "--once"))  # the baseline
        begun = time.monotonic()
        nursery.whole_life(desk.words("run", "--once"))
        a_pass = max(0.4, time.monotonic() - begun)
        for life in range(lives):
            outlet.published = stories * (life + 1) // lives
            nursery.life(desk.words("run"), seconds=a_pass * chance.uniform(*_LIFE))
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
