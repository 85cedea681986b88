"""The log as a terminal and as systemd get it."""

from __future__ import annotations

import io
import logging
import os
from typing import TYPE_CHECKING

import pytest

from monitor.journal import LONGEST, open_journal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

log = logging.getLogger("monitor")


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    before = (log.handlers[:], log.level, log.propagate)
    yield
    log.handlers[:], log.level, log.propagate = before


def test_systemd_gets_a_priority_before_each_line(tmp_path: Path) -> None:
    with (tmp_path / "journal").open("w+") as stream:
        status = os.fstat(stream.fileno())
        open_journal({"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"}, stream=stream)
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
