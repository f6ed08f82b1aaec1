"""Charts of licences, of countries by licence and of disclosed training data."""

from typing import Any

import altair as alt
import pandas as pd

from generator.attribution import UNATTRIBUTED
from generator.charts.figure import FIT, WIDE, Figure, percent_axis
from generator.charts.theme import ACCENT, INK, OTHER_COLOUR, colour_of
from generator.metrics.openness_by_country import LICENCE_COLUMNS
from generator.metrics.openness_by_year import UNKNOWN_YEAR
from generator.wording import count, country_name, day, percent, window

CLASS_NAMES = {
    "open-source": "Open source (OSI)",
    "open-other": "Other open licence",
    "restricted": "With restrictions",
    "non-commercial": "Non-commercial",
    "other": "Not classed",
    "none": "None stated",
}
UNTOLD = ("other", "none")
COUNTRIES = 6
LENS_TITLES = {"publisher": "by publisher", "origin": "by origin of the base model"}
UNKNOWN_YEAR_LABEL = "Unknown"


def licence_classes(table: pd.DataFrame, figure_id: str) -> Figure:
    """Bars of the licence classes' shares of the downloads of new models.

    Args:
        table: value (licence class), downloads, models, share, models_share of one date, window and basis.
        figure_id: the figure's id in its page.
    """
    by_class = table.set_index("value")
    order = [name for name in CLASS_NAMES if name in by_class.index]
    rows = by_class.loc[order].reset_index()
    rows["name"] = rows["value"].map(CLASS_NAMES)
    bars = rows[["name", "share"]].copy()
    bars["label"] = bars["share"].map(percent)
    bars["colour"] = [OTHER_COLOUR if value in UNTOLD else ACCENT for value in rows["value"]]
    printed = pd.DataFrame(
        {
            "Licence": rows["name"],
            "Downloads": rows["downloads"].map(count),
            "Share of downloads": rows["share"].map(percent),
            "Models": rows["models"].map(count),
            "Share of models": rows["models_share"].map(percent),
        }
    )
    parts = ", ".join(f"{name} {share}" for name, share in zip(bars["name"], bars["label"], strict=True))
    return Figure(
        figure_id,
        f"Licences of new models: share of their downloads {window(table.iloc[0])}",
        f"Bars of each class of licence's share of the downloads of models less than a year old: {parts}.",
        "openness",
        printed,
        _bars(bars),
    )


def licence_classes_by_country(table: pd.DataFrame, figure_id: str) -> Figure:
    """A panel for each class of licence with a bar for each country.

    Args:
        table: rank, country, downloads, models and the classes' shares of one date, lens, window and basis.
        figure_id: the figure's id in its page.
    """
    leading = table[table["rank"].notna()].sort_values("rank").head(COUNTRIES)
    shown = pd.concat([leading, table[table["country"] == UNATTRIBUTED]])
    shown = shown[shown["open_source_share"].notna()]
    names = [country_name(code) for code in shown["country"]]
    bars = shown.melt(["country"], list(LICENCE_COLUMNS.values()), "column", "share")
    bars["name"] = bars["country"].map(country_name)
    bars["label"] = [percent(share, digits=0) for share in bars["share"]]
    bars["colour"] = bars["country"].map(colour_of)
    # Where counters fell a share can lie outside 0 and 1: the label tells it, the bar ends at the edge.
    bars["share"] = bars["share"].clip(0, 1)

    def draw(width: int) -> Any:
        wide = width == WIDE
        columns = 3 if wide else 2
        # What is left of the drawing beside the countries' names, the padding and the gaps.
        size = (width - 130 - 24 * columns) // columns if wide else 88

        def panel(place: int, licence: str, column: str) -> Any:
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
            rows = bars.loc[bars["column"] == column, ["name", "share", "label", "colour"]]
            base = alt.Chart(rows, title=alt.TitleParams(CLASS_NAMES[licence], fontSize=14 if wide else 12))
            return alt.layer(
                base.mark_bar(height={"band": 0.66}).encode(
                    x=x,
                    y=y,
                    color=alt.Color("colour:N", scale=None),
                    tooltip=[
                        alt.Tooltip("name:N", title="Country"),
                        alt.Tooltip("share:Q", title=CLASS_NAMES[licence], format=".1%"),
                    ],
                ),
                base.mark_text(align="left", dx=4, color=INK).encode(x=x, y=y, text=alt.Text("label:N")),
            ).properties(width=size, height=21 * len(names))

        panels = [panel(place, *item) for place, item in enumerate(LICENCE_COLUMNS.items())]
        return alt.concat(*panels, columns=columns, spacing=20 if wide else 12)

    printed = pd.DataFrame({"Country": names, "Downloads": shown["downloads"].map(count).to_list()})
    printed["New models"] = shown["models"].map(count).to_list()
    for licence, column in LICENCE_COLUMNS.items():
        printed[CLASS_NAMES[licence]] = shown[column].map(percent).to_list()
    printed["Behind a gate"] = shown["gated_share"].map(percent).to_list()
    printed["Name training data"] = shown["disclosed_share"].map(percent).to_list()
    parts = ", ".join(f"{name} {percent(share)}" for name, share in zip(names, shown["open_source_share"], strict=True))
    lens = LENS_TITLES[str(table["lens"].iloc[0])]
    return Figure(
        figure_id,
        f"Licences of each country's new models: share of their downloads {window(table.iloc[0])}, {lens}",
        f"Six panels, one for each class of licence, with bars of its share of the downloads of each country's new "
        f"models. Open source: {parts}.",
        "openness-by-country",
        printed,
        draw,
        "A country's six shares add up to the whole of the downloads of its new models; the table tells how many "
        "models these are, which for some is one or two.",
    )


