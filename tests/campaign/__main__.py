"""Try to break it: every probe, one table.

    python -m tests.campaign [--short] [--only WORD] [--data DIR]

The whole takes some minutes on two cores, the short form under 90 s. Exits 1 if anything did not hold. The
probes that need root or strace say so where they cannot be tried. Nothing leaves the loopback.
"""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from tests.campaign import damage, files, hostile, injection, kills, planted, soak, syscalls
from tests.campaign.world import Row

if TYPE_CHECKING:
    from collections.abc import Callable


def probes(*, short: bool, data: Path | None = None) -> dict[str, Callable[[], Row | list[Row]]]:
    """Each probe by its name, in the order of the table."""
    corpus = data / "feeds" / "rss" if data else None
    return {
        "kills": lambda: kills.kills(lives=18 if short else 1000, stories=36 if short else 1200),
        "cuts": lambda: _traced(lambda: syscalls.cuts(most=6 if short else 300)),
        "faults": lambda: _traced(lambda: syscalls.faults(most=6 if short else 200)),
        "second": damage.second_instance,
        "damaged": damage.damaged,
        "locked": lambda: damage.locked(seconds=7 if short else 30),
        "full": damage.full_disk,
        "truncated": lambda: files.cuts(step=7 if short else 1),
        "reloads": lambda: files.reloads(count=200 if short else 5000),
        "addresses": hostile.addresses,
        "injection": lambda: injection.injection(texts=6 if short else 0),
        "secrets": lambda: planted.secrets(short=short),
        "fuzz": lambda: hostile.fuzz(count=400 if short else 100_000, corpus=corpus),
    }


def _traced(probe: Callable[[], Row]) -> Row:
    why = syscalls.available()
    return Row("system calls under strace", "", f"not tried: {why}", held=True) if why else probe()


def main() -> int:
    """Play it and print the table."""
    parser = argparse.ArgumentParser(prog="tests.campaign", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--short", action="store_true", help="the form that decides what lands: under 90 s")
    parser.add_argument("--only", default="", metavar="WORD", help="only the probes whose name holds WORD")
    parser.add_argument(
        "--soak", type=float, default=0.0, metavar="S", help="soak meanwhile, so many seconds"
    )
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="real feeds for the fuzzer")
    options = parser.parse_args()
    chosen = {
        name: probe
        for name, probe in probes(short=options.short, data=options.data).items()
        if options.only in name
    }
    rows: list[Row] = []
    with ThreadPoolExecutor(1) as beside:
        soaking = beside.submit(soak.soak, seconds=options.soak) if options.soak else None
        for name, probe in chosen.items():
            begun = time.monotonic()
            rows += _shown(name, probe(), time.monotonic() - begun)
        if soaking:
            rows += _shown("soak", soaking.result(), options.soak)
    return 0 if all(row.held for row in rows) else 1


def _shown(name: str, came: Row | list[Row], seconds: float) -> list[Row]:
    rows = came if isinstance(came, list) else [came]
    for row in rows:
        sys.stdout.write(
            f"{'held  ' if row.held else 'BROKEN'} {name:<10}{row.what}\n"
            f"{'':<17}to reach: {row.reach}\n{'':<17}measured: {row.got} [{seconds:.0f} s]\n"
        )
        sys.stdout.flush()
    return rows


if __name__ == "__main__":
    sys.exit(main())
