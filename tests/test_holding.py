"""Digests, limits, quiet hours, silences and escalation over days: the real store, a clock of ours."""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from monitor import dispatch, journal, pipeline
from monitor.alerts import notice, outbox
from monitor.alerts.compose import AGAIN
from monitor.alerts.route import Customs
from monitor.errors import SendError
from monitor.model import Escalation, Feed, FeedState, Receiver, Scope
from monitor.store.backup import Restored
from monitor.store.ledger import Choice
from monitor.store.store import Store
from monitor.store.upkeep import Upkeep
from monitor.timetable import hours, timetable
from tests.fakes import START, FakeClock, FakeOutlet, FakeReceivers, Item, rules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from monitor.model import Message
    from monitor.rules.rulebook import Rulebook

WIRE = Feed("wire", "https://wire.example/feed", outlet="The Wire")
POST = Feed("post", "https://post.example/feed", outlet="Kura Post")
BOOK = rules(
    """
rules:
  - {id: peace, title: Peace, any: [peace], send: mail}
  - {id: trade, title: Trade, any: [trade], send: mail, limit: 2 per hour}
  - {id: war, title: War, any: [war], send: mail, severity: critical}
"""
)
MAIL = Receiver("mail", "mailto://localhost")
PHONE = Receiver("phone", "json://localhost")
NIGHTLY = replace(MAIL, quiet=hours("22:00-07:00 UTC"))
ON_CALL = replace(MAIL, escalate=Escalation("phone", timedelta(minutes=15)))
WORDS = [
    "anchor",
    "birch",
    "copper",
    "dune",
    "ember",
    "fjord",
    "gravel",
    "hazel",
    "island",
    "juniper",
    "kelp",
    "lagoon",
]


class Line:
    """Two outlets, everything between them and the receivers, and what arrived."""

    def __init__(self, folder: Path, book: Rulebook = BOOK) -> None:
        self.book = book
        self.clock = FakeClock()
        self.folder = folder
        self.store = Store(folder)
        self.outlets = {feed.name: FakeOutlet(feed, [Item("old", "Nothing much")]) for feed in (WIRE, POST)}
        self.receivers = FakeReceivers()
        self.customs = Customs({rule.id: rule.timing for rule in book.rules})
        self.number = 0
        self.store.sync_feeds([WIRE, POST], first_poll=lambda _: START)
        self.poll()

    def poll(self) -> None:
        for outlet in self.outlets.values():
            state = self.store.feed_states([outlet.feed.name]).get(outlet.feed.name, FeedState())
            pipeline.take(self.store, [outlet.poll(state)], rulebook=self.book, now=self.clock.now)

    def news(self, *words: str, where: str = "wire") -> None:
        """A story of its own for each word."""
        for word in words:
            self.number += 1
            own = " ".join(f"{stem}{self.number}q" for stem in WORDS)
            item = Item(f"g{self.number}", f"{own[:40]} {word} {self.number}", own)
            self.outlets[where].items.insert(0, item)
        self.poll()

    def copied(self, *, where: str = "post") -> None:
        self.outlets[where].items.insert(0, replace(self.outlets["wire"].items[0], guid=f"c{self.number}"))
        self.poll()

    def deliver(self, receiver: Receiver = MAIL, *, after: timedelta = timedelta()) -> list[str]:
        """What arrives then, a body each."""
        self.clock.advance(after)
        before = len(self.receivers.arrived)
        while pipeline.deliver(
            self.store, receiver, send=self.receivers.send, clock=self.clock, customs=self.customs
        ):
            pass
        return [message.body for _, message in self.receivers.arrived[before:]]

    def silence(self, scope: Scope, value: str, *, length: timedelta = timedelta(hours=1)) -> None:
        now = self.clock.now
        self.store.add_silence(scope, value, begins=now, ends=now + length, comment="x", by="", now=now)


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    made = Line(tmp_path)
    yield made
    made.store.close()


HOUR, MINUTE, YEAR = timedelta(hours=1), timedelta(minutes=1), timedelta(days=365)


# ---- holding -----------------------------------------------------------------------------------------------


def test_quiet_hours_hold_and_then_send_one_digest_and_what_is_critical_breaks_through(line: Line) -> None:
    line.clock.now = START.replace(hour=23)
    line.news("peace", "peace", "war")
    (urgent,) = line.deliver(NIGHTLY)
    assert "war" in urgent
    assert dispatch.next_due(line.store, [MAIL], customs=line.customs, now=line.clock.now) == {
        "mail": START.replace(day=3, hour=7)
    }
    assert line.deliver(NIGHTLY, after=7 * HOUR) == []
    (digest,) = line.deliver(NIGHTLY, after=HOUR)
    assert digest.startswith("Digest: 2 stories")
    assert digest.endswith("Held: 2 in quiet hours.")
    assert line.deliver(NIGHTLY, after=24 * HOUR) == []
    assert line.store.counts()["sent"] == 3


