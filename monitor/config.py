"""The operator's files and environment: where they are found, what they say, and every mistake in them.

The only module that reads files and environment. A desk is its folder of YAML: all *.yaml files together are
one text; secrets are named in it and kept elsewhere.
"""

from __future__ import annotations

import json
import logging
import os
import re
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property
from hashlib import blake2b
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from monitor import access, urls
from monitor.admission import ON_THIS_MACHINE, Admission, read_admission
from monitor.alerts import sample, template
from monitor.alerts.milestone import MILESTONES
from monitor.alerts.route import Customs
from monitor.alerts.telling import telling
from monitor.alerts.template import OURS, Templates
from monitor.errors import ConfigError, Fault, UsageError
from monitor.model import PLAIN, Access, Escalation, Feed, Receiver, Scope
from monitor.rules import document, rulebook
from monitor.timetable import HOURLY, hours, timetable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from monitor.rules.document import Node
    from monitor.rules.rulebook import Rulebook
    from monitor.timetable import Timetable

TOP_KEYS = ("settings", "feeds", "receivers", "names", "terms", "rules")
FEED_KEYS = ("name", "url", "outlet", "tags", "lang", "every", "allow-private", "recurring", *access.KEYS)
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
)
RECEIVER_KEYS = ("url", "quiet", "digest", "escalate")
ESCALATE_KEYS = ("to", "after")
ALIVE_KEYS = ("url", "every")
ALIVE_EVERY = timedelta(minutes=5)
EVERY = timedelta(minutes=10)
SHORTEST, LONGEST = timedelta(seconds=1), timedelta(days=7)  # between two polls of a feed
_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)
KEEP = timedelta(days=90)  # texts are kept; docs/decisions says why so long
SHORTEST_KEEP = timedelta(days=7)  # twice the stories' window and a day

TEMPLATES = "templates"  # the folder, within that of the rules, of templates that stand for ours
MOST_OUTLETS = 10_000

log = logging.getLogger("monitor")

_NUMBER = re.compile(r"[0-9]{1,6}")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
_LANG = re.compile(r"[a-z]{2,3}")
_CONTACT = re.compile(r"[!-~][ -~]{0,199}")  # goes into an HTTP header
_SPAN = re.compile(r"(\d{1,6})\s*(s|sec|min|h|d|seconds?|minutes?|hours?|days?)")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_SECRET = re.compile(r"\$\{(?:(credential|env|file):)?([^{}]*)\}")
_SECRET_KEYS = ("headers", "auth", "proxy")  # of a feed; its tls only says where files are


@dataclass(frozen=True, slots=True)
class Sources:
    """What a desk is made of: its YAML files, read; by path the articles of its examples; its templates."""

    roots: tuple[Node, ...]
    articles: Mapping[str, str]
    templates: Mapping[str, str] = field(default_factory=dict)  # by name

    def packed(self) -> str:
        """All in one text, for keeping; receivers' addresses and what feeds are asked with are left out."""
        roots = [[root.file, document.packed(_without_secrets(root))] for root in self.roots]
        kept = {"roots": roots, "articles": dict(self.articles), "templates": dict(self.templates)}
        return json.dumps(kept, ensure_ascii=False)


def unpacked(text: str) -> Sources:
    """What `packed` made."""
    kept = json.loads(text)
    roots = tuple(document.unpacked(*root) for root in kept["roots"])
    return Sources(roots, kept["articles"], kept.get("templates", {}))


def _without_secrets(root: Node) -> Node:
    """The file with each value blank that is not the name of a secret's place: it may hold a password."""

    def kept(place: tuple[str, ...], value: Node) -> Node:
        if place[0] != "feeds":
            return _with_address(value, _kept_address)
        return value if _names_places(value) else _blank(value)

    return _with_secrets(root, kept)


def _kept_address(address: Node) -> Node:
    return address if _SECRET.fullmatch(address.text) else _blank(address)


def _address(value: Node) -> Node:
    """The address of a receiver or of `alive`: all that is said of it, or its `url`."""
    return next((one for key, one in value.pairs if key.text == "url"), value)


def _with_address(value: Node, change: Callable[[Node], Node]) -> Node:
    """What is said of a receiver or of `alive`, with its address changed."""
    if value.kind != "map":
        return change(value)
    pairs = tuple((key, change(one) if key.text == "url" else one) for key, one in value.pairs)
    return replace(value, pairs=pairs)


def _names_places(node: Node) -> bool:
    if node.kind == "map":
        return all(_names_places(value) for _, value in node.pairs)
    return bool(_SECRET.fullmatch(node.text))


def _is_blank(value: Node) -> bool:
    return value.kind == "scalar" and not value.text


def _blank(value: Node) -> Node:
    return replace(value, kind="scalar", text="", items=(), pairs=())


