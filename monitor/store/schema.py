"""The tables, as migrations in the order in which they were released. Guarantees live in their constraints.

Times are integers: milliseconds since 1970-01-01 UTC. Keys are model.identity values.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING
from zlib import crc32

from sqlite_utils import Migrations

if TYPE_CHECKING:
    from sqlite_utils import Database

migrations = Migrations("media-monitor")

_FIRST = """
create table feeds (
    name text primary key,
    url text not null,
    enabled integer not null check (enabled in (0, 1)),
    etag text,
    last_modified text,
    digest text,
    last_good integer,
    failures real not null default 0,
    next_poll integer not null,
    error text not null default '',
    -- what is remembered of it: model.FeedState says what each of these is
    marks blob not null default x'',
    shown integer not null default 0,
    pace real,
    stays integer,
    whole integer,
    last_new integer,
    gap integer,
    silent integer not null default 0 check (silent in (0, 1)),
    gone integer not null default 0 check (gone in (0, 1)),
    moved text not null default '',
    moves integer not null default 0,
    address text not null default '',
    unsettled integer not null default 0,
    rung integer,
    owed integer not null default 0,
    rests integer
) strict, without rowid;
create index feeds_due on feeds (next_poll) where enabled;

create table stories (
    id integer primary key,
    title text not null,
    first_seen integer not null,
    last_seen integer not null
) strict;
create index stories_seen on stories (last_seen);

create table entries (
    id integer primary key,
    feed text not null,
    outlet text not null,
    guid text not null,
    link text not null,
    title text not null,
    summary text not null,
    body text not null,
    published integer,
    lang text,
    digest text not null,
    seen integer not null,
    edited integer,
    status text not null check (status in ('baseline', 'news', 'backfill')),
    story integer not null references stories (id),
    lead integer not null,
    copy_of integer,
    verdict text not null check (verdict in ('copy', 'development', 'new')),
    score real not null,
    why text not null,
    fingerprint text not null
) strict;
create index entries_story on entries (story, seen);
create index entries_seen on entries (seen);
create index entries_feed on entries (feed, seen);

-- `seen` stands in the key so that a look-up reads no further back than its window
create table keys (
    hash integer not null,
    seen integer not null,
    entry integer not null,
    primary key (hash, seen, entry)
) strict, without rowid;

create table matches (
    entry integer not null references entries (id),
    rule text not null,
    rulebook text not null,
    mentions text not null,
    primary key (entry, rule)
) strict, without rowid;

-- `article` is the entry as it was when the alert was decided: an edit must not change what is quoted
create table alerts (
    id integer primary key,
    story integer not null references stories (id),
    rule text not null,
    kind text not null check (kind in ('new', 'development', 'milestone')),
    lead integer not null,
    entry integer not null references entries (id),
    article text not null,
    title text not null,
    severity integer not null,
    mentions text not null,
    rulebook text not null,
    created integer not null,
    outlets integer not null default 0, -- how many a milestone tells of
    unique (story, rule, kind, lead, outlets)
) strict;

create table deliveries (
    alert integer not null references alerts (id),
    receiver text not null,
    state text not null default 'due'
        check (state in ('due', 'sending', 'sent', 'dead', 'held', 'muted', 'acked', 'dropped')),
    due integer not null,
    attempts integer not null default 0,
    uncertain integer not null default 0 check (uncertain in (0, 1)),
    error text not null default '',
    sent integer,
    -- why it is held; the digest that carries it or counts it as muted; what muted it; whether it comes to
    -- this receiver because another's people did not acknowledge it
    held text not null default '' check (held in ('', 'digest', 'limit', 'quiet')),
    letter integer references letters (id),
    silence integer references silences (id),
    escalated integer not null default 0 check (escalated in (0, 1)),
    primary key (alert, receiver)
) strict, without rowid;
create index deliveries_due on deliveries (receiver, due) where state in ('due', 'sending');
create index deliveries_held on deliveries (receiver, due) where state = 'held' and letter is null;
create index deliveries_sent on deliveries (receiver, sent) where state = 'sent';
create index deliveries_letter on deliveries (letter) where letter is not null;
create index deliveries_muted on deliveries (receiver) where state = 'muted';

-- what people set right in the stories: the rows they moved hold it, this says who went where and when
create table corrections (
    made integer not null,
    verb text not null check (verb in ('split', 'merge')),
    entry integer not null references entries (id),
    was integer not null,
    story integer not null
) strict;
create index corrections_entry on corrections (entry);

