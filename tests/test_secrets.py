"""No secret of a receiver's address is printed, logged or stored, whatever goes wrong with it.

Secrets stand in every part of an address (user, password, token, path, query, header, field) of every family;
services refuse, answer 500 with all that they were sent in the answer, hang, and cut off; everybody logs at
DEBUG.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from monitor import pipeline
from monitor.alerts import notify
from monitor.alerts.notify import Notifier, faults
from monitor.config import load_desk
from monitor.demo.sinks import MailSink
from monitor.model import Feed, FeedState, Receiver
from monitor.store.store import Store
from tests.alerts.families import TEAMS_HOST, Sinks, sinks
from tests.desks import MONITOR, called
from tests.fakes import FakeClock, FakeOutlet, Item, rules
from tests.web_server import Request, Response, reset

if TYPE_CHECKING:
    import socket
    import threading
    from collections.abc import Callable

    from tests.web_server import WebServer

WORKFLOW, SIGNATURE = "fac3" * 8, "S1gnatureOfTeams-Abc123"
SECRETS = (
    "mailuser-Qx71",
    "mailpassword-Qx72",
    "mail+pass%word/Qx73",  # percent-encoded in the address
    "mailheader-Qx74",
    "hookuser-Qx75",
    "hookpassword-Qx76",
    "hookpath-Qx77",
    "hookheader-Qx78",
    "hookquery-Qx79",
    "hookfield-Qx80",
    "mattermosttokenQx81",
    "ntfyuser-Qx82",
    "ntfypassword-Qx83",
    "ntfytopicQx84",
    "tk_ntfytokenQx85abcdefghijklmnopq",
    "T1SECRETQX86",
    "B1SECRETQX87",
    "SlackTokenQx88abcdefghij",
    "xoxb-1234567890-1234567890-SlackBotQx89abcdefghijkl",
    "417421629890",
    "DiscordTokenQx91_js",
    "987654321:telegramQx92klmnop-qrstuvwxyz12345",
    WORKFLOW,
    SIGNATURE,
)


def receivers(port: int, mail: int) -> dict[str, str]:
    """An address for each family, every secret in one of them."""
    people = "from=monitor@desk.example&to=duty@desk.example&mode=insecure"
    return {
        "mail": f"mailto://mailuser-Qx71:mailpassword-Qx72@127.0.0.1:{mail}/?{people}&+X-Key=mailheader-Qx74",
        "mail-encoded": f"mailto://user:mail%2Bpass%25word%2FQx73@127.0.0.1:{mail}/?{people}",
        "hook": (
            f"json://hookuser-Qx75:hookpassword-Qx76@127.0.0.1:{port}/hookpath-Qx77"
            "?+X-Key=hookheader-Qx78&-key=hookquery-Qx79&:key=hookfield-Qx80"
        ),
        "mattermost": f"mmost://127.0.0.1:{port}/mattermosttokenQx81?image=no",
        "ntfy": f"ntfy://ntfyuser-Qx82:ntfypassword-Qx83@127.0.0.1:{port}/ntfytopicQx84?image=no",
        "ntfy-token": f"ntfy://tk_ntfytokenQx85abcdefghijklmnopq@127.0.0.1:{port}/desk?image=no",
        "slack": "slack://T1SECRETQX86/B1SECRETQX87/SlackTokenQx88abcdefghij/#desk",
        "slack-bot": "slack://xoxb-1234567890-1234567890-SlackBotQx89abcdefghijkl/#desk",
        "discord": "discord://417421629890/DiscordTokenQx91_js?avatar=no",
        "telegram": "tgram://987654321:telegramQx92klmnop-qrstuvwxyz12345/4711",
        "teams": f"workflows://{TEAMS_HOST}:443/{WORKFLOW}/{SIGNATURE}",
    }


def found_in(*texts: str | bytes) -> list[str]:
    """The secrets that stand in any of these."""
    everything = b"\n".join(text.encode() if isinstance(text, str) else text for text in texts)
    return [secret for secret in SECRETS if secret.encode() in everything]


class Always(dict[str, Any]):
    """Every path has this answer."""

    def __init__(self, value: object) -> None:
        super().__init__()
        self._value = value

    def get(self, *_: object) -> Any:
        return self._value

    def __contains__(self, _: object) -> bool:
        return True

    def __getitem__(self, _: str) -> Any:
        return self._value


def echo(request: Request) -> Response:
    """All that was sent, as the reason of the failure."""
    said = f"{request.method} {request.path} {dict(request.headers)}".encode() + request.body
    return Response(said * 3, {"Content-Type": "text/plain", "X-Echo": request.path}, status=500)


def hang(_connection: socket.socket, closing: threading.Event) -> None:
    """Never answer."""
    closing.wait()


def _echoing(web: WebServer) -> None:
    web._answers = Always(echo)


def _hanging(web: WebServer) -> None:
    web._raw = Always(hang)


def _resetting(web: WebServer) -> None:
    web._raw = Always(reset)


class _Telling(MailSink):
    """A mail server that says in its refusal what it was told."""

    async def handle_RCPT(self, _server: Any, session: Any, _envelope: Any, *_: Any) -> str:  # noqa: N802
        return f"550 no {session.login_data} mailuser-Qx71 mailpassword-Qx72"


def test_there_are_more_than_twenty_and_every_one_stands_in_an_address_that_can_be_used() -> None:
    addresses = receivers(1, 2)
    assert len(SECRETS) >= 20
    assert set(found_in(*addresses.values())) == {*SECRETS} - {"mail+pass%word/Qx73"}
    for name, url in addresses.items():
        assert faults(Receiver(name, url)) == []


@pytest.mark.parametrize(
    "trouble", [None, _echoing, _hanging, _resetting], ids=lambda one: getattr(one, "__name__", "refused")
)
def test_no_secret_leaves_its_address(
    trouble: Callable[[WebServer], None] | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(notify, "_READ", 0.3)
    caplog.set_level(logging.DEBUG)
    for name in ("urllib3", "requests", "smtplib", "monitor"):
        caplog.set_level(logging.DEBUG, name)  # and as it was afterwards
    desk = tmp_path / "desk"
    desk.mkdir()
    try:
        with sinks(tmp_path, monkeypatch) as there, _Telling("mail") as mail:
            _fail(there, trouble)
            port = there.plain.port if trouble else 9
            mail_port = int(mail.url.split(":")[2].split("/")[0]) if trouble else 9
            everyone = [Receiver(name, url) for name, url in receivers(port, mail_port).items()]
            if trouble is None:
                monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
            errors = _told(desk, everyone)
    finally:
        logging.getLogger("urllib3").setLevel(logging.ERROR)
    assert set(errors) == {receiver.name for receiver in everyone}
    assert all(errors.values()), errors
    out, err = capfd.readouterr()
    ours = "\n".join(record.getMessage() for record in caplog.records if record.name != "apprise")
    stored = b"".join(path.read_bytes() for path in desk.iterdir())
    assert len(stored) > 4096
    assert found_in(*errors.values(), ours, out, err, stored, repr(everyone)) == []


def _fail(there: Sinks, trouble: Callable[[WebServer], None] | None) -> None:
    for web in (there.plain, there.secure):
        if trouble is not None:
            trouble(web)


def _told(folder: Path, everyone: list[Receiver]) -> dict[str, str]:
    """Tell everyone of a story; what the store says of each delivery."""
    names = tuple(receiver.name for receiver in everyone)
    book = rules(f"rules: [{{id: peace, title: Peace, any: [peace], send: {json.dumps(names)}}}]", names)
    clock, outlet = FakeClock(), FakeOutlet(Feed("wire", "https://wire.example/", "Wire"))
    with Store(folder) as store:
        store.sync_feeds([outlet.feed], first_poll=lambda _: clock.now)
        for _ in range(2):
            state = store.feed_states(["wire"]).get("wire", FeedState())
            pipeline.take(store, [outlet.poll(state)], rulebook=book, now=clock.now)
            outlet.items.append(Item("1", "Talks of peace"))
        notifier = Notifier()
        for receiver in everyone:
            assert pipeline.deliver_burst(store, receiver, send=notifier.send, clock=clock)
        return {
            row["receiver"]: row["error"] for row in store._rows("select receiver, error from deliveries")
        }


def test_no_command_prints_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = Path.cwd()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "state").mkdir()
    rule = {"id": "peace", "title": "Peace", "any": ["peace"], "send": ["hook"]}
    wrong = {"broken": "json://hookuser-Qx75:hookpassword-Qx76@127.0.0.1:99999/hookpath-Qx77"}
    for name, more in (("good", {}), ("bad", wrong)):
        (tmp_path / name).mkdir()
        desk = {"feeds": [], "receivers": {**receivers(9, 9), **more}, "rules": [rule]}
        (tmp_path / name / "desk.yaml").write_text(json.dumps(desk))
    passed = subprocess.run(
        [*MONITOR, "run", "--once", "--rules", "good", "--state", "state"],
        env={**os.environ, "PYTHONPATH": str(root), "PYTHONWARNINGS": "default"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    done = [
        passed,
        called("check", "--rules", "good"),
        called("check", "--rules", "bad"),
        called("check", "--rules", "bad", "--json"),
        called("receivers", "list", "--rules", "good"),
        called("receivers", "test", "hook", "--rules", "good"),
        called("receivers", "test", "mail", "--rules", "good", "--json"),
        called("status", "--state", "state"),
    ]
    assert all(one.stdout or one.stderr for one in done)
    assert "no server can have" in done[2].stderr
    stored = b"".join(path.read_bytes() for path in (tmp_path / "state").iterdir())
    assert found_in(*(text for one in done for text in (one.stdout, one.stderr)), stored) == []


def test_a_desk_is_kept_without_them(tmp_path: Path) -> None:
    rule = {"id": "peace", "title": "Peace", "any": ["peace"], "send": ["hook"]}
    desk = {"feeds": [], "receivers": receivers(9, 9), "rules": [rule]}
    (tmp_path / "desk.yaml").write_text(json.dumps(desk))
    loaded = load_desk(tmp_path, env={}, secrets_required=True)
    assert found_in(loaded.sources.packed(), repr(loaded.receivers)) == []
