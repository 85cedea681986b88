"""The values that walk through the house, each complete at birth, none able to change.

A step that learns more returns a new type: Feed -> Poll -> Fresh -> Entry -> Placement -> Plan.
The words are those of docs/architecture.md; there are no others. Nothing here reads a clock, a file or a
network.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, IntEnum
from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from monitor.timetable import Hours, Timetable

EntryId = int
StoryId = int
AlertId = int
LetterId = int


def identity(*parts: str) -> int:
    """A 63-bit key made of content, the same on every machine and after every restart.

    63 bits fit SQLite's signed integers; with 10 million entries the chance of any collision is about 5e-6
    (birthday bound n^2 / 2^64). Parts are length-prefixed, so ("ab", "c") and ("a", "bc") differ.
    """
    digest = blake2b(digest_size=8)
    for part in parts:
        raw = part.encode("utf-8", "surrogatepass")
        digest.update(len(raw).to_bytes(8, "big"))
        digest.update(raw)
    return int.from_bytes(digest.digest(), "big") >> 1


# ---- feeds -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy of this scheme: "http", "socks5" (asked for addresses) or "socks5h" (asked for names).

    What it is shown is secret: an HTTP proxy `authorization`, a SOCKS proxy `login`, a user and a password.
    """

    host: str
    port: int
    authorization: str = field(default="", repr=False)
    scheme: str = "http"
    login: tuple[str, str] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Tls:
    """Files in PEM: whom to believe in the system's stead, and who we are. `digest` is of what they hold."""

    ca: str = ""
    certificate: str = ""
    key: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Access:
    """What a feed is asked with beside its address. Its secrets are not printed, logged, stored or passed on.

    `headers` go to the feed's own host only, Authorization among them. `missing` says why it cannot be asked:
    a secret of it is not here.
    """

    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    proxy: Proxy | None = None
    tls: Tls | None = None
    missing: str = ""


PLAIN = Access()


@dataclass(frozen=True, slots=True)
class Feed:
    """One address we poll, as the operator wrote it. `name` is its identity; the address may move."""

    name: str
    url: str
    outlet: str
    tags: frozenset[str] = frozenset()
    lang: str | None = None
    every: timedelta | None = None  # between two polls, as the operator wants it; None: learned from the feed
    allow_private: bool = False  # may resolve to an address that is not public (the operator's own hosts)
    recurring: bool = False  # prints one title day after day, each time over other news
    access: Access = PLAIN
    full_text: bool = False  # the pages that its new entries lead to are read too
    aggregator: bool | None = None  # shows what others publish; None: as its items say (feeds.aggregators)

    @property
    def labels(self) -> frozenset[str]:
        """What rules may call it by, beside its name: its tags and its outlet, whosever an entry of it is."""
        return self.tags | {self.outlet}


@dataclass(frozen=True, slots=True)
class Validators:
    """What a feed's last good answer told us to send back (RFC 9110 §8.8), and the digest of its body."""

    etag: str | None = None
    last_modified: str | None = None
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class Poll:
    """One attempt to read a feed, before it is made."""

    feed: Feed
    validators: Validators = Validators()
    marks: bytes = b""  # of the items it last showed (feeds.scan)
    suspect: bool = (
        False  # has failed so that it may have killed its parser: it is read apart from the others
    )
    rung: datetime | None = None  # when a hub last rang for it (FeedState)


@dataclass(frozen=True, slots=True)
class Offer:
    """Where a feed says that it can be had by push (WebSub): its hubs, and what it is called there.

    Without hubs it says that it cannot.
    """

    hubs: tuple[str, ...] = ()
    topic: str = ""


@dataclass(frozen=True, slots=True)
class First:
    """A feed's first document as it was kept when it was polled at `made`; without one, it is gone."""

    made: datetime
    document: Document | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Task:
    """A poll with all that whoever makes it must know, so that it can be made on another machine.

    With `keep` a first document is kept unread; `first` is the one that was kept, where it is unread still.
    """

    poll: Poll
    now: datetime
    keep: bool = False
    first: First | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server said beside the document.

    `moved` is the address that permanent redirects led to; `stays` is how long the answer is said to hold;
    `whole` says that the document itself was sent, not only that it had not changed. `offer` is what was said
    of push, None for nothing.
    """

    moved: str = ""
    stays: timedelta | None = None
    whole: bool = False
    offer: Offer | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of one feed, as plain normalised text (text.py); what is missing is the empty string.

    `id` is identity(feed, guid or link or title and day). `digest` changes whenever what a reader sees
    does. `published` is right or absent, never guessed.
    """

    id: EntryId
    feed: str
    outlet: str
    guid: str
    link: str
    title: str
    summary: str
    body: str
    published: datetime | None
    lang: str | None
    digest: str
    links: tuple[str, ...] = ()  # what its text points at, as printed; read when it comes in and not kept
    text: str = ""  # of the page that it leads to, where that was read; no part of `digest`
    origin: str = ""  # the site of its outlet, where that is not by its feed's word; not kept either


