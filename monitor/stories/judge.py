"""Whether an entry repeats a story: evidence for, guards against. Pure; alone uses rapidfuzz.

Two errors of unequal weight: different news taken for a copy is an alert lost, a copy told again only a
repeat. So it fails open: without evidence enough, or with one guard against it, an entry is new. No score
that forgives what one side adds (token_set, partial, WRatio) ever decides: a fifth of the titles that are
part of another are different news.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import takewhile
from typing import TYPE_CHECKING

from rapidfuzz import fuzz

from monitor.model import Kind, Placement, Verdict
from monitor.stories.event import related, same_event
from monitor.stories.fingerprint import title_numbers
from monitor.stories.formula import NO_RUNS, Runs, body, formula, runs
from monitor.stories.guards import (
    difference,
    event_added,
    may_be_alike,
    names_differ,
    numbers_differ,
    recurring,
    telling_words,
    texts_contradict,
    titles_contradict,
)
from monitor.stories.spelling import content_words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from monitor.model import Candidate, EntryId, Fingerprint
    from monitor.stories.guards import Difference

# Each threshold with what set it. Lost and repeated are counts on the labelled wire (benchmarks/stories.py);
# those that name no count are held by the rows of tests/stories alone and were not tried at other values.
RATIO = 88.0  # letters of title + 100 words; the best guarded ratio in the first study of the wire (F .964)
ALIKE = 0.48  # three-word runs, one outlet: .44 loses 7 and repeats 12, .48 loses 6 and repeats 13
ALIKE_TITLED = 0.42  # ... of equal titles, one outlet: .44 to .28 repeat one less than .48, and lose as many
ALIKE_ELSEWHERE = 0.35  # another outlet rewrites the lead: .31 had P .96 R .84 on FNC-1; not measured here
CONTAINED = 0.80  # of a summary's runs within a full text
SAME_BODY = 0.80  # above it a headline may be reworded freely, as long as the bodies tell the same
FEWEST_BODY_WORDS = 30  # under it one swapped name is most of the news
LONG = 80  # runs of a body that make it the news by itself, whatever stands above it
SAME_LONG = 0.90  # of them
FEWEST_TEASER_WORDS = 20  # under it an opening may be a formula ("quarterly dividend 20 cents against …")
CLOSE = 0.60  # of two titles' words: under it they are two wordings, and word guards would only misread them
SAME_PAGE = 0.50  # of two titles' words under one link: a retouched headline; a live page shares less
TITLE_ALIKE = 0.66  # of two titles' words, where one only adds: "X files for bankruptcy in US"
HALF = 0.50  # of the shorter title's words, within an outlet: 367 of 374 labelled copies share as many
LEFT = 0.10  # of a text after an edit; under it, and with no word of the title left, it is other news
FEWEST_RUNS = 8  # of a text without its outlet's formula; with fewer, the title alone is evidence
FEWEST_SHARED = 4  # words that carry news, for titles that are not the same words
FEWEST_SAME = 2  # such words, where nothing is left over and the numbers are the same: "3 hurt", "three hurt"
MOST_STORIES = 2  # that an entry may seem to develop; words that fit more of them are no event's own
FEWEST_WORDS = 3  # in an equal title: "Explosion in Kabul" may be news, "Press review" twice is none
AGAIN = timedelta(hours=20)  # a daily column comes a day later, give or take its editor's morning
ONE_PAGE = timedelta(days=1)  # a live page keeps its address for its day; a digest's may serve the next one


NOTHING_CITED: frozenset[str] = frozenset()


def judge(
    new: Fingerprint,
    old: Fingerprint,
    *,
    same_outlet: bool,
    formula: Runs = NO_RUNS,
    one_page: bool = False,
) -> Verdict:
    """COPY, DEVELOPMENT or NEW, with a score of 0 to 100 and a short reason.

    It is symmetric, but for the order of words within the reason. Copies are judged by text where both have
    one (ten words or more), else by title. Within an outlet its `formula` (see formula.py) is no evidence.
    A recurring title ("Press review") is evidence only if the texts agree too, or if both are `one_page`:
    shown under one guid or link within a day.
    """
    if _unlike(new, old):
        return Verdict(Kind.NEW, 0.0, "too few words alike")
    habit = formula if same_outlet else NO_RUNS
    verdict = _as_copy(new, old, same_outlet=same_outlet, formula=habit)
    if verdict.kind is Kind.COPY and not one_page and _recurs(new, old, habit):
        return Verdict(Kind.NEW, verdict.score, "a recurring title: its text must agree")
    if verdict.kind is Kind.COPY or not (event := same_event(new, old)):
        return verdict
    return Verdict(Kind.DEVELOPMENT, verdict.score, f"{event}; no copy: {verdict.why}")


def _unlike(new: Fingerprint, old: Fingerprint) -> bool:
    """Whether titles are all there is and share too few words for anything: the most of what is near."""
    if (new.summary and old.summary) or (new.link and new.link == old.link):
        return False
    return not may_be_alike(new.title, old.title, least=CLOSE)


def _as_copy(new: Fingerprint, old: Fingerprint, *, same_outlet: bool, formula: Runs) -> Verdict:
    """COPY or NEW."""
    if new.digest and new.digest == old.digest:
        return Verdict(Kind.COPY, 100.0, "same text")
    objection = numbers_differ(new, old)
    if objection:
        return Verdict(Kind.NEW, 0.0, objection)
    verdict = _evidence(new, old, same_outlet=same_outlet, formula=formula)
    if verdict.kind is Kind.NEW:
        return verdict
    objection = _objection(new, old, formula)
    return Verdict(Kind.NEW, verdict.score, objection) if objection else verdict


def place(
    entry: EntryId,
    new: Fingerprint,
    near: Sequence[Candidate],
    *,
    outlet: str,
    beside: Sequence[Candidate] = (),
    now: datetime | None = None,
    cited: frozenset[str] = NOTHING_CITED,
) -> Placement:
    """Where the entry belongs: with the candidate it repeats or develops best, or alone.

    Copies go before developments, of equals the first. A candidate that is the entry itself is passed over.
    `beside` are other entries of its document that are not placed yet: they show the outlet's formula.
    `now` is when the entry was seen; without it no two entries count as one page. `cited` are the pages that
    its text points at: what it shares words with and points at it develops.
    """
    others = {candidate.entry: candidate for candidate in (*near, *beside) if candidate.entry != entry}
    habit = formula(new, others.values(), outlet=outlet)
    verdicts = []
    for candidate in near:
        if candidate.entry == entry:
            continue
        verdict = judge(
            new,
            candidate.fingerprint,
            same_outlet=candidate.outlet == outlet,
            formula=habit,
            one_page=_one_page(new, candidate, now),
        )
        if verdict.kind is Kind.NEW and candidate.fingerprint.link in cited:
            verdict = _by_link(new, candidate.fingerprint, verdict)
        verdicts.append((candidate, verdict))
    copies = [found for found in verdicts if found[1].kind is Kind.COPY]
    if copies:
        candidate, verdict = max(copies, key=_score)
        return Placement(candidate.story, candidate.lead, candidate.entry, verdict)
    developed = [found for found in verdicts if found[1].kind is Kind.DEVELOPMENT]
    if developed and len({candidate.story for candidate, _ in developed}) <= MOST_STORIES:
        firsts = [found for found in developed if found[0].lead == found[0].story]
        if firsts:
            candidate, verdict = max(firsts, key=_score)
            return Placement(candidate.story, entry, candidate.entry, verdict)
    return Placement(entry, entry, None, _alone(verdicts))


def _by_link(new: Fingerprint, old: Fingerprint, verdict: Verdict) -> Verdict:
    """A development, if the new one points at the other and their titles speak of one thing."""
    if not related(new, old):
        return verdict
    return Verdict(Kind.DEVELOPMENT, verdict.score, f"its text links to it; no copy: {verdict.why}")


def comes_again(new: Fingerprint, old: Fingerprint, *, after: timedelta) -> bool:
    """Whether an equal title so long after the other is that of a column's next piece."""
    return new.title == old.title and after >= AGAIN


