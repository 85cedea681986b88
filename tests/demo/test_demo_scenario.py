import re
from collections import Counter, defaultdict
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.demo.scenario import (
    CHAT,
    ENTRIES,
    EXPECTED,
    LAST,
    MAIL,
    MORNING,
    OUTLETS,
    SILENT,
    STORIES,
    Expected,
    Publication,
    shortfalls,
)
from monitor.demo.sinks import Arrival
from monitor.text import folded_words

HEADLINES = {publication.story: publication.title for publication in reversed(MORNING)}
JOINER = "\u200d"


def message(receiver: str, story: str, *rules: str, sign: str = "high") -> Arrival:
    """A message as the desk composes it: the sign and headline, provenance, link, and why."""
    headline = re.sub(r"([@<])(?=\S)", rf"\1{JOINER}", HEADLINES[story])
    why = [
        f"Why: some interest [high, rule {rule}]\n  $rail-accord in the title: [{headline}]" for rule in rules
    ]
    body = "\n".join(
        [headline, f"{sign} · Some Outlet · published just now", "https://some.example/news", "", *why]
    )
    if receiver == CHAT:
        return Arrival(CHAT, "", f"[high] {headline}\n{body}", 0)
    return Arrival(MAIL, f"[high] {headline}", body, 0)


def called_for(expected: Expected) -> Arrival:
    sign = "high, development" if expected.develops else "high"
    return message(expected.receiver, expected.story, *sorted(expected.rules), sign=sign)


ALL = [called_for(expected) for expected in EXPECTED]

# ---- the data ----------------------------------------------------------------------------------------------


def test_the_morning_is_as_large_as_it_claims() -> None:
    carriers = Counter(publication.story for publication in MORNING)
    assert len(OUTLETS) >= 12
    assert len(MORNING) >= 45
    assert carriers["railway"] - 2 >= 6  # but the first and the edit of the title
    assert ENTRIES - STORIES >= 12
    assert 6 < LAST < 8


def test_every_story_is_either_called_for_or_silent() -> None:
    wanted, silent = {expected.story for expected in EXPECTED}, {row.story for row in SILENT}
    assert wanted.isdisjoint(silent)
    assert wanted | silent == {publication.story for publication in MORNING}


def test_each_expectation_and_each_silence_stands_once_and_has_its_reason() -> None:
    assert len({(expected.receiver, expected.story) for expected in EXPECTED}) == len(EXPECTED)
    assert len({row.story for row in SILENT}) == len(SILENT)
    assert all([row.reason for row in EXPECTED] + [row.reason for row in SILENT])


def test_a_headline_belongs_to_one_story() -> None:
    stories = defaultdict(set)
    for publication in MORNING:
        stories[folded_words(publication.title)].add(publication.story)
    assert [headline for headline, of in stories.items() if len(of) > 1] == []


def test_every_outlet_has_something_in_its_feed_at_the_start_and_all_of_it_is_silent() -> None:
    baseline = [publication for publication in MORNING if publication.at == 0]
    assert {publication.outlet for publication in baseline} == {outlet.name for outlet in OUTLETS}
    assert {publication.story for publication in baseline} <= {row.story for row in SILENT}


def test_an_edit_follows_what_it_edits_and_nothing_else_takes_a_guid_twice() -> None:
    versions: dict[tuple[str, str], list[Publication]] = defaultdict(list)
    for publication in sorted(MORNING, key=lambda one: one.at):
        versions[publication.outlet, publication.guid].append(publication)
    assert all([one.edits for one in of] == [False] + [True] * (len(of) - 1) for of in versions.values())
    assert all(b.at - a.at >= 2 for of in versions.values() for a, b in pairwise(of))  # two polls at least


def test_every_outlet_that_publishes_is_one_of_the_outlets() -> None:
    assert {publication.outlet for publication in MORNING} == {outlet.name for outlet in OUTLETS}


@pytest.mark.parametrize(
    ("one", "other"), [("Two", "Twelve"), ("imposes", "lifts")], ids=["a number", "a direction"]
)
def test_adversaries_differ_by_one_word_only(one: str, other: str) -> None:
    by_title = {publication.title: publication for publication in MORNING}
    first = next(publication for title, publication in by_title.items() if one in title.split())
    second = by_title[first.title.replace(one, other)]
    assert first.body.replace(one, other) == second.body
    assert first.story != second.story


# ---- what arrived ------------------------------------------------------------------------------------------


def test_exactly_what_is_called_for_falls_short_of_nothing() -> None:
    assert shortfalls(ALL) == []


