"""The way of one entry through the house: what became of it, step by step, each with a named outcome.

Takes what the database holds of an entry and the rulebook in force; returns steps for people to read. The
outcomes are listed once, here; docs/why.md tells them to readers, and a test holds the two in step.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Self, assert_never

from monitor.feeds.language import heard
from monitor.model import Kind, Status
from monitor.rules.condition import All, AnyOf, AtLeast, Name, Near, Within, Without, mentions
from monitor.rules.explain import explain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from monitor.model import AlertId, Entry, EntryId, Mention, StoryId
    from monitor.rules.condition import Condition
    from monitor.rules.explain import Explanation, Verdict
    from monitor.rules.lexicon import Reading
    from monitor.rules.rule import Rulebook
    from monitor.rules.tenure import Tenure


class Stage(Enum):
    """Where on its way a step is."""

    ARRIVAL = "arrival"
    STORY = "story"
    RULE = "rule"
    DELIVERY = "delivery"


class Outcome(Enum):
    """What can become of an entry, each with what it means, as docs/why.md tells it.

    The value is its name everywhere: --json, the page, docs/why.md.
    """

    means: str

    def __new__(cls, name: str, means: str) -> Self:
        """An outcome of this name."""
        made = object.__new__(cls)
        made._value_ = name
        made.means = means
        return made

    # arrival
    NEWS = "news", "It appeared since the feed's last good poll: it may alert."
    BASELINE = "baseline", "It stood in the feed when that was first polled: remembered, told to nobody."
    BACKFILL = (
        "backfill",
        "It appeared since, but is dated over 72 hours before the last good poll: told to nobody.",
    )
    EDITED = "edited", "Its text or link was changed after it came; the last time is shown."
    TEXT = "text read", "The page that it leads to was read, and the rules looked in its text too."
    TEXT_DUE = "text to come", "The page that it leads to is still to be read; what was tried is shown."
    NO_TEXT = (
        "no text",
        (
            "The page that it leads to was not read: robots.txt asks us not to, it is too long, it holds no "
            "article, or its text would have told nobody. The reason is shown."
        ),
    )
    # story
    NEW = "new story", "Nothing known was near enough: it is the first of its story."
    COPY = "copy", "It repeats an entry that is named, with the score (0 to 100) and the evidence."
    DEVELOPMENT = "development", "It is of the same event as an entry that is named, and says something new."
    SPLIT = "split by hand", "Somebody took it out of a story."
    MERGED = "merged by hand", "Somebody joined its story to another."
    # rule
    ALERTED = "alerted", "The rule fired, and this entry made the alert."
    ALERTED_ON_EDIT = "alerted on an edit", "The rule fired on the changed text, and that made the alert."
    TOLD_ALREADY = (
        "told already",
        "The rule fired, and an alert that another entry of the story made had told of it.",
    )
    NOT_NEWS = (
        "matched, not news",
        "The rule fired on a baseline or a backfill, or on a text that came a day late.",
    )
    OLDER = "older than the rule", "The rule fired, but the story was there before the rule looked for it."
    UNTOLD = "edited without a new match", "The rule fired before the edit too, so the edit alerts nobody."
    LATER = (
        "the rule came later",
        "The rule, as it is today, fires; when the entry came it did not, or was not there.",
    )
    NO_MATCH = "no match", "Its condition does not hold; the first clause that fails is named."
    NOWHERE_COUNTED = (
        "stands where nothing counts",
        (
            "What it looks for stands only in a tail of other headlines, in furniture, as a short "
            "form by itself, or inside an exception."
        ),
    )
    EXCLUDED = "excluded by not", 'What it looks for is there, and so is what its "and not" bars.'
    FILTERED = (
        "filtered by source or language",
        "Its words are there, but `sources`, `not-sources` or `lang` keep the entry from it.",
    )
    # delivery
    NO_RECEIVER = "no receiver", "The alert had nobody to go to."
    WAITING = "waiting", "It is due, and was not tried yet."
    SENDING = "sending", "It is on its way at this moment."
    RETRYING = "tried, due again", "It failed; it is tried again at the time that is shown."
    UNCERTAIN = (
        "uncertain",
        "It was cut off, or the answer was lost: it may have arrived, and is sent again, marked so.",
    )
    SENT = "sent", "The receiver accepted it, by itself or in the digest that is shown."
    SENT_AGAIN = "sent again", "The receiver accepted it, and may have had it before; the message said so."
    DEAD = "dead", "It was given up after a day of trying."
    HELD = "held", "It waits for a digest, or for the end of quiet hours."
    LIMITED = "limited", "Its rule has told this receiver as often as it may: it goes with the next digest."
    MUTED = "muted", "A silence covers it; which one, till when and why is shown. The next digest counts it."
    ACKNOWLEDGED = "acknowledged", "Somebody has seen to the alert, so it goes to no second receiver."
    DROPPED = "dropped", "Somebody took it out of the queue."


# ---- what the database holds -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Arrived:
    """An entry as it stands, and how it came: `of` is the entry that decided its place."""

    entry: Entry
    status: Status
    seen: datetime
    edited: datetime | None
    story: StoryId
    lead: EntryId
    of: EntryId | None
    kind: Kind
    score: float
    why: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of one attempt to send; `error` is "" for one that was accepted."""

    number: int
    at: datetime
    uncertain: bool
    error: str


