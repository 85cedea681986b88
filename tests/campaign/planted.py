"""Secrets in every place that takes one, everything failing, everybody at DEBUG: where do they turn up?

Receivers of every family answer 500 with all that they were sent; feeds refuse their login and say it back;
a proxy does; the rules are broken and mended. Looked through is what the daemon logs, all its files, what
goes to a receiver that works, the command line, what a dozen commands print, a backup, and the page.
"""

from __future__ import annotations

import json
import signal
import socketserver
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from base64 import b64encode
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

import pytest

from tests.alerts.families import sinks
from tests.campaign.world import Desk, Hook, Nursery, Outlet, Row, published, unmeasured
from tests.desks import free_port
from tests.test_secrets import SECRETS as OF_RECEIVERS
from tests.test_secrets import Always, echo, receivers
from tests.web_server import WebServer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

# The secrets of feeds and settings, by the name of the credential that holds each.
OF_FEEDS = {
    "feed-header": "feedheader-Qx93",
    "feed-user": "feeduser-Qx94",
    "feed-password": "feed:pass+word/Qx95",
    "feed-cookie": "feedcookie-Qx96",
    "proxy-user": "proxyuser-Qx97",
    "proxy-password": "proxypass%word-Qx98",
    "web-token": "webtoken-Qx99-abcdefghijklmnopqrstuvwxyz",
    "alive": "http://127.0.0.1:{port}/alivepath-Qy10?key=alivekey-Qy11",
}
PLANTED = (
    *OF_RECEIVERS,
    *(secret for name, secret in OF_FEEDS.items() if name != "alive"),
    *("alivepath-Qy10", "alivekey-Qy11"),
)
_PAIRS = (
    ("mailuser-Qx71", "mailpassword-Qx72"),
    ("user", "mail+pass%word/Qx73"),
    ("hookuser-Qx75", "hookpassword-Qx76"),
    ("ntfyuser-Qx82", "ntfypassword-Qx83"),
    (OF_FEEDS["feed-user"], OF_FEEDS["feed-password"]),
    (OF_FEEDS["proxy-user"], OF_FEEDS["proxy-password"]),
)
_AT_DEBUG = "import logging; logging.basicConfig(level=10); from monitor.cli.main import main; main()"
_RULES = "rules: [{id: watched, title: Watched, any: [peace agreement], send: %s}]\n"
_COMMANDS = (
    *(("status",), ("status", "--prometheus")),
    *(("deliveries", "list"), ("deliveries", "list", "--json"), ("stories", "list"), ("stats",)),
)
_ON_RULES = (
    *(
        ("check",),
        ("check", "--json"),
        ("rules", "check"),
        ("receivers", "list"),
        ("receivers", "list", "--json"),
    ),
    *(("receivers", "test", "hook"), ("feeds", "list"), ("feeds", "export")),
)
_ON_BOTH = (("doctor", "--json"), ("run", "--once"))
_PAGES = ("/", "/receivers", "/feeds", "/rules", "/silences", "/login", "/search?q=peace")


def forms(secret: str) -> set[bytes]:
    """How a secret may be written: as it is, in an address, in JSON, in a Basic login (RFC 7617)."""
    plain = {secret, quote(secret, safe=""), quote(secret), json.dumps(secret)[1:-1]}
    logins = [
        b64encode(f"{front}{user}{between}{password}".encode())  # RFC 4616: those of mail have zeros
        for user, password in _PAIRS
        if secret in (user, password)
        for front, between in (("", ":"), ("\0", "\0"))
    ]
    return {*(form.encode() for form in plain), b64encode(secret.encode()), *logins}


def leaked(places: Mapping[str, bytes]) -> list[str]:
    """Where which secret stands: "log: hookpath-Qx77"."""
    return [
        f"{place}: {secret}"
        for place, said in places.items()
        for secret in PLANTED
        if any(form in said for form in forms(secret))
    ]


