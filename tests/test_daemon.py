"""The daemon inside its process: its ticks, its clock, and a database that cannot be written for a while."""

from __future__ import annotations

import logging
import socket
import sqlite3
import threading
import time
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
from apscheduler.schedulers.background import BackgroundScheduler

from monitor import config
from monitor.clock import utc_now
from monitor.daemon import Daemon, Tick, shut_down
from monitor.demo.sinks import ChatSink, MailSink
from monitor.engine import Engine
from monitor.errors import ConfigError, Fault, StateError
from monitor.feeds.fetch import Fetcher
from monitor.model import Escalation, Feed, FeedState
from monitor.settings import Alive
from monitor.store.store import DATABASE, Store
from monitor.timetable import timetable
from monitor.urls import parts
from tests.desks import NEWS, OLD, RULES, Desk, eventually, rss, serve_feed
from tests.fakes import rules
from tests.web_server import Response, WebServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future, ThreadPoolExecutor
    from pathlib import Path

    from monitor.model import Lost, PollResult
    from tests.web_server import Request


class Ear(logging.Handler):
    """Keeps the log's lines."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@pytest.fixture
def ear() -> Iterator[Ear]:
    log, made = logging.getLogger("monitor"), Ear()
    before = (log.level, log.propagate)
    log.setLevel(logging.INFO)
    log.propagate = False
    log.addHandler(made)
    yield made
    log.removeHandler(made)
    log.level, log.propagate = before


@contextmanager
def running(daemon: Daemon) -> Iterator[None]:
    thread = threading.Thread(target=daemon.run)
    thread.start()
    try:
        yield
    finally:
        daemon.stop()
        thread.join()


# ---- ticks -------------------------------------------------------------------------------------------------


@pytest.fixture
def tick_of() -> Iterator[Callable[[Callable[[], datetime]], Tick]]:
    """Makes a tick of its work, on a scheduler of the test's."""
    scheduler, ticks = BackgroundScheduler(timezone=UTC), list[Tick]()
    scheduler.start()

    def make(work: Callable[[], datetime]) -> Tick:
        ticks.append(Tick(scheduler, "t", work=work))
        return ticks[-1]

    yield make
    shut_down(scheduler, ticks)


def test_a_tick_that_is_woken_while_it_runs_runs_once_more(
    tick_of: Callable[[Callable[[], datetime]], Tick],
) -> None:
    """The wake-up at the very end of a run is the one that a job of one instance would lose."""
    runs: list[int] = []
    ticks: list[Tick] = []

    def work() -> datetime:
        runs.append(len(runs))
        if len(runs) < 200:
            ticks[0].wake()
        return utc_now() + timedelta(hours=1)

    ticks.append(tick_of(work))
    ticks[0].wake()
    eventually(lambda: len(runs) == 200)