def _with_secrets(root: Node, change: Callable[[tuple[str, ...], Node], Node]) -> Node:
    """The file with each value changed that may be a secret: an address, or what a feed is asked with.

    They are told apart by where they stand: ("receivers", name), ("settings", "alive") or
    ("feeds", name, key).
    """
    return replace(root, pairs=tuple((key, _changed(key.text, value, change)) for key, value in root.pairs))


def _changed(top: str, value: Node, change: Callable[[tuple[str, ...], Node], Node]) -> Node:
    if top == "receivers":
        return replace(value, pairs=tuple((name, change((top, name.text), one)) for name, one in value.pairs))
    if top == "settings":
        pairs = [
            (key, change((top, "alive"), one) if key.text == "alive" else one) for key, one in value.pairs
        ]
        return replace(value, pairs=tuple(pairs))
    if top != "feeds":
        return value
    return replace(value, items=tuple(_changed_feed(item, change) for item in value.items))


def _changed_feed(item: Node, change: Callable[[tuple[str, ...], Node], Node]) -> Node:
    name = next((value.text for key, value in item.pairs if key.text == "name"), "")
    pairs = [
        (key, change(("feeds", name, key.text), value) if key.text in _SECRET_KEYS else value)
        for key, value in item.pairs
    ]
    return replace(item, pairs=tuple(pairs))


def _with_alive(root: Node, change: Callable[[Node], Node]) -> Node:
    """The file with the value of `settings: alive:` changed."""
    pairs = [
        (
            key,
            replace(value, pairs=tuple((k, change(v) if k.text == "alive" else v) for k, v in value.pairs))
            if key.text == "settings"
            else value,
        )
        for key, value in root.pairs
    ]
    return replace(root, pairs=tuple(pairs))


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


@dataclass(frozen=True)
class Desk:
    """All that the operator's folder says, free of mistakes. `notes` are what could not be looked at."""

    feeds: tuple[Feed, ...]
    receivers: tuple[Receiver, ...]
    rulebook: Rulebook
    contact: str = ""
    notes: tuple[str, ...] = ()
    operators: str = ""  # the receiver that is told when the files have mistakes
    sources: Sources = Sources((), {})
    milestones: tuple[int, ...] = MILESTONES  # outlets at which what was told is told of again
    templates: Templates = OURS
    admission: Admission = ON_THIS_MACHINE  # who may see the page
    digest: Timetable = HOURLY  # when what is over a limit goes, where nothing else says so
    heartbeat: Timetable | None = None
    alive: Alive | None = None
    keep: timedelta | None = KEEP  # texts older than this are pruned; None: never
    metrics: Address | None = None  # where Prometheus may read how we do

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
        vault=_Vault(folder, env, required=secrets_required),
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
        found = value if place[0] == "feeds" else _address(value)
        if place[0] == "feeds" or found.kind == "scalar":
            standing[place] = found
        return value

    def filled(place: tuple[str, ...], value: Node) -> Node:
        if place[0] != "feeds":
            return _with_address(
                value, lambda address: address if address.text else standing.get(place, address)
            )
        return standing.get(place, value) if _is_blank(value) else value

    for root in _read_folder(folder, []):
        _with_secrets(root, noted)
    roots = [
        _with_secrets(
            root,
            filled,
        )
        for root in sources.roots
    ]
    vault = _Vault(folder, env, required=False, kept=True)
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
    vault = _Vault(folder, env, required=True)
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
    vault: _Vault,
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
    text = document.text(node, faults, what="metrics")
    host, _, port = text.rpartition(":")
    try:
        address = ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        address = None
    if address is None or not port.isascii() or not port.isdigit() or not 0 < int(port) < 1 << 16:
        faults.append(node.fault(f'"{text}" is no address to listen at', "write such as: 127.0.0.1:9464"))
        return None
    if not address.is_loopback and not public:
        faults.append(
            node.fault(
                f"{address} can be reached from other machines",
                "write 127.0.0.1, or add metrics-public: yes if that is meant",
            )
        )
    return Address(str(address), int(port))


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
    vault: _Vault | None = None,
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


def _feed(node: Node, faults: list[Fault], *, vault: _Vault | None, notes: list[str]) -> Feed | None:
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
    asked_with = _access(name, values, vault, faults, notes)
    if len(faults) > count:
        return None
    return Feed(name, url, outlet, frozenset(tags), lang or None, every, private, recurring, asked_with)


