"""A desk with a month behind it and a busy morning, for the page's pictures and browser tests."""

from __future__ import annotations

import shutil
from copy import copy
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from monitor.errors import SendError
from monitor.store.store import Store
from tests.fakes import FakeClock, FakeOutlet, FakeReceivers, Item
from tests.press import Press

if TYPE_CHECKING:
    from pathlib import Path

RULES = """
names:
  armenia: {full: [Armenia, Армения*, Հայաստան*, სომხეთ*]}
  azerbaijan: {full: [Azerbaijan, Азербайджан*, Ադրբեջան*, აზერბაიჯან*]}
  aliyev: {full: [Ilham Aliyev, Ильхам Алиев], short: [Aliyev, Алиев], context: [Baku, Баку]}
terms:
  rail: {words: [railway, "железнодорож*", "երկաթուղ*", "რკინიგზ*"]}
  talks: {words: [talks, meet, meets, met, "встрет*"]}
  ferry: {words: [ferry, ferries]}
  price: {words: [ticket prices]}
  border: {words: [border, "границ*"]}
rules:
  - id: railway-agreement
    title: Railway between Armenia and Azerbaijan
    when: $rail and ($armenia or $azerbaijan)
    severity: critical
    send: [slack-desk, email-duty]
    examples: {match: [Armenia opens railway], ignore: [Trains]}
  - id: leaders-meet
    title: Leaders meet
    when: $aliyev near/12 $talks
    severity: high
    send: [slack-desk]
    examples: {match: [Ilham Aliyev meets Merz], ignore: [Trains]}
  - id: border
    title: On the border
    when: $border and ($armenia or $azerbaijan)
    severity: normal
    send: [slack-desk]
    examples: {match: [Armenia opens border], ignore: [Trains]}
  - id: ferries
    title: Ferries, but not their prices
    when: $ferry and not $price
    severity: low
    send: [email-duty]
    examples: {match: [A ferry sinks], ignore: [Trains]}
"""
FEEDS = ("halden", "kura", "pontic", "ararat", "caspian", "steppe", "harbour")
NOW = datetime(2026, 3, 2, 14, 20, tzinfo=UTC)
SIGNED = "Armenia and Azerbaijan sign railway agreement in Tbilisi"
LEDE = (
    "Ministers of both countries put their names to the text on Monday after eleven hours of talks."
    " Trains are to run again by the autumn, for the first time in thirty-five years."
)


def morning(folder: Path) -> Press:
    """The state, its clock at a Monday afternoon."""
    press = Press(
        folder,
        rules=RULES,
        feeds=FEEDS,
        clock=FakeClock(NOW - timedelta(days=27, hours=9)),
        names=("slack-desk", "email-duty"),
    )
    _a_month(press)
    press.clock.now = NOW.replace(hour=5)
    _a_morning(press)
    press.clock.now = NOW
    return press


def copied(press: Press, folder: Path) -> Press:
    """The same desk in a folder of its own, to be changed."""
    made = copy(press)
    made.folder, made.clock, made.receivers = folder, FakeClock(press.clock.now), FakeReceivers()
    made.outlets = {name: FakeOutlet(one.feed, list(one.items)) for name, one in press.outlets.items()}
    shutil.copytree(press.folder, folder, dirs_exist_ok=True)
    return made


def _a_month(press: Press) -> None:
    """A few alerts a day, more of them lately."""
    for day in range(27):
        press.clock.now = NOW - timedelta(days=27 - day, hours=6)
        for number in range((day * 7 + 3) % 5 + day // 9):
            topic = ("border post", "ferry", "railway bridge", "border crossing")[(day + number) % 4]
            place = ("Gyumri", "Meghri", "Poti", "Ganja", "Batumi", "Kars", "Sumgait")[(day * 3 + number) % 7]
            country = ("Armenia", "Azerbaijan")[number % 2]
            title = f"{country}: {topic} near {place} reopens, {day + 4} workers hired"
            press.poll(
                FEEDS[number % 5], Item(f"d{day}-{number}", title, f"Report {day}-{number} from {place}.")
            )
        press.deliver("slack-desk", "email-duty")


def _a_morning(press: Press) -> None:
    press.poll("halden", Item("s1", SIGNED, LEDE, published=press.clock.now))
    press.deliver("slack-desk", "email-duty")
    press.poll("kura", Item("s1", f"RPT-{SIGNED}", LEDE.replace("eleven hours", "eleven long hours")))
    press.poll("pontic", Item("s1", f"{SIGNED} - Pontic Wire", f"TBILISI (Halden) - {LEDE}"))
    press.poll(
        "caspian", Item("s1", SIGNED, f"{LEDE} Markets rose on the news."), after=timedelta(minutes=50)
    )
    press.poll("steppe", Item("s1", f"UPDATE 1-{SIGNED}", LEDE), after=timedelta(minutes=70))
    press.poll(
        "ararat",
        Item(
            "d1",
            "Armenian parliament to debate railway agreement with Azerbaijan",
            "A vote is due on Friday.",
        ),
    )
    press.poll(
        "kura",
        Item(
            "d1",
            "Armenian parliament to debate railway agreement with Azerbaijan",
            "A vote is due on Friday.",
        ),
    )
    press.deliver("slack-desk", "email-duty")
    press.poll(
        "ararat",
        Item(
            "hy",
            "Հայաստանն ու Ադրբեջանը երկաթուղու մասին պայմանագիր են կնքել Թբիլիսիում",
            "Գնացքները կշարժվեն աշնանը։",
        ),
    )
    press.poll(
        "steppe",
        Item(
            "ru", "Армения и Азербайджан открыли новый пункт на границе у Иджевана", "Его строили три года."
        ),
    )
    press.poll(
        "pontic",
        Item("ka", "სომხეთი და აზერბაიჯანი რკინიგზის ხიდს აშენებენ", "მშენებლობა ზაფხულში დაიწყება."),
    )
    press.poll(
        "halden",
        Item(
            "m1",
            "Ilham Aliyev meets Merz in Berlin and speaks of gas",
            "The meeting lasted an hour, Baku said.",
        ),
    )
    press.deliver("slack-desk", "email-duty")
    press.receivers.failing["email-duty"] = SendError("the server answered 451: try again later")
    press.poll("harbour", Item("f1", "Ferry with 120 aboard runs aground off Poti", "Nobody was hurt."))
    press.poll(
        "harbour", Item("f2", "Ferry company raises ticket prices for the summer", "By a tenth, it said.")
    )
    press.deliver("slack-desk", "email-duty")
    press.receivers.failing.clear()
    press.poll(
        "caspian",
        Item("b1", "Azerbaijan opens border market at Red Bridge", "Traders came from both sides."),
        after=timedelta(minutes=90),
    )
    press.poll(
        "kura", Item("b1", "Azerbaijan opens border market at Red Bridge", "Traders came from both sides.")
    )
    press.deliver("slack-desk")
    with Store(press.state) as store, store.transaction():
        store._db.execute(
            "update feeds set error = 'the server answered 503', failures = 4,"
            " last_good = last_good - 7200000 where name = 'steppe'"
        )
        store._db.execute("update feeds set pace = 0.6 where name <> 'steppe'")
        soon = "update feeds set next_poll = ? + 60000 * length(name)"
        store._db.execute(soon, (round(NOW.timestamp() * 1000),))
