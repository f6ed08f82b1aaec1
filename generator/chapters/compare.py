"""Any two countries or organisations side by side."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from generator import profiles
from generator.attribution import UNATTRIBUTED
from generator.facts import FactBook
from generator.findings.scope import scope
from generator.profiles import ALL, HISTORY
from generator.results import Results
from generator.selection import newest
from generator.slugs import printable
from generator.wording import country_name

DATES = 24
"""How many dates the printed table has: two years of months."""


def context(book: FactBook) -> Mapping[str, Any]:
    """All shares by date, which the page's script turns into a comparison of two."""
    results = book.results
    by_country = profiles.histories(results, ALL, "country")
    by_organisation = profiles.histories(results, HISTORY, "organisation")
    countries = [code for code in (*profiles.countries(results), UNATTRIBUTED) if code in by_country]
    slugs = profiles.organisations(results)
    groups = [
        _group("country", [(code, country_name(code), by_country[code]) for code in countries]),
        _group("organisation", [(slug, printable(name), by_organisation[name]) for name, slug in slugs.items()]),
    ]
    return {"scope": scope(book), "groups": groups, "chosen": _chosen(results)}


def _group(kind: str, entries: list[tuple[str, str, pd.DataFrame]]) -> Mapping[str, Any]:
    days = profiles.dates([history for _, _, history in entries])[:DATES]
    rows = []
    for position, (key, name, history) in enumerate(entries, 1):
        shares = history["publisher_share"]
        rows.append((key, name, position, [shares.get(day) for day in days]))
    return {"kind": kind, "dates": days, "entries": rows}


def _chosen(results: Results) -> Mapping[str, Any] | None:
    """The window and basis that all shares of the page have in common."""
    rows = newest(results, ALL, lens="publisher")
    return None if rows.empty else {"row": rows.iloc[0], "months": int(rows["window_months"].iloc[0])}
