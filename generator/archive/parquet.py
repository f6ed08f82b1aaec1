"""How a snapshot lies on disk: one Parquet file, sorted by model id, each column in the encoding that suits it.

Measured on a month of three million models (``benchmarks/archive_size.py``): ids, which sorted share their
beginnings with their neighbours, as differences from the one before; times of creation as differences; everything
else by dictionary, with room for the dictionary of a whole row group, since the tags' own would overflow the usual
megabyte and be given up; without the tags that say again what other columns say, and with the day alone of the last
change, of which no metric needs more.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from generator.snapshot import SCHEMA

ROW_GROUP = 500_000
"""Rows that share a dictionary: fewer cost room, more cost memory."""

ENCODINGS = {
    "model_id": "DELTA_BYTE_ARRAY",
    "created_at": "DELTA_BINARY_PACKED",
}

DICTIONARY_BYTES = 64 << 20
COMPRESSION_LEVEL = 9

LEAVES = [
    f"{field.name}.list.element" if pa.types.is_list(field.type) else field.name
    for field in SCHEMA
    if field.name not in ENCODINGS
]
"""The other columns by the names that Parquet gives them."""


def write(path: Path, parts: Iterable[pa.Table]) -> int:
    """Write a snapshot's models.

    Args:
        path: the file.
        parts: tables with the columns of :data:`SCHEMA`, one after another in the order of model ids; no more of
            them is held at a time than makes a row group.

    Returns:
        The number of rows.

    Raises:
        OSError: the file cannot be written.
    """
    rows = 0
    with pq.ParquetWriter(
        path,
        SCHEMA,
        compression="zstd",
        compression_level=COMPRESSION_LEVEL,
        use_dictionary=LEAVES,
        column_encoding=ENCODINGS,
        dictionary_pagesize_limit=DICTIONARY_BYTES,
    ) as writer:
        for group in _groups(parts):
            writer.write_table(stored_form(group), row_group_size=ROW_GROUP)
            rows += group.num_rows
    return rows


def read(path: Path, columns: list[str] | None = None) -> pa.Table:
    """A snapshot's models with the columns of :data:`SCHEMA`, or some of them, whatever version wrote the file."""
    names = columns or SCHEMA.names
    schema = pa.schema([SCHEMA.field(name) for name in names])
    # One file, not a data set: the folder's "snapshot=" must not come back as a column.
    return pq.ParquetFile(path).read(names).select(names).cast(schema)


def same(one: Path, other: Path) -> bool:
    """Whether two files hold the same models, column by column so that two months need not fit into memory."""
    if pq.read_metadata(one).num_rows != pq.read_metadata(other).num_rows:
        return False
    for name in SCHEMA.names:
        columns = [name, "license", "base_models"] if name == "tags" else [name]
        a, b = (read(path, columns) for path in (one, other))
        # Files of the first schema hold all tags and the time of the last change.
        a, b = stored_form(a), stored_form(b)
        if not a.column(name).equals(b.column(name)):
            return False
    return True


def stored_form(models: pa.Table) -> pa.Table:
    """The same models as the archive keeps them: last_modified cut to its day, and without some tags.

    Left out are ``license:…`` and ``base_model:…`` where the columns license and base_models say the same, and
    ``region:…``, which tells where the files lie. No tags at all (an empty list) and unknown tags (null) stay apart.

    Args:
        models: some columns of :data:`SCHEMA`; with tags come license and base_models.
    """
    if "last_modified" in models.column_names:
        days = pc.floor_temporal(models.column("last_modified"), unit="day")
        place = models.schema.get_field_index("last_modified")
        models = models.set_column(place, SCHEMA.field("last_modified"), days)
    if "tags" not in models.column_names or models.column("tags").null_count == models.num_rows:
        return models
    with duckdb.connect() as connection:
        connection.execute("set preserve_insertion_order = true; set enable_progress_bar = false")
        connection.register("given", models.select(["tags", "license", "base_models"]))
        kept = connection.sql(
            """
            select list_filter(tags, lambda tag:
                tag is null or not (
                    starts_with(tag, 'region:')
                    or coalesce(tag = 'license:' || license, false)
                    or (
                        starts_with(tag, 'base_model:')
                        and coalesce(
                            list_contains(base_models, regexp_replace(tag, '^base_model:([a-z]+:)?', '')), false
                        )
                    )
                )
            ) as tags
            from given
            """
        ).to_arrow_table()
    return models.set_column(models.schema.get_field_index("tags"), SCHEMA.field("tags"), kept.column("tags"))


def _groups(parts: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """The parts joined and cut to full row groups, and what is left."""
    waiting: list[pa.Table] = []
    held = 0
    for part in parts:
        waiting.append(part)
        held += part.num_rows
        if held >= ROW_GROUP:
            joined = pa.concat_tables(waiting)
            full = held - held % ROW_GROUP
            yield joined.slice(0, full)
            waiting, held = [joined.slice(full)], held - full
    if held:
        yield pa.concat_tables(waiting)
