"""Hubs asked to ring for feeds that offer it, and what they say heard: the acting half of push.

What is decided about a subscription stands in feeds/subscription.py; whoever listens (doorbell.py) hands in
what came. A ring says only that a feed is due: what is news comes from the feed, as ever.
"""

from __future__ import annotations

import logging
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor import urls
from monitor.errors import FetchError
from monitor.feeds import subscription
from monitor.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from monitor.feeds.fetch import Fetcher
    from monitor.feeds.subscription import Word
    from monitor.model import Feed, Offer, Subscription

log = logging.getLogger("monitor")

HELLO = "media-monitor hears hubs here\n"  # what the address itself answers, for whoever tries it
PAUSE = timedelta(seconds=1)  # between two questions to a hub, as between two polls of a host
_HARD = 1.0  # what weighs less (FetchError) is the hub's trouble and not this feed's


def _chance() -> str:
    """256 bits, as words of an address: nobody guesses them."""
    return secrets.token_urlsafe(32)


class Subscriber:
    """Keeps the subscriptions of one state folder; `on_ring` is called once a feed has been rung for.

    `work` belongs to one thread; the rest may be called from any.
    """

    def __init__(
        self,
        state: Path,
        fetcher: Fetcher,
        *,
        clock: Callable[[], datetime],
        on_ring: Callable[[], None] = lambda: None,
        chance: Callable[[], str] = _chance,
    ) -> None:
        self._state = state
        self._fetcher = fetcher
        self._clock = clock
        self._on_ring = on_ring
        self._chance = chance
        self._offers: Mapping[str, Offer] = {}

    def is_new(self, feed: str, offer: Offer | None) -> bool:
        """Whether this says something else of the feed than was known at the last work."""
        return bool(offer and offer.hubs and self._offers.get(feed) != offer)

    @property
    def has_any(self) -> bool:
        """Whether a hub may still ring, or has yet to hear that it need not."""
        with Store(self._state) as store:
            return bool(store.subscriptions())

    # -- asking hubs

    def work(
        self, address: str, feeds: Mapping[str, Feed], *, stop: Callable[[], bool] = lambda: False
    ) -> datetime | None:
        """Begin, renew and end what is due, each hub asked once; when there is more to do, None for never.

        `address` is where hubs reach us: "" where they are to ring no more.
        """
        with Store(self._state) as store:
            if not address and not store.subscriptions():
                return None
            self._revise(store, address)
            first: dict[str, str] = {}  # host -> token
            for one in sorted(store.subscriptions(), key=lambda each: each.due):
                if one.due <= self._clock():
                    first.setdefault(urls.parts(one.hub).host, one.token)
            for token in first.values():
                if stop():
                    break
                self._ask(store, token, feeds)
            left = [one.due for one in store.subscriptions()]
        return max(min(left), self._clock() + PAUSE) if left else None

    def hush(self) -> None:
        """Nobody listens: feeds are asked as often as those without a hub, until one has rung again."""
        with Store(self._state) as store, store.transaction():
            store.hush(besides=())

    def _revise(self, store: Store, address: str) -> None:
        """Begin what is offered and not yet asked for, end what no offer stands behind.

        What stands is read before the lock is taken: with thousands of feeds that takes its time.
        """
        now = self._clock()
        self._offers, standing = store.offers(), store.subscriptions()
        beginning, ending = subscription.changes(self._offers, standing, address=address)
        alive = [one.feed for one in standing if subscription.is_alive(one, now=now)]
        with store.transaction():
            for one in filter(None, (store.subscription(each.token) for each in ending)):
                store.keep_subscription(subscription.ended(one, now=now))
            for feed in beginning:
                offer, token, secret = self._offers[feed], self._chance(), self._chance()
                begun = subscription.begun(feed, offer, address=address, token=token, secret=secret, now=now)
                store.keep_subscription(begun)
            store.hush(besides=set(alive) - {one.feed for one in ending})

    def _ask(self, store: Store, token: str, feeds: Mapping[str, Feed]) -> None:
        """Ask a hub about one. Where it is the hub that fails, what else is due to it soon is put off."""
        one = store.subscription(token)
        if one is not None and one.feed not in feeds:
            self._forget(store, one)
            return
        asked = self._claimed(store, token)
        if asked is None:
            return
        try:
            self._fetcher.post(asked.hub, subscription.form(asked), feed=feeds[asked.feed])
        except FetchError as error:
            self._note(store, asked, error)

    def _forget(self, store: Store, one: Subscription) -> None:
        """Leave a hub unasked: through which proxy the feed was read, or that it was, is known no more."""
        with store.transaction():
            store.forget_subscription(one.token)
        log.info("feed=%s outcome=left its hub hears at its next ring that it is wanted no more", one.feed)

    def _claimed(self, store: Store, token: str) -> Subscription | None:
        """As it is asked for, written first: a hub may verify before it answers. None for no question."""
        now = self._clock()
        with store.transaction():
            one = store.subscription(token)
            if one is None or one.due > now:
                return None
            offer = self._offers.get(one.feed)
            asked = subscription.asked(one, hubs=offer.hubs if offer else (), now=now)
            if asked is None:
                store.forget_subscription(token)
                log.warning("feed=%s outcome=left its hub has not confirmed that it rings no more", one.feed)
            else:
                store.keep_subscription(asked)
        return asked

    def _note(self, store: Store, asked: Subscription, error: FetchError) -> None:
        """Write down why a hub did not take it; what it has said meanwhile stays said."""
        now, host = self._clock(), urls.parts(asked.hub).host
        with store.transaction():
            one = store.subscription(asked.token)
            if one is None:
                return
            refused = subscription.refused(one, error.what, now=now, retry_after=error.retry_after)
            store.keep_subscription(refused)
            for other in store.subscriptions() if error.weight < _HARD else ():
                soon = other.due <= now + subscription.TOGETHER and other.token != asked.token
                if soon and urls.parts(other.hub).host == host:
                    store.keep_subscription(subscription.put_off(other, error.what, now=now))
        log.warning("feed=%s outcome=not-subscribed hub=%s error=%r", asked.feed, host, refused.error)

    # -- hearing them

    def hear(self, token: str, word: Word) -> bool:
        """Whether the hub's word (a verification, a denial) is answered with yes; what it changes is kept."""
        with Store(self._state) as store:
            if store.subscription(token) is None:
                return False  # a stranger takes nobody's lock
            with store.transaction():
                one = store.subscription(token)
                if one is None:
                    return False
                said = subscription.answered(one, word, now=self._clock())
                if said.left is None:
                    store.forget_subscription(token)
                elif said.left != one:
                    store.keep_subscription(said.left)
        self._log_word(one, word, said.left, yes=said.yes)
        return said.yes

    def _log_word(self, one: Subscription, word: Word, left: Subscription | None, *, yes: bool) -> None:
        if not yes:
            log.warning("feed=%s outcome=unasked what a hub wanted verified was not asked for", one.feed)
        elif left is None:
            log.info("feed=%s outcome=unsubscribed", one.feed)
        elif word.mode == "denied":
            log.warning("feed=%s outcome=denied error=%r", one.feed, left.error)
        else:
            assert left.until is not None, "a hub that verified has promised"
            log.info("feed=%s outcome=subscribed until=%s", one.feed, f"{left.until:%Y-%m-%dT%H:%MZ}")

    def standing(self, token: str) -> Subscription | None:
        """The subscription that is rung by this token; None where none is, or none is wanted any more."""
        with Store(self._state) as store:
            one = store.subscription(token)
        return None if one is None or one.leaving else one

    def rang(self, one: Subscription, *, signed: bool) -> None:
        """A hub has rung, or somebody in its name: only what is signed makes the feed due."""
        now = self._clock()
        with Store(self._state) as store, store.transaction(durable=False):
            if signed:
                store.ring(one.feed, now=now)
            store.tally({"pushes rung" if signed else "pushes ignored": 1}, now=now)
        if not signed:
            log.warning("feed=%s outcome=ring-ignored its signature is missing or wrong", one.feed)
            return
        log.info("feed=%s outcome=rung", one.feed)
        self._on_ring()
