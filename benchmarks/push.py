"""How long from a hub's ring to the receiver: the real daemon on loopback, a feed for each ring.

    python -m benchmarks.push [--rings 30]

Each feed has been read before; its outlet publishes, its hub rings, signed, and the time runs until a webhook
has accepted the alert: ring, poll, parse, judge, match, decide, store, send. One after the other, so that
no two polls share the machine (the feeds are our own: no host is given its second of rest).
"""

from __future__ import annotations

import argparse
import json
import logging
import statistics
import tempfile
import threading
import time
from datetime import timedelta
from pathlib import Path

from monitor import config
from monitor.daemon import Daemon
from monitor.demo.sinks import ChatSink
from monitor.engine import Engine, run_once
from monitor.feeds import schedule
from monitor.store.store import Store
from tests.desks import RULES, Desk, eventually, rss
from tests.hub import Hub
from tests.web_server import WebServer


def show(web: WebServer, hub: Hub, path: str, *titles: str) -> None:
    """Show these items in a feed that names the hub."""
    links = f'<link xmlns="http://www.w3.org/2005/Atom" rel="hub" href="{hub.url}"/>'
    links += f'<link xmlns="http://www.w3.org/2005/Atom" rel="self" href="{web.url(path)}"/>'
    body = rss(*titles).replace(b"<title>t</title>", f"<title>t</title>{links}".encode())
    web.serve(path, body, {"ETag": f'"{len(titles)}"', "Content-Type": "application/rss+xml"})


def word(number: int) -> str:
    """A name that no other feed's news has."""
    return "".join(chr(ord("a") + int(digit)) for digit in f"{number * 7919 % 99991:05d}")


def main() -> None:
    """Print the waits."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rings", type=int, default=30)
    parser.add_argument("--data", help="not used: everything is invented")
    rings = parser.parse_args().rings
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as place, WebServer() as web, ChatSink("chat") as chat:
        waits = measured(Path(place), web, chat, rings)
    ranked = sorted(waits)
    median, late = statistics.median(ranked), ranked[max(len(ranked) * 95 // 100 - 1, 0)]
    print(f"{rings} rings, from ring to receiver: median {median * 1000:.0f} ms,", end=" ")
    print(f"95 in 100 within {late * 1000:.0f} ms, the slowest {ranked[-1] * 1000:.0f} ms")


def measured(folder: Path, web: WebServer, chat: ChatSink, rings: int) -> list[float]:
    """Seconds from each ring to its arrival."""
    hubs = [Hub(web, f"/hub{number}") for number in range(rings)]
    for number, hub in enumerate(hubs):
        show(web, hub, f"/feed{number}", f"Old {word(number)} story")
    feeds = {f"feed{number}": web.url(f"/feed{number}") for number in range(rings)}
    desk = Desk(folder, {"mail": chat.url, "chat": chat.url}, feeds, every="1 h")
    (desk.rules / "rules.yaml").write_text(RULES.replace("[mail, chat]", "chat"))
    with WebServer() as spare:
        port = spare.port
    push = {"listen": f"127.0.0.1:{port}", "address": f"http://127.0.0.1:{port}/push"}
    (desk.rules / "settings.yaml").write_text(json.dumps({"settings": {"push": push}}))
    engine = Engine(config.load_desk(desk.rules, env={}, secrets_required=True), desk.state)
    run_once(engine)
    daemon = Daemon(engine, reload=lambda: engine.desk)
    running = threading.Thread(target=daemon.run)
    running.start()
    try:
        eventually(lambda: alive(desk) == rings, within=rings * 2 + 60)
        return [waited(web, hub, chat, number) for number, hub in enumerate(hubs)]
    finally:
        daemon.stop()
        running.join()


def alive(desk: Desk) -> int:
    """How many hubs have verified."""
    with Store(desk.state) as store:
        return sum(one.until is not None for one in store.subscriptions())


def waited(web: WebServer, hub: Hub, chat: ChatSink, number: int) -> float:
    """Seconds from this hub's ring to the arrival."""
    name = word(number)
    show(web, hub, f"/feed{number}", f"Old {name} story", f"{name} and {name[::-1]}x sign a peace agreement")
    before, began = len(chat.arrivals), time.perf_counter()
    hub.ring()
    while len(chat.arrivals) == before:
        if time.perf_counter() - began > schedule.RUNG_APART / timedelta(seconds=1):
            raise SystemExit("a ring was not answered")
        time.sleep(0.001)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
