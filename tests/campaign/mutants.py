"""Do the tests notice? Mutants drawn at random from the packages that decide, each against its tests.

    python -m tests.campaign.mutants [--only store] [--count 60] [--seed 1] [--json]

The tests of these packages are run once to learn which of them pass which line (coverage's contexts). Then
each mutant is written into a copy of the tree, and the tests that pass its line are run on it, those of its
own package first, until one fails. A mutant that is killed counts only if the test that killed it passes on
the tree as it is. Tools that do this were weighed (docs/decisions/0100): this one changes SQL too, draws at
random, and forks each run from a process that has imported everything but what is tried.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Self
from xml.etree import ElementTree as ET

from tests.campaign.mutations import Mutation, mutations

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

ROOT = Path(__file__).parents[2]
# Package: (its files, the folder or file of its own tests)
PACKAGES = {
    "stories": ("monitor/stories/*.py", "tests/stories/"),
    "rules": ("monitor/rules/*.py", "tests/rules/"),
    "alerts": ("monitor/alerts/*.py", "tests/alerts/"),
    "store": ("monitor/store/*.py", "tests/store/"),
    "guard": ("monitor/feeds/guard.py monitor/feeds/connection.py", "tests/feeds/"),
}
# What is asked: the tests of the packages, and of those that use them as they are used.
TESTS = (
    *(
        "tests/stories",
        "tests/rules",
        "tests/alerts",
        "tests/store",
        "tests/cli",
        "tests/web/test_web_pages.py",
    ),
    *(f"tests/feeds/test_feeds_{name}.py" for name in ("guard", "fetch", "access", "poll")),
    *(
        f"tests/test_{name}.py"
        for name in (
            *("pipeline", "engine", "holding", "bursts", "outages", "config", "reload", "status", "trail"),
            *("habits", "day", "quarantine", "secrets", "clock", "timetable", "replay", "survey", "doctor"),
        )
    ),
)
_LONGEST_TEST = 8.0  # seconds on the machine as it was when the lines were learned


# ---- which tests pass which line ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Lines:
    """For each file the tests that pass each of its lines, and how long each test takes in seconds."""

    passed: Mapping[str, Mapping[int, Collection[str]]]
    seconds: Mapping[str, float]
    failed: frozenset[str]

    def tests(
        self, file: str, lines: Iterable[int], *, own: str, seconds: float, first: tuple[str, ...] = ()
    ) -> list[str]:
        """The tests of these lines: those of files that come first, then own ones, quick ones first.

        As many as take `seconds` together.

        What is run when a module is imported is passed by no test: then they are those of the module.
        """
        of_file = self.passed.get(file, {})
        found = {test for line in lines for test in of_file.get(line, ())}
        found = found or {test for tests in of_file.values() for test in tests}
        found = found or {test for test in self.seconds if test.startswith(own)}  # tables
        quick = [test for test in found - self.failed if self._takes(test) <= _LONGEST_TEST]
        chosen, left = [], seconds
        ranked = {
            test: (not test.startswith(first or ("/",)), not test.startswith(own), self._takes(test), test)
            for test in quick
        }
        for test in sorted(quick, key=ranked.__getitem__):
            left -= self._takes(test) if ranked[test][0] else 0.0
            if left < 0:
                break
            chosen.append(test)
        return chosen

    def _takes(self, test: str) -> float:
        return self.seconds.get(test, 1.0)


def learned(tree: Path, keep: Path, more: list[str]) -> Lines:
    """Run the tests on the tree, counting; what came of it is kept in `keep`, then only `more` are run."""
    data = keep / "coverage"
    tests = more if data.exists() else TESTS
    if tests:
        counting: tuple[str, ...] = (
            "--cov",
            "--cov-branch",
            "--cov-report=",
            "--cov-fail-under=0",
            "--cov-context=test",
        )
        times = f"--junitxml={keep / f'times-{time.time_ns()}.xml'}"
        counting += ("--cov-append",) if data.exists() else ()
        subprocess.run(
            [sys.executable, "-m", "pytest", *tests, "-n", "2", "--dist", "loadfile", *counting, times],
            cwd=tree,
            env={**os.environ, "COVERAGE_FILE": str(data)},
            stdout=sys.stderr,
            check=False,
        )
    return _read(data, [*keep.glob("*.xml")])


def _read(data: Path, times: list[Path]) -> Lines:
    from coverage import CoverageData

    read = CoverageData(str(data))
    read.read()
    passed: defaultdict[str, defaultdict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    for file in read.measured_files():  # the same one in each tree in which lines were learned
        lines = passed[f"monitor/{file.rpartition('/monitor/')[2]}"]
        for line, contexts in read.contexts_by_lineno(file).items():
            lines[line] |= {context.rpartition("|")[0] for context in contexts if context}
    seconds, failed = {}, set()
    for case in (case for file in times for case in ET.parse(file).iter("testcase")):  # noqa: S314 - pytest's
        test = f"{case.get('classname', '').replace('.', '/')}.py::{case.get('name')}"
        seconds[test] = float(case.get("time", 0))
        if case.find("failure") is not None or case.find("error") is not None:
            failed.add(test)
            sys.stderr.write(f"left out, as it fails on the tree as it is: {test}\n")
    return Lines(passed, seconds, frozenset(failed))


# ---- a process that tries mutants --------------------------------------------------------------------------


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant: killed (by which test), survived, or timed out; `asked` tests in `seconds`."""

    fate: str
    by: str
    asked: int
    seconds: float


