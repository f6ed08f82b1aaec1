"""Sizes of what is downloaded: figures counted again by other means, and each sentence in each condition."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pandas as pd
import pytest
from samples import DATA, needs_real

from generator import archive, dataset, engines, flows, metrics, results
from generator.archive import Manifest
from generator.attribution import attribute
from generator.attribution.registry import Organisation
from generator.chapters.efficiency import context
from generator.charts.figure import render
from generator.facts import FactBook
from generator.findings import efficiency as said
from generator.flows import Flows
from generator.results import Results
from generator.snapshot import Snapshot
from generator.sources import files
from generator.sources.demo import Truth
from generator.sources.demo.traits import SIZES

DAY, EARLIER = date(2026, 5, 31), date(2026, 4, 30)
NEW, OLD = datetime(2026, 1, 10), datetime(2023, 1, 10)
B = 1_000_000_000
Rows = dict[date, Sequence[dict[str, Any]]]


def model(model_id: str, downloads: int, parameters: int | None, **other: Any) -> dict[str, Any]:
    counts = {"downloads_30d": downloads, "downloads_all_time": downloads}
    return {"model_id": model_id, "created_at": NEW, "parameters": parameters, **counts, **other}


@pytest.fixture(scope="module")
def book(open_flows: Callable[..., Flows], organisation: Callable[..., Organisation]) -> Callable[..., FactBook]:
    registry = [organisation("Qwen", "CN"), organisation("google", "US")]
    chosen = {name: metrics.discover()[name] for name in ("efficiency", "efficiency-by-country", "series-quality")}

    def made(rows: Rows, kind: str = "hub") -> FactBook:
        manifests = [
            Manifest.model_validate(
                {
                    "schema_version": 1, "generator_version": "0", "as_of": day, "kind": kind, "detail": "x",
                    "retrieved_at": datetime(2026, 6, 1, tzinfo=UTC), "simulated": False, "rows": 4, "bytes": 1,
                    "sha256": "0", "coverage": {}, "skipped": {},
                }
            )
            for day in rows
        ]  # fmt: skip
        return FactBook(results.compute(open_flows(rows, registry), chosen, manifests))

    return made


FOUR = [
    model("Qwen/a", 500, 2 * B, tags=["distillation"]),
    model("Qwen/b-AWQ", 100, 8 * B),
    model("google/c-moe", 300, 20 * B),
    model("nobody/d", 100, None),
    model("google/old", 9_999, 8 * B, created_at=OLD),
]


def test_a_small_archive_by_hand(book: Callable[..., FactBook]) -> None:
    tables = book({DAY: FOUR}).results.tables
    rows = tables["efficiency"].query("window_months == 12 and basis == 'counter-difference'").set_index("size_class")
    assert rows["downloads"].to_dict() == {
        "all": 1000, "1–3B": 500, "3–10B": 100, "10–40B": 300, "unknown": 100,
    }  # fmt: skip
    assert list(rows.index) == ["all", "1–3B", "3–10B", "10–40B", "unknown"]
    assert rows["share"].tolist() == pytest.approx([1, 0.5, 0.1, 0.3, 0.1])
    whole = rows.loc["all"]
    assert list(whole[["models", "known_share", "known_models_share", "under_10b_share"]]) == [4, 0.9, 0.75, 0.6]
    assert list(whole[["quantised_share", "moe_share", "distilled_share"]]) == [0.1, 0.3, 0.5]
    assert whole["median_parameters"] == 8 * B
    assert whole["mean_parameters"] == pytest.approx((500 * 2 + 100 * 8 + 300 * 20) * B / 900)
    assert rows["median_parameters"].isna().tolist() == [False, False, False, False, True]
    assert rows["known_share"].tolist() == [0.9, 1, 1, 1, 0]

    countries = tables["efficiency-by-country"].query(
        "window_months == 12 and lens == 'publisher' and basis == 'counter-difference'"
    )
    assert countries["country"].tolist() == ["CN", "US", "unattributed"]
    assert countries["share"].tolist() == pytest.approx([0.6, 0.3, 0.1])
    assert countries["under_10b_share"].tolist() == pytest.approx([1, 0, 0])
    assert countries["quantised_share"].tolist() == pytest.approx([1 / 6, 0, 0])
    assert countries["mean_parameters"].tolist()[:2] == pytest.approx([3 * B, 20 * B])


def test_no_downloads_give_no_shares(book: Callable[..., FactBook]) -> None:
    for rows in ([model("Qwen/a", 0, 2 * B)], [model("Qwen/a", 5, 2 * B, created_at=OLD)]):
        facts = book({DAY: rows})
        assert facts.results.tables["efficiency"]["share"].isna().all()
        findings = (said.largest_class, said.small_models, said.typical_size, said.kinds, said.known_sizes, said.change)
        for finding in findings:
            assert finding(facts).condition == "no-data", finding
        assert context(facts)["size_figures"] == []
        assert said.small_by_country(facts).condition == "no-data"


def test_a_counter_that_fell_is_no_share(book: Callable[..., FactBook]) -> None:
    rows: Rows = {EARLIER: [model("Qwen/a", 900, 2 * B)], DAY: [model("Qwen/a", 100, 2 * B)]}
    table = book(rows).results.tables["efficiency"].query("as_of == @DAY and window_months == 1")
    fallen = table[table["basis"] == "counter-difference"]
    assert fallen["downloads"].tolist() == [-800, -800]
    assert fallen[["share", "under_10b_share", "mean_parameters"]].isna().all(axis=None)


@pytest.fixture(scope="module")
def base(book: Callable[..., FactBook]) -> Results:
    """The small archive's results, for tests that put other figures in their place."""
    return book({DAY: FOUR}).results


