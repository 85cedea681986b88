"""Every error this program raises on purpose: what happened, where, and what to do about it.

Ordinary outcomes (a feed that has not changed, a poll that failed) are values of model.py, not errors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta


class MonitorError(Exception):
    """The root: one sentence for people, and the exit status of a command that ends with it."""

    exit_status = 1

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        super().__init__(what, where, remedy)
        self.what = what
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        advice = f" - {self.remedy}" if self.remedy else ""
        return f"{place}{self.what}{advice}"


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One mistake in the operator's files: where (1-based line and column), what, and the remedy."""

    file: str
    line: int
    column: int
    what: str
    remedy: str = ""

    def __str__(self) -> str:
        advice = f" - {self.remedy}" if self.remedy else ""
        return f"{self.file}:{self.line}:{self.column}: {self.what}{advice}"


class ConfigError(MonitorError):
    """The operator's files cannot be used; `faults` names every mistake, in the order of the files."""

    exit_status = 78  # EX_CONFIG of sysexits.h; the unit does not restart on it

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(sorted(faults))
        super().__init__("\n".join(map(str, self.faults)))


class UsageError(MonitorError):
    """The command line asks for what cannot be."""

    exit_status = 2


class LockedError(MonitorError):
    """Another daemon works on the same state."""

    exit_status = 11


class StateError(MonitorError):
    """The database cannot be opened or used: too new, damaged, or out of reach."""

    exit_status = 69  # EX_UNAVAILABLE


class BusyError(StateError):
    """The database was locked by others for longer than we wait: it may be free soon."""

    exit_status = 75  # EX_TEMPFAIL


class FetchError(MonitorError):
    """A feed could not be read.

    `weight` says how much one such failure counts towards backing off (1 hard, 0.5 soft, 0.25 temporary:
    the weights of Media Cloud's fetcher); `retry_after` is what the server asked for, never undercut;
    `gone` is HTTP 410, after which the feed is not asked again; `status` what a server answered, 0 for none.
    """

    def __init__(
        self,
        what: str,
        *,
        where: str = "",
        remedy: str = "",
        weight: float = 1.0,
        retry_after: timedelta | None = None,
        gone: bool = False,
        status: int = 0,
    ) -> None:
        super().__init__(what, where=where, remedy=remedy)
        self.weight = weight
        self.retry_after = retry_after
        self.gone = gone
        self.status = status


class ClusterError(MonitorError):
    """A cluster's scheduler cannot be used; `what` says why."""


class ParseError(MonitorError):
    """A document that was fetched is no feed, or broke its parser.

    `weight` is FetchError's: 0.5, for it is a maintenance page more often than an end; KILLED for one that
    cost a parser process its life, so that the second in a row is told and well backed off.
    """

    KILLED = 1.5

    def __init__(self, what: str, *, where: str = "", remedy: str = "", weight: float = 0.5) -> None:
        super().__init__(what, where=where, remedy=remedy)
        self.weight = weight


class SendError(MonitorError):
    """A message was not accepted by its receiver.

    `uncertain` says that it may have been accepted all the same: a repeat of it is marked as one. `own` says
    that the receiver answers and does not want this very message; `retry_after` is what it asked for, never
    undercut.
    """

    def __init__(
        self,
        what: str,
        *,
        where: str = "",
        remedy: str = "",
        uncertain: bool = False,
        own: bool = False,
        retry_after: timedelta | None = None,
    ) -> None:
        super().__init__(what, where=where, remedy=remedy)
        self.uncertain = uncertain
        self.own = own
        self.retry_after = retry_after
