"""The watchdog hears that all is well only while it is; what hangs leaves every stack in the journal.

The daemon is a process of its own; the test is its systemd: it waits for WATCHDOG=1 and, where none comes in
time, sends SIGABRT, as systemd.service(5) does.
"""

from __future__ import annotations

import faulthandler
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from monitor import config
from monitor.daemon import Daemon
from monitor.engine import Engine
from monitor.journal import open_journal
from monitor.store.store import DATABASE
from tests.desks import NEWS, OLD, Desk, eventually, serve_feed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.model import Message, Receiver
    from tests.web_server import WebServer

WATCHDOG = timedelta(seconds=3)


def hang(*_: object) -> NoReturn:
    """Never come back."""
    while True:
        threading.Event().wait(60)


def serve(rules: Path, state: Path, address: str, what: str, watchdog: float) -> None:
    """The daemon, in which `what` hangs once the file "hang" stands beside its state."""
    faulthandler.enable()
    open_journal(os.environ)
    engine = Engine(config.load_desk(rules, env={}, secrets_required=True), state)
    daemon = Daemon(
        engine,
        reload=lambda: engine.desk,
        notify_address=address,
        watchdog=timedelta(seconds=watchdog),
    )
    daemon._overdue = timedelta(seconds=1)
    work, send = daemon._poll._work, engine.notifier.send
    trigger = state.parent / "hang"

    def hanging_poll() -> object:
        return hang() if what == "poll" and trigger.exists() else work()

    def hanging_send(receiver: Receiver, message: Message) -> None:
        return hang() if what == "send" else send(receiver, message)

    daemon._poll._work = hanging_poll  # type: ignore[assignment]  # it hangs, or answers as ever
    engine.notifier.send = hanging_send  # type: ignore[method-assign]  # so does this
    signal.signal(signal.SIGTERM, lambda *_: daemon.stop())
    daemon.run()
    os._exit(0)


@dataclass
class Watched:
    """A daemon under a watchdog."""

    desk: Desk
    process: subprocess.Popen[bytes]
    systemd: socket.socket

    def pings(self, within: float) -> bool:
        """Whether WATCHDOG=1 comes within so many seconds."""
        self.systemd.settimeout(within)
        try:
            while self.systemd.recv(999) != b"WATCHDOG=1":
                pass
        except TimeoutError:
            return False
        return True

    def falls_silent(self) -> bool:
        """Whether there comes a time in which systemd would lose patience."""
        return any(not self.pings(WATCHDOG.total_seconds()) for _ in range(8))


@contextmanager
def watched(folder: Path, web: WebServer, what: str, watchdog: timedelta = WATCHDOG) -> Iterator[Watched]:
    quiet = {"mail": "json://127.0.0.1:9/a", "chat": "json://127.0.0.1:9/b"}
    desk = Desk(folder, quiet, {"wire": web.url("/feed")})
    address = str(folder / "notify")
    call = (
        "from tests.test_watchdog import *;"
        f"serve(Path({str(desk.rules)!r}), Path({str(desk.state)!r}), {address!r}, {what!r}, "
        f"{watchdog.total_seconds()})"
    )
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd, (folder / "log").open("ab") as log:
        systemd.bind(address)
        root = Path(__file__).parent.parent
        process = subprocess.Popen([sys.executable, "-c", call], stderr=log, cwd=root)
        try:
            yield Watched(desk, process, systemd)
        finally:
            process.kill()
            process.wait()


def test_a_daemon_that_is_well_says_so_in_time_for_as_long_as_it_is(tmp_path: Path, web: WebServer) -> None:
    with watched(tmp_path, web, "nothing", 3 * WATCHDOG) as daemon:  # a busy machine is no ailment
        assert daemon.pings(90)
        assert all(daemon.pings(3 * WATCHDOG.total_seconds()) for _ in range(2))
        daemon.process.terminate()
        assert daemon.process.wait(90) == 0
    assert "outcome=unwell" not in daemon.desk.log


def test_where_the_poll_job_hangs_the_watchdog_ends_it_and_every_stack_is_in_the_journal(
    tmp_path: Path, web: WebServer
) -> None:
    with watched(tmp_path, web, "poll") as daemon:
        assert daemon.pings(90)
        (tmp_path / "hang").touch()
        assert daemon.falls_silent()
        eventually(lambda: "outcome=unwell no poll job has run for" in daemon.desk.log)
        daemon.process.send_signal(signal.SIGABRT)
        assert daemon.process.wait(90) == -signal.SIGABRT
    log = daemon.desk.log
    assert "Fatal Python error: Aborted" in log
    assert log.count("Thread 0x") > 2
    assert "in hang" in log, "the thread that hangs is among them"


def test_where_the_database_does_not_answer_the_watchdog_hears_nothing_until_it_does(
    tmp_path: Path, web: WebServer
) -> None:
    with watched(tmp_path, web, "nothing") as daemon:
        assert daemon.pings(90)
        eventually(lambda: "outcome=fresh" in daemon.desk.log)
        other = sqlite3.connect(daemon.desk.state / DATABASE, isolation_level=None)
        eventually(lambda: locked(other))
        assert daemon.falls_silent()
        eventually(lambda: "outcome=unwell" in daemon.desk.log)
        other.execute("rollback")
        other.close()
        assert daemon.pings(90)
        eventually(lambda: "outcome=well again" in daemon.desk.log)


def locked(other: sqlite3.Connection) -> bool:
    try:
        other.execute("begin immediate")
    except sqlite3.OperationalError:
        return False
    return True


def test_where_a_send_does_not_end_the_watchdog_hears_nothing(tmp_path: Path, web: WebServer) -> None:
    with watched(tmp_path, web, "send") as daemon:
        assert daemon.pings(90)
        eventually(lambda: "outcome=fresh" in daemon.desk.log)
        serve_feed(web, OLD, NEWS)
        assert daemon.falls_silent()
        eventually(
            lambda: re.search(r"unwell the send to (mail, chat|chat, mail) does not end", daemon.desk.log)
        )
        daemon.process.send_signal(signal.SIGABRT)
        daemon.process.wait(90)
    assert "in hang" in daemon.desk.log


def test_stopped_and_continued_it_goes_on_as_if_nothing_had_been(tmp_path: Path, web: WebServer) -> None:
    """SIGSTOP stops every thread and no clock: time went by, and that is all."""
    with watched(tmp_path, web, "nothing") as daemon:
        assert daemon.pings(90)
        eventually(lambda: "outcome=fresh" in daemon.desk.log)
        daemon.process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, daemon.process.pid, os.WSTOPPED)
        while daemon.pings(0.1):  # what it said before
            pass
        assert not daemon.pings(5.5)
        daemon.process.send_signal(signal.SIGCONT)
        served = len(web.requests)
        eventually(lambda: len(web.requests) > served)
        assert daemon.pings(90)
    assert "clock-step" not in daemon.desk.log
    assert "outcome=resumed" not in daemon.desk.log
