"""How the desk stands: for people on 80 columns, for machines, for Prometheus; and the exit statuses."""

from __future__ import annotations

import json
import signal
import socket
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from prometheus_client.parser import text_string_to_metric_families

from monitor import __version__, pipeline
from monitor.endpoint import Endpoint
from monitor.errors import LockedError, SendError, StateError
from monitor.exposition import Family, exposition
from monitor.feeds import health
from monitor.model import Feed, FeedState, Receiver
from monitor.settings import Address
from monitor.store.lock import is_held, only_daemon
from monitor.store.report import Reporter
from monitor.store.store import DATABASE
from monitor.timetable import timetable
from tests.desks import RULES, Desk, called, eventually, free_port
from tests.fakes import START, FakeClock, FakeOutlet, FakeReceivers, Item, rules

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from tests.web_server import WebServer

NEWS = Item("n1", "Ministers sign a peace agreement at last in the capital", "It was a long road to it.")
WIRE = Feed("wire", "https://wire.example/feed", "The Wire", every=timedelta(minutes=10))
BOOK = rules("rules: [{id: peace, title: Peace, any: [peace agreement], send: [mail, chat]}]")
BOOK_OF_MAIL = rules("rules: [{id: peace, title: Peace, any: [peace agreement], send: mail}]")
QUIET = {"mail": "json://127.0.0.1:9/a", "chat": "json://127.0.0.1:9/b"}


@pytest.fixture
def desk(tmp_path: Path, web: WebServer) -> Desk:
    return Desk(tmp_path, QUIET, {"wire": web.url("/feed"), "down": "http://127.0.0.1:9/feed"})


def with_a_queue(folder: Path) -> FakeClock:
    """One alert: sent to mail, refused by chat."""
    clock, outlet = FakeClock(), FakeOutlet(WIRE, [Item("old", "Nothing much happens")])
    receivers = FakeReceivers(failing={"chat": SendError('it said "no"\nand \\ more')})
    with Reporter(folder) as store:
        store.sync_feeds([WIRE], first_poll=lambda _: START)
        for _ in range(2):
            state = store.feed_states(["wire"])["wire"]
            pipeline.take(store, [outlet.poll(state)], rulebook=BOOK, now=clock.now)
            clock.advance(timedelta(minutes=10))
            outlet.items.append(NEWS)
        for name in QUIET:
            pipeline.deliver(store, Receiver(name, "json://x"), send=receivers.send, clock=clock)
    return clock


# ---- what is read ------------------------------------------------------------------------------------------


def test_a_report_says_what_is_owed_to_whom_and_since_when(tmp_path: Path) -> None:
    clock = with_a_queue(tmp_path)
    with Reporter(tmp_path) as store:
        report = store.report(now=clock.now)
    chat, mail = report.queues
    assert (dict(mail.states), mail.oldest) == ({"sent": 1}, None)
    assert (dict(chat.states), chat.oldest) == ({"due": 1}, START + timedelta(minutes=10))
    assert chat.error.startswith("it said")
    assert mail.error == ""
    assert report.last_sent == clock.now
    assert report.last_poll == START + timedelta(minutes=10)
    assert {name: tally.count for name, tally in report.tallies.items()} == {
        "polls fresh": 2,
        "entries baseline": 1,
        "entries new": 2,
        "alerts": 1,
        "sends sent": 1,
        "sends failed": 1,
    }
    assert report.sizes["database"] > 0