def _one_page(new: Fingerprint, old: Candidate, now: datetime | None) -> bool:
    """Whether both stand under one link, the new one within a day of the other."""
    return bool(new.link) and new.link == old.fingerprint.link and now is not None and within_a_day(old, now)


def within_a_day(old: Candidate, now: datetime) -> bool:
    """Whether the entry was seen less than ONE_PAGE before."""
    return now - old.seen < ONE_PAGE


def _recurs(new: Fingerprint, old: Fingerprint, formula: Runs) -> bool:
    """Whether both titles recur and no texts of their own say that the news is the same."""
    if not (recurring(new.title) and recurring(old.title)):
        return False
    if not new.summary or not old.summary:
        return True
    ours, theirs = runs(body(new)) - formula, runs(body(old)) - formula
    shared = len(ours & theirs)
    return not shared or (
        shared < ALIKE * len(ours | theirs) and shared < CONTAINED * min(len(ours), len(theirs))
    )


def _score(found: tuple[Candidate, Verdict]) -> float:
    return found[1].score


def _alone(verdicts: Sequence[tuple[Candidate, Verdict]]) -> Verdict:
    """Why the entry is a story of its own: what told it from the closest candidate."""
    if not verdicts:
        return Verdict(Kind.NEW, 0.0, "nothing like it in the window")
    closest = max(verdicts, key=_score)[1]
    if closest.kind is Kind.NEW:
        return closest
    return Verdict(Kind.NEW, closest.score, f"too little to join its story: {closest.why}")


