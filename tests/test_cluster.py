"""Polls on a cluster: on loopback, under TLS, with a scheduler and workers that are killed and stopped."""

from __future__ import annotations

import errno
import gc
import json
import os
import shutil
import signal
import ssl
import subprocess
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from distributed import Security

from monitor import __version__, cluster, config, settings
from monitor.clock import utc_now
from monitor.cluster import Cluster, Patience
from monitor.daemon import Daemon
from monitor.doctor import CHECKS, Machine, Patient
from monitor.engine import Engine, run_once
from monitor.errors import ClusterError, ConfigError
from monitor.feeds import station
from monitor.feeds.courtesy import Room
from monitor.feeds.fetch import Fetcher
from monitor.feeds.poll import polled
from monitor.feeds.workers import Parsers
from monitor.model import (
    Access,
    Crew,
    Document,
    Failed,
    Feed,
    FeedState,
    First,
    Fresh,
    Kept,
    Lost,
    NotModified,
    Poll,
    PollResult,
    Receiver,
    Task,
    Tls,
    Validators,
)
from monitor.store.lock import only_daemon
from monitor.store.report import Reporter
from monitor.store.store import Store
from tests.dask_world import MANUAL, World
from tests.desks import Desk, eventually, rss
from tests.fakes import START, rules
from tests.test_daemon import running
from tests.test_docs import commands
from tests.web_server import Response, WebServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from monitor.model import Scheduler
    from tests.web_server import Request

# Tornado leaves the socket of a scheduler that refuses to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <ssl:ResourceWarning")

BOOK = rules("rules: [{id: peace, title: Peace, any: [peace agreement], send: [chat]}]")
SECRET = "s3cr3t-of-the-feed"
LONG = 90.0  # seconds for what comes about on any machine, however busy
HASTE = Patience(
    task=timedelta(seconds=LONG),
    connect=timedelta(seconds=LONG / 2),
    look=timedelta(seconds=0.2),
    first=timedelta(seconds=0.1),
    longest=timedelta(seconds=0.5),
)


@pytest.fixture(name="world", scope="module")
def _world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World(tmp_path_factory.mktemp("cluster")) as world:
        world.have(2)
        yield world
    gc.collect()  # while that is still ignored


@pytest.fixture(name="everywhere")
def _everywhere() -> Iterator[WebServer]:
    """An outlet at every address of this machine, so that each feed may have a host of its own."""
    with WebServer(address=("", 0)) as server:
        yield server


def used(world: World, patience: Patience = HASTE) -> Cluster:
    """The cluster, polling."""
    found = tried(world, patience)
    eventually(lambda: found.crew.workers)
    return found


def tried(world: World, patience: Patience = HASTE) -> Cluster:
    """The cluster after its first try, however that ended."""
    found = Cluster(world.named, patience=patience)
    found.wait()
    return found


def of(feed: Feed, *, state: Validators = Validators(), **more: object) -> Task:  # noqa: B008  # a frozen value
    return Task(Poll(feed, state), START, **more)  # type: ignore[arg-type]  # they are a Task's


# ---- what a poll gives -------------------------------------------------------------------------------------


def test_a_poll_gives_on_a_worker_what_it_gives_here(world: World, web: WebServer) -> None:
    """And no secret of a feed is in what comes back, or in anything that the cluster's processes say."""
    web.serve("/broken", b"<rss><channel>")
    web.serve("/same", b"", status=304)
    feed = Feed(
        "wire",
        web.url("/feed"),
        "Wire",
        tags=frozenset({"press"}),
        allow_private=True,
        access=Access(headers=(("X-Key", SECRET),)),
    )
    kept = First(START, Document(rss("Museum of clocks opens again"), "application/rss+xml", feed.url))
    tasks = {
        Fresh: of(feed),
        NotModified: of(replace(feed, url=web.url("/same")), state=Validators(etag='"1"')),
        Kept: of(feed, keep=True),
        Failed: of(replace(feed, url=web.url("/none"))),
        ValueError: of(replace(feed, url=web.url("/broken"))),
        First: of(feed, first=kept),
    }
    fetcher, parsers = Fetcher(user_agent="desk/1"), Parsers(1)
    with closing(used(world)) as there, closing(fetcher), closing(parsers):
        futures = {what: there.submit(task, agent="desk/1") for what, task in tasks.items()}
        away = {what: future.result(LONG) for what, future in futures.items() if future is not None}
        mark = len(web.requests)
        here = {what: polled(task, fetcher=fetcher, parsers=parsers) for what, task in tasks.items()}
    assert away == here
    assert [type(result) for result in away.values()][:4] == [Fresh, NotModified, Kept, Failed]
    first = away[First]
    assert isinstance(first, Fresh) and first.settled is not None and first.settled.feed == feed
    asked = [sorted((one.path, *one.headers.items()) for one in web.requests[part]) for part in halves(mark)]
    assert asked[0] == asked[1]
    assert SECRET not in world.log


