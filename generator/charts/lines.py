"""What charts of lines have in common: labels at the ends, and bands of what unattributed downloads could change."""

from collections.abc import Callable
from typing import Any

import altair as alt
import pandas as pd

from generator.wording import percent

LEAST_GAP = 0.065
"""Labels stand at least this far apart, as a share of the largest value drawn."""

BAND_OPACITY = 0.14
BAND_KEY = "The band above a line reaches to where it would be if all unattributed downloads were its own."


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


def bands(bounds: pd.DataFrame, x: alt.X, colour: alt.Color) -> list[alt.Chart]:
    """The bands from each line's lower to its upper bound; none where nothing is unattributed.

    Args:
        bounds: name, lower, upper and the column that ``x`` shows, one row a line and date.
        x: the lines' horizontal encoding.
        colour: the lines' colour encoding, by name.
    """
    if bounds.empty or (bounds["upper"] - bounds["lower"]).max() <= 0:
        return []
    area = alt.Chart(bounds).mark_area(opacity=BAND_OPACITY, line=False)
    return [area.encode(x=x, y=alt.Y("lower:Q"), y2="upper:Q", color=colour)]