def _evidence(new: Fingerprint, old: Fingerprint, *, same_outlet: bool, formula: Runs) -> Verdict:
    """The strongest sign that both are one text, guards aside."""
    if new.link and new.link == old.link:
        likeness = difference(new.title, old.title).likeness
        if likeness >= SAME_PAGE:
            return Verdict(Kind.COPY, 100.0 * likeness, "same link, title alike")
    if not new.summary or not old.summary:
        return _by_title(new, old)
    if same_outlet and (shared := _shared_of_shorter(new, old)) < HALF:
        same = _bodies_tell_the_same(new, old, formula) and (
            (_told(new, old) and _told(old, new)) or (shared and _one_long_body(new, old, formula))
        )
        if not same and not _teased(new, old):
            return Verdict(Kind.NEW, 100.0 * shared, "one outlet, other titles")
    if _stock_text(new, old):
        return Verdict(Kind.NEW, 0.0, "a short text under other titles")
    verdict = _by_text(new, old, same_outlet=same_outlet)
    if verdict.kind is Kind.NEW or not formula:
        return verdict
    return _beside_formula(new, old, formula) or verdict


def _one_long_body(new: Fingerprint, old: Fingerprint, formula: Runs) -> bool:
    """Whether both have one and the same body, as long as bodies are kept and not their outlet's formula."""
    ours, theirs = runs(body(new)) - formula, runs(body(old)) - formula
    return min(len(ours), len(theirs)) >= LONG and len(ours & theirs) >= SAME_LONG * len(ours | theirs)


def _stock_text(new: Fingerprint, old: Fingerprint) -> bool:
    """Whether a text is too short to be evidence under titles that differ and of which it tells nothing.

    A digest comes with the same line each day, a channel with the same call to subscribe.
    """
    teaser, full = sorted((new, old), key=lambda one: len(body(one)))
    if len(body(teaser)) >= FEWEST_BODY_WORDS or difference(new.title, old.title).likeness >= CLOSE:
        return False
    borne_out = len(body(full)) >= FEWEST_BODY_WORDS or _told(full, teaser)
    return not (_told(teaser, full) and borne_out)


def _beside_formula(new: Fingerprint, old: Fingerprint, formula: Runs) -> Verdict | None:
    """NEW if two texts are alike by their outlet's formula alone; None if they are copies without it too."""
    ours, theirs = runs(body(new)) - formula, runs(body(old)) - formula
    if min(len(ours), len(theirs)) < FEWEST_RUNS:
        verdict = _by_title(new, old)
        return None if verdict.kind is Kind.COPY else verdict
    shared = len(ours & theirs)
    alike = shared / len(ours | theirs)
    if alike >= ALIKE or shared >= CONTAINED * min(len(ours), len(theirs)):
        return None
    return Verdict(Kind.NEW, 100.0 * alike, f"alike by their outlet's formula only, {alike:.0%} without it")


def retouched(new: Fingerprint, old: Fingerprint) -> bool:
    """Whether the new one may be the old one after an editor's hand: something of its title or text is left.

    Titles are rewritten whole (of 443 edits in real captures 52 shared less than a third of their words, most
    of them the same news), so without texts there is no telling, and an edit is what it most likely is.
    """
    if not new.summary or not old.summary:
        return True
    return _shared_of_shorter(new, old) > 0 or _containment(body(new), body(old)) >= LEFT


def _shared_of_shorter(new: Fingerprint, old: Fingerprint) -> float:
    """The part of the shorter title's words that the other has; 1.0 where one has none."""
    found = difference(new.title, old.title)
    fewest = len(found.shared) + min(len(found.new_only), len(found.old_only))
    return len(found.shared) / fewest if fewest else 1.0