@dataclass
class Bench:
    """A copy of the tree, and the process in it that tries mutants."""

    tree: Path
    _process: subprocess.Popen[str] = field(init=False)

    def __post_init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.campaign.mutant_bench"],
            cwd=self.tree,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(self.tree), "HYPOTHESIS_PROFILE": "mutants"},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        try:
            self._process.wait(60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def tried(self, tests: list[str], *, file: str = "", text: bytes = b"", seconds: float) -> Verdict:
        """Run these tests with this text in the file, for so many seconds of the processor at most."""
        if not tests:
            return Verdict("survived", "", 0, 0.0)
        order = {"file": file, "text": text.decode(), "tests": tests, "seconds": seconds}
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return Verdict(**json.loads(self._process.stdout.readline()))


def copied(into: Path) -> Path:
    """A copy of the tree without what others left in it."""
    left_out = shutil.ignore_patterns(
        ".git", ".venv", "__pycache__", "build", "dist", "state", ".*_cache", ".hypothesis", ".coverage*"
    )
    shutil.copytree(ROOT, into, ignore=left_out)
    (into / "state").mkdir()
    return into


# ---- the trial ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Tried:
    """A mutant and what became of it."""

    package: str
    file: str
    mutation: Mutation
    verdict: Verdict

    def __str__(self) -> str:
        return f"{self.verdict.fate:<9} {self.file}:{self.mutation}  [{self.verdict.asked} tests]"


def drawn(package: str, *, count: int, seed: int) -> list[tuple[str, Mutation]]:
    """So many of a package's mutants, drawn at random: (file, mutation)."""
    files = [path for pattern in PACKAGES[package][0].split() for path in sorted(ROOT.glob(pattern))]
    every = [(str(path.relative_to(ROOT)), one) for path in files for one in mutations(path.read_bytes())]
    return random.Random(f"{seed} {package}").sample(every, min(count, len(every)))


def trial(
    packages: list[str],
    lines: Lines,
    *,
    count: int,
    seed: int,
    seconds: float,
    again: str = "",
    first: tuple[str, ...] = (),
) -> list[Tried]:
    """Try every mutant that is drawn, or those of them that stand in `again`; says each as it comes."""
    orders = [
        (package, file, mutation)
        for package in packages
        for file, mutation in drawn(package, count=count, seed=seed)
        if not again or f"{file}:{mutation}" in again
    ]
    sources = {file: (ROOT / file).read_bytes() for _, file, _ in orders}  # whatever is edited meanwhile
    free: SimpleQueue[Bench] = SimpleQueue()

    def one(order: tuple[str, str, Mutation]) -> Tried:
        package, file, mutation = order
        bench = free.get()
        tests = lines.tests(file, mutation.lines, own=PACKAGES[package][1], seconds=seconds, first=first)
        text = mutation.of(sources[file])
        verdict = bench.tried(tests, file=file, text=text, seconds=20 + 3 * seconds)
        free.put(bench)
        tried = Tried(package, file, mutation, verdict)
        sys.stderr.write(f"{tried}\n")
        return tried

    with (
        tempfile.TemporaryDirectory(prefix="campaign-mutants-") as folder,
        Bench(copied(Path(folder, "a"))) as left,
        Bench(copied(Path(folder, "b"))) as right,
        ThreadPoolExecutor(2) as pool,
    ):
        free.put(left)
        free.put(right)
        return _sure(list(pool.map(one, orders)), left)


def _sure(tried: list[Tried], bench: Bench) -> list[Tried]:
    """The same, without the kills by tests that fail on the tree as it is."""
    wrong: set[str] = set()
    killers = sorted({one.verdict.by for one in tried if one.verdict.by})
    while killers and (verdict := bench.tried(killers, seconds=900)).fate != "survived":
        wrong.add(verdict.by)
        killers = [test for test in killers if test not in wrong and verdict.by]
    return [
        Tried(one.package, one.file, one.mutation, Verdict("survived", "", 0, 0.0))
        if one.verdict.by in wrong
        else one
        for one in tried
    ]


def main() -> int:
    """Draw, try, and print the table; 1 where a package has under 90 % killed."""
    parser = argparse.ArgumentParser(
        prog="tests.campaign.mutants", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--only", action="append", choices=PACKAGES, help="a package; again for more")
    parser.add_argument("--count", type=int, default=60, help="mutants of each package (60)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=30.0, help="of tests for each mutant (30)")
    parser.add_argument("--keep", type=Path, default=ROOT / "build" / "mutants", help="where lines are kept")
    parser.add_argument(
        "--learn", nargs="*", default=[], metavar="TEST", help="tests that are new since then"
    )
    parser.add_argument("--first", nargs="*", default=[], metavar="TEST", help="files that are asked first")
    parser.add_argument(
        "--again", type=Path, metavar="FILE", help="only those that survived, as FILE printed them"
    )
    parser.add_argument("--json", action="store_true", help="every mutant and its fate, on standard output")
    options = parser.parse_args()
    options.keep.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="campaign-lines-") as folder:
        lines = learned(copied(Path(folder, "tree")), options.keep, options.learn)
    again = options.again.read_text("utf-8") if options.again else ""
    chosen = options.only or [*PACKAGES]
    tried = trial(
        chosen,
        lines,
        count=options.count,
        seed=options.seed,
        seconds=options.seconds,
        again=again,
        first=tuple(options.first),
    )
    if options.json:
        rows = [asdict(one) | {"mutation": str(one.mutation)} for one in tried]
        sys.stdout.write(json.dumps(rows, indent=1) + "\n")
        return 0
    return _printed(chosen, tried, time.monotonic() - begun)


def _printed(packages: list[str], tried: list[Tried], seconds: float) -> int:
    worst = 100.0
    sys.stdout.write(f"{'package':<10}{'mutants':>8}{'killed':>8}{'timed out':>11}{'survived':>10}{'':>8}\n")
    for package in packages:
        fates = Counter(one.verdict.fate for one in tried if one.package == package)
        share = 100 * (fates["killed"] + fates["timed out"]) / max(1, fates.total())
        worst = min(worst, share)
        sys.stdout.write(
            f"{package:<10}{fates.total():>8}{fates['killed']:>8}{fates['timed out']:>11}"
            f"{fates['survived']:>10}{share:>7.1f}%\n"
        )
    for one in tried:
        if one.verdict.fate == "survived":
            sys.stdout.write(f"{one}\n")
    sys.stdout.write(f"in {seconds:.0f} s\n")
    return 0 if worst >= 90 else 1


if __name__ == "__main__":
    sys.exit(main())
