"""From results to a site: strict MkDocs, and links that lead somewhere."""

import html
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin

import projects
import pytest

from generator.build import Project, build_site
from generator.errors import ReportError
from generator.pages import write_pages
from generator.results import Results

pytestmark = pytest.mark.site

HOSTILE = [
    "evil/<script>alert(1)</script>",
    "evil/{{ 7 * 7 }}{% raw %}",
    "evil/[click](javascript:alert(1))",
    "evil/**bold** `code` # heading | cell",
    "evil/\u202egnp.exe",
    "evil/\u2066]\u202e<svg onload=alert(3)>",
    "evil/<a href='JaVaScRiPt:alert(4)'>x</a>",
    "evil/&lt;script&gt;&amp;#60;",
    "evil/</td></table><iframe srcdoc='<script>alert(5)</script>'>",
    '<img src=x onerror="alert(2)">/model',
    "=cmd|' /C calc'!A0/model",
    "@SUM(1+1)*cmd/model",
]


class Page(HTMLParser):
    """The links, ids, scripts and text of a page."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append((tag, given))
        if given.get("id"):
            self.ids.append(str(given["id"]))
        for name in ("href", "src"):
            if given.get(name):
                self.links.append(str(given[name]))

    def handle_data(self, data: str) -> None:
        self.text += data


def pages_of(project: Project) -> dict[str, Page]:
    return {
        path.relative_to(project.site).as_posix(): Page(path.read_text(encoding="utf-8"))
        for path in project.site.rglob("*.html")
    }


def test_all_pages_are_there(site: Project) -> None:
    made = set(pages_of(site))
    listed = {f"{page}index.html" for page in projects.pages_in_the_navigation()}
    assert listed | {"404.html"} <= made
    # What the navigation does not list is one of many pages of its kind, reached from a listed one.
    linked = {
        urljoin(name, link.split("#")[0]) + "index.html"
        for name, page in pages_of(site).items()
        if name in listed
        for link in page.links
    }
    assert made - listed - {"404.html"} <= linked


def test_simulated_data_are_labelled_on_every_page_that_shows_them(site: Project) -> None:
    for name, page in pages_of(site).items():
        if name.startswith("report/") or name == "index.html":
            assert "Simulated data." in page.text, name


@pytest.mark.parametrize("base", ["https://example.org/", "https://example.org/open-model-report/"])
def test_links_lead_to_files_and_anchors(site: Project, base: str) -> None:
    pages = pages_of(site)
    files = {path.relative_to(site.site).as_posix() for path in site.site.rglob("*") if path.is_file()}
    checked = 0
    for name, page in pages.items():
        if name == "404.html":  # MkDocs gives it addresses from the root, since it is served from anywhere.
            continue
        address = urljoin(base, name.removesuffix("index.html"))
        for link in page.links:
            target, anchor = urldefrag(urljoin(address, link))
            if not target.startswith(base):
                assert not link.startswith((".", "/")) and target.startswith("https://"), (name, link)
                continue
            path = unquote(target.removeprefix(base).split("?")[0])
            path = path + "index.html" if path.endswith("/") or not path else path
            assert path in files, (name, link)
            if anchor and path in pages:
                assert unquote(anchor) in pages[path].ids, (name, link)
            checked += 1
    assert checked > 100


def test_ids_are_unique(site: Project) -> None:
    for name, page in pages_of(site).items():
        assert len(page.ids) == len(set(page.ids)), (name, {i for i in page.ids if page.ids.count(i) > 1})


def test_nothing_is_fetched_from_elsewhere(site: Project) -> None:
    for name, page in pages_of(site).items():
        for tag, attributes in page.tags:
            fetched = attributes.get("src") or (attributes.get("href") if tag == "link" else None)
            relation = attributes.get("rel")
            if fetched and relation not in ("canonical", "prev", "next"):
                assert "//" not in fetched, (name, tag, fetched)


def test_every_figure_has_words_a_table_and_data(site: Project) -> None:
    figures = 0
    for path in site.site_src.rglob("*.md"):
        for figure in re.findall(r"<figure.*?</figure>", path.read_text(encoding="utf-8"), re.S):
            figures += 1
            for size in ("wide", "narrow"):
                identity = re.search(r'id="figure-([^"]+)"', figure)
                assert identity is not None
                assert f'<title id="{identity[1]}-{size}-title">' in figure
                described = re.search(rf'<desc id="{identity[1]}-{size}-text">(.+?)</desc>', figure, re.S)
                assert described is not None and re.search(r"\d", described[1]), "the finding, with its figures"
            assert figure.count('role="img"') == 2
            assert '<table class="data">' in figure and '<th scope="col">' in figure and '<th scope="row">' in figure
            assert "report/table/" in figure and "report/method/#" in figure
            specification = re.search(r'data-specification="([^"]+)"', figure)
            assert specification is not None
            drawn = json.loads((site.site_src / specification[1]).read_text(encoding="utf-8"))
            assert set(drawn) == {"wide", "narrow"} and drawn["wide"]["description"]
    assert figures >= 10


def test_quoted_numbers_are_in_the_facts_and_the_facts_in_their_tables(site: Project) -> None:
    facts = json.loads((site.site_src / "data" / "facts.json").read_text(encoding="utf-8"))["facts"]
    by_id = {fact["id"]: fact for fact in facts}
    quoted = 0
    for path in site.site_src.rglob("*.md"):
        for identity, value, text in re.findall(
            r'<data class="fact" data-fact="(\d+)" value="([^"]*)">([^<]*)</data>', path.read_text("utf-8")
        ):
            fact = by_id[identity]
            assert html.unescape(text) == fact["text"] and html.unescape(value) == str(fact["value"])
            quoted += 1
    assert quoted > 20
    for fact in facts:
        table = json.loads((site.site_src / "data" / f"{fact['metric']}.json").read_text("utf-8"))
        rows = [row for row in table["rows"] if fact["row"].items() <= row.items()]
        assert len(rows) == 1, fact
        assert rows[0][fact["column"]] == fact["value"]


def test_pages_are_replaced_only_when_all_are_made(
    site: Project, demo_results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = projects.copy(site, tmp_path / "project")
    before = {path: path.read_bytes() for path in project.site_src.rglob("*") if path.is_file()}

    def full(*args: object, **options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("generator.pages.publish", full)
    with pytest.raises(ReportError, match="No space left on device"):
        write_pages(demo_results, "another licence", project.site_src, project.cache)
    assert {path: path.read_bytes() for path in project.site_src.rglob("*") if path.is_file()} == before


def test_a_warning_of_mkdocs_stops_the_site_and_keeps_the_old_one(site: Project, tmp_path: Path) -> None:
    project = projects.copy(site, tmp_path / "project")
    (project.site / "index.html").write_text("the old one", encoding="utf-8")
    (project.site_src / "about.md").write_text("[nowhere](nowhere.md)", encoding="utf-8")
    with pytest.raises(ReportError, match=r"mkdocs\.yml.*nowhere\.md"):
        build_site(project, say=lambda line: None)
    assert (project.site / "index.html").read_text(encoding="utf-8") == "the old one"
