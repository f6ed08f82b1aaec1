"""The flow chart from the countries that developed models to the intermediaries that re-packaged them."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from generator.attribution import UNATTRIBUTED
from generator.attribution.registry import INTERNATIONAL
from generator.charts.figure import WIDE, Figure
from generator.charts.theme import ACCENT, INK, OTHER_COLOUR, colour_of
from generator.metrics.intermediaries import OTHERS
from generator.wording import count, country_name, percent, window

ORIGINS = 7
NAMED = 12
NARROW_COLUMNS = 4
NOT_ATTRIBUTED = "Not attributed"
"""Two short words for the head of a narrow column."""
OTHER_ORIGINS = "Other countries"

STEPS = 10
"""Points along a band: enough for a smooth curve, few enough for sixty bands in a small file."""

BARS = 300
"""Pixels that all downloads together are high."""
WORDS = "split(datum.label, ' ')"
"""Vega's expression for a label with each word on a line of its own."""

SLOT = 19
"""Pixels that each node has at least, so that no label runs into the next."""


def repackaged_flows(table: pd.DataFrame, figure_id: str) -> Figure:
    """Bands from origin countries to intermediaries, as wide as the downloads; on a phone a table of shares.

    Args:
        table: organisation, origin_country, downloads, share, intermediaries_share of one date, window and basis;
            shares not null, downloads above zero in at least one row.
        figure_id: the figure's id in its page.
    """
    links = links_of(table)
    first = table.iloc[0]

    def draw(width: int) -> Any:
        return _bands(links, width) if width == WIDE else _heat_table(links, width)

    by_origin = links.groupby("origin")["share"].sum().sort_values(ascending=False)
    by_packer = links.groupby("organisation", sort=False)["share"].sum()
    origins = ", ".join(f"{name} {percent(share)}" for name, share in by_origin.items())
    packers = ", ".join(f"{name} {percent(share)}" for name, share in by_packer.head(5).items())
    printed = pd.DataFrame(
        {
            "Intermediary": links["organisation"],
            "Origin of the model": links["origin"],
            "Downloads": links["downloads"].map(count),
            "Share": links["share"].map(percent),
        }
    )
    whole = "" if pd.isna(first["intermediaries_share"]) else percent(first["intermediaries_share"])
    return Figure(
        figure_id,
        f"Downloads through re-packagers {window(first)}, from origin country to intermediary",
        f"Bands from the country of the root model's developer to the intermediary that re-packaged it. By origin: "
        f"{origins}. The first intermediaries: {packers}.",
        "intermediaries",
        printed,
        draw,
        f"Percentages are of all downloads through intermediaries, which are {whole} of all downloads. A band has the "
        "colour of its origin; on narrow screens the same shares stand in a table.",
    )


def links_of(table: pd.DataFrame) -> pd.DataFrame:
    """The links that are drawn: the first origins and intermediaries by name, the others together.

    Args:
        table: organisation, origin_country, downloads, share.

    Returns:
        origin (a name), code, organisation, downloads (above zero), share, part (of what is drawn), order and packed
        (the places of origin and intermediary in falling order, those that gather others last); one row a link.
    """
    rows = table[table["downloads"] > 0]
    sizes = rows.groupby("origin_country")["downloads"].sum().sort_values(ascending=False, kind="stable")
    countries = [code for code in sizes.index if code not in (UNATTRIBUTED, INTERNATIONAL)]
    # One country too many is named rather than gathered with nobody.
    kept = countries if len(countries) <= ORIGINS + 1 else countries[:ORIGINS]
    packers = rows[rows["organisation"] != OTHERS].groupby("organisation")["downloads"].sum()
    packers = packers.sort_values(ascending=False, kind="stable")
    named = list(packers.index) if len(packers) <= NAMED + 1 else list(packers.index[:NAMED])
    special = (UNATTRIBUTED, INTERNATIONAL)
    links = pd.DataFrame(
        {
            "code": [code if code in kept or code in special else OTHER_ORIGINS for code in rows["origin_country"]],
            "organisation": [name if name in named else OTHERS for name in rows["organisation"]],
            "downloads": rows["downloads"].to_numpy(),
            "share": rows["share"].to_numpy(),
        }
    )
    links = links.groupby(["code", "organisation"])[["downloads", "share"]].sum().reset_index()
    order = {code: place for place, code in enumerate([*kept, OTHER_ORIGINS, INTERNATIONAL, UNATTRIBUTED])}
    packed = {name: place for place, name in enumerate([*named, OTHERS])}
    links = links.assign(
        origin=[OTHER_ORIGINS if code == OTHER_ORIGINS else country_name(code) for code in links["code"]],
        order=links["code"].map(order),
        packed=links["organisation"].map(packed),
        # Counters that fell are not drawn, and without them shares may add up to more than one.
        part=links["downloads"] / float(links["downloads"].sum()),
    )
    return links.sort_values(["packed", "order"], ignore_index=True)


