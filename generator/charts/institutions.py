"""Charts of active organisations: by country and sector now, by sector and by country over time."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd

from generator.attribution import UNATTRIBUTED
from generator.attribution.registry import INTERNATIONAL
from generator.charts.figure import FIT, WIDE, Figure, month_axis
from generator.charts.lines import end_labels
from generator.charts.theme import COUNTRY_COLOURS, INK, OTHER_COLOUR, OTHER_DASH, colour_of, dash_of
from generator.wording import count, country_name, day

COUNTRIES = 14
LINES = {"sector": 6, "country": 4}
OTHER = "other"
"""Stands for all countries beyond the first ones."""

SECTOR_TITLES = {
    "company": "Companies",
    "academia": "Academia",
    "non-profit": "Non-profit",
    "government": "Government",
    "community": "Communities",
    "individual": "Individuals",
}
GROUP_TITLES = {
    "company": "Companies",
    "academia": "Institutes",
    "non-profit": "Institutes",
    "government": "Institutes",
    "community": "Others",
    "individual": "Others",
}
"""On a phone there is room for three panels."""

SECTOR_LOOKS: dict[str, tuple[str, list[int]]] = {
    "company": (COUNTRY_COLOURS["US"], [1, 0]),
    "academia": (COUNTRY_COLOURS["FR"], [8, 3]),
    "non-profit": (COUNTRY_COLOURS["GB"], [5, 2, 1, 2]),
    "government": (COUNTRY_COLOURS["DE"], [2, 3]),
    "community": (COUNTRY_COLOURS["KR"], [12, 3]),
    "individual": (COUNTRY_COLOURS["JP"], [3, 2, 1, 2, 1, 2]),
}
"""Colour and line pattern of each sector, so that lines differ without colour."""


def active_by_country(table: pd.DataFrame, figure_id: str) -> Figure:
    """Bars of the active organisations of each country, one panel a sector.

    Args:
        table: as_of, country, sector, active, country_active of one date; at least one listed country.
        figure_id: the figure's id in its page.
    """
    rows = table[(table["active"] > 0) & (table["country"] != UNATTRIBUTED)][["country", "sector", "active"]].copy()
    totals = rows.groupby("country")["active"].sum().reset_index()
    totals = totals.sort_values(["active", "country"], ascending=[False, True])
    ranked = [code for code in totals["country"] if code != INTERNATIONAL]
    leading = ranked[:COUNTRIES]
    named = {code: country_name(code) for code in leading}
    rest = len(ranked) - len(leading)
    named |= dict.fromkeys(ranked[COUNTRIES:], f"{rest} more")
    named[INTERNATIONAL] = country_name(INTERNATIONAL)
    rows["colour"] = [colour_of(code) if code in leading else OTHER_COLOUR for code in rows["country"]]
    rows["name"] = rows["country"].map(named)
    names = list(dict.fromkeys(named[code] for code in [*ranked, INTERNATIONAL] if code in set(rows["country"])))
    unlisted = int(table.loc[table["country"] == UNATTRIBUTED, "active"].sum())

    def draw(width: int) -> Any:
        wide = width == WIDE
        return _panels(rows, names, SECTOR_TITLES if wide else GROUP_TITLES, width)

    present = [sector for sector in SECTOR_TITLES if sector in set(rows["sector"])]
    printed = rows.pivot_table(index="name", columns="sector", values="active", aggfunc="sum", fill_value=0)
    printed = printed.reindex(index=names, columns=present)
    shown = pd.DataFrame({"Country": names})
    for sector in present:
        shown[SECTOR_TITLES[sector]] = [count(number) for number in printed[sector]]
    shown["All"] = [count(number) for number in printed.sum(axis=1)]
    if unlisted:
        blank = dict.fromkeys(shown.columns, "") | {"Country": "Unattributed namespaces", "All": count(unlisted)}
        shown = pd.concat([shown, pd.DataFrame([blank])], ignore_index=True)
    sums = ", ".join(f"{name} {number}" for name, number in zip(shown["Country"], shown["All"], strict=True))
    key = "Institutes are universities, public bodies and non-profit organisations; others are communities and people."
    if INTERNATIONAL in set(rows["country"]):
        key += " International stands for bodies and people without a public country."
    if unlisted:
        namespaces = "namespace" if unlisted == 1 else "namespaces"
        key += f" Not drawn: {count(unlisted)} active {namespaces} outside the registry."
    return Figure(
        figure_id,
        f"Active organisations on {day(table['as_of'].iloc[0])}, by country and sector",
        f"Bars of the number of active organisations by country, one panel a sector. In all sectors: {sums}.",
        "institutions",
        shown,
        draw,
        key,
    )


def _panels(rows: pd.DataFrame, names: Sequence[str], titles: Mapping[str, str], width: int) -> Any:
    grouped = rows.assign(panel=rows["sector"].map(dict(titles)))
    grouped = grouped.groupby(["panel", "name", "colour"])["active"].sum().reset_index()
    grouped["label"] = grouped["active"].map(count)
    panels = [title for title in dict.fromkeys(titles.values()) if title in set(grouped["panel"])]
    wide = width == WIDE
    labels = min(138, 14 + 7 * max(len(name) for name in names))
    spacing = 14 if wide else 8
    size = (width - labels - 12 - spacing * (len(panels) - 1)) // len(panels)
    # Room for the number behind the longest bar; one scale in all panels, so that bars compare across them.
    end = float(grouped["active"].max()) * size / max(size - 34, 20)

    def panel(title: str, first: bool) -> Any:
        y = alt.Y(
            "name:N",
            scale=alt.Scale(domain=list(names)),
            title=None,
            axis=alt.Axis(labels=first, ticks=False, domain=False, labelLimit=labels - 5),
        )
        x = alt.X("active:Q", title=None, axis=None, scale=alt.Scale(domain=[0, end], nice=False))
        base = alt.Chart(
            grouped[grouped["panel"] == title],
            title=alt.TitleParams(
                title, fontSize=13 if wide else 11, fontWeight="normal", limit=size + spacing, frame="group"
            ),
        )
        bars = base.mark_bar(height={"band": 0.66}).encode(
            x=x,
            y=y,
            color=alt.Color("colour:N", scale=None),
            tooltip=[alt.Tooltip("name:N", title="Country"), alt.Tooltip("active:Q", title="Active")],
        )
        text = base.mark_text(align="left", dx=4, color=INK).encode(x=alt.X("active:Q"), y=y, text=alt.Text("label:N"))
        return alt.layer(bars, text).properties(width=size, height=23 * len(names))

    return alt.hconcat(*(panel(title, place == 0) for place, title in enumerate(panels)), spacing=spacing)


def active_over_time(table: pd.DataFrame, figure_id: str, of: str) -> Figure:
    """Lines of the number of active organisations, each labelled at its end.

    Args:
        table: as_of, ``of`` and active, several dates; one row a date and line, without unattributed.
        figure_id: the figure's id in its page.
        of: what a line stands for, ``sector`` or ``country``.
    """
    newest = table["as_of"].max()
    now = table[table["as_of"] == newest].sort_values(["active", of], ascending=[False, True])
    shown = [str(value) for value in now[of].head(LINES[of])]
    dates = sorted(table["as_of"].unique())
    # A date on which nobody was active has no row, but a point at nought.
    whole = table[table[of].isin(shown)].pivot_table(index="as_of", columns=of, values="active", aggfunc="sum")
    whole = whole.reindex(dates)[shown].fillna(0).astype(int)
    name = {value: SECTOR_TITLES[value] if of == "sector" else country_name(value) for value in shown}
    lines = whole.rename(columns=name).rename_axis(columns=None).reset_index(names="as_of")
    lines["as_of"] = lines["as_of"].astype(str)
    names = [name[value] for value in shown]
    drawn = lines.melt("as_of", names, "name", "active")
    last = drawn[drawn["as_of"] == str(newest)]
    ends = end_labels(last, max(float(drawn["active"].max()), 1.0), "active", count)
    looks = [SECTOR_LOOKS[value] if of == "sector" else (colour_of(value), dash_of(value)) for value in shown]
    if of == "country":
        # Beyond the leaders all countries have one pattern; here each line has to be told from its neighbours.
        spare = iter([[5, 2, 1, 2], [2, 2], [10, 2, 2, 2], [1, 3], [6, 6], [3, 1]])
        looks = [(colour, next(spare) if dash == OTHER_DASH else dash) for colour, dash in looks]

    def draw(width: int) -> Any:
        base = alt.Chart(drawn).encode(
            x=alt.X("as_of:T", title=None, axis=month_axis(width, drawn["as_of"])),
            y=alt.Y("active:Q", title=None, axis=alt.Axis(tickMinStep=1, tickCount=5), scale=alt.Scale(domainMin=0)),
            color=alt.Color("name:N", scale=alt.Scale(domain=names, range=[look[0] for look in looks]), legend=None),
            tooltip=[
                alt.Tooltip("name:N", title=of.capitalize()),
                alt.Tooltip("as_of:T", title="Date"),
                alt.Tooltip("active:Q", title="Active"),
            ],
        )
        dash = alt.Scale(domain=names, range=[look[1] for look in looks])
        text = (
            alt.Chart(ends)
            .mark_text(align="left", dx=8, baseline="middle", color=INK)
            .encode(x=alt.X("as_of:T"), y=alt.Y("place:Q"), text=alt.Text("label:N"))
        )
        return alt.layer(
            base.mark_line(strokeWidth=2.5).encode(strokeDash=alt.StrokeDash("name:N", scale=dash, legend=None)),
            base.mark_point(size=24, filled=True, opacity=1),
            text,
        ).properties(width=width, height=300, autosize=FIT)

    printed = lines.iloc[::-1].rename(columns={"as_of": "Date"})
    for title in names:
        printed[title] = printed[title].map(count)
    at_end = ", ".join(f"{title} {count(whole[value].iloc[-1])}" for value, title in name.items())
    at_start = ", ".join(f"{title} {count(whole[value].iloc[0])}" for value, title in name.items())
    return Figure(
        figure_id,
        f"Active organisations by {of}, over time",
        f"Lines of the number of active organisations by {of}. On {day(dates[0])}: {at_start}. On {day(newest)}: "
        f"{at_end}.",
        "institutions-by-sector" if of == "sector" else "institutions",
        printed,
        draw,
    )
