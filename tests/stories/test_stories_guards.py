"""What each guard has against a copy, in the words in which people read it, whichever title came first."""

from __future__ import annotations

import pytest

from monitor.stories.fingerprint import known_numbers, title_numbers, told_numbers
from monitor.stories.guards import (
    difference,
    event_added,
    numbers_differ,
    person_differs,
    recurring,
    texts_contradict,
    titles_contradict,
)
from monitor.text import folded_words
from tests.stories.test_stories_edges import INVENTED, of_words, told


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ("PM will not resign", "PM will resign", "only one says “not”"),
        ("PM denies report, fails to resign", "PM refuses report, fails to resign", ""),
        ("Talks on dam fail", "Talks on dam begin", "only one says “fail”"),
        ("Failed Gori exchange sues", "Gori exchange sues", ""),
        ("Failed exchange sues Gori", "Exchange sues Gori", ""),  # the name of a firm
        ("Failed old exchange sues Gori", "Old exchange sues Gori", ""),
        ("Failed old Gori exchange sues", "Old Gori exchange sues", "only one says “failed”"),
        ("Oil prices rise in Baku", "Oil prices fall in Baku", "contraries: “rise” / “fall”"),
        ("PM to visit Gyumri", "PM visits Gyumri", "to come / done: “visit”"),
        ("PM will soon visit Gyumri", "PM visits Gyumri", "to come / done: “visit”"),
        ("PM visiting Gyumri", "PM to visit Gyumri", ""),
        ("Georgia beats Spain", "Spain beats Georgia", "the same words in another order"),
        ("Former mayor of Gori sues", "Mayor of Gori sues", "only one says “former”"),
        ("Four workers hurt", "Several workers hurt", "how many: “four” / “several”"),
        ("Four young workers hurt", "Several workers hurt", "how many: “four” / “several”"),
        ("Four young steel workers hurt", "Several workers hurt", ""),
        ("Four workers hurt", "Five workers hurt", ""),  # numbers have a guard of their own
        ("A worker hurt", "Some worker hurt", "how many: “a” / “some”"),
        ("8 terrorists held", "Terrorist held", "how many: “8 terrorists” / “terrorist”"),
        ("Terrorists held", "Terrorist held", ""),
        ("One terrorists held", "Terrorist held", ""),
        ("Mayor of Gori sues", "Mayor of Gori sues", ""),
    ],
)
def test_titles_of_nearly_the_same_words_that_do_not_say_the_same(one: str, other: str, said: str) -> None:
    for new, old in ((one, other), (other, one)):
        found = titles_contradict(told(new), told(old))
        head, _, rest = found.partition(": ")
        assert head == said.partition(": ")[0]
        assert set(rest.split(" / ")) == set(said.partition(": ")[2].split(" / "))


BESIDE = " ".join(INVENTED[20:40])


@pytest.mark.parametrize(
    ("one", "other", "bears_out"),
    [
        (f"The former mayor spoke. {BESIDE}", f"The former mayor spoke. {BESIDE}", True),
        (f"The former mayor spoke. {BESIDE}", BESIDE, False),
        (BESIDE, BESIDE, False),
    ],
)
def test_what_both_texts_know_of_a_person_may_be_left_out_of_one_title(
    one: str, other: str, *, bears_out: bool
) -> None:
    new, old = told("Former mayor of Gori sues", one), told("Mayor of Gori sues", other)
    assert (titles_contradict(new, old) == titles_contradict(old, new) == "") == bears_out
    assert person_differs(new.title, old.title) == "only one says “former”"


@pytest.mark.parametrize(
    ("ours", "theirs", "forgiven"),
    [(BESIDE, BESIDE, True), ("", BESIDE, False), (BESIDE, "", False), ("", "", False)],
)
def test_two_texts_bear_out_an_order_under_one_actor(ours: str, theirs: str, *, forgiven: bool) -> None:
    one, other = told("Georgia: Spain beats Peru", ours), told("Georgia: Peru beats Spain", theirs)
    assert (titles_contradict(one, other) == "") == forgiven
    assert titles_contradict(one, told("Peru beats Spain: Georgia", theirs))


