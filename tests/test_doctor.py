"""Doctor finds what is wrong, says what to do, changes nothing; on machines that are made up."""

from __future__ import annotations

import json
import os
import pty
import sqlite3
import ssl
import subprocess
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib import metadata
from typing import TYPE_CHECKING

import pytest

from monitor import doctor, pipeline
from monitor.doctor import Grade, Machine, Patient, examined
from monitor.errors import FetchError, StateError
from monitor.model import Feed
from monitor.store.report import Queue, examine
from monitor.store.store import DATABASE, Store
from monitor.subscribing import HELLO
from tests.desks import MONITOR, Desk, called
from tests.fakes import START
from tests.test_status import QUIET, with_a_queue

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SOUND = "LoadState=loaded\nUnitFileState=enabled\nActiveState=active\nResult=success\nFragmentPath="


@dataclass
class Known:
    """A machine on which all is well, until a test says otherwise."""

    now: datetime = START + timedelta(minutes=30)
    synchronised: str | None = "yes\n"
    unit: str | None = None
    unknown_hosts: tuple[str, ...] = ()
    closed: tuple[int, ...] = ()
    free: int = 80 << 30
    authorities: str = __file__
    connected: list[tuple[str, int]] = field(default_factory=list)
    answer: str = HELLO

    def machine(self) -> Machine:
        return Machine(
            clock=lambda: self.now,
            command=self.command,
            resolve=self.resolve,
            connect=self.connect,
            ask=self.ask,
            free=lambda _: self.free,
            authorities=lambda: replace_authorities(self.authorities),
        )

    def command(self, words: Sequence[str]) -> str | None:
        return self.synchronised if words[0] == "timedatectl" else self.unit

    def resolve(self, host: str, _port: int) -> Sequence[str]:
        if host in self.unknown_hosts:
            raise OSError("no such host")
        return ["192.0.2.1"]

    def ask(self, url: str) -> str:
        if not self.answer:
            raise FetchError("refuses connections")
        return f"{self.answer}" if url.endswith("/push/") else ""

    def connect(self, host: str, port: int) -> None:
        self.connected.append((host, port))
        if port in self.closed:
            raise ConnectionRefusedError(111, "Connection refused")


def replace_authorities(cafile: str) -> ssl.DefaultVerifyPaths:
    return ssl.DefaultVerifyPaths(cafile, "", "", "", "", "")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    feeds = {"wire": "https://wire.example/feed", "other": "https://other.example/feed"}
    made = Desk(tmp_path, QUIET, feeds)
    made.state.chmod(0o700)
    with_a_queue(made.state)
    with closing(sqlite3.connect(made.state / DATABASE)) as db:
        db.execute("update deliveries set state = 'sent', error = ''")
        db.commit()
    return made


def found(
    desk: Desk, known: Known, check: str, *, full: bool = False, network: bool = False
) -> list[tuple[str, str, str]]:
    """What one check finds, after those before it."""
    patient = Patient(desk.rules, desk.state, {}, known.machine(), full=full, network=network)
    return [
        (finding.grade.value, finding.says, finding.remedy)
        for _, findings in examined(patient)
        for finding in findings
        if finding.check == check
    ]


def grades(desk: Desk, known: Known, check: str) -> list[str]:
    return [grade for grade, _, _ in found(desk, known, check)]


def test_where_all_is_well_nothing_is_wrong(desk: Desk) -> None:
    patient = Patient(desk.rules, desk.state, {}, Known().machine(), full=True)
    worse = [
        finding
        for _, findings in examined(patient)
        for finding in findings
        if finding.grade in (Grade.WARN, Grade.FAIL)
    ]
    assert [finding.says for finding in worse] == ["no daemon is running on this state"]


def test_each_check_says_something_and_what_is_wrong_has_a_remedy(tmp_path: Path) -> None:
    """On a machine where everything is wrong."""
    desk = Desk(tmp_path, QUIET, {"wire": "https://wire.example/feed"}, rules_text="rules: [")
    known = Known(synchronised="no\n", free=1 << 20, authorities="/nowhere")
    patient = Patient(desk.rules, desk.state, {}, known.machine())
    findings = [finding for _, several in examined(patient) for finding in several]
    assert {finding.check for finding in findings} == set(doctor.CHECKS)
    assert all(finding.remedy for finding in findings if finding.grade in (Grade.WARN, Grade.FAIL))