def bands_of(links: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, float]:
    """Where nodes and bands lie, in pixels from the top.

    Args:
        links: as :func:`links_of` returns them.

    Returns:
        The nodes (side, name, colour, share, top, bottom, middle), the points of the bands (link, x from 0 to 1, y,
        y2, colour and what it says) and the height of the drawing.
    """
    left = _column(links, "origin", "order")
    right = _column(links, "organisation", "packed")
    height = max(left["end"].max(), right["end"].max())
    for column in (left, right):
        # The shorter side stands in the middle of the longer one.
        shift = (height - column["end"].max()) / 2
        for edge in ("top", "bottom"):
            column[edge] += shift
    nodes = pd.concat(
        [
            left.assign(side="left", colour=[_colour(code) for code in left["code"]]),
            right.assign(side="right", colour=OTHER_COLOUR),
        ],
        ignore_index=True,
    )
    nodes["middle"] = (nodes["top"] + nodes["bottom"]) / 2
    thick = links["part"] * BARS
    leaves = links.sort_values(["order", "packed"])
    starts = thick[leaves.index].groupby(leaves["origin"]).cumsum().reindex(links.index) - thick
    arrives = links.sort_values(["packed", "order"])
    ends = thick[arrives.index].groupby(arrives["organisation"]).cumsum().reindex(links.index) - thick
    starts += links["origin"].map(left.set_index("name")["top"])
    ends += links["organisation"].map(right.set_index("name")["top"])
    points = []
    for step in range(STEPS + 1):
        x = step / STEPS
        # The cubic that leaves and arrives level.
        across = x * x * (3 - 2 * x)
        y = starts + (ends - starts) * across
        points.append(
            pd.DataFrame(
                {
                    "link": links.index,
                    "x": round(x, 4),
                    "y": y.round(2),
                    "y2": (y + thick).round(2),
                    "colour": [_colour(code) for code in links["code"]],
                    "says": [
                        f"{origin} → {organisation}: {percent(share)}"
                        for origin, organisation, share in zip(
                            links["origin"], links["organisation"], links["share"], strict=True
                        )
                    ],
                }
            )
        )
    return nodes, pd.concat(points, ignore_index=True), float(height)


def _column(links: pd.DataFrame, of: str, order: str) -> pd.DataFrame:
    """One side's nodes stacked in order, each with room for its label."""
    column = (
        links.groupby(of)
        .agg(share=("share", "sum"), part=("part", "sum"), order=(order, "min"), code=("code", "first"))
        .sort_values("order")
        .rename_axis("name")
        .reset_index()
    )
    column["high"] = column["part"] * BARS
    column["slot"] = column["high"].clip(lower=SLOT - 4) + 4
    column["end"] = column["slot"].cumsum()
    column["top"] = column["end"] - column["slot"] + (column["slot"] - column["high"]) / 2
    column["bottom"] = column["top"] + column["high"]
    return column[["name", "code", "share", "top", "bottom", "end"]]


