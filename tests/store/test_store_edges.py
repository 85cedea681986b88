"""Where one value more or less decides: each row is a wrong change that no other test noticed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from monitor import pipeline
from monitor.errors import StateError
from monitor.model import Document, Feed, FeedState
from monitor.store.baselines import Baseline
from monitor.store.lock import only_daemon
from monitor.store.reading import Concerns, Reading, expression
from monitor.store.report import Reporter
from monitor.store.store import Store
from monitor.store.upkeep import Upkeep
from tests.fakes import START, FakeClock, FakeOutlet, Item, rules

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path


def milliseconds(moment: datetime) -> int:
    """Milliseconds as the database has them."""
    return int(moment.timestamp() * 1000)


MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
FEEDS = tuple(Feed(name, f"https://{name}.example/", name.title(), every=MINUTE) for name in ("a", "b"))
BOOK = rules("rules: [{id: peace, title: Peace, any: [peace agreement], send: [mail, chat]}]")
NEWS = Item("n1", "Ministers sign a peace agreement at last in the capital", "It was a long road to it.")


class Line:
    """Two feeds into a store; each poll is a minute after the one before."""

    def __init__(self, store: Store) -> None:
        self.store, self.clock = store, FakeClock()
        self.outlets = {
            feed.name: FakeOutlet(feed, [Item("old", f"Nothing of {feed.name}")]) for feed in FEEDS
        }
        store.sync_feeds(FEEDS, first_poll=lambda _: START)
        for feed in FEEDS:
            self.poll(feed.name)

    def poll(self, name: str, *items: Item) -> None:
        outlet = self.outlets[name]
        outlet.items += items
        self.clock.advance(MINUTE)
        state = self.store.feed_states([name]).get(name, FeedState())
        pipeline.take(self.store, [outlet.poll(state)], rulebook=BOOK, now=self.clock.now)


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    with Store(tmp_path) as store:
        yield Line(store)


# ---- what is told ------------------------------------------------------------------------------------------


def test_outlets_stand_in_the_order_in_which_each_first_carried_the_story(line: Line) -> None:
    line.poll("b", NEWS)
    line.poll("a", NEWS)
    line.poll("b", Item("n2", f"UPDATE 1-{NEWS.title}", NEWS.summary))
    (row,) = line.store._rows("select distinct story, lead from alerts")
    assert line.store._outlets(row["story"], row["lead"]) == ("B", "A")


def test_how_far_a_development_has_spread_is_known_too(line: Line) -> None:
    line.poll("a", NEWS)
    line.poll("b", Item("d1", f"Parliament rejects it: {NEWS.title}", "All of it will be negotiated anew."))
    rows = line.store._rows("select story, lead, kind from alerts")
    (told,) = [(row["story"], row["lead"]) for row in rows if row["kind"] == "development"]
    assert told[0] != told[1]
    (spread,) = line.store.spreads([told])
    assert len(spread.seen) == 1


def test_what_was_tried_least_comes_first_where_it_is_asked_for(line: Line) -> None:
    line.poll("a", NEWS)
    line.poll("a", Item("m1", "Rebels reject another peace agreement in a remote valley", "No one came."))
    store = line.store
    older, newer = [row["id"] for row in store._rows("select id from alerts order by created")]
    with store.transaction():
        store._db.execute("update deliveries set attempts = 3 where alert = ?", (older,))
    claims = [store.due_claim("mail", now=line.clock.now, least_tried=least) for least in (False, True)]
    assert [claim.tolds[0].alert for claim in claims if claim] == [older, newer]


def test_the_oldest_that_waits_is_the_one_that_was_decided_first(line: Line) -> None:
    line.poll("a", NEWS)
    first = line.clock.now
    line.poll("a", Item("m1", "Rebels reject another peace agreement in a remote valley", "No one came."))
    assert line.store.counts()["alerts"] == 2
    assert line.store.oldest_waiting() == first


def test_the_first_digest_of_a_receiver_says_when_it_goes(line: Line) -> None:
    line.poll("a", NEWS)
    line.poll("a", Item("m1", "Rebels reject another peace agreement in a remote valley", "No one came."))
    with line.store.transaction():
        line.store._db.execute("update deliveries set state = 'held', held = 'digest', due = alert & 65535")
    found = line.store.next_digests()
    dues = {
        row["receiver"]: row["due"]
        for row in line.store._rows("select receiver, min(due) due from deliveries group by 1")
    }
    assert {name: int(due.timestamp() * 1000) for name, (_, due) in found.items()} == dues
    assert {number for number, _ in found.values()} == {2}


def test_what_was_told_to_the_operators_is_not_told_again_before_its_time(line: Line) -> None:
    store, now = line.store, START

    def told() -> int:
        return int(store._rows("select count(*) n from notices")[0]["n"])

    with store.transaction():
        store.put_notice("feed a", "fails", now=now)
        store.put_notice("feed a", "fails", now=now + MINUTE, unless_since=now - HOUR)
        assert told() == 1, "told within the hour"
        store.put_notice("feed a", "is back", now=now + MINUTE, unless_since=now - HOUR)
        store.put_notice("feed b", "fails", now=now + MINUTE, unless_since=now - HOUR)
        assert told() == 3, "another feed, another sentence"
        store.put_notice("feed a", "fails", now=now + HOUR, unless_since=now)
        assert told() == 4, "told before that"
        store.put_notice("feed a", "fails", now=now + HOUR)
        assert told() == 5


def test_the_next_message_is_due_when_the_first_of_those_that_wait_is(line: Line) -> None:
    line.poll("a", NEWS)
    first = line.clock.now
    line.poll("a", Item("m1", "Rebels reject another peace agreement in a remote valley", "No one came."))
    assert line.store.next_delivery_due(["mail"]) == {"mail": first}


def test_of_several_digests_that_wait_the_one_that_was_refused_says_why(tmp_path: Path) -> None:
    with Reporter(tmp_path) as store:
        line = Line(store)
        line.poll("a", NEWS)
        line.poll("a", Item("m1", "Rebels reject another peace agreement in a remote valley", "No one came."))
        first, second = [row["id"] for row in store._rows("select id from alerts order by created")]
        with store.transaction():
            store._db.execute("delete from deliveries where receiver <> 'mail'")
            for letter, alert in ((1, first), (2, second)):
                store._db.execute(
                    "insert into letters (id, receiver, kind, due, made) values (?, 'mail', 'digest', 0, 0)",
                    (letter,),
                )
                store._db.execute(
                    "update deliveries set state = 'held', letter = ? where alert = ?", (letter, alert)
                )
        for refused in (1, 2):
            with store.transaction():
                store._db.execute("update letters set error = iif(id = ?, 'it refused', '')", (refused,))
            (queue,) = store.report(now=line.clock.now).queues
            assert (queue.error, dict(queue.states)) == ("it refused", {"held": 2})


# ---- what is known -----------------------------------------------------------------------------------------


def test_lines_of_late_are_those_since_a_moment_the_moment_included(line: Line) -> None:
    line.poll("a", NEWS)
    line.poll("a", Item("m1", "Rebels reject another peace agreement in a remote valley", "No one came."))
    now = line.clock.now
    texts = [len(line.store.of_late("a", since=since, most=9, tail=50)) for since in (now, now - MINUTE)]
    assert texts == [1, 2]
    for most, since in ((9, now), (1, START)):  # those that are left out are the older ones
        (stood,) = line.store.of_late("a", since=since, most=most, tail=50)
        assert stood.text.strip() == "No one came."


def test_a_print_is_kept_packed_where_keys_find_it(line: Line) -> None:
    line.poll("a", NEWS)
    rows = line.store._rows(
        "select fingerprint, id in (select entry from keys) found from entries order by seen"
    )
    assert {(bool(row["fingerprint"]), bool(row["found"])) for row in rows} <= {(True, True), (False, False)}
    assert rows[-1]["fingerprint"]


def test_a_first_document_is_asked_for_by_its_own_feed(line: Line) -> None:
    document = Document(b"<rss/>", "text/xml", "https://a.example/")
    assert line.store.baseline_made("a") is None
    with line.store.transaction():
        for feed, made in zip(FEEDS, (START, START + HOUR), strict=True):
            line.store._keep_baseline(Baseline(feed.name, made, document), asked=feed.url)
    assert [line.store.baseline_made(feed.name) for feed in FEEDS] == [START, START + HOUR]
    for feed in FEEDS:
        kept = line.store.baseline(feed.name)
        assert kept is not None and kept.feed == feed.name


def test_a_first_document_is_forgotten_with_its_own_feed_alone(line: Line) -> None:
    document = Document(b"<rss/>", "text/xml", "https://a.example/")
    with line.store.transaction():
        for feed in FEEDS:
            line.store._keep_baseline(Baseline(feed.name, START, document), asked=feed.url)
        line.store._forget_baseline("a", asked="https://elsewhere.example/")
        assert line.store.baseline("a") and line.store.baseline("b")
        line.store._forget_baseline("a", asked="https://a.example/")
    assert line.store.baseline("a") is None
    assert line.store.baseline("b")


def test_letters_are_forgotten_once_they_are_old_and_nothing_points_at_them(tmp_path: Path) -> None:
    with Upkeep(tmp_path) as store:
        line = Line(store)
        line.poll("a", NEWS)
        old, young = (int(moment.timestamp() * 1000) for moment in (START - 9 * HOUR, START + 9 * HOUR))
        with store.transaction():
            for number, made in ((1, old), (2, old), (3, young), (4, old)):
                store._db.execute(
                    "insert into letters (id, receiver, kind, state, due, made)"
                    " values (?, 'mail', 'digest', 'sent', 0, ?)",
                    (number, made),
                )
            store._db.execute("update deliveries set state = 'sent', letter = 2 where receiver = 'mail'")
        for _ in store.prune(before=START, keys_before=START):
            pass
        left = [row["id"] for row in store._rows("select id from letters order by id")]
    assert left == [2, 3, 4], "one that is pointed at, a young one, and the last, whose number stays taken"


def test_what_the_operators_were_told_is_forgotten_once_it_and_its_letter_are_old(tmp_path: Path) -> None:
    with Upkeep(tmp_path) as store:
        old, young = (int(moment.timestamp() * 1000) for moment in (START - 9 * HOUR, START + 9 * HOUR))
        letters = ((1, "sent", old), (2, "sent", young), (3, "due", old), (4, "sent", young))
        with store.transaction():
            store._db.conn.executemany(
                "insert into letters (id, receiver, kind, state, due, made)"
                " values (?, 'mail', 'notice', ?, 0, ?)",
                letters,
            )
            store._db.conn.executemany(
                "insert into notices values (?, 'a feed', 'fails', ?, ?)",
                [(1, old, 1), (2, old, 2), (3, old, 3), (4, young, 1), (5, old, None)],
            )
        for _ in store.prune(before=START, keys_before=START):
            pass
        assert [row["id"] for row in store._rows("select id from notices order by id")] == [2, 3, 4, 5]


def test_a_desk_that_was_kept_is_known_by_its_hash(line: Line, tmp_path: Path) -> None:
    store = line.store
    with Reading(tmp_path) as reading:
        assert reading.desk() is None
        store.keep_desk("packed", rulebook="abc", now=START)
        assert reading.desk() == ("packed", "abc")


def test_a_desk_without_feeds_has_nothing_that_people_should_see_to(tmp_path: Path) -> None:
    Store(tmp_path).close()
    with Reading(tmp_path) as reading:
        assert reading.concerns(overdue=START) == Concerns(None, 0, {}, 0, ())


def test_a_headline_has_the_text_where_there_is_no_summary(line: Line, tmp_path: Path) -> None:
    line.poll(
        "a", Item("n1", NEWS.title, body="The whole text."), Item("n2", "Quiet", "In short.", "At length.")
    )
    with Reading(tmp_path) as reading:
        found = [reading.titled(title)[0].summary for title in (NEWS.title, "Quiet")]
    assert found == ["The whole text.", "In short."]


def test_a_story_of_one_entry_is_not_widely_carried(line: Line, tmp_path: Path) -> None:
    span = {"since": START, "until": START + HOUR}
    line.poll("a", NEWS)
    with Reading(tmp_path) as reading:
        assert reading.carried(**span, most=9) == []
        line.poll("b", NEWS)
        assert [(first.title, *counts) for first, *counts in reading.carried(**span, most=9)] == [
            (NEWS.title, 2, 2)
        ]


def test_a_time_takes_its_first_moment_and_not_its_last(line: Line, tmp_path: Path) -> None:
    line.poll("a", NEWS)
    first = line.clock.now
    line.poll("b", Item("m1", "Rebels reject another peace agreement in a remote valley", "No one came."))
    line.poll("b", NEWS)
    second, last = first + MINUTE, line.clock.now
    with Reading(tmp_path) as reading:

        def found(since: datetime, until: datetime) -> list[int]:
            span: dict[str, Any] = {"since": since, "until": until}
            hits = reading.hits(**span, most=9)
            assert hits == reading.hits(**span, rule="peace", most=9)
            assert [hit.created for hit in hits] == sorted((hit.created for hit in hits), reverse=True)
            told = reading.alerted_at(**span)
            assert [("peace", hit.created) for hit in reversed(hits)] == told
            outlets = reading.outlets(**span, most=9)
            assert sum(number for _, number in outlets) == len(told)
            return [len(told), sum(number for *_, number in reading.carried(**span, most=9))]

        assert found(first, second) == [1, 0]
        assert found(first, last) == [2, 0]
        assert found(first, last + MINUTE) == [2, 2]
        assert found(second, last) == [1, 0]
        assert found(first - HOUR, first) == [0, 0]
        assert [len(reading.hits(since=first, until=last, most=most)) for most in (1, 2, 3)] == [1, 2, 2]
        assert reading.outlets(since=first, until=last, most=1) == [("A", 1)]


def test_feeds_come_with_their_own_entries_of_the_last_24_hours(line: Line, tmp_path: Path) -> None:
    line.poll("a", NEWS)
    then = line.clock.now
    with Reading(tmp_path) as reading:

        def hours(now: datetime) -> dict[str, tuple[int, ...]]:
            return {row.name: row.hours for row in reading.feeds(now=now)}

        assert hours(then) == {"a": (*[0] * 23, 2), "b": (*[0] * 23, 1)}
        assert hours(then + HOUR) == {"a": (*[0] * 22, 2, 0), "b": (*[0] * 22, 1, 0)}
        late = START + 24 * HOUR
        assert hours(late + MINUTE) == {"a": (1, *[0] * 23), "b": (1, *[0] * 23)}  # "old" of a is a day old
        assert hours(then - timedelta(seconds=1)) == {"a": (*[0] * 23, 1), "b": (*[0] * 23, 1)}


def test_a_delivery_is_told_with_all_that_became_of_it(line: Line, tmp_path: Path) -> None:
    line.poll("a", NEWS)
    now = line.clock.now
    (alert, entry), made = line.store._rows("select id, entry from alerts")[0], milliseconds(now)
    with line.store.transaction():
        db = line.store._db
        db.conn.executemany(
            "insert into attempts (alert, receiver, number, at, state, uncertain, error)"
            " values (?, ?, ?, ?, 'due', ?, ?)",
            [
                (alert, "mail", 2, made + 2, 1, "late"),
                (alert, "mail", 1, made + 1, 0, "no"),
                (alert, "chat", 1, 9, 0, ""),
            ],
        )
        db.execute("insert into silences values (3, 'rule', 'peace', 0, ?, 'enough', 'Ada', 0)", (made,))
        db.execute(
            "insert into letters (id, receiver, kind, state, due, made, attempts, uncertain, error, sent)"
            " values (5, 'mail', 'digest', 'sent', ?, ?, 2, 1, 'slow', ?)",
            (made + 60_000, made + 1000, made + 120_000),
        )
        db.execute("update deliveries set letter = 5, uncertain = 1 where receiver = 'mail'")
        db.execute(
            "update deliveries set state = 'muted', silence = 3, sent = ? where receiver = 'chat'", (made,)
        )
        db.execute("insert into acks (alert, made, person) values (?, ?, 'Bob')", (alert, made + 7000))
    with Reading(tmp_path) as reading:
        facts = reading.facts(entry)
        story = reading.story(entry, most=9)
    assert facts and story
    (telling,) = facts.tellings
    chat, mail = telling.deliveries
    assert telling.acknowledged == (now + timedelta(seconds=7), "Bob")
    assert [told.acknowledged for told in story.tellings] == ["Bob"]
    assert sorted(story.tellings[0].receivers) == [("chat", "muted"), ("mail", "due")]
    assert [(one.number, one.uncertain, one.error) for one in mail.log] == [
        (1, False, "no"),
        (2, True, "late"),
    ]
    assert (chat.muted, mail.muted) == (
        f"silence 3 of rule peace until {now:%Y-%m-%d %H:%M} UTC: enough, Ada",
        "",
    )
    assert (chat.sent, mail.sent, chat.uncertain, mail.uncertain) == (now, None, False, True)
    assert chat.digest is None
    digest = mail.digest
    assert digest and (digest.state, digest.attempts, digest.uncertain, digest.error) == (
        "sent",
        2,
        True,
        "slow",
    )
    assert [digest.made, digest.due, digest.sent] == [
        now + timedelta(seconds=after) for after in (1, 60, 120)
    ]
    assert (facts.since, facts.of, facts.page) == (now, None, None)


def test_what_waits_is_listed_by_receiver_and_state_and_what_is_due_first(line: Line, tmp_path: Path) -> None:
    line.poll("a", NEWS)
    line.poll("a", Item("m1", "Rebels reject another peace agreement in a remote valley", "No one came."))
    first, second = [row["id"] for row in line.store._rows("select id from alerts order by created")]
    with line.store.transaction():
        db = line.store._db
        db.execute("update deliveries set due = ? where alert = ?", (milliseconds(START) - 1, second))
        db.execute("update deliveries set state = 'held' where alert = ? and receiver = 'mail'", (first,))
        db.execute("update deliveries set state = 'sent' where alert = ? and receiver = 'chat'", (first,))
        db.execute("update deliveries set attempts = 3, uncertain = 1, error = 'no' where state = 'held'")
    with Reading(tmp_path) as reading:
        found = [(one.receiver, one.state, one.alert) for one in reading.queue(most=9)]
        assert found == [("chat", "due", second), ("mail", "due", second), ("mail", "held", first)]
        assert [len(reading.queue(most=most)) for most in (1, 2)] == [1, 2]
        held = reading.queue(most=9)[-1]
        assert (held.attempts, held.uncertain, held.error, held.title) == (3, True, "no", NEWS.title)
        assert (held.created, held.rule) == (line.clock.now - MINUTE, "peace")
        assert reading.open_deliveries() == {"chat": {"due": 1}, "mail": {"due": 1, "held": 1}}


def test_people_are_asked_to_see_to_what_they_can_mend_and_to_nothing_else(
    line: Line, tmp_path: Path
) -> None:
    line.poll("a", NEWS)
    ((alert, title),) = [(row["id"], NEWS.title) for row in line.store._rows("select id from alerts")]
    due = int(line.store._rows("select min(next_poll) due from feeds")[0]["due"])
    then = START + timedelta(milliseconds=due - milliseconds(START))
    with Reading(tmp_path) as reading:
        late = timedelta(milliseconds=1)
        assert [reading.concerns(overdue=when).overdue for when in (then, then + late)] == [None, then]

        def told(*changes: str) -> Concerns:
            with line.store.transaction():
                for change in changes:
                    line.store._db.execute(change)
            return reading.concerns(overdue=then)

        assert not told()
        assert told("update feeds set error = 'no' where name = 'a'").failing == 1
        assert told("update feeds set gone = 1 where name = 'b'").failing == 2
        assert told("update feeds set enabled = 0 where name = 'b'").failing == 1
        assert told("update deliveries set state = 'dead' where receiver = 'chat'").dead == 1
        assert told().escalating == ()
        found = told("update deliveries set escalated = 1")
        assert [(one.title, one.receiver) for one in found.escalating] == [(title, "mail")]
        assert told(f"insert into acks (alert, made, person) values ({alert}, 0, '')").escalating == ()
        assert told("update feeds set error = ''").dead == 1


def test_a_silence_is_listed_until_it_ends_with_what_it_muted(line: Line, tmp_path: Path) -> None:
    line.poll("a", NEWS)
    with line.store.transaction():
        for number, hours in ((1, 1), (2, 2)):
            ends = milliseconds(START + hours * HOUR)
            line.store._db.execute(
                "insert into silences values (?, 'rule', 'x', 0, ?, 'why', 'who', 0)", (number, ends)
            )
        line.store._db.execute("update deliveries set silence = 2 where receiver = 'mail'")
    with Reading(tmp_path) as reading:
        listed = [
            [(silence.id, muted) for silence, muted in reading.silences(now=START + after)]
            for after in (MINUTE, HOUR, 2 * HOUR)
        ]
    assert listed == [[(2, 1), (1, 0)], [(2, 1)], []]


def test_an_entry_is_found_by_its_number_its_alerts_its_storys_and_its_former_one(
    line: Line, tmp_path: Path
) -> None:
    line.poll("a", NEWS)
    line.poll("b", NEWS)
    ((alert, first),) = [(row["id"], row["entry"]) for row in line.store._rows("select * from alerts")]
    (copy,) = [row["id"] for row in line.store._rows("select id from entries where copy_of = ?", (first,))]
    line.store._db.execute("pragma foreign_keys = off")  # the story is but a number here
    with line.store.transaction():
        line.store._db.execute("update entries set story = 77, lead = 77 where id in (?, ?)", (first, copy))
    with Reading(tmp_path) as reading:
        assert [reading.numbered(number) for number in (first, copy, alert, 77, 78)] == [
            first, copy, first, first, None,
        ]  # fmt: skip
        assert [one.entry for one in reading.titled(NEWS.title)] == [copy, first]
        assert [one.entry for one in reading.linked("https://a.example/n1")] == [first]
        assert not reading.is_bygone(first)
        found, more = reading.search("agreement", most=1)
        assert [one.entry for one in found] == [copy]
        assert [one.entry for one in reading.search("agreement", most=1, before=more)[0]] == [first]
        assert reading.search("agreement", most=2)[1] == 0


def test_three_letters_and_a_star_begin_words_and_two_do_not() -> None:
    assert "*" in expression("abc*")
    assert "*" not in expression("ab*")


def test_a_number_is_followed_through_merges_until_its_story_is_split_off_again(line: Line) -> None:
    store = line.store
    store._db.execute("pragma foreign_keys = off")  # the stories are but numbers here
    with store.transaction():
        for verb, entry, story, was in (
            ("merge", 1, 20, 10),
            ("merge", 1, 30, 20),
            ("split", 99, 98, 30),  # another story's entry
        ):
            store._db.execute(
                "insert into corrections (verb, entry, story, was, made) values (?, ?, ?, ?, 0)",
                (verb, entry, story, was),
            )
        assert store.now_called(10) == [10, 30]
        assert store.now_called(30) == [30]
        store._db.execute(
            "insert into corrections (verb, entry, story, was, made) values ('split', 10, 10, 30, 0)"
        )
        assert store.now_called(10) == [10]


def test_a_silence_that_ended_is_known_for_as_long_as_what_it_muted(tmp_path: Path) -> None:
    with Upkeep(tmp_path) as store:
        line = Line(store)
        line.poll("a", NEWS)
        with store.transaction():
            for number in (1, 2):
                store._db.execute(
                    "insert into silences values (?, 'rule', 'x', 0, 0, 'why', 'who', 0)", (number,)
                )
            store._db.execute("update deliveries set state = 'muted', silence = 1")
        for _ in store.prune(before=START, keys_before=START):
            pass
        assert [row["id"] for row in store._rows("select id from silences")] == [1]


# ---- a clock that is set ----------------------------------------------------------------------------------


def test_an_outage_that_lasts_into_a_far_future_by_a_wrong_clock_lasts_a_day_at_most(tmp_path: Path) -> None:
    with Upkeep(tmp_path) as store:
        store.sync_feeds(FEEDS, first_poll=lambda _: START)
        with store.transaction():
            for name, hours in (("far", 24 * 400), ("near", 3)):
                until = int((START + hours * HOUR).timestamp() * 1000)
                store._db.execute("insert into outages values (?, 0, 1, ?, '')", (name, until))
        store.clamp_dues({}, now=START, retry=HOUR, lease=HOUR)
        found = {row["receiver"]: row["until"] for row in store._rows("select receiver, until from outages")}
    assert found == {
        name: int((START + hours * HOUR).timestamp() * 1000) for name, hours in (("far", 24), ("near", 3))
    }


def test_a_feed_that_waits_too_long_by_a_wrong_clock_is_polled_soon_unless_it_failed(tmp_path: Path) -> None:
    """One that failed may have been asked to come back so late."""
    due, late = START + MINUTE, START + HOUR
    waits = {"far": START + 9 * HOUR, "failed": START + 9 * HOUR, "late": late, "other": START + 9 * HOUR}
    with Upkeep(tmp_path) as store:
        feeds = [Feed(name, f"https://{name}.example/", name, every=MINUTE) for name in waits]
        store.sync_feeds(feeds, first_poll=lambda feed: waits[feed.name])
        with store.transaction():
            store._db.execute("update feeds set failures = 1 where name = 'failed'")
        times = dict.fromkeys(("far", "failed", "late"), (late, due))
        assert store.clamp_dues(times, now=START, retry=HOUR, lease=HOUR) == 1
        found = {row["name"]: row["next_poll"] for row in store._rows("select name, next_poll from feeds")}
    assert found == {name: int(moment.timestamp() * 1000) for name, moment in {**waits, "far": due}.items()}


# ---- what it needs -----------------------------------------------------------------------------------------


def test_the_first_sqlite_with_strict_tables_will_do_and_none_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sqlite3.sqlite_version_info", (3, 36, 9))
    with pytest.raises(StateError, match="is too old"):
        Store(tmp_path)
    monkeypatch.setattr("sqlite3.sqlite_version_info", (3, 37, 0))
    Store(tmp_path).close()


# ---- one daemon --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["file", "nowhere"])
def test_what_is_no_folder_cannot_be_held(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StateError, match="cannot be opened"), only_daemon(tmp_path / name):
        pass
