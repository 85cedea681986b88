"""A burst: claimed in one commit, sent and recorded one after another, given back where it cannot go on."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from monitor import pipeline
from monitor.alerts import outbox
from monitor.errors import SendError
from monitor.model import Feed, FeedState, Receiver, Scope
from monitor.store.ledger import Choice
from monitor.store.rows import to_milliseconds
from monitor.store.store import Store
from tests.fakes import START, FakeClock, FakeOutlet, FakeReceivers, Item, rules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from monitor.model import Message

MAIL = Receiver("mail", "mailto://localhost")
BOOK = rules("rules: [{id: peace, title: Peace, any: [peace], send: [mail]}]")
WORDS = ("barka", "corvo", "dulce", "ember", "finca", "gorse", "helix", "ingot")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path) as opened:
        yield opened


def due(store: Store, number: int) -> FakeClock:
    """So many stories that are due to the receiver."""
    clock, outlet = FakeClock(), FakeOutlet(Feed("wire", "https://wire.example/", "Wire"))
    store.sync_feeds([outlet.feed], first_poll=lambda _: clock.now)
    for items in (
        [],
        [Item(str(n), f"peace {' '.join(f'{word}{chr(97 + n)}' for word in WORDS)}") for n in range(number)],
    ):
        outlet.items = items
        state = store.feed_states(["wire"]).get("wire", FeedState())
        pipeline.take(store, [outlet.poll(state)], rulebook=BOOK, now=clock.now)
    assert store.counts()["waiting"] == number
    return clock


def states(store: Store) -> dict[str, int]:
    """How many deliveries are in each state, those tried apart from those never tried."""
    rows = store._rows(
        "select state || iif(attempts, ', tried', '') state, count(*) n from deliveries group by 1 order by 1"
    )
    return {row["state"]: row["n"] for row in rows}


def test_all_of_a_burst_is_sent_and_recorded_in_few_commits(store: Store) -> None:
    clock, receivers = due(store, 20), FakeReceivers()
    commits: list[str] = []
    store._db._tracer = lambda sql, _: commits.append(sql) if sql == "commit" else None
    assert pipeline.deliver_burst(store, MAIL, send=receivers.send, clock=clock)
    assert len(receivers.arrived) == pipeline.BURST
    assert len(commits) == 1 + pipeline.BURST
    assert pipeline.deliver_burst(store, MAIL, send=receivers.send, clock=clock)
    assert not pipeline.deliver_burst(store, MAIL, send=receivers.send, clock=clock)
    assert states(store) == {"sent, tried": 20}


def test_each_is_recorded_before_the_next_is_sent(store: Store) -> None:
    clock = due(store, 5)
    sent: list[int] = []

    def send(_receiver: Receiver, _message: Message) -> None:
        sent.append(states(store).get("sent, tried", 0))

    pipeline.deliver_burst(store, MAIL, send=send, clock=clock)
    assert sent == [0, 1, 2, 3, 4]


def test_after_a_failure_the_others_are_given_back_untried(store: Store) -> None:
    clock = due(store, 5)
    tries: list[str] = []

    def send(_receiver: Receiver, message: Message) -> None:
        tries.append(message.title)
        if len(tries) == 2:
            raise SendError("error=503")

    assert pipeline.deliver_burst(store, MAIL, send=send, clock=clock)
    assert len(tries) == 2
    assert states(store) == {"due": 3, "due, tried": 1, "sent, tried": 1}
    assert store._rows("select count(*) n from deliveries where uncertain")[0]["n"] == 0
    assert not pipeline.deliver_burst(store, MAIL, send=send, clock=clock), "the receiver is left alone"
    clock.advance(timedelta(minutes=1))
    while pipeline.deliver_burst(store, MAIL, send=send, clock=clock):
        pass
    assert states(store) == {"sent, tried": 5}


def test_a_stop_between_two_messages_gives_the_rest_back(store: Store) -> None:
    clock, receivers = due(store, 5), FakeReceivers()
    pipeline.deliver_burst(
        store, MAIL, send=receivers.send, clock=clock, stop=lambda: len(receivers.arrived) == 2
    )
    assert states(store) == {"due": 3, "sent, tried": 2}


def test_what_could_not_be_begun_within_its_lease_is_given_back(store: Store) -> None:
    clock = due(store, 5)
    arrived = []

    def slow(_receiver: Receiver, message: Message) -> None:
        arrived.append(message)
        clock.advance(timedelta(seconds=40))

    pipeline.deliver_burst(store, MAIL, send=slow, clock=clock)
    assert len(arrived) == 2
    assert clock.now - START < outbox.LEASE
    assert states(store) == {"due": 3, "sent, tried": 2}


def test_what_a_cut_left_claimed_comes_back_marked(store: Store, tmp_path: Path) -> None:
    clock, receivers = due(store, 5), FakeReceivers()

    class CutError(BaseException):
        """The power."""

    def send(receiver: Receiver, message: Message) -> None:
        receivers.send(receiver, message)
        if len(receivers.arrived) == 2:
            raise CutError

    with pytest.raises(CutError):
        pipeline.deliver_burst(store, MAIL, send=send, clock=clock)
    store.close()
    with Store(tmp_path) as again:
        assert again.release_interrupted(now=clock.now) == 4
        while pipeline.deliver_burst(again, MAIL, send=receivers.send, clock=clock):
            pass
    bodies = [message.body for _, message in receivers.arrived]
    assert len(bodies) == 6
    assert ["Sent again" in body for body in bodies] == [False, False, True, True, True, True]


def test_commits_wait_for_the_disk_again_after_one_that_did_not(store: Store) -> None:
    def waits() -> int:
        return int(store._db.conn.execute("pragma synchronous").fetchone()[0])

    with store.transaction(durable=False):
        store._rows("select 1")
    assert waits() == 2
    with pytest.raises(ZeroDivisionError), store.transaction(durable=False):
        raise ZeroDivisionError
    assert waits() == 2


def test_a_claim_takes_as_long_whatever_waits_behind_it(tmp_path: Path) -> None:
    def steps(folder: Path, waiting: int) -> int:
        """How many instructions SQLite takes for one claim."""
        folder.mkdir()
        counted = 0

        def count() -> int:
            nonlocal counted
            counted += 1
            return 0

        with Store(folder) as store:
            clock = due(store, waiting)
            store._db.conn.set_progress_handler(count, 1)
            assert store.due_claim("mail", now=clock.now)
            store._db.conn.set_progress_handler(None, 0)
        return counted

    assert steps(tmp_path / "many", 20) < steps(tmp_path / "few", 2) + 18, "not one more for each that waits"


# ---- what people say meanwhile -----------------------------------------------------------------------------


def drained(
    store: Store, receiver: Receiver, send: Callable[[Receiver, Message], None], clock: FakeClock
) -> None:
    while pipeline.deliver_burst(store, receiver, send=send, clock=clock):
        pass


def test_a_silence_made_during_a_burst_mutes_the_rest_of_it(store: Store, tmp_path: Path) -> None:
    clock, receivers = due(store, 5), FakeReceivers()

    def send(receiver: Receiver, message: Message) -> None:
        receivers.send(receiver, message)
        if len(receivers.arrived) == 2:
            with Store(tmp_path) as other:
                hour = timedelta(hours=1)
                other.add_silence(
                    Scope.RULE, "peace", begins=START, ends=START + hour, comment="x", by="", now=START
                )

    drained(store, MAIL, send, clock)
    assert states(store) == {"muted": 3, "sent, tried": 2}


def test_another_that_writes_something_else_does_not_end_a_burst(store: Store, tmp_path: Path) -> None:
    clock, receivers = due(store, 5), FakeReceivers()

    def send(receiver: Receiver, message: Message) -> None:
        receivers.send(receiver, message)
        with Store(tmp_path) as other, other.transaction():
            other.tally({"polls fresh": 1}, now=START)

    assert pipeline.deliver_burst(store, MAIL, send=send, clock=clock)
    assert len(receivers.arrived) == 5


def escalated(store: Store, number: int) -> FakeClock:
    clock = due(store, number)
    with store.transaction():
        store._db.execute("update deliveries set escalated = 1, uncertain = 0")
    return clock


def acknowledge_all(folder: Path) -> None:
    with Store(folder) as other, other.transaction():
        alerts = [row["id"] for row in other._rows("select id from alerts")]
        other.acknowledge(alerts, by="Nino", now=START)


def test_what_is_acknowledged_during_a_burst_goes_no_further(store: Store, tmp_path: Path) -> None:
    clock, receivers = escalated(store, 5), FakeReceivers()

    def send(receiver: Receiver, message: Message) -> None:
        receivers.send(receiver, message)
        acknowledge_all(tmp_path)

    drained(store, MAIL, send, clock)
    assert states(store) == {"acked": 4, "sent, tried": 1}


def test_what_is_acknowledged_while_its_send_fails_is_not_tried_again(store: Store, tmp_path: Path) -> None:
    clock = escalated(store, 3)

    def send(_receiver: Receiver, _message: Message) -> None:
        acknowledge_all(tmp_path)
        raise SendError("it took longer than 60 s", uncertain=True)

    drained(store, MAIL, send, clock)
    assert states(store) == {"acked": 2, "acked, tried": 1}


def test_what_was_acknowledged_while_a_cut_left_it_claimed_is_not_sent_again(
    store: Store, tmp_path: Path
) -> None:
    clock = escalated(store, 1)
    with store.transaction():
        assert store.claim("mail", now=clock.now, lease=outbox.LEASE)
    acknowledge_all(tmp_path)
    assert store.release_interrupted(now=clock.now) == 0
    assert states(store) == {"acked, tried": 1}


def test_what_is_given_back_keeps_its_place_by_age(store: Store) -> None:
    clock = due(store, 3)
    with store.transaction():
        store._db.execute("update deliveries set due = due + 1000 where alert = (select max(id) from alerts)")
    clock.advance(timedelta(minutes=5))

    def down(_receiver: Receiver, _message: Message) -> None:
        raise SendError("error=503")

    pipeline.deliver_burst(store, MAIL, send=down, clock=clock)
    assert store.next_delivery_due(["mail"])["mail"] > clock.now
    assert {row["due"] for row in store._rows("select due from deliveries")} == {to_milliseconds(START)}


def drop_all(folder: Path) -> tuple[int, int]:
    with Store(folder) as other:
        return other.drop(Choice(receivers=("mail",)), now=START)


def test_what_is_dropped_during_a_burst_is_not_begun(store: Store, tmp_path: Path) -> None:
    clock, receivers = due(store, 5), FakeReceivers()
    dropped = []

    def send(receiver: Receiver, message: Message) -> None:
        receivers.send(receiver, message)
        dropped.append(drop_all(tmp_path))

    drained(store, MAIL, send, clock)
    assert dropped == [(5, 5)]
    assert states(store) == {"dropped, tried": 4, "sent, tried": 1}, "what was on its way arrived"


def test_what_is_dropped_while_its_send_fails_is_not_tried_again(store: Store, tmp_path: Path) -> None:
    clock = due(store, 1)

    def send(_receiver: Receiver, _message: Message) -> None:
        drop_all(tmp_path)
        raise SendError("it took longer than 60 s", uncertain=True)

    drained(store, MAIL, send, clock)
    assert states(store) == {"dropped, tried": 1}
    assert store.release_interrupted(now=clock.now) == 0


def unsettled(store: Store) -> bool:
    return store._unsettled


def test_what_a_full_burst_recorded_is_on_the_disk_before_the_sender_rests(store: Store) -> None:
    clock, receivers = due(store, pipeline.BURST), FakeReceivers()
    said: list[str] = []
    store._db._tracer = lambda sql, _: said.append(sql.split()[0]) if sql.split() else None
    assert pipeline.deliver_burst(store, MAIL, send=receivers.send, clock=clock)
    assert unsettled(store), "the next taking waits for it"
    said.clear()
    assert not pipeline.deliver_burst(store, MAIL, send=receivers.send, clock=clock)
    assert not unsettled(store)
    assert said[-3:] == ["begin", "update", "commit"]
    said.clear()
    assert not pipeline.deliver_burst(store, MAIL, send=receivers.send, clock=clock)
    assert "update" not in said, "once"
