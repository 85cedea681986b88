"""The Debian package in a fresh Debian: the manual word for word, an alert, an upgrade, removal, purge.

`.ci/run debian` makes what this needs: $DEBIAN_ROOT, a Debian with systemd and Python, and
$DEBIAN_PACKAGES, a folder with two builds of the package that differ in their revision alone.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import ssl
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import trustme

from monitor.demo.sinks import MailSink
from tests.desks import NEWS, OLD, eventually, rss
from tests.systemd.box import Box, boot, why_not
from tests.test_docs import ROOT, blocks
from tests.web_server import WebServer

if TYPE_CHECKING:
    from collections.abc import Iterator

WHY_NOT = why_not() or (
    "" if "DEBIAN_ROOT" in os.environ else "no $DEBIAN_ROOT: `.ci/run debian` makes one, with the package"
)
pytestmark = [
    pytest.mark.systemd,
    pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT),
    pytest.mark.timeout(600),
]

MANUAL = ROOT / "docs" / "operations.md"
FEED_HOST, FEED_PATH = "feeds.bbci.co.uk", "/news/world/rss.xml"  # as the manual's desk has it
# An address that is nobody's private one, so that the guard lets it through. It is on the box's own loopback:
# nothing that is sent there leaves the box.
FEED_ADDRESS = "151.101.0.81"


@dataclass
class Machine:
    """A fresh Debian that runs, with the world of the manual's desk on its own network."""

    box: Box
    web: WebServer
    mail: MailSink

    def follow(self, chapter: str) -> str:
        """Do what a chapter of the manual says, word for word; answers what was printed.

        The reader's own parts: an editor writes the YAML that follows, and the address is typed in.
        """
        printed = ""
        for block in blocks(MANUAL):
            if chapter_of(block.line) != chapter:
                continue
            if block.kind == "yaml":
                named = re.match(r"# (/\S+)\n", block.text)
                assert named
                self.box.write(named[1], block.text)
                continue
            for command in re.findall(r"^\$ (?:sudo )?([^#\n]+)", block.text, re.MULTILINE):
                if not command.startswith("nano "):
                    printed += self.do(command.strip())
        return printed

    def do(self, command: str) -> str:
        """A command at the root's prompt."""
        if "/dev/stdin" in command:
            command = f"printf '%s\\n' '{self.mail.url}' | {command}"
        return self.box.must("sh", "-c", f"cd /srv/download && exec 2>&1; {command}", within=300)

    def serve(self, *titles: str) -> None:
        self.web.serve(FEED_PATH, rss(*titles), {"ETag": f'"{len(titles)}"'})

    def kept(self) -> dict[str, int]:
        """How many rows the tables of the database hold."""
        count = (
            "import json, sqlite3; d = sqlite3.connect('/var/lib/monitor/monitor.db');"
            "print(json.dumps({t: d.execute(f'select count(*) from {t}').fetchone()[0]"
            " for t in ('entries', 'stories', 'alerts', 'deliveries')}))"
        )
        found: dict[str, int] = json.loads(self.box.must("python3", "-c", count))
        return found


def chapter_of(line: int) -> str:
    """The heading under which a line of the manual stands."""
    lines = MANUAL.read_text("utf-8").splitlines()[:line]
    return next((text.removeprefix("## ") for text in reversed(lines) if text.startswith("## ")), "")


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    folder, authority = tmp_path_factory.mktemp("debian"), trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(FEED_HOST).configure_cert(context)
    with boot(Path(os.environ["DEBIAN_ROOT"]), folder) as box, ExitStack() as stack:
        with box.network():
            os.system(f"ip address add {FEED_ADDRESS}/32 dev lo")  # noqa: S605 - two constants
            web = stack.enter_context(WebServer(tls=context, address=(FEED_ADDRESS, 443)))
            mail = stack.enter_context(MailSink("duty"))
        box.write("/etc/hosts", f"127.0.0.1 localhost\n{FEED_ADDRESS} {FEED_HOST}\n")
        trusted = box.path("/etc/ssl/certs/ca-certificates.crt")
        trusted.write_bytes(trusted.read_bytes() + authority.cert_pem.bytes())
        first, second = sorted(Path(os.environ["DEBIAN_PACKAGES"]).glob("*.deb"))
        for place, package in (("/srv/download", first), ("/srv/newer", second)):
            box.path(place).mkdir(parents=True)
            shutil.copy(package, box.path(place))
        yield Machine(box, web, mail)
        print(box.journal("-u", "monitor")[-6000:])  # noqa: T201 - shown where the test fails


