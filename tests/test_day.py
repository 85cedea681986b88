"""A day of the daemon, compressed: its own jobs, run whenever its clock says that a feed is due."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor import config
from monitor.daemon import Daemon
from monitor.engine import Engine
from monitor.model import Feed, Receiver
from monitor.store.store import Store
from tests.desks import eventually
from tests.fakes import START, FakeClock, rules
from tests.web_server import Response, WebServer

if TYPE_CHECKING:
    from pathlib import Path

    from tests.web_server import Request

BOOK = rules("rules: [{id: peace, title: Peace, any: [peace], send: [chat]}]", ("chat",))
TOWNS = ("Ani", "Berat", "Corfu", "Delft", "Erfurt", "Fermo", "Gori", "Izmir", "Jena", "Kars", "Lund", "Melk")
OUTAGE = (START + timedelta(hours=6), START + timedelta(hours=9))


class Outlets:
    """Three outlets and a copier: a story an hour, each shown by one of them and, a little later, copied."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.asked: Counter[str] = Counter()

    def shown(self, late: timedelta) -> list[str]:
        """The newest eight stories at this hour; four stand there from the beginning."""
        hours = int((self.clock.now - START - late) / timedelta(hours=1)) + 4
        stories = [
            f"Peace treaty number {hour} is signed in {TOWNS[hour % 12]} by {TOWNS[(hour * 7 + 3) % 12]}"
            for hour in range(max(hours, 0))
        ]
        return stories[::-1][:8]

    def answer(self, request: Request) -> Response:
        name = request.path.strip("/")
        self.asked[name] += 1
        if name == "gone":
            return Response(status=410)
        if name == "shaky" and OUTAGE[0] <= self.clock.now < OUTAGE[1]:
            return Response(status=503, headers={"Retry-After": "1800"})
        titles = self.shown(timedelta(minutes=20 if name == "copier" else 0))
        if name == "quiet":
            titles = ["Museum of clocks opens again"]
        etag = f'"{titles[0] if titles else 0}"'
        if request.headers.get("if-none-match") == etag:
            return Response(status=304)
        items = "".join(
            f"<item><title>{title}</title><guid isPermaLink='false'>{title}</guid></item>" for title in titles
        )
        body = f"<rss version='2.0'><channel><title>t</title>{items}</channel></rss>".encode()
        return Response(body, {"ETag": etag})


def test_a_day_tells_each_story_once_asks_each_feed_as_it_publishes_and_outlives_what_fails(
    tmp_path: Path,
) -> None:
    clock = FakeClock()
    outlets = Outlets(clock)
    told: list[str] = []

    def tell(request: Request) -> Response:
        told.append(request.body.decode())
        return Response()

    names = ("wire", "shaky", "copier", "quiet", "gone")
    with WebServer() as web:
        for name in names:
            web.answer(f"/{name}", outlets.answer)
        web.answer("/hook", tell)
        feeds = tuple(Feed(name, web.url(f"/{name}"), name, allow_private=True) for name in names)
        receiver = Receiver("chat", web.url("/hook").replace("http", "json"))
        engine = Engine(config.Desk(feeds, (receiver,), BOOK), tmp_path, clock=clock)
        daemon = Daemon(engine, reload=lambda: engine.desk)
        with Store(tmp_path) as store:
            engine.sync(store)
            while (due := store.next_feed_due()) is not None and due < START + timedelta(days=1):
                clock.now = max(due, clock.now)
                _settled(daemon)
            states = store.feed_states(names)
            counts = store.counts()
        daemon._stop.set()
        daemon._poll_due()
        daemon._pool.shutdown()
        daemon._senders.shutdown()
        engine.close()
    stories = 24  # one an hour; the four of the beginning are the baseline
    assert abs(len(told) - stories) <= 1
    assert len({next(town for town in body.split() if town.isdigit()) for body in told}) == len(told)
    assert counts["dead"] == counts["waiting"] == 0
    assert outlets.asked["gone"] == 1
    assert 24 * 2 < outlets.asked["wire"] < 24 * 10
    assert outlets.asked["quiet"] < outlets.asked["wire"]
    asked_in_outage = 3 * 2  # a Retry-After of half an hour, for three hours
    assert outlets.asked["shaky"] < outlets.asked["wire"] + asked_in_outage
    assert states["shaky"].failures == 0
    assert states["gone"].gone


def _settled(daemon: Daemon) -> None:
    """Round one and two until nothing is in flight, at this moment of the clock."""
    daemon._poll_due()
    while len(daemon._courtesy):
        eventually(lambda: not daemon._arrived.empty())
        daemon._poll_due()
    daemon._deliver_due()
    eventually(lambda: not daemon._sending)
