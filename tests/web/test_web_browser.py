"""The page in a real browser: hostile entries do nothing, and people who see, hear or type can use it."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import sync_playwright

from tests.desks import eventually
from tests.fakes import Item
from tests.web.browsers import CHROMIUM
from tests.web.morning import copied
from tests.web.pictures import pages
from tests.web.server import served
from tests.web.test_web_pages import HOSTILE, escalating

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, Page

    from tests.press import Press

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium: apt install chromium"),
]

AXE = (Path(__file__).parent / "axe.min.js").read_text("utf-8")
WIDE, NARROW = {"width": 1100, "height": 800}, {"width": 390, "height": 800}
COLOURS = ["color-contrast", "link-in-text-block"]  # what the dark look can change
NAMES = ["today", "story", "why", "search", "rules", "rule", "feeds", "receivers", "silences"]
SMALL = """all => all.filter(one => one.getBoundingClientRect().height < 44).map(one => one.outerHTML)"""
PRESSED = "nav a, .do a, .turn a, button, input:not([type=hidden])"


@pytest.fixture(scope="module")
def press(original: Press, tmp_path_factory: pytest.TempPathFactory) -> Press:
    press = copied(original, tmp_path_factory.mktemp("hostile"))
    press.poll("harbour", *HOSTILE)
    press.poll("pontic", Item("he", "ארמניה Armenia border נפתח", "טקסט."))
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


@pytest.fixture(scope="module")
def context(browser: Browser) -> BrowserContext:
    return browser.new_context(viewport=WIDE)  # type: ignore[arg-type]  # a dict of its shape


@pytest.fixture
def tab(context: BrowserContext) -> Iterator[Page]:
    tab = context.new_page()
    yield tab
    tab.close()


@pytest.fixture(scope="module")
def looked_at(context: BrowserContext) -> Page:
    """One tab for all that is only looked at."""
    return context.new_page()


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
        links, fits = tab.evaluate(
            """() => [[...document.querySelectorAll("a[href]")].map(one => [one.protocol, one.rel, one.host]),
                document.documentElement.scrollWidth <= innerWidth]"""
        )
        for protocol, rel, host in links:
            assert protocol in ("http:", "https:")
            assert address.endswith(host) or rel == "noopener noreferrer nofollow"
        assert fits, f"{path} runs off the side"
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

    def stopped() -> bool:
        tab.wait_for_timeout(100)
        return len([line for line in refused if "Content Security Policy" in line]) >= 2

    eventually(stopped)
    assert tab.evaluate("window.hit") is None


@pytest.mark.parametrize("name", [*NAMES, "login", "nowhere"])
def test_everybody_can_use_every_page_in_every_look(
    looked_at: Page, address: str, press: Press, name: str
) -> None:
    """Nothing serious is found by axe, nothing runs off the side, and what is pressed is large enough.

    44 by 44 pixels for what stands by itself (WCAG 2.5.5); links in running text excepted.
    """
    tab, paths = looked_at, pages(press)
    assert list(paths) == NAMES
    tab.goto(address + paths.get(name, f"/{name}"))
    tab.evaluate(AXE)
    looks: list[tuple[str, Any, Any]] = [
        ("light", WIDE, {}),
        ("light", NARROW, {}),
        ("dark", WIDE, {"runOnly": COLOURS}),
    ]
    for scheme, size, rules in looks:
        tab.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]  # its words
        tab.set_viewport_size(size)
        assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it runs off the side"
        assert tab.eval_on_selector_all(PRESSED, SMALL) == []
        found = tab.evaluate(
            "rules => axe.run(document, {resultTypes: ['violations'], ...rules}).then(all => all.violations)",
            rules,
        )
        serious = [
            (one["id"], one["help"], [node["html"] for node in one["nodes"]][:3])
            for one in found
            if one["impact"] in ("serious", "critical")
        ]
        assert serious == [], f"{scheme} {size}: {json.dumps(serious, indent=1)}"


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
    tab.evaluate(
        "() => { window.reached = new Set(); addEventListener('focusin', one => reached.add(one.target)); }"
    )
    can = "[...document.querySelectorAll('a[href], button, input:not([type=hidden]), summary')]"
    for _ in range(tab.evaluate(f"{can}.length") + 2):
        tab.keyboard.press("Tab")
    assert tab.evaluate(f"{can}.filter(one => !reached.has(one)).map(one => one.outerHTML)") == []
    assert tab.evaluate("[...reached].filter(one => one.textContent === 'Split off').length") == 6


def test_who_wants_less_motion_gets_none(looked_at: Page, address: str) -> None:
    looked_at.goto(address)
    for motion, still in (("reduce", True), ("no-preference", False)):
        looked_at.emulate_media(reduced_motion=motion)  # type: ignore[arg-type]  # one of its words
        span = looked_at.evaluate("getComputedStyle(document.querySelector('nav a')).transitionDuration")
        assert (set(span.split(", ")) == {"0s"}) is still


def test_reading_works_without_scripts(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(address)
    tab.click("text=Armenia and Azerbaijan sign railway agreement")
    assert tab.locator("article").count() == 7
    tab.click("nav >> text=Search")
    tab.fill("#q", "ferry poti")
    tab.press("#q", "Enter")
    assert tab.locator("#found li").count() >= 1
    context.close()


def test_search_finds_while_one_types(tab: Page, address: str) -> None:
    tab.goto(f"{address}/search")
    tab.type("#q", "aground")

    def found() -> bool:
        tab.wait_for_timeout(20)  # on a busy machine the first letters are looked for by themselves
        return tab.url.endswith("q=aground") and "Ferry with 120 aboard" in tab.inner_text("#found")

    eventually(found)
    assert tab.evaluate("document.activeElement.id") == "q"


def test_texts_run_the_way_their_script_does(looked_at: Page, address: str, press: Press) -> None:
    looked_at.goto(f"{address}/stories/{press.id_of('pontic', 'he'):016x}")
    assert looked_at.evaluate("getComputedStyle(document.querySelector('h1')).direction") == "rtl"
    assert looked_at.get_attribute("h1", "lang") == "he"


def test_what_somebody_acknowledges_on_the_page_goes_to_no_second_receiver(tab: Page, own: Press) -> None:
    """The whole way: an alert is sent, the page says that it will be passed on, somebody presses a button."""
    escalating(own)
    own.poll("halden", Item("a", "Armenia opens a railway museum in Gyumri", "It has nine rooms."))
    own.poll("kura", Item("b", "Azerbaijan names a new head of its railway", "He was the deputy."))
    own.deliver()
    with served(own.state, clock=own.clock) as address:
        tab.goto(address)
        assert tab.locator("text=unless somebody acknowledges it").count() == 2
        tab.click(".concerns >> text=Armenia opens a railway museum")
        tab.click("button >> text=Acknowledge")
        assert "It is seen to: it goes to no second receiver." in tab.inner_text(".said")
        tab.goto(address)
        assert "railway museum" not in tab.inner_text(".concerns")
    own.clock.advance(timedelta(minutes=20))
    own.deliver()
    [passed_on] = [str(message) for name, message in own.receivers.arrived if name == "phone"]
    assert "names a new head" in passed_on
    assert "railway museum" not in passed_on
