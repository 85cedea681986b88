"""The decision to tell: from the entries a poll brought to the plan of rows it calls for.

Decides and touches nothing: what is known, what was told, the rulebook and the time come in as values.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.model import Alert, Bygone, Candidate, Kind, Known, Placement, Status, Stored, Verdict, identity
from monitor.rules.match import match
from monitor.rules.recurring import NOTHING_RECURRING, Recurring
from monitor.rules.tenure import Earlier, Standing
from monitor.stories.index import Index, cited_keys
from monitor.stories.judge import comes_again, judge, place, retouched, within_a_day

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from monitor.model import (
        AlertId,
        Entry,
        EntryId,
        Feed,
        FeedState,
        Fingerprint,
        Match,
        StoryId,
    )
    from monitor.rules.rulebook import Rulebook

BACKFILL = timedelta(hours=72)  # the stories' window: what is older has no copies left to fold into

NEVER_CHANGED = Standing()
NOTHING_EARLIER: Mapping[StoryId, Sequence[Earlier]] = {}
NOTHING_BYGONE: Mapping[EntryId, Bygone] = {}
Told = tuple["StoryId", str, Kind, "EntryId"]  # (story, rule, kind, lead)


@dataclass(frozen=True, slots=True)
class Arrival:
    """An entry that is new to us or changed, prepared once: its fingerprint and the keys it is found by."""

    entry: Entry
    fingerprint: Fingerprint
    keys: tuple[int, ...]
    cited: frozenset[str] = frozenset()  # the pages its text points at

    @property
    def wanted(self) -> tuple[int, ...]:
        """The keys by which what it may repeat or develop is found."""
        return self.keys + cited_keys(self.cited)


@dataclass(frozen=True, slots=True)
class Decision:
    """What a feed's arrivals call for: the entries in their places, the alerts, and who is to be told."""

    entries: tuple[Stored, ...]
    alerts: tuple[Alert, ...]
    deliveries: tuple[tuple[AlertId, str], ...]


def decide(  # noqa: PLR0913 - all that a decision rests on comes in by name
    arrivals: Sequence[Arrival],
    *,
    feed: Feed,
    state: FeedState,
    known: Mapping[EntryId, Known],
    index: Index,
    told: set[Told],
    rulebook: Rulebook,
    now: datetime,
    backfill: bool = False,
    standing: Standing = NEVER_CHANGED,
    earlier: Mapping[StoryId, Sequence[Earlier]] = NOTHING_EARLIER,
    recurring: Recurring = NOTHING_RECURRING,
    bygone: Mapping[EntryId, Bygone] = NOTHING_BYGONE,
    later: Sequence[Arrival] = (),
) -> Decision:
    """What these arrivals call for.

    `state` is the feed's before this poll; `known` the arrivals that stand already, as they were; `index`
    the candidates near any arrival; `told` what was told of their stories. Index and `told` grow by what is
    decided here, so entries of one document are copies of each other like any. `backfill` takes a first
    poll for news. The same arrivals decided again call for no alert. `standing` says how long each rule has
    looked for what it looks for, `earlier` what stood in a story before: no rule fires on what is older.
    `recurring` tells the lines that the feed shows with everything.
    `bygone` are arrivals that were known once and whose text was pruned: they go back to where they were and
    are no news, since nothing can say what is new about them.
    `later` are others of the document that are decided at another poll: they show the outlet's formula.
    """
    stored: list[Stored] = []
    alerts: list[Alert] = []
    document = Index((_unplaced(arrival, now), arrival.keys) for arrival in (*arrivals, *later))
    for arrival in arrivals:
        before = known.get(arrival.entry.id)
        gone = bygone.get(arrival.entry.id)
        status = _status(arrival.entry, before, state=state, backfill=backfill, now=now)
        item = _stored(
            arrival,
            feed=feed,
            before=before or gone,
            status=status if gone is None else Status.BACKFILL,
            index=index,
            document=document,
            rulebook=rulebook,
            recurring=recurring,
            now=now,
        )
        if before is not None and before.status is not Status.NEWS and _is_elsewhere(item, before):
            anew = _status(arrival.entry, None, state=state, backfill=backfill, now=now)
            item = replace(item, status=anew)
        stored.append(item)
        index.add(_candidate(item, now), item.keys)
        outside = recurring.outside(item.placement.story)
        new = _new_alerts(item, feed=feed, before=before, rulebook=rulebook, outside=outside)
        alerts += _untold(
            new, told=told, rulebook=rulebook, standing=standing, earlier=earlier, outside=outside
        )
    return Decision(tuple(stored), tuple(alerts), _deliveries(alerts))


