"""What every verb keeps to: help that teaches, JSON, one line for an error, TAB, and a quick start."""

from __future__ import annotations

import json
import os
import pty
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from monitor.cli.main import main, monitor
from monitor.store.backup import back_up
from monitor.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]

# Commands without --json, and why.
OWN_FORMAT = {
    "rules schema": "prints JSON",
    "stories export": "prints JSON, an object a line",
    "stories try": "prints JSON, an object a line",
    "completion": "prints what a shell reads",
    "web": "serves until it is ended",
}

# None of these is needed to say how to call a command.
HEAVY = [
    "aiosmtpd",
    "apprise",
    "apscheduler",
    "asyncio",
    "distributed",
    "feedparser",
    "rapidfuzz",
    "requests",
    "rich",
    "starlette",
    "urllib3",
    "uvicorn",
]

DESK = """\
feeds:
  - {name: halden-wire, url: https://wire.example/, outlet: Halden Wire}
  - {name: kura-post, url: https://kura.example/, outlet: Kura Post}
receivers: {desk: 'json://localhost/', duty: 'json://127.0.0.1/'}
names: {poti: {full: [Poti]}}
terms: {ferry: {words: [ferry]}}
rules:
  - {id: ferries, title: Ferries, when: $ferry, send: desk}
"""


def walk(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    """Every command under this one, with the words by which it is called."""
    if path:
        yield " ".join(path), command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for verb in command.list_commands(context):
            below = command.get_command(context, verb)
            assert below is not None
            yield from walk(below, (*path, verb))


COMMANDS = dict(walk(monitor))


@pytest.mark.parametrize("called", COMMANDS)
def test_help_teaches_with_examples_that_name_what_there_is(called: str) -> None:
    command = COMMANDS[called]
    assert command.help
    assert re.search(r"^Examples?:", command.epilog or "", re.MULTILINE)
    lines = re.findall(r"^ +(?:\$ |sudo )?(monitor .+)$", command.epilog or "", re.MULTILINE)
    assert any(line.startswith(f"monitor {called}") for line in lines)
    for line in lines:
        words = shlex.split(re.split(r"   +| > | >> |  $", line)[0])[1:]
        shown = next(one for one in (" ".join(words[:2]), words[0]) if one in COMMANDS)
        known = {name for param in COMMANDS[shown].params for name in param.opts} | {"--help"}
        assert {word.partition("=")[0] for word in words if word.startswith("--")} <= known, line


def test_every_command_prints_json_but_those_whose_output_is_a_format() -> None:
    without = {
        called
        for called, command in COMMANDS.items()
        if not isinstance(command, click.Group)
        and "--json" not in {o for p in command.params for o in p.opts}
    }
    assert without == set(OWN_FORMAT)


# ---- errors ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("chek", 'there is no command "chek", did you mean check? - see monitor --help'),
        ("rules bcktest", "did you mean backtest? - see monitor rules --help"),
        ("feeds shwo", "see monitor feeds --help"),
        ("feeds show", "missing argument 'NAME' - see monitor feeds show --help"),
        ("status --jsn", "no such option '--jsn'"),
        ("completion tcsh", "see monitor completion --help"),
        ("completion", "see monitor completion --help"),
        ("stats --days many", "see monitor stats --help"),
        ("feeds import /nowhere", "name a file that is there"),
        ("init --topic", "requires an argument - see monitor --help"),
        ("status --state /dev/null/x", " - "),
        ("check --rules /nowhere", "name one with --rules"),
    ],
)
def test_an_error_is_one_line_with_its_remedy(
    words: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words.split())
    assert ended.value.code == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert len(shown.err.splitlines()) == 1
    assert shown.err.startswith("monitor: ")
    assert said in shown.err