def test_a_digest_that_fails_is_owed_since_it_was_made(tmp_path: Path) -> None:
    """What waits for its digest is owed to nobody yet; a digest that is not accepted is, and says why."""
    outlet = FakeOutlet(WIRE, [Item("old", "Nothing much happens")])
    mail = Receiver("mail", "json://x", digest=timetable("daily 12:00 UTC"))
    failing = FakeReceivers(failing={"mail": SendError("it refused")})
    clock = FakeClock()
    with Reporter(tmp_path) as store:
        store.sync_feeds([WIRE], first_poll=lambda _: START)

        def owed(hours: int) -> tuple[datetime | None, str]:
            clock.advance(timedelta(hours=hours))
            while pipeline.deliver(store, mail, send=failing.send, clock=clock):
                pass
            (queue,) = store.report(now=clock.now).queues
            return queue.oldest, queue.error

        for _ in range(2):
            state = store.feed_states(["wire"])["wire"]
            pipeline.take(store, [outlet.poll(state)], rulebook=BOOK_OF_MAIL, now=clock.now)
            outlet.items.append(NEWS)
        assert owed(0) == (None, "")
        assert owed(3) == (START + timedelta(hours=3), "it refused")
        assert owed(1) == (START + timedelta(hours=3), "it refused")
        shown = called("status", "--state", str(tmp_path)).stdout
        assert "  a digest for mail, the oldest since 2026-03-02 12:00 UTC" in shown
        failing.failing.clear()
        assert owed(10) == (None, "")


def test_an_empty_database_has_a_report_too(tmp_path: Path) -> None:
    with Reporter(tmp_path) as store:
        report = store.report(now=START)
    assert (report.last_poll, report.last_sent, report.desk, report.queues) == (None, None, None, ())
    assert "media_monitor_polls_total" in exposition(report, running=False, now=START)


@pytest.mark.parametrize(
    ("state", "error", "word"),
    [
        (FeedState(last_good=START), "", "well"),
        (FeedState(), "", "unread"),
        (FeedState(last_good=START), "404", "failing"),
        (FeedState(gone=True), "410", "gone"),
        (FeedState(last_good=START, address="https://new.example/"), "", "moved"),
        (FeedState(last_good=START, gap=START), "", "gaps"),
        (FeedState(last_good=START, silent=True), "", "silent"),
    ],
)
def test_the_health_of_a_feed_is_one_word(state: FeedState, error: str, word: str) -> None:
    assert health.condition(state, error, now=START) == word
    assert word in health.CONDITIONS


# ---- the lock ----------------------------------------------------------------------------------------------


def test_whether_a_daemon_runs_is_told_by_its_lock_alone(tmp_path: Path) -> None:
    assert not is_held(tmp_path)
    with only_daemon(tmp_path):
        assert is_held(tmp_path)
        with pytest.raises(LockedError), only_daemon(tmp_path):
            pass
    assert not is_held(tmp_path)
    assert not is_held(tmp_path / "nowhere")


# ---- metrics -----------------------------------------------------------------------------------------------