@dataclass(frozen=True, slots=True)
class Digest:
    """The digest that carries an alert, or counts what was muted: when it was made, and how it stands."""

    made: datetime
    state: str
    due: datetime
    attempts: int
    uncertain: bool
    error: str
    sent: datetime | None


@dataclass(frozen=True, slots=True)
class Sending:
    """One alert on its way to one receiver.

    `held` is why it waits for a digest (digest, limit, quiet), `muted` which silence covers it, in words;
    `digest` is the one that carries it or counts it, `escalated` says that others had not acknowledged it.
    """

    receiver: str
    state: str
    due: datetime
    attempts: int
    uncertain: bool
    error: str
    sent: datetime | None
    log: tuple[Attempt, ...] = ()
    held: str = ""
    muted: str = ""
    digest: Digest | None = None
    escalated: bool = False


@dataclass(frozen=True, slots=True)
class Telling:
    """An alert of the entry's story, the entry that made it, and its deliveries."""

    alert: AlertId
    rule: str
    kind: Kind
    lead: EntryId
    entry: EntryId
    outlet: str
    created: datetime
    rulebook: str
    deliveries: tuple[Sending, ...]
    acknowledged: tuple[datetime, str] | None = None  # when, and by whom
    by_text: bool = False  # whether it quotes the page's text


@dataclass(frozen=True, slots=True)
class Correction:
    """What people set right: `verb` is split or merge."""

    made: datetime
    verb: str
    entry: EntryId
    was: StoryId
    story: StoryId


@dataclass(frozen=True, slots=True)
class PageRead:
    """What became of the page that an entry leads to: `state` is that of its row (store.articles)."""

    state: str
    attempts: int
    tried: datetime | None
    due: datetime
    error: str


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is stored of one entry's way. `matches` are rules with the hash of the rulebook they fired in.

    `of` is the title and outlet of the entry that decided its place; `since` when its lead was first seen;
    `outside` are the lines that are no part of it, given what its feed showed up to now.
    """

    arrived: Arrived
    of: tuple[str, str] | None
    since: datetime
    matches: Mapping[str, str]
    tellings: tuple[Telling, ...]
    corrections: tuple[Correction, ...]
    tenures: Mapping[str, Tenure]
    page: PageRead | None = None
    outside: Mapping[str, str] = field(default_factory=dict)


# ---- the trail ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what it is about (a feed, a rule, a receiver), its outcome, and a sentence.

    `other` is another entry that the sentence speaks of; `mentions` what made a rule fire.
    """

    stage: Stage
    outcome: Outcome
    about: str
    said: str
    at: datetime | None = None
    other: EntryId | None = None
    mentions: tuple[Mention, ...] = ()


@dataclass(frozen=True, slots=True)
class Trail:
    """The steps in order. `nearest` is the rule that came closest where none fired, "" where none came near.

    `notes` say what the explanation rests on where that is not what decided at the time.
    """

    facts: Facts
    steps: tuple[Step, ...]
    nearest: str
    notes: tuple[str, ...]

    @property
    def outcome(self) -> Outcome:
        """The one that answers "was it told?" best."""
        found = {step.outcome for step in self.steps}
        return next(outcome for outcome in _MOST_TELLING if outcome in found)

    def of(self, stage: Stage) -> tuple[Step, ...]:
        """The steps of one stage."""
        return tuple(step for step in self.steps if step.stage is stage)


