"""What is done to one message touches no other: each write with all that it changes, and no more."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from monitor import pipeline
from monitor.model import Claim, Digest, Feed, FeedState, Notice, Scope, Subscription, Tally
from monitor.store.upkeep import Upkeep
from tests.fakes import START, FakeClock, FakeOutlet, Item, rules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

MINUTE = timedelta(minutes=1)
BOOK = rules("rules: [{id: peace, title: Peace, any: [peace agreement], send: [mail, chat]}]")
ITEMS = (
    Item("n1", "Ministers sign a peace agreement at last in the capital", "It was a long road to it."),
    Item("m1", "Rebels reject another peace agreement in a remote valley", "No one came."),
)
KEYS = {
    "deliveries": ("alert", "receiver"),
    "attempts": ("alert", "receiver", "number"),
    "acks": ("alert",),
    "letters": ("id",),
    "notices": ("id",),
    "silences": ("id",),
    "outages": ("receiver",),
    "subscriptions": ("token",),
    "doorbell": ("address",),
    "feeds": ("name",),
}
Row = dict[str, Any]


def at(moment: datetime) -> int:
    """Milliseconds as the database has them."""
    return int(moment.timestamp() * 1000)


class Desk:
    """Two alerts to two receivers, a letter of each kind to each, two silences and two subscriptions."""

    def __init__(self, store: Upkeep) -> None:
        self.store, self.clock = store, FakeClock()
        feeds = tuple(Feed(name, f"https://{name}.example/", name.title(), every=MINUTE) for name in "ab")
        store.sync_feeds(feeds, first_poll=lambda _: START)
        outlet = FakeOutlet(feeds[0], [Item("old", "Nothing much")])
        for item in (None, *ITEMS):
            outlet.items += [item] if item else []
            self.clock.advance(MINUTE)
            state = store.feed_states(["a"]).get("a", FeedState())
            pipeline.take(store, [outlet.poll(state)], rulebook=BOOK, now=self.clock.now)
        self.now = self.clock.now
        self.n, self.m = (row["id"] for row in store._rows("select id from alerts order by created"))
        self.names = {self.n: "n", self.m: "m"}
        with store.transaction():
            many = store._db.conn.executemany
            many(
                "insert into letters (id, receiver, kind, due, made, lines) values (?, ?, ?, 5, 7, '[]')",
                [(1, "mail", "digest"), (2, "chat", "digest"), (3, "mail", "notice"), (4, "chat", "refusal")],
            )
            many("insert into notices values (?, ?, 'fails', ?, ?)", [(1, "x", 5, 3), (2, "y", 9, None)])
            many(
                "insert into silences values (?, ?, ?, 0, ?, 'why', 'who', 0)",
                [(1, "outlet", "A", at(self.now)), (2, "rule", "peace", at(self.now + MINUTE))],
            )
            for token, feed in (("t", "a"), ("u", "b")):
                store.keep_subscription(
                    Subscription(token, feed, "https://hub.example/", "x", "y", "z", self.now)
                )
            store.keep_doorbell("127.0.0.1:1")
            many("update feeds set rung = ? where name = ?", [(3, "a"), (4, "b")])

    def claim(self, receiver: str = "mail") -> Claim:
        """What is due first to the receiver: of the older alert."""
        found = self.store.due_claim(receiver, now=self.now)
        assert found is not None
        return found

    def sending(self, receiver: str = "mail") -> Claim:
        """The same, on its way."""
        found = self.claim(receiver)
        self.store.lease(found, until=self.now + MINUTE)
        return found

    def digest(self, *alerts: int, number: int = 1) -> Digest:
        """A digest with these alerts in it."""
        self.store._db.conn.executemany(
            "update deliveries set state = 'held', held = 'digest', letter = ?"
            " where receiver = 'mail' and alert = ?",
            [(number, alert) for alert in alerts],
        )
        return self.letter(number)  # type: ignore[return-value]  # it is one

    def letter(self, number: int) -> Digest | Notice:
        """A letter by its number."""
        (row,) = self.store._rows("select * from letters where id = ?", (number,))
        if row["kind"] == "digest":
            return self.store._digest(row)
        return Notice(number, row["receiver"], "t", (), 1, uncertain=False, created=START)

    # ---- how it may stand before something is done ----

    def muted(self) -> None:
        """Both alerts are muted, each by another silence."""
        for receiver in ("mail", "chat"):
            self.store.mute(receiver, {self.n: 1, self.m: 2})

    def held_and_muted(self) -> None:
        """The one alert is held, the other muted."""
        for receiver in ("mail", "chat"):
            self.store.hold(receiver, {self.n: "quiet"}, until=self.now)
            self.store.mute(receiver, {self.m: 2})

    def acknowledged_on_its_way(self) -> Claim:
        """What goes to a third receiver, acknowledged meanwhile."""
        self.store.escalate([self.n], of="mail", to="phone", due=self.now)
        claim = self.sending("phone")
        self.store.acknowledge([self.n], by="Ada", now=self.now)
        return claim

    def leased_letter(self) -> Digest | Notice:
        """A letter on its way."""
        letter = self.letter(3)
        self.store.lease_letter(letter, until=self.now)
        return letter

    def digest_that_counts(self) -> Digest:
        """A digest of one alert that counts another, which is muted; so does another receiver's."""
        self.digest(self.n)
        for receiver, letter in (("mail", 1), ("chat", 2)):
            self.put(
                "update deliveries set state = 'muted', letter = ?, silence = 2"
                " where alert = ? and receiver = ?",
                *(letter, self.m, receiver),
            )
        return self.letter(1)  # type: ignore[return-value]  # it is one

    def digest_of_later(self) -> Digest:
        """A digest that is due later than it was made."""
        digest = self.digest(self.n)
        self.put("update letters set due = 99")
        return digest

    def dropped_digest(self) -> Digest:
        """A digest that was dropped while it was on its way."""
        digest = self.digest(self.n)
        self.store.drop_letter(digest)
        return digest

    # ---- how it stands ----

    def put(self, change: str, *values: object) -> None:
        """A change by hand, before what is tried."""
        self.store._db.execute(change, values)

    def rows(self) -> dict[str, Row]:
        """Every row of the tables, by a name for people."""
        return {
            " ".join([table, *(self.names.get(row[key], str(row[key])) for key in keys)]): dict(row)
            for table, keys in KEYS.items()
            for row in self.store._rows(f"select * from {table}")
        }


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Upkeep(tmp_path) as store:
        yield Desk(store)


