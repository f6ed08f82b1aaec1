"""Snapshots from files: Parquet, JSON, JSON Lines or CSV, in the Hub's own schema or in ours."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from generator.errors import ReportError
from generator.snapshot import SCHEMA, Provenance, Snapshot, clean
from generator.sources.base_models import RELATIONS

# The whole of a JSON file is sampled: a type seen late must cost a row its value, not the file its rows.
READERS = {
    ".parquet": "read_parquet($path)",
    ".json": "read_json($path, maximum_object_size=1000000000, sample_size=-1)",
    ".jsonl": "read_json($path, format='newline_delimited', sample_size=-1)",
    ".ndjson": "read_json($path, format='newline_delimited', sample_size=-1)",
    ".csv": "read_csv($path, all_varchar=true)",
}

DATE_COLUMNS = ("snapshot", "snapshot_date", "as_of")
"""Names under which a file may say itself, row by row, on which date it was taken."""

# A row without these cannot be counted, so an unreadable value drops the row instead of becoming a null.
REQUIRED_IF_GIVEN = ("downloads_30d", "downloads_all_time", "created_at")


@dataclass(frozen=True)
class Column:
    """How one snapshot column is read: the names it may have in a file and its SQL, ``{}`` being the value."""

    names: tuple[str, ...]
    sql: str


WHOLE_NUMBER = "try_cast({} as bigint)"
NUMBER = "nullif(try_cast({} as double), 'nan'::double)"
# Whole seconds in UTC, as the contract has them; DuckDB also knows the text "infinity" as a time.
MOMENT = (
    "date_trunc('second', case when isfinite(try_cast({0} as timestamptz)) "
    "then try_cast({0} as timestamptz)::timestamp end)"
)
DAY = "try_cast({} as date)"
TEXT = "nullif(trim(cast({} as varchar)), '')"
TEXT_LIST = "try_cast({} as varchar[])"
JSON = "try_cast(case when typeof({0}) in ('VARCHAR', 'JSON') then {0}::varchar else to_json({0})::varchar end as json)"

SCALARS = {
    "model_id": Column(("id", "model_id", "modelId"), TEXT),
    "author": Column(("author",), TEXT),
    "created_at": Column(("createdAt", "created_at"), MOMENT),
    "last_modified": Column(("lastModified", "last_modified"), MOMENT),
    "downloads_30d": Column(("downloads", "downloads_30d"), WHOLE_NUMBER),
    "downloads_all_time": Column(("downloadsAllTime", "downloads_all_time"), WHOLE_NUMBER),
    "likes": Column(("likes",), WHOLE_NUMBER),
    "trending_score": Column(("trendingScore", "trending_score"), NUMBER),
    "pipeline_tag": Column(("pipeline_tag", "task"), TEXT),
    "library_name": Column(("library_name",), TEXT),
    "license": Column(("license",), TEXT),
    "gated": Column(("gated",), TEXT),
    "tags": Column(("tags",), TEXT_LIST),
    "base_models": Column(("base_models",), TEXT_LIST),
    "base_relation": Column(("base_relation",), TEXT),
    "parameters": Column(("parameters",), WHOLE_NUMBER),
    "parameters_by_dtype": Column(("parameters_by_dtype",), TEXT),
    "gguf_architecture": Column(("gguf_architecture",), TEXT),
    "gguf_parameters": Column(("gguf_parameters",), WHOLE_NUMBER),
}
NESTED = {
    "hub_safetensors": Column(("safetensors",), JSON),
    "hub_gguf": Column(("gguf",), JSON),
    "hub_base_models": Column(("baseModels",), JSON),
}

NORMALISE = """
    select
        model_id,
        coalesce(author, case when contains(model_id, '/') then split_part(model_id, '/', 1) end) as author,
        created_at, last_modified, downloads_30d, downloads_all_time, likes, trending_score,
        pipeline_tag, library_name,
        coalesce(license, list_filter(tags, lambda tag: starts_with(tag, 'license:'))[1][9:]) as license,
        case when lower(gated) in ('false', 'no') then 'no' else lower(gated) end as gated,
        tags,
        coalesce(
            base_models,
            nullif(json_extract_string(hub_base_models, '$.models[*].id'), []),
            nullif(list_transform(
                list_filter(tags, lambda tag: regexp_matches(tag, '^base_model:[^:]+$')),
                lambda tag: tag[12:]), []),
            nullif(list_transform(
                list_filter(tags, lambda tag: regexp_matches(tag, '^base_model:[a-z]+:.+$')),
                lambda tag: regexp_replace(tag, '^base_model:[a-z]+:', '')), [])
        ) as base_models,
        coalesce(
            base_relation,
            nullif(regexp_extract(json_extract_string(hub_base_models, '$.relation'), '^(RELATIONS)$'), ''),
            regexp_extract(
                list_filter(tags, lambda tag: regexp_matches(tag, '^base_model:(RELATIONS):.+$'))[1],
                '^base_model:([a-z]+):', 1)
        ) as base_relation,
        coalesce(parameters, try_cast(hub_safetensors ->> '$.total' as bigint)) as parameters,
        -- An RFC 7396 merge drops the null members that a Parquet struct spells out for absent data types.
        coalesce(parameters_by_dtype, cast(json_merge_patch('{}'::json, hub_safetensors -> '$.parameters') as varchar))
            as parameters_by_dtype,
        coalesce(gguf_architecture, hub_gguf ->> '$.architecture') as gguf_architecture,
        coalesce(gguf_parameters, try_cast(hub_gguf ->> '$.total' as bigint)) as gguf_parameters,
        fault,
        given_date
    from parsed
