"""Where one value more or less decides: each row is a wrong change that no other test noticed."""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import requests

from monitor import pipeline
from monitor.alerts import decide, milestone, notify, sample
from monitor.alerts.compose import compose
from monitor.alerts.notify import _scrubbed
from monitor.alerts.telling import QUOTE, Room, Run, _fitted, _joined, main_tolds, telling, web_link
from monitor.alerts.template import Templates
from monitor.model import (
    Alert,
    Bygone,
    Candidate,
    Claim,
    FeedState,
    Kind,
    Known,
    Match,
    Mention,
    Placement,
    Receiver,
    Severity,
    Status,
    Stored,
    Told,
    Verdict,
)
from monitor.store.store import Store
from monitor.stories.fingerprint import fingerprint
from tests.fakes import FEED, START, FakeClock, FakeOutlet, FakeReceivers, Item, entry, rules

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path


def test_the_sample_is_a_message_as_it_would_come() -> None:
    body = compose(sample.claims("r")[0], chat=False, now=sample.MOMENT).body
    assert "published 12 min ago" in body
    assert "Why: Railway agreement [high, rule railway-agreement]" in body
    assert "[railway agreement]" in body and "[Ministers]" in body


@pytest.mark.parametrize(
    ("minutes", "age"),
    [
        (-5, "just now"),
        (0.9, "just now"),
        (1, "1 min ago"),
        (59.9, "59 min ago"),
        (60, "1 h ago"),
        (48 * 60 - 1, "47 h ago"),
        (48 * 60, "2 days ago"),
        (72 * 60 - 1, "2 days ago"),
    ],
)
def test_how_long_ago_it_was_is_said_in_minutes_then_in_hours_and_from_two_days_on_in_days(
    minutes: float, age: str
) -> None:
    now = sample.MOMENT - timedelta(minutes=12 - minutes)
    assert f"published {age} " in compose(sample.claims("r")[0], chat=False, now=now).body


def test_the_id_of_a_milestone_stays_from_version_to_version() -> None:
    """A database of an earlier program knows it: with another id the milestone would be told anew."""
    match = Match("peace", "Peace", Severity.HIGH, (), ())
    told = Alert(1, 7, "peace", Kind.NEW, 7, entry(FEED, Item("1", "Peace")), match)
    made = milestone._alert(told, 5)
    assert (made.id, made.kind, made.outlets) == (4749715297448546181, Kind.MILESTONE, 5)


def test_what_the_environment_says_is_taken_as_requests_takes_it() -> None:
    asked: list[dict[str, Any]] = [
        {"proxies": proxies, "stream": stream, "verify": verify, "cert": cert}
        for verify in (True, False, "/etc/ssl/own.pem")
        for proxies in ({}, {"https": "http://proxy.example:3128"})
        for stream in (None, True)
        for cert in (None, "/c.pem")
    ]
    with notify._Session() as ours, requests.Session() as theirs:
        for url in ("https://a.example/1", "https://a.example/2", "http://a.example/1"):
            for one in (*asked, *reversed(asked)):
                found, expected = (
                    session.merge_environment_settings(url, **one | {"proxies": dict(one["proxies"])})
                    for session in (ours, theirs)
                )
                assert found == expected


@pytest.mark.parametrize(
    ("before", "login"),
    [
        ("535 no: AUTH PLAIN ", b"\0desk-user\0password-Qz47"),  # RFC 4616
        ("535 no: AUTH LOGIN ", b"password-Qz47"),
        ("401 for Basic ", b"desk-user:password-Qz47"),  # RFC 7617
        ("401 for Basic ", b"desk-user:password-Qz47\xff\xfb\xef"),
    ],
)
@pytest.mark.parametrize("coded", [b64encode, urlsafe_b64encode])
def test_a_login_that_a_server_says_back_in_base64_is_scrubbed(
    before: str, login: bytes, coded: Callable[[bytes], bytes]
) -> None:
    said = f"{before}{coded(login).decode()}"
    assert (
        _scrubbed(said, "mailtos://desk-user:password-Qz47@mail.example/?to=d@desk.example") == before + "***"
    )


def test_what_only_looks_like_base64_is_left_as_it_was_said() -> None:
    said = "Failed to send: Internal/server/error12 abcdefgh== -_-_-_-_-"
    assert _scrubbed(said, "mailtos://desk-user:password-Qz47@mail.example/") == said