NOW, LATER = at(START + 3 * MINUTE), 60_000  # milliseconds: when it is, and a minute


def _nothing(_: Desk) -> None:
    """All is as the desk is made."""


TRIED: dict[str, tuple[Callable[[Desk], Any], Callable[[Desk, Any], Any], dict[str, Any]]] = {
    "a claim is leased": (
        lambda desk: desk.claim(),
        lambda desk, claim: desk.store.lease(claim, until=desk.now + MINUTE),
        {"deliveries n mail": {"state": "sending", "attempts": 1, "due": NOW + LATER}},
    ),
    "a lease that ended is taken again": (
        lambda desk: desk.sending(),
        lambda desk, claim: desk.store.lease(claim, until=desk.now + 2 * MINUTE),
        {"deliveries n mail": {"attempts": 2, "due": NOW + 2 * LATER, "uncertain": 1}},
    ),
    "a message arrived": (
        lambda desk: desk.sending(),
        lambda desk, claim: desk.store.record_sent(claim, now=desk.now),
        {
            "deliveries n mail": {"state": "sent", "sent": NOW},
            "attempts n mail 1": {"at": NOW, "state": "sent", "uncertain": 0, "error": ""},
        },
    ),
    "a message failed and is tried again": (
        lambda desk: desk.sending(),
        lambda desk, claim: desk.store.record_failed(
            claim, "no", again=desk.now + 2 * MINUTE, uncertain=False, now=desk.now, dead=[desk.m]
        ),
        {
            "deliveries n mail": {"state": "due", "due": NOW + 2 * LATER, "error": "no"},
            "attempts n mail 1": {"at": NOW, "state": "due", "uncertain": 0, "error": "no"},
        },
    ),
    "a message failed, may have arrived, and waits for its receiver": (
        lambda desk: desk.sending(),
        lambda desk, claim: desk.store.record_failed(claim, "no", again=None, uncertain=True, now=desk.now),
        {
            "deliveries n mail": {"state": "due", "due": NOW - LATER, "error": "no", "uncertain": 1},
            "attempts n mail 1": {"at": NOW, "state": "due", "uncertain": 1, "error": "no"},
        },
    ),
    "a message is given up": (
        lambda desk: desk.sending(),
        lambda desk, claim: desk.store.record_failed(
            claim, "no", again=desk.now, uncertain=False, now=desk.now, dead=[desk.n]
        ),
        {
            "deliveries n mail": {"state": "dead", "due": NOW, "error": "no"},
            "attempts n mail 1": {"at": NOW, "state": "dead", "uncertain": 0, "error": "no"},
        },
    ),
    "what was claimed and not begun is given back": (
        lambda desk: [desk.sending(), desk.sending("chat")][:1],
        lambda desk, claims: desk.store.release(claims, now=desk.now),
        {"deliveries n mail": {"state": "due", "attempts": 0, "due": NOW - LATER}},
    ),
    "what is to wait is held": (
        lambda desk: desk.sending(),
        lambda desk, _: desk.store.hold("mail", {desk.n: "quiet"}, until=desk.now + 2 * MINUTE),
        {"deliveries n mail": {"state": "held", "held": "quiet", "due": NOW + 2 * LATER, "uncertain": 1}},
    ),
    "what is silenced is muted": (
        _nothing,
        lambda desk, _: desk.store.mute("mail", {desk.n: 2}),
        {"deliveries n mail": {"state": "muted", "silence": 2}},
    ),
    "what is silenced in a digest that was on its way may have arrived": (
        lambda desk: desk.store.lease_letter(desk.digest(desk.n, desk.m), until=desk.now),
        lambda desk, _: desk.store.mute("mail", {desk.n: 2}),
        {"deliveries n mail": {"state": "muted", "silence": 2, "uncertain": 1}},
    ),
    "another outlet carries what its only outlet's silence muted": (
        Desk.muted,
        lambda desk, _: desk.store.unmute_carried(
            *desk.store._rows("select story, lead from alerts where id = ?", (desk.n,))[0],
            outlet="B",
            now=desk.now,
        ),
        {f"deliveries n {name}": {"state": "due", "due": NOW, "silence": None} for name in ("mail", "chat")},
    ),
    "the same outlet carries it again": (
        Desk.muted,
        lambda desk, _: desk.store.unmute_carried(
            *desk.store._rows("select story, lead from alerts where id = ?", (desk.n,))[0],
            outlet="A",
            now=desk.now,
        ),
        {},
    ),
    "an alert is to go to another unless it is acknowledged": (
        lambda desk: desk.store.acknowledge([desk.m], by="Ada", now=desk.now),
        lambda desk, _: desk.store.escalate([desk.n, desk.m], of="mail", to="phone", due=desk.now + MINUTE),
        {"deliveries n phone": {"due": NOW + LATER, "escalated": 1, "uncertain": 0, "state": "due"}},
    ),
    "an alert is acknowledged": (
        lambda desk: desk.store.escalate([desk.n, desk.m], of="mail", to="phone", due=desk.now),
        lambda desk, _: desk.store.acknowledge([desk.n], by="Ada", now=desk.now),
        {"acks n": {"made": NOW, "person": "Ada"}, "deliveries n phone": {"state": "acked"}},
    ),
    "what was acknowledged while it was on its way to another is not tried again": (
        Desk.acknowledged_on_its_way,
        lambda desk, claim: desk.store.record_failed(
            claim, "no", again=desk.now, uncertain=False, now=desk.now, dead=[desk.n]
        ),
        {
            "deliveries n phone": {"state": "acked", "due": NOW, "error": "no"},
            "attempts n phone 1": {"state": "acked", "error": "no", "uncertain": 0, "at": NOW},
        },
    ),
    "a digest is made of what is held, and counts what was muted": (
        Desk.held_and_muted,
        lambda desk, _: desk.store.make_digest("mail", [desk.n], more=True, now=desk.now),
        {
            "letters 5": {
                "receiver": "mail",
                "kind": "digest",
                "due": NOW,
                "made": NOW,
                "more": 1,
                "state": "due",
            },
            "deliveries n mail": {"letter": 5},
            "deliveries m mail": {"letter": 5},
        },
    ),
    "the operators are told what they were not": (
        _nothing,
        lambda desk, _: desk.store.make_notice("chat", "Look", now=desk.now),
        {
            "letters 5": {
                "receiver": "chat",
                "kind": "notice",
                "title": "Look",
                "lines": '["y fails"]',
                "more": 0,
            },
            "notices 2": {"letter": 5},
        },
    ),
    "other mistakes stand in the files": (
        lambda desk: desk.put(
            "insert into letters (id, receiver, kind, state, due, made) values"
            " (9, 'mail', 'refusal', 'sent', 0, 0)"
        ),
        lambda desk, _: desk.store.renew_refusal("Now", ["x"]),
        {"letters 4": {"title": "Now", "lines": '["x"]'}},
    ),
    "the mistakes are mended": (
        lambda desk: desk.put(
            "insert into letters (id, receiver, kind, state, due, made) values"
            " (9, 'mail', 'refusal', 'sent', 0, 0)"
        ),
        lambda desk, _: desk.store.withdraw_refusals(),
        {"letters 4": {"state": "dropped"}},
    ),
    "a letter is leased": (
        lambda desk: desk.letter(3),
        lambda desk, letter: desk.store.lease_letter(letter, until=desk.now),
        {"letters 3": {"state": "sending", "attempts": 1, "due": NOW}},
    ),
    "a letter's lease that ended is taken again": (
        Desk.leased_letter,
        lambda desk, letter: desk.store.lease_letter(letter, until=desk.now + MINUTE),
        {"letters 3": {"attempts": 2, "due": NOW + LATER, "uncertain": 1}},
    ),
    "a letter is put off": (
        Desk.leased_letter,
        lambda desk, letter: desk.store.put_off(letter, until=desk.now + MINUTE),
        {"letters 3": {"state": "due", "due": NOW + LATER, "uncertain": 1}},
    ),
    "a digest goes nowhere, and what it counted is counted again": (
        Desk.digest_that_counts,
        lambda desk, digest: desk.store.drop_letter(digest),
        {"letters 1": {"state": "dropped"}, "deliveries m mail": {"letter": None}},
    ),
    "a digest arrived with what it carries": (
        lambda desk: (desk.digest(desk.n), desk.digest(desk.m))[0],
        lambda desk, digest: desk.store.record_letter_sent(digest, now=desk.now),
        {
            "letters 1": {"state": "sent", "sent": NOW},
            "deliveries n mail": {"state": "sent", "sent": NOW},
        },
    ),
    "a notice arrived": (
        lambda desk: (desk.digest(desk.n), desk.letter(3))[1],
        lambda desk, notice: desk.store.record_letter_sent(notice, now=desk.now),
        {"letters 3": {"state": "sent", "sent": NOW}},
    ),
    "a letter failed and is tried again": (
        lambda desk: desk.digest(desk.n),
        lambda desk, digest: desk.store.record_letter_failed(
            digest, "no", again=desk.now, uncertain=False, over=False, now=desk.now
        ),
        {"letters 1": {"due": NOW, "error": "no"}},
    ),
    "a letter failed, may have arrived, and waits for its receiver": (
        Desk.digest_of_later,
        lambda desk, digest: desk.store.record_letter_failed(
            digest, "no", again=None, uncertain=True, over=False, now=desk.now
        ),
        {"letters 1": {"due": 7, "error": "no", "uncertain": 1}},
    ),
    "a digest is given up with what it carries": (
        lambda desk: (desk.digest(desk.m, number=2), desk.digest(desk.n))[1],
        lambda desk, digest: desk.store.record_letter_failed(
            digest, "no", again=desk.now, uncertain=True, over=True, now=desk.now
        ),
        {
            "letters 1": {"state": "dead", "due": NOW, "error": "no", "uncertain": 1},
            "deliveries n mail": {"state": "dead", "error": "no", "uncertain": 1},
        },
    ),
    "what was dropped on its way stays dropped": (
        Desk.dropped_digest,
        lambda desk, digest: desk.store.record_letter_failed(
            digest, "no", again=desk.now, uncertain=False, over=False, now=desk.now
        ),
        {"letters 1": {"due": NOW, "error": "no"}},
    ),
    "what nobody could be told is forgotten": (
        lambda desk: desk.put("insert into notices values (3, 'z', 'fails', ?, null)", at(desk.now)),
        lambda desk, _: desk.store.forget_notices(before=desk.now),
        {"notices 2": None},
    ),
    "a silence is ended": (
        _nothing,
        lambda desk, _: [desk.store.expire_silence(number, now=desk.now) for number in (1, 2, 3)],
        {"silences 2": {"ends": NOW}},
    ),
    "a silence that has not begun is ended": (
        lambda desk: desk.put("update silences set begins = ends - 1"),
        lambda desk, _: desk.store.expire_silence(2, now=START),
        {"silences 2": {"ends": NOW + LATER - 1}},
    ),
    "a subscription is over": (
        _nothing,
        lambda desk, _: desk.store.forget_subscription("t"),
        {"subscriptions t": None},
    ),
    "nobody rings for the other feeds any more": (
        _nothing,
        lambda desk, _: desk.store.hush(besides=["a"]),
        {"feeds b": {"rung": None}},
    ),
    "hubs are listened for elsewhere": (
        _nothing,
        lambda desk, _: desk.store.keep_doorbell("127.0.0.1:2", "taken"),
        {"doorbell 127.0.0.1:1": None, "doorbell 127.0.0.1:2": {"error": "taken"}},
    ),
}