def _by_text(new: Fingerprint, old: Fingerprint, *, same_outlet: bool) -> Verdict:
    ours, theirs = runs(new.text), runs(old.text)
    shared = len(ours & theirs)
    alike = shared / (len(ours) + len(theirs) - shared)
    least = (ALIKE_TITLED if new.title == old.title else ALIKE) if same_outlet else ALIKE_ELSEWHERE
    if alike >= least:
        return Verdict(Kind.COPY, 100.0 * alike, f"{alike:.0%} of three-word runs alike")
    ratio = fuzz.ratio(" ".join(new.text), " ".join(old.text), score_cutoff=RATIO)
    if ratio:
        return Verdict(Kind.COPY, ratio, f"{ratio:.0f} % of letters alike")
    contained = _containment(body(new), body(old))
    if contained >= CONTAINED:
        return Verdict(Kind.COPY, 100.0 * contained, "one text holds the other")
    return Verdict(Kind.NEW, 100.0 * alike, f"texts differ, {alike:.0%} alike")


def _by_title(new: Fingerprint, old: Fingerprint) -> Verdict:
    if new.title == old.title:
        return _by_equal_title(new.title)
    found = _as_far_as_known(difference(new.title, old.title), new, old)
    score = 100.0 * found.likeness
    if found.new_only and found.old_only:
        return Verdict(Kind.NEW, score, f"titles differ: “{found.new_only[0]}” / “{found.old_only[0]}”")
    same_words = not found.new_only and not found.old_only and title_numbers(new) == title_numbers(old)
    fewest = FEWEST_SAME if same_words else FEWEST_SHARED
    if len(found.shared) < fewest or found.likeness < TITLE_ALIKE:
        return Verdict(Kind.NEW, score, "too few words alike")
    if event := event_added(found, new.title, old.title):
        return Verdict(Kind.NEW, score, event)
    return Verdict(Kind.COPY, score, f"{found.likeness:.0%} of title words alike")


def _as_far_as_known(titles: Difference, new: Fingerprint, old: Fingerprint) -> Difference:
    """The difference without what the one may have said too, had its title not been cut."""
    if new.cut == old.cut:
        return titles
    if new.cut:
        return replace(titles, old_only=_before_the_end(titles.old_only, old.title))
    return replace(titles, new_only=_before_the_end(titles.new_only, new.title))


def _before_the_end(apart: tuple[str, ...], title: tuple[str, ...]) -> tuple[str, ...]:
    """The words but for those that end the title, with none of the other title's behind them."""
    end = set(takewhile(lambda word: word in apart, reversed(content_words(title))))
    return tuple(word for word in apart if word not in end)


def _by_equal_title(title: tuple[str, ...]) -> Verdict:
    if len(title) >= FEWEST_WORDS and len(content_words(title)) >= FEWEST_SAME:
        return Verdict(Kind.COPY, 100.0, "same title")
    return Verdict(Kind.NEW, 0.0, "title too short to be evidence")


def _objection(new: Fingerprint, old: Fingerprint, formula: Runs) -> str:
    """The first guard against a copy, or ""."""
    told_alike = _bodies_tell_the_same(new, old, formula)
    if not told_alike and (objection := texts_contradict(body(new), body(old))):
        return objection
    if told_alike or new.title == old.title or _teased(new, old):
        return ""
    titles = difference(new.title, old.title)
    return (titles_contradict(new, old) if titles.likeness >= CLOSE else "") or names_differ(titles, new, old)


def _bodies_tell_the_same(new: Fingerprint, old: Fingerprint, formula: Runs) -> bool:
    """Whether the bodies are long, nearly equal, and no word of weight stands in one only, formula aside."""
    ours, theirs = body(new), body(old)
    if min(len(ours), len(theirs)) < FEWEST_BODY_WORDS:
        return False
    here, there = runs(ours) - formula, runs(theirs) - formula
    if min(len(here), len(there)) < FEWEST_BODY_WORDS - 2:
        return False
    return len(here & there) >= SAME_BODY * len(here | there) and not telling_words(ours, theirs)


def _told(new: Fingerprint, old: Fingerprint) -> bool:
    """Whether the old one's body has half of the new one's title: it is a headline for that text."""
    words = content_words(new.title)
    known = set(content_words(body(old)))
    return sum(word in known for word in words) >= HALF * len(words)


def _teased(new: Fingerprint, old: Fingerprint) -> bool:
    """Whether the one body opens with the other, word for word, and tells its title's names too."""
    teaser, full = sorted((new, old), key=lambda one: len(body(one)))
    words = body(teaser)
    if len(words) < FEWEST_TEASER_WORDS or body(full)[: len(words)] != words:
        return False
    alike_long = len(words) == len(body(full))
    return not difference(teaser.title, full.text).new_only and not (
        alike_long and difference(full.title, teaser.text).new_only
    )


def _containment(ours: tuple[str, ...], theirs: tuple[str, ...]) -> float:
    """The part of the shorter one's runs that the longer one has; both are of LEAST_SUMMARY words or more."""
    here, there = runs(ours), runs(theirs)
    return len(here & there) / min(len(here), len(there))
