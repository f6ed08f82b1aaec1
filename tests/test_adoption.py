"""Relative adoption counted again by other means, and each sentence in each condition."""

import statistics
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import ibis
import pandas as pd
import pytest
from samples import DATA, needs_real

from generator import archive, dataset, engines, flows, results
from generator.archive import Manifest
from generator.attribution import attribute
from generator.attribution.registry import Organisation
from generator.chapters.adoption import context, figures
from generator.charts.figure import NARROW, WIDE, render
from generator.facts import FactBook
from generator.findings import adoption as said
from generator.flows import Flows
from generator.metrics.relative_adoption import AGES, ENOUGH, METRIC, reference_age
from generator.results import Results
from generator.sources import files
from generator.traits.sizes import sizes

APRIL, MAY = date(2026, 4, 30), date(2026, 5, 31)
B = 1_000_000_000


def model(name: str, downloads: int | None, born: date, parameters: int | None = 2 * B) -> dict[str, Any]:
    return {
        "model_id": name,
        "created_at": datetime(born.year, born.month, born.day),
        "parameters": parameters,
        "downloads_30d": 1,
        "downloads_all_time": downloads,
    }


def crowd(born: date, first: int = 1000, step: int = 1000, count: int = ENOUGH) -> list[dict[str, Any]]:
    """Models with 1,000, 2,000, … downloads: the median of the ten largest of twenty is 15,500."""
    return [model(f"nobody/m{place:02d}", first + step * place, born) for place in range(count)]


@pytest.fixture(scope="module")
def book(open_flows: Callable[..., Flows], organisation: Callable[..., Organisation]) -> Callable[..., FactBook]:
    registry = [organisation("Qwen", "CN"), organisation("google", "US")]

    def made(rows: dict[date, list[dict[str, Any]]], **about: Any) -> FactBook:
        manifests = [
            Manifest.model_validate(
                {
                    "schema_version": 1, "generator_version": "0", "as_of": day, "kind": "hub", "detail": "x",
                    "retrieved_at": datetime(2026, 6, 1, tzinfo=UTC), "simulated": False, "rows": 4, "bytes": 1,
                    "sha256": "0", "coverage": {}, "skipped": {},
                }
                | about
            )
            for day in rows
        ]  # fmt: skip
        return FactBook(results.compute(open_flows(rows, registry), {METRIC.id: METRIC}, manifests))

    return made


def test_reference_ages() -> None:
    ages = ibis.memtable({"age": list(range(0, 460))})
    found = ages.mutate(at=reference_age(ages.age)).order_by("age").to_pandas()["at"]
    for age, at in enumerate(found):
        near = min(AGES, key=lambda listed: abs(listed - age))
        expected = near if abs(near - age) <= 0.2 * near else None
        assert (None if pd.isna(at) else at) == expected, age


def test_a_small_archive_by_hand(book: Callable[..., FactBook]) -> None:
    born = MAY - timedelta(days=90)
    # The newcomer is the ten's largest itself, so the median of the ten is that of 11,000 … 20,000 without the first.
    rows = [
        *crowd(born),
        model("Qwen/star", 62_000, born + timedelta(days=10)),
        model("google/other", 500, born, 8 * B),
    ]
    table = book({MAY: rows}).results.tables["relative-adoption"].set_index("model_id")
    assert len(table) == ENOUGH + 2
    star = table.loc["Qwen/star"]
    median = statistics.median([62_000, *range(12_000, 21_000, 1000)])
    assert list(star[["rank", "age_days", "reference_age", "compared"]]) == [1, 80, 90, ENOUGH + 1]
    assert star["median_of_ten"] == median == 16_500
    assert star["relative_adoption"] == pytest.approx(62_000 / 16_500)
    assert (star["organisation"], star["country"], star["size_class"]) == ("Qwen", "CN", "1–3B")
    lonely = table.loc[["google/other"]]
    assert lonely["compared"].tolist() == [1]
    assert lonely[["relative_adoption", "rank"]].isna().all(axis=None)


def test_an_earlier_generation_is_compared_at_the_same_age(book: Callable[..., FactBook]) -> None:
    """Models that were 30 days old in April are compared in May with one that is 30 days old then."""
    old, young = APRIL - timedelta(days=30), MAY - timedelta(days=30)
    grown = [model(row["model_id"], row["downloads_all_time"] * 7, old) for row in crowd(old)]
    rows = {APRIL: crowd(old), MAY: [*grown, model("google/late", 31_000, young)]}
    table = book(rows).results.tables["relative-adoption"]
    late = table[(table["as_of"] == MAY) & (table["model_id"] == "google/late")].iloc[0]
    # 31,000 is the largest of the ten now: 31,000 and 12,000 … 20,000 as they were in April.
    assert late["median_of_ten"] == 16_500 and late["compared"] == ENOUGH + 1
    # April knew nothing of it.
    before = table[(table["as_of"] == APRIL) & (table["model_id"] == "nobody/m19")].iloc[0]
    assert before["median_of_ten"] == 15_500 and before["compared"] == ENOUGH


