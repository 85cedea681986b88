"""`monitor silence`, `ack`, `deliveries` and `status`, beside a daemon that has worked."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from monitor import config
from monitor.cli.main import monitor
from monitor.cli.place import number
from monitor.clock import utc_now
from monitor.errors import MonitorError, SendError, UsageError
from monitor.model import Scope
from monitor.store.store import Store
from monitor.timetable import timetable
from tests.test_holding import MAIL, ON_CALL, PHONE, Line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILES = """\
feeds: [{name: wire, url: "https://wire.example/", outlet: The Wire}, {name: post, url: "https://post.example/"}]
receivers: {mail: "json://localhost/"}
names: {aliyev: {full: [Ilham Aliyev]}}
rules: [{id: peace, any: [peace], send: mail}, {id: war, any: [war], send: mail}]
"""


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    """A state in which two alerts wait; its desk is kept."""
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "desk.yaml").write_text(FILES)
    (tmp_path / "state").mkdir()
    made = Line(tmp_path / "state")
    made.clock.now = utc_now()
    desk = config.load_desk(rules, env={}, secrets_required=True)
    made.store.keep_desk(desk.sources.packed(), rulebook=desk.rulebook.hash, now=made.clock.now)
    made.news("war", "peace")
    yield made
    made.store.close()


@pytest.fixture
def run(tmp_path: Path, line: Line) -> Any:
    def command(*words: str) -> str:
        done = CliRunner().invoke(
            monitor, [*words, "--state", str(tmp_path / "state")], catch_exceptions=False
        )
        assert done.exit_code == 0, done.output
        line.clock.now = max(line.clock.now, utc_now())
        return done.output

    return command


def asked(run: Any, *words: str) -> Any:
    return json.loads(run(*words, "--json"))


def story(line: Line, rule: str) -> str:
    row = line.store._rows("select story from alerts where rule = ?", (rule,))[0]
    return f"{row['story']:016x}"


# ---- silence -----------------------------------------------------------------------------------------------


def test_a_silence_is_added_listed_heeded_and_ended(line: Line, run: Any) -> None:
    assert "silence 1: rule peace is muted until" in run(
        "silence", "add", "--rule", "peace", "--for", "24h", "--comment", "summit", "--by", "Nino"
    )
    assert len(line.deliver()) == 1
    (listed,) = asked(run, "silence", "list")
    assert (listed["scope"], listed["value"], listed["muted"], listed["by"]) == ("rule", "peace", 1, "Nino")
    assert "1 alert muted  summit (Nino)" in run("silence", "list")
    assert "has ended" in run("silence", "expire", "1")
    assert run("silence", "list") == "no silences\n"
    assert "summit" in run("silence", "list", "--all")
    assert "peace" in run("deliveries", "list", "--only", "muted")


@pytest.mark.parametrize(
    ("option", "value", "scope", "stored"),
    [
        ("--name", "$aliyev", Scope.NAME, "aliyev"),
        ("--outlet", "The Wire", Scope.OUTLET, "The Wire"),
        ("--outlet", "post", Scope.OUTLET, "post"),
    ],
)
def test_a_silence_is_of_what_the_desk_knows(
    line: Line, run: Any, option: str, value: str, scope: Scope, stored: str
) -> None:
    made = asked(
        run, "silence", "add", option, value, "--until", "2099-03-03 09:00 Asia/Baku", "--comment", "x"
    )
    assert made == {"id": 1, scope.value: stored, "ends": "2099-03-03T05:00:00+00:00"}
    ((silence, _),) = line.store.all_silences()
    assert (silence.scope, silence.value) == (scope, stored)


def test_a_silence_of_an_outlet_whose_feeds_show_other_outlets_alone_is_refused(
    line: Line, run: Any, tmp_path: Path
) -> None:
    words = ["silence", "add", "--outlet", "The Wire", "--for", "1h", "--comment", "x"]
    state = ["--state", str(tmp_path / "state")]
    with line.store.transaction():
        line.store._db.execute("update entries set feed = 'wire', outlet = 'Kura ' || (id % 1000)")
    refused = CliRunner().invoke(monitor, [*words, *state])
    assert isinstance(refused.exception, UsageError)
    assert "are other outlets'" in str(refused.exception)
    assert 'mute the rule, or say not-sources: ["The Wire"] in it' in str(refused.exception)
    with line.store.transaction():
        line.store._db.execute("update entries set outlet = 'Old Wire'")
    assert "is muted" in run(*words), "it has another name now: its next entry has it"


def test_a_silence_of_a_story_takes_the_number_of_the_message(line: Line, run: Any) -> None:
    run("silence", "add", "--story", story(line, "war"), "--for", "2 h", "--comment", "x")
    assert ["peace" in body for body in line.deliver()] == [True]


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["--rule", "peice", "--for", "1h"], 'no rule "peice" - did you mean "peace"'),
        (["--name", "alyev", "--for", "1h"], 'did you mean "aliyev"'),
        (["--outlet", "The Wyre", "--for", "1h"], 'did you mean "The Wire"'),
        (["--story", "0000000000000001", "--for", "1h"], "no such story"),
        (["--story", "yesterday", "--for", "1h"], "is no number of a story"),
        (["--rule", "peace"], "needs an end"),
        (["--rule", "peace", "--for", "1h", "--until", "2099-01-01 00:00"], "needs an end"),
        (["--rule", "peace", "--for", "a while"], "is no length of time"),
        (["--rule", "peace", "--for", "0h"], "is no length of time"),
        (["--rule", "peace", "--until", "tomorrow"], "is no moment"),
        (["--rule", "peace", "--until", "2099-01-01 00:00 Asia/Bakoo"], "is no moment"),
        (["--rule", "peace", "--until", "2001-01-01T00:00Z"], "has passed"),
        (["--for", "1h"], "is of one thing"),
        (["--rule", "peace", "--name", "aliyev", "--for", "1h"], "is of one thing"),
    ],
)
def test_a_silence_of_nothing_or_without_an_end_is_refused(run: Any, words: list[str], what: str) -> None:
    with pytest.raises(UsageError) as caught:
        run("silence", "add", *words, "--comment", "x")
    assert what in str(caught.value)


def test_a_silence_needs_a_comment_that_says_something(run: Any) -> None:
    with pytest.raises(UsageError, match="needs a comment"):
        run("silence", "add", "--rule", "peace", "--for", "1h", "--comment", " ")


def test_a_silence_that_is_not_in_force_cannot_be_ended(run: Any) -> None:
    with pytest.raises(UsageError, match="no such silence"):
        run("silence", "expire", "7")


def test_without_a_state_there_is_nothing_to_change(tmp_path: Path) -> None:
    for words in (["silence", "list"], ["ack", "1"], ["deliveries", "list"]):
        with pytest.raises(MonitorError, match="no monitor has run here yet"):
            CliRunner().invoke(monitor, [*words, "--state", str(tmp_path)], catch_exceptions=False)


# ---- ack ---------------------------------------------------------------------------------------------------


def test_ack_spares_the_second_receiver_and_says_so(line: Line, run: Any) -> None:
    line.deliver(ON_CALL)
    assert run("ack", story(line, "war"), "--by", "Nino") == "1 alert acknowledged; 1 escalation cancelled\n"
    assert run("ack", story(line, "war")) == "acknowledged before\n"
    assert asked(run, "ack", story(line, "war")) == {
        "alerts": 1,
        "acknowledged": 0,
        "escalations_cancelled": 0,
    }
    assert line.deliver(PHONE, after=timedelta(hours=1)) == []
    with pytest.raises(UsageError, match="no such story"):
        run("ack", "12345")


# ---- deliveries --------------------------------------------------------------------------------------------


def test_deliveries_are_listed_with_what_became_of_them(line: Line, run: Any) -> None:
    line.receivers.failing["mail"] = SendError("error=503", uncertain=True)
    line.deliver()
    shown = run("deliveries", "list").splitlines()
    assert len(shown) == 2
    assert any("uncertain" in one and "after 1 try: error=503" in one for one in shown)
    (listed,) = asked(run, "deliveries", "list", "--only", "uncertain", "--receiver", "mail")
    assert (listed["state"], listed["attempts"], listed["uncertain"]) == ("due", 1, True)
    assert asked(run, "deliveries", "list", "--receiver", "nobody") == []
    assert run("deliveries", "list", "--only", "dead") == "no deliveries\n"
    assert "--most shows more" in run("deliveries", "list", "--most", "1")
    (of_story,) = asked(run, "deliveries", "list", story(line, "peace"))
    assert of_story["rule"] == "peace"


def test_retry_ends_the_wait_of_a_receiver(line: Line, run: Any) -> None:
    line.receivers.failing["mail"] = SendError("error=503")
    line.deliver()
    line.receivers.failing.clear()
    assert line.deliver() == []
    assert run("deliveries", "retry", "--receiver", "mail") == "0 deliveries due again\n"
    line.clock.now = utc_now()
    assert len(line.deliver()) == 2


def test_what_is_dropped_is_not_sent_until_it_is_retried(line: Line, run: Any) -> None:
    with pytest.raises(UsageError, match="drop all that waits"):
        run("deliveries", "drop")
    with pytest.raises(UsageError, match="there is no such story"):
        run("deliveries", "drop", f"{1:016x}")
    assert asked(run, "deliveries", "drop", story(line, "war")) == {"deliveries": 1, "sending": 0}
    assert ["peace" in body for body in line.deliver()] == [True]
    assert run("deliveries", "retry", "--only", "dropped") == "1 delivery due again\n"
    line.clock.now = utc_now()
    assert ["war" in body for body in line.deliver()] == [True]


@pytest.mark.parametrize("written", ["ffffffffffffffff", "9223372036854775808", "-5", "9" * 5000])
def test_a_number_that_no_story_can_have_is_refused(written: str) -> None:
    with pytest.raises(UsageError, match="is no number of a story"):
        number(written)


@pytest.mark.parametrize(
    "words",
    [
        ["silence", "expire", "9223372036854775808"],
        ["deliveries", "list", "--most", "9223372036854775808"],
    ],
)
def test_a_count_beyond_the_database_is_refused_in_a_line(words: list[str]) -> None:
    done = CliRunner().invoke(monitor, words)
    assert done.exit_code == 2
    assert "is not in the range" in done.output


@pytest.mark.parametrize(
    "words",
    [
        ["--until", "9999-12-31 23:59 America/New_York"],
        ["--until", "0001-01-01 00:00 Asia/Tokyo"],
        ["--for", "99999999999 d"],
        ["--for", "9999999 d"],
    ],
)
def test_a_silence_that_ends_beyond_all_days_is_refused(run: Any, words: list[str]) -> None:
    with pytest.raises(UsageError, match=r"is no moment|is no length|has passed"):
        run("silence", "add", "--rule", "peace", "--comment", "x", *words)


def test_a_comment_of_several_lines_is_listed_on_one(line: Line, run: Any) -> None:
    run("silence", "add", "--rule", "peace", "--for", "1h", "--comment", "a\nsilence 9: all", "--by", "b\nc")
    (listed,) = run("silence", "list").splitlines()
    assert "a silence 9: all (b c)" in listed
    ((kept, _),) = line.store.all_silences()
    assert (kept.comment, kept.by) == ("a silence 9: all", "b c")


def test_drop_says_what_it_may_have_come_too_late_for(line: Line, run: Any) -> None:
    with line.store.transaction():
        assert line.store.claim("mail", now=line.clock.now, lease=timedelta(minutes=3))
    shown = run("deliveries", "drop", "--receiver", "mail", "--only", "due")
    assert shown.endswith(
        "dropped; 1 of them had been claimed: what is on its way at this moment may arrive\n"
    )
    assert asked(run, "deliveries", "drop", "--receiver", "mail") == {"deliveries": 0, "sending": 0}


# ---- status ------------------------------------------------------------------------------------------------


def test_status_shows_what_is_held_muted_and_down(line: Line, run: Any) -> None:
    run("silence", "add", "--rule", "war", "--for", "1h", "--comment", "x")
    line.deliver(replace(MAIL, digest=timetable("daily 08:00 UTC")))
    line.news("peace")
    line.receivers.failing["mail"] = SendError("error=503", uncertain=True)
    line.deliver()
    shown = run("status")
    assert "1 waiting (1 of them uncertain), 0 dead" in shown
    assert "1 held, 1 muted" in shown
    assert "1 held for mail: the next digest goes at" in shown
    assert "mail takes nothing since" in shown
    assert "silence 1: rule war until" in shown
    told = asked(run, "status")
    assert told["held_for"]["mail"]["alerts"] == 1
    assert told["outages"]["mail"]["error"] == "error=503"
    assert told["silences"] == 1


def test_a_store_of_another_time_is_opened_beside_the_daemon(line: Line, tmp_path: Path) -> None:
    with Store(tmp_path / "state") as other:
        assert other.counts()["alerts"] == line.store.counts()["alerts"] == 2


# ---- stories that were merged ------------------------------------------------------------------------------


def merged(line: Line) -> str:
    """The number that a message gave a story which has become part of another since, and of another again."""
    line.news("trade")
    first, second, third = story(line, "war"), story(line, "peace"), story(line, "trade")
    for into, what in ((second, first), (third, second)):
        with line.store.transaction():
            line.store.merge(int(into, 16), int(what, 16), now=line.clock.now)
    return first


def test_a_number_that_people_hold_means_the_story_that_it_became(line: Line, run: Any) -> None:
    line.deliver(ON_CALL)
    number = merged(line)
    assert len(asked(run, "deliveries", "list", number, "--receiver", "phone")) == 1
    assert asked(run, "ack", number)["escalations_cancelled"] == 1
    assert asked(run, "deliveries", "drop", number)["deliveries"] == 1
    made = asked(run, "silence", "add", "--story", number, "--for", "1h", "--comment", "x")
    assert made["story"] == story(line, "trade")


def test_a_silence_goes_with_its_story_into_another(line: Line, run: Any) -> None:
    run("silence", "add", "--story", story(line, "war"), "--for", "1h", "--comment", "x")
    merged(line)
    assert line.deliver() == []
    ((silence, muted),) = line.store.all_silences()
    assert (silence.value, muted) == (story(line, "trade"), 3)


def test_a_story_that_was_merged_and_split_again_is_itself(line: Line) -> None:
    number = int(merged(line), 16)
    assert len(line.store.now_called(number)) == 2
    with line.store.transaction():
        line.store.split(number, now=line.clock.now + timedelta(seconds=1))
    assert line.store.now_called(number) == [number]
