"""A digest as it is read: what it holds, in which order, how long it may be, and hostile headlines."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.alerts import notice, sample
from monitor.alerts.compose import AGAIN
from monitor.alerts.digest import CHAT, compose, facts, fitting
from monitor.alerts.template import Templates
from monitor.model import Claim, Digest, Kind, Match, Notice, Severity, Tally, Told
from tests.fakes import FEED, START, Item, entry

HOSTILE = (
    "@everyone",
    "<!channel> now",
    "<@U123>",
    "a\r\nBcc: x@example.org",
    "<script>x</script>",
    "\u202egnp",
)
headlines = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=400).filter(str.strip))


def claim(number: int, headline: str = "A headline", *, title: str = "Peace", outlets: int = 1) -> Claim:
    match = Match(title.lower(), title, Severity.HIGH, (), ())
    told = Told(number, Kind.NEW, match, entry(FEED, Item(f"g{number}", headline)), START)
    names = tuple(f"Outlet {one}" for one in range(outlets))
    return Claim("desk", number, (told,), names, attempts=1, uncertain=False, created=START)


def digest(*claims: Claim, tally: Tally = Tally(digest=1)) -> Digest:  # noqa: B008 - a frozen value
    return Digest(1, "desk", claims, tally, attempts=1, uncertain=False, created=START)


@settings(deadline=None)
@given(st.lists(st.tuples(headlines, st.integers(0, 60)), min_size=1, max_size=40))
def test_whatever_the_headlines_a_digest_fits_its_service_and_calls_nobody(
    some: list[tuple[str, int]],
) -> None:
    left = [claim(number, headline, outlets=n) for number, (headline, n) in enumerate(some)]
    told: list[int] = []
    while left:
        going = fitting(left, chat=True)
        full = replace(digest(*going), uncertain=True, more=True, tally=Tally(9999, 9999, 9999, 9999))
        body = compose(full, chat=True).body
        assert len(body) <= CHAT
        assert "@everyone" not in body and "<!channel" not in body and "<@U" not in body
        told += [one.story for one in going]
        left = [one for one in left if one not in going]
    assert sorted(told) == list(range(len(some))), "each is told once"


def test_a_digest_says_what_was_held_and_muted_and_whether_it_may_have_come_before() -> None:
    message = compose(digest(claim(1), tally=Tally(2, 3, 4, 5)), chat=False)
    assert message.title == "Digest: 1 story"
    assert message.body.splitlines()[-2:] == [
        "Held: 3 for the digest, 2 in quiet hours, 4 over a limit.",
        "Muted by silences since the last digest: 5.",
    ]
    again = compose(replace(digest(claim(1)), uncertain=True), chat=False)
    assert again.body.endswith(AGAIN)
    once = compose(digest(replace(claim(1), uncertain=True)), chat=False)
    assert "may have reached you before" in once.body


def test_stories_stand_under_their_rules_the_most_carried_first() -> None:
    both = replace(claim(4), tolds=(*claim(4).tolds, *claim(4, title="Trade").tolds))
    message = compose(
        digest(claim(1, "few"), claim(2, "many", outlets=5), claim(3, "x", title="Trade"), both), chat=False
    )
    lines = [line for line in message.body.splitlines() if line and not line.startswith("  ")]
    assert lines == [
        "Digest: 4 stories", "Peace", "- many", "- few", "Trade", "- x", "Peace + Trade", "- A headline",
        "Held: 1 for the digest.",
    ]  # fmt: skip
    assert "Outlet 0, Outlet 1, Outlet 2 and 2 more" in message.body


def test_a_link_that_would_take_the_place_of_stories_is_left_out() -> None:
    long = claim(1)
    told = replace(long.tolds[0], entry=replace(long.tolds[0].entry, link="https://a.example/" + "x" * 400))
    assert "https" not in compose(digest(replace(long, tolds=(told,))), chat=False).body


def test_a_notice_of_many_things_says_how_many_more_there_are() -> None:
    lines = tuple(f"Feed f{number} has failed" for number in range(25))
    some = Notice(1, "desk", notice.TITLE, lines, attempts=1, uncertain=True, created=START)
    body = notice.compose(some, chat=True).body
    assert "f19 has failed\nand 5 more: monitor status" in body
    assert body.endswith(AGAIN)


@pytest.mark.parametrize(
    ("number", "more"), [(notice.MOST - 1, 0), (notice.MOST, 0), (notice.MOST + 1, 1), (notice.MOST + 2, 2)]
)
def test_a_notice_of_as_many_things_as_fit_says_nothing_of_more(number: int, more: int) -> None:
    lines = tuple(f"Feed f{at} has failed" for at in range(number))
    some = Notice(1, "desk", notice.TITLE, lines, attempts=1, uncertain=False, created=START)
    told = [f"and {more} more: monitor status"] if more else []
    shown = "\n".join([notice.TITLE, "", *lines[: notice.MOST], *told])
    chat, mail = (notice.compose(some, chat=chat) for chat in (True, False))
    assert (chat.title, chat.body) == ("", shown)
    assert (mail.title, mail.body) == (notice.TITLE, shown)


@pytest.mark.parametrize("number", [1, 2, notice.MOST - 1, notice.MOST, notice.MOST + 1])
def test_mistakes_in_the_files_are_told_a_line_each_as_many_as_fit(number: int) -> None:
    faults = [f"rules.yaml:{line}: wrong" for line in range(number)]
    title, *lines, last = notice.refusal("\n".join(faults))
    assert (title, lines) == (notice.REFUSED, faults[: notice.MOST - 1])
    assert last == f"To see {'them all' if number > 1 else 'it again'}: monitor check"


def test_a_heartbeat_says_what_is_watched_what_went_out_and_what_did_not() -> None:
    names = ("feeds", "failing", "alerts", "sent", "waiting", "held", "muted", "dead")
    assert notice.heartbeat({name: number for number, name in enumerate(names, 1)}) == (
        "Feeds: 1, 2 of them failing.",
        "Alerts so far: 3; deliveries: 4 sent, 5 waiting.",
        "Held for a digest: 6; muted: 7; given up: 8.",
    )


def test_a_story_of_a_digest_has_its_facts_by_name() -> None:
    one = claim(1)
    dated = replace(
        one.tolds[0].entry, published=START - timedelta(days=1), link="https://a.example/" + "x" * 282
    )
    milder = replace(one.tolds[0], match=replace(one.tolds[0].match, severity=Severity.LOW))
    outlets = ("A" * 50, "B", "C", "D", "E")
    whole = replace(one, tolds=(milder, replace(one.tolds[0], entry=dated)), outlets=outlets, uncertain=True)
    (section,) = facts(digest(whole))["sections"]
    (story,) = section.stories
    assert (story.severity, story.again) == (one.tolds[0].match.severity.name.lower(), True)
    assert (story.outlets, story.named, story.unnamed) == (5, ("A" * 39 + "…", "B", "C"), 2)
    for first, stamp, link in (
        (dated, "2026-03-01 09:00 UTC", dated.link),
        (replace(dated, published=None, link=dated.link + "x"), "2026-03-02 09:00 UTC", ""),
    ):
        alone = replace(one, tolds=(replace(one.tolds[0], entry=first, decided=START),), outlets=())
        ((story,),) = (found.stories for found in facts(digest(alone))["sections"])
        assert (story.stamp, story.link) == (stamp, link)
        assert (story.outlets, story.named, story.unnamed) == (1, (first.outlet,), 0)


def test_a_notice_gathers_and_is_damped() -> None:
    assert notice.due(START, None) == START + notice.GATHER
    assert notice.due(START, START - timedelta(days=1)) == START + notice.GATHER
    assert notice.due(START, START - timedelta(minutes=10)) == START + timedelta(minutes=20)


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "https://a.example/x y", "https://a.example/x\nHeld: 9"]
)
def test_only_links_of_the_web_stand_in_a_digest(link: str) -> None:
    one = claim(1)
    told = replace(one.tolds[0], entry=replace(one.tolds[0].entry, link=link))
    lines = compose(digest(replace(one, tolds=(told,))), chat=True).body.splitlines()
    assert not any("script" in line or "a.example" in line or line == "Held: 9" for line in lines)


def test_a_digest_says_of_what_kind_each_telling_is() -> None:
    new, development, milestone = (
        compose(digest(one), chat=False).body.splitlines()[4] for one in sample.claims("desk")
    )
    assert new.startswith("  high · The Example Wire · ")
    assert development.startswith("  high, development · The Example Wire, ")
    assert milestone.startswith("  high, milestone · 3 outlets carry it now: The Example Wire, ")


def test_the_page_of_the_longest_digest_is_shown_whole() -> None:
    """Gmail shows the first 102 kB of a mail's page, and hides what was held and muted behind a link."""
    link = "https://a.example/" + "x" * 60
    many = [claim(number, "A headline & more " * 4, outlets=3) for number in range(400)]
    told = [
        replace(one, tolds=(replace(t, entry=replace(t.entry, link=link)),))
        for one in many
        for t in one.tolds
    ]
    going = fitting(told, chat=False)
    assert 50 < len(going) < 400
    full = compose(replace(digest(*going), uncertain=True, more=True), chat=False)
    assert len(full.html.encode()) < 102_000
    assert full.html.count("A headline &amp; more") == 4 * len(going)


def test_a_template_that_makes_too_long_a_post_is_set_aside_so_that_no_story_is_cut_off() -> None:
    complaints: list[tuple[str, str]] = []
    wordy = "{% for story in sections[0].stories %}{{ story.headline }} {{ 'so ' * 300 }}{% endfor %}"
    templates = Templates({"digest.txt": wordy}, complain=lambda *said: complaints.append(said))
    some = digest(*(claim(number, f"headline {number}") for number in range(4)))
    assert "so so" in compose(digest(claim(1)), chat=True, templates=templates).body
    assert compose(some, chat=True, templates=templates) == compose(some, chat=True)
    assert complaints == [("digest.txt", "its text is longer than the message may be")]
    assert "so so" in compose(some, chat=False, templates=templates).body
