"""The archive as tables: what was observed when, and on which dates the report can stand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path

import ibis
import pandas as pd
import pyarrow.parquet as pq
from ibis.expr.types import Table

from generator import archive
from generator.engines import kept_in_turn, read_parquet, summed_in_turn
from generator.settled import Settled, keys_of

CREATION_FLOOR = date(2022, 3, 2)
"""The Hub dates every older repository to this day, so a model that carries it has no known creation date."""

NEIGHBOURHOOD_DAYS = 45
"""A snapshot is compared in size with those this near to it: the Hub itself grows over longer times."""

FULL_SHARE = 0.5
"""A snapshot with less than this share of its largest neighbour's rows is partial."""

CHANGING = ("model_id", "created_at", "downloads_30d", "downloads_all_time", "likes", "trending_score")
"""Columns of a snapshot that are no lasting attribute of a model."""


@dataclass(frozen=True)
class Dataset:
    """The tables that attribution and metrics read.

    ``observations``: as_of (date), model, downloads_30d, downloads_all_time; one row a model and snapshot.

    ``models``: model (the number by which the other tables know it), model_id, author, created_at (to the second, as
    the Hub gives it), created_on (date; null if unknown), pipeline_tag, library_name, license, gated, tags,
    base_models, base_relation, parameters, …: each as :func:`load` describes, one row a model.

    ``snapshots``: as_of, models, stale (no counter moved since the snapshot before: the export repeated itself),
    partial (far fewer models than its neighbours), report_date (the last full, fresh one of its month); compared,
    moved, fallen: of how many models the counter was known before, is another now, is lower now.

    ``report_dates``: the dates for which the report has figures, in order. ``rows``: how many observations there are.
    ``numbers``: those of the models, from 0 on. ``both_counts``: no observation lacks one of the two counts.
    ``settled``: where figures are kept that no later snapshot can change.
    """

    backend: ibis.BaseBackend
    observations: Table
    models: Table
    snapshots: Table
    report_dates: tuple[date, ...]
    rows: int
    numbers: range
    both_counts: bool
    settled: Settled

    def named(self, rows: Table) -> Table:
        """Rows with a column ``model``, and the model's id beside it."""
        return rows.inner_join(self.models.select("model", "model_id"), "model")

    def numbered(self, rows: Table) -> Table:
        """Rows with a column ``model_id``, and the model's number in its place."""
        return self.models.select("model", "model_id").inner_join(rows, "model_id").drop("model_id")


def among(rows: Table, numbers: Sequence[int]) -> Table:
    """Rows of the models with adjoining numbers."""
    return rows.filter((rows.model >= numbers[0]) & (rows.model <= numbers[-1]))


def load(backend: ibis.BaseBackend, stored: Sequence[archive.Entry], settled: Path | None = None) -> Dataset:
    """Open verified snapshots as one data set.

    An attribute of a model is what the newest snapshot says that holds the model and tells the attribute of any model
    at all: a counter series that knows no licences leaves them as they were, while a licence that was withdrawn is
    gone. The day of creation is the earliest that any snapshot gives.

    Args:
        backend: an Ibis backend, from :func:`generator.engines.connect` say.
        stored: the archive's entries to use, at least one.
        settled: the folder in which figures are kept that no later snapshot can change, where they are.

    Raises:
        ReportError: a snapshot is missing, truncated or altered.
    """
    for checked in stored:
        archive.verify(checked)
    files = {checked.manifest.as_of: checked.data for checked in stored}
    rows = _rows(backend, files)
    observed = sum(checked.manifest.rows for checked in stored)
    names = _names(backend, rows)
    counted = rows.select("model_id", "as_of", "downloads_30d", "downloads_all_time")
    numbered = counted.inner_join(names.select("model_id", "model"), "model_id").drop("model_id")
    # In the order of models, so that whoever takes some models after others finds theirs side by side.
    observations = backend.create_table("observations", numbered.order_by("model", "as_of"))
    models = _attributes(backend, files, rows, names, observations, observed)
    numbers = range(int(names.count().execute()))
    snapshots = _snapshots(backend, observations, numbers, observed)
    chosen = snapshots.filter(snapshots.report_date).order_by("as_of").as_of.to_pandas()
    dates = tuple(day.date() if isinstance(day, datetime) else day for day in chosen)
    lacking = observations.downloads_30d.isnull() | observations.downloads_all_time.isnull()
    both = not observations.filter(lacking).count().execute()
    sums = {checked.manifest.as_of: checked.manifest.sha256 for checked in stored}
    keys = keys_of(backend.name, sums, dates, _created(names) if settled else {})
    return Dataset(
        backend, observations, models, snapshots, dates, observed, numbers, both, Settled(backend, settled, keys)
    )


