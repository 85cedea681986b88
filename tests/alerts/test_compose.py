"""What the reader gets: the headline, where it stands, and why they are told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.alerts.compose import AGAIN, BODY, TITLE, compose, defused
from monitor.model import Claim, Entry, Feed, Kind, Match, Mention, Severity, Told
from tests.fakes import START, Item, entry

FEED = Feed("wire", "https://wire.example/feed", outlet="The Wire")
SUMMARY = (
    "Ministers met for two days in the capital. They agreed to sign a peace agreement before the end of the"
    " year, officials said. Markets were calm."
)


def told(
    text: str = "peace agreement",
    field: str = "summary",
    *,
    title: str = "Ministers meet",
    rule: str = "peace",
    severity: Severity = Severity.HIGH,
    kind: Kind = Kind.NEW,
    **more: str,
) -> Told:
    article: Entry = entry(FEED, Item("g1", title, more.get("summary", SUMMARY), more.get("body", "")))
    where = {"title": article.title, "summary": article.summary, "body": article.body}[field]
    start = where.index(text)
    mention = Mention(text, field, start, start + len(text), text)
    match = Match(rule, "Peace agreement", severity, (), (mention,))
    return Told(1, kind, match, article, decided=START)


def claim(*tolds: Told, outlets: tuple[str, ...] = ("The Wire",), uncertain: bool = False) -> Claim:
    return Claim("mail", 7, tolds, outlets, attempts=1, uncertain=uncertain, created=START)


def test_a_mail_says_what_happened_where_and_why() -> None:
    message = compose(claim(told()), chat=False, now=START + timedelta(minutes=12))
    assert message.title == "[high] Ministers meet"
    assert message.body.split("\n") == [
        "Ministers meet",
        "high · The Wire · seen 12 min ago (2026-03-02 09:00 UTC)",
        "https://wire.example/g1",
        "",
        "Why: Peace agreement [high, rule peace]",
        (
            "  summary: They agreed to sign a [peace agreement] before the end of the year, officials said."
            " (peace agreement)"
        ),
        "",
        'Mute this story: monitor silence add --story 0000000000000007 --for 24h --comment "seen"',
    ]


def test_a_chat_message_has_no_title_so_that_the_headline_stands_once() -> None:
    message = compose(claim(told()), chat=True, now=START)
    assert message.title == ""
    assert message.body.count("Ministers meet") == 1


@pytest.mark.parametrize(
    ("minutes", "age"),
    [(0, "just now"), (59, "59 min ago"), (60, "1 h ago"), (47 * 60, "47 h ago"), (49 * 60, "2 days ago")],
)
def test_the_age_is_told_in_words(minutes: int, age: str) -> None:
    message = compose(claim(told()), chat=True, now=START + timedelta(minutes=minutes))
    assert f"seen {age} (" in message.body


def test_an_entry_with_a_date_is_published_and_not_merely_seen() -> None:
    one = told()
    dated = replace(one, entry=replace(one.entry, published=START - timedelta(hours=3)))
    assert "published 3 h ago (2026-03-02 06:00 UTC)" in compose(claim(dated), chat=True, now=START).body


def test_several_outlets_are_counted_and_the_first_named() -> None:
    outlets = ("A", "B", "C", "D", "E", "F")
    body = compose(claim(told(), outlets=outlets), chat=True, now=START).body
    assert "6 outlets so far: A, B, C, D, E" in body
    assert "F" not in body.split("\n")[1].split("so far")[1]


def test_rules_that_fire_together_make_one_message_under_the_highest_severity() -> None:
    both = claim(
        told(severity=Severity.NORMAL), told("Ministers", "title", rule="who", severity=Severity.CRITICAL)
    )
    message = compose(both, chat=False, now=START)
    assert message.title.startswith("[critical]")
    assert "rule peace" in message.body
    assert "rule who" in message.body


def test_beyond_six_rules_the_rest_is_named() -> None:
    many = claim(*(told(rule=f"rule-{number}") for number in range(8)))
    body = compose(many, chat=True, now=START).body
    assert body.count("Why:") == 6
    assert "And: Peace agreement, Peace agreement" in body


def test_a_development_says_that_it_is_one() -> None:
    message = compose(claim(told(kind=Kind.DEVELOPMENT)), chat=False, now=START)
    assert message.title.startswith("[high, development]")


def test_a_message_that_may_have_arrived_before_says_so() -> None:
    assert AGAIN in compose(claim(told(), uncertain=True), chat=True, now=START).body
    assert AGAIN not in compose(claim(told()), chat=True, now=START).body


HOSTILE = "<!channel> @everyone <@U123> <script>alert(1)</script> @here"


def test_mention_tokens_are_defused_for_chat() -> None:
    body = compose(claim(told(title=HOSTILE)), chat=True, now=START).body
    for token in ("<!", "<@", "@everyone", "@here", "<script"):
        assert token not in body
    assert body.replace("\u200d", "").startswith(HOSTILE)


def test_a_lone_sign_is_left_alone() -> None:
    assert defused("a < b @ c") == "a < b @ c"


def test_a_huge_headline_and_text_are_cut_at_a_word() -> None:
    title = "word " * 2000
    summary = "long " * 3000 + "peace agreement" + " tail" * 3000
    message = compose(claim(told(title=title, summary=summary)), chat=False, now=START)
    assert len(message.title) <= TITLE
    assert len(message.body) <= BODY
    assert "[peace agreement]" in message.body
    assert "\n" not in message.title
    assert message.body.split("\n")[0].endswith("word…")


def test_an_entry_without_a_title_is_headed_by_its_summary_on_one_line() -> None:
    message = compose(claim(told(title="", summary="First\nthen a peace agreement.")), chat=False, now=START)
    assert message.body.split("\n")[0] == "First then a peace agreement."


def test_the_quote_is_the_sentence_in_any_script() -> None:
    summary = "Առաջին նախադասություն։ Երկրորդ peace agreement խոսք։ Երրորդ։"
    body = compose(claim(told(summary=summary)), chat=True, now=START).body
    assert "Երկրորդ [peace agreement] խոսք։" in body
    assert "Առաջին" not in body


def test_a_quote_begins_where_its_own_sentence_does() -> None:
    summary = "One thing was said. Another thing was said. The peace agreement holds. It is over."
    body = compose(claim(told(summary=summary)), chat=True, now=START).body
    assert "The [peace agreement] holds." in body
    assert "thing" not in body and "over" not in body


def test_hits_of_one_sentence_are_marked_in_one_quote_and_overlapping_ones_as_one() -> None:
    title = "President Ilham Aliyev praises peace agreement in Baku"
    one = told("Ilham Aliyev", "title", title=title)
    spots = [("$aliyev", "Ilham Aliyev"), ("$president", "President Ilham Aliyev"), ("$baku", "Baku")]
    mentions = tuple(
        Mention(what, "title", title.index(text), title.index(text) + len(text), text) for what, text in spots
    )
    both = replace(one, match=replace(one.match, mentions=mentions))
    body = compose(claim(both), chat=True, now=START).body
    assert (
        "  title: [President Ilham Aliyev] praises peace agreement in [Baku] ($aliyev, $president, $baku)"
        in body
    )


def test_a_long_sentence_is_cut_round_its_first_hit() -> None:
    summary = "word " * 200 + "peace agreement" + " more" * 200
    body = compose(claim(told(summary=summary)), chat=True, now=START).body
    quote = next(line for line in body.split("\n") if line.startswith("  summary"))
    assert quote.startswith("  summary: …word")
    assert "[peace agreement] more" in quote
    assert "more… (peace agreement)" in quote
