import socket
from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest

from monitor.errors import FetchError
from monitor.feeds import socks
from monitor.feeds.connection import Deadline, Door, Limits, Route, connection, trusted
from monitor.feeds.guard import reachable, refusal, system_resolve
from monitor.model import Proxy

REFUSED = [
    ("127.0.0.1", "loopback"),
    ("::1", "loopback"),
    ("10.1.2.3", "private"),
    ("172.16.0.1", "private"),
    ("192.168.0.1", "private"),
    ("169.254.169.254", "link-local"),  # metadata of most clouds
    ("192.0.0.192", "protocols"),  # metadata of another; `ipaddress` calls it global
    ("100.64.0.1", "carrier"),
    ("0.0.0.0", "this network"),  # noqa: S104  # an address to refuse
    ("198.18.0.1", "benchmark"),
    ("203.0.113.1", "private"),
    ("224.0.0.1", "multicast"),
    ("255.255.255.255", "reserved"),
    ("192.88.99.1", "6to4"),
    ("::", "IPv4"),
    ("::127.0.0.1", "IPv4"),
    ("::ffff:127.0.0.1", "loopback"),
    ("::ffff:10.0.0.1", "private"),
    ("64:ff9b::7f00:1", "NAT64"),
    ("64:ff9b:1::1", "NAT64"),
    ("2002:7f00:1::", "6to4"),
    ("2001::1", "protocols"),  # Teredo
    ("fc00::1", "private"),
    ("fe80::1", "link-local"),
    ("fe80::1%eth0", "link-local"),
    ("fec0::1", "site"),
    ("ff02::1", "multicast"),
    ("2001:db8::1", "private"),
    ("example.com", "no address"),
    ("", "no address"),
]


@pytest.mark.parametrize(("address", "why"), REFUSED)
def test_an_address_that_is_not_public_is_refused_with_the_reason(address: str, why: str) -> None:
    assert why in refusal(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "::ffff:8.8.8.8", "2606:4700::1111"])
def test_a_public_address_is_not_refused(address: str) -> None:
    assert refusal(address) == ""


def answers(*addresses: str) -> Sequence[str]:
    return reachable("feed.example", 80, resolve=lambda _host, _port: addresses, allow_private=False)


def test_of_several_addresses_only_the_public_ones_are_connected_to() -> None:
    assert answers("10.0.0.1", "8.8.8.8", "::1") == ("8.8.8.8",)


def test_a_host_without_a_public_address_is_refused() -> None:
    with pytest.raises(FetchError, match=r"feed\.example may not be polled: 10\.0\.0\.1 is not public"):
        answers("10.0.0.1", "::1")


def test_an_operator_may_allow_a_private_host() -> None:
    found = reachable("feed.example", 80, resolve=lambda _host, _port: ["10.0.0.1"], allow_private=True)
    assert list(found) == ["10.0.0.1"]


FAILURES = [
    (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "has no address: Name", 0.5),
    (socket.gaierror(socket.EAI_AGAIN, "Temporary failure"), "Temporary", 0.25),
    (OSError("no resolver"), "cannot be resolved", 0.5),
    (UnicodeError("label too long"), "cannot be resolved", 0.5),
]


@pytest.mark.parametrize(("error", "what", "weight"), FAILURES)
def test_a_name_that_does_not_resolve_is_a_soft_failure(error: Exception, what: str, weight: float) -> None:
    def resolve(_host: str, _port: int) -> Sequence[str]:
        raise error

    with pytest.raises(FetchError, match=what) as caught:
        reachable("feed.example", 80, resolve=resolve, allow_private=False)
    assert caught.value.weight == weight


def test_a_name_without_addresses_is_a_failure() -> None:
    with pytest.raises(FetchError, match="has no address"):
        answers()


def test_the_system_resolves_the_loopback() -> None:
    assert "127.0.0.1" in system_resolve("127.0.0.1", 80)


