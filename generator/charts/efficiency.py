"""Charts of size and efficiency."""

from collections.abc import Mapping
from typing import Any

import altair as alt
import pandas as pd

from generator.attribution import UNATTRIBUTED
from generator.charts.figure import FIT, WIDE, Figure, month_axis, percent_axis
from generator.charts.lines import end_labels
from generator.charts.theme import ACCENT, COUNTRY_COLOURS, INK, colour_of
from generator.metrics.efficiency import ALL
from generator.traits.sizes import SIZE_CLASSES, UNKNOWN
from generator.wording import count, country_name, day, percent, window

COUNTRIES = 8
# Colours that the theme has found to stand out on both backgrounds; no country is meant.
_COLOURS = [COUNTRY_COLOURS[code] for code in ("JP", "GB", "US", "FR", "KR", "IN")]
_DASHES: list[list[int]] = [[1, 0], [8, 3], [4, 2], [2, 2], [8, 3, 2, 3], [12, 4]]
UNKNOWN_DASH = [2, 3]
NAMES = {**{label: label for label, _ in SIZE_CLASSES}, UNKNOWN: "size unknown"}
CLASS_COLOURS = {
    **dict(zip((label for label, _ in SIZE_CLASSES), _COLOURS, strict=True)),
    UNKNOWN: COUNTRY_COLOURS[UNATTRIBUTED],
}
CLASS_DASHES = {**dict(zip((label for label, _ in SIZE_CLASSES), _DASHES, strict=True)), UNKNOWN: UNKNOWN_DASH}
KINDS = {
    "under_10b_share": "under 10B",
    "quantised_share": "quantised",
    "moe_share": "mixture of experts",
    "distilled_share": "distilled",
}


def size_classes_now(table: pd.DataFrame, figure_id: str) -> Figure:
    """Bars of the size classes' shares of the downloads of new models, smallest class first, unknown last.

    Args:
        table: size_class, downloads, models, share, quantised_share, moe_share of one date, window and basis.
        figure_id: the figure's id in its page.
    """
    rows = table[table["size_class"].isin(NAMES) & table["share"].notna()].copy()
    rows["name"] = rows["size_class"].map(NAMES)
    rows["label"] = rows["share"].map(percent)
    rows["colour"] = [colour_of(UNATTRIBUTED) if label == UNKNOWN else ACCENT for label in rows["size_class"]]
    printed = pd.DataFrame(
        {
            "Parameters": rows["name"],
            "Downloads": rows["downloads"].map(count),
            "Models": rows["models"].map(count),
            "Share": rows["label"],
            "Of it quantised": rows["quantised_share"].map(percent),
            "Of it mixtures of experts": rows["moe_share"].map(percent),
        }
    )
    parts = ", ".join(f"{name} {label}" for name, label in zip(rows["name"], rows["label"], strict=True))
    return Figure(
        figure_id,
        f"Share of the downloads of new models {window(rows.iloc[0])}, by number of parameters",
        f"Bars of each size class's share of the downloads of models created in the year before: {parts}.",
        "efficiency",
        printed,
        _bars(rows[["name", "downloads", "share", "label", "colour"]]),
        "A class includes its lower bound. Mixtures of experts are classed by all their parameters.",
    )


def small_by_country(table: pd.DataFrame, figure_id: str) -> Figure:
    """Bars of what part of each leading country's downloads went to models under 10B.

    Args:
        table: rank, country, downloads, models and the shares of efficiency-by-country of one date, lens, window
            and basis, in rank order.
        figure_id: the figure's id in its page.
    """
    known = table[table["under_10b_share"].notna()]
    rows = pd.concat([known[known["rank"].notna()].head(COUNTRIES), known[known["country"] == UNATTRIBUTED]]).copy()
    rows["name"] = rows["country"].map(country_name)
    rows["share"] = rows["under_10b_share"]
    rows["label"] = [
        f"{percent(share)} ({count(models)})" for share, models in zip(rows["share"], rows["models"], strict=True)
    ]
    rows["colour"] = rows["country"].map(colour_of)
    printed = pd.DataFrame(
        {
            "Country": rows["name"],
            "Downloads": rows["downloads"].map(count),
            "Models": rows["models"].map(count),
            "Size known": rows["known_share"].map(percent),
            "Under 10B": rows["share"].map(percent),
            "Quantised": rows["quantised_share"].map(percent),
            "Mixtures of experts": rows["moe_share"].map(percent),
            "Distilled": rows["distilled_share"].map(percent),
            "Median parameters": rows["median_parameters"].map(count),
            "Mean parameters by downloads": rows["mean_parameters"].map(count),
        }
    )
    parts = ", ".join(f"{name} {label}" for name, label in zip(rows["name"], rows["label"], strict=True))
    return Figure(
        figure_id,
        f"Models under 10B: share of each country's downloads of new models {window(rows.iloc[0])}, by publisher",
        f"Bars of the part of each country's own downloads of new models that went to models under 10 billion "
        f"parameters, the countries in order of their downloads, with the number of models in brackets: {parts}.",
        "efficiency-by-country",
        printed,
        _bars(rows[["name", "downloads", "share", "label", "colour"]]),
        "Each bar is a share of that country's own downloads, those of models of unknown size included; in brackets "
        "stands the number of its models, which for many countries is small.",
    )