@given(st.permutations(ALL))
@settings(max_examples=20)
def test_the_order_of_arrival_does_not_matter(arrived: list[Arrival]) -> None:
    assert shortfalls(arrived) == []


@given(st.sampled_from(range(len(ALL))))
def test_each_missing_message_is_named(index: int) -> None:
    found = shortfalls(ALL[:index] + ALL[index + 1 :])
    missing = EXPECTED[index]
    assert found == [f"missing: {missing.receiver} was not told of “{missing.story}” ({missing.reason})"]


@given(st.sampled_from(range(len(ALL))))
def test_each_repeated_message_is_named(index: int) -> None:
    repeated = EXPECTED[index]
    assert shortfalls([*ALL, ALL[index]]) == [
        f"repeated: {repeated.receiver} was told of “{repeated.story}” 2 times"
    ]


@given(st.sampled_from(range(len(ALL))))
def test_each_message_of_the_wrong_kind_is_named(index: int) -> None:
    wrong = EXPECTED[index]
    sign = "high" if wrong.develops else "high, development"
    told = message(wrong.receiver, wrong.story, *sorted(wrong.rules), sign=sign)
    (found,) = shortfalls([*ALL[:index], told, *ALL[index + 1 :]])
    assert found.startswith(f"wrong kind: {wrong.receiver} was not told of “{wrong.story}” as ")


@pytest.mark.parametrize(
    ("extra", "named"),
    [
        (
            message(CHAT, "festival", "sanctions-caucasus"),
            "unasked for: slack-desk was told of “festival” (names",
        ),
        (message(MAIL, "first-train", "envoys-named"), "told of “first-train” (not for this receiver)"),
        (Arrival(MAIL, "Hello", "Nobody knows this line", 0), "“Nobody knows this line” (no story of this"),
        (Arrival(MAIL, "Only a subject", "", 0), "“Only a subject” (no story of this morning)"),
        (
            Arrival("stranger", "", HEADLINES["court"], 0),
            "stranger was told of “court” (not for this receiver)",
        ),
    ],
    ids=["a silent story", "for the chat only", "no story", "an empty mail", "an unknown receiver"],
)
def test_what_nobody_asked_for_is_named_with_the_reason(extra: Arrival, named: str) -> None:
    (found,) = shortfalls([*ALL, extra])
    assert found.startswith("unasked for: ")
    assert named in found


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ((), "by no rule instead of grid-failure"),
        (("envoys-named",), "by envoys-named instead of grid-failure"),
        (("grid-failure", "envoys-named"), "by envoys-named, grid-failure instead of grid-failure"),
    ],
)
def test_a_wrong_reason_is_named(rules: tuple[str, ...], told: str) -> None:
    rest = [arrival for arrival, expected in zip(ALL, EXPECTED, strict=True) if expected.story != "grid"]
    assert shortfalls([*rest, message(CHAT, "grid", *rules)]) == [
        f"wrong reason: slack-desk was told of “grid” {told}"
    ]


def test_a_copy_that_arrives_under_its_own_furniture_is_a_repeat() -> None:
    copy = Arrival(CHAT, "", "UPDATE 1-Armenia and Azerbaijan sign railway agreement in Tbilisi", 0)
    found = shortfalls([*ALL, copy])
    assert "repeated: slack-desk was told of “railway” 2 times" in found


@pytest.mark.parametrize("live", ["<!channel>", "@everyone", "<@here>", "@here"])
def test_a_mention_that_is_live_in_the_chat_is_dangerous(live: str) -> None:
    def live_again(arrival: Arrival) -> Arrival:
        return Arrival(arrival.receiver, arrival.title, arrival.body + f"\n{live}", arrival.at)

    spoilt = [live_again(arrival) if arrival.receiver == CHAT else arrival for arrival in ALL]
    found = shortfalls(spoilt)
    assert len(found) == sum(arrival.receiver == CHAT for arrival in ALL)
    assert all(fault.startswith("dangerous: slack-desk got a live “") for fault in found)


def test_a_mail_may_print_a_headline_as_it_is() -> None:
    mail = next(arrival for arrival in ALL if "everyone" in arrival.body and arrival.receiver == MAIL)
    plain = Arrival(MAIL, mail.title.replace(JOINER, ""), mail.body.replace(JOINER, ""), 0)
    assert shortfalls([plain if arrival is mail else arrival for arrival in ALL]) == []


def test_a_chat_that_escapes_its_text_is_understood() -> None:
    escaped = [
        Arrival(one.receiver, one.title, one.body.replace("&", "&amp;").replace("<", "&lt;"), 0)
        for one in ALL
    ]
    assert shortfalls(escaped) == []
