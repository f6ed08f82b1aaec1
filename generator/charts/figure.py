"""A figure: a chart with its words and its table, and how it becomes SVG."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import altair as alt
import pandas as pd
from markupsafe import Markup, escape

from generator.charts.gaps import broken_at_gaps
from generator.charts.theme import themed
from generator.drawing import svg

WIDE = 760
NARROW = 330
"""Widths of the drawing in pixels: text keeps its size on a phone because the phone gets a drawing of its own."""

FIT = alt.AutoSizeParams(type="fit", contains="padding")
"""For a chart of one panel: its width is that of the whole drawing, labels included."""

MONTH_STEPS = (1, 2, 3, 6, 12, 24, 60, 120)
"""How many months may lie between two labels of an axis."""


@dataclass(frozen=True)
class Figure:
    """A chart as a page needs it.

    ``description`` states what the chart shows, for those who do not see it; ``table`` holds the plotted values
    as text, ready to print; ``draw`` makes the chart for a given width in pixels; ``key`` explains the marks that are
    not labelled in the chart. ``source`` says where the values come from, if not from the archive.
    """

    id: str
    title: str
    description: str
    metric: str
    table: pd.DataFrame
    draw: Callable[[int], Any]
    key: str = ""
    source: str = ""


@dataclass(frozen=True)
class Drawing:
    """A figure's SVGs, ready to stand in a page, and the specifications behind them, ``wide`` and ``narrow``."""

    wide: Markup
    narrow: Markup
    specifications: Mapping[str, object]

    @property
    def markup(self) -> Markup:
        """Both drawings; the style sheet shows the one that fits."""
        return self.wide + self.narrow


@dataclass(frozen=True)
class Plan:
    """A figure before it is drawn: its Vega-Lite specifications."""

    figure: Figure
    wide: Mapping[str, object]
    narrow: Mapping[str, object]

    @property
    def texts(self) -> tuple[str, str]:
        """The specifications as JSON, the wide one first."""
        return json.dumps(self.wide, sort_keys=True), json.dumps(self.narrow, sort_keys=True)


def plan(figure: Figure) -> Plan:
    """What Vega is to draw of a figure, in both widths."""
    # Altair validates each part as it is made, which takes longer than the chart; the tests validate every figure.
    with alt.utils.schemapi.debug_mode(False):
        return Plan(figure, *(broken_at_gaps(themed(figure.draw(width))) for width in (WIDE, NARROW)))


def drawn(planned: Plan, wide: str, narrow: str) -> Drawing:
    """A figure's drawing from its two SVGs."""
    figure = planned.figure
    return Drawing(
        wide=_accessible(wide, figure, "wide"),
        narrow=_accessible(narrow, figure, "narrow"),
        specifications={
            "wide": {**planned.wide, "description": figure.description},
            "narrow": {**planned.narrow, "description": figure.description},
        },
    )


def render(figure: Figure, cache: Path) -> Drawing:
    """Draw a figure in both widths, here and now.

    Args:
        figure: what to draw.
        cache: folder where SVGs are kept by the hash of their specification, so that an unchanged chart is not
            drawn again.
    """
    planned = plan(figure)
    wide, narrow = planned.texts
    return drawn(planned, svg(wide, cache), svg(narrow, cache))


def _accessible(svg: str, figure: Figure, size: str) -> Markup:
    """The SVG with a title and a description that assistive technology reads, and no fixed size."""
    start, rest = svg.split(">", 1)
    label = f"{figure.id}-{size}"
    view_box = start[start.index('viewBox="') :].split('"')[1]
    width = view_box.split(" ")[2]
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{view_box}" role="img" class="chart-{size}" '
        f'style="max-width:{float(width):.0f}px" aria-labelledby="{label}-title {label}-text">'
        f'<title id="{label}-title">{escape(figure.title)}</title>'
        f'<desc id="{label}-text">{escape(figure.description)}</desc>'
    )
    return Markup(opening + rest)


def percent_axis(**options: Any) -> alt.Axis:
    """An axis in whole percent, which is not labelled beyond the whole."""
    return alt.Axis(format=".0%", labelExpr="datum.value > 1 ? '' : datum.label", **options)


def month_axis(width: int, days: Iterable[object]) -> alt.Axis:
    """An axis of months, with as many labels as the width has room for.

    Args:
        width: of the drawing in pixels.
        days: the dates that are drawn; where no two months begin among them, the axis names these days instead.
    """
    room = 6 if width == WIDE else 3
    drawn = pd.to_datetime(pd.Series(list(days)).astype(str)).drop_duplicates().sort_values()
    months = pd.date_range(drawn.min(), drawn.max(), freq="MS")
    if len(months) < 2:
        step = -(-len(drawn) // room)
        return alt.Axis(values=_moments(drawn.iloc[::-step]), format="%d %b %Y", labelOverlap=True)
    step = next(step for step in MONTH_STEPS if len(months) <= room * step)
    named = [month for month in months if (month.year * 12 + month.month - 1) % step == 0]
    return alt.Axis(values=_moments(named), format="%b %Y", labelOverlap=True, labelSeparation=12)


def _moments(days: Iterable[pd.Timestamp]) -> list[alt.DateTime]:
    return [alt.DateTime(year=day.year, month=day.month, date=day.day) for day in days]