def _rows(backend: ibis.BaseBackend, files: Mapping[date, Path]) -> Table:
    """What the files hold, read as one table (one by one they take several times the memory), and as_of."""
    read = read_parquet(backend, sorted(files.values()))
    return read.mutate(as_of=read.snapshot.cast("date")).drop("snapshot")


def _names(backend: ibis.BaseBackend, rows: Table) -> Table:
    """model, model_id, created_at, first_seen: a number for every model, in the order of the names."""
    made = rows.group_by("model_id").aggregate(created_at=rows.created_at.min(), first_seen=rows.as_of.min())
    return backend.create_table(
        "model_names", made.mutate(model=ibis.row_number().over(order_by="model_id").cast("int32"))
    )


def _created(names: Table) -> dict[date, int]:
    """By the date of the snapshot that saw models first, a digest of when they were created."""
    told = names.model_id + " " + names.created_at.cast("string").fill_null("")
    # Added up, since Ibis 12 knows no other sum of bits for Spark; so many of them that no sum is too large.
    digests = names.group_by("first_seen").aggregate(digest=(told.hash() % 2**31).sum().cast("int64")).to_pandas()
    return {pd.Timestamp(row.first_seen).date(): int(row.digest) for row in digests.itertuples()}


def _attributes(
    backend: ibis.BaseBackend,
    files: Mapping[date, Path],
    rows: Table,
    names: Table,
    observations: Table,
    observed: int,
) -> Table:
    columns = [name for name in rows.columns if name not in CHANGING and name != "as_of"]
    tellers: dict[tuple[date, ...], list[str]] = {}
    told = {day: _told(file) for day, file in files.items()}
    for name in columns:
        days = tuple(day for day in sorted(files) if name in told[day]) or (max(files),)
        tellers.setdefault(days, []).append(name)
    attributed = names.drop("first_seen").mutate(
        created_on=names.created_at.cast("date").nullif(ibis.literal(CREATION_FLOOR))
    )
    for place, (days, group) in enumerate(tellers.items()):
        seen = observations.filter(observations.as_of.isin(days))
        last = backend.create_table(
            f"last_told_{place}",
            seen.group_by("model")
            .aggregate(as_of=seen.as_of.max())
            .inner_join(names.select("model", "model_id"), "model"),
        )
        # Most models are in the newest snapshot that tells; the others need not be read whole.
        ending = set(last.as_of.value_counts().as_of.to_pyarrow().to_pylist())

        def latest(days: Sequence[date], group: list[str] = group, last: Table = last) -> Table:
            told_last = last.filter(last.as_of.isin(list(days)))
            told_then = rows.filter(rows.as_of.isin(list(days)))
            return told_then.inner_join(told_last, ["model_id", "as_of"]).select("model", *group)

        ended = sorted(day for day in days if day in ending)
        values = kept_in_turn(backend, f"attributes_{place}", latest, ended, observed)
        attributed = attributed.left_join(values, "model").drop("model_right")
    return backend.create_table("models", attributed)


def _told(file: Path) -> set[str]:
    """The columns of a Parquet file in which there is anything at all."""
    footer = pq.read_metadata(file)
    told = set()
    for group in range(footer.num_row_groups):
        for place in range(footer.num_columns):
            column = footer.row_group(group).column(place)
            if column.statistics is None or column.statistics.null_count < column.num_values:
                told.add(column.path_in_schema.split(".")[0])
    return told


def _movement(observations: Table, numbers: Sequence[int]) -> Table:
    """Of some models: as_of, compared, moved, fallen."""
    by_model = ibis.window(group_by="model", order_by="as_of")
    theirs = among(observations, numbers)
    followed = theirs.filter(theirs.downloads_all_time.notnull()).mutate(
        before=lambda row: row.downloads_all_time.lag().over(by_model)
    )
    return followed.group_by("as_of").aggregate(
        compared=followed.before.count(),
        moved=(followed.downloads_all_time != followed.before).sum(),
        fallen=(followed.downloads_all_time < followed.before).sum(),
    )


def _snapshots(backend: ibis.BaseBackend, observations: Table, numbers: range, observed: int) -> Table:
    moved = partial(_movement, observations)
    movement = summed_in_turn(backend, "movement_of_some", moved, numbers, observed, ["as_of"])
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
    newest = judged.as_of == judged.as_of.max(where=usable).over(of_month)
    return backend.create_table("snapshots", judged.mutate(report_date=usable & newest).order_by("as_of"))
