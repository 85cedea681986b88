"""What comes with the program: the units and the rules to start from, where they stand on this machine."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).parent


def shipped(name: str) -> Path:
    """The folder of this name ("systemd", "rules"): in the package that was installed, or in the checkout."""
    inside = _HERE / "shipped" / name
    return inside if inside.is_dir() else _HERE.parent / name
