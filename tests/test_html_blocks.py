"""Finished HTML stands aside while a page is made, and nobody can tell."""

import json

import markdown
import pytest
from mkdocs.config import load_config
from projects import ROOT

from generator.build import Project
from generator.html_blocks import put_back, searched, take_out

TABLE = '<div class="table-scroll"><table>\n<tr><td>one</td></tr>\n</table></div>'
UNSEARCHED = '<figure id="a" data-search-exclude>\n<details><summary>two</summary></details>\n</figure>'


def converted(text: str) -> str:
    configured = load_config(str(ROOT / "mkdocs.yml"))
    return markdown.markdown(
        text, extensions=configured.markdown_extensions, extension_configs=configured.mdx_configs or {}
    )


@pytest.mark.parametrize(
    "text",
    [
        f"# Title\n\n{TABLE}\n\nText *so*.\n\n{UNSEARCHED}\n",
        f"{TABLE}",
        f"Text before\n{TABLE}\n\nand after",
        f"{TABLE}\nText after",
        "<div>\n\nA blank line within.\n\n</div>\n\nText",
        "<!-- block 0 -->\n\nA remark of its own.",
    ],
)
def test_a_page_reads_the_same_with_its_blocks_aside(text: str) -> None:
    without, blocks = take_out(text)
    assert put_back(without, blocks) == text
    assert put_back(converted(without), blocks) == converted(text)


def test_what_the_search_shall_find_is_told_by_the_attribute_alone() -> None:
    assert searched(TABLE) and not searched(UNSEARCHED)
    assert searched("<div>data-search-exclude</div>")


@pytest.mark.site
def test_every_page_of_the_site_has_its_blocks_back(site: Project) -> None:
    for source in sorted(site.site_src.rglob("*.md")):
        place = source.relative_to(site.site_src).with_suffix("")
        made = site.site / (place.parent if place.name == "index" else place) / "index.html"
        markup = made.read_text(encoding="utf-8")
        blocks = take_out(source.read_text(encoding="utf-8"))[1]
        assert "<!-- block" not in markup, source
        assert all(block in markup for block in blocks), source


@pytest.mark.site
def test_the_search_finds_the_names_in_tables_and_no_series_of_numbers(site: Project) -> None:
    index = json.loads((site.site / "search" / "search_index.json").read_text(encoding="utf-8"))
    said = {entry["location"]: entry["text"] for entry in index["docs"]}
    page = min((site.site_src / "report" / "organisation").glob("*.md")).stem
    assert "simulated" in said[f"report/organisation/{page}/#models-by-publisher"]
    history = site.site_src / "report" / "organisation" / f"{page}.md"
    rows = history.read_text(encoding="utf-8").split("## History")[1]
    day = rows.split('<tr><th scope="row">')[1].split("</th>")[0]
    assert day not in said[f"report/organisation/{page}/#history"]