def facts_of(base: Results, *rows: dict[str, Any], metric: str = "efficiency", selection: bool = False) -> FactBook:
    """A book whose table holds these rows at one date, in one window and on one basis, unless they say otherwise."""
    usual = {
        "as_of": DAY, "lens": "publisher", "window_months": 12, "window_start": date(2025, 5, 31),
        "basis": "counter-difference", "rank": 1, "size_class": "all", "downloads": 100, "models": 10, "share": 1.0,
        "known_share": 1.0, "known_models_share": 1.0, "under_10b_share": 0.5,
    }  # fmt: skip
    table = pd.DataFrame([usual | row for row in rows]).reindex(columns=base.metrics[metric].columns)
    source = replace(base.source, selection=selection)
    return FactBook(replace(base, tables={**base.tables, metric: table}, source=source))


@pytest.mark.parametrize(
    ("shares", "condition", "words"),
    [
        ({"1–3B": 0.6, "10–40B": 0.3, "unknown": 0.1}, "lead", "1–3B parameters take most downloads: 60.0%"),
        ({"<1B": 0.6, "10–40B": 0.4}, "lead", "with under 1B parameters"),
        ({"1–3B": 0.496, "≥100B": 0.504}, "tie", "at least 100B parameters with 50.4%"),
        ({"1–3B": 0.3, "10–40B": 0.29, "unknown": 0.41}, "mostly-unknown", "41.0%"),
        ({"unknown": 1.0}, "unknown", "size of none"),
    ],
)
def test_the_largest_class(base: Results, shares: dict[str, float], condition: str, words: str) -> None:
    rows = [{"size_class": name, "share": share, "downloads": share * 1000} for name, share in shares.items()]
    finding = said.largest_class(facts_of(base, *rows, {"downloads": 1000}))
    assert finding.condition == condition
    assert words in finding.text.striptags()


@pytest.mark.parametrize(
    ("small", "known", "condition"),
    [(0.6, 0.9, "majority"), (0.3, 0.9, "minority"), (0.4, 0.7, "open"), (0.0, 0.0, "unknown")],
)
def test_small_models(base: Results, small: float, known: float, condition: str) -> None:
    finding = said.small_models(facts_of(base, {"under_10b_share": small, "known_share": known}))
    assert finding.condition == condition
    assert (f"{small:.1%}" in finding.text) == (condition != "unknown")


