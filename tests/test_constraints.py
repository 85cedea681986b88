"""The pins: complete, hashed, and the same for whoever installs from them, whichever registry they use."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
PINS = (ROOT / "constraints.txt").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
NAME = re.compile(r"[A-Za-z0-9._-]+")


def pinned() -> dict[str, str]:
    """Each pinned package with its version."""
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", PINS, re.MULTILINE))


def named(requirements: list[str]) -> set[str]:
    """The names of some requirements, as the registry spells them."""
    found = [NAME.match(requirement) for requirement in requirements]
    return {match.group().lower().replace("_", "-") for match in found if match}


def direct() -> set[str]:
    """Every package that pyproject.toml names."""
    groups = [*PROJECT["dependency-groups"].values(), *PROJECT["project"]["optional-dependencies"].values()]
    asked = [*PROJECT["project"]["dependencies"], *PROJECT["build-system"]["requires"]]
    return named([*asked, *(requirement for group in groups for requirement in group)])


def test_whatever_the_project_names_is_pinned() -> None:
    assert direct() - set(pinned()) == set()


def test_every_pin_has_its_hashes() -> None:
    blocks = re.split(r"^(?=[a-z0-9-]+==)", PINS, flags=re.MULTILINE)[1:]
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []
    assert len(blocks) >= len(direct())


def test_no_registry_is_named() -> None:
    assert "://" not in PINS
    assert "--index" not in PINS
    assert "--find-links" not in PINS


def test_every_direct_dependency_has_its_reason_and_its_version_in_the_documents() -> None:
    rows = re.findall(
        r"^\| [^|]+ \| ([a-z0-9-]+) \| (\d[^| ]*) \|",
        (ROOT / "docs" / "dependencies.md").read_text(),
        re.MULTILINE,
    )
    assert dict(rows) == {name: version for name, version in pinned().items() if name in direct()}
    run_time = sorted(named(PROJECT["project"]["dependencies"]))
    assert [name for name, _ in rows[: len(run_time)]] == run_time
