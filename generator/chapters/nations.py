"""The list of the countries that have a page."""

from collections.abc import Mapping
from typing import Any

from generator import profiles
from generator.attribution import UNATTRIBUTED
from generator.charts.sparkline import sparkline
from generator.facts import FactBook
from generator.findings.scope import scope
from generator.profiles import ALL, NEW

LINE = (120, 28)


def context(book: FactBook) -> Mapping[str, Any]:
    """A row for each country, the largest publisher first, and one for what is unattributed."""
    results = book.results
    histories = profiles.histories(results, ALL, "country")
    entries = []
    for code, slug in {**profiles.countries(results), UNATTRIBUTED: ""}.items():
        rows = profiles.now(results, ALL, "country", code)
        if not any(row is not None for row in rows.values()):
            continue
        new = profiles.now(results, NEW, "country", code, reading="cohort")
        line = sparkline([profiles.line(histories[code], "publisher")], "Share by publisher over time", *LINE)
        entries.append({"code": code, "slug": slug, "line": line, "all": rows, "new": new})
    return {"scope": scope(book), "entries": entries, "smallest": profiles.SMALLEST_SHARE}
