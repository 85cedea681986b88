"""A stranger's first minutes, timed: from a clone to the first alert from a feed of their own.

    python -m benchmarks.walk [--root DIR] [--json]

Clones this checkout as it is committed, makes its environment as `make` does, begins a desk, adds the feed
behind a page, starts the daemon, lets the feed have news, and waits for the message. The page, its feed and
the webhook are on this machine's loopback; the wheels come from the package registry that pip is set to.
With --root, every command runs in that Debian (debootstrap --variant=minbase, with python3-venv and make),
which needs root: chroot(8) enters it, with this machine's settings of pip and of names. The caches of pip are
not used. Exits 1 where nothing arrives.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from monitor.demo.sinks import ChatSink
from tests.desks import rss
from tests.web_server import WebServer

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
PAGE = b"<html><link rel=alternate type='application/rss+xml' href='/feed'><body>News</body></html>"
AS_HERE = ("/etc/pip.conf", "/etc/resolv.conf", "/etc/hosts", os.environ.get("PIP_CERT", ""))
WITHIN = 120.0  # s, for the message


class Walk:
    """The commands of one newcomer, timed; in a Debian of their own where `root` names one."""

    def __init__(self, place: Path, root: Path | None) -> None:
        self.place = place
        self.root = root
        self.steps: dict[str, float] = {}
        inside = Path("/", place.relative_to(root)) if root else place
        self._words = [shutil.which("chroot") or "/usr/sbin/chroot", str(root)] if root else []
        self._inside = inside
        self._environment = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": str(inside),
            "LANG": "C.UTF-8",
            **{name: value for name, value in os.environ.items() if name.startswith("PIP_")},
            "PIP_NO_CACHE_DIR": "1",
        }

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Keep how long this took, in seconds."""
        began = time.monotonic()
        yield
        self.steps[step] = time.monotonic() - began

    def do(self, step: str, command: str) -> str:
        """A command at the newcomer's prompt, timed; what it printed."""
        with self.timed(step):
            done = subprocess.run(
                self._shell(command), env=self._environment, capture_output=True, text=True, check=False
            )
        if done.returncode:
            raise SystemExit(f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def begin(self, command: str) -> subprocess.Popen[bytes]:
        """The same, for what goes on."""
        quiet = subprocess.DEVNULL
        return subprocess.Popen(self._shell(command), env=self._environment, stdout=quiet, stderr=quiet)

    def _shell(self, command: str) -> list[str]:
        return [*self._words, "sh", "-c", f"cd {self._inside}; {command}"]


def walked(walk: Walk) -> bool:
    """Go the way; whether the message arrived."""
    arrived = Event()
    monitor = "../media-monitor/.venv/bin/monitor"
    with walk.timed("git clone"):
        subprocess.run(["git", "clone", "--quiet", ROOT, walk.place / "media-monitor"], check=True)
    walk.do("make setup", "cd media-monitor && make setup")
    with WebServer() as web, ChatSink("me", lambda _: arrived.set()) as chat:
        web.serve("/news", PAGE, {"Content-Type": "text/html"})
        web.serve("/feed", rss("Bread is cheap"), {"Content-Type": "application/rss+xml"})
        to = f'--topic "ferry*" --to "{chat.url}" --feed {web.url("/feed")} --allow-private'
        walk.do("monitor init", f"media-monitor/.venv/bin/monitor init desk {to}")
        walk.do("monitor check", f"cd desk && {monitor} check")
        web.serve("/own", rss("Fish is dear"), {"Content-Type": "application/rss+xml"})
        page = PAGE.replace(b"/feed", b"/own")
        web.serve("/mine", page, {"Content-Type": "text/html"})
        mine = f'{web.url("/mine")} --allow-private --every "1 s"'
        walk.do("monitor feeds add", f"cd desk && {monitor} feeds add {mine}")
        walk.do("monitor run --once", f"cd desk && {monitor} run --once")
        daemon = walk.begin(f"cd desk && exec {monitor} run")
        try:
            with walk.timed("news to message"):
                web.serve("/own", rss("Fish is dear", "Ferry sinks off Poti"))
                arrived.wait(WITHIN)
        finally:
            daemon.terminate()
            daemon.wait(30)
    return arrived.is_set()


def main() -> int:
    """Walk, print, judge."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--root", type=Path, help="a Debian to walk in")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    base = options.root / "srv" if options.root else None
    place = Path(tempfile.mkdtemp(prefix="walk-", dir=base))
    walk = Walk(place, options.root)
    for file in AS_HERE if options.root else ():
        if file and Path(file).is_file():
            (options.root / file.strip("/")).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, options.root / file.strip("/"))
    try:
        arrived = walked(walk)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    if options.json:
        print(json.dumps({"arrived": arrived, "seconds": walk.steps}, indent=2))
    else:
        print("| step | seconds |\n|---|---|")
        for step, seconds in walk.steps.items():
            print(f"| `{step}` | {seconds:.1f} |")
        print(f"| in all | {sum(walk.steps.values()):.1f} |")
    return 0 if arrived else 1


if __name__ == "__main__":
    sys.exit(main())
