"""The snapshot contract: one row a model at one date, whatever source it came from."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from generator.errors import ReportError

SCHEMA_VERSION = 2
"""2: the day alone of the last change, and no tags that repeat other columns (``generator.archive.parquet``)."""

SCHEMA = pa.schema(
    [
        ("model_id", pa.string()),
        ("author", pa.string()),
        ("created_at", pa.timestamp("s")),
        ("last_modified", pa.timestamp("s")),
        ("downloads_30d", pa.int64()),
        ("downloads_all_time", pa.int64()),
        ("likes", pa.int64()),
        ("trending_score", pa.float64()),
        ("pipeline_tag", pa.string()),
        ("library_name", pa.string()),
        ("license", pa.string()),
        ("gated", pa.string()),
        ("tags", pa.list_(pa.string())),
        ("base_models", pa.list_(pa.string())),
        ("base_relation", pa.string()),
        ("parameters", pa.int64()),
        ("parameters_by_dtype", pa.string()),
        ("gguf_architecture", pa.string()),
        ("gguf_parameters", pa.int64()),
    ]
)
"""Columns of a snapshot. Times are UTC without a zone; an absent value is null, never 0.

``downloads_30d`` and ``downloads_all_time`` are counts of downloads, ``gated`` is ``"auto"``, ``"manual"`` or
``"no"``, ``base_relation`` is ``finetune``, ``adapter``, ``quantized`` or ``merge``, ``parameters`` is the Hub's
own total from safetensors and ``parameters_by_dtype`` its JSON object of counts by data type.
"""

PIECE_ROWS = 131_072
"""How many models of a large snapshot are in memory at once."""

MAX_ID_LENGTH = 200
"""The Hub allows 96 characters each for namespace and name; anything beyond twice that is not a model id."""


@dataclass(frozen=True)
class Provenance:
    """Where a snapshot came from, kept in its manifest.

    ``kind`` is ``hub``, ``hub-weekly``, ``file``, ``counters`` or ``demo``; ``coverage`` holds figures such as
    ``requested`` and ``lowest_downloads_30d``; ``skipped`` counts the rows left out, by reason.
    """

    kind: str
    detail: str
    retrieved_at: datetime
    simulated: bool = False
    coverage: dict[str, Any] = field(default_factory=dict)
    skipped: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Snapshot:
    """The models of one date: ``models`` has the columns of :data:`SCHEMA`, one row a ``model_id``, sorted by it."""

    as_of: date
    models: pa.Table
    provenance: Provenance

    def tables(self) -> Iterator[pa.Table]:
        """The models, in one piece."""
        yield self.models


@dataclass(frozen=True)
class LargeSnapshot:
    """The same for a date with more models than memory should hold at once: they lie in a Parquet file."""

    as_of: date
    file: Path
    provenance: Provenance

    def tables(self) -> Iterator[pa.Table]:
        """The models in pieces of bounded size, in order."""
        for batch in pq.ParquetFile(self.file).iter_batches(PIECE_ROWS, columns=SCHEMA.names):
            yield pa.table(batch).select(SCHEMA.names).cast(SCHEMA)


def today() -> date:
    """The current UTC date (one place, so that tests can hold it still)."""
    return datetime.now(UTC).date()


def clean(models: pa.Table, as_of: date, origin: str) -> tuple[pa.Table, dict[str, int]]:
    """Drop the rows that cannot be used and say how many, by reason.

    Args:
        models: a table with the columns of :data:`SCHEMA`, in any order of rows.
        as_of: the date of the snapshot; rows created after it are dropped.
        origin: what to call the source in an error, a file's path say.

    Returns:
        The usable rows, one a ``model_id`` (of duplicates the one with the highest counters), sorted by
        ``model_id``; and the number of rows dropped by reason (reasons that did not occur are absent).

    Raises:
        ReportError: ``as_of`` lies in the future, or no row is usable.
    """
    connection = duckdb.connect()
    connection.register("given", models)
    skipped = judge(connection, "select *, null::varchar as fault from given", as_of, origin)
    return connection.sql(USABLE).to_arrow_table().cast(SCHEMA), skipped


USABLE = f"select {', '.join(SCHEMA.names)} from judged where fault is null order by model_id"
"""The usable rows, after :func:`judge`."""


def judge(connection: duckdb.DuckDBPyConnection, query: str, as_of: date, origin: str) -> dict[str, int]:
    """Sort the rows of a query into usable ones, which :data:`USABLE` then gives, and others.

    Args:
        connection: where the query runs; it gets the temporary tables that this takes.
        query: gives the columns of :data:`SCHEMA` and ``fault``, which is not null where a row is known to be
            unusable.
        as_of: the date of the snapshot; rows created after it are dropped.
        origin: what to call the source in an error, a file's path say.

    Returns:
        The number of rows dropped by reason (reasons that did not occur are absent).

    Raises:
        ReportError: ``as_of`` lies in the future, or no row is usable.
    """
    if as_of > today():
        raise ReportError(
            f"{origin}: the snapshot date {as_of} lies in the future (today is {today()}); "
            "pass the date the data was taken with --as-of YYYY-MM-DD."
        )
    connection.execute(
        f"""
        create temp table sound as
        select * replace (case
            when fault is not null then fault
            when model_id is null or trim(model_id) = '' then 'no model id'
            when length(model_id) > {MAX_ID_LENGTH} then 'a model id longer than {MAX_ID_LENGTH} characters'
            when coalesce(downloads_30d, 0) < 0 or coalesce(downloads_all_time, 0) < 0
                then 'negative downloads'
            when created_at >= date '{as_of}' + interval 1 day then 'a creation date after the snapshot'
        end as fault)
        from ({query})
        """
    )
    # Ties between duplicates fall to the row's whole text, so that the order of rows in a file changes nothing.
    connection.execute(
        """
        create temp table second_best as
        with repeated as (
            select model_id from sound where fault is null group by model_id having count(*) > 1
        )
        select rowid as row from sound semi join repeated using (model_id) where fault is null
        qualify row_number() over (
            partition by model_id
            order by downloads_all_time desc nulls last, downloads_30d desc nulls last,
                     last_modified desc nulls last, to_json(sound)::varchar
        ) > 1
        """
    )
    connection.execute(
        """
        create temp view judged as
        select sound.* replace (
            case when second_best.row is not null then 'a duplicate model id' else fault end as fault
        )
        from sound left join second_best on sound.rowid = second_best.row
        """
    )
    skipped = dict(
        connection.execute(
            "select fault, count(*) from judged where fault is not null group by fault order by fault"
        ).fetchall()
    )
    if not connection.execute("select 1 from judged where fault is null limit 1").fetchall():
        reasons = ", ".join(f"{count} with {reason}" for reason, count in skipped.items()) or "it is empty"
        raise ReportError(f"{origin}: no usable model row ({reasons}); give a file with at least one model.")
    return skipped
