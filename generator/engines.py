"""The engines that metrics run on: DuckDB within this process, or Spark."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal, TypeVar, get_args

import ibis
from ibis.backends import BaseBackend
from ibis.common.exceptions import TableNotFound
from ibis.expr.types import Table

from generator.errors import ReportError

Engine = Literal["duckdb", "spark"]
ENGINES: tuple[str, ...] = get_args(Engine)

T = TypeVar("T")

MEMORY = "2GB"
"""What DuckDB may hold in memory before it goes to disk; the process needs some hundred megabytes beside it."""

CHUNK_ROWS = 20_000_000
"""Rows of flows that DuckDB adds up over windows at a time within :data:`MEMORY`."""


def connect(engine: str = "duckdb", folder: Path | None = None, memory: str = MEMORY) -> BaseBackend:
    """Open an engine.

    Args:
        engine: ``duckdb`` or ``spark``.
        folder: where working tables go; it has to be empty. Without one DuckDB keeps them in memory, and Spark in the
            folder that its own configuration names.
        memory: DuckDB's limit; Spark's is set by Spark's own configuration.

    Raises:
        ReportError: Spark or its Java is not installed.

    Example:
        >>> connect().name
        'duckdb'
    """
    if engine == "spark":
        from generator import spark

        return spark.connect(folder)
    backend = ibis.duckdb.connect(str(folder / "tables.duckdb") if folder else ":memory:")
    # The engine's own progress bar would write over the report's lines; whoever wants an order asks for it.
    backend.raw_sql("set enable_progress_bar = false; set preserve_insertion_order = false")
    if folder:
        backend.raw_sql(f"set memory_limit = '{memory}'")
    return backend


def kept(backend: BaseBackend, name: str, make: Callable[[], Table]) -> Table:
    """A working table that several metrics read: the first that asks for it has it made.

    Example:
        >>> backend = connect()
        >>> table = kept(backend, "numbers", lambda: ibis.memtable({"n": [1, 2]}))
        >>> kept(backend, "numbers", lambda: ibis.memtable({"n": [3]})).count().execute().item()
        2
    """
    try:
        return backend.table(name)
    except TableNotFound:
        return backend.create_table(name, make())


def kept_in_turn(backend: BaseBackend, name: str, part: Callable[[T], Table], of: Iterable[T]) -> Table:
    """The same for a table that is made part by part, so that only one part has to fit in memory.

    Args:
        backend: where the table is kept.
        name: the table's name.
        part: makes one part; all have the same columns.
        of: what the parts are made of, dates say; at least one.
    """
    try:
        return backend.table(name)
    except TableNotFound:
        pass
    first, *others = of
    table = backend.create_table(name, part(first))
    for one in others:
        backend.insert(name, part(one).select(*table.columns).cast(table.schema()))
    return backend.table(name)


def chunks(backend: BaseBackend, rows: Table) -> int:
    """Into how many parts work on a table is best divided: DuckDB has one machine's memory, Spark divides by itself."""
    if backend.name != "duckdb":
        return 1
    return 1 + int(rows.count().execute()) // CHUNK_ROWS
