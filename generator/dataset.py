"""The archive as tables: what was observed when, and on which dates the report can stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import ibis
from ibis.expr.types import Table

from generator import archive

CREATION_FLOOR = date(2022, 3, 2)
"""The Hub dates every older repository to this day, so a model that carries it has no known creation date."""

NEIGHBOURHOOD_DAYS = 45
"""A snapshot is compared in size with those this near to it: the Hub itself grows over longer times."""

FULL_SHARE = 0.5
"""A snapshot with less than this share of its largest neighbour's rows is partial."""


@dataclass(frozen=True)
class Dataset:
    """The tables that attribution and metrics read.

    ``observations``: as_of (date), model_id, downloads_30d, downloads_all_time, likes; one row a model and snapshot.

    ``models``: model_id, author, created_at (to the second, as the Hub gives it), created_on (date; null if unknown),
    pipeline_tag, library_name, license, gated,
    tags, base_models, base_relation, parameters, …: the last known value of each, one row a model.

    ``snapshots``: as_of, models, stale (no counter moved since the snapshot before: the export repeated itself),
    partial (far fewer models than its neighbours), report_date (the last full, fresh one of its month); compared,
    moved, fallen: of how many models the counter was known before, is another now, is lower now.
    """

    backend: ibis.BaseBackend
    observations: Table
    models: Table
    snapshots: Table

    @property
    def report_dates(self) -> list[date]:
        """The dates for which the report has figures, in order."""
        chosen = self.snapshots.filter(self.snapshots.report_date).order_by("as_of").as_of.to_pandas()
        return [day.date() if hasattr(day, "date") else day for day in chosen]


def connect() -> ibis.BaseBackend:
    """The default engine: DuckDB within this process."""
    # The engine's own progress bar would write over the report's lines.
    backend = ibis.duckdb.connect()
    backend.raw_sql("set enable_progress_bar = false")
    return backend


def load(backend: ibis.BaseBackend, stored: Sequence[archive.Entry]) -> Dataset:
    """Open verified snapshots as one data set.

    Args:
        backend: an Ibis backend, from :func:`connect` say.
        stored: the archive's entries to use, at least one.

    Raises:
        ReportError: a snapshot is missing, truncated or altered.
    """
    for checked in stored:
        archive.verify(checked)
    archived = _archived(backend, [checked.data for checked in stored])
    observations = backend.create_table(
        "observations",
        archived.select("as_of", "model_id", "downloads_30d", "downloads_all_time", "likes"),
        temp=True,
    )
    models = backend.create_table("models", _last_known(archived), temp=True)
    snapshots = backend.create_table("snapshots", _snapshots(observations), temp=True)
    return Dataset(backend, observations, models, snapshots)


def _archived(backend: ibis.BaseBackend, files: Sequence[Path]) -> Table:
    rows = backend.read_parquet([str(file) for file in files], hive_partitioning=True)
    return rows.mutate(as_of=rows["snapshot"].cast("date")).drop("snapshot")


def _last_known(archived: Table) -> Table:
    """One row a model: each attribute as the newest snapshot that knows it has it."""
    changing = {"as_of", "model_id", "downloads_30d", "downloads_all_time", "likes", "trending_score", "created_at"}
    latest = {
        name: archived[name].argmax(archived.as_of, where=archived[name].notnull())
        for name in archived.columns
        if name not in changing
    }
    created_at = archived.created_at.min()
    created_on = created_at.cast("date").nullif(ibis.literal(CREATION_FLOOR))
    return archived.group_by("model_id").aggregate(created_at=created_at, created_on=created_on, **latest)


def _snapshots(observations: Table) -> Table:
    by_model = ibis.window(group_by="model_id", order_by="as_of")
    followed = observations.filter(observations.downloads_all_time.notnull()).mutate(
        before=lambda row: row.downloads_all_time.lag().over(by_model)
    )
    movement = followed.group_by("as_of").aggregate(
        compared=followed.before.count(),
        moved=(followed.downloads_all_time != followed.before).sum(),
        fallen=(followed.downloads_all_time < followed.before).sum(),
    )
    sizes = observations.group_by("as_of").aggregate(models=observations.count())
    other = sizes.rename(other_as_of="as_of", other_models="models")
    apart = sizes.as_of.delta(other.other_as_of, unit="day").abs()
    largest = (
        sizes.join(other, apart <= NEIGHBOURHOOD_DAYS)
        .group_by("as_of", "models")
        .aggregate(largest=lambda pair: pair.other_models.max())
    )
    judged = largest.left_join(movement, "as_of").select(
        "as_of",
        "models",
        stale=lambda row: ((row.compared > 0) & (row.moved == 0)).fill_null(False),
        partial=lambda row: row.models < FULL_SHARE * row.largest,
        compared=lambda row: row.compared.fill_null(0).cast("int64"),
        moved=lambda row: row.moved.fill_null(0).cast("int64"),
        fallen=lambda row: row.fallen.fill_null(0).cast("int64"),
    )
    usable = ~judged.stale & ~judged.partial
    of_month = ibis.window(group_by=judged.as_of.truncate("M"))
    return judged.mutate(report_date=usable & (judged.as_of == judged.as_of.max(where=usable).over(of_month))).order_by(
        "as_of"
    )
