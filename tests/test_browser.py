"""The pages as a reader meets them, in a real browser."""

import gzip
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import projects
import pytest
from playwright.sync_api import Browser, Page, Response, sync_playwright

from generator.build import Project

PAGES = projects.pages_in_the_navigation()
SIZES = {"desktop": (1280, 900), "phone": (360, 740)}
HOME_WEIGHT = 200_000
CHROMIUM = os.environ.get("CHROMIUM") or next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)

needs_chromium = pytest.mark.skipif(
    CHROMIUM is None and not os.environ.get("REQUIRE_BROWSER"),
    reason="needs Chromium: install it, or name it in the environment variable CHROMIUM",
)
pytestmark = [pytest.mark.site, needs_chromium]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def address(site: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The site below a path, as on ``https://user.github.io/name/``."""
    host: Path = tmp_path_factory.mktemp("host")
    (host / "open-model-report").symlink_to(site.site.resolve())
    with projects.served(host) as root:
        yield f"{root}/open-model-report/"


@dataclass
class Visit:
    """An open page, with all that it fetched and complained about."""

    page: Page
    responses: list[Response] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


Opener = Callable[..., Visit]


@pytest.fixture
def visit(browser: Browser) -> Iterator[Opener]:
    opened = []

    def open_page(url: str, size: str = "desktop", scheme: str = "light", script: bool = True) -> Visit:
        width, height = SIZES[size]
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if scheme == "dark" else "light",
            java_script_enabled=script,
        )
        opened.append(context)
        visited = Visit(context.new_page())
        visited.page.on("response", lambda response: visited.responses.append(response))
        visited.page.on("pageerror", lambda error: visited.complaints.append(str(error)))
        visited.page.on(
            "console",
            lambda message: visited.complaints.append(message.text) if message.type in ("error", "warning") else None,
        )
        visited.page.goto(url, wait_until="networkidle")
        return visited

    yield open_page
    for context in opened:
        context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_pages_load_from_their_own_site_and_fit(visit: Opener, address: str, size: str, scheme: str) -> None:
    # The dark scheme changes colours alone, so a few pages stand for all of them.
    for path in PAGES if scheme == "light" else PAGES[::6]:
        visited = visit(address + path, size, scheme)
        assert visited.complaints == [], path
        for response in visited.responses:
            assert response.url.startswith(address), response.url
            assert response.status == 200, response.url
        wider = visited.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wider <= 0, f"{path} is {wider} pixels wider than the {size}"
        shown = visited.page.locator("figure .drawing svg:visible")
        assert shown.count() == visited.page.locator("figure").count(), path


def test_the_first_page_is_light(visit: Opener, address: str) -> None:
    visited = visit(address)
    weight = 0
    for response in visited.responses:
        body = response.body()
        text = any(kind in response.headers.get("content-type", "") for kind in ("text", "javascript", "json", "svg"))
        weight += len(gzip.compress(body, 6)) if text else len(body)
    print(f"the first page weighs {weight / 1000:.0f} kB compressed in {len(visited.responses)} answers")
    assert weight < HOME_WEIGHT


def test_a_chart_becomes_interactive_from_our_own_files(visit: Opener, address: str) -> None:
    for size in SIZES:
        visited = visit(address + "report/countries/", size)
        assert not any("vega.js" in response.url for response in visited.responses), "only when asked for"
        figure = visited.page.locator("figure").first
        figure.get_by_role("button", name="Explore this chart").press("Enter")
        figure.locator(".interactive svg").wait_for()
        assert not figure.locator(".drawing").is_visible()
        assert all(response.url.startswith(address) for response in visited.responses)
        assert visited.complaints == []
        figure.locator(".interactive svg .mark-symbol path").first.hover(force=True)
        visited.page.locator("#vg-tooltip-element.visible").wait_for()
        assert "%" in visited.page.locator("#vg-tooltip-element").inner_text()


def test_a_chart_that_cannot_be_loaded_says_so_and_stays(visit: Opener, address: str) -> None:
    visited = visit(address)
    visited.page.route("**/assets/charts/*", lambda route: route.fulfill(status=404))
    figure = visited.page.locator("figure").first
    figure.get_by_role("button").click()
    figure.get_by_role("button", name="could not be loaded").wait_for()
    assert figure.locator(".drawing").is_visible()


def test_pages_read_without_javascript(visit: Opener, address: str) -> None:
    page = visit(address, script=False).page
    assert page.locator("p.headline").is_visible()
    assert page.locator("figure .drawing svg").first.is_visible()
    page.locator("figure details summary").first.click()
    assert page.locator("figure table").first.is_visible()
    assert page.locator("nav a:visible", has_text="Countries").count() >= 1


def test_tables_and_charts_are_reached_by_keyboard(visit: Opener, address: str) -> None:
    page = visit(address).page
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.className || document.activeElement.tagName"))
        if page.evaluate("document.activeElement.tagName") == "SUMMARY":
            page.keyboard.press("Enter")
            break
    assert any("make-interactive" in name for name in reached)
    assert page.locator("figure table").first.is_visible()


def test_charts_take_the_page_s_colour_in_light_and_in_dark(visit: Opener, address: str) -> None:
    inks = {}
    for scheme in ("light", "dark"):
        page = visit(address, scheme=scheme).page
        ink = page.locator("figure .chart-wide text").first.evaluate("node => getComputedStyle(node).fill")
        assert ink == page.locator("figure").first.evaluate("node => getComputedStyle(node).color")
        inks[scheme] = ink
    assert inks["light"] != inks["dark"]


def test_deep_links_reach_a_definition(visit: Opener, address: str) -> None:
    page = visit(address + "report/method/#overtake").page
    assert page.locator("#overtake").is_visible()
    top = page.locator("#overtake").evaluate("node => node.getBoundingClientRect().top")
    assert 0 <= top < 300


def test_the_search_finds_a_chapter(visit: Opener, address: str) -> None:
    visited = visit(address)
    field = visited.page.get_by_role("textbox", name="Search")
    field.click()
    visited.page.locator(".md-search-result__meta", has_text="Type to start").wait_for(state="attached")
    field.press_sequentially("Herfindahl", delay=20)
    visited.page.locator(".md-search-result__link").first.wait_for()
    assert visited.complaints == []
