"""The command and the daemon as people meet them: processes, signals, exit statuses, real servers."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
from typing import TYPE_CHECKING

import pytest

from monitor.alerts.compose import AGAIN
from tests.desks import MONITOR, NEWS, OLD, RULES, Desk, called, eventually, serve_feed
from tests.web_server import Response, WebServer

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.demo.sinks import ChatSink, MailSink
    from tests.web_server import Request


@pytest.fixture
def desk(tmp_path: Path, web: WebServer, sinks: tuple[MailSink, ChatSink]) -> Desk:
    mail, chat = sinks
    return Desk(tmp_path, {"mail": mail.url, "chat": chat.url}, {"wire": web.url("/feed")})


def asked(web: WebServer, times: int) -> bool:
    return len(web.requests) >= times


# ---- a single pass -----------------------------------------------------------------------------------------


def test_once_takes_the_baseline_then_tells_what_is_new_by_mail_and_chat(
    desk: Desk, web: WebServer, sinks: tuple[MailSink, ChatSink]
) -> None:
    first = desk.command("run", "--once")
    assert first.returncode == 0, first.stderr
    assert "1 feed polled: 1 fresh, 0 unchanged, 0 failed; 1 document parsed" in first.stdout
    assert (
        "1 new or edited item (1 baseline, 0 edited): 1 story, 0 developments, 0 copies; 0 alerts"
        in first.stdout
    )
    again = desk.command("run", "--once", "--json")
    assert json.loads(again.stdout) | {"unchanged": 1, "parsed": 0, "entries": 0} == json.loads(again.stdout)
    assert json.loads(desk.call("status", "--json").stdout)["ever"]["prunes"] == 1
    serve_feed(web, OLD, NEWS)
    assert "1 alert" in desk.command("run", "--once").stdout
    for sink in sinks:
        (arrival,) = sink.arrivals
        assert arrival.body.startswith(NEWS)
        assert "Why: Peace agreement [high, rule peace]" in arrival.body
    assert [dict(request.headers).get("if-none-match") for request in web.requests] == [None, '"1"', '"1"']


def test_once_with_backfill_takes_what_stands_there_for_news(
    desk: Desk, web: WebServer, sinks: tuple[MailSink, ChatSink]
) -> None:
    serve_feed(web, OLD, NEWS)
    assert desk.command("run", "--once", "--backfill").returncode == 0
    assert len(sinks[0].arrivals) == 1


def test_status_says_what_stands_what_waits_and_what_fails(desk: Desk, web: WebServer) -> None:
    nothing = desk.call("status")
    assert nothing.returncode == 2
    assert "no monitor has run here yet" in nothing.stderr
    web.serve("/feed", b"gone fishing", status=404)
    desk.command("run", "--once")
    shown = desk.call("status")
    assert shown.returncode == 0
    assert "feeds       1: 1 failing" in shown.stdout
    assert "wire: " in shown.stdout
    assert "404" in shown.stdout
    assert json.loads(desk.call("status", "--json").stdout)["errors"].keys() == {"wire"}


def test_a_feed_that_is_down_is_backed_off_and_the_others_go_on(tmp_path: Path, web: WebServer) -> None:
    web.serve("/down", b"", status=500)
    desk = Desk(
        tmp_path,
        {"mail": "json://127.0.0.1:9/nowhere", "chat": "json://127.0.0.1:9/there"},
        {"down": web.url("/down"), "wire": web.url("/feed")},
        every="1 h",
    )
    assert "1 fresh, 0 unchanged, 1 failed" in desk.command("run", "--once").stdout
    again = desk.command("run", "--once").stdout
    assert "1 feed polled: 0 fresh, 1 unchanged, 0 failed" in again
    assert "not asked: 1 feed" in again


def test_a_damaged_database_is_said_to_be_one_with_what_to_do(desk: Desk) -> None:
    desk.command("run", "--once")
    with (desk.state / "monitor.db").open("r+b") as file:
        file.seek(4096)
        file.write(bytes(200) * 4096)
    shown = desk.call("status")
    assert shown.returncode == 69
    assert "Traceback" not in shown.stderr
    assert "restore a damaged file from a backup" in shown.stderr


# ---- mistakes ----------------------------------------------------------------------------------------------


def test_check_names_every_mistake_with_its_line_and_exits_78(desk: Desk) -> None:
    checked = desk.call("check")
    assert checked.returncode == 0
    assert "1 feed, 1 rule, 2 examples: no mistakes" in checked.stdout
    (desk.rules / "rules.yaml").write_text(
        RULES.replace("severity", "severty").replace("[mail, chat]", "[mial]")
    )
    broken = desk.command("check")
    assert broken.returncode == 78
    assert 'rules.yaml:5:5: unknown key "severty" - did you mean "severity"?' in broken.stderr
    assert "rules.yaml:6:12: " in broken.stderr
    assert "monitor: 2 mistakes" in broken.stderr
    found = json.loads(desk.call("check", "--json").stdout)
    assert [fault["line"] for fault in found["faults"]] == [5, 6]
    assert desk.command("run", "--once").returncode == 78


def test_check_works_without_the_secrets_and_run_does_not(desk: Desk) -> None:
    (desk.rules / "receivers.yaml").write_text(
        "receivers: {mail: '${credential:m}', chat: '${env:HOOK_ADDRESS}'}"
    )
    checked = desk.call("check")
    assert checked.returncode == 0
    assert "note: " in checked.stdout
    assert json.loads(desk.call("check", "--json").stdout)["ok"]
    refused = desk.command("run", "--once")
    assert refused.returncode == 78
    assert "set HOOK_ADDRESS" in refused.stderr


def test_wrong_usage_exits_2_in_one_line(desk: Desk) -> None:
    assert desk.command("run", "--onec").returncode == 2
    missing = called("check", "--rules", "/nowhere", "--json")
    assert missing.returncode == 2
    assert missing.stderr == "monitor: /nowhere: there is no such folder of rules - name one with --rules\n"
    assert json.loads(missing.stdout)["where"] == "/nowhere"


def test_help_and_version_teach() -> None:
    for option, said in (("--help", "monitor run --once"), ("--version", "media-monitor, version")):
        shown = subprocess.run([*MONITOR, option], capture_output=True, text=True, check=False)
        assert shown.returncode == 0
        assert said in shown.stdout
    for verb in ("run", "check", "status", "demo"):
        assert "Example" in called(verb, "--help").stdout


# ---- the daemon --------------------------------------------------------------------------------------------


def test_the_daemon_tells_what_is_new_and_stops_on_sigterm(
    desk: Desk, web: WebServer, sinks: tuple[MailSink, ChatSink]
) -> None:
    with desk.daemon() as daemon:
        eventually(lambda: "outcome=fresh" in desk.log)
        serve_feed(web, OLD, NEWS)
        eventually(lambda: all(sink.arrivals for sink in sinks))
        eventually(lambda: desk.log.count("outcome=sent") == 2)
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(60) == 0
    assert "outcome=stopped" in desk.log
    assert [len(sink.arrivals) for sink in sinks] == [1, 1]
    assert "Traceback" not in desk.log


def test_a_second_daemon_on_one_state_is_refused(desk: Desk) -> None:
    with desk.daemon() as daemon:
        eventually(lambda: "outcome=started" in desk.log)
        second = desk.command("run", "--once")
        assert second.returncode == 11
        assert "another monitor is running on this state" in second.stderr
        daemon.terminate()


def test_sighup_reloads_the_rules_and_bad_ones_leave_the_old_in_force(
    desk: Desk, web: WebServer, sinks: tuple[MailSink, ChatSink]
) -> None:
    with desk.daemon() as daemon:
        eventually(lambda: "outcome=fresh" in desk.log)
        (desk.rules / "rules.yaml").write_text(RULES.replace("any:", "ayn:"))
        daemon.send_signal(signal.SIGHUP)
        eventually(lambda: "outcome=reload-refused" in desk.log)
        assert 'rules.yaml:4:5: unknown key "ayn"' in desk.log
        (desk.rules / "rules.yaml").write_text(RULES.replace("peace agreement]", "peace agreement, bakery]"))
        daemon.send_signal(signal.SIGHUP)
        eventually(lambda: "outcome=reloaded" in desk.log)
        serve_feed(web, OLD, "A new bakery opens in the old town", NEWS)
        eventually(lambda: len(sinks[0].arrivals) == 2)
        daemon.terminate()


def test_it_tells_systemd_when_it_is_ready_and_when_it_stops(desk: Desk, tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(address)
        systemd.settimeout(60)
        desk.env.update(NOTIFY_SOCKET=address, WATCHDOG_USEC="600000")
        with desk.daemon() as daemon:
            assert systemd.recv(999).decode() == "READY=1\nSTATUS=watching 1 feeds"
            assert systemd.recv(999).decode() == "WATCHDOG=1"
            daemon.send_signal(signal.SIGHUP)
            for word in ("RELOADING=1", "READY=1"):
                eventually(lambda word=word: systemd.recv(999).decode().partition("\n")[0] == word)  # type: ignore[misc]  # mypy cannot infer a lambda's default
            daemon.terminate()
            while systemd.recv(999).decode() != "STOPPING=1":
                pass


def test_killed_while_it_polls_it_loses_nothing(
    desk: Desk, web: WebServer, sinks: tuple[MailSink, ChatSink]
) -> None:
    with desk.daemon() as daemon:
        eventually(lambda: "outcome=fresh" in desk.log)
        serve_feed(web, OLD, NEWS)
        count = len(web.requests)
        eventually(lambda: asked(web, count + 1))
        daemon.kill()
    with desk.daemon() as daemon:
        eventually(lambda: all(sink.arrivals for sink in sinks))
        count = len(web.requests)
        eventually(lambda: asked(web, count + 2))
        daemon.terminate()
    unmarked = [a for sink in sinks for a in sink.arrivals if AGAIN not in a.body]
    assert len(unmarked) <= 2


def test_killed_while_it_sends_it_sends_again_and_says_so(
    desk: Desk, web: WebServer, sinks: tuple[MailSink, ChatSink]
) -> None:
    """The webhook takes the message and the daemon dies before it hears so: the one honest repeat."""
    with WebServer() as hook:
        bodies: list[bytes] = []
        daemons: list[subprocess.Popen[bytes]] = []

        def take(request: Request) -> Response:
            bodies.append(request.body)
            if len(bodies) == 1:
                daemons[0].kill()
            return Response(b"ok")

        hook.answer("/hook", take)
        (desk.rules / "receivers.yaml").write_text(
            json.dumps(
                {"receivers": {"mail": sinks[0].url, "chat": hook.url("/hook").replace("http://", "json://")}}
            )
        )
        with desk.daemon() as daemon:
            daemons.append(daemon)
            eventually(lambda: "outcome=fresh" in desk.log)
            serve_feed(web, OLD, NEWS)
            eventually(lambda: daemon.poll() is not None)
        with desk.daemon() as daemon:
            eventually(lambda: len(bodies) == 2)
            eventually(lambda: desk.log.count("outcome=sent") >= 2)
            daemon.terminate()
    first, second = (json.loads(body)["message"] for body in bodies)
    assert AGAIN not in first
    assert AGAIN in second
    assert NEWS in second
    assert "outcome=interrupted" in desk.log


def test_a_receiver_that_is_down_delays_no_other_and_is_tried_again(
    desk: Desk, web: WebServer, sinks: tuple[MailSink, ChatSink]
) -> None:
    hook = "mmost://127.0.0.1:9/t0ken0that0is0secret?image=no"  # nobody listens on port 9
    (desk.rules / "receivers.yaml").write_text(
        json.dumps({"receivers": {"mail": sinks[0].url, "chat": hook}})
    )
    with desk.daemon() as daemon:
        eventually(lambda: "outcome=fresh" in desk.log)
        serve_feed(web, OLD, NEWS)
        eventually(lambda: sinks[0].arrivals)
        eventually(lambda: "receiver=chat" in desk.log)
        daemon.terminate()
        assert daemon.wait(60) == 0
    assert "outcome=failed" in desk.log
    assert json.loads(desk.call("status", "--json").stdout)["waiting"] == 1
    assert "  1 for chat" in desk.call("status").stdout
    (desk.rules / "rules.yaml").write_text(RULES.replace("chat", "talk"))
    (desk.rules / "receivers.yaml").write_text(
        json.dumps({"receivers": {"mail": sinks[0].url, "talk": hook}})
    )
    renamed = desk.command("run", "--once")
    assert "receiver=chat outcome=missing waiting=1 till the desk has it again" in renamed.stderr
    everything = desk.log + "".join(path.read_bytes().decode("latin-1") for path in desk.state.iterdir())
    assert "t0ken0that0is0secret" not in everything
