"""Looking the installation over, and what to do about what is found. Changes nothing, sends nothing.

The world it looks at comes in as a Machine, so that its findings can be tested where there is no such world.
"""

from __future__ import annotations

import re
import shutil
import socket
import ssl
import stat
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from monitor import __version__, config, urls
from monitor.errors import ClusterError, ConfigError, FetchError, StateError
from monitor.feeds import health, subscription
from monitor.feeds.guard import system_resolve
from monitor.model import Feed, Poll
from monitor.store.claims import COUNT
from monitor.store.lock import is_held
from monitor.store.report import Reporter, examine
from monitor.store.store import DATABASE
from monitor.subscribing import HELLO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from monitor.config import Desk
    from monitor.model import Scheduler
    from monitor.rules.document import Node
    from monitor.store.report import Report

UNIT = "monitor.service"
_MOST = 5  # names in one finding; the rest is counted
_HOSTS = 8  # of feeds, looked up as a sample
_LOW, _FULL = 500 << 20, 50 << 20  # bytes free: a backup may not fit; a day's news may not
_LONG_JOURNAL = 256 << 20  # bytes: someone holds a read open, and the journal cannot be folded in
_LATE, _LOST = (
    timedelta(hours=1),
    timedelta(hours=24),
)  # the oldest undelivered; the outbox's own patience is 24 h
_BEHIND = timedelta(hours=24)  # some feed always shows news of the day
_LATELY = timedelta(days=7)  # in which it is worth knowing that the database had gone back
_CLOCK_SLACK = timedelta(seconds=5)
_CREDENTIAL = re.compile(r"\$\{credential:([^{}]+)\}")
_FOLDER = "receiver"  # of LoadCredential=receiver:FOLDER each file is a credential
# Services whose address names the host that is spoken to, with the port where none is written.
_PORTS = {
    "json": 80,
    "jsons": 443,
    "xml": 80,
    "xmls": 443,
    "form": 80,
    "forms": 443,
    "mmost": 80,
    "mmosts": 443,
}
_PORTS |= {"ntfys": 443, "gotify": 80, "gotifys": 443, "rocket": 80, "rockets": 443}
_MAIL_PORTS = {"mailto": 25, "mailtos": 587}
_SERVICES = {"slack": "hooks.slack.com", "discord": "discord.com", "tgram": "api.telegram.org"}


