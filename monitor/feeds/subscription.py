"""The life of a subscription at a hub: what is begun and ended, when it is asked for, what it answers to.

W3C WebSub, https://www.w3.org/TR/2018/REC-websub-20180123/ , §5 (subscribing) and §7 (distribution). Takes
values and gives values; who listens is doorbell.py, who asks is subscribing.py.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from monitor.model import Subscription, identity
from monitor.text import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from monitor.model import Offer

WISHED = timedelta(days=10)  # what we ask for, and what stands where a hub does not say how long it promises
LONGEST = timedelta(days=30)  # a promise that is not heard of for so long is asked for again
_RENEWED = 2 / 3  # of the promised time
_SOONEST = timedelta(minutes=30)  # a hub that promises a minute is not asked every 40 s
# A hub verifies while it is asked or some time later; what it says after a day answers nothing that we asked.
ANSWERS = timedelta(days=1)
TOGETHER = timedelta(minutes=10)  # what is due within so long of a hub's failure waits with what was due
_FIRST_RETRY, _LAST_RETRY = timedelta(minutes=5), timedelta(days=1)
_DENIED = timedelta(days=7)  # after a hub's no
_TRIES_A_HUB = 3  # then the feed's next one is tried; a hub that we leave is then left alone
_LONGEST_REASON = 200  # characters
STATES = ("alive", "asked", "failing", "leaving")
_SILENT = "it took the wish and has not verified it"
_METHODS = frozenset({"sha1", "sha256", "sha384", "sha512"})  # §8
_LEASE_DIGITS = 9


# ---- beginning and ending ----------------------------------------------------------------------------------


def changes(
    offers: Mapping[str, Offer], standing: Iterable[Subscription], *, address: str
) -> tuple[list[str], list[Subscription]]:
    """The feeds for which one is to begin, and those that are to end: what no offer stands behind any more.

    `address` is where hubs reach us, "" for nowhere.
    """
    kept = [one for one in standing if not one.leaving]
    ending = [one for one in kept if not _is_wanted(one, offers, address)]
    going = {one.token for one in ending}
    held = {one.feed for one in kept if one.token not in going}
    return [feed for feed in offers if address and feed not in held], ending


def _is_wanted(one: Subscription, offers: Mapping[str, Offer], address: str) -> bool:
    offer = offers.get(one.feed)
    if offer is None or not address:
        return False
    return one.topic == offer.topic and one.hub in offer.hubs and one.callback == called(address, one.token)


def begun(feed: str, offer: Offer, *, address: str, token: str, secret: str, now: datetime) -> Subscription:
    """A wish for one, due at once; `token` and `secret` are nobody's to guess."""
    return Subscription(token, feed, offer.hubs[0], offer.topic, called(address, token), secret, due=now)


def called(address: str, token: str) -> str:
    """The address that a hub is given."""
    return f"{address.rstrip('/')}/{token}"


def ended(one: Subscription, *, now: datetime) -> Subscription:
    """Wanted no more: the hub is to be told, at once."""
    return replace(one, leaving=True, asked=None, tries=0, due=now)


# ---- asking ------------------------------------------------------------------------------------------------


