"""Claims, counted beside the database: what shows that it has gone back, and what does not."""

from __future__ import annotations

import logging
import shutil
import threading
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from monitor import pipeline
from monitor.alerts.compose import AGAIN
from monitor.alerts.route import Customs
from monitor.store import backup
from monitor.store.claims import COUNT, Count, gone_back, keep_count, kept_count
from monitor.store.report import Reporter
from monitor.store.store import DATABASE, Store
from tests.store.test_store_backup import MAIL, Line
from tests.test_power_cuts import story

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from monitor.model import Message

ONE = Count("0123456789abcdef", 500)


# ---- the file ----------------------------------------------------------------------------------------------


def test_the_count_is_one_line_that_never_shrinks_and_is_its_owners_alone(tmp_path: Path) -> None:
    for number in (500, 12, 7_000_000_000):
        keep_count(tmp_path, replace(ONE, claims=number))
    assert (tmp_path / COUNT).read_text() == "0123456789abcdef         7000000000\n"
    assert kept_count(tmp_path) == replace(ONE, claims=7_000_000_000)
    assert (tmp_path / COUNT).stat().st_mode & 0o777 == 0o600


def test_another_databases_count_is_replaced_by_a_start_alone(tmp_path: Path) -> None:
    keep_count(tmp_path, ONE)
    other = Count("f" * 16, 3)
    keep_count(tmp_path, other)
    assert kept_count(tmp_path) == ONE
    keep_count(tmp_path, other, anew=True)
    assert kept_count(tmp_path) == other


@pytest.mark.parametrize(
    "line", [b"", b"\0" * 36, b"0123456789abcdef", b"x" * 99, b"0123456789abcdef 12\n\n"]
)
def test_a_file_that_cannot_be_read_claims_nothing_and_is_written_anew(tmp_path: Path, line: bytes) -> None:
    assert kept_count(tmp_path) is None
    (tmp_path / COUNT).write_bytes(line)
    assert kept_count(tmp_path) is None
    keep_count(tmp_path, ONE)
    assert kept_count(tmp_path) == ONE


def test_of_several_threads_the_furthest_is_kept(tmp_path: Path) -> None:
    def count(first: int) -> None:
        for number in range(first, 400, 4):
            keep_count(tmp_path, replace(ONE, claims=number))

    threads = [threading.Thread(target=count, args=(first,)) for first in (3, 2, 1, 0)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert kept_count(tmp_path) == replace(ONE, claims=399)


@pytest.mark.parametrize(
    ("kept", "now", "says"),
    [
        (None, ONE, ""),
        (ONE, ONE, ""),
        (replace(ONE, claims=499), ONE, ""),  # after a power cut the file may be the older one
        (replace(ONE, claims=1501), ONE, "it knows of 500 of the 1,501 messages"),
        (Count("f" * 16, 3), ONE, "not the one that was here last"),
    ],
)
def test_only_a_count_that_is_ahead_or_of_another_database_says_anything(
    kept: Count | None, now: Count, says: str
) -> None:
    assert says in gone_back(kept, now)
    assert bool(says) == bool(gone_back(kept, now))


# ---- the database ------------------------------------------------------------------------------------------


class Desk(Line):
    """A line whose every step begins as a daemon does, and whose operators are told."""

    def start(self) -> None:
        with Store(self.folder) as store:
            pipeline.look_back(store, now=self.clock.now)
            store.release_interrupted(now=self.clock.now)

    def notices(self) -> list[str]:
        """What the operators are told from now on."""
        self.clock.advance(timedelta(hours=1))
        before, customs = len(self.receivers.arrived), Customs(operators=MAIL.name)
        with Store(self.folder) as store:
            while pipeline.deliver(store, MAIL, send=self.receivers.send, clock=self.clock, customs=customs):
                pass
        return [message.body for _, message in self.receivers.arrived[before:]]

    def told(self, number: int) -> list[Message]:
        self.outlet.items.append(story(number, watched="peace"))
        return self.step()


def by_copy(desk: Desk) -> Callable[[], object]:
    """An older database, to be put in place by hand."""
    shutil.copy(desk.folder / DATABASE, desk.folder / "older")
    return lambda: (desk.folder / "older").replace(desk.folder / DATABASE)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    (tmp_path / "state").mkdir()
    made = Desk(tmp_path / "state")
    made.start()
    assert len(made.told(1)) == 1
    return made


def test_an_older_copy_is_noticed_and_said_and_what_it_tells_again_is_marked(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    put_back = by_copy(desk)
    (told,) = desk.told(2)
    assert AGAIN not in told.body
    put_back()
    with Reporter(desk.folder) as store:
        assert "it knows of 1 of the 2 messages" in store.report(now=desk.clock.now).gone_back
    with caplog.at_level(logging.ERROR):
        desk.start()
    assert "outcome=gone-back the database has gone back: it knows of 1 of the 2 messages" in caplog.text
    (again,) = desk.step()
    assert AGAIN in again.body
    (notice,) = desk.notices()
    assert "The database has gone back" in notice
    with Reporter(desk.folder) as store:
        report = store.report(now=desk.clock.now)
    assert (report.gone_back, report.restored) == ("", None)
    assert report.noticed is not None
    caplog.clear()
    desk.start()
    assert "gone-back" not in caplog.text
    (new,) = desk.told(3)
    assert AGAIN not in new.body


def test_what_it_still_owed_is_marked(desk: Desk) -> None:
    desk.outlet.items.append(story(2, watched="peace"))
    desk.step(deliver=False)
    put_back = by_copy(desk)
    assert len(desk.step()) == 1
    put_back()
    desk.start()
    (again,) = desk.step()
    assert AGAIN in again.body


def test_the_copy_that_a_restore_set_aside_is_another_database(
    desk: Desk, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It may count more claims than the one that ran since; each told what the other does not know."""
    backup.back_up(desk.folder, tmp_path / "copy.db")
    assert len(desk.told(2)) == 1
    kept = backup.restore(tmp_path / "copy.db", desk.folder, now=desk.clock.now)
    desk.start()
    assert "gone-back" not in caplog.text
    assert len(desk.step()) == 1
    (told,) = desk.told(3)
    assert AGAIN not in told.body
    assert kept is not None
    kept.replace(desk.folder / DATABASE)
    desk.start()
    assert "outcome=gone-back the database is not the one that was here last" in caplog.text
    (again,) = desk.step()
    assert AGAIN in again.body


def test_nothing_is_noticed_where_nothing_was_claimed_since(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    put_back = by_copy(desk)
    desk.outlet.items.append(story(2, watched="peace"))
    desk.step(deliver=False)
    put_back()
    desk.start()
    (told,) = desk.step()
    assert AGAIN not in told.body
    assert "gone-back" not in caplog.text


def test_a_database_that_is_gone_is_missed(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    (desk.folder / DATABASE).unlink()
    desk.start()
    assert "outcome=gone-back the database is not the one that was here last" in caplog.text


def test_without_the_file_nothing_is_said_and_the_start_writes_it(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    (desk.folder / COUNT).unlink()
    desk.start()
    with Store(desk.folder) as store:
        assert kept_count(desk.folder) == store.claims_made() == replace(store.claims_made(), claims=1)
    assert caplog.text == ""


def test_a_count_that_cannot_be_written_holds_up_no_message(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    (desk.folder / COUNT).unlink()
    (desk.folder / COUNT).mkdir()
    assert len(desk.told(2)) == 1
    assert "outcome=uncounted a database that goes back is not noticed: Is a directory" in caplog.text
