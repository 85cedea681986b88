"""Who does it to whom: where each liberty that a headline takes with its order ends."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.stories.order import roles_differ
from monitor.text import folded_words

ORDER = "the same words in another order"


def said(one: str, other: str) -> set[str]:
    """What is said of the two, whichever came first."""
    ours, theirs = (tuple(folded_words(title)) for title in (one, other))
    return {roles_differ(ours, theirs), roles_differ(theirs, ours)}


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        # ---- what has a place
        ("PM sues EU", "EU sues PM", ORDER),
        ("Putin tells Aliyev", "Aliyev tells Putin", ORDER),
        ("Spain beats Peru, Spain out", "Peru beats Spain", ""),  # a word that is said twice has two
        ("Exit poll: Vardan, Armen win seats", "Mayor: Vardan and Armen win seats", ""),
        ("Exit poll: Armen and Vardan win seats", "Mayor: Vardan and Armen win seats", ""),
        ("Exit poll: Armen, Vardan win seats", "Mayor: Vardan, Armen win seats", ORDER),
        ("Aliyev sues Pashinyan", "Pashinian sues Aliev", ORDER),  # spelt otherwise, and still the same
        # ---- its end first
        ("Snowden: leaks helped", "Leaks helped: Snowden", ""),
        ("Snowden: leaks", "Oddly leaks: Snowden", ORDER),
        ("Opens chain sues", "Sues chain", ORDER),  # of two halves each opens its title, or neither is first
        ("Chain sues", "Sues chain", ""),
        # ---- both sides of a meeting
        ("Beka meets Salome in Gori", "Salome meets Beka in Gori", ""),
        ("Beka Lomidze meets Salome in Gori", "Salome meets Beka Lomidze in Gori", ""),
        ("Beka Lomidze meets Salome in Gori", "Salome meets Lomidze Beka in Gori", ORDER),
        ("Salome meets Beka Lomidze in Gori", "Beka Lomidze in Gori meets Salome", ""),
        ("Beka meets Salome, Gori cheers", "Salome meets Beka, cheers Gori", ORDER),
        ("Beka, Salome meet Nino", "Nino, Salome meet Beka", ORDER),
        # ---- a place or a purpose
        ("Firm sells Dzor mine", "Firm buys mine in Dzor", ""),
        ("Firm sells Dzor mine fast", "Firm buys mine in Dzor", ORDER),  # too few words alike
        ("Firm sells Dzor mine", "Firm buys mine of Dzor", ORDER),
        ("Firm sells Dzor mine", "Firm buys mine with Dzor", ORDER),
        ("Maine bread prices rise", "Bread prices rise in Maine", ""),
        ("Firm sells Georgian mine quietly", "Firm sells mine in Georgia quietly", ORDER),
        ("Firm sells Dzor mines quietly", "Firm sells mine in Dzor quietly", ""),
        ("Dzor sells mine quietly", "Firm sells mine quietly in Dzor", ORDER),
        # ---- what a firm is
        ("Pizza chain Sbarro files", "Sbarro pizza chain files", ""),
        ("Pizza chain Sbarro", "Sbarro pizza chain", ""),
        ("Chain Sbarro files papers", "Sbarro chain files papers", ORDER),
        ("Gori street pizza chain Sbarro sues", "Sbarro Gori street pizza chain sues", ORDER),
        ("Pizza lover Sbarro files papers", "Sbarro pizza lover files papers", ORDER),
        ("Pizza chain Sbarro Tea Hut sues", "Sbarro Tea Hut pizza chain sues", ""),
        ("Pizza chain Sbarro Tea Hut Gori sues", "Sbarro Tea Hut Gori pizza chain sues", ORDER),
        # ---- the passive
        ("Minister ousted by parliament", "Parliament ousts minister", ""),
        ("Minister ousted by parliament", "Minister ousts parliament", "only one says “by parliament”"),
        ("Georgia beaten by Spain", "Georgia beat Spain", "only one says “by spain”"),
        ("Bridge opened by army", "Bridge opened for the army", ""),
        ("Bridge opened by army", "Bridge opened by army", ""),
        ("Minister ousted by mayor", "Mayor ousts minister", ""),
        ("Minister ousted by mayor", "Mayor ousts minister by vote", ORDER),
        ("Minister visits by train", "Train visits minister", ORDER),
        ("Minister ousted by rebel mayor", "Mayor ousts minister", ORDER),
        ("Minister ousted by mayor speaker", "Mayor ousts speaker minister", ORDER),
        ("Minister ousted by mayor after vote", "Vote: mayor minister ousts", ORDER),
        ("Minister ousted by mayor", "Rebels oust mayor minister", ORDER),
        ("Minister ousted by", "Mayor ousts minister", ORDER),
        ("He is ousted by mayor", "Mayor ousts him", ""),
    ],
)
def test_an_order_is_forgiven_where_a_headline_has_a_choice_and_nowhere_else(
    one: str, other: str, expected: str
) -> None:
    assert said(one, other) == {expected}


WORDS = (
    *("firm", "mine", "dzor", "chain", "sbarro", "aliyev", "pashinyan", "sues", "meets", "says", "beaten"),
    *("by", "in", "for", "and", "the"),
)


@settings(max_examples=150)
@given(
    st.lists(st.sampled_from(WORDS), min_size=2, max_size=7),
    st.tuples(st.integers(0, 6), st.integers(1, 4), st.integers(0, 6)),
    st.lists(st.sampled_from(WORDS), max_size=1),
)
def test_which_of_two_titles_came_first_makes_no_difference(
    one: list[str], moved: tuple[int, int, int], more: list[str]
) -> None:
    first, size, to = moved
    part, left = one[first : first + size], one[:first] + one[first + size :]
    other = (*more, *left[:to], *part, *left[to:])
    assert bool(roles_differ(tuple(one), other)) == bool(roles_differ(other, tuple(one)))
    assert roles_differ(other, other) == ""