def asked(one: Subscription, *, hubs: tuple[str, ...], now: datetime) -> Subscription | None:
    """As it is kept before the hub is asked, for it may verify meanwhile; None for one that is given up.

    It is asked again unless it verifies. Of several hubs the next is tried once one has failed a few times.
    """
    if one.leaving and one.tries >= _TRIES_A_HUB:
        return None
    tries = one.tries + 1
    hub, error = one.hub, one.error or (_SILENT if one.tries else "")
    if not one.leaving and not is_alive(one, now=now) and hubs:
        hub = hubs[one.tries // _TRIES_A_HUB % len(hubs)]
    due = now + _retry(one.token, tries)
    return replace(one, hub=hub, asked=now, tries=tries, due=due, error=error)


def form(one: Subscription) -> bytes:
    """What the hub is asked (§5.1). The secret goes to every hub, under TLS or not: docs/decisions."""
    fields = {
        "hub.mode": "unsubscribe" if one.leaving else "subscribe",
        "hub.topic": one.topic,
        "hub.callback": one.callback,
    }
    if not one.leaving:
        fields |= {"hub.secret": one.secret, "hub.lease_seconds": f"{WISHED.total_seconds():.0f}"}
    return urlencode(fields).encode("ascii")


def refused(one: Subscription, why: str, *, now: datetime, retry_after: timedelta | None) -> Subscription:
    """The hub did not take it, for this reason; it is asked again as `asked` said, or when it wants to be."""
    due = max(one.due, now + min(retry_after, _LAST_RETRY)) if retry_after else one.due
    return replace(one, error=_reason(one, why), due=due)


def put_off(one: Subscription, why: str, *, now: datetime) -> Subscription:
    """The hub has just failed another of ours, and it is not asked for each: as if it had been asked."""
    tries = one.tries + 1
    return replace(one, error=_reason(one, why), tries=tries, due=now + _retry(one.token, tries))


def is_alive(one: Subscription, *, now: datetime) -> bool:
    """Whether the hub has promised to ring, and still does."""
    return one.until is not None and one.until > now and not one.leaving


def standing(one: Subscription, *, now: datetime) -> str:
    """How it does, one of STATES."""
    if one.leaving:
        return "leaving"
    if is_alive(one, now=now):
        return "alive"
    return "failing" if one.error else "asked"


def _retry(token: str, tries: int) -> timedelta:
    """Doubled try by try, up to a day, spread: no crowd comes back to a hub that was down."""
    wait = min(_FIRST_RETRY * (1 << min(tries - 1, 10)), _LAST_RETRY)
    return wait * (0.75 + 0.5 * identity("retry", token, str(tries)) / (1 << 63))


# ---- what hubs say -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Word:
    """What a hub says to a callback (§5.2, §5.3): the parameters of its GET."""

    mode: str
    topic: str
    challenge: str = ""
    lease: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    """What it is answered: whether we meant it, and what is left of the subscription, None once over."""

    yes: bool
    left: Subscription | None


def answered(one: Subscription, word: Word, *, now: datetime) -> Answered:
    """The answer to a hub's word: yes to what was asked of it of late, of this topic, and to nothing else."""
    if word.topic != one.topic:
        return Answered(yes=False, left=one)
    if word.mode == "denied":
        return Answered(yes=True, left=None if one.leaving else _denied(one, word.reason, now=now))
    pending = one.asked is not None and now - one.asked <= ANSWERS
    if not pending or not word.challenge:
        return Answered(yes=False, left=one)
    if word.mode == "unsubscribe" and one.leaving:
        return Answered(yes=True, left=None)
    if word.mode == "subscribe" and not one.leaving:
        return Answered(yes=True, left=_promised(one, _lease(word.lease), now=now))
    return Answered(yes=False, left=one)


def _promised(one: Subscription, lease: timedelta, *, now: datetime) -> Subscription:
    renewal = max(min(lease, LONGEST) * _RENEWED, _SOONEST)
    return replace(one, until=now + lease, due=now + renewal, tries=0, error="")


def _denied(one: Subscription, reason: str, *, now: datetime) -> Subscription:
    why = _reason(one, f"denied: {reason}" if reason else "denied")
    return replace(one, until=None, asked=None, tries=0, due=now + _DENIED, error=why)


def _lease(said: str) -> timedelta:
    """How long a hub promises, a year at most; what it does not say is what we asked for."""
    if not (said.isascii() and said.isdigit() and int(said[:_LEASE_DIGITS])):
        return WISHED
    return min(timedelta(seconds=int(said[:_LEASE_DIGITS])), timedelta(days=365))


def _reason(one: Subscription, why: str) -> str:
    """The reason for people: a hub may have put into its words what it alone should know."""
    return one_line(why.replace(one.secret, "***").replace(one.token, "***"))[:_LONGEST_REASON]


# ---- distribution ------------------------------------------------------------------------------------------


def signature(secret: str, header: str) -> tuple[Callable[[bytes], None], Callable[[], bool]] | None:
    """What takes the body piece by piece, and then says whether the header signs it (§8); None for no method.

    The header is X-Hub-Signature's value, "sha256=" and hexadecimal digits; compared in constant time.
    """
    method, equals, given = header.strip().partition("=")
    if not equals or method.lower() not in _METHODS:
        return None
    made = hmac.new(secret.encode("ascii"), digestmod=method.lower())
    return made.update, lambda: hmac.compare_digest(made.hexdigest().encode(), given.strip().lower().encode())