class Unread:
    """What no process can unpack."""

    def __reduce__(self) -> tuple[type, tuple[str]]:
        return int, (f"it is no number: {SECRET[:2]}",)


def test_dask_says_nothing_of_a_task_that_fails_on_a_worker_and_it_is_made_here(world: World) -> None:
    """Its log prints what a function was called with that has failed."""
    feed = Feed("wire", "https://wire.example/", "Wire", access=Access(headers=(("X-Key", SECRET),)))
    broken = Task(Poll(feed, marks=Unread()), START)  # type: ignore[arg-type]  # that is the fault
    with closing(used(world)) as there:
        future = there.submit(broken, agent="desk/1")
        assert future is not None and future.result(LONG) == Lost(feed)
        assert there.submit(broken, agent="desk/1") is None
    eventually(lambda: "Compute Failed" in world.log)
    assert SECRET not in world.log


def halves(mark: int) -> tuple[slice, slice]:
    return slice(mark), slice(mark, None)


def test_a_task_is_opened_by_its_own_version_only(web: WebServer) -> None:
    feed = Feed(
        "wire", web.url("/feed"), "Wire", allow_private=True, access=Access(headers=(("X-Key", SECRET),))
    )
    task = station.sealed(of(feed), agent="desk/1")
    assert SECRET not in repr(task)
    assert station.polled(replace(task, version="0.0")) == station.Unlike(__version__)
    assert not web.requests
    try:
        answer = station.polled(task)
    finally:
        station.close()
    assert isinstance(answer, Fresh)
    assert answer.feed == replace(feed, access=Access())
    assert web.requests[0].headers["user-agent"] == "desk/1"


def test_of_a_cluster_one_worker_at_a_time_asks_a_host(
    world: World, everywhere: WebServer, tmp_path: Path
) -> None:
    world.have(2)
    busy, most = Counter[str](), Counter[str]()
    lock = threading.Lock()

    def answer(request: Request) -> Response:
        host = request.headers["host"].partition(":")[0]
        with lock:
            busy[host] += 1
            most[host] = max(most[host], busy[host])
        time.sleep(0.03)  # long enough for another to come meanwhile, if another would
        with lock:
            busy[host] -= 1
        return Response(rss(f"From {host}"))

    feeds = [
        Feed(
            f"f{number}",
            everywhere.url(f"/{number}", host=f"127.0.0.{2 + number % 3}"),
            "o",
            allow_private=True,
        )
        for number in range(12)
    ]
    for feed in feeds:
        everywhere.answer(feed.url[feed.url.rindex("/") :], answer)
    with engine_of(world, tmp_path, feeds) as engine:
        assert run_once(engine).fresh == 12
        assert engine.room() == Room(places=16, per_host=1)
        assert engine.parsed == 12
    assert dict(most) == {f"127.0.0.{last}": 1 for last in (2, 3, 4)}


@contextmanager
def engine_of(
    world: World, folder: Path, feeds: Sequence[Feed], receiver: Receiver | None = None
) -> Iterator[Engine]:
    """An engine that polls on the cluster, from the first poll on; what feeds hold first is news."""
    receivers = (receiver,) if receiver else ()
    desk = config.Desk(tuple(feeds), receivers, BOOK, scheduler=world.named, operators="chat")
    engine = Engine(desk, folder, backfill=True, patience=HASTE)
    with closing(engine):
        yield engine


# ---- when something dies -----------------------------------------------------------------------------------


