import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from multiprocessing import Pipe
from random import Random

import pytest

from monitor.errors import ParseError
from monitor.feeds import worker
from monitor.feeds.parse import Reading
from monitor.feeds.worker import MOST_ENTRIES, Job, Refused, Rest, serve
from monitor.feeds.workers import Parsers
from monitor.model import Entry, Feed
from monitor.stories.index import NO_PRINT, printed

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
FEED = Feed(name="news", url="https://example.com/feed", outlet="Example")


def rss(item: bytes) -> bytes:
    return b"<rss version='2.0'><channel><item>" + item + b"</item></channel></rss>"


GOOD = rss(b"<title>Peace</title>")


def parsed(parsers: Parsers, body: bytes) -> tuple[Entry, ...]:
    return parsers.read(body, feed=FEED, content_type="text/xml", now=NOW).entries


@pytest.fixture(name="parsers", scope="module")
def _parsers() -> Iterator[Parsers]:
    parsers = Parsers(1, cpu=timedelta(seconds=1))
    yield parsers
    parsers.close()


def test_a_document_is_parsed_in_another_process(parsers: Parsers) -> None:
    before = parsers.parsed
    assert [entry.title for entry in parsed(parsers, GOOD)] == ["Peace"]
    assert parsers.parsed == before + 1


def test_entries_come_with_their_prints_so_that_nobody_makes_them_under_the_write_lock(
    parsers: Parsers,
) -> None:
    reading = parsers.read(GOOD, feed=FEED, content_type="", now=NOW)
    assert reading.prints == tuple(map(printed, reading.entries))


def test_a_document_of_thousands_gives_its_first_and_remembers_all(
    request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> None:
    parsers = Parsers(1)  # with the limits of the daemon: this one takes nearly a second
    request.addfinalizer(parsers.close)
    items = b"".join(b"<item><title>Town %d</title></item>" % at for at in range(MOST_ENTRIES + 100))
    body = b"<rss version='2.0'><channel>" + items + b"</channel></rss>"
    reading = parsers.read(body, feed=FEED, content_type="", now=NOW)
    assert (len(reading.entries), len(reading.prints), reading.beyond) == (MOST_ENTRIES, MOST_ENTRIES, 100)
    assert reading.prints[-1] == printed(reading.entries[-1]), "none is left to whoever holds the lock"
    assert "entries_left_out=100" in caplog.text
    again = parsers.read(body, feed=FEED, content_type="", now=NOW, marks=reading.marks)
    assert (again.entries, again.familiar) == ((), MOST_ENTRIES + 100)


def test_what_is_old_costs_no_print_however_much_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "MOST_PRINTS", 2)
    item = b"<item><guid>%d</guid><title>Town</title><pubDate>%b Nov 2026 10:00:00 GMT</pubDate></item>"
    days = (b"20", b"01", b"02", b"20", b"03", b"20", b"04")
    body = b"<rss><channel>" + b"".join(item % (at, day) for at, day in enumerate(days)) + b"</channel></rss>"
    since = datetime(2026, 11, 10, tzinfo=UTC)
    first = worker._reply(Job(body, FEED, "", NOW, since=since))
    assert isinstance(first, Reading)
    assert [made == NO_PRINT for made in first.prints] == [False, True, True, False, True]
    rest = worker._reply(Rest(first.entries[len(first.prints) :], since))
    assert isinstance(rest, tuple)
    assert [made == NO_PRINT for made in rest] == [False, True]


@pytest.mark.parametrize(("days", "first"), [((1, 2), 3), ((2, 1), 0), ((1, 1), 0)])
def test_of_a_document_too_long_the_newest_end_is_taken_in(
    days: tuple[int, int], first: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "MOST_ENTRIES", 5)
    dates = [days[0]] * 4 + [days[1]] * 4
    items = [
        {"id": f"{at}", "title": f"Town {at}", "date_published": f"2026-11-0{day}T10:00:00Z"}
        for at, day in enumerate(dates)
    ]
    body = json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items}).encode()
    reading = worker._reply(Job(body, FEED, "application/json", NOW))
    assert isinstance(reading, Reading)
    assert [entry.guid for entry in reading.entries] == [str(first + at) for at in range(5)]
    assert reading.beyond == 3


def test_what_is_no_feed_is_the_same_error_as_without_a_process(parsers: Parsers) -> None:
    with pytest.raises(ParseError, match="HTML page"):
        parsed(parsers, b"<html>")


HOSTILE = {
    "an author of 60 KB": rss(b"<author>" + b"a" * 60_000 + b"</author>"),
    "deep nesting": b"<rss version='2.0'><channel>" + b"<a>" * 300_000,
    "many authors": rss(b"<author>a</author>" * 20_000),
    "many tags": rss(b"<category>a, b</category>" * 20_000),
    "a style of spaces": rss(b"<description>&lt;p style='" + b" " * 60_000 + b"=' &gt;</description>"),
    "half a comment": rss(b"<description><![CDATA[" + b"<!-- --" * 20_000 + b"]]></description>"),
    "blank lines": b"<?xml version='1.0'?>" + b"\n" * 300_000 + GOOD,
    "a date of spaces": rss(b"<title>a</title><pubDate>a" + b" " * 60_000 + b"b</pubDate>"),
    "random bytes": Random(3).randbytes(60_000),
}