-- since when each rule in force has looked for what it looks for; `former` are the ids it had before
create table tenures (
    rule text primary key,
    content text not null,
    since integer not null,
    former text not null
) strict, without rowid;

-- the operator's files as they last were without mistakes, and what is wrong with them since
create table desk (
    id integer primary key check (id = 1),
    sources text not null,
    rulebook text not null,
    loaded integer not null,
    error text not null default '',
    refused integer,
    told integer not null default 0 check (told in (0, 1))
) strict;

-- other ids of entries whose feed gave all its guids anew
create table aliases (
    id integer primary key,
    entry integer not null references entries (id) on delete cascade
) strict;
create index aliases_entry on aliases (entry);

-- messages that are not of one story: a digest carries what points at it, a notice its words
create table letters (
    id integer primary key,
    receiver text not null,
    kind text not null check (kind in ('digest', 'notice', 'heartbeat', 'refusal')),
    state text not null default 'due' check (state in ('due', 'sending', 'sent', 'dead', 'dropped')),
    due integer not null,
    attempts integer not null default 0,
    uncertain integer not null default 0 check (uncertain in (0, 1)),
    error text not null default '',
    sent integer,
    made integer not null,
    title text not null default '',
    lines text not null default '[]',
    more integer not null default 0 check (more in (0, 1))
) strict;
create index letters_due on letters (receiver, due) where state in ('due', 'sending');
create index letters_kind on letters (kind, made);

-- what the operators are to be told, until a letter carries it
create table notices (
    id integer primary key,
    about text not null,
    sentence text not null,
    made integer not null,
    letter integer references letters (id)
) strict;
create index notices_open on notices (made) where letter is null;
create index notices_about on notices (about, made);

-- receivers that take nothing; model.Outage says what each of these is
create table outages (
    receiver text primary key,
    since integer not null,
    tries integer not null,
    until integer not null,
    error text not null
) strict, without rowid;

-- a silence never deletes: what it mutes points at it
create table silences (
    id integer primary key,
    scope text not null check (scope in ('story', 'rule', 'name', 'outlet')),
    value text not null,
    begins integer not null,
    ends integer not null check (ends >= begins),
    comment text not null check (comment <> ''),
    person text not null,
    made integer not null
) strict;
create index silences_ends on silences (ends);

create table acks (
    alert integer primary key references alerts (id),
    made integer not null,
    person text not null
) strict;
-- a line of an article that is the headline of another is found by it
create index entries_title on entries (title, outlet, seen);
-- ---- upkeep ----
-- entries whose texts were pruned: what was seen once stays known for ever, in as few bytes as that takes;
-- `story` and `lead` are null where they are the entry itself
create table bygone (
    id integer primary key,
    story integer,
    lead integer
) strict;

-- what was told of stories that were pruned
create table bygone_alerts (
    story integer not null,
    rule text not null,
    kind text not null,
    lead integer not null,
    primary key (story, rule, kind, lead)
) strict, without rowid;

-- how often each thing happened, ever, and when last: pruning takes nothing from these
create table tallies (
    name text primary key,
    count integer not null,
    last integer not null
) strict, without rowid;

-- when an older database came in this one's place: by `monitor restore`, or `noticed` at a start
create table restores (
    at integer primary key,
    noticed integer not null check (noticed in (0, 1))
) strict;

-- pruning a story asks whether an alert quotes one of its entries
create index alerts_entry on alerts (entry);

-- what came of each attempt to deliver an alert, as recorded (T3): an attempt without a row was cut off
create table attempts (
    alert integer not null references alerts (id) on delete cascade,
    receiver text not null,
    number integer not null,
    at integer not null,
    state text not null,
    uncertain integer not null,
    error text not null,
    primary key (alert, receiver, number)
) strict, without rowid;

-- what pages and commands read by: alerts by time and rule, deliveries that are not done
create index alerts_created on alerts (created, rule);
create index alerts_rule on alerts (rule, created);
create index deliveries_open on deliveries (receiver, state, due)
    where state in ('due', 'sending', 'held', 'dead');
create index deliveries_silence on deliveries (silence) where silence is not null;

