"""Try to break it: every probe, one table.

    python -m tests.campaign [--short | --share S] [--only NAME] [--seed N] [--json] [--data DIR]

Each probe runs in a process of its own, three at a time, and those that only wait beside them. `--only kills`
plays one; the same seed draws the same. Exits 1 if anything did not hold. What needs root, strace or captured
feeds says so where it cannot be tried. Nothing leaves the loopback.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.campaign import (
    addresses,
    captures,
    clocks,
    damage,
    files,
    fuzz,
    injection,
    kills,
    machine,
    migrations,
    outage,
    planted,
    soak,
    syscalls,
)
from tests.campaign.world import Row, crowd, untried

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.campaign.world import Crowd

_LANES = 3  # probes at once: on two cores, since most wait now and then
_BESIDE = ("soak", "stopped")  # these mostly wait: they run beside the others, all the while
# Begun first: what takes long, so that short ones fill the end.
_FIRST = (*_BESIDE, "fuzz", "kills", "cuts", "faults", "captures", "reloads", "machine")
_LONGEST = 1800.0  # seconds that a probe may take before it is given up


@dataclass(frozen=True)
class Size:
    """How much is played: all of it, the short form, or of the whole a share."""

    short: bool = False
    share: float = 1.0
    seconds: float = 540.0  # that the soak and SIGSTOP take

    def of(self, long: int, short: int) -> int:
        """How many of a thing, where there are `long` in the whole form and `short` in the short one."""
        return short if self.short else max(1, round(long * self.share))


def probes(
    nurseries: Crowd, size: Size, *, seed: int = 1, data: Path | None = None
) -> dict[str, Callable[[], Row | list[Row]]]:
    """Each probe by its name, in the order of the table."""
    real = data / "feeds" / "real" if data else None
    history = data / "feeds" / "history" if data else None
    of, short = size.of, size.short
    return {
        "kills": lambda: kills.kills(
            nurseries, lives=of(1000, 14), stories=of(1200, 28), desks=2 if short else 3, seed=seed
        ),
        "cuts": lambda: _traced(
            lambda: syscalls.cuts(nurseries, most=of(300, 4), seed=seed), "SIGKILL at system calls"
        ),
        "faults": lambda: _traced(
            lambda: syscalls.faults(nurseries, most=of(200, 4), seed=seed), "errors of system calls"
        ),
        "machine": lambda: machine.machine(runs=of(500, 20), steps=50, seed=seed),
        "seeded": lambda: machine.seeded(seed=seed, short=short),
        "outage": lambda: outage.outage(alerts=60 if short else 500, seed=seed),
        "clocks": lambda: clocks.clocks(short=short),
        "stopped": lambda: clocks.stopped(nurseries, seconds=2 if short else size.seconds),
        "second": lambda: damage.second_instance(nurseries),
        "truncated": lambda: files.cuts(step=11 if short else 1),
        "reloads": lambda: files.reloads(nurseries, count=of(5000, 100)),
        "full": lambda: damage.full_disk(nurseries),
        "locked": lambda: damage.locked(nurseries, seconds=1 if short else 30),
        "damaged": lambda: damage.damaged(nurseries, pages=of(20, 2), seed=seed),
        "migrations": lambda: _traced(
            lambda: migrations.kills(nurseries, most=of(50, 4), seed=seed), "kills in a migration"
        ),
        "captures": lambda: captures.kills(nurseries, history=history, most=of(710, 60), seed=seed),
        "fuzz": lambda: fuzz.fuzz(count=of(100_000, 200), corpus=real, seed=seed),
        "addresses": addresses.addresses,
        "injection": lambda: injection.injection(texts=6 if short else 0),
        "secrets": lambda: planted.secrets(short=short),
        "mutants": lambda: untried(
            "mutation testing of stories, rules, alerts, store and guard",
            "≥ 90 % killed",
            "it takes an hour: python -m tests.campaign.mutants, docs/reliability.md",
        ),
        "soak": lambda: soak.soak(nurseries, seconds=10 if short else size.seconds, seed=seed),
    }


def _traced(probe: Callable[[], Row], what: str) -> Row:
    why = syscalls.available()
    return untried(what, "", why) if why else probe()


def main() -> int:
    """Play it and print the table."""
    options = _options()
    with crowd() as nurseries:
        size = Size(short=options.short, share=options.share, seconds=options.soak)
        plays = probes(nurseries, size, seed=options.seed, data=options.data)
        chosen = [options.only] if options.only in plays else [name for name in plays if options.only in name]
        begun = time.monotonic()
        alone = len(chosen) == 1
        lines = _lines(chosen[0], plays[chosen[0]]) if alone else _all(chosen, options)
    for line in lines if alone else ():
        line["cpu"] = _cpu()
    if options.json:
        sys.stdout.write(
            json.dumps({"seed": options.seed, "rows": lines}, ensure_ascii=False, indent=1) + "\n"
        )
    else:
        cpu = sum({line["probe"]: line["cpu"] for line in lines}.values())
        took = f"{time.monotonic() - begun:.0f} s in all, {cpu:.0f} s of CPU, seed {options.seed}"
        sys.stdout.write(f"{table(lines)}\n\n{took}\n")
    return 0 if lines and all(line["held"] for line in lines) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.campaign",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--short", action="store_true", help="the form that decides what lands: under 90 s")
    parser.add_argument(
        "--share", type=float, default=1.0, metavar="S", help="play a share of the counts: 0.1, a tenth"
    )
    parser.add_argument(
        "--only", default="", metavar="NAME", help="the probe of this name, or those that have it"
    )
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="another campaign; 1 unless given")
    parser.add_argument("--json", action="store_true", help="print the rows as JSON")
    parser.add_argument(
        "--soak", type=float, default=540.0, metavar="S", help="seconds that soak and SIGSTOP take; 540"
    )
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="captured feeds")
    return parser.parse_args()


# ---- each in a process of its own --------------------------------------------------------------------------


def _all(chosen: list[str], options: argparse.Namespace) -> list[dict[str, Any]]:
    with ThreadPoolExecutor(_LANES) as lanes, ThreadPoolExecutor(len(_BESIDE)) as beside:
        parts = [
            (beside if name in _BESIDE else lanes).submit(_apart, name, options)
            for name in sorted(chosen, key=lambda name: _FIRST.index(name) if name in _FIRST else len(_FIRST))
        ]
        by_name = {lines[0]["probe"]: lines for part in parts if (lines := part.result())}
    return [line for name in chosen for line in by_name.get(name, [])]


def _apart(name: str, options: argparse.Namespace) -> list[dict[str, Any]]:
    words = ["--only", name, "--json", "--seed", str(options.seed), "--soak", str(options.soak)]
    words += [
        "--data",
        str(options.data),
        "--share",
        str(options.share),
        *(["--short"] if options.short else []),
    ]
    begun = time.monotonic()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "tests.campaign", *words],
            check=False,
            capture_output=True,
            text=True,
            timeout=_LONGEST,
        )
        rows: list[dict[str, Any]] = json.loads(done.stdout)["rows"]
    except subprocess.TimeoutExpired:
        rows = [
            _line(name, Row("the probe itself", "an end", f"none in {_LONGEST:g} s", held=False), _LONGEST)
        ]
    except ValueError:
        why = (done.stderr.strip() or "no word").splitlines()[-1]
        rows = [_line(name, Row("the probe itself", "an end", why, held=False), time.monotonic() - begun)]
    for row in rows:
        sys.stderr.write(f"{_verdict(row):<7}{name:<11}{row['got']} [{row['seconds']:.0f} s]\n")
    return rows


def _lines(name: str, probe: Callable[[], Row | list[Row]]) -> list[dict[str, Any]]:
    begun = time.monotonic()
    came = probe()
    seconds = time.monotonic() - begun
    return [_line(name, row, seconds) for row in ([came] if isinstance(came, Row) else came)]


def _line(name: str, row: Row, seconds: float) -> dict[str, Any]:
    return {"probe": name, **asdict(row), "tried": row.tried, "seconds": round(seconds, 1), "cpu": 0.0}


def _cpu() -> float:
    """Seconds of CPU that this process and those that it has ended took."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return round(sum(one.ru_utime + one.ru_stime for one in used), 1)


# ---- the table ---------------------------------------------------------------------------------------------


def table(lines: Iterable[dict[str, Any]]) -> str:
    """The rows as a table in Markdown."""
    head = ["|  | probe | what | to reach | measured | s |", "|---|---|---|---|---|---|"]
    return "\n".join(
        [
            *head,
            *(
                f"| {_verdict(line)} | `{line['probe']}` | {line['what']} | {line['reach']} | {line['got']} |"
                f" {line['seconds']:.0f} |"
                for line in lines
            ),
        ]
    )


def _verdict(line: dict[str, Any]) -> str:
    if not line["held"]:
        return "BROKEN"
    return "held" if line["tried"] else "—"


if __name__ == "__main__":
    sys.exit(main())
