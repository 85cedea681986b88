"""The show: the real daemon on a desk of its own, between outlets that publish and sinks that receive."""

from __future__ import annotations

import json
import tempfile
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from monitor import config
from monitor.daemon import Daemon
from monitor.demo.outlets import Outlets
from monitor.demo.scenario import CHAT, DESK, LAST, MAIL, MORNING, OUTLETS, shortfalls
from monitor.demo.sinks import ChatSink, MailSink
from monitor.engine import Engine
from monitor.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.demo.outlets import Traffic
    from monitor.demo.sinks import Arrival

EVERY = "1 s"  # between two polls of a feed
CALM = 3.0  # seconds after the last publication in which every feed is polled twice more
LONGEST = 60.0  # seconds, then the show is over whatever happens
LATE = 2.1  # seconds after a publication in which its feed is asked twice


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of the show: [] in `shortfalls` if what arrived is what the scenario calls for."""

    shortfalls: tuple[str, ...]
    arrivals: tuple[Arrival, ...]
    counts: dict[str, int]
    traffic: Traffic
    lasted: float  # seconds


class Stage:
    """The show's clock: it stands at 0 until it is let run, then runs in seconds, no further than it may.

    So the morning waits for a daemon that is late, as on a busy machine: its stories come in their order.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._moment, self._until, self._looked = 0.0, 0.0, clock()

    def moment(self) -> float:
        """The moment now."""
        with self._lock:
            now = self._clock()
            self._moment = min(self._moment + now - self._looked, self._until)
            self._looked = now
            return self._moment

    def run(self, *, until: float) -> None:
        """Go on until that moment, which may not have passed."""
        self.moment()
        self._until = until


def play(on_arrival: Callable[[float, Arrival], None]) -> Outcome:
    """Run the show to its end, LONGEST at most; `on_arrival` hears of each message, with its moment."""
    stage, began = Stage(), time.monotonic()
    hear = lambda arrival: on_arrival(stage.moment(), arrival)  # noqa: E731 - said twice below
    with (
        tempfile.TemporaryDirectory(prefix="monitor-demo-") as folder,
        Outlets(MORNING, OUTLETS, moment=stage.moment, opened=datetime.now(UTC)) as outlets,
        MailSink(MAIL, hear) as mail,
        ChatSink(CHAT, hear) as chat,
    ):
        rules, state = Path(folder) / "rules", Path(folder) / "state"
        state.mkdir()
        _write_desk(rules, outlets, {MAIL: mail.url, CHAT: chat.url})
        engine = Engine(config.load_desk(rules, env={}, secrets_required=True), state)
        daemon = Daemon(engine, reload=lambda: engine.desk)
        running = threading.Thread(target=daemon.run, name="demo-daemon")
        running.start()
        try:
            _watch(stage, outlets, state)
        finally:
            daemon.stop()
            running.join()
        with Store(state) as store:
            counts = store.counts()
        arrivals = tuple(sorted((*mail.arrivals, *chat.arrivals), key=lambda arrival: arrival.at))
        return Outcome(
            tuple(shortfalls(arrivals)), arrivals, counts, outlets.traffic, time.monotonic() - began
        )


def _write_desk(folder: Path, outlets: Outlets, receivers: dict[str, str]) -> None:
    """The demo's desk as files, read by the code that reads everybody's."""
    folder.mkdir()
    for name, text in DESK.items():
        (folder / name).write_text(text, "utf-8")
    feeds = [
        {
            "name": outlet.name,
            "url": outlets.url(outlet.name),
            "outlet": outlet.title,
            "lang": outlet.lang,
            "every": EVERY,
            "allow-private": "yes",
        }
        for outlet in OUTLETS
    ]
    # JSON is YAML, and quotes whatever needs it.
    (folder / "feeds.yaml").write_text(json.dumps({"feeds": feeds}, ensure_ascii=False, indent=1), "utf-8")
    # Without notes of how many outlets carry it: when they come depends on how fast this machine is.
    told = {"settings": {"milestones": []}, "receivers": receivers}
    (folder / "receivers.yaml").write_text(json.dumps(told, indent=1), "utf-8")


def _watch(stage: Stage, outlets: Outlets, state: Path) -> None:
    """Open the morning once every baseline stands; wait until it is over and nothing waits to be sent."""
    everyone = {outlet.name for outlet in OUTLETS}
    until = time.monotonic() + LONGEST
    with Store(state) as store:
        while time.monotonic() < until:
            if store.counts()["baselines"] == len(everyone):
                stage.run(until=outlets.behind + LATE)
            if stage.moment() > LAST + CALM and store.oldest_waiting() is None:
                return
            time.sleep(0.05)
