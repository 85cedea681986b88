"""The notification socket, with a real one at the other end."""

from __future__ import annotations

import socket
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from monitor.sdnotify import notify

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def listener(name: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(name)
        listening.settimeout(5)
        yield listening


def test_a_state_arrives_at_a_path(tmp_path: Path) -> None:
    with listener(str(tmp_path / "n")) as listening:
        assert notify("READY=1\nSTATUS=40 feeds", address=str(tmp_path / "n"))
        assert listening.recv(256) == b"READY=1\nSTATUS=40 feeds"


def test_a_state_arrives_at_an_abstract_address() -> None:
    name = f"media-monitor-{uuid.uuid4()}"
    with listener("\0" + name) as listening:
        assert notify("WATCHDOG=1", address="@" + name)
        assert listening.recv(256) == b"WATCHDOG=1"


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        (None, "not started by systemd"),
        ("", "an empty variable is as good as none"),
        ("relative/path", "sd_notify(3) knows absolute and abstract addresses only"),
        ("vsock:2:1234", "a virtual machine's address: not ours to reach"),
        ("/nowhere/at/all", "the socket is gone"),
        ("/" + "x" * 200, "longer than any socket address can be"),
    ],
)
def test_it_says_so_where_nobody_listens(address: str | None, reason: str) -> None:
    assert not notify("READY=1", address=address), reason


def test_a_full_queue_does_not_hold_the_daemon_up(tmp_path: Path) -> None:
    address = str(tmp_path / "n")
    with listener(address):
        told = [notify("WATCHDOG=1", address=address) for _ in range(10_000)]
    assert told[0]
    assert not told[-1]
