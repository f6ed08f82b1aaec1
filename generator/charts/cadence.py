"""Charts of release events: a calendar of them by lab, and the intervals between them by country."""

import math
from datetime import timedelta
from typing import Any

import altair as alt
import pandas as pd

from generator.charts.figure import FIT, WIDE, Figure, month_axis
from generator.charts.theme import INK, colour_of
from generator.metrics.release_cadence import WINDOW_DAYS
from generator.wording import count, country_name, day, decimal

COUNTRIES = 10
LABEL_LIMIT = {True: 220, False: 118}
SHORTEST_AXIS_DAYS = 14


def calendar(events: pd.DataFrame, labs: pd.DataFrame, figure_id: str) -> Figure:
    """A strip of a lab's days with releases over twelve months, labs in order of their median interval.

    Args:
        events: organisation, country, day, repositories, families (table ``release-events``).
        labs: organisation, country, events, events_per_month, median_days_between of the same date (table
            ``release-cadence``).
        figure_id: the figure's id in its page.
    """
    as_of = events["as_of"].iloc[0]
    shown = labs[labs["organisation"].isin(events["organisation"])]
    shown = shown.sort_values(["median_days_between", "rank"], na_position="last")
    order = shown["organisation"].tolist()
    rows = events[["organisation", "country", "day", "repositories", "families"]].rename(
        columns={"organisation": "lab"}
    )
    rows["day"] = rows["day"].astype(str)
    rows["colour"] = rows["country"].map(colour_of)
    start, end = str(as_of - timedelta(days=WINDOW_DAYS)), str(as_of)
    ends = pd.DataFrame(
        {
            "lab": order,
            "end": end,
            "start": start,
            "label": [
                f"{code} {_interval(days)}"
                for code, days in zip(shown["country"], shown["median_days_between"], strict=True)
            ],
        }
    )

    def draw(width: int) -> Any:
        y = alt.Y(
            "lab:N",
            scale=alt.Scale(domain=order),
            title=None,
            axis=alt.Axis(ticks=False, domain=False, labelLimit=LABEL_LIMIT[width == WIDE]),
        )
        lines = (
            alt.Chart(ends)
            .mark_rule(color=INK, opacity=0.18)
            .encode(x=alt.X("start:T", title=None, axis=month_axis(width, [start, end])), x2=alt.X2("end:T"), y=y)
        )
        marks = (
            alt.Chart(rows)
            .mark_tick(thickness=2.5 if width == WIDE else 2, height={"band": 0.72}, opacity=0.9)
            .encode(
                # Named here alone: given with an x2 as well, Vega-Lite reads the two days as a third pair of them.
                x=alt.X("day:T", scale=alt.Scale(domain=[start, end], nice=False)),
                y=y,
                color=alt.Color("colour:N", scale=None),
                tooltip=[
                    alt.Tooltip("lab:N", title="Lab"),
                    alt.Tooltip("day:T", title="Day"),
                    alt.Tooltip("repositories:Q", title="Repositories"),
                    alt.Tooltip("families:N", title="Families"),
                ],
            )
        )
        labels = (
            alt.Chart(ends)
            .mark_text(align="left", dx=8, color=INK)
            .encode(x=alt.X("end:T"), y=y, text=alt.Text("label:N"))
        )
        return alt.layer(lines, marks, labels).properties(width=width, height=26 * len(order) + 30, autosize=FIT)

    said = ", ".join(
        f"{lab} ({code}) {count(number)} {'release' if number == 1 else 'releases'}, {_interval(days)}"
        for lab, code, number, days in zip(
            order, shown["country"], shown["events"], shown["median_days_between"], strict=True
        )
    )
    printed = pd.DataFrame(
        {
            "Lab": shown["organisation"],
            "Country": shown["country"].map(country_name),
            "Releases": shown["events"].map(count),
            "Releases a month": shown["events_per_month"].map(decimal),
            "Median days between": shown["median_days_between"].map(_days),
            "Since the previous, however old": shown["median_days_since_previous"].map(_days),
            "First": shown["first_event"].map(day),
            "Last": shown["last_event"].map(day),
        }
    )
    return Figure(
        figure_id,
        f"Days with releases in the twelve months to {day(as_of)}: the most active labs of China, the United States "
        "and all other countries",
        f"A calendar strip a lab with a stroke for each day with releases, the shortest median interval on top: "
        f"{said}.",
        "release-events",
        printed,
        draw,
        "Each stroke is a day with releases; at the right the lab's country and the median number of days (d) "
        "between them.",
    )