_MOST_TELLING = (
    Outcome.DEAD,
    Outcome.UNCERTAIN,
    Outcome.RETRYING,
    Outcome.SENDING,
    Outcome.WAITING,
    Outcome.HELD,
    Outcome.LIMITED,
    Outcome.SENT_AGAIN,
    Outcome.SENT,
    Outcome.MUTED,
    Outcome.DROPPED,
    Outcome.ACKNOWLEDGED,
    Outcome.NO_RECEIVER,
    Outcome.ALERTED,
    Outcome.ALERTED_ON_EDIT,
    Outcome.TOLD_ALREADY,
    Outcome.OLDER,
    Outcome.NOT_NEWS,
    Outcome.UNTOLD,
    Outcome.BASELINE,
    Outcome.BACKFILL,
    Outcome.LATER,
    Outcome.EXCLUDED,
    Outcome.FILTERED,
    Outcome.NOWHERE_COUNTED,
    Outcome.NO_MATCH,
    Outcome.COPY,
    Outcome.DEVELOPMENT,
    Outcome.NEW,
    Outcome.NEWS,
)


def trail(facts: Facts, rulebook: Rulebook, *, tags: frozenset[str]) -> Trail:
    """The way of this entry. Rules are explained anew: `tags` are those of its feed in the desk in force."""
    entry = facts.arrived.entry
    explanation = explain(rulebook, entry, tags=tags, outside=facts.outside)
    fired = {*facts.matches, *(verdict.rule.id for verdict in explanation.fired)}
    steps = (
        *_arrival(facts),
        *_story(facts),
        *_rules(facts, rulebook, explanation),
        *(step for told in _own(facts) for step in _deliveries(told)),
    )
    nearest = "" if fired else _nearest(rulebook, rulebook.lexicon.read(entry, facts.outside))
    return Trail(facts, steps, nearest, tuple(_notes(facts, rulebook)))


def language(entry: Entry, *, operators: str | None) -> str:
    """The language that rules filter this entry by, and whose word that is.

    `operators` is what they say of its feed today. Its words are heard anew.
    """
    if entry.lang is None:
        return "unknown: no rule's lang keeps it away"
    if entry.lang == operators:
        return f"{entry.lang}, as the feed's lang says"
    by_words = heard(entry.title, entry.summary or entry.body) == entry.lang
    return f"{entry.lang}, by its words" if by_words else f"{entry.lang}, as it is declared"


def _own(facts: Facts) -> list[Telling]:
    """The alerts that tell of this entry's lead, whoever made them."""
    return [told for told in facts.tellings if told.lead == facts.arrived.lead]


_BY_STATUS = {
    Status.NEWS: Outcome.NEWS,
    Status.BASELINE: Outcome.BASELINE,
    Status.BACKFILL: Outcome.BACKFILL,
}


def _arrival(facts: Facts) -> Iterator[Step]:
    arrived = facts.arrived
    said = {
        Status.NEWS: "it appeared since the feed's last good poll",
        Status.BASELINE: "it stood in the feed at the first poll: remembered, told to nobody",
        Status.BACKFILL: "it appeared since, but is dated long before the last good poll",
    }[arrived.status]
    yield Step(Stage.ARRIVAL, _BY_STATUS[arrived.status], arrived.entry.feed, f"polled: {said}", arrived.seen)
    if arrived.edited is not None:
        yield Step(
            Stage.ARRIVAL, Outcome.EDITED, arrived.entry.feed, "its text or link was changed", arrived.edited
        )
    if facts.page is not None:
        yield _page(facts.page, arrived.entry)


def _page(page: PageRead, entry: Entry) -> Step:
    """What became of the page that the entry leads to."""
    outcome = {"read": Outcome.TEXT, "due": Outcome.TEXT_DUE}.get(page.state, Outcome.NO_TEXT)
    tries = f" ({page.attempts} attempts)" if page.attempts > 1 else ""
    said = {
        "read": f"{len(entry.text):,} characters" + (f"; {page.error}" if page.error else ""),
        "due": f"due {_moment(page.due)}" + (f", after: {page.error}" if page.error else ""),
    }.get(page.state, page.error)
    return Step(Stage.ARRIVAL, outcome, entry.feed, said + tries, page.tried)


