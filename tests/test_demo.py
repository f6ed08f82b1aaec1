"""The simulated Hub: sound snapshots, the planted figures, a truth that the snapshots themselves confirm."""

import time
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.errors import ReportError
from generator.snapshot import SCHEMA, Snapshot, clean
from generator.sources.demo import Demo, Truth, snapshots, truth
from generator.sources.demo.plan import FLOOR
from generator.sources.demo.world import simulate

AUGUST = date(2025, 8, 31)


@pytest.fixture(scope="module")
def hub() -> list[Snapshot]:
    return list(snapshots(Demo()))


@pytest.fixture(scope="module")
def facts() -> Truth:
    return truth(Demo())


def frame(snapshot: Snapshot) -> pd.DataFrame:
    columns = ["model_id", "author", "created_at", "downloads_30d", "downloads_all_time", "likes"]
    return snapshot.models.select(columns).to_pandas().set_index("model_id")


def assert_sound(shots: list[Snapshot], faults: pd.DataFrame) -> None:
    """What holds in every demo, whatever its seed and size."""
    fallen = set(faults.loc[faults.fault == "counter fell", "model_id"])
    before: pd.DataFrame | None = None
    for shot in shots:
        assert shot.models.schema == SCHEMA
        ids = shot.models["model_id"].to_pylist()
        assert ids == sorted(set(ids))
        midnight = pd.Timestamp(shot.as_of)
        for name in ("created_at", "last_modified"):
            times = shot.models[name].to_pandas()
            assert times.notna().all() and (times <= midnight).all()
        rows = frame(shot)
        assert (rows[["downloads_30d", "downloads_all_time", "likes"]] >= 0).all(axis=None)
        assert (rows.author == [name.split("/")[0] for name in ids]).all()
        assert all("/simulated-" in name for name in ids)
        if before is not None:
            both = rows.join(before, how="inner", suffixes=("", "_before"))
            fell = both.index[both.downloads_all_time < both.downloads_all_time_before]
            assert set(fell) <= fallen
        before = rows


def test_snapshots_are_sound(hub: list[Snapshot], facts: Truth) -> None:
    assert_sound(hub, facts.faults)


@settings(max_examples=6)
@given(seed=st.integers(0, 2**32), models=st.integers(500, 3000), months=st.integers(6, 36))
def test_any_seed_and_size_is_sound(seed: int, models: int, months: int) -> None:
    wanted = Demo(seed=seed, models=models, months=months)
    shots, found = list(snapshots(wanted)), truth(wanted)
    assert [shot.as_of for shot in shots] == wanted.dates
    assert_sound(shots, found.faults)
    assert len(found.roots) == len(found.roots.model_id.unique())
    sums = found.cohort_share.groupby(["as_of", "lens"]).share.sum()
    assert np.allclose(sums, 1)
    assert (found.first_year_share.downloads >= 0).all()


def test_dates_and_provenance(hub: list[Snapshot]) -> None:
    assert (len(hub), hub[0].as_of, hub[1].as_of, hub[-1].as_of) == (
        36,
        date(2023, 11, 30),
        date(2023, 12, 31),
        date(2026, 10, 31),
    )
    origin = hub[3].provenance
    assert (origin.kind, origin.simulated) == ("demo", True)
    assert origin.retrieved_at == datetime(2024, 2, 29, tzinfo=UTC)
    assert origin.coverage == {"seed": Demo().seed, "hub_total_models": hub[3].models.num_rows}
    assert hub[-1].models.num_rows == 6000 - 3


