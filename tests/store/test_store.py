"""The database: opened, migrated, refused; and the outbox that it keeps."""

from __future__ import annotations

import sqlite3
import threading
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlite_utils import Migrations

from monitor import pipeline
from monitor.errors import LockedError, StateError
from monitor.model import Feed, FeedState, Message, Receiver
from monitor.store.lock import only_daemon
from monitor.store.schema import migrations
from monitor.store.store import DATABASE, Store
from tests.fakes import START, FakeClock, FakeOutlet, FakeReceivers, Item, rules

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FEED = Feed("wire", "https://wire.example/feed", outlet="The Wire", every=timedelta(minutes=10))
OTHER = Feed("other", "https://other.example/feed", outlet="Other")
MAIL = Receiver("mail", "mailto://localhost")
BOOK = rules("rules: [{id: peace, title: Peace, any: [peace agreement], send: [mail, chat]}]")
NEWS = Item("n1", "Ministers sign a peace agreement at last in the capital", "It was a long road to it.")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path) as opened:
        opened.sync_feeds([FEED, OTHER], first_poll=lambda _: START)
        yield opened


def poll(store: Store, outlet: FakeOutlet, clock: FakeClock) -> pipeline.Counts:
    state = store.feed_states([outlet.feed.name]).get(outlet.feed.name, FeedState())
    return pipeline.take(store, [outlet.poll(state)], rulebook=BOOK, now=clock.now)


def with_news(store: Store) -> FakeClock:
    """A store in which one alert waits for two receivers."""
    clock, outlet = FakeClock(), FakeOutlet(FEED, [Item("old", "Nothing much happens")])
    poll(store, outlet, clock)
    outlet.items.append(NEWS)
    clock.advance(timedelta(minutes=10))
    assert poll(store, outlet, clock).deliveries == 2
    return clock


# ---- opening -----------------------------------------------------------------------------------------------


