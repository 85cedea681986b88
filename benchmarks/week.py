"""What the main process grows by in a week of real headlines, and what taking them in costs.

    python benchmarks/week.py --data DIR               a week
    python benchmarks/week.py --data DIR --days 28

DIR holds stream/headlines.tsv.gz. Each hour's headlines go through monitor.pipeline.take into a database, as
polls of their outlets, past twenty rules; another process fingerprints them, as the daemon's parsers do.
After each day: entries so far, MiB of this process, milliseconds of CPU an entry of that day.
"""

from __future__ import annotations

import argparse
import gzip
import logging
import os
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from monitor import pipeline
from monitor.model import Entry, Feed, Fresh, Print, Validators, identity
from monitor.rules import document, rulebook
from monitor.store.store import Store
from monitor.stories.index import printed

if TYPE_CHECKING:
    from collections.abc import Iterator

BEGIN = datetime(2025, 11, 28, tzinfo=UTC)  # the outlets are all there by then
HOUR = timedelta(hours=1)
WATCHED = (
    "ceasefire, sanctions, parliament, Armenia, Azerbaijan, earthquake, election, central bank, inflation,"
    " protest, strike, refugees, nuclear, summit, supreme court, oil prices, climate, drone, peace deal,"
    " trade war"
)

Made = tuple[Entry, Print]


def hours(data: Path, days: int) -> Iterator[tuple[datetime, list[tuple[str, str, str]]]]:
    """The headlines of each hour that has any, as (outlet, link, title), at its end."""
    until = BEGIN + timedelta(days=days)
    with gzip.open(data / "stream/headlines.tsv.gz", "rt", encoding="utf-8") as lines:
        next(lines)
        rows = (line.rstrip("\n").split("\t") for line in lines)
        seen = ((datetime.fromtimestamp(int(row[0]), UTC), row) for row in rows)
        within = ((at, row) for at, row in seen if BEGIN <= at < until)
        for hour, found in groupby(within, key=lambda one: (one[0] - BEGIN) // HOUR):
            yield BEGIN + (hour + 1) * HOUR, [(row[5], row[3], row[4]) for _, row in found]


def made(rows: list[tuple[str, str, str]]) -> list[Made]:
    """The entries with what a parser process makes of them."""
    entries = [
        Entry(identity(outlet, link), outlet, outlet, link, link, title, "", "", None, None, title)
        for outlet, link, title in rows
    ]
    return [(entry, printed(entry)) for entry in entries]


def rules() -> rulebook.Rulebook:
    """Twenty of them."""
    words = enumerate(WATCHED.split(", "))
    listed = ", ".join(f"{{id: r{number}, title: R, any: [{one}], send: [chat]}}" for number, one in words)
    root = document.read("r", f"rules: [{listed}]", [])
    assert root is not None
    return rulebook.compile_rulebook(
        [root], receivers=("chat",), sources=(), read_article=lambda _: "", faults=[]
    )


def live(store: Store, data: Path, days: int) -> None:
    """Prints the days."""
    book, spent, day, count, before = rules(), 0.0, BEGIN.date(), 0, 0
    feeds: dict[str, Feed] = {}
    with ProcessPoolExecutor(1) as parser:
        parser.submit(made, []).result()
        for now, rows in hours(data, days):
            if now.date() != day and count > before:
                each = spent / (count - before)
                print(f"{day} {count:7,} entries {_held():6.1f} MiB {each * 1e3:.2f} ms an entry", flush=True)
                spent, before, day = 0.0, count, now.date()
            polled: dict[str, list[Made]] = {}
            for one in parser.submit(made, rows).result():
                polled.setdefault(one[0].feed, []).append(one)
            if polled.keys() - feeds.keys():
                _open(store, feeds, polled.keys() - feeds.keys(), book=book, now=now)
            results = [
                Fresh(
                    feeds[name],
                    Validators(),
                    tuple(entry for entry, _ in its),
                    prints=tuple(print_ for _, print_ in its),
                )
                for name, its in polled.items()
            ]
            began = time.process_time()
            pipeline.take(store, results, rulebook=book, now=now)
            spent += time.process_time() - began
            count += len(rows)
    print(f"{store.counts()['stories']:,} stories of {store.counts()['entries']:,} entries")


def _open(
    store: Store, feeds: dict[str, Feed], names: set[str], *, book: rulebook.Rulebook, now: datetime
) -> None:
    """New outlets, whose first polls show nothing: all that they have is news."""
    opened = {name: Feed(name, f"http://{identity(name)}.example/", name) for name in sorted(names)}
    feeds |= opened
    store.sync_feeds([*feeds.values()], first_poll=lambda _: now)
    pipeline.take(store, [Fresh(feed, Validators(), ()) for feed in opened.values()], rulebook=book, now=now)


def _held() -> float:
    """MiB of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / (1 << 20)


def main() -> None:
    """Prints the days."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--days", type=int, default=7)
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; {_held():.1f} MiB before")
    with tempfile.TemporaryDirectory(prefix="monitor-week-") as folder, Store(Path(folder)) as store:
        live(store, options.data, options.days)


if __name__ == "__main__":
    main()
