"""Real feeds, read as feedparser reads them: the benchmark's goals, on the captures of single feeds."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmarks.fidelity import compared

DATA = Path(os.environ.get("DATA", "../shared/data")) / "feeds"


@pytest.mark.slow
@pytest.mark.skipif(not DATA.is_dir(), reason=f"there are no captures at {DATA}")
def test_titles_links_and_dates_of_real_feeds_are_feedparsers() -> None:
    tally = compared(sorted((DATA / "real").glob("*.gz")))
    assert tally.entries > 1_000
    assert tally.good, f"{tally}\n" + "\n".join(tally.differences)
