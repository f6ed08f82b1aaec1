"""What several test files share: the simulated Hub, computed once, and small archives of a few rows."""

import os
import pickle
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeVar

import projects
import pyarrow as pa
import pytest
from filelock import FileLock
from hypothesis import settings

from generator import archive, dataset, engines, flows, metrics, recipes, results
from generator.attribution import attribute
from generator.attribution.registry import Organisation
from generator.build import Project, build_site
from generator.dataset import Dataset
from generator.flows import Flows
from generator.pages import write_pages
from generator.results import Results
from generator.snapshot import SCHEMA, Provenance, Snapshot
from generator.sources import demo as simulation
from generator.sources.demo import Demo, Truth

Rows = Mapping[date, Sequence[Mapping[str, Any]]]
Made = TypeVar("Made")

# How long an example takes is the machine's doing: one that is busy with other tests must not fail any.
settings.register_profile("report", deadline=None)
settings.load_profile("report")

COMPUTED = {"open_dataset", "demo_entries", "demo_results", "real"}
"""Fixtures that lead to an engine's computing; what uses one, or a fixture made from one, takes its time."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow what computes from an archive, whatever file it is in."""
    for item in items:
        if COMPUTED & set(getattr(item, "fixturenames", ())) or item.get_closest_marker("real_data"):
            item.add_marker(pytest.mark.slow)


def _organisation(namespace: str, country: str, **other: Any) -> Organisation:
    usual: dict[str, Any] = {
        "namespace": namespace,
        "organisation": namespace,
        "country": country,
        "sector": "company",
        "role": "developer",
        "valid_from": None,
        "evidence_url": "https://example.org/",
        "note": "",
    }
    return Organisation.model_validate(usual | other)


def _snapshot(as_of: date, rows: Iterable[Mapping[str, Any]]) -> Snapshot:
    filled = [dict.fromkeys(SCHEMA.names) | {"author": row["model_id"].split("/")[0]} | row for row in rows]
    return Snapshot(
        as_of=as_of,
        models=pa.Table.from_pylist(filled, schema=SCHEMA),
        provenance=Provenance(kind="file", detail="test", retrieved_at=datetime(2026, 1, 1, tzinfo=UTC)),
    )


@pytest.fixture(scope="session")
def organisation() -> Callable[..., Organisation]:
    """Make a row of a registry: ``organisation(namespace, country, **others)``."""
    return _organisation


@pytest.fixture(scope="session")
def open_dataset(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Dataset]:
    """Archive rows by date and open them: ``open_dataset(rows, settled)``.

    What a row does not say is null, its author comes from its id.
    """

    def opened(rows: Rows, settled: Path | None = None) -> Dataset:
        folder = tmp_path_factory.mktemp("archive")
        for as_of, models in rows.items():
            archive.add(folder, _snapshot(as_of, models))
        return dataset.load(engines.connect(), archive.entries(folder), settled)

    return opened


@pytest.fixture(scope="session")
def open_flows(open_dataset: Callable[..., Dataset]) -> Callable[..., Flows]:
    """The same up to flows: ``open_flows(rows, organisations, settled)``."""

    def opened(
        rows: Rows,
        organisations: Sequence[Organisation] = (_organisation("qwen", "CN"),),
        settled: Path | None = None,
    ) -> Flows:
        data = open_dataset(rows, settled)
        return flows.build(data, attribute(data, organisations))

    return opened


@pytest.fixture(scope="session")
def demo() -> Demo:
    """Small enough to be quick, long enough to hold the overtake and six complete twelve-month windows."""
    return Demo(models=2000, months=18)


@pytest.fixture(scope="session")
def demo_truth(demo: Demo) -> Truth:
    return simulation.truth(demo)


@pytest.fixture(scope="session")
def demo_snapshots(demo: Demo) -> list[Snapshot]:
    return list(simulation.snapshots(demo))


@pytest.fixture(scope="session")
def demo_entries(demo_snapshots: list[Snapshot], tmp_path_factory: pytest.TempPathFactory) -> list[archive.Entry]:
    folder: Path = tmp_path_factory.mktemp("demo")
    for snapshot in demo_snapshots:
        archive.add(folder, snapshot)
    return archive.entries(folder)


@pytest.fixture(scope="session")
def demo_flows(demo_entries: list[archive.Entry]) -> Flows:
    """The demo attributed with a registry of its own developers; intermediaries are communities."""
    known = [
        _organisation(
            developer.namespace,
            developer.country,
            role=developer.role,
            sector="community" if developer.role == "intermediary" else "company",
        )
        for developer in simulation.developers()
    ]
    data = dataset.load(engines.connect(), demo_entries)
    return flows.build(data, attribute(data, known))


def _made_once(name: str, make: Callable[[], Made], folders: pytest.TempPathFactory) -> Made:
    """What takes long, made by the first of the processes that run the tests and read by the others."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return make()
    kept = folders.getbasetemp().parent / f"{name}.pickle"
    with FileLock(kept.with_suffix(".lock")):
        if not kept.exists():
            kept.write_bytes(pickle.dumps(make()))
    read: Made = pickle.loads(kept.read_bytes())
    return read


@pytest.fixture(scope="session")
def demo_results(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Results:
    """The demo's tables, with the SQL behind them."""

    def computed() -> Results:
        flowed: Flows = request.getfixturevalue("demo_flows")
        entries: list[archive.Entry] = request.getfixturevalue("demo_entries")
        known = metrics.discover()
        queries = results.queries(flowed, known)
        tables = results.compute(flowed, known, [entry.manifest for entry in entries], queries)
        inputs = tmp_path_factory.mktemp("recipes") / "inputs"
        return replace(tables, recipes=recipes.write(flowed.data.backend, known, queries, inputs, most_rows=5_000_000))

    return _made_once("demo-results", computed, tmp_path_factory)


@pytest.fixture(scope="session")
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The demo's site, built once; tests only read it."""

    def built() -> Project:
        project = projects.make(tmp_path_factory.mktemp("site") / "project")
        write_pages(request.getfixturevalue("demo_results"), "CC-BY-4.0", project.site_src, project.cache)
        build_site(project, say=lambda line: None)
        return project

    return _made_once("site", built, tmp_path_factory)
