"""The data files of the site: every metric's table in three formats with its SQL, an index, and the facts quoted."""

import csv
import io
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from generator.edition import Edition, bibtex, citation_cff
from generator.facts import FactBook, plain
from generator.metric import Metric
from generator.package import column_type, data_package
from generator.probe.results import ProbeResults
from generator.provenance import BuildRecord
from generator.recipes import FOLDER
from generator.results import Results

ANSWERS = "probe-answers.jsonl"
"""The full answers to the probe's questions, where there are any."""

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


CHART_FILES = {"svg": "svg", "png": "png", "vega_lite": "vl.json"}
ARROW = {
    "string": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
}


def publish(
    results: Results,
    book: FactBook,
    edition: Edition,
    build: BuildRecord,
    charts: Mapping[str, str],
    folder: Path,
) -> None:
    """Write every metric's table, and what describes the tables together.

    That is ``<metric-id>.csv``, ``.json``, ``.parquet`` and, where it has been compiled, ``.sql``; ``inputs/``, which
    the SQL reads; ``index.json``, ``facts.json``, ``datapackage.json``, ``citation.bib`` and ``CITATION.cff``; and,
    where a register of revisions is kept, ``revisions.csv``. All formats hold the same rows. Absent values are empty
    in CSV and null elsewhere; shares are fractions.

    Args:
        results: the tables.
        book: the facts quoted.
        edition: which edition this is.
        build: what it was made from and with.
        charts: title by id of every chart drawn.
        folder: where the files go, made if missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, metric in results.metrics.items():
        table = results.tables[name]
        rows = as_rows(table)
        (folder / f"{name}.csv").write_text(as_csv(table, rows), encoding="utf-8")
        about = _about(metric, results, edition.licence)
        _write_table(folder / f"{name}.json", about, rows)
        _write_parquet(folder / f"{name}.parquet", about, table)
    if results.recipes is not None:
        for name, sql in results.recipes.sql.items():
            (folder / f"{name}.sql").write_text(sql, encoding="utf-8")
        for name, path in results.recipes.inputs.items():
            (folder / FOLDER).mkdir(exist_ok=True)
            shutil.copyfile(path, folder / FOLDER / f"{name}.parquet")
    _write_json(folder / "index.json", _index(results, edition, build, charts))
    _write_json(folder / "facts.json", book.as_json())
    if results.revisions is not None:
        (folder / "revisions.csv").write_text(as_csv(results.revisions), encoding="utf-8")
    _write_json(folder / "datapackage.json", data_package(results, edition))
    (folder / "citation.bib").write_text(bibtex(edition), encoding="utf-8")
    (folder / "CITATION.cff").write_text(citation_cff(edition), encoding="utf-8")
    if results.probe.scored:
        (folder / ANSWERS).write_text("".join(_answers(results.probe)), encoding="utf-8")


def _index(results: Results, edition: Edition, build: BuildRecord, charts: Mapping[str, str]) -> dict[str, Any]:
    recipes = results.recipes
    return {
        "as_of": str(results.as_of),
        "source": results.source.label,
        "simulated": results.source.simulated,
        "licence": edition.licence,
        "edition": edition.as_json(),
        "metrics": [
            {
                "id": name,
                "title": metric.title,
                "rows": len(results.tables[name]),
                "csv": f"{name}.csv",
                "json": f"{name}.json",
                "parquet": f"{name}.parquet",
                **({"sql": f"{name}.sql", "reads": list(recipes.reads[name])} if recipes else {}),
            }
            for name, metric in results.metrics.items()
        ],
        "inputs": {name: f"{FOLDER}/{name}.parquet" for name in recipes.inputs} if recipes else {},
        "charts": [
            {
                "id": name,
                "title": title,
                "page": f"../charts/{name}/",
                **{kind: f"../charts/{name}/{name}.{ending}" for kind, ending in CHART_FILES.items()},
            }
            for name, title in sorted(charts.items())
        ],
        "build": build.as_json(),
    }


def _answers(probe: ProbeResults) -> Iterator[str]:
    """Every answer of the probe with its score, a line of JSON each; what is published of it is what is kept."""
    for answer, score in probe.scored:
        line = answer.model_dump(mode="json") | {"score": asdict(score)}
        yield json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n"


def as_rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """A table as JSON objects."""
    columns = [[plain(value) for value in _values(table[name])] for name in table.columns]
    return [dict(zip(table.columns, row, strict=True)) for row in zip(*columns, strict=True)]


def _values(column: pd.Series) -> list[Any]:
    if isinstance(column.dtype, pd.StringDtype):
        # One by one, a column of Arrow's strings takes ten times as long.
        return list(pa.array(column, from_pandas=True).to_pylist())
    return list(column.astype(object))


def as_csv(table: pd.DataFrame, rows: Sequence[Mapping[str, Any]] | None = None) -> str:
    """A table as CSV, with text that a spreadsheet would run as a formula defused by a leading apostrophe.

    Args:
        table: what to write.
        rows: the same from :func:`as_rows`, where they are there already.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(table.columns)
    for row in as_rows(table) if rows is None else rows:
        writer.writerow([_cell(value) for value in row.values()])
    return buffer.getvalue()


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        # A bare carriage return would end the row: the csv module puts only "\n" in quotes.
        text = value.replace("\r\n", "\n").replace("\r", "\n")
        return f"'{text}" if text.startswith(FORMULA_STARTS) else text
    return value


def _about(metric: Metric, results: Results, licence: str) -> dict[str, Any]:
    return {
        "id": metric.id,
        "title": metric.title,
        "definition": metric.definition,
        "unit": metric.unit,
        "as_of": str(results.as_of),
        # A simulated archive does not make a register or others' figures simulated.
        "source": metric.data or results.source.label,
        "simulated": results.source.simulated and not metric.data,
        "coverage": {} if metric.data else dict(results.source.coverage),
        "licence": licence,
        "caveats": list(metric.caveats),
        "columns": {name: metric.describe(name) for name in metric.columns},
    }


def _write_table(path: Path, about: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    """One row a line: as readable as a table can be in JSON, and a change of it is easily seen."""
    head = json.dumps(about, ensure_ascii=False, indent=1, allow_nan=False).removesuffix("\n}")
    encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
    lines = ",\n".join(encode(row) for row in rows)
    path.write_text(f'{head},\n "rows": [\n{lines}\n]}}\n', encoding="utf-8")


def _write_parquet(path: Path, about: dict[str, Any], table: pd.DataFrame) -> None:
    """The table with typed columns; what the JSON says of it is in the file's metadata under ``open_model_report``."""
    kinds = {name: ARROW.get(column_type(table[name]), pa.string()) for name in table.columns}
    columns = [
        pa.array([None if plain(value) is None else value for value in _values(table[name])], type=kind)
        for name, kind in kinds.items()
    ]
    described = json.dumps(about, ensure_ascii=False, allow_nan=False)
    schema = pa.schema(kinds.items(), metadata={"open_model_report": described})
    pq.write_table(pa.Table.from_arrays(columns, schema=schema), path, compression="zstd")


def _write_json(path: Path, content: dict[str, Any]) -> None:
    text = json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")
