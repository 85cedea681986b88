"""The operator's files and environment: where they are found, what they say, and every mistake in them.

The only module that reads files and environment, but for the secrets (vault). A desk is its folder of YAML:
all *.yaml files together are one text; secrets are named in it and kept elsewhere.
"""

from __future__ import annotations

import json
import logging
import re
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property
from importlib.util import find_spec
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

from monitor import access, urls
from monitor.admission import ON_THIS_MACHINE, Admission, read_admission
from monitor.alerts import sample, template
from monitor.alerts.digest import facts as digest_facts
from monitor.alerts.milestone import MILESTONES
from monitor.alerts.route import Customs
from monitor.alerts.telling import telling
from monitor.alerts.template import OURS, Templates
from monitor.errors import ConfigError, Fault, UsageError
from monitor.model import PLAIN, Access, Escalation, Feed, Receiver, Scheduler, Scope
from monitor.rules import document, rulebook
from monitor.sources import (
    NOTHING,
    SECRET_KEYS,
    Sources,
    address_of,
    is_blank,
    unpacked,
    with_address,
    with_secrets,
)
from monitor.timetable import HOURLY, hours, timetable
from monitor.vault import Vault

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from monitor.model import Tls
    from monitor.rules.document import Node
    from monitor.rules.rulebook import Rulebook
    from monitor.timetable import Timetable

TOP_KEYS = ("settings", "feeds", "receivers", "names", "terms", "rules")
FEED_KEYS = (
    "name",
    "url",
    "outlet",
    "tags",
    "lang",
    "every",
    "allow-private",
    "recurring",
    "full_text",
    "aggregator",
    *access.KEYS,
)
SETTING_KEYS = (
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
RECEIVER_KEYS = ("url", "quiet", "digest", "escalate")
ESCALATE_KEYS = ("to", "after")
ALIVE_KEYS = ("url", "every")
ALIVE_EVERY = timedelta(minutes=5)
EVERY = timedelta(minutes=10)
SHORTEST, LONGEST = timedelta(seconds=1), timedelta(days=7)  # between two polls of a feed
_PUSH_SUCH_AS = {"listen": "127.0.0.1:8090", "address": "https://monitor.example.org/push"}
_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)
KEEP = timedelta(days=90)  # texts are kept; docs/decisions says why so long
SHORTEST_KEEP = timedelta(days=7)  # twice the stories' window and a day

FULL_TEXT = ("trafilatura", "protego")  # what is imported to read pages: the extra "fulltext"
TEMPLATES = "templates"  # the folder, within that of the rules, of templates that stand for ours
MOST_OUTLETS = 10_000

log = logging.getLogger("monitor")

_NUMBER = re.compile(r"[0-9]{1,6}")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
_LANG = re.compile(r"[a-z]{2,3}")
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


@dataclass(frozen=True)
class Desk:
    """All that the operator's folder says, free of mistakes. `notes` are what could not be looked at."""

    feeds: tuple[Feed, ...]
    receivers: tuple[Receiver, ...]
    rulebook: Rulebook
    contact: str = ""
    notes: tuple[str, ...] = ()
    operators: str = ""  # the receiver that is told when the files have mistakes
    sources: Sources = NOTHING
    milestones: tuple[int, ...] = MILESTONES  # outlets at which what was told is told of again
    templates: Templates = OURS
    admission: Admission = ON_THIS_MACHINE  # who may see the page
    digest: Timetable = HOURLY  # when what is over a limit goes, where nothing else says so
    heartbeat: Timetable | None = None
    alive: Alive | None = None
    keep: timedelta | None = KEEP  # texts older than this are pruned; None: never
    metrics: Address | None = None  # where Prometheus may read how we do
    push: Push | None = None  # where hubs reach us
    scheduler: Scheduler | None = None  # whose workers poll; None: this machine alone

    @cached_property
    def customs(self) -> Customs:
        """When the desk tells."""
        timings = {name: rule.timing for rule in self.rulebook.rules for name in (rule.was, rule.id) if name}
        return Customs(timings, self.digest, self.operators, self.heartbeat)

    @cached_property
    def feeds_by_name(self) -> dict[str, Feed]:
        """The feeds by their names."""
        return {feed.name: feed for feed in self.feeds}


