"""Numbers on their way to the reader: each is looked up in a metric's table and remembered with its row."""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pandas as pd
from markupsafe import Markup

from generator import wording
from generator.metric import Metric
from generator.results import Results

WRITTEN: dict[str, Callable[[Any], str]] = {
    "percent": wording.percent,
    "points": wording.points,
    "signed points": wording.signed_points,
    "count": wording.count,
    "decimal": wording.decimal,
    "index": wording.index,
    "date": wording.day,
    "name": str,
    "country": wording.in_sentence,
}


@dataclass(frozen=True)
class Fact:
    """One number of the narrative: its value, how it is written, and the table row it was taken from."""

    id: str
    metric: str
    column: str
    row: tuple[tuple[str, Any], ...]
    value: Any
    text: str

    def __html__(self) -> Markup:
        return Markup('<data class="fact" data-fact="{}" value="{}">{}</data>').format(
            self.id, plain(self.value), self.text
        )

    def __str__(self) -> str:
        return self.text


@dataclass
class FactBook:
    """Looks facts up and keeps the book of all that were quoted."""

    results: Results
    quoted: dict[tuple[str, str, str], Fact] = field(default_factory=dict)

    def quote(self, row: pd.Series, metric: str, column: str, written: str) -> Fact:
        """A fact from a row of a metric's table.

        Args:
            row: a row of ``results.tables[metric]``, as the table has it.
            metric: the metric's id.
            column: which of its columns is quoted.
            written: one of :data:`WRITTEN`.
        """
        where = tuple((name, row[name]) for name in row.index if _identifies(name, row[name]))
        # The value is part of the mark: rows that differ only in other columns must not share a number.
        known = [*where, (column, row[column]), ("written", written)]
        mark = (metric, column, json.dumps([[name, str(value)] for name, value in known]))
        if mark not in self.quoted:
            value = None if _missing(row[column]) else row[column]
            self.quoted[mark] = Fact(
                id=str(len(self.quoted) + 1),
                metric=metric,
                column=column,
                row=where,
                value=value,
                text=WRITTEN[written](value) if value is not None else "unknown",
            )
        return self.quoted[mark]

    def as_json(self) -> dict[str, Any]:
        """The content of ``facts.json``."""
        return {
            "as_of": str(self.results.as_of),
            "source": self.results.source.label,
            "simulated": self.results.source.simulated,
            "facts": [
                {
                    "id": fact.id,
                    "metric": fact.metric,
                    "column": fact.column,
                    "row": {name: plain(value) for name, value in fact.row},
                    "value": plain(fact.value),
                    "text": fact.text,
                    "definition": self.results.metrics[fact.metric].definition,
                    **_own_data(self.results.metrics[fact.metric]),
                }
                for fact in self.quoted.values()
            ],
        }


def _own_data(metric: Metric) -> dict[str, Any]:
    """Where a fact comes from that is none of the archive's."""
    return {"source": metric.data, "simulated": False} if metric.data else {}


NUMBERED_KEYS = ("window_months", "cohort_months", "year", "reference_age")
"""Columns of numbers that say which row it is, not how much."""


def _identifies(name: str, value: Any) -> bool:
    """Whether a cell tells its row from others: words and dates do, quantities and verdicts do not."""
    if _missing(value):
        return False
    return name in NUMBERED_KEYS or isinstance(plain(value), str)


def _missing(value: Any) -> bool:
    return value is None or (pd.api.types.is_scalar(value) and bool(pd.isna(value)))


def plain(value: Any) -> Any:
    """A value as JSON knows it."""
    # The usual cases first: a large table asks this of a million values.
    kind = type(value)
    if value is None or kind in (str, bool, int):
        return value
    if kind is float:
        return None if math.isnan(value) else value
    if kind is date:
        return value.isoformat()
    if _missing(value):
        return None
    if hasattr(value, "item"):
        return plain(value.item())
    return str(value)


def sentence(text: str, **parts: Any) -> Markup:
    """A sentence with facts and names put in, each escaped."""
    return Markup(text).format(**parts)
