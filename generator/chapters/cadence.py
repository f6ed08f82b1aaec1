"""How often labs release."""

from collections.abc import Mapping
from typing import Any

from generator import findings
from generator.charts import cadence as charts
from generator.facts import FactBook
from generator.findings.cadence import busiest, claim, history


def context(book: FactBook) -> Mapping[str, Any]:
    """The test of the study's statement, the calendar of releases and the intervals by country."""
    results = book.results
    labs, by_country, events = (
        results.tables[name][results.tables[name]["as_of"] == results.as_of]
        for name in ("release-cadence", "release-cadence-by-country", "release-events")
    )
    figures = []
    if not events.empty:
        figures.append(charts.calendar(events, labs, "release-calendar"))
    if labs["median_days_between"].notna().any():
        figures.append(charts.intervals(labs, by_country, "release-intervals"))
    return {
        "scope": findings.scope(book),
        "findings": [claim(book), busiest(book), history(book)],
        "figures": figures,
    }
