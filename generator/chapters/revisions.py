"""Revisions: which published figures a later run changed, and why."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from generator.facts import FactBook
from generator.revisions import MOVED, RANKS_WATCHED, SHARE_THRESHOLD
from generator.wording import cell

SHOWN = 200
"""Rows of the register on the page, the newest first; the file has all."""


def context(book: FactBook) -> Mapping[str, Any]:
    """The register: a summary by run and cause, and its newest rows."""
    register = book.results.revisions
    kept = register is not None
    rows = register if register is not None else pd.DataFrame()
    return {
        "kept": kept,
        "number": len(rows),
        "runs": _runs(rows) if len(rows) else rows,
        "rows": _printed(rows.iloc[::-1].head(SHOWN)),
        "shown": min(len(rows), SHOWN),
        "titles": {**{name: metric.title for name, metric in book.results.metrics.items()}, MOVED: "Report date"},
        "threshold": SHARE_THRESHOLD,
        "ranks": RANKS_WATCHED,
    }


def _runs(rows: pd.DataFrame) -> pd.DataFrame:
    """One row a day of revision and cause: how many figures and report dates, and the largest change of a share."""
    change = (rows["new"] - rows["old"]).abs().where(rows["column"] != "rank")
    by_run = rows.assign(change=change).groupby(["revised_on", "cause"], sort=False)
    summed = by_run.agg(
        figures=("metric", "size"), dates=("as_of", "nunique"), tables=("metric", "nunique"), largest=("change", "max")
    )
    return summed.reset_index().iloc[::-1]


def _printed(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with their figures as text, ``published`` and ``now``."""
    if rows.empty:
        return rows
    return rows.assign(
        **{
            name: [
                cell(column, value) if column else "" for column, value in zip(rows["column"], rows[of], strict=True)
            ]
            for name, of in {"published": "old", "now": "new"}.items()
        }
    )
