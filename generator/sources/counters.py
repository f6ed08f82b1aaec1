"""Snapshots from a counter series: all-time downloads of models on many days, and nothing else."""

from collections.abc import Container, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from generator.errors import ReportError
from generator.snapshot import SCHEMA, Provenance, Snapshot, clean
from generator.sources.hub_schema import reason

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
        raise ReportError(
            f"{path}: cannot be read as a Parquet counter series ({reason(error)}); check the path."
        ) from None
    present = [str(row[0]) for row in connection.execute("describe given").fetchall()]
    missing = [name for name in COLUMNS if name not in present]
    if missing:
        raise ReportError(
            f"{path}: is no counter series: {', '.join(missing)} missing among its columns "
            f"{', '.join(present[:12])}; it needs {', '.join(COLUMNS)}."
        )
    known = {
        "model_id": "model_id::varchar",
        "author": "case when contains(model_id::varchar, '/') then split_part(model_id::varchar, '/', 1) end",
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
    undated = connection.execute("select count(*) from series where day is null").fetchall()[0][0]
    for (day,) in days:
        if day in without:
            continue
        on_day = connection.sql("select * exclude (day) from series where day = ?", params=[day]).to_arrow_table()
        rows = on_day.filter(on_day.column("downloads_all_time").is_valid())
        if rows.num_rows == 0:
            raise ReportError(
                f"{path}: no row of {day} has a readable downloads_all_time; mend or remove that day's rows."
            )
        filled = [
            rows.column(column.name).cast(column.type) if column.name in known else pa.nulls(rows.num_rows, column.type)
            for column in SCHEMA
        ]
        models, skipped = clean(pa.table(filled, schema=SCHEMA), day, str(path))
        if uncounted := on_day.num_rows - rows.num_rows:
            skipped["no readable downloads_all_time"] = uncounted
        if undated:
            # Rows of no date belong to none of the snapshots; the first one accounts for them.
            skipped["no readable date of its own"], undated = undated, 0
        yield Snapshot(
            as_of=day,
            models=models,
            provenance=Provenance(
                kind="counters",
                detail=path.name,
                retrieved_at=retrieved_at,
                coverage={"rows_in_file": on_day.num_rows},
                skipped=skipped,
            ),
        )