def test_what_is_over_a_limit_goes_at_the_full_hour_and_the_limit_is_of_any_hour(line: Line) -> None:
    line.clock.advance(50 * MINUTE)
    line.news("trade", "trade", "trade", "trade")
    assert len(line.deliver()) == 2
    (digest,) = line.deliver(after=10 * MINUTE)
    assert digest.endswith("Held: 2 over a limit.")
    line.news("trade")
    assert line.deliver(after=5 * MINUTE) == []
    line.clock.advance(46 * MINUTE)
    line.news("trade")
    assert len(line.deliver()) == 1, "the two before are an hour old"


def test_a_digest_is_grouped_by_rule_with_the_most_carried_first(line: Line) -> None:
    daily = replace(MAIL, digest=timetable("daily 18:00 UTC"))
    line.news("peace", "trade", "peace")
    line.clock.advance(MINUTE)
    line.copied()
    assert line.deliver(daily) == []
    (digest,) = line.deliver(daily, after=9 * HOUR)
    lines = digest.splitlines()
    assert lines[0] == "Digest: 3 stories"
    assert lines[2] == "Peace"
    assert "peace 3" in lines[3] and "The Wire, Kura Post" in lines[4]
    assert lines.index("Trade") > lines.index("Peace")


def test_a_digest_that_does_not_fit_goes_in_several_and_loses_nothing(line: Line) -> None:
    chat = replace(MAIL, url="json://localhost", digest=timetable("hourly"))
    line.news(*["peace"] * 30)
    line.deliver(chat)
    parts = line.deliver(chat, after=HOUR)
    assert len(parts) > 1
    assert all(len(part) <= 1900 for part in parts)
    assert ["the rest follows" in part for part in parts] == [True] * (len(parts) - 1) + [False]
    found = {word for part in parts for word in part.split() if word.isdigit()}
    assert {str(number) for number in range(1, 31)} <= found
    assert line.store.counts()["sent"] == 30


def test_a_digest_that_fails_is_due_again_as_it_was_and_waits_for_quiet_hours_to_end(line: Line) -> None:
    collecting = replace(NIGHTLY, digest=timetable("daily 21:55 UTC"))
    line.news("peace")
    line.deliver(collecting)
    line.receivers.failing["mail"] = SendError("error=503")
    assert line.deliver(collecting, after=12 * HOUR + 55 * MINUTE) == []
    line.receivers.failing.clear()
    assert line.deliver(collecting, after=10 * MINUTE) == [], "it is quiet now"
    (digest,) = line.deliver(collecting, after=9 * HOUR)
    assert digest.startswith("Digest: 1 story")


def test_a_digest_cut_off_by_a_crash_comes_again_and_says_so(line: Line) -> None:
    collecting = replace(MAIL, digest=timetable("hourly"))
    line.news("peace")
    line.deliver(collecting)
    line.clock.advance(HOUR)
    with line.store.transaction():
        assert dispatch.taken(line.store, collecting, customs=line.customs, now=line.clock.now)
    line.news("peace")
    assert line.store.release_interrupted(now=line.clock.now) == 1
    (digest,) = line.deliver(collecting)
    assert digest.startswith("Digest: 1 story")
    assert digest.endswith("you may already have it.")


def test_after_a_step_of_the_clock_what_is_held_is_routed_anew(line: Line) -> None:
    line.clock.now = START.replace(hour=23)
    line.news("peace")
    line.deliver(NIGHTLY)
    line.clock.now = START.replace(hour=9)
    with Upkeep(line.folder) as store:
        store.shift_dues(timedelta(hours=-14), now=line.clock.now)
    assert len(line.deliver(NIGHTLY)) == 1


# ---- silences ----------------------------------------------------------------------------------------------


def test_a_silence_mutes_what_was_decided_before_it_and_the_next_digest_counts_it(line: Line) -> None:
    collecting = replace(MAIL, digest=timetable("hourly"))
    line.news("peace", "trade")
    assert line.deliver(collecting) == []
    line.silence(Scope.RULE, "peace", length=2 * HOUR)
    (digest,) = line.deliver(collecting, after=HOUR)
    assert "Trade" in digest
    assert "Peace" not in digest
    assert digest.endswith("Muted by silences since the last digest: 1.")
    line.news("trade")
    line.deliver(collecting)
    (later,) = line.deliver(collecting, after=HOUR)
    assert "Muted" not in later