def secrets(*, short: bool = False) -> Row:
    """A desk full of them, run with everything failing, and everything looked through; `short`: the half."""
    with (
        pytest.MonkeyPatch.context() as patch,
        tempfile.TemporaryDirectory(prefix="campaign-secrets-") as folder,
        sinks(Path(folder), patch) as there,
        _Mail() as mail,
        WebServer() as outside,
        Hook("desk") as hook,
        published({"/": (outlet := Outlet(published=2))}) as port,
    ):
        for web in (there.plain, there.secure, outside):
            web._answers = Always(echo)
        addresses = receivers(there.plain.port, mail.port)
        patch.setenv("CREDENTIALS_DIRECTORY", str(_written(Path(folder), addresses, outside.port)))
        desk = _desk(Path(folder), addresses, hook.url, outside.port, port)
        with _Loud() as nursery:
            places = _lived(desk, outlet, addresses)
            places |= _commands(desk, nursery, short=short) | {"alerts": "\n".join(hook.bodies).encode()}
            places |= _pages(desk, nursery, _PAGES[:3] if short else _PAGES)
        asked = len(there.requests), len(outside.requests), mail.asked
    found = leaked(places)
    tried = sum(asked)
    return Row(
        f"{len(PLANTED)} planted secrets, DEBUG on, sinks failing ({tried} answers with all they were sent)",
        "0 found in logs, database, alerts, status, command line, page, doctor, why, backup",
        f"{len(found)} found in {len(places)} places of {sum(map(len, places.values())):,} bytes"
        + (f": {'; '.join(found[:6])}" if found else ""),
        not found and all(asked) and all(places.values()) and len(hook.bodies) > 0,
    )


# ---- the desk ----------------------------------------------------------------------------------------------


def _written(folder: Path, addresses: Mapping[str, str], port: int) -> Path:
    """The folder of credentials."""
    place = folder / "credentials"
    place.mkdir()
    for name, secret in {**addresses, **OF_FEEDS}.items():
        (place / name).write_text(secret.replace("{port}", str(port)))
    return place


def _desk(folder: Path, addresses: Mapping[str, str], hook: str, outside: int, wire: int) -> Desk:
    everyone = ["desk", *addresses]
    desk = Desk(
        folder / "desk",
        {},
        {"desk": hook} | {name: f"${{credential:{name}}}" for name in addresses},
        rules_text=_RULES % json.dumps(everyone),
    )
    common = {"every": "1 s", "allow-private": "yes"}
    closed = {
        "headers": {"X-Key": "${credential:feed-header}", "Cookie": "id=${credential:feed-cookie}"},
        "auth": {"user": "${credential:feed-user}", "password": "${credential:feed-password}"},
    }
    proxy = f"http://${{credential:proxy-user}}:${{credential:proxy-password}}@127.0.0.1:{outside}"
    feeds = [
        {"name": "wire", "url": f"http://127.0.0.1:{wire}/", **common},
        {"name": "closed", "url": f"http://127.0.0.1:{outside}/closed", **common, **closed},
        {"name": "far", "url": "http://far.example/feed", "proxy": proxy, **common, **closed},
        {"name": "far-tls", "url": "https://far.example/feed", "proxy": proxy, **common, **closed},
    ]
    (desk.rules / "feeds.yaml").write_text(json.dumps({"feeds": feeds}))
    settings = {
        "operators": "desk",
        "alive": "${credential:alive}",
        "web": {"token": "${credential:web-token}"},
    }
    (desk.rules / "settings.yaml").write_text(json.dumps({"settings": settings}))
    return desk


class _Answers(socketserver.StreamRequestHandler):
    """A mail server that wants a login, and refuses it with all that it was told."""

    server: _Listening
    timeout = 10

    def handle(self) -> None:
        """One connection."""
        self.wfile.write(b"220 desk.example\r\n")
        heard = b""
        for line in self.rfile:
            heard += line.strip() + b" "
            if line.upper().startswith(b"EHLO"):
                self.wfile.write(b"250-desk.example\r\n250 AUTH PLAIN LOGIN\r\n")
            elif line.upper().startswith(b"QUIT"):
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                self.server.asked += 1
                self.wfile.write(b"535 5.7.8 no: %s\r\n" % heard)