def disclosure_by_year(table: pd.DataFrame, figure_id: str) -> Figure:
    """Bars of the share of downloads of models that name a data set, by the models' year of creation.

    Args:
        table: year, downloads, models, disclosed_share, disclosed_models_share of one date and basis.
        figure_id: the figure's id in its page.
    """
    rows = table[table["disclosed_share"].notna()].sort_values("year").copy()
    rows["name"] = rows["year"].replace(UNKNOWN_YEAR, UNKNOWN_YEAR_LABEL)
    bars = rows[["name"]].copy()
    bars["share"] = rows["disclosed_share"].clip(0, 1)
    bars["label"] = rows["disclosed_share"].map(percent)
    bars["colour"] = [OTHER_COLOUR if year == UNKNOWN_YEAR else ACCENT for year in rows["year"]]
    printed = pd.DataFrame(
        {
            "Year of creation": rows["name"],
            "Downloads": rows["downloads"].map(count),
            "Models": rows["models"].map(count),
            "Downloads of models that name data": rows["disclosed_share"].map(percent),
            "Models that name data": rows["disclosed_models_share"].map(percent),
            "Open-source licence": rows["open_source_share"].map(percent),
            "No licence stated": rows["none_share"].map(percent),
        }
    )
    first = rows.iloc[0]
    downloads = "all-time downloads" if first["basis"] == "all-time" else "downloads of the last 30 days"
    parts = ", ".join(f"{name} {share}" for name, share in zip(bars["name"], bars["label"], strict=True))
    return Figure(
        figure_id,
        f"Models that name their training data: share of {downloads} up to {day(first['as_of'])}, by year of creation",
        f"Bars of the share of {downloads} that went to models whose tags name a data set, by the year in which the "
        f"models were created: {parts}.",
        "openness-by-year",
        printed,
        _bars(bars),
    )


def _bars(rows: pd.DataFrame) -> Any:
    def draw(width: int) -> Any:
        # Room within the plot for the label behind the longest bar.
        end = max(float(rows["share"].max()), 0.001) * (1.16 if width == WIDE else 1.5)
        y = alt.Y("name:N", sort=None, title=None, axis=alt.Axis(ticks=False, domain=False, labelLimit=130))
        x = alt.X("share:Q", title=None, axis=percent_axis(tickCount=4), scale=alt.Scale(domain=[0, end], nice=False))
        base = alt.Chart(rows)
        bars = base.mark_bar(height={"band": 0.68}).encode(
            x=x,
            y=y,
            color=alt.Color("colour:N", scale=None),
            tooltip=[alt.Tooltip("name:N", title="Of"), alt.Tooltip("share:Q", title="Share", format=".1%")],
        )
        labels = base.mark_text(align="left", dx=5, color=INK).encode(x=x, y=y, text=alt.Text("label:N"))
        return alt.layer(bars, labels).properties(width=width, height=26 * len(rows) + 24, autosize=FIT)

    return draw
