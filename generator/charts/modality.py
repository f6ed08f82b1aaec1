"""Charts of modalities, and of who leads in each."""

from typing import Any

import altair as alt
import pandas as pd

from generator.attribution import UNATTRIBUTED
from generator.charts.figure import NARROW, WIDE, Figure, month_axis, percent_axis
from generator.charts.theme import COUNTRY_COLOURS, INK, colour_of
from generator.metrics.modality import ALL
from generator.traits.modality import MODALITIES, UNKNOWN
from generator.wording import count, country_name, day, percent, window

COUNTRIES = 6
NAMES = {name: "Unknown" if name == UNKNOWN else name.capitalize() for name in MODALITIES}
LENS_TITLES = {"publisher": "by publisher", "origin": "by origin of the base model"}
# Colours that the theme has found to stand out on both backgrounds; no country is meant.
COLOURS = {
    name: COUNTRY_COLOURS[code]
    for name, code in zip(MODALITIES, ("US", "JP", "GB", "CN", "IN", "FR", "AE", UNATTRIBUTED), strict=True)
}


def modalities_now(table: pd.DataFrame, figure_id: str) -> Figure:
    """Two panels of bars: each modality's share of the downloads of new models, and of their number.

    Args:
        table: modality, downloads, models, share, models_share, largest_model_share of one date, window and basis.
        figure_id: the figure's id in its page.
    """
    rows = table[table["modality"] != ALL].set_index("modality").loc[list(MODALITIES)].reset_index()
    rows["name"] = rows["modality"].map(NAMES)
    rows["colour"] = rows["modality"].map(COLOURS)
    panels = {"Of downloads": "share", "Of models": "models_share"}
    names = list(NAMES.values())
    longest = max(float(rows[list(panels.values())].max().max()), 0.001)
    # Ticks stop at 100%, though the plot goes on for the labels.
    ticks = [0, 0.25, 0.5, 0.75, 1] if longest > 0.4 else [0, 0.1, 0.2, 0.3, 0.4]

    def draw(width: int) -> Any:
        def panel(title: str, column: str, labels: bool, size: int) -> Any:
            bars = rows[["name", "colour"]].assign(
                # Where counters fell a share can be below 0: the label tells it, the bar starts and ends at 0.
                share=rows[column].clip(lower=0),
                label=rows[column].map(percent),
            )
            x = alt.X(
                "share:Q",
                title=None,
                axis=percent_axis(values=[tick for tick in ticks if tick <= longest * 1.3]),
                scale=alt.Scale(domain=[0, longest * 1.3], nice=False),
            )
            axis = alt.Axis(labels=labels, ticks=False, domain=False)
            y = alt.Y("name:N", scale=alt.Scale(domain=names), title=None, axis=axis)
            base = alt.Chart(bars, title=title)
            return alt.layer(
                base.mark_bar(height={"band": 0.66}).encode(
                    x=x,
                    y=y,
                    color=alt.Color("colour:N", scale=None),
                    tooltip=[
                        alt.Tooltip("name:N", title="Modality"),
                        alt.Tooltip("share:Q", title=title, format=".1%"),
                    ],
                ),
                base.mark_text(align="left", dx=5, color=INK).encode(x=x, y=y, text=alt.Text("label:N")),
            ).properties(width=size, height=24 * len(names))

        if width == WIDE:
            first, second = (panel(*item, place == 0, 290) for place, item in enumerate(panels.items()))
            return alt.hconcat(first, second, spacing=40)
        return alt.vconcat(*(panel(*item, True, width - 115) for item in panels.items()))

    printed = pd.DataFrame(
        {
            "Modality": rows["name"],
            "Downloads": rows["downloads"].map(count),
            "Share of downloads": rows["share"].map(percent),
            "New models": rows["models"].map(count),
            "Share of models": rows["models_share"].map(percent),
            # Without downloads there is no largest among them.
            "Of its downloads, the largest model": [
                "–" if pd.isna(share) else percent(share) for share in rows["largest_model_share"]
            ],
        }
    )
    parts = ", ".join(
        f"{name} {percent(share)} and {percent(models)}"
        for name, share, models in zip(rows["name"], rows["share"], rows["models_share"], strict=True)
    )
    return Figure(
        figure_id,
        f"New models {window(table.iloc[0])}, by modality",
        f"Bars of each modality's share of the downloads of new models and of their number: {parts}.",
        "modality",
        printed,
        draw,
    )


