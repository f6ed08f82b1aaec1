"""A site as MkDocs made it, frozen and laid out: its permanent address, and its charts in other sites' frames."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from projects import served
from test_browser import browser, needs_chromium  # noqa: F401  (fixture)

from generator import publication
from generator.build import Project

pytestmark = pytest.mark.site

ADDRESS = "https://example.org/omr/"


@pytest.fixture(scope="module")
def public(site: Project, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A host with the site as its one edition, and that edition's id."""
    folder = tmp_path_factory.mktemp("host")
    frozen, added = publication.freeze(site.site, folder / "archive", datetime(2026, 6, 2, tzinfo=UTC))
    assert added
    publication.assemble(folder / "archive", folder / "public", ADDRESS, folder / "cache")
    return folder / "public", frozen.id


@pytest.fixture
def host(public: tuple[Path, str]) -> Iterator[str]:
    with served(public[0]) as address:
        yield address


def test_the_permanent_address_serves_the_tables_as_they_were_frozen(
    public: tuple[Path, str], site: Project, host: str
) -> None:
    folder, name = public
    index = json.loads((site.site / "data" / "index.json").read_text(encoding="utf-8"))
    assert len(index["metrics"]) > 40
    for item in index["metrics"]:
        for kind in ("csv", "json", "parquet", "sql"):
            frozen = (folder / name / "data" / item[kind]).read_bytes()
            assert frozen == (site.site / "data" / item[kind]).read_bytes(), item[kind]
    first = index["metrics"][0]
    assert len(pd.read_csv(f"{host}/{name}/data/{first['csv']}")) == first["rows"]
    assert (folder / "index.html").read_bytes() == (folder / name / "index.html").read_bytes()


@needs_chromium
@pytest.mark.parametrize("below", ["", "edition"])
def test_another_sites_frame_shows_the_chart(
    public: tuple[Path, str],
    host: str,
    browser: "object",  # noqa: F811
    tmp_path: Path,
    below: str,
) -> None:
    folder, name = public
    root = f"{host}/{name}" if below else host
    (chart, *_) = sorted(path.name for path in (folder / "charts").iterdir())
    frame = f'<iframe src="{root}/charts/{chart}/" title="A chart" width="800" height="560"></iframe>'
    page_of_another = f'<link rel="icon" href="data:,"><h1>Another site</h1>{frame}'
    (tmp_path / "index.html").write_text(page_of_another, encoding="utf-8")
    with served(tmp_path) as other:
        page = browser.new_page()  # type: ignore[attr-defined]
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.goto(f"{other}/", wait_until="load")
        framed = page.frame_locator("iframe")
        listed = json.loads((folder / "data" / "index.json").read_text(encoding="utf-8"))["charts"]
        (title,) = [item["title"] for item in listed if item["id"] == chart]
        assert framed.get_by_role("heading", level=1).inner_text() == title
        box = framed.locator("svg.chart-wide").bounding_box()
        assert box is not None and box["width"] > 300 and box["height"] > 80
        assert framed.locator("svg.chart-wide path").count() > 3
        assert "as of" in framed.locator("p.note").first.inner_text()
        link = framed.get_by_role("link").last.get_attribute("href")
        assert link is not None and link.endswith(f"#figure-{chart}")
        assert said == [], "neither a policy nor a missing file is complained of"
        page.close()
