"""The service under a real systemd, from the first start to the last stop, in a box of its own (box.py).

The feeds and receivers are real servers on the box's loopback; the unit is that of `monitor service install`.
"""

from __future__ import annotations

import json
import re
import shutil
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from monitor.alerts.compose import AGAIN
from monitor.demo.sinks import ChatSink, MailSink
from tests.desks import NEWS, OLD, RULES, eventually, serve_feed
from tests.systemd.box import Box, boot, installation, why_not
from tests.web_server import Request, Response, WebServer

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

WHY_NOT = why_not()
pytestmark = [pytest.mark.systemd, pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)]

MONITOR = "/opt/media-monitor/bin/monitor"
SECRET = "t0ken0that0is0secret"
STATE = "/var/lib/private/monitor"

# Takes the database's one write lock, and keeps it until its own end.
LOCK = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("begin immediate")
print("locked", flush=True)
sys.stdin.read()
"""

# What takes minutes in service takes a moment here; everything else is the unit as it is shipped.
QUICK = "[Service]\nRestartSec=200ms\n"


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    folder = tmp_path_factory.mktemp("box")
    with boot(Path("/"), folder, shown=installation(folder / "environment")) as box:
        box.must(MONITOR, "service", "install")
        yield box


@dataclass
class Service:
    """The service in its box, with the world that it watches and tells."""

    box: Box
    web: WebServer
    mail: MailSink
    chat: ChatSink
    since: str  # journalctl's word for when this test began

    def desk(self, *, rules: str = RULES) -> None:
        """Write the desk's files."""
        feed = {"name": "wire", "url": self.web.url("/feed"), "every": "1 s", "allow-private": "yes"}
        names = {"mail": "${credential:mail}", "chat": "${credential:chat}"}
        self.box.write("/etc/monitor/feeds.yaml", json.dumps({"feeds": [feed]}))
        self.box.write("/etc/monitor/receivers.yaml", json.dumps({"receivers": names}))
        self.box.write("/etc/monitor/rules.yaml", rules)
        for sink in (self.mail, self.chat):
            self.secret(sink.receiver, sink.url)

    def secret(self, name: str, url: str) -> None:
        """Write a receiver's address where the unit looks for it."""
        self.box.write(f"/etc/monitor/credentials/{name}", f"{url}\n", mode=0o600)

    def changed(self, text: str) -> None:
        """A drop-in, as an administrator makes one."""
        self.box.write("/etc/systemd/system/monitor.service.d/test.conf", text)
        self.box.must("systemctl", "daemon-reload")

    def start(self) -> None:
        """Start it, and wait for its first poll: the feed's baseline."""
        self.box.must("systemctl", "start", "monitor")
        eventually(lambda: "outcome=fresh" in self.log())

    def log(self, *matches: str) -> str:
        """What the journal holds since this test began."""
        return self.box.journal(self.since, *matches)

    def pid(self) -> int:
        """The main process, as the box numbers it."""
        return int(self.box.shows("monitor", "MainPID"))

    def restarts(self) -> int:
        return int(self.box.shows("monitor", "NRestarts"))

    def kill(self, signal: str) -> None:
        self.box.must("systemctl", "kill", "--kill-who=main", f"--signal={signal}", "monitor")

    def told(self) -> None:
        """Wait until both have been told of the news."""
        eventually(lambda: self.mail.arrivals and self.chat.arrivals)
        eventually(lambda: self.log("OUTCOME=sent").count("outcome=sent") >= 2)


@pytest.fixture
def service(box: Box) -> Iterator[Service]:
    with ExitStack() as stack:
        with box.network():
            web = stack.enter_context(WebServer())
            mail = stack.enter_context(MailSink("mail"))
            chat = stack.enter_context(ChatSink("chat"))
        serve_feed(web, OLD)
        since = f"--since=@{time.time():.6f}"
        service = Service(box, web, mail, chat, since)
        service.changed(QUICK)
        service.desk()
        yield service
        print(service.log())  # noqa: T201 - shown where the test fails
        box.run("systemctl", "kill", "--signal=KILL", "monitor")
        box.run("systemctl", "stop", "monitor")
        box.run("systemctl", "reset-failed", "monitor")
        for place in (STATE, "/etc/monitor", "/etc/systemd/system/monitor.service.d"):
            shutil.rmtree(box.path(place), ignore_errors=True)
        box.path("/etc/monitor/credentials").mkdir(mode=0o700, parents=True)


# ---- start and reload --------------------------------------------------------------------------------------