class Grade(Enum):
    """How bad it is; only `fail` makes doctor exit with 1."""

    OK = "ok"
    NOTE = "note"  # could not be looked at here, or is worth knowing
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found, and what to do about it."""

    check: str
    grade: Grade
    says: str
    remedy: str = ""


def _command(words: Sequence[str]) -> str | None:
    """What a program prints; None where it is not there, fails or takes over 10 s."""
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=10, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def _connect(host: str, port: int) -> None:
    socket.create_connection((host, port), timeout=10).close()


def _ask(url: str) -> str:
    """What an address answers. Raises FetchError."""
    from monitor.feeds.fetch import Fetched, Fetcher  # urllib3 takes its time

    fetcher = Fetcher(user_agent=f"media-monitor/{__version__} (doctor)")
    try:
        found = fetcher.fetch(Poll(Feed("push", url, "", allow_private=True)))
    finally:
        fetcher.close()
    return found.body.decode("utf-8", "replace") if isinstance(found, Fetched) else ""


def _versions_at(scheduler: Scheduler) -> Mapping[str, str]:
    from monitor.cluster import versions  # Dask takes its time, and hardly a desk has it

    return versions(scheduler)


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Machine:
    """What doctor asks of the machine."""

    clock: Callable[[], datetime] = _utc_now
    command: Callable[[Sequence[str]], str | None] = _command
    resolve: Callable[[str, int], Sequence[str]] = system_resolve
    connect: Callable[[str, int], None] = _connect
    ask: Callable[[str], str] = _ask
    free: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free
    authorities: Callable[[], ssl.DefaultVerifyPaths] = ssl.get_default_verify_paths
    versions: Callable[[Scheduler], Mapping[str, str]] = _versions_at


@dataclass(slots=True)
class Patient:
    """What is looked over. The desk and the report are missing where they could not be read."""

    rules: Path
    state: Path
    env: Mapping[str, str]
    machine: Machine = field(default_factory=Machine)
    full: bool = False  # every page and index of the database
    network: bool = False  # connect to the receivers' hosts, and to where hubs reach us
    desk: Desk | None = None
    report: Report | None = None


def examined(patient: Patient) -> Iterator[tuple[str, list[Finding]]]:
    """The findings of one check after the other, with its name; the name comes before it is made, empty."""
    for name, check in CHECKS.items():
        yield name, []
        yield name, [Finding(name, *found) for found in check(patient)]


_Found = tuple[Grade, str] | tuple[Grade, str, str]


# ---- the files and the database ----------------------------------------------------------------------------


def _rules(patient: Patient) -> Iterator[_Found]:
    try:
        desk = patient.desk = config.load_desk(patient.rules, env=patient.env, secrets_required=False)
    except ConfigError as error:
        yield (
            Grade.FAIL,
            f"{len(error.faults)} mistakes, the first: {error.faults[0]}",
            "monitor check names all",
        )
        return
    yield Grade.OK, f"{len(desk.rulebook.rules)} rules and {len(desk.feeds)} feeds without mistakes"


def _database(patient: Patient) -> Iterator[_Found]:
    if not (patient.state / DATABASE).exists():
        yield (
            Grade.WARN,
            f"no monitor has run in {patient.state} yet",
            "start one, or name its folder with --state",
        )
        return
    try:
        found = examine(patient.state, full=patient.full)
        if not found.problems:
            with Reporter(patient.state) as store:
                patient.report = store.report(now=patient.machine.clock())
    except StateError as error:
        yield Grade.FAIL, error.what, error.remedy
        return
    if found.problems:
        yield (
            Grade.FAIL,
            f"it is damaged: {'; '.join(found.problems)}",
            "stop the daemon; monitor restore FILE",
        )
        return
    how = "every page and index" if patient.full else "quickly (--full looks at every index)"
    yield Grade.OK, f"sound: looked through {how}; SQLite {found.sqlite}"
    if found.journal_mode != "wal":
        yield (
            Grade.WARN,
            f"its journal is {found.journal_mode}, not wal",
            "start the daemon: it puts that right",
        )
    if found.lax:
        yield Grade.WARN, f"not STRICT: {_listed(found.lax)}", "restore a backup; these tables are not ours"
    journal = patient.report.sizes["journal"] if patient.report else 0
    if journal > _LONG_JOURNAL:
        yield (
            Grade.WARN,
            f"its journal holds {_megabytes(journal)}",
            "see who reads without end: fuser -v monitor.db",
        )
    yield from _gone_back(patient)


def _gone_back(patient: Patient) -> Iterator[_Found]:
    report = patient.report
    if report and report.gone_back:
        yield (
            Grade.FAIL,
            f"it {report.gone_back}",
            "stop the daemon, and put the right one back; the next start marks what this one tells again",
        )
    if report and report.noticed and patient.machine.clock() - report.noticed < _LATELY:
        yield (
            Grade.WARN,
            f"it had gone back (noticed {report.noticed:%Y-%m-%d %H:%M} UTC); what it told again said so",
            "leave monitor.db-wal where it is; put older databases in place by monitor restore",
        )


def _disk(patient: Patient) -> Iterator[_Found]:
    free = patient.machine.free(patient.state)
    database = patient.state / DATABASE
    needed = max(_LOW, 2 * database.stat().st_size if database.exists() else 0)
    said = f"{_megabytes(free)} free under {patient.state}"
    if free < _FULL:
        yield Grade.FAIL, said, "make room: without it nothing new is read or told"
    elif free < needed:
        yield (
            Grade.WARN,
            f"{said}; a backup or an upgrade may need {_megabytes(needed)}",
            "make room, or keep less",
        )
    else:
        yield Grade.OK, said


def _permissions(patient: Patient) -> Iterator[_Found]:
    state, rules = patient.state.stat(), patient.rules.stat()
    found: list[_Found] = []
    if state.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        found.append((Grade.WARN, f"others may look into {patient.state}", f"chmod 700 {patient.state}"))
    ours = (*patient.state.glob(f"{DATABASE}*"), *patient.state.glob(COUNT))
    foreign = sorted(path.name for path in ours if path.stat().st_uid != state.st_uid)
    if foreign:
        owner = f"chown --reference={patient.state} {patient.state}/*"
        found.append((Grade.FAIL, f"{_listed(foreign)} belong to another user than their folder", owner))
    if rules.st_mode & stat.S_IWOTH:
        found.append((Grade.FAIL, f"anybody may change {patient.rules}", f"chmod o-w {patient.rules}"))
    yield from found or [
        (Grade.OK, "the state is its owner's alone, and the rules are not anybody's to change")
    ]


# ---- the machine -------------------------------------------------------------------------------------------


def _clock(patient: Patient) -> Iterator[_Found]:
    now = patient.machine.clock()
    last = patient.report.last_poll if patient.report else None
    if last and last - now > _CLOCK_SLACK:
        yield (
            Grade.FAIL,
            f"it says {now:%Y-%m-%d %H:%M}, before the last poll ({last:%Y-%m-%d %H:%M})",
            "set the clock",
        )
    lag = patient.report.lag if patient.report else None
    if lag and lag > _BEHIND:
        hours = lag / timedelta(hours=1)
        yield (
            Grade.FAIL,
            f"all that feeds showed of late is dated {hours:.0f} h and more before it: it may be ahead",
            "set the clock: what looks older than 72 h is told to nobody",
        )
    said = patient.machine.command(["timedatectl", "show", "--property=NTPSynchronized", "--value"])
    if said is None:
        yield Grade.NOTE, "whether it is synchronised cannot be asked here (no timedatectl)"
    elif said.strip() == "yes":
        yield Grade.OK, f"synchronised; it says {now:%Y-%m-%d %H:%M:%S} UTC"
    else:
        yield Grade.WARN, "it is not synchronised", "timedatectl set-ntp true, or run chrony"


def _dns(patient: Patient) -> Iterator[_Found]:
    hosts = sorted({urls.parts(feed.url).host for feed in patient.desk.feeds} if patient.desk else ())
    sample = hosts[:: max(len(hosts) // _HOSTS, 1)][:_HOSTS]
    if not sample:
        yield Grade.NOTE, "there are no feeds to look up"
        return
    unknown = [host for host in sample if not _resolves(host, patient.machine.resolve)]
    if len(unknown) == len(sample):
        yield (
            Grade.FAIL,
            f"none of {len(sample)} feeds' hosts has an address",
            "see /etc/resolv.conf, and the network",
        )
    elif unknown:
        yield Grade.WARN, f"{_listed(unknown)} have no address", "correct the feed's url, or take it out"
    else:
        yield Grade.OK, f"{len(sample)} of {len(hosts)} feeds' hosts looked up"


def _resolves(host: str, resolve: Callable[[str, int], Sequence[str]]) -> bool:
    try:
        return bool(resolve(host, 443))
    except (OSError, UnicodeError):
        return False


def _tls(patient: Patient) -> Iterator[_Found]:
    paths = patient.machine.authorities()
    bundle = bool(paths.cafile) and Path(paths.cafile).is_file()
    folder = bool(paths.capath) and Path(paths.capath).is_dir() and any(Path(paths.capath).iterdir())
    if bundle or folder:
        yield Grade.OK, f"{ssl.OPENSSL_VERSION}; authorities in {paths.cafile if bundle else paths.capath}"
    else:
        yield (
            Grade.FAIL,
            "there are no certificate authorities: no https feed can be read",
            "apt install ca-certificates",
        )


def _unit(patient: Patient) -> Iterator[_Found]:
    wanted = ("LoadState", "UnitFileState", "ActiveState", "Result", "FragmentPath", "DropInPaths")
    said = patient.machine.command(["systemctl", "show", UNIT, *(f"--property={name}" for name in wanted)])
    values = dict(line.split("=", 1) for line in (said or "").splitlines() if "=" in line)
    if values.get("LoadState", "not-found") == "not-found":
        yield Grade.NOTE, f"there is no {UNIT} on this machine"
        return
    if values.get("ActiveState") == "failed":
        yield Grade.FAIL, f"it failed: {values.get('Result', '')}", f"journalctl -u {UNIT} -n 50"
    if values.get("UnitFileState") not in ("enabled", "enabled-runtime"):
        yield Grade.WARN, "it is not started with the machine", f"systemctl enable {UNIT}"
    path = Path(values.get("FragmentPath", ""))
    drop_ins = map(Path, values.get("DropInPaths", "").split())
    try:
        text = "\n".join(file.read_text("utf-8") for file in (path, *drop_ins))
    except (OSError, UnicodeDecodeError):
        yield Grade.NOTE, f"{path} cannot be read"
        return
    faults = list(_unit_faults(patient, text))
    yield from faults
    if not faults:
        yield Grade.OK, f"{path}: its program and its credentials are there"


def _unit_faults(patient: Patient, text: str) -> Iterator[_Found]:
    program = re.search(r"^ExecStart=[-@:+!]*(\S+)", text, re.MULTILINE)
    if program and not Path(program[1]).exists():
        yield (
            Grade.FAIL,
            f"its program {program[1]} is not there",
            "monitor service install writes one that is right",
        )
    given = dict(re.findall(r"^LoadCredential(?:Encrypted)?=([^:\s]+):(\S+)", text, re.MULTILINE))
    for name, where in given.items():
        if not Path(where).exists():
            yield (
                Grade.FAIL,
                f"its credential {name} is not there: {where}",
                f"mkdir -m 700 {where}" if name == _FOLDER else "write the secret to it",
            )
        elif Path(where).stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            yield Grade.WARN, f"others may read the credential {where}", f"chmod go= {where}"
    folder = Path(given.get(_FOLDER, ""))
    try:
        loaded = {file.name for file in folder.iterdir()} if _FOLDER in given and folder.is_dir() else set()
    except PermissionError:
        yield Grade.NOTE, f"what is in {folder} cannot be seen here", "run doctor as root"
        return
    for name in sorted(_credentials(patient) - given.keys() - loaded):
        to_write = f"write it to {folder}/{name}, or " if _FOLDER in given else ""
        yield (
            Grade.FAIL,
            f"it does not load the credential {name}",
            f"{to_write}add LoadCredential={name}:/path to the unit",
        )


def _credentials(patient: Patient) -> set[str]:
    """The credentials that receivers, feeds and settings ask for; the page's token is for its own unit."""
    if patient.desk is None:
        return set()
    tops = [(key.text, value) for root in patient.desk.sources.roots for key, value in root.pairs]
    asking = [value for top, value in tops if top in ("receivers", "feeds")]
    asking += [
        value for top, node in tops if top == "settings" for key, value in node.pairs if key.text != "web"
    ]
    return {name for node in asking for text in _texts(node) for name in _CREDENTIAL.findall(text)}