@pytest.mark.parametrize(
    ("error", "weight"),
    [
        (socket.gaierror(socket.EAI_AGAIN, "try again"), 0.25),  # the resolver's trouble, not the feed's
        (socket.gaierror(socket.EAI_NONAME, "no such name"), 0.5),
        (OSError("the network is down"), 0.5),
        (UnicodeError("label too long"), 0.5),
    ],
)
def test_a_name_that_cannot_be_looked_up_weighs_by_whose_fault_it_is(error: Exception, weight: float) -> None:
    def resolve(_host: str, _port: int) -> tuple[str, ...]:
        raise error

    with pytest.raises(FetchError) as caught:
        reachable("feed.example", 443, resolve=resolve, allow_private=False)
    assert caught.value.weight == weight


def test_a_name_that_has_no_address_weighs_as_one_that_cannot_be_looked_up() -> None:
    with pytest.raises(FetchError) as caught:
        reachable("feed.example", 443, resolve=lambda _host, _port: (), allow_private=False)
    assert caught.value.weight == 0.5


# ---- one host, several addresses ---------------------------------------------------------------------------

ADDRESSES = ("192.0.2.1", "192.0.2.2", "192.0.2.3")
THIRDS = [10, 15, 30]  # seconds of 30: as long as none of it passes, the next has a share of all of it


def test_each_address_of_a_host_has_a_fair_share_of_the_time_and_the_last_says_what_is_wrong() -> None:
    shares = []

    def connect(address: str, _port: int, share: float) -> socket.socket:
        shares.append(share)
        raise OSError(f"{address} is dead")

    door = Door(lambda _host, _port: ADDRESSES, connect, Limits())
    with pytest.raises(OSError, match=r"192\.0\.2\.3 is dead"):
        door.open(Route("http", "feed.example", 80, allow_private=True), Deadline(timedelta(seconds=30)))
    assert shares == pytest.approx(THIRDS, abs=1)


def test_an_address_that_is_dead_is_followed_by_the_next_that_is_not() -> None:
    ours, theirs = socket.socketpair()

    def connect(address: str, _port: int, _share: float) -> socket.socket:
        if address != ADDRESSES[1]:
            raise OSError(f"{address} is dead")
        return ours

    door = Door(lambda _host, _port: ADDRESSES, connect, Limits())
    route = Route("http", "feed.example", 80, allow_private=True)
    with ours, theirs:
        assert door.open(route, Deadline(timedelta(seconds=30))) is ours


def test_a_handshake_has_no_more_time_than_the_poll_has_left() -> None:
    ours, theirs = socket.socketpair()
    door = Door(lambda _host, _port: ADDRESSES, lambda _address, _port, _share: ours, Limits())
    route = Route("https", "feed.example", 443, allow_private=True)
    with ours, theirs:
        left = connection(route, door, trust=trusted())._new_conn().gettimeout()
    assert left is not None and 0 < left <= Limits().time.total_seconds()


def test_a_socks_proxy_has_a_fair_share_of_the_time_for_each_address(monkeypatch: pytest.MonkeyPatch) -> None:
    shares, opened = [], []

    def ask(_sock: socket.socket, host: str, _port: int, *, login: object, left: Callable[[], float]) -> None:
        assert login is None
        shares.append(left())
        raise socks.UnreachableError(f"{host} is dead")

    def connect(_address: str, _port: int, _share: float) -> socket.socket:
        opened.append(socket.socket())
        return opened[-1]

    monkeypatch.setattr(socks, "ask", ask)
    door = Door(lambda _host, _port: ADDRESSES, connect, Limits())
    proxy = Proxy("proxy.example", 1080, scheme="socks5")
    route = Route("http", "feed.example", 80, allow_private=True, proxy=proxy)
    with pytest.raises(FetchError, match=r"192\.0\.2\.3 is dead"):
        door.open(route, Deadline(timedelta(seconds=30)))
    assert shares == pytest.approx(THIRDS, abs=1)
    assert [sock.fileno() for sock in opened] == [-1, -1, -1], "of one connection it takes one wish"
