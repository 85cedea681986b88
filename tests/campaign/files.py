"""The operator's files as an editor, a crash or a full disk leaves them."""

from __future__ import annotations

import os
import re
import shutil
import signal
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from monitor import config
from monitor.errors import ConfigError
from monitor.store.store import Store
from tests.campaign.world import Crowd, Desk, Outlet, Row, published, state_of

_PAUSE = 0.02  # seconds between two saves; the daemon looks once a second
_PLACE = re.compile(r"^.+?:\d+:\d+: ", re.MULTILINE)
RULES = """\
names:
  aliyev:
    full: [Ilham Aliyev, "Ильхам Алиев"]
    short: [Aliyev]
terms:
  peace: {words: [peace agreement, 'peace treaty', мирный договор]}
  agreement:
    words: [peace agreement]
rules:
  - id: watched          # a comment
    title: Watched
    when: ($peace near/20 $aliyev) or $agreement
    severity: high
    send: [hook]
    examples:
      match:
        - A peace agreement is signed
      ignore: [Nothing is signed]
"""


def cuts(*, step: int) -> Row:
    """A rules file cut at every `step`th byte: each either says where it is wrong or is a rulebook."""
    whole, bad, refused, silent = RULES.encode(), 0, 0, 0
    with tempfile.TemporaryDirectory(prefix="campaign-files-") as place:
        desk = _desk(Path(place))
        for length in range(0, len(whole) + 1, step):
            (desk.rules / "rules.yaml").write_bytes(whole[:length])
            try:
                config.load_desk(desk.rules, env={}, secrets_required=True)
            except ConfigError as error:
                refused += 1
                silent += len(_PLACE.findall(str(error))) < len(error.faults)
            except Exception:  # noqa: BLE001 - what the campaign looks for
                bad += 1
    return Row(
        f"a rules file cut at {len(range(0, len(whole) + 1, step))} places",
        "no crash, every mistake with line and column",
        f"{refused} refused, {silent} without a place, {bad} crashed",
        not bad and not silent,
    )


def reloads(nurseries: Crowd, *, count: int) -> Row:
    """Good, broken, half-written and renamed files in turn under a running daemon, with a SIGHUP for each."""
    with (
        tempfile.TemporaryDirectory(prefix="campaign-reloads-") as place,
        published({"/": Outlet(published=2)}) as port,
        nurseries.lent() as nursery,
    ):
        desk = _desk(Path(place), feed=f"http://127.0.0.1:{port}/")
        pid = nursery.born(desk.words("run"), log=f"{place}/log")
        _until(lambda: (desk.state / "monitor.db").exists() and desk.counts()["baselines"] == 1)
        with Store(desk.state) as store:
            kept = store.desk()
        file = desk.rules / "rules.yaml"
        for number in range(count):
            _save(file, number)
            _loaded(desk)
            os.kill(pid, signal.SIGHUP)
            time.sleep(_PAUSE)
        file.write_text(RULES)
        os.kill(pid, signal.SIGHUP)

        def in_force() -> bool:
            with Store(desk.state) as store:
                now = store.desk()
            return (
                now is not None and now.refused is None and kept is not None and now.rulebook == kept.rulebook
            )

        recovered = _until(in_force)
        alive = state_of(pid) != "Z"
        log = Path(f"{place}/log").read_text()
    return Row(
        f"{count} saves and reloads, half of them broken, half-written or renamed over",
        "no crash, the last good rules stay, then the new ones",
        f"{'alive' if alive else 'DEAD'}, {log.count('reload-refused')} refused,"
        f" {log.count('reloaded')} taken,"
        f" {log.count('Traceback')} tracebacks, {'back in force' if recovered else 'NOT in force'}",
        alive and recovered and "Traceback" not in log,
    )


def _loaded(desk: Desk) -> None:
    """Read the folder as the daemon does, oftener: all but a ConfigError ends the probe."""
    with suppress(ConfigError):
        config.load_desk(desk.rules, env={}, secrets_required=True)


def _save(file: Path, number: int) -> None:
    """Save as editors do: in place, cut off half-way, renamed over, broken, or gone for a moment."""
    match number % 5:
        case 0:
            file.write_text(RULES)
        case 1:
            file.write_bytes(RULES.encode()[: 37 * number % len(RULES)])
        case 2:
            beside = file.with_name("rules.yaml~")
            beside.write_text(RULES)
            beside.replace(file)
        case 3:
            file.write_text(RULES.replace("title:", "titel:"))
        case _:
            with suppress(OSError):
                file.unlink()


def _desk(place: Path, *, feed: str = "http://127.0.0.1:9/") -> Desk:
    shutil.rmtree(place / "rules", ignore_errors=True)
    return Desk(place, {"wire": feed}, {"hook": "json://127.0.0.1:9/"}, rules_text=RULES)


def _until(holds: object, *, within: float = 120.0) -> bool:
    assert callable(holds)
    until = time.monotonic() + within
    while time.monotonic() < until:
        if holds():
            return True
        time.sleep(0.05)
    return False
