"""Institutions: who builds open models, where, and whether independent institutes are few."""

from collections.abc import Mapping
from typing import Any

from generator import findings
from generator.attribution import UNATTRIBUTED
from generator.attribution.registry import INTERNATIONAL
from generator.charts.institutions import active_by_country, active_over_time
from generator.facts import FactBook
from generator.findings.institutions import (
    THIN,
    active_countries,
    active_organisations,
    independent_institutes,
    renewal,
)
from generator.selection import makes_a_line


def context(book: FactBook) -> Mapping[str, Any]:
    """Active organisations by country and sector, now and over time."""
    tables = book.results.tables
    by_country, by_sector = tables["institutions"], tables["institutions-by-sector"]
    listed = by_country[by_country["country"] != UNATTRIBUTED]
    now = by_country[by_country["as_of"] == book.results.as_of]
    drawable = (now["country"] != UNATTRIBUTED) & (now["active"] > 0)
    figures = [active_by_country(now, "active-by-country")] if drawable.any() else []
    sectors = by_sector[(by_sector["level"] == "sector") & (by_sector["sector"] != UNATTRIBUTED)]
    countries = listed[listed["country"] != INTERNATIONAL].groupby(["as_of", "country"])["active"].sum().reset_index()
    over_time = [
        active_over_time(rows, f"active-{of}-over-time", of)
        for of, rows in (("sector", sectors), ("country", countries))
        # Lines end at the newest date, so something has to be active on it.
        if makes_a_line(rows) and rows["as_of"].max() == book.results.as_of
    ]
    return {
        "scope": findings.scope(book),
        "findings": [active_organisations(book), active_countries(book)],
        "figures": figures,
        "institutes": [independent_institutes(book), renewal(book)],
        "over_time": over_time,
        "thin": THIN,
    }