def modalities_over_time(table: pd.DataFrame, figure_id: str) -> Figure:
    """A panel for each modality with the line of its share of the downloads of new models.

    Args:
        table: as_of, modality, share of one window and basis, several dates.
        figure_id: the figure's id in its page.
    """
    lines = table[(table["modality"] != ALL) & table["share"].notna()][["as_of", "modality", "share"]].copy()
    lines = lines[lines.groupby("modality")["share"].transform("max") > 0]
    shown = [name for name in MODALITIES if (lines["modality"] == name).any()]
    first, last = lines["as_of"].min(), lines["as_of"].max()
    wide_table = lines.pivot_table(index="as_of", columns="modality", values="share")[shown]
    titles = {name: f"{NAMES[name]} {percent(wide_table[name].iloc[-1])}" for name in shown}
    lines["as_of"] = lines["as_of"].astype(str)

    def draw(width: int) -> Any:
        wide = width == WIDE
        columns = 3 if wide else 2
        # What is left of the drawing beside the panels' axes, the padding and the gaps.
        size = (width - 12 - 74 * columns) // columns

        def panel(modality: str) -> Any:
            points = lines.loc[lines["modality"] == modality, ["as_of", "share"]]
            # Lines of a hundredth and of half of all cannot be read on one scale, so each has its own.
            top = max(float(points["share"].max()), 0.001) * 1.15
            base = alt.Chart(points, title=alt.TitleParams(titles[modality], fontSize=14 if wide else 12)).encode(
                x=alt.X("as_of:T", title=None, axis=month_axis(NARROW, lines["as_of"])),
                y=alt.Y(
                    "share:Q",
                    title=None,
                    axis=alt.Axis(format=".0%" if top >= 0.04 else ".1%", tickCount=3, minExtent=40),
                    scale=alt.Scale(domain=[min(0.0, float(points["share"].min())), top], nice=False),
                ),
                tooltip=[
                    alt.Tooltip("as_of:T", title="Date"),
                    alt.Tooltip("share:Q", title=NAMES[modality], format=".1%"),
                ],
            )
            colour = COLOURS[modality]
            return alt.layer(
                base.mark_line(strokeWidth=2.5, color=colour),
                base.mark_point(size=20, filled=True, opacity=1, color=colour),
            ).properties(width=size, height=100)

        panels = [panel(modality) for modality in shown]
        return alt.concat(*panels, columns=columns, spacing=18).resolve_scale(y="independent")

    parts = ", ".join(
        f"{NAMES[name]} from {percent(wide_table[name].iloc[0])} to {percent(wide_table[name].iloc[-1])}"
        for name in shown
    )
    return Figure(
        figure_id,
        "Share of the downloads of new models, by modality, over time",
        f"A panel for each modality with the line of its share of the downloads of new models, {day(first)} to "
        f"{day(last)}: {parts}.",
        "modality",
        wide_table.rename(columns=NAMES).sort_index(ascending=False).map(percent).reset_index(names="Date"),
        draw,
        "Each panel has a scale of its own that begins at 0; its title gives the share at the last date.",
    )


