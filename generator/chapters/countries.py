"""Countries: new models, all models, and the margin between the two leaders."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from generator import charts, findings
from generator.charts import Figure
from generator.facts import FactBook
from generator.findings import Finding
from generator.references import PublishedFigure, published_figures
from generator.results import Results
from generator.selection import makes_a_line, newest, series

NEW = "new-model-share-by-country"
ALL = "all-downloads-share-by-country"
NEW_SUBJECT = "downloads of models less than a year old"
FIRST_YEAR_SUBJECT = "downloads made in a model's first year"
ALL_SUBJECT = "all downloads"


def context(book: FactBook) -> Mapping[str, Any]:
    """Shares under both readings, both lenses and over the whole market."""
    results = book.results
    margins = series(results, "overtake", lens="publisher", reading="cohort")
    return {
        "scope": findings.scope(book),
        "new_findings": [
            findings.leadership(book),
            findings.leadership(book, lens="origin"),
            findings.overtaking(book),
        ],
        "new_figures": [
            *shares_over_time(results, NEW, "new-over-time", NEW_SUBJECT, reading="cohort"),
            *shares_now(results, NEW, "new-now", NEW_SUBJECT, reading="cohort"),
            *([charts.margin_over_time(margins, "margin", "overtake")] if makes_a_line(margins) else []),
        ],
        "first_year_findings": [
            finding for lens in ("publisher", "origin") if (finding := first_year(book, lens)).condition != "no-data"
        ],
        "first_year_figures": [
            *shares_over_time(results, NEW, "first-year-over-time", FIRST_YEAR_SUBJECT, reading="first-year"),
            *shares_now(results, NEW, "first-year-now", FIRST_YEAR_SUBJECT, reading="first-year"),
        ],
        "all_findings": [findings.whole_market(book), findings.sectors(book)],
        "all_figures": [
            *shares_over_time(results, ALL, "all-over-time", ALL_SUBJECT),
            *shares_now(results, ALL, "all-now", ALL_SUBJECT),
            *_sectors(results),
        ],
    }


def first_year(book: FactBook, lens: str) -> Finding:
    """The headline under the study's own reading."""
    return findings.leadership(book, lens=lens, reading="first-year")


def shares_over_time(results: Results, metric: str, figure_id: str, subject: str, **where: object) -> list[Figure]:
    """A line chart of shares, where there are dates enough for one."""
    rows = series(results, metric, lens="publisher", **where)
    if not makes_a_line(rows):
        return []
    return [charts.shares_over_time(rows, figure_id, metric, subject, _references(metric))]


def shares_now(results: Results, metric: str, figure_id: str, subject: str, **where: object) -> list[Figure]:
    """A bar chart of the newest shares under both lenses, where there are any."""
    rows = pd.concat([newest(results, metric, lens=lens, **where) for lens in ("publisher", "origin")])
    if rows.empty or rows["share"].isna().all():
        return []
    return [charts.shares_now(rows, figure_id, metric, subject, _references(metric))]


def _references(metric: str) -> tuple[PublishedFigure, ...]:
    return published_figures() if metric == NEW else ()


def _sectors(results: Results) -> list[Figure]:
    rows = newest(results, "all-downloads-share-by-sector", lens="publisher")
    return [charts.sector_shares(rows, "sectors")] if not rows.empty else []
