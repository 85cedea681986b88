"""The log as a terminal and as systemd get it."""

from __future__ import annotations

import io
import logging
import os
import socket
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.journal import LONGEST, Journal, cut, datagram, fields, open_journal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

log = logging.getLogger("monitor")


@pytest.fixture
def journald(tmp_path: Path) -> Iterator[socket.socket]:
    """A datagram socket where journald's would be."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "socket"))
        listening.settimeout(10)
        yield listening


def open_for_systemd(stream: io.TextIOBase, folder: Path) -> None:
    status = os.fstat(stream.fileno())
    env = {"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"}
    open_journal(env, stream=stream, address=folder / "socket")  # type: ignore[arg-type]  # an open text file


def received(journald: socket.socket) -> dict[str, list[str]]:
    """The fields of the next entry, read as systemd's description of its protocol says."""
    data, found = journald.recv(1 << 20), dict[str, list[str]]()
    while data:
        line, _, data = data.partition(b"\n")
        name, equals, value = line.partition(b"=")
        if not equals:
            size = int.from_bytes(data[:8], "little")
            value, data = data[8 : 8 + size], data[8 + size + 1 :]
        found.setdefault(name.decode(), []).append(value.decode())
    return found


def test_the_journal_gets_the_keys_of_a_line_as_fields(tmp_path: Path, journald: socket.socket) -> None:
    with (tmp_path / "stream").open("w+") as stream:
        open_for_systemd(stream, tmp_path)
        log.info(
            "receiver=%s story=%016x rules=%s attempt=%d outcome=%s", "duty", 255, "peace,rail", 2, "sent"
        )
        entry = received(journald)
        stream.seek(0)
        assert stream.read() == ""
    assert entry.pop("CODE_LINE")[0].isdigit()
    assert entry == {
        "MESSAGE": ["receiver=duty story=00000000000000ff rules=peace,rail attempt=2 outcome=sent"],
        "PRIORITY": ["6"],
        "SYSLOG_IDENTIFIER": ["monitor"],
        "CODE_FILE": [__file__],
        "CODE_FUNC": ["test_the_journal_gets_the_keys_of_a_line_as_fields"],
        "THREAD": ["MainThread"],
        "RECEIVER": ["duty"],
        "STORY_ID": ["00000000000000ff"],
        "RULE": ["peace", "rail"],
        "ATTEMPT": ["2"],
        "OUTCOME": ["sent"],
    }


def test_a_traceback_is_one_entry_of_the_journal(tmp_path: Path, journald: socket.socket) -> None:
    with (tmp_path / "stream").open("w+") as stream:
        open_for_systemd(stream, tmp_path)
        try:
            raise RuntimeError("broken\nPRIORITY=0")  # noqa: TRY301 - what a hostile text may hold
        except RuntimeError:
            log.exception("feed=%s outcome=error the poll broke", "wire")
        entry = received(journald)
    assert entry["PRIORITY"] == ["3"]
    assert entry["FEED"] == ["wire"]
    assert "the poll broke\nTraceback" in entry["MESSAGE"][0]
    assert entry["MESSAGE"][0].endswith("RuntimeError: broken\nPRIORITY=0")


def test_the_longest_line_fits_a_datagram(tmp_path: Path, journald: socket.socket) -> None:
    with (tmp_path / "stream").open("w+") as stream:
        open_for_systemd(stream, tmp_path)
        log.error("feed=%s outcome=failed error=%r", "wire", "\u0531" * LONGEST)
        entry = received(journald)
    assert LONGEST - 2 <= len(entry["MESSAGE"][0].encode()) <= LONGEST
    assert entry["FEED"] == ["wire"]


def test_where_journald_does_not_listen_a_line_goes_as_text_with_its_priority(tmp_path: Path) -> None:
    with (tmp_path / "stream").open("w+") as stream:
        open_for_systemd(stream, tmp_path)
        log.info("feed=wire outcome=fresh")
        log.warning("two\nlines")
        log.error("feed=wire outcome=error")
        stream.seek(0)
        assert stream.read().splitlines() == [
            "<6>feed=wire outcome=fresh",
            "<4>two",
            "<4>lines",
            "<3>feed=wire outcome=error",
        ]


