"""Who polls, in words and for machines: what `status` and a single pass say of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.cli.main import count

if TYPE_CHECKING:
    from monitor.model import Crew


def said(crew: Crew) -> str:
    """Who polls, where the settings name a cluster."""
    if not crew.workers:
        return f"here, not at {crew.scheduler}"
    return f"{count(crew.workers, 'worker')} of {count(crew.threads, 'thread')} at {crew.scheduler}"


def as_json(crew: Crew | None) -> dict[str, object]:
    """The same, and why; None stands for this machine alone."""
    if crew is None:
        return {"engine": "local"}
    return {
        "engine": "dask" if crew.workers else "local",
        "scheduler": crew.scheduler,
        "since": crew.since.isoformat(),
        "workers": crew.workers,
        "threads": crew.threads,
        "why": crew.why,
    }