def test_typical_size(base: Results) -> None:
    larger = said.typical_size(facts_of(base, {"median_parameters": 11e9, "mean_parameters": 18.2e9}))
    assert larger.condition == "downloaded-larger"
    assert "11.00 billion" in larger.text and "18.20 billion" in larger.text
    smaller = said.typical_size(facts_of(base, {"median_parameters": 11e9, "mean_parameters": 3.8e9}))
    assert smaller.condition == "released-larger"
    assert said.typical_size(facts_of(base, {"median_parameters": None})).condition == "unknown"


def test_known_sizes(base: Results) -> None:
    assert said.known_sizes(facts_of(base, {"known_share": 0.9})).condition == "well-known"
    poor = said.known_sizes(facts_of(base, {"known_share": 0.1}))
    assert poor.condition == "poorly-known"
    assert "10.0%" in poor.text and "too little" in poor.text


@pytest.mark.parametrize(("now", "condition"), [(0.6, "rise"), (0.4, "fall"), (0.505, "level")])
def test_change(base: Results, now: float, condition: str) -> None:
    rows: tuple[dict[str, Any], ...] = ({"as_of": EARLIER, "models": 12}, {"under_10b_share": now, "models": 34})
    finding = said.change(facts_of(base, *rows))
    assert finding.condition == condition
    assert "30 April 2026" in finding.text and "50.0%" in finding.text and f"{now:.1%}" in finding.text
    assert "what was counted" not in finding.text
    partial = said.change(facts_of(base, *rows, selection=True)).text.striptags()
    assert "hold 12 new models" in partial and "and 34 at the last" in partial
    one = said.change(facts_of(base, rows[1]))
    assert one.condition == "one-date" and "grows" in one.text


@pytest.mark.parametrize(
    ("china", "states", "known", "condition"),
    [
        (0.9, 0.2, 1.0, "first-smaller"),
        (0.2, 0.9, 1.0, "second-smaller"),
        (0.5, 0.505, 1.0, "tie"),
        (0.5, 0.0, 0.0, "no-data"),
    ],
)
def test_small_by_country(base: Results, china: float, states: float, known: float, condition: str) -> None:
    rows = (
        {"country": "CN", "under_10b_share": china},
        {"country": "US", "under_10b_share": states, "known_share": known, "rank": 2},
    )
    facts = facts_of(base, *rows, metric="efficiency-by-country")
    assert said.small_by_country(facts).condition == condition
    assert said.small_by_country(facts_of(base, rows[0], metric="efficiency-by-country")).condition == "no-data"


def test_the_demo_counted_again(demo_results: Results, demo_snapshots: list[Snapshot], demo_truth: Truth) -> None:
    """By pandas from the snapshot's own rows; the total is the planted truth's."""
    newest = demo_snapshots[-1]
    rows = newest.models.to_pandas()
    age = (pd.Timestamp(newest.as_of) - rows["created_at"].dt.normalize()).dt.days
    new = rows[(age < 365) & rows["downloads_all_time"].notna()].copy()
    label = new["model_id"].str.extract(f"-({'|'.join(sorted(SIZES, key=len, reverse=True))})-")[0]
    adapter = (new["base_relation"] == "adapter") | (new["library_name"] == "peft")
    named = (label.map({**SIZES, "30b-a3b": 30.0}) * B).mask(adapter)
    size = new["parameters"].astype(float).fillna(new["gguf_parameters"].astype(float)).fillna(named)
    downloads = new["downloads_all_time"].astype(float)

    table = demo_results.tables["efficiency"]
    found = table[(table["as_of"] == newest.as_of) & (table["window_months"] == 12)]
    found = found[found["basis"] == "counter-difference"].set_index("size_class")
    whole = found.loc["all"]
    truth = demo_truth.cohort_share.query("as_of == @newest.as_of and lens == 'publisher'")["downloads"].sum()
    # A model renamed within its year is counted under both names by the archive, as the definition says.
    assert truth <= whole["downloads"] <= truth * 1.03
    assert found.drop("all")["downloads"].sum() == whole["downloads"]
    assert found.drop("all")["share"].sum() == pytest.approx(1)

    edges = [0, 1e9, 3e9, 10e9, 40e9, 100e9, float("inf")]
    labels = ["<1B", "1–3B", "3–10B", "10–40B", "40–100B", "≥100B"]
    classes = pd.cut(size, edges, right=False, labels=labels).astype(object).fillna("unknown")
    shares = downloads.groupby(classes).sum() / downloads.sum()
    for name in [*labels, "unknown"]:
        assert found.loc[name, "share"] == pytest.approx(shares[name], abs=0.01), name
    moe = new["model_id"].str.contains("-a3b|-a22b")
    quantised = new["model_id"].str.contains("-gguf-|-awq-|-mlx-4bit")
    assert whole["moe_share"] == pytest.approx(downloads[moe].sum() / downloads.sum(), abs=0.01)
    assert whole["quantised_share"] == pytest.approx(downloads[quantised].sum() / downloads.sum(), abs=0.01)
    assert whole["known_share"] == pytest.approx(downloads[size.notna()].sum() / downloads.sum(), abs=0.01)
    assert whole["median_parameters"] == pytest.approx(size.median(), rel=0.05)