# ---- reading a desk --------------------------------------------------------------------------------------


def load_desk(folder: Path, *, env: Mapping[str, str], secrets_required: bool) -> Desk:
    """The desk that this folder describes.

    Without `secrets_required` a secret that is not here is a note, not a mistake: a unit's ExecReload= runs
    without its credentials. Raises ConfigError with every mistake in all files.
    """
    faults: list[Fault] = []
    return _desk(
        _read_folder(folder, faults),
        faults,
        read_article=lambda path: (folder / path).read_text("utf-8"),
        templates=_read_templates(folder, faults),
        vault=Vault(folder, env, required=secrets_required),
    )


def restored_desk(sources: Sources, folder: Path, *, env: Mapping[str, str]) -> Desk:
    """The desk that was kept, whatever the files hold now; secrets come from where they are.

    Addresses that were not kept are taken from the files as they are; a receiver whose address or secret is
    not there, or has a mistake, is named in the notes, and what is due to it waits. Raises ConfigError where
    the language of rules has changed.
    """

    def kept(path: str) -> str:
        if path not in sources.articles:
            raise OSError(f"{path} was not kept")
        return sources.articles[path]

    standing: dict[tuple[str, ...], Node] = {}

    def noted(place: tuple[str, ...], value: Node) -> Node:
        found = value if place[0] == "feeds" else address_of(value)
        if place[0] == "feeds" or found.kind == "scalar":
            standing.setdefault(place, found)  # one that stands twice is a mistake: the first was there first
        return value

    def filled(place: tuple[str, ...], value: Node) -> Node:
        if place[0] != "feeds":
            return with_address(
                value, lambda address: address if address.text else standing.get(place, address)
            )
        return standing.get(place, value) if is_blank(value) else value

    for root in _read_folder(folder, []):
        with_secrets(root, noted)
    roots = [
        with_secrets(
            root,
            filled,
        )
        for root in sources.roots
    ]
    vault = Vault(folder, env, required=False, kept=True)
    return _desk(roots, [], read_article=kept, templates=sources.templates, vault=vault)


def load_admission(folder: Path, *, env: Mapping[str, str]) -> Admission:
    """Who may see the page, by `settings: web:` alone: mistakes elsewhere do not take the page away.

    Raises ConfigError with the mistakes in the settings, a token that is not here among them.
    """
    faults: list[Fault] = []
    tops = [
        document.fields(root, [key.text for key, _ in root.pairs], [], what="the file")
        for root in _read_folder(folder, [])
        if root.kind == "map"
    ]
    nodes = [top["settings"] for top in tops if "settings" in top]
    settings = document.fields(nodes[0], SETTING_KEYS, faults, what="settings") if nodes else {}
    vault = Vault(folder, env, required=True)
    admission = _admission(settings, faults, secret=lambda node, text: vault.filled(node, text, faults, []))
    if faults:
        raise ConfigError(faults)
    return admission


def desk_in_force(packed: str) -> Desk:
    """The desk that the database holds, for reading: its feeds and rules, no receiver's address."""
    return restored_desk(unpacked(packed), Path("/nonexistent"), env={})


def spoken_of(sources: Sources) -> dict[Scope, frozenset[str]]:
    """What a silence may be about, by kind: the ids of rules, names and terms, and the outlets."""
    tops = [(key.text, value) for root in sources.roots for key, value in root.pairs]
    feeds = [
        {key.text: one.text for key, one in item.pairs}
        for top, value in tops
        if top == "feeds"
        for item in value.items
    ]
    rules = [item for top, value in tops if top == "rules" for item in value.items]
    return {
        Scope.RULE: frozenset(one.text for item in rules for key, one in item.pairs if key.text == "id"),
        Scope.NAME: frozenset(
            key.text for top, value in tops if top in ("names", "terms") for key, _ in value.pairs
        ),
        Scope.OUTLET: frozenset(feed.get("outlet") or feed.get("name", "") for feed in feeds),
    }


