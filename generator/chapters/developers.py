"""Developers and families."""

from collections.abc import Mapping
from typing import Any

from generator import charts, findings
from generator.facts import FactBook
from generator.selection import newest


def context(book: FactBook) -> Mapping[str, Any]:
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
