"""Snapshots from files: Parquet, JSON, JSON Lines or CSV, in the Hub's own schema or in ours."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from generator.errors import ReportError
from generator.snapshot import SCHEMA, Provenance, Snapshot, clean
from generator.sources import hub_schema
from generator.sources.hub_schema import DATE_COLUMNS, literal, quote, reason

# The whole of a JSON file is sampled: a type seen late must cost a row its value, not the file its rows.
READERS = {
    ".parquet": "read_parquet($path)",
    ".json": "read_json($path, maximum_object_size=1000000000, sample_size=-1)",
    ".jsonl": "read_json($path, format='newline_delimited', sample_size=-1)",
    ".ndjson": "read_json($path, format='newline_delimited', sample_size=-1)",
    ".csv": "read_csv($path, all_varchar=true)",
}


def load(path: Path, as_of: date | None = None) -> Iterator[Snapshot]:
    """Read a file, or a folder of dated files, as snapshots: files by the date in their path, then by path.

    The date of a file is ``as_of`` where given, else its own ``snapshot``, ``snapshot_date`` or ``as_of`` column
    (a file may hold several dates), else a ``YYYY-MM-DD`` in its name.

    Args:
        path: a ``.parquet``, ``.json``, ``.jsonl``, ``.ndjson`` or ``.csv`` file, or a folder of such files.
        as_of: the date the data was taken; not allowed with a folder of several files.

    Raises:
        ReportError: nothing to read, unreadable file, another schema, no date, or no usable row.

    Example:
        >>> for snapshot in load(Path("hub_models.parquet"), as_of=date(2026, 5, 20)):  # doctest: +SKIP
        ...     print(snapshot.as_of, snapshot.models.num_rows)
    """
    files = _files(path)
    if as_of is not None and len(files) > 1:
        raise ReportError(
            f"{path}: holds {len(files)} files, so one --as-of date cannot fit them all; "
            "put each file's date (YYYY-MM-DD) in its name and leave --as-of out."
        )
    return (snapshot for file in files for snapshot in _snapshots(file, as_of))


def _files(path: Path) -> list[Path]:
    if not path.exists():
        raise ReportError(f"{path}: there is no such file or folder; check the path given as the source.")
    if path.is_file():
        if path.suffix.lower() not in READERS:
            raise ReportError(
                f"{path}: the ending '{path.suffix}' is not one of {', '.join(READERS)}; convert the file."
            )
        return [path]
    files = [file for file in path.rglob("*") if file.suffix.lower() in READERS and file.is_file()]
    files = sorted(
        (file for file in files if file.name != "manifest.json"),
        key=lambda file: (_dates_in_path(file)[-1:], file),
    )
    if not files:
        raise ReportError(f"{path}: the folder holds no {', '.join(READERS)} file; check the path.")
    return files


def _dates_in_path(file: Path) -> list[str]:
    return re.findall(r"\d{4}-\d{2}-\d{2}", str(file))


def _snapshots(file: Path, as_of: date | None) -> Iterator[Snapshot]:
    rows = _read(file)
    dates = [as_of] if as_of else rows.column("given_date").unique().drop_null().sort().to_pylist()
    if not dates:
        try:
            dates = [date.fromisoformat(_dates_in_path(file)[-1])]
        except (IndexError, ValueError):
            raise ReportError(
                f"{file}: neither a {' or '.join(DATE_COLUMNS)} column nor the file's name tells the date "
                "the data was taken; pass it with --as-of YYYY-MM-DD."
            ) from None
    dated_by_row = as_of is None and rows.column("given_date").null_count < rows.num_rows
    retrieved_at = datetime.fromtimestamp(int(file.stat().st_mtime), UTC)
    for day in dates:
        chosen = rows.filter(pa.compute.equal(rows.column("given_date"), day)) if dated_by_row else rows
        faults = chosen.column("fault")
        unreadable = {entry["values"]: entry["counts"] for entry in faults.drop_null().value_counts().to_pylist()}
        readable = chosen.filter(pa.compute.is_null(faults)).select(SCHEMA.names)
        if dated_by_row and day == dates[0] and (undated := rows.column("given_date").null_count):
            # Rows of no date belong to none of the file's snapshots; the first one accounts for them.
            unreadable["no readable date of its own"] = undated
        if readable.num_rows == 0:
            reasons = ", ".join(f"{count} with {fault}" for fault, count in sorted(unreadable.items()))
            raise ReportError(f"{file}: no usable model row ({reasons or 'it is empty'}); check its contents.")
        models, skipped = clean(readable, day, str(file))
        yield Snapshot(
            as_of=day,
            models=models,
            provenance=Provenance(
                kind="file",
                detail=file.name,
                retrieved_at=retrieved_at,
                coverage={"rows_in_file": chosen.num_rows},
                skipped=dict(sorted((unreadable | skipped).items())),
            ),
        )


def _read(file: Path) -> pa.Table:
    """All rows of a file with the columns of SCHEMA, ``fault`` (why a row is unusable) and ``given_date``."""
    if file.stat().st_size == 0:
        raise ReportError(f"{file}: the file is empty (0 bytes); give a file with at least one model.")
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'; set preserve_insertion_order = true")
    try:
        reader = READERS[file.suffix.lower()].replace("$path", "?")
        connection.execute(f"create temp table given as select * from {reader}", [literal(file)])
        present = hub_schema.types(connection)
        if "models" in present and not {"id", "model_id"} & set(present):
            # The Hub's weekly digest keeps its rows in a list called "models" beside the snapshot's date.
            dates = ", ".join(quote(name) for name in DATE_COLUMNS if name in present)
            connection.execute(
                f"create or replace temp table given as "
                f"select {dates + ', ' if dates else ''}unnest(models, max_depth := 2) from given"
            )
            present = hub_schema.types(connection)
    except duckdb.Error as error:
        raise ReportError(
            f"{file}: cannot be read as {file.suffix[1:].lower()} ({reason(error)}); get the file again."
        ) from None
    if not connection.execute("select 1 from given limit 1").fetchall():
        raise ReportError(f"{file}: holds no rows; give a file with at least one model.")
    if not {"id", "model_id", "modelId"} & set(present):
        raise ReportError(
            f"{file}: has another schema: no 'id' or 'model_id' column among {', '.join(list(present)[:12])}; "
            "give model rows in the Hub's schema or in the archive's."
        )
    if not {"downloads", "downloadsAllTime", "downloads_30d", "downloads_all_time"} & set(present):
        raise ReportError(
            f"{file}: has no download counts: none of 'downloads', 'downloadsAllTime', 'downloads_30d' and "
            "'downloads_all_time' is a column; give model rows in the Hub's schema or in the archive's."
        )
    return connection.sql(hub_schema.normalised(present)).to_arrow_table()
