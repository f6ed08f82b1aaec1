"""Charts of concentration."""

from typing import Any

import altair as alt
import pandas as pd

from generator.charts.figure import FIT, WIDE, Figure, month_axis, percent_axis
from generator.charts.theme import ACCENT, INK
from generator.wording import count, day, decimal, index, percent, window

TOPS = {"top_1_share": 1, "top_5_share": 5, "top_10_share": 10, "top_50_share": 50}
LEVELS = {"developers": "developers", "models": "single models"}


def concentration_now(table: pd.DataFrame, figure_id: str) -> Figure:
    """Bars of what the largest 1, 5, 10 and 50 developers and models hold.

    Args:
        table: level, units, hhi, effective_number, gini and the top shares of one date, lens, window and basis.
        figure_id: the figure's id in its page.
    """
    chosen = table[table["level"].isin(list(LEVELS))]
    rows = chosen.melt(["level", "units"], list(TOPS), "top", "share")
    rows = rows.assign(
        group=[f"Largest {TOPS[top]}" for top in rows["top"]],
        panel=["Developers" if level == "developers" else "Single models" for level in rows["level"]],
        label=rows["share"].map(percent),
    )
    groups = [f"Largest {top}" for top in TOPS.values()]

    def draw(width: int) -> Any:
        def panel(title: str, labels: bool, size: int) -> Any:
            y = alt.Y("group:N", sort=groups, title=None, axis=alt.Axis(labels=labels, ticks=False, domain=False))
            x = alt.X("share:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=percent_axis(tickCount=4))
            base = alt.Chart(rows[rows["panel"] == title], title=title)
            bars = base.mark_bar(height={"band": 0.66}, color=ACCENT).encode(
                x=x, y=y, tooltip=[alt.Tooltip("group:N"), alt.Tooltip("share:Q", format=".1%")]
            )
            text = base.mark_text(align="left", dx=5, color=INK).encode(
                x=alt.X("share:Q"), y=y, text=alt.Text("label:N")
            )
            return alt.layer(bars, text).properties(width=size, height=130)

        if width == WIDE:
            return alt.hconcat(panel("Developers", True, 290), panel("Single models", False, 290), spacing=60)
        return alt.vconcat(panel("Developers", True, width - 100), panel("Single models", True, width - 100))

    described = "; ".join(
        f"the largest {TOPS[top]} {LEVELS[level]} hold {percent(share)}"
        for top, level, share in zip(rows["top"], rows["level"], rows["share"], strict=True)
    )
    printed = pd.DataFrame(
        {
            "Counted over": table["level"],
            "Number": table["units"].map(count),
            "HHI": table["hhi"].map(index),
            "Effective number": table["effective_number"].map(decimal),
            "Gini": table["gini"].map(index),
            **{f"Largest {top}": table[column].map(percent) for column, top in TOPS.items()},
        }
    )
    return Figure(
        figure_id,
        f"What the largest hold of the downloads {window(table.iloc[0])}",
        f"Bars of the share of downloads: {described}.",
        "concentration",
        printed,
        draw,
    )


def concentration_over_time(table: pd.DataFrame, figure_id: str) -> Figure:
    """The effective number of developers at each report date.

    Args:
        table: as_of, effective_number, hhi of one level, lens, window and basis, several dates.
        figure_id: the figure's id in its page.
    """
    rows = table.sort_values("as_of")[["as_of", "effective_number", "hhi"]].copy()
    first, last = rows.iloc[0], rows.iloc[-1]
    rows["as_of"] = rows["as_of"].astype(str)

    def draw(width: int) -> Any:
        base = alt.Chart(rows).encode(
            x=alt.X("as_of:T", title=None, axis=month_axis(width, rows["as_of"])),
            y=alt.Y("effective_number:Q", title=None, scale=alt.Scale(domainMin=0)),
            tooltip=[
                alt.Tooltip("as_of:T", title="Date"),
                alt.Tooltip("effective_number:Q", title="Effective number", format=".1f"),
            ],
        )
        return alt.layer(
            base.mark_line(color=ACCENT, strokeWidth=2.5), base.mark_point(color=ACCENT, filled=True, opacity=1)
        ).properties(width=width, height=240, autosize=FIT)

    printed = pd.DataFrame(
        {
            "Date": rows["as_of"],
            "Effective number": rows["effective_number"].map(decimal),
            "HHI": rows["hhi"].map(index),
        }
    ).iloc[::-1]
    return Figure(
        figure_id,
        "Effective number of developers",
        f"A line of the number of equal developers that would give the same concentration: "
        f"{decimal(first['effective_number'])} on {day(first['as_of'])}, {decimal(last['effective_number'])} on "
        f"{day(last['as_of'])}.",
        "concentration",
        printed,
        draw,
    )
