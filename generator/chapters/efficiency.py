"""Efficiency: sizes of the new models that are downloaded, and how many are made to run cheaply."""

from collections.abc import Mapping
from typing import Any

from generator.charts.efficiency import kinds_over_time, size_classes_now, size_classes_over_time, small_by_country
from generator.charts.figure import Figure
from generator.facts import FactBook
from generator.findings import efficiency as said
from generator.findings import scope
from generator.results import Results
from generator.selection import makes_a_line, newest, series


def context(book: FactBook) -> Mapping[str, Any]:
    """Size classes now and over time, kinds, and countries."""
    return {
        "scope": scope(book),
        "finding": said.largest_class(book),
        "size_findings": [said.small_models(book), said.typical_size(book), said.known_sizes(book), said.change(book)],
        "size_figures": _sizes(book.results),
        "kinds_finding": said.kinds(book),
        "kinds_figures": _kinds(book.results),
        "country_finding": said.small_by_country(book),
        "country_figures": _countries(book.results),
    }


def _sizes(results: Results) -> list[Figure]:
    now = newest(results, "efficiency")
    if now.empty or now["share"].isna().all():
        return []
    through_time = series(results, "efficiency")
    figures = [size_classes_now(now, "size-classes")]
    if makes_a_line(through_time[through_time["share"].notna()]):
        figures.append(size_classes_over_time(through_time, "size-classes-over-time"))
    return figures


def _kinds(results: Results) -> list[Figure]:
    rows = series(results, "efficiency")
    if rows.empty or not makes_a_line(rows[rows["under_10b_share"].notna()]):
        return []
    return [kinds_over_time(rows, "kinds-over-time")]


def _countries(results: Results) -> list[Figure]:
    now = newest(results, "efficiency-by-country", lens="publisher")
    if now.empty or not (now["rank"].notna() & now["under_10b_share"].notna()).any():
        return []
    return [small_by_country(now, "small-by-country")]
