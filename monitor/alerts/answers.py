"""When a receiver's server says that it wants to be left alone, and how long: Apprise does not pass that on.

Its plugins send with requests, whose documented hook for responses is set here for every session of this
process. What it hears is kept for the send that it belongs to: Apprise hands the context of a send on to the
thread that makes it. Telegram says it in the body, the others in Retry-After (RFC 9110 §10.2.3).
"""

from __future__ import annotations

from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from requests import hooks, sessions

LONGEST = timedelta(days=1)
_LIMITED = (429, 503)  # the statuses that Retry-After goes with
_AT_LEAST = timedelta(minutes=1)  # after a 429 that does not say how long

_heard: ContextVar[list[tuple[int, str]] | None] = ContextVar("heard", default=None)


def listen() -> list[tuple[int, str]]:
    """What the answers to this send ask for, from now on: (status, how long), filled in as they come."""
    heard: list[tuple[int, str]] = []
    _heard.set(heard)
    return heard


def asked(heard: list[tuple[int, str]], *, now: datetime) -> timedelta | None:
    """How long the last of these answers asked to be left alone; None if it did not."""
    if not heard:
        return None
    status, said = heard[-1]
    length = _length(said, now=now)
    if length is None:
        return _AT_LEAST if status == _LIMITED[0] else None
    return min(length, LONGEST)


def _length(said: str, *, now: datetime) -> timedelta | None:
    """Seconds or an HTTP date."""
    try:
        return timedelta(seconds=max(float(said), 0.0))
    except (ValueError, OverflowError):
        pass
    try:
        moment = parsedate_to_datetime(said)
    except ValueError:
        return None
    return max((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now, timedelta())


def _remember(response: Any, *_: Any, **__: Any) -> None:
    """The hook: called with each response, in the thread that sends."""
    heard = _heard.get()
    if heard is None:
        return
    if response.status_code in _LIMITED:
        heard.append((response.status_code, response.headers.get("Retry-After") or _in_body(response)))
    else:
        heard.clear()


def _in_body(response: Any) -> str:
    """{"retry_after": 0.5} (Discord), {"parameters": {"retry_after": 35}} (Telegram)."""
    try:
        body = response.json()
        return str(body.get("retry_after") or body["parameters"]["retry_after"])
    except (ValueError, AttributeError, LookupError, TypeError):
        return ""


def _hooks() -> dict[str, list[Any]]:
    return hooks.default_hooks() | {"response": [_remember]}


vars(sessions)["default_hooks"] = _hooks  # what every new session begins with
