"""The page in a real browser: hostile entries do nothing, and people who see, hear or type can use it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import sync_playwright

from tests.web.browsers import CHROMIUM
from tests.web.morning import morning
from tests.web.pictures import pages
from tests.web.server import served
from tests.web.test_web_pages import HOSTILE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

    from tests.press import Press

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium: apt install chromium"),
]

AXE = (Path(__file__).parent / "axe.min.js").read_text("utf-8")
LOOKS = [("light", 1100), ("dark", 1100), ("light", 390)]
NAMES = ["today", "story", "why", "search", "rules", "rule", "feeds", "receivers", "silences"]


@pytest.fixture(scope="module")
def press(tmp_path_factory: pytest.TempPathFactory) -> Press:
    press = morning(tmp_path_factory.mktemp("desk"))
    press.poll("harbour", *HOSTILE)
    return press


@pytest.fixture(scope="module")
def address(press: Press) -> Iterator[str]:
    with served(press.state, clock=press.clock) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # The sandbox needs rights that containers do not give; what is opened here is our own page.
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def tab(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1100, "height": 800})
    yield context.new_page()
    context.close()


def test_hostile_entries_run_nothing_ask_nothing_and_open_nothing(
    tab: Page, address: str, press: Press
) -> None:
    told: list[str] = []
    asked: list[str] = []
    tab.on("dialog", lambda dialog: told.append(dialog.message))  # and stays open: the test would hang
    tab.on("console", lambda message: told.append(message.text))
    tab.on("pageerror", lambda error: told.append(str(error)))
    tab.on("request", lambda request: asked.append(request.url))
    ids = [press.id_of("harbour", item.guid) for item in HOSTILE]
    own = [path for number in ids for path in (f"/stories/{number:016x}", f"/entries/{number:016x}")]
    for path in [*own, "/", "/search?q=armenia", "/rules/border"]:
        tab.goto(address + path)
        links = tab.eval_on_selector_all(
            "a[href]", "all => all.map(one => [one.protocol, one.rel, one.host])"
        )
        for protocol, rel, host in links:
            assert protocol in ("http:", "https:")
            assert address.endswith(host) or rel == "noopener noreferrer nofollow"
        assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} runs off the side"
    assert told == []
    assert [url for url in asked if not url.startswith(address)] == []


def test_the_policy_stops_a_script_that_gets_into_the_page_after_all(tab: Page, address: str) -> None:
    tab.goto(address)
    refused: list[str] = []
    tab.on("console", lambda message: refused.append(message.text))
    tab.evaluate(
        """() => {
            const image = '<img src="//evil.example/x" onerror="window.hit = 1">';
            document.body.insertAdjacentHTML('beforeend', image);
            const script = document.createElement('script'); script.text = 'window.hit = 1';
            document.body.append(script);
        }"""
    )
    tab.wait_for_timeout(100)
    assert tab.evaluate("window.hit") is None
    assert len([line for line in refused if "Content Security Policy" in line]) >= 2


@pytest.mark.parametrize(("scheme", "width"), LOOKS, ids=["light", "dark", "narrow"])
def test_axe_finds_nothing_serious(
    browser: Browser, address: str, press: Press, scheme: Any, width: int
) -> None:
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 800})
    tab = context.new_page()
    # What the colours change is asked in each look, all else in those of different width.
    rules = {"runOnly": ["color-contrast", "link-in-text-block"]} if scheme == "dark" else {}
    paths = pages(press)
    assert list(paths) == NAMES
    for path in (*paths.values(), "/login", "/nowhere"):
        tab.goto(address + path)
        tab.evaluate(AXE)
        found = tab.evaluate("rules => axe.run(document, rules).then(all => all.violations)", rules)
        serious = [
            (one["id"], one["help"], [node["html"] for node in one["nodes"]][:3])
            for one in found
            if one["impact"] in ("serious", "critical")
        ]
        assert serious == [], f"{path}: {json.dumps(serious, indent=1)}"
        assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} runs off the side"
    context.close()


def test_everything_can_be_reached_and_used_by_keyboard(tab: Page, address: str, press: Press) -> None:
    tab.goto(address)
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.textContent") == "Skip to the content"
    tab.keyboard.press("Enter")
    assert tab.url.endswith("#main")
    tab.goto(address)
    for _ in range(3):
        tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.textContent") == "Search"
    outline = tab.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    tab.goto(f"{address}/stories/{press.id_of('halden', 's1'):016x}")
    count = tab.locator("a[href], button, input:not([type=hidden]), summary").count()
    reached = set()
    for _ in range(count + 2):
        tab.keyboard.press("Tab")
        reached.add(tab.evaluate("document.activeElement.outerHTML"))
    assert sum("Split off" in one for one in reached) == 6
    assert any('id="other"' in one for one in reached)


def test_what_is_pressed_is_large_enough(tab: Page, address: str, press: Press) -> None:
    """44 by 44 pixels for what stands by itself (WCAG 2.5.5); links in running text excepted."""
    for path in ("/", f"/stories/{press.id_of('halden', 's1'):016x}", "/search", "/login"):
        tab.goto(address + path)
        small = tab.eval_on_selector_all(
            "nav a, .do a, .turn a, button, input:not([type=hidden])",
            "all => all.filter(one => one.getBoundingClientRect().height < 44).map(one => one.outerHTML)",
        )
        assert small == []


def test_who_wants_less_motion_gets_none(browser: Browser, address: str) -> None:
    for motion, still in (("reduce", True), ("no-preference", False)):
        context = browser.new_context(reduced_motion=motion)  # type: ignore[arg-type]  # a literal
        tab = context.new_page()
        tab.goto(address)
        span = tab.evaluate("getComputedStyle(document.querySelector('nav a')).transitionDuration")
        assert (set(span.split(", ")) == {"0s"}) is still
        context.close()


def test_reading_works_without_scripts(browser: Browser, address: str, press: Press) -> None:
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(address)
    tab.click("text=Armenia and Azerbaijan sign railway agreement")
    assert tab.locator("article").count() == 7
    tab.click("nav >> text=Search")
    tab.fill("#q", "ferry poti")
    tab.press("#q", "Enter")
    assert tab.locator("#found li").count() >= 1
    assert press.id_of("harbour", "f1")
    context.close()


def test_search_finds_while_one_types(tab: Page, address: str) -> None:
    tab.goto(f"{address}/search")
    tab.type("#q", "aground")
    tab.wait_for_selector("#found li", timeout=5000)
    assert "Ferry with 120 aboard" in tab.inner_text("#found")
    assert tab.url.endswith("q=aground")
    assert tab.evaluate("document.activeElement.id") == "q"


def test_texts_run_the_way_their_script_does(tab: Page, address: str, press: Press) -> None:
    from tests.fakes import Item

    press.poll("pontic", Item("he", "ארמניה Armenia border נפתח", "טקסט."))
    tab.goto(f"{address}/stories/{press.id_of('pontic', 'he'):016x}")
    assert tab.evaluate("getComputedStyle(document.querySelector('h1')).direction") == "rtl"
    assert tab.get_attribute("h1", "lang") == "he"
