"""A database that is locked, damaged, robbed of its journal or restored; a second daemon; a full disk."""

from __future__ import annotations

import random
import shutil
import sqlite3
import subprocess
import tempfile
import threading
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.campaign.syscalls import is_whole
from tests.campaign.world import (
    Crowd,
    Desk,
    Hook,
    Nursery,
    Outlet,
    Row,
    named,
    published,
    reckoned,
    settled,
    untried,
)

if TYPE_CHECKING:
    from collections.abc import Callable


EX_UNAVAILABLE = 69
_PAGE = 4096  # bytes
_AT_ONCE = 1.0  # seconds


def second_instance(nurseries: Crowd) -> Row:
    """Another daemon on the same state, with the daemon alive, killed, and every stray file removed."""
    with (
        tempfile.TemporaryDirectory(prefix="campaign-second-") as place,
        published({"/": (outlet := Outlet(published=2))}) as port,
        Hook("hook") as hook,
        nurseries.lent() as first,
        nurseries.lent() as second,
    ):
        desk = Desk(Path(place), {"wire": f"http://127.0.0.1:{port}/"}, {"hook": hook.url})
        first.born(desk.words("run"))
        _until(lambda: (desk.state / "monitor.db").exists() and desk.counts()["baselines"] == 1)
        outlet.published = 4
        begun = time.monotonic()
        status = second.whole_life(desk.words("run"), log=f"{place}/log") >> 8
        took = time.monotonic() - begun
        for stray in desk.state.glob("*lock*"):
            stray.unlink()
        again = second.whole_life(desk.words("run")) >> 8
        settled(desk, 2)
        first.end(kill=True)
        outlet.published = 5
        once = second.whole_life(desk.words("run", "--once")) >> 8
        said = Path(f"{place}/log").read_text().strip()
        told = reckoned(hook.bodies, named(outlet)[2:])
    refused = (status, again, once) == (11, 11, 0) and took <= _AT_ONCE and "another monitor" in said
    return Row(
        "a second instance; lock files deleted; the first killed",
        f"refused in {_AT_ONCE:g} s with a clear message; a killed one leaves no lock; no repeat",
        f"exit {status} in {took:.2f} s, {again}, then {once}; {told}",
        refused and not told.lost and not told.repeats,
    )


def locked(nurseries: Crowd, *, seconds: float) -> Row:
    """Somebody else holds the write lock while a story comes in and goes out."""
    outlet = Outlet(published=2)

    def hold(desk: Desk) -> None:
        with closing(sqlite3.connect(desk.state / "monitor.db", isolation_level=None)) as other:
            other.execute("begin immediate")
            outlet.published = 4
            time.sleep(seconds)
            _until(lambda: _said(desk))
            other.execute("rollback")

    return _through(nurseries, f"the database locked for {seconds:g} s", outlet, hold)


def full_disk(nurseries: Crowd) -> Row:
    """The disk fills up while stories come in, then is freed. Needs root, for a file system of 4 MiB."""
    outlet = Outlet(published=2)

    def fill(desk: Desk) -> None:
        ballast = desk.state / "ballast"
        with ballast.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(1 << 12))
            except OSError:
                pass
        outlet.published = 40
        _until(lambda: _said(desk))
        ballast.unlink()

    return _through(nurseries, "a disk of 4 MiB filled, then freed", outlet, fill, size="4m")


def _through(
    nurseries: Crowd, what: str, outlet: Outlet, trouble: Callable[[Desk], None], *, size: str = ""
) -> Row:
    """A daemon through a trouble: every story told once, no traceback, and the trouble is in the log."""
    with (
        tempfile.TemporaryDirectory(prefix="campaign-trouble-") as place,
        published({"/": outlet}) as port,
        Hook("hook") as hook,
        nurseries.lent() as nursery,
    ):
        desk = Desk(Path(place), {"wire": f"http://127.0.0.1:{port}/"}, {"hook": hook.url})
        if size:
            mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(desk.state)]
            done = subprocess.run(mount, check=False, capture_output=True, text=True)
            if done.returncode:
                return untried(what, "nothing lost, says so, goes on", done.stderr.strip())
        try:
            pid = nursery.born(desk.words("run"), log=f"{place}/log")
            _until(lambda: (desk.state / "monitor.db").exists() and desk.counts()["baselines"] == 1)
            thread = threading.Thread(target=trouble, args=(desk,))
            thread.start()
            thread.join()
            done_well = settled(desk, outlet.published - 2)
            alive = Path(f"/proc/{pid}").exists()
            nursery.end()
            said = _said(desk)
        finally:
            if size:
                subprocess.run(["umount", "-l", str(desk.state)], check=False)
        reckoning = reckoned(hook.bodies, named(outlet)[2:])
    return Row(
        what,
        "nothing lost, nothing repeated, says so, goes on",
        f"{reckoning}; {'alive' if alive else 'DEAD'}, {'said so' if said else 'SILENT'}",
        done_well and alive and said and not reckoning.lost and not reckoning.unmarked,
    )


def _said(desk: Desk) -> bool:
    """Whether the daemon's log has a word about its database."""
    log = (desk.folder / "log").read_text()
    return any(word in log for word in ("database cannot be used", "outcome=error", "unrecorded"))


