"""The site of the documents: whole, its links right, in need of no host; and what the program writes."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright

from handbook import reference, site
from handbook.__main__ import main
from tests.web.browsers import CHROMIUM

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
AXE = (ROOT / "tests" / "web" / "axe.min.js").read_text("utf-8")


class Reader(HTMLParser):
    """The links, ids and what is loaded of one page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.ids: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        self.ids += [said["id"]] if "id" in said else []
        self.links += [said["href"]] if tag == "a" else []
        self.loaded += [said[name] for name in ("src", "href") if name in said and tag != "a"]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site") / "here"
    assert main(["site", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def read(built: Path) -> dict[Path, Reader]:
    return {file: Reader(file.read_text("utf-8")) for file in built.rglob("*.html")}


@pytest.mark.parametrize(("path", "text"), reference.pages(ROOT).items(), ids=lambda value: str(value)[:40])
def test_what_the_program_writes_of_itself_is_written(path: str, text: str) -> None:
    assert (ROOT / path).read_text("utf-8") == text, "make reference"


def test_every_document_is_in_the_site(built: Path) -> None:
    documents = [str(file.relative_to(ROOT)) for file in (ROOT / "docs").rglob("*.md")]
    assert [path for path in documents if not (built / site.address(path)).exists()] == []


def test_every_link_of_the_site_leads_to_a_page_and_a_heading(read: dict[Path, Reader]) -> None:
    for file, page in read.items():
        for link in [*page.links, *page.loaded]:
            if link.startswith(("https:", "http:")):
                continue
            path, _, anchor = link.partition("#")
            target = (file.parent / path).resolve() if path else file
            assert target.is_file(), f"{file.name}: {link}"
            assert not anchor or target not in read or anchor in read[target].ids, f"{file.name}: {link}"


def test_the_site_loads_nothing_from_another_host(built: Path, read: dict[Path, Reader]) -> None:
    loaded = {link for page in read.values() for link in page.loaded}
    assert [link for link in loaded if re.match(r"[a-z]+:|//", link)] == []
    for name in ("site.css", "site.js"):
        assert not re.search(
            r"https?:|//[a-z]|@import|url\(", re.sub(r"^// .*", "", _text(built / name), flags=re.MULTILINE)
        )


def _text(file: Path) -> str:
    return file.read_text("utf-8")


def test_no_page_has_two_headings_of_one_name(read: dict[Path, Reader]) -> None:
    assert [file.name for file, page in read.items() if len(set(page.ids)) < len(page.ids)] == []


def test_the_contents_name_what_is_at_the_top_and_each_once(read: dict[Path, Reader], built: Path) -> None:
    home = site.read(site.HOME, (ROOT / site.HOME).read_text("utf-8"))
    listed = [path for chapter in site.contents(home) for path, _ in chapter.pages]
    assert len(set(listed)) == len(listed)
    top = {f"docs/{file.name}" for file in (ROOT / "docs").glob("*.md")} - {site.HOME}
    inner = {str(file.relative_to(ROOT)) for part in ("howto", "reference") for file in _documents(part)}
    assert (top | inner) - set(listed) == set()
    assert {site.relative("index.html", site.address(path)) for path in listed} <= set(
        read[built / "index.html"].links
    )


def _documents(part: str) -> Iterator[Path]:
    return (ROOT / "docs" / part).glob("*.md")


def test_a_link_that_leads_nowhere_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text(
        "# A\n\n## B\n\n- [gone](gone.md)\n- [no heading](#c)\n- [here](#b)\n- [web](https://example.org/)\n"
    )
    _, _, faults = site.gathered(tmp_path)
    assert faults == [
        "docs/index.md: gone.md leads nowhere",
        "docs/index.md: docs/index.md has no heading #c",
    ]


def test_a_page_says_of_html_what_it_is() -> None:
    page = site.read("docs/x.md", "# X\n\n<script>alert(1)</script>\n")
    assert "<script>" not in site._rendered(page, {})


def test_headings_are_named_as_forges_name_them() -> None:
    page = site.read("x.md", "# `a b`, and [c](d.md)\n\n## One\n\n## One\n")
    assert [heading.anchor for heading in page.headings] == ["a-b-and-c", "one", "one-1"]


# ---- in a browser ------------------------------------------------------------------------------------------


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium: apt install chromium")
def test_in_a_browser_the_site_is_searched_fits_a_telephone_and_shuts_nobody_out(built: Path) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": 320, "height": 700}, color_scheme="dark")
        asked: list[str] = []
        tab.on("request", lambda request: asked.append(request.url))
        tab.goto((built / "howto" / "slack.html").as_uri())
        assert tab.evaluate("document.documentElement.scrollWidth") == 320
        tab.evaluate(AXE)
        assert tab.evaluate("axe.run().then(found => found.violations.map(one => one.id))") == []
        tab.get_by_role("searchbox").fill("quiet hours")
        tab.locator("form li a").first.click()
        assert "alerts.html" in tab.url
        assert [url for url in asked if not url.startswith("file:")] == []
        browser.close()