def test_cleaning_changes_nothing(hub: list[Snapshot], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("generator.snapshot.today", lambda: date(2027, 1, 1))
    usable, skipped = clean(hub[-1].models, hub[-1].as_of, "demo")
    assert skipped == {}
    assert usable.combine_chunks().equals(hub[-1].models.combine_chunks())


def as_bytes(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table.combine_chunks())
    return bytes(sink.getvalue())


def test_the_same_seed_gives_the_same_bytes_and_another_does_not() -> None:
    def last(seed: int) -> bytes:
        simulate.cache_clear()
        return as_bytes(list(snapshots(Demo(seed=seed, models=600)))[-1].models)

    assert last(1) == last(1)
    assert last(1) != last(2)


def test_thirty_six_snapshots_come_quickly() -> None:
    simulate.cache_clear()
    start = time.perf_counter()
    assert sum(shot.models.num_rows for shot in snapshots(Demo())) > 100_000
    assert time.perf_counter() - start < 6


def test_a_month_s_count_is_the_counter_s_growth(hub: list[Snapshot], facts: Truth) -> None:
    odd = set(facts.faults.model_id)
    for earlier, later in pairwise(hub):
        if (later.as_of - earlier.as_of).days == 30:
            both = frame(later).join(frame(earlier), how="inner", suffixes=("", "_before"))
            both = both[~both.index.isin(odd)]
            assert (both.downloads_all_time - both.downloads_all_time_before == both.downloads_30d).all()


def published(facts: Truth, as_of: date) -> pd.Series:
    rows = facts.cohort_share.query("as_of == @as_of and lens == 'publisher'")
    return rows.set_index("country").share


def test_shares_are_near_the_published_ones(facts: Truth) -> None:
    shares = published(facts, AUGUST)
    assert shares["CN"] == pytest.approx(0.171, abs=0.003)
    assert shares["US"] == pytest.approx(0.158, abs=0.003)
    assert 0.4 < shares["unattributed"] < 0.65


def test_china_overtakes_once(facts: Truth) -> None:
    assert facts.overtake_month == date(2025, 7, 31)
    for table in (facts.cohort_share, facts.first_year_share.query("window_months == 12")):
        wide = table.query("lens == 'publisher'").pivot(index="as_of", columns="country", values="share")
        ahead = (wide["CN"] > wide["US"]).to_numpy()
        assert (np.diff(ahead.astype(int)) != 0).sum() == 1
    margin = published(facts, date(2025, 7, 31))
    assert margin["CN"] - margin["US"] > 0.002


def test_the_truth_is_in_the_snapshots(hub: list[Snapshot], facts: Truth) -> None:
    country = facts.developers.set_index("namespace").country
    root = facts.roots.set_index("model_id").root_id.fillna("nobody/none")
    for shot in (hub[0], hub[17], hub[-1]):
        rows = frame(shot)
        rows = rows[rows.created_at.dt.date > shot.as_of - timedelta(days=365)]
        for lens, names in (("publisher", rows.author), ("origin", root[rows.index].str.split("/").str[0])):
            counted = rows.downloads_all_time.groupby(names.map(country).fillna("unattributed").to_numpy()).sum()
            stated = facts.cohort_share
            stated = stated[(stated.as_of == shot.as_of) & (stated.lens == lens)]
            assert counted.to_dict() == stated.set_index("country").downloads.to_dict()


def test_first_year_downloads_agree_with_monthly_differences(hub: list[Snapshot], facts: Truth) -> None:
    country = facts.developers.set_index("namespace").country
    earlier, later = frame(hub[20]), frame(hub[21])
    # Models young enough to stay within their first year until the later date; the others pass it in between.
    rows = later[later.created_at.dt.date > hub[21].as_of - timedelta(days=365)]
    growth = rows.downloads_all_time - earlier.downloads_all_time.reindex(rows.index).fillna(0)
    counted = growth.groupby(rows.author.map(country).fillna("unattributed").to_numpy()).sum()
    stated = facts.first_year_share.query("as_of == @AUGUST and window_months == 1 and lens == 'publisher'")
    stated = stated.set_index("country").downloads
    assert (stated.loc[counted.index] >= counted).all()
    assert counted.sum() == pytest.approx(stated.sum(), rel=0.05)


def test_downloads_are_concentrated(hub: list[Snapshot]) -> None:
    counters = np.sort(hub[-1].models["downloads_all_time"].to_numpy())[::-1]
    assert 0.45 < counters[:200].sum() / counters.sum() < 0.55


def test_qwen_s_share_of_new_derivatives_rises(facts: Truth) -> None:
    def share(month: date) -> float:
        return float(facts.derivative_share.query("as_of == @month and namespace == 'Qwen'").share.sum())

    assert share(date(2024, 1, 31)) < 0.03
    assert 0.2 < share(date(2025, 6, 30)) < 0.45
    assert share(date(2026, 2, 28)) == pytest.approx(0.69, abs=0.03)


def test_derivatives_are_counted_as_in_the_snapshots(hub: list[Snapshot], facts: Truth) -> None:
    rows = hub[-1].models.select(["created_at", "base_models"]).to_pandas()
    new = rows.created_at.dt.strftime("%Y-%m").eq("2026-10") & rows.base_models.notna()
    stated = facts.derivative_share.query("as_of == @hub[-1].as_of").derivatives.sum()
    assert abs(new.sum() - stated) <= 1


def test_release_rhythm(facts: Truth, hub: list[Snapshot]) -> None:
    days = facts.release_days
    gaps = days.groupby("namespace").day.apply(
        lambda own: own.sort_values().astype("datetime64[s]").diff().dt.days.median()
    )
    planted = days.groupby("namespace").cadence_days.first()
    often = days.groupby("namespace").size() >= 6
    assert ((gaps / planted)[often].between(0.85, 1.15)).all()
    country = days.groupby("namespace").country.first()
    assert gaps[country == "CN"].between(6, 15).all()
    assert gaps[country == "US"].between(75, 195).all()
    rows = frame(hub[-1])
    seen = rows[(rows.author == "Qwen")].created_at.dt.date
    assert sorted(seen.unique()) == sorted(days[days.namespace == "Qwen"].day)


def test_lineage(hub: list[Snapshot], facts: Truth) -> None:
    rows = hub[-1].models.select(["model_id", "created_at", "base_models", "base_relation", "tags"]).to_pandas()
    rows = rows.set_index("model_id")
    bases = {name: list(base) for name, base in rows.base_models.dropna().items()}
    roots = facts.roots.set_index("model_id")
    depths = set()
    for name, row in roots.loc[rows.index].iterrows():
        if row.kind == "cycle":
            assert row.root_id is None or pd.isna(row.root_id)
            continue
        at, depth = name, 0
        while at in bases:
            if bases[at][0] in rows.index and row.kind != "missing":
                assert rows.created_at[bases[at][0]] < rows.created_at[at]
            at, depth = bases[at][0], depth + 1
        assert at == row.root_id
        assert (at in rows.index) == (row.kind != "missing")
        depths.add(depth)
    assert depths == {0, 1, 2, 3, 4}
    assert roots.kind.value_counts()[["cycle", "missing"]].to_dict() == {"cycle": 7, "missing": 4}
    assert {len(base) for base in bases.values()} == {1, 2}
    assert set(rows.base_relation.dropna()) == {"finetune", "adapter", "quantized", "merge"}
    for name, base in bases.items():
        tags = set(rows.tags[name])
        for one in base:
            assert {f"base_model:{one}", f"base_model:{rows.base_relation[name]}:{one}"} <= tags


def test_planted_faults(hub: list[Snapshot], facts: Truth) -> None:
    at = {shot.as_of: place for place, shot in enumerate(hub)}
    tables = [frame(shot) for shot in hub]
    counts = facts.faults.fault.value_counts().to_dict()
    assert counts == {"vanished": 3, "counter fell": 1, "renamed": 1, "surge": 1}
    for fault in facts.faults.itertuples():
        now = tables[at[fault.as_of]]
        before = tables[at[fault.as_of] - 1]
        old = before.loc[fault.model_id]
        if fault.fault == "vanished":
            assert fault.model_id not in now.index
        elif fault.fault == "renamed":
            assert fault.model_id not in now.index and fault.other_id not in before.index
            assert now.downloads_all_time[fault.other_id] >= old.downloads_all_time
            assert now.created_at[fault.other_id] == old.created_at
        elif fault.fault == "counter fell":
            assert now.downloads_all_time[fault.model_id] < old.downloads_all_time
        else:
            assert 40 < now.downloads_30d[fault.model_id] / old.downloads_30d < 60


def test_old_models_carry_the_hub_s_floor(hub: list[Snapshot]) -> None:
    rows = frame(hub[0])
    old = rows[rows.created_at == FLOOR]
    assert len(old) == 150
    assert rows.created_at.min() == FLOOR
    assert "google/simulated-bert-110m-0000" in old.index


def test_attributes_vary_and_may_be_unknown(hub: list[Snapshot]) -> None:
    rows = hub[-1].models.to_pandas()
    assert {"text-generation", "text-to-video", "text-to-image"} <= set(rows.pipeline_tag.dropna())
    assert {"no", "auto", "manual"} == set(rows.gated)
    for name in (
        "pipeline_tag",
        "library_name",
        "license",
        "parameters",
        "parameters_by_dtype",
        "base_models",
    ):
        assert 0 < rows[name].isna().mean() < 0.6, name
    repacked = rows[rows.gguf_parameters.notna()]
    assert repacked.parameters.isna().all() and len(repacked) > 100
    assert rows.author.str.startswith("sim-user-").mean() > 0.4


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"models": 10}, "at least 500"),
        ({"months": 2}, "6 months"),
        ({"last": date(2026, 10, 30)}, "not the last day"),
        ({"months": 60}, "fewer months"),
    ],
)
def test_impossible_demos_are_refused(settings: dict[str, object], said: str) -> None:
    with pytest.raises(ReportError, match=said):
        Demo(**settings)  # type: ignore[arg-type]