def size_classes_over_time(table: pd.DataFrame, figure_id: str) -> Figure:
    """Lines of the size classes' shares, each labelled at its end.

    Args:
        table: as_of, size_class, share of one window and basis, several dates.
        figure_id: the figure's id in its page.
    """
    rows = table[table["size_class"].isin(NAMES) & table["share"].notna()].copy()
    rows["name"] = rows["size_class"].map(NAMES)
    styles = {NAMES[label]: (CLASS_COLOURS[label], CLASS_DASHES[label]) for label in NAMES}
    return _over_time(
        rows[["as_of", "name", "share"]],
        figure_id,
        "Share of the downloads of new models, by number of parameters, over time",
        "each size class's share of the downloads of new models",
        styles,
    )


def kinds_over_time(table: pd.DataFrame, figure_id: str) -> Figure:
    """Lines of the shares under 10B, quantised, mixtures of experts and distilled, each labelled at its end.

    Args:
        table: as_of, size_class and the shares of one window and basis, several dates.
        figure_id: the figure's id in its page.
    """
    whole = table[table["size_class"] == ALL]
    rows = whole[["as_of", *KINDS]].melt(["as_of"], list(KINDS), "kind", "share").dropna(subset=["share"])
    rows["name"] = rows["kind"].map(KINDS)
    return _over_time(
        rows[["as_of", "name", "share"]],
        figure_id,
        "Share of the downloads of new models that went to small or economical models, over time",
        "the shares of the downloads of new models by kind, which overlap",
        dict(zip(KINDS.values(), zip(_COLOURS, _DASHES, strict=True), strict=False)),
    )


def _over_time(
    lines: pd.DataFrame,
    figure_id: str,
    title: str,
    subject: str,
    styles: Mapping[str, tuple[str, list[int]]],
) -> Figure:
    first, last = lines["as_of"].min(), lines["as_of"].max()
    shown = [name for name in styles if (lines["name"] == name).any()]
    printed = lines.pivot_table(index="as_of", columns="name", values="share")[shown].sort_index(ascending=False)
    drawn = lines.assign(as_of=lines["as_of"].astype(str))
    ends = end_labels(drawn[drawn["as_of"] == str(last)], max(float(drawn["share"].max()), 0.01))

    def draw(width: int) -> Any:
        colours = alt.Scale(domain=shown, range=[styles[name][0] for name in shown])
        dashes = alt.Scale(domain=shown, range=[styles[name][1] for name in shown])
        base = alt.Chart(drawn).encode(
            x=alt.X("as_of:T", title=None, axis=month_axis(width, drawn["as_of"])),
            y=alt.Y("share:Q", title=None, axis=percent_axis(tickCount=5), scale=alt.Scale(domainMin=0)),
            color=alt.Color("name:N", scale=colours, legend=None),
            tooltip=[
                alt.Tooltip("name:N", title="Class"),
                alt.Tooltip("as_of:T", title="Date"),
                alt.Tooltip("share:Q", title="Share", format=".1%"),
            ],
        )
        labels = alt.Chart(ends).mark_text(align="left", dx=8, baseline="middle", color=INK)
        return alt.layer(
            base.mark_line(strokeWidth=2.5).encode(strokeDash=alt.StrokeDash("name:N", scale=dashes, legend=None)),
            base.mark_point(size=24, filled=True, opacity=1),
            labels.encode(x=alt.X("as_of:T"), y=alt.Y("place:Q"), text=alt.Text("label:N")),
        ).properties(width=width, height=340 if width == WIDE else 320, autosize=FIT)

    at_the_end = ", ".join(ends.sort_values("share", ascending=False)["label"])
    return Figure(
        figure_id,
        title,
        f"Lines of {subject} from {day(first)} to {day(last)}. At the end: {at_the_end}.",
        "efficiency",
        printed.map(percent).reset_index(names="Date"),
        draw,
    )


def _bars(rows: pd.DataFrame) -> Any:
    def draw(width: int) -> Any:
        # Room within the plot for the label behind the longest bar.
        end = max(float(rows["share"].max()), 0.001) * (1.16 if width == WIDE else 1.4)
        y = alt.Y("name:N", sort=None, title=None, axis=alt.Axis(ticks=False, domain=False))
        base = alt.Chart(rows)
        bars = base.mark_bar(height={"band": 0.68}).encode(
            x=alt.X(
                "share:Q",
                title=None,
                axis=percent_axis(tickCount=4),
                scale=alt.Scale(domain=[0, end], nice=False),
            ),
            y=y,
            color=alt.Color("colour:N", scale=None),
            tooltip=[
                alt.Tooltip("name:N", title="Group"),
                alt.Tooltip("downloads:Q", title="Downloads", format=","),
                alt.Tooltip("share:Q", title="Share", format=".1%"),
            ],
        )
        labels = base.mark_text(align="left", dx=5, color=INK).encode(x=alt.X("share:Q"), y=y, text=alt.Text("label:N"))
        return alt.layer(bars, labels).properties(width=width, height=26 * len(rows) + 28, autosize=FIT)

    return draw
