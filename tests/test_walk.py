"""A person's walk: a new official, a misspelt key, a try, a backtest, and the alert."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from monitor.demo.sinks import ChatSink, MailSink
from tests.desks import Desk, eventually, serve_feed
from tests.web_server import WebServer

if TYPE_CHECKING:
    from pathlib import Path

OLD = "Nora Quill opens the harbour museum"
NEWS = "Minister Nora Quill resigns after the harbour vote"
PEOPLE = """\
names:
  quill:
    full: [Nora Quill]
rules:
  - id: quill
    when: $quill
    severty: high
    send: chat
    examples: {match: [Nora Quill speaks], ignore: [A quill is sharpened]}
"""


def monitor_rules(desk: Desk, verb: str, *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
    state = ["--state", str(desk.state)] if verb in ("try", "backtest") else []
    command = [sys.executable, "-m", "monitor", "rules", verb, "--rules", str(desk.rules), *state, *words]
    return subprocess.run(command, input=given, capture_output=True, text=True, timeout=60, check=False)


def test_from_a_new_official_to_the_alert(tmp_path: Path) -> None:
    with WebServer() as web, MailSink("mail") as mail, ChatSink("chat") as chat:
        serve_feed(web, OLD)
        desk = Desk(tmp_path, {"mail": mail.url, "chat": chat.url}, {"wire": web.url("/feed")})
        with desk.daemon() as daemon:
            eventually(lambda: "outcome=fresh" in desk.log)

            (desk.rules / "people.yaml").write_text(PEOPLE)
            refused = monitor_rules(desk, "check")
            assert refused.returncode == 1
            assert 'people.yaml:7:5: unknown key "severty" - did you mean "severity"?' in refused.stderr
            eventually(lambda: "outcome=reload-refused" in desk.log)

            (desk.rules / "people.yaml").write_text(PEOPLE.replace("severty", "severity"))
            assert monitor_rules(desk, "check").returncode == 0
            assert "FIRES quill  $quill" in monitor_rules(desk, "try", "-", given=NEWS).stdout
            caught = monitor_rules(desk, "backtest", "--rule", "quill").stdout
            assert "quill  1 story in 30 days" in caught

            eventually(lambda: "outcome=reloaded" in desk.log)
            serve_feed(web, OLD, NEWS)
            eventually(lambda: chat.arrivals)
            daemon.terminate()
        assert [NEWS in str(arrival) for arrival in chat.arrivals] == [True]
        assert not mail.arrivals
