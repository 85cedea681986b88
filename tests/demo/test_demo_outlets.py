import gzip
import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from threading import Thread

import pytest
import urllib3

from monitor.demo.outlets import Outlets, Traffic, answer, document, standing
from monitor.demo.play import Stage
from monitor.demo.scenario import LAST, MORNING, OUTLETS, Outlet, Publication
from monitor.feeds.parse import parse
from monitor.model import Entry, Feed

OPENED = datetime(2031, 3, 5, 6, 30, tzinfo=UTC)
BY_NAME = {outlet.name: outlet for outlet in OUTLETS}


class Hands:
    """A clock's hands that the test moves."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def web(hands: Hands) -> Iterator[Outlets]:
    with Outlets(MORNING, OUTLETS, moment=hands, opened=OPENED) as outlets:
        yield outlets


@pytest.fixture
def pool() -> Iterator[urllib3.PoolManager]:
    with urllib3.PoolManager(retries=False) as pool:
        yield pool


def feed_at(outlet: Outlet, at: float) -> bytes:
    return document(outlet, standing(MORNING, outlet.name, moment=at), opened=OPENED)


def read(outlet: Outlet, body: bytes) -> tuple[Entry, ...]:
    """The entries as the daemon reads them."""
    feed = Feed(outlet.name, f"http://127.0.0.1/{outlet.name}/feed.xml", outlet.title)
    media = "application/atom+xml" if outlet.format == "atom" else "application/rss+xml"
    return parse(body, feed=feed, content_type=media, now=OPENED + timedelta(minutes=1))


def publication(at: float, guid: str, title: str, *, edits: bool = False) -> Publication:
    return Publication(at, "one", "story", guid, title, "summary", "body", "en", edits)


# ---- a feed at a moment ------------------------------------------------------------------------------------


def test_a_feed_holds_what_has_been_published_and_the_newest_comes_first() -> None:
    morning = [publication(0, "a", "A"), publication(1, "b", "B"), publication(2, "c", "C")]
    shown = [
        [item.publication.title for item in standing(morning, "one", moment=at)] for at in (0, 1, 1.9, 2)
    ]
    assert shown == [["A"], ["B", "A"], ["B", "A"], ["C", "B", "A"]]


def test_an_edit_takes_the_place_and_the_first_date_of_what_it_edits() -> None:
    morning = [
        publication(2, "a", "A, corrected", edits=True),
        publication(0, "a", "A"),
        publication(1, "b", "B"),
    ]
    newest, edited = standing(morning, "one", moment=2)
    assert (newest.publication.title, edited.publication.title) == ("B", "A, corrected")
    assert (edited.published, edited.updated) == (0, 2)


def test_a_feed_holds_its_own_outlets_items_only() -> None:
    assert standing(MORNING, "nobody", moment=LAST) == ()


@pytest.mark.parametrize("outlet", OUTLETS, ids=lambda outlet: outlet.name)
def test_every_feed_reads_back_as_it_was_written(outlet: Outlet) -> None:
    shown = [item.publication for item in standing(MORNING, outlet.name, moment=LAST)]
    entries = read(outlet, feed_at(outlet, LAST))
    assert [(one.guid, one.title, one.summary, one.body, one.lang, one.link) for one in entries] == [
        (
            f"{outlet.name}/{one.guid}",
            one.title,
            one.summary,
            one.body,
            one.lang,
            f"https://{outlet.name}.example/news/{one.guid}",
        )
        for one in shown
    ]
    assert all((entry.published is not None) == outlet.dated for entry in entries)


def test_a_hostile_headline_goes_out_as_text_and_not_as_markup() -> None:
    outlet = BY_NAME["sidewalk-gazette"]
    titles = [entry.title for entry in read(outlet, feed_at(outlet, LAST))]
    assert "<!channel> @everyone Azerbaijan sanctions list leaked, hacked page claims" in titles


@pytest.mark.parametrize("name", ["halden-wire", "northgate-times"], ids=["RSS", "Atom"])
def test_what_is_published_in_the_show_is_dated_now_and_what_stood_before_is_older(name: str) -> None:
    *new, old = read(BY_NAME[name], feed_at(BY_NAME[name], LAST))
    assert old.published == OPENED - timedelta(hours=2)
    assert all(entry.published and entry.published > OPENED for entry in new)


def test_an_empty_feed_is_a_feed() -> None:
    for outlet in OUTLETS:
        assert read(outlet, document(outlet, (), opened=OPENED)) == ()


# ---- conditional requests ----------------------------------------------------------------------------------


def first_answer(outlet: Outlet, at: float) -> dict[str, str]:
    return dict(answer(outlet, standing(MORNING, outlet.name, moment=at), {}, opened=OPENED).headers)


def status(outlet: Outlet, at: float, asked: dict[str, str]) -> int:
    return answer(outlet, standing(MORNING, outlet.name, moment=at), asked, opened=OPENED).status


@pytest.mark.parametrize("outlet", OUTLETS, ids=lambda outlet: outlet.name)
def test_an_outlet_that_gives_validators_says_304_until_something_is_published(outlet: Outlet) -> None:
    then = [one.at for one in MORNING if one.outlet == outlet.name and one.at]
    headers = first_answer(outlet, 0)
    asked = {
        name: headers[given]
        for name, given in (("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified"))
        if given in headers
    }
    unchanged = 200 if outlet.validators == "none" else 304
    assert status(outlet, min(then) - 0.01, asked) == unchanged
    assert status(outlet, min(then), asked) == 200


@pytest.mark.parametrize("outlet", OUTLETS, ids=lambda outlet: outlet.name)
def test_every_version_of_a_feed_has_validators_of_its_own(outlet: Outlet) -> None:
    versions = [first_answer(outlet, one.at) for one in MORNING if one.outlet == outlet.name]
    for name in ("ETag", "Last-Modified"):
        sent = [headers[name] for headers in versions if name in headers]
        assert len(set(sent)) == len(sent)


def test_all_kinds_of_validators_occur() -> None:
    sent = {tuple(sorted({"ETag", "Last-Modified"} & first_answer(outlet, 0).keys())) for outlet in OUTLETS}
    assert sent == {(), ("ETag",), ("Last-Modified",), ("ETag", "Last-Modified")}


def test_a_last_modified_never_lies_ahead() -> None:
    headers = first_answer(BY_NAME["tidewater-business"], LAST)
    assert parsedate_to_datetime(headers["Last-Modified"]) < OPENED


def test_an_etag_goes_before_a_date() -> None:
    outlet = BY_NAME["halden-wire"]
    headers = first_answer(outlet, 0)
    assert (
        status(outlet, 0, {"If-None-Match": '"other"', "If-Modified-Since": headers["Last-Modified"]}) == 200
    )


def test_an_outlet_without_validators_sends_the_same_bytes_again() -> None:
    outlet = BY_NAME["harbour-post"]
    bodies = {
        document(outlet, standing(MORNING, outlet.name, moment=at), opened=OPENED) for at in (0, 1, 2.7)
    }
    assert len(bodies) == 1


# ---- over the wire -----------------------------------------------------------------------------------------


def test_the_server_gives_each_feed_as_it_stands_at_the_moment(
    web: Outlets, hands: Hands, pool: urllib3.PoolManager
) -> None:
    counts = []
    for at in (0, 1, 4, LAST):
        hands.at = at
        answered = pool.request("GET", web.url("halden-wire"))
        assert answered.headers["Content-Type"] == "application/rss+xml; charset=utf-8"
        counts.append(len(read(BY_NAME["halden-wire"], answered.data)))
    assert counts == [1, 2, 3, 4]


def test_the_server_says_304_without_a_body_and_counts(web: Outlets, pool: urllib3.PoolManager) -> None:
    url = web.url("lorikeet-press")
    first = pool.request("GET", url)
    again = pool.request("GET", url, headers={"if-none-match": first.headers["ETag"]})
    third = pool.request("GET", url)  # on the same connection: the 304 left nothing behind
    assert (first.status, again.status, again.data, third.data) == (200, 304, b"", first.data)
    assert web.traffic == Traffic(polls=3, not_modified=1)


def test_the_server_compresses_for_those_who_accept_it(web: Outlets, pool: urllib3.PoolManager) -> None:
    url = web.url("northgate-times")
    packed = pool.request("GET", url, headers={"Accept-Encoding": "gzip, br"}, decode_content=False)
    plain = pool.request("GET", url, headers={"Accept-Encoding": "identity"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert gzip.decompress(packed.data) == plain.data


def test_the_flaky_outlet_answers_503_once_and_never_before_its_moment(
    web: Outlets, hands: Hands, pool: urllib3.PoolManager
) -> None:
    url = web.url("caspian-ledger")
    statuses = []
    for at in (0, 1.9, 2.0, 2.1, 5):
        hands.at = at
        statuses.append(pool.request("GET", url).status)
    assert statuses == [200, 200, 503, 200, 200]
    assert web.traffic.unavailable == 1


def test_the_server_tells_when_every_outlet_has_been_read(web: Outlets, pool: urllib3.PoolManager) -> None:
    assert web.served == frozenset()
    for outlet in OUTLETS:
        pool.request("GET", web.url(outlet.name))
    assert web.served == set(BY_NAME)


def test_what_is_no_feed_is_404_and_not_counted(web: Outlets, pool: urllib3.PoolManager) -> None:
    assert pool.request("GET", web.url("nobody")).status == 404
    assert web.traffic == Traffic()


def test_polls_from_many_threads_are_all_counted(web: Outlets, pool: urllib3.PoolManager) -> None:
    def poll(outlet: Outlet) -> None:
        for _ in range(5):
            pool.request("GET", web.url(outlet.name))

    threads = [Thread(target=poll, args=(outlet,)) for outlet in OUTLETS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert web.traffic.polls == 5 * len(OUTLETS)


def test_a_server_that_never_started_can_be_stopped(hands: Hands) -> None:
    Outlets(MORNING, OUTLETS, moment=hands, opened=OPENED).stop()


def test_the_morning_waits_until_each_feed_was_asked_twice_since_it_published(
    web: Outlets, hands: Hands
) -> None:
    """The second poll of a feed comes when what the first one brought is taken in."""
    assert web.behind == 0.0
    for _ in range(2):
        for outlet in OUTLETS:
            web.answer(f"/{outlet.name}/feed.xml", {})
    first, second = sorted(one.at for one in MORNING if one.at > 0)[:2]
    assert web.behind == first
    hands.at = first
    for behind in (first, second):
        for outlet in OUTLETS:
            web.answer(f"/{outlet.name}/feed.xml", {})
        assert web.behind == behind
    hands.at = 99.0
    for _ in range(2):
        for outlet in OUTLETS:
            web.answer(f"/{outlet.name}/feed.xml", {})
    assert web.behind == math.inf


def test_the_shows_clock_stands_until_it_may_run_and_then_runs_no_further_than_it_may(hands: Hands) -> None:
    stage = Stage(hands)
    for passed, until, moment in ((5.0, None, 0.0), (1.0, 2.5, 1.0), (9.0, None, 2.5), (1.0, 9.0, 3.5)):
        if until is not None:
            stage.run(until=until)
        hands.at += passed
        assert stage.moment() == moment
