"""What people read of the database: found by words, counted right, and never by reading a whole table."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from monitor.errors import SendError, StateError, UsageError
from monitor.model import Kind
from monitor.store.catalogue import RUN, searchable
from monitor.store.reading import Reading, expression
from monitor.store.store import DATABASE, Store
from monitor.store.upkeep import Upkeep
from tests.fakes import START, Item
from tests.press import Press

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SIGNED = Item(
    "s1", "Armenia and Azerbaijan sign railway agreement in Tbilisi", "The text was read out at noon."
)
COPY = Item("k1", f"RPT-{SIGNED.title}", SIGNED.summary)
DEBATE = Item("d1", "Armenian parliament to debate railway agreement with Azerbaijan", "A vote is due.")
DAY = timedelta(days=1)

# Tables of the size of the operator's files or of what people did by hand, and results of other queries.
SMALL = {
    "feeds",
    "outages",
    "tenures",
    "corrections",
    "desk",
    "json_each",
    "wanted",
    "made",
    "chosen",
    "wide",
}
OF_OPEN = "USING (COVERING )?INDEX deliveries_(open|muted)"  # hold what is not sent, and nothing else


@pytest.fixture
def press(tmp_path: Path) -> Press:
    return Press(tmp_path)


@pytest.fixture
def reading(press: Press) -> Iterator[Reading]:
    with Reading(press.state) as reading:
        yield reading


def titles(reading: Reading, query: str) -> list[str]:
    return [one.title for one in reading.search(query, most=50)[0]]


# ---- search ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("railway", True),
        ("RAILWAY tbilisi", True),
        ("railway ferry", False),
        ('"sign railway"', True),
        ('"railway sign"', False),
        ("rail*", True),
        ("rail", False),
        ("ra*", False),
        ("railway -ferry", True),
        ("railway -tbilisi", False),
        ('railway -"in tbilisi"', False),
        ("noon", True),
        ('"unclosed railway', False),
        ("", False),
        ("-railway", False),
        ('" * ( ) AND OR NOT NEAR : ^ -', False),
        ("title:railway", False),
    ],
)
def test_words_find_what_holds_them_all(press: Press, reading: Reading, query: str, found: bool) -> None:  # noqa: FBT001
    press.poll("halden", SIGNED)
    assert bool(titles(reading, query)) is found


@pytest.mark.parametrize(
    ("title", "query"),
    [
        ("Пашинян готов подписать соглашение", "ПАШИНЯН"),
        ("Հայաստանն ու Ադրբեջանը", "հայաստանն"),
        ("მშვიდობა სომხეთსა და აზერბაიჯანს", "მშვიდობა"),
        ("Azərbaycan və Ermənistan", "AZƏRBAYCAN"),
        ("Café société", "cafe"),
        ("QARABAĞIN YOLU", "Qarabağın"),  # ı and i are I in capitals
        ("Ինչո՞ւ թևավոր", "ինչու թեւավոր"),  # a mark of question in the word; two ways to write և
        ("Ещё один договор", "еще"),
        ("السَّلام في جنيف", "السلام"),  # vowels, which are hardly ever written
        ("שָׁלוֹם בירושלים", "שלום"),
        ("東京都知事選挙の結果", "知事"),
        ("東京都知事選挙の結果", "選挙 東京"),
        ("東京都知事選挙の結果", '"選挙の結果"'),
        ("東京都知事選挙の結果", "京"),
        ("東京都知事選挙の結果", "果"),
        ("新型iPhone発売、東京 大阪", 'iPhone発売 "東京 大阪"'),
        ("台湾総統が訪日", "総統"),
        ("대통령이 서울을 방문했다", "대통령"),
        ("รัฐบาลไทยประกาศมาตรการใหม่", "ประกาศ"),
        ("ລັດຖະບານລາວປະກາດ", "ປະກາດ"),
        ("រដ្ឋាភិបាលកម្ពុជា", "កម្ពុជា"),
        ("မြန်မာနိုင်ငံ", "နိုင်ငံ"),
    ],
)
def test_words_of_any_script_are_found(press: Press, reading: Reading, title: str, query: str) -> None:
    press.poll("halden", Item("x", title))
    assert titles(reading, query) == [title]


@pytest.mark.parametrize(
    ("title", "query"),
    [
        ("東京都知事選挙", "事知"),  # the other way round
        ("東京 都知事", "東京都"),  # not side by side
        ("東京、大阪", '"大阪 東京"'),
        ("台湾総統が訪日", "総統 -訪日"),
        ("มาตรการ", "มาตรกิน"),  # another vowel
    ],
)
def test_words_without_spaces_are_found_as_they_stand_only(
    press: Press, reading: Reading, title: str, query: str
) -> None:
    press.poll("halden", Item("x", title))
    assert titles(reading, query) == []


@given(st.text("東京都知事の結果กิาน iP台", min_size=1, max_size=24), st.data())
def test_whatever_stands_in_a_text_is_found_in_it(text: str, data: st.DataObject) -> None:
    """Any piece of a text of these scripts, but for pieces of words that are written with spaces."""
    begin = data.draw(st.integers(0, len(text) - 1))
    piece = text[begin : data.draw(st.integers(begin + 1, len(text)))]
    assume(RUN.fullmatch(piece) and (text[begin + len(piece) :] + " ")[0] != "ิ" and piece[0] != "ิ")
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute(
            "create virtual table words using fts5"
            " (title, tokenize=\"unicode61 categories 'L* N* Co Mn Mc'\")"
        )
        database.execute("insert into words values (?)", (searchable(text),))
        found = database.execute("select * from words where words match ?", (expression(piece),)).fetchall()
    assert found, (text, piece)


def test_what_is_found_is_the_newest_first_page_by_page(press: Press, reading: Reading) -> None:
    for number in range(5):
        press.poll("halden", Item(f"g{number}", f"Report {number} of the weather station on the hill"))
    first, before = reading.search("weather", most=2)
    second, after = reading.search("weather", most=2, before=before)
    third, end = reading.search("weather", most=2, before=after)
    assert [one.title.split()[1] for one in (*first, *second, *third)] == ["4", "3", "2", "1", "0"]
    assert end == 0


def test_an_edit_is_found_by_its_new_words_and_no_more_by_its_old(press: Press, reading: Reading) -> None:
    press.poll("halden", Item("e", "Ministers speak of harbours", "One."))
    press.poll("halden", Item("e", "Ministers speak of airports", "One."))
    assert titles(reading, "harbours") == []
    assert titles(reading, "airports") == ["Ministers speak of airports"]


def test_a_link_is_found_for_as_long_as_its_entry_is_stored(press: Press, reading: Reading) -> None:
    """Also when the keys that copies are found by were pruned, and by the link that it was edited to."""
    press.poll("halden", Item("e", "Ministers speak", link="https://www.halden.example/a?utm_source=rss"))
    with Upkeep(press.state) as store:
        for _ in store.prune(before=START - DAY, keys_before=START + DAY):
            pass
        assert store._rows("select * from keys") == []
    assert [one.title for one in reading.linked("http://halden.example/a#top")] == ["Ministers speak"]
    press.poll("halden", Item("e", "Ministers speak", link="https://halden.example/b"))
    assert reading.linked("https://halden.example/a") == []
    assert len(reading.linked("https://m.halden.example/b")) == 1
    for nowhere in ("https://halden.example/", "no link", ""):
        assert reading.linked(nowhere) == []


def test_what_is_deleted_is_found_no_more(press: Press, reading: Reading) -> None:
    press.poll("halden", Item("e", "Bread of the day"))
    with Store(press.state) as store, store.transaction():
        store._db.execute("delete from entries where title = 'Bread of the day'")
    assert titles(reading, "bread") == []
    with Store(press.state) as store:
        assert store._rows("select count(*) n from catalogue")[0]["n"] == 0
        store._db.execute("insert into catalogue_words (catalogue_words) values ('integrity-check')")


@given(st.text(max_size=60))
def test_no_query_is_taken_for_syntax(query: str) -> None:
    with sqlite3.connect(":memory:") as database:
        database.execute("create virtual table words using fts5 (title)")
        if wanted := expression(query):
            database.execute("select * from words where words match ?", (wanted,)).fetchall()
    database.close()


# ---- lists -------------------------------------------------------------------------------------------------


def test_hits_come_with_how_widely_their_story_is_carried(press: Press, reading: Reading) -> None:
    press.poll("halden", SIGNED)
    press.poll("kura", COPY)
    press.poll("pontic", DEBATE)
    hits = reading.hits(since=START, until=START + DAY, most=10)
    assert [(hit.kind, hit.outlets, hit.entries) for hit in hits] == [
        (Kind.DEVELOPMENT, 3, 3),
        (Kind.NEW, 3, 3),
    ]
    assert reading.hits(since=START, until=START + DAY, rule="railway", most=10) == hits
    assert reading.hits(since=START, until=START + DAY, rule="ferry", most=10) == []
    assert reading.hits(since=START, until=START + DAY, most=10, most_a_rule=1) == hits[:1]
    assert reading.outlets(since=START, until=START + DAY, most=9) == [("Halden Wire", 1), ("Pontic Wire", 1)]
    [(first, outlets, entries)] = reading.carried(since=START, until=START + DAY, most=5)
    assert (first.title, outlets, entries) == (SIGNED.title, 3, 3)
    press.poll("pontic", Item("again", DEBATE.title, DEBATE.summary))
    [(_, outlets, entries)] = reading.carried(since=START, until=START + DAY, most=5)
    assert (outlets, entries) == (3, 4), "an outlet counts once"


def test_a_story_is_read_whole_up_to_a_number(press: Press, reading: Reading) -> None:
    press.poll("halden", SIGNED)
    press.poll("kura", COPY)
    press.poll("pontic", DEBATE)
    with Store(press.state) as store, store.transaction():
        store.split(press.id_of("pontic", "d1"), now=press.clock.now)
    story = reading.story(press.id_of("halden", "s1"), most=1)
    assert story is not None
    assert ([one.entry.guid for one in story.entries], story.more) == (["s1"], 1)
    assert [told.rule for told in story.tellings] == ["railway"]
    whole = reading.story(press.id_of("halden", "s1"), most=2)
    assert whole is not None
    assert (whole.title, [one.entry.guid for one in whole.entries], whole.more) == (
        SIGNED.title,
        ["s1", "k1"],
        0,
    )
    parted = reading.story(press.id_of("pontic", "d1"), most=9)
    assert parted is not None
    assert [made.verb for made in parted.corrections] == ["split"]
    assert reading.story(1, most=1) is None
    assert reading.facts(1) is None
    assert reading.numbered(1) is None


def test_corrections_are_pairs(press: Press, reading: Reading) -> None:
    press.poll("halden", SIGNED)
    press.poll("kura", COPY)
    press.poll("pontic", Item("o1", "Ferry company buys railway agreement archive at an auction"))
    with Store(press.state) as store, store.transaction():
        store.split(press.id_of("kura", "k1"), now=press.clock.now)
        store.merge(press.id_of("halden", "s1"), press.id_of("pontic", "o1"), now=press.clock.now)
    pairs = [(made.verb, moved.guid, other.guid) for made, moved, other in reading.corrected()]
    assert pairs == [("split", "k1", "s1"), ("merge", "o1", "s1")]


def test_feeds_come_with_what_they_brought_by_hour(press: Press, reading: Reading) -> None:
    press.poll("halden", SIGNED, after=timedelta(hours=1))
    press.poll("halden", DEBATE, after=timedelta(hours=1))
    row = next(row for row in reading.feeds(now=press.clock.now) if row.name == "halden")
    assert row.hours[-2:] == (1, 1)
    assert sum(row.hours) == 2


def test_the_queue_and_what_was_sent_are_told_by_receiver(press: Press, reading: Reading) -> None:
    press.poll("halden", SIGNED)
    press.deliver("mail")
    assert reading.open_deliveries() == {"chat": {"due": 1}}
    [one] = reading.queue(most=5)
    assert (one.receiver, one.rule, one.title) == ("chat", "railway", SIGNED.title)
    assert reading.sent(["mail", "chat"], since=START) == {"mail": (1, press.clock.now), "chat": (0, None)}


# ---- the connection ----------------------------------------------------------------------------------------


def test_what_people_should_see_to_is_told(press: Press, reading: Reading) -> None:
    assert not reading.concerns(overdue=START - DAY)
    press.receivers.failing["mail"] = SendError("the server answered 503")
    press.poll("halden", SIGNED)
    press.deliver("mail")
    with Store(press.state) as store, store.transaction():
        alerts = store.alerts_of(press.id_of("halden", "s1"))
        store.escalate(alerts, of="chat", to="phone", due=press.clock.now)
        store._db.execute("update deliveries set state = 'dead' where receiver = 'chat'")
        store._db.execute("update feeds set error = 'gone' where name = 'kura'")
    found = reading.concerns(overdue=press.clock.now + DAY)
    assert (found.failing, found.dead, list(found.outages)) == (1, 1, ["mail"])
    assert found.overdue is not None
    assert [(one.receiver, one.title) for one in found.escalating] == [("phone", SIGNED.title)]
    with Store(press.state) as store, store.transaction():
        store.acknowledge(alerts, by="", now=press.clock.now)
    assert reading.concerns(overdue=press.clock.now).escalating == ()


def test_reading_writes_nothing(press: Press, reading: Reading) -> None:
    press.poll("halden", SIGNED)
    with pytest.raises(StateError, match=r"readonly|read-only"):
        reading._rows("delete from feeds")


def test_reading_where_nothing_is_or_what_is_no_database_says_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no monitor has run"):
        Reading(tmp_path)
    (tmp_path / DATABASE).write_text("This is no database. " * 100)
    with pytest.raises(StateError, match="cannot be read"), Reading(tmp_path) as reading:
        reading.desk()


def test_the_version_changes_when_another_writes(press: Press, reading: Reading) -> None:
    before = reading.version()
    assert reading.version() == before
    press.poll("halden", SIGNED)
    assert reading.version() != before


SPAN = {"since": START, "until": START + DAY}
ASKED: dict[str, list[Callable[[Reading, int], object]]] = {
    "alerted_at": [lambda reading, _: reading.alerted_at(**SPAN)],
    "carried": [lambda reading, _: reading.carried(**SPAN, most=3)],
    "concerns": [lambda reading, _: reading.concerns(overdue=START)],
    "corrected": [lambda reading, _: reading.corrected()],
    "coverage": [lambda reading, first: reading.coverage(first)],
    "desk": [lambda reading, _: reading.desk()],
    "facts": [lambda reading, first: reading.facts(first)],
    "feeds": [lambda reading, _: reading.feeds(now=START + DAY)],
    "hits": [
        lambda reading, _: reading.hits(since=START, until=START + DAY, most=9, most_a_rule=2),
        lambda reading, _: reading.hits(since=START, until=START + DAY, rule="railway", most=9),
    ],
    "is_bygone": [lambda reading, first: reading.is_bygone(first)],
    "linked": [lambda reading, _: reading.linked("https://halden.example/s1")],
    "numbered": [lambda reading, first: reading.numbered(first)],
    "open_deliveries": [lambda reading, _: reading.open_deliveries()],
    "outages": [lambda reading, _: reading.outages()],
    "outlets": [lambda reading, _: reading.outlets(**SPAN, most=3)],
    "queue": [lambda reading, _: reading.queue(most=3)],
    "search": [lambda reading, _: reading.search("railway -ferry", most=3)],
    "sent": [lambda reading, _: reading.sent(["mail"], since=START)],
    "silences": [lambda reading, _: reading.silences(now=START)],
    "story": [lambda reading, first: reading.story(first, most=1)],
    "tenures": [lambda reading, _: reading.tenures()],
    "titled": [lambda reading, _: reading.titled("railway")],
    "version": [lambda reading, _: reading.version()],
}


def test_every_read_is_asked_for_its_plan_below() -> None:
    reads = [name for name, one in vars(Reading).items() if callable(one) and not name.startswith("_")]
    assert sorted(ASKED) == sorted({*reads} - {"close"})


@pytest.mark.parametrize("name", ASKED)
def test_no_query_reads_a_whole_table(settled: tuple[Press, Reading], name: str) -> None:
    """Every statement of every read, asked of SQLite's planner as it is sent."""
    press, reading = settled
    statements: list[tuple[str, Any]] = []
    rows = Reading._rows

    def noted(sql: str, parameters: Any = ()) -> list[sqlite3.Row]:
        statements.append((sql, parameters))
        return rows(reading, sql, parameters)

    reading._rows = noted  # type: ignore[method-assign]  # to learn what is asked, in this test only
    for ask in ASKED[name]:
        ask(reading, press.id_of("halden", "s1"))
    scans = [
        f"{detail}: {' '.join(sql.split())[:80]}"
        for sql, parameters in statements
        if not sql.startswith("pragma")
        for detail in plan(reading, sql, parameters)
        if (found := re.match(rf"SCAN (\w+)\b(?! {OF_OPEN}| VIRTUAL TABLE INDEX \d+:.*M)", detail))
        and found[1] not in SMALL
    ]
    assert statements
    assert scans == []


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Press, Reading]]:
    press = Press(tmp_path_factory.mktemp("settled"))
    press.poll("halden", SIGNED)
    press.poll("kura", COPY)
    with Reading(press.state) as reading:
        yield press, reading


def plan(reading: Reading, sql: str, parameters: Any) -> list[str]:
    return [row["detail"] for row in Reading._rows(reading, f"explain query plan {sql}", parameters)]
