"""The engines that metrics run on: DuckDB within this process, or Spark."""

import math
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar, get_args

import duckdb
import ibis
from ibis.backends import BaseBackend
from ibis.common.exceptions import TableNotFound
from ibis.expr.types import Table

from generator.atomic import writing
from generator.errors import ReportError
from generator.settings import MEMORY, Engine

ENGINES: tuple[str, ...] = get_args(Engine)

T = TypeVar("T")

PART_ROWS = 3_000_000
"""Rows that DuckDB goes through at a time within its memory where it has to remember each."""


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
    # The engine's own progress bar would write over the report's lines.
    backend.raw_sql("set enable_progress_bar = false")
    if folder:
        backend.raw_sql(f"set memory_limit = '{memory}'")
        # Whoever wants an order asks for it; keeping that of the files costs memory with every table that is made.
        backend.raw_sql("set preserve_insertion_order = false")
    return backend


@contextmanager
def working(engine: str, folder: Path, memory: str = MEMORY) -> Iterator[BaseBackend]:
    """An engine for the time of a report, its working tables in a folder that is made anew and removed afterwards.

    Raises:
        ReportError: as :func:`connect` does, the folder cannot be written, or memory or disk are too small.
    """
    with writing(folder):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    try:
        backend = connect(engine, folder, memory)
        try:
            yield backend
        except duckdb.OutOfMemoryException as error:
            raise ReportError(
                f"{memory} of memory and the disk's free space are too little for this archive ({_first_line(error)}); "
                "set a larger memory in report.toml, or free some space."
            ) from None
        except duckdb.IOException as error:
            raise ReportError(f"{folder}: cannot be written ({_first_line(error)}); free some space.") from None
        finally:
            backend.disconnect()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def read_parquet(backend: BaseBackend, files: Sequence[Path]) -> Table:
    """Files in folders called ``name=value`` as one table, with a column of that name.

    Args:
        backend: what reads them.
        files: at least one, alike in their columns, in folders beside one another.
    """
    if backend.name == "duckdb":
        return backend.read_parquet(files, hive_partitioning=True)
    # Spark takes the name's column from folders only where it is given the one above them, and then reads them all.
    read = backend.read_parquet(files[0].parent.parent, pathGlobFilter=f"*{files[0].suffix}")
    name, _, _ = files[0].parent.name.partition("=")
    return read.filter(read[name].cast("string").isin([file.parent.name.removeprefix(f"{name}=") for file in files]))


def kept(backend: BaseBackend, name: str, make: Callable[[], Table]) -> Table:
    """A working table that several metrics read: the first that asks for it has it made.

    Example:
        >>> backend = connect()
        >>> table = kept(backend, "numbers", lambda: ibis.memtable({"n": [1, 2]}))
        >>> kept(backend, "numbers", lambda: ibis.memtable({"n": [3]})).count().execute().item()
        2
    """
    made = found(backend, name)
    return backend.create_table(name, make()) if made is None else made


def found(backend: BaseBackend, name: str) -> Table | None:
    """A working table, or None where nobody has made it yet."""
    try:
        return backend.table(name)
    except TableNotFound:
        return None


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
    made = found(backend, name)
    if made is not None:
        return made
    first, *others = turns(backend, of, rows)
    table = backend.create_table(name, part(first))
    for some in others:
        backend.insert(name, part(some).select(*table.columns).cast(table.schema()))
    return backend.table(name)


def summed_in_turn(
    backend: BaseBackend, name: str, part: Callable[[Sequence[T]], Table], of: Sequence[T], rows: int, by: Sequence[str]
) -> Table:
    """The same where parts have rows in common: of each ``by`` one row, every other column (whole numbers) added up."""
    made = kept_in_turn(backend, name, part, of, rows)
    others = [column for column in made.columns if column not in by]
    return made.group_by(list(by)).aggregate(**{column: made[column].sum().cast("int64") for column in others})


def turns(backend: BaseBackend, of: Sequence[T], rows: int) -> list[Sequence[T]]:
    """``of`` in slices, each with rows enough for one step; those of a range are ranges."""
    size = max(1, math.ceil(len(of) / parts(backend, rows)))
    return [of[place : place + size] for place in range(0, len(of), size)]


def parts(backend: BaseBackend, rows: int) -> int:
    """Into how many parts work on so many rows is best divided: Spark divides it by itself."""
    return 1 if backend.name != "duckdb" else 1 + rows // PART_ROWS


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
