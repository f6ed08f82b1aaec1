"""The comparison of two countries or organisations, in a real browser, without the rest of the site."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import projects
import pytest
from playwright.sync_api import Browser, Page, Route, sync_playwright
from test_browser import CHROMIUM, pytestmark  # noqa: F401  (the same needs, the same reason to skip)
from test_entity_pages import MAY, METRICS, as_html, of_demo, rendered, tables  # noqa: F401  (fixtures)

from generator import profiles
from generator.edition import edition_of
from generator.facts import FactBook
from generator.provenance import record
from generator.publish import publish
from generator.results import Results
from generator.selection import newest, series

OPENING = "report/compare/index.html"


def site_of(computed: Results, folder: Path) -> Path:
    """The page of comparisons with its script and data, as plain files."""
    edition = edition_of(computed.as_of, "", "Somebody", "", computed.source.simulated)
    publish(computed, FactBook(computed), edition, record(computed.source), {}, folder / "data")
    (folder / "report" / "compare").mkdir(parents=True)
    markup = as_html(rendered(computed)[0]["report/compare"])
    page = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Compare</title><body>{markup}</body></html>'
    (folder / OPENING).write_text(page, encoding="utf-8")
    (folder / "javascripts").mkdir()
    script = (projects.ROOT / "site_src" / "javascripts" / "compare.js").read_text(encoding="utf-8")
    (folder / "javascripts" / "compare.js").write_text(script, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def address(of_demo: Results, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:  # noqa: F811
    with projects.served(site_of(of_demo, tmp_path_factory.mktemp("compare"))) as root:
        yield f"{root}/{OPENING}"


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Page]]:
    opened = []
    complaints: list[str] = []

    def open_page(url: str, **options: Any) -> Page:
        context = browser.new_context(**options)
        opened.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(dialog.message))
        page.goto(url, wait_until="networkidle")
        return page

    yield open_page
    for context in opened:
        context.close()
    assert complaints == []


def compared(page: Page) -> list[list[str]]:
    rows = page.locator("table#compared tbody tr").all()
    return [row.locator("th, td").all_inner_texts() for row in rows]


def written(share: float) -> str:
    return f"{share:.1%}" if share >= 0.0005 else "<0.1%"


def test_two_countries(visit: Callable[..., Page], address: str, of_demo: Results) -> None:  # noqa: F811
    page = visit(f"{address}?a=US&b=CN")
    assert page.get_by_label("Compare", exact=True).input_value() == "US"
    assert page.get_by_label("with", exact=True).input_value() == "CN"
    rows = series(of_demo, profiles.ALL, lens="publisher")
    wide = rows.pivot(index="as_of", columns="country", values="share").sort_index(ascending=False)
    shown = compared(page)
    assert [row[:3] for row in shown] == [
        [str(day), written(us), written(cn)] for day, us, cn in zip(wide.index, wide["US"], wide["CN"], strict=True)
    ]
    assert float(shown[0][3].replace("\N{MINUS SIGN}", "-")) == pytest.approx(
        100 * (wide["US"].iloc[0] - wide["CN"].iloc[0]), abs=0.051
    )
    status = page.get_by_role("status").inner_text()
    assert status.endswith(f"United States {written(wide['US'].iloc[0])}, China {written(wide['CN'].iloc[0])}.")
    chart = page.locator("#comparison svg")
    assert chart.locator("polyline").count() == 2 and "United States" in str(chart.get_attribute("aria-label"))
    points = str(chart.locator("polyline").first.get_attribute("points")).split()
    assert len(points) == len(wide) and "NaN" not in "".join(points)


def test_a_country_and_an_organisation_by_keyboard(
    visit: Callable[..., Page],
    address: str,
    of_demo: Results,  # noqa: F811
) -> None:
    page = visit(address)
    slug, name = "mistralai", "mistralai"
    page.get_by_label("with", exact=True).focus()
    page.keyboard.type(name)
    page.wait_for_url(re.compile(rf"a=CN&b={slug}&lens=publisher"))
    page.get_by_label("counted").select_option("origin")
    page.wait_for_url(re.compile(r"lens=origin"))
    page.get_by_text("by origin of the base model on").wait_for()
    row = newest(of_demo, "organisation-history", lens="origin").set_index("organisation").loc[name]
    assert compared(page)[0][2] == written(row["share"])
    again = visit(page.url)
    assert compared(again) == compared(page), "the address leads back to the comparison"


def test_an_unknown_name_is_said_and_stays_text(visit: Callable[..., Page], address: str) -> None:
    page = visit(f"{address}?a=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E&b=cn&lens=__proto__")
    assert "“<img src=x onerror=alert(1)>” is not among those compared" in page.get_by_role("status").inner_text()
    assert page.locator("#comparison img").count() == 0
    assert page.get_by_label("with", exact=True).input_value() == "CN"
    assert len(compared(page)) > 1


def test_data_that_cannot_be_loaded(visit: Callable[..., Page], address: str) -> None:
    page = visit(address)
    page.route("**/data/*", lambda route: broken(route))
    page.get_by_label("with", exact=True).select_option("mistralai")
    page.get_by_text("could not be loaded").wait_for()
    assert compared(page) == []
    page.unroute("**/data/*")
    page.get_by_label("with", exact=True).select_option("qwen")
    page.locator("#comparison svg").wait_for()


def broken(route: Route) -> None:
    route.fulfill(status=503)


def test_without_javascript_the_tables_stay(visit: Callable[..., Page], address: str) -> None:
    page = visit(address, java_script_enabled=False)
    assert page.locator("table.compared").count() == 2
    assert not page.locator("#comparison").is_visible()
    assert "%" in page.locator("tr[data-key=CN] td").first.inner_text()


def test_hostile_names_and_one_date(
    visit: Callable[..., Page],
    tables: Callable[..., Results],  # noqa: F811
    tmp_path: Path,
) -> None:
    names = ["<img src=x onerror=alert(1)>/a", "\u202eevil/b", "</script>/c"]
    rows = [{"model_id": name, "downloads_30d": 100 + place} for place, name in enumerate(names)]
    computed = tables({MAY: rows})
    folder = site_of(computed, tmp_path / "site")
    assert json.loads((folder / "data" / "organisation-history.json").read_text("utf-8"))["rows"]
    with projects.served(folder) as root:
        slugs = profiles.organisations(computed)
        a, b = slugs["\u202eevil"], slugs["<img src=x onerror=alert(1)>"]
        page = visit(f"{root}/{OPENING}?a={a}&b={b}")
        assert compared(page) == [["2026-05-31", "33.3%", "33.0%", "+0.3"]]
        assert "<img src=x" in page.get_by_role("status").inner_text()
        assert page.locator("img").count() == 0 and page.locator("#comparison svg").count() == 0
        page.get_by_text("One date so far").wait_for()
    assert set(computed.tables) == set(METRICS)