def _texts(node: Node) -> Iterator[str]:
    """All that is written in it, keys aside."""
    yield node.text
    for inner in (*node.items, *(value for _, value in node.pairs)):
        yield from _texts(inner)


def _versions(patient: Patient) -> Iterator[_Found]:
    missing, there = [], []
    for name in _required():
        try:
            there.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            missing.append(name)
    running = is_held(patient.state)
    if missing:
        yield Grade.FAIL, f"missing: {_listed(missing)}", "install media-monitor again"
    python = ".".join(map(str, sys.version_info[:3]))
    yield Grade.OK, f"media-monitor {__version__}, Python {python}, {', '.join(there)}"
    if not running:
        yield Grade.WARN, "no daemon is running on this state", "systemctl start monitor, or monitor run"


def _required() -> list[str]:
    """What this package says that it needs here."""
    try:
        said = metadata.requires("media-monitor") or []
    except metadata.PackageNotFoundError:
        return []
    return [re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in said if ";" not in line]


# ---- the outside -------------------------------------------------------------------------------------------


def _feeds(patient: Patient) -> Iterator[_Found]:
    if patient.report is None:
        yield Grade.NOTE, "no feed has been asked yet"
        return
    now = patient.machine.clock()
    conditions = {
        name: health.condition(state, error, now=now) for name, (state, error) in patient.report.feeds.items()
    }
    counted = Counter(conditions.values())
    said = ", ".join(f"{counted[word]} {word}" for word in health.CONDITIONS if counted[word])
    ill = [name for name, word in conditions.items() if word in ("failing", "gone")]
    if conditions and len(ill) == len(conditions):
        yield (
            Grade.FAIL,
            f"no feed can be read: {said}",
            "see dns, tls and clock here; then monitor feeds check",
        )
    elif counted["well"] + counted["unread"] < len(conditions):
        names = [name for name, word in conditions.items() if word not in ("well", "unread")]
        yield Grade.WARN, f"{said}: {_listed(names)}", "monitor feeds show NAME says what to do"
    else:
        yield Grade.OK, said or "none"