def damaged(nurseries: Crowd, *, pages: int, seed: int) -> list[Row]:
    """Pages overwritten, the journal deleted, a backup restored: a clear error or recovery, and no loss."""
    with (
        tempfile.TemporaryDirectory(prefix="campaign-damage-") as place,
        published({"/": (outlet := Outlet(published=2))}) as port,
        Hook("hook") as hook,
        nurseries.lent() as nursery,
    ):
        desk = Desk(Path(place), {"wire": f"http://127.0.0.1:{port}/"}, {"hook": hook.url})
        nursery.whole_life(desk.words("run", "--once"))
        backup, before = str(desk.folder / "backup.db"), desk.folder / "before"
        _told(desk, nursery, outlet, 12)
        nursery.whole_life(["backup", backup, "--state", str(desk.state)])
        _told(desk, nursery, outlet, 22)
        shutil.copytree(desk.state, before)
        lived = _Damage(desk, nursery, outlet, hook, before, tuple(hook.bodies))
        return [
            lived.overwritten(pages, random.Random(f"damaged {seed}")),
            lived.without_journal(),
            lived.copied(backup),
            lived.restored(backup),
        ]


def _told(desk: Desk, nursery: Nursery, outlet: Outlet, published: int) -> None:
    """The daemon tells so many stories, then is killed."""
    outlet.published = published
    nursery.born(desk.words("run"))
    settled(desk, published - 2)
    nursery.end(kill=True)


@dataclass(frozen=True)
class _Damage:
    """A desk that told 20 stories and was killed, with its journal; each harm is done to a copy."""

    desk: Desk
    nursery: Nursery
    outlet: Outlet
    hook: Hook
    before: Path
    told: tuple[str, ...]  # what the hook had got by then

    def overwritten(self, pages: int, chance: random.Random) -> Row:
        """One page at a time: the pass says so and ends, or did not need the page, and doctor says so."""
        database = self.desk.state / "monitor.db"
        said = found = unharmed = silent = 0
        for _ in range(pages):
            self._as_before()
            with closing(sqlite3.connect(database)) as whole:
                whole.execute("pragma wal_checkpoint(truncate)")
            page = chance.randrange(database.stat().st_size // _PAGE)
            with database.open("r+b") as file:
                file.seek(page * _PAGE)
                file.write(b"\xa5" * _PAGE)
            status, words = self._once()
            if status == EX_UNAVAILABLE and "the database cannot be used" in words:
                said += 1
            elif not status and is_whole(database):
                unharmed += 1
            elif not status and self._doctor_finds_it():
                found += 1
            else:
                silent += 1
        return Row(
            f"one of the database's pages overwritten, {pages} times",
            "a clear error or recovery, never silent",
            f"{said} ended with 69 and said so, {found} were not needed and found by doctor,"
            f" {unharmed} were empty, {silent} silent",
            not silent,
        )

    def _doctor_finds_it(self) -> bool:
        status, words = self._run(["doctor", "--full", *_places(self.desk)])
        said = " ".join(words.split())
        return status == 1 and ("it is damaged" in said or "the database cannot be read" in said)

    def without_journal(self) -> Row:
        """What was told since the last checkpoint is forgotten, and told again."""
        self._as_before()
        (self.desk.state / "monitor.db-wal").unlink()
        return self._row("-wal deleted after kill -9", *self._once())

    def copied(self, backup: str) -> Row:
        """A database from before the last stories, put in place by hand."""
        self._as_before()
        for name in ("monitor.db-wal", "monitor.db-shm"):
            (self.desk.state / name).unlink(missing_ok=True)
        shutil.copy(backup, self.desk.state / "monitor.db")
        return self._row("an older database copied over it", *self._once())

    def restored(self, backup: str) -> Row:
        """A backup from before the last stories, put back by `monitor restore`."""
        self._as_before()
        refused, _ = self._run(["restore", backup, "--state", str(self.desk.state)])
        status, words = self._once()
        return self._row("an older backup restored", refused or status, words, noticed=False)

    def _row(self, what: str, status: int, words: str, *, noticed: bool = True) -> Row:
        """What became of a database that went back; a start has to notice it, but where `restore` said so."""
        told, said = reckoned(self.hook.bodies, named(self.outlet)[2:]), "outcome=gone-back" in words
        return Row(
            what,
            "lost 0, repeats say so" + (", never silent" if noticed else ""),
            f"exit {status}; {told}; {'said so' if said else 'nothing said'}",
            status == 0 and not told.lost and bool(told.repeats) and not told.unmarked and said == noticed,
        )

    def _as_before(self) -> None:
        shutil.rmtree(self.desk.state)
        shutil.copytree(self.before, self.desk.state)
        self.hook.bodies[:] = self.told
        self.outlet.published += 1  # so that the feed is read anew, and one story is still to be told

    def _once(self) -> tuple[int, str]:
        with suppress(sqlite3.Error), closing(sqlite3.connect(self.desk.state / "monitor.db")) as database:
            database.execute("update feeds set next_poll = 0")
            database.commit()
        return self._run(self.desk.words("run", "--once"))

    def _run(self, words: list[str]) -> tuple[int, str]:
        log = self.desk.folder / "log"
        log.unlink(missing_ok=True)
        status = self.nursery.whole_life(words, log=str(log)) >> 8
        return status, log.read_text(errors="replace")


def _places(desk: Desk) -> list[str]:
    return desk.words("")[1:]


def _until(holds: Callable[[], bool], *, within: float = 120.0) -> None:
    until = time.monotonic() + within
    while not holds():
        assert time.monotonic() < until, "the daemon did not come up"
        time.sleep(0.02)