def test_a_silence_that_ended_mutes_no_more_and_one_can_be_ended_early(line: Line) -> None:
    line.silence(Scope.RULE, "peace")
    line.clock.advance(HOUR)
    line.news("peace")
    assert len(line.deliver()) == 1
    line.silence(Scope.RULE, "peace")
    assert line.store.expire_silence(2, now=line.clock.now)
    assert not line.store.expire_silence(2, now=line.clock.now)
    line.news("peace")
    assert len(line.deliver()) == 1


def test_what_only_a_silenced_outlet_carried_is_told_when_another_carries_it(line: Line) -> None:
    line.silence(Scope.OUTLET, "The Wire")
    line.news("peace")
    assert line.deliver() == []
    assert line.store.counts()["muted"] == 1
    line.copied()
    (told,) = line.deliver()
    assert "2 outlets so far" in told


# ---- escalation --------------------------------------------------------------------------------------------


def test_a_critical_alert_that_nobody_acknowledges_goes_to_the_second_receiver_once(line: Line) -> None:
    line.news("war", "peace")
    first, _ = line.deliver(ON_CALL)
    assert "Acknowledge: monitor ack " in first
    assert line.deliver(PHONE, after=14 * MINUTE) == []
    (passed_on,) = line.deliver(PHONE, after=MINUTE)
    assert "Nobody has acknowledged this alert" in passed_on
    assert line.deliver(PHONE, after=HOUR) == []


def test_what_was_acknowledged_goes_no_further(line: Line) -> None:
    line.news("war")
    (told,) = line.deliver(ON_CALL)
    acknowledge = re.search(r"monitor ack ([0-9a-f]{16})", told)
    assert acknowledge, told
    alerts = line.store.alerts_of(int(acknowledge[1], 16))
    with line.store.transaction():
        assert line.store.acknowledge(alerts, by="Nino", now=line.clock.now) == (1, 1)
        assert line.store.acknowledge(alerts, by="Nino", now=line.clock.now) == (0, 0)
    assert line.deliver(PHONE, after=HOUR) == []


def test_the_time_to_acknowledge_runs_while_the_first_receiver_takes_nothing(line: Line) -> None:
    line.receivers.failing["mail"] = SendError("error=503", retry_after=6 * HOUR)
    line.news("peace")
    line.deliver(ON_CALL)
    line.news("war")
    assert line.deliver(ON_CALL) == []
    for _ in range(2):
        pipeline.pass_on(line.store, [ON_CALL, MAIL, PHONE], customs=line.customs, now=line.clock.now)
    (passed_on,) = line.deliver(PHONE, after=15 * MINUTE)
    assert "war" in passed_on


def test_a_silenced_critical_alert_is_not_passed_on(line: Line) -> None:
    line.receivers.failing["mail"] = SendError("error=503", retry_after=6 * HOUR)
    line.news("peace")
    line.deliver(ON_CALL)
    line.silence(Scope.RULE, "war")
    line.news("war")
    pipeline.pass_on(line.store, [ON_CALL], customs=line.customs, now=line.clock.now)
    assert line.deliver(PHONE, after=HOUR) == []


# ---- what the operators are told ---------------------------------------------------------------------------


def test_what_happens_to_feeds_is_one_notice_damped(line: Line) -> None:
    line.customs = replace(line.customs, operators="mail")
    with line.store.transaction():
        line.store.put_notice("Feed wire", "has failed", now=line.clock.now)
        line.store.put_notice("Feed post", "has failed", now=line.clock.now)
    assert line.deliver() == []
    (told,) = line.deliver(after=notice.GATHER)
    assert told.splitlines()[2:] == ["Feed wire has failed", "Feed post has failed"]
    with line.store.transaction():
        line.store.put_notice("Feed wire", "answers again", now=line.clock.now)
    assert line.deliver(after=10 * MINUTE) == []
    due = dispatch.next_due(line.store, [MAIL], customs=line.customs, now=line.clock.now)
    line.clock.now = due["mail"]
    (later,) = line.deliver()
    assert "answers again" in later


def test_a_feed_that_keeps_failing_is_in_a_notice(line: Line) -> None:
    from monitor.model import Failed

    line.customs = replace(line.customs, operators="mail")
    for _ in range(4):
        pipeline.take(line.store, [Failed(WIRE, "refused")], rulebook=BOOK, now=line.clock.now)
    (told,) = line.deliver(after=2 * MINUTE)
    assert "Feed wire has failed" in told