def test_the_manual_leads_from_a_fresh_debian_to_an_alert_and_the_package_leaves_without_a_trace(
    machine: Machine,
) -> None:
    """One life, in the order in which it happens: each step stands on the one before it."""
    box = machine.box
    before = packaged(box)

    # ---- installed: nothing runs without a desk
    machine.serve(OLD)
    assert "nothing is watched yet" in machine.follow("Install on Debian")
    assert box.must("systemctl", "is-enabled", "monitor").strip() == "enabled"
    assert box.shows("monitor", "ActiveState") == "inactive"
    assert box.run("systemctl", "--failed", "--no-legend").stdout == ""

    # ---- the manual's desk, and an alert
    printed = machine.follow("A first desk")
    assert "1 feed, 1 rule, 0 examples: no mistakes" in printed
    assert "active (running)" in printed
    eventually(lambda: "entries=1" in box.journal("FEED=world"))
    machine.serve(OLD, NEWS)
    box.must("monitor", "feeds", "retry", "world")
    eventually(lambda: machine.mail.arrivals, within=60)
    (arrival,) = machine.mail.arrivals
    assert NEWS in arrival.body
    assert "Why: Peace agreement [high, rule peace-agreement]" in arrival.body
    eventually(lambda: "outcome=sent" in box.journal("RECEIVER=duty"))

    # ---- an upgrade keeps what was told, what was written and what runs
    kept, pid = machine.kept(), box.shows("monitor", "MainPID")
    box.write("/etc/monitor/README", "our own words\n")
    machine.do("apt-get install --yes /srv/newer/*.deb")
    eventually(lambda: box.shows("monitor", "ActiveState") == "active")
    assert box.shows("monitor", "MainPID") != pid
    assert box.path("/etc/monitor/README").read_text() == "our own words\n"
    assert machine.kept() == kept
    polls = len(machine.web.requests)
    box.must("monitor", "feeds", "retry", "world")
    eventually(lambda: len(machine.web.requests) > polls, within=60)
    assert len(machine.mail.arrivals) == 1

    # ---- a stopped daemon stays stopped over an upgrade
    box.must("systemctl", "stop", "monitor")
    machine.do("apt-get install --yes --allow-downgrades /srv/download/*.deb")
    assert box.shows("monitor", "ActiveState") == "inactive"

    # ---- removal keeps the desk and the database, a purge the desk
    box.must("systemctl", "start", "monitor")
    machine.do("apt-get remove --yes media-monitor")
    assert box.run("systemctl", "is-active", "monitor").stdout.strip() == "inactive"
    assert not box.path("/opt/media-monitor").exists()
    assert machine.kept() == kept
    machine.do("apt-get purge --yes media-monitor")
    assert not box.path("/var/lib/private/monitor").exists()
    left = packaged(box) - before
    assert left == {
        "/etc/monitor",
        "/etc/monitor/credentials",
        "/etc/monitor/credentials/duty",
        "/etc/monitor/desk.yaml",
    }


def packaged(box: Box) -> set[str]:
    """Every path where a package may leave something, but for the records of apt, dpkg and systemd."""
    records = ("/var/lib/dpkg", "/var/lib/apt", "/var/lib/systemd")
    return {
        f"/{found.relative_to(box.root)}"
        for place in ("/etc", "/opt", "/usr", "/var/lib")
        for found in box.path(place).rglob("*")
        if not f"/{found.relative_to(box.root)}".startswith(records) and "__pycache__" not in found.parts
    }
