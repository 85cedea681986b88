"""`monitor rules` as those who write rules meet it."""

from __future__ import annotations

import json
import unicodedata
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor import pipeline
from monitor.cli.main import monitor
from monitor.errors import FetchError, UsageError
from monitor.feeds import page
from monitor.model import Feed, FeedState
from monitor.store.store import Store
from monitor.text import clean, cleaned, fold
from tests.fakes import FakeClock, FakeOutlet, Item, rules
from tests.web_server import WebServer

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

DESK = """\
feeds:
  - {name: wire, url: https://wire.example/, outlet: The Wire, tags: [agency], lang: en}
receivers: {mail: "json://localhost/"}
"""
RULES = """\
names:
  aliyev: {full: [Ilham Aliyev, Ильхам Алиев], short: [Aliyev, Алиев], context: [Baku]}
terms:
  sanctions: {words: [sanctions, санкци*]}
rules:
  - id: met
    when: $aliyev or $sanctions
    send: mail
    examples: {match: [Ilham Aliyev spoke]}
  - {id: agency, any: [ceasefire], sources: [agency], send: mail, examples: {match: [A ceasefire]}}
"""


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    folder = tmp_path / "rules"
    folder.mkdir()
    (tmp_path / "state").mkdir()
    (folder / "desk.yaml").write_text(DESK, "utf-8")
    (folder / "rules.yaml").write_text(RULES, "utf-8")
    return tmp_path


def run(desk: Path, verb: str, *words: str, given: str | bytes | None = None) -> Result:
    places = ["--rules", str(desk / "rules")] if verb not in ("suggest", "schema") else []
    places += ["--state", str(desk / "state")] if verb in ("try", "backtest", "check") else []
    done = CliRunner().invoke(monitor, ["rules", verb, *places, *words], input=given, standalone_mode=False)
    if done.exception:
        raise done.exception
    return done


# ---- check -----------------------------------------------------------------------------------------------


def test_check_names_mistakes_and_exits_1(desk: Path) -> None:
    (desk / "rules" / "rules.yaml").write_text(RULES.replace("when:", "wehn:"))
    done = run(desk, "check")
    assert done.return_value == 1
    assert 'rules.yaml:7:5: unknown key "wehn" - did you mean "when"?' in done.stderr
    assert "1 mistake" in done.stderr
    said = json.loads(run(desk, "check", "--json").stdout)
    assert (said["ok"], len(said["faults"])) == (False, 1)


def test_check_reports_what_becomes_of_examples_for_later(desk: Path) -> None:
    text = RULES.replace("[Ilham Aliyev spoke]}", "[Ilham Aliyev spoke], later: [Mr Aliyev, no sanctions]}")
    (desk / "rules" / "rules.yaml").write_text(text, "utf-8")
    done = run(desk, "check", "--strict")
    assert done.return_value == 0
    assert 'rules.yaml:9:53: "met" does not fire on this example' in done.stdout
    assert 'rules.yaml:9:64: "met" fires on this example' in done.stdout
    assert len(json.loads(run(desk, "check", "--json").stdout)["later"]) == 2


def test_check_remarks_on_what_looks_odd_and_only_strictly_fails(desk: Path) -> None:
    (desk / "rules" / "more.yaml").write_text("terms: {unused: {words: [something]}}\n")
    done = run(desk, "check")
    assert done.return_value == 0
    assert '"$unused" is used by no rule' in done.stdout
    assert "2 rules, 2 examples: no mistakes, 1 remark" in done.stdout
    assert run(desk, "check", "--strict").return_value == 1
    assert json.loads(run(desk, "check", "--strict", "--json").stdout)["ok"] is False


# ---- try -------------------------------------------------------------------------------------------------

ARTICLE = """\
Ilham Aliyev speaks in Baku
He spoke for an hour.

See also
Sanctions are near
"""


def test_try_says_what_fires_why_and_what_was_ignored(desk: Path) -> None:
    (desk / "article.txt").write_text(ARTICLE)
    said = run(desk, "try", str(desk / "article.txt")).stdout
    assert "FIRES met  $aliyev" in said
    assert '$aliyev "Ilham Aliyev" (title)' in said
    assert "no    agency  ceasefire is not mentioned" in said
    assert 'ignored $sanctions "Sanctions" (body, at 32): tail after "See also"' in said


