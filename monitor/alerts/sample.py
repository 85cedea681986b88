"""Invented alerts: what templates are tried with when they are read, and what a receiver is tried with."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from monitor.model import Claim, Digest, Entry, Kind, Match, Mention, Severity, Tally, Told, identity

MOMENT = datetime(2026, 3, 2, 9, 12, tzinfo=UTC)
_TITLE = "Ministers agree to reopen the railway by spring"
_SUMMARY = "The two delegations initialled a railway agreement on Monday, after three days of talks."
_OUTLETS = ("The Example Wire", "Daily Example", "Example Online")


def entry() -> Entry:
    """An article of no outlet."""
    return Entry(
        id=identity("sample"),
        feed="example",
        outlet=_OUTLETS[0],
        guid="sample",
        link="https://example.org/railway",
        title=_TITLE,
        summary=_SUMMARY,
        body=_SUMMARY + " Trains could run in April.",
        published=MOMENT - timedelta(minutes=12),
        lang="en",
        digest="sample",
    )


def told(kind: Kind = Kind.NEW, *, alert: int = 1, severity: Severity = Severity.HIGH) -> Told:
    """An alert about it."""
    article = entry()
    mentions = tuple(
        Mention(what, field, text.index(spelled), text.index(spelled) + len(spelled), spelled)
        for what, field, text, spelled in (
            ("railway agreement", "summary", article.summary, "railway agreement"),
            ("$ministers", "title", article.title, "Ministers"),
        )
    )
    match = Match("railway-agreement", "Railway agreement", severity, (), mentions)
    outlets = len(_OUTLETS) if kind is Kind.MILESTONE else 0
    return Told(alert, kind, match, article, decided=MOMENT, outlets=outlets)


def digest(receiver: str) -> Digest:
    """A digest of one message of each kind, and of a milestone that may have arrived before."""
    several = tuple(replace(claim, story=claim.story + n) for n, claim in enumerate(claims(receiver)))
    tally = Tally(quiet=2, digest=1, limit=1, muted=3)
    return Digest(1, receiver, several, tally, attempts=2, uncertain=True, created=MOMENT, more=True)


def claims(receiver: str) -> tuple[Claim, ...]:
    """One message of each kind: new, development, milestone; the last may have arrived before."""
    opening = (told(),)
    return tuple(
        Claim(
            receiver=receiver,
            story=identity("sample"),
            tolds=(told(kind, alert=number),),
            outlets=_OUTLETS[: 1 if kind is Kind.NEW else 3],
            attempts=1,
            uncertain=kind is Kind.MILESTONE,
            created=MOMENT,
            opening=opening,
        )
        for number, kind in enumerate((Kind.NEW, Kind.DEVELOPMENT, Kind.MILESTONE), 1)
    )
