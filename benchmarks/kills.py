"""kill -9 at random moments of polling and sending: what was lost, what was repeated, and whether it said so.

    python benchmarks/kills.py [--stories 400] [--kills 40] [--seed 1]

An outlet on loopback publishes stories in bursts, each in one life of a daemon that is killed while it polls
or sends, and started anew; a mail server and a chat webhook keep what arrives. Exits 1 if a story is lost or
an unmarked repeat arrives.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from functools import partial
from hashlib import sha256
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from monitor.alerts.compose import AGAIN
from monitor.demo.loopback import Loopback
from monitor.demo.sinks import ChatSink, MailSink
from monitor.store.store import Store

RULES = "rules: [{id: watched, title: Watched, any: [peace agreement], send: [mail, chat]}]\n"
WORDS = "abend barka corvo dulce ember finca gorse helix ingot jurat kapok lemur mocha nacre okapi pylon"


class Outlet:
    """A feed of the latest 500 stories, each unlike any other."""

    def __init__(self, stories: int) -> None:
        self.stories = stories
        self.published = 0

    def document(self) -> bytes:
        """The feed as it stands."""
        latest = range(max(0, self.published - 500), self.published)
        items = "".join(self._item(number) for number in reversed(latest))
        return f'<rss version="2.0"><channel><title>t</title>{items}</channel></rss>'.encode()

    def _item(self, number: int) -> str:
        tag = "".join(chr(ord("a") + int(digit)) for digit in str(number))
        own = [f"{word}{tag}" for word in WORDS.split()]
        return (
            f"<item><guid>{number}</guid><title>{' '.join(own[:6])} peace agreement</title>"
            f"<description>{' '.join(own)} story{number}end.</description></item>"
        )


class Asking(BaseHTTPRequestHandler):
    """One request to the outlet; half of the answers to unchanged feeds are 304."""

    def __init__(self, outlet: Outlet, *connection: Any) -> None:
        self.outlet = outlet
        super().__init__(*connection)

    def do_GET(self) -> None:
        """Serve the feed as it stands."""
        body = self.outlet.document()
        etag = f'"{sha256(body).hexdigest()}"'
        unchanged = self.headers["If-None-Match"] == etag
        self.send_response(304 if unchanged else 200)
        self.send_header("ETag", etag)
        self.send_header("Content-Length", "0" if unchanged else str(len(body)))
        self.end_headers()
        if not unchanged:
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def main() -> int:
    """Play it and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--stories", type=int, default=400)
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance, outlet = random.Random(options.seed), Outlet(options.stories)
    server = Loopback(partial(Asking, outlet))
    server.start()
    folder = Path(tempfile.mkdtemp(prefix="monitor-kills-"))
    rules, state = folder / "rules", folder / "state"
    rules.mkdir()
    state.mkdir()
    feed = {"name": "wire", "url": f"http://127.0.0.1:{server.port}/", "every": "1 s", "allow-private": "yes"}
    (rules / "feeds.yaml").write_text(json.dumps({"feeds": [feed]}))
    (rules / "rules.yaml").write_text(RULES)
    words = [sys.executable, "-m", "monitor", "run", "--rules", str(rules), "--state", str(state)]
    with MailSink("mail") as mail, ChatSink("chat") as chat:
        (rules / "receivers.yaml").write_text(json.dumps({"receivers": {"mail": mail.url, "chat": chat.url}}))
        subprocess.run([*words, "--once"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for life in range(options.kills):
            outlet.published = options.stories * (life + 1) // options.kills
            with subprocess.Popen(words, stderr=subprocess.DEVNULL) as daemon:
                time.sleep(chance.uniform(1.0, 3.0))
                daemon.kill()
        with subprocess.Popen(words, stderr=subprocess.DEVNULL) as daemon:
            _settle(outlet, state)
            daemon.terminate()
        arrived = {"mail": mail.arrivals, "chat": chat.arrivals}
    server.stop()
    shutil.rmtree(folder)
    return _report(options, arrived)


def _settle(outlet: Outlet, state: Path) -> None:
    """Until everything was published, read and sent; at most two minutes."""
    until = time.monotonic() + 120
    with Store(state) as store:
        while time.monotonic() < until:
            counts = store.counts()
            if outlet.published == outlet.stories == counts["alerts"] and counts["waiting"] == 0:
                return
            time.sleep(0.2)


def _report(options: argparse.Namespace, arrived: dict[str, Any]) -> int:
    bad = 0
    print(f"{options.kills} kills, {options.stories} stories, seed {options.seed}")
    print("receiver  told  lost  repeats marked as such  unmarked repeats")
    for name, arrivals in arrived.items():
        told: Counter[str] = Counter()
        unmarked: Counter[str] = Counter()
        for arrival in arrivals:
            key = arrival.body.partition(" peace agreement")[0].split("\n")[-1]
            told[key] += 1
            unmarked[key] += AGAIN not in arrival.body
        lost = options.stories - len(told)
        repeats = sum(told.values()) - len(told)
        unsaid = sum(max(0, count - 1) for count in unmarked.values())
        print(f"{name:<10}{len(told):>4}{lost:>6}{repeats:>24}{unsaid:>18}")
        bad += lost + unsaid
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