def intervals(labs: pd.DataFrame, by_country: pd.DataFrame, figure_id: str) -> Figure:
    """Dots of the labs' median intervals, one row a country, with the median lab of each.

    Args:
        labs: organisation, country, events, median_days_between of one date (table ``release-cadence``); at least one
            with an interval.
        by_country: country, labs, labs_with_interval, events_per_lab, median_days_between of the same date (table
            ``release-cadence-by-country``).
        figure_id: the figure's id in its page.
    """
    as_of = labs["as_of"].iloc[0]
    timed = by_country[by_country["labs_with_interval"] > 0]
    leading = timed.sort_values(["labs_with_interval", "events"], ascending=False).head(COUNTRIES)
    shown = leading.sort_values(["median_days_between", "country"])
    names = {code: country_name(code) for code in shown["country"]}
    order = list(names.values())
    dots = labs.loc[
        labs["country"].isin(names) & labs["median_days_between"].notna(),
        ["organisation", "country", "events", "median_days_between"],
    ].copy()
    dots["name"] = dots["country"].map(names)
    dots["colour"] = dots["country"].map(colour_of)
    medians = pd.DataFrame(
        {
            "name": order,
            "zero": 0.0,
            "days": shown["median_days_between"].to_numpy(),
            "colour": shown["country"].map(colour_of).to_numpy(),
            "label": [_days(days) for days in shown["median_days_between"]],
        }
    )
    longest = float(dots["median_days_between"].max())
    medians["place"] = longest

    def draw(width: int) -> Any:
        # Room at the right for the medians, clear of every dot.
        end = max(longest, SHORTEST_AXIS_DAYS) * (1.1 if width == WIDE else 1.26)
        x_scale = alt.Scale(domain=[0, end], nice=False)
        y = alt.Y(
            "name:N",
            scale=alt.Scale(domain=order),
            title=None,
            axis=alt.Axis(ticks=False, domain=False, labelLimit=LABEL_LIMIT[width == WIDE]),
        )
        x_axis = alt.Axis(tickCount=6 if width == WIDE else 4)
        bars = (
            alt.Chart(medians)
            .mark_bar(height={"band": 0.62}, opacity=0.3)
            .encode(
                x=alt.X("days:Q", title="median days between releases", scale=x_scale, axis=x_axis),
                y=y,
                color=alt.Color("colour:N", scale=None),
            )
        )
        edges = (
            alt.Chart(medians)
            .mark_tick(thickness=3, height={"band": 0.62}, color=INK)
            .encode(x=alt.X("days:Q", scale=x_scale), y=y)
        )
        points = (
            alt.Chart(dots)
            .mark_point(size=60, filled=False, strokeWidth=2, opacity=1)
            .encode(
                x=alt.X("median_days_between:Q", scale=x_scale),
                y=y,
                color=alt.Color("colour:N", scale=None),
                tooltip=[
                    alt.Tooltip("organisation:N", title="Lab"),
                    alt.Tooltip("median_days_between:Q", title="Median days between"),
                    alt.Tooltip("events:Q", title="Releases"),
                ],
            )
        )
        labels = (
            alt.Chart(medians)
            .mark_text(align="left", dx=10, color=INK)
            .encode(x=alt.X("place:Q", scale=x_scale), y=y, text=alt.Text("label:N"))
        )
        return alt.layer(bars, edges, points, labels).properties(width=width, height=30 * len(order) + 50, autosize=FIT)

    said = ", ".join(
        f"{names[code]} {_days(days)} days ({count(number)} {'lab' if number == 1 else 'labs'})"
        for code, days, number in zip(
            shown["country"], shown["median_days_between"], shown["labs_with_interval"], strict=True
        )
    )
    printed = pd.DataFrame(
        {
            "Country": shown["country"].map(country_name),
            "Days between, median lab": shown["median_days_between"].map(_days),
            "Since the previous, however old": shown["median_days_since_previous"].map(_days),
            "Large labs": shown["labs"].map(count),
            "with two release days or more": shown["labs_with_interval"].map(count),
            "Releases": shown["events"].map(count),
            "Releases a lab": shown["events_per_lab"].map(decimal),
        }
    )
    return Figure(
        figure_id,
        f"Median days between releases in the twelve months to {day(as_of)}, by lab and country",
        f"A ring a lab at its median number of days between releases, a bar a country up to its median lab: {said}.",
        "release-cadence-by-country",
        printed,
        draw,
        "Rings are labs; the bar and the figure at the right are the country's median lab. Labs that released on one "
        "day only have no interval and are not drawn.",
    )


def _days(days: float) -> str:
    if math.isnan(days):
        return "none"
    return count(days) if float(days).is_integer() else decimal(days)


def _interval(days: float) -> str:
    """A lab's interval as the strip says it."""
    return "one day" if math.isnan(days) else f"{_days(days)} d"