def parsed(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Every sample, by name and labels, as Prometheus' own parser reads it."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_prometheus_reads_the_metrics_as_they_are_meant(tmp_path: Path) -> None:
    clock = with_a_queue(tmp_path)
    with Reporter(tmp_path) as store:
        text = exposition(store.report(now=clock.now), running=True, now=clock.now)
    samples = {
        (name.removeprefix("media_monitor_"), labels): value for (name, labels), value in parsed(text).items()
    }
    expected = {
        ("build_info", (("version", __version__),)): 1,
        ("running", ()): 1,
        ("feeds", (("health", "well"),)): 1,
        ("feeds", (("health", "failing"),)): 0,
        ("polls_total", (("outcome", "fresh"),)): 2,
        ("polls_total", (("outcome", "failed"),)): 0,
        ("alerts_total", ()): 1,
        ("sends_total", (("outcome", "sent"),)): 1,
        ("deliveries", (("receiver", "mail"), ("state", "sent"))): 1,
        ("deliveries", (("receiver", "chat"), ("state", "due"))): 1,
        ("oldest_undelivered_seconds", (("receiver", "chat"),)): 600,
        ("oldest_undelivered_seconds", (("receiver", "mail"),)): 0,
        ("last_poll_timestamp_seconds", ()): (START + timedelta(minutes=10)).timestamp(),
        ("rulebook_refused", ()): 0,
    }
    assert expected.items() <= samples.items()


def test_every_metric_has_its_help_and_type_before_its_samples_and_stands_once(tmp_path: Path) -> None:
    with_a_queue(tmp_path)
    with Reporter(tmp_path) as store:
        text = exposition(store.report(now=START), running=True, now=START)
    families = list(text_string_to_metric_families(text))
    assert all(family.documentation and family.type in ("gauge", "counter") for family in families)
    names = [line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")]
    assert len(names) == len(set(names))
    assert text.endswith("\n")
    assert all(name.endswith("_total") == (kind == "counter") for name, kind in types(text))


def types(text: str) -> list[tuple[str, str]]:
    lines = (line.split() for line in text.splitlines() if line.startswith("# TYPE"))
    return [(line[2], line[3]) for line in lines]


@pytest.mark.parametrize("value", ['a "quoted" one', "back\\slash", "two\nlines", "tail\\", "նամակ"])
def test_whatever_stands_in_a_label_is_read_back(value: str) -> None:
    text = str(Family("odd", "gauge", "With \\ and\nnew line.", (({"receiver": value}, 1.5),)))
    ((sample,),) = (family.samples for family in text_string_to_metric_families(text))
    assert (sample.labels, sample.value) == ({"receiver": value}, 1.5)


def get(address: str, method: str = "GET") -> tuple[int, str, str]:
    request = urllib.request.Request(f"http://{address}", method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["Content-Type"], error.read().decode()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_the_endpoint_answers_one_path_and_says_what_is_wrong(host: str) -> None:
    said: list[str | StateError] = ["x 1\n"]

    def render() -> str:
        if isinstance(said[-1], StateError):
            raise said[-1]
        return said[-1]

    address = Address(host, free_port())
    try:
        endpoint = Endpoint(address, render)
    except OSError:
        pytest.skip(f"this machine has no {host}")
    try:
        where = str(address)
        assert get(f"{where}/metrics") == (200, "text/plain; version=0.0.4; charset=utf-8", "x 1\n")
        assert get(f"{where}/metrics", "HEAD")[2] == ""
        assert get(f"{where}/") == (404, "text/plain", "the metrics are at /metrics\n")
        assert get(f"{where}/metrics", "POST")[0] == 501
        said.append(StateError("the disk is full"))
        assert get(f"{where}/metrics") == (503, "text/plain", "the disk is full\n")
    finally:
        endpoint.close()


def test_a_client_that_says_nothing_keeps_nobody_waiting_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.endpoint._Handler.timeout", 0.1)
    address = Address("127.0.0.1", free_port())
    endpoint = Endpoint(address, lambda: "x 1\n")
    try:
        with socket.create_connection((address.host, address.port), timeout=60) as silent:
            assert silent.recv(1) == b"", "it is let go"
            monkeypatch.undo()
            assert get(f"{address}/metrics")[0] == 200
    finally:
        endpoint.close()


def test_the_daemon_is_scraped_where_its_settings_say(desk: Desk) -> None:
    port = free_port()
    (desk.rules / "settings.yaml").write_text(f"settings: {{metrics: '127.0.0.1:{port}'}}")
    with desk.daemon() as daemon:
        eventually(lambda: f"outcome=serving-metrics address=127.0.0.1:{port}" in desk.log)
        eventually(lambda: "feed=wire outcome=fresh" in desk.log)
        fresh = ("media_monitor_polls_total", (("outcome", "fresh"),))
        eventually(lambda: parsed(get(f"127.0.0.1:{port}/metrics")[2])[fresh] >= 1)
        assert parsed(get(f"127.0.0.1:{port}/metrics")[2])["media_monitor_running", ()] == 1
        with socket.create_server(("127.0.0.1", 0)) as taken:
            other = taken.getsockname()[1]
            (desk.rules / "settings.yaml").write_text(f"settings: {{metrics: '127.0.0.1:{other}'}}")
            daemon.send_signal(signal.SIGHUP)
            eventually(lambda: f"outcome=no-metrics address=127.0.0.1:{other}" in desk.log)
        (desk.rules / "settings.yaml").write_text("settings: {contact: desk@example.org}")
        daemon.send_signal(signal.SIGHUP)
        eventually(lambda: desk.log.count("outcome=reloaded") == 2)
        daemon.terminate()
    with pytest.raises(urllib.error.URLError):
        get(f"127.0.0.1:{port}/metrics")
    text = desk.call("status", "--prometheus").stdout
    assert parsed(text)["media_monitor_running", ()] == 0


# ---- the command -------------------------------------------------------------------------------------------


def test_status_shows_all_on_80_columns(desk: Desk) -> None:
    with desk.daemon() as daemon:
        eventually(lambda: "feed=wire outcome=settled" in desk.log and "feed=down outcome=failed" in desk.log)
        daemon.terminate()
    (desk.rules / "rules.yaml").write_text(RULES.replace("any:", "ayn:"))
    shown = desk.call("status").stdout
    assert f"monitor     {__version__}, NOT RUNNING" in shown
    assert "feeds       2: 1 well, 1 failing" in shown
    assert "  down: failing: " in shown
    assert "last poll " in shown
    assert "entries     1 in 1 story" in shown
    assert "deliveries  0 sent, 0 waiting, 0 dead" in shown
    assert "MB" in shown
    assert max(map(len, shown.splitlines())) <= 80
    with desk.daemon() as daemon:
        eventually(lambda: "started-on-last-good" in desk.log)
        eventually(lambda: json.loads(desk.call("status", "--json").stdout)["rules"]["refused"])
        shown = desk.call("status").stdout
        assert f"monitor     {__version__}, running" in shown
        assert "the files were refused" in shown
        assert 'unknown key "ayn"' in " ".join(shown.split())
        assert max(map(len, shown.splitlines())) <= 80
        daemon.terminate()


def test_status_shows_whom_it_owes_what(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    with_a_queue(tmp_path / "state")
    shown = called("status", "--state", str(tmp_path / "state"))
    assert "deliveries  1 sent, 1 waiting, 0 dead" in shown.stdout
    assert "  1 for chat, the oldest since 2026-03-02 09:10 UTC" in shown.stdout
    assert 'it said "no"' in shown.stdout
    told = json.loads(called("status", "--json", "--state", str(tmp_path / "state")).stdout)
    assert told["waiting_for"] == {"chat": 1}
    assert told["receivers"]["mail"] == {"states": {"sent": 1}, "oldest": None, "error": ""}
    assert told["oldest_waiting"] == "2026-03-02T09:10:00+00:00"


def test_status_loads_nothing_that_is_slow_to_load() -> None:
    """It opens the database, and sends, fetches and parses nothing."""
    slow = ("apprise", "feedparser", "urllib3", "requests", "apscheduler", "jinja2", "starlette")
    said = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sys, monitor.cli.status; print([m for m in {slow} if m in sys.modules])",
        ],
        capture_output=True,
        check=True,
        text=True,
    )
    assert said.stdout.strip() == "[]"


# ---- exit statuses -----------------------------------------------------------------------------------------


def lock(desk: Desk) -> sqlite3.Connection:
    other = sqlite3.connect(desk.state / DATABASE, isolation_level=None)
    other.execute("begin immediate")
    return other


def test_each_exit_status_says_what_it_says(desk: Desk) -> None:
    """docs/operations.md has the table; scripts and units rest on it."""
    assert desk.command("run", "--once").returncode == 0
    assert called("rules", "try", "--rules", str(desk.rules), "--text", "x", "--nonsense").returncode == 2
    with only_daemon(desk.state):
        assert desk.command("run", "--once").returncode == 11
    other = lock(desk)
    busy = desk.command("run", "--once")
    other.close()
    assert (busy.returncode, "try again" in busy.stderr) == (75, True)
    (desk.state / DATABASE).write_bytes(b"This is a letter. " * 500)
    assert desk.call("status").returncode == 69
    (desk.rules / "rules.yaml").write_text("rules: [")
    assert desk.call("check").returncode == 78