def signature(folder: Path) -> tuple[tuple[str, int, int, int], ...]:
    """(name, mtime in ns, size, inode) of each file that a desk is read from: another when one changed."""
    found = []
    for path in sorted([*folder.glob("*.yaml"), *folder.glob("*.yml"), *(folder / TEMPLATES).glob("*")]):
        name = str(path.relative_to(folder))
        try:
            status = path.stat()
        except OSError:
            found.append((name, 0, 0, 0))
        else:
            found.append((name, status.st_mtime_ns, status.st_size, status.st_ino))
    return tuple(found)


def _desk(
    roots: Sequence[Node],
    faults: list[Fault],
    *,
    read_article: Callable[[str], str],
    templates: Mapping[str, str],
    vault: Vault,
) -> Desk:
    notes: list[str] = []
    articles: dict[str, str] = {}

    def article(path: str) -> str:
        articles[path] = read_article(path)
        return articles[path]

    tops = [document.fields(root, TOP_KEYS, faults, what="the file") for root in roots]
    settings = _settings([top["settings"] for top in tops if "settings" in top], faults)
    feeds = _feeds([top["feeds"] for top in tops if "feeds" in top], faults, vault=vault, notes=notes)
    names, receivers = _receivers(
        [top["receivers"] for top in tops if "receivers" in top], vault, faults, notes
    )
    sources = {label for feed in feeds for label in (feed.name, feed.outlet, *feed.tags)}
    book = rulebook.compile_rulebook(
        roots,
        receivers=names,
        sources=sources,
        read_article=article,
        faults=faults,
    )
    contact, operators = _contact(settings, faults), _operators(settings, names, faults)
    admission = _admission(settings, faults, secret=lambda *_: None)  # the daemon lets nobody in
    digest = rulebook.understood(settings.get("digest"), timetable, faults)
    heartbeat = rulebook.understood(settings.get("heartbeat"), timetable, faults)
    if heartbeat is not None and not operators:
        faults.append(
            settings["heartbeat"].fault("a heartbeat needs somebody to hear it", "add operators: …")
        )
    alive = _alive(settings.get("alive"), vault, faults, notes)
    milestones = _milestones(settings.get("milestones"), faults)
    keep, metrics = _keep(settings.get("keep"), faults), _metrics(settings, faults)
    push = _push(settings.get("push"), faults)
    scheduler = _scheduler(settings, vault, faults, notes)
    faults += rulebook.failing_examples(book)
    if faults:
        raise ConfigError(faults)
    return Desk(
        feeds,
        receivers,
        book,
        contact=contact,
        notes=tuple(notes),
        operators=operators,
        sources=Sources(tuple(roots), articles, templates),
        admission=admission,
        digest=digest or HOURLY,
        heartbeat=heartbeat,
        alive=alive,
        milestones=milestones,
        templates=Templates(templates, complain=_complain) if templates else OURS,
        keep=keep,
        metrics=metrics,
        push=push,
        scheduler=scheduler,
    )


def _read_folder(folder: Path, faults: list[Fault]) -> list[Node]:
    paths = sorted(folder.glob("*.yaml"))
    strays = sorted(folder.glob("*.yml"))
    faults += [
        Fault(str(path), 1, 1, "is not read: the ending must be .yaml", "rename it") for path in strays
    ]
    if not paths:
        faults.append(
            Fault(str(folder), 1, 1, "holds no *.yaml files", "add feeds.yaml, receivers.yaml and rules")
        )
    roots = []
    for path in paths:
        try:
            text = path.read_text("utf-8-sig")
        except UnicodeDecodeError as error:
            line = path.read_bytes()[: error.start].count(b"\n") + 1
            faults.append(Fault(str(path), line, 1, "is not UTF-8 text", "save it as UTF-8"))
            continue
        except OSError as error:
            faults.append(Fault(str(path), 1, 1, f"cannot be read: {error.strerror}"))
            continue
        root = document.read(str(path), text, faults)
        if root is not None:
            roots.append(root)
    return roots


