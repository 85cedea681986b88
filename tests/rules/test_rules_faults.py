"""Each file of faults/ holds one mistake; the .txt beside it is all that is said of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from monitor.rules import document
from monitor.rules.rulebook import compile_rulebook

if TYPE_CHECKING:
    from monitor.errors import Fault

FAULTS = Path(__file__).parent / "faults"


def told(path: Path) -> str:
    faults: list[Fault] = []
    root = document.read(path.name, path.read_text("utf-8"), faults)
    if root is not None:
        compile_rulebook(
            [root],
            receivers=["desk", "slack-desk"],
            sources=["reuters", "tass"],
            read_article=missing,
            faults=faults,
        )
    return "".join(f"{fault}\n" for fault in faults)


def missing(path: str) -> str:
    raise FileNotFoundError(2, "No such file or directory", path)


@pytest.mark.parametrize("path", sorted(FAULTS.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_mistake_is_told_once_with_its_place_and_what_to_do(path: Path) -> None:
    assert told(path) == path.with_suffix(".txt").read_text("utf-8")


def test_every_mistake_has_its_message() -> None:
    files = {path.stem for path in FAULTS.glob("*.yaml")}
    assert len(files) >= 40
    assert files == {path.stem for path in FAULTS.glob("*.txt")}


def test_every_mistake_of_all_files_is_told_at_once_and_what_is_sound_still_works() -> None:
    faults: list[Fault] = []
    texts = {
        "a.yaml": "rules:\n  - {id: a, any: [peace], send: nobody}\n  - {id: b, any: [peace], send: desk}\n",
        "b.yaml": "rules:\n  - {id: b, any: [war], send: desk}\n  - {id: c, when: $war, send: desk}\n",
    }
    roots = [root for name, text in texts.items() if (root := document.read(name, text, faults)) is not None]
    book = compile_rulebook(roots, receivers=["desk"], sources=[], read_article=missing, faults=faults)
    assert [(fault.file, fault.line) for fault in faults] == [("a.yaml", 2), ("b.yaml", 2), ("b.yaml", 3)]
    assert [rule.id for rule in book.rules] == ["b"]
