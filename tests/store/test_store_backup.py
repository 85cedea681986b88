"""Backups: made while others write, whole or not at all; and put back so that nothing is lost."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from monitor import pipeline
from monitor.alerts.compose import AGAIN
from monitor.errors import StateError, UsageError
from monitor.model import Feed, FeedState, Receiver
from monitor.store import backup
from monitor.store.claims import COUNT
from monitor.store.lock import only_daemon
from monitor.store.report import Reporter
from monitor.store.store import DATABASE, Store
from tests.desks import Desk, eventually
from tests.fakes import START, FakeClock, FakeOutlet, FakeReceivers, Item, rules
from tests.test_power_cuts import story

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.model import Message
    from tests.web_server import WebServer

DAY = timedelta(days=1)
WIRE = Feed("wire", "https://wire.example/feed", "The Wire")
MAIL = Receiver("mail", "mailto://localhost")
BOOK = rules("rules: [{id: peace, title: Peace, any: [peace agreement], send: [mail]}]")
OLD = Item("old", "Museum of clocks opens again", "It had been closed for a very long time.")


class Line:
    """One feed, one receiver, one database that may be replaced."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = FakeClock()
        self.outlet = FakeOutlet(WIRE, [OLD])
        self.receivers = FakeReceivers()
        with Store(folder) as store:
            store.sync_feeds([WIRE], first_poll=lambda _: START)
        self.step()

    def step(self, *, deliver: bool = True) -> list[Message]:
        """Poll and deliver; what arrived by it."""
        before = len(self.receivers.arrived)
        self.clock.advance(timedelta(minutes=10))
        with Store(self.folder) as store:
            state = store.feed_states(["wire"]).get("wire", FeedState())
            pipeline.take(store, [self.outlet.poll(state)], rulebook=BOOK, now=self.clock.now)
            while deliver and pipeline.deliver(store, MAIL, send=self.receivers.send, clock=self.clock):
                pass
        return [message for _, message in self.receivers.arrived[before:]]


@pytest.fixture
def line(tmp_path: Path) -> Line:
    (tmp_path / "state").mkdir()
    return Line(tmp_path / "state")


def counts(database: Path) -> tuple[int, int]:
    """Entries, and entries with a story: equal in every moment that ever was."""
    with closing(sqlite3.connect(database)) as db:
        row = db.execute(
            "select (select count(*) from entries), count(*) from entries join stories on stories.id = story"
        ).fetchone()
    return int(row[0]), int(row[1])


# ---- making one --------------------------------------------------------------------------------------------


