"""Round one on prints that the parser made, or did not."""

from __future__ import annotations

import gc
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from monitor import pipeline
from monitor.model import Feed, FeedState, Fresh, Plan
from monitor.store.store import Store
from monitor.stories.index import printed
from tests.fakes import START, FakeOutlet, Item, entry, rules

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

BOOK = rules("rules: [{id: peace, title: Peace, any: [peace agreement], send: [mail]}]")
FEED = Feed("wire", "https://wire.example/feed", outlet="The Wire")
ITEMS = [Item(str(at), f"Ministers sign peace agreement number {at} in town {at}") for at in range(6)]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path) as opened:
        opened.sync_feeds([FEED], first_poll=lambda _: START)
        yield opened


def plan(store: Store, fresh: Fresh) -> Plan:
    with store.transaction():
        return pipeline.plan_of(store, fresh, state=FeedState(), rulebook=BOOK, now=START, backfill=True)


@pytest.fixture
def fresh() -> Fresh:
    result = FakeOutlet(FEED, ITEMS).poll(FeedState())
    assert isinstance(result, Fresh)
    return result


@pytest.mark.parametrize("many", range(7))
def test_the_rows_are_the_same_however_many_prints_the_parser_made(
    store: Store, fresh: Fresh, many: int
) -> None:
    some = replace(fresh, prints=tuple(map(printed, fresh.entries[:many])))
    assert plan(store, some) == plan(store, fresh)


def test_a_print_that_the_parser_made_is_not_made_again(store: Store, fresh: Fresh) -> None:
    """Known by a print of another text: made under the write lock it would be the entry's own."""
    other = printed(entry(FEED, Item("x", "Glass harp concert moved to Friday")))
    stored = plan(store, replace(fresh, prints=(other,))).entries
    assert (stored[0].fingerprint, stored[0].keys) == (other.fingerprint, other.keys)
    assert stored[1].fingerprint == printed(fresh.entries[1]).fingerprint


@pytest.mark.parametrize("looks", [True, False])
def test_garbage_is_looked_for_after_a_round_as_it_was_before(
    store: Store, fresh: Fresh, *, looks: bool
) -> None:
    during = []

    class Watched(Store):
        def feed_states(self, names: Collection[str]) -> dict[str, FeedState]:
            during.append(gc.isenabled())
            return super().feed_states(names)

    was = gc.isenabled()
    try:
        (gc.enable if looks else gc.disable)()
        with Watched(store._path.parent) as watched:
            pipeline.take(watched, [fresh], rulebook=BOOK, now=START)
        assert (during, gc.isenabled()) == ([False], looks)
    finally:
        (gc.enable if was else gc.disable)()
