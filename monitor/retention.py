"""What is forgotten, and when: texts by age, in steps so short that nobody waits for them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from monitor.stories.index import WINDOW

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.store.upkeep import Upkeep

PAUSE = 0.1  # seconds between two steps: who waits for the lock asks for it again within so long (SQLite)
DAY = timedelta(days=1)  # between two times
KEYS_KEPT = 2 * WINDOW  # keys are looked up within the window; as long again, in case the clock was wrong
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def prune(
    store: Upkeep, *, keep: timedelta | None, now: datetime, pause: Callable[[float], bool] = lambda _: False
) -> int:
    """Forget texts older than `keep` (None: none), and keys nothing looks up any more; how many entries.

    `pause` waits so many seconds between two steps, and says whether to stop.
    """
    pruned, stopped = 0, False
    before = _NEVER if keep is None else now - keep
    for entries in store.prune(before=before, keys_before=now - KEYS_KEPT):
        pruned += entries
        if stopped := pause(PAUSE):
            break
    if not stopped:
        with store.transaction():
            store.tally({"prunes": 1}, now=now)
    return pruned


def is_due(store: Upkeep, *, now: datetime) -> bool:
    """Whether a day has passed since it was last done to the end."""
    last = store.last("prunes")
    return last is None or not timedelta() <= now - last < DAY
