"""A clock that is set, under the real daemon, and a daemon that is stopped for a while."""

from __future__ import annotations

import logging
import os
import signal
import tempfile
import threading
import time
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from monitor import config
from monitor.daemon import Daemon
from monitor.engine import Engine
from tests.campaign.world import (
    Crowd,
    Desk,
    Hook,
    Outlet,
    Row,
    named,
    published,
    reckoned,
    settled,
    state_of,
)
from tests.test_clock import Machine

if TYPE_CHECKING:
    from collections.abc import Iterator

_EVERY = 2.0  # seconds between two polls
_SENT = 2.0  # seconds that judging and sending may take beside, on a machine that is busy
_HOUR = timedelta(hours=1)
# What the clock is set to in turn: by how much it is off, and for how long (seconds).
_STEPS = (("-1 h", -_HOUR, 0.0), ("+2 h", 2 * _HOUR, 0.0), ("-1 h for 8 s, then back", -_HOUR, 8.0))


def clocks(*, short: bool) -> Row:
    """The clock is set, and set again; each time a story comes, and must be told within two intervals."""
    machine, outlet, waits = Machine(), Outlet(published=2), dict[str, float]()
    with (
        tempfile.TemporaryDirectory(prefix="campaign-clocks-") as place,
        published({"/": outlet}) as port,
        Hook("hook") as hook,
    ):
        desk = Desk(
            Path(place), {"wire": f"http://127.0.0.1:{port}/"}, {"hook": hook.url}, every=f"{_EVERY:g} s"
        )
        with _daemon(desk, machine):
            _until(lambda: desk.counts()["baselines"] == 1)
            for name, off, back_after in _STEPS[: 2 if short else None]:
                machine.off += off
                if back_after:
                    time.sleep(back_after)
                    machine.off -= off
                waits[name] = _told_after(outlet, hook)
        told = reckoned(hook.bodies, named(outlet)[2:])
    worst = max(waits.values())
    return Row(
        f"the clock set under a daemon that polls every {_EVERY:g} s: {', '.join(waits)}",
        "the next poll within 2 intervals, no repeat",
        f"told after {', '.join(f'{wait:.1f} s' for wait in waits.values())}; {told}",
        worst <= 2 * _EVERY + _SENT and not told.lost and not told.repeats,
    )


def stopped(nurseries: Crowd, *, seconds: float) -> Row:
    """SIGSTOP for so long, with stories meanwhile."""
    outlet = Outlet(published=2)
    with (
        tempfile.TemporaryDirectory(prefix="campaign-stopped-") as place,
        published({"/": outlet}) as port,
        Hook("hook") as hook,
        nurseries.lent() as nursery,
    ):
        desk = Desk(
            Path(place), {"wire": f"http://127.0.0.1:{port}/"}, {"hook": hook.url}, every=f"{_EVERY:g} s"
        )
        pid = nursery.born(desk.words("run"))
        _until(lambda: (desk.state / "monitor.db").exists() and desk.counts()["baselines"] == 1)
        os.kill(pid, signal.SIGSTOP)
        outlet.published += 5
        time.sleep(seconds)
        os.kill(pid, signal.SIGCONT)
        begun = time.monotonic()
        _until(lambda: bool(hook.bodies))
        wait = time.monotonic() - begun
        settled(desk, 5, within=30)
        alive = state_of(pid) not in "ZT"
        told = reckoned(hook.bodies, named(outlet)[2:])
    return Row(
        f"SIGSTOP for {seconds:g} s, polling every {_EVERY:g} s",
        "the next poll within 2 intervals, no repeat",
        f"told after {wait:.1f} s; {told}; {'alive' if alive else 'DEAD'}",
        wait <= 2 * _EVERY + _SENT and not told.lost and not told.repeats and alive,
    )


def _told_after(outlet: Outlet, hook: Hook) -> float:
    """Publish a story; how many seconds it took to the hook."""
    before, begun = len(hook.bodies), time.monotonic()
    outlet.published += 1
    _until(lambda: len(hook.bodies) > before)
    return time.monotonic() - begun


@contextmanager
def _daemon(desk: Desk, machine: Machine) -> Iterator[None]:
    """The daemon in a thread, under a clock that can be set."""
    loaded = config.load_desk(desk.rules, env={}, secrets_required=True)
    engine = Engine(loaded, desk.state, clock=machine.now)
    daemon = Daemon(engine, reload=lambda: loaded, read_clocks=machine.clocks)
    thread = threading.Thread(target=daemon.run)
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    thread.start()
    try:
        yield
    finally:
        daemon.stop()
        thread.join()
        engine.close()
        logging.disable(before)


def _until(holds: object, *, within: float = 60.0) -> None:
    assert callable(holds)
    until = time.monotonic() + within
    while not holds() and time.monotonic() < until:
        time.sleep(0.02)
