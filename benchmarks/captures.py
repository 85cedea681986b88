"""The whole line on real input: captured feeds on loopback, the shipped rules, real mail and chat sinks.

    python benchmarks/captures.py --data DIR

DIR/feeds/real holds single captures of many feeds, DIR/feeds/history/OUTLET successive captures of one. A
first pass takes everything for the baseline, a second asks again, then the later captures are served one
step after another, under the clock of the day they were made. Prints what each pass did, and holds the
messages that arrived against "once per story, receiver and rule". Exits 1 if one arrived twice or none did.
"""

from __future__ import annotations

import argparse
import gzip
import json
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from monitor import config
from monitor.demo.loopback import Loopback
from monitor.demo.sinks import ChatSink, MailSink
from monitor.engine import Engine, Observer, run_once
from monitor.model import Failed
from monitor.store.store import Store

RULES = Path(__file__).parent.parent / "rules"
# The captures are of April and May 2020: a watch of those days beside the shipped rules.
THOSE_DAYS = """\
rules:
  - id: vaccine
    title: A vaccine against the virus
    any: [vaccine, vaccines, vaccine trial]
    send: [slack-desk, email-duty]
  - id: kim
    title: Kim Jong Un
    any: [Kim Jong Un, North Korean leader]
    severity: high
    send: [slack-desk]
  - id: oil
    title: Oil price
    when: $oil near/6 $price
    send: [email-duty]
terms:
  oil: {words: [oil, crude, petrol]}
  price: {words: [price, prices, barrel, slump, crash]}
"""


@dataclass
class Captures:
    """What the loopback server shows at each address; half of the servers send no validators."""

    documents: dict[str, bytes] = field(default_factory=dict)
    answered: Counter[int] = field(default_factory=Counter)

    def answer(self, path: str, asked: Any) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body for a request with these headers."""
        body = self.documents[path]
        etag = f'"{sha256(body).hexdigest()[:16]}"'
        headers = {"ETag": etag} if int(etag[1], 16) % 2 else {}
        status = 304 if headers and asked.get("If-None-Match") == etag else 200
        self.answered[status] += 1
        return status, headers, body if status == 200 else b""


class Asking(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"

    def __init__(self, captures: Captures, *connection: Any) -> None:
        self.captures = captures
        super().__init__(*connection)

    def do_GET(self) -> None:
        """Serve the document that stands here now."""
        status, headers, body = self.captures.answer(self.path, self.headers)
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def main() -> int:
    """Run the passes; 0 if every story that matched was told once."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder with feeds/")
    feeds = parser.parse_args().data / "feeds"
    if not feeds.is_dir():
        sys.exit(f"{feeds} is not there: name the folder of captures with --data")
    captures, history = Captures(), sorted((feeds / "history").iterdir())
    steps = {outlet.name: sorted(outlet.glob("*.xml.gz")) for outlet in history}
    for path in sorted((feeds / "real").glob("*.gz")):
        captures.documents[f"/real-{path.name.partition('.')[0]}"] = gzip.decompress(path.read_bytes())
    server = Loopback(partial(Asking, captures))
    server.start()
    folder = Path(tempfile.mkdtemp(prefix="monitor-captures-"))
    with MailSink("email-duty") as mail, ChatSink("slack-desk") as chat:
        try:
            return _passes(folder, server.port, captures, steps, mail, chat)
        finally:
            server.stop()
            shutil.rmtree(folder)


def _passes(
    folder: Path, port: int, captures: Captures, steps: dict[str, list[Path]], mail: MailSink, chat: ChatSink
) -> int:
    rules, state = folder / "rules", folder / "state"
    shutil.copytree(RULES, rules, ignore=shutil.ignore_patterns("feeds.yaml", "receivers.yaml"))
    state.mkdir()
    names = [*(path.removeprefix("/") for path in captures.documents), *steps]
    rows = [
        {"name": name, "url": f"http://127.0.0.1:{port}/{name}", "outlet": name, "allow-private": "yes"}
        for name in names
    ]
    (rules / "feeds.yaml").write_text(json.dumps({"feeds": rows}))
    receivers = {"email-duty": mail.url, "slack-desk": chat.url}
    (rules / "receivers.yaml").write_text(json.dumps({"receivers": receivers}))
    (rules / "those-days.yaml").write_text(THOSE_DAYS)
    for rule_file in rules.glob("*.yaml"):  # these sources are not the shipped feeds'
        text = rule_file.read_text("utf-8")
        rule_file.write_text("\n".join(line for line in text.split("\n") if "sources:" not in line), "utf-8")
    now = datetime(2020, 4, 27, 9, 0, tzinfo=UTC)
    errors: Counter[str] = Counter()
    observer = Observer(
        polled=lambda result: errors.update([result.what]) if isinstance(result, Failed) else None
    )
    engine = Engine(
        config.load_desk(rules, env={}, secrets_required=True), state, clock=lambda: now, observer=observer
    )
    print("pass              polls fresh unchanged failed parsed    new baseline copies alerts  seconds")
    try:
        for step in range(-1, max(map(len, steps.values()))):
            for outlet, paths in steps.items():
                shown = paths[min(max(step, 0), len(paths) - 1)]
                captures.documents[f"/{outlet}"] = gzip.decompress(shown.read_bytes())
            parsed, began = engine.parsers.parsed, time.perf_counter()
            counts = run_once(engine)
            now += timedelta(hours=4)
            if step < 2 or step % 10 == 9:
                _print_pass(step, counts, engine.parsers.parsed - parsed, time.perf_counter() - began)
    finally:
        engine.close()
    print(f"answers: {dict(captures.answered)}; failures: {dict(errors)}")
    with Store(state) as store:
        print(f"database: {store.counts()}")
    return _verdict(mail, chat)


def _print_pass(step: int, counts: Any, parsed: int, seconds: float) -> None:
    name = {-1: "first", 0: "the same again"}.get(step, f"later capture {step}")
    polls = counts.fresh + counts.unchanged + counts.failed
    print(
        f"{name:<17}{polls:>6}{counts.fresh:>6}{counts.unchanged:>10}{counts.failed:>7}{parsed:>7}"
        f"{counts.entries:>7}{counts.baseline:>9}{counts.copies:>7}{counts.alerts:>7}{seconds:>9.2f}"
    )


def _verdict(mail: MailSink, chat: ChatSink) -> int:
    """Headlines that arrived twice at one receiver under the same rules are repeats to be read by eye."""
    arrived = [*mail.arrivals, *chat.arrivals]
    told = Counter((a.receiver, a.body.partition("\n")[0], _rules(a.body)) for a in arrived)
    twice = {key: count for key, count in told.items() if count > 1}
    print(f"messages: {len(mail.arrivals)} by mail, {len(chat.arrivals)} by chat; told twice: {len(twice)}")
    for (receiver, headline, _), count in twice.items():
        print(f"  {count} times at {receiver}: {headline}")
    return 1 if twice or not arrived else 0


def _rules(body: str) -> str:
    return " ".join(sorted(line for line in body.split("\n") if line.startswith("Why:")))


if __name__ == "__main__":
    sys.exit(main())
