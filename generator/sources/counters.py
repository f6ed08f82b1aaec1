"""Snapshots from a counter series: all-time downloads of models on many days, and nothing else."""

from collections.abc import Container, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from generator.errors import ReportError
from generator.snapshot import SCHEMA, Provenance, Snapshot, clean

COLUMNS = ("snapshot", "model_id", "downloads_all_time")


def load(path: Path, without: Container[date] = ()) -> Iterator[Snapshot]:
    """Read a Parquet series of all-time counters as dated snapshots.

    Only the counter, the likes and the author (from the id) are filled; everything else is null and is taken,
    later, from whichever snapshot does know it.

    Args:
        path: a Parquet file with ``snapshot`` (date), ``model_id``, ``downloads_all_time`` and, optionally, ``likes``.
        without: dates to leave out, because a fuller snapshot of them exists.

    Raises:
        ReportError: unreadable file, other columns, or a date in the future.

    Example:
        >>> for snapshot in load(Path("all_time_downloads.parquet")):  # doctest: +SKIP
        ...     print(snapshot.as_of, snapshot.models.num_rows)
    """
    connection = duckdb.connect()
    try:
        connection.execute("create temp table given as select * from read_parquet(?)", [str(path)])
    except duckdb.Error as error:
        reason = " ".join(str(error).split())[:300]
        raise ReportError(
            f"{path}: cannot be read as a Parquet counter series ({reason}); check the path."
        ) from None
    present = [str(row[0]) for row in connection.execute("describe given").fetchall()]
    missing = [name for name in COLUMNS if name not in present]
    if missing:
        raise ReportError(
            f"{path}: is no counter series: {', '.join(missing)} missing among its columns "
            f"{', '.join(present[:12])}; it needs {', '.join(COLUMNS)}."
        )
    known = {
        "model_id": "model_id",
        "author": "case when contains(model_id, '/') then split_part(model_id, '/', 1) end",
        "downloads_all_time": "try_cast(downloads_all_time as bigint)",
        "likes": "try_cast(likes as bigint)" if "likes" in present else "null",
    }
    connection.execute(
        f"""
        create temp table series as
        select try_cast(snapshot as date) as day, {", ".join(f"{sql} as {name}" for name, sql in known.items())}
        from given
        """
    )
    days = connection.execute("select distinct day from series where day is not null order by day").fetchall()
    if not days:
        raise ReportError(f"{path}: the counter series holds no dated row; give a file with at least one.")
    retrieved_at = datetime.fromtimestamp(int(path.stat().st_mtime), UTC)
    for (day,) in days:
        if day in without:
            continue
        rows = connection.sql(
            "select * exclude (day) from series where day = ? and downloads_all_time is not null", params=[day]
        ).to_arrow_table()
        filled = [
            rows.column(column.name).cast(column.type)
            if column.name in known
            else pa.nulls(rows.num_rows, column.type)
            for column in SCHEMA
        ]
        models, skipped = clean(pa.table(filled, schema=SCHEMA), day, str(path))
        yield Snapshot(
            as_of=day,
            models=models,
            provenance=Provenance(
                kind="counters",
                detail=path.name,
                retrieved_at=retrieved_at,
                coverage={"rows_in_file": rows.num_rows},
                skipped=skipped,
            ),
        )
