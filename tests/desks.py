"""A desk of files round loopback servers, and the `monitor` command run on it as people run it."""

from __future__ import annotations

import io
import json
import logging
import os
import secrets
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from monitor.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.web_server import WebServer

MONITOR = (sys.executable, "-m", "monitor")
OLD, NEWS = "Museum of clocks opens again", "Ministers sign a peace agreement in the capital"

RULES = """\
rules:
  - id: peace
    title: Peace agreement
    any: [peace agreement]
    severity: high
    send: [mail, chat]
    examples:
      match: [A peace agreement is signed]
      ignore: [Nothing is signed]
"""


def rss(*titles: str, text: str = "A text of its own.") -> bytes:
    """A feed with an item for each title, the last the newest."""
    items = "".join(
        f"<item><title>{title}</title><guid>{title}</guid><link>https://wire.example/{number}</link>"
        f"<description>{text} {title}.</description></item>"
        for number, title in reversed(list(enumerate(titles)))
    )
    return (
        f'<?xml version="1.0"?><rss version="2.0"><channel><title>t</title>{items}</channel></rss>'.encode()
    )


def called(*words: object) -> subprocess.CompletedProcess[str]:
    """What `monitor` with these words prints and how it ends, in this process: a start costs half a second.

    For verbs that do a thing and return; the daemon, a single pass and signals want a process of their own.
    """
    arguments = [str(word) for word in words]
    out, err = io.StringIO(), io.StringIO()
    last_resort = logging.StreamHandler(err)  # as Python prints warnings where nobody handles them
    last_resort.setLevel(logging.WARNING)
    logging.getLogger().addHandler(last_resort)
    try:
        with redirect_stdout(out), redirect_stderr(err):
            main(arguments)
    except SystemExit as ended:
        status = ended.code
    finally:
        logging.getLogger().removeHandler(last_resort)
    assert isinstance(status, int)
    return subprocess.CompletedProcess(arguments, status, out.getvalue(), err.getvalue())


@dataclass
class Desk:
    """The folders of one desk, and its daemon while it runs."""

    folder: Path
    receivers: dict[str, str]
    feeds: dict[str, str]  # name -> address
    every: str = "1 s"
    rules_text: str = RULES
    env: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rules.mkdir()
        self.state.mkdir()
        feeds = [
            {"name": name, "url": url, "every": self.every, "allow-private": "yes"}
            for name, url in self.feeds.items()
        ]
        (self.rules / "feeds.yaml").write_text(json.dumps({"feeds": feeds}))
        (self.rules / "receivers.yaml").write_text(json.dumps({"receivers": self.receivers}))
        (self.rules / "rules.yaml").write_text(self.rules_text)

    @property
    def rules(self) -> Path:
        return self.folder / "rules"

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run `monitor` on this desk to its end."""
        return subprocess.run(
            [*MONITOR, *self._words(*words)],
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def call(self, *words: str) -> subprocess.CompletedProcess[str]:
        """The same in this process, in the environment of this process."""
        return called(*self._words(*words))

    @contextmanager
    def daemon(self) -> Iterator[subprocess.Popen[bytes]]:
        """`monitor run`, its log in the file `log`; whatever becomes of the test, it does not outlive it."""
        with (self.folder / "log").open("ab") as log:
            daemon = subprocess.Popen([*MONITOR, *self._words("run")], env=self._environment(), stderr=log)
        try:
            yield daemon
            daemon.wait(90)
        finally:
            daemon.kill()
            daemon.wait()

    def _words(self, verb: str, *options: str) -> list[str]:
        places = ["--rules", str(self.rules)] if verb not in ("status", "backup", "restore") else []
        if verb != "check":
            places += ["--state", str(self.state)]
        return [verb, *places, *options]

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "PYTHONWARNINGS": "default", **self.env}


def eventually(holds: Callable[[], object], *, within: float = 90.0) -> None:
    """Wait for another process: returns when it holds, fails when it does not within so many seconds."""
    until = time.monotonic() + within
    while not holds():
        assert time.monotonic() < until, "it did not come about in time"
        time.sleep(0.02)


def free_port() -> int:
    """A port that nobody is given before it is used: below those that a system deals out by itself."""
    while True:
        port = 15_000 + secrets.randbelow(17_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def serve_feed(web: WebServer, *titles: str, path: str = "/feed") -> None:
    """Show these items from now on, under an ETag of their own."""
    web.serve(path, rss(*titles), {"ETag": f'"{len(titles)}"', "Content-Type": "application/rss+xml"})