def _access(
    name: str, values: Mapping[str, Node], vault: _Vault | None, faults: list[Fault], notes: list[str]
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
    if vault.kept and any(_is_blank(values[key]) for key in _SECRET_KEYS if key in values):
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


def _alive(node: Node | None, vault: _Vault, faults: list[Fault], notes: list[str]) -> Alive | None:
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


def _alive_url(address: Node, vault: _Vault, faults: list[Fault], notes: list[str]) -> str | None:
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
    nodes: Iterable[Node], vault: _Vault, faults: list[Fault], notes: list[str]
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


def _receiver(
    name: str, value: Node, vault: _Vault, faults: list[Fault], notes: list[str]
) -> Receiver | None:
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
    name: str, address: Node, vault: _Vault, faults: list[Fault], notes: list[str]
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


@dataclass(frozen=True)
class _Vault:
    """Where secrets are kept: systemd's credentials, the environment, files of their own."""

    folder: Path
    env: Mapping[str, str]
    required: bool
    kept: bool = False  # of a desk that was kept: an address may be blank

    def filled(
        self,
        node: Node,
        text: str,
        faults: list[Fault],
        notes: list[str],
        *,
        whose: str = "what it is for",
        in_address: bool = True,
    ) -> str | None:
        """The text with its ${…} filled in; None if one is missing, which is a fault or a note.

        A secret that is only part of an address is percent-encoded: a password may hold any character.
        """
        if not text:
            return None
        whole = _SECRET.fullmatch(text)
        missing = False

        def fill(found: re.Match[str]) -> str:
            nonlocal missing
            try:
                value = self._secret(found[1], found[2])
            except LookupError as error:
                missing = True
                self._say(node, error, faults, notes, whose=whose, known=found[1] is not None)
                return ""
            return value if whole or not in_address else quote(value, safe="")

        url = _SECRET.sub(fill, text)
        return None if missing else url

    def place(
        self, node: Node, faults: list[Fault], notes: list[str], *, whose: str
    ) -> tuple[str, str] | None:
        """The path of a file that the node names, and a digest of what it holds; None if it is not here.

        `${credential:NAME}` is that credential's file, any other text a path from the folder of rules.
        """
        text = document.text(node, faults, what="a file")
        found = _SECRET.fullmatch(text)
        if not text:
            return None
        try:
            path = self._path(found[1], found[2]) if found else self.folder / text
            return str(path), blake2b(self._file(path, f"see who may read {path.name}").encode()).hexdigest()
        except LookupError as error:
            self._say(node, error, faults, notes, whose=whose, known=True)
            return None

    def say(self, found: list[Fault], faults: list[Fault], notes: list[str]) -> None:
        """Mistakes in an address: notes in a desk that was kept, which starts without that address."""
        if self.kept:
            notes += map(str, found)
        else:
            faults += found

    def _say(
        self,
        node: Node,
        error: LookupError,
        faults: list[Fault],
        notes: list[str],
        *,
        whose: str,
        known: bool,
    ) -> None:
        """A secret that is not here: a mistake, or a note where it need not be here."""
        if self.required or not (known or self.kept):
            faults.append(node.fault(str(error.args[0]), str(error.args[1])))
        else:
            notes.append(f"{node.file}:{node.line}:{node.column}: {error.args[0]}: {whose} was not checked")

    def _path(self, kind: str | None, name: str) -> Path:
        """Where a secret's file is. Raises LookupError(what, remedy)."""
        if kind == "file":
            return self.folder / name
        if kind == "credential":
            folder = self.env.get("CREDENTIALS_DIRECTORY")
            if not folder or "/" in name:
                raise LookupError(f'there is no credential "{name}"', _to_write(name))
            # Of LoadCredential=receiver:FOLDER, FOLDER/NAME is the credential receiver_NAME.
            in_folder = Path(folder) / f"receiver_{name}"
            return in_folder if os.path.lexists(in_folder) else Path(folder) / name
        raise LookupError(f"${{{name}}} is no file's place", "write a path or ${credential:NAME}")

    def _secret(self, kind: str | None, name: str) -> str:
        """Raises LookupError(what, remedy)."""
        if kind == "env":
            if not self.env.get(name):
                raise LookupError(f"${name} is not set", f"set {name} in the service's environment")
            return self.env[name]
        if kind == "file":
            return self._file(self._path(kind, name), f"write the secret to {name}")
        if kind == "credential":
            return self._file(self._path(kind, name), _to_write(name))
        raise LookupError(
            f"${{{name}}} is no secret's place", "write ${credential:NAME}, ${env:NAME} or ${file:PATH}"
        )

    def _file(self, path: Path, remedy: str) -> str:
        try:
            value = path.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise LookupError(
                f"the secret {path.name} cannot be read ({type(error).__name__})", remedy
            ) from error
        if not value:
            raise LookupError(f"the secret {path.name} is empty", remedy)
        return value


def _to_write(name: str) -> str:
    """What to do about a credential that is not here."""
    return (
        f"write it to credentials/{name} beside these files and restart the service;"
        " outside one, set $CREDENTIALS_DIRECTORY"
    )
