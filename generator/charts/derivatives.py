"""Charts of who is built upon."""

from collections.abc import Callable, Sequence
from typing import Any

import altair as alt
import pandas as pd

from generator.attribution import UNATTRIBUTED
from generator.charts.figure import FIT, WIDE, Figure, month_axis, percent_axis
from generator.charts.lines import BOUND_KEY, BOUNDED, end_labels, upper_bounds
from generator.charts.theme import COUNTRY_COLOURS, INK, OTHER_COLOUR, OTHER_DASH, colour_of, dash_of
from generator.metrics.derivatives_by_relation import UNKNOWN
from generator.metrics.top_families import UNASSIGNED
from generator.wording import count, country_name, percent

TOP = 5
BARS = 15
OTHERS = "All others"
HUES = tuple(COUNTRY_COLOURS.values())[:TOP]
PATTERNS: tuple[list[int], ...] = ([1, 0], [8, 3], [3, 3], [10, 3, 2, 3], [5, 2])
RELATION_NAMES: dict[str, str] = {
    "finetune": "Fine-tuned",
    "adapter": "Adapter",
    "quantized": "Quantised",
    "merge": "Merged",
    UNKNOWN: "Not declared",
}
LOOSE = (UNATTRIBUTED, UNASSIGNED, UNKNOWN)
"""What nobody could assign: drawn as a line of its own, never among the others."""


def derivatives_by_country(table: pd.DataFrame, figure_id: str) -> Figure:
    """Lines of the origins of new derivatives.

    Args:
        table: month, rank, country, derivatives, lower, upper of complete windows of twelve months.
        figure_id: the figure's id in its page.
    """
    return _lines(table, figure_id, "derivatives-by-origin", "country", "by country of the root model", country_name)


def derivatives_by_family(table: pd.DataFrame, figure_id: str) -> Figure:
    """Lines of the families of new derivatives.

    Args:
        table: month, rank, family, derivatives of complete windows of twelve months.
        figure_id: the figure's id in its page.
    """
    return _lines(table, figure_id, "derivatives-by-family", "family", "by family", _words)


def derivatives_by_relation(table: pd.DataFrame, figure_id: str) -> Figure:
    """Lines of how new derivatives were made.

    Args:
        table: month, rank, relation, derivatives of complete windows of twelve months.
        figure_id: the figure's id in its page.
    """
    return _lines(
        table,
        figure_id,
        "derivatives-by-relation",
        "relation",
        "by relation to the base model",
        RELATION_NAMES.__getitem__,
    )


def most_built_upon(table: pd.DataFrame, figure_id: str) -> Figure:
    """Bars of the models with the most derivatives, those that name it directly darker.

    Args:
        table: rank, root_id, organisation, country, derivatives, direct, depth, downloads of one date.
        figure_id: the figure's id in its page.
    """
    rows = table.sort_values("rank").head(BARS).copy()
    rows["label"] = [
        count(number) if country == UNATTRIBUTED else f"{count(number)} {country}"
        for number, country in zip(rows["derivatives"], rows["country"], strict=True)
    ]
    rows["colour"] = rows["country"].map(colour_of)
    printed = pd.DataFrame(
        {
            "Rank": rows["rank"].astype(str),
            "Model": rows["root_id"],
            "Organisation": rows["organisation"],
            "Country": rows["country"].map(country_name),
            "Derivatives": rows["derivatives"].map(count),
            "Direct": rows["direct"].map(count),
            "Longest chain": rows["depth"].map(count),
            "Downloads of the derivatives": rows["downloads"].map(count),
        }
    )
    drawn = rows[["root_id", "derivatives", "direct", "label", "colour"]]
    end = max(int(rows["derivatives"].max()), 1)

    def draw(width: int) -> Any:
        wide = width == WIDE
        # On a phone the name stands above its bar: beside it, the two would leave each other no room.
        axis = alt.Axis(labels=wide, ticks=False, domain=False, labelLimit=330)
        y = alt.Y("root_id:N", sort=None, title=None, axis=axis)
        x_scale = alt.Scale(domain=[0, end * 1.25], nice=False)
        height = {"band": 0.66 if wide else 0.36}
        down = 0 if wide else 9
        tooltip = [
            alt.Tooltip("root_id:N", title="Model"),
            alt.Tooltip("derivatives:Q", title="Derivatives", format=","),
            alt.Tooltip("direct:Q", title="Direct", format=","),
        ]
        base = alt.Chart(drawn).encode(y=y)
        bar = base.mark_bar(height=height, yOffset=down).encode(
            color=alt.Color("colour:N", scale=None), tooltip=tooltip
        )
        whole = base.mark_bar(height=height, yOffset=down, fillOpacity=0.35, strokeWidth=1).encode(
            fill=alt.Fill("colour:N", scale=None), stroke=alt.Stroke("colour:N", scale=None), tooltip=tooltip
        )
        x = alt.X("derivatives:Q", title=None, scale=x_scale, axis=alt.Axis(tickCount=4, tickMinStep=1, format=",d"))
        layers = [
            whole.encode(x=x),
            bar.encode(x=alt.X("direct:Q", scale=x_scale)),
            base.mark_text(align="left", dx=5, dy=down, color=INK).encode(
                x=alt.X("derivatives:Q", scale=x_scale), text=alt.Text("label:N")
            ),
        ]
        if not wide:
            name = alt.Chart(drawn).mark_text(align="left", dy=-7, color=INK, limit=width - 20)
            layers.append(name.encode(x=alt.value(0), y=y, text=alt.Text("root_id:N")))
        return alt.layer(*layers).properties(width=width, height=(24 if wide else 42) * len(drawn) + 24, autosize=FIT)

    key = (
        "The dark part of a bar are the models that name it as their base, the pale part those farther down its "
        "lineage."
    )
    leaders = ", ".join(
        f"{name} {count(number)}" for name, number in zip(rows["root_id"], rows["derivatives"].head(5), strict=False)
    )
    return Figure(
        figure_id,
        "Most built-upon models, by their derivatives",
        f"Bars of the {len(rows)} root models with the most derivatives. The first are {leaders}. {key}",
        "most-built-upon",
        printed,
        draw,
        key,
    )