def _bands(links: pd.DataFrame, width: int) -> Any:
    nodes, points, height = bands_of(links)
    nodes["label"] = [f"{name} {percent(share)}" for name, share in zip(nodes["name"], nodes["share"], strict=True)]
    nodes = nodes[["side", "colour", "label", "top", "bottom", "middle"]].round(2)
    # A node too thin to see still has its mark.
    nodes["bottom"] = nodes["bottom"].where(nodes["bottom"] > nodes["top"] + 1, nodes["top"] + 1)
    nodes["x"] = nodes["side"].map({"left": -0.035, "right": 1.005})
    nodes["x2"] = nodes["x"] + 0.03
    x_scale, y_scale = alt.Scale(domain=[-0.5, 1.52], nice=False), alt.Scale(domain=[height, 0], nice=False)
    x = alt.X("x:Q", scale=x_scale, axis=None)
    bands = (
        alt.Chart(points)
        .mark_area(opacity=0.5, line=False, interpolate="monotone")
        .encode(
            x=x,
            y=alt.Y("y:Q", scale=y_scale, axis=None),
            y2=alt.Y2("y2:Q"),
            detail=alt.Detail("link:N"),
            color=alt.Color("colour:N", scale=None),
            tooltip=[alt.Tooltip("says:N", title="Share")],
        )
    )
    bars = (
        alt.Chart(nodes)
        .mark_rect()
        .encode(
            x=x,
            x2=alt.X2("x2:Q"),
            y=alt.Y("top:Q", scale=y_scale, axis=None),
            y2=alt.Y2("bottom:Q"),
            color=alt.Color("colour:N", scale=None),
        )
    )
    names = [
        alt.Chart(nodes[nodes["side"] == side])
        .mark_text(align="right" if side == "left" else "left", dx=dx, baseline="middle", color=INK, limit=178)
        .encode(
            x=alt.X(f"{edge}:Q", scale=x_scale, axis=None), y=alt.Y("middle:Q", scale=y_scale), text=alt.Text("label:N")
        )
        for side, dx, edge in (("left", -6, "x"), ("right", 6, "x2"))
    ]
    return alt.layer(bands, bars, *names).properties(width=width - 12, height=height)


def _heat_table(links: pd.DataFrame, width: int) -> Any:
    """Intermediaries by origin, each cell with its share: what fits a phone."""
    links = links.assign(origin=links["origin"].replace({country_name(UNATTRIBUTED): NOT_ATTRIBUTED}))
    kept = [*_countries(links), NOT_ATTRIBUTED]
    cells = links.assign(column=[name if name in kept else "Other" for name in links["origin"]])
    columns = [name for name in (*kept[:-1], "Other", NOT_ATTRIBUTED) if (cells["column"] == name).any()]
    names = list(dict.fromkeys(links.sort_values("packed")["organisation"]))
    cells = cells.groupby(["organisation", "column"])["share"].sum().reset_index()
    cells["label"] = cells["share"].map(percent)
    y = alt.Y(
        "organisation:N",
        scale=alt.Scale(domain=names),
        title=None,
        axis=alt.Axis(ticks=False, domain=False, labelLimit=112),
    )
    x = alt.X(
        "column:N",
        scale=alt.Scale(domain=columns),
        title=None,
        axis=alt.Axis(
            orient="top",
            ticks=False,
            domain=False,
            labelAngle=0,
            labelBaseline="top",
            labelPadding=4 + 13 * max(len(name.split(" ")) for name in columns),
            labelLimit=64,
            labelFontSize=11,
            labelExpr=WORDS,
        ),
    )
    base = alt.Chart(cells).encode(x=x, y=y)
    tiles = base.mark_rect(color=ACCENT).encode(
        opacity=alt.Opacity("share:Q", scale=alt.Scale(domain=[0, 1], range=[0.06, 0.6], clamp=True), legend=None)
    )
    text = base.mark_text(color=INK, fontSize=12).encode(text=alt.Text("label:N"))
    return alt.layer(tiles, text).properties(width=width - 132, height=24 * len(names))


def _countries(links: pd.DataFrame) -> Sequence[str]:
    """The countries with a column of their own, in the order of the bands, as many as there is room for."""
    origins = links.groupby("origin")["order"].min().sort_values().index
    countries = [name for name in origins if name not in (NOT_ATTRIBUTED, OTHER_ORIGINS)]
    room = NARROW_COLUMNS - (NOT_ATTRIBUTED in origins)
    if len(countries) + (OTHER_ORIGINS in origins) <= room:
        return countries
    sizes = links.groupby("origin")["share"].sum()[countries].sort_values(ascending=False, kind="stable")
    return [name for name in countries if name in sizes.index[: room - 1]]


def _colour(code: str) -> str:
    return OTHER_COLOUR if code == OTHER_ORIGINS else colour_of(code)
