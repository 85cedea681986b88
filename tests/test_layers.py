"""The layers of .importlinter cover the whole house, so that no module escapes its contracts."""

from __future__ import annotations

import re
from configparser import ConfigParser
from pathlib import Path

ROOT = Path(__file__).parent.parent


def contract(name: str, key: str) -> list[str]:
    """The modules that a contract lists under a key."""
    parser = ConfigParser()
    parser.read(ROOT / ".importlinter")
    lines = parser[f"importlinter:contract:{name}"][key].splitlines()
    return [module for line in lines if not line.startswith("#") for module in re.findall(r"[\w.]+", line)]


def modules() -> list[str]:
    """Every module of the package that holds code: a room's __init__ holds its description only."""
    files = (path.relative_to(ROOT) for path in (ROOT / "monitor").rglob("*.py"))
    return sorted(".".join(path.with_suffix("").parts) for path in files if path.name != "__init__.py")


def within(module: str, rooms: list[str]) -> bool:
    return any(module == room or module.startswith(room + ".") for room in rooms)


def test_every_module_stands_in_a_layer() -> None:
    assert [module for module in modules() if not within(module, contract("layers", "layers"))] == []


def test_a_room_says_what_it_is_for_and_holds_no_code_in_its_init() -> None:
    rooms = [path for path in (ROOT / "monitor").rglob("__init__.py") if path.parent != ROOT / "monitor"]
    assert [
        str(path) for path in rooms if re.search(r"^(from|import|def|class) ", path.read_text(), re.MULTILINE)
    ] == []
