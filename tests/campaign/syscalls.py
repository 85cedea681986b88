"""The power cut at every system call that leaves the process, and each of them failing, by strace.

A cycle is `monitor run --once` on a desk that has its baseline and one new story to tell: poll, judge,
commit, send by mail and webhook, commit. A census counts its calls of each kind; then the cycle is run once
for each point that the seed draws. strace counts calls by thread, so a point is (call, nth of the thread that
makes most).
"""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from monitor.demo.sinks import MailSink
from tests.campaign.world import (
    Crowd,
    Desk,
    Hook,
    Nursery,
    Outlet,
    Reckoning,
    Row,
    named,
    published,
    reckoned,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

# What writes, syncs, names, locks or talks.
CALLS = (
    "write",
    "pwrite64",
    "fsync",
    "fdatasync",
    "ftruncate",
    "unlink",
    "rename",
    "fcntl",
    "flock",
    "mkdir",
    "socket",
    "connect",
    "sendto",
    "sendmsg",
    "recvfrom",
    "shutdown",
)
FAULTS = {
    "EIO": ("pwrite64", "write", "fdatasync", "fsync", "pread64"),
    "ENOSPC": ("pwrite64", "write", "ftruncate"),
    "EROFS": ("openat", "pwrite64"),
    "EMFILE": ("openat", "socket"),
}
_CALL = re.compile(r"^(\d+) +(?:<[^>]*>)?([a-z0-9_]+)\(", re.MULTILINE)
_Point = TypeVar("_Point")
_LONGEST = 10.0  # seconds that a faulty cycle may take under strace; for a lock it waits 5 s by design


def available() -> str:
    """Why this cannot be tried here; "" if it can."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    done = subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], check=False, capture_output=True)
    return "" if done.returncode == 0 else "strace may not trace here"


@dataclass(frozen=True)
class _Cycle:
    """A desk before its cycle, copied for every point; the sinks and the outlet stand for all of them."""

    folder: Path
    crowd: Crowd

    def once(self, inject: list[str], *, count: str = os.devnull) -> Came:
        """The cycle under strace, then others that are left alone; what came of them."""
        outlet = Outlet(published=3)
        with (
            tempfile.TemporaryDirectory(prefix="campaign-cycle-", dir=self.folder) as place,
            published({"/": outlet}) as port,
            Hook("hook") as hook,
            MailSink("mail") as mail,
            self.crowd.lent() as nursery,
        ):
            feeds, receivers = {"wire": f"http://127.0.0.1:{port}/"}, {"hook": hook.url, "mail": mail.url}
            desk = Desk(Path(place), feeds, receivers)
            database = desk.state / "monitor.db"
            shutil.copy(self.folder / "monitor.db", database)
            words, begun = desk.words("run", "--once"), time.monotonic()
            status = traced(nursery, words, ["-o", count, *inject], log=f"{place}/log")
            took, whole = time.monotonic() - begun, is_whole(database)
            reckonings: tuple[Reckoning, ...] = ()
            for _ in range(3):  # an error may make one pass more needed: the feed is backed off first
                _let_time_pass(database)
                nursery.whole_life(words)
                bodies = [hook.bodies, [f"{one.title}\n{one.body}" for one in mail.arrivals]]
                reckonings = tuple(reckoned(each, named(outlet)[2:]) for each in bodies)
                if not any(reckoning.lost for reckoning in reckonings):
                    break
            said = Path(f"{place}/log").read_text(errors="replace")
            return Came(status, said, took, whole and is_whole(database), reckonings)

    def failing(self, inject: list[str]) -> Came:
        """The cycle in which calls fail; one that took too long may have met a machine out of breath."""
        came = self.once(inject)
        return came if came.took <= _LONGEST else replace(came, took=self.once(inject).took)


def traced(
    nursery: Nursery, words: list[str], options: list[str], *, log: str = os.devnull, call: str = ""
) -> int:
    """A life under strace from its first own step on; its status. Programs that it starts run untraced."""
    pid = nursery.born(words, log=log, stopped=True, call=call)
    with subprocess.Popen(
        ["strace", "-f", "-b", "execve", "-p", str(pid), *options], stderr=subprocess.PIPE, text=True
    ) as strace:
        assert strace.stderr
        strace.stderr.readline()  # "strace: Process N attached"
        os.kill(pid, signal.SIGCONT)
        status = nursery.dead()
        strace.stderr.read()
    return status


@dataclass(frozen=True)
class Came:
    """What came of a cycle, and of those after it."""

    status: int  # as os.waitpid gives it
    said: str
    took: float
    whole: bool
    reckonings: tuple[Reckoning, ...]

    @property
    def lost(self) -> int:
        return sum(each.lost for each in self.reckonings)

    @property
    def repeats(self) -> int:
        return sum(each.repeats for each in self.reckonings)

    @property
    def unmarked(self) -> int:
        return sum(each.unmarked for each in self.reckonings)


def is_whole(path: Path) -> bool:
    """Whether SQLite finds nothing wrong with a database."""
    with suppress(sqlite3.DatabaseError), closing(sqlite3.connect(path)) as database, database:
        return [row[0] for row in database.execute("pragma integrity_check")] == ["ok"]
    return False


def _let_time_pass(path: Path) -> None:
    """Let the time be over that retries and backing off wait for."""
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("update feeds set next_poll = 0")
        database.execute("update deliveries set due = 0 where state in ('due', 'sending')")
        database.execute("delete from outages")


def _prepared(folder: Path, nurseries: Crowd) -> _Cycle:
    """A desk with its baseline of two stories."""
    with published({"/": Outlet(published=2)}) as port:
        desk = Desk(
            folder / "baseline", {"wire": f"http://127.0.0.1:{port}/"}, {"hook": "json://127.0.0.1:9/"}
        )
        with nurseries.lent() as nursery:
            nursery.whole_life(desk.words("run", "--once"))
    with closing(sqlite3.connect(desk.state / "monitor.db")) as database, database:
        database.execute("update feeds set next_poll = 0, etag = null, url = 'http://127.0.0.1:1/'")
        database.commit()
        database.execute("vacuum into ?", (str(folder / "monitor.db"),))
    return _Cycle(folder, nurseries)


def census(cycle: _Cycle, calls: tuple[str, ...]) -> dict[str, int]:
    """How often the thread that does so most makes each call in a cycle."""
    path = cycle.folder / "census"
    cycle.once(["-e", f"trace={','.join(calls)}"], count=str(path))
    return counted(path)


def counted(log: Path) -> dict[str, int]:
    """How often the thread that does so most makes each call, by strace's log."""
    by_thread = Counter(_CALL.findall(log.read_text(errors="replace")))
    most: dict[str, int] = {}
    for (_, call), count in by_thread.items():
        most[call] = max(most.get(call, 0), count)
    return most


def cuts(nurseries: Crowd, *, most: int, seed: int, workers: int = 2) -> Row:
    """SIGKILL at `most` points of the cycle."""
    with tempfile.TemporaryDirectory(prefix="campaign-cuts-") as place:
        cycle = _prepared(Path(place), nurseries)
        points = [(call, nth) for call, count in census(cycle, CALLS).items() for nth in range(1, count + 1)]
        chosen = drawn(points, most, seed=f"cuts {seed}")
        with ThreadPoolExecutor(workers) as pool:
            came = list(pool.map(lambda point: cycle.once(killing(*point)), chosen))
    lost, broken = sum(one.lost for one in came), sum(not one.whole for one in came)
    repeats, unmarked = sum(one.repeats for one in came), sum(one.unmarked for one in came)
    cut = sum(one.status == signal.SIGKILL for one in came)
    return Row(
        f"SIGKILL at {len(chosen)} of the {len(points)} system calls of a cycle",
        "lost 0, integrity ok at all, repeats marked",
        f"{cut} cut the main process; lost {lost}, {broken} damaged, {repeats} repeats ({unmarked} unmarked)",
        not lost and not broken and not unmarked,
    )


def drawn(points: list[_Point], most: int, *, seed: str) -> list[_Point]:
    """`most` of these, in their order."""
    chosen = random.Random(seed).sample(range(len(points)), min(most, len(points)))
    return [points[number] for number in sorted(chosen)]


def killing(call: str, nth: int) -> list[str]:
    """Options of strace that end the process at the nth such call of a thread."""
    return ["-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={nth}"]


def faults(nurseries: Crowd, *, most: int, seed: int, workers: int = 2) -> Row:
    """Each error of FAULTS at the nth call and at all that follow it."""
    with tempfile.TemporaryDirectory(prefix="campaign-faults-") as place:
        cycle = _prepared(Path(place), nurseries)
        counts = census(cycle, tuple({call for calls in FAULTS.values() for call in calls}))
        points = [
            (error, call, f"{nth}{on}")
            for error, calls in FAULTS.items()
            for call in calls
            for nth in range(1, counts.get(call, 0) + 1)
            for on in ("", "+")
        ]
        chosen = drawn(points, most, seed=f"faults {seed}")
        with ThreadPoolExecutor(workers) as pool:
            came = list(pool.map(lambda point: cycle.failing(_fail(*point)), chosen))
    return endured(came, f"EIO, ENOSPC, EROFS, EMFILE at {len(chosen)} of {len(points)} calls")


def endured(came: Sequence[Came], what: str) -> Row:
    """Whether cycles in which calls failed ended in time and lost nothing."""
    lost, broken = sum(one.lost for one in came), sum(not one.whole for one in came)
    unmarked, slowest = sum(one.unmarked for one in came), max(one.took for one in came)
    return Row(
        f"{what}, once or from there on",
        f"no corruption, ends within {_LONGEST:g} s, the backlog is sent afterwards",
        f"lost {lost}, {broken} damaged, {unmarked} unmarked repeats, the slowest took {slowest:.1f} s,"
        f" {sum(one.status != 0 for one in came)} said so by their status",
        not lost and not broken and not unmarked and slowest <= _LONGEST,
    )


def _fail(error: str, call: str, when: str) -> list[str]:
    return ["-e", f"trace={call}", "-e", f"inject={call}:error={error}:when={when}"]