def reread(
    known: Known,
    text: str,
    *,
    feed: Feed,
    told: set[Told],
    rulebook: Rulebook,
    standing: Standing = NEVER_CHANGED,
    earlier: Mapping[StoryId, Sequence[Earlier]] = NOTHING_EARLIER,
    recurring: Recurring = NOTHING_RECURRING,
) -> Decision:
    """What the text of its page calls for, where an entry stands already; `told` grows, as by `decide`.

    The entry stays where it is and what it is: only what the rules find now, and did not before, may tell.
    """
    was = known.candidate
    place = Placement(was.story, was.lead, was.entry, Verdict(Kind.COPY, 0.0, "its page was read"))
    outside = recurring.outside(was.story)
    entry = replace(known.entry, text=text)
    matches = match(rulebook, entry, tags=feed.labels, outside=outside)
    item = Stored(entry, known.status, place, was.fingerprint, (), matches, known=True)
    new = _new_alerts(item, feed=feed, before=known, rulebook=rulebook, outside=outside)
    alerts = _untold(new, told=told, rulebook=rulebook, standing=standing, earlier=earlier, outside=outside)
    return Decision((item,), tuple(alerts), _deliveries(alerts))


def _untold(
    alerts: Sequence[Alert],
    *,
    told: set[Told],
    rulebook: Rulebook,
    standing: Standing,
    earlier: Mapping[StoryId, Sequence[Earlier]],
    outside: Mapping[str, str],
) -> list[Alert]:
    """Those that were not told, and are not of what was there before their rules; `told` grows by them."""
    found = []
    for new in alerts:
        key = (new.story, new.rule, new.kind, new.lead)
        former = {(new.story, name, new.kind, new.lead) for name in standing.former(new.rule)}
        if key in told or former & told:
            continue
        same = [one for one in earlier.get(new.story, ()) if one.lead == new.lead]
        if standing.is_old(rulebook, new.rule, same, outside=outside):
            continue
        told.add(key)
        found.append(new)
    return found


def _deliveries(alerts: Sequence[Alert]) -> tuple[tuple[AlertId, str], ...]:
    return tuple((alert.id, receiver) for alert in alerts for receiver in dict.fromkeys(alert.match.send))


def _stored(  # noqa: PLR0913 - as decide
    arrival: Arrival,
    *,
    feed: Feed,
    before: Known | Bygone | None,
    status: Status,
    index: Index,
    document: Index,
    rulebook: Rulebook,
    recurring: Recurring,
    now: datetime,
) -> Stored:
    if isinstance(before, Bygone):
        placement = _former_place(arrival.entry.id, before)
    elif before:
        placement = _edited_place(arrival, before, feed=feed, index=index, now=now)
    else:
        placement = _new_place(arrival, feed=feed, index=index, document=document, now=now)
    entry = arrival.entry
    if isinstance(before, Known) and placement.of == entry.id:  # it stays, and so does what its page said
        entry = replace(entry, text=before.entry.text)
    return Stored(
        entry=entry,
        status=status,
        placement=placement,
        fingerprint=arrival.fingerprint,
        keys=arrival.keys,
        matches=match(rulebook, entry, tags=feed.labels, outside=recurring.outside(placement.story)),
        known=before is not None,
    )


def _status(entry: Entry, before: Known | None, *, state: FeedState, backfill: bool, now: datetime) -> Status:
    """A feed's first poll is its baseline; what is dated long before our last good poll is no news either.

    An entry dated shortly before it is: feeds show entries minutes or hours late, and dates are what the
    outlet says they are.
    """
    if before is not None:
        return before.status
    if backfill:
        return Status.NEWS
    if state.last_good is None:
        return Status.BASELINE
    last_good = min(state.last_good, now)  # the clock may have been ahead then
    if entry.published is not None and entry.published < last_good - BACKFILL:
        return Status.BACKFILL
    return Status.NEWS


def _new_place(arrival: Arrival, *, feed: Feed, index: Index, document: Index, now: datetime) -> Placement:
    entry = arrival.entry
    return place(
        entry.id,
        arrival.fingerprint,
        _near(arrival, feed=feed, index=index, now=now),
        outlet=entry.outlet,
        beside=document.near(arrival.keys),
        now=now,
        cited=arrival.cited,
    )


def _near(arrival: Arrival, *, feed: Feed, index: Index, now: datetime) -> list[Candidate]:
    """What the arrival may belong to; of a recurring feed, no earlier piece of the column."""
    found = index.near(arrival.wanted)
    if not feed.recurring:
        return found
    made, date = arrival.fingerprint, arrival.entry.published
    former = {
        near.lead for near in found if comes_again(made, near.fingerprint, after=_apart(date, near, now))
    }
    return [near for near in found if near.lead not in former]


