"""Telling systemd how the daemon does: one datagram a word, and nothing else.

The protocol is that of sd_notify(3): newline-separated assignments such as READY=1, WATCHDOG=1, STOPPING=1,
STATUS=..., or RELOADING=1 together with MONOTONIC_USEC=, sent to the address in $NOTIFY_SOCKET.
"""

from __future__ import annotations

import socket


def notify(state: str, *, address: str | None) -> bool:
    """Whether systemd was told `state`; False where nobody listens, which is no reason to stop working.

    `address` is the value of $NOTIFY_SOCKET: None or "" where the daemon does not run under systemd, a path,
    or a name in Linux's abstract namespace, written with a leading "@" (sd_notify(3), unix(7)).
    """
    if not address or address[0] not in "/@":
        return False
    if address[0] == "@":
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as datagrams:
            datagrams.settimeout(0)  # a full queue must not hold the daemon up; the next ping comes soon
            datagrams.sendto(state.encode(), address)
    except OSError:
        return False
    return True