def test_try_marks_mentions_in_colour_on_a_terminal(desk: Path) -> None:
    (desk / "article.txt").write_text(ARTICLE)
    done = CliRunner(env={"FORCE_COLOR": "1", "TERM": "xterm-256color"}).invoke(
        monitor, ["rules", "try", "--rules", str(desk / "rules"), str(desk / "article.txt")], color=True
    )
    assert "\x1b[1;30;42mIlham Aliyev\x1b[0m" in done.stdout
    assert (
        "\x1b[33;9mSanctions\x1b[0m" in done.stdout or "9;33" in done.stdout or "\x1b[2;9;33m" in done.stdout
    )


def test_try_reads_standard_input_and_asks_one_rule(desk: Path) -> None:
    said = json.loads(run(desk, "try", "-", "--json", "--rule", "agency", given="A ceasefire").stdout)
    assert [one["rule"] for one in said[0]["rules"]] == ["agency"]
    assert said[0]["fired"] == ["agency"]
    barred = run(desk, "try", "-", "--source", "elsewhere", given="A ceasefire").stdout
    assert 'its "sources" are agency, and this came from "elsewhere"' in barred
    assert "FIRES agency" in run(desk, "try", "-", "--source", "wire", given="A ceasefire").stdout


def test_try_of_a_feed_explains_each_of_its_entries(desk: Path) -> None:
    (desk / "feed.xml").write_text(
        '<?xml version="1.0"?><rss version="2.0"><channel><title>t</title>'
        "<item><title>Sanctions</title><guid>1</guid></item><item><title>Rain</title><guid>2</guid></item>"
        "</channel></rss>"
    )
    said = json.loads(run(desk, "try", str(desk / "feed.xml"), "--json").stdout)
    assert [one["fired"] for one in said] == [["met"], []]
    (desk / "feed.xml").write_text("<?xml version='1.0'?><rest>sanctions</rest>")
    assert len(json.loads(run(desk, "try", str(desk / "feed.xml"), "--json").stdout)) == 1


def test_try_of_an_address_goes_through_the_guard(desk: Path) -> None:
    with WebServer() as web:
        web.serve("/page", b"<html><title>T</title><body><p>Sanctions</body></html>", {})
        with pytest.raises(FetchError, match="save the article and try the file"):
            run(desk, "try", web.url("/page"))
        own = {"feeds": [{"name": "own", "url": web.url("/feed"), "allow-private": "yes"}]}
        (desk / "rules" / "desk.yaml").write_text(json.dumps({**own, "receivers": {"mail": "json://h/"}}))
        (desk / "rules" / "rules.yaml").write_text(RULES.replace("sources: [agency], ", ""))
        assert "FIRES met  $sanctions" in run(desk, "try", web.url("/page")).stdout


def test_try_of_what_is_not_there_ends_in_one_line(desk: Path) -> None:
    with pytest.raises(UsageError, match="the article cannot be read"):
        run(desk, "try", str(desk / "nothing.txt"))
    with pytest.raises(UsageError, match="no entry 17 is stored"):
        run(desk, "try", "17")
    with pytest.raises(UsageError, match='there is no rule "mte"'):
        run(desk, "try", "-", "--rule", "mte", given="x")
    with pytest.raises(UsageError, match="the articles cannot be read"):
        run(desk, "try", "--jsonl", str(desk / "nothing.jsonl"))


def results(desk: Path, *articles: Any) -> list[dict[str, Any]]:
    given = "\n".join(one if isinstance(one, str) else json.dumps(one) for one in articles)
    done = run(desk, "try", "--jsonl", "-", given=given)
    assert done.return_value == 0
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_an_article_a_line_gives_a_result_a_line(desk: Path) -> None:
    found = results(
        desk,
        {"id": 1, "title": "Ilham Aliyev spoke", "body": "Nothing.\nSee also\nSanctions", "source": "wire"},
        "",
        {"id": "b", "title": "A ceasefire", "source": "wire", "lang": "en"},
        {"id": None, "title": "A ceasefire", "source": "elsewhere"},
    )
    assert [(one["id"], one["fired"]) for one in found] == [(1, ["met"]), ("b", ["agency"]), (None, [])]
    assert found[0]["mentions"] == [
        {"rule": "met", "what": "$aliyev", "field": "title", "start": 0, "end": 12, "surface": "Ilham Aliyev"}
    ]
    assert found[0]["ignored"][0]["surface"] == "Sanctions"
    assert found[0]["ignored"][0]["why"] == 'tail after "See also"'


