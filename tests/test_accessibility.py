"""Pages for all: checked by axe-core, walked by keyboard, without motion, and on paper."""

import os
import re
from pathlib import Path

import projects
import pytest
from playwright.sync_api import Page
from test_browser import SIZES, Opener, address, browser, needs_chromium, visit  # noqa: F401  (fixtures)

from generator.build import Project

AXE = Path(os.environ.get("AXE") or projects.ROOT / ".cache" / "npm" / "node_modules" / "axe-core" / "axe.min.js")
KINDS = {
    "home": "",
    "chapter": "report/countries/",
    "list": "report/organisations/",
    "comparison": "report/compare/",
    "country": "report/country/cn/",
    "organisation": "report/organisation/mistralai/",
    "family": "report/family/qwen/",
    "method": "report/method/",
    "data": "report/data/",
    "table": "report/table/overtake/",
    "probe": "report/sensitivity/",
    "chart to embed": "charts/new-over-time/",
    "by hand": "about/",
}

pytestmark = [pytest.mark.site, needs_chromium]
needs_axe = pytest.mark.skipif(
    not AXE.is_file() and not os.environ.get("REQUIRE_AXE"),
    reason=f"needs axe-core at {AXE}: run `make .cache/npm`, or name axe.min.js in the environment variable AXE",
)


def faults(page: Page) -> list[str]:
    """What axe-core finds on a page, one line a rule."""
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")["violations"]
    return [f"{fault['id']}: {fault['help']} ({fault['nodes'][0]['html'][:120]})" for fault in found]


@needs_axe
@pytest.mark.parametrize("kind", KINDS)
def test_axe_finds_nothing(visit: Opener, address: str, kind: str) -> None:  # noqa: F811
    """In light and dark, on a desktop and a phone: one page, whose scheme and size are changed."""
    script = AXE.read_text(encoding="utf-8")
    page = visit(address + KINDS[kind]).page
    page.evaluate(script)
    assert page.evaluate("axe.version")
    for size, (width, height) in SIZES.items():
        for scheme in ("light", "dark"):
            page.set_viewport_size({"width": width, "height": height})
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            page.wait_for_function(
                "wanted => [wanted, undefined].includes(document.body.dataset.mdColorScheme)",
                arg="slate" if scheme == "dark" else "default",
            )
            assert faults(page) == [], f"{kind}, {size}, {scheme}"


@needs_axe
def test_axe_finds_nothing_in_what_opens(visit: Opener, address: str) -> None:  # noqa: F811
    """The menu of a phone, the search and its results, an interactive chart, an open table."""
    page = visit(address + "report/countries/", "phone").page
    page.evaluate(AXE.read_text(encoding="utf-8"))
    figure = page.locator("figure").first
    figure.get_by_role("button", name="Explore this chart").click()
    figure.locator(".interactive svg").wait_for()
    figure.locator("summary").click()
    assert faults(page) == []
    page.locator("header label[for=__drawer]").click()
    page.wait_for_timeout(400)
    assert faults(page) == []
    page.keyboard.press("Escape")


@needs_axe
def test_axe_finds_nothing_in_the_page_for_addresses_that_lead_nowhere(visit: Opener, site: Project) -> None:  # noqa: F811
    with projects.served(site.site) as root:  # Its own addresses start at the host's root.
        page = visit(f"{root}/404.html").page
        page.evaluate(AXE.read_text(encoding="utf-8"))
        assert faults(page) == []


@needs_axe
def test_axe_would_find_something(visit: Opener, address: str) -> None:  # noqa: F811
    page = visit(address + "about/").page
    page.evaluate(AXE.read_text(encoding="utf-8"))
    page.evaluate("document.querySelector('article').insertAdjacentHTML('beforeend', '<img src=\"../images/x.svg\">')")
    assert any(fault.startswith("image-alt") for fault in faults(page))


