"""The verbs that read what is stored: stories list, show, search, export; tail; stats."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from monitor.cli.main import monitor
from monitor.cli.stats import plotted
from monitor.cli.stories_read import bars
from monitor.cli.tail import follow
from monitor.errors import UsageError
from monitor.store.reading import Reading
from monitor.store.store import Store
from monitor.stories.difference import MOST, differences
from tests.fakes import FakeClock, Item
from tests.press import Press

if TYPE_CHECKING:
    from pathlib import Path

SIGNED = Item(
    "s1", "Armenia and Azerbaijan sign railway agreement in Tbilisi", "The text was read out at noon."
)
COPY = Item("k1", f"RPT-{SIGNED.title}", "The text was read at noon, in Tbilisi.")
DEBATE = Item("d1", "Armenian parliament to debate railway agreement with Azerbaijan", "A vote is due.")


@pytest.fixture
def press(tmp_path: Path) -> Press:
    """A morning of today: the verbs look back from now."""
    press = Press(tmp_path, clock=FakeClock(datetime.now(UTC) - timedelta(hours=3)))
    press.poll("halden", SIGNED)
    press.poll("kura", COPY)
    press.poll("pontic", DEBATE, Item("p1", "Bread is cheap"))
    return press


def run(press: Press, *words: str) -> str:
    done = CliRunner().invoke(monitor, [*words, "--state", str(press.state)], standalone_mode=False)
    if done.exception:
        raise done.exception
    return done.stdout


def test_stories_are_listed_by_rule_with_their_outlets(press: Press) -> None:
    told = run(press, "stories", "list")
    assert told.startswith("railway (high)\n")
    assert "3 outlets  Armenia and Azerbaijan sign" in told
    assert "3 outlets development  Armenian parliament" in told
    assert run(press, "stories", "list", "--rule", "ferry") == "nothing was alerted in this time\n"
    values = json.loads(run(press, "stories", "list", "--json"))
    assert [(one["rule"], one["kind"], one["outlets"]) for one in values] == [
        ("railway", "development", 3),
        ("railway", "new", 3),
    ]


def test_the_most_carried_stories_are_listed_alerted_or_not(press: Press) -> None:
    assert "3 outlets    3 entries" in run(press, "stories", "list", "--carried")
    assert json.loads(run(press, "stories", "list", "--carried", "--json"))[0]["entries"] == 3
    none = run(press, "stories", "list", "--carried", "--days", "0.0001")
    assert none == "no story of this time has a copy\n"


def test_a_story_is_shown_with_its_copies_differences_marked(press: Press) -> None:
    number = f"{press.id_of('halden', 's1'):016x}"
    told = run(press, "stories", "show", number)
    assert "3 entries of 3 outlets" in told
    assert "told: railway (high)" in told and "told: a development, railway" in told
    assert "{RPT}-Armenia and Azerbaijan" in told
    assert "at noon, {in Tbilisi}." in told
    assert told.index("first and copies") < told.index("development\n")
    assert "by hour  █" in told
    with Store(press.state) as store, store.transaction():
        store.split(press.id_of("kura", "k1"), now=press.clock.now)
    assert "split by hand" in run(press, "stories", "show", f"{press.id_of('kura', 'k1'):016x}")
    values = json.loads(run(press, "stories", "show", number, "--json"))
    assert [one["verdict"] for one in values["entries"]] == ["new", "development"]


def test_a_story_that_is_not_there_is_an_error_in_one_line(press: Press) -> None:
    with pytest.raises(Exception, match="there is no such story"):
        run(press, "stories", "show", "4711")


def test_stories_are_searched(press: Press) -> None:
    assert "Pontic Wire: Bread is cheap" in run(press, "stories", "search", "bread")
    assert "nothing stored has these words" in run(press, "stories", "search", "caviar")
    assert "--most shows more" in run(press, "stories", "search", "railway", "--most", "1")
    assert len(json.loads(run(press, "stories", "search", "railway", "agreement", "--json"))) == 3


def test_corrections_are_exported_as_labelled_pairs(press: Press) -> None:
    with Store(press.state) as store, store.transaction():
        store.split(press.id_of("kura", "k1"), now=press.clock.now)
        store.merge(press.id_of("halden", "s1"), press.id_of("pontic", "p1"), now=press.clock.now)
    pairs = [
        json.loads(line) for line in run(press, "stories", "export").splitlines() if line.startswith("{")
    ]
    assert [(pair["label"], pair["a"]["title"], pair["b"]["title"]) for pair in pairs] == [
        ("N", SIGNED.title, COPY.title),
        ("D", SIGNED.title, "Bread is cheap"),
    ]


# ---- tail and stats ----------------------------------------------------------------------------------------


def test_tail_shows_what_was_decided_and_what_is_decided_while_it_looks(press: Press) -> None:
    def later() -> bool:
        if press.clock.now < later_on:
            press.poll("halden", Item("m1", "Ilham Aliyev meets Merz in Berlin"), after=timedelta(hours=1))
            return True
        return False

    later_on = press.clock.now + timedelta(hours=1)
    with Reading(press.state) as reading:
        since = press.clock.now - timedelta(hours=2)
        found = [
            (hit.rule, hit.kind.value)
            for hit in follow(reading, since, rule="", clock=press.clock, wait=later)
        ]
    assert found == [("railway", "new"), ("railway", "development"), ("aliyev-talks", "new")]


def test_tail_once_prints_the_last_alerts(press: Press) -> None:
    lines = run(press, "tail", "--once", "--last", "24").splitlines()
    assert [line.split()[2:4] for line in lines] == [["high", "railway"], ["high", "railway"]]
    assert "(+2)" in lines[0] and "development: " in lines[1]
    values = [
        json.loads(line) for line in run(press, "tail", "--once", "--last", "24", "--json").splitlines()
    ]
    assert [one["kind"] for one in values] == ["new", "development"]
    assert run(press, "tail", "--once", "--last", "24", "--rule", "ferry") == ""
    with pytest.raises(UsageError, match=r'there is no rule "railways" - did you mean "railway"\?'):
        run(press, "tail", "--once", "--rule", "railways")


def test_stats_plot_rules_outlets_and_days(press: Press) -> None:
    told = run(press, "stats", "--days", "3")
    assert "2 alerts in 3 days" in told
    assert "railway       2  ████" in told
    assert "Halden Wire" in told
    assert "by 7 days, " in run(press, "stats", "--days", "400")
    assert max(map(len, run(press, "stats", "--days", "3660").splitlines())) < 150
    values = json.loads(run(press, "stats", "--json"))
    assert values["rules"] == {"railway": 2}
    assert sum(day["railway"] for day in values["days"].values()) == 2
    (press.folder / "empty").mkdir()
    empty = Press(press.folder / "empty")
    assert run(empty, "stats", "--days", "1") == "0 alerts in 1 day\n"


def test_bars_are_as_long_as_their_numbers() -> None:
    assert bars([0, 1, 4, 8]) == " ▁▄█"
    assert bars([0, 0]) == ""
    assert bars([1, 1000]) == "▁█"
    assert plotted([("a", 2), ("b", 1)])[1].count("█") == 20


# ---- differences -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "other", "marked"),
    [
        ("Ferry sinks off Poti", "ferry sinks, off POTI!", "Ferry sinks off Poti"),
        ("Ferry sinks off Poti", "Boat sinks off Batumi", "[Ferry] sinks off [Poti]"),
        ("one two three", "", "[one two three]"),
        ("", "one", ""),
        ("a b c", "a c", "a [b] c"),
    ],
)
def test_differences_are_marked_word_by_word(text: str, other: str, marked: str) -> None:
    runs = differences(text, other)
    assert "".join(run.text for run in runs) == text
    assert "".join(run.text if run.shared else f"[{run.text}]" for run in runs) == marked


def test_what_is_beyond_the_longest_text_is_not_compared() -> None:
    runs = differences("same " * MOST + "other", "same " * MOST)
    assert all(run.shared for run in runs)
