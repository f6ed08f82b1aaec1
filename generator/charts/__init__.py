"""Charts: one Altair function each, drawn once wide and once narrow, always beside the table behind it.

What is encoded is named as a channel, ``alt.X("share:Q")``; for each bare ``"share:Q"`` Altair searches its schema,
which for all charts of a report takes seconds.
"""

from generator.charts.concentration import concentration_now, concentration_over_time
from generator.charts.countries import margin_over_time, shares_now, shares_over_time
from generator.charts.figure import Figure, render
from generator.charts.rankings import sector_shares, top_developers, top_families

__all__ = [
    "Figure",
    "concentration_now",
    "concentration_over_time",
    "margin_over_time",
    "render",
    "sector_shares",
    "shares_now",
    "shares_over_time",
    "top_developers",
    "top_families",
]
