"""Push, from a feed's offer to the alert: real hub, real doorbell, real store; only the clock is a fake."""

from __future__ import annotations

import json
import signal
import socket
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from monitor import config
from monitor.clock import utc_now
from monitor.doorbell import MOST, PLACES, Doorbell
from monitor.engine import Engine, run_once
from monitor.errors import FetchError, StateError
from monitor.feeds import schedule
from monitor.feeds.fetch import Fetcher
from monitor.model import Feed, Fresh, Offer, Reply, Validators
from monitor.pipeline import take
from monitor.settings import Address
from monitor.store.store import Store
from monitor.store.upkeep import Upkeep
from monitor.subscribing import HELLO, Subscriber
from tests.desks import NEWS, OLD, Desk, called, eventually, free_port, rss
from tests.fakes import FakeClock, rules
from tests.hub import Hub, call, signature
from tests.web_server import Response, WebServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from monitor.demo.sinks import ChatSink, MailSink
    from monitor.model import FeedState, Subscription

DAY = timedelta(days=1)
BOOK = rules("rules:\n  - {id: a, title: A, any: [peace], send: mail}\n")


class World:
    """A state folder with one feed that has been read, its hub, and our doorbell."""

    def __init__(self, folder: Path, web: WebServer) -> None:
        self.folder = folder
        self.clock = FakeClock()
        self.feed = Feed("wire", web.url("/feed"), "Wire", allow_private=True)
        self.hub = Hub(web)
        self.fetcher = Fetcher(user_agent="test")
        self.rings: list[int] = []
        self.subscriber = self.started()
        self.listen = Address("127.0.0.1", free_port())
        self.address = f"http://{self.listen}/push"
        self.bell = Doorbell(self.listen, self.subscriber)
        self.say(Offer((self.hub.url,), self.feed.url))

    def started(self) -> Subscriber:
        """A subscriber on this state, as a start makes one."""
        return Subscriber(self.folder, self.fetcher, clock=self.clock, on_ring=lambda: self.rings.append(1))

    def say(self, offer: Offer | None, *, rung: datetime | None = None) -> None:
        """The feed is read and says this of push; the poll knew of this ring."""
        with Store(self.folder) as store:
            store.sync_feeds([self.feed], first_poll=lambda _: self.clock.now)
            found = Fresh(self.feed, Validators(), (), reply=Reply(whole=True, offer=offer), rung=rung)
            take(store, [found], rulebook=BOOK, now=self.clock.now)

    def work(self, address: str | None = None) -> None:
        self.subscriber.work(self.address if address is None else address, {"wire": self.feed})

    @property
    def kept(self) -> list[Subscription]:
        with Store(self.folder) as store:
            return store.subscriptions()

    @property
    def state(self) -> FeedState:
        with Store(self.folder) as store:
            return store.feed_states(["wire"])["wire"]

    def tally(self, name: str) -> int:
        with Store(self.folder) as store:
            rows = store._rows("select count from tallies where name = ?", (name,))
        return int(rows[0]["count"]) if rows else 0


@pytest.fixture
def world(tmp_path: Path, web: WebServer) -> Iterator[World]:
    made = World(tmp_path, web)
    yield made
    made.bell.close()
    made.fetcher.close()


# ---- subscribing -------------------------------------------------------------------------------------------


def test_a_feed_that_names_a_hub_is_subscribed_to_and_the_promise_renewed_in_time(world: World) -> None:
    world.work()
    (one,) = world.kept
    assert one.until == world.clock.now + DAY
    assert world.hub.wish["hub.topic"] == world.feed.url
    world.work()
    world.clock.advance(timedelta(hours=15))
    world.work()
    assert len(world.hub.asked) == 1
    world.clock.advance(timedelta(hours=2))
    world.work()
    assert len(world.hub.asked) == 2
    assert world.hub.asked[0] == world.hub.asked[1]  # the same callback, and no second secret
    assert world.kept[0].until == world.clock.now + DAY


def test_a_hub_that_is_down_is_asked_later_and_feeds_are_polled_meanwhile(world: World) -> None:
    world.hub.refusal = Response(b"come back", status=503)
    world.work()
    world.work()
    assert len(world.hub.asked) == 1
    assert world.kept[0].error == "answered 503 Service Unavailable: come back"
    world.hub.refusal = None
    world.clock.advance(timedelta(minutes=7))
    world.work()
    assert world.kept[0].until is not None
    assert world.kept[0].error == ""