def test_country_rows_add_up_to_the_whole(demo_results: Results) -> None:
    keys = ["as_of", "window_months", "basis"]
    whole = demo_results.tables["efficiency"].query("size_class == 'all'").set_index(keys)
    countries = demo_results.tables["efficiency-by-country"]
    for lens in ("publisher", "origin"):
        rows = countries[countries["lens"] == lens]
        rows = rows.assign(small=rows["under_10b_share"].fillna(0) * rows["downloads"])
        sums = rows.groupby(keys)[["downloads", "models", "small"]].sum().loc[whole.index]
        assert sums["downloads"].tolist() == whole["downloads"].tolist()
        assert sums["models"].tolist() == whole["models"].tolist()
        assert (sums["small"] / sums["downloads"]).tolist() == pytest.approx(whole["under_10b_share"].tolist())


def test_the_page_of_the_demo(demo_results: Results, tmp_path: Any) -> None:
    facts = FactBook(demo_results)
    given = context(facts)
    figures = [*given["size_figures"], *given["kinds_figures"], *given["country_figures"]]
    assert [figure.id for figure in figures] == [
        "size-classes", "size-classes-over-time", "kinds-over-time", "small-by-country",
    ]  # fmt: skip
    assert "size unknown" in figures[0].description and "Unattributed" in figures[3].description
    assert "NaN" not in render(figures[1], tmp_path).narrow
    quoted = {fact["text"] for fact in facts.as_json()["facts"]}
    for finding in (given["finding"], *given["size_findings"], given["kinds_finding"], given["country_finding"]):
        marked = re.findall(r"<data [^>]*>(.*?)</data>", str(finding.text))
        assert marked and set(marked) <= quoted
        assert "%" not in re.sub(r"<data .*?</data>", "", str(finding.text))


@needs_real("hub_models_2026-05.parquet")
def test_the_real_file(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("real")
    for snapshot in files.load(DATA / "hub_models_2026-05.parquet", as_of=date(2026, 5, 20)):
        archive.add(folder, snapshot)
    entries = archive.entries(folder)
    data = dataset.load(engines.connect(), entries)
    chosen = {name: metrics.discover()[name] for name in ("efficiency", "efficiency-by-country")}
    computed = results.compute(flows.build(data, attribute(data)), chosen, [entry.manifest for entry in entries])
    rows = computed.tables["efficiency"].query("basis == 'counter-difference'").set_index("size_class")
    assert rows["models"].to_dict() == {
        "all": 150, "<1B": 5, "1–3B": 5, "3–10B": 29, "10–40B": 38, "40–100B": 9, "≥100B": 43, "unknown": 21,
    }  # fmt: skip
    assert rows.loc["all", "downloads"] == 534_971_075
    figures = rows.loc["all", ["known_share", "under_10b_share", "quantised_share", "moe_share", "distilled_share"]]
    assert list(figures) == pytest.approx([0.9776, 0.3485, 0.3511, 0.5531, 0.0], abs=0.0002)
    assert rows.loc["all", "median_parameters"] == pytest.approx(32.234e9, rel=1e-3)
    facts = FactBook(computed)
    assert said.largest_class(facts).condition == "lead"
    assert "10–40B" in said.largest_class(facts).text
    assert said.change(facts).condition == "one-date"
    assert said.small_by_country(facts).condition == "first-smaller"
