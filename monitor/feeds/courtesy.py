"""Whom we may ask now: at most two polls in flight at one host, and one begun a second.

The operator's own hosts (`allow-private`) are asked as fast as they answer. Nothing here reads a clock: its
times are seconds of a steady one.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor import urls

if TYPE_CHECKING:
    from monitor.model import Feed

PER_HOST = 2  # polls in flight
PAUSE = 1.0  # seconds between two polls begun at one host


@dataclass(frozen=True, slots=True)
class Room:
    """How many polls may be in flight, in all and at one host."""

    places: int
    per_host: int


class Courtesy:
    """The polls in flight and when each host was last asked; one thread owns it."""

    def __init__(self) -> None:
        self._flying: dict[str, str] = {}  # feed name -> host
        self._at: Counter[str] = Counter()
        self._free: dict[str, float] = {}  # host -> when it may be asked again

    def __len__(self) -> int:
        return len(self._flying)

    def may_begin(self, feed: Feed, *, now: float, per_host: int = PER_HOST) -> bool:
        """Whether a poll of this feed may begin."""
        host = _host(feed)
        if feed.name in self._flying or self._at[host] >= per_host:
            return False
        return now >= self._free.get(host, now)

    def begin(self, feed: Feed, *, now: float) -> None:
        """A poll of this feed begins."""
        host = _host(feed)
        self._flying[feed.name] = host
        self._at[host] += 1
        self._free = {other: free for other, free in self._free.items() if free > now}
        if not feed.allow_private:
            self._free[host] = now + PAUSE

    def end(self, name: str) -> None:
        """The poll of this feed has ended."""
        host = self._flying.pop(name, "")
        self._at[host] -= 1
        if self._at[host] <= 0:
            del self._at[host]

    def next_free(self, *, now: float) -> float:
        """Seconds until a host that pauses may be asked again; none where no host does."""
        return max(min(self._free.values(), default=now) - now, 0.0)


def _host(feed: Feed) -> str:
    return urls.parts(feed.url).host
