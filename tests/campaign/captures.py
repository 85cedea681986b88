"""A history of captured feeds through the line, killed again and again: every story once, as without kills.

A life of the nursery takes the captures in turn, from the one that the last life did not end: the real store,
the real rounds, the parser's code in the process itself; a file that each message is appended to is the sink.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import tempfile
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitor import pipeline
from monitor.alerts.compose import AGAIN
from monitor.errors import ParseError
from monitor.feeds import schedule
from monitor.feeds.poll import poll
from monitor.feeds.worker import Job, Refused, _reply
from monitor.model import Poll, Receiver
from monitor.replay import Shelf, captures, everything
from monitor.store.store import Store
from tests.campaign.world import Crowd, Outlet, Row
from tests.fakes import START

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.feeds.parse import Reading
    from monitor.model import Message
    from monitor.replay import Capture
    from monitor.rules.rulebook import Rulebook

_LIFE = "tests.campaign.captures:live"
_SHARES = (0.0, 0.04)  # of the time that the whole takes here: how long a life is, beside its beginning
_BEGINNING = 0.1  # seconds


def kills(nurseries: Crowd, *, history: Path | None, most: int, seed: int) -> Row:
    """The first captures (of `history`, or invented ones) without kills, then with them: the same is told."""
    chance, lives = random.Random(f"captures {seed}"), 0
    with tempfile.TemporaryDirectory(prefix="campaign-captures-") as place, nurseries.lent() as nursery:
        real = history is not None and history.is_dir()
        folder = history if history is not None and real else _invented(Path(place) / "history")
        whole, cut = _Place(Path(place) / "whole"), _Place(Path(place) / "cut")
        limit = min(most, len(captures(folder)))
        one, other = ([str(folder), str(walk.folder), str(limit)] for walk in (whole, cut))
        begun = time.monotonic()
        assert nursery.whole_life(one, call=_LIFE) == 0
        took, beginning = time.monotonic() - begun, _BEGINNING
        while (done := cut.done()) < limit:
            seconds = beginning + took * chance.uniform(*_SHARES)
            lives += nursery.life(other, seconds=seconds, call=_LIFE) != 0
            beginning *= 1 if cut.done() > done else 1.5  # a machine out of breath: nothing came of that one
        wanted, came = whole.told(), cut.told()
    first = {key for key, _ in wanted}
    told, unmarked = Counter(key for key, _ in came), Counter(key for key, again in came if not again)
    lost, strange = len(first - set(told)), len(set(told) - first)
    unsaid = sum(count - 1 for count in unmarked.values() if count > 1)
    repeats = told.total() - len(told)
    return Row(
        f"replay of {limit} {'real' if real else 'invented'} captures, {lives} x SIGKILL",
        "every story once, as without kills",
        f"{len(first)} messages: {lost} lost, {strange} others, {repeats} repeated ({unsaid} unmarked)",
        not lost and not strange and not unsaid and len(wanted) == len(first),
    )


class _Place:
    """A state folder, the sink and how far the captures were taken."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def done(self) -> int:
        """How many captures were taken and told of."""
        path = self.folder / "done"
        return path.stat().st_size if path.exists() else 0

    def told(self) -> list[tuple[str, bool]]:
        """What is in the sink: the key of each message, and whether it says that it may be a repeat."""
        lines = (self.folder / "sink").read_text().splitlines()
        return [(key, again) for key, again in map(json.loads, lines)]


class _Parser:
    """The parser process's answer without the process."""

    def read(self, body: bytes, *, feed: Any, content_type: str, now: Any, marks: bytes, **_: Any) -> Reading:
        answer = _reply(Job(body, feed, content_type, now, marks))
        if isinstance(answer, Refused):
            raise ParseError(answer.what, weight=answer.weight)
        return answer


def live(words: list[str]) -> None:
    """Take the captures that are left: a life of the nursery."""
    history, place = captures(Path(words[0]))[: int(words[2])], Path(words[1])
    book = everything()
    sink, done = (os.open(place / name, os.O_WRONLY | os.O_CREAT | os.O_APPEND) for name in ("sink", "done"))
    with Store(place) as store:
        begun = os.fstat(done).st_size
        feeds = list({capture.feed.name: capture.feed for capture in history}.values())
        now = history[min(begun, len(history) - 1)].taken
        store.sync_feeds(feeds, first_poll=lambda feed: schedule.first_poll(feed, now=now))
        store.release_interrupted(now=now)
        for capture in history[begun:]:
            _take(store, capture, book, sink)
            os.write(done, b".")


def _take(store: Store, capture: Capture, book: Rulebook, sink: int) -> None:
    state, now = store.feed_states([capture.feed.name])[capture.feed.name], capture.taken
    parser: Any = _Parser()
    result = poll(
        Poll(capture.feed, state.validators, state.marks), fetcher=Shelf(capture), parsers=parser, now=now
    )
    pipeline.take(store, [result], rulebook=book, now=now)

    def keep(_receiver: Receiver, message: Message) -> None:
        os.write(sink, json.dumps([message.key, AGAIN in message.body]).encode() + b"\n")

    receiver = Receiver("replay", "json://localhost")
    while pipeline.deliver_burst(store, receiver, send=keep, clock=lambda: now):
        pass


def _invented(folder: Path, *, steps: Sequence[int] = range(2, 40, 2)) -> Path:
    """Three outlets, the third of which repeats the second."""
    for name, own in (("wire", "x"), ("post", "y"), ("echo", "y")):
        (folder / name).mkdir(parents=True)
        for hour, published in enumerate(steps):
            moment = START + timedelta(hours=hour, minutes=len(name) * (name == "echo"))
            path = folder / name / f"{moment:%Y%m%dT%H%M%SZ}.xml.gz"
            path.write_bytes(
                gzip.compress(Outlet(published, own).document().replace(b" peace ", b" the peace "))
            )
    return folder
