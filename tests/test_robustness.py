"""The lead under every definition and without each organisation, against a second computation in pandas."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from samples import DATA, make_anew_in_parts, needs_real

from generator import archive, dataset, engines, flows, results
from generator.archive import Manifest
from generator.attribution import LENSES, attribute
from generator.attribution.registry import Organisation
from generator.chapters.robustness import context
from generator.charts.figure import NARROW, WIDE
from generator.charts.robustness import _choices
from generator.charts.theme import themed
from generator.facts import FactBook
from generator.findings.robustness import (
    CHOICES,
    by_choice,
    condition_of,
    definitions,
    headline,
    history,
    jackknife,
    robustness,
)
from generator.flows import Flows
from generator.metrics import lead_jackknife, lead_robustness
from generator.metrics.lead_robustness import CAP_PARTS, COHORT_DAYS, ENCODER_TASKS, HEADLINE, RULES, specifications
from generator.results import Results
from generator.sources import files

DAY = date(2026, 5, 31)
METRICS = {metric.id: metric for metric in (lead_robustness.METRIC, lead_jackknife.METRIC)}

Rows = Mapping[date, Sequence[Mapping[str, Any]]]


def model(
    name: str, downloads: int | None, age: int | None = 100, month: int | None = None, **other: Any
) -> dict[str, Any]:
    created = None if age is None else datetime.combine(DAY, datetime.min.time()) - timedelta(days=age)
    monthly = downloads if month is None else month
    return {"model_id": name, "created_at": created, "downloads_30d": monthly, "downloads_all_time": downloads, **other}


MODELS = [
    model("Qwen/a", 900, month=100),
    model("Qwen/b-GGUF", 300),
    model("Qwen/emb", 250, age=181, pipeline_tag="feature-extraction"),
    model("google/b", 700, month=200, age=364),
    model("google/old", 5000, age=729),
    model("google/older", 9000, age=730),
    model("google/undated", 8000, age=None),
    model("google/no-counter", None),
    model("google/bert", 80, age=182, pipeline_tag="fill-mask"),
    model("packer/a-awq", 400, base_models=["Qwen/a"], base_relation="quantized"),
    model("packer/b", 60, base_models=["google/b"], base_relation="finetune", tags=["GPTQ"]),
    model("packer/unsaid", 45),
    model("nobody/<b>c", 120, age=10),
    model("nobody/zero", 0, age=10),
    model("mistralai/d", 200, age=300, tags=["en"]),
]  # fmt: skip
QUANTISED = {"Qwen/b-GGUF", "packer/a-awq", "packer/b"}


@pytest.fixture(scope="module")
def registry(organisation: Callable[..., Organisation]) -> list[Organisation]:
    return [
        organisation("Qwen", "CN"),
        organisation("google", "US"),
        organisation("mistralai", "FR"),
        organisation("packer", "US", role="intermediary", sector="community"),
    ]


@pytest.fixture(scope="module")
def computed(open_flows: Callable[..., Flows], registry: list[Organisation]) -> Callable[..., Results]:
    """``computed(rows, *metrics)``: both metrics by default; the same rows are opened once."""
    opened: dict[str, Flows] = {}
    known: dict[str, Results] = {}

    def made(rows: Rows, *only: str) -> Results:
        mark = repr((rows, only))
        if mark not in known:
            if repr(rows) not in opened:
                opened[repr(rows)] = open_flows(rows, registry)
            chosen = {name: METRICS[name] for name in only or METRICS}
            known[mark] = results.compute(opened[repr(rows)], chosen, [manifest(day) for day in rows])
        return known[mark]

    return made


def manifest(as_of: date) -> Manifest:
    return Manifest(
        schema_version=1, generator_version="0", as_of=as_of, kind="file", detail="models.parquet",
        retrieved_at=datetime(2026, 6, 1, tzinfo=UTC), simulated=False, rows=4, bytes=1, sha256="0", coverage={},
        skipped={},
    )  # fmt: skip


def recomputed(models: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """One specification at a time, from models with their traits, their counts (month, ever) and both countries."""
    found = []
    for spec in specifications().itertuples():
        rows = models[models["age"] < COHORT_DAYS[spec.cohort_months]]
        size = rows["month"] if spec.basis == "snapshot-30-day" else rows["ever"]
        rows = rows.assign(size=size, n=size)[size.notna()]
        if spec.basis == "all-time-capped":
            rows = rows.assign(n=rows["size"].clip(upper=rows["size"].sum() / CAP_PARTS))
        if not spec.with_intermediaries:
            rows = rows[~rows["intermediary"]]
        if not spec.with_quantised:
            rows = rows[~rows["quantised"]]
        if not spec.with_encoders:
            rows = rows[~rows["task"].isin(ENCODER_TASKS)]
        if not spec.with_largest_model:
            rows = rows.sort_values(["size", "model_id"], ascending=[False, True]).iloc[1:]
        total = rows["n"].sum()
        by_country = rows.groupby(spec.lens)["n"].sum()
        share = {code: by_country.get(code, 0.0) / total if total else None for code in ("CN", "US", "unattributed")}
        found.append((as_of, spec.specification, *share.values()))
    return pd.DataFrame(found, columns=["as_of", "specification", "share", "other_share", "unattributed_share"])


def agree(table: pd.DataFrame, expected: pd.DataFrame) -> None:
    both = table.merge(expected, on=["as_of", "specification"], suffixes=("", "_expected"), validate="one_to_one")
    assert len(both) == len(table) == len(expected)
    for name in ("share", "other_share", "unattributed_share"):
        wanted = both[f"{name}_expected"].astype(float)
        assert both[name].astype(float).isna().equals(wanted.isna())
        assert both[name].astype(float).fillna(0).to_numpy() == pytest.approx(wanted.fillna(0).to_numpy(), abs=1e-9)


def test_every_combination_is_a_definition_once() -> None:
    listed = specifications()
    assert len(listed) == listed["specification"].nunique() == 3 * 2 * 3 * 2**4
    assert not listed.drop(columns="specification").duplicated().any()
    assert HEADLINE in set(listed["specification"])


def test_a_small_archive_against_one_specification_at_a_time(computed: Callable[..., Results]) -> None:
    table = computed({DAY: MODELS}).tables["lead-robustness"]
    origins = {"packer/a-awq": "CN", "packer/b": "US", "packer/unsaid": "unattributed"}
    publishers = {"Qwen": "CN", "google": "US", "packer": "US", "mistralai": "FR"}
    rows = []
    for given in MODELS:
        name = given["model_id"]
        publisher = publishers.get(name.split("/")[0], "unattributed")
        born = given["created_at"]
        rows.append(
            {
                "model_id": name,
                "age": None if born is None else (DAY - born.date()).days,
                "task": given.get("pipeline_tag"),
                "quantised": name in QUANTISED,
                "intermediary": name.startswith("packer/"),
                "month": given["downloads_30d"],
                "ever": given["downloads_all_time"],
                "publisher": publisher,
                "origin": origins.get(name, publisher),
            }
        )
    agree(table, recomputed(pd.DataFrame(rows), DAY))
    first = table[table["specification"] == HEADLINE].iloc[0]
    # By hand: without the models of 24 months, the undated and the uncounted.
    total = 900 + 300 + 250 + 700 + 80 + 400 + 60 + 45 + 120 + 200
    assert first["share"] == pytest.approx(1450 / total)
    assert first["other_share"] == pytest.approx((700 + 80 + 400 + 60 + 45) / total)
    assert first["lower"] == pytest.approx(first["margin"] - 120 / total)
    assert first["upper"] == pytest.approx(first["margin"] + 120 / total)
    margins = table["margin"].astype(float)
    assert (table["definitions"] == margins.notna().sum()).all()
    assert (table["leading"] == (margins > 0).sum()).all()
    assert (table["trailing"] == (margins < 0).sum()).all()
    assert (table["leading_surely"] == (table["lower"].astype(float) > 0).sum()).all()


def test_the_demo_against_one_specification_at_a_time(demo_flows: Flows, demo_results: Results) -> None:
    table = demo_results.tables["lead-robustness"]
    dates = list(demo_results.report_dates)
    assert len(table) == 288 * len(dates)
    traits = demo_flows.data.models.select(
        "model_id", "pipeline_tag", "library_name", "tags", "base_relation"
    ).to_pandas()
    known = demo_flows.attribution.models.to_pandas().merge(traits, on="model_id")
    words = ("gguf", "ggml", "awq", "gptq", "exl2", "exl3")

    def quantised(row: Any) -> bool:
        name = "".join(char if char.isalpha() else " " for char in row.model_id.split("/")[1].lower()).split()
        tags = [] if row.tags is None else [str(tag).lower() for tag in row.tags]
        return row.base_relation == "quantized" or any(
            word in name or word in tags or word == row.library_name for word in words
        )

    known["quantised"] = [quantised(row) for row in known.itertuples()]
    known["intermediary"] = known["publisher_role"] == "intermediary"
    renamed = {"pipeline_tag": "task", "publisher_country": "publisher", "origin_country": "origin"}
    known = known.drop(columns=["publisher", "origin"]).rename(columns=renamed)
    as_of = dates[-1]
    seen = demo_flows.data.named(demo_flows.data.observations)
    seen = seen.filter(seen.as_of == as_of).to_pandas()[["model_id", "downloads_30d", "downloads_all_time"]]
    models = seen.rename(columns={"downloads_30d": "month", "downloads_all_time": "ever"}).merge(known, on="model_id")
    models["age"] = (pd.Timestamp(as_of) - pd.to_datetime(models["created_on"])).dt.days
    agree(table[table["as_of"] == as_of], recomputed(models, as_of))
    assert known["quantised"].any() and known["intermediary"].any() and known["task"].isin(ENCODER_TASKS).any()


def test_the_headline_s_definition_is_the_cohort_of_the_headline(demo_results: Results) -> None:
    """As published elsewhere, but for models that have left the Hub since they were last counted."""
    overtake = demo_results.tables["overtake"]
    cohort = overtake[
        (overtake["lens"] == "publisher") & (overtake["reading"] == "cohort")
        & (overtake["basis"] == "counter-difference") & (overtake["window_months"] == 12)
    ].set_index("as_of")["margin"]  # fmt: skip
    table = demo_results.tables["lead-robustness"]
    own = table[table["specification"] == HEADLINE].set_index("as_of")["margin"]
    assert len(cohort) > 6
    assert own.loc[cohort.index].to_numpy() == pytest.approx(cohort.to_numpy(), abs=0.01)


def test_the_jackknife_against_removing_rows(computed: Callable[..., Results]) -> None:
    table = computed({DAY: MODELS}).tables["lead-jackknife"]
    rows = table[(table["lens"] == "publisher") & (table["basis"] == "all-time")].set_index("organisation")
    held = {"Qwen": (1450, "CN"), "google": (780, "US"), "packer": (505, "US"), "mistralai": (200, "FR"),
            "nobody": (120, "unattributed")}  # fmt: skip
    assert set(rows.index) == set(held)
    for name in held:
        left = {other: value for other, value in held.items() if other != name}
        total = sum(count for count, _ in left.values())
        china, states, unknown = (
            sum(count for count, code in left.values() if code == wanted) / total
            for wanted in ("CN", "US", "unattributed")
        )
        row = rows.loc[name]
        assert row["share_without"] == pytest.approx(china)
        assert row["margin_without"] == pytest.approx(china - states)
        assert (row["lower"], row["upper"]) == pytest.approx((china - states - unknown, china - states + unknown))
        assert row["turns"] == ((china > states) != (1450 > 1285))
    assert rows["rank"].tolist() == [1, 2, 3, 4, 5]
    assert rows["change"].abs().is_monotonic_decreasing
    assert rows["turning"].tolist() == [1] * 5 and rows.index[rows["turns"]].tolist() == ["Qwen"]
    # Under origin, what an intermediary made of nobody knows what is no organisation to leave out.
    origin = table[(table["lens"] == "origin") & (table["basis"] == "all-time")]
    assert not origin["organisation"].str.startswith("(").any()


def test_an_organisation_in_two_countries_leaves_both(
    open_flows: Callable[..., Flows], organisation: Callable[..., Organisation]
) -> None:
    listed = [
        organisation("Qwen", "CN"),
        organisation("qwen-labs", "US", organisation="Qwen"),
        organisation("google", "US"),
        organisation("deepseek-ai", "CN"),
    ]
    rows = [model("Qwen/most", 300), model("qwen-labs/a", 250), model("qwen-labs/b", 200), model("google/c", 100),
            model("deepseek-ai/d", 50)]  # fmt: skip
    flows = open_flows({DAY: rows}, listed)
    found = results.compute(flows, {"lead-jackknife": lead_jackknife.METRIC}, [manifest(DAY)]).tables["lead-jackknife"]
    for lens in LENSES:
        shown = found[(found["lens"] == lens) & (found["basis"] == "all-time")].set_index("organisation").loc["Qwen"]
        # Its most downloaded model is in China, most of its downloads are in the United States.
        assert (shown["country"], shown["downloads"], shown["models"]) == ("US", 750, 3)
        assert shown["share_without"] == pytest.approx(50 / 150)
        assert shown["margin_without"] == pytest.approx(-50 / 150)


def test_made_in_parts_both_are_the_same(
    demo_flows: Flows, demo_results: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = {
        "cohort_cells": ["as_of", "cohort_months", "basis", "kind", "quantised", "encoder"],
        "young_by_owner": ["as_of", "basis", "lens", "owner"],
    }
    make_anew_in_parts(demo_flows, (*keys, "young_by_organisation"), 20_000, monkeypatch)
    for name, metric in METRICS.items():
        query = results.queries(demo_flows, {name: metric})[name]
        pd.testing.assert_frame_equal(results.frame(query), demo_results.tables[name], rtol=1e-9)
    for name, within in keys.items():
        table = demo_flows.data.backend.table(name)
        assert table.count().execute() > table.select(within).distinct().count().execute()


def test_the_only_organisation_cannot_be_left_out(computed: Callable[..., Results]) -> None:
    alone = computed({DAY: [model("Qwen/a", 10)]})
    assert alone.tables["lead-jackknife"].empty
    assert jackknife(FactBook(alone)).condition == "no-data"
    table = alone.tables["lead-robustness"]
    # Without its only model a definition has no downloads and takes no side.
    assert table.loc[~table["with_largest_model"], "margin"].isna().all()
    assert table["definitions"].unique().tolist() == [144]
    assert robustness(FactBook(alone)).condition == "all"


def shares(cn: int, us: int, **other: Any) -> list[dict[str, Any]]:
    """Models of equal size, twice as many for who is ahead, so that neither a cap nor one model turns the order."""
    return [
        model(f"{who}/{part}", downloads, age=20, **other)
        for who, downloads, against in (("Qwen", cn, us), ("google", us, cn))
        for part in ("abcdefgh" if downloads > against else "abcd")
    ]


OLDER = [model(f"google/y{n}", 2000, age=600) for n in range(6)]
"""They turn the lead wherever models up to 24 months old count."""


@pytest.mark.parametrize(
    ("rows", "condition", "words"),
    [
        (shares(900, 100), "all", "China leads under every one of 288 definitions"),
        ([*shares(900, 100), *[model(f"google/m{n}-GGUF", 900, age=20) for n in range(10)]], "split", "depends"),
        (shares(100, 900), "reversed", "China leads under only 0 of 288 definitions and the United States under 288"),
        ([*shares(900, 100), *OLDER], "most",
         "The lead turns only where models are counted up to 24 months old"),
        (shares(0, 0), "no-data", "no downloads of new models"),
    ],
)  # fmt: skip
def test_robustness_in_each_condition(
    computed: Callable[..., Results], rows: list[dict[str, Any]], condition: str, words: str
) -> None:
    book = FactBook(computed({DAY: rows}, "lead-robustness"))
    finding = robustness(book)
    text = str(finding.text.striptags())
    assert finding.condition == condition, text
    assert words in text
    # What is said is what is kept as a fact, and nothing else.
    marked = [part.split("</data>")[0].split(">")[-1] for part in str(finding.text).split("<data ")[1:]]
    assert set(marked) == {fact["text"] for fact in book.as_json()["facts"]}
    assert ("percentage points" in text) == (condition != "no-data")


def test_the_counts_at_the_bounds_of_the_conditions() -> None:
    def said(leading: int) -> str:
        return condition_of(pd.Series({"leading": leading, "definitions": 288}))

    assert [said(n) for n in (288, 287, 192, 191, 97, 96, 0)] == [
        "all", "most", "most", "split", "split", "reversed", "reversed",
    ]  # fmt: skip


def test_the_choice_that_matters_most(computed: Callable[..., Results]) -> None:
    found = computed({DAY: [*shares(900, 100), *OLDER]})
    summary = by_choice(definitions(found))
    assert summary.loc[summary["spread"].idxmax(), "column"] == "cohort_months"
    assert summary.groupby("column")["definitions"].sum().eq(288).all()
    text = str(robustness(FactBook(found)).text.striptags())
    assert "how old a new model may be: with all else as in the headline, the margin is" in text
    # By hand: 7200 - 400 - 12000 of 19600, and 7200 - 400 of 7600.
    assert "26.5 percentage points for the United States (up to 24 months old)" in text
    assert "89.5 percentage points for China (up to " in text


def test_without_unattributed_downloads_the_order_is_sure(computed: Callable[..., Results]) -> None:
    sure = robustness(FactBook(computed({DAY: shares(900, 100)})))
    assert "under all of them even if" in sure.text.striptags()
    # Nobody's model is the largest, and a cap makes it one of thirteen: it matters only where it counts in full.
    unsure = robustness(FactBook(computed({DAY: [*shares(900, 100), model("nobody/x", 9000, age=20)]})))
    assert "Under 192 of them it would lead even if" in unsure.text.striptags()


def test_level_shares_lead_nowhere(computed: Callable[..., Results]) -> None:
    table = computed({DAY: shares(700, 700)}).tables["lead-robustness"]
    assert table.loc[table["with_largest_model"], "margin"].eq(0).all()
    assert not table.loc[table["with_largest_model"], "leads"].any()
    assert (table["leading"] + table["trailing"] <= 144).all()


@pytest.mark.parametrize(
    ("rows", "condition", "words"),
    [
        (shares(900, 100), "turns", "It is the only organisation of which this is true"),
        ([*shares(500, 100), *[model(f"google/{n}", 5, age=9) for n in "xy"], model("mistralai/z", 9000, age=3)],
         "turns", "Without Qwen"),
        (shares(100, 900), "turns", "Without google"),
        ([model("Qwen/a", 10), model("mistralai/b", 500)], "turns", "0.0 percentage points instead of"),
        ([model("Qwen/a", 400), model("alibaba/b", 300), model("google/c", 100)], "turns", "the lead turns"),
        (shares(0, 0), "no-data", "too few organisations"),
    ],
)  # fmt: skip
def test_jackknife_in_each_condition(
    computed: Callable[..., Results], rows: list[dict[str, Any]], condition: str, words: str
) -> None:
    finding = jackknife(FactBook(computed({DAY: rows}, "lead-jackknife")))
    assert (finding.condition, words in str(finding.text.striptags())) == (condition, True), finding.text


def test_jackknife_where_two_carry_the_lead(
    open_flows: Callable[..., Flows], organisation: Callable[..., Organisation]
) -> None:
    known = [
        organisation("Qwen", "CN"),
        organisation("deep", "CN", organisation="<b>Deep</b>"),
        organisation("google", "US"),
    ]

    def said(us: int) -> tuple[str, str]:
        rows = [model("Qwen/a", 400), model("deep/b", 300), model("google/c", us)]
        only = {"lead-jackknife": lead_jackknife.METRIC}
        found = results.compute(open_flows({DAY: rows}, known), only, [manifest(DAY)])
        finding = jackknife(FactBook(found))
        assert "<b>" not in str(finding.text)
        return finding.condition, str(finding.text.striptags())

    condition, text = said(100)
    assert condition == "holds" and text.startswith("Without Qwen") and text.endswith("turns the lead.")
    condition, text = said(500)
    assert condition == "turns" and "each of 2 organisations" in text


def test_history(demo_results: Results) -> None:
    april = date(2026, 4, 30)

    def said(*dates: tuple[date, int, int]) -> tuple[str, str]:
        rows = [
            {"as_of": day, "margin": 0.1 if known else None, "leading": n, "definitions": known}
            for day, n, known in dates
        ]  # fmt: skip
        table = pd.DataFrame(rows, columns=["as_of", "margin", "leading", "definitions"])
        finding = history(FactBook(replace(demo_results, tables={"lead-robustness": table})))
        return finding.condition, str(finding.text.striptags())

    assert said((DAY, 9, 9))[0] == "one-date"
    assert said((DAY, 9, 288), (april, 7, 288)) == (
        "grown", "On 30 April 2026 China led under 7 of 288 definitions, on 31 May 2026 under 9 of 288.",
    )  # fmt: skip
    assert said((april, 9, 288), (DAY, 7, 288))[0] == "shrunk"
    condition, text = said((april, 96, 96), (DAY, 288, 288))
    assert condition == "same" and "Where definitions are fewer" in text
    assert said((DAY, 0, 0))[0] == said()[0] == "no-data"


def test_a_snapshot_without_counters_stands_on_the_month(computed: Callable[..., Results]) -> None:
    rows = [row | {"downloads_all_time": None} for row in shares(900, 100)]
    found = computed({DAY: rows})
    assert found.tables["lead-robustness"]["definitions"].unique().tolist() == [96]
    assert headline(definitions(found))["basis"].tolist() == ["snapshot-30-day"]
    assert robustness(FactBook(found)).condition == "all"
    assert jackknife(FactBook(found)).condition == "turns"


def test_the_chapter_and_its_charts(demo_results: Results) -> None:
    given = context(FactBook(demo_results))
    assert [figure.id for name in ("curve", "over_time", "without") for figure in given[name]] == [
        "specification-curve", "definitions-over-time", "margin-without",
    ]  # fmt: skip
    for name in ("curve", "over_time", "without"):
        for figure in given[name]:
            for width in (WIDE, NARROW):
                json.dumps(themed(figure.draw(width)), allow_nan=False)
            assert "nan" not in figure.description and not figure.table.map(lambda text: "nan" in text).any(axis=None)


def test_the_matrix_marks_each_definition_s_choices(computed: Callable[..., Results]) -> None:
    rows = definitions(computed({DAY: MODELS}))
    labels, runs = _choices(rows)
    assert len(labels) == len(set(labels))
    for choice in CHOICES:
        for value, label in choice.settings.items():
            if choice.column in RULES and value:
                continue
            ends = [run["position"] for run in runs if run["label"] == label and run["position"] is not None]
            covered = [
                n
                for start, end in zip(ends[::2], ends[1::2], strict=True)
                for n in range(int(start + 0.5), int(end + 0.5))
            ]
            assert covered == [n for n, own in enumerate(rows[choice.column], start=1) if own == value]


@pytest.mark.real_data
@needs_real("hub_models_2026-05.parquet")
def test_the_real_file(tmp_path: Path) -> None:
    """A change of the registry or of a definition that moves these figures has to be seen."""
    for snapshot in files.load(DATA / "hub_models_2026-05.parquet", as_of=date(2026, 5, 20)):
        archive.add(tmp_path, snapshot)
    entries = archive.entries(tmp_path)
    data = dataset.load(engines.connect(), entries)
    made = flows.build(data, attribute(data))
    found = results.compute(made, METRICS, [entry.manifest for entry in entries])
    rows = definitions(found)
    assert (len(rows), int(rows["leading"].iloc[0])) == (288, 288)
    assert headline(rows)["margin"].iloc[0] == pytest.approx(0.6278 - 0.3640, abs=0.0003)
    assert (rows["margin"].iloc[0], rows["margin"].iloc[-1]) == pytest.approx((0.0968, 0.4809), abs=0.0005)
    table = found.tables["lead-jackknife"]
    row = table[(table["lens"] == "publisher") & (table["basis"] == "all-time")].iloc[0]
    assert (row["organisation"], row["turns"], row["turning"]) == ("Alibaba", True, 1)
    assert row["margin_without"] == pytest.approx(-0.3688, abs=0.0005)
