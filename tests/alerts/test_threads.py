"""Mails of one story stand in one thread, for clients that go by References and for others by subject."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from typing import TYPE_CHECKING

import pytest

from monitor import pipeline
from monitor.alerts.notify import Notifier
from monitor.model import Feed, FeedState, Receiver
from monitor.store.store import Store
from tests.alerts.families import RawMailSink
from tests.fakes import FakeClock, FakeOutlet, FakeReceivers, Item, rules

if TYPE_CHECKING:
    from email.message import EmailMessage
    from pathlib import Path

BOOK = rules(
    """
rules:
  - {id: peace, title: Peace, any: [peace agreement], severity: high, send: [mail]}
  - {id: war, title: War, any: [ceasefire collapses], severity: critical, send: [mail]}
"""
)
FEEDS = [Feed(name, f"https://{name}.example/", name.upper()) for name in ("ani", "tab", "vug")]
FIRST = Item(
    "1",
    "Ministers of Ruritania and Graustark sign a peace agreement in Geneva",
    "The ministers of Ruritania and Graustark signed a peace agreement in Geneva on Monday evening after"
    " three days of talks behind closed doors, and both parliaments are expected to ratify it in the spring.",
)
NEXT = Item(
    "2",
    "Ruritania and Graustark peace agreement signed in Geneva: parliament in uproar, 14 arrested",
    "Fourteen people were arrested on Tuesday when the parliament of Ruritania debated the peace agreement"
    " that the ministers of Ruritania and Graustark signed in Geneva on Monday evening after talks.",
)


def mails(folder: Path, *items: Item, milestones: tuple[int, ...] = ()) -> list[EmailMessage]:
    """What arrives when outlets publish these, one after another."""
    clock, outlets = FakeClock(), [FakeOutlet(feed) for feed in FEEDS]
    with Store(folder) as store, RawMailSink("mail") as sink:
        receiver, notifier = Receiver("mail", sink.url), Notifier()
        store.sync_feeds(FEEDS, first_poll=lambda _: clock.now)

        def poll(outlet: FakeOutlet) -> None:
            state = store.feed_states([outlet.feed.name]).get(outlet.feed.name, FeedState())
            pipeline.take(store, [outlet.poll(state)], rulebook=BOOK, now=clock.now, milestones=milestones)

        for outlet in outlets:
            poll(outlet)
        for number, item in enumerate(items):
            clock.advance(timedelta(minutes=1))
            outlet = outlets[number % len(outlets)]
            outlet.items.append(replace(item, guid=f"{number}"))
            poll(outlet)
            while pipeline.deliver(store, receiver, send=notifier.send, clock=clock):
                pass
        raw = list(sink.raw)
    return [message_from_bytes(one, policy=policy.default) for one in raw]


@pytest.mark.parametrize("items", [(FIRST, NEXT), (FIRST, FIRST)], ids=["development", "milestone"])
def test_what_follows_has_the_thread_and_the_subject_of_the_first(
    tmp_path: Path, items: tuple[Item, ...]
) -> None:
    first, then = mails(tmp_path, *items, milestones=(2,))
    assert first["Subject"] == f"[high] {FIRST.title}"
    assert then["Subject"] == f"Re: {first['Subject']}"
    assert first["References"] == then["References"] == then["In-Reply-To"]
    assert first["References"].endswith("@media-monitor.invalid>")
    assert first["Message-ID"] != then["Message-ID"]
    body = then.get_body(preferencelist=("plain",))
    assert body is not None
    assert ("development" in body.get_content()) != ("milestone" in body.get_content())


def test_another_story_has_a_thread_of_its_own(tmp_path: Path) -> None:
    other = Item("9", "Bakers of Strelsau sign a peace agreement over the price of rolls", "Rolls " * 30)
    first, then = mails(tmp_path, FIRST, other)
    assert first["References"] != then["References"]
    assert not then["Subject"].startswith("Re:")


def test_an_edit_is_told_only_if_it_matches_what_it_did_not_match_before(tmp_path: Path) -> None:
    """Through the store, both rounds and a real mail server."""
    clock, outlet, receivers = FakeClock(), FakeOutlet(FEEDS[0]), FakeReceivers()
    with Store(tmp_path) as store:
        store.sync_feeds(FEEDS, first_poll=lambda _: clock.now)

        def told(summary: str) -> list[str]:
            outlet.items = [replace(FIRST, summary=summary)] if summary else []
            state = store.feed_states(["ani"])["ani"]
            pipeline.take(store, [outlet.poll(state)], rulebook=BOOK, now=clock.now)
            before = len(receivers.arrived)
            while pipeline.deliver(
                store, Receiver("mail", "mailto://localhost"), send=receivers.send, clock=clock
            ):
                pass
            return [message.title for _, message in receivers.arrived[before:]]

        assert told("") == []
        assert told(FIRST.summary) == [f"[high] {FIRST.title}"]
        assert told(FIRST.summary + " More soon.") == []
        # It matches another rule now, and more urgently: that has a subject of its own, in the same thread.
        assert told(FIRST.summary + " Then the ceasefire collapses.") == [f"[critical] {FIRST.title}"]
        assert told(FIRST.summary + " Then the ceasefire collapses, they say.") == []
    threads = {message.thread for _, message in receivers.arrived}
    assert len(threads) == 1
