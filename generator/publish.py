"""The data files of the site: every metric's table as CSV and JSON, an index, and the facts quoted."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from generator.facts import FactBook, plain
from generator.metric import Metric
from generator.probe.results import ProbeResults
from generator.results import Results

ANSWERS = "probe-answers.jsonl"
"""The full answers to the probe's questions, where there are any."""

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def publish(results: Results, book: FactBook, licence: str, folder: Path) -> None:
    """Write ``<metric-id>.csv`` and ``.json`` for every metric, ``index.json`` and ``facts.json``.

    CSV and JSON hold the same rows. Absent values are empty in CSV and null in JSON; shares are fractions.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, metric in results.metrics.items():
        table = results.tables[name]
        (folder / f"{name}.csv").write_text(as_csv(table), encoding="utf-8")
        _write_table(folder / f"{name}.json", _about(metric, results, licence), as_rows(table))
    _write_json(
        folder / "index.json",
        {
            "as_of": str(results.as_of),
            "source": results.source.label,
            "simulated": results.source.simulated,
            "licence": licence,
            "metrics": [
                {
                    "id": name,
                    "title": metric.title,
                    "rows": len(results.tables[name]),
                    "csv": f"{name}.csv",
                    "json": f"{name}.json",
                }
                for name, metric in results.metrics.items()
            ],
        },
    )
    _write_json(folder / "facts.json", book.as_json())
    if results.probe.scored:
        (folder / ANSWERS).write_text("".join(_answers(results.probe)), encoding="utf-8")


def _answers(probe: ProbeResults) -> Iterator[str]:
    """Every answer of the probe with its score, a line of JSON each; what is published of it is what is kept."""
    for answer, score in probe.scored:
        line = answer.model_dump(mode="json") | {"score": asdict(score)}
        yield json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n"


def as_rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """A table as JSON objects."""
    columns = [[plain(value) for value in table[name].astype(object)] for name in table.columns]
    return [dict(zip(table.columns, row, strict=True)) for row in zip(*columns, strict=True)]


def as_csv(table: pd.DataFrame) -> str:
    """A table as CSV, with text that a spreadsheet would run as a formula defused by a leading apostrophe."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(table.columns)
    for row in as_rows(table):
        writer.writerow(_cell(value) for value in row.values())
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
    lines = ",\n".join(json.dumps(row, ensure_ascii=False, allow_nan=False) for row in rows)
    path.write_text(f'{head},\n "rows": [\n{lines}\n]}}\n', encoding="utf-8")


def _write_json(path: Path, content: dict[str, Any]) -> None:
    text = json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")