# ---- one at a time -----------------------------------------------------------------------------------------


def test_mistakes_in_the_rules(desk: Desk) -> None:
    (desk.rules / "rules.yaml").write_text("rules: [{id: x}]")
    ((grade, says, remedy),) = found(desk, Known(), "rules")
    assert (grade, "rules.yaml:1:" in says, remedy) == ("fail", True, "monitor check names all")


def test_a_damaged_database(desk: Desk) -> None:
    with (desk.state / DATABASE).open("r+b") as file:
        file.seek(3 * 4096)
        file.write(bytes(40960))
    ((grade, _, remedy),) = found(desk, Known(), "database")
    assert (grade, "restore" in remedy) == ("fail", True)
    (desk.state / DATABASE).write_text("a letter" * 999)
    assert grades(desk, Known(), "database") == ["fail"]
    with pytest.raises(StateError, match="cannot be read"):
        examine(desk.state / "nowhere", full=False)


def test_a_database_that_has_gone_back(desk: Desk) -> None:
    with closing(sqlite3.connect(desk.state / DATABASE)) as db, db:
        db.execute("update claims set made = made - 1")
    _, (grade, says, remedy) = found(desk, Known(), "database")
    assert (grade, "knows of 1 of the 2 messages" in says, "next start" in remedy) == ("fail", True, True)
    shown = " ".join(called("status", "--state", str(desk.state)).stdout.split())
    assert "knows of 1 of the 2 messages taken to be sent; the next start marks" in shown
    with Store(desk.state) as store:
        pipeline.look_back(store, now=START)
    _, (grade, says, remedy) = found(desk, Known(), "database")
    assert (grade, "(noticed 2026-03-02 09:00 UTC)" in says, "restore" in remedy) == ("warn", True, True)
    assert "had gone back, noticed" in called("status", "--state", str(desk.state)).stdout
    assert grades(desk, Known(now=START + timedelta(days=8)), "database") == ["ok"]


def test_a_full_look_finds_an_index_that_lies_and_a_quick_one_does_not(desk: Desk) -> None:
    with closing(sqlite3.connect(desk.state / DATABASE, isolation_level=None)) as db:
        root = db.execute("select rootpage from sqlite_schema where name = 'entries_seen'").fetchone()[0]
        db.execute("pragma journal_mode = delete")
    with (desk.state / DATABASE).open("r+b") as file:  # an empty leaf of an index, SQLite's file format 1.6
        file.seek((root - 1) * 4096)
        file.write(bytes([10, 0, 0, 0, 0, 16, 0, 0]))
    assert examine(desk.state, full=False).problems == ()
    assert examine(desk.state, full=True).problems != ()
    assert [grade for grade, _, _ in found(desk, Known(), "database", full=True)] == ["fail"]


def test_a_database_of_another_kind(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(sqlite3.connect(desk.state / DATABASE)) as db:
        db.execute("create table lax (a)")
        db.commit()
    monkeypatch.setattr(doctor, "_LONG_JOURNAL", -1)
    said = [says for _, says, _ in found(desk, Known(), "database")]
    assert "not STRICT: lax" in said
    assert any(says.startswith("its journal holds") for says in said)
    with closing(sqlite3.connect(desk.state / DATABASE)) as db:
        db.execute("pragma journal_mode = delete")
    assert examine(desk.state, full=False).journal_mode == "delete"


@pytest.mark.parametrize(("free", "grade"), [(80 << 30, "ok"), (400 << 20, "warn"), (10 << 20, "fail")])
def test_room_on_the_disk(desk: Desk, free: int, grade: str) -> None:
    assert grades(desk, Known(free=free), "disk") == [grade]


def test_permissions(desk: Desk) -> None:
    desk.state.chmod(0o755)
    desk.rules.chmod(0o777)
    assert grades(desk, Known(), "permissions") == ["warn", "fail"]
    if os.geteuid() == 0:
        os.chown(desk.state / DATABASE, 12345, 12345)
        (_, (grade, says, remedy), _) = found(desk, Known(), "permissions")
        assert (grade, says) == ("fail", "monitor.db belong to another user than their folder")
        assert remedy.startswith("chown --reference=")


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (Known(), ["ok"]),
        (Known(synchronised=None), ["note"]),
        (Known(synchronised="no\n"), ["warn"]),
        (Known(now=START - timedelta(days=1)), ["fail", "ok"]),
    ],
)
def test_the_clock(desk: Desk, known: Known, expected: list[str]) -> None:
    assert grades(desk, known, "clock") == expected


