"""The campaign in its short form: what `python -m tests.campaign --short` plays, a probe a test."""

from __future__ import annotations

import pytest

from tests.campaign import syscalls
from tests.campaign.__main__ import probes
from tests.campaign.world import Row

SHORT = probes(short=True)


@pytest.mark.parametrize("name", SHORT)
def test_the_campaign_finds_nothing(name: str) -> None:
    if name in ("cuts", "faults") and (why := syscalls.available()):
        pytest.skip(why)
    came = SHORT[name]()
    for row in [came] if isinstance(came, Row) else came:
        if row.got.startswith("not tried"):
            pytest.skip(row.got)
        assert row.held, f"{row.what}: to reach {row.reach}; {row.got}"
