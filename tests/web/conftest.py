"""The desk of tests.web.morning, made once: who changes it has a copy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.web.morning import copied, morning

if TYPE_CHECKING:
    from pathlib import Path

    from tests.press import Press


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Press:
    """To be read."""
    return morning(tmp_path_factory.mktemp("desk"))


@pytest.fixture
def own(original: Press, tmp_path: Path) -> Press:
    """To be changed."""
    return copied(original, tmp_path / "own")
