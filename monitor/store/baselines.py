"""First documents, kept as they came until they are settled: read, fingerprinted and placed like any."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.model import Document
from monitor.store.connection import Connection
from monitor.store.rows import from_milliseconds, to_milliseconds

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Baseline:
    """What a feed showed when it was first polled, at `made`; not read yet."""

    feed: str
    made: datetime
    document: Document


class Baselines(Connection):
    """The part of Store that keeps first documents."""

    def baseline(self, feed: str) -> Baseline | None:
        """The first document of this feed; None where it was settled, or never polled."""
        rows = self._rows("select * from baselines where feed = ?", (feed,))
        if not rows:
            return None
        row = rows[0]
        document = Document(row["body"], row["content_type"], row["url"])
        return Baseline(row["feed"], from_milliseconds(row["made"]), document)

    def baseline_made(self, feed: str) -> datetime | None:
        """When the first document of this feed was polled; None as `baseline`."""
        rows = self._rows("select made from baselines where feed = ?", (feed,))
        return from_milliseconds(rows[0]["made"]) if rows else None

    def unsettled(self, *, most: int) -> list[str]:
        """Feeds whose first document is to be settled, those first that are polled again first."""
        rows = self._rows(
            "select name from feeds where enabled and unsettled > 0 order by next_poll limit ?", (most,)
        )
        return [row["name"] for row in rows]

    def _keep_baseline(self, baseline: Baseline, *, asked: str) -> None:
        """Inside T1; what an address gave that the feed no longer has is not kept."""
        self._db.execute(
            "insert or replace into baselines"
            " select name, ?, ?, ?, ? from feeds where name = ? and ? in (url, address)",
            (
                to_milliseconds(baseline.made),
                baseline.document.url,
                baseline.document.content_type,
                baseline.document.body,
                baseline.feed,
                asked,
            ),
        )

    def _forget_baseline(self, feed: str, *, asked: str) -> None:
        """Inside T1; as long as the feed does not know that it is settled, its document stays.

        What an address gave that the feed no longer has is not remembered of it (Store.put_feed_states).
        """
        self._db.execute(
            "delete from baselines where feed = ?1"
            " and exists (select 1 from feeds where name = ?1 and ?2 in (url, address))",
            (feed, asked),
        )