def test_the_heartbeat_comes_at_once_and_then_daily_and_says_what_was_not_told(line: Line) -> None:
    line.customs = replace(line.customs, operators="mail", heartbeat=timetable("daily 09:00 UTC"))
    (first,) = line.deliver()
    assert first.startswith("media-monitor: the desk is alive")
    line.silence(Scope.RULE, "peace")
    line.news("peace")
    assert line.deliver(after=HOUR / 2) == []
    due = dispatch.next_due(line.store, [MAIL], customs=line.customs, now=line.clock.now)
    assert due["mail"] == START + timedelta(days=1)
    (second,) = line.deliver(after=23.5 * HOUR)
    assert "muted: 1" in second
    assert len(line.deliver(after=timedelta(days=3))) == 1, "one, however many were missed"


def test_operators_sleep_in_their_quiet_hours(line: Line) -> None:
    line.clock.now = START.replace(hour=21, minute=59)
    line.customs = replace(line.customs, operators="mail", heartbeat=timetable("daily 23:00 UTC"))
    assert len(line.deliver(NIGHTLY)) == 1
    with line.store.transaction():
        line.store.put_notice("Feed wire", "has failed", now=line.clock.now)
    assert line.deliver(NIGHTLY, after=2 * HOUR) == []
    due = dispatch.next_due(line.store, [NIGHTLY], customs=line.customs, now=line.clock.now)
    assert due == {"mail": START.replace(day=3, hour=7)}
    line.clock.now = due["mail"]
    assert len(line.deliver(NIGHTLY)) == 2


def test_a_receiver_that_is_down_is_due_when_it_is_tried_again(line: Line) -> None:
    line.customs = replace(line.customs, operators="mail", heartbeat=timetable("daily 09:00 UTC"))
    line.receivers.failing["mail"] = SendError("error=503", retry_after=HOUR)
    line.news("peace")
    line.deliver()
    due = dispatch.next_due(line.store, [MAIL, PHONE], customs=line.customs, now=line.clock.now)
    assert due == {"mail": line.clock.now + HOUR}


def test_the_operators_hear_of_a_long_outage_of_its_end_and_of_what_was_given_up(line: Line) -> None:
    operators = Receiver("duty", "json://localhost")
    line.customs = replace(line.customs, operators="duty")
    line.news("peace")
    line.receivers.failing["mail"] = SendError("error=503")
    for _ in range(300):
        line.deliver(after=12 * MINUTE)
        line.deliver(operators)
    assert line.store.counts()["dead"] == 1
    line.receivers.failing.clear()
    line.news("peace")
    line.deliver(after=HOUR)
    line.deliver(operators, after=HOUR)
    told = [message.body for name, message in line.receivers.arrived if name == "duty"]
    assert ["takes no messages" in one for one in told] == [True, False, False]
    assert "given up after a day of trying" in told[1]
    assert "takes messages again; it took none since 2026-" in told[2]
    assert line.store.send_again(Choice(states=("dead",)), now=line.clock.now) == 1
    assert len(line.deliver()) == 1


def test_a_digest_whose_alerts_were_all_dropped_is_not_sent(line: Line) -> None:
    collecting = replace(MAIL, digest=timetable("hourly"))
    line.news("peace")
    line.deliver(collecting)
    line.receivers.failing["mail"] = SendError("error=503")
    line.deliver(collecting, after=HOUR)
    assert line.store.drop(Choice(receivers=("mail",)), now=line.clock.now) == (1, 0)
    line.receivers.failing.clear()
    assert line.deliver(collecting, after=HOUR) == []


def test_what_is_held_for_a_digest_that_is_not_made_yet_can_be_dropped(line: Line) -> None:
    collecting = replace(MAIL, digest=timetable("hourly"))
    line.news("peace")
    line.deliver(collecting)
    line.receivers.failing["mail"] = SendError("timed out", uncertain=True)
    line.deliver(collecting, after=HOUR)
    line.receivers.failing.clear()
    line.news("war")
    with line.store.transaction():
        line.store.hold(
            "mail", {row.alert: "digest" for row in line.store.ledger(Choice(), most=1)}, until=START
        )
    assert line.store.drop(Choice(receivers=("mail",)), now=line.clock.now) == (2, 0)
    assert [kept.uncertain for kept in line.store.ledger(Choice(), most=9)] == [False, True]