def test_misuse_is_told_to_machines_too(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["feeds", "show", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert (told["error"], told["remedy"]) == ("Missing argument 'NAME'", "see monitor feeds show --help")


def test_a_group_without_a_verb_shows_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["rules"])
    assert ended.value.code == 2
    assert "backtest  Run the rules over what is stored" in capsys.readouterr().err


# ---- TAB ---------------------------------------------------------------------------------------------------


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "desk.yaml").write_text(DESK)
    return tmp_path / "rules"


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("ru", ["run", "rules"]),
        ("rules b", ["backtest"]),
        ("feeds sh", ["show"]),
        ("feeds list --f", ["--failing"]),
        ("feeds show --rules {desk} k", ["kura-post"]),
        ("feeds retry --rules {desk} ", ["halden-wire", "kura-post"]),
        ("receivers test --rules {desk} d", ["desk", "duty"]),
        ("rules backtest --rules {desk} --rule f", ["ferries"]),
        ("rules try --rules {desk} --rule f", ["ferries"]),
        ("rules import --rules {desk} --send du", ["duty"]),
        ("silence add --rule f", ["ferries"]),
        ("silence add --name ", ["poti", "ferry"]),
        ("silence add --outlet Ha", ["Halden Wire"]),
        ("deliveries list --receiver de", ["desk"]),
        ("tail --rule x", []),
        ("nosuch x", []),
        ("feeds show --rules /nowhere k", []),
    ],
)
def test_verbs_options_and_names_complete(
    line: str, found: list[str], desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MONITOR_RULES", str(desk))
    *words, last = line.format(desk=desk).split(" ")
    items = ShellComplete(monitor, {}, "monitor", "_MONITOR_COMPLETE").get_completions(words, last)
    assert [item.value for item in items] == found


def test_files_with_mistakes_complete_to_what_can_be_read(desk: Path) -> None:
    (desk / "broken.yaml").write_text("feeds: [")
    (desk / "latin.yaml").write_bytes(b"feeds:\n  - {name: caf\xe9}\n")
    asked = ShellComplete(monitor, {}, "monitor", "_MONITOR_COMPLETE")
    items = asked.get_completions(["feeds", "show", "--rules", str(desk)], "h")
    assert [(item.value, item.help) for item in items] == [("halden-wire", "Halden Wire")]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_what_a_shell_is_given_asks_the_command(shell: str) -> None:
    done = CliRunner().invoke(monitor, ["completion", shell], prog_name="monitor")
    assert done.exit_code == 0
    assert f"_MONITOR_COMPLETE={shell}_complete" in done.stdout


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("feeds show ku", "kura-post"),
        ("silence add --outlet Halden", "Halden\\ Wire"),
        ("silence add --outlet 'Halden\\ W'", "Halden\\ Wire"),
        ("silence add --outlet '\"Halden W'", "Halden Wire"),
    ],
)
def test_bash_completes_by_what_it_is_given(desk: Path, tmp_path: Path, words: str, completed: str) -> None:
    program = tmp_path / "monitor"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m monitor "$@"\n')
    program.chmod(0o755)
    script = (
        f'eval "$(monitor completion bash)"; COMP_WORDS=(monitor {words});'
        " COMP_CWORD=$((${#COMP_WORDS[@]} - 1));"
        """ _monitor_completion monitor; printf '%s\\n' "${COMPREPLY[@]}" """
    )
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "MONITOR_RULES": str(desk)}
    done = subprocess.run(
        ["bash", "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == (f"{completed}\n", "")


# ---- colours, progress and the start -----------------------------------------------------------------------

COLOUR = re.compile(r"\x1b\[[\d;]*\b(?:3[0-7]|9[0-7])\b[\d;]*m")


@pytest.mark.parametrize("no_colour", [False, True])
def test_no_color_is_heeded(desk: Path, *, no_colour: bool) -> None:
    """https://no-color.org, on what would be coloured on a terminal."""
    environment = {"FORCE_COLOR": "1", "TERM": "xterm-256color", "NO_COLOR": "1" if no_colour else None}
    words = ["rules", "try", "-", "--rules", str(desk)]
    done = CliRunner().invoke(monitor, words, input="A ferry sinks", env=environment)
    assert "FIRES" in done.stdout
    assert bool(COLOUR.search(done.stdout)) is not no_colour


def test_a_restore_shows_how_far_it_is(tmp_path: Path) -> None:
    """On a terminal only: stdout is a pipe here, and stays clean."""
    with Store(tmp_path):
        pass
    back_up(tmp_path, tmp_path / "copy.db")
    ours, theirs = pty.openpty()
    command = [
        sys.executable,
        "-m",
        "monitor",
        "restore",
        str(tmp_path / "copy.db"),
        "--state",
        str(tmp_path),
    ]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=theirs, timeout=60, check=True)
    os.close(theirs)
    assert "putting it in place" in os.read(ours, 1 << 16).decode()
    os.close(ours)
    assert b"\x1b" not in done.stdout


def test_help_imports_nothing_that_takes_its_time() -> None:
    """Each verb's, one after the other in one process; and TAB."""
    script = (
        "import sys, os, runpy\n"
        "from monitor.cli.main import main\n"
        f"for words in {[*map(str.split, COMMANDS), []]!r}:\n"
        "    try: main([*words, '--help'])\n"
        "    except SystemExit as ended: assert ended.code == 0, words\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stderr == "[]\n"


def test_status_imports_nothing_that_it_does_not_need(tmp_path: Path) -> None:
    with Store(tmp_path):
        pass
    script = (
        "import sys\n"
        "from monitor.cli.main import main\n"
        f"try: main(['status', '--state', {str(tmp_path)!r}])\n"
        "except SystemExit as ended: assert ended.code == 0\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stderr == "[]\n"
