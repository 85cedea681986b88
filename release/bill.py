"""The bill of materials of a release: what the program needs at run time, as CycloneDX 1.6 in JSON.

https://cyclonedx.org/docs/1.6/json/ . Made from pyproject.toml, the pins and what installed packages say of
themselves; nothing in it changes from one run to the next: the serial number is a hash of the wheel, the time
the commit's.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import distribution
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Pin:
    """A line of the pins: the version, and the SHA-256 of every file that may be installed."""

    version: str
    digests: tuple[str, ...]


def pins(text: str) -> dict[str, Pin]:
    """The packages that constraints.txt pins, by name."""
    parts = re.split(r"^(?=[a-z0-9-]+==)", text, flags=re.MULTILINE)[1:]
    found = [re.match(r"([a-z0-9-]+)==(\S+)", part) for part in parts]
    return {
        match[1]: Pin(match[2], tuple(re.findall(r"--hash=sha256:([0-9a-f]{64})", part)))
        for match, part in zip(found, parts, strict=True)
        if match
    }


def needs(name: str, pinned: Mapping[str, Pin]) -> list[str]:
    """What an installed package needs here, without extras, of what is pinned; [] for one not installed."""
    try:
        asked = distribution(name).requires or []
    except ModuleNotFoundError:  # for another Python or platform than this
        return []
    return [one for one in _wanted(asked) if one in pinned]


def _wanted(requirements: Iterable[str]) -> list[str]:
    """The names of those that this Python and platform want, without extras."""
    wanted = map(Requirement, requirements)
    return sorted(
        {
            canonicalize_name(one.name)
            for one in wanted
            if one.marker is None or one.marker.evaluate({"extra": ""})
        }
    )


def bill_of_materials(root: Path, wheel: Path, *, epoch: int) -> str:
    """The bill as JSON, for the wheel that was built of the tree `root` at `epoch` (seconds)."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    pinned = pins((root / "constraints.txt").read_text("utf-8"))
    digest = sha256(wheel.read_bytes()).hexdigest()
    first = _wanted(project["dependencies"])
    graph: dict[str, list[str]] = {}
    waiting = list(first)
    while waiting:
        name = waiting.pop()
        if name not in graph:
            graph[name] = needs(name, pinned)
            waiting += graph[name]
    ours = Component(
        name=project["name"],
        version=project["version"],
        type=ComponentType.APPLICATION,
        bom_ref=project["name"],
        description=project["description"],
        licenses=[LicenseFactory().make_from_string(project["license"])],
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest)],
        purl=PackageURL("pypi", name=project["name"], version=project["version"]),
    )
    parts = {name: _component(name, pinned[name]) for name in sorted(graph)}
    bom = Bom(
        components=parts.values(),
        serial_number=uuid5(NAMESPACE_URL, f"sha256:{digest}"),
        metadata=BomMetaData(component=ours, timestamp=datetime.fromtimestamp(epoch, UTC)),
    )
    bom.register_dependency(ours, [parts[name] for name in first])
    for name, below in graph.items():
        bom.register_dependency(parts[name], [parts[one] for one in below])
    return JsonV1Dot6(bom).output_as_string(indent=2) + "\n"


def _component(name: str, pin: Pin) -> Component:
    said = _license(name)
    return Component(
        name=name,
        version=pin.version,
        type=ComponentType.LIBRARY,
        bom_ref=f"{name}=={pin.version}",
        licenses=[LicenseFactory().make_from_string(said)] if said else [],
        purl=PackageURL("pypi", name=name, version=pin.version),
        # Of every file that the pins allow: CycloneDX's own `hashes` are of one file, and there are many.
        properties=[Property(name="media-monitor:sha256", value=one) for one in sorted(pin.digests)],
    )


def _license(name: str) -> str:
    """The licence that a package states: an expression, its own short words, classifiers; "" for none."""
    try:
        metadata = distribution(name).metadata
    except ModuleNotFoundError:
        return ""
    stated = [one for key in ("License-Expression", "License") for one in metadata.get_all(key, [])]
    short = [one for one in stated if one and len(one) < 60 and "\n" not in one]  # noqa: PLR2004 - a name, no text
    classified = [one.rpartition(" :: ")[2] for one in metadata.get_all("Classifier", []) if "License" in one]
    return next(iter(short), " / ".join(one for one in classified if one != "OSI Approved"))