def test_a_worker_that_is_killed_amid_a_round_loses_and_repeats_nothing(
    world: World, everywhere: WebServer, tmp_path: Path
) -> None:
    world.have(2)
    asked, told = Counter[str](), []
    killed = threading.Event()

    def answer(request: Request) -> Response:
        asked[request.path] += 1
        if asked.total() > 10 and not killed.is_set():
            killed.set()
            world.kill(0)
        time.sleep(0.02)
        number = int(request.path[1:])
        word = "".join(chr(ord("a") + int(digit)) * 3 for digit in f"{number:03d}")
        return Response(rss(f"Town {word} and {word}ville sign a peace agreement", text=f"In {word}."))

    def hook(request: Request) -> Response:
        told.append(request.body)
        return Response()

    everywhere.answer("/hook", hook)
    feeds = [
        Feed(
            f"f{number}",
            everywhere.url(f"/{number}", host=f"127.0.1.{number}"),
            f"o{number}",
            allow_private=True,
        )
        for number in range(1, 41)
    ]
    for number in range(1, 41):
        everywhere.answer(f"/{number}", answer)
    receiver = Receiver("chat", everywhere.url("/hook").replace("http", "json"))
    with engine_of(world, tmp_path, feeds, receiver) as engine:
        counts = run_once(engine)
    assert killed.is_set()
    assert (counts.fresh, counts.failed, counts.alerts) == (40, 0, 40)
    assert len(told) == len(set(told)) == 40
    assert all(times <= 2 for times in asked.values())
    assert asked.total() - 40 <= 16, "no more is asked again than was in flight"


def test_a_poll_that_no_worker_answers_is_made_here_and_a_late_answer_is_ignored(
    world: World, web: WebServer
) -> None:
    world.have(1)
    feed = Feed("wire", web.url("/feed"), "Wire", allow_private=True)
    with closing(used(world, replace(HASTE, task=timedelta(seconds=0.5)))) as there:
        (worker,) = world.workers
        worker.send_signal(signal.SIGSTOP)
        try:
            future = there.submit(of(feed), agent="desk/1")
            assert future is not None
            assert future.result(LONG) == Lost(feed)
        finally:
            worker.send_signal(signal.SIGCONT)
        assert there.submit(of(feed), agent="desk/1") is None, "the next one is made here"
        eventually(lambda: fresh(there.submit(of(feed), agent="desk/1")))
        assert future.result() == Lost(feed)


def fresh(poll: Future[PollResult | Lost] | None) -> bool:
    """Whether a worker has made this poll; a busy one may have been late."""
    return poll is not None and isinstance(poll.result(LONG), Fresh)


def test_what_a_poll_needs_that_is_only_here_is_polled_here(world: World) -> None:
    feed = Feed("wire", "https://wire.example/", "Wire", access=Access(tls=Tls(ca="/etc/ca.pem")))
    with closing(used(world)) as there:
        assert there.submit(of(feed), agent="desk/1") is None


def test_a_fault_of_ours_leaves_polling_to_this_machine(world: World, web: WebServer) -> None:
    with closing(used(world)) as there:
        there._executor.shutdown(wait=False)
        assert there.submit(of(Feed("wire", web.url("/feed"), "Wire")), agent="desk/1") is None
    with closing(tried(world, replace(HASTE, look=None))) as there:  # type: ignore[arg-type]  # that is the fault
        assert there.crew.why == "an error, AttributeError: see the log"
        assert there.room() is None