def test_of_two_secrets_the_longer_is_scrubbed_first_or_its_end_would_be_left() -> None:
    said = "no channel abcdefgh-Qz47 for abcdefgh"
    assert _scrubbed(said, "mmost://abcdefgh:@127.0.0.1/abcdefgh-Qz47") == "no channel *** for ***"


def test_a_message_that_cannot_be_composed_was_not_sent_for_certain(tmp_path: Path) -> None:
    class Broken(Templates):
        def render(self, *_: object, **__: object) -> str:
            raise RuntimeError

    outlet, receivers, clock = FakeOutlet(FEED), FakeReceivers(), FakeClock()
    book = rules("rules: [{id: peace, title: Peace, any: [peace agreement], send: [mail]}]")
    with Store(tmp_path) as store:
        store.sync_feeds([FEED], first_poll=lambda _: START)
        for title in ("Nothing much happens", "A peace agreement is signed"):
            outlet.items.append(Item(title, title))
            state = store.feed_states([FEED.name]).get(FEED.name, FeedState())
            pipeline.take(store, [outlet.poll(state)], rulebook=book, now=clock.now)
        mail = Receiver("mail", "json://127.0.0.1:9/")
        pipeline.deliver(store, mail, send=receivers.send, clock=clock, templates=Broken())
        (row,) = store._rows("select state, uncertain, error from deliveries")
    assert tuple(row) == ("due", 0, "the message could not be composed: RuntimeError")
    assert receivers.arrived == []


# ---- what is told of a claim -----------------------------------------------------------------------------

SENTENCES = "One came. Two went. Three stayed."


def of(
    text: str, *looked_for: str, field: str = "summary", rule: str = "one", severity: Severity = Severity.LOW
) -> Told:
    """An alert about an article with this text, and what was looked for in it."""
    made = replace(entry(FEED, Item("1", "Peace")), **{field: text})  # type: ignore[arg-type]  # a text
    found = tuple(
        Mention(what, field, text.index(what), text.index(what) + len(what), what) for what in looked_for
    )
    match = Match(rule, rule.title(), severity, (), found)
    return Told(len(rule), Kind.NEW, match, made, decided=START)


def quotes(told: Told, *, most: int = 12) -> list[tuple[str, str]]:
    """Where each quote stands, and the quote."""
    claim = Claim("mail", 7, (told,), (), attempts=1, uncertain=False, created=START)
    (reason,) = telling(claim, now=START, room=Room(1, most)).reasons
    return [(quote.zone, quote.marked) for quote in reason.quotes]


def test_a_message_tells_all_its_facts_by_their_names() -> None:
    tolds = tuple(
        of(SENTENCES, "One", "Two", rule=rule, severity=severity)
        for rule, severity in (("one", Severity.LOW), ("three", Severity.HIGH), ("seven", Severity.NORMAL))
    )
    outlets = ("a" * 90, *"bcdefg")
    claim = Claim(
        "mail", 7, tolds, outlets, attempts=1, uncertain=True, created=START, notes=("a\nnote",),
        opening=tolds[:1],
    )  # fmt: skip
    found = telling(claim, now=START + timedelta(minutes=3), room=Room(2, 1))
    assert (found.kind, found.severity, found.sign, found.headline) == ("new", "high", "high", "Peace")
    assert (found.link, found.lang, found.outlet) == ("https://wire.example/1", "", "The Wire")
    assert (found.age, found.stamp, found.dated) == ("3 min ago", "2026-03-02 09:00 UTC", False)
    assert (found.outlets, found.named, found.unnamed) == (7, ("a" * 79 + "…", *"bcde"), 2)
    assert [(reason.rule, reason.severity, len(reason.quotes)) for reason in found.reasons] == [
        ("one", "low", 1),
        ("three", "high", 1),
    ]
    assert (found.also, found.again, found.notes) == (("Seven",), True, ("a note",))
    assert (found.mute.split()[4], found.opening) == ("0000000000000007", "")
    assert found.facts()["stamp"] == found.stamp
    later = telling(replace(claim, opening=(replace(tolds[0], alert=99),)), now=START)
    assert later.opening == "Peace"


def test_a_milestone_that_goes_out_with_an_alert_is_told_by_its_outlets_alone() -> None:
    alert, note = of(SENTENCES, "One"), replace(of(SENTENCES, "Two", rule="three"), kind=Kind.MILESTONE)
    for tolds, main in (((note, alert), (alert,)), ((note,), (note,)), ((alert,), (alert,))):
        claim = Claim("mail", 7, tolds, (), attempts=1, uncertain=False, created=START)
        assert main_tolds(claim) == main
        found = telling(claim, now=START)
        assert [reason.rule for reason in found.reasons] == [told.match.rule for told in main]
        assert found.kind == main[0].kind.value