def test_a_backup_holds_all_and_is_its_owners_alone(line: Line, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    size = backup.back_up(line.folder, target)
    assert size == target.stat().st_size > 0
    assert target.stat().st_mode & 0o777 == 0o600
    assert counts(target) == (1, 1)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_backup_made_while_others_write_is_of_one_moment(line: Line, tmp_path: Path) -> None:
    stop, failed = threading.Event(), list[BaseException]()

    def write() -> None:
        try:
            while not stop.is_set():
                line.outlet.items.insert(0, story(len(line.outlet.items), watched="peace"))
                line.step()
        except BaseException as error:  # noqa: BLE001 - a thread's failure must reach the test
            failed.append(error)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(5):
            seen: list[tuple[int, int]] = []
            backup.back_up(
                line.folder, tmp_path / str(number), progress=lambda *at, seen=seen: seen.append(at)
            )
            entries, placed = counts(tmp_path / str(number))
            assert entries == placed >= 1
            assert seen[-1][0] == seen[-1][1]
    finally:
        stop.set()
        writer.join()
    assert failed == []


def test_a_file_that_stands_is_replaced_only_by_force_and_never_half(
    line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "copy.db"
    target.write_text("precious")
    with pytest.raises(UsageError, match="--force"):
        backup.back_up(line.folder, target)

    def unsound(_: Path) -> None:
        raise StateError("this is no sound database")

    with monkeypatch.context() as patched:
        patched.setattr(backup, "check", unsound)
        with pytest.raises(StateError):
            backup.back_up(line.folder, target, force=True)
    assert target.read_text() == "precious"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.db", "state"]
    backup.back_up(line.folder, target, force=True)
    assert counts(target) == (1, 1)


def test_a_backup_that_cannot_be_written_says_so(line: Line, tmp_path: Path) -> None:
    with pytest.raises(StateError, match="could not be written: No such file"):
        backup.back_up(line.folder, tmp_path / "nowhere" / "copy.db")
    (tmp_path / "letter").write_text("no folder")
    with pytest.raises(StateError, match="could not be written: Not a directory"):
        backup.back_up(line.folder, tmp_path / "letter" / "copy.db")
    with pytest.raises(StateError, match="could not be written: File name too long"):
        backup.back_up(line.folder, tmp_path / ("long" * 100))
    (line.folder / DATABASE).write_bytes(b"This is a letter. " * 500)
    with pytest.raises(StateError, match="could not be made: file is not a database"):
        backup.back_up(line.folder, tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()


# ---- putting it back ---------------------------------------------------------------------------------------


@pytest.fixture
def copy(line: Line, tmp_path: Path) -> Path:
    """A backup, after which one alert was told that it does not know of."""
    target = tmp_path / "copy.db"
    backup.back_up(line.folder, target)
    line.outlet.items.append(story(1, watched="peace"))
    assert len(line.step()) == 1
    line.clock.advance(DAY)
    return target


def test_what_came_after_the_backup_is_told_again_and_says_so(line: Line, copy: Path) -> None:
    kept = backup.restore(copy, line.folder, now=line.clock.now)
    assert kept == line.folder / "monitor.db.replaced-20260303T092000Z"
    assert counts(kept) == (2, 2)
    (again,) = line.step()
    assert AGAIN in again.body
    line.outlet.items.append(story(2, watched="peace"))
    (new,) = line.step()
    assert AGAIN not in new.body
    with Reporter(line.folder) as store:
        assert store.report(now=line.clock.now).restored == line.clock.now - timedelta(minutes=20)


def test_what_is_told_again_says_so_also_where_the_clock_has_been_set_back(line: Line, copy: Path) -> None:
    line.clock.advance(-3 * DAY)
    backup.restore(copy, line.folder, now=line.clock.now)
    (again,) = line.step()
    assert AGAIN in again.body


@pytest.mark.parametrize("together", [True, False])
def test_a_milestone_that_came_after_the_backup_says_that_it_may_be_a_repeat(
    line: Line, tmp_path: Path, *, together: bool
) -> None:
    """Whether the outlets that make it are read in one round after the backup was put back or one by one."""
    outlets = [line.outlet, FakeOutlet(Feed("post", "https://post.example/feed", "Kura Post"), [OLD])]

    def step(*read: FakeOutlet) -> list[Message]:
        before = len(line.receivers.arrived)
        line.clock.advance(timedelta(minutes=10))
        with Store(line.folder) as store:
            store.sync_feeds([one.feed for one in outlets], first_poll=lambda _: START)
            states = store.feed_states(["wire", "post"])
            results = [one.poll(states[one.feed.name]) for one in read]
            pipeline.take(store, results, rulebook=BOOK, now=line.clock.now, milestones=(2,))
            while pipeline.deliver(store, MAIL, send=line.receivers.send, clock=line.clock):
                pass
        return [message for _, message in line.receivers.arrived[before:]]

    def told_of_two(messages: list[Message]) -> list[bool]:
        """Whether each note of a second outlet says that it may be a repeat."""
        return [AGAIN in one.body for one in messages if ", milestone · " in one.body]

    step(*outlets)
    line.outlet.items.append(story(1, watched="peace"))
    step(*outlets)
    backup.back_up(line.folder, tmp_path / "copy.db")
    outlets[1].items.append(story(1, watched="peace"))
    assert told_of_two(step(*outlets)) == [False]
    backup.restore(tmp_path / "copy.db", line.folder, now=line.clock.now)
    rounds = [outlets] if together else [[one] for one in outlets]
    assert told_of_two([message for read in rounds for message in step(*read)]) == [True]
    line.outlet.items.append(story(2, watched="peace"))
    outlets[1].items.append(story(2, watched="peace"))
    step(line.outlet)
    assert told_of_two(step(outlets[1])) == [False]


def test_what_the_backup_still_owed_is_sent_and_says_that_it_may_be_a_repeat(
    line: Line, tmp_path: Path
) -> None:
    line.outlet.items.append(story(1, watched="peace"))
    line.step(deliver=False)
    backup.back_up(line.folder, tmp_path / "copy.db")
    assert len(line.step()) == 1
    backup.restore(tmp_path / "copy.db", line.folder, now=line.clock.now)
    (again,) = line.step()
    assert AGAIN in again.body


def test_with_baseline_nobody_is_told_again(line: Line, copy: Path) -> None:
    backup.restore(copy, line.folder, now=line.clock.now, baseline=True)
    assert line.step() == []
    line.outlet.items.append(story(2, watched="peace"))
    (new,) = line.step()
    assert AGAIN not in new.body


def test_a_damaged_backup_changes_nothing(line: Line, copy: Path) -> None:
    before = (line.folder / DATABASE).read_bytes()
    whole = copy.read_bytes()
    copy.write_bytes(whole[:8192] + bytes(4096) + whole[12288:])
    with pytest.raises(StateError, match="no sound database"):
        backup.restore(copy, line.folder, now=line.clock.now)
    with pytest.raises(UsageError, match="no such file"):
        backup.restore(copy.with_name("nothing"), line.folder, now=line.clock.now)
    copy.write_text("a letter")
    with pytest.raises(StateError, match="no sound database"):
        backup.restore(copy, line.folder, now=line.clock.now)
    assert (line.folder / DATABASE).read_bytes() == before
    assert [path.name for path in line.folder.iterdir() if "restoring" in path.name] == []


def test_a_row_that_refers_to_nothing_is_damage_too(copy: Path) -> None:
    with closing(sqlite3.connect(copy, isolation_level=None)) as db:
        db.execute("delete from stories")
    with pytest.raises(StateError, match="refers to one that is not there"):
        backup.check(copy)


def test_the_journal_of_a_replaced_database_is_never_played_into_the_new_one(line: Line, copy: Path) -> None:
    """Not even where it could not be folded in: the database was damaged, which is why there is a restore."""
    damaged = line.folder / DATABASE
    damaged.write_bytes(b"This is a letter. " * 500)
    journal = damaged.with_name("monitor.db-wal")
    journal.write_bytes(b"whatever")
    kept = backup.restore(copy, line.folder, now=line.clock.now)
    assert kept is not None
    assert kept.with_name(f"{kept.name}-wal").read_bytes() == b"whatever"
    assert not journal.exists()
    assert counts(damaged) == (1, 1)


def test_a_restore_into_an_empty_folder_needs_to_keep_nothing(line: Line, copy: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    assert backup.restore(copy, other, now=line.clock.now) is None
    assert counts(other / DATABASE) == (1, 1)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_root_gives_the_restored_database_to_whoever_owns_the_folder(line: Line, copy: Path) -> None:
    os.chown(line.folder, 12345, 12346)
    backup.restore(copy, line.folder, now=line.clock.now)
    for name in (DATABASE, COUNT):
        status = (line.folder / name).stat()
        assert (status.st_uid, status.st_gid, status.st_mode & 0o777) == (12345, 12346, 0o600)


# ---- the commands ------------------------------------------------------------------------------------------


def test_a_backup_is_taken_from_a_running_daemon_and_restored_only_after_it(
    tmp_path: Path, web: WebServer
) -> None:
    quiet = {"mail": "json://127.0.0.1:9/a", "chat": "json://127.0.0.1:9/b"}
    desk, target = Desk(tmp_path, quiet, {"wire": web.url("/feed")}), str(tmp_path / "copy.db")
    assert desk.call("backup", target).returncode == 2
    with desk.daemon() as daemon:
        eventually(lambda: "outcome=fresh" in desk.log)
        made = desk.call("backup", target)
        assert made.returncode == 0, made.stderr
        assert "MB, checked" in made.stdout
        assert desk.call("backup", target).returncode == 2
        assert json.loads(desk.call("backup", target, "--force", "--json").stdout)["ok"]
        refused = desk.call("restore", target)
        assert refused.returncode == 11
        daemon.terminate()
    restored = desk.call("restore", target)
    assert restored.returncode == 0, restored.stderr
    assert "what stood there is kept: " in restored.stdout
    assert "told again, marked so" in restored.stdout
    assert "told to nobody" in desk.call("restore", target, "--baseline").stdout
    assert json.loads(desk.call("restore", target, "--json").stdout)["replaced"]
    assert "restored from a backup" in desk.call("status").stdout
    with only_daemon(desk.state):
        assert desk.call("restore", target).returncode == 11