def test_a_fault_of_ours_in_an_answer_loses_that_poll_and_it_is_made_here(
    world: World, web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without an answer its feed would be in flight, and unpolled, for as long as we run."""
    web.serve("/feed", rss("Museum of clocks opens again"))
    feed = Feed("wire", web.url("/feed"), "Wire", allow_private=True)
    monkeypatch.setattr(station, "of", lambda *_: 1 / 0)
    with closing(used(world)) as there:
        begun = there.submit(of(feed), agent="desk/1")
        assert begun is not None
        assert begun.result(LONG) == Lost(feed)
        assert there.submit(of(feed), agent="desk/1") is None


def test_a_poll_that_cannot_begin_is_a_failed_poll_of_that_feed(tmp_path: Path) -> None:
    feed = Feed("wire", "https://wire.example/", "Wire")
    engine = Engine(config.Desk((feed,), (), BOOK), tmp_path / "nowhere")
    with closing(engine), ThreadPoolExecutor(1) as pool:
        result = engine.begin(pool, feed, FeedState(unsettled=3)).result()
    assert result == Failed(feed, "its poll cannot begin: StateError")


def test_a_scheduler_that_hangs_is_left_and_found_again(world: World, web: WebServer) -> None:
    world.have(1)
    with closing(used(world, replace(HASTE, connect=timedelta(seconds=2)))) as there:
        assert world.scheduler is not None
        world.scheduler.send_signal(signal.SIGSTOP)
        try:
            future = there.submit(
                of(Feed("wire", web.url("/feed"), "Wire", allow_private=True)), agent="desk/1"
            )
            assert future is not None
            assert isinstance(future.result(LONG), Lost)
        finally:
            world.scheduler.send_signal(signal.SIGCONT)
        eventually(lambda: (there.crew.workers, there.crew.why) == (1, ""))
        away, back = there.news()[-2:]
        assert "its scheduler does not answer" in away
        assert "polls again; workers: 1." in back


@pytest.mark.parametrize("before", [True, False])
def test_another_version_on_the_workers_is_told_once_and_polls_are_made_here(
    world: World, web: WebServer, monkeypatch: pytest.MonkeyPatch, *, before: bool
) -> None:
    feed = Feed("wire", web.url("/feed"), "Wire", allow_private=True)
    if before:
        monkeypatch.setattr(cluster, "__version__", "9.9")
    with closing(tried(world) if before else used(world)) as there:
        monkeypatch.setattr(cluster, "__version__", "9.9")
        monkeypatch.setattr(station, "__version__", "9.9")
        if not before:
            future = there.submit(of(feed), agent="desk/1")
            assert future is not None and isinstance(future.result(LONG), Lost)
        eventually(there.news)
        assert there.submit(of(feed), agent="desk/1") is None
        assert f"has media-monitor {__version__}, and this is 9.9: they must be the same" in there.crew.why
        assert (there.room(), len(there.news())) == (None, 1)
    assert not web.requests


def test_while_the_scheduler_is_gone_feeds_are_polled_here_with_one_notice_and_another_when_it_is_back(
    world: World, web: WebServer, tmp_path: Path
) -> None:
    world.have(1)
    asked, gone = threading.Event(), threading.Event()

    def held(_: Request) -> Response:
        asked.set()
        gone.wait(LONG)
        return Response(rss("Museum of clocks opens again"))

    web.answer("/held", held)
    feeds = [
        Feed(name, web.url(f"/{name}", host=host), "o", allow_private=True, every=timedelta(seconds=1))
        for name, host in (("feed", "127.0.0.1"), ("held", "localhost"))
    ]
    with engine_of(world, tmp_path, feeds) as engine, running(Daemon(engine, reload=lambda: engine.desk)):
        eventually(lambda: crew(tmp_path) == (1, "") and asked.is_set())
        world.kill_scheduler()
        gone.set()
        eventually(lambda: crew(tmp_path)[0] == 0)
        before = len(web.requests)
        eventually(lambda: {one.path for one in web.requests[before:]} == {"/feed", "/held"})
        world.open(workers=0)
        eventually(lambda: crew(tmp_path) == (0, "it has no workers"))
        assert len(notices(tmp_path)) == 1
        world.open(workers=1)
        eventually(lambda: crew(tmp_path) == (1, ""))
        eventually(lambda: len(notices(tmp_path)) == 2)
        before = len(web.requests)
        eventually(lambda: len(web.requests) > before)
    first, second = notices(tmp_path)
    assert "Feeds are polled on this machine until it can" in first
    assert "polls again; workers: 1." in second


def test_a_cluster_that_is_away_is_told_once_however_often_the_program_begins_anew(
    world: World, web: WebServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def passed() -> Crew | None:
        with engine_of(world, tmp_path, [Feed("wire", web.url("/feed"), "o", allow_private=True)]) as engine:
            run_once(engine)
        with Store(tmp_path) as store:
            return store.crew()

    with monkeypatch.context() as patched:
        patched.setattr(cluster, "__version__", "9.9")
        away = passed()
        assert away is not None and "they must be the same" in away.why
        assert passed() == away
        assert len(notices(tmp_path)) == 1
    passed()
    first, second = notices(tmp_path)
    assert first.startswith(f"The cluster at {world.address} cannot be used: the scheduler has media-monitor")
    assert second.startswith(f"The cluster at {world.address} polls again; workers: ")


def crew(folder: Path) -> tuple[int, str]:
    """How many workers the database knows of, and why not more."""
    with Reporter(folder) as store:
        found = store.report(now=utc_now()).crew
    return (found.workers, found.why) if found else (-1, "")


def notices(folder: Path) -> list[str]:
    with Store(folder) as store:
        rows = store._rows("select about || ' ' || sentence said from notices order by id")
        return [row["said"] for row in rows]


# ---- what is said of it ------------------------------------------------------------------------------------

FILES = "{ca: ca.pem, certificate: coordinator.pem, key: coordinator.key}"
OPEN = ":2:11: a scheduler that is not asked by TLS runs whatever anybody sends it"


@pytest.mark.parametrize(
    ("engine", "files", "fault"),
    [
        ("dask tcp://scheduler:8786", FILES, OPEN),
        ("dask scheduler:8786", FILES, OPEN),
        ("dask", FILES, ':2:11: "dask" is no engine - write local, or dask tls://host:8786'),
        ("celery tls://scheduler:8786", FILES, ':2:11: "celery tls://scheduler:8786" is no engine'),
        ("dask tls://scheduler", FILES, ':2:11: "tls://scheduler" is no address of a scheduler'),
        ("dask tls://a@b:8786", FILES, ':2:11: "tls://a@b:8786" is no address of a scheduler'),
        ("dask tls://scheduler:8786", "", ":2:11: without certificates the scheduler does not know who"),
        ("dask tls://scheduler:8786", "{ca: ca.pem}", ":3:15: engine-tls needs an authority and"),
        ("dask tls://scheduler:8786", "{ca: none.pem}", ":3:20: the secret none.pem cannot be read"),
        ("dask tls://scheduler:8786", "{key: coordinator.key}", ":3:15: a key without its certificate"),
    ],
)
def test_an_engine_that_will_not_do_is_refused_with_its_place(
    world: World, engine: str, files: str, fault: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        named(world, engine, files)
    (only,) = caught.value.faults
    assert f"settings.yaml{fault}" in str(only)
    assert only.remedy


def named(world: World, engine: str, files: str = FILES, *, required: bool = True) -> config.Desk:
    """A desk, in the folder of the world's certificates, whose settings say so."""
    tls = f"  engine-tls: {files}\n" if files else ""
    (world.folder / "settings.yaml").write_text(f"settings:\n  engine: {engine}\n{tls}")
    return config.load_desk(world.folder, env={}, secrets_required=required)


def test_an_engine_whose_extra_is_not_installed_is_refused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = f"dask {world.address}"
    assert named(world, engine).scheduler is not None
    monkeypatch.setattr(settings, "find_spec", lambda _: None)
    with pytest.raises(ConfigError, match=r'not installed - pip install "media-monitor\[cluster\]"'):
        named(world, engine)


def test_certificates_that_are_not_here_are_a_note_where_secrets_may_be_missing(world: World) -> None:
    files = "{ca: '${credential:ca}', certificate: '${credential:c}'}"
    desk = named(world, f"dask {world.address}", files, required=False)
    assert desk.scheduler is None
    assert "engine-tls was not checked" in desk.notes[0]
    ((grade, said, *_),) = CHECKS["cluster"](Patient(world.folder, world.folder, {}, desk=desk))
    assert (grade.value, "it was not asked" in said) == ("note", True)


def test_a_single_pass_and_status_say_who_polls(world: World, web: WebServer, tmp_path: Path) -> None:
    world.have(1)
    nowhere = "json://127.0.0.1:9"
    desk = Desk(tmp_path, {"mail": nowhere, "chat": nowhere}, {"wire": web.url("/feed")})
    (desk.rules / "settings.yaml").write_text(json.dumps({"settings": world.settings}))
    done = desk.command("run", "--once")
    assert f"polling: 1 worker of 8 threads at {world.address}\n" in done.stdout, done.stderr
    after = desk.call("status").stdout
    assert f"last polled 1 worker of 8 threads at {world.address}\nclock " in after
    assert "media_monitor_cluster_workers 0\n" in desk.call("status", "--prometheus").stdout
    with only_daemon(desk.state):
        assert f"polling     1 worker of 8 threads at {world.address}\n" in desk.call("status").stdout
        assert json.loads(desk.call("status", "--json").stdout)["polling"]["workers"] == 1
        metrics = desk.call("status", "--prometheus").stdout
        assert "media_monitor_cluster_workers 1\n" in metrics
        assert "media_monitor_cluster_threads 8\n" in metrics
    with Store(desk.state) as store, store.transaction():
        store.keep_crew(Crew(world.address, START, why="it has no workers"))
    assert "here, not at tls://" in (status := desk.call("status").stdout)
    assert "\n  it has no workers\n" in status
    assert json.loads(desk.call("status", "--json").stdout)["polling"]["why"] == "it has no workers"
    assert "media_monitor_cluster_away 1\n" in desk.call("status", "--prometheus").stdout


def test_doctor_asks_the_scheduler_and_its_workers(world: World, tmp_path: Path) -> None:
    def says(versions: Callable[[Scheduler], Mapping[str, str]] = cluster.versions) -> str:
        patient = Patient(tmp_path, tmp_path, {}, Machine(versions=versions), desk=desk)
        return " ".join(f"{grade.value}: {said}" for grade, said, *_ in CHECKS["cluster"](patient))

    world.have(1)
    desk = config.Desk((), (), BOOK, scheduler=world.named)
    found = says()
    assert found == f"ok: {world.address} answers, and 1 of its workers, all with {__version__}"
    assert "has media-monitor 0.0, and this is" in says(lambda _: {"the scheduler": "0.0"})
    assert "has no media-monitor, and this is" in says(
        lambda _: {"the scheduler": __version__, "tls://a:1": ""}
    )
    assert "fail: tls://127.0.0.1:" in says(lambda _: {"the scheduler": __version__})
    soon = replace(HASTE, connect=timedelta(seconds=0.5))
    nowhere = replace(world.named, address="tls://127.0.0.1:9")
    assert "its scheduler cannot be reached" in says(lambda _: cluster.versions(nowhere, patience=soon))
    stranger = replace(world.named, tls=certified(tmp_path))
    assert "its scheduler cannot be reached" in says(lambda _: cluster.versions(stranger, patience=soon))


def test_a_scheduler_that_is_gone_or_hangs_leaves_no_thread_behind(world: World) -> None:
    """For days, with a try every five minutes."""
    world.have(1)
    soon = replace(HASTE, connect=timedelta(seconds=0.5), leave=timedelta(seconds=0.5))
    nowhere = replace(world.named, address="tls://127.0.0.1:9")
    before = set(threading.enumerate())  # one of another test's may end meanwhile
    with pytest.raises(ClusterError):
        cluster.versions(nowhere, patience=soon)
    assert world.scheduler is not None
    try:
        with cluster._connected(world.named, replace(soon, connect=HASTE.connect)) as client:
            world.scheduler.send_signal(signal.SIGSTOP)
            with pytest.raises(ClusterError):
                cluster._present(client, soon)
    finally:
        world.scheduler.send_signal(signal.SIGCONT)
    eventually(lambda: set(threading.enumerate()) <= before)


def test_where_there_are_too_many_open_files_for_a_connection_that_is_said(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_: object) -> None:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    with monkeypatch.context() as full:
        full.setattr("monitor.cluster.asyncio.run", refused)
        with pytest.raises(ClusterError, match=r"no connection can be made .*Too many open files"):
            cluster.versions(world.named, patience=HASTE)
    assert cluster.versions(world.named, patience=HASTE)


# ---- the manual, word for word -----------------------------------------------------------------------------


def certified(folder: Path) -> Tls:
    """What the commands of docs/cluster.md make, for the coordinator."""
    makes = [command for command in commands(MANUAL) if command.startswith(("openssl", "for part"))]
    assert len(makes) == 3
    subprocess.run(["bash", "-ec", "\n".join(makes)], cwd=folder, check=True, capture_output=True)
    return Tls(*(str(folder / name) for name in ("ca.pem", "coordinator.pem", "coordinator.key")))


@pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl to try the commands with")
def test_the_certificates_of_the_manual_are_what_each_end_wants(tmp_path: Path) -> None:
    """Strictly, as newer Pythons look at them; a handshake in memory, each end with the contexts of Dask."""
    ours = certified(tmp_path)
    serving, asking = (
        Security(  # type: ignore[no-untyped-call]  # Dask has few types
            require_encryption=True,
            tls_ca_file=ours.ca,
            **{
                f"tls_{role}_cert": str(tmp_path / f"{role}.pem"),
                f"tls_{role}_key": str(tmp_path / f"{role}.key"),
            },
        )
        for role in ("scheduler", "worker")
    )
    contexts = [
        serving.get_listen_args("scheduler")["ssl_context"],  # type: ignore[no-untyped-call]
        asking.get_connection_args("worker")["ssl_context"],  # type: ignore[no-untyped-call]
    ]
    for context in contexts:
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        assert context.verify_mode == ssl.CERT_REQUIRED
    shaken(*contexts)


def shaken(serving: ssl.SSLContext, asking: ssl.SSLContext) -> None:
    """A handshake of the two; raises ssl.SSLError."""
    to, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [asking.wrap_bio(back, to), serving.wrap_bio(to, back, server_side=True)]
    for _ in range(3):
        for end in ends:
            with suppress(ssl.SSLWantReadError):
                end.do_handshake()
    assert all(end.getpeercert() for end in ends)
