"""The index finds what shares keys, as a scan of everything would, in one order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.model import Candidate, Fingerprint
from monitor.stories.index import MIN_SHARED, NEAREST, Index, deciding, keys

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
KEYS = st.lists(st.integers(0, 12), max_size=6).map(tuple)
quick = settings(max_examples=150, deadline=None)


def print_of(title: str, text: str = "", link: str = "") -> Fingerprint:
    head, tail = tuple(title.split()), tuple(text.split())
    return Fingerprint(head, head + tail, frozenset(), link, "", summary=bool(tail))


def candidate(entry: int, title: str = "a b c", minutes: int = 0) -> Candidate:
    return Candidate(entry, entry, entry, "f", "o", START + timedelta(minutes=minutes), print_of(title))


@quick
@given(st.lists(KEYS, max_size=50), KEYS)
def test_the_index_finds_what_a_scan_finds(known: list[tuple[int, ...]], asked: tuple[int, ...]) -> None:
    held = [(candidate(entry, minutes=-entry % 7), its_keys) for entry, its_keys in enumerate(known)]
    shared = {one.entry: len(set(its_keys) & set(asked)) for one, its_keys in held}
    scan = sorted(
        (one for one, _ in held if shared[one.entry] >= MIN_SHARED),
        key=lambda one: (-shared[one.entry], one.seen, one.entry),
    )
    for order in (held, list(reversed(held))):
        assert Index(order).near(asked) == scan[:NEAREST]
        assert deciding(order).near(asked) == scan[:NEAREST]


def test_a_candidate_that_is_added_is_found_and_added_again_is_found_once() -> None:
    index = Index()
    index.add(candidate(1), (1, 2, 3))
    index.add(candidate(1, title="d e f"), (1, 2, 3))
    assert [one.fingerprint.title for one in index.near((2, 3, 4))] == [("d", "e", "f")]
    assert index.near((3, 4)) == []


def test_a_candidate_that_was_packed_away_comes_back_as_it_was() -> None:
    dated = [replace(candidate(1), published=START), replace(candidate(2), published=None)]
    index = Index((one, (one.entry, -one.entry)) for one in dated)
    for entry in range(3, 6_000):
        index.add(candidate(entry), ())
    assert [index.near((one.entry, -one.entry)) for one in dated] == [[one] for one in dated]
    edited = replace(dated[1], published=START)
    index.add(edited, ())
    assert index.near((2, -2)) == [edited]


@quick
@given(st.permutations(["minister", "opens", "railway", "bridge", "in", "gabala", "town"]))
def test_keys_of_a_title_do_not_depend_on_its_order(order: list[str]) -> None:
    assert keys(print_of(" ".join(order))) == keys(print_of("minister opens railway bridge in gabala town"))


@quick
@given(st.lists(st.text("abcdeабгə", min_size=1, max_size=5), max_size=80), st.booleans())
def test_keys_are_few_distinct_sorted_and_fit_a_database(words: list[str], told: bool) -> None:  # noqa: FBT001 - by position
    found = keys(print_of(" ".join(words), "one two three four five" if told else "", "https://a.test/1"))
    assert list(found) == sorted(set(found))
    assert len(found) <= 24
    assert all(-(2**63) <= key < 2**63 for key in found)


def test_keys_are_the_same_on_every_machine() -> None:
    assert keys(print_of("minister opens bridge"))[0] == -7859920513402634337


def test_one_link_is_enough_to_be_found() -> None:
    one, other = (keys(print_of(title, link="https://a.test/1")) for title in ("a b c d", "e f g h"))
    assert len(set(one) & set(other)) == MIN_SHARED


def test_a_short_title_is_enough_to_be_found() -> None:
    for title in ("explosion in kabul", "kabul", "fire in the old town"):
        assert len(set(keys(print_of(title))) & set(keys(print_of(title, "x y z u v w")))) >= MIN_SHARED, (
            title
        )


def test_a_light_edit_of_a_title_is_found() -> None:
    one = keys(print_of("minister opens railway bridge in gabala"))
    other = keys(print_of("foreign minister opens railway bridge in gabala", "some words of a text"))
    assert len(set(one) & set(other)) >= MIN_SHARED


def test_a_text_is_found_under_another_headline() -> None:
    text = " ".join(f"word{number}" for number in range(60))
    one, other = keys(print_of("a b c d", text)), keys(print_of("e f g h", text + " and more of it"))
    assert len(set(one) & set(other)) >= MIN_SHARED


def test_strangers_share_no_keys() -> None:
    assert not set(keys(print_of("minister opens bridge"))) & set(keys(print_of("mayor closes school")))