def _cluster(patient: Patient) -> Iterator[_Found]:
    scheduler = patient.desk.scheduler if patient.desk else None
    if scheduler is None and _names_a_cluster(patient):
        yield (
            Grade.NOTE,
            "the certificates that its scheduler is met with are not here: it was not asked",
            "set $CREDENTIALS_DIRECTORY to the folder that the unit loads",
        )
        return
    if scheduler is None:
        yield Grade.OK, "feeds are polled on this machine"
        return
    from monitor.cluster import unlike

    try:
        versions = patient.machine.versions(scheduler)
    except ClusterError as error:
        remedy = "see whether it runs, a firewall, and both ends' certificates: docs/cluster.md"
        yield Grade.FAIL, f"{scheduler.address}: {error.what}; feeds are polled on this machine", remedy
        return
    strange = unlike(versions)
    workers = len(versions) - 1
    if strange:
        yield Grade.FAIL, f"{strange}; feeds are polled on this machine", "install the same version there"
    elif not workers:
        yield Grade.FAIL, f"{scheduler.address} has no workers", "start one: docs/cluster.md"
    else:
        yield Grade.OK, f"{scheduler.address} answers, and {workers} of its workers, all with {__version__}"


def _names_a_cluster(patient: Patient) -> bool:
    roots = patient.desk.sources.roots if patient.desk else ()
    settings = [node for root in roots for key, node in root.pairs if key.text == "settings"]
    return any(
        key.text == "engine" and value.text != "local" for node in settings for key, value in node.pairs
    )