@pytest.mark.parametrize("shape", HOSTILE)
def test_whatever_a_document_does_the_next_one_is_parsed(parsers: Parsers, shape: str) -> None:
    with suppress(ParseError):
        parsed(parsers, HOSTILE[shape])
    assert [entry.title for entry in parsed(parsers, GOOD)] == ["Peace"]


SLOW = rss(b"<title>&amp;</title>" + b"<author>" + b"a" * 4_000_000 + b"</author>")


def test_a_document_that_takes_too_much_cpu_is_left_out(parsers: Parsers) -> None:
    with pytest.raises(ParseError, match="took over 1 s of CPU: left out"):
        parsed(parsers, SLOW)
    assert len(parsed(parsers, GOOD)) == 1


def test_a_document_that_takes_too_long_is_left_out() -> None:
    parsers = Parsers(1, cpu=timedelta(seconds=60), wall=timedelta(seconds=0.5))
    with pytest.raises(ParseError, match=r"took over 0\.5 s: left out"):
        parsed(parsers, SLOW)
    parsers.close()


def test_a_document_that_takes_too_much_memory_is_left_out() -> None:
    parsers = Parsers(1, memory=100 << 20)
    with pytest.raises(ParseError, match=r"MemoryError|died of it"):
        parsed(parsers, rss("<title>\U0001f600".encode() + b"a" * 5_000_000 + b"</title>"))
    assert len(parsed(parsers, GOOD)) == 1
    parsers.close()


def test_a_process_that_was_killed_between_documents_is_replaced(parsers: Parsers) -> None:
    parsed(parsers, GOOD)
    process = process_of(parsers)
    process.kill()
    process.wait()
    assert len(parsed(parsers, GOOD)) == 1


def test_a_process_that_is_killed_at_its_work_costs_that_document_only() -> None:
    parsers = Parsers(1, cpu=timedelta(seconds=60))
    parsed(parsers, GOOD)
    killer = threading.Timer(0.3, process_of(parsers).kill)
    killer.start()
    with pytest.raises(ParseError, match=r"the parser died of it \(SIGKILL\): left out"):
        parsed(parsers, SLOW)
    killer.join()
    assert len(parsed(parsers, GOOD)) == 1
    parsers.close()


def process_of(parsers: Parsers) -> subprocess.Popen[bytes]:
    process = parsers._free.queue[0]._process
    assert process is not None
    return process


def command(pid: int) -> bytes:
    with open(f"/proc/{pid}/cmdline", "rb") as line:  # noqa: PTH123
        return line.read()


def test_many_threads_share_a_few_processes() -> None:
    parsers = Parsers(2)
    with ThreadPoolExecutor(8) as pool:
        titles = pool.map(
            lambda number: parsed(parsers, rss(b"<title>%d</title>" % number))[0].title, range(40)
        )
        assert list(titles) == [str(number) for number in range(40)]
    assert parsers.parsed == 40
    parsers.close()


def test_a_closed_pool_parses_no_more_and_closes_twice() -> None:
    parsers = Parsers(1)
    parsed(parsers, GOOD)
    parsers.close()
    parsers.close()
    with pytest.raises(ParseError, match="have been stopped"):
        parsed(parsers, GOOD)


MAIN_THAT_DIES = """
import os
from tests.feeds.test_feeds_workers import FEED, GOOD, NOW
from monitor.feeds.workers import Parsers
print("main runs", flush=True)
parsers = Parsers(1)
parsers.read(GOOD, feed=FEED, content_type="", now=NOW)
print(parsers._free.queue[0]._process.pid, flush=True)
os._exit(0)  # as kill -9 would
"""


def test_a_process_dies_with_its_parent_and_runs_nothing_of_its_main_module(
    tmp_path: os.PathLike[str],
) -> None:
    script = os.path.join(tmp_path, "main.py")  # noqa: PTH118
    with open(script, "w") as file:  # noqa: PTH123
        file.write(MAIN_THAT_DIES)
    ran = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    said, pid = ran.stdout.split("\n")[:2]
    assert said == "main runs"
    assert ran.stdout.count("main runs") == 1
    for _ in range(3000):
        if not os.path.exists(f"/proc/{pid}/cmdline") or b"monitor" not in command(int(pid)):  # noqa: PTH110
            return
        threading.Event().wait(0.02)
    pytest.fail("the parser outlived its parent")


def test_a_worker_answers_each_job_and_ends_with_its_pipe() -> None:
    ours, theirs = Pipe()
    limits: list[str] = []
    thread = threading.Thread(target=serve, args=(theirs, lambda: limits.append("set")))
    thread.start()
    ours.send(Job(GOOD, FEED, "", NOW))
    assert ours.recv().entries[0].title == "Peace"
    ours.send(Job(b"", FEED, "", NOW))
    assert ours.recv() == Refused("the document is empty")
    ours.close()
    thread.join(60)
    theirs.close()
    assert limits == ["set", "set"]
