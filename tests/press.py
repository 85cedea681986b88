"""A state folder with a morning in it, made by the real line: polls, stories, alerts, deliveries.

For those who read what is stored: `why`, the verbs of stories, the page.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor import config, pipeline
from monitor.model import Feed, FeedState
from monitor.rules.tenure import Standing, tenures
from monitor.store.store import Store
from tests.fakes import FakeClock, FakeOutlet, FakeReceivers, Item

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.config import Desk

RULES = """
names:
  aliyev: {full: [Ilham Aliyev], short: [Aliyev], context: [Baku]}
terms:
  ferry: {words: [ferry]}
  prices: {words: [ticket prices]}
  talks: {words: [talks, meets]}
rules:
  - id: railway
    title: Railway agreement
    any: [railway agreement]
    severity: high
    send: [mail, chat]
    examples: {match: [A railway agreement is signed], ignore: [Trains]}
  - id: aliyev-talks
    title: Aliyev meets
    when: $aliyev near/10 $talks
    severity: critical
    send: [chat]
    examples: {match: [Ilham Aliyev meets Merz], ignore: [Trains]}
  - id: ferry
    title: Ferries, but not prices
    when: $ferry and not $prices
    send: [mail]
    examples: {match: [A ferry sinks], ignore: [Trains]}
"""


NOWHERE = "json://127.0.0.1:9/"  # nothing is sent: tests hand in their own send


@dataclass
class Press:
    """Feeds, receivers and a clock round one state folder."""

    folder: Path
    rules: str = RULES
    feeds: tuple[str, ...] = ("halden", "kura", "pontic")
    clock: FakeClock = field(default_factory=FakeClock)
    names: tuple[str, ...] = ("mail", "chat")
    receivers: FakeReceivers = field(default_factory=FakeReceivers)
    desk: Desk = field(init=False)
    outlets: dict[str, FakeOutlet] = field(init=False)

    def __post_init__(self) -> None:
        self.state.mkdir()
        (self.folder / "rules").mkdir()
        feeds = [
            {
                "name": name,
                "url": f"https://{name}.example/feed",
                "outlet": f"{name.title()} Wire",
            }
            for name in self.feeds
        ]
        (self.folder / "rules" / "desk.yaml").write_text(
            json.dumps({"feeds": feeds, "receivers": dict.fromkeys(self.names, NOWHERE)})
        )
        self.read(self.rules)
        self.outlets = {feed.name: FakeOutlet(feed) for feed in self.desk.feeds}
        for name in self.outlets:
            self.poll(name)

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def read(self, rules: str) -> None:
        """Put these rules in force, as the daemon does."""
        (self.folder / "rules" / "rules.yaml").write_text(rules)
        self.desk = config.load_desk(self.folder / "rules", env={}, secrets_required=True)
        with Store(self.state) as store:
            store.sync_feeds(self.desk.feeds, first_poll=lambda _: self.clock.now)
            store.keep_tenures(tenures(self.desk.rulebook, store.tenures(), now=self.clock.now))
            store.keep_desk(self.desk.sources.packed(), rulebook=self.desk.rulebook.hash, now=self.clock.now)

    def poll(self, name: str, *items: Item, after: timedelta = timedelta(minutes=10)) -> None:
        """The feed shows these beside what it showed; it is polled."""
        self.clock.advance(after)
        outlet = self.outlets[name]
        fresh = {item.guid for item in items}
        outlet.items[:] = [*items, *(item for item in outlet.items if item.guid not in fresh)]
        with Store(self.state) as store:
            state = store.feed_states([name]).get(name, FeedState())
            standing = Standing(store.tenures(), {feed.name: feed.tags for feed in self.desk.feeds})
            pipeline.take(
                store,
                [outlet.poll(state)],
                rulebook=self.desk.rulebook,
                now=self.clock.now,
                standing=standing,
            )

    def deliver(self, *names: str) -> None:
        """Send all that is due to these receivers, by default to all."""
        with Store(self.state) as store:
            for receiver in self.desk.receivers:
                if receiver.name not in (names or self.names):
                    continue
                while pipeline.deliver(
                    store,
                    receiver,
                    send=self.receivers.send,
                    clock=self.clock,
                    customs=self.desk.customs,
                ):
                    pass

    def add_feed(self, name: str) -> None:
        """A feed that was not there, not yet polled."""
        feed = Feed(name, f"https://{name}.example/feed", f"{name.title()} Wire", lang="en")
        with Store(self.state) as store:
            store.sync_feeds([*self.desk.feeds, feed], first_poll=lambda _: self.clock.now)
        self.outlets[name] = FakeOutlet(feed)

    def id_of(self, name: str, guid: str) -> int:
        with Store(self.state) as store:
            rows = store._rows("select id from entries where feed = ? and guid = ?", (name, guid))
        return int(rows[0]["id"])