@pytest.mark.parametrize("name", TRIED)
def test_a_write_changes_what_it_says_and_nothing_else(desk: Desk, name: str) -> None:
    prepare, act, expected = TRIED[name]
    with desk.store.transaction():
        given = prepare(desk)
    before = desk.rows()
    if "silence" in name and "ended" in name:
        act(desk, given)  # in a transaction of its own
    else:
        with desk.store.transaction():
            act(desk, given)
    after = desk.rows()
    changed = {
        key: None
        if key not in after
        else {column: value for column, value in after[key].items() if before[key][column] != value}
        if key in before
        else after[key]
        for key in (*before, *(key for key in after if key not in before))
        if before.get(key) != after.get(key)
    }
    assert changed.keys() == expected.keys()
    for key, row in expected.items():
        got = changed[key]
        new = key not in before
        assert got == row if got is None or not new else got.items() >= row.items(), key


def test_what_is_due_is_known_until_it_is_claimed_and_again_once_its_lease_has_ended(desk: Desk) -> None:
    store, now = desk.store, desk.now
    with store.transaction():
        first, second = (store.claim("mail", now=now, lease=MINUTE) for _ in range(2))
        assert first and second
        assert [claim.tolds[0].alert for claim in (first, second)] == [desk.n, desk.m]
        assert [(claim.attempts, claim.uncertain) for claim in (first, second)] == [(1, False)] * 2
        assert store.claim("mail", now=now, lease=MINUTE) is None
        assert store.claim("mail", now=now + MINUTE - timedelta(milliseconds=1), lease=MINUTE) is None
        again = store.claim("mail", now=now + MINUTE, lease=MINUTE)
        assert again and (again.attempts, again.uncertain) == (2, True)
        assert store.is_still_wanted(second)
        desk.put("update deliveries set state = 'due' where alert = ?", desk.m)
        assert not store.is_still_wanted(second)


