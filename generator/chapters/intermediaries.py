"""Intermediaries: how much use passes through re-packagers, and whose models they carry."""

from collections.abc import Mapping
from typing import Any

from generator import findings
from generator.charts.intermediaries import repackaged_flows
from generator.facts import FactBook
from generator.findings.intermediaries import METRIC, carried, repackaged, repackaged_over_time
from generator.selection import newest


def context(book: FactBook) -> Mapping[str, Any]:
    """The share through re-packagers, and its flows from origin to intermediary."""
    rows = newest(book.results, METRIC)
    drawable = rows[rows["share"].notna()]
    figures = [repackaged_flows(drawable, "repackaged-flows")] if (drawable["downloads"] > 0).any() else []
    return {
        "scope": findings.scope(book),
        "findings": [repackaged(book), carried(book), repackaged_over_time(book)],
        "figures": figures,
    }
