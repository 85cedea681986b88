"""The demo's data against the rooms that judge it: its rules match, and its copies fold, as it claims."""

from collections import defaultdict
from datetime import UTC, datetime
from itertools import permutations
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.demo.scenario import (
    CHAT,
    DESK,
    ENTRIES,
    EXPECTED,
    MAIL,
    MORNING,
    OUTLETS,
    STORIES,
    Publication,
)
from monitor.errors import Fault
from monitor.model import Candidate, Entry, Kind, identity
from monitor.rules.document import read
from monitor.rules.match import match
from monitor.rules.rulebook import Rulebook, compile_rulebook, failing_examples
from monitor.stories import index
from monitor.stories.fingerprint import fingerprint
from monitor.stories.judge import judge, place

NOW = datetime(2031, 3, 5, 6, 30, tzinfo=UTC)
LATE = 1.6  # seconds by which a poll may bring a publication later than another's


def entry_of(shown: Publication) -> Entry:
    return Entry(
        id=identity(shown.outlet, shown.guid),
        feed=shown.outlet,
        outlet=shown.outlet,
        guid=shown.guid,
        link=f"https://{shown.outlet}.example/news/{shown.guid}",
        title=shown.title,
        summary=shown.summary,
        body=shown.body,
        published=NOW,
        lang=shown.lang,
        digest=f"{identity(shown.title, shown.summary, shown.body):x}",
    )


def no_file(path: str) -> str:
    raise FileNotFoundError(path)


def compiled() -> tuple[Rulebook, list[Fault]]:
    faults: list[Fault] = []
    roots = [root for name, text in DESK.items() if (root := read(name, text, faults))]
    outlets = {outlet.name for outlet in OUTLETS}
    rulebook = compile_rulebook(
        roots, receivers={CHAT, MAIL}, sources=outlets, read_article=no_file, faults=faults
    )
    return rulebook, faults


RULEBOOK, FAULTS = compiled()
WANTED = {(expected.receiver, expected.story): expected.rules for expected in EXPECTED}
REASONLESS = [  # match nothing by themselves, although their story is told in the end
    ("perekrestok", "meeting", False),  # before the edit
    ("caspian-ledger", "dockers", False),  # without the paragraph that the copy adds
]
PRINTS = {shown: fingerprint(entry_of(shown)) for shown in MORNING}


def test_the_desk_has_no_fault_and_its_examples_hold() -> None:
    assert FAULTS == []
    assert failing_examples(RULEBOOK) == []


@pytest.mark.parametrize(
    "shown",
    [shown for shown in MORNING if shown.at > 0],
    ids=lambda shown: f"{shown.story}-{shown.outlet}-{shown.at}",
)
def test_the_rules_match_each_publication_as_expected(shown: Publication) -> None:
    found = defaultdict(set)
    for one in match(RULEBOOK, entry_of(shown)):
        for receiver in one.send:
            found[receiver].add(one.rule)
    reasonless = (shown.outlet, shown.story, shown.edits) in REASONLESS
    for receiver in (CHAT, MAIL):
        wanted = frozenset() if reasonless else WANTED.get((receiver, shown.story), frozenset())
        assert found[receiver] == wanted, receiver


def test_something_that_stands_at_the_start_matches_so_that_the_baseline_is_seen_to_be_silent() -> None:
    assert any(match(RULEBOOK, entry_of(shown)) for shown in MORNING if shown.at == 0)


def test_every_copy_is_a_copy_of_every_other_and_nothing_else_is() -> None:
    first_versions = [shown for shown in MORNING if not shown.edits]
    for new, old in permutations(first_versions, 2):
        verdict = judge(PRINTS[new], PRINTS[old], same_outlet=new.outlet == old.outlet)
        assert (verdict.kind is Kind.COPY) == (new.story == old.story), (new.title, old.title, verdict)


@given(st.randoms(use_true_random=False))
@settings(max_examples=25)
def test_whatever_the_order_of_polls_copies_fold_and_nothing_else_does(chance: Random) -> None:
    order = sorted(MORNING, key=lambda shown: shown.at + LATE * chance.random())
    known = index.Index()
    stories: dict[int, str] = {}
    for shown in order:
        entry, made = entry_of(shown), PRINTS[shown]
        keys = index.keys(made)
        if shown.edits:
            continue
        placed = place(entry.id, made, known.near(keys), outlet=entry.outlet)
        candidate = Candidate(entry.id, placed.story, placed.lead, entry.feed, entry.outlet, NOW, made)
        known.add(candidate, keys)
        assert stories.setdefault(placed.lead, shown.story) == shown.story
    assert len(stories) == STORIES
    assert sum(not shown.edits for shown in MORNING) == ENTRIES