def _story(facts: Facts) -> Iterator[Step]:
    arrived = facts.arrived
    outcome = {Kind.NEW: Outcome.NEW, Kind.COPY: Outcome.COPY, Kind.DEVELOPMENT: Outcome.DEVELOPMENT}
    compared = f' with "{facts.of[0]}" ({facts.of[1]})' if facts.of else ""
    score = f"score {arrived.score:.0f}: " if arrived.of is not None else ""
    yield Step(
        Stage.STORY,
        outcome[arrived.kind],
        f"{arrived.story:016x}",
        f"{score}{arrived.why}{compared}",
        arrived.seen,
        other=arrived.of,
    )
    for made in facts.corrections:
        outcome_of = Outcome.SPLIT if made.verb == "split" else Outcome.MERGED
        said = f"out of {made.was:016x}" if made.verb == "split" else f"{made.was:016x} joined it"
        yield Step(Stage.STORY, outcome_of, f"{made.story:016x}", said, made.made)


# ---- rules -------------------------------------------------------------------------------------------------


def _rules(facts: Facts, rulebook: Rulebook, explanation: Explanation) -> Iterator[Step]:
    gone = [
        name for name in facts.matches if name not in {verdict.rule.id for verdict in explanation.verdicts}
    ]
    for name in gone:
        yield _matched(facts, name, "fired when it came; the rule is no longer there", ())
    for verdict in explanation.verdicts:
        name = verdict.rule.id
        if name in facts.matches:
            fires = (
                f"held: {verdict.clause}" if verdict.fired else f"held when it came; now: {verdict.clause}"
            )
            yield _matched(facts, name, fires, verdict.mentions)
        elif verdict.fired:
            said = f"holds today, and did not when it came: {verdict.clause}"
            yield Step(Stage.RULE, Outcome.LATER, name, said, mentions=verdict.mentions)
        else:
            yield Step(
                Stage.RULE,
                _unfired(rulebook.lexicon.read(facts.arrived.entry, facts.outside), verdict, explanation),
                name,
                verdict.clause,
            )


def _matched(facts: Facts, rule: str, held: str, found: tuple[Mention, ...]) -> Step:
    """What a match called for: the alert it made, or why it made none."""
    arrived, tenure = facts.arrived, facts.tenures.get(rule)
    names = {rule, *(tenure.former if tenure else ())}
    tellings = [told for told in facts.tellings if told.rule in names]
    same = [told for told in tellings if told.lead == arrived.lead]
    told = next((one for one in (*same, *tellings) if one.entry == arrived.entry.id), None)
    told = told or next(iter(same), None)
    if told and told.entry == arrived.entry.id:
        late = arrived.edited is not None and told.created > arrived.seen and not told.by_text
        outcome = Outcome.ALERTED_ON_EDIT if late else Outcome.ALERTED
        return Step(Stage.RULE, outcome, rule, held, told.created, mentions=found)
    if told:
        said = f"{held}; {told.outlet} was first, and its alert told of it"
        return Step(Stage.RULE, Outcome.TOLD_ALREADY, rule, said, told.created, told.entry, found)
    if arrived.status is not Status.NEWS:
        said = f"{held}; {arrived.status.value} alerts nobody"
        return Step(Stage.RULE, Outcome.NOT_NEWS, rule, said, mentions=found)
    if tenure and facts.since < tenure.since:
        said = f"{held}; the story is older than the rule, which is of {tenure.since:%Y-%m-%d %H:%M} UTC"
        return Step(Stage.RULE, Outcome.OLDER, rule, said, mentions=found)
    if arrived.edited is None and arrived.entry.text:
        said = f"{held}; its text came over a day late"
        return Step(Stage.RULE, Outcome.NOT_NEWS, rule, said, mentions=found)
    return Step(Stage.RULE, Outcome.UNTOLD, rule, f"{held}; it matched before it was edited", mentions=found)