def test_a_hub_that_fails_is_asked_for_one_feed_and_not_for_all(world: World, web: WebServer) -> None:
    second = Feed("second", web.url("/second"), "Wire", allow_private=True)
    with Store(world.folder) as store:
        store.sync_feeds([world.feed, second], first_poll=lambda _: world.clock.now)
        found = Fresh(second, Validators(), (), reply=Reply(offer=Offer((world.hub.url,), second.url)))
        take(store, [found], rulebook=BOOK, now=world.clock.now)
    feeds = {"wire": world.feed, "second": second}
    world.hub.refusal = Response(status=500)
    world.subscriber.work(world.address, feeds)
    world.subscriber.work(world.address, feeds)
    assert len(world.hub.asked) == 1
    assert {one.error for one in world.kept} == {"answered 500 Internal Server Error"}
    world.hub.refusal = None
    for _ in range(2):  # a hub is asked once a pass
        world.clock.advance(timedelta(minutes=7))
        world.subscriber.work(world.address, feeds)
    assert all(one.until for one in world.kept)


def test_a_hub_that_redirects_is_asked_where_it_says_with_all_that_it_was_asked(
    world: World, web: WebServer
) -> None:
    web.serve("/old", b"", {"Location": world.hub.url}, status=307)
    world.say(Offer((web.url("/old"),), world.feed.url))
    world.work()
    assert world.kept[0].until is not None
    web.serve("/loop", b"", {"Location": web.url("/loop")}, status=308)
    with pytest.raises(FetchError, match="answered 308"):
        world.fetcher.post(web.url("/loop"), b"", feed=world.feed)
    web.serve("/moved", b"", {"Location": world.hub.url}, status=302)
    with pytest.raises(FetchError, match="answered 302"):
        world.fetcher.post(web.url("/moved"), b"", feed=world.feed)


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:{port}/hub", "http://[::1]/hub", "http://10.0.0.1/hub"]
)
def test_a_hub_in_our_own_network_is_never_asked(world: World, address: str) -> None:
    """Only the feed's own host may be private, and on its own port, 80 and 443: here it is another."""
    with WebServer() as inner:
        world.say(Offer((address.format(port=inner.port),), world.feed.url))
        world.work()
        assert inner.connections == 0
    assert "may not be polled" in world.kept[0].error


def test_a_denial_is_taken_and_the_feed_polled(world: World) -> None:
    world.work()
    assert world.hub.verify(mode="denied", reason="not for you", challenge="")[0] == 200
    (one,) = world.kept
    assert (one.until, one.error) == (None, "denied: not for you")
    world.work()
    assert len(world.hub.asked) == 1


@pytest.mark.parametrize("why", ["the offer", "push", "the address"])
def test_what_is_wanted_no_more_is_unsubscribed(world: World, why: str) -> None:
    world.work()
    world.hub.ring()
    if why == "the offer":
        world.say(Offer())
    address = {"push": "", "the address": f"http://{world.listen}/other"}.get(why)
    for _ in range(2):
        world.clock.advance(timedelta(seconds=1))
        world.work(address)
    modes = [wish["hub.mode"] for wish in world.hub.asked]
    assert modes[1] == "unsubscribe"
    assert world.hub.asked[1]["hub.callback"] == world.hub.asked[0]["hub.callback"]
    if why == "the address":
        assert modes[2] == "subscribe"
        assert [one.callback for one in world.kept] == [world.hub.wish["hub.callback"]]
        return
    assert world.kept == []
    assert world.state.rung is None  # asked as often as any
    assert call("POST", world.hub.asked[0]["hub.callback"], b"")[0] == 410


def test_for_a_feed_that_the_desk_no_longer_has_no_hub_is_asked(world: World) -> None:
    """It may have been read through a proxy: its hub would then be asked in the open."""
    world.work()
    with Store(world.folder) as store:
        store.sync_feeds([], first_poll=lambda _: world.clock.now)
    world.subscriber.work(world.address, {})
    assert (len(world.hub.asked), world.kept) == (1, [])
    assert call("POST", world.hub.asked[0]["hub.callback"], b"")[0] == 410


def test_a_hub_that_does_not_confirm_that_we_left_is_forgotten(world: World) -> None:
    world.work()
    world.hub.verifies = False
    for _ in range(4):
        world.work("")
        world.clock.advance(timedelta(hours=1))
    assert len(world.hub.asked) == 1 + 3
    assert world.kept == []


def test_a_hub_that_confirms_and_then_fails_has_confirmed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    posted = world.fetcher.post

    def fail(url: str, form: bytes, *, feed: Feed) -> None:
        posted(url, form, feed=feed)
        raise FetchError("broke the connection off", weight=0.25)

    monkeypatch.setattr(world.fetcher, "post", fail)
    world.work()
    assert world.kept[0].until is not None
    world.work("")
    assert world.kept == []