""".replace("RELATIONS", "|".join(RELATIONS))


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
        connection.execute(f"create temp table given as select * from {reader}", [_literal(file)])
        present = _types(connection)
        if "models" in present and not {"id", "model_id"} & set(present):
            # The Hub's weekly digest keeps its rows in a list called "models" beside the snapshot's date.
            dates = ", ".join(_quote(name) for name in DATE_COLUMNS if name in present)
            connection.execute(
                f"create or replace temp table given as "
                f"select {dates + ', ' if dates else ''}unnest(models, max_depth := 2) from given"
            )
            present = _types(connection)
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
    columns = {name: _expression(column, present) for name, column in (SCALARS | NESTED).items()}
    faults = [
        f"when {given} is not null and {parsed} is null then 'an unreadable {heading}'"
        for heading, given, parsed in (columns[name] for name in REQUIRED_IF_GIVEN)
        if heading
    ]
    *_, given_date = _expression(Column(DATE_COLUMNS, DAY), present)
    connection.execute(
        f"""
        create temp table parsed as
        select {", ".join(f"{parsed} as {name}" for name, (*_, parsed) in columns.items())},
               {"case " + " ".join(faults) + " end" if faults else "null"} as fault,
               {given_date} as given_date
        from given
        """
    )
    return connection.sql(NORMALISE).to_arrow_table()


def _types(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """The columns of ``given`` with their types."""
    return {str(row[0]): str(row[1]) for row in connection.execute("describe given").fetchall()}


def _expression(column: Column, present: dict[str, str]) -> tuple[str | None, str, str]:
    """A column's name in the file, and the SQL of its raw and its parsed value (``null`` where it is absent)."""
    name = next((name for name in column.names if name in present), None)
    if name is None:
        null_type = {WHOLE_NUMBER: "bigint", MOMENT: "timestamp", DAY: "date", TEXT_LIST: "varchar[]", JSON: "json"}
        return None, "null", f"null::{null_type.get(column.sql, 'varchar')}"
    given = _quote(name)
    # A JSON file in which a field has several types gives it as JSON, whose text would be in quotes.
    if present[name] == "JSON":
        given = f"({given} ->> '$')"
    elif present[name] == "JSON[]":
        given = f"list_transform({given}, lambda item: item ->> '$')"
    parsed = column.sql.format(given)
    if column.sql == TEXT_LIST and present[name] in ("VARCHAR", "JSON"):
        # Lists as text are JSON where a program wrote them: only then do their escapes mean something.
        parsed = f"coalesce(try_cast(try_cast({given} as json) as varchar[]), {parsed})"
    return name, given, parsed


def _literal(file: Path) -> str:
    """A path in which DuckDB finds no pattern that would match other files."""
    return re.sub(r"([*?\[])", r"[\1]", str(file))


def reason(error: duckdb.Error) -> str:
    """What DuckDB says is wrong, without our own query and the hints for programmers."""
    said = re.split(r"LINE 1:|Possible Solution|Try increasing", str(error))[0]
    return " ".join(said.split())[:300]


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