# ---- templates -------------------------------------------------------------------------------------------


def _read_templates(folder: Path, faults: list[Fault]) -> dict[str, str]:
    """The operator's templates by name, those with a mistake left out; each is tried on invented alerts."""
    found: dict[str, str] = {}
    for path in sorted((folder / TEMPLATES).glob("*")):
        if path.name.startswith(".") or path.name.endswith("~"):
            continue
        if path.name not in template.NAMES:
            remedy = document.nearest(path.name, template.NAMES)
            faults.append(Fault(str(path), 1, 1, "is no template's name", remedy))
            continue
        try:
            text = path.read_text("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            faults.append(
                Fault(str(path), 1, 1, f"cannot be read ({type(error).__name__})", "save it as UTF-8")
            )
            continue
        if fault := _template_fault(path.name, text):
            line, what = fault
            faults.append(Fault(str(path), line, 1, f"this template fails: {what}", "see docs/receivers.md"))
        else:
            found[path.name] = text
    return found


def _template_fault(name: str, text: str) -> tuple[int, str] | None:
    """The line and what is wrong there, when messages of every kind are made of it; None for nothing."""
    tried = Templates({name: text})
    if name.startswith("digest"):
        return tried.trial(name, digest_facts(sample.digest("receiver")))
    for claim in sample.claims("receiver"):
        facts = telling(claim, now=sample.MOMENT).facts()
        if fault := tried.trial(name, {**facts, "subject": "Subject"}):
            return fault
    return None


def _complain(name: str, what: str) -> None:
    log.warning("template=%s outcome=failed ours is used instead: %s", name, what)


# ---- settings and feeds ----------------------------------------------------------------------------------


def _settings(nodes: Sequence[Node], faults: list[Fault]) -> dict[str, Node]:
    faults += [extra.fault(f'"settings" stands in {nodes[0].file} too', "keep one") for extra in nodes[1:]]
    return document.fields(nodes[0], SETTING_KEYS, faults, what="settings") if nodes else {}


def _contact(settings: Mapping[str, Node], faults: list[Fault]) -> str:
    node = settings.get("contact")
    contact = "" if node is None else document.text(node, faults, what="contact")
    if node is not None and contact and not _CONTACT.fullmatch(contact):
        faults.append(node.fault("contact must be plain ASCII on one line", "such as desk@example.org"))
        return ""
    return contact


def _operators(settings: Mapping[str, Node], receivers: Collection[str], faults: list[Fault]) -> str:
    """The receiver that is told of mistakes in the files; "" where none is named."""
    node = settings.get("operators")
    name = "" if node is None else document.text(node, faults, what="operators")
    if node is not None and name and name not in receivers:
        faults.append(node.fault(f'there is no receiver "{name}"', document.nearest(name, receivers)))
    return name


def _milestones(node: Node | None, faults: list[Fault]) -> tuple[int, ...]:
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


def _keep(node: Node | None, faults: list[Fault]) -> timedelta | None:
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


def _metrics(settings: Mapping[str, Node], faults: list[Fault]) -> Address | None:
    """Where metrics are served; None where they are not. Only the machine itself is served, unless said."""
    node = settings.get("metrics")
    public = _yes(settings.get("metrics-public"), faults, what="metrics-public")
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


def _push(node: Node | None, faults: list[Fault]) -> Push | None:
    """Where hubs reach us; None where they do not."""
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
    address = document.text(values["address"], faults, what="address")
    problem = urls.problem(address) or ("it has a ? or #" if set(address) & set("?#") else "")
    if address and problem:
        faults.append(values["address"].fault(f"hubs cannot be given this address: {problem}"))
    return None if listen is None else Push(listen, address)