def test_wake_ups_from_many_threads_never_run_a_tick_twice_at_once(
    tick_of: Callable[[Callable[[], datetime]], Tick],
) -> None:
    running_now, most, runs = [0], [0], [0]

    def work() -> datetime:
        running_now[0] += 1
        most[0] = max(most[0], running_now[0])
        runs[0] += 1
        running_now[0] -= 1
        return utc_now() + timedelta(hours=1)

    tick = tick_of(work)

    def wake() -> None:
        for _ in range(50):
            tick.wake()

    threads = [threading.Thread(target=wake) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done = runs[0]
    tick.wake()
    eventually(lambda: runs[0] > done)
    assert most[0] == 1


def test_a_tick_that_fails_says_so_and_runs_again(
    tick_of: Callable[[Callable[[], datetime]], Tick], ear: Ear
) -> None:
    runs: list[int] = []

    def work() -> datetime:
        runs.append(1)
        if len(runs) == 1:
            raise StateError("the disk is full")
        return utc_now() + timedelta(hours=1)

    tick_of(work).wake()
    eventually(lambda: len(runs) == 2)
    assert ear.lines == ["job=t outcome=error"]


def test_a_tick_that_is_running_when_the_scheduler_shuts_down_holds_nobody_up() -> None:
    """The scheduler waits for its jobs under the lock that a job needs to arm itself: seen as a rare hang."""
    scheduler = BackgroundScheduler(timezone=UTC)
    scheduler.start()
    begun, end = threading.Event(), threading.Event()

    def work() -> datetime:
        begun.set()
        end.wait(120)
        return utc_now()

    tick = Tick(scheduler, "t", work=work)
    tick.wake()
    assert begun.wait(90)
    ending = threading.Thread(target=shut_down, args=(scheduler, [tick]))
    ending.start()
    eventually(lambda: not scheduler.running)
    tick.wake()
    end.set()
    ending.join(90)
    assert not ending.is_alive()


# ---- the whole daemon --------------------------------------------------------------------------------------


def made(folder: Path, web: WebServer, **parts: Any) -> Engine:
    """An engine on a desk of one feed, whose receivers nobody hears."""
    receivers = {"mail": "json://127.0.0.1:9/a", "chat": "json://127.0.0.1:9/b"}
    desk = Desk(folder, receivers, {"wire": web.url("/feed")})
    return Engine(config.load_desk(desk.rules, env={}, secrets_required=True), desk.state, **parts)


def test_after_a_step_of_the_clock_no_feed_waits_for_the_old_time(
    tmp_path: Path, web: WebServer, ear: Ear
) -> None:
    steps = [timedelta()]
    engine = made(tmp_path, web, clock=lambda: utc_now() + steps[-1])
    with running(Daemon(engine, reload=lambda: engine.desk)):
        eventually(lambda: any("outcome=fresh kept=" in line for line in ear.lines))
        eventually(lambda: any("outcome=settled baseline=1" in line for line in ear.lines))
        steps.append(-timedelta(hours=1))
        eventually(lambda: "outcome=clock-minded dues_moved=1" in ear.lines)
        polled = len(ear.lines)
        eventually(lambda: any("outcome=unchanged" in line for line in ear.lines[polled:]))


def test_a_host_is_asked_once_a_second_whatever_is_due_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seven feeds of two hosts are due; the hosts are public to the guard, and this server in truth."""
    asked: list[tuple[float, str]] = []

    with WebServer() as web:
        hosts = ["one.example"] * 4 + ["two.example"] * 3
        feeds = []
        for number, host in enumerate(hosts):
            web.serve(f"/{number}", rss(OLD))
            url = web.url(f"/{number}", host=host)
            feeds.append(Feed(f"f{number}", url, "o", every=timedelta(hours=1)))
        engine = Engine(config.Desk(tuple(feeds), (), rules("rules: []")), tmp_path)
        engine.fetcher.close()
        engine.fetcher = Fetcher(
            user_agent="test",
            resolve=lambda _host, _port: ["93.184.216.34"],
            connect=lambda _address, port, timeout: socket.create_connection(("127.0.0.1", port), timeout),
        )
        begin = Engine.begin

        def let_go(
            engine: Engine, pool: ThreadPoolExecutor, feed: Feed, state: FeedState
        ) -> Future[PollResult | Lost]:
            asked.append((time.monotonic(), parts(feed.url).host))  # a busy machine may ask a little later
            return begin(engine, pool, feed, state)

        monkeypatch.setattr(Engine, "begin", let_go)
        with Store(tmp_path) as store:
            engine.sync(store)
            store.retry_feeds([feed.name for feed in feeds], now=engine.clock())
        with running(Daemon(engine, reload=lambda: engine.desk)):
            eventually(lambda: len(asked) == len(web.requests) == len(feeds))
    for host in ("one.example", "two.example"):
        times = [moment for moment, at in asked if at == host]
        assert min(later - before for before, later in pairwise(times)) > 0.9
    assert asked[-1][0] - asked[0][0] < 60


def test_while_the_database_is_locked_nothing_is_fetched_twice_and_afterwards_nothing_is_lost(
    tmp_path: Path, web: WebServer, ear: Ear
) -> None:
    with MailSink("mail") as mail, ChatSink("chat") as chat:
        desk = Desk(tmp_path, {"mail": mail.url, "chat": chat.url}, {"wire": web.url("/feed")})
        engine = Engine(config.load_desk(desk.rules, env={}, secrets_required=True), desk.state)
        address = str(tmp_path / "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
            systemd.bind(address)
            daemon = Daemon(
                engine, reload=lambda: engine.desk, notify_address=address, watchdog=timedelta(seconds=3)
            )
            with running(daemon):
                eventually(lambda: any("outcome=fresh" in line for line in ear.lines))
                other = sqlite3.connect(desk.state / DATABASE, isolation_level=None)
                other.execute("begin immediate")
                serve_feed(web, OLD, NEWS)
                served = len(web.requests)
                eventually(lambda: "job=poll outcome=error" in ear.lines)
                assert len(web.requests) <= served + 1
                other.execute("rollback")
                other.close()
                eventually(lambda: mail.arrivals and chat.arrivals)
        assert [len(sink.arrivals) for sink in (mail, chat)] == [1, 1]


def test_a_reload_that_meets_a_locked_database_is_made_up_for(
    tmp_path: Path, web: WebServer, ear: Ear
) -> None:
    engine = made(tmp_path, web)
    later = [engine.desk]
    daemon = Daemon(engine, reload=lambda: later[-1])
    with running(daemon):
        eventually(lambda: any("outcome=fresh" in line for line in ear.lines))
        (renamed,) = engine.desk.feeds
        later.append(replace(engine.desk, feeds=(replace(renamed, name="renamed"),)))
        other = sqlite3.connect(engine.state / DATABASE, isolation_level=None)
        other.execute("begin immediate")
        daemon.reload()
        eventually(lambda: any("outcome=reload-put-off" in line for line in ear.lines))
        other.execute("rollback")
        other.close()
        eventually(lambda: any("feed=renamed outcome=fresh" in line for line in ear.lines))


def test_a_signal_waits_for_nothing_that_it_may_have_interrupted(tmp_path: Path, web: WebServer) -> None:
    daemon = Daemon(made(tmp_path, web), reload=lambda: pytest.fail("it is to stop"))
    with daemon._stop._cond, daemon._reload_wanted._cond:  # type: ignore[attr-defined]  # as inside their wait
        daemon.reload()
        daemon.stop()
    assert not daemon._waited(timedelta(0)) and daemon._reload_wanted.is_set()
    assert daemon._waited(timedelta(0))


def test_a_refusal_that_meets_a_locked_database_is_made_up_for_and_systemd_is_not_kept_waiting(
    tmp_path: Path, web: WebServer, ear: Ear
) -> None:
    def mistaken() -> NoReturn:
        raise ConfigError([Fault("rules.yaml", 1, 1, "unknown key")])

    engine, address = made(tmp_path, web), str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(address)
        daemon = Daemon(engine, reload=mistaken, notify_address=address)
        with (
            running(daemon),
            closing(sqlite3.connect(engine.state / DATABASE, isolation_level=None)) as other,
        ):
            eventually(lambda: any("outcome=fresh" in line for line in ear.lines))
            other.execute("begin immediate")
            daemon.reload()
            eventually(lambda: any("outcome=reload-put-off" in line for line in ear.lines))
            heard = [systemd.recv(1 << 16).partition(b"\n")[0] for _ in range(3)]
            assert heard == [b"READY=1", b"RELOADING=1", b"READY=1"]
            other.execute("rollback")
            eventually(lambda: "unknown key" in refused(engine))


def refused(engine: Engine) -> str:
    """What is kept as wrong with the files."""
    with Store(engine.state) as store:
        kept = store.desk()
    return kept.error if kept else ""


def test_a_poll_that_breaks_in_our_own_code_is_a_failed_poll_of_that_feed(
    tmp_path: Path, web: WebServer, ear: Ear
) -> None:
    engine = made(tmp_path, web)
    engine.fetcher.close()
    try:
        with Store(engine.state) as store:
            engine.sync(store)
            engine.fetcher = None  # type: ignore[assignment]  # a fault of ours, as broken as can be
            (state,) = store.feed_states(["wire"]).values()
            result = engine.poll(engine.desk.feeds[0], state)
            engine.take(store, [result])
            assert store.feed_errors() == {"wire": "the poll broke: AttributeError"}
        assert ear.lines[0] == "feed=wire outcome=error the poll broke"
    finally:
        engine.parsers.close()


# ---- saying that all is well -------------------------------------------------------------------------------


def test_while_all_is_well_the_address_that_would_miss_us_is_asked(
    tmp_path: Path, web: WebServer, ear: Ear
) -> None:
    web.serve("/ping/s3cr3t", b"OK")
    engine = made(tmp_path, web)
    engine.desk = replace(engine.desk, alive=Alive(web.url("/ping/s3cr3t"), timedelta(minutes=5)))
    with running(Daemon(engine, reload=lambda: engine.desk)):
        eventually(lambda: any(request.path == "/ping/s3cr3t" for request in web.requests))
    asked = [request for request in web.requests if request.path == "/ping/s3cr3t"]
    assert [request.method for request in asked] == ["GET"]
    assert not any("alive" in line for line in ear.lines)


def test_an_address_that_would_miss_us_and_fails_is_in_the_log_without_itself(
    tmp_path: Path, web: WebServer, ear: Ear
) -> None:
    web.serve("/ping/s3cr3t", b"", status=500)
    engine = made(tmp_path, web)
    engine.say_alive()
    engine.desk = replace(engine.desk, alive=Alive(web.url("/ping/s3cr3t")))
    engine.say_alive()
    engine.close()
    (line,) = ear.lines
    assert line.startswith("alive outcome=failed")
    assert "s3cr3t" not in line


def test_a_digest_goes_by_itself_when_its_time_has_come(tmp_path: Path, web: WebServer) -> None:
    """The deliver job knows of what is held, though nothing else is due."""
    steps = [timedelta()]
    with ChatSink("chat") as chat:
        receivers = {"mail": "json://127.0.0.1:9/a", "chat": chat.url}
        desk = Desk(tmp_path, receivers, {"wire": web.url("/feed")})
        loaded = config.load_desk(desk.rules, env={}, secrets_required=True)
        collecting = tuple(replace(one, digest=timetable("hourly")) for one in loaded.receivers)
        engine = Engine(
            replace(loaded, receivers=collecting), desk.state, clock=lambda: utc_now() + steps[-1]
        )
        with running(Daemon(engine, reload=lambda: engine.desk)):
            eventually(lambda: _counted(engine, "baselines"))
            serve_feed(web, OLD, NEWS)
            eventually(lambda: _counted(engine, "held") == 2 or chat.arrivals)  # a full hour may just strike
            steps.append(timedelta(hours=1))
            eventually(lambda: chat.arrivals)
        assert "Digest: 1 story" in chat.arrivals[0].body


def test_a_critical_alert_reaches_the_second_receiver_while_the_first_is_down(
    tmp_path: Path, web: WebServer
) -> None:
    """The second alert comes while the first receiver is paused, and nobody tries to send it there."""
    critical = RULES.replace("severity: high", "severity: critical").replace("[mail, chat]", "[mail]")
    with ChatSink("chat") as chat:
        receivers = {"mail": "json://127.0.0.1:9/a", "chat": chat.url}
        desk = Desk(tmp_path, receivers, {"wire": web.url("/feed")}, rules_text=critical)
        loaded = config.load_desk(desk.rules, env={}, secrets_required=True)
        mail, second = loaded.receivers
        on_call = replace(mail, escalate=Escalation("chat", timedelta()))
        engine = Engine(replace(loaded, receivers=(on_call, second)), desk.state)
        with running(Daemon(engine, reload=lambda: engine.desk)):
            eventually(lambda: _counted(engine, "baselines"))
            serve_feed(web, OLD, NEWS)
            eventually(lambda: len(chat.arrivals) == 1)
            serve_feed(web, OLD, NEWS, "Farmers in the north want a peace agreement on wolves")
            eventually(lambda: len(chat.arrivals) == 2, within=25)


def test_what_waits_for_a_receiver_goes_where_it_is_once_that_has_changed(
    tmp_path: Path, web: WebServer
) -> None:
    """Its address is changed during a burst: what is not begun goes to the new one."""
    rules = RULES.replace("[mail, chat]", "[mail]")
    places = [f"json://127.0.0.1:{web.port}/{place}" for place in ("old", "new")]
    desk = Desk(
        tmp_path, {"mail": places[0], "chat": places[0]}, {"wire": web.url("/feed")}, rules_text=rules
    )
    loaded = config.load_desk(desk.rules, env={}, secrets_required=True)
    moved = tuple(replace(one, url=places[1]) for one in loaded.receivers)
    engine = Engine(loaded, desk.state)

    def move(_: Request) -> Response:
        engine.desk = replace(loaded, receivers=moved)
        return Response()

    web.answer("/old", move)
    web.serve("/new", b"")
    with running(Daemon(engine, reload=lambda: engine.desk)):
        eventually(lambda: _counted(engine, "baselines"))
        wolves = "Farmers in the north want a peace agreement on wolves"
        serve_feed(web, OLD, NEWS, wolves, "A strike in the harbour ends with a peace agreement over wages")
        eventually(lambda: _counted(engine, "sent") == 3)
    asked = [request.path for request in web.requests if request.path in ("/old", "/new")]
    assert asked == ["/old", "/new", "/new"]


def _counted(engine: Engine, what: str) -> int:
    with Store(engine.state) as store:
        return store.counts()[what]
