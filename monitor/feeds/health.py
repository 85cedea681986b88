"""What the operator should know of a feed, said once: when it begins and when it ends, not at every poll."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.model import Feed, FeedState, Fresh

_FAILING = 3.0  # weighted failures: three refusals, or twelve time-outs
AGAIN = timedelta(days=7)  # a busy feed may have gaps daily; one notice a week is enough

CUT = "shows more entries than are taken in at once: those at its other end are never told"
CROWDED = "shows so many entries that are alike that some wait for its next polls: is it worth following?"


def is_cut(result: Fresh) -> bool:
    """Whether entries were left out that are not known next time: the document has no marks (feeds.scan)."""
    return result.beyond > 0 and not result.marks


def notices(feed: Feed, before: FeedState, after: FeedState, error: str) -> tuple[str, ...]:
    """What became different with this poll, in sentences; `error` is why it failed, or ""."""
    said = (
        _of_address(before, after),
        _of_failing(before, after, error),
        _of_gaps(feed, before, after),
        _of_silence(before, after),
    )
    return tuple(sentence for sentence in said if sentence)


def standing(state: FeedState, error: str, *, now: datetime) -> tuple[str, ...]:
    """What is the matter with a feed now; nothing for one that is well."""
    found = []
    if state.gone:
        found.append(f"gone ({error}); asked once a month")
    elif error:
        found.append(f"failing: {error}")
    if state.address:
        found.append(f"moved to {state.address}: correct its url")
    if state.gap is not None and now - state.gap < AGAIN:
        found.append(f"shows too few entries for how often it is asked (gap at {state.gap:%Y-%m-%d %H:%M})")
    if state.silent and state.last_new is not None:
        found.append(f"nothing new since {state.last_new:%Y-%m-%d}")
    return tuple(found)


CONDITIONS = ("well", "failing", "gone", "unread", "moved", "gaps", "silent")


def condition(state: FeedState, error: str, *, now: datetime) -> str:
    """How a feed does, in the one of CONDITIONS that matters most; "unread" is one not yet polled."""
    said = (
        (state.gone, "gone"),
        (bool(error), "failing"),
        (state.last_good is None, "unread"),
        (bool(state.address), "moved"),
        (state.gap is not None and now - state.gap < AGAIN, "gaps"),
        (state.silent, "silent"),
    )
    return next((word for holds, word in said if holds), "well")


def _of_address(before: FeedState, after: FeedState) -> str:
    if after.address and after.address != before.address:
        return f"has moved for good to {after.address}: it is asked there from now on; correct its url"
    if before.address and not after.address:
        return f"fails at its new address {before.address}: it is asked at its old one again"
    return ""


def _of_failing(before: FeedState, after: FeedState, error: str) -> str:
    if after.gone and not before.gone:
        return f"is gone ({error}): it is asked once a month from now on; take it out or correct its url"
    if after.failures >= _FAILING > before.failures:
        since = f"since {after.last_good:%Y-%m-%d %H:%M} UTC" if after.last_good else "from the first poll on"
        return f"has failed {since}: {error}"
    well_again = not error and (before.gone or before.failures >= _FAILING)
    return "answers again" if well_again else ""


def _of_gaps(feed: Feed, before: FeedState, after: FeedState) -> str:
    if after.gap is None or after.gap == before.gap:
        return ""
    if before.gap is not None and after.gap - before.gap < AGAIN:
        return ""
    remedy = "shorten its `every`" if feed.every else "it is asked more often now"
    return f"showed nothing that the poll before had seen: entries may have come and gone between; {remedy}"


def _of_silence(before: FeedState, after: FeedState) -> str:
    if after.silent and not before.silent and after.last_new is not None:
        return f"has had nothing new since {after.last_new:%Y-%m-%d}: see whether its outlet still feeds it"
    return ""
