"""What charts of lines have in common: labels at the ends, and what the unattributed could change."""

from collections.abc import Callable
from typing import Any

import altair as alt
import pandas as pd

from generator.wording import percent

LEAST_GAP = 0.065
"""Labels stand at least this far apart, as a share of the largest value drawn."""

BOUNDED = 2
"""How many of the leading lines show their upper bound: one for every line would hide the lines themselves."""

BOUND_KEY = (
    "The thin dotted lines show where the two leaders would be if all that is unattributed were their own; the table "
    "has the upper bound of every line."
)


def end_labels(
    last: pd.DataFrame,
    highest: float,
    value: str = "share",
    written: Callable[[Any], str] = percent,
) -> pd.DataFrame:
    """Labels at the lines' ends, moved apart where they would overlap.

    Args:
        last: name and the column ``value``, one row a line, at the newest date.
        highest: the largest value drawn.
        value: the column that the lines show.
        written: how a value is written.

    Returns:
        The rows from the lowest to the highest, with place (where on the value's axis the label stands) and label
        (the line's name and value).
    """
    ends = last.sort_values(value, kind="stable").copy()
    gap = highest * LEAST_GAP
    place = -gap
    places = []
    for number in ends[value]:
        place = max(float(number), place + gap)
        places.append(place)
    ends["place"] = places
    ends["label"] = [f"{name} {written(number)}" for name, number in zip(ends["name"], ends[value], strict=True)]
    return ends


def upper_bounds(bounds: pd.DataFrame, x: alt.X, colour: alt.Color) -> list[alt.Chart]:
    """Thin lines of upper bounds; none where nothing is unattributed.

    Args:
        bounds: name, lower, upper and the column that ``x`` shows, one row a line and date.
        x: the lines' horizontal encoding.
        colour: the lines' colour encoding, by name.
    """
    if bounds.empty or (bounds["upper"] - bounds["lower"]).max() <= 0:
        return []
    line = alt.Chart(bounds.drop(columns="lower")).mark_line(strokeWidth=1.25, strokeDash=[1, 3])
    return [line.encode(x=x, y=alt.Y("upper:Q"), color=colour)]