def test_a_start_returns_when_the_daemon_works_and_not_before(service: Service) -> None:
    service.box.must("systemctl", "start", "monitor")
    log = service.log()
    assert log.index("outcome=started") < log.index("Started monitor.service")
    assert service.box.shows("monitor", "StatusText") == "watching 1 feeds"
    assert service.box.shows("monitor", "Type") == "notify"


def test_without_a_desk_a_start_is_passed_over_and_is_no_failure(service: Service) -> None:
    for file in service.box.path("/etc/monitor").glob("*.yaml"):
        file.unlink()
    service.box.must("systemctl", "start", "monitor")
    assert service.box.shows("monitor", "ActiveState") == "inactive"
    assert "was skipped because of an unmet condition check" in service.log()


def test_mistakes_in_the_desk_fail_a_first_start_for_good(service: Service) -> None:
    service.desk(rules=RULES.replace("any:", "ayn:"))
    assert service.box.run("systemctl", "start", "monitor").returncode != 0
    assert "/etc/monitor/rules.yaml:4:5: unknown key" in service.log()
    assert (service.box.shows("monitor", "ExecMainStatus"), service.restarts()) == ("78", 0)
    assert service.box.shows("monitor", "ActiveState") == "failed"


def test_a_reload_with_bad_rules_is_refused_and_one_with_good_rules_is_not(service: Service) -> None:
    service.start()
    pid = service.pid()
    service.desk(rules=RULES.replace("any:", "ayn:"))
    assert service.box.run("systemctl", "reload", "monitor").returncode != 0
    assert "/etc/monitor/rules.yaml:4:5: unknown key" in service.log()
    serve_feed(service.web, OLD, NEWS)  # the old rules stay
    service.told()
    service.desk(rules=RULES.replace("peace agreement]", "peace agreement, bakery]"))
    service.box.must("systemctl", "reload", "monitor")
    eventually(lambda: "outcome=reloaded" in service.log())
    serve_feed(service.web, OLD, NEWS, "A new bakery opens in the old town")
    eventually(lambda: len(service.mail.arrivals) == 2 and len(service.chat.arrivals) == 2)
    assert (service.pid(), service.restarts()) == (pid, 0)


# ---- it dies, and comes back -------------------------------------------------------------------------------


def test_killed_it_comes_back_and_nothing_is_lost_or_told_twice(service: Service) -> None:
    service.start()
    count = len(service.web.requests)
    serve_feed(service.web, OLD, NEWS)
    eventually(lambda: len(service.web.requests) > count)
    service.kill("KILL")  # between a poll and what comes of it
    eventually(lambda: service.restarts() == 1 and service.box.shows("monitor", "ActiveState") == "active")
    service.told()
    told = [len(sink.arrivals) for sink in (service.mail, service.chat)]
    service.kill("KILL")  # after all is told
    eventually(lambda: service.restarts() == 2 and service.box.shows("monitor", "ActiveState") == "active")
    count = len(service.web.requests)
    eventually(lambda: len(service.web.requests) > count + 1)
    assert [len(sink.arrivals) for sink in (service.mail, service.chat)] == told
    for sink in (service.mail, service.chat):  # what was under way may come twice, and then says so
        assert len([arrival for arrival in sink.arrivals if AGAIN not in arrival.body]) <= 1


def test_killed_while_it_sends_it_sends_again_and_says_so(service: Service) -> None:
    arrived = threading.Event()
    bodies: list[str] = []

    def take(request: Request) -> Response:
        bodies.append(json.loads(request.body)["message"])
        if len(bodies) == 1:
            service.kill("KILL")
        arrived.set()
        return Response(b"ok")

    service.web.answer("/hook", take)
    service.secret("chat", service.web.url("/hook").replace("http://", "json://"))
    service.start()
    serve_feed(service.web, OLD, NEWS)
    eventually(lambda: len(bodies) == 2)
    eventually(lambda: service.log("RECEIVER=chat", "OUTCOME=sent"))
    assert [AGAIN in body for body in bodies] == [False, True]


