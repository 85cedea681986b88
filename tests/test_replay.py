"""A history of captures made here: edited, re-dated, re-used, moved, broken. Each story is told once."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from monitor.errors import UsageError
from monitor.replay import Outcome, Telling, captures, everything, replay
from tests.desks import called
from tests.fakes import START

if TYPE_CHECKING:
    from pathlib import Path


def item(
    guid: str, title: str, *, link: str = "", date: str = "Mon, 02 Mar 2026 08:00:00 GMT", about: str = ""
) -> str:
    link = link or f"https://wire.example/{guid}"
    return (
        f"<item><guid isPermaLink='false'>{guid}</guid><title>{title}</title><link>{link}</link>"
        f"<description>{about or f'All about the {title} at length.'}</description>"
        f"<pubDate>{date}</pubDate></item>"
    )


class History:
    """A folder of captures, one an hour."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "history"
        self.state = folder / "state"
        self.state.mkdir()
        self.next = START

    def show(self, *items: str, outlet: str = "wire", body: bytes | None = None) -> None:
        document = f"<rss version='2.0'><channel><title>t</title>{''.join(items)}</channel></rss>".encode()
        path = self.folder / outlet / f"{self.next:%Y%m%dT%H%M%SZ}.xml.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(document if body is None else body))
        self.next += timedelta(hours=1)

    def told(self) -> list[str]:
        return [telling.title for telling in self.outcome().told]

    def outcome(self) -> Outcome:
        return replay(captures(self.folder), self.state, book=everything())


OLD = item("old", "Museum of the clocks opens again")
PEACE = item("p", "Ministers sign the peace agreement")


@pytest.fixture
def history(tmp_path: Path) -> History:
    history = History(tmp_path)
    history.show(OLD)
    history.show(PEACE, OLD)
    return history


def test_what_is_new_is_told_once_however_often_it_is_shown(history: History) -> None:
    for _ in range(3):
        history.show(PEACE, OLD, body=None)
    outcome = history.outcome()
    assert [telling.title for telling in outcome.told] == ["Ministers sign the peace agreement"]
    assert (outcome.captures, outcome.counts.unchanged, outcome.familiar) == (5, 3, 1)
    assert outcome.lasted == timedelta(hours=4)


@pytest.mark.parametrize(
    "again",
    [
        item("p", "Ministers sign the peace agreement at last"),
        item("p", "Ministers sign the peace agreement", date="Tue, 03 Mar 2026 08:00:00 GMT"),
        item("p", "Ministers sign the peace agreement", date="never"),
        item("p", "Ministers sign the peace agreement", link="https://wire.example/moved"),
        item("q", "Ministers sign the peace agreement", link="https://wire.example/q"),
    ],
    ids=["title edited", "date changed", "date lost", "link changed", "guid and link changed"],
)
def test_an_edit_is_not_told_again(history: History, again: str) -> None:
    history.show(again, OLD)
    history.show(again, OLD)
    assert history.told() == ["Ministers sign the peace agreement"]


def test_a_guid_that_is_given_to_other_news_is_told(history: History) -> None:
    other = item("p", "Storm closes the ports of the coast", link="https://wire.example/storm")
    history.show(other, OLD)
    history.show(other, OLD)
    assert history.told() == ["Ministers sign the peace agreement", "Storm closes the ports of the coast"]


@pytest.mark.parametrize("body", [b"<!DOCTYPE html><html><body>Sorry</body></html>", b"", b"\n"])
def test_a_body_that_is_no_feed_is_a_failure_and_makes_nothing_new(history: History, body: bytes) -> None:
    history.show(body=body)
    history.show(PEACE, OLD)
    outcome = history.outcome()
    assert outcome.counts.failed == 1
    assert sum(outcome.failures.values()) == 1
    assert len(outcome.told) == 1


def test_a_capture_that_cannot_be_unpacked_is_a_failure(history: History) -> None:
    (history.folder / "wire" / f"{history.next:%Y%m%dT%H%M%SZ}.xml.gz").write_bytes(b"not gzip")
    assert history.outcome().counts.failed == 1


def test_what_two_outlets_carry_is_one_story(history: History) -> None:
    history.show(outlet="other")
    history.show(PEACE, outlet="other")
    assert history.told() == ["Ministers sign the peace agreement"]


def test_a_folder_may_itself_be_one_feeds(history: History) -> None:
    found = captures(history.folder / "wire")
    assert [capture.feed.name for capture in found] == ["wire", "wire"]
    (history.folder / "wire" / "notes.txt").write_text("not a capture")
    assert len(captures(history.folder)) == 2


def test_a_folder_without_captures_is_said_to_be_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no captures"):
        captures(tmp_path)


def test_messages_that_tell_again_are_found() -> None:
    def telling(guid: str, link: str, title: str, receiver: str = "mail") -> Telling:
        moment = datetime(2026, 3, 2, tzinfo=UTC)
        return Telling(
            moment, receiver, 1, "wire", guid, f"https://o.example/{link}", title, ("r",), ("new",)
        )

    from monitor.replay import Outcome

    first = telling("1", "a", "Peace")
    rows = {
        "link": telling("2", "a?utm_source=x", "Other"),
        "title": telling("3", "c", "PEACE"),
        "": telling("1", "d", "Given again"),
        "other": telling("1", "a", "Peace", receiver="chat"),
    }
    outcome = Outcome(told=[first, *rows.values()])
    assert [(repeat.by, repeat.again) for repeat in outcome.repeats()] == [("link", rows["link"])]
    assert [(repeat.by, repeat.first) for repeat in outcome.namesakes()] == [("title", first)]


def test_the_command_prints_the_counts_and_what_would_have_been_told(history: History) -> None:
    told = called("replay", history.folder, "--told").stdout
    assert "2 captures over 0 days: 2 fresh, 0 unchanged, 0 failed" in told
    assert "1 message (0 of a development); told again: 0" in told
    assert "wire  new  Ministers sign the peace agreement  https://wire.example/p" in told
    found = json.loads(called("replay", history.folder, "--json").stdout)
    assert (found["captures"], found["alerts"], found["told_again"]) == (2, 1, [])
    assert found["told"][0]["feed"] == "wire"


def test_the_command_takes_the_rules_of_a_folder(history: History, tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "rules.yaml").write_text(
        "rules: [{id: storm, title: Storm, any: [storm], send: [mail]}]\nreceivers: {mail: 'json://localhost'}"
    )
    assert "0 messages" in called("replay", history.folder, "--rules", rules).stdout
