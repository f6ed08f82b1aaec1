"""Which rows of a metric's table a sentence or a chart speaks of."""

import pandas as pd

from generator.results import Results

BASIS_ORDER = ("counter-difference", "monthly-30-day", "snapshot-30-day", "all-time")

DATES_FOR_A_LINE = 3
"""With fewer report dates a line would suggest a trend that two points cannot show."""


def newest(results: Results, metric: str, **where: object) -> pd.DataFrame:
    """The rows of a metric at the newest report date, in the longest window and on the best basis there is.

    Args:
        results: the report's results.
        metric: the metric's id.
        where: values that columns must have, ``lens="publisher"`` say.

    Returns:
        The rows of one distribution in rank order; empty where the metric has none for the newest date.
    """
    table = results.tables[metric]
    rows: pd.DataFrame = table[table["as_of"] == results.as_of]
    for column, value in where.items():
        rows = rows[rows[column] == value]
    rows = rows[rows["basis"] != "all-time"]
    if rows.empty:
        return rows
    rows = rows[rows["window_months"] == rows["window_months"].max()]
    best = min(rows["basis"].unique(), key=BASIS_ORDER.index)
    rows = rows[rows["basis"] == best]
    if "rank" in rows:
        rows = rows.sort_values("rank", na_position="last")
    return rows


def series(results: Results, metric: str, **where: object) -> pd.DataFrame:
    """All report dates of the distribution that :func:`newest` chooses for the newest one."""
    now = newest(results, metric, **where)
    if now.empty:
        return now
    rows: pd.DataFrame = results.tables[metric]
    for column, value in {**where, "basis": now["basis"].iloc[0]}.items():
        rows = rows[rows[column] == value]
    in_window: pd.DataFrame = rows[rows["window_months"] == now["window_months"].iloc[0]]
    return in_window


def makes_a_line(rows: pd.DataFrame) -> bool:
    """Whether a series has dates enough to be drawn as a line."""
    return not rows.empty and rows["as_of"].nunique() >= DATES_FOR_A_LINE
