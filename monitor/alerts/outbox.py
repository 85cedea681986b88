"""When a delivery that failed is tried again, and when it is given up. Decides; touches nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.model import identity

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.model import Claim

LEASE = timedelta(
    minutes=3
)  # a send ends within 60 s (Apprise's own limit); what takes longer is not coming back
RETRIES = tuple(timedelta(seconds=s) for s in (30, 60, 120, 300, 900, 3600))  # the last one for good
SPREAD = 0.2  # two-sided, so that what failed together does not come back together
LONGEST_RETRY = RETRIES[-1] * (1 + SPREAD)
PATIENCE = timedelta(hours=24)  # never given up earlier: an outage of a day loses nothing
FEWEST = 24  # attempts before giving up, so that a day with this machine off does not count as tried


def retry(claim: Claim, *, now: datetime) -> datetime | None:
    """When this claim, whose send failed, is due again; None if it is to be given up (dead)."""
    if claim.attempts >= FEWEST and now - claim.created >= PATIENCE:
        return None
    wait = RETRIES[min(claim.attempts, len(RETRIES)) - 1]
    return now + wait * _spread(claim)


def _spread(claim: Claim) -> float:
    """A factor of 1 ± SPREAD, the same whenever it is asked for."""
    share = identity(claim.receiver, str(claim.story), str(claim.attempts)) % 1000 / 999
    return 1 + SPREAD * (2 * share - 1)