def _receivers(patient: Patient) -> Iterator[_Found]:
    faults = [*_missing_secrets(patient), *_overdue(patient)]
    if patient.network:
        faults += _unreachable(patient)
    yield from faults
    if not faults:
        number = len(patient.desk.receivers) if patient.desk else 0
        reached = ", and their hosts answer" if patient.network else "; --network connects to their hosts"
        yield Grade.OK, f"{number} ready, nothing overdue{reached}"


def _missing_secrets(patient: Patient) -> Iterator[_Found]:
    for note in patient.desk.notes if patient.desk else ():
        yield Grade.NOTE, note, "as the daemon's own user, with its credentials, it may be there: see unit"


def _overdue(patient: Patient) -> Iterator[_Found]:
    now = patient.machine.clock()
    for queue in patient.report.queues if patient.report else ():
        waits = now - queue.oldest if queue.oldest else timedelta()
        why = f" ({queue.error})" if queue.error else ""
        if dead := queue.states.get("dead", 0):
            yield (
                Grade.FAIL,
                f"{queue.receiver}: {dead} given up{why}",
                f"correct its address; then monitor deliveries retry --receiver {queue.receiver}",
            )
        if waits > _LATE:
            grade = Grade.FAIL if waits > _LOST else Grade.WARN
            since = f"{queue.receiver}: the oldest has waited since {queue.oldest:%Y-%m-%d %H:%M} UTC{why}"
            yield grade, since, "see whether its service is up, and its address right"


