"""Charts of ranked organisations, families and sectors."""

from typing import Any

import altair as alt
import pandas as pd

from generator.attribution import UNATTRIBUTED
from generator.charts.figure import FIT, WIDE, Figure, percent_axis
from generator.charts.theme import ACCENT, INK, colour_of
from generator.wording import count, country_name, percent, window

BARS = 15
DRAWN = ["downloads", "share", "label", "colour"]
LENS_TITLES = {"publisher": "by publisher", "origin": "by origin of the base model"}
LABEL_LIMIT = {True: 230, False: 120}


def top_developers(table: pd.DataFrame, figure_id: str) -> Figure:
    """Bars of the most downloaded organisations, coloured and labelled by country.

    Args:
        table: lens, rank, organisation, country, downloads, share of one date, lens, window and basis.
        figure_id: the figure's id in its page.
    """
    rows = table.sort_values("rank").head(BARS).copy()
    rows["label"] = [
        percent(share) if country == UNATTRIBUTED else f"{percent(share)} {country}"
        for share, country in zip(rows["share"], rows["country"], strict=True)
    ]
    rows["colour"] = rows["country"].map(colour_of)
    printed = pd.DataFrame(
        {
            "Rank": rows["rank"].astype(str),
            "Organisation": rows["organisation"],
            "Country": rows["country"].map(country_name),
            "Downloads": rows["downloads"].map(count),
            "Share": rows["share"].map(percent),
        }
    )
    lens = str(rows["lens"].iloc[0])
    leaders = _named(rows.head(5), "organisation")
    return Figure(
        figure_id,
        f"Most downloaded developers {window(rows.iloc[0])}, {LENS_TITLES[lens]}",
        f"Bars of the {len(rows)} most downloaded developers' shares of all downloads. The first are {leaders}.",
        "top-developers",
        printed,
        _bars(rows[["organisation", *DRAWN]], "organisation"),
    )


def top_families(table: pd.DataFrame, figure_id: str) -> Figure:
    """Bars of the most downloaded families.

    Args:
        table: rank, family, downloads, models, share of one date, window and basis.
        figure_id: the figure's id in its page.
    """
    rows = table.sort_values("rank").head(BARS).copy()
    rows["label"] = rows["share"].map(percent)
    rows["colour"] = ACCENT
    printed = pd.DataFrame(
        {
            "Rank": rows["rank"].astype(str),
            "Family": rows["family"],
            "Downloads": rows["downloads"].map(count),
            "Models": rows["models"].map(count),
            "Share": rows["share"].map(percent),
        }
    )
    leaders = _named(rows.head(5), "family")
    return Figure(
        figure_id,
        f"Most downloaded families of models {window(rows.iloc[0])}",
        f"Bars of the {len(rows)} most downloaded families' shares of all downloads, derivatives included. "
        f"The first are {leaders}.",
        "top-families",
        printed,
        _bars(rows[["family", *DRAWN]], "family"),
    )


def sector_shares(table: pd.DataFrame, figure_id: str) -> Figure:
    """Bars of the sectors' shares.

    Args:
        table: sector, downloads, models, share, upper of one date, lens, window and basis.
        figure_id: the figure's id in its page.
    """
    rows = table.sort_values("share", ascending=False).copy()
    rows["label"] = rows["share"].map(percent)
    rows["colour"] = [colour_of(UNATTRIBUTED) if sector == UNATTRIBUTED else ACCENT for sector in rows["sector"]]
    printed = pd.DataFrame(
        {
            "Sector": rows["sector"],
            "Downloads": rows["downloads"].map(count),
            "Models": rows["models"].map(count),
            "Share": rows["share"].map(percent),
        }
    )
    printed["Upper bound"] = rows["upper"].map(percent)
    # The unattributed are what the bounds of the others are made of.
    rows["bound"] = rows["upper"].where(rows["sector"] != UNATTRIBUTED, rows["share"])
    parts = _named(rows, "sector")
    key = "The thin line ends where the share would be if all unattributed downloads were its own."
    return Figure(
        figure_id,
        f"Share of all downloads {window(rows.iloc[0])}, by sector of the publisher",
        f"Bars of each sector's share of all downloads: {parts}. {key}",
        "all-downloads-share-by-sector",
        printed,
        _bars(rows[["sector", *DRAWN, "bound"]], "sector"),
        key,
    )


def _named(rows: pd.DataFrame, of: str) -> str:
    return ", ".join(f"{name} {percent(share)}" for name, share in zip(rows[of], rows["share"], strict=True))


def _bars(rows: pd.DataFrame, of: str) -> Any:
    label_at = "bound" if "bound" in rows else "share"

    def draw(width: int) -> Any:
        # Room within the plot for the label behind the longest bar.
        end = max(float(rows[label_at].max()), 0.001) * (1.16 if width == WIDE else 1.5)
        limit = LABEL_LIMIT[width == WIDE]
        y = alt.Y(f"{of}:N", sort=None, title=None, axis=alt.Axis(ticks=False, domain=False, labelLimit=limit))
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
                alt.Tooltip(f"{of}:N", title=of.capitalize()),
                alt.Tooltip("downloads:Q", title="Downloads", format=","),
                alt.Tooltip("share:Q", title="Share", format=".1%"),
            ],
        )
        labels = base.mark_text(align="left", dx=5, color=INK).encode(
            x=alt.X(f"{label_at}:Q"), y=y, text=alt.Text("label:N")
        )
        bound = base.mark_rule(strokeWidth=1.5, color=INK, opacity=0.55).encode(
            x=alt.X("share:Q"), x2=alt.X2("bound:Q"), y=y
        )
        return alt.layer(bars, *([bound] if label_at == "bound" else []), labels).properties(
            width=width, height=24 * len(rows) + 24, autosize=FIT
        )

    return draw
