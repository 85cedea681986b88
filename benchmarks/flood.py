"""What a feed costs that shows thousands of like entries, again and again: seconds of CPU for each document.

    python -m benchmarks.flood                        five documents of 1,000 entries each
    python -m benchmarks.flood --entries 5000         ... of as many as one document may bring

Every entry is new and told by itself: its title is that of all others but for one name. Each document is
taken in by monitor.pipeline.take; what was left to the next poll is shown again beside the new ones.
"""

from __future__ import annotations

import argparse
import logging
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from monitor import pipeline
from monitor.model import Feed
from monitor.store.store import Store
from tests.fakes import FakeClock, FakeOutlet, Item, rules

TITLE = "Strong quake hits Turkey and Syria overnight"
BOOK = rules("rules: [{id: q, title: Quake, any: [quake], send: [mail], examples: {match: [Quake]}}]")


def flood(folder: Path, *, entries: int, documents: int) -> None:
    """Print what each document took."""
    clock, feed = FakeClock(), Feed("wire", "https://wire.example/feed", outlet="The Wire")
    outlet = FakeOutlet(feed)
    print(f"{'document':>8} {'entries':>8} {'alerts':>8} {'CPU s':>8} {'rest min':>9}")
    with Store(folder) as store:
        store.sync_feeds([feed], first_poll=lambda _: clock.now)
        for document in range(documents + 1):
            state = store.feed_states([feed.name])[feed.name]
            clock.now = max(clock.now + timedelta(minutes=1), state.next_poll or clock.now)
            new = [Item(f"{document}.{at}", f"{TITLE}: Town{document}x{at}", "") for at in range(entries)]
            outlet.items = [*new, *outlet.items][:entries] if document else []
            began = time.process_time()
            counts = pipeline.take(store, [outlet.poll(state)], rulebook=BOOK, now=clock.now)
            took = time.process_time() - began
            due = store.feed_states([feed.name])[feed.name].next_poll or clock.now
            if document:
                row = f"{document:8} {counts.entries:8} {counts.alerts:8} {took:8.2f}"
                print(f"{row} {(due - clock.now) / timedelta(minutes=1):9.1f}", flush=True)


def main() -> None:
    """The command above."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--entries", type=int, default=1_000, help="of each document (%(default)s)")
    parser.add_argument("--documents", type=int, default=5, help="(%(default)s)")
    parser.add_argument("--data", type=Path, help="not looked at: this one makes its own")
    words = parser.parse_args()
    logging.disable()
    with tempfile.TemporaryDirectory() as folder:
        flood(Path(folder), entries=words.entries, documents=words.documents)


if __name__ == "__main__":
    main()
