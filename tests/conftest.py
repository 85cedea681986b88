"""How laws are tried, in which order the files, and the world outside that the tests of the daemon share.

Laws are tried on the same examples at every run, so that a red run is the change's own doing.
HYPOTHESIS_PROFILE=explore tries new ones: run it now and then, and turn what it finds into a row.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from monitor.demo.sinks import ChatSink, MailSink
from tests.desks import OLD, serve_feed
from tests.web_server import WebServer

if TYPE_CHECKING:
    from collections.abc import Iterator

# Begun first, so that no worker comes to one of them when the others are done (pytest --durations=0).
LONGEST = (
    "campaign/test_campaign.py",
    "systemd/test_life_cycle.py",
    "test_power_cuts.py",
    "test_watchdog.py",
    "test_service.py",
    "test_cluster.py",
    "demo/test_demo_play.py",
    "web/test_web_browser.py",
    "test_quarantine.py",
    "test_day.py",
    "feeds/test_feeds_workers.py",
)

settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files first that take longest."""
    here = Path(__file__).parent
    rank = {here / name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.path, len(rank)))


@pytest.fixture
def web() -> Iterator[WebServer]:
    """An outlet that shows OLD at /feed."""
    with WebServer() as server:
        serve_feed(server, OLD)
        yield server


@pytest.fixture
def sinks() -> Iterator[tuple[MailSink, ChatSink]]:
    """Receivers that keep what arrives: a mail server and a chat's web hook."""
    with MailSink("mail") as mail, ChatSink("chat") as chat:
        yield mail, chat


@pytest.fixture(autouse=True)
def _log_as_it_was() -> Iterator[None]:
    """A command keeps the log to itself, or silences it: the next test in this process hears it again."""
    log = logging.getLogger("monitor")
    before = (log.handlers[:], log.level, log.propagate)
    yield
    for handler in log.handlers:
        if handler not in before[0]:
            handler.close()
    log.handlers[:] = before[0]
    log.setLevel(before[1])
    log.propagate = before[2]


@pytest.fixture
def heard(caplog: pytest.LogCaptureFixture) -> None:
    """The log's warnings."""
    caplog.set_level(logging.WARNING, "monitor")
