"""What a finding is, and how the rows that it speaks of are chosen."""

from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup

from generator.results import Results

BASIS_ORDER = ("counter-difference", "monthly-30-day", "snapshot-30-day", "all-time")


@dataclass(frozen=True)
class Finding:
    """A checked sentence.

    ``condition`` says which wording was chosen (``lead``, ``tie``, ``reversed``, ``no-data``, …); ``metric`` is
    the table that the sentence can be checked against.
    """

    id: str
    condition: str
    text: Markup
    metric: str


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
