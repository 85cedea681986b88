"""Who polls beside this machine, for those who want to know how the desk stands."""

from __future__ import annotations

from monitor.model import Crew
from monitor.store.connection import Connection
from monitor.store.rows import from_milliseconds, to_milliseconds


class Crews(Connection):
    """The part of Store that knows who polls."""

    def crew(self) -> Crew | None:
        """Who polls beside this machine; None where nobody is to."""
        for row in self._rows("select * from crew"):
            return Crew(
                row["scheduler"],
                since=from_milliseconds(row["since"]),
                workers=row["workers"],
                threads=row["threads"],
                why=row["why"],
            )
        return None

    def keep_crew(self, crew: Crew | None) -> None:
        """Remember that; inside a transaction."""
        self._db.execute("delete from crew")
        if crew is not None:
            self._db.execute(
                "insert into crew values (?, ?, ?, ?, ?)",
                (crew.scheduler, to_milliseconds(crew.since), crew.workers, crew.threads, crew.why),
            )
