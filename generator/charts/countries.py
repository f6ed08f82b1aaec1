"""Charts of countries' shares."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from generator.attribution import UNATTRIBUTED
from generator.charts.figure import FIT, WIDE, Figure, month_axis, percent_axis
from generator.charts.lines import BOUND_KEY, BOUNDED, end_labels, upper_bounds
from generator.charts.theme import INK, colour_of, dash_of
from generator.references import PublishedFigure
from generator.wording import country_name, day, percent, points, window

LINES = 6
BARS = 10


def shares_over_time(table: pd.DataFrame, figure_id: str, metric: str, subject: str,
                     references: Sequence[PublishedFigure] = ()) -> Figure:  # fmt: skip
    """Lines of the leading countries' shares, each labelled at its end, with the leaders' upper bounds.

    Args:
        table: as_of, country, share, lower, upper, rank of one distribution a date, several dates.
        figure_id: the figure's id in its page.
        metric: the metric that the table belongs to.
        subject: what is shared, "downloads of models less than a year old" say.
        references: another study's figures, drawn as hollow diamonds with their source.
    """
    newest = table["as_of"].max()
    now = table[table["as_of"] == newest].sort_values("share", ascending=False)
    leading = now[now["rank"].notna()].head(LINES - 1)["country"].tolist()
    shown = [*leading, UNATTRIBUTED] if (now["country"] == UNATTRIBUTED).any() else leading
    lines = table.loc[table["country"].isin(shown), ["as_of", "country", "share", "lower", "upper"]].copy()
    lines["name"] = lines["country"].map(country_name)
    lines["as_of"] = lines["as_of"].astype(str)
    names = [country_name(code) for code in shown]
    ends = end_labels(lines[lines["as_of"] == str(newest)], max(float(lines["share"].max()), 0.01))
    # What is unattributed has no bounds of its own: it is what the bounds of the others are made of.
    bounds = lines.loc[lines["country"] != UNATTRIBUTED, ["as_of", "name", "lower", "upper"]]
    lines = lines[["as_of", "country", "name", "share"]]
    marks = pd.DataFrame(
        [
            {
                "as_of": str(figure.period_end),
                "name": country_name(figure.country),
                "share": figure.value,
                "label": f"study: {country_name(figure.country)} {percent(figure.value)}",
            }
            for figure in references
            if figure.country in shown
        ]
    )

    def draw(width: int) -> Any:
        scale = alt.Scale(domain=names, range=[colour_of(code) for code in shown])
        dash = alt.Scale(domain=names, range=[dash_of(code) for code in shown])
        x = alt.X("as_of:T", title=None, axis=month_axis(width, lines["as_of"]))
        y = alt.Y("share:Q", title=None, axis=percent_axis(tickCount=5), scale=alt.Scale(domainMin=0))
        base = alt.Chart(lines).encode(
            x=x,
            y=y,
            color=alt.Color("name:N", scale=scale, legend=None),
            tooltip=[
                alt.Tooltip("name:N", title="Country"),
                alt.Tooltip("as_of:T", title="Date"),
                alt.Tooltip("share:Q", title="Share", format=".1%"),
            ],
        )
        layers = [
            *upper_bounds(
                bounds[bounds["name"].isin(names[:BOUNDED])], x, alt.Color("name:N", scale=scale, legend=None)
            ),
            base.mark_line(strokeWidth=2.5).encode(strokeDash=alt.StrokeDash("name:N", scale=dash, legend=None)),
            base.mark_point(size=28, filled=True, opacity=1),
            alt.Chart(ends)
            .mark_text(align="left", dx=8, baseline="middle", color=INK)
            .encode(x=alt.X("as_of:T"), y=alt.Y("place:Q"), text=alt.Text("label:N")),
        ]
        if not marks.empty:
            mark = alt.Chart(marks).encode(x=alt.X("as_of:T"), y=alt.Y("share:Q"))
            layers.append(
                mark.mark_point(shape="diamond", size=110, filled=False, strokeWidth=2, opacity=1).encode(
                    color=alt.Color("name:N", scale=scale, legend=None)
                )
            )
        return alt.layer(*layers).properties(
            width=width,
            height=340 if width == WIDE else 300,
            autosize=FIT,
        )

    first = table["as_of"].min()
    key = f"{_points(table)} {BOUND_KEY} {_key(references, shown)}".strip()
    description = (
        f"Lines of each country's share of {subject} from {day(first)} to {day(newest)}. At the end: "
        + _series(now[now["country"].isin(shown)])
        + f". {key}"
    ).strip()
    printed = lines.pivot_table(index="as_of", columns="name", values="share")[names].sort_index(ascending=False)
    printed = printed.map(percent)
    highest = bounds.pivot_table(index="as_of", columns="name", values="upper").map(percent)
    for name in highest.columns:
        printed[f"{name}, upper bound"] = highest[name]
    rows = printed.reset_index(names="Date")
    return Figure(figure_id, f"Share of {subject}, by country, over time", description, metric, rows, draw, key)


def shares_now(
    table: pd.DataFrame,
    figure_id: str,
    metric: str,
    subject: str,
    references: Sequence[PublishedFigure] = (),
) -> Figure:
    """Bars of the leading countries' shares at one date, with bounds, the two lenses side by side.

    Args:
        table: lens, country, share, lower, upper, rank of one date; both lenses, each a distribution.
        figure_id: the figure's id in its page.
        metric: the metric that the table belongs to.
        subject: what is shared.
        references: another study's figures, drawn as hollow diamonds in the publisher's panel.
    """
    total = table.groupby("country")["share"].max().sort_values(ascending=False)
    ranked = [code for code in total.index if code not in (UNATTRIBUTED, "XX")][:BARS]
    rest = [code for code in ("XX", UNATTRIBUTED) if code in total.index]
    shown = [*ranked, *rest]
    bars = table.loc[table["country"].isin(shown), ["lens", "country", "share", "upper"]].copy()
    bars["name"] = bars["country"].map(country_name)
    bars["label"] = bars["share"].map(percent)
    bars["bound"] = bars["upper"].where(bars["country"] != UNATTRIBUTED, bars["share"])
    bars["panel"] = bars["lens"].map({"publisher": "By publisher", "origin": "By origin of the base model"})
    names = [country_name(code) for code in shown]
    marks = pd.DataFrame(
        [
            {"name": country_name(figure.country), "share": figure.value, "panel": "By publisher"}
            for figure in references
            if figure.country in shown
        ]
    )
    # Room within the plot for the label behind the longest line.
    longest = float(max(bars["bound"].max(), *(figure.value for figure in references), 0))

    def draw(width: int) -> Any:
        def panel(title: str, labels: bool, size: int) -> Any:
            rows = bars[bars["panel"] == title]
            y = alt.Y(
                "name:N",
                scale=alt.Scale(domain=names),
                title=None,
                axis=alt.Axis(labels=labels, ticks=False, domain=False),
            )
            x_scale = alt.Scale(domain=[0, longest * (1.2 if width == WIDE else 1.25)], nice=False)
            x = alt.X("share:Q", title=None, scale=x_scale, axis=percent_axis(tickCount=4))
            colour = alt.Color(
                "name:N",
                scale=alt.Scale(domain=names, range=[colour_of(code) for code in shown]),
                legend=None,
            )
            tooltip = [
                alt.Tooltip("name:N", title="Country"),
                alt.Tooltip("share:Q", title="Share", format=".1%"),
                alt.Tooltip("upper:Q", title="Upper bound", format=".1%"),
            ]
            base = alt.Chart(rows, title=title)
            layers = [
                base.mark_bar(height={"band": 0.66}).encode(x=x, y=y, color=colour, tooltip=tooltip),
                base.mark_rule(strokeWidth=1.5, color=INK, opacity=0.55).encode(
                    x=alt.X("share:Q"), x2=alt.X2("bound:Q"), y=y
                ),
                base.mark_text(align="left", dx=5, dy=-1, color=INK).encode(
                    x=alt.X("bound:Q"), y=y, text=alt.Text("label:N")
                ),
            ]
            if len(marks) and title == "By publisher":
                layers.append(
                    alt.Chart(marks)
                    .mark_point(shape="diamond", size=90, strokeWidth=2, filled=False, color=INK, opacity=1)
                    .encode(x=alt.X("share:Q", scale=x_scale), y=y)
                )
            return alt.layer(*layers).properties(width=size, height=24 * len(names))

        if width == WIDE:
            left = panel("By publisher", True, 270)
            right = panel("By origin of the base model", False, 270)
            return alt.hconcat(left, right, spacing=40)
        return alt.vconcat(
            panel("By publisher", True, width - 125), panel("By origin of the base model", True, width - 125)
        )

    description = f"Bars of each country's share of {subject}. " + " ".join(
        f"{panel}: {_series(rows.sort_values('share', ascending=False).head(5))}."
        for panel, rows in bars.groupby("panel", sort=False)
    )
    description += " A thin line runs from each bar to its upper bound, were all unattributed downloads its own."
    study = _key(references, shown)
    description = f"{description} {study}".strip()
    printed = pd.DataFrame({"Country": names})
    for lens, title in (("publisher", "By publisher"), ("origin", "By origin")):
        rows = bars[bars["lens"] == lens].set_index("name")
        printed[title] = [percent(rows["share"].get(name, 0.0)) for name in names]
        printed[f"{title}, upper bound"] = [percent(rows["upper"].get(name, rows["bound"].min())) for name in names]
    key = f"The thin line ends where the share would be if all unattributed downloads were its own. {study}".strip()
    return Figure(
        figure_id,
        f"Share of {subject} {window(table.iloc[0])}, by country",
        description,
        metric,
        printed,
        draw,
        key,
    )


def margin_over_time(table: pd.DataFrame, figure_id: str, metric: str) -> Figure:
    """The margin between two countries with its bounds.

    Args:
        table: as_of, margin, lower, upper, country, other_country of one series, several dates.
        figure_id: the figure's id in its page.
        metric: the metric that the table belongs to.
    """
    rows = table.sort_values("as_of").copy()
    a, b = country_name(rows["country"].iloc[0]), country_name(rows["other_country"].iloc[0])
    rows = rows[["as_of", "margin", "lower", "upper"]]
    last = rows.iloc[-1]
    rows["as_of"] = rows["as_of"].astype(str)

    def draw(width: int) -> Any:
        x = alt.X("as_of:T", title=None, axis=month_axis(width, rows["as_of"]))
        y_axis = percent_axis(tickCount=6)
        base = alt.Chart(rows).encode(x=x)
        zero = pd.DataFrame({"zero": [0]})
        sides = [(f"▲ {a} ahead", 12), (f"▼ {b} ahead", "height")]
        return alt.layer(
            base.mark_area(opacity=0.18, color=INK).encode(
                y=alt.Y("lower:Q", title=None, axis=y_axis), y2=alt.Y2("upper:Q")
            ),
            alt.Chart(zero).mark_rule(color=INK, strokeWidth=1.5).encode(y=alt.Y("zero:Q")),
            base.mark_line(color=colour_of("CN"), strokeWidth=2.5).encode(
                y=alt.Y("margin:Q"),
                tooltip=[
                    alt.Tooltip("as_of:T", title="Date"),
                    alt.Tooltip("margin:Q", title="Margin", format="+.1%"),
                ],
            ),
            *(
                alt.Chart(pd.DataFrame({"label": [label]}))
                .mark_text(align="left", dx=6, dy=-8 if place == "height" else 0, color=INK)
                .encode(x=alt.value(0), y=alt.value(place), text=alt.Text("label:N"))
                for label, place in sides
            ),
        ).properties(width=width, height=280, autosize=FIT)

    ahead = a if last["margin"] > 0 else b
    description = (
        f"A line of the margin between {a} and {b} from {day(table['as_of'].min())} to {day(last['as_of'])}, in a "
        f"band of what unattributed downloads could make of it. At the end {ahead} is ahead by "
        f"{points(last['margin'])} (bounds {percent(last['lower'])} to {percent(last['upper'])})."
    )
    printed = pd.DataFrame(
        {
            "Date": rows["as_of"],
            f"{a} minus {b}": rows["margin"].map(percent),
            "Lower bound": rows["lower"].map(percent),
            "Upper bound": rows["upper"].map(percent),
        }
    ).iloc[::-1]
    return Figure(figure_id, f"{a} minus {b}: margin of shares", description, metric, printed, draw)


def _points(table: pd.DataFrame) -> str:
    """What a point of a series stands for."""
    if (table["window_months"] == 12).all():
        return "Each point is the twelve months up to its date."
    if (table["basis"] == "snapshot-30-day").all():
        return "Each point is the 30 days up to its date."
    return "Each point is the time since the point before it."


def _key(references: Sequence[PublishedFigure], shown: Sequence[str]) -> str:
    """What the hollow diamonds stand for, with source, period and denominator."""
    drawn = [figure for figure in references if figure.country in shown]
    if not drawn:
        return ""
    first = drawn[0]
    figures = ", ".join(f"{country_name(figure.country)} {percent(figure.value)}" for figure in drawn)
    return (
        f"Hollow diamonds: figures published by the {first.study} for {first.denominator} ({figures}); another "
        "selection and registry than here, so for orientation only."
    )


def _series(rows: pd.DataFrame) -> str:
    return ", ".join(
        f"{country_name(code)} {percent(share)}" for code, share in zip(rows["country"], rows["share"], strict=True)
    )