class _Listening(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
    asked = 0


class _Mail:
    """That server, while the `with` block lasts."""

    def __init__(self) -> None:
        self._server = _Listening(("127.0.0.1", 0), _Answers)
        self.port = int(self._server.server_address[1])

    @property
    def asked(self) -> int:
        """How many logins it refused."""
        return self._server.asked

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Loud(Nursery):
    """Its children log everything."""

    module = "tests.campaign.loud_nursery"


def _lived(desk: Desk, outlet: Outlet, addresses: Mapping[str, str]) -> dict[str, bytes]:
    """What is left of a daemon's life: its log, its files while it runs and after, its command lines."""
    log, until = desk.folder / "log", time.monotonic() + 150
    with _daemon(desk, log) as daemon:
        while time.monotonic() < until and not _is_baseline(desk):
            time.sleep(0.1)
        outlet.published = 3
        while time.monotonic() < until and _tried(desk) < len(addresses):
            time.sleep(0.1)
        lines = command_lines(daemon.pid)
        rules = desk.rules / "rules.yaml"
        good = rules.read_text()
        rules.write_text(good.replace("any:", "anny:").replace("desk", "nobody"))
        wrong = f"receivers: {{extra: '{addresses['hook']}', hook: 'json://['}}\n"
        (desk.rules / "more.yaml").write_text(wrong)
        daemon.send_signal(signal.SIGHUP)
        while time.monotonic() < until and b"refused" not in log.read_bytes():
            time.sleep(0.1)
        alive = _files(desk.state)  # -wal among them
        rules.write_text(good)
        (desk.rules / "more.yaml").unlink()
        assert daemon.poll() is None, log.read_text()[-2000:]
    assert any(b"\0run\0" in line for line in lines) and len(lines) > 1, "the daemon's, and a parser's"
    return {
        "log": log.read_bytes(),
        "database, running": alive,
        "database": _files(desk.state),
        "command lines": b"\n".join(lines),
    }


@contextmanager
def _daemon(desk: Desk, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The daemon, with a command line of its own, until the end of the `with` block."""
    words = [sys.executable, "-c", _AT_DEBUG, *desk.words("run")]
    with log.open("wb") as out, subprocess.Popen(words, env=unmeasured(), stdout=out, stderr=out) as daemon:
        try:
            yield daemon
        finally:
            daemon.terminate()


def command_lines(pid: int) -> set[bytes]:
    """The command lines of a process and of its descendants, as everybody on the machine may read them."""
    parents, lines = dict[int, int](), dict[int, bytes]()
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            lines[int(folder.name)] = (folder / "cmdline").read_bytes()
    family = {pid}
    while more := {one for one, parent in parents.items() if parent in family} - family:
        family |= more
    return {lines[one] for one in family if lines.get(one)}


def _is_baseline(desk: Desk) -> bool:
    return (desk.state / "monitor.db").exists() and desk.counts()["baselines"] >= 1


def _tried(desk: Desk) -> int:
    """How many receivers could not be told."""
    return int(_asked_of(desk, "select count(*) from deliveries where attempts > 0 and error > ''"))


def _title(desk: Desk) -> str:
    """The title of the story that was told."""
    return str(_asked_of(desk, "select json_extract(article, '$.title') from alerts"))


def _asked_of(desk: Desk, question: str) -> Any:
    with closing(sqlite3.connect(desk.state / "monitor.db", timeout=60)) as db:
        return db.execute(question).fetchone()[0]


def _files(folder: Path) -> bytes:
    found = b""
    for path in sorted(folder.rglob("*")):
        with suppress(FileNotFoundError):
            found += path.read_bytes() if path.is_file() else b""
    return found


# ---- commands and the page ---------------------------------------------------------------------------------


def _commands(desk: Desk, nursery: Nursery, *, short: bool) -> dict[str, bytes]:
    """What each command prints, its errors and its log among it; and the file that backup makes."""
    rules, state = ["--rules", str(desk.rules)], ["--state", str(desk.state)]
    backup = desk.folder / "backup.db"
    every = [
        *((words, state) for words in (("status", "--json"), ("why", "TITLE"), ("backup", str(backup)))),
        *((words, rules + state) for words in (("doctor",), ("feeds", "show", "closed"))),
    ]
    every += (
        []
        if short
        else [
            *((words, state) for words in _COMMANDS),
            *((words, rules) for words in _ON_RULES),
            *((words, rules + state) for words in _ON_BOTH),
        ]
    )
    said = {}
    for number, (words, options) in enumerate(every):
        log = desk.folder / f"said-{number}"
        nursery.whole_life(
            [_title(desk) if word == "TITLE" else word for word in words] + options, log=str(log)
        )
        said[" ".join(words[:3])] = log.read_bytes()
    return said | {"backup file": backup.read_bytes(), "database, after all": _files(desk.state)}


def _pages(desk: Desk, nursery: Nursery, paths: Sequence[str]) -> dict[str, bytes]:
    """What the page shows to somebody who is let in, and what its process prints."""
    port = free_port()
    log = desk.folder / "web-log"
    nursery.born([*desk.words("web"), "--port", str(port)], log=str(log))
    seen = {path: _asked(port, path) for path in paths}
    nursery.end()
    return {f"page {path}": said for path, said in seen.items()} | {"web log": log.read_bytes() or b"-"}


def _asked(port: int, path: str) -> bytes:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}")
    request.add_header("Authorization", f"Bearer {OF_FEEDS['web-token']}")
    until = time.monotonic() + 90
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while True:
        try:
            with opener.open(request, timeout=60) as answer:
                return b"%s%s" % (str(answer.headers).encode(), answer.read())
        except urllib.error.HTTPError as error:
            return error.read() or b"-"
        except OSError:
            if time.monotonic() > until:
                return b""
            time.sleep(0.1)
