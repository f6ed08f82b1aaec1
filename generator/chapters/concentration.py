"""Concentration of downloads."""

from collections.abc import Mapping
from typing import Any

from generator import charts, findings
from generator.facts import FactBook
from generator.selection import makes_a_line, newest, series


def context(book: FactBook) -> Mapping[str, Any]:
    """Indices of concentration, now and over time."""
    results = book.results
    now = newest(results, "concentration", lens="publisher")
    developers = series(results, "concentration", lens="publisher", level="developers")
    figures = [] if now.empty else [charts.concentration_now(now, "largest")]
    if makes_a_line(developers):
        figures.append(charts.concentration_over_time(developers, "effective-number"))
    return {"scope": findings.scope(book), "finding": findings.concentration(book), "figures": figures}