BEFORE, BEHIND = of_words(INVENTED[:6]), of_words(INVENTED[6:12])


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ("would not ever", "", "only one says “not”"),
        ("would not ever again", "", ""),  # four words are a sentence added
        ("would not", "would never", ""),
        ("declined to say", "said", "only one says “declined”"),
        ("declined offers", "took offers", ""),
        ("declined to say", "would not say", ""),
        ("rises", "falls", "contraries: “rises” / “falls”"),
        ("rises", "", ""),
    ],
)
def test_texts_contradict_in_few_words_between_words_that_both_have(one: str, other: str, said: str) -> None:
    for ours, theirs in ((one, other), (other, one)):
        new, old = (tuple(f"{BEFORE} {words} {BEHIND}".split()) for words in (ours, theirs))
        found = texts_contradict(new, old)
        assert set(found.split(" / ")) == set(said.split(" / ")) or set(found) == set(said)
        assert texts_contradict(new, ()) == texts_contradict((), old) == ""


@pytest.mark.parametrize(
    ("one", "other", "shared", "left"),
    [
        ("Mt Gox halts withdrawals", "MtGox halts withdrawals", 3, 0),
        ("Mt Gox halts", "MtGox halts", 1, 3),  # one word shared is not worth joining others
        ("Hong Kong ferry sinks", "HK ferry sinks", 3, 0),
        ("Hong Kong ferry", "HK ferry", 1, 3),
        ("Botcoin exchange opens", "Bitcoin exchange opens", 3, 0),
        ("One two", "Two one", 0, 0),
    ],
)
def test_words_that_both_titles_have_are_shared_however_they_are_written(
    one: str, other: str, shared: int, left: int
) -> None:
    ours, theirs = (tuple(folded_words(title)) for title in (one, other))
    for found in (difference(ours, theirs), difference(theirs, ours)):
        assert (len(found.shared), len(found.shared_in_old)) == (shared, shared)
        assert len(found.new_only) + len(found.old_only) == left
        assert found.likeness == (2 * shared / (2 * shared + left) if shared or left else 0.0)


def test_of_many_words_left_over_on_both_sides_none_is_taken_for_a_misprint() -> None:
    names = ("bitcoin", "parlament", "hospital", "warehouse", "labour")
    slips = ("botcoin", "parliament", "hosptial", "wearhouse", "labor")
    for many in (4, 5):
        found = difference(("council", "opens", *names[:many]), ("council", "opens", *slips[:many]))
        assert len(found.new_only) == (0 if many == 4 else 5)


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ("Mayor of Gori", "Mayor of Gori dies", "only one says “dies”"),
        ("Mayor of Gori dies", "Mayor of Gori resigns", "only one says “dies”"),
        ("Mayor of Gori", "Mayor of Gori sings", ""),
        ("Failed exchange in Gori", "Exchange in Gori", ""),
    ],
)
def test_an_event_that_one_title_adds_is_named(one: str, other: str, said: str) -> None:
    ours, theirs = (tuple(folded_words(title)) for title in (one, other))
    found = {event_added(difference(new, old), new, old) for new, old in ((ours, theirs), (theirs, ours))}
    assert len(found) == 1
    assert found.pop().startswith(said) if said else found == {""}


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ("3 hurt in Gori", "4 hurt in Gori", "numbers differ: 3 / 4"),
        ("3 hurt in Gori", "Hurt in Gori", ""),
        ("Open on Monday", "Open on Sunday", "numbers differ: Monday / Sunday"),
        ("Open on 1 March", "Open on 2 April", "numbers differ: 1, month 3 / 2, month 4"),
        ("1, 2 and 3 in Gori", "7 in Gori", "numbers differ: 1, 2 / 7"),
        ("5 stories, 5 views", "5 stories, 6 views", "numbers differ: 5 / 6"),
    ],
)
def test_numbers_that_differ_are_said_as_people_say_them(one: str, other: str, said: str) -> None:
    assert numbers_differ(told(one), told(other)) == said


def test_a_number_shortly_after_the_end_of_a_text_is_known_and_not_told() -> None:
    """Forty words after the hundred that are kept: a word put in before pushes them out of a copy."""
    words = of_words(INVENTED[:99])
    made = {at: told("Mayor speaks", f"{words} x {'y ' * at}77 z") for at in (0, 38, 39, 40)}
    assert {at: ("77" in told_numbers(one), "77" in known_numbers(one)) for at, one in made.items()} == {
        0: (False, True),
        38: (False, True),
        39: (False, True),
        40: (False, False),
    }
    assert all("77" not in title_numbers(one) for one in made.values())
    inside = told("Mayor speaks", f"{of_words(INVENTED[:98])} 77 z")
    assert "77" in told_numbers(inside)


@pytest.mark.parametrize(
    ("title", "returns"),
    [
        ("press review a b c", True),
        ("press review minister mayor", True),
        ("press review " * 3, True),
        ("", False),
    ],
)
def test_a_title_of_any_length_may_be_asked_whether_it_comes_again(title: str, *, returns: bool) -> None:
    assert recurring(tuple(title.split())) == returns
