"""Downloads added up over windows: whatever is added up first, the sums are those of the single flows."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from ibis.backends import BaseBackend
from samples import DAYS, Row, archives, flows_in_windows, make_anew_in_parts

from generator import sums
from generator.attribution import LENSES
from generator.engines import connect, parts, turns
from generator.flows import LONG_AGO, Flows, born
from generator.windows import thresholds_of, windows_of

WINDOW = ["as_of", "window_months", "basis"]
MEASURED = {"": "complete", "new_": "new", "first_year_": "first_year"}


@pytest.fixture(scope="module")
def backend() -> BaseBackend:
    return connect()


def by_window(rows: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Downloads and number of models of every measure, from single flows."""
    keyed = rows.assign(as_of=pd.to_datetime(rows.as_of), window_months=rows.window_months.fillna(0).astype(int))
    measures = {}
    for prefix, which in MEASURED.items():
        chosen = keyed[keyed[which]].groupby(by)
        measures[f"{prefix}downloads"] = chosen.downloads.sum()
        measures[f"{prefix}models"] = chosen.model_id.nunique()
    return pd.DataFrame(measures).fillna(0).astype("int64").sort_index()


def market_of(flows: Flows, by: list[str]) -> pd.DataFrame:
    rows = sums.market(flows).to_pandas()
    rows = rows.assign(as_of=pd.to_datetime(rows.as_of), window_months=rows.window_months.fillna(0).astype(int))
    return rows.groupby(by)[list(sums.MEASURES)].sum().astype("int64").sort_index()


def agree(flows: Flows) -> None:
    single = flows_in_windows(flows)
    pd.testing.assert_frame_equal(market_of(flows, WINDOW), by_window(single, WINDOW), check_names=False)
    for made, which in ((sums.holdings(flows), "complete"), (sums.cohort(flows), "new")):
        rows = made.to_pandas()
        rows = rows.assign(window_months=rows.window_months.fillna(0).astype(int), as_of=pd.to_datetime(rows.as_of))
        lenses = len(LENSES) if "lens" in rows else 1
        chosen = single[single[which]].assign(
            window_months=lambda row: row.window_months.fillna(0).astype(int),
            as_of=lambda row: pd.to_datetime(row.as_of),
        )
        expected = chosen.groupby(WINDOW).downloads.sum() * lenses
        assert rows.groupby(WINDOW).downloads.sum().to_dict() == expected.to_dict()
        counted = chosen.groupby(WINDOW).model_id.nunique() * lenses
        found = rows.groupby(WINDOW).models.sum() if "models" in rows else rows.groupby(WINDOW).model.nunique()
        assert found.to_dict() == counted.to_dict()


def test_the_demo_s_sums_are_those_of_its_flows(demo_flows: Flows) -> None:
    agree(demo_flows)
    owners = demo_flows.attribution.models.to_pandas()
    single = flows_in_windows(demo_flows).merge(owners[["model_id", "origin_country", "publisher_role"]], on="model_id")
    by = [*WINDOW, "origin_country", "publisher_role"]
    pd.testing.assert_frame_equal(market_of(demo_flows, by), by_window(single, by), check_names=False)


@settings(max_examples=12)
@given(archives())
def test_sums_are_those_of_the_flows_whatever_the_archive(
    open_flows: Callable[..., Flows], rows: dict[date, list[Row]]
) -> None:
    agree(open_flows(rows))


def test_series_told_from_the_same_rows_are_those_told_apart(
    demo_flows: Flows, monkeypatch: pytest.MonkeyPatch
) -> None:
    by = [*WINDOW, "publisher_country", "origin_country", "family"]
    at_once = market_of(demo_flows, by), single_flows(demo_flows)
    make_anew_in_parts(demo_flows, ("market", "cells", "cells_of_some", "flows"), 1_000_000, monkeypatch)
    apart = replace(demo_flows, data=replace(demo_flows.data, both_counts=False))
    assert [series for flows in (demo_flows, apart) for _, series in flows.followed(flows.data.numbers)] == [
        ("counters", "30-day", "all-time"),
        ("counters", "all-time"),
        ("30-day",),
    ]
    pd.testing.assert_frame_equal(market_of(apart, by), at_once[0])
    pd.testing.assert_frame_equal(single_flows(apart), at_once[1])