def _unfired(reading: Reading, verdict: Verdict, explanation: Explanation) -> Outcome:
    """Why a rule did not fire, as an outcome."""
    condition = verdict.rule.condition
    if mentions(condition, reading):
        return Outcome.FILTERED
    if _is_barred(condition, reading):
        return Outcome.EXCLUDED
    passed_over = {one.mention.what for one in explanation.discarded}
    if passed_over & {name.what for name in _names(condition) if not reading.hits(name.owner)}:
        return Outcome.NOWHERE_COUNTED
    return Outcome.NO_MATCH


def _parts(condition: Condition) -> tuple[Condition, ...]:
    match condition:
        case Name():
            return ()
        case All() | AnyOf():
            return condition.parts
        case Without():
            return (condition.kept, condition.barred)
        case Near():
            return (condition.left, condition.right)
        case AtLeast() | Within():
            return (condition.inner,)
    assert_never(condition)


def _names(condition: Condition) -> Iterator[Name]:
    if isinstance(condition, Name):
        yield condition
    for part in _parts(condition):
        yield from _names(part)


def _is_barred(condition: Condition, reading: Reading) -> bool:
    """Whether an "and not" of it found what it bars."""
    if isinstance(condition, Without) and mentions(condition.kept, reading):
        return bool(mentions(condition.barred, reading))
    return any(_is_barred(part, reading) for part in _parts(condition))


def _nearest(rulebook: Rulebook, reading: Reading) -> str:
    """The rule most of whose condition holds, the first of equals; "" where nothing of any does."""
    shares = [(_share(rule.condition, reading), -number) for number, rule in enumerate(rulebook.rules)]
    share, number = max(shares, default=(0.0, 0))
    return rulebook.rules[-number].id if share else ""


def _share(condition: Condition, reading: Reading) -> float:
    """How much of a condition holds, 0 to 1: a rough order among rules that did not fire."""
    match condition:
        case Name():
            return 1.0 if reading.hits(condition.owner) else 0.0
        case All():
            return _mean([_share(part, reading) for part in condition.parts])
        case AnyOf():
            return max(_share(part, reading) for part in condition.parts)
        case Without():
            return _share(condition.kept, reading)
        case Near():
            return _mean([_share(condition.left, reading), _share(condition.right, reading)])
        case AtLeast() | Within():
            return _share(condition.inner, reading)
    assert_never(condition)


def _mean(shares: Sequence[float]) -> float:
    return sum(shares) / len(shares)


def _notes(facts: Facts, rulebook: Rulebook) -> Iterator[str]:
    others = sorted({made[:12] for made in facts.matches.values() if made != rulebook.hash})
    if others:
        yield (
            f"the rules have changed since ({', '.join(others)} then, {rulebook.hash[:12]} now):"
            " what fired is as it was recorded, the clauses are as the rules read today"
        )
    if facts.arrived.edited is not None:
        yield "the text has been changed since it came: clauses are explained on the text as it stands"


# ---- deliveries --------------------------------------------------------------------------------------------


def _deliveries(told: Telling) -> Iterator[Step]:
    if not told.deliveries:
        yield Step(Stage.DELIVERY, Outcome.NO_RECEIVER, told.rule, "no receiver was to be told", told.created)
    if told.acknowledged:
        at, by = told.acknowledged
        said = f"{told.rule}: seen to" + (f" by {by}" if by else "")
        yield Step(Stage.DELIVERY, Outcome.ACKNOWLEDGED, told.rule, said, at)
    for sending in told.deliveries:
        yield Step(
            Stage.DELIVERY,
            outcome_of(sending),
            sending.receiver,
            f"{told.rule}: {_said(sending)}",
            sending.sent or _last_tried(sending) or told.created,
        )


def _last_tried(sending: Sending) -> datetime | None:
    return sending.log[-1].at if sending.log else None


def outcome_of(sending: Sending) -> Outcome:
    """How a delivery stands; one that a digest carries stands as the digest does."""
    digest = sending.digest
    if sending.state == "held" and digest is not None:
        return _standing(digest.state, tried=digest.attempts > 0, uncertain=digest.uncertain)
    if sending.state == "sent" and digest is not None and digest.uncertain:
        return Outcome.SENT_AGAIN
    if sending.state == "held" and sending.held == "limit":
        return Outcome.LIMITED
    return _standing(sending.state, tried=sending.attempts > 0, uncertain=sending.uncertain)