def test_a_journal_that_does_not_read_costs_a_second_and_no_line(
    tmp_path: Path, journald: socket.socket
) -> None:
    assert journald is not None
    with (tmp_path / "stream").open("w+") as stream:
        handler = Journal(stream, address=tmp_path / "socket")
        handler._socket.settimeout(0)  # a second, made short
        lines = 0
        while not stream.tell():  # its queue fills, and the first line that finds no room goes as text
            handler.handle(log.makeRecord("monitor", logging.INFO, "f", 1, "feed=wire", (), None))
            lines += 1
        handler.close()
        stream.seek(0)
        assert stream.read() == "<6>feed=wire\n"
        assert lines > 1


# What stands in a template, what is filled in, and the fields that come of it.
TEMPLATES: list[tuple[str, tuple[object, ...], list[tuple[str, str]]]] = [
    ("feed=%s outcome=unchanged", ("wire",), [("FEED", "wire"), ("OUTCOME", "unchanged")]),
    ("feed=%s error=%r", ("wire", "it's gone"), [("FEED", "wire"), ("ERROR", "it's gone")]),
    ("failures=%.2f of 100%% feed=%s", (1.5, "wire"), [("FAILURES", "1.50"), ("FEED", "wire")]),
    # A text that is filled in makes no fields, whatever it looks like; nor do the lines after the first.
    ("%s", ("feed=posing",), []),
    ("error=%r", ("x feed=posing",), [("ERROR", "x feed=posing")]),
    ("outcome=refused\nfeed=%s", ("posing",), [("OUTCOME", "refused")]),
    ("rules=%s", ("peace,rail",), [("RULE", "peace"), ("RULE", "rail")]),
    ("rules=%d", (17,), [("RULES", "17")]),  # how many there are
    ("story=%016x", (255,), [("STORY_ID", "00000000000000ff")]),
    ("no pair at all", (), []),
    ("feed=%s", (), []),
]


@pytest.mark.parametrize(("template", "args", "found"), TEMPLATES)
def test_fields_are_read_from_the_template(
    template: str, args: tuple[object, ...], found: list[tuple[str, str]]
) -> None:
    assert list(fields(template, args)) == found


def test_what_is_no_text_has_no_fields() -> None:
    assert list(fields(ValueError("feed=wire"), None)) == []
    assert list(fields("feed=%(name)s", {"name": "wire"})) == []


@given(st.text(), st.text())
def test_no_text_breaks_out_of_its_field(message: str, error: str) -> None:
    record = log.makeRecord("monitor", logging.INFO, "f", 1, "feed=%s error=%r", ("wire", error), None)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with ours, theirs:
        ours.send(datagram(record, cut(message)))
        entry = received(theirs)
    assert set(entry) == {
        "MESSAGE",
        "PRIORITY",
        "SYSLOG_IDENTIFIER",
        "CODE_FILE",
        "CODE_LINE",
        "CODE_FUNC",
        "THREAD",
        "FEED",
        "ERROR",
    }
    assert entry["MESSAGE"] == [message]


@given(st.text(min_size=1).map(lambda text: text * (1 + LONGEST // len(text))))
def test_what_is_cut_is_a_beginning_of_whole_characters(text: str) -> None:
    assert text.startswith(cut(text))
    assert len(cut(text).encode()) <= LONGEST


def test_a_terminal_gets_the_time_and_the_level_and_no_endless_line() -> None:
    stream = io.StringIO()
    open_journal({"JOURNAL_STREAM": "8:15"}, stream=stream)
    log.debug("nobody wants this")
    log.warning("x" * (2 * LONGEST))
    (line,) = stream.getvalue().splitlines()
    assert " WARNING xxx" in line
    assert len(line) == LONGEST


def test_another_stream_than_the_one_systemd_names_is_no_journal(tmp_path: Path) -> None:
    with (tmp_path / "elsewhere").open("w+") as stream:
        open_journal({"JOURNAL_STREAM": "1:2"}, stream=stream)
        log.info("plain")
        stream.seek(0)
        assert stream.read().endswith(" INFO plain\n")
