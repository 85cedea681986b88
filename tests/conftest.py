"""How laws are tried, and the world outside that the tests of the daemon share.

Laws are tried on the same examples at every run, so that a red run is the change's own doing.
HYPOTHESIS_PROFILE=explore tries new ones: run it now and then, and turn what it finds into a row.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from monitor.demo.sinks import ChatSink, MailSink
from tests.desks import OLD, serve_feed
from tests.web_server import WebServer

if TYPE_CHECKING:
    from collections.abc import Iterator

settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


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
