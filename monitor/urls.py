"""Addresses as text: which may be polled, and when two links are one.

Nothing here connects, resolves or reads anything.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from functools import lru_cache

_LINK = re.compile(r"(https?)://([^/?#\\]*)([^?#]*)(?:\?([^#]*))?", re.IGNORECASE)
_PORT = re.compile(r":([0-9]*)$")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.IGNORECASE)
_FORBIDDEN = re.compile(r"[\s\\\x00-\x20\x7f-\x9f]")
_ESCAPE = re.compile(r"%([0-9a-fA-F]{2})")
_PERCENT = re.compile(r"%([0-9a-fA-F]{2})?")
_UNSAFE = re.compile(r"[^!-~]+")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_LONGEST = 8192  # characters; RFC 9110 §4.1 asks for 8,000 octets to be supported
_LONGEST_HOST = 253  # octets, RFC 1035 §2.3.4 less the length bytes
_DEFAULT_PORT = {"http": "80", "https": "443"}

# What campaigns, networks and newsletters add to a link, by the systems that do: never part of a page's
# identity. `id`, `p`, `story` and the like are, and stay.
_TRACKING = frozenset(
    "fbclid gclid gclsrc dclid gbraid wbraid msclkid yclid ysclid _openstat igshid igsh "  # noqa: SIM905  # words
    "twclid ttclid mc_cid mc_eid mkt_tok _hsenc _hsmi hsctatracking vero_id oly_enc_id oly_anon_id wickedid "
    "s_cid s_kwcid _ga _gl ref_src ref_url cmpid cmp ocid ncid icid ito ftag smid smtyp xtor wt_mc wt.mc_id "
    "spm soc_src soc_trk ns_mchannel ns_source ns_campaign ns_linkname ns_fee at_medium at_campaign "
    "at_link_id at_link_type at_link_origin at_format at_ptr_name at_bbc_team guccounter guce_referrer "
    "guce_referrer_sig sref mbid cvid __twitter_impression amp_js_v amp_gsa".split()
)
_TRACKING_PREFIXES = ("utm_", "pk_", "mtm_", "hsa_", "at_custom", "ga_")
_REFERRERS = frozenset(("ref", "source", "src", "from", "via", "cid", "partner", "output", "outputtype"))
_REFERRALS = frozenset(
    ("rss", "rssfeed", "feed", "feeds", "feedburner", "twitter", "facebook", "telegram", "amp", "newsletter")
)
_MIRRORS = ("www.", "m.", "mobile.", "amp.")
_AMP_CACHE = re.compile(r"^/[a-z]/(?:s/)?([^/]+\.[^/]+)(/.*)?$")
_AMP_VIEWER = re.compile(r"^/amp/(?:s/)?([^/]+\.[^/]+)(/.*)?$")
_AMP_TAIL = re.compile(r"(?:/amp/?|\.amp(?=(?:\.html)?$))$|\.amp(?=\.html$)")


def canonical(link: str) -> str:
    """The identity of a link, or "" for what is no http(s) link; the identity of an identity is itself.

    Off: the case of the host, the scheme, the default port, user names, the fragment, tracking parameters,
    the order of parameters, and what marks a mobile or AMP edition (`www.`, `m.`, `/amp`, AMP caches).
    It is for comparing, not for fetching.
    """
    found = _LINK.match(_UNSAFE.sub(_percent, link.strip()))
    if found is None:
        return ""
    scheme, authority, path, query = found.groups()
    host, path = _origin(_host(authority, scheme.lower()), _normal(path))
    if not host:
        return ""
    parameters = "&".join(_parameters(query or ""))
    return f"https://{host}{path or '/'}" + (f"?{parameters}" if parameters else "")


def problem(url: str) -> str:
    """Why an address may not be polled, in one sentence; "" if it may."""
    if len(url) > _LONGEST:
        return f"the address is longer than {_LONGEST} characters"
    if _FORBIDDEN.search(url):
        return "the address holds white space, a backslash or a control character"
    found = _LINK.match(url)
    if found is None:
        return "the address does not begin with http:// or https://"
    authority = found.group(2)
    if "@" in authority:
        return "the address holds a user name or password"
    return _host_problem(authority)


@dataclass(frozen=True, slots=True)
class Parts:
    """A pollable address taken apart as a connection needs it: the host in ASCII, without brackets."""

    scheme: str
    host: str
    port: int
    target: str  # path and query, percent-encoded


@lru_cache(maxsize=1 << 9)  # a poll asks several times
def parts(url: str) -> Parts:
    """The parts of an address that has no problem()."""
    found = _LINK.match(url)
    assert found is not None
    scheme, authority, path, query = found.groups()
    scheme = scheme.lower()
    port = _PORT.search(authority)
    host = _ascii(_PORT.sub("", authority)).lower().strip("[]")
    target = (path or "/") + ("" if query is None else f"?{query}")
    number = int(port.group(1) if port else _DEFAULT_PORT[scheme])
    return Parts(scheme, host, number, _UNSAFE.sub(_percent, target))


def _host_problem(authority: str) -> str:
    port = _PORT.search(authority)
    if port and not _is_port(port.group(1)):
        return f"the port {port.group(1)!r} is not a number from 1 to 65535"
    host = _PORT.sub("", authority)
    if not host:
        return "the address has no host"
    if host.startswith("["):
        return "" if _is_address(host[1:-1]) and host.endswith("]") else f"the host {host!r} is no address"
    if not _is_name(host):
        return f"the host {host!r} is no host name"
    if _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]) and not _is_address(host):
        return f"the host {host!r} is an address in disguise"  # 127.1, 2130706433, 0x7f.1
    return ""


def _is_port(port: str) -> bool:
    return 0 < len(port) <= len("65535") and 1 <= int(port) <= 65535  # noqa: PLR2004  # the last port


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return "%" not in host  # a zone (fe80::1%eth0) names an interface of this machine


def _is_name(host: str) -> bool:
    labels = _ascii(host).removesuffix(".").split(".")
    return len(host) <= _LONGEST_HOST and all(map(_LABEL.fullmatch, labels))


def _ascii(host: str) -> str:
    """The host as DNS spells it (IDNA 2003, the standard library's), or itself where that cannot be."""
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return host


def _host(authority: str, scheme: str) -> str:
    """Host and port in lower case without user name and default port; "" if there is no host."""
    host = _unescape(authority.rpartition("@")[2])
    port = _PORT.search(host)
    name = _ascii(_PORT.sub("", host)).lower().rstrip(".")
    if not _is_name(name) and not _is_address(name[1:-1]):
        return ""
    if port is None or port.group(1) in {"", _DEFAULT_PORT[scheme], _DEFAULT_PORT["https"]}:
        return name
    return f"{name}:{port.group(1)}"


def _origin(host: str, path: str) -> tuple[str, str]:
    """Host and path of the page itself, where these are an AMP cache's or a mobile edition's."""
    wrapped = _AMP_CACHE if host.endswith(".cdn.ampproject.org") else None
    wrapped = _AMP_VIEWER if _plain_host(host) == "google.com" else wrapped
    inner = wrapped.match(path) if wrapped else None
    if inner:
        return _origin(_host(inner.group(1), "https"), inner.group(2) or "")
    return _plain_host(host), _without_amp(path)


def _plain_host(host: str) -> str:
    for mirror in _MIRRORS:
        rest = host.removeprefix(mirror)
        if rest != host and "." in rest:
            return _plain_host(rest)
    return host


def _without_amp(path: str) -> str:
    shorter = _AMP_TAIL.sub("", path)
    while shorter.startswith("/amp/"):
        shorter = shorter[len("/amp") :]
    return shorter if shorter == path else _without_amp(shorter)


def _parameters(query: str) -> list[str]:
    return sorted(_normal(part) for part in query.split("&") if part and not _is_tracking(part))


def _is_tracking(parameter: str) -> bool:
    name, _, value = _unescape(parameter).lower().partition("=")
    if name in _TRACKING or name.startswith(_TRACKING_PREFIXES) or name == "amp":
        return True
    return name in _REFERRERS and value in _REFERRALS


def _percent(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found.group().encode("utf-8", "replace"))


def _normal(text: str) -> str:
    """Percent-encoding as RFC 3986 §6.2.2 has it: upper-case digits, unreserved characters bare."""
    return _PERCENT.sub(_unreserved, text)


def _unreserved(found: re.Match[str]) -> str:
    if found.group(1) is None:
        return "%25"  # a bare per cent sign, which must not become an escape with what follows
    character = chr(int(found.group(1), 16))
    return character if character in _UNRESERVED else found.group().upper()


def _unescape(text: str) -> str:
    if "%" not in text:
        return text
    raw = _ESCAPE.sub(lambda found: chr(int(found.group(1), 16)), text)
    try:
        return raw.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return raw