def test_a_model_counts_once_as_it_stood_nearest_to_the_age(book: Callable[..., FactBook]) -> None:
    """At 335 and 366 days the first is farther from 365, so that May replaces it; April keeps what it knew."""
    born = MAY - timedelta(days=366)
    rows = {
        APRIL: crowd(born),
        MAY: [model(row["model_id"], row["downloads_all_time"] * 2, born) for row in crowd(born)],
    }
    table = book(rows).results.tables["relative-adoption"]
    medians = table.groupby("as_of")["median_of_ten"].unique().map(list).to_dict()
    assert medians == {APRIL: [15_500], MAY: [31_000]}
    assert table["compared"].unique().tolist() == [ENOUGH]
    # At 370 and 401 days April stays the nearer one.
    born = MAY - timedelta(days=401)
    rows = {
        APRIL: crowd(born),
        MAY: [model(row["model_id"], row["downloads_all_time"] * 2, born) for row in crowd(born)],
    }
    table = book(rows).results.tables["relative-adoption"]
    assert table["median_of_ten"].unique().tolist() == [15_500]
    assert table[table["as_of"] == MAY]["relative_adoption"].max() == pytest.approx(40_000 / 15_500)


def test_what_is_too_little_is_empty(book: Callable[..., FactBook]) -> None:
    born = MAY - timedelta(days=90)
    few = book({MAY: crowd(born, count=ENOUGH - 1)})
    tail = book({MAY: crowd(born, first=0, step=60)})
    for facts in (few, tail):
        table = facts.results.tables["relative-adoption"]
        assert len(table) and table[["median_of_ten", "relative_adoption", "rank"]].isna().all(axis=None)
        assert said.highest(facts).condition == "few-models"
        assert figures(facts) == []
    nought = book({MAY: crowd(born, first=0, step=0)})
    assert nought.results.tables["relative-adoption"]["relative_adoption"].isna().all()


def test_what_cannot_be_placed_has_no_row(book: Callable[..., FactBook]) -> None:
    rows = [
        model("a/unknown-size", 5, MAY - timedelta(days=90), None),
        model("a/no-counter", None, MAY - timedelta(days=90)),
        model("a/between-ages", 5, MAY - timedelta(days=120)),
        model("a/at-the-floor", 5, date(2022, 3, 2)),
    ]
    facts = book({MAY: rows})
    assert facts.results.tables["relative-adoption"].empty
    assert said.highest(facts).condition == "no-data"
    assert said.highest_of(facts, "CN").condition == "no-data"
    assert figures(facts) == []


def test_sentences(book: Callable[..., FactBook]) -> None:
    born = MAY - timedelta(days=90)
    star = [model("Qwen/star", 62_000, born), model("google/small", 5_000, born)]
    facts = book({MAY: [*crowd(born), *star]})
    text = said.highest(facts).text.striptags()
    assert said.highest(facts).condition == "above"
    assert "Qwen/star (Qwen): at 90 days it has 3.8 times" in text
    assert said.highest_of(facts, "CN").condition == "above"
    below = said.highest_of(facts, "US")
    assert below.condition == "below" and "google/small stands highest with 0.3" in below.text.striptags()
    assert said.basis(facts).condition == "one-date"
    quoted = {fact["column"] for fact in facts.as_json()["facts"]}
    assert quoted == {"age_days", "relative_adoption"}
    # Whoever is highest now may stand below the ten of an earlier generation.
    old = [model(f"nobody/old{place}", 100_000, APRIL - timedelta(days=30)) for place in range(ENOUGH)]
    grown = [row | {"downloads_all_time": 100_100} for row in old]
    later = book({APRIL: old, MAY: [*grown, model("Qwen/star", 62_000, MAY - timedelta(days=30))]})
    assert said.highest(later).condition == "below"
    assert said.basis(later).condition == "several-dates"


@pytest.mark.parametrize(
    ("about", "condition"), [({"kind": "file"}, "selection"), ({"kind": "demo", "simulated": True}, "simulated")]
)
def test_basis(book: Callable[..., FactBook], about: dict[str, Any], condition: str) -> None:
    assert said.basis(book({MAY: crowd(MAY - timedelta(days=90))}, **about)).condition == condition


