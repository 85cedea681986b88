"""A Dask cluster on loopback under an authority of its own: a scheduler and workers as processes to kill.

They are begun by the commands of docs/cluster.md, but for addresses and threads.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Self

import trustme

from monitor.model import Scheduler, Tls
from tests.desks import eventually, free_port

_ROOT = Path(__file__).parents[1]
MANUAL = _ROOT / "docs" / "cluster.md"
PARTS = ("scheduler", "worker", "coordinator")


class World:
    """One scheduler, at the same address in each of its lives, and its workers."""

    def __init__(self, folder: Path, *, threads: int = 8) -> None:
        self.folder, self._threads = folder, threads
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(self._file("ca.pem")))
        for part in PARTS:
            issued = authority.issue_cert(f"{part}.example")
            issued.cert_chain_pems[0].write_to_path(str(self._file(f"{part}.pem")))
            issued.private_key_pem.write_to_path(str(self._file(f"{part}.key")))
        self.address = f"tls://127.0.0.1:{free_port()}"
        self.scheduler: subprocess.Popen[bytes] | None = None
        self.workers: list[subprocess.Popen[bytes]] = []

    def _file(self, name: str) -> Path:
        return self.folder / name

    @property
    def named(self) -> Scheduler:
        """What the settings name."""
        ca, certificate, key = (
            str(self._file(name)) for name in ("ca.pem", "coordinator.pem", "coordinator.key")
        )
        return Scheduler(self.address, Tls(ca, certificate, key))

    @property
    def settings(self) -> dict[str, object]:
        """The settings that name it."""
        tls = self.named.tls
        files = {"ca": tls.ca, "certificate": tls.certificate, "key": tls.key}
        return {"engine": f"dask {self.address}", "engine-tls": files}

    @property
    def log(self) -> str:
        """All that its processes have said."""
        return self._file("log").read_text()

    def open(self, *, workers: int = 2) -> None:
        """Begin the scheduler and so many workers, and wait until all know each other."""
        if self.scheduler is None:
            self.scheduler = self._begin("scheduler")
        before = self.log.count("Registered to:")
        self.workers += [self._begin("worker") for _ in range(workers)]
        eventually(lambda: self.log.count("Registered to:") >= before + workers)

    def have(self, workers: int) -> None:
        """Kill or begin workers until there are so many."""
        while len(self.workers) > workers:
            self.kill(0)
        if self.scheduler is None or len(self.workers) < workers:
            self.open(workers=workers - len(self.workers))

    def kill(self, worker: int) -> None:
        """End a worker with -9; the others move up."""
        _end(self.workers.pop(worker))

    def kill_scheduler(self) -> None:
        """End the scheduler with -9; workers without one end by themselves."""
        assert self.scheduler is not None
        _end(self.scheduler)
        self.scheduler = None
        for worker in self.workers:
            _end(worker)
        self.workers.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in [*self.workers, *([self.scheduler] if self.scheduler else [])]:
            _end(process)

    def _begin(self, part: str) -> subprocess.Popen[bytes]:
        port = self.address.rpartition(":")[2]
        command = _manual(f"dask {part}").replace("tls://scheduler.example:8786", self.address)
        for told, ours in (
            ("--port 8786", f"--port {port}"),
            ("--nthreads 32", f"--nthreads {self._threads}"),
        ):
            command = command.replace(told, ours)
        dask, *words = command.split()
        with self._file("log").open("ab") as log:
            return subprocess.Popen(
                [str(Path(sys.executable).with_name(dask)), *words, "--host", "127.0.0.1"],
                cwd=self.folder,
                env={**os.environ, "PYTHONPATH": str(_ROOT)},
                stdout=log,
                stderr=subprocess.STDOUT,
            )


def _manual(beginning: str) -> str:
    """The command of the manual that begins so, on one line."""
    shown = MANUAL.read_text("utf-8").replace("\\\n", " ")
    found = re.search(rf"^\$ ({re.escape(beginning)}.*)$", shown, re.MULTILINE)
    assert found, beginning
    return found[1]


def _end(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGKILL)
    process.wait(60)