def test_a_clock_that_is_days_ahead_is_known_by_the_dates_of_all_that_is_shown(desk: Desk) -> None:
    """It makes all news look like backfill, which is told to nobody."""
    seen = round(START.timestamp() * 1000)
    with Store(desk.state) as store, store.transaction():
        for number in range(30):
            store._db.execute(
                "insert into entries values (?, 'wire', 'o', 'g', 'l', 't', '', '', ?, null, 'd', ?, null,"
                " 'backfill', (select id from stories limit 1), 1, null, 'new', 0, '', '')",
                (number, seen - 100 * 3_600_000, seen),
            )
    ((grade, says, _), _) = found(desk, Known(), "clock")
    assert (grade, "dated 100 h and more before it" in says) == ("fail", True)


@pytest.mark.parametrize(
    ("unknown", "grade"),
    [((), "ok"), (("wire.example",), "warn"), (("wire.example", "other.example"), "fail")],
)
def test_names_of_feeds_hosts(desk: Desk, unknown: tuple[str, ...], grade: str) -> None:
    assert grades(desk, Known(unknown_hosts=unknown), "dns") == [grade]


def test_of_many_feeds_a_few_hosts_are_looked_up(tmp_path: Path) -> None:
    desk = Desk(tmp_path, QUIET, {f"f{n}": f"https://f{n}.example/" for n in range(100)})
    ((_, says, _),) = found(desk, Known(), "dns")
    assert says == "8 of 100 feeds' hosts looked up"


def test_certificate_authorities(desk: Desk) -> None:
    assert grades(desk, Known(authorities="/nowhere"), "tls") == ["fail"]


def test_feeds_by_health(desk: Desk) -> None:
    def failing(names: str) -> None:
        with closing(sqlite3.connect(desk.state / DATABASE)) as db:
            db.execute(f"update feeds set error = '404' where name in ({names})")
            db.commit()

    with Store(desk.state) as store:
        feeds = [replace_feed("wire"), replace_feed("other")]
        store.sync_feeds(feeds, first_poll=lambda _: START)
    assert grades(desk, Known(), "feeds") == ["ok"]
    failing("'wire'")
    ((grade, says, _),) = found(desk, Known(), "feeds")
    assert (grade, says) == ("warn", "1 failing, 1 unread: wire")
    failing("'wire', 'other'")
    assert grades(desk, Known(), "feeds") == ["fail"]


def replace_feed(name: str) -> Feed:
    return Feed(name, f"https://{name}.example/feed", name)


def test_receivers_that_are_owed_something_for_long(desk: Desk) -> None:
    with closing(sqlite3.connect(desk.state / DATABASE)) as db:
        db.execute("update deliveries set state = 'due', error = 'refused' where receiver = 'chat'")
        db.execute("update deliveries set state = 'dead' where receiver = 'mail'")
        db.commit()
    for hours, grade in ((2, "warn"), (30, "fail")):
        known = Known(now=START + timedelta(hours=hours))
        chat, mail = found(desk, known, "receivers")
        assert chat[0] == grade
        assert chat[1] == "chat: the oldest has waited since 2026-03-02 09:10 UTC (refused)"
        retry = "correct its address; then monitor deliveries retry --receiver mail"
        assert mail == ("fail", "mail: 1 given up", retry)


def test_hosts_of_receivers_are_connected_to_only_when_asked(desk: Desk) -> None:
    known = Known(closed=(9,))
    assert grades(desk, known, "receivers") == ["ok"]
    assert known.connected == []
    (desk.rules / "receivers.yaml").write_text(
        json.dumps({"receivers": {"mail": "json://127.0.0.1:9/a", "chat": "jsons://hook.example/secret"}})
    )
    told = found(desk, known, "receivers", network=True)
    assert known.connected == [("127.0.0.1", 9), ("hook.example", 443)]
    assert [says for _, says, _ in told] == ["mail: 127.0.0.1 port 9: Connection refused"]
    assert "secret" not in str(told)


