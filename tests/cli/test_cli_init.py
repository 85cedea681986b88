"""`monitor init`: from an empty folder to an alert, over nothing that is there."""

from __future__ import annotations

import json
import os
import pty
import shutil
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor import config, starter
from monitor.cli.main import main, monitor
from monitor.demo.sinks import ChatSink
from monitor.errors import UsageError
from monitor.starter import Wish
from tests.desks import rss
from tests.web_server import WebServer

if TYPE_CHECKING:
    from pathlib import Path


def init(*words: str) -> str:
    done = CliRunner().invoke(monitor, ["init", *words], standalone_mode=False)
    if done.exception:
        raise done.exception
    return done.stdout


def test_a_desk_is_begun_that_checks_and_says_what_comes_next(tmp_path: Path) -> None:
    """Nothing is asked where there is no terminal to ask on."""
    told = init(str(tmp_path / "my desk"), "--topic", "ferry*, port strike")
    assert told.splitlines()[2:] == [
        "next:",
        f"  cd '{tmp_path}/my desk'",
        "  monitor check              reads it all, and tries the rule's examples",
        "  monitor receivers test me  sends one message, marked as a test",
        "  monitor run --once         what stands in the feeds now is known, and no news",
        "  monitor run                from now on; monitor web shows the page",
    ]
    desk = config.load_desk(tmp_path / "my desk" / "rules", env={}, secrets_required=True)
    (rule,) = desk.rulebook.rules
    assert (rule.id, rule.send, len(rule.examples)) == ("ferry", ("me",), 3)
    assert len(desk.feeds) == len(starter.FEEDS)
    assert desk.operators == "me"
    assert (tmp_path / "my desk" / "state").is_dir()


def test_the_address_is_kept_where_only_its_owner_reads_it(tmp_path: Path) -> None:
    secret = "https://hooks.example.org/T0/very-secret"
    told = init(str(tmp_path), "--yes", "--to", secret)
    place = tmp_path / "rules" / starter.SECRET
    assert place.read_text() == "jsons://hooks.example.org/T0/very-secret\n"
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in place.parents[:2]} == {0o700}
    assert "https://…" in told
    shown = "".join(file.read_text() for file in (tmp_path / "rules").glob("*.yaml"))
    assert "very-secret" not in told + shown


@pytest.mark.parametrize("there", ["rules/feeds.yaml", "rules/notes.txt", "rules"])
def test_nothing_is_written_over(there: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / there).parent.mkdir(exist_ok=True)
    (tmp_path / there).write_text("mine")
    with pytest.raises(SystemExit) as ended:
        main(["init", str(tmp_path), "--yes"])
    assert ended.value.code == 2
    assert "there is something here already, and it stays - name another folder" in capsys.readouterr().err
    assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()] == [there]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--topic", "peace (deal"), 'this makes no desk: this bracket is never closed - add ")"'),
        (("--topic", " , "), "the topic has no word in it - "),
        (("--topic", "ferry, *"), "*: the topic has no word in it - "),
        (("--to", "Nino <nino@example.org>"), "not one plain mail address - write it as duty@example.org"),
        (("--to", "a@example.org, b@example.org"), "not one plain mail address - write it as duty@example"),
        (("--to", "duty@127.0.0.1"), "not one plain mail address - write it as duty@example.org"),
        (("--to", "mailto://127.0.0.1?to=a@b.example"), "names no sender - write from= and to= behind it"),
        (("--to", "carrier-pigeon"), "this makes no desk"),
        (("--feed", "ftp://a.example/"), "this address cannot be polled"),
    ],
)
def test_what_makes_no_desk_is_refused_and_leaves_nothing(
    words: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=r".") as error:
        init(str(tmp_path / "new" / "desk"), *words)
    assert said in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="the desk cannot be written: Not a directory"):
        starter.begin(tmp_path / "file" / "desk", Wish("ferry", "me@example.org"))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (
            "duty@a.example",
            "mailto://localhost:25?from=duty%40a.example&to=duty%40a.example&mode=insecure",
        ),
        ("http://127.0.0.1:8080/hook?x=1", "json://127.0.0.1:8080/hook?x=1"),
        ("https://example.org/hook", "jsons://example.org/hook"),
        ("https://ntfy.sh/topic", "https://ntfy.sh/topic"),  # Apprise knows it
        ("slack://a/b/c", "slack://a/b/c"),
    ],
)
def test_an_address_is_written_as_apprise_has_it(given: str, expected: str) -> None:
    assert starter.address(given) == expected


@settings(max_examples=15, deadline=None)
@given(topic=st.text(min_size=1, max_size=40))
def test_whatever_the_topic_it_makes_a_desk_or_is_refused(
    topic: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("desk")
    try:
        rules = starter.begin(folder, Wish(topic, "me@example.org"))
    except UsageError:
        assert not (folder / "rules").exists()
    else:
        config.load_desk(rules, env={}, secrets_required=True)
    shutil.rmtree(folder)


def test_two_questions_are_asked_on_a_terminal(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "monitor", "init", str(tmp_path / "desk")]
    os.write(ours, b"ferry\nduty@example.org\n")
    done = subprocess.run(command, stdin=theirs, capture_output=True, text=True, timeout=60, check=True)
    os.close(theirs)
    os.close(ours)
    assert "What to watch for (words, commas between) [ceasefire, peace agreement]: " in done.stderr
    assert "Whom to tell (mail address or webhook) [" in done.stderr
    assert 'News of "ferry" goes to duty@example.org' in done.stdout


def test_from_an_empty_folder_to_the_first_alert(tmp_path: Path) -> None:
    """As the words that init ends with say, on a feed and a chat of this machine."""

    def monitor_(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "monitor", *words]
        return subprocess.run(command, cwd=desk, capture_output=True, text=True, timeout=60, check=True)

    with WebServer() as web, ChatSink("me") as chat:
        web.serve("/feed", rss("Bread is cheap", "Ferry sinks off Poti"))
        desk = tmp_path / "desk"
        told = json.loads(
            init(
                str(desk),
                "--topic",
                "ferry*",
                "--to",
                chat.url,
                "--feed",
                web.url("/feed"),
                "--allow-private",
                "--json",
            )
        )
        assert told["next"] == [
            f"cd {desk}",
            "monitor check",
            "monitor receivers test me",
            "monitor run --once",
            "monitor run",
        ]
        assert "no mistakes" in monitor_("check").stdout
        monitor_("run", "--once", "--backfill")  # else what stands there is known, and no news
    (arrival,) = chat.arrivals
    assert arrival.body.startswith("Ferry sinks off Poti\n")