def test_what_was_sent_under_a_rule_is_counted_since_a_moment_and_for_its_receiver(desk: Desk) -> None:
    store, now = desk.store, desk.now

    def counts(**more: Any) -> list[int]:
        return [
            store.count_sent("mail", "peace", since=since, **more)
            for since in (now - MINUTE, now, now + MINUTE)
        ]

    assert counts() == [0, 0, 0]
    with store.transaction():
        store.record_sent(desk.sending(), now=now)
        desk.put("update deliveries set state = 'sent', sent = ? where receiver = 'chat'", at(now))
    assert counts() == [1, 0, 0]
    with store.transaction():
        desk.put("update deliveries set state = 'sending' where alert = ? and receiver = 'mail'", desk.m)
    assert counts() == [2, 1, 1]
    assert counts(but=[desk.m]) == [1, 0, 0]
    assert store.count_sent("mail", "war", since=START) == 0
    with store.transaction():
        desk.put("update deliveries set letter = 1 where alert = ?", desk.n)
    assert counts() == [1, 1, 1]


def test_what_is_urgent_and_due_and_nobody_else_is_told_of_may_be_escalated(desk: Desk) -> None:
    store, now = desk.store, desk.now

    def found(**more: Any) -> list[int]:
        asked: dict[str, Any] = {"receiver": "mail", "to": "phone", "severity": 1, "now": now} | more
        return sorted(claim.tolds[0].alert for claim in store.unescalated(**asked))

    both = sorted([desk.n, desk.m])
    assert found() == both
    assert found(severity=2) == []
    assert found(now=START) == []
    assert found(to="chat") == []
    with store.transaction():
        desk.put("update alerts set kind = 'milestone' where id = ?", desk.n)
    assert found() == [desk.m]
    with store.transaction():
        store.acknowledge([desk.m], by="", now=now)
    assert found() == []


