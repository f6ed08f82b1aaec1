"""Openness: licences, gates, training data, and the labs' open and closed strategies."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from generator.charts import Figure
from generator.charts.openness import disclosure_by_year, licence_classes, licence_classes_by_country
from generator.facts import FactBook
from generator.findings import openness, scope
from generator.references.openness import DisclosureFigure, disclosure_figures
from generator.results import Results
from generator.selection import newest


def context(book: FactBook) -> Mapping[str, Any]:
    """Findings and figures of the newest date, the study's figures, and the register of releases."""
    releases = book.results.tables[openness.RELEASES]
    return {
        "scope": scope(book),
        "licence_findings": [openness.licences(book), openness.gates(book)],
        "licence_figures": _licences(book.results),
        "country_findings": [openness.two_countries(book, lens=lens) for lens in ("publisher", "origin")],
        "country_figures": _countries(book.results),
        "data_findings": [openness.disclosure(book), openness.by_year(book)],
        "data_figures": _years(book),
        "study": _study(disclosure_figures()),
        "strategies": openness.strategies(book),
        "releases": tuple(releases.itertuples(index=False)),
    }


def _licences(results: Results) -> list[Figure]:
    rows = newest(results, openness.OPENNESS, trait="licence-class")
    return [] if rows["share"].isna().all() else [licence_classes(rows, "licences")]


def _countries(results: Results) -> list[Figure]:
    tables = [newest(results, openness.BY_COUNTRY, lens=lens) for lens in ("publisher", "origin")]
    return [
        licence_classes_by_country(rows, f"licences-{rows['lens'].iloc[0]}")
        for rows in tables
        if rows["open_source_share"].notna().any()
    ]


def _years(book: FactBook) -> list[Figure]:
    rows: pd.DataFrame = openness.years(book)
    return [disclosure_by_year(rows, "data-by-year")] if rows["disclosed_share"].notna().any() else []


def _study(figures: tuple[DisclosureFigure, ...]) -> Mapping[str, Any]:
    """The study's figures as a table of their own: a row a period, with source and denominator."""
    periods = list(dict.fromkeys(figure.year for figure in figures))
    values = {(figure.year, figure.measure): figure.value for figure in figures}
    return {
        "name": figures[0].study,
        "denominator": figures[0].denominator,
        "source_url": figures[0].source_url,
        "rows": [
            (period, values.get((period, "disclosed")), values.get((period, "undisclosed"))) for period in periods
        ],
    }
