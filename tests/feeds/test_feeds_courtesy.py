from monitor.feeds.courtesy import Courtesy
from monitor.model import Feed


def feed(name: str, host: str = "one.example", *, private: bool = False) -> Feed:
    return Feed(name, f"https://{host}/{name}", "outlet", allow_private=private)


def test_a_host_is_asked_once_a_second_and_another_at_once() -> None:
    courtesy = Courtesy()
    courtesy.begin(feed("a"), now=10.0)
    assert not courtesy.may_begin(feed("b"), now=10.9)
    assert courtesy.next_free(now=10.25) == 0.75
    assert courtesy.may_begin(feed("b"), now=11.0)
    assert courtesy.may_begin(feed("c", "two.example"), now=10.0)


def test_a_host_has_at_most_two_polls_in_flight() -> None:
    courtesy = Courtesy()
    courtesy.begin(feed("a"), now=10.0)
    courtesy.begin(feed("b"), now=11.0)
    assert not courtesy.may_begin(feed("c"), now=99.0)
    courtesy.end("a")
    assert courtesy.may_begin(feed("c"), now=99.0)
    assert len(courtesy) == 1


def test_a_feed_is_never_polled_twice_at_once() -> None:
    courtesy = Courtesy()
    courtesy.begin(feed("a", private=True), now=10.0)
    assert not courtesy.may_begin(feed("a", private=True), now=99.0)


def test_hosts_of_our_own_are_asked_as_fast_as_they_answer() -> None:
    courtesy = Courtesy()
    courtesy.begin(feed("a", private=True), now=10.0)
    assert courtesy.may_begin(feed("b", private=True), now=10.0)
    assert courtesy.next_free(now=10.0) == 0.0


def test_what_has_ended_is_forgotten() -> None:
    courtesy = Courtesy()
    courtesy.begin(feed("a"), now=10.0)
    courtesy.end("a")
    courtesy.end("a")
    courtesy.begin(feed("b", "two.example"), now=20.0)
    assert (len(courtesy), courtesy.next_free(now=20.5)) == (1, 0.5)
