"""What each page is given: the findings and figures that its template arranges."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from generator import charts, findings
from generator.attribution import UNATTRIBUTED
from generator.charts import Figure
from generator.facts import Fact, FactBook
from generator.findings import Finding
from generator.findings.finding import newest
from generator.metrics.overtake import COUNTRY, OTHER_COUNTRY
from generator.references import PublishedFigure, published_figures
from generator.results import Results
from generator.wording import country_name

NEW = "new-model-share-by-country"
ALL = "all-downloads-share-by-country"
NEW_SUBJECT = "downloads of models less than a year old"
FIRST_YEAR_SUBJECT = "downloads made in a model's first year"
ALL_SUBJECT = "all downloads"

DATES_FOR_A_LINE = 3
"""With fewer report dates a line would suggest a trend that two points cannot show."""


@dataclass(frozen=True)
class KeyFigure:
    """A number that stands out on the first page."""

    label: str
    fact: Fact | str
    note: str


def home(book: FactBook) -> Mapping[str, Any]:
    """The headline and the key figures."""
    results = book.results
    return {
        "scope": findings.scope(book),
        "headline": findings.leadership(book),
        "origin": findings.leadership(book, lens="origin"),
        "first_year": _first_year(book, "publisher"),
        "overtaking": findings.overtaking(book),
        "key_figures": _key_figures(book),
        "market": findings.whole_market(book),
        "developers": findings.developers(book),
        "families": findings.families(book),
        "concentration": findings.concentration(book),
        "figures": _new_shares(results, "new-model-share"),
        "published": published_figures(),
    }


def countries(book: FactBook) -> Mapping[str, Any]:
    """New models and all models by country, and the margin between the two leaders."""
    results = book.results
    margins = _series(results, "overtake", lens="publisher", reading="cohort")
    return {
        "scope": findings.scope(book),
        "new_findings": [
            findings.leadership(book),
            findings.leadership(book, lens="origin"),
            findings.overtaking(book),
        ],
        "new_figures": _some(
            _shares_over_time(results, NEW, "new-over-time", NEW_SUBJECT, reading="cohort"),
            _shares_now(results, NEW, "new-now", NEW_SUBJECT, reading="cohort"),
            charts.margin_over_time(margins, "margin", "overtake") if _is_series(margins) else None,
        ),
        "first_year_findings": [
            finding for lens in ("publisher", "origin") if (finding := _first_year(book, lens)).condition != "no-data"
        ],
        "first_year_figures": _some(
            _shares_over_time(results, NEW, "first-year-over-time", FIRST_YEAR_SUBJECT, reading="first-year"),
            _shares_now(results, NEW, "first-year-now", FIRST_YEAR_SUBJECT, reading="first-year"),
        ),
        "all_findings": [findings.whole_market(book), findings.sectors(book)],
        "all_figures": _some(
            _shares_over_time(results, ALL, "all-over-time", ALL_SUBJECT),
            _shares_now(results, ALL, "all-now", ALL_SUBJECT),
            _sectors(results),
        ),
    }


def developers(book: FactBook) -> Mapping[str, Any]:
    """The most downloaded developers under both lenses, and families."""
    results = book.results
    figures = []
    for lens in ("publisher", "origin"):
        rows = newest(results, "top-developers", lens=lens)
        if not rows.empty:
            figures.append(charts.top_developers(rows, f"developers-by-{lens}"))
    families = newest(results, "top-families")
    return {
        "scope": findings.scope(book),
        "findings": [findings.developers(book), findings.developers(book, lens="origin")],
        "figures": figures,
        "families": findings.families(book),
        "family_figures": [charts.top_families(families, "most-downloaded-families")] if not families.empty else [],
    }


def concentration(book: FactBook) -> Mapping[str, Any]:
    """Indices of concentration."""
    results = book.results
    now = newest(results, "concentration", lens="publisher")
    series = _series(results, "concentration", lens="publisher", level="developers")
    return {
        "scope": findings.scope(book),
        "finding": findings.concentration(book),
        "figures": _some(
            charts.concentration_now(now, "largest") if not now.empty else None,
            charts.concentration_over_time(series, "effective-number") if _is_series(series) else None,
        ),
    }


CHAPTERS: Mapping[str, Callable[[FactBook], Mapping[str, Any]]] = {
    "home": home,
    "countries": countries,
    "developers": developers,
    "concentration": concentration,
}
"""Templates by name that need more than the tables; any other template is given the tables alone."""


def _first_year(book: FactBook, lens: str) -> Finding:
    return findings.leadership(book, lens=lens, reading="first-year")


def _new_shares(results: Results, figure_id: str) -> list[Figure]:
    over_time = _shares_over_time(results, NEW, figure_id, NEW_SUBJECT, reading="cohort")
    return _some(over_time or _shares_now(results, NEW, figure_id, NEW_SUBJECT, reading="cohort"))


def _shares_over_time(results: Results, metric: str, figure_id: str, subject: str, **where: object) -> Figure | None:
    rows = _series(results, metric, lens="publisher", **where)
    if not _is_series(rows):
        return None
    return charts.shares_over_time(rows, figure_id, metric, subject, _references(metric))


def _shares_now(results: Results, metric: str, figure_id: str, subject: str, **where: object) -> Figure | None:
    both = [newest(results, metric, lens=lens, **where) for lens in ("publisher", "origin")]
    rows = pd.concat(both)
    if rows.empty or rows["share"].isna().all():
        return None
    return charts.shares_now(rows, figure_id, metric, subject, _references(metric))


def _references(metric: str) -> tuple[PublishedFigure, ...]:
    return published_figures() if metric == NEW else ()


def _series(results: Results, metric: str, **where: object) -> pd.DataFrame:
    """All report dates of the distribution that :func:`newest` chooses for the newest one."""
    now = newest(results, metric, **where)
    if now.empty:
        return now
    table: pd.DataFrame = results.tables[metric]
    for column, value in {**where, "basis": now["basis"].iloc[0]}.items():
        table = table[table[column] == value]
    in_window: pd.DataFrame = table[table["window_months"] == now["window_months"].iloc[0]]
    return in_window


def _is_series(rows: pd.DataFrame) -> bool:
    return not rows.empty and rows["as_of"].nunique() >= DATES_FOR_A_LINE


def _sectors(results: Results) -> Figure | None:
    rows = newest(results, "all-downloads-share-by-sector", lens="publisher")
    return charts.sector_shares(rows, "sectors") if not rows.empty else None


def _some(*figures: Figure | None) -> list[Figure]:
    return [figure for figure in figures if figure is not None]


def _key_figures(book: FactBook) -> list[KeyFigure]:
    results = book.results
    shares = newest(results, NEW, lens="publisher", reading="cohort")
    cards = []
    for code in (COUNTRY, OTHER_COUNTRY, UNATTRIBUTED):
        rows = shares[shares["country"] == code] if not shares.empty else shares
        fact = book.quote(rows.iloc[0], NEW, "share", "percent") if len(rows) else "none"
        cards.append(KeyFigure(country_name(code), fact, "of the downloads of models less than a year old"))
    indices = newest(results, "concentration", lens="publisher", level="developers")
    if not indices.empty:
        number = book.quote(indices.iloc[0], "concentration", "effective_number", "decimal")
        cards.append(KeyFigure("Effective number of developers", number, "equal players would be as concentrated"))
    return cards
