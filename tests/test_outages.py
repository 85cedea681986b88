"""A receiver that is down for six hours, in every way that servers have, and what the others see of it.

The real Apprise posts to a real server; only the hours are advanced, and a time-out is not waited for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from apprise.plugins.slack import NotifySlack

from monitor import pipeline
from monitor.alerts.notify import Notifier
from monitor.errors import SendError
from monitor.model import Receiver
from tests.fakes import START, rules
from tests.test_holding import Line
from tests.web_server import Response, WebServer, reset

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from monitor.model import Message
    from tests.fakes import FakeClock
    from tests.web_server import Request

PATH = "/chat.postMessage"
BOT = "slack://xoxb-1234-5678-4ddbc191d40ee098cbaae6f3523ada2d/#desk?image=no&footer=no"
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
DOWN_FROM, DOWN_TILL = START + HOUR, START + 7 * HOUR
ASKED_FOR = timedelta(minutes=20)  # by Retry-After


BOOK = rules("rules: [{id: peace, title: Peace, any: [peace], send: [mail, phone]}]", ("mail", "phone"))
WAYS = {
    "limited": Response(b"", {"Retry-After": str(int(ASKED_FOR.total_seconds()))}, status=429),
    "broken": Response(status=500),
    "error in the body": Response(b'{"ok": false, "error": "x"}', {"Content-Type": "application/json"}),
}
TAKEN = Response(b'{"ok": true}', {"Content-Type": "application/json"})


@dataclass
class Chat:
    """A chat service on loopback that is down for six hours, and how it was asked."""

    web: WebServer
    clock: FakeClock
    ways: tuple[str, ...]
    notifier: Notifier = field(default_factory=Notifier)
    answers: Mapping[str, Response] = field(default_factory=lambda: WAYS)
    tried: list[tuple[datetime, str]] = field(default_factory=list)  # in vain: when, and what became of it
    taken: list[tuple[datetime, int]] = field(default_factory=list)  # when, and which story

    def send(self, receiver: Receiver, message: Message) -> None:
        """The real thing, but for a minute's wait."""
        if not DOWN_FROM <= self.clock.now < DOWN_TILL:
            self.web.answer(PATH, self.take)
            self.notifier.send(receiver, message)
            return
        way = self.ways[len(self.tried) % len(self.ways)]
        self.tried.append((self.clock.now, way))
        if way == "timed out":
            raise SendError("it took longer than 60 s", uncertain=True)
        if way == "reset":
            self.web.raw(PATH, reset)  # once the message is read
        else:
            self.web.answer(PATH, lambda _: self.answers[way])
        self.notifier.send(receiver, message)

    def take(self, request: Request) -> Response:
        found = re.search(r"anchor(\d+)q", request.body.decode())
        assert found
        self.taken.append((self.clock.now, int(found[1])))
        return TAKEN


@pytest.mark.parametrize(
    "ways", [("limited",), ("broken",), (*WAYS, "timed out", "reset")], ids=" then ".join
)
def test_a_receiver_that_was_down_for_six_hours_gets_all_and_the_others_were_told_in_time(
    tmp_path: Path, ways: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    line = Line(tmp_path, BOOK)
    with WebServer() as web, line.store:
        monkeypatch.setattr(NotifySlack, "api_url", web.url("/{}"))
        chat, other = Chat(web, line.clock, ways), Notifier()
        web.serve("/hook", b"")
        desk, phone = Receiver("mail", BOT), Receiver("phone", web.url("/hook").replace("http", "json"))
        late = 0
        while line.clock.now < DOWN_TILL + HOUR:
            if line.clock.now.minute % 10 == 0:
                line.news("peace")
            while pipeline.deliver(line.store, desk, send=chat.send, clock=line.clock):
                pass
            while told := pipeline.deliver(line.store, phone, send=other.send, clock=line.clock):
                late += told.created < line.clock.now
            line.clock.advance(MINUTE)
        judge(chat, stories=line.number)
    assert late == 0
    assert [request.path for request in web.requests].count("/hook") == line.number


def judge(chat: Chat, *, stories: int) -> None:
    told = [story for _, story in chat.taken]
    assert sorted(told) == list(range(1, stories + 1)), "each once"
    asked = told.index(next(story for moment, story in chat.taken if moment >= DOWN_TILL))
    rest = told[:asked] + told[asked + 1 :]
    assert rest == sorted(rest), "the oldest first, but for the one with which it was asked"
    back = min(moment for moment, _ in chat.taken if moment >= DOWN_TILL)
    waited = [story for moment, story in chat.taken if moment == back]
    assert back <= DOWN_TILL + HOUR / 4 or "limited" in chat.ways
    assert len(waited) >= 36, "what waited came at once, all of it"
    assert all(
        sum(first <= moment < first + HOUR for moment, _ in chat.tried) <= 8 for first, _ in chat.tried
    )
    tries = [*chat.tried, (back, "")]
    for (moment, way), (after, _) in pairwise(tries):
        assert way != "limited" or after - moment >= ASKED_FOR, "less than it asked for"