def test_a_thread_begins_with_what_was_told_first_and_not_with_what_was_held(desk: Desk) -> None:
    store = desk.store
    with store.transaction():
        desk.put("update alerts set story = (select story from alerts where id = ?)", desk.n)
        desk.put("update deliveries set state = 'sent' where alert = ? and receiver = 'mail'", desk.n)
    later = desk.claim()
    assert ([told.alert for told in later.tolds], [told.alert for told in later.opening]) == (
        [desk.m],
        [desk.n],
    )
    for change in (
        "state = 'held'",
        "state = 'muted', silence = 2",
        "state = 'dead'",
        "state = 'sent', letter = 1",
    ):
        with store.transaction():
            desk.put(f"update deliveries set {change} where alert = ? and receiver = 'mail'", desk.n)
        assert [told.alert for told in desk.claim().opening] == [desk.m], change


def test_a_letter_is_due_from_its_time_on_the_oldest_first(desk: Desk) -> None:
    store = desk.store
    with store.transaction():
        desk.put("update letters set due = ? where id = 1", at(START) + 1)
        desk.put("update letters set due = ? where id = 3", at(START))
    due = [store.due_letter("mail", now=START + timedelta(milliseconds=after)) for after in (-1, 0, 1)]
    assert [letter and letter.id for letter in due] == [None, 3, 3]
    with store.transaction():
        desk.put("update letters set state = 'sent' where id = 3")
    digest = store.due_letter("mail", now=desk.now)
    assert isinstance(digest, Digest) and (digest.id, digest.tally) == (1, Tally())
    refusal = store.due_letter("chat", now=START)
    assert isinstance(refusal, Digest)
    with store.transaction():
        desk.put("update letters set state = 'sent' where id = 2")
        desk.put("update letters set state = 'sending', attempts = 4 where id = 4")
    lasting = store.due_letter("chat", now=START)
    assert isinstance(lasting, Notice)
    assert (lasting.lasting, lasting.uncertain, lasting.attempts) == (True, True, 5)


