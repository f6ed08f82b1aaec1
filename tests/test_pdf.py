"""The edition on paper: one PDF with every chapter, its words, its outline and its links."""

import re
import shutil
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from projects import ROOT
from pypdf import PdfReader
from test_browser import needs_chromium

from generator import pdf
from generator.build import Project
from generator.cli import main
from generator.edition import Edition
from generator.errors import ReportError

pytestmark = pytest.mark.site


@pytest.fixture(scope="module")
def printed(site: Project, tmp_path_factory: pytest.TempPathFactory) -> PdfReader:
    folder = tmp_path_factory.mktemp("pdf")
    pdf.write(site.site, site.folder / "mkdocs.yml", folder / "edition.pdf", folder / "work")
    return PdfReader(folder / "edition.pdf")


def words(text: str) -> str:
    """The text without spaces, which a PDF does not keep, and without ligatures, which some fonts have."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


@needs_chromium
def test_it_holds_the_title_page_the_banner_and_each_headline(printed: PdfReader, site: Project) -> None:
    first, every = printed.pages[0].extract_text(), words("".join(page.extract_text() for page in printed.pages))
    edition = pdf._edition(site.site)[0]
    for said in ("Simulated data.", edition.id, edition.as_of, edition.licence, "SIMULATED demo data"):
        assert words(said) in words(first), said
    for _, place in pdf.chapters(site.folder / "mkdocs.yml"):
        markup = (site.site / place / "index.html").read_text(encoding="utf-8")
        headline = re.search(r'<p class="finding"[^>]*>(.*?)<span class="trace"', markup, re.S)
        if headline:
            assert words(re.sub("<[^>]+>", "", headline[1]).replace("&#39;", "'")) in every, place


@needs_chromium
def test_it_is_tagged_has_an_outline_and_a_sane_number_of_pages(printed: PdfReader, site: Project) -> None:
    catalogue: Any = printed.trailer["/Root"]
    assert catalogue["/MarkInfo"]["/Marked"] and "/StructTreeRoot" in catalogue and catalogue["/Lang"] == "en"
    titles = [item["/Title"] for item in printed.outline if not isinstance(item, list)]
    nested = str(printed.outline)
    assert titles and "Is the lead real?" in nested and "Caveats" in nested
    chapters = len(pdf.chapters(site.folder / "mkdocs.yml"))
    assert chapters < len(printed.pages) < 12 * chapters


@needs_chromium
def test_nothing_is_wider_than_the_paper(site: Project, tmp_path: Path) -> None:
    from playwright.sync_api import sync_playwright
    from test_browser import CHROMIUM

    page_file = tmp_path / "edition.html"
    page_file.write_text(pdf.document(site.site, pdf.chapters(site.folder / "mkdocs.yml")), encoding="utf-8")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = chromium.new_page(viewport={"width": 688, "height": 1000})  # A4 less its margins.
        page.emulate_media(media="print")
        page.goto(page_file.as_uri())
        wide = page.evaluate(
            """() => [...document.querySelectorAll("table, figure, svg, pre, p, img")]
                .filter((item) => item.checkVisibility() && item.getBoundingClientRect().right > innerWidth + 1)
                .map((item) => item.outerHTML.slice(0, 120))"""
        )
        chromium.close()
    assert wide == []


def test_links_lead_within_the_document_or_to_the_sites_address(site: Project) -> None:
    markup = pdf.document(site.site, pdf.chapters(site.folder / "mkdocs.yml"))
    ids = re.findall(r'\sid="([^"]+)"', markup)
    links = re.findall(r'<a\s[^>]*?href="([^"]+)"', markup)
    inner = {link[1:] for link in links if link.startswith("#")}
    assert inner and inner <= set(ids)
    assert all(link.startswith(("#", "https://")) for link in links), "without SITE_URL nothing else leads anywhere"


def test_other_pages_are_linked_under_the_editions_own_address(tmp_path: Path) -> None:
    edition = Edition("2026-05", "2026-05-20", "CC-BY-4.0", "X", "https://example.org/omr/")

    def moved(tag: str, edition: Edition = edition) -> str:
        found = pdf._TAG.match(tag)
        assert found is not None
        return pdf._moved(found, "report/countries/", {"report/countries/", "report/method/"}, edition)

    assert moved('<a href="../country/cn/">') == '<a href="https://example.org/omr/2026-05/report/country/cn/">'
    assert moved('<a href="../method/#overtake">') == '<a href="#chapter-report-method--overtake">'
    assert moved('<a class="headerlink" href="#new">') == '<a class="headerlink" href="#chapter-report-countries--new">'
    assert moved('<a href="https://huggingface.co/x">') == '<a href="https://huggingface.co/x">'
    assert moved('<g clip-path="url(#clip0)" id="a">') == (
        '<g clip-path="url(#chapter-report-countries--clip0)" id="chapter-report-countries--a">'
    )
    unknown = Edition("2026-05", "2026-05-20", "CC-BY-4.0", "X")
    assert moved('<a href="../country/cn/">', unknown) == "<a>"


def test_without_chromium_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHROMIUM", raising=False)
    with pytest.raises(ReportError, match="Chromium is not found: install it"):
        pdf.browser()


def test_without_a_site_it_says_what_to_do(tmp_path: Path) -> None:
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    (tmp_path / "report.toml").write_text("", encoding="utf-8")
    ran = CliRunner().invoke(main, ["--settings", str(tmp_path / "report.toml"), "edition", "pdf"])
    assert ran.exit_code == 1 and "build it first" in ran.stderr
    assert not list(tmp_path.glob("*.pdf"))