@dataclass(frozen=True, slots=True)
class Fresh:
    """A poll that brought a document: its entries in document order, and what to send back next time.

    `familiar` counts the items that stood unchanged in the last document: they are not among the entries.
    `marks` is what tells them next time. `prints` are those of the first entries, where the parser made them.
    `settled` is the feed's first document where that had to be read before this one; `beyond` counts entries
    that were left out because they are too many.
    """

    feed: Feed
    validators: Validators
    entries: tuple[Entry, ...]
    marks: bytes = b""
    familiar: int = 0
    reply: Reply = Reply(whole=True)
    prints: tuple[Print, ...] = ()
    settled: Settled | None = None
    beyond: int = 0
    rung: datetime | None = None  # as its Poll has it


@dataclass(frozen=True, slots=True)
class NotModified:
    """A poll that found the feed as it was: a 304, or the very same bytes."""

    feed: Feed
    validators: Validators
    reply: Reply = Reply()
    rung: datetime | None = None  # as its Poll has it


@dataclass(frozen=True, slots=True)
class Failed:
    """A poll that failed, as a value that crosses processes. See errors.FetchError for the fields."""

    feed: Feed
    what: str
    weight: float = 1.0
    retry_after: timedelta | None = None
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """A document as it came: its bytes, what they are said to be, and where they were found."""

    body: bytes
    content_type: str
    url: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A first poll: nothing in its document can be news, so it is kept as it came, to be read in time.

    `items` is how many entries it seems to have.
    """

    feed: Feed
    validators: Validators
    document: Document
    items: int
    reply: Reply = Reply(whole=True)
    rung: datetime | None = None  # as its Poll has it


@dataclass(frozen=True, slots=True)
class Settled:
    """A feed's first document, kept when it was polled at `made`, read at last; or why it cannot be."""

    feed: Feed
    made: datetime
    reading: Fresh | Failed


PollResult = Fresh | NotModified | Failed | Kept | Settled


@dataclass(frozen=True, slots=True)
class Lost:
    """A poll that nobody will answer: its feed is as due as it was."""

    feed: Feed


@dataclass(frozen=True, slots=True)
class Scheduler:
    """A Dask scheduler whose workers poll for us: its address, tls:// and no other, and who we are there."""

    address: str
    tls: Tls


@dataclass(frozen=True, slots=True)
class Crew:
    """Who polls for us at a scheduler, since then; without workers, why nobody does and we poll here."""

    scheduler: str
    since: datetime
    workers: int = 0
    threads: int = 0
    why: str = ""


class Status(Enum):
    """How an entry came to us: only news may alert."""

    BASELINE = "baseline"  # stood in the feed when it was first polled
    NEWS = "news"  # appeared since
    BACKFILL = "backfill"  # appeared since, but is far older than our last good poll


@dataclass(frozen=True, slots=True)
class FeedState:
    """What is remembered of a feed between polls; `failures` is a weighted count since the last good one."""

    validators: Validators = Validators()
    last_good: datetime | None = None
    failures: float = 0.0
    next_poll: datetime | None = None
    marks: bytes = b""  # of the items it last showed
    shown: int = 0  # how many those were
    pace: float | None = None  # new entries an hour, weighted towards the last hours
    stays: timedelta | None = None  # how long the feed and its server say that an answer holds
    whole: datetime | None = None  # when the document itself was last sent
    last_new: datetime | None = None  # when an entry was last new
    gap: datetime | None = None  # when a document last shared no entry with the one before
    silent: bool = False  # has had nothing new for longer than feeds do
    gone: bool = False  # answered 410
    moved: str = ""  # where permanent redirects led, the last `moves` good polls in a row
    moves: int = 0
    address: str = ""  # where it is asked since it moved for good; "": at the operator's address
    unsettled: int = 0  # items of its first document, while that is kept unread
    rung: datetime | None = None  # when a hub last rang for it; None once something was new without a ring
    owed: int = 0  # polls that the last ring still calls for
    rests: datetime | None = None  # till when it is not asked, since its last document took long to take in