@pytest.mark.parametrize("arrives", [True, False])
def test_what_is_dropped_while_its_digest_is_on_its_way_is_sent_then_or_said_to_be_uncertain(
    line: Line, *, arrives: bool
) -> None:
    collecting = replace(MAIL, digest=timetable("hourly"))
    line.news("peace")
    line.deliver(collecting)
    line.clock.advance(HOUR)

    def dropping(receiver: Receiver, message: Message) -> None:
        assert line.store.drop(Choice(receivers=("mail",)), now=line.clock.now) == (1, 1)
        line.receivers.send(receiver, message)
        if not arrives:
            raise SendError("timed out", uncertain=True)

    pipeline.deliver(line.store, collecting, send=dropping, clock=line.clock, customs=line.customs)
    (kept,) = line.store.ledger(Choice(), most=9)
    assert (kept.state, kept.sent is not None) == (("sent", True) if arrives else ("dropped", False))
    again = line.store.send_again(Choice(states=("dropped",)), now=line.clock.now)
    assert (again, [AGAIN in body for body in line.deliver(after=HOUR)]) == (
        (0, []) if arrives else (1, [True])
    )


@pytest.mark.parametrize("state", ["dead", "dropped", "muted"])
def test_what_a_digest_may_have_told_says_so_when_it_is_sent_again(line: Line, state: str) -> None:
    collecting = replace(MAIL, digest=timetable("hourly"))
    line.news("peace")
    line.deliver(collecting)
    line.receivers.failing["mail"] = SendError("timed out", uncertain=True)
    line.deliver(collecting, after=HOUR)
    if state == "dropped":
        assert line.store.drop(Choice(receivers=("mail",)), now=line.clock.now) == (1, 0)
    elif state == "muted":
        line.silence(Scope.RULE, "peace")
        line.deliver(collecting, after=30 * MINUTE)
    else:
        for _ in range(300):
            line.deliver(collecting, after=12 * MINUTE)
    line.receivers.failing.clear()
    line.clock.advance(HOUR)
    assert line.store.send_again(Choice(states=(state,)), now=line.clock.now) == 1
    assert AGAIN in line.deliver()[-1]


# ---- what the journal is asked by --------------------------------------------------------------------------


def _logged_fields(caplog: pytest.LogCaptureFixture) -> list[dict[str, str]]:
    """The fields of each line about a send; the last of several rules."""
    found = [dict(journal.fields(record.msg, record.args)) for record in caplog.records]
    return [fields for fields in found if "RECEIVER" in fields]


def test_each_send_is_found_by_its_story_and_its_rules(line: Line, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "monitor")
    line.news("peace")
    line.receivers.failing["mail"] = SendError("refused")
    line.deliver()
    line.receivers.failing.clear()
    line.deliver(after=timedelta(hours=1))
    failed, sent = _logged_fields(caplog)
    same = {"RECEIVER": "mail", "STORY_ID": sent["STORY_ID"], "RULE": "peace"}
    assert failed == same | {"ATTEMPT": "1", "OUTCOME": "failed", "ERROR": "refused"}
    assert sent == same | {"ATTEMPT": "2", "OUTCOME": "sent"}


def test_each_story_of_a_digest_is_found_by_its_story_and_its_rules(
    line: Line, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "monitor")
    line.clock.advance(timedelta(hours=14))  # past 22:00
    line.news("peace", "trade")
    assert line.deliver(NIGHTLY) == []
    assert len(line.deliver(NIGHTLY, after=timedelta(hours=9))) == 1
    whole, *stories = _logged_fields(caplog)
    same = {"RECEIVER": "mail", "DIGEST": whole["DIGEST"], "ATTEMPT": "1", "OUTCOME": "sent"}
    assert whole == same | {"STORIES": "2"}
    assert {fields["RULE"] for fields in stories} == {"peace", "trade"}
    told = {fields.pop("STORY_ID") for fields in stories}
    assert all(fields == same | {"RULE": fields["RULE"]} for fields in stories)
    assert len(told) == 2


def test_a_notice_is_logged_as_one(line: Line, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "monitor")
    line.customs = replace(line.customs, operators="mail")
    with line.store.transaction():
        line.store.put_notice("Feed wire", "is gone", now=line.clock.now)
    line.deliver(after=timedelta(hours=1))
    (fields,) = _logged_fields(caplog)
    assert fields == {"RECEIVER": "mail", "NOTICE": fields["NOTICE"], "ATTEMPT": "1", "OUTCOME": "sent"}


# ---- a clock that ran ahead --------------------------------------------------------------------------------


def set_back(line: Line, by: timedelta) -> None:
    """The clock is set right, and the daemon minds it."""
    line.clock.advance(-by)
    with Upkeep(line.folder) as store:
        store.shift_dues(-by, now=line.clock.now)
        store.clamp_dues({}, now=line.clock.now, retry=outbox.LONGEST_RETRY, lease=outbox.LEASE)