def _standing(state: str, *, tried: bool, uncertain: bool) -> Outcome:
    if state == "due" and uncertain:
        return Outcome.UNCERTAIN
    if state == "due":
        return Outcome.RETRYING if tried else Outcome.WAITING
    if state == "sent" and uncertain:
        return Outcome.SENT_AGAIN
    return _BY_STATE[state]


_BY_STATE = {
    "sending": Outcome.SENDING,
    "sent": Outcome.SENT,
    "dead": Outcome.DEAD,
    "held": Outcome.HELD,
    "muted": Outcome.MUTED,
    "acked": Outcome.ACKNOWLEDGED,
    "dropped": Outcome.DROPPED,
}
_REASONS = {"digest": "collected for the digest", "quiet": "held over quiet hours", "limit": "over its limit"}


def _said(sending: Sending) -> str:
    outcome = outcome_of(sending)
    carried = sending.digest is not None and outcome is not Outcome.MUTED
    said = _in_digest(sending) if carried else _by_itself(sending, outcome)
    passed_on = "passed on, as nobody had acknowledged it: " * sending.escalated
    return "; ".join((passed_on + said, *_tries(sending)))


def _by_itself(sending: Sending, outcome: Outcome) -> str:
    counted = f"; counted in the digest of {_moment(sending.digest.made)}" if sending.digest else ""
    return {
        Outcome.WAITING: f"due {_moment(sending.due)}",
        Outcome.SENDING: f"on its way; if nothing is heard of it, due again {_moment(sending.due)}",
        Outcome.RETRYING: f"due again {_moment(sending.due)}",
        Outcome.UNCERTAIN: f"may have arrived; sent again, and marked so, {_moment(sending.due)}",
        Outcome.SENT: "accepted",
        Outcome.SENT_AGAIN: "accepted; an earlier attempt may have arrived too, which the message says",
        Outcome.DEAD: "given up",
        Outcome.HELD: f"{_REASONS.get(sending.held, 'held')} of {_moment(sending.due)}",
        Outcome.LIMITED: f"over its rule's limit: in the digest of {_moment(sending.due)}",
        Outcome.MUTED: (sending.muted or "muted by a silence") + counted,
        Outcome.ACKNOWLEDGED: "not passed on: it was acknowledged in time",
        Outcome.DROPPED: "taken out of the queue by hand",
    }[outcome]


def _in_digest(sending: Sending) -> str:
    """What became of the digest that carries it."""
    digest = sending.digest
    assert digest is not None, "asked of what a digest carries alone"
    why = f"{_REASONS[sending.held]}: " if sending.held in ("limit", "quiet") else ""
    tries = f", {digest.attempts} attempts" if digest.attempts > 1 else ""
    said = {
        Outcome.WAITING: f"due {_moment(digest.due)}",
        Outcome.SENDING: "on its way",
        Outcome.RETRYING: f"due again {_moment(digest.due)}",
        Outcome.UNCERTAIN: f"may have arrived, sent again {_moment(digest.due)}",
        Outcome.DEAD: "given up",
        Outcome.SENT_AGAIN: "accepted; an earlier attempt may have arrived too, which the message says",
    }.get(outcome_of(sending), "accepted")
    error = f": {digest.error}" if digest.error else ""
    return f"{why}in the digest of {_moment(digest.made)}, {said}{tries}{error}"


def _tries(sending: Sending) -> Iterator[str]:
    """Each attempt but one that was accepted at once."""
    kept = {attempt.number: attempt for attempt in sending.log}
    for number in range(1, sending.attempts + 1):
        attempt = kept.get(number)
        if attempt is None and not (number == sending.attempts and sending.state in ("sending", "sent")):
            yield f"attempt {number}: cut off before it was recorded"
        elif attempt is not None and attempt.error:
            unsure = " (may have arrived)" if attempt.uncertain else ""
            yield f"attempt {number}, {_moment(attempt.at)}: {attempt.error}{unsure}"
        elif attempt is not None and sending.attempts > 1:
            yield f"attempt {number}, {_moment(attempt.at)}: accepted"


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