@pytest.mark.parametrize(
    ("url", "where"),
    [
        ("slack://T/B/x/#c", ("hooks.slack.com", 443)),
        ("mailto://u:p@mail.example:2525?to=a@b.example", ("mail.example", 2525)),
        ("mailtos://u:p@example.org?smtp=smtp.example.org", ("smtp.example.org", 587)),
        ("mailto://u:p@gmail.com", None),  # Apprise knows its server, the address does not say it
        ("jsons://hook.example/x", ("hook.example", 443)),
        ("json://hook.example:99999/x", None),
        ("pover://u@t", None),
    ],
)
def test_where_a_receivers_messages_go(url: str, where: tuple[str, int] | None) -> None:
    assert doctor._host_of(url) == where


def test_a_secret_that_is_not_here_is_a_note(desk: Desk) -> None:
    (desk.rules / "receivers.yaml").write_text(
        json.dumps({"receivers": {"mail": "${credential:m}", "chat": "json://127.0.0.1:9/a"}})
    )
    ((grade, says, _),) = found(desk, Known(), "receivers")
    assert (grade, 'no credential "m"' in says) == ("note", True)


# ---- the unit ----------------------------------------------------------------------------------------------


def unit(folder: Path, *lines: str) -> str:
    path = folder / "monitor.service"
    path.write_text("\n".join(["[Service]", *lines]))
    return f"{SOUND}{path}\n"


def test_the_unit(desk: Desk, tmp_path: Path) -> None:
    (desk.rules / "receivers.yaml").write_text(
        json.dumps({"receivers": {"mail": "${credential:m}", "chat": "${credential:c}"}})
    )
    secret = tmp_path / "m"
    secret.write_text("x")
    secret.chmod(0o600)
    assert grades(desk, Known(), "unit") == ["note"]
    told = unit(
        tmp_path, "ExecStart=/nowhere/monitor run", f"LoadCredential=m:{secret}", "LoadCredential=z:/gone"
    )
    said = [(grade, says) for grade, says, _ in found(desk, Known(unit=told), "unit")]
    assert said == [
        ("fail", "its program /nowhere/monitor is not there"),
        ("fail", "its credential z is not there: /gone"),
        ("fail", "it does not load the credential c"),
    ]
    secret.chmod(0o644)
    told = unit(
        tmp_path, f"ExecStart={__file__} run", f"LoadCredential=m:{secret}", f"LoadCredential=c:{secret}"
    )
    assert grades(desk, Known(unit=told), "unit") == ["warn", "warn"]
    secret.chmod(0o600)
    assert grades(desk, Known(unit=told), "unit") == ["ok"]
    ill = told.replace("=enabled", "=disabled").replace("=active", "=failed")
    assert grades(desk, Known(unit=ill), "unit") == ["fail", "warn", "ok"]
    assert grades(desk, Known(unit=f"{SOUND}/gone/monitor.service\n"), "unit") == ["note"]


def test_a_folder_of_credentials_holds_each_that_the_files_ask_for(desk: Desk, tmp_path: Path) -> None:
    """The shipped unit's own way; what the page alone asks for is not for this unit."""
    asking = {
        "receivers": {
            "mail": "${credential:m}",
            "chat": {"url": "${credential:c}", "quiet": "22:00-07:00 UTC"},
        },
        "feeds": [
            {
                "name": "wire",
                "url": "https://wire.example/feed",
                "headers": {"X-Key": "${credential:h}"},
                "proxy": "http://u:${credential:p}@proxy.example:3128",
            },
            {
                "name": "other",
                "url": "https://other.example/feed",
                "auth": {"user": "u", "password": "${credential:a}"},
            },
        ],
        "settings": {"alive": "${credential:dead-man}", "web": {"token": "${credential:web-token}"}},
    }
    for old in ("receivers", "feeds"):
        (desk.rules / f"{old}.yaml").unlink()
    (desk.rules / "desk.yaml").write_text(json.dumps(asking))
    folder = tmp_path / "credentials"
    folder.mkdir(0o700)
    told = unit(tmp_path, f"ExecStart={__file__} run", f"LoadCredential=receiver:{folder}")
    wanted = ["a", "c", "dead-man", "h", "m", "p"]
    findings = found(desk, Known(unit=told), "unit")
    assert [says for _, says, _ in findings] == [f"it does not load the credential {name}" for name in wanted]
    assert findings[0][2] == f"write it to {folder}/a, or add LoadCredential=a:/path to the unit"
    for name in wanted[1:]:
        (folder / name).write_text("x")
    drop_in = tmp_path / "override.conf"
    drop_in.write_text(f"[Service]\nLoadCredentialEncrypted=a:{__file__}\n")
    told += f"DropInPaths={drop_in}\n"
    (warning,) = found(desk, Known(unit=told), "unit")  # this very file may be read by all
    assert warning == ("warn", f"others may read the credential {__file__}", f"chmod go= {__file__}")
    drop_in.write_text("")
    (folder / "a").write_text("x")
    assert grades(desk, Known(unit=told), "unit") == ["ok"]
    folder.chmod(0o755)
    assert grades(desk, Known(unit=told), "unit") == ["warn"]


