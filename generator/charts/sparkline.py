"""A small line in the text: one polyline a series, fast enough for hundreds of pages."""

from collections.abc import Mapping, Sequence
from datetime import date

import pandas as pd
from markupsafe import Markup

WIDTH = 320
HEIGHT = 64
EDGE = 5

Series = Mapping[date, float | None]

_DASHES = ("", ' stroke-dasharray="6 3"')
"""The second line differs without colour."""


def sparkline(series: Sequence[Series], label: str, width: int = WIDTH, height: int = HEIGHT) -> Markup:
    """An SVG of up to two series over the same dates, from nought at the bottom to their largest value.

    Args:
        series: values by date; a date that one lacks interrupts its line.
        label: what is seen, for those who do not see it.
        width: of the drawing in pixels.
        height: likewise.

    Returns:
        The element, or nothing where there are not two dates to draw a line between.
    """
    known = [
        {day: float(value) for day, value in one.items() if value is not None and not pd.isna(value)} for one in series
    ]
    days = sorted({day for one in series for day in one})
    if len({day for one in known for day in one}) < 2:
        return Markup("")
    values = [value for one in known for value in one.values()]
    low, high = min(0.0, *values), max(0.0, *values)
    span = (high - low) or 1.0
    length = (days[-1] - days[0]).days

    def point(day: date, value: float) -> tuple[float, float]:
        x = EDGE + (width - 2 * EDGE) * (day - days[0]).days / length
        return round(x, 1), round(height - EDGE - (height - 2 * EDGE) * (value - low) / span, 1)

    base = point(days[0], 0.0)[1]
    axis = Markup('<line x1="0" x2="{}" y1="{}" y2="{}" stroke="currentColor" opacity="0.3"/>')
    marks = [axis.format(width, base, base)]
    for one, dash in zip(known, _DASHES, strict=False):
        for run in _runs(one, days):
            points = " ".join(f"{x},{y}" for x, y in (point(day, one[day]) for day in run))
            marks.append(
                Markup('<polyline points="{}" fill="none" stroke="currentColor" stroke-width="2"{}/>').format(
                    points, Markup(dash)
                )
            )
        if one:
            x, y = point(max(one), one[max(one)])
            marks.append(Markup('<circle cx="{}" cy="{}" r="3" fill="currentColor"/>').format(x, y))
    return Markup(
        '<svg class="sparkline" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}" width="{}" height="{}" '
        'style="max-width:100%;height:auto" role="img" aria-label="{}">{}</svg>'
    ).format(width, height, width, height, label, Markup("").join(marks))


def _runs(one: Mapping[date, float], days: Sequence[date]) -> list[list[date]]:
    runs: list[list[date]] = [[]]
    for day in days:
        if day in one:
            runs[-1].append(day)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if len(run) > 1]