STOP = """() => {
    const node = document.activeElement;
    // A choice of the palette is seen by the label that follows it.
    const label = node.matches(".md-option") ? node.nextElementSibling : node.labels?.[0];
    const marked = (one) => one && getComputedStyle(one).outlineStyle !== "none";
    const shown = (one) => {
        if (!one?.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return false;
        const box = one.getBoundingClientRect();
        return box.width > 0 && box.right > 0 && box.left < innerWidth && box.bottom > 0 && box.top < innerHeight;
    };
    return {
        name: node.tagName + "." + node.className + " " + (node.getAttribute("href") ?? "") + " " + node.id,
        seen: shown(node) || shown(label),
        marked: marked(node) || marked(label) || node.matches("[data-md-component=search-query]"),
    };
}"""


@pytest.mark.parametrize("size", SIZES)
def test_the_keyboard_walks_a_page_seeing_where_it_is(visit: Opener, address: str, size: str) -> None:  # noqa: F811
    page = visit(address, size).page
    page.emulate_media(reduced_motion="reduce")
    stops = []
    while len(stops) < 120:
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break
        stop = page.evaluate(STOP)
        if not stop["seen"]:
            # What opens when it is reached, as the search does on a phone, takes a moment.
            page.wait_for_timeout(500)
            stop = page.evaluate(STOP)
        stops.append(stop)
    assert len(stops) > 20
    assert "md-skip" in stops[0]["name"], "the first stop leads to the content"
    assert [stop["name"] for stop in stops if not stop["seen"]] == []
    assert [stop["name"] for stop in stops if not stop["marked"]] == []


def test_the_keyboard_opens_the_menu_of_a_narrow_window(visit: Opener, address: str) -> None:  # noqa: F811
    page = visit(address, "phone").page
    for _ in range(8):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.getAttribute('for')") == "__drawer":
            break
    page.keyboard.press("Enter")
    page.locator(".md-nav--primary").get_by_text("Who leads").first.wait_for()
    assert page.locator("#__drawer").is_checked()


def test_motion_is_kept_away_from_who_wants_none(visit: Opener, address: str) -> None:  # noqa: F811
    page = visit(address).page
    durations = """() => [...document.querySelectorAll("*")].map((node) => getComputedStyle(node))
        .flatMap((style) => [style.transitionDuration, style.animationDuration])
        .flatMap((text) => text.split(",")).map(parseFloat).reduce((most, one) => Math.max(most, one), 0)"""
    assert page.evaluate(durations) > 0.1
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(durations) <= 0.001


def test_paper_has_the_content_and_its_tables_alone(visit: Opener, address: str) -> None:  # noqa: F811
    page = visit(address + "report/countries/", scheme="dark").page
    page.emulate_media(media="print", color_scheme="dark")
    for furniture in ("header.md-header", "nav.md-tabs", ".md-sidebar", ".make-interactive", "footer"):
        assert not page.locator(furniture).first.is_visible(), furniture
    assert page.locator("figure .chart-wide").first.is_visible()
    assert page.evaluate("getComputedStyle(document.querySelector('article')).color") == "rgb(0, 0, 0)"
    assert page.pdf()[:5] == b"%PDF-"


def test_every_table_says_what_it_is_and_what_heads_its_rows(site: Project) -> None:
    tables = 0
    for path in site.site.rglob("*.html"):
        for table in re.findall(r"<table.*?</table>", path.read_text(encoding="utf-8"), re.S):
            tables += 1
            assert re.search(r"<caption[^>]*>\s*[^<\s]", table), (path, table[:200])
            headers = re.findall(r"<th\b[^>]*>", table)
            assert headers and all("scope=" in header for header in headers), path
            body = re.findall(r"<tr\b.*?</tr>", table.split("<tbody>")[1], re.S)
            assert len(body) == 1 or all('scope="row"' in row for row in body), (path, table[:200])
    assert tables > 100