def _scheduler(
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


def _admission(
    settings: Mapping[str, Node], faults: list[Fault], *, secret: Callable[[Node, str], str | None]
) -> Admission:
    """Who may see the page."""
    return read_admission(settings["web"], faults, secret=secret) if "web" in settings else ON_THIS_MACHINE


def feeds_of(roots: Sequence[Node], faults: list[Fault]) -> tuple[Feed, ...]:
    """The feeds of these files alone, which may not say what they are asked with (commands write them anew).

    Mistakes are appended to `faults`.
    """
    tops = [document.fields(root, TOP_KEYS, faults, what="the file") for root in roots]
    return _feeds([top["feeds"] for top in tops if "feeds" in top], faults)


def one_feed(values: Mapping[str, str], *, tags: Sequence[str], allow_private: bool) -> Feed:
    """A feed of the command line, held to the same rules as one of a file. Raises UsageError."""
    faults: list[Fault] = []
    known = {key: json.dumps(value, ensure_ascii=False) for key, value in values.items() if value}
    known["tags"] = json.dumps(list(filter(None, tags)), ensure_ascii=False)
    text = "feeds: [{" + ", ".join(f"{key}: {value}" for key, value in known.items()) + "}]"
    root = document.read("the command line", text, faults)
    feeds = feeds_of([root] if root is not None else [], faults)
    if faults:
        raise UsageError(faults[0].what, remedy=faults[0].remedy)
    return replace(feeds[0], allow_private=allow_private)


def host_of(url: str) -> str:
    """The host of an address, for a feed that has no better name; raises UsageError for none."""
    if problem := urls.problem(url):
        raise UsageError(f"this address cannot be polled: {problem}", where=url)
    return urls.parts(url).host.removeprefix("www.")


def _feeds(
    nodes: Iterable[Node],
    faults: list[Fault],
    *,
    vault: Vault | None = None,
    notes: list[str] | None = None,
) -> tuple[Feed, ...]:
    feeds: list[Feed] = []
    first: dict[str, Node] = {}
    for node in nodes:
        if node.kind != "list":
            faults.append(node.fault("feeds must be a list", "begin each feed with a hyphen: - name: …"))
        for item in node.items:
            feed = _feed(item, faults, vault=vault, notes=[] if notes is None else notes)
            if feed is None:
                continue
            if feed.name in first:
                other = first[feed.name]
                faults.append(
                    item.fault(
                        f'feed "{feed.name}" stands twice (first at {other.file}:{other.line})', "rename one"
                    )
                )
                continue
            first[feed.name] = item
            feeds.append(feed)
    return tuple(feeds)


def _feed(node: Node, faults: list[Fault], *, vault: Vault | None, notes: list[str]) -> Feed | None:
    count = len(faults)
    values = document.fields(node, FEED_KEYS, faults, what="a feed")
    if len(faults) > count and not values:
        return None
    missing = [key for key in ("name", "url") if key not in values]
    faults += [node.fault(f'a feed needs "{key}"', f"add {key}: …") for key in missing]
    name = _matching(
        values.get("name"), _NAME, "a feed's name is lower-case letters, digits and hyphens", faults
    )
    url = document.text(values["url"], faults, what="url") if "url" in values else ""
    if "${" in url:
        faults.append(values["url"].fault("a url holds no secret", "use headers or auth"))
    elif url and (problem := urls.problem(url)):
        faults.append(values["url"].fault(f"this address cannot be polled: {problem}"))
    outlet = document.text(values["outlet"], faults, what="outlet") if "outlet" in values else name
    tags = document.texts(values["tags"], faults, what="tags") if "tags" in values else ()
    lang = _matching(values.get("lang"), _LANG, 'a language is two or three letters, such as "hy"', faults)
    every = _every(values.get("every"), faults)
    private = _yes(values.get("allow-private"), faults, what="allow-private")
    recurring = _yes(values.get("recurring"), faults, what="recurring")
    full_text = _full_text(values.get("full_text"), faults, notes, kept=vault is not None and vault.kept)
    aggregator = _yes(values["aggregator"], faults, what="aggregator") if "aggregator" in values else None
    asked_with = _access(name, values, vault, faults, notes)
    if len(faults) > count:
        return None
    return Feed(
        name,
        url,
        outlet,
        frozenset(tags),
        lang or None,
        every,
        private,
        recurring,
        asked_with,
        full_text=full_text,
        aggregator=aggregator,
    )


def _full_text(node: Node | None, faults: list[Fault], notes: list[str], *, kept: bool) -> bool:
    """Whether pages are read; a desk that was kept goes on without where what reads them is gone."""
    if not _yes(node, faults, what="full_text"):
        return False
    missing = missing_for_full_text()
    if missing and node is not None:
        what, remedy = f"full_text needs {' and '.join(missing)}", 'pip install "media-monitor[fulltext]"'
        if kept:
            notes.append(f"{what}: pages are not read ({remedy})")
        else:
            faults.append(node.fault(what, remedy))
    return not missing


def missing_for_full_text() -> list[str]:
    """The packages that reading pages needs and that are not installed."""
    return [package for package in FULL_TEXT if find_spec(package) is None]


def _access(
    name: str, values: Mapping[str, Node], vault: Vault | None, faults: list[Fault], notes: list[str]
) -> Access:
    """What a feed is asked with; in a desk that was kept a mistake is no fault: the feed says so."""
    if vault is None:
        said = [key for key in access.KEYS if key in values]
        faults += [
            values[key].fault(
                f'"{key}" has no place in a file that commands write', "move the feed to feeds.yaml"
            )
            for key in said
        ]
        return PLAIN
    whose = f'feed "{name}"'
    here: list[Fault] = []
    if vault.kept and any(is_blank(values[key]) for key in SECRET_KEYS if key in values):
        notes.append(f"{whose}: what it is asked with was not kept; it is not asked")
        return Access(missing="what it is asked with was not kept")
    found = access.read(
        values,
        fill=lambda node, text: vault.filled(
            node, text, here, notes, whose=whose, in_address=node is values.get("proxy")
        ),
        place=lambda node: vault.place(node, here, notes, whose=whose),
        faults=here,
    )
    if vault.kept and here:
        notes += map(str, here)
        return Access(missing="what it is asked with is not here")
    faults += here
    return found


def _matching(node: Node | None, form: re.Pattern[str], rule: str, faults: list[Fault]) -> str:
    if node is None:
        return ""
    text = document.text(node, faults, what="it")
    if text and not form.fullmatch(text):
        faults.append(node.fault(f'"{text}" will not do: {rule}'))
    return text


def _every(node: Node | None, faults: list[Fault]) -> timedelta | None:
    if node is None:
        return None
    text = document.text(node, faults, what="every")
    found = span(text)
    if found is None or not SHORTEST <= found <= LONGEST:
        faults.append(node.fault(f'"{text}" is no interval', "write such as: 10 min, 1 h (1 s to 7 d)"))
        return SHORTEST
    return found


def span(text: str) -> timedelta | None:
    """The length of time that "10 min" says; None where it says none."""
    found = _SPAN.fullmatch(text)
    return timedelta(seconds=int(found[1]) * _SECONDS[found[2][0]]) if found else None


def _some_minutes(node: Node, faults: list[Fault], *, what: str) -> timedelta | None:
    text = document.text(node, faults, what=what)
    found = span(text)
    if text and (found is None or not _MINUTE <= found <= _DAY):
        faults.append(
            node.fault(f'"{text}" will not do for {what}', "write such as: 15 min, 1 h (1 min to 1 d)")
        )
    return found


def _alive(node: Node | None, vault: Vault, faults: list[Fault], notes: list[str]) -> Alive | None:
    if node is None:
        return None
    here: list[Fault] = []
    values = document.fields(node, ALIVE_KEYS, here, what="alive") if node.kind == "map" else {"url": node}
    every = _some_minutes(values["every"], faults, what="every") if "every" in values else None
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


def _yes(node: Node | None, faults: list[Fault], *, what: str) -> bool:
    if node is None:
        return False
    text = document.text(node, faults, what=what).lower()
    if text not in ("yes", "true", "no", "false"):
        faults.append(node.fault(f'"{text}" is neither yes nor no'))
    return text in ("yes", "true")


# ---- receivers and their secrets -------------------------------------------------------------------------


def _receivers(
    nodes: Iterable[Node], vault: Vault, faults: list[Fault], notes: list[str]
) -> tuple[tuple[str, ...], tuple[Receiver, ...]]:
    """The names that rules may send to, and the receivers whose addresses are here."""
    seen: dict[str, Node] = {}
    escalations: dict[str, Node] = {}
    receivers = []
    for node in nodes:
        for key, value in document.entries(node, faults, what="receivers"):
            name = key.text
            if name in seen:
                other = seen[name]
                faults.append(
                    value.fault(
                        f'receiver "{name}" stands twice (first at {other.file}:{other.line})', "rename one"
                    )
                )
                continue
            seen[name] = value
            if not _NAME.fullmatch(name):
                faults.append(
                    value.fault(
                        f'"{name}" will not do: a receiver\'s name is lower-case letters, digits and hyphens'
                    )
                )
            receiver = _receiver(name, value, vault, faults, notes)
            if receiver is not None:
                receivers.append(receiver)
            escalations.update((name, one) for key, one in value.pairs if key.text == "escalate")
    escalated = {name: _escalation(name, node, seen, faults) for name, node in escalations.items()}
    found = [replace(receiver, escalate=escalated.get(receiver.name)) for receiver in receivers]
    return tuple(seen), tuple(found)


def _receiver(name: str, value: Node, vault: Vault, faults: list[Fault], notes: list[str]) -> Receiver | None:
    """The receiver that is said in one text, its address, or in a map; None where its address is not here."""
    here: list[Fault] = []
    options = document.fields(value, RECEIVER_KEYS, here, what="a receiver") if value.kind == "map" else {}
    quiet = rulebook.understood(options.get("quiet"), hours, faults)
    digest = rulebook.understood(options.get("digest"), timetable, faults)
    if value.kind == "map" and "url" not in options:
        here.append(value.fault(f'receiver "{name}" has no "url"', "add url: …"))
    address = options.get("url") if value.kind == "map" else value
    url = None if address is None else _receivers_url(name, address, vault, here, notes)
    vault.say(here, faults, notes)
    return None if url is None else Receiver(name, url, quiet, digest)


def _receivers_url(
    name: str, address: Node, vault: Vault, faults: list[Fault], notes: list[str]
) -> str | None:
    whose = f'receiver "{name}"'
    if vault.kept and not address.text:
        notes.append(f"{whose}: its address was not kept; what is due to it waits")
        return None
    url = vault.filled(address, document.text(address, faults, what=whose), faults, notes, whose=whose)
    if url is None:
        return None
    from monitor.alerts import notify  # Apprise takes its time, and most commands meet no address

    problems = notify.faults(Receiver(name, url))
    faults += [address.fault(f"{whose}: {problem}") for problem in problems]
    return None if problems else url


def _escalation(name: str, node: Node, names: Collection[str], faults: list[Fault]) -> Escalation | None:
    """Whom the critical alerts of this receiver go to that nobody acknowledges."""
    values = document.fields(node, ESCALATE_KEYS, faults, what="escalate")
    if node.kind == "map":
        missing = [key for key in ESCALATE_KEYS if key not in values]
        faults += [
            node.fault(f'escalate needs "{key}"', "write {to: phone, after: 15 min}") for key in missing
        ]
    if len(values) < len(ESCALATE_KEYS):
        return None
    to = document.text(values["to"], faults, what="to")
    if to and to not in names:
        faults.append(values["to"].fault(f'there is no receiver "{to}"', document.nearest(to, names)))
    elif to == name:
        faults.append(values["to"].fault("escalates to itself", "name another receiver"))
    after = _some_minutes(values["after"], faults, what="after")
    return None if after is None else Escalation(to, after)
