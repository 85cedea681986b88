"""Which addresses may be connected to: the guard against feeds that point into our own network (SSRF).

A name is resolved once, its addresses are checked, and the connection goes to a checked address: a check
before the connection would be beaten by a second answer (DNS rebinding). Resolving is passed in.
"""

from __future__ import annotations

import ipaddress
import socket
from typing import TYPE_CHECKING

from monitor.errors import FetchError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Resolve = Callable[[str, int], Sequence[str]]
    Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# What the IANA special-purpose registries (RFC 6890) keep from the open network, beside what `ipaddress`
# knows of it; each row says what stands behind it.
_DENIED = tuple(
    (ipaddress.ip_network(network), what)
    for network, what in (
        ("0.0.0.0/8", "this network"),
        ("100.64.0.0/10", "a carrier's shared network"),
        ("192.0.0.0/24", "reserved for protocols"),  # holds 192.0.0.192, a metadata service
        ("192.88.99.0/24", "a 6to4 relay"),
        ("198.18.0.0/15", "a benchmark network"),
        ("240.0.0.0/4", "reserved"),
        ("::/96", "an IPv4 address in IPv6 clothes"),  # ::127.0.0.1
        ("64:ff9b::/96", "an IPv4 address behind NAT64"),
        ("64:ff9b:1::/48", "an IPv4 address behind NAT64"),
        ("2001::/23", "reserved for protocols"),  # Teredo and others that carry IPv4
        ("2002::/16", "an IPv4 address behind 6to4"),
        ("3fff::/20", "documentation"),
        ("5f00::/16", "segment routing"),
        ("fec0::/10", "a site's own network"),
    )
)


def refusal(address: str) -> str:
    """Why an address may not be connected to ("10.0.0.1 is not public: private"); "" if it is public."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return f"{address!r} is no address"
    why = _why_not(parsed)
    return f"{address} is not public: {why}" if why else ""


def system_resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a host by the system's resolver, in its order of preference. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(row[4][0]) for row in found))


def reachable(host: str, port: int, *, resolve: Resolve, allow_private: bool) -> Sequence[str]:
    """The addresses of a host that may be connected to, resolved once; raises FetchError if there is none."""
    addresses = _resolved(host, port, resolve)
    if allow_private:
        return addresses
    allowed = tuple(address for address in addresses if not refusal(address))
    if not allowed:
        raise FetchError(
            f"{host} may not be polled: {refusal(addresses[0])}",
            remedy="allow-private: yes lets a feed of your own network be polled",
        )
    return allowed


def spoken_for(host: str, port: int, *, resolve: Resolve, allow_private: bool) -> None:
    """Checks a host that a proxy is going to be asked for, as far as that can be done from here.

    What has addresses here is held to the same rules, or FetchError is raised. A name that only the proxy can
    resolve passes: the proxy is the operator's, and so is what it lets through (docs/decisions).
    """
    if allow_private:
        return
    try:
        resolve(host, port)
    except (OSError, UnicodeError):
        return
    reachable(host, port, resolve=resolve, allow_private=False)


def _resolved(host: str, port: int, resolve: Resolve) -> Sequence[str]:
    try:
        addresses = resolve(host, port)
    except socket.gaierror as error:
        weight = 0.25 if error.errno == socket.EAI_AGAIN else 0.5
        raise FetchError(f"{host} has no address: {error.strerror}", weight=weight) from error
    except (OSError, UnicodeError) as error:
        raise FetchError(f"{host} cannot be resolved: {error}", weight=0.5) from error
    if not addresses:
        raise FetchError(f"{host} has no address", weight=0.5)
    return addresses


def _why_not(address: Address) -> str:
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        return _why_not(address.ipv4_mapped)
    if address.is_loopback:
        return "loopback"
    if address.is_link_local:
        return "link-local"
    if address.is_multicast:
        return "multicast"
    for network, what in _DENIED:
        if address in network:
            return what
    return "" if address.is_global else "private"
