"""The Hub's own schema of a model, or ours, read as the columns of a snapshot: which names, which SQL.

What reads a file makes a DuckDB relation ``given`` of it, asks :func:`types` what is there, and selects with
:func:`normalised`.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import duckdb

from generator.sources.base_models import RELATIONS

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


def normalised(present: dict[str, str], relation: str = "given") -> str:
    """The query that reads a relation as the columns of SCHEMA, ``fault`` and ``given_date``.

    ``fault`` says why a row cannot be used (null where it can); ``given_date`` is the date that the row itself
    bears, null where it bears none.

    Args:
        present: the columns of the relation with their types, from :func:`types`.
        relation: its name.
    """
    columns = {name: _expression(column, present) for name, column in (SCALARS | NESTED).items()}
    faults = [
        f"when {given} is not null and {parsed} is null then 'an unreadable {heading}'"
        for heading, given, parsed in (columns[name] for name in REQUIRED_IF_GIVEN)
        if heading
    ]
    *_, given_date = _expression(Column(DATE_COLUMNS, DAY), present)
    return f"""
        with parsed as (
            select {", ".join(f"{parsed} as {name}" for name, (*_, parsed) in columns.items())},
                   {"case " + " ".join(faults) + " end" if faults else "null"} as fault,
                   {given_date} as given_date
            from {relation}
        )
        {NORMALISE}
    """


def types(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """The columns of ``given`` with their types."""
    return {str(row[0]): str(row[1]) for row in connection.execute("describe given").fetchall()}


def _expression(column: Column, present: dict[str, str]) -> tuple[str | None, str, str]:
    """A column's name in the file, and the SQL of its raw and its parsed value (``null`` where it is absent)."""
    name = next((name for name in column.names if name in present), None)
    if name is None:
        null_type = {WHOLE_NUMBER: "bigint", MOMENT: "timestamp", DAY: "date", TEXT_LIST: "varchar[]", JSON: "json"}
        return None, "null", f"null::{null_type.get(column.sql, 'varchar')}"
    given = quote(name)
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


def reason(error: duckdb.Error) -> str:
    """What DuckDB says is wrong, without our own query and the hints for programmers."""
    said = re.split(r"LINE 1:|Possible Solution|Try increasing", str(error))[0]
    return " ".join(said.split())[:300]


def quote(name: str) -> str:
    """A name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def literal(file: Path) -> str:
    """A path in which DuckDB finds no pattern that would match other files."""
    return re.sub(r"([*?\[])", r"[\1]", str(file))