def test_a_digest_counts_why_each_alert_was_held_and_what_was_muted(desk: Desk) -> None:
    store = desk.store
    with store.transaction():
        desk.digest(desk.n)
        desk.put("update deliveries set held = 'quiet' where state = 'held'")
        desk.put(
            "update deliveries set state = 'muted', letter = 1, silence = 2"
            " where alert = ? and receiver = 'mail'",
            desk.m,
        )
    digest = desk.letter(1)
    assert isinstance(digest, Digest)
    assert digest.tally == Tally(quiet=1, muted=1)
    assert [claim.tolds[0].alert for claim in digest.claims] == [desk.n]
    assert store.last_letter("digest") == store.last_letter("notice")
    assert store.last_letter("heartbeat") is None
    assert store.open_notice() is not None


def test_silences_are_in_force_from_their_begin_to_their_end(desk: Desk) -> None:
    store, now = desk.store, desk.now
    number = store.add_silence(
        Scope.RULE, "x", begins=now, ends=now + MINUTE, comment="a\nb", by="Ada", now=now
    )
    instants = [now - MINUTE, now - timedelta(milliseconds=1), now, now + MINUTE]
    assert [[one.id for one in store.silences(now=moment)] for moment in instants] == [
        [1, 2], [1, 2], [2, number], [],
    ]  # fmt: skip
    assert [one.id for one, _ in store.all_silences(since=now)] == [2, number]
    assert [one.id for one, _ in store.all_silences()] == [1, 2, number]
    ((made, muted),) = [found for found in store.all_silences() if found[0].id == number]
    assert (made.comment, made.by, made.made, muted) == ("a b", "Ada", now, 0)


