"""Tries one mutant after another in the tree that it is started in, each in a process forked from this one.

Reads an order a line from standard input (JSON: file, text, tests, seconds), writes what became of it. This
process has imported what the tests need from outside, and nothing of `monitor`: a child begins with the
mutant, and a run costs a third of what it costs in a new Python.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import time
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import Phase, settings

if TYPE_CHECKING:
    from collections.abc import Generator

_OUTSIDE = (
    *("apprise", "apprise.plugins.email", "aiosmtpd.smtp", "apscheduler.schedulers.background", "feedparser"),
    *("jinja2.sandbox", "rapidfuzz", "requests", "rich.console", "sqlite_utils", "starlette.applications"),
    *("trustme", "urllib3", "uvicorn", "yaml", "xdist", "pytest_timeout"),
)
_PATIENCE = 10  # seconds on the clock for each of the processor's, before a mutant is taken to hang
_SPACE = 3 << 30  # bytes of memory for a mutant that never stops growing


def main() -> None:
    """Serve orders until standard input ends."""
    os.nice(10)
    for name in _OUTSIDE:
        with suppress(ImportError):
            import_module(name)
    assert not any(name.partition(".")[0] == "monitor" for name in sys.modules)
    for number, line in enumerate(sys.stdin, 1):
        order = json.loads(line)
        verdict = _tried(order, number)
        sys.stdout.write(json.dumps(verdict) + "\n")
        sys.stdout.flush()


def _tried(order: dict[str, Any], number: int) -> dict[str, Any]:
    begun = time.monotonic()
    file = Path(order["file"]) if order["file"] else None
    before = file.read_bytes() if file else b""
    if file:
        _written(file, order["text"].encode(), number)
    try:
        fate, by = _run(order["tests"], order["seconds"])
    finally:
        if file:
            _written(file, before, number + 500_000)
    return {"fate": fate, "by": by, "asked": len(order["tests"]), "seconds": time.monotonic() - begun}


def _written(file: Path, text: bytes, number: int) -> None:
    """Each text with a time of its own: compiled files go by time and length."""
    file.write_bytes(text)
    os.utime(file, (1_000_000_000 + number, 1_000_000_000 + number))


def _run(tests: list[str], seconds: float) -> tuple[str, str]:
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        os.setpgid(0, 0)
        resource.setrlimit(resource.RLIMIT_AS, (_SPACE, _SPACE))
        resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds) + 5))
        _become_pytest(tests, writing)
    os.close(writing)
    status = _ended(pid, _PATIENCE * seconds)
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)  # what the tests started and left
    with os.fdopen(reading) as pipe:
        by = pipe.read()
    if status is None or (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU):
        return "timed out", ""
    return ("survived", "") if status == 0 else ("killed", by)


def _ended(pid: int, seconds: float) -> int | None:
    """The status that a child ends with; None where it had to be killed."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return status
        time.sleep(0.02)
    os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return None


def _become_pytest(tests: list[str], writing: int) -> None:
    silence = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(silence, number)
    settings.register_profile(
        "mutants", derandomize=True, deadline=None, database=None, phases=[Phase.explicit, Phase.generate]
    )
    files = [*dict.fromkeys(test.partition("::")[0] for test in tests)]
    options = ["-x", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:cov", "-o", "timeout=100"]
    options += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
    code: int = 70
    with suppress(BaseException):
        code = int(pytest.main([*options, *files], plugins=[_Chosen(tests, writing)]))
    os._exit(code)


class _Chosen:
    """Runs these tests in this order, and says which failed first."""

    def __init__(self, tests: list[str], writing: int) -> None:
        self._rank = {test: number for number, test in enumerate(tests)}
        self._writing = writing

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        left = [item for item in items if item.nodeid in self._rank]
        config.hook.pytest_deselected(items=[item for item in items if item.nodeid not in self._rank])
        items[:] = sorted(left, key=lambda item: self._rank[item.nodeid])

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self) -> Generator[None, Any, Any]:
        report = yield
        if report.failed:
            os.write(self._writing, report.nodeid.encode())
            self._writing = os.open(os.devnull, os.O_WRONLY)
        return report


if __name__ == "__main__":
    main()
