"""Which countries and organisations have a page of their own, and what such a page shows."""

import re
from collections.abc import Mapping, Sequence
from datetime import date

import pandas as pd

from generator.attribution import UNATTRIBUTED
from generator.results import Results
from generator.selection import newest, series
from generator.slugs import slugs

ALL = "all-downloads-share-by-country"
NEW = "new-model-share-by-country"
HISTORY = "organisation-history"
LENSES = ("publisher", "origin")
SMALLEST_SHARE = 0.001
"""A country has a page from this share of all downloads on, under either lens."""

_ON_THE_HUB = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+", re.ASCII)


def organisations(results: Results) -> dict[str, str]:
    """The organisations that have a page, in the order of rank, with their slugs."""
    rows = newest(results, HISTORY, lens="publisher")
    return slugs(rows["organisation"]) if not rows.empty else {}


def countries(results: Results) -> dict[str, str]:
    """The codes of the countries that have a page, with their slugs; international bodies come last."""
    shares: dict[str, list[float]] = {}
    for lens in LENSES:
        rows = newest(results, ALL, lens=lens)
        for code, share in zip(rows["country"], rows["share"], strict=True) if not rows.empty else ():
            shares.setdefault(code, []).append(0.0 if pd.isna(share) else float(share))
    chosen = [code for code, both in shares.items() if max(both) >= SMALLEST_SHARE and code != UNATTRIBUTED]
    return {code: code.lower() for code in chosen}


def now(results: Results, metric: str, of: str, name: str, **where: object) -> dict[str, pd.Series | None]:
    """The row of a country or organisation at the newest report date under each lens."""
    found: dict[str, pd.Series | None] = {}
    for lens in LENSES:
        rows = newest(results, metric, lens=lens, **where)
        theirs = rows[rows[of] == name] if not rows.empty else rows
        found[lens] = None if theirs.empty else theirs.iloc[0]
    return found


def at_newest(results: Results, metric: str) -> pd.DataFrame:
    """A metric's rows of the newest report date."""
    rows: pd.DataFrame = results.tables[metric]
    return rows[rows["as_of"] == results.as_of]


def standings(results: Results, metric: str, of: str) -> dict[str, dict[str, pd.Series | None]]:
    """What :func:`now` gives for each name, for pages by the thousand: the table is gone through once."""
    found: dict[str, dict[str, pd.Series | None]] = {}
    for lens in LENSES:
        for _, row in newest(results, metric, lens=lens).iterrows():
            found.setdefault(str(row[of]), dict.fromkeys(LENSES))[lens] = row
    return found


def histories(results: Results, metric: str, of: str, **where: object) -> dict[str, pd.DataFrame]:
    """Share and rank by date for every value of ``of``.

    Returns:
        For each name a frame indexed by date, oldest first, with columns publisher_share, publisher_rank,
        origin_share and origin_rank; null at a date that has no row.
    """
    wide = []
    for lens in LENSES:
        rows = series(results, metric, lens=lens, **where)
        if rows.empty:
            rows = results.tables[metric].iloc[:0]
        taken = rows.set_index([of, "as_of"])[["share", "rank"]].astype({"share": "Float64", "rank": "Int64"})
        wide.append(taken.rename(columns={name: f"{lens}_{name}" for name in taken.columns}))
    both = pd.concat(wide, axis=1).sort_index()
    both = both.astype(object).where(both.notna(), None)
    return {str(name): rows.droplevel(0) for name, rows in both.groupby(level=0)}


def line(history: pd.DataFrame, lens: str) -> dict[date, float | None]:
    """The shares of a history by date."""
    return dict(zip(history.index, history[f"{lens}_share"], strict=True))


def of_group(table: pd.DataFrame, group: str) -> Mapping[tuple[str, str], pd.DataFrame]:
    """A table split by lens and country or organisation."""
    return {(str(lens), str(name)): rows for (lens, name), rows in table.groupby(["lens", group], sort=False)}


def hub_address(model_id: str, results: Results) -> str:
    """Where a model stands on the Hub; nothing for what is made up or has no well-formed name."""
    if results.source.simulated or not _ON_THE_HUB.fullmatch(model_id):
        return ""
    return f"https://huggingface.co/{model_id}"


def dates(frames: Sequence[pd.DataFrame]) -> list[date]:
    """All dates of several histories, the newest first."""
    return sorted({day for frame in frames for day in frame.index}, reverse=True)