def _push(patient: Patient) -> Iterator[_Found]:
    push = patient.desk.push if patient.desk else None
    standing = patient.report.subscriptions if patient.report else ()
    if push is None:
        offers = patient.report.offers if patient.report else 0
        yield Grade.OK, f"not set up; feeds that name a hub: {offers}; they are polled like all"
        return
    if patient.report and patient.report.doorbell and patient.report.doorbell[1]:
        yield (
            Grade.WARN,
            f"nobody listens for hubs: {': '.join(patient.report.doorbell)}; feeds are polled meanwhile",
            "give settings: push: listen: another address",
        )
    if patient.network:
        yield from _answering(patient, push.address)
    if push.address.startswith("http:"):
        yield (
            Grade.WARN,
            "hubs reach us without TLS: on the way others may read what they sign with, and have us poll",
            "give it an https address (docs/howto/push.md)",
        )
    failing = [one for one in standing if one.error and not one.leaving]
    if failing:
        said = f"{_listed([one.feed for one in failing])}: no hub rings ({failing[0].error}); they are polled"
        yield Grade.WARN, said, "see whether the address is reached from outside: monitor doctor --network"
    alive = sum(subscription.is_alive(one, now=patient.machine.clock()) for one in standing)
    yield Grade.OK, f"hubs ring for {alive} of {len(standing)} feeds that they were asked for"


def _answering(patient: Patient, address: str) -> Iterator[_Found]:
    """Whether what hubs are given leads to us, as far as that can be seen from here."""
    where = f"{address.rstrip('/')}/"
    try:
        ours = patient.machine.ask(where) == HELLO
        said = "leads to another than our daemon"
    except FetchError as error:
        ours, said = False, error.what
    if ours:
        yield Grade.OK, f"{where} leads to us"
    else:
        yield (
            Grade.FAIL,
            f"{where}: {said}",
            "see that the daemon runs and the proxy hands it on (docs/howto/push.md); try from outside too",
        )


def _unreachable(patient: Patient) -> Iterator[_Found]:
    for receiver in patient.desk.receivers if patient.desk else ():
        where = _host_of(receiver.url)
        if where is None:
            yield Grade.NOTE, f"{receiver.name}: its address does not say which host it is sent to"
            continue
        try:
            patient.machine.connect(*where)
        except OSError as error:
            said = error.strerror or type(error).__name__
            yield (
                Grade.FAIL,
                f"{receiver.name}: {where[0]} port {where[1]}: {said}",
                "see whether it is up, and a firewall",
            )


def _host_of(url: str) -> tuple[str, int] | None:
    """Where a receiver's messages go, as far as its address says so; no secret is in it."""
    parts = urlsplit(url)
    if parts.scheme in _SERVICES:
        return _SERVICES[parts.scheme], 443
    smtp = parse_qs(parts.query).get("smtp", [""])[0]
    try:
        if parts.scheme in _MAIL_PORTS and (smtp or parts.port):
            return smtp or parts.hostname or "", parts.port or _MAIL_PORTS[parts.scheme]
        if parts.scheme in _PORTS and parts.hostname:
            return parts.hostname, parts.port or _PORTS[parts.scheme]
    except ValueError:  # a port that is none
        return None
    return None


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return ", ".join(names[:_MOST]) + more


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"


# In this order: what later ones look at, earlier ones have read.
CHECKS: dict[str, Callable[[Patient], Iterator[_Found]]] = {
    "rules": _rules,
    "database": _database,
    "disk": _disk,
    "permissions": _permissions,
    "clock": _clock,
    "dns": _dns,
    "tls": _tls,
    "feeds": _feeds,
    "cluster": _cluster,
    "receivers": _receivers,
    "push": _push,
    "unit": _unit,
    "versions": _versions,
}