def _words(name: str) -> str:
    return name if name not in LOOSE else name.capitalize()


def _lines(
    table: pd.DataFrame, figure_id: str, metric: str, of: str, subtitle: str, name_of: Callable[[str], str]
) -> Figure:
    """Shares of the leading five, of all others and of what nobody could assign, each labelled at its end."""
    newest = table["month"].max()
    now = table[table["month"] == newest]
    leading = now[now["rank"].notna()].sort_values("rank").head(TOP)[of].tolist()
    kept = [*leading, *(name for name in LOOSE if (table[of] == name).any())]
    counts = table.pivot_table(index="month", columns=of, values="derivatives", aggfunc="sum", fill_value=0)
    total = counts.sum(axis=1)
    chosen = counts.reindex(columns=kept, fill_value=0).div(total, axis=0)
    # From whole numbers, so that no rounding leaves a remainder where there is none.
    rest = (total - counts.reindex(columns=kept, fill_value=0).sum(axis=1)) / total
    chosen.columns = pd.Index([name_of(str(name)) for name in kept])
    names = [*chosen.columns]
    if (rest > 0).any():
        chosen[OTHERS] = rest
        names.append(OTHERS)
    lines = chosen.rename_axis(index="month").reset_index().melt("month", var_name="name", value_name="share")
    lines["month"] = lines["month"].astype(str)
    colours, dashes = _look(kept, names, of)
    ends = end_labels(lines[lines["month"] == str(newest)], max(float(lines["share"].max()), 0.01))
    bounds = _bounds(table[table[of].isin(leading)], of, name_of)

    def draw(width: int) -> Any:
        x = alt.X("month:T", title=None, axis=month_axis(width, lines["month"]))
        colour = alt.Color("name:N", scale=alt.Scale(domain=names, range=colours), legend=None)
        base = alt.Chart(lines).encode(
            x=x,
            y=alt.Y("share:Q", title=None, axis=percent_axis(tickCount=5), scale=alt.Scale(domainMin=0)),
            color=colour,
            tooltip=[
                alt.Tooltip("name:N", title=of.capitalize()),
                alt.Tooltip("month:T", title="Twelve months to", format="%B %Y"),
                alt.Tooltip("share:Q", title="Share", format=".1%"),
            ],
        )
        dash = alt.StrokeDash("name:N", scale=alt.Scale(domain=names, range=dashes), legend=None)
        label = alt.Chart(ends).mark_text(align="left", dx=8, baseline="middle", color=INK)
        return alt.layer(
            *upper_bounds(bounds[bounds["name"].isin(names[:BOUNDED])], x, colour),
            base.mark_line(strokeWidth=2.5).encode(strokeDash=dash),
            label.encode(x=alt.X("month:T"), y=alt.Y("place:Q"), text=alt.Text("label:N")),
        ).properties(width=width, height=340 if width == WIDE else 300, autosize=FIT)

    key = "Each point of a line is the share in the twelve months that end with its month."
    if not bounds.empty:
        key = f"{key} {BOUND_KEY}"
    last = ", ".join(f"{name} {percent(chosen[name].iloc[-1])}" for name in names)
    printed = chosen.iloc[::-1].map(percent)
    for name, rows in bounds.groupby("name", sort=False):
        highest = rows.set_index("month")["upper"]
        printed[f"{name}, upper bound"] = [percent(highest.get(str(month))) for month in printed.index]
    printed.insert(0, "Twelve months to", [f"{month:%B %Y}" for month in printed.index])
    return Figure(
        figure_id,
        f"Share of new derivatives, {subtitle}, over time",
        f"Lines of shares of new derivatives, {subtitle}, in windows of twelve months from "
        f"{table['month'].min():%B %Y} to {newest:%B %Y}. At the end: {last}. {key}",
        metric,
        printed,
        draw,
        key,
    )


def _bounds(table: pd.DataFrame, of: str, name_of: Callable[[str], str]) -> pd.DataFrame:
    """Month, name, lower and upper of the lines that have bounds: a country's, since models without one may be its."""
    if of != "country":
        return pd.DataFrame(columns=["month", "name", "lower", "upper"])
    return table.assign(month=table["month"].astype(str), name=table[of].map(name_of))[
        ["month", "name", "lower", "upper"]
    ]


def _look(kept: Sequence[str], names: Sequence[str], of: str) -> tuple[list[str], list[list[int]]]:
    """Colours and line patterns: countries have theirs, other leaders take turns."""
    colours, dashes = [], []
    for place, _ in enumerate(names):
        value = kept[place] if place < len(kept) else OTHERS
        if value in LOOSE or (of == "country" and value != OTHERS):
            code = UNATTRIBUTED if value in LOOSE else value
            colours.append(colour_of(code))
            dashes.append(dash_of(code) if code in ("CN", "US", UNATTRIBUTED) else PATTERNS[place % len(PATTERNS)])
        elif value == OTHERS:
            colours.append(OTHER_COLOUR)
            dashes.append(OTHER_DASH)
        else:
            colours.append(HUES[place % len(HUES)])
            dashes.append(PATTERNS[place % len(PATTERNS)])
    return colours, dashes
