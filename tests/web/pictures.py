"""Takes the pictures of the pages: python -m tests.web.pictures [FOLDER], by default docs/.

A folder that is named gets every page in light, dark and narrow; docs/ only those that its documents show.
"""

from __future__ import annotations

import struct
import sys
import tempfile
import zlib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

from tests.web.browsers import CHROMIUM
from tests.web.morning import morning
from tests.web.server import served

if TYPE_CHECKING:
    from tests.press import Press

SHOWN = [("today", "light"), ("today", "dark"), ("story", "light"), ("why", "light")]
DOCS = Path(__file__).parent.parent.parent / "docs"


def pages(press: Press) -> dict[str, str]:
    """The path of each page, by name."""
    story, entry = press.id_of("halden", "s1"), press.id_of("kura", "s1")
    return {
        "today": "/",
        "story": f"/stories/{story:016x}",
        "why": f"/entries/{entry:016x}",
        "search": "/search?q=railway",
        "rules": "/rules",
        "rule": "/rules/railway-agreement",
        "feeds": "/feeds",
        "receivers": "/receivers",
        "silences": f"/silences?scope=story&value={story:016x}",
    }


def take(folder: Path, *, every: bool) -> None:
    """Write a picture of each page."""
    looks = {"light": 1100, "dark": 1100, "narrow": 390}
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        press = morning(Path(scratch))
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        with served(press.state, clock=press.clock) as address:
            for look, width in looks.items():
                context = browser.new_context(
                    color_scheme="dark" if look == "dark" else "light",
                    viewport={"width": width, "height": 800},
                    reduced_motion="reduce",
                )
                tab = context.new_page()
                for name, path in pages(press).items():
                    if every or (name, look) in SHOWN:
                        tab.goto(address + path)
                        taken = tab.screenshot(full_page=every)
                        (folder / f"page-{name}-{look}.png").write_bytes(taken if every else packed(taken))
                context.close()
        browser.close()


def packed(png: bytes) -> bytes:
    """The picture with a palette, a third of the size: 256 colours, all others as the nearest of them."""
    width, rows = _pixels(png)
    found = Counter(pixel for row in rows for pixel in row)
    colours = [colour for colour, _ in found.most_common(256)]
    number = {colour: place for place, colour in enumerate(colours)}
    for colour in found.keys() - number.keys():
        number[colour] = min(range(len(colours)), key=lambda place: _distance(colours[place], colour))
    lines = b"".join(b"\0" + bytes(number[pixel] for pixel in row) for row in rows)
    head = struct.pack(">IIBBBBB", width, len(rows), 8, 3, 0, 0, 0)
    parts = (
        (b"IHDR", head),
        (b"PLTE", b"".join(colours)),
        (b"IDAT", zlib.compress(lines, 9)),
        (b"IEND", b""),
    )
    return png[:8] + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )


def _distance(one: bytes, other: bytes) -> int:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))


def _pixels(png: bytes) -> tuple[int, list[list[bytes]]]:
    """Width, and the RGB of each pixel, row by row (PNG, W3C 2003, §9: filters are undone)."""
    width, _, _, kind = struct.unpack(">IIBB", png[16:26])
    size = {2: 3, 6: 4}[kind]
    data, at = b"", 8
    while at < len(png):
        length = struct.unpack(">I", png[at : at + 4])[0]
        if png[at + 4 : at + 8] == b"IDAT":
            data += png[at + 8 : at + 8 + length]
        at += length + 12
    raw, rows, above = zlib.decompress(data), [], bytearray(width * size)
    for start in range(0, len(raw), width * size + 1):
        line = bytearray(raw[start + 1 : start + 1 + width * size])
        for place in range(len(line)):
            left = line[place - size] if place >= size else 0
            corner = above[place - size] if place >= size else 0
            line[place] = (line[place] + _filtered(raw[start], left, above[place], corner)) & 0xFF
        rows.append([bytes(line[place : place + 3]) for place in range(0, len(line), size)])
        above = line
    return width, rows


def _filtered(kind: int, left: int, up: int, corner: int) -> int:
    if kind == 4:
        return min((left, up, corner), key=lambda one: abs(left + up - corner - one))
    return (0, left, up, (left + up) // 2)[kind]


if __name__ == "__main__":
    take(Path(sys.argv[1]) if len(sys.argv) > 1 else DOCS, every=len(sys.argv) > 1)
