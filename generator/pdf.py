"""The edition as one PDF: the chapters of the finished site in one document, printed by Chromium."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin

from markupsafe import Markup, escape
from mkdocs.config import load_config

from generator.atomic import writing
from generator.edition import Edition, citation
from generator.errors import ReportError

NEEDS_SCRIPT = ("report/compare/",)
"""Pages that say nothing on paper."""

BASE = "https://site.invalid/"
_TAG = re.compile(r"<[a-zA-Z][^>]*>")
_NAMES = re.compile(r'(\s(?:id|for|aria-labelledby|aria-describedby|headers))="([^"]*)"')
_DRAWN_FROM = re.compile(r'(url\(#|\s(?:xlink:)?href="#)([^)"]+)')
_LINK = re.compile(r'\shref="([^"]*)"')
_ARTICLE = re.compile(r"<article[^>]*>(.*)</article>", re.S)
_STYLESHEET = re.compile(r'<link rel="stylesheet" href="([^"]+)">')

PAPER = """
@page { size: A4; margin: 16mm 14mm 18mm; @bottom-center { content: counter(page); font: 9pt sans-serif; } }
@page :first { @bottom-center { content: none; } }
html { background: #fff; font-size: 15px; }
.paper-title { break-after: page; padding-top: 30mm; }
.paper-chapter { break-before: page; }
.paper-contents { columns: 2; }
.md-typeset .table-scroll, .md-typeset table.data { max-width: 100%; }
.md-typeset table.data { font-size: .6rem; table-layout: auto; width: 100%; }
.md-typeset table.data :is(th, td) { overflow-wrap: anywhere; padding: .2em .4em; min-width: 0; white-space: normal; }
.md-typeset .chart-narrow { display: none; }
.md-typeset .chart-wide { display: block; width: 100%; }
.md-typeset pre { white-space: pre-wrap; overflow-wrap: anywhere; }
.md-typeset details:not([open]), .cite { display: none; }
"""


def write(site: Path, configuration: Path, target: Path, work_folder: Path) -> None:
    """Print the finished site's chapters into one tagged PDF with an outline.

    Args:
        site: the folder that MkDocs made.
        configuration: ``mkdocs.yml``, whose navigation gives the chapters and their order.
        target: the PDF, replaced when the new one is whole.
        work_folder: where the document to print is put together.

    Raises:
        ReportError: there is no site, no Chromium, or it prints nothing.
    """
    chromium = browser()
    page = work_folder / "edition.html"
    printed = work_folder / "edition.pdf"
    with writing(target):
        work_folder.mkdir(parents=True, exist_ok=True)
        page.write_text(document(site, chapters(configuration)), encoding="utf-8")
        printed.unlink(missing_ok=True)
        options = ["--headless", "--disable-gpu", "--no-pdf-header-footer", "--generate-pdf-document-outline"]
        # Chromium refuses its sandbox to root, as in a container; the page is our own and runs no script.
        options += ["--no-sandbox"] if os.geteuid() == 0 else []
        command = [chromium, *options, f"--print-to-pdf={printed.resolve()}", page.resolve().as_uri()]
        try:
            ran = subprocess.run(command, capture_output=True, text=True, timeout=600)
        except subprocess.TimeoutExpired:
            raise ReportError(f"{target}: Chromium did not finish within ten minutes; nothing was written.") from None
        if ran.returncode or not printed.is_file():
            reason = (ran.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise ReportError(f"{target}: {chromium} printed nothing ({reason}).")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(printed, target)


def browser() -> str:
    """The Chromium to print with: ``CHROMIUM`` where it is set, else what is on the path.

    Raises:
        ReportError: there is none.
    """
    names = (os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome")
    found = next(filter(None, (shutil.which(name) for name in names if name)), None)
    if found is None:
        raise ReportError("Chromium is not found: install it, or name it in the variable CHROMIUM; it prints the PDF.")
    return found


def name_of(site: Path) -> str:
    """The file's name, by its edition."""
    return f"open-model-report-{_edition(site)[0].id}.pdf"


def chapters(configuration: Path) -> list[tuple[str, str]]:
    """Title and address below the site's root of every page in the navigation that says something on paper."""

    def listed(entry: object, title: str = "") -> list[tuple[str, str]]:
        if isinstance(entry, str):
            return [(title, entry.removesuffix("index.md").replace(".md", "/"))]
        if isinstance(entry, Mapping):
            return [page for name, inner in entry.items() for page in listed(inner, str(name))]
        return [page for item in entry for page in listed(item)] if isinstance(entry, Sequence) else []

    navigation = load_config(str(configuration))["nav"]
    return [(title, place) for title, place in listed(navigation) if place not in NEEDS_SCRIPT]


def document(site: Path, places: Sequence[tuple[str, str]]) -> str:
    """One HTML page of a title page and the chapters, whose links lead to each other or to the site's address.

    Raises:
        ReportError: a chapter is not there.
    """
    edition, source = _edition(site)
    known = {place for _, place in places}
    sections = []
    for _, place in places:
        path = site / place / "index.html"
        try:
            markup = path.read_text(encoding="utf-8")
            (article,) = _ARTICLE.findall(markup)
        except (OSError, ValueError):
            raise ReportError(f"{path}: is no page of a finished site; run `make report` first.") from None
        inner = _TAG.sub(partial(_moved, place=place, known=known, edition=edition), article)
        sections.append(
            f'<section class="paper-chapter" id="{_anchor(place)}"><div class="md-typeset">{inner}</div></section>'
        )
    styles = _STYLESHEET.findall((site / "index.html").read_text(encoding="utf-8"))
    links = "".join(f'<link rel="stylesheet" href="{(site / style).resolve().as_uri()}">' for style in styles)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(edition.title)}</title>'
        f'{links}<style>{PAPER}</style></head><body data-md-color-scheme="default" data-md-color-primary="custom">'
        f"{_title_page(edition, source, places)}{''.join(sections)}</body></html>"
    )


