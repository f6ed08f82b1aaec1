"""What a metric is: a definition that people read and the query that computes it, side by side."""

from collections.abc import Callable
from dataclasses import dataclass

from ibis.expr.types import Table

from generator.flows import Flows

COLUMNS: dict[str, str] = {
    "as_of": "Date of the snapshot that the row speaks of (YYYY-MM-DD).",
    "reading": "cohort: models created in the 365 days up to as_of; first-year: downloads made within a year of "
    "a model's creation.",
    "lens": "publisher: who uploaded the repository; origin: who developed the model at the root of its lineage.",
    "window_months": "Length of the window of downloads in months; empty for all time.",
    "window_start": "The window is the days after this date up to as_of; empty for all time.",
    "basis": "How downloads were counted: counter-difference (differences of the all-time counters), "
    "monthly-30-day (sum of twelve monthly 30-day counts), snapshot-30-day (the 30-day count of one snapshot), "
    "all-time (the all-time counter).",
    "rank": "Position by downloads, 1 the largest; empty for what is no country, organisation or family.",
    "country": "ISO 3166-1 alpha-2 code of the developer's country, XX for international bodies, unattributed "
    "where the registry does not know the namespace.",
    "sector": "company, academia, non-profit, government, community, individual or unattributed.",
    "organisation": "Name of the organisation; for a namespace outside the registry, the namespace.",
    "family": "Family of models by lineage, then by name rules; unassigned where neither tells.",
    "downloads": "Number of downloads as the Hub counts them.",
    "models": "Number of model repositories that the downloads belong to.",
    "share": "Fraction of all downloads in the window, unattributed ones included (0 to 1).",
    "lower": "The share if none of the unattributed downloads belonged here.",
    "upper": "The share if all of the unattributed downloads belonged here.",
}
"""Descriptions of the columns that metrics share; a metric adds its own."""


@dataclass(frozen=True)
class Metric:
    """A measured quantity of the report.

    ``columns`` names the columns of the table in order; those absent from :data:`COLUMNS` are described in
    ``own_columns``. ``source`` says where the definition comes from. ``compute`` returns an Ibis expression with
    exactly these columns. ``data`` says where the rows come from if not from the archive's snapshots.
    """

    id: str
    title: str
    question: str
    definition: str
    unit: str
    columns: tuple[str, ...]
    caveats: tuple[str, ...]
    source: str
    compute: Callable[[Flows], Table]
    own_columns: tuple[tuple[str, str], ...] = ()
    data: str = ""

    def describe(self, column: str) -> str:
        """What a column of this metric's table means."""
        return dict(self.own_columns).get(column) or COLUMNS[column]


USUAL_CAVEATS = (
    "The country is the developer's, never the user's: the Hub publishes no country of downloads.",
    "A download is a request for a model's query file, not a person; mirrors, caches and continuous integration "
    "count as well.",
)
"""What has to be said of every figure built on downloads."""