def test_a_database_keeps_what_was_written_and_opens_again_without_a_copy(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        store.sync_feeds([FEED], first_poll=lambda _: START)
    with Store(tmp_path) as store:
        assert store.counts()["feeds"] == 1
    assert [path.name for path in tmp_path.glob("*.backup")] == []


def test_its_promises_to_the_disk(store: Store) -> None:
    pragma = {
        name: store._db.conn.execute(f"pragma {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous")
    }
    assert pragma == {"journal_mode": "wal", "synchronous": 2}
    assert all(
        row["strict"]
        for row in store._rows("select * from pragma_table_list where schema = 'main'")
        if row["name"] in {"feeds", "entries", "stories", "keys", "matches", "alerts", "deliveries"}
    )


def test_a_round_has_room_while_it_lasts_and_promises_the_disk_as_much(store: Store) -> None:
    def pragmas() -> list[int | str]:
        names = ("cache_size", "temp_store", "synchronous", "journal_mode")
        return [store._db.conn.execute(f"pragma {name}").fetchone()[0] for name in names]

    usual = pragmas()
    with store.roomy(), store.transaction():
        assert pragmas() == [-32_000, 2, 2, "wal"]
    assert pragmas() == usual == [-2_000, 0, 2, "wal"]


def test_a_round_on_a_database_that_was_closed_says_so(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.close()
    with pytest.raises(StateError, match="cannot be used"):
        pipeline.take(store, [], rulebook=BOOK, now=START)


def released(*extra: str) -> Migrations:
    """The schema of this program, or of a later one with these tables more."""
    schema = Migrations("media-monitor")
    for migration in migrations._migrations:
        schema(name=migration.name)(migration.fn)
    for table in extra:
        schema(name=table)(lambda db, table=table: db.execute(f"create table {table} (a integer) strict"))
    return schema


def test_a_database_of_a_newer_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    Store(tmp_path, schema=released("zeta")).close()
    before = (tmp_path / DATABASE).read_bytes()
    with pytest.raises(StateError, match=r"newer media-monitor \(it knows zeta\).*upgrade this program"):
        Store(tmp_path)
    assert (tmp_path / DATABASE).read_bytes() == before
    assert list(tmp_path.glob("*.backup")) == []


def test_a_database_whose_tables_were_others_when_it_was_made_is_refused(tmp_path: Path) -> None:
    Store(tmp_path).close()
    with sqlite3.connect(tmp_path / DATABASE) as raw:
        raw.execute("alter table feeds drop column gap")
        raw.execute("pragma user_version = 7")
    raw.close()
    with pytest.raises(StateError, match=r"made by a development state.*put it aside") as refused:
        Store(tmp_path)
    assert refused.value.exit_status == 69


def test_an_older_database_is_migrated_with_all_it_holds_after_a_copy_was_set_aside(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        store.sync_feeds([FEED], first_poll=lambda _: START)
    for _ in range(2):  # the second opening finds nothing to do
        with Store(tmp_path, schema=released("zeta")) as store:
            assert store.counts()["feeds"] == 1
            assert store._rows("select count(*) n from zeta")[0]["n"] == 0
    (copy,) = tmp_path.glob("*.backup")
    with sqlite3.connect(copy) as raw:
        assert raw.execute("select name from feeds").fetchall() == [("wire",)]
        assert raw.execute("select name from sqlite_master where name = 'zeta'").fetchall() == []
    raw.close()


def test_a_migration_that_fails_leaves_the_database_as_it_was(tmp_path: Path) -> None:
    Store(tmp_path).close()
    with pytest.raises(StateError, match="cannot be used"):
        Store(tmp_path, schema=released("zeta", "feeds"))  # there is a table of that name already
    with Store(tmp_path) as store:
        assert store._rows("select name from sqlite_master where name = 'zeta'") == []


def test_what_is_no_database_is_refused_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / DATABASE).write_bytes(b"This is a letter, not a database. " * 100)
    with pytest.raises(StateError, match="restore a damaged file from a backup"):
        Store(tmp_path)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="cannot be used"):
        Store(tmp_path / "nowhere")


def test_two_daemons_never_share_a_state(tmp_path: Path) -> None:
    with only_daemon(tmp_path):
        with pytest.raises(LockedError, match="another monitor is running"), only_daemon(tmp_path):
            pass
        for path in tmp_path.iterdir():  # there is no lock file to delete
            path.unlink()
        with pytest.raises(LockedError), only_daemon(tmp_path):
            pass
    with only_daemon(tmp_path):
        pass


def test_writers_of_two_threads_wait_for_each_other(tmp_path: Path) -> None:
    """A deferred transaction that turns into a write fails when another has written: ours never does."""
    with Store(tmp_path) as first:
        first.sync_feeds([FEED], first_poll=lambda _: START)
    failed: list[BaseException] = []

    def write() -> None:
        try:
            with Store(tmp_path) as own:
                for _ in range(50):
                    with own.transaction():
                        own.counts()
                        own._db.execute("update feeds set failures = failures + 1")
        except BaseException as error:  # noqa: BLE001 - a thread's failure must reach the test
            failed.append(error)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    with Store(tmp_path) as last:
        assert last.feed_states(["wire"])["wire"].failures == 200


def test_a_new_database_may_be_opened_by_several_at_once(tmp_path: Path) -> None:
    """SQLite refuses to enter WAL while another does: 8 of 40 such openings failed before we waited."""
    failed: list[BaseException] = []

    def open_it(folder: Path) -> None:
        try:
            Store(folder).close()
        except BaseException as error:  # noqa: BLE001 - a thread's failure must reach the test
            failed.append(error)

    for number in range(20):
        folder = tmp_path / str(number)
        folder.mkdir()
        threads = [threading.Thread(target=open_it, args=(folder,)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failed == []


# ---- feeds -------------------------------------------------------------------------------------------------


def test_a_feed_whose_address_changed_forgets_its_validators_but_not_its_history(store: Store) -> None:
    clock = with_news(store)
    before = store.feed_states(["wire"])["wire"]
    assert before.validators.etag
    moved = Feed("wire", "https://wire.example/new", outlet="The Wire")
    store.sync_feeds([moved, OTHER], first_poll=lambda _: clock.now)
    after = store.feed_states(["wire"])["wire"]
    assert after.validators.etag is None
    assert after.last_good == before.last_good


def test_what_an_old_address_answered_is_not_remembered_of_the_new_one(store: Store) -> None:
    """The address was changed while its poll was in flight: a false 304 would hide the new feed's entries."""
    clock, outlet = FakeClock(), FakeOutlet(FEED, [NEWS])
    result = outlet.poll(FeedState())
    moved = Feed("wire", "https://wire.example/new", outlet="The Wire")
    store.sync_feeds([moved], first_poll=lambda _: clock.now)
    pipeline.take(store, [result], rulebook=BOOK, now=clock.now)
    state = store.feed_states(["wire"])["wire"]
    assert state.validators.etag is None
    assert state.last_good is None


def test_a_feed_that_left_the_desk_is_not_asked_and_comes_back_with_its_history(store: Store) -> None:
    with_news(store)
    store.sync_feeds([OTHER], first_poll=lambda _: START)
    later = START + timedelta(days=1)
    assert [name for name, _ in store.due_feeds(later, most=9)] == ["other"]
    store.sync_feeds([FEED, OTHER], first_poll=lambda _: START)
    assert dict(store.due_feeds(later, most=9))["wire"].last_good is not None


def test_due_feeds_come_longest_overdue_first_and_no_more_than_asked_for(store: Store) -> None:
    assert store.due_feeds(START - timedelta(seconds=1), most=9) == []
    assert store.next_feed_due() == START
    assert len(store.due_feeds(START, most=1)) == 1


# ---- the outbox --------------------------------------------------------------------------------------------


def test_what_is_claimed_is_invisible_until_its_lease_ends_and_then_uncertain(store: Store) -> None:
    clock, lease = with_news(store), timedelta(minutes=3)
    with store.transaction():
        first = store.claim("mail", now=clock.now, lease=lease)
        assert first is not None
        assert not first.uncertain
        assert store.claim("mail", now=clock.now + timedelta(minutes=2), lease=lease) is None
        again = store.claim("mail", now=clock.now + timedelta(minutes=4), lease=lease)
    assert again is not None
    assert again.uncertain
    assert again.attempts == 2


def test_after_a_restart_what_was_being_sent_is_due_at_once_and_marked(store: Store) -> None:
    clock = with_news(store)
    with store.transaction():
        store.claim("mail", now=clock.now, lease=timedelta(minutes=3))
    assert store.release_interrupted(now=clock.now) == 1
    with store.transaction():
        claim = store.claim("mail", now=clock.now, lease=timedelta(minutes=3))
    assert claim is not None
    assert claim.uncertain


def test_a_receiver_that_is_down_is_tried_again_later_and_the_others_get_theirs(store: Store) -> None:
    clock, receivers = with_news(store), FakeReceivers()
    receivers.failing["mail"] = RuntimeError("a fault of ours")
    chat = Receiver("chat", "json://localhost")
    assert pipeline.deliver(store, MAIL, send=receivers.send, clock=clock)
    assert pipeline.deliver(store, chat, send=receivers.send, clock=clock)
    assert [name for name, _ in receivers.arrived] == ["chat"]
    assert pipeline.deliver(store, MAIL, send=receivers.send, clock=clock) is None
    due = store.next_delivery_due(["mail", "chat"])["mail"]
    assert timedelta(seconds=24) <= due - clock.now <= timedelta(seconds=36)
    receivers.failing.clear()
    clock.advance(timedelta(minutes=1))
    pipeline.deliver(store, MAIL, send=receivers.send, clock=clock)
    assert [name for name, _ in receivers.arrived] == ["chat", "mail"]
    assert store.counts()["sent"] == 2
    assert store.oldest_waiting() is None


def test_what_was_sent_while_the_database_was_locked_is_recorded_afterwards_and_not_sent_again(
    store: Store, tmp_path: Path
) -> None:
    """A try waits 5 s by itself; the lock is held for a little longer than that."""
    clock, receivers = with_news(store), FakeReceivers()
    other = sqlite3.connect(tmp_path / DATABASE, isolation_level=None, check_same_thread=False)
    release = threading.Timer(5.5, other.execute, ("rollback",))

    def sending(receiver: Receiver, message: Message) -> None:
        receivers.send(receiver, message)
        other.execute("begin immediate")
        release.start()

    assert pipeline.deliver(store, MAIL, send=sending, clock=clock)
    release.join()
    other.close()
    assert store.counts()["sent"] == 1
    clock.advance(timedelta(hours=1))
    assert pipeline.deliver(store, MAIL, send=receivers.send, clock=clock) is None
    assert len(receivers.arrived) == 1


def test_what_is_decided_late_is_not_given_up_with_what_was_tried_all_day(store: Store) -> None:
    """Deliveries of one story are claimed together: each has its own day all the same."""
    clock, receivers = with_news(store), FakeReceivers()
    receivers.failing["mail"] = RuntimeError("down for a day")
    for _ in range(30):
        pipeline.deliver(store, MAIL, send=receivers.send, clock=clock)
        clock.advance(timedelta(hours=1, minutes=15))
        if store.counts()["dead"]:
            break
        with store.transaction():  # as another rule of the same story would, an hour before the end
            alert = store._rows("select * from alerts limit 1")[0]
            late = {**dict(alert), "id": 4711, "rule": "late", "created": round(clock.now.timestamp() * 1000)}
            marks = ", ".join(f":{name}" for name in late)
            store._db.execute(f"insert or replace into alerts values ({marks})", late)
            store._db.execute(
                "insert or ignore into deliveries (alert, receiver, due) values (4711, 'mail', 0)"
            )
    rows = {
        row["alert"]: row["state"] for row in store._rows("select * from deliveries where receiver = 'mail'")
    }
    assert rows[4711] == "due"


def test_after_a_day_of_trying_a_delivery_is_dead_and_counted(store: Store) -> None:
    clock, receivers = with_news(store), FakeReceivers()
    receivers.failing["mail"] = RuntimeError("down for good")
    for _ in range(130):
        pipeline.deliver(store, MAIL, send=receivers.send, clock=clock)
        clock.advance(timedelta(hours=1, minutes=15))
    assert store.counts()["dead"] == 1
    assert store.counts()["waiting"] == 1  # the chat's own


def test_an_edit_after_the_decision_does_not_change_what_is_quoted(store: Store) -> None:
    clock, outlet, receivers = FakeClock(), FakeOutlet(FEED, []), FakeReceivers()
    poll(store, outlet, clock)
    outlet.items.append(NEWS)
    clock.advance(timedelta(minutes=10))
    poll(store, outlet, clock)
    outlet.items[:] = [Item("n1", "Ministers sign nothing after all in the capital", NEWS.summary)]
    clock.advance(timedelta(minutes=10))
    poll(store, outlet, clock)
    pipeline.deliver(store, MAIL, send=receivers.send, clock=clock)
    (_, message) = receivers.arrived[0]
    assert "[peace agreement]" in message.body