# ---- the machine that there is, and the command ------------------------------------------------------------


def test_the_real_machine_answers_or_does_not(tmp_path: Path) -> None:
    machine = Machine()
    assert machine.command(["echo", "yes"]) == "yes\n"
    assert machine.command(["false"]) is None
    assert machine.command(["/nowhere/at/all"]) is None
    assert machine.free(tmp_path) > 0
    assert machine.clock().tzinfo is not None
    with pytest.raises(OSError, match="refused"):
        machine.connect("127.0.0.1", 9)


def test_packages_that_are_missing_are_named(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "requires", lambda _: ["no-such-thing>=1", 'x; python_version < "3"'])
    assert found(desk, Known(), "versions")[0][:2] == ("fail", "missing: no-such-thing")


def test_the_command_prints_findings_on_80_columns_and_exits_with_1_where_something_is_wrong(
    desk: Desk,
) -> None:
    (desk.rules / "feeds.yaml").write_text(
        json.dumps({"feeds": [{"name": "a", "url": "http://127.0.0.1:9/"}]})
    )
    well = run(desk)
    assert well.returncode == 0, well.stdout
    assert max(map(len, well.stdout.splitlines())) <= 80
    (desk.rules / "rules.yaml").write_text("rules: [{id: x}]")
    ill = run(desk, "--json")
    assert ill.returncode == 1
    told = json.loads(ill.stdout)
    assert not told["ok"]
    assert [one["check"] for one in told["findings"] if one["grade"] == "fail"] == ["rules"]
    assert "->" in run(desk).stdout


def run(desk: Desk, *options: str) -> subprocess.CompletedProcess[str]:
    return desk.call("doctor", *options)


def test_a_queue_without_a_wait_is_nothing(desk: Desk) -> None:
    assert Queue("mail", {"sent": 1}, None, "").oldest is None
    assert grades(desk, Known(), "receivers") == ["ok"]


def test_on_a_terminal_long_work_shows_how_far_it_is(desk: Desk, tmp_path: Path) -> None:
    for verb, *words in (("doctor",), ("backup", str(tmp_path / "copy.db"))):
        ours, theirs = pty.openpty()
        done = subprocess.run(
            [*MONITOR, *desk._words(verb, *words)],
            env=desk._environment(),
            stderr=theirs,
            stdout=subprocess.PIPE,
            check=False,
        )
        os.close(theirs)
        shown = os.read(ours, 65536).decode()
        os.close(ours)
        assert done.stdout
        assert "looking at" in shown or "copying" in shown or "checking" in shown, shown


# ---- push --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "finding"),
    [
        (HELLO, ("ok", "{}/ leads to us")),
        ("Welcome to nginx!", ("fail", "{}/: leads to another than our daemon")),
        ("", ("fail", "{}/: refuses connections")),
    ],
)
def test_where_hubs_are_sent(desk: Desk, answer: str, finding: tuple[str, str]) -> None:
    address = "https://desk.example/push"
    (desk.rules / "settings.yaml").write_text(
        f"settings: {{push: {{listen: '127.0.0.1:8090', address: '{address}'}}}}"
    )
    told = found(desk, Known(answer=answer), "push", network=True)
    assert told[0][:2] == (finding[0], finding[1].format(address))
    assert told[1][:2] == ("ok", "hubs ring for 0 of 0 feeds that they were asked for")
    assert len(found(desk, Known(answer=answer), "push")) == 1  # without --network nobody is asked
