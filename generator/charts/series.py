"""Charts of the series itself: its days, and how its two ways of counting agree."""

from typing import Any

import altair as alt
import pandas as pd

from generator.charts.figure import FIT, WIDE, Figure, month_axis
from generator.charts.theme import ACCENT, INK
from generator.wording import count, day, decimal, percent

STATES = ("report date", "fresh", "stale", "partial", "stepped back", "gap")
SHAPES = ("diamond", "circle", "cross", "triangle-up", "square", "stroke")


def days(table: pd.DataFrame, figure_id: str) -> Figure:
    """A calendar of the series: each snapshot a mark in the row of what it is, each gap a bar.

    Args:
        table: the rows of series-days.
        figure_id: the figure's id in its page.
    """
    rows = table.assign(
        state=[_state(row) for row in table.itertuples()],
        day=table["day"].astype(str),
        # A bar ends where the last day does.
        end=(pd.to_datetime(table["until"]) + pd.Timedelta(days=1)).dt.strftime("%Y-%m-%d"),
    )
    shown = [state for state in STATES if (rows["state"] == state).any()]
    drawn = rows[["day", "end", "state", "days"]]

    def draw(width: int) -> Any:
        x = alt.X("day:T", title=None, axis=month_axis(width, drawn["day"]))
        y = alt.Y("state:N", title=None, sort=list(STATES), scale=alt.Scale(domain=shown), axis=alt.Axis(ticks=False))
        shape = alt.Scale(domain=list(STATES), range=list(SHAPES))
        tooltip = [alt.Tooltip("state:N", title="State"), alt.Tooltip("day:T", title="Date"), alt.Tooltip("days:Q")]
        seen = alt.Chart(drawn[drawn["state"] != "gap"]).encode(x=x, y=y, tooltip=tooltip)
        missing = alt.Chart(drawn[drawn["state"] == "gap"]).encode(x=x, x2=alt.X2("end:T"), y=y, tooltip=tooltip)
        layers = [
            seen.mark_point(size=60 if width == WIDE else 36, filled=True, opacity=0.9, color=ACCENT).encode(
                shape=alt.Shape("state:N", scale=shape, legend=None)
            )
        ]
        if "gap" in shown:  # An empty layer has no extent, of which Vega warns.
            layers.append(missing.mark_rule(strokeWidth=11, color=INK, opacity=0.55))
        return alt.layer(*layers).properties(width=width, height=34 * len(shown) + 10, autosize=FIT)

    parts = ", ".join(f"{state} {count((rows['state'] == state).sum())}" for state in shown)
    gap_days = int(rows.loc[rows["state"] == "gap", "days"].sum())
    printed = pd.DataFrame(
        {
            "Day": rows["day"],
            "To": table["until"].astype(str),
            "What it is": rows["state"],
            **{name.capitalize(): table[name].map(_whole) for name in ("models", "compared", "moved", "fallen")},
        }
    ).iloc[::-1]
    return Figure(
        figure_id,
        "Days of the series",
        f"A calendar from {day(table['day'].min())} to {day(table['until'].max())} with a mark for each snapshot and a "
        f"bar for each gap: {parts}; {count(gap_days)} days lie in gaps.",
        "series-days",
        printed,
        draw,
        "Figures are given for report dates alone. A snapshot that is more than one of these stands in the row of the "
        "gravest: stepped back, stale, partial.",
    )


def agreement(table: pd.DataFrame, figure_id: str) -> Figure:
    """The ratio of 30-day counts to counters at each report date: in all, the median model and the middle ninety.

    Args:
        table: the rows of basis-comparison over one month that have quantiles, several dates.
        figure_id: the figure's id in its page.
    """
    rows = table.sort_values("as_of").assign(as_of=table["as_of"].astype(str))
    drawn = rows[["as_of", "ratio", "p05", "p25", "p50", "p75", "p95"]]

    def draw(width: int) -> Any:
        x = alt.X("as_of:T", title=None, axis=month_axis(width, drawn["as_of"]))
        y = alt.Y("p05:Q", title="30-day count / counter", scale=alt.Scale(zero=False))
        base = alt.Chart(drawn).encode(x=x)
        tooltip = [
            alt.Tooltip("as_of:T", title="Date"),
            alt.Tooltip("p50:Q", title="Median model", format=".3f"),
            alt.Tooltip("ratio:Q", title="All together", format=".3f"),
        ]
        return alt.layer(
            base.mark_area(opacity=0.14, color=INK).encode(y=y, y2=alt.Y2("p95:Q")),
            base.mark_area(opacity=0.2, color=INK).encode(y=alt.Y("p25:Q"), y2=alt.Y2("p75:Q")),
            alt.Chart(pd.DataFrame({"one": [1.0]})).mark_rule(color=INK, strokeDash=[5, 3]).encode(y=alt.Y("one:Q")),
            base.mark_line(color=ACCENT, strokeWidth=2.5).encode(y=alt.Y("p50:Q"), tooltip=tooltip),
            base.mark_line(color=INK, strokeWidth=1.5, strokeDash=[2, 3]).encode(y=alt.Y("ratio:Q"), tooltip=tooltip),
        ).properties(width=width, height=260, autosize=FIT)

    last = rows.iloc[-1]
    printed = pd.DataFrame(
        {
            "Date": rows["as_of"],
            "Models": rows["models_compared"].map(_whole),
            **{name: rows[name].map(_ratio) for name in ("ratio", "p05", "p25", "p50", "p75", "p95")},
            "Within a tenth": rows["within_tenth_share"].map(percent),
        }
    ).iloc[::-1]
    return Figure(
        figure_id,
        "Thirty-day counts divided by the growth of counters",
        f"A line of the median model's ratio within bands of the middle half and the middle nine tenths of models, a "
        f"dotted line of all downloads together and a rule at 1, full agreement. At the end, {last['as_of']}: median "
        f"{_ratio(last['p50'])}, all together {_ratio(last['ratio'])}.",
        "basis-comparison",
        printed,
        draw,
        "Solid line: the median model. Bands: the middle half and the middle nine tenths of models. Dotted line: all "
        "downloads together. Dashed rule at 1: the two agree.",
    )


def _state(row: Any) -> str:
    if row.kind == "gap":
        return "gap"
    for name in ("stepped_back", "stale", "partial", "report_date"):
        if getattr(row, name):
            return name.replace("_", " ")
    return "fresh"


def _whole(number: Any) -> str:
    return "" if pd.isna(number) else count(number)


def _ratio(number: Any) -> str:
    return decimal(number, digits=3)
