"""Takes the pictures of the pages: python -m tests.web.pictures [FOLDER], by default docs/.

A folder that is named gets every page in light, dark and narrow; docs/ only those that its documents show.
"""

from __future__ import annotations

import sys
import tempfile
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
                        tab.screenshot(path=folder / f"page-{name}-{look}.png", full_page=every)
                context.close()
        browser.close()


if __name__ == "__main__":
    take(Path(sys.argv[1]) if len(sys.argv) > 1 else DOCS, every=len(sys.argv) > 1)