def single_flows(flows: Flows) -> pd.DataFrame:
    return flows.flows.to_pandas().sort_values(["model", "series", "closed"], ignore_index=True)


@given(count=some.integers(1, 3000), rows=some.integers(0, 40_000_000))
def test_turns_hold_each_once_and_are_no_more_than_needed(backend: BaseBackend, count: int, rows: int) -> None:
    several = turns(backend, range(count), rows)
    assert [number for some_of_them in several for number in some_of_them] == list(range(count))
    assert len(several) <= parts(backend, rows)


def test_sums_made_in_parts_are_the_same(demo_flows: Flows, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = {name: getattr(sums, name)(demo_flows) for name in ("cohort", "holdings", "model_sizes", "repacked")}
    summed = {name: _total(name, rows) for name, rows in whole.items()}
    tables = (sums.COHORT, sums.HOLDINGS, sums.SIZES, sums.REPACKED)
    make_anew_in_parts(demo_flows, tables, 10_000, monkeypatch)
    assert {name: _total(name, getattr(sums, name)(demo_flows)) for name in whole} == summed


def test_the_market_made_in_parts_is_the_same(demo_flows: Flows, monkeypatch: pytest.MonkeyPatch) -> None:
    by = [*WINDOW, "publisher_country", "origin_country", "family"]
    whole = market_of(demo_flows, by)
    make_anew_in_parts(demo_flows, ("market", "cells", "cells_of_some"), 1_000, monkeypatch)
    pd.testing.assert_frame_equal(market_of(demo_flows, by), whole)
    cells = [demo_flows.data.backend.table(name).count().execute() for name in ("cells_of_some", "cells")]
    assert cells[0] > cells[1] > len(whole)


def _total(name: str, rows: Any) -> dict[Any, Any]:
    frame = rows.to_pandas()
    by = ["window"]
    if "window" not in frame:
        by, frame["window_months"] = WINDOW, frame.window_months.fillna(0)
    # A size is the downloads of each of its models; what is held or re-packed is those of all of them.
    frame["product"] = frame.downloads * (frame["models"] if name == "model_sizes" else 1)
    return frame.groupby(by)["product"].sum().to_dict()  # type: ignore[no-any-return]


def test_new_models_by_a_trait_add_up_to_the_cohort(demo_flows: Flows) -> None:
    traits = demo_flows.data.models.select("model", trait="library_name")
    keys = [*WINDOW, "trait"]

    def measured(rows: Any, **measures: tuple[str, str]) -> dict[Any, Any]:
        frame = rows.to_pandas()
        frame["window_months"] = frame.window_months.fillna(0)
        frame["trait"] = frame.trait.fillna("")
        return frame.groupby(keys).agg(**measures).to_dict("index")  # type: ignore[no-any-return]

    made = measured(
        sums.cohort_by(demo_flows, "new_by_library", traits),
        downloads=("downloads", "sum"), models=("models", "sum"), largest=("largest", "max"),
    )  # fmt: skip
    assert len({key[-1] for key in made}) > 2
    assert made == measured(
        sums.cohort(demo_flows).inner_join(traits, "model"),
        downloads=("downloads", "sum"), models=("downloads", "size"), largest=("downloads", "max"),
    )  # fmt: skip


@given(days=some.integers(0, 2000))
def test_a_day_of_creation_is_moved_back_to_one_that_every_window_treats_alike(backend: BaseBackend, days: int) -> None:
    created = date(2022, 6, 1) + timedelta(days=days)
    frame = windows_of(DAYS[:16])
    moved = backend.execute(born(_literal(created), frame))
    earlier = [day for day in thresholds_of(frame) if day <= created]
    assert pd.Timestamp(moved).date() == (earlier[-1] if earlier else LONG_AGO)


def _literal(day: date) -> Any:
    import ibis

    return ibis.literal(day)