def test_notices_and_heartbeats_go_on_after_a_clock_that_ran_ahead(line: Line) -> None:
    line.customs = replace(line.customs, operators="mail", heartbeat=timetable("daily 09:00 UTC"))
    line.clock.advance(YEAR)
    with line.store.transaction():
        line.store.put_notice("Feed wire", "has failed", now=line.clock.now)
    assert len(line.deliver(after=2 * MINUTE)) == 2
    set_back(line, YEAR)
    with line.store.transaction():
        line.store.put_notice("Feed post", "has failed", now=line.clock.now)
    assert any("Feed post has failed" in body for body in line.deliver(after=notice.AGAIN_AFTER))
    assert len(line.deliver(after=24 * HOUR)) == 1


def test_a_notice_that_waits_on_a_clock_that_ran_ahead_goes_once_it_is_right(line: Line) -> None:
    line.customs = replace(line.customs, operators="mail")
    line.clock.advance(YEAR)
    with line.store.transaction():
        line.store.put_notice("Feed wire", "has failed", now=line.clock.now)
    set_back(line, YEAR)
    assert len(line.deliver(after=2 * MINUTE)) == 1


def test_a_limit_counts_no_sends_of_the_future(line: Line) -> None:
    line.clock.advance(YEAR)
    line.news("trade", "trade")
    assert len(line.deliver()) == 2
    set_back(line, YEAR)
    line.clock.advance(5 * HOUR)
    line.news("trade")
    assert len(line.deliver()) == 1


def test_a_silence_made_on_a_clock_that_ran_ahead_mutes(line: Line) -> None:
    line.silence(Scope.RULE, "peace", length=24 * HOUR)
    set_back(line, HOUR)
    line.news("peace")
    assert line.deliver() == []


@pytest.mark.parametrize("days", [1, 365])
@pytest.mark.parametrize("receiver", [MAIL, replace(MAIL, digest=timetable("hourly"))])
def test_what_failed_on_a_clock_that_ran_ahead_goes_when_its_receiver_is_well(
    line: Line, receiver: Receiver, days: int
) -> None:
    ahead = timedelta(days=days)
    line.clock.advance(ahead)
    line.news("peace")
    line.receivers.failing["mail"] = SendError("error=503")
    line.deliver(receiver)
    line.deliver(receiver, after=HOUR)
    set_back(line, ahead)
    line.deliver(receiver, after=HOUR / 4)
    line.receivers.failing.clear()
    assert len(line.deliver(receiver, after=HOUR)) == 1


def test_what_failed_while_the_clock_ran_ahead_unnoticed_goes_when_its_receiver_is_well(line: Line) -> None:
    """The alert was decided on the clock that was ahead; nothing has been minded yet."""
    line.clock.advance(YEAR)
    line.news("peace")
    line.clock.advance(-YEAR)
    with line.store.transaction():
        line.store._db.execute("update deliveries set due = 0")
    line.receivers.failing["mail"] = SendError("error=503")
    line.deliver()
    line.receivers.failing.clear()
    assert len(line.deliver(after=HOUR)) == 1


def test_a_restart_after_a_clock_that_ran_ahead_leaves_escalations_their_time(line: Line) -> None:
    line.clock.advance(YEAR)
    line.news("peace")
    set_back(line, YEAR)
    with Upkeep(line.folder) as store:
        latest = store.latest_moment()
    assert latest is not None
    assert latest <= line.clock.now


# ---- what was taken for granted ----------------------------------------------------------------------------


def test_what_is_escalated_after_a_restored_backup_says_that_it_may_have_come(line: Line) -> None:
    line.news("war")
    line.store.close()
    with Restored(line.folder) as store:
        store.mark(line.clock.now, baseline=False)
    line.store = Store(line.folder)
    line.deliver(ON_CALL)
    (passed_on,) = line.deliver(PHONE, after=15 * MINUTE)
    assert "you may already have it" in passed_on


def test_a_digest_of_a_restored_backup_says_that_it_may_have_come(line: Line) -> None:
    collecting = replace(MAIL, digest=timetable("hourly"))
    line.news("peace")
    line.deliver(collecting)
    line.receivers.failing["mail"] = SendError("error=503")
    line.deliver(collecting, after=HOUR)
    line.receivers.failing.clear()
    line.store.close()
    with Restored(line.folder) as store:
        store.mark(line.clock.now, baseline=False)
    line.store = Store(line.folder)
    (digest,) = line.deliver(collecting, after=HOUR)
    assert digest.endswith("you may already have it.")


