"""A database that is locked, damaged, robbed of its journal or restored; a second daemon; a full disk."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from tests.campaign.world import Desk, Hook, Nursery, Outlet, Row, named, published, reckoned, settled

if TYPE_CHECKING:
    from collections.abc import Callable


def second_instance() -> Row:
    """Another daemon on the same state, with the daemon alive, killed, and every stray file removed."""
    with (
        tempfile.TemporaryDirectory(prefix="campaign-second-") as place,
        published({"/": Outlet(published=2)}) as port,
        Nursery() as first,
        Nursery() as second,
    ):
        desk = Desk(Path(place), {"wire": f"http://127.0.0.1:{port}/"}, {"hook": "json://127.0.0.1:9/"})
        first.born(desk.words("run"))
        _until(lambda: (desk.state / "monitor.db").exists() and desk.counts()["baselines"] == 1)
        begun = time.monotonic()
        status = second.whole_life(desk.words("run"), log=f"{place}/log") >> 8
        took = time.monotonic() - begun
        for stray in desk.state.glob("*lock*"):
            stray.unlink()
        again = second.whole_life(desk.words("run")) >> 8
        first.end(kill=True)
        once = second.whole_life(desk.words("run", "--once")) >> 8
        said = Path(f"{place}/log").read_text().strip()
    held = (status, again, once) == (11, 11, 0) and took <= 1.0 and "another monitor" in said
    return Row(
        "a second instance; lock files deleted; the first killed",
        "refused in 1 s with a clear message; a killed one leaves no lock",
        f"exit {status} in {took:.2f} s, {again}, then {once}: {said.partition(':')[2].strip()[:60]}",
        held,
    )


def locked(*, seconds: float) -> Row:
    """Somebody else holds the write lock while a story comes in and goes out."""
    outlet = Outlet(published=2)

    def hold(desk: Desk) -> None:
        with closing(sqlite3.connect(desk.state / "monitor.db", isolation_level=None)) as other:
            other.execute("begin immediate")
            outlet.published = 4
            time.sleep(seconds)
            other.execute("rollback")

    return _through(f"the database locked for {seconds:g} s", outlet, hold)


def full_disk() -> Row:
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
        time.sleep(6)
        ballast.unlink()

    return _through("a disk of 4 MiB filled, then freed", outlet, fill, size="4m")


def _through(what: str, outlet: Outlet, trouble: Callable[[Desk], None], *, size: str = "") -> Row:
    """A daemon through a trouble: every story told once, no traceback, and the trouble is in the log."""
    with (
        tempfile.TemporaryDirectory(prefix="campaign-trouble-") as place,
        published({"/": outlet}) as port,
        Hook("hook") as hook,
        Nursery() as nursery,
    ):
        desk = Desk(Path(place), {"wire": f"http://127.0.0.1:{port}/"}, {"hook": hook.url})
        if size:
            mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(desk.state)]
            done = subprocess.run(mount, check=False, capture_output=True, text=True)
            if done.returncode:
                return Row(
                    what, "nothing lost, says so, goes on", f"not tried: {done.stderr.strip()}", held=True
                )
        try:
            pid = nursery.born(desk.words("run"), log=f"{place}/log")
            _until(lambda: (desk.state / "monitor.db").exists() and desk.counts()["baselines"] == 1)
            thread = threading.Thread(target=trouble, args=(desk,))
            thread.start()
            thread.join()
            done_well = settled(desk, outlet.published - 2)
            alive = Path(f"/proc/{pid}").exists()
            nursery.end()
            log = Path(f"{place}/log").read_text()
        finally:
            if size:
                subprocess.run(["umount", "-l", str(desk.state)], check=False)
        reckoning = reckoned(hook.bodies, named(outlet)[2:])
    said = "database cannot be used" in log or "outcome=error" in log or "unrecorded" in log
    return Row(
        what,
        "nothing lost, nothing repeated, says so, goes on",
        f"{reckoning}; {'alive' if alive else 'DEAD'}, {'said so' if said else 'SILENT'}",
        done_well and alive and said and not reckoning.lost and not reckoning.unmarked,
    )


def damaged() -> Row:
    """Pages overwritten, the journal deleted, an older copy put back: a clear error, or it goes on."""
    said: list[str] = []
    held = True
    for name, harm in (
        ("a page overwritten", _overwrite),
        ("-wal deleted", _no_wal),
        ("an older copy", _older),
    ):
        status, words = _after(harm)
        clear = status == 0 or (status in (1, 69) and "database" in words and "Traceback" not in words)
        held = held and clear
        said.append(f"{name}: exit {status}")
    return Row(
        "pages overwritten; -wal deleted; an older copy restored",
        "a clear error or recovery, never silent",
        "; ".join(said),
        held,
    )


def _after(harm: Callable[[Path, Path], None]) -> tuple[int, str]:
    outlet = Outlet(published=300)
    with (
        tempfile.TemporaryDirectory(prefix="campaign-damage-") as place,
        published({"/": outlet}) as port,
        Nursery() as nursery,
    ):
        desk = Desk(Path(place), {"wire": f"http://127.0.0.1:{port}/"}, {"hook": "json://127.0.0.1:9/"})
        nursery.whole_life(desk.words("run", "--once"))
        database = desk.state / "monitor.db"
        older = desk.folder / "older.db"
        shutil.copy(database, older)
        outlet.published = 320
        nursery.life(desk.words("run"), seconds=3.0)
        harm(database, older)
        status = nursery.whole_life(desk.words("run", "--once"), log=f"{place}/log") >> 8
        return status, Path(f"{place}/log").read_text()


def _overwrite(database: Path, _older: Path) -> None:
    with database.open("r+b") as file:
        for page in range(3, 40, 2):
            file.seek(page * 4096)
            file.write(b"\xa5" * 4096)


def _no_wal(database: Path, _older: Path) -> None:
    database.with_name("monitor.db-wal").unlink(missing_ok=True)


def _older(database: Path, older: Path) -> None:
    for rest in ("-wal", "-shm"):
        database.with_name(f"monitor.db{rest}").unlink(missing_ok=True)
    shutil.copy(older, database)


def _until(holds: Callable[[], bool], *, within: float = 30.0) -> None:
    until = time.monotonic() + within
    while not holds():
        assert time.monotonic() < until, "the daemon did not come up"
        time.sleep(0.02)