# ---- a clock that is set -----------------------------------------------------------------------------------

HOUR = timedelta(hours=1)
WAITS = {  # what waits, and how many milliseconds from now: two hours is beyond where the clock is set to
    "deliveries n mail": ("due", 1),
    "deliveries n chat": ("due", 3_600_000),
    "deliveries m mail": ("due", 7_200_000),
    "deliveries m chat": ("due", 0),
    "letters 1": ("due", 1),
    "letters 2": ("due", 3_600_000),
    "letters 3": ("due", 3_600_001),
    "letters 4": ("due", 0),
    "subscriptions t": ("due", 1),
    "subscriptions u": ("until", 3_600_000),
    "outages mail": ("until", 1),
    "outages chat": ("until", 0),
    "feeds a": ("next_poll", 1),
    "feeds b": ("next_poll", 3_600_000),
}


def waiting(desk: Desk) -> dict[str, tuple[str, int]]:
    """The same, as it stands now."""
    rows = desk.rows()
    return {key: (column, rows[key][column] - NOW) for key, (column, _) in WAITS.items()}


@pytest.fixture
def waiters(desk: Desk) -> Desk:
    """A desk in which all this waits."""
    with desk.store.transaction():
        for receiver in ("mail", "chat"):
            desk.put("insert into outages values (?, 0, 1, 0, '')", receiver)
        desk.put("update deliveries set state = 'sending' where receiver = 'chat'")
        for key, (column, left) in WAITS.items():
            table, *names = key.split()
            which = " and ".join(f"{one} = ?" for one in KEYS[table])
            ids = [{"n": desk.n, "m": desk.m}.get(name, name) for name in names]
            desk.put(f"update {table} set {column} = ? where {which}", NOW + left, *ids)
    assert waiting(desk) == WAITS
    return desk


