"""The metrics' tables as small frames, with what must be said of the data behind them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

import pandas as pd
from ibis.expr.types import Table

from generator.archive import Manifest
from generator.flows import Flows
from generator.metric import Metric
from generator.probe.results import ProbeResults
from generator.recipes import Recipes

DECIMALS = 10
"""Engines add floating-point numbers in any order; beyond this many places they need not agree."""


@dataclass(frozen=True)
class SourceNote:
    """Where the figures come from, in a form that every page can repeat."""

    kinds: tuple[str, ...]
    details: tuple[str, ...]
    simulated: bool
    selection: bool
    retrieved_at: datetime
    snapshots: int
    coverage: Mapping[str, object]
    skipped: Mapping[str, int]
    sha256: Mapping[str, str]

    @property
    def label(self) -> str:
        """One line for captions and file headers."""
        if self.simulated:
            return "SIMULATED demo data, not the Hugging Face Hub"
        what = {
            "hub": "Hugging Face Hub API",
            "hub-weekly": "weekly snapshots of the whole Hugging Face Hub",
            "file": "Hugging Face Hub records from a file",
            "counters": "all-time download counters",
        }
        kinds = "; ".join(what.get(kind, kind) for kind in self.kinds)
        return f"{kinds} ({'; '.join(self.details)})" if self.details else kinds


@dataclass(frozen=True)
class Results:
    """Every metric's table as of the newest report date and before.

    ``tables`` maps a metric's id to a frame with exactly the metric's columns; dates are ``datetime.date``.
    ``snapshots`` has one row a snapshot in the archive: as_of, models, stale, partial, report_date.
    ``newest_creation`` is the day on which the newest model was created whose creation is known. ``recipes`` is the
    SQL behind the tables, where it has been compiled. ``revisions`` is the register of revisions, as
    :func:`generator.revisions.read` has it; None where none is kept. ``probe`` holds the
    answers to the probe's questions.
    """

    metrics: Mapping[str, Metric]
    tables: Mapping[str, pd.DataFrame]
    report_dates: tuple[date, ...]
    snapshots: pd.DataFrame
    newest_creation: date | None
    source: SourceNote
    recipes: Recipes | None = None
    revisions: pd.DataFrame | None = None
    probe: ProbeResults = field(default_factory=ProbeResults)

    @property
    def as_of(self) -> date:
        """The newest report date."""
        return self.report_dates[-1]


def queries(flows: Flows, metrics: Mapping[str, Metric]) -> dict[str, Table]:
    """By metric id, the expression of its table with exactly the metric's columns.

    Args:
        flows: from :func:`generator.flows.build`.
        metrics: from :func:`generator.metrics.discover`.

    Raises:
        ValueError: a metric does not compute a column that it promises.
    """
    return {name: _query(metric, flows) for name, metric in metrics.items()}


def compute(
    flows: Flows,
    metrics: Mapping[str, Metric],
    manifests: list[Manifest],
    asked: Mapping[str, Table] | None = None,
) -> Results:
    """Run every metric and bring its aggregates back.

    Args:
        flows: from :func:`generator.flows.build`.
        metrics: from :func:`generator.metrics.discover`.
        manifests: of the snapshots behind the flows.
        asked: from :func:`queries`, where they have been made already.

    Raises:
        ValueError: a metric does not compute a column that it promises.
    """
    if asked is None:
        asked = queries(flows, metrics)
    tables = {name: frame(query) for name, query in asked.items()}
    return Results(
        metrics=metrics,
        tables=tables,
        report_dates=tuple(flows.data.report_dates),
        snapshots=_dated(flows.data.snapshots.order_by("as_of").to_pandas()),
        newest_creation=_newest_creation(flows),
        source=source_note(manifests),
        probe=flows.probe,
    )


def _newest_creation(flows: Flows) -> date | None:
    newest = flows.attribution.models.created_on.max().execute()
    return None if pd.isna(newest) else pd.Timestamp(newest).date()


def source_note(manifests: list[Manifest]) -> SourceNote:
    """Sum up the manifests of an archive."""
    skipped: dict[str, int] = {}
    for manifest in manifests:
        for reason, count in manifest.skipped.items():
            skipped[reason] = skipped.get(reason, 0) + count
    newest_full = max(manifests, key=lambda manifest: (manifest.kind != "counters", manifest.as_of))
    kinds = tuple(dict.fromkeys(manifest.kind for manifest in (newest_full, *manifests)))
    details = tuple(dict.fromkeys(manifest.detail for manifest in (newest_full, *manifests)))
    return SourceNote(
        kinds=kinds,
        details=details[:3],
        simulated=any(manifest.simulated for manifest in manifests),
        selection="file" in kinds,
        retrieved_at=max(manifest.retrieved_at for manifest in manifests),
        snapshots=len(manifests),
        coverage=newest_full.coverage | {"rows": newest_full.rows},
        skipped=skipped,
        sha256={str(manifest.as_of): manifest.sha256 for manifest in manifests},
    )


def _query(metric: Metric, flows: Flows) -> Table:
    table = metric.compute(flows)
    missing = [name for name in metric.columns if name not in table.columns]
    if missing:
        raise ValueError(f"metric {metric.id} promises the columns {missing} but does not compute them")
    return table.select(*metric.columns)


def frame(query: Table) -> pd.DataFrame:
    """The rows of a query as a frame: plain dates, whole numbers as such, fractions to :data:`DECIMALS` places."""
    rows = _dated(query.to_pandas())
    for name in rows.columns:
        promised = query[name].type()
        # Engines give whole numbers as fractions where some are missing, as decimals where they are sums, and disagree
        # on what a column without a value is.
        if promised.is_integer() and rows[name].dtype.kind != "i":
            rows[name] = rows[name].astype("Int64")
        elif promised.is_floating():
            given = rows[name].astype("float64")
            # Larger ones have no digits there, and rounding would only disturb their last one.
            rows[name] = given.where(given.abs() >= 2**53 / 10**DECIMALS, given.round(DECIMALS))
    return rows


def _dated(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with plain dates in place of timestamps."""
    dated = frame.copy()
    for name in dated.columns:
        if isinstance(dated[name].dtype, pd.DatetimeTZDtype) or dated[name].dtype.kind == "M":
            dated[name] = dated[name].map(lambda moment: moment.date() if pd.notna(moment) else None)
    return dated
