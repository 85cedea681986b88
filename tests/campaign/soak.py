"""Hours in minutes: many feeds, steady news, and what the daemon grows by."""

from __future__ import annotations

import random
import tempfile
import threading
import time
from itertools import pairwise
from pathlib import Path
from statistics import quantiles

from tests.campaign.world import Crowd, Desk, Hook, Outlet, Row, named, published, reckoned, settled

_EVERY = 10.0  # seconds between two polls of a feed
_GROWTH = 5.0  # MiB
_DELAY = 5.0  # seconds beyond the interval


def soak(nurseries: Crowd, *, seconds: float, seed: int, feeds: int = 200, a_minute: int = 20) -> Row:
    """So long with so many feeds and so many stories a minute; memory, descriptors, delay to the sink."""
    outlets = {f"/{number}": Outlet(name=_letters(number)) for number in range(feeds)}
    chance = random.Random(f"soak {seed}")
    came: list[tuple[str, float]] = []
    with (
        tempfile.TemporaryDirectory(prefix="campaign-soak-") as place,
        published(outlets) as port,
        Hook("hook") as hook,
        nurseries.lent() as nursery,
    ):
        names = {f"feed-{path[1:]}": f"http://127.0.0.1:{port}{path}" for path in outlets}
        desk = Desk(Path(place), names, {"hook": hook.url}, every=f"{_EVERY:g} s")
        pid = nursery.born(desk.words("run"))
        until = time.monotonic() + 60
        while time.monotonic() < until and not (
            (desk.state / "monitor.db").exists() and desk.counts()["baselines"] == feeds
        ):
            time.sleep(0.2)
        ended = threading.Event()
        watching = threading.Thread(target=_watch, args=(hook, came, ended))
        watching.start()
        warm, end = time.monotonic() + min(30.0, seconds / 4), time.monotonic() + seconds
        sent: list[tuple[str, float]] = []
        memory: list[tuple[float, int]] = []
        while time.monotonic() < end:
            outlet = chance.choice([*outlets.values()])
            outlet.published += 1
            sent.append((named(outlet)[-1], time.monotonic()))
            if time.monotonic() < warm:
                memory.clear()
            memory.append((_resident(pid), _descriptors(pid)))
            time.sleep(60 / a_minute)
        settled(desk, len(sent), within=_EVERY + 20)
        ended.set()
        watching.join()
        reckoning = reckoned(hook.bodies, [name for name, _ in sent])
    arrived = dict(came)
    delays = sorted(arrived[name] - at for name, at in sent if name in arrived)
    late = quantiles(delays, n=20)[-1] if len(delays) > 1 else float("inf")
    growth = memory[-1][0] - memory[0][0]
    marks = [memory[(len(memory) - 1) * quarter // 4][0] for quarter in range(5)]
    quarters = " ".join(f"{after - before:+.1f}" for before, after in pairwise(marks))
    files = memory[-1][1] - memory[0][1]
    return Row(
        f"{seconds / 60:.1f} min soak, {feeds} feeds, {a_minute} events a minute",
        f"grows < {_GROWTH:g} MiB, descriptors flat, p95 to the sink < {_EVERY + _DELAY:g} s",
        f"{growth:+.1f} MiB (by quarter {quarters}), descriptors {files:+d}, p95 {late:.1f} s; {reckoning}",
        growth < _GROWTH and abs(files) <= 8 and late < _EVERY + _DELAY and not reckoning.lost,
    )


def _letters(number: int) -> str:
    return "".join(chr(ord("k") + int(digit)) for digit in str(number)) + "z"


def _watch(hook: Hook, came: list[tuple[str, float]], ended: threading.Event) -> None:
    """Note when each message is in the sink."""
    seen = 0
    while not ended.wait(0.05):
        bodies = hook.bodies[seen:]
        seen += len(bodies)
        came += [(body.partition(" peace agreement")[0].split()[-1], time.monotonic()) for body in bodies]


def _resident(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 / (1 << 20)


def _descriptors(pid: int) -> int:
    return len([*Path(f"/proc/{pid}/fd").iterdir()])
