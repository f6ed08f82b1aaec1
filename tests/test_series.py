"""The series: its days and gaps, what happens to single models, and how its two ways of counting agree."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any

import duckdb
import ibis
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from markupsafe import Markup
from samples import DATA, make_anew_in_parts, needs_real

from generator import archive, dataset, engines, flows, metrics, results
from generator.attribution import attribute
from generator.charts import render
from generator.charts.concentration import concentration_over_time
from generator.charts.gaps import broken_at_gaps, stretches
from generator.charts.series import agreement, days
from generator.dataset import Dataset
from generator.events import EVENTS
from generator.facts import FactBook
from generator.findings import series as said
from generator.flows import Flows
from generator.metrics import (
    basis_comparison,
    new_model_share_without_surges,
    series_coverage,
    series_days,
    series_event_counts,
    series_events,
)
from generator.results import Results
from generator.sources import counters, files
from generator.sources.demo import Demo, Truth

Rows = Mapping[date, Sequence[Mapping[str, Any]]]
OpenDataset = Callable[[Rows], Dataset]
OpenFlows = Callable[..., Flows]

BORN = datetime(2025, 1, 2, 3, 4, 5)
ENDS = [date(2026, month, 28) for month in range(1, 9)]


def row(model_id: str, counter: int | None, **fields: Any) -> dict[str, Any]:
    return {"model_id": model_id, "downloads_all_time": counter, "created_at": BORN, **fields}


def quiet(number: int) -> list[dict[str, Any]]:
    """Three models that grow as they should, so that snapshots are full and fresh."""
    # Nobody is created in another's second.
    return [
        row(f"quiet/{n}", 5000 + 40 * number, created_at=BORN + timedelta(seconds=10 + n)) for n in range(3)
    ]  # fmt: skip


def series_of(*found: Sequence[Mapping[str, Any]]) -> Rows:
    return {ENDS[number]: [*quiet(number), *rows] for number, rows in enumerate(found)}


def computed(metric: Any, made: Flows) -> pd.DataFrame:
    return results.frame(metric.compute(made))


def events_of(made: Flows, event: str) -> pd.DataFrame:
    frame = computed(series_events, made)
    counts = computed(series_event_counts, made)
    found = frame[frame["event"] == event]
    # What is counted is what is listed, at every date.
    listed = found.groupby("as_of").size().to_dict()
    counted = counts[(counts["event"] == event) & (counts["models"] > 0)].set_index("as_of")["models"].to_dict()
    assert listed == counted
    return found


# --- Days and gaps -----------------------------------------------------------------------------------------


def gaps_between(open_dataset: OpenDataset, dates: Sequence[date]) -> list[tuple[date, date, int]]:
    data = open_dataset({day: [row("a/b", number)] for number, day in enumerate(sorted(dates))})
    found = series_days.gaps(data.snapshots).order_by("day").to_pandas()
    first, last = (pd.to_datetime(found[name]).dt.date for name in ("day", "until"))
    return list(zip(first, last, found["days"], strict=True))


def test_a_daily_series_and_a_monthly_one_have_each_their_own_gaps(open_dataset: OpenDataset) -> None:
    daily = [date(2026, 5, day) for day in (1, 2, 3, 5, 6, 7, 8, 9)]
    monthly = ENDS[5:]
    assert gaps_between(open_dataset, [*daily, *monthly]) == [
        (date(2026, 5, 4), date(2026, 5, 4), 1),
        (date(2026, 5, 10), date(2026, 6, 27), 49),
    ]
    assert gaps_between(open_dataset, ENDS) == []
    assert gaps_between(open_dataset, [date(2026, 1, 7) + timedelta(weeks=week) for week in range(20)]) == []


def test_a_missing_month_is_a_gap_even_among_few(open_dataset: OpenDataset) -> None:
    assert gaps_between(open_dataset, [ENDS[0], ENDS[1], ENDS[3]]) == [(date(2026, 3, 1), date(2026, 4, 27), 58)]
    assert gaps_between(open_dataset, [ENDS[0], ENDS[2]]) == [(date(2026, 1, 29), date(2026, 3, 27), 58)]
    assert gaps_between(open_dataset, [ENDS[0]]) == []


@settings(max_examples=15)
@given(some.sets(some.dates(date(2025, 1, 1), date(2026, 6, 30)), min_size=1, max_size=12))
def test_gaps_and_snapshots_never_share_a_day(dates: set[date]) -> None:
    backend = engines.connect()
    frame = pd.DataFrame({"as_of": sorted(dates)})
    snapshots = backend.create_table("given", ibis.memtable(frame, schema=ibis.schema({"as_of": "date"})))
    covered = set(dates)
    for gap in series_days.gaps(snapshots).to_pandas().itertuples():
        days = {stamp.date() for stamp in pd.date_range(gap.day, gap.until)}
        assert len(days) == gap.days > 0 and not days & covered
        assert min(dates) < min(days) and max(days) < max(dates)
        covered |= days
    months = {(day.year, day.month) for day in pd.date_range(min(dates), max(dates))}
    assert {(day.year, day.month) for day in covered} == months


def test_a_day_on_which_most_counters_fell_has_stepped_back(open_flows: OpenFlows) -> None:
    made = open_flows(
        {
            date(2026, 5, 1): [row(f"a/{n}", 100) for n in range(4)],
            date(2026, 5, 2): [row(f"a/{n}", 99 if n else 200) for n in range(4)],
            date(2026, 5, 3): [row(f"a/{n}", 98 if n > 1 else 300) for n in range(4)],
        }
    )
    found = computed(series_days, made).set_index("day")
    assert found["stepped_back"].tolist() == [False, True, False]
    assert found["fallen"].tolist() == [0, 3, 2] and found["compared"].tolist() == [0, 4, 4]
    (covered,) = computed(series_coverage, made).to_dict("records")
    assert (covered["snapshots"], covered["stepped_back"], covered["gaps"], covered["months"]) == (3, 1, 0, 1)


# --- Events ------------------------------------------------------------------------------------------------


def test_a_model_that_goes_and_comes_back(open_flows: OpenFlows) -> None:
    made = open_flows(series_of([row("a/b", 10)], [row("a/b", 30)], [], [], [row("a/b", 90)], []))
    gone, back = events_of(made, "vanished"), events_of(made, "returned")
    assert gone[["as_of", "model_id", "counter_before"]].values.tolist() == [
        [ENDS[2], "a/b", 30],
        [ENDS[5], "a/b", 90],
    ]
    assert gone["counter"].isna().all() and gone["downloads"].isna().all() and gone["other_model"].isna().all()
    assert back[["as_of", "counter_before", "counter", "downloads"]].values.tolist() == [[ENDS[4], 30, 90, 60]]


RENAMED = [row("a/old", 4000)], [row("b/new", 4200)]


def test_a_model_that_goes_on_under_another_name(open_flows: OpenFlows) -> None:
    made = open_flows(series_of([row("a/old", 3000)], *RENAMED, [row("b/new", 4300)]))
    found = events_of(made, "likely-renamed")
    assert found[["as_of", "model_id", "other_model", "counter_before", "counter", "downloads"]].values.tolist() == [
        [ENDS[2], "a/old", "b/new", 4000, 4200, 200]
    ]
    assert events_of(made, "vanished").empty


@pytest.mark.parametrize(
    "after",
    {
        "another second": [row("b/new", 4200, created_at=BORN + timedelta(seconds=1))],
        "a counter below": [row("b/new", 3999)],
        "a counter far above": [row("b/new", 8001)],
        "no counter": [row("b/new", None)],
        "two that fit": [row("b/new", 4200), row("c/new", 4300)],
        "the old one still there": [row("a/old", 4001), row("b/new", 4200)],
        "no known creation": [row("b/new", 4200, created_at=None)],
    }.values(),
)
def test_what_is_not_sure_is_no_renaming(open_flows: OpenFlows, after: list[dict[str, Any]]) -> None:
    made = open_flows(series_of([row("a/old", 4000)], after))
    assert events_of(made, "likely-renamed").empty
    assert len(events_of(made, "vanished")) == (0 if any(item["model_id"] == "a/old" for item in after) else 1)


def test_the_floor_of_creation_dates_tells_no_renaming(open_flows: OpenFlows) -> None:
    """Thousands of old repositories carry the same second."""
    floor = datetime(2022, 3, 2, 23, 29, 4)
    made = open_flows(series_of([row("a/old", 4000, created_at=floor)], [row("b/new", 4200, created_at=floor)]))
    assert events_of(made, "likely-renamed").empty and len(events_of(made, "vanished")) == 1


def test_a_model_that_comes_back_was_not_renamed(open_flows: OpenFlows) -> None:
    made = open_flows(series_of(*RENAMED, [row("a/old", 4100), row("b/new", 4300)]))
    assert events_of(made, "likely-renamed").empty
    assert len(events_of(made, "vanished")) == len(events_of(made, "returned")) == 1


def test_a_counter_that_falls_and_one_that_stands_still(open_flows: OpenFlows) -> None:
    made = open_flows(
        series_of(
            [row("a/fell", 500), row("a/still", 1000), row("a/small", 999)],
            [row("a/fell", 200), row("a/still", 1000), row("a/small", 999)],
            [row("a/fell", 200), row("a/still", 1001), row("a/small", 999)],
        )
    )
    fell, still = events_of(made, "counter-reset"), events_of(made, "standing-still")
    assert fell[["as_of", "model_id", "counter_before", "counter", "downloads"]].values.tolist() == [
        [ENDS[1], "a/fell", 500, 200, -300]
    ]
    assert still[["as_of", "model_id"]].values.tolist() == [[ENDS[1], "a/still"]]


def surging(*growth: int) -> list[list[dict[str, Any]]]:
    counter, found = 0, []
    for grown in growth:
        counter += grown
        found.append([row("qwen/up", counter, created_at=datetime(2025, 12, 29))])
    return found


def test_a_surge_is_told_by_the_model_s_own_past(open_flows: OpenFlows) -> None:
    # 30, 31, 28, 31 days: 10 a day, 10 a day, then 600 a day is sixty times as much.
    made = open_flows(series_of(*surging(300, 310, 28 * 600, 310)))
    found = events_of(made, "surge")
    assert found[["as_of", "model_id", "downloads"]].values.tolist() == [[ENDS[2], "qwen/up", 28 * 600]]
    assert found["times_usual"].tolist() == pytest.approx([60])


def test_surges_are_the_same_whichever_models_are_gone_through_at_a_time(
    open_flows: OpenFlows, monkeypatch: pytest.MonkeyPatch
) -> None:
    growth = {"a/first": (300, 310, 28 * 600), "b/steady": (300, 310, 28 * 10), "c/last": (30, 31, 28 * 90)}
    counters = {name: list(accumulate(grown)) for name, grown in growth.items()}
    archive = series_of(
        *([row(name, found[place], created_at=datetime(2025, 12, 29)) for name, found in counters.items()]
          for place in range(3))
    )  # fmt: skip
    for rows_at_a_time in (1000, 1):
        monkeypatch.setattr("generator.engines.PART_ROWS", rows_at_a_time)
        assert sorted(events_of(open_flows(archive), "surge").model_id) == ["a/first", "c/last"]


@pytest.mark.parametrize(
    ("growth", "surges"),
    [
        ((300, 28 * 600), 0),  # one earlier flow is no past
        ((300, 310, 28 * 499), 0),  # just below
        ((300, 310, 28 * 500), 1),  # fifty times
        ((0, 0, 28 * 49), 0),  # a median of nothing counts as one a day
        ((0, 0, 28 * 50), 1),
        ((300, -200, 28 * 600), 1),  # a fall is a flow as well; the median of 10 and -6.5 is 1.8
    ],
)
def test_the_measure_of_a_surge(open_flows: OpenFlows, growth: tuple[int, ...], surges: int) -> None:
    assert len(events_of(open_flows(series_of(*surging(*growth))), "surge")) == surges


def test_every_kind_of_event_is_counted_at_every_date(open_flows: OpenFlows) -> None:
    counts = computed(series_event_counts, open_flows(series_of([], [])))
    assert counts[["as_of", "event"]].values.tolist() == [[day, event] for day in ENDS[:2] for event in sorted(EVENTS)]
    assert (counts[["models", "counter_before", "downloads"]] == 0).all().all()


def test_one_report_date_has_no_events(open_flows: OpenFlows) -> None:
    made = open_flows({ENDS[0]: [row("a/b", None), row("a/c", 0)]})
    assert computed(series_events, made).empty
    assert computed(basis_comparison, made).empty
    assert computed(new_model_share_without_surges, made).query("surging_models > 0").empty
    assert computed(series_coverage, made).months_missing.tolist() == [0]


def test_the_planted_faults_are_found(demo_flows: Flows, demo_truth: Truth, demo: Demo) -> None:
    """The demo plants a surge, a fall, a renaming and models that vanish, and says which."""
    faults = demo_truth.faults
    planted = {kind: faults[faults["fault"] == kind] for kind in faults["fault"].unique()}
    renamed = events_of(demo_flows, "likely-renamed")
    assert renamed["model_id"].tolist() == planted["renamed"]["model_id"].tolist()
    assert renamed["other_model"].tolist() == [f"{name}-renamed" for name in renamed["model_id"]]
    gone = events_of(demo_flows, "vanished")
    assert set(zip(gone["as_of"], gone["model_id"], strict=True)) == {
        (pd.Timestamp(fault.as_of).date(), fault.model_id) for fault in planted["vanished"].itertuples()
    }


# --- With and without surges -------------------------------------------------------------------------------


def test_shares_without_surges(open_flows: OpenFlows, organisation: Callable[..., Any]) -> None:
    shown = series_of(*surging(300, 310, 28 * 600, 310))
    steady = [row("google/g", 1000 * (n + 1), created_at=datetime(2025, 12, 29)) for n in range(4)]
    made = open_flows(
        {day: [*rows, one] for (day, rows), one in zip(shown.items(), steady, strict=True)},
        (organisation("qwen", "CN"), organisation("google", "US")),
    )
    table = computed(new_model_share_without_surges, made)
    cohort = table[(table["reading"] == "cohort") & (table["lens"] == "publisher") & (table["window_months"] == 12)]
    for day, surged in zip(ENDS[:4], (0, 0, 1, 1), strict=True):
        rows = cohort[cohort["as_of"] == day].set_index("country")
        china, states = rows.loc["CN"], rows.loc["US"]
        assert china["surging_models"] == surged and states["surging_models"] == 0
        assert rows["share"].sum() == pytest.approx(1) == rows["share_without"].sum()
        if surged:
            assert china["share_without"] == 0 < china["share"]
            assert china["surging_downloads"] == china["downloads"]
        assert china["change"] == pytest.approx(china["share_without"] - china["share"])


# --- Two ways of counting ----------------------------------------------------------------------------------


def compared(open_flows: OpenFlows, days: int, *models: tuple[int, int, int | None]) -> pd.DataFrame:
    """One comparison of models by their counter at either end and their 30-day count."""
    last = date(2026, 3, 31)
    first = last - timedelta(days=days)
    return computed(
        basis_comparison,
        open_flows(
            {
                first: [row(f"a/{n}", before) for n, (before, _, _) in enumerate(models)],
                last: [row(f"a/{n}", after, downloads_30d=month) for n, (_, after, month) in enumerate(models)],
            }
        ),
    )


def test_the_two_bases_by_the_day(open_flows: OpenFlows) -> None:
    (found,) = compared(open_flows, 20, (0, 2000, 3000), (0, 4000, 3000), (100, 90, 5), (0, 50, None)).to_dict(
        "records"
    )
    assert (found["days"], found["models"], found["models_compared"]) == (20, 3, 2)
    assert found["counters_per_day"] == pytest.approx((2000 + 4000 - 10) / 20)
    assert found["thirty_day_per_day"] == pytest.approx(6005 / 30)
    assert found["ratio"] == pytest.approx(6005 / 30 / (5990 / 20))
    assert [found[name] for name in ("p05", "p50", "p95")] == pytest.approx([0.525, 0.75, 0.975])
    assert (found["within_tenth_share"], found["twofold_share"]) == (0.5, 0)


@pytest.mark.parametrize("days", [13, 36])
def test_counters_too_near_or_too_far_are_not_compared(open_flows: OpenFlows, days: int) -> None:
    assert compared(open_flows, days, (0, 2000, 3000)).empty


def test_counters_that_do_not_grow_give_no_ratio(open_flows: OpenFlows) -> None:
    (found,) = compared(open_flows, 30, (100, 100, 500), (101, 100, 1)).to_dict("records")
    assert pd.isna(found["ratio"]) and pd.isna(found["p50"]) and pd.isna(found["within_tenth_share"])
    assert (found["models"], found["models_compared"]) == (2, 0)


def test_the_demo_counts_the_same_both_ways(demo_results: Results) -> None:
    table = demo_results.tables["basis-comparison"]
    months, years = table[table["window_months"] == 1], table[table["window_months"] == 12]
    assert len(months) == len(demo_results.report_dates) - 1 and len(years) > 0
    assert months["ratio"].between(0.9, 1.1).all() and years["ratio"].between(0.9, 1.1).all()
    assert (months[["p05", "p25", "p50", "p75", "p95"]].diff(axis=1).iloc[:, 1:] >= 0).all().all()


def test_counts_compared_in_parts_are_those_compared_at_once(
    demo_flows: Flows, demo_results: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_anew_in_parts(demo_flows, ("counts_compared", "months_compared"), 10_000, monkeypatch)
    pd.testing.assert_frame_equal(computed(basis_comparison, demo_flows), demo_results.tables["basis-comparison"])
    assert len(engines.turns(demo_flows.data.backend, demo_flows.data.numbers, demo_flows.data.rows)) > 1


def test_every_new_metric_compiles_for_spark(demo_flows: Flows) -> None:
    pytest.importorskip("ibis.backends.pyspark", reason="needs pyspark, from the extra [spark]")
    for metric in (basis_comparison, new_model_share_without_surges, series_coverage, series_days, series_events):
        assert "SELECT" in str(ibis.to_sql(metric.compute(demo_flows).unbind(), dialect="pyspark"))


# --- Sentences ---------------------------------------------------------------------------------------------


def told(made: Flows) -> dict[str, tuple[str, str]]:
    names = [name for name in metrics.discover() if name.startswith(("series", "basis", "new-model"))]
    chosen = {name: metrics.discover()[name] for name in names}
    manifest = archive.Manifest.model_validate(
        {
            "schema_version": 2, "generator_version": "0", "as_of": ENDS[0], "kind": "file", "detail": "x",
            "simulated": False, "rows": 1, "retrieved_at": BORN, "bytes": 1, "sha256": "", "coverage": {},
            "skipped": {},
        }
    )  # fmt: skip
    book = FactBook(results.compute(made, chosen, [manifest]))
    found = [said.report_dates, said.snapshots, said.out_of_step, said.events, said.surges, said.agreement]
    return {item.id: (item.condition, str(Markup(item.text).striptags())) for f in found if (item := f(book))}


def test_the_sentences_of_a_sound_series(open_flows: OpenFlows) -> None:
    heard = told(open_flows(series_of([row("a/b", 1)], [row("a/b", 2)], [row("a/b", 3)])))
    assert {name: condition for name, (condition, _) in heard.items()} == {
        "report-dates": "whole", "snapshots": "sound", "series-events": "none", "surges": "no-data",
        "agreement": "no-data",
    }  # fmt: skip
    assert heard["report-dates"][1].endswith("3 report dates from 28 January 2026 to 28 March 2026, one in each month.")


def test_no_event_at_the_newest_date_says_nothing_of_those_before(open_flows: OpenFlows) -> None:
    heard = told(open_flows(series_of([row("a/b", 1), row("c/d", 5)], [row("a/b", 2)], [row("a/b", 3)])))
    assert heard["series-events"] == (
        "none",
        "From 28 February 2026 to 28 March 2026 nothing out of the ordinary happened to any model.",
    )


def test_the_sentences_of_a_faulty_series(open_flows: OpenFlows) -> None:
    shown = {**series_of(*surging(300, 310, 28 * 600)), ENDS[5]: [*quiet(5), row("quiet/3", 1)]}
    heard = told(open_flows(shown))
    assert heard["report-dates"][0] == "months-missing"
    assert "none in 2 of the 6 months" in heard["report-dates"][1]
    assert heard["snapshots"] == (
        "faults",
        "Of 4 snapshots 0 repeat the one before, 0 hold far fewer models than their neighbours, and in 0 most counters "
        "fell; 1 gaps leave out 91 days.",
    )
    assert heard["series-events"][0] == "some" and ", 1 are not there on 28 June 2026" in heard["series-events"][1]


def test_the_sentence_of_one_date(open_flows: OpenFlows) -> None:
    heard = told(open_flows({ENDS[0]: [row("a/b", 1)]}))
    assert (heard["report-dates"][0], heard["series-events"][0]) == ("one-date", "one-date")


# --- Charts ------------------------------------------------------------------------------------------------


def test_lines_break_where_a_month_is_missing() -> None:
    rows = [
        {"as_of": day, "share": 0.1, "name": name}
        for name in "ab"
        for day in ("2026-01-31", "2026-02-28", "2026-05-31")
        if (name, day) != ("b", "2026-01-31")
    ]
    unit = {"mark": "line", "encoding": {"x": {"field": "as_of", "type": "temporal"}, "color": {"field": "name"}}}
    given_chart = {"datasets": {"d": rows}, "layer": [{"data": {"name": "d"}, **unit}]}
    found = broken_at_gaps(given_chart)
    (line,) = found["layer"]
    field = line["encoding"]["detail"][0]["field"]
    assert [row[field] for row in found["datasets"]["d"]] == [0, 0, 1, 0, 1]
    assert line["mark"]["point"]


def test_a_chart_of_the_report_breaks_where_the_archive_does(tmp_path: Path) -> None:
    """All the way to the drawing: two pieces of a line instead of one, and the lone date as a point."""
    months = [day for day in ENDS if day.month not in (3, 5)]
    table = pd.DataFrame({"as_of": months, "effective_number": range(len(months)), "hhi": 0.5})
    whole = pd.DataFrame({"as_of": ENDS, "effective_number": range(len(ENDS)), "hhi": 0.5})
    lines = [
        str(render(concentration_over_time(rows, "effective"), tmp_path).wide).split("mark-line")[1:]
        for rows in (whole, table)
    ]
    assert [len(pieces) for pieces in lines] == [1, 3]


def test_a_chart_without_gaps_is_left_alone() -> None:
    rows = [{"as_of": f"2026-0{month}-28"} for month in range(1, 9)]
    chart = {"datasets": {"d": rows}, "data": {"name": "d"}, "mark": {"type": "area"},
             "encoding": {"x": {"field": "as_of", "type": "temporal"}}}  # fmt: skip
    before = repr(chart)
    assert repr(broken_at_gaps(chart)) == before


@given(some.lists(some.tuples(some.dates(date(2024, 1, 1), date(2026, 1, 1)), some.sampled_from("abc")), max_size=30))
def test_a_stretch_holds_no_missing_month(points: list[tuple[date, str]]) -> None:
    found = stretches([day for day, _ in points], [name for _, name in points])
    by_stretch: dict[tuple[str, int], set[int]] = {}
    for (day, name), number in zip(points, found, strict=True):
        by_stretch.setdefault((name, number), set()).add(day.year * 12 + day.month)
    for months in by_stretch.values():
        assert months == set(range(min(months), max(months) + 1))


def test_the_charts_say_what_they_show(demo_results: Results) -> None:
    calendar = days(demo_results.tables["series-days"], "days")
    assert f"report date {len(demo_results.report_dates)}" in calendar.description
    assert len(calendar.table) == len(demo_results.tables["series-days"])
    table = demo_results.tables["basis-comparison"]
    ratio = agreement(table[table["window_months"] == 1], "agreement")
    assert "median" in ratio.description and len(ratio.table) == len(demo_results.report_dates) - 1


# --- The real series ---------------------------------------------------------------------------------------

MODELS = DATA / "hub_models_2026-05.parquet"
SERIES = DATA / "all_time_downloads_2026-05_2026-07.parquet"
MAY, JUNE, JULY = date(2026, 5, 20), date(2026, 6, 16), date(2026, 7, 16)
real_data = needs_real(MODELS.name, SERIES.name)


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Flows:
    folder = tmp_path_factory.mktemp("real")
    for snapshot in files.load(MODELS, as_of=MAY):
        archive.add(folder, snapshot)
    for snapshot in counters.load(SERIES, without={MAY}):
        archive.add(folder, snapshot)
    data = dataset.load(engines.connect(), archive.entries(folder))
    return flows.build(data, attribute(data))


@pytest.fixture(scope="module")
def raw() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(
            f"""
            create view every as
            select snapshot::date as day, model_id, downloads_all_time as n from read_parquet('{SERIES}')
            where snapshot::date <> date '{MAY}'
            union all select date '{MAY}', id, downloadsAllTime from read_parquet('{MODELS}')
            """
        )
        yield connection


@real_data
def test_the_faults_of_the_real_days_are_recognised(real: Flows) -> None:
    found = computed(series_days, real)
    named = {name: [str(day) for day in found.loc[found[name].eq(True), "day"]] for name in ("stale", "stepped_back")}
    assert named == {
        "stale": ["2026-05-04", "2026-05-28", "2026-05-29", "2026-06-05", "2026-06-17", "2026-07-01"],
        # The export of 20 May carries the counters of 24 May, so those of 21 May are lower.
        "stepped_back": ["2026-05-21"],
    }
    gaps = found[found["kind"] == "gap"]
    assert [(str(gap.day), str(gap.until), gap.days) for gap in gaps.itertuples()] == [
        ("2026-05-08", "2026-05-08", 1),
        ("2026-05-12", "2026-05-13", 2),
        ("2026-05-17", "2026-05-19", 3),
        ("2026-05-25", "2026-05-27", 3),
        ("2026-05-30", "2026-06-04", 6),
        ("2026-06-06", "2026-06-14", 9),
        ("2026-06-18", "2026-06-30", 13),
        ("2026-07-13", "2026-07-15", 3),
    ]
    (covered,) = computed(series_coverage, real).to_dict("records")
    counted = ("snapshots", "report_dates", "stale", "partial", "stepped_back", "gaps", "gap_days", "months_missing")
    assert [covered[name] for name in counted] == [35, 3, 6, 17, 1, 8, 40, 0]


@real_data
def test_the_real_models_that_vanished_are_listed(real: Flows, raw: duckdb.DuckDBPyConnection) -> None:
    counts = computed(series_event_counts, real).pivot(index="as_of", columns="event", values="models")
    assert counts.loc[JUNE].to_dict() == {
        "counter-reset": 51, "likely-renamed": 0, "returned": 0, "standing-still": 8, "surge": 0, "vanished": 143,
    }  # fmt: skip
    assert counts.loc[JULY].to_dict() == {
        "counter-reset": 1, "likely-renamed": 0, "returned": 6, "standing-still": 0, "surge": 0, "vanished": 105,
    }  # fmt: skip
    listed = computed(series_events, real)
    for before, day in ((MAY, JUNE), (JUNE, JULY)):
        expected = raw.execute(
            f"""
            select model_id, n from every where day = date '{before}'
            and model_id not in (select model_id from every where day = date '{day}')
            order by n desc nulls last, model_id
            """
        ).fetchall()
        rows = listed[(listed["as_of"] == day) & (listed["event"] == "vanished")]
        assert [
            (name, None if pd.isna(n) else n) for name, n in rows[["model_id", "counter_before"]].values
        ] == expected


@real_data
def test_the_real_thirty_day_counts_show_the_export_s_date(real: Flows) -> None:
    """The counters of 20 May are those of 24 May: 17 days by the calendar are 21, and 17/21 is 0.81."""
    (found,) = computed(basis_comparison, real).to_dict("records")
    assert (found["as_of"], found["window_start"], found["days"], found["models"]) == (MAY, date(2026, 5, 3), 17, 296)
    assert found["ratio"] == pytest.approx(0.8067, abs=0.0001) and found["p50"] == pytest.approx(0.8128, abs=0.0001)


@real_data
def test_the_export_of_may_carries_later_counters(raw: duckdb.DuckDBPyConnection) -> None:
    found = raw.execute(
        f"""
        select count(*), count(*) filter (where later.n = export.n)
        from (from every where day = date '{MAY}') as export
        join (from every where day = date '2026-05-24') as later using (model_id)
        """
    ).fetchone()
    assert found == (289, 289)