def test_a_story_that_was_muted_or_only_in_a_digest_is_no_head_of_a_thread(line: Line) -> None:
    """Nobody can answer a message that never was."""
    line.news("peace")
    line.deliver(replace(MAIL, digest=timetable("hourly")))
    line.deliver(replace(MAIL, digest=timetable("hourly")), after=HOUR)
    line.news("trade")
    line.silence(Scope.RULE, "trade", length=2 * MINUTE)
    line.deliver()
    for number, word in enumerate(("peace", "trade")):
        (row,) = line.store._rows("select * from alerts where rule = ?", (word,))
        with line.store.transaction():
            line.store._db.execute(
                "insert into alerts select ?, story, 'war', kind, lead, entry, article, 'War', 3, mentions,"
                " rulebook, created + 1, 0 from alerts where id = ?",
                (number + 1, row["id"]),
            )
            line.store._db.execute(
                "insert into deliveries (alert, receiver, due) values (?, 'mail', 0)", (number + 1,)
            )
            claim = line.store.claim("mail", now=line.clock.now, lease=outbox.LEASE)
        assert claim is not None
        assert [told.alert for told in claim.opening] == [number + 1], word


def test_a_retry_of_what_was_given_up_is_a_new_beginning_while_the_receiver_is_still_down(
    line: Line,
) -> None:
    line.news("peace", "peace", "peace")
    line.receivers.failing["mail"] = SendError("error=503")
    while line.store.counts()["dead"] < 3:
        line.deliver(after=12 * MINUTE)
    assert line.store.send_again(Choice(states=("dead",)), now=line.clock.now) == 3
    for _ in range(60):
        line.deliver(after=12 * MINUTE)
    assert line.store.counts()["dead"] == 0
    line.receivers.failing.clear()
    assert len(line.deliver(after=HOUR)) == 3


def test_a_machine_that_was_off_after_hours_of_an_outage_gives_nothing_up(line: Line) -> None:
    line.news("peace")
    line.receivers.failing["mail"] = SendError("error=503")
    for _ in range(11 * 60):
        line.deliver(after=MINUTE / 2)
    line.clock.advance(19 * HOUR)
    for _ in range(8):
        line.deliver(after=MINUTE / 2)
    assert line.store.counts()["dead"] == 0


# ---- digests ---------------------------------------------------------------------------------------------


COLLECTING = replace(MAIL, digest=timetable("hourly"))


def deliver_every_minute(line: Line, send: Callable[[Receiver, Message], None], *, hours: int) -> None:
    """All that may go to COLLECTING in a minute, in bursts, for so many hours."""
    for _ in range(hours * 60):
        while pipeline.deliver_burst(
            line.store, COLLECTING, send=send, clock=line.clock, customs=line.customs
        ):
            pass
        line.clock.advance(MINUTE)


def test_one_alert_that_no_service_takes_holds_up_no_digest(line: Line) -> None:
    line.news("war", "peace")

    def send(receiver: Receiver, message: Message) -> None:
        if "Digest" not in message.body:
            raise SendError("error=500")
        line.receivers.send(receiver, message)

    deliver_every_minute(line, send, hours=3)
    assert len(line.receivers.arrived) == 1


def test_one_alert_and_a_digest_that_no_service_takes_hold_up_no_other_alert(line: Line) -> None:
    line.news("war", "peace")
    line.clock.advance(MINUTE)
    line.news("war")

    def send(receiver: Receiver, message: Message) -> None:
        if line.clock.now < START + 3 * HOUR or "war 3" not in message.body:
            raise SendError("error=500")
        line.receivers.send(receiver, message)

    deliver_every_minute(line, send, hours=6)
    assert len(line.receivers.arrived) == 1


def test_what_is_silenced_while_its_digest_waits_is_taken_out_of_it_and_counted(line: Line) -> None:
    line.news("peace", "trade")
    line.deliver(COLLECTING)
    line.receivers.failing["mail"] = SendError("error=503")
    line.deliver(COLLECTING, after=HOUR)
    line.receivers.failing.clear()
    line.silence(Scope.RULE, "peace", length=24 * HOUR)
    (digest,) = line.deliver(COLLECTING, after=HOUR)
    assert digest.startswith("Digest: 1 story")
    assert "Peace" not in digest
    assert digest.endswith("Muted by silences since the last digest: 1.")


def test_what_a_digest_that_goes_nowhere_counted_is_counted_in_the_next(line: Line) -> None:
    line.news("peace", "peace")
    line.deliver(COLLECTING)
    line.receivers.failing["mail"] = SendError("error=503")
    line.deliver(COLLECTING, after=HOUR)
    line.receivers.failing.clear()
    line.silence(Scope.RULE, "peace", length=24 * HOUR)
    assert line.deliver(COLLECTING, after=HOUR) == []
    line.news("trade")
    line.deliver(COLLECTING)
    (digest,) = line.deliver(COLLECTING, after=HOUR)
    assert digest.endswith("Muted by silences since the last digest: 2.")