def test_a_stop_asks_no_hub(world: World) -> None:
    world.subscriber.work(world.address, {"wire": world.feed}, stop=lambda: True)
    assert world.hub.asked == []


def test_a_document_that_says_nothing_of_push_leaves_the_subscription(world: World) -> None:
    world.work()
    world.say(None)
    world.work()
    assert world.kept[0].until is not None
    assert len(world.hub.asked) == 1


def test_a_promise_moves_with_a_clock_that_is_set(world: World) -> None:
    world.work()
    before = world.kept[0]
    with Upkeep(world.folder) as store:
        store.shift_dues(-timedelta(hours=5), now=world.clock.now - timedelta(hours=5))
    (after,) = world.kept
    assert before.until is not None
    assert (after.due, after.until) == (before.due - timedelta(hours=5), before.until - timedelta(hours=5))


# ---- a crash between two steps -----------------------------------------------------------------------------


class Crash(BaseException):
    """As kill -9: nothing of ours catches it."""


def test_a_crash_while_a_hub_is_asked_loses_no_answer_and_asks_no_second_time_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    posted = world.fetcher.post

    def cut(url: str, form: bytes, *, feed: Feed) -> None:
        world.hub.verifies = False
        posted(url, form, feed=feed)
        raise Crash

    monkeypatch.setattr(world.fetcher, "post", cut)
    with pytest.raises(Crash):
        world.work()
    monkeypatch.undo()
    world.subscriber = world.started()
    world.work()
    assert len(world.hub.asked) == 1
    assert world.hub.verify()[0] == 200  # what was asked before the crash is known after it
    assert world.kept[0].until is not None


def test_a_ring_before_a_crash_is_not_forgotten(world: World) -> None:
    world.work()
    world.clock.advance(timedelta(minutes=3))
    assert world.hub.ring() == 202
    assert world.state.next_poll == world.clock.now  # on the disk before the hub was answered


# ---- ringing -----------------------------------------------------------------------------------------------


def test_a_ring_while_the_feed_is_being_read_calls_for_another_poll(world: World) -> None:
    world.work()
    world.clock.advance(timedelta(minutes=3))
    world.hub.ring()
    known = world.state.rung
    world.clock.advance(timedelta(seconds=1))
    world.hub.ring()
    world.say(None, rung=known)
    assert world.state.next_poll == world.clock.now + schedule.RUNG_APART
    world.clock.advance(schedule.RUNG_APART)
    world.say(None, rung=world.state.rung)
    world.clock.advance(timedelta(minutes=1))
    world.say(None, rung=world.state.rung)
    assert world.state.owed == 0


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
def test_a_signed_ring_makes_the_feed_due(world: World, method: str) -> None:
    world.work()
    world.clock.advance(timedelta(minutes=3))
    assert world.hub.ring(b"x" * 200_000, method=method) == 202
    assert (world.state.next_poll, world.state.owed, world.rings) == (world.clock.now, 2, [1])
    assert world.tally("pushes rung") == 1