-- entries in the order in which they came, with the pages that they lead to, and their words: search gives
-- the newest first without sorting. searchable() and page_of() are store.catalogue's. The words stand without
-- their texts (content=''), so an edit and a deletion hand in what stood before.
create table catalogue (
    number integer primary key,
    entry integer not null unique,
    page integer
) strict;
create index catalogue_page on catalogue (page) where page is not null;
create virtual table catalogue_words using fts5 (
    title, summary, body, content='', columnsize=0,
    tokenize="unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'"
);
create trigger entries_catalogued after insert on entries begin
    insert into catalogue (entry, page) values (new.id, page_of(new.link));
    insert into catalogue_words (rowid, title, summary, body)
        select number, searchable(new.title), searchable(new.summary), searchable(new.body)
        from catalogue where entry = new.id;
end;
create trigger entries_catalogued_anew after update of title, summary, body on entries
when old.title <> new.title or old.summary <> new.summary or old.body <> new.body begin
    insert into catalogue_words (catalogue_words, rowid, title, summary, body)
        select 'delete', number, searchable(old.title), searchable(old.summary), searchable(old.body)
        from catalogue where entry = old.id;
    insert into catalogue_words (rowid, title, summary, body)
        select number, searchable(new.title), searchable(new.summary), searchable(new.body)
        from catalogue where entry = new.id;
end;
create trigger entries_linked_anew after update of link on entries when old.link <> new.link begin
    update catalogue set page = page_of(new.link) where entry = new.id;
end;
create trigger entries_forgotten after delete on entries begin
    insert into catalogue_words (catalogue_words, rowid, title, summary, body)
        select 'delete', number, searchable(old.title), searchable(old.summary), searchable(old.body)
        from catalogue where entry = old.id;
    delete from catalogue where entry = old.id;
end;

-- a feed's first document, as it came, until it is settled (feeds.unsettled counts its items)
create table baselines (
    feed text primary key references feeds (name),
    made integer not null,
    url text not null,
    content_type text not null,
    body blob not null
) strict;
create index feeds_unsettled on feeds (next_poll) where enabled and unsettled > 0;

-- one row: how many messages were ever taken to be sent, and which database this is. The file monitor.count
-- beside it says so too, and is ahead of a database that has gone back.
create table claims (
    database text not null,
    made integer not null
) strict;
insert into claims values (lower(hex(randomblob(8))), 0);

-- where feeds say that they can be had by push: addresses of hubs, the first preferred, and their name there
create table offers (
    feed text primary key references feeds (name),
    hubs text not null,
    topic text not null
) strict, without rowid;

-- what hubs were asked for and have promised; model.Subscription says what each of these is
create table subscriptions (
    token text primary key,
    feed text not null,
    hub text not null,
    topic text not null,
    callback text not null,
    secret text not null,
    due integer not null,
    leaving integer not null default 0 check (leaving in (0, 1)),
    asked integer,
    until integer,
    tries integer not null default 0,
    error text not null default ''
) strict, without rowid;
create unique index subscriptions_feed on subscriptions (feed) where not leaving;

-- the pages that entries lead to, of feeds with full_text: what is still to be read, what became of the rest,
-- and the text. Beside the entry, so that no poll reads it or writes over it.
create table articles (
    entry integer primary key references entries (id) on delete cascade,
    feed text not null,
    state text not null default 'due'
        check (state in ('due', 'read', 'empty', 'barred', 'failed', 'spared')),
    since integer not null, -- when the entry was news
    due integer not null,
    attempts integer not null default 0,
    tried integer, -- when it was last asked for
    error text not null default '',
    text text not null default '',
    uncertain integer not null default 0 check (uncertain in (0, 1)) -- its text may have been told of before
) strict;
create index articles_due on articles (due) where state = 'due';
create index articles_tried on articles (feed, tried) where tried is not null;

-- who polls beside this machine, at most one row: a scheduler, how many workers and threads it has; without
-- workers, why none polls for us
create table crew (
    scheduler text primary key,
    since integer not null,
    workers integer not null,
    threads integer not null,
    why text not null
) strict;

-- where the daemon listens for hubs, at most one row; with the error of an address that cannot be had
create table doorbell (
    address text primary key,
    error text not null
) strict;
"""


@migrations()
def first(db: Database) -> None:
    """Feeds, entries, stories with their keys, matches, alerts and the outbox."""
    db.executescript(f"{_FIRST}\npragma user_version = {tables()};")


@cache
def tables() -> int:
    """What tells the first tables from others of their name: a checksum of their text, without its comments.

    Before the first release they were changed in place. It stands in each database's user_version.
    """
    words = " ".join(line.partition("-- ")[0] for line in _FIRST.splitlines()).split()
    return crc32(" ".join(words).encode()) >> 1  # user_version is signed