def test_hostile_and_equal_names(book: Callable[..., FactBook], tmp_path: Any) -> None:
    born = MAY - timedelta(days=90)
    hostile = ["x/</text><script>alert(1)</script>", "y/same", "z/same"]
    facts = book({MAY: [*crowd(born), *(model(name, 90_000, born) for name in hostile)]})
    assert "<script" not in said.highest(facts).text
    figure = figures(facts)[0]
    drawing = render(figure, tmp_path)
    assert "<script" not in drawing.wide + drawing.narrow
    assert "2. same" in drawing.wide and "3. same" in drawing.wide
    for width in (WIDE, NARROW):
        assert figure.draw(width).to_dict()["layer"][1]["encoding"]["x"]["scale"]["type"] == "log"


def test_the_page_of_the_demo(demo_results: Results) -> None:
    given = context(FactBook(demo_results))
    assert given["finding"].condition == "above" and given["basis"].condition == "simulated"
    assert [figure.id for figure in given["figures"]] == ["relative-adoption"]
    assert len(given["figures"][0].table) == 20


def test_the_demo_counted_again(demo_results: Results, demo_flows: Flows) -> None:
    """The newest and the first date, by plain Python over all observations up to them."""
    observed = (
        demo_flows.data.observations.inner_join(
            demo_flows.attribution.models.select("model", "model_id", "created_on"), "model"
        )
        .inner_join(sizes(demo_flows.data).select("model", "size_class"), "model")
        .to_pandas()
        .dropna(subset=["created_on", "downloads_all_time"])
    )
    observed = observed[observed["size_class"] != "unknown"]
    observed["age"] = (pd.to_datetime(observed["as_of"]) - pd.to_datetime(observed["created_on"])).dt.days
    table = demo_results.tables["relative-adoption"]
    report_dates = demo_results.report_dates
    assert table.groupby("as_of").size().max() <= 100
    for as_of in (report_dates[0], report_dates[-1]):
        known: dict[tuple[str, int], dict[str, tuple[int, int]]] = {}
        day = pd.to_datetime(observed["as_of"])
        past = observed[(day <= pd.Timestamp(as_of)) & day.isin(pd.to_datetime(list(report_dates)))].sort_values(
            "as_of"
        )
        for seen in past.to_dict("records"):
            near = min(AGES, key=lambda listed, age=int(seen["age"]): abs(listed - age))  # type: ignore[misc]
            apart = abs(near - int(seen["age"]))
            if apart > 0.2 * near:
                continue
            group = known.setdefault((seen["size_class"], near), {})
            if seen["model_id"] not in group or apart < group[seen["model_id"]][0]:
                group[seen["model_id"]] = (apart, int(seen["downloads_all_time"]))
        rows = table[table["as_of"] == as_of]
        assert len(rows) == 100 and rows["relative_adoption"].is_monotonic_decreasing
        for row in rows.to_dict("records"):
            group = known[row["size_class"], row["reference_age"]]
            assert row["compared"] == len(group)
            top = sorted((downloads for _, downloads in group.values()), reverse=True)[:10]
            assert row["median_of_ten"] == statistics.median(top), row
            assert row["relative_adoption"] == pytest.approx(row["downloads"] / row["median_of_ten"])


@needs_real("hub_models_2026-05.parquet")
def test_the_real_file(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("real")
    for snapshot in files.load(DATA / "hub_models_2026-05.parquet", as_of=date(2026, 5, 20)):
        archive.add(folder, snapshot)
    entries = archive.entries(folder)
    data = dataset.load(engines.connect(), entries)
    computed = results.compute(
        flows.build(data, attribute(data)), {METRIC.id: METRIC}, [entry.manifest for entry in entries]
    )
    rows = computed.tables["relative-adoption"].set_index("model_id")
    assert len(rows) == 100
    # The selection's 1–3B models of a year hold a tail and no top: Qwen3-1.7B would stand at 56,000 times its median.
    assert "Qwen/Qwen3-1.7B" not in rows.index and set(rows["size_class"]) == {"3–10B", "10–40B"}
    first = rows.loc["Qwen/Qwen3-8B"]
    assert (first["rank"], first["size_class"], first["reference_age"], first["compared"]) == (1, "3–10B", 365, 67)
    assert first["downloads"] == 63_530_057
    assert first["relative_adoption"] == pytest.approx(27.94, abs=0.01)
    facts = FactBook(computed)
    assert said.highest(facts).condition == "above"
    assert "Qwen/Qwen3-8B" in said.highest_of(facts, "CN").text
    assert said.basis(facts).condition == "selection"
