"""What outlives pruning: the ids of entries whose texts have gone, what was told of them, and the tallies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.model import Bygone
from monitor.store.connection import Connection
from monitor.store.rows import as_json, to_milliseconds

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from monitor.model import EntryId


class Bygones(Connection):
    """The part of Store that knows what was pruned, and counts what happens."""

    def bygone(self, ids: Collection[EntryId]) -> dict[EntryId, Bygone]:
        """Those of these entries whose texts were pruned, as they are still known."""
        rows = self._rows(
            "select id, coalesce(story, id) story, coalesce(lead, id) lead from bygone"
            " where id in (select value from json_each(?))",
            (as_json(ids),),
        )
        return {row["id"]: Bygone(row["story"], row["lead"]) for row in rows}

    def tally(self, counts: Mapping[str, int], *, now: datetime) -> None:
        """Add these to what is counted for ever; inside a transaction. Zeroes are passed over."""
        for name, count in counts.items():
            if count:
                self._db.execute(
                    """
                    insert into tallies values (:name, :count, :now)
                    on conflict (name) do update set count = count + :count, last = :now
                    """,
                    {"name": name, "count": count, "now": to_milliseconds(now)},
                )
