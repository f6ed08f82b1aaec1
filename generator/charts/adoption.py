"""The chart of relative adoption."""

from typing import Any

import altair as alt
import pandas as pd

from generator.attribution import UNATTRIBUTED
from generator.charts.figure import FIT, WIDE, Figure
from generator.charts.theme import INK, colour_of
from generator.wording import count, country_name, day, decimal

DOTS = 20
LABEL_LIMIT = {True: 300, False: 165}


def relative_adoption(table: pd.DataFrame, figure_id: str) -> Figure:
    """Dots of the highest relative adoptions on a logarithmic axis, with a rule at 1.

    Args:
        table: the rows of relative-adoption of one date that have a value above nought.
        figure_id: the figure's id in its page.
    """
    rows = table.sort_values("rank").head(DOTS).copy()
    # Two owners may use one name, and the axis keeps one row a name: the rank keeps them apart.
    rows["name"] = [
        f"{rank}. {model.split('/')[-1]}" for rank, model in zip(rows["rank"], rows["model_id"], strict=True)
    ]
    rows["value"] = rows["relative_adoption"].map(_times)
    rows["label"] = [
        value if country == UNATTRIBUTED else f"{value} {country}"
        for value, country in zip(rows["value"], rows["country"], strict=True)
    ]
    rows["colour"] = rows["country"].map(colour_of)
    printed = pd.DataFrame(
        {
            "Rank": rows["rank"].astype(str),
            "Model": rows["model_id"],
            "Organisation": rows["organisation"],
            "Country": rows["country"].map(country_name),
            "Parameters": rows["size_class"],
            "Age in days": rows["age_days"].map(count),
            "Compared at": rows["reference_age"].map(count),
            "Downloads": rows["downloads"].map(count),
            "Median of ten": rows["median_of_ten"].map(count),
            "Relative adoption": rows["value"],
        }
    )
    drawn = rows[["name", "model_id", "relative_adoption", "label", "colour", "size_class", "age_days"]]
    one = pd.DataFrame({"one": [1.0]})
    low = min(0.5, float(drawn["relative_adoption"].min()) * 0.8)
    high = max(2.0, float(drawn["relative_adoption"].max()))

    def draw(width: int) -> Any:
        # Room within the plot for the column of labels beyond the farthest dot.
        scale = alt.Scale(
            type="log", domain=[low, high * (high / low) ** (0.17 if width == WIDE else 0.85)], nice=False
        )
        limit = LABEL_LIMIT[width == WIDE]
        x = alt.X(
            "relative_adoption:Q",
            title="relative adoption (logarithmic)" if width == WIDE else None,
            scale=scale,
            axis=alt.Axis(values=_ticks(low, high), format="~g", labelOverlap=True),
        )
        y = alt.Y(
            "name:N",
            sort=None,
            title=None,
            axis=alt.Axis(ticks=False, domain=False, grid=True, labelLimit=limit),
        )
        base = alt.Chart(drawn)
        dots = base.mark_circle(size=90, opacity=1).encode(
            x=x,
            y=y,
            color=alt.Color("colour:N", scale=None),
            tooltip=[
                alt.Tooltip("model_id:N", title="Model"),
                alt.Tooltip("size_class:N", title="Parameters"),
                alt.Tooltip("age_days:Q", title="Age in days"),
                alt.Tooltip("relative_adoption:Q", title="Relative adoption", format=".2f"),
            ],
        )
        # In a column of their own, where neither dots nor the rule run through them.
        labels = base.mark_text(align="right", color=INK).encode(x=alt.value("width"), y=y, text=alt.Text("label:N"))
        rule = alt.Chart(one).mark_rule(color=INK, strokeWidth=1.5, strokeDash=[5, 3])
        return alt.layer(rule.encode(x=alt.X("one:Q", scale=scale)), dots, labels).properties(
            width=width, height=24 * len(drawn) + 30, autosize=FIT
        )

    leaders = ", ".join(f"{name} {value}" for name, value in zip(rows["model_id"], rows["value"], strict=True))
    return Figure(
        figure_id,
        f"Highest relative adoption on {day(rows['as_of'].iloc[0])}",
        f"Dots on a logarithmic axis with a dashed rule at 1, the median of the ten most downloaded models of the same "
        f"size and age: {leaders}.",
        "relative-adoption",
        printed,
        draw,
        "The dashed rule at 1 is the median of the ten most downloaded models of the same size class and age. At "
        "the right stand each model's value and the publisher's country.",
    )


def _times(value: float) -> str:
    """A ratio, with as many decimals as it takes to tell it from nothing."""
    return decimal(value) if value >= 1 else decimal(value, digits=2) if value >= 0.01 else "<0.01"


def _ticks(low: float, high: float) -> list[float]:
    """Ticks at 1, 2 and 5 times the powers of ten, fewer where the axis spans many of them."""
    steps = (1, 2, 5) if high / low < 200 else (1,)
    return [float(f"{step}e{power}") for power in range(-6, 9) for step in steps if low <= step * 10.0**power <= high]