def countries_by_modality(table: pd.DataFrame, figure_id: str) -> Figure:
    """A panel for each modality with a bar for each country, and a line to its upper bound.

    Args:
        table: lens, modality, rank, country, downloads, models, share, upper of one date, lens, window and basis,
            of the modalities to draw.
        figure_id: the figure's id in its page.
    """
    table = table[table["share"].notna()]
    groups = [name for name in MODALITIES if (table["modality"] == name).any()]
    codes = _countries(table)
    names = [country_name(code) for code in codes]
    models = table.groupby("modality")["models"].sum()
    # A country without models of a kind has none of its downloads, which is an answer as well.
    grid = pd.MultiIndex.from_product([groups, codes], names=["modality", "country"])
    bars = table.set_index(["modality", "country"])[["share", "upper"]].reindex(grid).reset_index()
    bars["share"] = bars["share"].fillna(0.0)
    rest = bars[bars["country"] == UNATTRIBUTED].set_index("modality")["share"].clip(lower=0)
    unattributed = bars["modality"].map(rest).fillna(0.0)
    bars["upper"] = bars["upper"].fillna(unattributed).where(bars["country"] != UNATTRIBUTED, bars["share"])
    bars["name"] = bars["country"].map(country_name)
    bars["colour"] = bars["country"].map(colour_of)
    bars["label"] = [percent(share, digits=0) for share in bars["share"]]
    titles = {name: f"{NAMES[name]} ({count(models[name])})" for name in groups}

    def draw(width: int) -> Any:
        wide = width == WIDE
        columns = 3 if wide else 2
        # What is left of the drawing beside the countries' names, the padding and the gaps.
        size = (width - 130 - 24 * columns) // columns if wide else 88

        def panel(place: int, modality: str) -> Any:
            rows = bars.loc[bars["modality"] == modality, ["name", "share", "upper", "label", "colour"]].copy()
            # Where counters fell a share can lie outside 0 and 1: the label tells it, the bar ends at the edge.
            rows[["share", "upper"]] = rows[["share", "upper"]].clip(0, 1)
            y = alt.Y(
                "name:N",
                scale=alt.Scale(domain=names),
                title=None,
                axis=alt.Axis(labels=place % columns == 0, ticks=False, domain=False, labelLimit=100),
            )
            x = alt.X(
                "share:Q",
                title=None,
                scale=alt.Scale(domain=[0, 1.3 if wide else 1.55], nice=False),
                axis=percent_axis(values=[0, 0.5, 1] if wide else [0, 1]),
            )
            base = alt.Chart(rows, title=alt.TitleParams(titles[modality], fontSize=14 if wide else 12))
            return alt.layer(
                base.mark_bar(height={"band": 0.66}).encode(
                    x=x,
                    y=y,
                    color=alt.Color("colour:N", scale=None),
                    tooltip=[
                        alt.Tooltip("name:N", title="Country"),
                        alt.Tooltip("share:Q", title="Share", format=".1%"),
                        alt.Tooltip("upper:Q", title="Upper bound", format=".1%"),
                    ],
                ),
                base.mark_rule(strokeWidth=1.5, color=INK, opacity=0.55).encode(
                    x=alt.X("share:Q"), x2=alt.X2("upper:Q"), y=y
                ),
                base.mark_text(align="left", dx=4, color=INK).encode(x=alt.X("upper:Q"), y=y, text=alt.Text("label:N")),
            ).properties(width=size, height=21 * len(names))

        panels = [panel(place, modality) for place, modality in enumerate(groups)]
        return alt.concat(*panels, columns=columns, spacing=20 if wide else 12)

    shares = bars.pivot_table(index="country", columns="modality", values="share").loc[codes, groups]
    printed = shares.map(percent).rename(columns=titles)
    printed.insert(0, "Country", names)
    lens = LENS_TITLES[str(table["lens"].iloc[0])]
    firsts = "; ".join(
        f"{NAMES[modality]}: "
        + ", ".join(
            f"{name} {percent(share)}"
            for name, share in bars[bars["modality"] == modality]
            .sort_values("share", ascending=False, kind="stable")
            .head(3)[["name", "share"]]
            .itertuples(index=False)
        )
        for modality in groups
    )
    return Figure(
        figure_id,
        f"Share of each modality's downloads of new models {window(table.iloc[0])}, by country, {lens}",
        f"A panel for each modality with bars of the countries' shares of the downloads of its new models. {firsts}.",
        "modality-by-country",
        printed.reset_index(drop=True),
        draw,
        "In brackets the number of new models. The thin line ends where the share would be if all unattributed "
        "downloads were the country's own.",
    )


def _countries(table: pd.DataFrame) -> list[str]:
    """The countries to draw: all that come first in a modality, filled up by downloads, and the unattributed."""
    ranked = table[table["rank"].notna()]
    by_size = ranked.groupby("country")["downloads"].sum().sort_values(ascending=False, kind="stable").index.tolist()
    leaders = set(ranked.loc[ranked["rank"] == 1, "country"])
    others = [code for code in by_size if code not in leaders][: max(COUNTRIES - len(leaders), 0)]
    chosen = [code for code in by_size if code in leaders or code in others]
    return [*chosen, UNATTRIBUTED] if (table["country"] == UNATTRIBUTED).any() else chosen
