"""Data quality: what the series holds, where it breaks, and what happened to single models in it."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from generator.charts.series import agreement, days
from generator.facts import FactBook
from generator.findings import scope
from generator.findings import series as said
from generator.metrics.series_events import VANISHED
from generator.selection import makes_a_line

EVENTS_SHOWN = 15
"""Of each kind of event at the newest date; the table behind the page has more."""


def context(book: FactBook) -> Mapping[str, Any]:
    """Sentences, the calendar, the agreement of the two bases, and the newest events."""
    results = book.results
    listed = results.tables["series-events"]
    counted = results.tables["series-event-counts"]
    months = results.tables["basis-comparison"]
    findings = [said.report_dates(book), said.snapshots(book), said.out_of_step(book)]
    compared = said.compared(book)
    return {
        "scope": scope(book),
        "day_findings": [finding for finding in findings if finding is not None],
        "event_finding": said.events(book),
        "surge_finding": said.surges(book),
        "basis_finding": said.agreement(book),
        "day_figures": [days(results.tables["series-days"], "days")],
        "basis_figures": [agreement(compared, "agreement")] if makes_a_line(compared) else [],
        "events": listed[(listed["as_of"] == results.as_of) & (listed["rank"] <= EVENTS_SHOWN)],
        "counts": counted.pivot_table(index="as_of", columns="event", values="models", sort=False).iloc[::-1],
        "without_surges": said.leading_without_surges(book).head(10),
        "comparison": months.iloc[::-1],
        "vanished": VANISHED,
        "gaps": _gaps(results.tables["series-days"]),
    }


def _gaps(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["kind"] == "gap"].iloc[::-1]
