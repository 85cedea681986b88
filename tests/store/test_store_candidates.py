"""The database finds what may be near an entry as the index in memory does."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor import pipeline
from monitor.model import Candidate, Feed, Fingerprint
from monitor.store.rows import to_milliseconds
from monitor.store.store import Store
from monitor.stories.fingerprint import pack
from monitor.stories.index import ALL, HOT, MIN_SHARED, Index, deciding
from tests.fakes import START, FakeClock, FakeOutlet, Item, rules

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

MADE = Fingerprint(("a", "b"), ("a", "b"), frozenset(), "", "", summary=False)
KEYS = st.frozensets(st.integers(-6, 6), max_size=6).map(lambda keys: tuple(sorted(keys)))
Held = tuple[Candidate, tuple[int, ...]]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store(tmp_path_factory.mktemp("state")) as opened:
        yield opened


def put(store: Store, known: Sequence[Held], *, packed: str = pack(MADE)) -> None:
    """These entries in the place of all others."""
    run = store._db.conn.executemany
    with store.transaction():
        for table in ("keys", "entries", "stories"):
            store._db.execute(f"delete from {table}")
        rows = [(one.entry, to_milliseconds(one.seen)) for one, _ in known]
        run("insert into stories values (?1, '', ?2, ?2)", rows)
        run(
            "insert into entries values (?1, 'f', 'o', '', '', 'A b', '', '', null, null, '', ?2, null,"
            f" 'news', ?1, ?1, null, 'new', 0, '', '{packed}')",
            rows,
        )
        run(
            "insert into keys values (?, ?, ?)",
            [(key, to_milliseconds(one.seen), one.entry) for one, keys in known for key in keys],
        )


def held(entry: int, keys: tuple[int, ...], minutes: int = 0) -> Held:
    return Candidate(entry, entry, entry, "f", "o", START + timedelta(minutes=minutes), MADE), keys


def near(store: Store, *asked: tuple[int, ...]) -> list[list[Candidate]]:
    """What of the database's answer each of these finds."""
    found = deciding(store.candidates(asked, since=START, shared=MIN_SHARED))
    return [found.near(keys) for keys in asked]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(KEYS, max_size=40), st.lists(KEYS, max_size=3))
def test_it_finds_what_the_index_finds(
    store: Store, known: list[tuple[int, ...]], asked: list[tuple[int, ...]]
) -> None:
    there = [held(entry, keys, minutes=-entry % 7) for entry, keys in enumerate(known, start=1)]
    put(store, there)
    index = Index(there, hot=ALL)
    assert near(store, *asked) == [index.near(keys) for keys in asked]


def test_no_crowd_hides_the_oldest_from_what_decides(store: Store) -> None:
    """The index of a whole window is cut: it forgets the oldest of a crowd."""
    old, crowd = held(1, (1, 2)), [held(10 + at, (1, 2 + at), minutes=1 + at) for at in range(1, HOT + 1)]
    put(store, [old, *crowd])
    assert near(store, (1, 2)) == [Index([old, *crowd], hot=ALL).near((1, 2))] == [[old[0]]]
    assert Index([old, *crowd]).near((1, 2)) == []


@pytest.mark.parametrize("together", [50, HOT + 22])
def test_a_crowd_of_one_story_tells_once(tmp_path: Path, together: int) -> None:
    """Titles that each add one name to the lead's; in polls of a few, and in one document."""
    book = rules(
        "rules: [{id: q, title: Quake, any: [earthquake], send: [mail], examples: {match: [An earthquake]}}]"
    )
    clock, feed = FakeClock(), Feed("wire", "https://wire.example/feed", outlet="The Wire")
    outlet = FakeOutlet(feed)
    title = "Strong earthquake hits Turkey"
    crowd = [Item(f"{at}", f"{title}: Barana{chr(97 + at % 26)}{at}", "") for at in range(HOT + 23)]
    polls = [crowd[at : at + together] for at in range(0, len(crowd), together)]
    told = 0
    with Store(tmp_path) as store:
        store.sync_feeds([feed], first_poll=lambda _: clock.now)
        for some in ([], [Item("lead", title, "")], *polls):
            clock.advance(timedelta(minutes=10))
            outlet.items[:0] = some
            state = store.feed_states([feed.name])[feed.name]
            told += pipeline.take(store, [outlet.poll(state)], rulebook=book, now=clock.now).alerts
    assert told == 1


def test_a_key_that_an_edit_wrote_again_counts_once(store: Store) -> None:
    put(store, [held(1, (1, 3)), held(2, (1, 2), minutes=1)])
    again = to_milliseconds(START + timedelta(minutes=2))
    with store.transaction():
        store._db.conn.executemany("insert into keys values (?, ?, ?)", [(1, again, 1), (2, again, 2)])
    assert near(store, (1, 2)) == [[held(2, (), minutes=1)[0]]]


def test_what_was_stored_without_a_fingerprint_is_found_with_one(store: Store) -> None:
    """An edit that is too old to be anybody's copy takes an entry's fingerprint and leaves its keys."""
    put(store, [held(1, (1, 2))], packed="")
    ((one,),) = near(store, (1, 2))
    assert one.fingerprint.title == ("a", "b")