def test_a_line_that_is_no_article_harms_no_other(desk: Path) -> None:
    found = results(
        desk,
        "{",
        "[1]",
        {"id": 3, "title": ["x"]},
        "[" * 100_000,
        '{"id": "\\ud800", "title": "sanctions \\ud800"}',
    )
    assert [bool(one.get("error")) for one in found] == [True, True, True, True, False]
    assert found[2]["id"] == 3
    assert found[4]["fired"] == ["met"]


PIECES = st.lists(
    st.sampled_from(["Ilham", "Aliyev", "Ильхам", "Алиевым", "\u00ad", "\u200b", "\r\n", " ", "é", "한"]),
    max_size=12,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(PIECES.map("".join), st.sampled_from(["NFC", "NFD"]))
def test_offsets_are_those_of_the_text_as_it_came_in(text: str, form: Any) -> None:
    raw = unicodedata.normalize(form, text)
    made, origins = cleaned(raw)
    assert made == clean(raw)
    assert len(origins) == len(made) + 1
    assert list(origins) == sorted(origins)
    for at, letter in enumerate(made):
        if letter.isalpha():
            assert clean(raw[origins[at] : origins[at + 1]])[:1] == letter


def test_a_mention_in_a_decomposed_text_stands_where_it_stood(desk: Path) -> None:
    raw = unicodedata.normalize("NFD", "Ёлка! Санкции\u00ad против йода")
    (found,) = results(desk, {"id": 1, "title": raw})
    (mention,) = found["mentions"]
    assert fold(clean(raw[mention["start"] : mention["end"]])) == "санкции"


# ---- backtest --------------------------------------------------------------------------------------------


RULES_OF_NONE = "rules: [{id: none, any: [unheard], send: mail}]"
REPEATED = "repeated line: in 3 of the feed's last 8 stories"


@pytest.fixture
def lived(desk: Path) -> Path:
    """The desk after some days."""
    clock = FakeClock(datetime.now(UTC) - timedelta(days=5))
    outlet = FakeOutlet(Feed("wire", "https://wire.example/", "The Wire"))
    book = rules(RULES_OF_NONE)
    with Store(desk / "state") as store:
        store.sync_feeds([outlet.feed], first_poll=lambda _: clock.now)
        for number, title in enumerate(
            ["Rain", "Sanctions on timber", "Aliyev in Baku", "Ceasefire holds", "Alyiev spoke with Aliyeb"]
        ):
            outlet.items.append(Item(str(number), title))
            pipeline.take(store, [outlet.poll(FeedState())], rulebook=book, now=clock.now)
            clock.advance(timedelta(days=1))
    return desk


def test_backtest_plots_the_days_and_names_outlets_and_terms(lived: Path) -> None:
    said = run(lived, "backtest").stdout
    assert "met  2 stories in 30 days, 0 more entries of the same" in said
    assert said.count("█ 1") == 3
    assert "outlets  The Wire 2" in said
    assert "$sanctions 1" in said
    only = json.loads(run(lived, "backtest", "--rule", "agency", "--json").stdout)
    assert list(only["rules"]) == ["agency"]
    assert only["rules"]["agency"]["stories"] == 1


def test_backtest_against_old_rules_shows_what_is_gained_and_lost(lived: Path) -> None:
    old = lived / "old"
    old.mkdir()
    (old / "desk.yaml").write_text(DESK)
    (old / "rules.yaml").write_text(RULES.replace("[sanctions, санкци*]", "[rain]"))
    said = run(lived, "backtest", "--against", str(old)).stdout
    assert "met: +1 -1" in said
    assert "Sanctions on timber (The Wire)" in said
    same = run(lived, "backtest", "--against", str(lived / "rules")).stdout
    assert "no story is gained or lost" in same
    changes = json.loads(run(lived, "backtest", "--against", str(old), "--json").stdout)["changes"]
    assert [one["title"] for one in changes["met"]["lost"]] == ["Rain"]


def test_backtest_of_nothing_says_what_to_do(desk: Path) -> None:
    for words in (["backtest"], ["check", "--history"]):
        with pytest.raises(UsageError, match="nothing is stored here yet"):
            run(desk, *words)
    with pytest.raises(UsageError, match='there is no rule "mte"'):
        run(desk, "backtest", "--rule", "mte")


def test_a_stored_entry_is_tried_by_its_number(lived: Path) -> None:
    with Store(lived / "state") as store:
        (number,) = [
            entry.id
            for entry, _, _ in store.history(since=datetime.now(UTC) - timedelta(days=9))
            if "timber" in entry.title
        ]
    assert "FIRES met" in run(lived, "try", str(number)).stdout


def test_a_stored_entry_is_tried_without_the_lines_that_its_feed_always_shows(lived: Path) -> None:
    outlet = FakeOutlet(Feed("wire", "https://wire.example/", "The Wire"))
    for number, subject in enumerate(("Storks", "Clocks", "Glaciers", "Bridges")):
        body = f"{subject} were the talk of the town, say their keepers.\nOur newsletter on sanctions"
        outlet.items.append(Item(f"t{number}", f"{subject} and how to keep them through winter", body=body))
    with Store(lived / "state") as store:
        pipeline.take(store, [outlet.poll(FeedState())], rulebook=rules(RULES_OF_NONE), now=datetime.now(UTC))
        number = outlet.poll(FeedState()).entries[-1].id  # type: ignore[union-attr]  # a first poll is Fresh
    found = run(lived, "try", "--json", str(number))
    (shown,) = json.loads(found.stdout)
    assert shown["fired"] == []
    assert [one["why"] for one in shown["ignored"]] == [REPEATED]
    assert REPEATED in run(lived, "try", str(number)).stdout


def test_check_with_history_tells_what_caught_nothing_and_near_misses(lived: Path) -> None:
    text = RULES.replace("sanctions: {words", "war: {words: [warfare]}\n  sanctions: {words").replace(
        "or $sanctions", "or $sanctions or $war"
    )
    (lived / "rules" / "rules.yaml").write_text(text)
    said = run(lived, "check", "--history").stdout
    assert '"$war" made no rule fire in 90 days' in said
    assert 'near "Aliyev" in the news: Aliyeb (1)' in said


# ---- suggest and schema ----------------------------------------------------------------------------------


def test_suggest_prints_what_can_be_pasted(desk: Path) -> None:
    assert "- Ильхам Алиев  # Cyrillic" in run(desk, "suggest", "Ilham Aliyev").stdout
    assert "Georgian" in json.loads(run(desk, "suggest", "Ilham Aliyev", "--json").stdout)
    with pytest.raises(UsageError, match='there is no word in "!"'):
        run(desk, "suggest", "!")


def test_schema_prints_it_and_the_lines_for_editors(desk: Path) -> None:
    assert json.loads(run(desk, "schema").stdout)["title"] == "media-monitor rules"
    assert (
        "# yaml-language-server: $schema=a.json"
        in run(desk, "schema", "--modelines", "--path", "a.json").stdout
    )


def test_help_teaches_and_a_wrong_verb_is_refused() -> None:
    said = CliRunner().invoke(monitor, ["rules", "--help"])
    assert "monitor rules try saved-article.txt" in said.stdout
    assert CliRunner().invoke(monitor, ["rules", "chekc"]).exit_code == 2


# ---- pages -----------------------------------------------------------------------------------------------

PAGES = (
    (b"<!DOCTYPE html><meta property='og:title' content='A &amp; B'><body><nav>no</nav>", ("A & B", "no")),
    (b"<html><nav>no</nav><article>One<p>two</article><article>x</article>", ("", "One\n\ntwo")),
    ("<html><meta charset='windows-1251'><title>Мир</title>".encode("cp1251"), ("Мир", "Мир")),
    (b"<html><title>T</title><body>All <b>of</b> it", ("T", "All of it")),
    (b"<html>bare", ("", "bare")),
    ("\ufeffFirst line\nThe rest".encode(), ("First line", "The rest")),
    ("Привет\nмир".encode("utf-16"), ("Привет", "мир")),
)  # fmt: skip


@pytest.mark.parametrize(("body", "expected"), PAGES)
def test_a_page_is_its_headline_and_its_article(body: bytes, expected: tuple[str, str]) -> None:
    title, text = page.article(body)
    assert (title, [line for line in text.split("\n") if line]) == (
        expected[0],
        [line for line in expected[1].split("\n") if line],
    )