def test_a_hang_is_ended_by_the_watchdog_with_all_stacks_and_it_starts_anew(service: Service) -> None:
    """The database is locked by another process, for good: nothing can be kept, so no ping is sent."""
    service.changed(f"{QUICK}WatchdogSec=3\n")
    service.start()
    pid = service.pid()
    with service.box.running("/opt/media-monitor/bin/python3", "-c", LOCK, f"{STATE}/monitor.db") as lock:
        assert lock.stdout is not None
        assert lock.stdout.readline() == b"locked\n"
        serve_feed(service.web, OLD, NEWS)
        eventually(lambda: "Watchdog timeout" in service.log())
    eventually(lambda: service.restarts() >= 1 and service.box.shows("monitor", "ActiveState") == "active")
    assert service.pid() != pid
    log = service.log()
    assert "Fatal Python error: Aborted" in log
    assert len(re.findall(r"^(Current thread|Thread) 0x", log, re.MULTILINE)) > 3
    service.told()
    for sink in (service.mail, service.chat):
        assert len([arrival for arrival in sink.arrivals if AGAIN not in arrival.body]) == 1


def test_a_stopped_process_is_ended_by_the_watchdog(service: Service) -> None:
    service.changed(f"{QUICK}WatchdogSec=3\n")
    service.start()
    service.kill("STOP")
    eventually(lambda: service.restarts() >= 1 and service.box.shows("monitor", "ActiveState") == "active")
    assert "Watchdog timeout" in service.log()
    assert "Failed with result 'watchdog'" in service.log()
    serve_feed(service.web, OLD, NEWS)
    service.told()


# ---- it stops ----------------------------------------------------------------------------------------------


def test_a_stop_waits_for_the_message_under_way(service: Service) -> None:
    begun, done = threading.Event(), threading.Event()

    def take(_: Request) -> Response:
        begun.set()
        done.wait(20)
        return Response(b"ok")

    service.web.answer("/hook", take)
    service.secret("chat", service.web.url("/hook").replace("http://", "json://"))
    service.start()
    serve_feed(service.web, OLD, NEWS)
    assert begun.wait(90)
    stop = threading.Thread(target=service.box.must, args=("systemctl", "stop", "monitor"))
    stop.start()
    eventually(lambda: service.box.shows("monitor", "ActiveState") == "deactivating")
    assert "outcome=stopped" not in service.log()
    done.set()
    stop.join()
    assert service.box.shows("monitor", "Result") == "success"
    log = service.log()
    assert log.index("receiver=chat") < log.index("outcome=stopped") < log.index("Deactivated successfully")


def test_a_stop_is_quick_when_nothing_is_under_way(service: Service) -> None:
    service.start()
    begin = time.monotonic()
    service.box.must("systemctl", "stop", "monitor")
    assert time.monotonic() - begin < 15
    assert service.box.shows("monitor", "Result") == "success"


def test_a_stop_that_takes_too_long_is_a_kill_and_what_was_under_way_is_told_again(service: Service) -> None:
    begun, bodies = threading.Event(), list[str]()

    def hang(connection: socket.socket, closing: threading.Event) -> None:
        begun.set()
        connection.settimeout(1)
        closing.wait(30)

    service.changed(f"{QUICK}TimeoutStopSec=1\n")
    service.web.raw("/hook", hang)
    service.secret("chat", service.web.url("/hook").replace("http://", "json://"))
    service.start()
    serve_feed(service.web, OLD, NEWS)
    assert begun.wait(90)
    service.box.must("systemctl", "stop", "monitor")
    assert service.box.shows("monitor", "Result") == "timeout"

    def take(request: Request) -> Response:
        bodies.append(json.loads(request.body)["message"])
        return Response(b"ok")

    service.web.answer("/again", take)
    service.secret("chat", service.web.url("/again").replace("http://", "json://"))
    service.box.must("systemctl", "start", "monitor")
    eventually(lambda: bodies)
    assert AGAIN in bodies[0]
    assert len(service.mail.arrivals) == 1


# ---- the journal and the secrets ---------------------------------------------------------------------------


def test_the_journal_is_asked_by_feed_story_rule_and_receiver(service: Service) -> None:
    service.start()
    serve_feed(service.web, OLD, NEWS)
    service.told()
    story = re.findall(r"story=(\w+)", service.log())[0]
    told = [line for line in service.log(f"STORY_ID={story}").splitlines() if line]
    assert len(told) == 2
    assert all(f"story={story} rules=peace attempt=1 outcome=sent" in line for line in told)
    assert service.log("RULE=peace").count("outcome=sent") == 2
    assert service.log("RULE=peace", "RECEIVER=mail").count("outcome=sent") == 1
    polls = service.log("FEED=wire").splitlines()
    assert all(line.startswith("feed=wire outcome=") for line in polls)
    assert len(polls) >= len(service.web.requests) - 2  # a line a poll; the last may be on their way
    assert "entries=1 " in service.log("FEED=wire", "OUTCOME=fresh")
    verbose = service.box.must("journalctl", "-o", "verbose", f"STORY_ID={story}", "RECEIVER=chat")
    assert "_TRANSPORT=journal" in verbose
    assert "SYSLOG_IDENTIFIER=monitor" in verbose
    assert "PRIORITY=6" in verbose
    assert "CODE_FUNC=" in verbose


