"""`monitor run`: the daemon, or a single pass with --once."""

from __future__ import annotations

import faulthandler
import logging
import os
import signal
import sys
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, NoReturn

import click

from monitor import config
from monitor.cli import crew
from monitor.cli.main import count, echo_json
from monitor.cli.place import json_option, rules_folder, rules_option, state_folder, state_option
from monitor.errors import ConfigError
from monitor.journal import open_journal
from monitor.sources import unpacked
from monitor.store.lock import only_daemon

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.engine import Engine
    from monitor.pipeline import Counts


_PAGES = timedelta(minutes=1)  # of a single pass, for the pages behind what it brought

log = logging.getLogger("monitor")


@click.command(
    name="run",
    epilog="""\b
Examples:
  monitor run --once                     one pass, then exit: for a try, or for cron
  monitor run --rules /etc/monitor       until SIGTERM; SIGHUP reloads the rules""",
)
@rules_option
@state_option
@click.option("--once", is_flag=True, help="Poll every feed once, send what is due, exit.")
@click.option(
    "--backfill", is_flag=True, help="Take what a new feed already holds for news, not as its baseline."
)
@json_option
def command(rules: str | None, state: str | None, *, once: bool, backfill: bool, as_json: bool) -> int:
    """Poll the feeds, judge what is new, tell the receivers.

    A new feed's first poll is its baseline: what stands there already is remembered, and alerts nobody.
    Changed files are read by themselves; with mistakes in them, what was good last stays in force. A single
    pass does its work with what was good last, too, names the mistakes, and exits 78.
    """
    faulthandler.enable()
    folder, place = rules_folder(rules), state_folder(state)
    with only_daemon(place):
        open_journal(os.environ)
        refused: ConfigError | None = None
        try:
            desk = config.load_desk(folder, env=os.environ, secrets_required=True)
        except ConfigError as error:
            desk, refused = _last_good(folder, place, error), error
        if once:
            _once(desk, place, backfill=backfill, refused=refused, as_json=as_json)
        return _serve(desk, folder, place, backfill=backfill, refused=refused)


def _last_good(folder: Path, place: Path, error: ConfigError) -> config.Desk:
    """The desk that was good last, from the database; raises the error where there is none."""
    from monitor.store.store import Store

    with Store(place) as store:
        kept = store.desk()
    if kept is None:
        raise error
    try:
        desk = config.restored_desk(unpacked(kept.sources), folder, env=os.environ)
    except ConfigError:
        raise error from None
    log.error(
        "outcome=started-on-last-good faults=%d the files have mistakes; what was good at %s is in force\n%s",
        len(error.faults),
        f"{kept.loaded:%Y-%m-%d %H:%M UTC}",
        error,
    )
    for note in desk.notes:
        log.warning("%s", note)
    return desk


def _once(
    desk: config.Desk, place: Path, *, backfill: bool, refused: ConfigError | None, as_json: bool
) -> NoReturn:
    from rich.console import Console
    from rich.progress import Progress

    from monitor.daemon import exit_now
    from monitor.engine import Engine, Observer, run_once
    from monitor.store.store import Store

    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        bar, pages = progress.add_task("polling", total=len(desk.feeds)), 0
        observer = Observer(polled=lambda _: progress.advance(bar))
        engine = Engine(desk, place, observer=observer, backfill=backfill)
        try:
            counts = run_once(engine, refused=str(refused or ""))
            if any(feed.full_text for feed in desk.feeds):
                progress.update(bar, description="reading pages", total=None)
                pages, made = _read_pages(engine)
                counts += made
        finally:
            engine.close()
    parsed = engine.parsed
    with Store(place) as store:
        waiting = store.waiting()
    if as_json:
        faults = [asdict(fault) for fault in refused.faults] if refused else []
        done = {"parsed": parsed, **asdict(counts), "pages": pages, "waiting_for": waiting, "faults": faults}
        echo_json(done | {"polling": crew.as_json(engine.crew)})
    else:
        click.echo(_summary(counts, parsed))
        if engine.crew is not None:
            click.echo(f"polling: {crew.said(engine.crew)} {engine.crew.why}".rstrip())
        if pages:
            click.echo(f"{count(pages, 'page')} read behind them (monitor status says what that gave)")
        polled = counts.fresh + counts.unchanged + counts.failed
        if held := len(desk.feeds) - polled:
            click.echo(
                f"not asked: {count(held, 'feed')} that failed and are backing off (monitor status says why)"
            )
        for name, number in waiting.items():
            click.echo(f"waiting for {name}: {number} (monitor status says more)")
    if refused:
        mistakes = count(len(refused.faults), "mistake")
        click.echo(f"monitor: {mistakes} in your files (named above): what was good last was used", err=True)
    sys.stdout.flush()
    exit_now(
        refused.exit_status if refused else 0
    )  # a send that was given up keeps its thread, which would hold the exit and the state's lock


def _read_pages(engine: Engine) -> tuple[int, Counts]:
    """Read what stands behind the new entries, and send what that calls for.

    Answers how many pages came back, and the alerts that their texts made.

    After the polls' own alerts were sent. What is left after a minute is left to the next pass.
    """
    from concurrent.futures import ThreadPoolExecutor

    from monitor.articles import Reader

    told: list[bool] = []
    reader = Reader(engine, told=lambda: told.append(True))
    try:
        read = reader.work_off(within=_PAGES)
    finally:
        reader.close()
    if told and engine.desk.receivers:
        with ThreadPoolExecutor(len(engine.desk.receivers)) as pool:
            list(pool.map(engine.drain, engine.desk.receivers))
    return read, reader.made


def _summary(counts: Counts, parsed: int) -> str:
    polls = counts.fresh + counts.unchanged + counts.failed
    return (
        f"{count(polls, 'feed')} polled: {counts.fresh} fresh, {counts.unchanged} unchanged,"
        f" {counts.failed} failed; {count(parsed, 'document')} parsed\n"
        f"{count(counts.entries, 'new or edited item')} ({counts.baseline} baseline, {counts.edited} edited):"
        f" {count(counts.stories, 'story', 'stories')}, {count(counts.developments, 'development')},"
        f" {count(counts.copies, 'copy', 'copies')};"
        f" {count(counts.alerts, 'alert')}"
    )


def _serve(
    desk: config.Desk, folder: Path, place: Path, *, backfill: bool, refused: ConfigError | None = None
) -> int:
    from monitor.daemon import Daemon, exit_now
    from monitor.engine import Engine

    engine = Engine(desk, place, backfill=backfill)
    daemon = Daemon(
        engine,
        reload=lambda: config.load_desk(folder, env=os.environ, secrets_required=True),
        signature=lambda: config.signature(folder),
        refused=str(refused or ""),
        notify_address=os.environ.get("NOTIFY_SOCKET"),
        watchdog=_watchdog(os.environ.get("WATCHDOG_USEC", "")),
    )
    signal.signal(signal.SIGTERM, lambda *_: daemon.stop())
    signal.signal(signal.SIGINT, lambda *_: daemon.stop())
    signal.signal(signal.SIGHUP, lambda *_: daemon.reload())
    daemon.run()
    exit_now(0)


def _watchdog(microseconds: str) -> timedelta | None:
    return timedelta(microseconds=int(microseconds)) if microseconds.isdigit() else None
