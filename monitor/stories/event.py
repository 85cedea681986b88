"""Whether two texts that are no copies tell of one event: a development and what it develops. Pure.

Likeness alone is no evidence here: "earthquake hits coast of Chile" and "… of Peru" are alike and two events.
It takes several words of weight that both titles share, and nothing that says another day, person or place.
A development wrongly found joins a strange story and is told all the same; it is a nuisance and no loss.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.stories.fingerprint import title_numbers
from monitor.stories.guards import (
    contrary,
    difference,
    may_be_alike,
    names_differ,
    person_differs,
)
from monitor.stories.spelling import stem
from monitor.stories.words import FAINT, TURNS

if TYPE_CHECKING:
    from monitor.model import Fingerprint
    from monitor.stories.guards import Difference

# Thresholds with what set them; counts are of developments read by eye, see docs/stories.md.
FEWEST_SHARED = 4  # words of weight in both titles; with 3, formulas ("shares open higher") pass for events
FEWEST_LINKED = 2  # such words, where the one's text links to the other; "read also" leads anywhere
ALIKE = 0.60  # of the titles' words, where titles are all there is
ALIKE_COUNTED = 0.75  # where they count differently: a toll that rose, not another accident
_FAINT = frozenset(map(stem, FAINT))


def same_event(new: Fingerprint, old: Fingerprint) -> str:
    """Why the one develops the other, a short clause; "" where the evidence is not strong. Symmetric."""
    one_page = bool(new.link) and new.link == old.link
    if not one_page and not may_be_alike(new.title, old.title, least=ALIKE):
        return ""
    titles = difference(new.title, old.title)
    shared = [word for word in titles.shared if word not in _FAINT]
    if one_page and shared and not _days_differ(new, old):
        return "same link, other news"
    if len(shared) < FEWEST_SHARED or titles.likeness < ALIKE or _another(titles, new, old):
        return ""
    counted = _titles_count_differently(new, old)
    if counted and (titles.likeness < ALIKE_COUNTED or names_differ(titles, new, old)):
        return ""
    return f"same event, both say {', '.join(shared[:3])}"


def related(new: Fingerprint, old: Fingerprint) -> bool:
    """Whether the titles share words of weight enough for a link between them to be no "read also"."""
    titles = difference(new.title, old.title)
    return sum(word not in _FAINT for word in titles.shared) >= FEWEST_LINKED and not _days_differ(new, old)


def _another(titles: Difference, new: Fingerprint, old: Fingerprint) -> bool:
    """Whether the titles differ as those of two events do: in the day, the person, or one word for one."""
    return (
        _days_differ(new, old)
        or bool(person_differs(new.title, old.title))
        or (
            len(titles.new_only) == len(titles.old_only) == 1
            and not contrary(new.title, old.title, pairs=TURNS)
        )
    )


def _titles_count_differently(new: Fingerprint, old: Fingerprint) -> bool:
    ours, theirs = title_numbers(new), title_numbers(old)
    return bool(ours - theirs) and bool(theirs - ours)


def _days_differ(new: Fingerprint, old: Fingerprint) -> bool:
    """Each title names a day or a month, and not the same: another sitting, another bulletin."""
    dated = all(any(number[0] in "dm" for number in title_numbers(one)) for one in (new, old))
    return dated and _titles_count_differently(new, old)