def test_an_alert_does_not_count_itself_against_its_limit(tmp_path: Path) -> None:
    book = rules("rules: [{id: trade, title: Trade, any: [trade], send: mail, limit: 1 per hour}]")
    line = Line(tmp_path, book)
    with line.store:
        line.news("trade")
        with line.store.transaction():
            assert dispatch.taken(line.store, MAIL, customs=line.customs, now=line.clock.now)
        (told,) = line.deliver(after=outbox.LEASE + MINUTE)
        assert "you may already have it" in told


def test_a_silence_of_a_story_holds_for_what_a_merge_left_under_the_old_one(line: Line) -> None:
    line.news("peace", "peace")
    alerts = line.store._rows("select id, story from alerts order by created, id")
    first, second = (row["story"] for row in alerts)
    line.silence(Scope.STORY, f"{second:016x}")
    with line.store.transaction():
        line.store.merge(first, second, now=line.clock.now)
    assert {row["story"] for row in line.store._rows("select story from alerts")} == {first, second}
    assert line.deliver() == []
    assert len(line.deliver(after=2 * HOUR)) == 0
    assert line.store.counts()["muted"] == 2


def test_mistakes_in_the_files_are_told_once_however_often_they_are_refused(line: Line) -> None:
    def refuse(error: str) -> None:
        said = notice.refusal(error)
        line.store.refuse_desk(error, now=line.clock.now, operators="mail", said=said)

    def told() -> bool:
        kept = line.store.desk()
        return kept is not None and kept.told

    line.store.keep_desk("{}", rulebook="x", now=line.clock.now)
    line.receivers.failing["mail"] = SendError("error=503")
    refuse("rules.yaml:3:1: unknown key")
    assert line.deliver() == [] and not told()
    line.receivers.failing.clear()
    (body,) = line.deliver(after=HOUR)
    assert "have mistakes" in body and "rules.yaml:3:1: unknown key" in body and "monitor check" in body
    refuse("rules.yaml:4:1: unknown key")
    assert line.deliver(after=HOUR) == [] and told()
    line.store.keep_desk("{}", rulebook="y", now=line.clock.now)
    refuse("rules.yaml:5:1: unknown key")
    line.store.keep_desk("{}", rulebook="z", now=line.clock.now)
    assert line.deliver(after=HOUR) == [], "mended before anybody was told"
    refuse("\n".join(f"rules.yaml:{number}:1: unknown key" for number in range(30)))
    (body,) = line.deliver(after=HOUR)
    assert len(body.splitlines()) <= notice.MOST + 3 and body.endswith("them all: monitor check")


def test_a_notice_that_is_given_up_makes_no_other_one(line: Line) -> None:
    line.customs = replace(line.customs, operators="mail")
    with line.store.transaction():
        line.store.put_notice("Feed wire", "fails", now=line.clock.now)
    line.receivers.failing["mail"] = SendError("error=400", own=True)
    for _ in range(300):
        line.deliver(after=12 * MINUTE)
    assert [row["sentence"] for row in line.store._rows("select sentence from notices")] == ["fails"]


def _refuse(line: Line, error: str) -> None:
    line.store.refuse_desk(error, now=line.clock.now, operators="mail", said=notice.refusal(error))


def _refuse_first(line: Line) -> None:
    line.store.keep_desk("{}", rulebook="x", now=line.clock.now)
    _refuse(line, "rules.yaml:1:1: the first")


def test_a_notice_of_mistakes_is_tried_until_it_arrives(line: Line) -> None:
    _refuse_first(line)
    line.receivers.failing["mail"] = SendError("error=503")
    for _ in range(300):
        line.deliver(after=12 * MINUTE)
    kept = line.store.desk()
    assert kept is not None and not kept.told
    line.receivers.failing.clear()
    (body,) = line.deliver(after=HOUR)
    assert "rules.yaml:1:1" in body


def test_mistakes_that_were_mended_while_their_notice_was_on_its_way_are_not_told_again(line: Line) -> None:
    _refuse_first(line)

    def cut_off(*_: object) -> None:
        line.store.keep_desk("{}", rulebook="y", now=line.clock.now)
        raise SendError("timed out", uncertain=True)

    pipeline.deliver(line.store, MAIL, send=cut_off, clock=line.clock, customs=line.customs)
    assert line.deliver(after=HOUR) == []


def test_a_notice_of_mistakes_tells_of_those_that_stand_when_it_goes(line: Line) -> None:
    _refuse_first(line)
    _refuse(line, "rules.yaml:9:1: the second")
    (body,) = line.deliver()
    assert "the second" in body and "the first" not in body
