"""Adoption: models against the most downloaded of their size and age."""

from collections.abc import Mapping
from typing import Any

from generator.charts.adoption import relative_adoption
from generator.charts.figure import Figure
from generator.facts import FactBook
from generator.findings import adoption as said
from generator.findings import scope


def context(book: FactBook) -> Mapping[str, Any]:
    """The highest relative adoption, in all and of the two countries most compared."""
    return {
        "scope": scope(book),
        "finding": said.highest(book),
        "country_findings": [said.highest_of(book, country) for country in ("CN", "US")],
        "basis": said.basis(book),
        "figures": figures(book),
    }


def figures(book: FactBook) -> list[Figure]:
    """The chart, where any model has a value that a logarithmic axis can show."""
    rows = said.rated(book)
    rows = rows[rows["relative_adoption"] > 0]
    return [] if rows.empty else [relative_adoption(rows, "relative-adoption")]
