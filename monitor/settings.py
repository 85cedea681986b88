"""What `settings:` says of the desk itself: each key as a value, with every mistake in it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from importlib.util import find_spec
from ipaddress import ip_address
from typing import TYPE_CHECKING

from monitor import access, urls
from monitor.alerts.milestone import MILESTONES
from monitor.model import Scheduler
from monitor.rules import document

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from monitor.errors import Fault
    from monitor.model import Tls
    from monitor.rules.document import Node
    from monitor.vault import Vault

KEYS = (
    "contact",
    "operators",
    "digest",
    "heartbeat",
    "alive",
    "milestones",
    "keep",
    "metrics",
    "metrics-public",
    "web",
    "push",
    "engine",
    "engine-tls",
)
PUSH_KEYS = ("listen", "address")
ALIVE_KEYS = ("url", "every")
ALIVE_EVERY = timedelta(minutes=5)
_PUSH_SUCH_AS = {"listen": "127.0.0.1:8090", "address": "https://monitor.example.org/push"}
_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)
KEEP = timedelta(days=90)  # texts are kept; docs/decisions says why so long
SHORTEST_KEEP = timedelta(days=7)  # twice the stories' window and a day
MOST_OUTLETS = 10_000

_NUMBER = re.compile(r"[0-9]{1,6}")
_SCHEDULER = re.compile(r"tls://[^/\s?#@]+:[0-9]{1,5}")
_CONTACT = re.compile(r"[!-~][ -~]{0,199}")  # goes into an HTTP header
_SPAN = re.compile(r"(\d{1,6})\s*(s|sec|min|h|d|seconds?|minutes?|hours?|days?)")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True, slots=True)
class Alive:
    """An address that is asked so often while all is well, for a service that misses it. A secret."""

    url: str = field(repr=False)
    every: timedelta = ALIVE_EVERY


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server of ours listens: an IP address and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Push:
    """Where we listen for hubs, and the address on the open network that leads there."""

    listen: Address
    address: str


# ---- settings --------------------------------------------------------------------------------------------


def read(nodes: Sequence[Node], faults: list[Fault]) -> dict[str, Node]:
    """The keys of the one `settings`, each with its node."""
    faults += [extra.fault(f'"settings" stands in {nodes[0].file} too', "keep one") for extra in nodes[1:]]
    return document.fields(nodes[0], KEYS, faults, what="settings") if nodes else {}


def contact(settings: Mapping[str, Node], faults: list[Fault]) -> str:
    """Who is behind this desk, for the servers that it asks; "" where nobody is named."""
    node = settings.get("contact")
    contact = "" if node is None else document.text(node, faults, what="contact")
    if node is not None and contact and not _CONTACT.fullmatch(contact):
        faults.append(node.fault("contact must be plain ASCII on one line", "such as desk@example.org"))
        return ""
    return contact


def operators(settings: Mapping[str, Node], receivers: Collection[str], faults: list[Fault]) -> str:
    """The receiver that is told of mistakes in the files; "" where none is named."""
    node = settings.get("operators")
    name = "" if node is None else document.text(node, faults, what="operators")
    if node is not None and name and name not in receivers:
        faults.append(node.fault(f'there is no receiver "{name}"', document.nearest(name, receivers)))
    return name


def milestones(node: Node | None, faults: list[Fault]) -> tuple[int, ...]:
    """The numbers of outlets at which a story is told of again, ascending; [] for none."""
    if node is None:
        return MILESTONES
    if node.kind != "list":
        faults.append(node.fault("milestones must be a list", "write [5, 20, 50], or [] for none"))
        return ()
    numbers = []
    for item in node.items:
        if not _NUMBER.fullmatch(item.text) or not 1 < int(item.text) <= MOST_OUTLETS:
            faults.append(item.fault(f'"{item.text}" is no number of outlets', f"write 2 to {MOST_OUTLETS}"))
        else:
            numbers.append(int(item.text))
    return tuple(sorted(set(numbers)))


def keep(node: Node | None, faults: list[Fault]) -> timedelta | None:
    """How long texts are kept; None for ever."""
    if node is None:
        return KEEP
    text = document.text(node, faults, what="keep")
    length = span(text)
    if text == "forever":
        return None
    if length is None or length < SHORTEST_KEEP:
        faults.append(
            node.fault(f'"{text}" is no time to keep texts', "write such as: 90 days (7 days at least)")
        )
    return length


def metrics(settings: Mapping[str, Node], faults: list[Fault]) -> Address | None:
    """Where metrics are served; None where they are not. Only the machine itself is served, unless said."""
    node = settings.get("metrics")
    public = yes(settings.get("metrics-public"), faults, what="metrics-public")
    if node is None:
        return None
    address = _listening(node, faults, what="metrics", such_as="127.0.0.1:9464")
    if address is not None and not ip_address(address.host).is_loopback and not public:
        faults.append(
            node.fault(
                f"{address.host} can be reached from other machines",
                "write 127.0.0.1, or add metrics-public: yes if that is meant",
            )
        )
    return address


def _listening(node: Node, faults: list[Fault], *, what: str, such_as: str) -> Address | None:
    """Where a server of ours listens; None where the text does not say it."""
    text = document.text(node, faults, what=what)
    host, _, port = text.rpartition(":")
    try:
        address = ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        address = None
    if address is None or not port.isascii() or not port.isdigit() or not 0 < int(port) < 1 << 16:
        faults.append(node.fault(f'"{text}" is no address to listen at', f"write such as: {such_as}"))
        return None
    return Address(str(address), int(port))


def _overlap(one: Address, other: Address) -> bool:
    """Whether a server at one of these keeps another from the other."""
    hosts = {one.host, other.host}
    return one.port == other.port and (
        len(hosts) == 1 or any(ip_address(host).is_unspecified for host in hosts)
    )


def push(node: Node | None, faults: list[Fault], *, metrics: Address | None = None) -> Push | None:
    """Where hubs reach us; None where they do not. Where `metrics` are served nothing else can listen."""
    if node is None:
        return None
    values = document.fields(node, PUSH_KEYS, faults, what="push")
    if node.kind == "map":
        faults += [
            node.fault(f'push needs "{key}"', f"add {key}: {_PUSH_SUCH_AS[key]}")
            for key in PUSH_KEYS
            if key not in values
        ]
    if len(values) < len(PUSH_KEYS):
        return None
    listen = _listening(values["listen"], faults, what="listen", such_as=_PUSH_SUCH_AS["listen"])
    if listen and metrics and _overlap(listen, metrics):
        faults.append(values["listen"].fault(f"metrics are served at {metrics}", "give it another port"))
    address = document.text(values["address"], faults, what="address")
    problem = urls.problem(address) or ("it has a ? or #" if set(address) & set("?#") else "")
    if address and problem:
        faults.append(values["address"].fault(f"hubs cannot be given this address: {problem}"))
    return None if listen is None else Push(listen, address)


def scheduler(
    settings: Mapping[str, Node], vault: Vault, faults: list[Fault], notes: list[str]
) -> Scheduler | None:
    """Whose workers poll; in a desk that was kept a mistake is no fault: then this machine does."""
    node, files = settings.get("engine"), settings.get("engine-tls")
    if node is None or (text := document.text(node, faults, what="engine")) == "local":
        return None
    here: list[Fault] = []
    word, _, address = text.partition(" ")
    if word != "dask" or not address:
        here.append(node.fault(f'"{text}" is no engine', "write local, or dask tls://host:8786"))
    elif not address.startswith("tls://"):
        here.append(
            node.fault(
                "a scheduler that is not asked by TLS runs whatever anybody sends it",
                "write dask tls://host:8786, and engine-tls",
            )
        )
    elif not _SCHEDULER.fullmatch(address) or urls.problem(f"http{address.removeprefix('tls')}"):
        here.append(node.fault(f'"{address}" is no address of a scheduler', "write tls://host:8786"))
    elif find_spec("distributed") is None:
        here.append(node.fault("what this needs is not installed", 'pip install "media-monitor[cluster]"'))
    tls = None if here else _engine_tls(node, files, vault, here, notes)
    vault.say(here, faults, notes)
    return Scheduler(address, tls) if tls is not None else None


def _engine_tls(
    engine: Node, files: Node | None, vault: Vault, faults: list[Fault], notes: list[str]
) -> Tls | None:
    """The certificates that the scheduler is met with: all of them, for each end must know the other."""
    remedy = "write engine-tls: {ca: ca.pem, certificate: coordinator.pem, key: coordinator.key}"
    if files is None:
        faults.append(engine.fault("without certificates the scheduler does not know who asks", remedy))
        return None
    tls = access.read(
        {"tls": files},
        fill=lambda _node, text: text,
        place=lambda node: vault.place(node, faults, notes, whose="engine-tls"),
        faults=faults,
    ).tls
    if tls is not None and not (tls.ca and tls.certificate):
        faults.append(files.fault("engine-tls needs an authority and a certificate of ours", remedy))
        return None
    return tls


def alive(node: Node | None, vault: Vault, faults: list[Fault], notes: list[str]) -> Alive | None:
    """The address that is asked while all is well; None where none is, or where it cannot be known here."""
    if node is None:
        return None
    here: list[Fault] = []
    values = document.fields(node, ALIVE_KEYS, here, what="alive") if node.kind == "map" else {"url": node}
    every = some_minutes(values["every"], faults, what="every") if "every" in values else None
    if "url" not in values:
        here.append(node.fault('alive needs "url"', "add url: …"))
    url = _alive_url(values["url"], vault, here, notes) if "url" in values else None
    vault.say(here, faults, notes)
    return None if url is None else Alive(url, every or ALIVE_EVERY)


def _alive_url(address: Node, vault: Vault, faults: list[Fault], notes: list[str]) -> str | None:
    if vault.kept and not address.text:
        notes.append("settings: the address under alive was not kept; it is not asked")
        return None
    text = document.text(address, faults, what="alive")
    url = vault.filled(address, text, faults, notes, whose="the address under alive")
    if url is not None and (problem := urls.problem(url)):
        faults.append(address.fault(f"the address under alive cannot be asked: {problem}"))
        return None
    return url


# ---- words -----------------------------------------------------------------------------------------------


def span(text: str) -> timedelta | None:
    """The length of time that "10 min" says; None where it says none."""
    found = _SPAN.fullmatch(text)
    return timedelta(seconds=int(found[1]) * _SECONDS[found[2][0]]) if found else None


def some_minutes(node: Node, faults: list[Fault], *, what: str) -> timedelta | None:
    """The length of time that a node says, from a minute to a day."""
    text = document.text(node, faults, what=what)
    found = span(text)
    if text and (found is None or not _MINUTE <= found <= _DAY):
        faults.append(
            node.fault(f'"{text}" will not do for {what}', "write such as: 15 min, 1 h (1 min to 1 d)")
        )
    return found


def yes(node: Node | None, faults: list[Fault], *, what: str) -> bool:
    """Whether a node says yes; one that is missing says no."""
    if node is None:
        return False
    text = document.text(node, faults, what=what).lower()
    if text not in ("yes", "true", "no", "false"):
        faults.append(node.fault(f'"{text}" is neither yes nor no'))
    return text in ("yes", "true")