def _title_page(edition: Edition, source: str, places: Sequence[tuple[str, str]]) -> str:
    banner = (
        '<div class="banner banner-simulated" role="note"><strong>Simulated data.</strong> Every figure in this '
        "document comes from a seeded simulation, not from the Hugging Face Hub. It says nothing about the world.</div>"
        if edition.simulated
        else ""
    )
    address = f'<p><a href="{escape(edition.url)}">{escape(edition.url)}</a></p>' if edition.address else ""
    contents = "".join(f'<li><a href="#{_anchor(place)}">{escape(title)}</a></li>' for title, place in places)
    return Markup(
        '<section class="paper-title"><div class="md-typeset">{}<h1>Open Model Report</h1><p>Who builds the open AI '
        "models that the world uses?</p><dl><dt>Edition</dt><dd>{}</dd><dt>Data as of</dt><dd>{}</dd><dt>Source</dt>"
        "<dd>{}</dd><dt>Licence of the tables</dt><dd>{}</dd><dt>To cite</dt><dd>{}</dd></dl>{}"
        "<p>Pages of single countries, organisations, families and tables, and all data, are on the site.</p>"
        '<h2>Contents</h2><ul class="paper-contents">{}</ul></div></section>'
    ).format(
        Markup(banner),
        edition.id,
        edition.as_of,
        source,
        edition.licence,
        citation(edition),
        Markup(address),
        Markup(contents),
    )


def _moved(tag: re.Match[str], place: str, known: set[str], edition: Edition) -> str:
    """A tag of a chapter as it is in the one document: names are told apart by chapter, links lead on."""
    mark = _anchor(place)

    def names(found: re.Match[str]) -> str:
        return f'{found[1]}="{" ".join(f"{mark}--{name}" for name in found[2].split())}"'

    def link(found: re.Match[str]) -> str:
        address, anchor = urldefrag(urljoin(f"{BASE}{place}", found[1]))
        if not address.startswith(BASE):
            return found[0]
        target = unquote(address.removeprefix(BASE))
        if target in known:
            return f' href="#{_anchor(target)}{f"--{anchor}" if anchor else ""}"'
        # Without an address of its own the site is nowhere to link to.
        online = edition.url_of(target) + (f"#{anchor}" if anchor else "") if edition.address else ""
        return f' href="{online}"' if online else ""

    moved = _NAMES.sub(names, tag[0])
    if moved.startswith("<a "):
        return _LINK.sub(link, moved)
    return _DRAWN_FROM.sub(lambda found: f"{found[1]}{mark}--{found[2]}", moved)


def _anchor(place: str) -> str:
    return f"chapter-{place.strip('/').replace('/', '-') or 'home'}"


def _edition(site: Path) -> tuple[Edition, str]:
    try:
        index: dict[str, Any] = json.loads((site / "data" / "index.json").read_text(encoding="utf-8"))
        return Edition(**index["edition"]), str(index["source"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ReportError(f"{site}: is no finished site of this report ({error}); build it first.") from None