def _apart(date: datetime | None, near: Candidate, now: datetime) -> timedelta:
    """The time between two pieces by their dates, whichever came first; by when we saw them without.

    Dates go first: a poll may come late, one document bring many days, and an old piece a new guid.
    """
    if date is None or near.published is None:
        return now - near.seen
    return abs(date - near.published)


def _unplaced(arrival: Arrival, now: datetime) -> Candidate:
    """An entry of the document before it has its place."""
    entry = arrival.entry
    made = arrival.fingerprint
    return Candidate(
        entry.id, entry.id, entry.id, entry.feed, entry.outlet, now, made, published=entry.published
    )


def _edited_place(arrival: Arrival, before: Known, *, feed: Feed, index: Index, now: datetime) -> Placement:
    """An edited entry stays in its story, unless its guid was given to other news.

    That is another link and text, or, under the same link, words of which too little is left: outlets show
    one rolling item after another under one address. A recurring feed's column may come under the guid, link
    and title of its last piece.
    """
    was, made = before.candidate, arrival.fingerprint
    verdict = judge(made, was.fingerprint, same_outlet=True, one_page=within_a_day(was, now))
    again = feed.recurring and _next_piece(arrival, before)
    if not again and (
        verdict.kind is Kind.COPY or (made.link == was.fingerprint.link and retouched(made, was.fingerprint))
    ):
        return Placement(was.story, was.lead, was.entry, replace(verdict, kind=Kind.COPY, why="edited"))
    story = identity("story", str(arrival.entry.id), arrival.entry.digest)
    near = _near(arrival, feed=feed, index=index, now=now)
    others = [one for one in near if one.entry != arrival.entry.id]
    found = place(arrival.entry.id, made, others, outlet=arrival.entry.outlet, now=now, cited=arrival.cited)
    if found.verdict.kind is Kind.COPY:
        return found
    if found.verdict.kind is Kind.DEVELOPMENT:  # of another lead than it was: that one may have been told
        return replace(found, lead=story)
    why = "a recurring title come again" if again else "its guid was used for other news before"
    return Placement(story, story, None, Verdict(Kind.NEW, found.verdict.score, why))


def _next_piece(arrival: Arrival, before: Known) -> bool:
    """Whether an equal title is dated so much later that it is the column's next piece.

    Where no dates tell, it is one if its text is another, whatever its link.
    """
    made, was = arrival.fingerprint, before.candidate.fingerprint
    date, former = arrival.entry.published, before.entry.published
    if date is not None and former is not None:
        return comes_again(made, was, after=date - former)
    verdict = judge(replace(made, link=""), replace(was, link=""), same_outlet=True)
    return made.title == was.title and verdict.kind is not Kind.COPY


def _former_place(entry: EntryId, gone: Bygone) -> Placement:
    """Where an entry stood before its text was pruned."""
    why = "it was known before its text was pruned"
    if gone.lead != entry:
        return Placement(gone.story, gone.lead, gone.lead, Verdict(Kind.COPY, 0.0, why))
    kind = Kind.NEW if gone.story == entry else Kind.DEVELOPMENT
    return Placement(gone.story, gone.lead, None, Verdict(kind, 0.0, why))


def _candidate(item: Stored, now: datetime) -> Candidate:
    entry, placement = item.entry, item.placement
    return Candidate(
        entry=entry.id,
        story=placement.story,
        lead=placement.lead,
        feed=entry.feed,
        outlet=entry.outlet,
        seen=now,
        fingerprint=item.fingerprint,
        published=entry.published,
    )


def _new_alerts(
    item: Stored, *, feed: Feed, before: Known | None, rulebook: Rulebook, outside: Mapping[str, str]
) -> list[Alert]:
    if before is None:
        return [_alert(item, found) for found in item.matches if item.status is Status.NEWS]
    if _is_elsewhere(item, before):
        return [_alert(item, found) for found in item.matches]
    matched = {found.rule for found in match(rulebook, before.entry, tags=feed.labels, outside=outside)}
    return [_alert(item, found) for found in item.matches if found.rule not in matched]


def _is_elsewhere(item: Stored, before: Known) -> bool:
    """Whether an entry that stood already became other news: it is judged as one that comes in now."""
    return item.placement.lead != before.candidate.lead


def _alert(item: Stored, found: Match) -> Alert:
    """The alert of a match; it quotes the page's text only where that is what it found."""
    place = item.placement
    kind = Kind.NEW if place.lead == place.story else Kind.DEVELOPMENT
    quoted = any(mention.field == "text" for mention in found.mentions)
    return Alert(
        id=identity("alert", str(place.story), found.rule, kind.value, str(place.lead)),
        story=place.story,
        rule=found.rule,
        kind=kind,
        lead=place.lead,
        entry=item.entry if quoted else replace(item.entry, text=""),
        match=found,
    )
