"""From results to Markdown pages: templates are filled, figures drawn, data files written."""

import json
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
from markupsafe import Markup

from generator import drawing, wording
from generator.atomic import swap, writing
from generator.chapters import Chapter, discover
from generator.charts import Figure
from generator.charts.export import export
from generator.edition import NAME, Edition, bibtex, citation, edition_of
from generator.facts import FactBook
from generator.findings import scope
from generator.metric import USUAL_CAVEATS
from generator.provenance import BuildRecord, record
from generator.publish import publish
from generator.results import Results
from generator.studio import Studio
from generator.text import as_text

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
HOME = "home"


@dataclass(frozen=True)
class Page:
    """A page on its way to disk: its place below the site's root, and its Markdown."""

    path: Path
    markdown: str


def write_pages(
    results: Results,
    licence: str,
    site_src: Path,
    cache: Path,
    *,
    publisher: str = NAME,
    address: str = "",
    correction: int = 1,
) -> list[Page]:
    """Generate everything that MkDocs needs beside the hand-written pages.

    Writes ``index.md``, ``report/*.md``, ``data/*``, ``charts/*`` and ``assets/`` below ``site_src``; what was there
    before is replaced only when all of the new is complete.

    Args:
        results: the metrics' tables.
        licence: of the published tables.
        site_src: MkDocs' ``docs_dir``.
        cache: folder for drawn charts and the like, safe to delete.
        publisher: as the citation names it.
        address: the site's public address, empty where it is not known.
        correction: from 2 on, the edition corrects one that its month has already.

    Returns:
        The pages written.

    Raises:
        ReportError: a folder cannot be written.
    """
    with writing(site_src):
        staged = cache / "staged"
        shutil.rmtree(staged, ignore_errors=True)
        specifications = staged / "charts"
        specifications.mkdir(parents=True)
        results = replace(results, tables={name: _by_python(table) for name, table in results.tables.items()})
        book = FactBook(results)
        edition = edition_of(results.as_of, licence, publisher, address, results.source.simulated, correction)
        build = record(results.source)
        drawings = cache / "charts"
        with drawing.beside() as painter:
            vega = painter.submit(drawing.javascript, cache)
            studio = Studio(painter, drawings)
            waiting = list(_pages(results, book, edition, build, studio.draw))
            pages = [replace(page, markdown=studio.hang(page.markdown)) for page in waiting]
            for page in pages:
                path = staged / page.path
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(page.markdown, encoding="utf-8")
            for name, exhibit in studio.exhibits.items():
                described = json.dumps(exhibit.drawing.specifications, ensure_ascii=False)
                (specifications / f"{name}.json").write_text(described, encoding="utf-8")
            pictures = _export(studio, book, edition, staged / "exports", painter)
            titles = {name: exhibit.figure.title for name, exhibit in studio.exhibits.items()}
            publish(results, book, edition, build, titles, staged / "data")
            for path, picture in pictures.items():
                path.write_bytes(picture.result())
            (staged / "vega.js").write_bytes(vega.result())
        swap(staged / "report", site_src / "report")
        swap(staged / "data", site_src / "data")
        swap(staged / "exports", site_src / "charts")
        swap(specifications, site_src / "assets" / "charts")
        swap(staged / "vega.js", site_src / "assets" / "vega.js")
        # The first page goes last: it is what tells that the report is there.
        swap(staged / "index.md", site_src / "index.md")
        shutil.rmtree(staged)
    return pages


def _by_python(table: pd.DataFrame) -> pd.DataFrame:
    """The same table with its text as Python's strings: pages read it cell by cell, which Arrow is slow at."""
    texts = [name for name, kind in table.dtypes.items() if isinstance(kind, pd.StringDtype)]
    return table.astype(dict.fromkeys(texts, pd.StringDtype("python", na_value=float("nan"))))


def _pages(
    results: Results, book: FactBook, edition: Edition, build: BuildRecord, draw: Callable[[Path, Figure], Markup]
) -> Iterator[Page]:
    """Every template filled: once, or once for each page that its chapter names."""
    environment = _environment()
    foot = environment.get_template("_edition.md.j2")
    chapters = discover()
    for path in sorted(TEMPLATES.glob("*.md.j2")):
        name = path.name.removesuffix(".md.j2")
        if name.startswith("_"):
            continue
        template = environment.get_template(path.name)
        chapter = chapters.get(name, Chapter(None, None))
        if chapter.pages:
            filled = {Path("report", name, f"{page}.md"): context for page, context in chapter.pages(book).items()}
        else:
            place = Path("index.md") if name == HOME else Path("report", f"{name}.md")
            filled = {place: chapter.context(book) if chapter.context else {}}
        for place, context in filled.items():
            # MkDocs makes a folder of every page but an index.
            root = "../" * (len(place.parts) if place.stem != "index" else len(place.parts) - 1)
            common = {"edition": edition, "root": root, "licence": edition.licence}
            page = template.render(
                results=results, book=book, build=build, draw=partial(draw, place), **common, **context
            )
            yield Page(place, f"{page}\n{foot.render(address=_address(place), **common)}")


def _address(place: Path) -> str:
    """Where a page is served, below the site's root."""
    return "" if place == Path("index.md") else f"{place.with_suffix('').as_posix()}/"


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        # Every value that a template prints passes here; only what is marked as mark-up is trusted, which is what
        # autoescape makes of a macro's own output.
        finalize=_safe,
        autoescape=True,
    )
    environment.filters.update(
        percent=wording.percent,
        count=wording.count,
        decimal=wording.decimal,
        country=wording.country_name,
        citation=citation,
        bibtex=bibtex,
        code=lambda text: Markup("\n".join(as_text(line) for line in text.rstrip().split("\n"))),
        day=wording.day,
        rows=lambda table: table.itertuples(index=False, name=None),
    )
    return environment


def _safe(value: Any) -> Any:
    if isinstance(value, Markup):
        return value
    if hasattr(value, "__html__"):
        return Markup(value.__html__())
    if value is None or (pd.api.types.is_scalar(value) and pd.isna(value)):
        return ""
    return Markup(as_text(value))


def _export(
    studio: Studio, book: FactBook, edition: Edition, folder: Path, painter: Executor
) -> dict[Path, Future[bytes]]:
    """Every chart once more on its own: as files, and as a page for other sites' frames. Returns its PNGs to come."""
    results = book.results
    folder.mkdir()
    template = _environment().get_template("_embed.html.j2")
    pictures = {}
    for name, exhibit in studio.exhibits.items():
        address = _address(exhibit.place)
        notes = (
            f"Source: {results.source.label}; as of {wording.day(results.as_of)}.",
            scope(book).text.striptags(),
            *USUAL_CAVEATS,
            citation(edition, address),
        )
        svg = export(exhibit.figure, exhibit.drawing, notes, folder / name)
        pictures[folder / name / f"{name}.png"] = painter.submit(drawing.png, svg, studio.cache)
        page = template.render(
            figure=exhibit.figure,
            drawing=exhibit.drawing.markup,
            notes=notes,
            page=address,
            edition=edition,
        )
        (folder / name / "index.html").write_text(page, encoding="utf-8")
    return pictures
