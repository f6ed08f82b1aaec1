"""How each table was computed, for those who do not have this software: SQL, and the tables that it reads."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
from ibis.backends import BaseBackend
from ibis.backends.sql.compilers.duckdb import compiler
from ibis.expr import operations
from ibis.expr.types import Table
from sqlglot import expressions

from generator.atomic import writing
from generator.metric import Metric

DIALECT = "duckdb"
FOLDER = "inputs"


@dataclass(frozen=True)
class Recipes:
    """The SQL behind each metric, and what it reads.

    ``sql``: by metric id, a script for DuckDB that runs in the folder of the published data. ``reads``: by metric id,
    the names of its input tables. ``inputs``: by name, the Parquet file of an input table; empty where all of them
    together have more rows than may be published.
    """

    sql: Mapping[str, str]
    reads: Mapping[str, tuple[str, ...]]
    inputs: Mapping[str, Path]


def write(
    backend: BaseBackend, metrics: Mapping[str, Metric], queries: Mapping[str, Table], folder: Path, most_rows: int
) -> Recipes:
    """Compile every metric to SQL and store the tables that the SQL reads.

    Args:
        backend: where the tables are that the queries read.
        metrics: from :func:`generator.metrics.discover`.
        queries: of these metrics, from :func:`generator.results.queries`.
        folder: made anew; holds one Parquet file an input table.
        most_rows: where the input tables have more rows than this together, none is stored: they are then too
            large for a web site, and whoever wants them makes them from the archive.

    Raises:
        ReportError: the folder cannot be written.
    """
    tables: dict[str, Table] = {}
    selects: dict[str, expressions.Expr] = {}
    reads: dict[str, tuple[str, ...]] = {}
    for name, query in queries.items():
        selects[name], constants = _compiled(name, query)
        reads[name] = tuple(sorted(_tables(selects[name])))
        for table in reads[name]:
            tables.setdefault(table, constants[table] if table in constants else backend.table(table))
    rows = sum(table.count().execute() for table in tables.values())
    inputs: dict[str, Path] = {}
    with writing(folder):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        if rows <= most_rows:
            for name in sorted(tables):
                inputs[name] = folder / f"{name}.parquet"
                # The engine keeps no order of its own; the same archive must give the same file.
                ordered = backend.to_pyarrow(tables[name].order_by(tables[name].columns))
                pq.write_table(ordered, inputs[name], compression="zstd")
    sql = {name: _script(metrics[name], selects[name], reads[name]) for name in metrics}
    return Recipes(sql, reads, inputs)


def _compiled(name: str, expression: Table) -> tuple[expressions.Expr, dict[str, Table]]:
    """The query of an expression, and its tables of constants under names that are the same in every run."""
    # As ibis.to_sql does, but for writing the query as text, which would have to be parsed again at once.
    query: expressions.Expr = compiler.to_sqlglot(expression.unbind())
    constants: dict[str, Table] = {}
    renamed: dict[str, str] = {}
    for number, found in enumerate(_constants(query, expression), start=1):
        renamed[found.name] = f"{name.replace('-', '_')}_constants_{number}"
        constants[renamed[found.name]] = found.to_expr()
    for star in query.find_all(expressions.Star):
        # Ibis keeps the columns that are dropped in a set, whose order is another in every process.
        dropped = star.args.get("except_") or []
        dropped.sort(key=lambda column: column.sql(DIALECT))
    for table in query.find_all(expressions.Table):
        # Where the engine keeps its temporary tables is no concern of a reader's.
        table.set("catalog", None)
        table.set("db", None)
        if table.name in renamed:
            table.set("this", expressions.to_identifier(renamed[table.name], quoted=True))
    return query, constants


def _constants(query: expressions.Expr, expression: Table) -> list[operations.InMemoryTable]:
    """The tables of constants in the order in which the query names them."""
    known = {node.name: node for node in expression.op().find(operations.InMemoryTable)}
    named = dict.fromkeys(table.name for table in query.find_all(expressions.Table) if table.name in known)
    return [known[name] for name in named]


def _tables(query: expressions.Expr) -> set[str]:
    """The names of the tables that a query reads, its own intermediate ones left out."""
    own = {part.alias for part in query.find_all(expressions.CTE)}
    return {table.name for table in query.find_all(expressions.Table)} - own


def _script(metric: Metric, query: expressions.Expr, reads: tuple[str, ...]) -> str:
    views = [f"CREATE OR REPLACE TEMP VIEW {name} AS FROM '{FOLDER}/{name}.parquet';" for name in reads]
    return "\n".join(
        [
            f"-- {metric.title} ({metric.id})",
            "-- For DuckDB, run in the folder that holds this file. It gives the rows of the published table; there,",
            "-- fractions are rounded to ten decimals.",
            *views,
            f"{query.sql(DIALECT, pretty=True)};",
            "",
        ]
    )
