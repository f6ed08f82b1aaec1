"""The SQL beside each table, run in plain DuckDB on the published Parquet, gives the published rows."""

import math
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import frictionless
import pytest

from generator import dataset, engines, flows, metrics, recipes, results
from generator.archive import Entry
from generator.attribution import attribute
from generator.edition import edition_of
from generator.facts import FactBook
from generator.flows import Flows
from generator.metric import Metric
from generator.provenance import record
from generator.publish import publish
from generator.results import Results


@pytest.fixture(scope="module")
def data(demo_results: Results, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The published files of the demo."""
    folder = tmp_path_factory.mktemp("published") / "data"
    edition = edition_of(demo_results.as_of, "CC-BY-4.0", "Somebody", "https://example.org/", simulated=True)
    publish(demo_results, FactBook(demo_results), edition, record(demo_results.source), {}, folder)
    return folder


def rows(cursor: duckdb.DuckDBPyConnection) -> list[list[Any]]:
    """A result's rows in an order of their own, so that two results can be laid side by side."""

    def coarse(value: Any) -> str:
        return f"{value:.6g}" if isinstance(value, float) else str(value)

    plain = [[value.date() if isinstance(value, datetime) else value for value in row] for row in cursor.fetchall()]
    return sorted(plain, key=lambda row: [coarse(value) for value in row if not isinstance(value, float)])


def same(one: Any, other: Any) -> bool:
    if one is None or other is None or isinstance(one, (str, bool, date)):
        return bool(one == other)
    # The published fractions are rounded to ten decimals, and engines add in any order.
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)


@pytest.mark.parametrize("metric", metrics.discover())
def test_the_published_sql_gives_the_published_rows(data: Path, metric: str) -> None:
    connection = duckdb.connect()
    connection.execute(f"SET file_search_path = '{data}'")
    computed = rows(connection.execute((data / f"{metric}.sql").read_text(encoding="utf-8")))
    columns = [column[0] for column in connection.description]
    published = rows(connection.execute(f"FROM '{metric}.parquet'"))
    assert columns == [column[0] for column in connection.description]
    assert len(computed) == len(published)
    for ours, theirs in zip(computed, published, strict=True):
        assert all(map(same, ours, theirs)), dict(zip(columns, zip(ours, theirs, strict=True), strict=True))


def test_the_sql_reads_only_what_is_published(data: Path, demo_results: Results) -> None:
    assert demo_results.recipes is not None
    read = {name for names in demo_results.recipes.reads.values() for name in names}
    assert read == {path.stem for path in (data / recipes.FOLDER).iterdir()}
    for script in demo_results.recipes.sql.values():
        assert "memtable" not in script and '"temp"."main"' not in script


def test_another_run_gives_the_same_sql_and_the_same_inputs(
    demo_flows: Flows, demo_entries: list[Entry], demo_results: Results, tmp_path: Path
) -> None:
    chosen = {name: metrics.discover()[name] for name in ("overtake", "lead-robustness", "modality")}
    again = dataset.load(engines.connect(), demo_entries)
    fresh = flows.build(again, attribute(again, _registry(demo_flows)))
    one, two = (
        _recipes(made, chosen, folder) for made, folder in ((demo_flows, tmp_path / "one"), (fresh, tmp_path / "two"))
    )
    assert one.sql == two.sql and one.reads == two.reads
    assert {name: path.read_bytes() for name, path in one.inputs.items()} == {
        name: path.read_bytes() for name, path in two.inputs.items()
    }


def _recipes(made: Flows, chosen: dict[str, Metric], folder: Path, most_rows: int = 5_000_000) -> recipes.Recipes:
    return recipes.write(made.data.backend, chosen, results.queries(made, chosen), folder, most_rows)


def _registry(of: Flows) -> list[Any]:
    from generator.attribution.registry import Organisation

    table = of.data.backend.table("organisations").to_pandas()
    names = set(table["namespace"])
    known = {row["namespace"]: row for row in table.to_dict("records")}
    return [
        Organisation.model_validate(
            {
                **{name: known[space][name] for name in ("namespace", "organisation", "country", "sector", "role")},
                "valid_from": None,
                "evidence_url": "https://example.org/",
                "note": "",
            }
        )
        for space in sorted(names)
    ]


def test_inputs_too_large_for_a_site_are_left_out_and_the_sql_stays(demo_flows: Flows, tmp_path: Path) -> None:
    chosen = {"overtake": metrics.discover()["overtake"]}
    made = _recipes(demo_flows, chosen, tmp_path / "inputs", most_rows=100)
    assert made.inputs == {} and made.sql["overtake"] and made.reads["overtake"] == ("market",)
    assert list((tmp_path / "inputs").iterdir()) == []


@pytest.fixture(scope="module")
def package(data: Path) -> Iterator[Any]:
    yield frictionless.validate(str(data / "datapackage.json"))


def test_the_data_package_is_valid_to_its_own_library(package: Any, demo_results: Results) -> None:
    problems = package.flatten(["type", "message"])
    assert package.valid, problems[:5]
    assert package.stats["tasks"] == len(demo_results.metrics)


def test_the_library_finds_a_wrong_cell(data: Path, tmp_path: Path) -> None:
    for path in data.iterdir():
        if path.suffix in (".csv", ".json"):
            (tmp_path / path.name).write_bytes(path.read_bytes())
    table = tmp_path / "overtake.csv"
    lines = table.read_text(encoding="utf-8").splitlines()
    table.write_text("\n".join([lines[0], lines[1].replace(lines[1].split(",")[0], "no date"), *lines[2:]]), "utf-8")
    assert not frictionless.validate(str(tmp_path / "datapackage.json")).valid
