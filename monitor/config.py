"""The operator's files and environment: where they are found, what they say, and every mistake in them.

The only module that reads files and environment, but for the secrets (vault). A desk is its folder of YAML:
all *.yaml files together are one text; secrets are named in it and kept elsewhere.
"""

from __future__ import annotations

import json
import logging
import re
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from monitor import access, settings, urls
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
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

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
RECEIVER_KEYS = ("url", "quiet", "digest", "escalate")
ESCALATE_KEYS = ("to", "after")
EVERY = timedelta(minutes=10)
SHORTEST, LONGEST = timedelta(seconds=1), timedelta(days=7)  # between two polls of a feed

FULL_TEXT = ("trafilatura", "protego")  # what is imported to read pages: the extra "fulltext"
TEMPLATES = "templates"  # the folder, within that of the rules, of templates that stand for ours

log = logging.getLogger("monitor")

_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
_LANG = re.compile(r"[a-z]{2,3}")


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
    alive: settings.Alive | None = None
    keep: timedelta | None = settings.KEEP  # texts older than this are pruned; None: never
    metrics: settings.Address | None = None  # where Prometheus may read how we do
    push: settings.Push | None = None  # where hubs reach us
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
    said = document.fields(nodes[0], settings.KEYS, faults, what="settings") if nodes else {}
    vault = Vault(folder, env, required=True)
    admission = _admission(said, faults, secret=lambda node, text: vault.filled(node, text, faults, []))
    if faults:
        raise ConfigError(faults)
    return admission


def desk_in_force(packed: str) -> Desk:
    """The desk that the database holds, for reading: its feeds and rules, no receiver's address."""
    return restored_desk(unpacked(packed), Path("/nonexistent"), env={})


def spoken_of(sources: Sources) -> dict[Scope, frozenset[str]]:
    """What a silence may be about, by kind: the ids of rules, names and terms, and the outlets."""
    tops = [(key.text, value) for root in sources.roots for key, value in root.pairs]
    rules = [item for top, value in tops if top == "rules" for item in value.items]
    return {
        Scope.RULE: frozenset(one.text for item in rules for key, one in item.pairs if key.text == "id"),
        Scope.NAME: frozenset(
            key.text for top, value in tops if top in ("names", "terms") for key, _ in value.pairs
        ),
        Scope.OUTLET: frozenset(outlet for _, outlet in _published(sources)),
    }


def feeds_by(outlet: str, sources: Sources) -> frozenset[str]:
    """The names of the outlet's feeds."""
    return frozenset(name for name, publisher in _published(sources) if publisher == outlet)


def _published(sources: Sources) -> Iterator[tuple[str, str]]:
    """Each feed's name and outlet."""
    for root in sources.roots:
        for top, value in root.pairs:
            for item in value.items if top.text == "feeds" else ():
                feed = {key.text: one.text for key, one in item.pairs}
                yield feed.get("name", ""), feed.get("outlet") or feed.get("name", "")


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
    said = settings.read([top["settings"] for top in tops if "settings" in top], faults)
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
    contact, operators = settings.contact(said, faults), settings.operators(said, names, faults)
    admission = _admission(said, faults, secret=lambda *_: None)  # the daemon lets nobody in
    digest = rulebook.understood(said.get("digest"), timetable, faults)
    heartbeat = rulebook.understood(said.get("heartbeat"), timetable, faults)
    if heartbeat is not None and not operators:
        faults.append(said["heartbeat"].fault("a heartbeat needs somebody to hear it", "add operators: …"))
    alive = settings.alive(said.get("alive"), vault, faults, notes)
    milestones = settings.milestones(said.get("milestones"), faults)
    keep, metrics = settings.keep(said.get("keep"), faults), settings.metrics(said, faults)
    push = settings.push(said.get("push"), faults, metrics=metrics)
    scheduler = settings.scheduler(said, vault, faults, notes)
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


# ---- feeds -----------------------------------------------------------------------------------------------


def _admission(
    said: Mapping[str, Node], faults: list[Fault], *, secret: Callable[[Node, str], str | None]
) -> Admission:
    """Who may see the page."""
    return read_admission(said["web"], faults, secret=secret) if "web" in said else ON_THIS_MACHINE


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
    private = settings.yes(values.get("allow-private"), faults, what="allow-private")
    recurring = settings.yes(values.get("recurring"), faults, what="recurring")
    full_text = _full_text(values.get("full_text"), faults, notes, kept=vault is not None and vault.kept)
    aggregator = (
        settings.yes(values["aggregator"], faults, what="aggregator") if "aggregator" in values else None
    )
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
    if not settings.yes(node, faults, what="full_text"):
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
    found = settings.span(text)
    if found is None or not SHORTEST <= found <= LONGEST:
        faults.append(node.fault(f'"{text}" is no interval', "write such as: 10 min, 1 h (1 s to 7 d)"))
        return SHORTEST
    return found


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
    after = settings.some_minutes(values["after"], faults, what="after")
    return None if after is None else Escalation(to, after)