# ---- stories -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """An entry reduced to what judging it needs, made once and stored beside it.

    title:   folded words of the title, agency furniture off
    text:    folded words of the title and the first 100 words of what the feed gives
    numbers: numbers, number-words, dates and weekdays, taken before furniture was cut
    link:    canonical link, or ""
    digest:  hash of the folded title and text, or "" where there is too little text to be evidence
    summary: whether `text` holds more than the title (10 words or more)
    cut:     whether the title ends in "…": what its outlet printed there is not known
    """

    title: tuple[str, ...]
    text: tuple[str, ...]
    numbers: frozenset[str]
    link: str
    digest: str
    summary: bool
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Print:
    """What an entry is judged by, and the keys it is found by (stories.index)."""

    fingerprint: Fingerprint
    keys: tuple[int, ...]


class Kind(Enum):
    """What an entry is to the stories known before it; and what an alert tells, which is never a copy."""

    COPY = "copy"
    DEVELOPMENT = "development"
    NEW = "new"
    MILESTONE = "milestone"  # of alerts alone: what was told is now carried by so many outlets


@dataclass(frozen=True, slots=True)
class Verdict:
    """A judgement with its evidence: `score` is 0 to 100, `why` a short clause for people."""

    kind: Kind
    score: float
    why: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry that stands in the index: where it belongs, and what it looks like.

    `lead` is what it repeats: the story (its first entry's id), or the development's first entry.
    """

    entry: EntryId
    story: StoryId
    lead: EntryId
    feed: str
    outlet: str
    seen: datetime
    fingerprint: Fingerprint
    published: datetime | None = None  # as its feed dates it


@dataclass(frozen=True, slots=True)
class Placement:
    """Where an entry belongs: its story, what it repeats there (`lead`, see Candidate), and why."""

    story: StoryId
    lead: EntryId
    of: EntryId | None  # the candidate that decided
    verdict: Verdict


# ---- rules -------------------------------------------------------------------------------------------------


class Severity(IntEnum):
    """How urgent a rule's alerts are; the highest wins where several fire."""

    LOW = 0
    NORMAL = 1
    HIGH = 2
    CRITICAL = 3


SPOKEN = {"text": "article's text"}  # fields that people call otherwise


@dataclass(frozen=True, slots=True, order=True)
class Mention:
    """Where a name, term or phrase stands: text[start:end] of the entry's field is `surface`, as printed.

    `what` is what was looked for: "$aliyev" for a name or term, the phrase itself for one of `any:`.
    """

    what: str
    field: str
    start: int
    end: int
    surface: str

    @property
    def where(self) -> str:
        """The field as people call it."""
        return SPOKEN.get(self.field, self.field)


@dataclass(frozen=True, slots=True)
class Match:
    """A rule's yes about an entry, with the mentions that made it true (never empty)."""

    rule: str
    title: str
    severity: Severity
    send: tuple[str, ...]
    mentions: tuple[Mention, ...]


# ---- alerts ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Alert:
    """The decision to tell. Unique by (story, rule, kind, lead, outlets): see docs/decisions.

    `outlets` is the number that a milestone tells of; 0 for any other alert.
    """

    id: AlertId
    story: StoryId
    rule: str
    kind: Kind
    lead: EntryId
    entry: Entry
    match: Match
    outlets: int = 0


@dataclass(frozen=True, slots=True)
class Stored:
    """An entry as a plan stores it: with its place, its fingerprint and the keys it is found by."""

    entry: Entry
    status: Status
    placement: Placement
    fingerprint: Fingerprint
    keys: tuple[int, ...]
    matches: tuple[Match, ...]
    known: bool  # an edit of an entry that stands already


@dataclass(frozen=True, slots=True)
class Known:
    """An entry that stands already, as it was before an edit."""

    entry: Entry
    status: Status
    candidate: Candidate


@dataclass(frozen=True, slots=True)
class Bygone:
    """What is left of an entry whose text was pruned: that it was known, and where it belonged."""

    story: StoryId
    lead: EntryId


@dataclass(frozen=True, slots=True)
class Plan:
    """The rows that one poll calls for: written all or none (T1)."""

    feed: str
    asked: str  # the address that was polled
    state: FeedState
    error: str
    entries: tuple[Stored, ...] = ()
    alerts: tuple[Alert, ...] = ()
    deliveries: tuple[tuple[AlertId, str], ...] = ()  # (alert, receiver)
    aliases: tuple[tuple[EntryId, EntryId], ...] = ()  # (a new id, the entry that it stands for)
    kept: Document | None = None  # the feed's first document, to be settled
    settled: bool = False  # that document is done with
    offer: Offer | None = None  # what the feed said of push
    left: int = 0  # entries that wait for the feed's next poll


