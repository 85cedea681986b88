"""A chat service that is down for six hours in every way that services have, with 500 alerts meanwhile.

The real Apprise posts to a real server; the hours are a clock of the test's (tests/test_outages.py).
"""

from __future__ import annotations

import logging
import random
import re
import tempfile
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from apprise.plugins.slack import NotifySlack

from monitor import pipeline
from monitor.model import Receiver
from tests.campaign.world import WORDS, Row, marked
from tests.fakes import Item
from tests.test_holding import Line
from tests.test_outages import BOOK, BOT, DOWN_FROM, DOWN_TILL, HOUR, MINUTE, TAKEN, WAYS, Chat
from tests.web_server import Response, WebServer

if TYPE_CHECKING:
    from tests.web_server import Request

_ASKED_FOR = timedelta(minutes=10)  # by Retry-After: less than the 15 minutes within which all must be there
_MOST_TRIES, _LONGEST = 8, timedelta(minutes=15)
_SHOWN = 60  # items that the feed shows


@dataclass
class _Service(Chat):
    decided: dict[int, datetime] = field(default_factory=dict)  # when each story was read

    def take(self, request: Request) -> Response:
        found = re.search(r"abend(\w+) nth(\d+)nth", request.body.decode())
        assert found
        self.taken.append((self.clock.now, int(found[2])))
        return TAKEN


def outage(*, alerts: int, seed: int) -> Row:
    """So many alerts in the six hours, and what came of them."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with tempfile.TemporaryDirectory(prefix="campaign-outage-") as place, WebServer() as web:
            service = _played(Path(place), web, alerts, random.Random(f"outage {seed}"))
    finally:
        logging.disable(before)
    return _judged(service, alerts)


def _played(place: Path, web: WebServer, alerts: int, chance: random.Random) -> _Service:
    line = Line(place, BOOK)
    moments = sorted(chance.uniform(0, 6 * 60) for _ in range(alerts))  # minutes from the beginning
    ways = [*WAYS, "timed out", "reset"]
    chance.shuffle(ways)
    limited = Response(b"", {"Retry-After": str(int(_ASKED_FOR.total_seconds()))}, status=429)
    desk, published = Receiver("mail", BOT), 0
    with pytest.MonkeyPatch.context() as patch, line.store:
        patch.setattr(NotifySlack, "api_url", web.url("/{}"))
        service = _Service(web, line.clock, tuple(ways), answers={**WAYS, "limited": limited})
        line.clock.now = DOWN_FROM
        while line.clock.now < DOWN_TILL + HOUR:
            minutes = (line.clock.now - DOWN_FROM) / MINUTE
            while published < alerts and moments[published] <= minutes:
                _publish(line, published)
                service.decided[published] = line.clock.now
                published += 1
            line.poll()
            while pipeline.deliver(line.store, desk, send=service.send, clock=line.clock):
                pass
            line.clock.advance(MINUTE / 2)
    return service


def _publish(line: Line, number: int) -> None:
    own = " ".join(f"{word}{marked(number)}" for word in WORDS.split())
    title = f"{own.split()[0]} nth{number}nth peace {own.split()[1]}"
    line.outlets["wire"].items.insert(0, Item(f"g{number}", title, own))
    del line.outlets["wire"].items[_SHOWN:]


def _judged(service: _Service, alerts: int) -> Row:
    told = [story for _, story in service.taken]
    lost, repeats = alerts - len(set(told)), len(told) - len(set(told))
    last = max((moment for moment, _ in service.taken), default=DOWN_TILL + 24 * HOUR) - DOWN_TILL
    tries = max(
        sum(first <= moment < first + HOUR for moment, _ in service.tried) for first, _ in service.tried
    )
    asked_too_soon = _undercut(service)
    turns = [service.decided[story] for story in told[1:]]  # the first is the one that asks
    disorder = sum(after < before for before, after in pairwise(turns))
    return Row(
        f"a receiver down for 6 h (test clock), {alerts} alerts; 429, 500, 200 with an error, timeout, reset",
        "all ≤ 15 min after it is back, oldest first, Retry-After kept, ≤ 8 tries an hour",
        f"{lost} lost, {repeats} repeated, the last {last / MINUTE:.1f} min after; {disorder} out of turn;"
        f" Retry-After undercut {asked_too_soon} times; {tries} tries in the worst hour",
        not (lost or repeats or disorder or asked_too_soon) and last <= _LONGEST and tries <= _MOST_TRIES,
    )


def _undercut(service: _Service) -> int:
    back: list[tuple[datetime, str]] = [(moment, "") for moment, _ in service.taken[:1]]
    return sum(
        way == "limited" and after - moment < _ASKED_FOR
        for (moment, way), (after, _) in pairwise([*service.tried, *back])
    )
