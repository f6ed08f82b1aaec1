"""From results to Markdown pages: templates are filled, figures drawn, data files written."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
import vl_convert
from markupsafe import Markup

from generator import wording
from generator.atomic import swap, writing
from generator.chapters import Chapter, discover
from generator.charts import Figure, render
from generator.charts.figure import VEGA_LITE_VERSION
from generator.facts import FactBook
from generator.publish import publish
from generator.results import Results
from generator.text import as_text

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
HOME = "home"


@dataclass(frozen=True)
class Page:
    """A page on its way to disk: its place below the site's root, and its Markdown."""

    path: Path
    markdown: str


def write_pages(results: Results, licence: str, site_src: Path, cache: Path) -> list[Page]:
    """Generate everything that MkDocs needs beside the hand-written pages.

    Writes ``index.md``, ``report/*.md``, ``data/*`` and ``assets/`` below ``site_src``; what was there before is
    replaced only when all of the new is complete.

    Args:
        results: the metrics' tables.
        licence: of the published tables.
        site_src: MkDocs' ``docs_dir``.
        cache: folder for drawn charts and the like, safe to delete.

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
        book = FactBook(results)
        draw = partial(_draw, cache / "charts", specifications)
        pages = list(_pages(results, book, licence, draw))
        for page in pages:
            path = staged / page.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(page.markdown, encoding="utf-8")
        publish(results, book, licence, staged / "data")
        shutil.copyfile(_vega(cache), staged / "vega.js")
        swap(staged / "report", site_src / "report")
        swap(staged / "data", site_src / "data")
        swap(specifications, site_src / "assets" / "charts")
        swap(staged / "vega.js", site_src / "assets" / "vega.js")
        # The first page goes last: it is what tells that the report is there.
        swap(staged / "index.md", site_src / "index.md")
        shutil.rmtree(staged)
    return pages


def _pages(results: Results, book: FactBook, licence: str, draw: Callable[[Figure], Markup]) -> Iterator[Page]:
    """Every template filled: once, or once for each page that its chapter names."""
    environment = _environment()
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
            yield Page(
                place,
                template.render(results=results, book=book, root=root, draw=draw, licence=licence, **context),
            )


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


def _draw(cache: Path, specifications: Path, figure: Figure) -> Markup:
    drawing = render(figure, cache)
    (specifications / f"{figure.id}.json").write_text(
        json.dumps(drawing.specifications, ensure_ascii=False), encoding="utf-8"
    )
    return drawing.wide + drawing.narrow


def _vega(cache: Path) -> Path:
    """Vega's JavaScript as one file of our own, made once a version."""
    bundle = cache / f"vega-{version('vl-convert-python')}-{VEGA_LITE_VERSION}.js"
    if not bundle.exists():
        cache.mkdir(parents=True, exist_ok=True)
        unfinished = bundle.with_suffix(".partial")
        unfinished.write_text(
            vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", VEGA_LITE_VERSION), encoding="utf-8"
        )
        unfinished.rename(bundle)
    return bundle