@pytest.mark.parametrize(
    ("looked_for", "quote"),
    [
        ("One", "[One] came."),
        ("came.", "One [came.]"),
        ("Two", "[Two] went."),
        ("went.", "Two [went.]"),
        ("came. Two", "One [came. Two] went."),
        ("stayed.", "Three [stayed.]"),
    ],
)
def test_a_quote_is_the_sentence_from_its_first_letter_to_its_last_sign(looked_for: str, quote: str) -> None:
    assert quotes(of(SENTENCES, looked_for)) == [("summary", quote)]


def test_each_name_is_quoted_once_where_it_stands_first_and_as_many_quotes_as_there_is_room_for() -> None:
    told = of("Ada left. Bob left. Cid left, and Ada.", "Ada", "Bob", "Cid")
    whole = [("summary", "[Ada] left."), ("summary", "[Bob] left."), ("summary", "[Cid] left, and Ada.")]
    assert [quotes(told, most=most) for most in (3, 2, 0)] == [whole, whole[:2], []]


@pytest.mark.parametrize(("before", "zone"), [(59, "lead"), (60, "body")])
def test_the_lead_of_a_body_is_its_first_sixty_words(before: int, zone: str) -> None:
    ((said, _),) = quotes(of("word " * before + "peace", "peace", field="body"))
    assert said == zone


@pytest.mark.parametrize(
    ("before", "begins"),
    [("x" * 80 + " " + "y" * 78 + " ", "x" * 80), ("x" * 80 + " " + "y" * 79 + " ", "…" + "y" * 79)],
)
def test_a_long_sentence_begins_at_a_word_at_most_half_a_quote_before_its_hit(
    before: str, begins: str
) -> None:
    ((_, quote),) = quotes(of(before + "peace holds", "peace"))
    assert quote.split(" ")[0] == begins


def test_a_sentence_without_a_space_begins_at_its_hit() -> None:
    ((_, quote),) = quotes(of("x" * 200 + "peace" + "y" * 400, "peace"))
    assert quote.startswith("…[peace]yyy")
    assert len(quote) == QUOTE + len("[]")


@pytest.mark.parametrize(
    ("spans", "joined"),
    [
        ([(0, 5)], [(0, 5)]),
        ([(0, 5), (5, 9)], [(0, 5), (5, 9)]),  # side by side, and two
        ([(0, 5), (4, 9)], [(0, 9)]),
        ([(0, 9), (2, 5)], [(0, 9)]),
        ([(0, 2), (3, 9), (4, 5), (8, 12), (20, 21)], [(0, 2), (3, 12), (20, 21)]),
    ],
)
def test_hits_that_overlap_are_marked_as_one(
    spans: list[tuple[int, int]], joined: list[tuple[int, int]]
) -> None:
    assert _joined(spans) == joined


@pytest.mark.parametrize("room", range(6))
def test_a_quote_fills_its_line_and_no_more(room: int) -> None:
    """The last run is cut where the line ends; where nothing is left, a sign says that it went on."""
    runs = _fitted([Run("x" * (QUOTE - room), hit=False), Run("peace", hit=True), Run(" holds", hit=False)])
    text = "".join(run.text for run in runs)
    assert len(text) <= QUOTE + 1
    assert text.endswith("…") and "holds" not in text
    assert [run.hit for run in runs][:2] == [False, True]


def test_spaces_stand_once_between_runs_and_never_at_the_ends() -> None:
    runs = _fitted(
        [Run("  a \n", hit=False), Run(" b  c ", hit=True), Run("  ", hit=False), Run(" ", hit=False)]
    )
    assert [(run.text, run.hit) for run in runs] == [("a ", False), ("b c", True)]
    assert _fitted([Run(" ", hit=False)]) == ()


@pytest.mark.parametrize(
    ("link", "shown"),
    [
        ("https://a.example/1", "https://a.example/1"),
        ("HTTP://a.example", "HTTP://a.example"),
        ("ftp://a.example/1", ""),
        ("https://a.example/1 2", ""),
        ("", ""),
    ],
)
def test_only_an_address_of_the_web_is_a_link(link: str, shown: str) -> None:
    assert web_link(replace(entry(FEED, Item("1", "Peace")), link=link)) == shown


