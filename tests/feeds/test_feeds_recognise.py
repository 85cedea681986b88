from datetime import UTC, datetime, timedelta

from monitor.feeds.recognise import recognised
from monitor.model import Feed
from tests.fakes import Item, entry

FEED = Feed("feed", "https://outlet.example/feed", "outlet")
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def named(*items: Item, was: tuple[Item, ...]) -> list[str]:
    """The guids that these items are known by among those that stood, or "new"."""
    standing = [entry(FEED, item) for item in was]
    guids = {old.id: old.guid for old in standing}
    found = recognised([entry(FEED, item) for item in items], standing)
    return [guids.get(found.get(entry(FEED, item).id, 0), "new") for item in items]


def test_two_of_link_title_and_date_are_enough() -> None:
    was = Item("old", "Peace is signed", link="https://o.example/1", published=NOON)
    rows = [
        Item("x", "Peace is signed", link="https://o.example/1?utm_source=rss"),
        Item("x", "PEACE is signed", link="https://o.example/new", published=NOON),
        Item("x", "Peace was signed", link="https://o.example/1", published=NOON),
    ]
    assert [named(row, was=(was,)) for row in rows] == [["old"]] * 3


def test_dates_far_apart_are_two_entries() -> None:
    was = Item("old", "The week ahead", link="https://o.example/week", published=NOON)
    later = Item("x", "The week ahead", link="https://o.example/week", published=NOON + timedelta(days=7))
    assert named(later, was=(was,)) == ["new"]


def test_a_link_that_many_items_share_names_none_of_them() -> None:
    home = "https://o.example/"
    was = (Item("1", "One", link=home, published=NOON), Item("2", "Two", link=home, published=NOON))
    assert named(Item("x", "Three", link=home, published=NOON), was=was) == ["new"]


def test_a_title_alone_counts_where_half_of_the_document_is_known() -> None:
    was = tuple(Item(str(number), f"Title {number}", link=f"https://o.example/{number}") for number in "123")
    moved = [Item(f"new-{number}", f"Title {number}", link=f"https://n.example/{number}") for number in "123"]
    assert named(*moved, was=was) == ["1", "2", "3"]
    others = [Item(f"other-{number}", f"Other {number}") for number in range(4)]
    assert named(*moved[:1], *others, was=was) == ["new"] * 5


def test_nobody_is_taken_for_two() -> None:
    was = (Item("1", "Title", link="https://o.example/1", published=NOON),)
    twice = [
        Item("a", "Title", link="https://o.example/1", published=NOON - timedelta(hours=1)),
        Item("b", "Title", link="https://o.example/2", published=NOON),
    ]
    assert sorted(named(*twice, was=was)) == ["1", "new"]