@dataclass(frozen=True, slots=True)
class Subscription:
    """A hub's promise to ring for a feed, or the wish for one. `token` is what it rings by.

    callback: the address of ours that the hub was given
    leaving:  it is wanted no more, and the hub is being told
    asked:    when the hub was last asked; it may verify since
    until:    when the hub's promise ends; None while it has made none
    due:      when the hub is asked next
    tries:    how often it was asked since it last verified
    error:    why it does not, as far as it says
    """

    token: str = field(repr=False)
    feed: str
    hub: str
    topic: str
    callback: str = field(repr=False)
    secret: str = field(repr=False)
    due: datetime
    leaving: bool = False
    asked: datetime | None = None
    until: datetime | None = None
    tries: int = 0
    error: str = ""


@dataclass(frozen=True, slots=True)
class Escalation:
    """Whom a critical alert goes to that nobody has acknowledged so long after it was due."""

    to: str
    after: timedelta


@dataclass(frozen=True, slots=True)
class Receiver:
    """A named destination. `url` is its Apprise address, a secret: print and log the name only.

    Within `quiet` hours it is told nothing; with a `digest` it is told at those times only. What is critical
    goes at once.
    """

    name: str
    url: str
    quiet: Hours | None = None
    digest: Timetable | None = None
    escalate: Escalation | None = None

    def __repr__(self) -> str:
        return f"Receiver({self.name!r})"


@dataclass(frozen=True, slots=True)
class Told:
    """One alert as its message tells it: the match and the entry that made it."""

    alert: AlertId
    kind: Kind
    match: Match
    entry: Entry  # as it was when the alert was decided
    decided: datetime
    outlets: int = 0  # the number that a milestone tells of


@dataclass(frozen=True, slots=True)
class Claim:
    """What one send carries: every due delivery of one story to one receiver, claimed together (T2)."""

    receiver: str
    story: StoryId
    tolds: tuple[Told, ...]
    outlets: tuple[str, ...]  # that carry the story so far, the first first
    attempts: int  # this one included; of deliveries claimed together, those of the least tried
    uncertain: bool  # an earlier send was cut off and may have arrived
    created: datetime  # of the latest alert among them: none is given up before its own time
    lead: EntryId = 0
    opening: tuple[Told, ...] = ()  # what this receiver was told first of the story: the head of its thread
    notes: tuple[str, ...] = ()  # lines that go with it: how to acknowledge it, why it comes to this receiver
    escalated: bool = False  # comes to this receiver because another's people did not acknowledge it


@dataclass(frozen=True, slots=True)
class Tally:
    """How many alerts a digest carries and why they were held, and how many were muted since the last."""

    quiet: int = 0
    digest: int = 0
    limit: int = 0
    muted: int = 0


@dataclass(frozen=True, slots=True)
class Digest:
    """What was held for a receiver, on its way in one message: a claim for each story or development."""

    id: LetterId
    receiver: str
    claims: tuple[Claim, ...]
    tally: Tally
    attempts: int
    uncertain: bool
    created: datetime
    more: bool = False  # did not all fit: another follows


@dataclass(frozen=True, slots=True)
class Notice:
    """What the operators are told of the desk itself: a title, and a line for each thing.

    What is `lasting` is true until somebody mends it, and is never given up.
    """

    id: LetterId
    receiver: str
    title: str
    lines: tuple[str, ...]
    attempts: int
    uncertain: bool
    created: datetime
    lasting: bool = False


@dataclass(frozen=True, slots=True)
class Outage:
    """A receiver that takes nothing: since when, how often it was tried, and until when it is left alone."""

    since: datetime
    tries: int
    until: datetime
    error: str = ""


class Scope(Enum):
    """What a silence is about."""

    STORY = "story"
    RULE = "rule"
    NAME = "name"
    OUTLET = "outlet"


@dataclass(frozen=True, slots=True)
class Silence:
    """A dated, commented mute of one story, rule, name or outlet."""

    id: int
    scope: Scope
    value: str
    begins: datetime
    ends: datetime
    comment: str
    by: str
    made: datetime

    def __str__(self) -> str:
        return f"{self.scope.value} {self.value}"


@dataclass(frozen=True, slots=True)
class Message:
    """A message composed for its receiver. `body` is always the plain text; in chat, mention tokens defused.

    html:   the same as a page, for mail; "" for none
    thread: the id that all mails of one thread name as the first of it (RFC 5322 §3.6.4), without its <>
    key:    the same whenever these alerts are sent to this receiver: for services that know repeats by one
    """

    title: str
    body: str
    html: str = ""
    thread: str = ""
    key: str = ""