def test_the_receivers_addresses_are_seen_by_the_daemon_alone(service: Service) -> None:
    service.secret("chat", f"mmost://127.0.0.1:9/{SECRET}?image=no")  # nobody listens on port 9
    service.start()
    serve_feed(service.web, OLD, NEWS)
    eventually(lambda: service.mail.arrivals)
    eventually(lambda: service.log("RECEIVER=chat"))
    nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    for place in ("/run/credentials/monitor.service", "/etc/monitor/credentials", STATE):
        assert service.box.must("ls", place)
        assert "Permission denied" in service.box.run(*nobody, "ls", place).stderr
    environ = service.box.path(f"/proc/{service.pid()}/environ").read_text()
    assert "CREDENTIALS_DIRECTORY=" in environ
    kept = "".join(file.read_bytes().decode("latin-1") for file in service.box.path(STATE).iterdir())
    shown = service.box.must("systemctl", "show", "monitor") + service.box.must(
        "journalctl", "--output=json", service.since
    )
    assert SECRET not in environ + kept + shown


def test_the_cli_of_root_reads_the_state_while_the_daemon_runs(service: Service) -> None:
    service.start()
    shown = service.box.must(MONITOR, "status")
    assert "feeds       1" in shown
    before = {file.name: file.stat().st_uid for file in service.box.path(STATE).iterdir()}
    assert len(set(before.values())) == 1  # all are still the daemon's
    serve_feed(service.web, OLD, NEWS)
    service.told()


# ---- a user's own ------------------------------------------------------------------------------------------

MANAGER = """\
[Service]
Type=notify
User=ana
Delegate=yes
RuntimeDirectory=user/1234
RuntimeDirectoryMode=0700
Environment=XDG_RUNTIME_DIR=/run/user/1234
ExecStart=/lib/systemd/systemd --user --unit=basic.target
"""


def test_a_users_unit_runs_under_that_users_own_systemd(service: Service) -> None:
    """Written by `service install --user`, with desk, addresses, state and journal all the user's."""
    box, home = service.box, service.box.path("/home/ana")
    box.write("/etc/passwd", box.path("/etc/passwd").read_text() + "ana:x:1234:1234::/home/ana:/bin/sh\n")
    box.write("/etc/systemd/system/ana.service", MANAGER)
    home.mkdir(parents=True)
    ana = (
        *("setpriv", "--reuid=1234", "--regid=1234", "--clear-groups"),
        *("env", "HOME=/home/ana", "XDG_RUNTIME_DIR=/run/user/1234"),
    )
    shutil.chown(home, 1234, 1234)
    installed = box.run(*ana, MONITOR, "service", "install", "--user")
    assert installed.returncode == 0, installed.stderr
    shutil.copytree(box.path("/etc/monitor"), home / ".config" / "monitor", dirs_exist_ok=True)
    box.must("chown", "-R", "1234:1234", "/home/ana")
    box.must("systemctl", "daemon-reload")
    box.must("systemctl", "start", "ana")
    try:
        box.must(*ana, "systemctl", "--user", "start", "monitor")
        eventually(lambda: "outcome=fresh" in service.log())
        serve_feed(service.web, OLD, NEWS)
        service.told()
        assert "watching 1 feeds" in box.must(*ana, "systemctl", "--user", "status", "monitor")
        assert (home / ".local/state/monitor/monitor.db").stat().st_uid == 1234
        box.must(*ana, "systemctl", "--user", "reload", "monitor")
        box.must(*ana, "systemctl", "--user", "stop", "monitor")
        assert "outcome=stopped" in service.log()
    finally:
        box.run("systemctl", "stop", "ana")


# ---- the sandbox, from inside ------------------------------------------------------------------------------

