"""The engines that metrics run on: DuckDB within this process, or Spark."""

from collections.abc import Callable, Sequence
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

PART_ROWS = 20_000_000
"""Rows that DuckDB goes through at a time within :data:`MEMORY` where it has to remember each."""


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


def kept_in_turn(
    backend: BaseBackend, name: str, part: Callable[[Sequence[T]], Table], of: Sequence[T], rows: int
) -> Table:
    """The same for a table of which not all may fit in memory while it is made.

    Args:
        backend: where the table is kept.
        name: the table's name.
        part: makes the rows that belong to some of ``of``; whichever they are, the columns are the same.
        of: what the rows are told apart by, dates say; at least one.
        rows: about how many rows have to be gone through for all of ``of``.
    """
    try:
        return backend.table(name)
    except TableNotFound:
        pass
    size = max(1, len(of) // parts(backend, rows))
    table = backend.create_table(name, part(of[:size]))
    for place in range(size, len(of), size):
        backend.insert(name, part(of[place : place + size]).select(*table.columns).cast(table.schema()))
    return backend.table(name)


def parts(backend: BaseBackend, rows: int) -> int:
    """Into how many parts work on so many rows is best divided: Spark divides it by itself."""
    return 1 if backend.name != "duckdb" else 1 + rows // PART_ROWS
