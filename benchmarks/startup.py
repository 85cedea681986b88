"""How much processor time a command takes before it has said a word: help, status, TAB, checks.

    python benchmarks/startup.py [--rounds N] [--json]

Each command is a process of its own, as a shell starts it, on the shipped rules and a database that has just
been made; the rounds go over all commands in turn, and the median of each one's user and system time is
printed (wall time says more of the machine's other work). Exits 1 where `--help` takes over 150 ms or
`status` over 400 ms.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from monitor.store.store import Store

ROOT = Path(__file__).parent.parent
LIMITS = {"--help": 0.150, "status": 0.400}  # s of processor time
COMMANDS = {
    "python -c pass": [],
    "--help": ["--help"],
    "run --help": ["run", "--help"],
    "feeds add --help": ["feeds", "add", "--help"],
    "rules backtest --help": ["rules", "backtest", "--help"],
    "stories list --help": ["stories", "list", "--help"],
    "status": ["status"],
    "status --json": ["status", "--json"],
    "feeds list": ["feeds", "list"],
    "check": ["check"],
    "TAB: feeds show a": ["feeds", "show", "a"],
    "init --yes": ["init", "--yes"],
}


def spent(name: str, words: list[str], folder: Path) -> float:
    """The processor time of one run, in seconds."""
    desk = Path(tempfile.mkdtemp(dir=folder))
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "MONITOR_RULES": str(ROOT / "rules"),
        "MONITOR_STATE": str(folder / "state"),
    }
    if name.startswith("TAB"):
        environment |= {"_MONITOR_COMPLETE": "bash_complete", "COMP_CWORD": str(len(words))}
        environment["COMP_WORDS"] = " ".join(["monitor", *words])
        words = []
    command = (
        [sys.executable, "-c", "pass"] if name.startswith("python") else [sys.executable, "-m", "monitor"]
    )
    process = subprocess.Popen(
        [*command, *words], cwd=desk, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.stderr is not None
    said = process.stderr.read().decode()
    process.stderr.close()
    if process.returncode:
        raise SystemExit(f"{name} ended with {process.returncode}: {said}")
    return usage.ru_utime + usage.ru_stime


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "state").mkdir()
        with Store(folder / "state"):
            pass
        for _ in range(options.rounds):
            for name, words in COMMANDS.items():
                times[name].append(spent(name, words, folder))
    medians = {name: statistics.median(each) for name, each in times.items()}
    if options.json:
        print(json.dumps({name: round(each, 4) for name, each in medians.items()}, indent=2))
    else:
        print("| command | processor time, ms | at most |\n|---|---|---|")
        for name, each in medians.items():
            limit = f"{LIMITS[name] * 1000:.0f}" if name in LIMITS else ""
            print(f"| `{name}` | {each * 1000:.0f} | {limit} |")
    return int(any(medians[name] > limit for name, limit in LIMITS.items()))


if __name__ == "__main__":
    sys.exit(main())