# ---- what is kept from one message to the next -------------------------------------------------------------


def test_a_request_that_differs_in_its_text_alone_is_not_prepared_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = requests.Session.prepare_request
    prepared = []

    def prepare(session: requests.Session, request: requests.Request) -> requests.PreparedRequest:
        prepared.append(request.data)
        return whole(session, request)

    monkeypatch.setattr(requests.Session, "prepare_request", prepare)
    with notify._Session() as session:
        for text, url in (("one", "/a"), ("two", "/a"), ("three", "/a"), ("four", "/b"), ("five", "/b")):
            made = session.prepare_request(requests.Request("POST", f"http://127.0.0.1{url}", data=text))
            assert made.body == text
    assert prepared == ["one", "four"]


# ---- what is decided ---------------------------------------------------------------------------------------

HOUR, A_MOMENT = timedelta(hours=1), timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("published", "read", "status"),
    [
        (None, START, Status.NEWS),
        (START - decide.BACKFILL, START, Status.NEWS),
        (START - decide.BACKFILL - A_MOMENT, START, Status.BACKFILL),
        (START + HOUR - decide.BACKFILL, START + 9 * HOUR, Status.NEWS),  # read on a clock that was ahead
        (START + HOUR - decide.BACKFILL - A_MOMENT, START + 9 * HOUR, Status.BACKFILL),
        (START, None, Status.BASELINE),
    ],
)
def test_what_is_dated_long_before_the_last_good_poll_is_no_news(
    published: datetime | None, read: datetime | None, status: Status
) -> None:
    made, state = entry(FEED, Item("1", "Peace", published=published)), FeedState(last_good=read)
    now = START + HOUR
    assert decide._status(made, None, state=state, backfill=False, now=now) is status
    assert decide._status(made, None, state=state, backfill=True, now=now) is Status.NEWS
    near = Candidate(1, 1, 1, "f", "o", START, fingerprint(made))
    for before in Status:
        known = Known(made, before, near)
        assert decide._status(made, known, state=state, backfill=True, now=now) is before


@pytest.mark.parametrize(
    ("date", "other", "apart"),
    [
        (START, START + 5 * HOUR, 5 * HOUR),
        (START + 5 * HOUR, START, 5 * HOUR),
        (None, START, 2 * HOUR),
        (START, None, 2 * HOUR),
    ],
)
def test_two_pieces_are_apart_by_their_dates_and_without_by_when_they_were_seen(
    date: datetime | None, other: datetime | None, apart: timedelta
) -> None:
    made = fingerprint(entry(FEED, Item("1", "Peace")))
    near = Candidate(1, 1, 1, "f", "o", START, made, published=other)
    assert decide._apart(date, near, START + 2 * HOUR) == apart


@pytest.mark.parametrize(
    ("story", "lead", "of", "kind"),
    [(7, 7, None, Kind.NEW), (5, 7, None, Kind.DEVELOPMENT), (5, 5, 5, Kind.COPY), (5, 6, 6, Kind.COPY)],
)
def test_what_was_pruned_goes_back_to_where_it_was(story: int, lead: int, of: int | None, kind: Kind) -> None:
    found = decide._former_place(7, Bygone(story, lead))
    assert (found.story, found.lead, found.of, found.verdict.kind) == (story, lead, of, kind)


@pytest.mark.parametrize(
    ("lead", "kind", "number"),
    [(7, Kind.NEW, 5413306579217667738), (9, Kind.DEVELOPMENT, 7192670279276225423)],
)
def test_the_id_of_an_alert_stays_and_it_quotes_a_page_only_where_that_is_what_it_found(
    lead: int, kind: Kind, number: int
) -> None:
    """A database of an earlier program knows it: with another id the alert would be told anew."""
    made = replace(entry(FEED, Item("1", "Peace")), text="The page.")
    placement = Placement(7, lead, None, Verdict(Kind.NEW, 0.0, ""))
    item = Stored(made, Status.NEWS, placement, fingerprint(made), (), (), known=False)
    for field, text in (("title", ""), ("text", "The page.")):
        match = Match("peace", "Peace", Severity.HIGH, (), (Mention("peace", field, 0, 3, "x"),))
        alert = decide._alert(item, match)
        assert (alert.id, alert.kind, alert.lead, alert.entry.text) == (number, kind, lead, text)