# What the unit allows and forbids, and what comes of trying it.
PROMISES: list[tuple[str, object]] = [
    ("keeps state", "done"),
    ("reads the desk", "done"),
    ("reads its credentials", "done"),
    ("opens IPv4", "done"),
    ("opens IPv6", "done"),
    ("opens Unix", "done"),
    ("limits a parser", "done"),
    ("writes /etc", "EROFS"),
    ("writes /usr", "EROFS"),
    ("writes /var", "EROFS"),
    ("writes the desk", "EROFS"),
    ("reads the credentials' source", "EACCES"),
    ("reads /root", "EACCES"),
    ("sees in /home", []),
    ("sees in /tmp", []),
    ("sees processes", []),
    ("sees /proc/meminfo", False),
    ("writes /proc/sys", "ENOENT"),  # not even there: ProcSubset=pid
    ("writes /sys", "EROFS"),
    ("makes a cgroup", "EROFS"),
    ("makes a device", "EPERM"),
    ("makes a suid file", "EPERM"),
    ("capabilities", ["0000000000000000"] * 4),
    ("gains privileges", False),
    ("filtered", "2"),
    ("users outside", False),
    ("makes a user namespace", "EPERM"),
    ("makes a mount namespace", "EPERM"),
    ("writes and runs memory", "EPERM"),
    ("runs written memory", "EPERM"),
    ("opens netlink", "EAFNOSUPPORT"),
    ("opens packets", "EAFNOSUPPORT"),
    ("opens vsock", "EAFNOSUPPORT"),
    ("real time", "EPERM"),
    ("raises its priority", "EPERM"),
    ("changes personality", "EPERM"),
    ("sets the host's name", "EPERM"),
    ("sets the clock", "EPERM"),
    ("becomes root", "EPERM"),
    ("changes root", "EPERM"),
    ("core size", [0, 0]),
    ("umask", 0o077),
    ("calls mount", "EPERM"),
    ("calls reboot", "EPERM"),
    ("calls init_module", "EPERM"),
    ("calls bpf", "EPERM"),
    ("calls ptrace", "EPERM"),
]


HARMLESS = {
    *("null", "zero", "full", "random", "urandom", "tty", "ptmx", "pts", "shm", "mqueue", "hugepages"),
    *("log", "console", "core", "fd", "stdin", "stdout", "stderr", "char"),
}


@pytest.fixture(scope="module")
def probed(box: Box) -> dict[str, object]:
    """What probe.py found under the unit's own directives: only what is started, and how, is another's."""
    unit = box.must(MONITOR, "service", "show")
    for directive in ("ExecReload", "Restart", "WatchdogSec", "RestartSec", "RestartPreventExitStatus"):
        unit = re.sub(rf"^{directive}=.*\n", "", unit, flags=re.MULTILINE)
    unit = unit.replace("Type=notify", "Type=oneshot")
    unit = re.sub(
        r"^ExecStart=.*$", "ExecStart=/opt/media-monitor/bin/python3 /opt/probe.py", unit, flags=re.MULTILINE
    )
    box.write("/etc/systemd/system/monitor-probe.service", unit)
    box.write("/opt/probe.py", (Path(__file__).parent / "probe.py").read_text())
    box.write("/etc/monitor/desk.yaml", "rules: []\n")
    box.write("/etc/monitor/credentials/chat", "x", mode=0o600)
    box.write("/home/someone/letter", "private")
    box.write("/tmp/somebody-elses", "")  # noqa: S108 - in the box
    box.must("systemctl", "daemon-reload")
    box.must("systemctl", "start", "monitor-probe")
    found: dict[str, object] = json.loads(box.path(f"{STATE}/found.json").read_text())
    shutil.rmtree(box.path(STATE))
    box.path("/etc/monitor/desk.yaml").unlink()
    return found


@pytest.mark.parametrize(("promise", "comes"), PROMISES, ids=[promise for promise, _ in PROMISES])
def test_the_sandbox_keeps_its_promise(probed: dict[str, object], promise: str, comes: object) -> None:
    assert probed[promise] == comes


def test_every_probe_has_its_promise(probed: dict[str, object]) -> None:
    assert set(probed) - {promise for promise, _ in PROMISES} == {"uid", "sees in /dev"}


def test_it_runs_as_a_user_of_its_own_and_sees_no_device_of_the_machine(probed: dict[str, object]) -> None:
    assert 61184 <= int(str(probed["uid"])) <= 65519  # systemd's dynamic users
    assert set(probed["sees in /dev"]) <= HARMLESS  # type: ignore[call-overload]  # a list, by the JSON


# ---- the machine round the box -----------------------------------------------------------------------------


def test_nothing_of_the_machine_is_changed_by_the_box(box: Box) -> None:
    box.run("sysctl", "-w", "kernel.panic=77")
    assert Path("/proc/sys/kernel/panic").read_text() != "77\n"
    assert "Read-only" in box.run("sh", "-c", "echo 77 > /proc/sys/kernel/panic").stderr
    box.write("/etc/of-the-box", "x")
    assert not Path("/etc/of-the-box").exists()