def test_a_clock_that_is_set_on_moves_what_fell_due_between_and_nothing_else(waiters: Desk) -> None:
    moved = waiters.store.shift_dues(HOUR, now=waiters.now + HOUR)
    jumped = {key for key, (_, left) in WAITS.items() if 0 < left <= 3_600_000}
    assert waiting(waiters) == {
        key: (column, left + 3_600_000 * (key in jumped)) for key, (column, left) in WAITS.items()
    }
    assert moved == len(jumped)


def test_a_clock_that_is_set_back_moves_all_that_waits(waiters: Desk) -> None:
    moved = waiters.store.shift_dues(-HOUR, now=waiters.now - HOUR)
    assert waiting(waiters) == {key: (column, left - 3_600_000) for key, (column, left) in WAITS.items()}
    assert moved == len(WAITS) + 1, "the other subscription's due time too"


def test_what_is_held_past_the_time_that_the_clock_is_set_to_is_looked_at_again(waiters: Desk) -> None:
    with waiters.store.transaction():
        waiters.put("update deliveries set state = 'held', held = 'quiet'")
        waiters.put("update deliveries set letter = 1 where alert = ? and receiver = 'mail'", waiters.m)
        waiters.put("update deliveries set due = ? where receiver = 'chat'", NOW + 7_200_000)
        waiters.put("update deliveries set due = ? where receiver = 'chat' and alert = ?", NOW, waiters.m)
    waiters.store.shift_dues(HOUR, now=waiters.now + HOUR)
    rows = waiters.rows()
    found = {key: (rows[key]["state"], rows[key]["held"], rows[key]["due"] - NOW) for key in [*WAITS][:4]}
    assert found == {
        "deliveries n mail": ("held", "quiet", 1),  # its time has come
        "deliveries n chat": ("due", "", 3_600_000),
        "deliveries m mail": ("held", "quiet", 7_200_000),  # in a digest already
        "deliveries m chat": ("held", "quiet", 0),
    }


def test_nothing_waits_longer_than_its_kind_may(waiters: Desk) -> None:
    day, retry, lease = 24 * HOUR, MINUTE, 2 * MINUTE
    with waiters.store.transaction():
        for table, column in (("deliveries", "due"), ("letters", "due"), ("outages", "until")):
            waiters.put(f"update {table} set {column} = ?", NOW + 10 * 86_400_000)
        waiters.put("update deliveries set escalated = 1 where alert = ? and receiver = 'mail'", waiters.m)
        waiters.put("update deliveries set state = 'held' where alert = ? and receiver = 'chat'", waiters.m)
        waiters.put("update letters set state = 'sending' where id = 2")
        waiters.put("update letters set state = 'sent' where id = 3")
    moved = waiters.store.clamp_dues({}, now=waiters.now, retry=retry, lease=lease)
    longest = {
        "deliveries n mail": retry,
        "deliveries n chat": lease,
        "deliveries m mail": day,
        "letters 1": day,
        "letters 2": lease,
        "letters 4": day,
        "outages mail": day,
        "outages chat": day,
    }
    assert moved == len(longest)
    left = {
        key: left
        for key, (_, left) in waiting(waiters).items()
        if key.split()[0] not in ("feeds", "subscriptions")
    }
    assert left == {key: int(longest.get(key, 10 * day).total_seconds() * 1000) for key in left}


def test_the_latest_moment_is_that_of_whatever_happened_last(desk: Desk) -> None:
    store = desk.store
    for change in (
        "update feeds set last_good = ? where name = 'a'",
        "insert into tallies (name, count, last) values ('x', 1, ?)",
        "insert into restores (at, noticed) values (?, 1)",
    ):
        desk.clock.advance(HOUR)
        with store.transaction():
            desk.put(change, at(desk.clock.now))
        assert store.latest_moment() == desk.clock.now