def test_a_ring_that_is_not_signed_as_agreed_is_answered_alike_counted_and_ignored(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.work()
    before = world.state
    assert world.hub.ring(secret="guessed") == 202
    assert world.hub.ring(secret="") == 202
    assert world.hub.ring(header="md5=00") == 202
    assert (world.state, world.rings, world.tally("pushes ignored")) == (before, [], 3)
    assert caplog.text.count("outcome=ring-ignored") == 3


def test_a_replayed_ring_costs_a_poll_every_half_minute_at_most(world: World) -> None:
    world.work()
    world.clock.advance(timedelta(minutes=3))
    for _ in range(5):
        world.hub.ring(b"the same")
    assert world.state.next_poll == world.clock.now
    world.say(Offer((world.hub.url,), world.feed.url))
    world.hub.ring(b"the same")
    assert world.state.next_poll == world.clock.now + schedule.RUNG_APART


def test_chunks_are_read_by_those_who_send_them(world: World) -> None:
    world.work()
    token = world.kept[0].token
    head = f"POST /{token} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nX-Hub-Signature: "
    right = signature(world.kept[0].secret, b"abcdefgh")
    for body, status in (
        (b"3\r\nabc\r\n5;x=y\r\ndefgh\r\n0\r\n\r\n", b"202"),
        (b"-5\r\n", b"400"),
        (b"3\r\nab", b"400"),
        (b"%x\r\n" % (MOST + 1), b"413"),
    ):
        assert status in sent(world.listen, f"{head}{right}\r\n\r\n".encode() + body).partition(b"\r\n")[0]
    assert world.tally("pushes rung") == 1


def sent(to: Address, request: bytes) -> bytes:
    """What is answered to these bytes, after which nothing comes; it may be before all of them are sent."""
    answer = b""
    with socket.create_connection((to.host, to.port), timeout=60) as client:
        with suppress(OSError):
            client.sendall(request)
            client.shutdown(socket.SHUT_WR)
        with suppress(ConnectionError):
            while piece := client.recv(1 << 16):
                answer += piece
    return answer


# ---- the doorbell on the open network ----------------------------------------------------------------------


def test_only_what_was_asked_is_verified(world: World) -> None:
    world.hub.verifies = False
    world.work()
    assert world.hub.verify(topic="https://elsewhere.example/")[0] == 404
    assert world.hub.verify(mode="unsubscribe")[0] == 404
    assert call("GET", f"http://{world.listen}/push/{'a' * 43}?hub.mode=subscribe")[0] == 404
    assert world.hub.verify(challenge="c" * 5000)[0] == 400
    assert world.kept[0].until is None
    assert world.hub.verify(challenge="<script>") == (200, b"<script>")
    assert world.kept[0].until is not None


def test_strangers_learn_and_cost_little(world: World) -> None:
    where = f"http://{world.listen}"
    assert call("GET", f"{where}/push/") == (200, HELLO.encode())
    assert call("POST", f"{where}/push/{'a' * 43}", b"x")[0] == 410
    assert call("POST", f"{where}/push/../../etc/passwd", b"x")[0] == 410
    assert call("PUT", f"{where}/push/", b"x")[0] == 501
    assert call("GET", f"{where}/push/x?" + "&".join(f"a{n}=1" for n in range(99)))[0] == 400
    world.work()
    ours = f"/{world.kept[0].token}"
    for line, status in (
        (f"POST {ours} HTTP/1.1\r\n\r\n", b"411"),
        (f"POST {ours} HTTP/1.1\r\nContent-Length: {MOST + 1}\r\n\r\n", b"413"),
        (f"POST {ours} HTTP/1.1\r\nContent-Length: {'9' * 30}\r\n\r\n", b"413"),
        (f"POST {ours} HTTP/1.1\r\nContent-Length: 10\r\n\r\nshort", b"400"),
        (f"POST {ours} HTTP/1.1\r\n" + "A: b\r\n" * 999 + "Content-Length: 1\r\n\r\nx", b"431"),
        (f"POST {ours} HTTP/1.1\r\nA: {'b' * 33_000}\r\n", b"4"),
    ):
        assert b" " + status in sent(world.listen, line.encode()).partition(b"\r\n")[0]
    assert world.state.owed == 0


def test_who_says_nothing_is_cut_off_and_who_comes_too_many_is_turned_away(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = (world.listen.host, world.listen.port)
    silent = [socket.create_connection(where, timeout=60) for _ in range(PLACES)]
    with socket.create_connection(where, timeout=60) as late:
        assert late.recv(100).startswith(b"HTTP/1.0 503 ")
    monkeypatch.setattr("monitor.doorbell.PATIENCE", 0.0)
    assert [client.recv(10) for client in silent] == [b""] * PLACES
    monkeypatch.undo()
    for client in silent:
        client.close()
    eventually(lambda: b"200" in sent(world.listen, b"GET / HTTP/1.0\r\n\r\n"))


def test_a_database_that_cannot_be_written_sends_the_hub_away_for_a_minute(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.work()

    def full(*_: object, **__: object) -> None:
        raise StateError("the disk is full")

    monkeypatch.setattr(world.subscriber, "rang", full)
    assert world.hub.ring() == 503


# ---- how it is shown ---------------------------------------------------------------------------------------


def test_people_see_how_push_does_and_no_secret(world: World, tmp_path: Path) -> None:
    words = ("--state", str(world.folder))
    assert (
        "push        not set up; feeds that name a hub: 1 (settings: push)\n"
        in called("status", *words).stdout
    )
    with Store(world.folder) as store, store.transaction():
        store.keep_doorbell(str(world.listen))
    assert f"push        set up at {world.listen}; no hub was asked yet" in called("status", *words).stdout
    world.clock.now = utc_now().replace(microsecond=0)
    world.work()
    world.hub.ring()
    world.hub.ring(secret="guessed")
    one = world.kept[0]
    shown = called("status", *words).stdout
    assert "push        1 alive\n" in shown
    assert "            1 ring, the last" in shown
    assert "; 1 ignored, unsigned" in shown
    assert 'subscriptions{state="alive"} 1\n' in called("status", "--prometheus", *words).stdout
    assert 'pushes_total{outcome="ignored"} 1\n' in called("status", "--prometheus", *words).stdout
    world.hub.verify(mode="denied", reason=f"no {one.secret}", challenge="")
    told = called("status", "--json", *words).stdout
    assert json.loads(told)["push"]["errors"] == {"wire": "denied: no ***"}
    assert "  wire: 127.0.0.1: denied: no ***" in called("status", *words).stdout
    desk = Desk(
        tmp_path, {"mail": "json://127.0.0.1:9/a", "chat": "json://127.0.0.1:9/b"}, {"wire": world.feed.url}
    )
    feed = called("feeds", "show", "wire", "--json", "--rules", str(desk.rules), *words).stdout
    assert (json.loads(feed)["push"], json.loads(feed)["hub"]) == ("failing", world.hub.url)
    (desk.rules / "settings.yaml").write_text(
        f"settings: {{push: {{listen: '{world.listen}', address: '{world.address}'}}}}"
    )
    doctor = called("doctor", "--network", "--rules", str(desk.rules), *words).stdout
    assert f"{world.address}/ leads to us" in doctor
    assert "without TLS" in doctor
    assert "wire: no hub rings (denied: no ***)" in " ".join(doctor.split())
    for said in (told, feed, doctor, shown):
        assert one.secret not in said
        assert one.token not in said


# ---- the daemon --------------------------------------------------------------------------------------------


def pushed(web: WebServer, hub: Hub, *titles: str) -> None:
    """Show these items in a feed that names the hub."""
    links = f'<link xmlns="http://www.w3.org/2005/Atom" rel="hub" href="{hub.url}"/>'
    body = rss(*titles).replace(b"<title>t</title>", f"<title>t</title>{links}".encode())
    web.serve("/feed", body, {"ETag": f'"{len(titles)}"', "Content-Type": "application/rss+xml"})


def test_news_is_told_by_push_once_over_a_kill(
    tmp_path: Path, web: WebServer, sinks: tuple[MailSink, ChatSink]
) -> None:
    _, chat = sinks
    hub = Hub(web)
    pushed(web, hub, OLD)
    desk = Desk(tmp_path, {"mail": "json://127.0.0.1:9/a", "chat": chat.url}, {"wire": web.url("/feed")})
    port = free_port()
    settings = desk.rules / "settings.yaml"
    said = f"settings: {{push: {{listen: '127.0.0.1:{port}', address: 'http://127.0.0.1:{port}/p'}}}}"
    settings.write_text(said)
    feeds = desk.rules / "feeds.yaml"
    feeds.write_text(feeds.read_text().replace('"1 s"', '"1 h"'))
    engine = Engine(config.load_desk(desk.rules, env={}, secrets_required=True), desk.state)
    run_once(engine)  # the baseline, without waiting a minute for it
    engine.close()
    with desk.daemon() as daemon:
        eventually(lambda: "outcome=subscribed" in desk.log)
        daemon.kill()
    pushed(web, hub, OLD, NEWS)
    with desk.daemon() as daemon:
        eventually(lambda: desk.log.count("outcome=hearing-hubs") == 2)
        assert hub.ring() == 202
        eventually(lambda: chat.arrivals)
        assert len(hub.asked) == 1  # the promise outlived the kill
        assert hub.ring() == 202  # a replay
        settings.write_text("settings: {contact: desk@example.org}")
        daemon.send_signal(signal.SIGHUP)
        eventually(lambda: "outcome=unsubscribed" in desk.log)  # still heard, though the settings are gone
        with socket.create_server(("127.0.0.1", 0)) as taken:
            there = f"127.0.0.1:{taken.getsockname()[1]}"
            settings.write_text(said.replace(f"127.0.0.1:{port}", there, 1))
            with Store(desk.state) as store:
                with store.transaction():
                    store.ring("wire", now=utc_now())
                daemon.send_signal(signal.SIGHUP)
                eventually(lambda: f"outcome=no-doorbell address={there}" in desk.log)
                eventually(lambda: store.feed_states(["wire"])["wire"].rung is None)  # asked as often as any
            assert (
                f"push        no hub can ring: {there}: Address already in use"
                in desk.command("status").stdout
            )
            assert "push_deaf 1\n" in desk.command("status", "--prometheus").stdout
            assert "nobody listens for hubs" in " ".join(desk.command("doctor").stdout.split())
        daemon.terminate()
    assert len(chat.arrivals) == 1
    assert hub.asked[0]["hub.secret"] not in desk.log
    with pytest.raises(OSError, match="refused"):
        call("GET", f"http://127.0.0.1:{port}/")
