"""The metrics: what each promises, and on the simulated Hub the planted truth and plain recomputations."""

import pkgutil
from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from generator import metrics, results
from generator.flows import Flows
from generator.metric import COLUMNS
from generator.results import Results
from generator.snapshot import Snapshot
from generator.sources.demo import Truth

METRICS = metrics.discover()
OWN_KEYS = (
    *("level", "origin_country", "model_id", "specification", "trait", "value", "year", "modality", "task"),
    *(
        "size_class",
        "relation",
        "depth",
        "month",
        "root_id",
        "lab",
        "release",
        "weights",
        "day",
        "reference_age",
        "event",
    ),
    *(
        "source",
        "judge",
        "other_judge",
        "model",
        "topic",
        "about",
        "against",
        "language",
        "against_language",
        "measure",
    ),
)
"""Columns that tell the rows of one metric apart, beside the columns that all metrics share."""

EVERY = pytest.mark.parametrize("name", list(METRICS))

ONE_MONTH_BOUND, TWELVE_MONTH_BOUND = 0.005, 0.001
"""How far a first-year share may lie from the truth.

The flow in which a model turns one is counted whole or not at all, by its middle, so at most 16 days of a
model's downloads are on the wrong side. In a single month such models hold a small part of the downloads;
over twelve months what one month gains the next one loses.
"""


def table(results: Results, name: str, **chosen: object) -> pd.DataFrame:
    rows = results.tables[name]
    for column, value in chosen.items():
        rows = rows[rows[column].isna() if value is None else rows[column] == value]
    assert len(rows) > 0, f"{name} has no row where {chosen}"
    return rows


# What every metric promises


def test_an_id_is_its_file_s_name() -> None:
    assert list(METRICS) == [module.name.replace("_", "-") for module in pkgutil.iter_modules(metrics.__path__)]
    assert all(name == metric.id for name, metric in METRICS.items())


@EVERY
def test_a_metric_says_what_it_is(name: str) -> None:
    metric = METRICS[name]
    for said in (
        metric.title,
        metric.question,
        metric.definition,
        metric.unit,
        metric.source,
        *metric.caveats,
    ):
        assert said.strip() == said != ""
    assert metric.caveats and metric.question.endswith("?")
    assert len(set(metric.columns)) == len(metric.columns)
    assert all(metric.describe(column) for column in metric.columns)
    own = [column for column, _ in metric.own_columns]
    assert set(own) <= set(metric.columns), "a described column that the table does not have"
    assert len(set(own)) == len(own)


@EVERY
def test_the_promised_columns_are_computed(demo_results: Results, name: str) -> None:
    rows = demo_results.tables[name]
    assert tuple(rows.columns) == METRICS[name].columns
    assert len(rows) > 0
    if "as_of" in rows:
        assert all(isinstance(day, date) for day in rows.as_of)
        assert rows.as_of.is_monotonic_increasing
        assert set(rows.as_of) <= set(demo_results.report_dates)
    keys = [
        column
        for column in rows
        if column in COLUMNS and column not in ("rank", "downloads", "models", "share", "lower", "upper")
    ]
    if name != "overtake":
        keys += [column for column in OWN_KEYS if column in rows]
        assert not rows.duplicated(keys).any()
    for column in {"share", "hhi", "gini"} & set(rows):
        assert rows[column].dropna().between(0, 1).all()


# Against the planted truth


def gone_from_cohort(snapshots: list[Snapshot], facts: Truth) -> pd.DataFrame:
    """The last counters of the models that have vanished or were renamed while they were new.

    Returns:
        as_of, publisher, origin (countries) and downloads.
    """
    country = facts.developers.set_index("namespace").country
    root = facts.roots.set_index("model_id").root_id
    gone = facts.faults[facts.faults.fault.isin(["vanished", "renamed"])]
    rows = []
    for fault in gone.itertuples():
        before = [shot for shot in snapshots if shot.as_of < fault.as_of][-1]
        models = before.models.select(["model_id", "created_at", "downloads_all_time"]).to_pandas()
        last = models.set_index("model_id").loc[fault.model_id]
        for shot in snapshots:
            if shot.as_of >= fault.as_of and (shot.as_of - last.created_at.date()).days < 365:
                rows.append(
                    (
                        shot.as_of,
                        country.get(fault.model_id.split("/")[0], "unattributed"),
                        country.get(root[fault.model_id].split("/")[0], "unattributed"),
                        last.downloads_all_time,
                    )
                )
    return pd.DataFrame(rows, columns=["as_of", "publisher", "origin", "downloads"])


@pytest.mark.parametrize("lens", ["publisher", "origin"])
def test_cohort_downloads_are_the_planted_ones_to_the_last(
    demo_results: Results, demo_truth: Truth, demo_snapshots: list[Snapshot], lens: str
) -> None:
    """Under both lenses exactly, once the models that are gone are added to what the truth counts.

    The truth counts the models of a snapshot; the metric keeps what a new model had before it went.
    The origin too is exact: the demo's merges have parents of one developer only, a cycle's and a nameless
    re-packager's models keep their publisher in both.
    """
    found = table(demo_results, "new-model-share-by-country", reading="cohort", lens=lens, basis="counter-difference")
    found = found[found.window_months == 12].set_index(["as_of", "country"])
    stated = demo_truth.cohort_share[demo_truth.cohort_share.lens == lens].set_index(["as_of", "country"])
    gone = gone_from_cohort(demo_snapshots, demo_truth).groupby(["as_of", lens]).downloads.sum()
    assert len(gone) >= 10, "the demo lost no new model, so that this says nothing about them"
    gone.index.names = ["as_of", "country"]
    expected = stated.downloads.add(gone, fill_value=0).astype("int64").sort_index()
    pd.testing.assert_series_equal(found.downloads.sort_index(), expected, check_dtype=False)
    shares = expected / expected.groupby("as_of").transform("sum")
    pd.testing.assert_series_equal(found.share.sort_index(), shares, check_names=False, rtol=0, atol=1e-9)
    # And so the published truth itself is met exactly where nothing is gone, and nearly where something is.
    apart = (found.share - stated.share).abs()
    whole = ~apart.index.get_level_values("as_of").isin(gone.index.get_level_values("as_of"))
    assert whole.sum() > 100 and apart[whole].max() < 1e-9
    assert apart.max() < 0.002


@pytest.mark.parametrize(("months", "bound"), [(1, ONE_MONTH_BOUND), (12, TWELVE_MONTH_BOUND)])
@pytest.mark.parametrize("lens", ["publisher", "origin"])
def test_first_year_shares_are_near_the_planted_ones(
    demo_results: Results, demo_truth: Truth, lens: str, months: int, bound: float
) -> None:
    found = table(
        demo_results,
        "new-model-share-by-country",
        reading="first-year",
        lens=lens,
        basis="counter-difference",
        window_months=months,
    ).set_index(["as_of", "country"])
    stated = demo_truth.first_year_share.query("lens == @lens and window_months == @months")
    stated = stated.set_index(["as_of", "country"])
    dates = set(found.index.get_level_values("as_of"))
    assert dates == set(demo_results.report_dates[months if months == 12 else 1 :])
    both = found.share.to_frame().join(stated.share, how="outer", suffixes=("_found", "_stated")).fillna(0)
    both = both[both.index.get_level_values("as_of").isin(dates)]
    assert (both.share_found - both.share_stated).abs().max() < bound
    # The bound has to mean something: the shares themselves move by far more.
    assert both.share_stated.groupby("country").agg(np.ptp).max() > 20 * bound


def test_the_overtake_is_in_the_planted_month(demo_results: Results, demo_truth: Truth) -> None:
    rows = table(
        demo_results,
        "overtake",
        reading="cohort",
        lens="publisher",
        basis="counter-difference",
        window_months=12,
    ).set_index("as_of")
    month = demo_truth.overtake_month
    assert month is not None
    last = rows.iloc[-1]
    assert (last.since, last.leads, last.since_start) == (month, True, False)
    assert last.months_held == sum(day >= month for day in demo_results.report_dates)
    before = rows[rows.index < month]
    assert len(before) == 2 and not before.leads.any() and before.since_start.all()
    assert before.months_held.tolist() == [1, 2]
    shares = table(
        demo_results,
        "new-model-share-by-country",
        reading="cohort",
        lens="publisher",
        basis="counter-difference",
        window_months=12,
    ).pivot(index="as_of", columns="country", values="share")
    np.testing.assert_allclose(rows.margin, shares["CN"] - shares["US"], atol=1e-9)
    np.testing.assert_allclose(rows.upper - rows.margin, shares["unattributed"], atol=1e-9)
    np.testing.assert_allclose(rows.margin - rows.lower, shares["unattributed"], atol=1e-9)


def test_planted_faults_show_in_the_quality_of_the_series(demo_results: Results, demo_truth: Truth) -> None:
    rows = table(demo_results, "series-quality").set_index("as_of")
    faults = demo_truth.faults
    gone = faults[faults.fault.isin(["vanished", "renamed"])].groupby("as_of").size()
    vanished = rows.vanished_after.shift(1, fill_value=0)
    assert vanished[vanished > 0].to_dict() == gone.to_dict()
    fallen = faults[faults.fault == "counter fell"]
    assert rows.index[rows.fallen > 0].tolist() == fallen.as_of.tolist()
    assert -fallen.amount.sum() < rows.fallen_downloads.sum() < 0
    # A renamed model comes back under another id as one that is older than the snapshot before.
    assert rows.index[rows.appeared_older > 0].tolist() == faults[faults.fault == "renamed"].as_of.tolist()
    assert (rows.with_counter == rows.models).all() and (rows.with_creation_date == rows.models - 50).all()


# Against plain recomputations


def recomputed(flows: Flows, lens: str, as_of: date) -> pd.DataFrame:
    """Downloads by model in the month up to a date, with its owner, from the observations alone."""
    seen = flows.data.named(flows.data.observations).to_pandas()
    seen["as_of"] = pd.to_datetime(seen.as_of)
    dates = sorted(seen.as_of.unique())
    at = dates.index(pd.Timestamp(as_of))
    counters = seen.pivot(index="model_id", columns="as_of", values="downloads_all_time")
    now, before = counters[dates[at]], counters[dates[at - 1]]
    owners = flows.attribution.models.to_pandas().set_index("model_id")
    born = pd.to_datetime(owners.created_on)
    opening = before.where(before.notna(), 0.0).where(before.notna() | (born >= dates[at - 1]))
    grown = (now - opening).dropna().astype("int64")
    return pd.DataFrame(
        {
            "downloads": grown,
            "organisation": owners[f"{lens}_organisation"].reindex(grown.index),
            "country": owners[f"{lens}_country"].reindex(grown.index),
            "sector": owners[f"{lens}_sector"].reindex(grown.index),
        }
    )


CASES = pytest.mark.parametrize(
    ("lens", "as_of"),
    [("publisher", date(2026, 2, 28)), ("origin", date(2026, 5, 31)), ("origin", date(2026, 10, 31))],
)
MONTH = {"basis": "counter-difference", "window_months": 1}


@CASES
def test_top_developers(demo_results: Results, demo_flows: Flows, lens: str, as_of: date) -> None:
    def ranking(day: date) -> pd.DataFrame:
        sums = recomputed(demo_flows, lens, day).groupby("organisation").downloads.agg(["sum", "size"])
        sums = sums.reset_index().sort_values(["sum", "organisation"], ascending=[False, True])
        sums["rank"] = range(1, len(sums) + 1)
        return sums.set_index("organisation").assign(share=sums.set_index("organisation")["sum"] / sums["sum"].sum())

    found = table(demo_results, "top-developers", lens=lens, as_of=as_of, **MONTH)
    expected = ranking(as_of).head(50)
    assert found.organisation.tolist() == expected.index.tolist()
    assert found["rank"].tolist() == list(range(1, 51))
    assert found.downloads.tolist() == expected["sum"].tolist()
    assert found.models.tolist() == expected["size"].tolist()
    np.testing.assert_allclose(found.share, expected.share, atol=1e-9)
    before = ranking(max(day for day in demo_results.report_dates if day < as_of)).reindex(expected.index)
    np.testing.assert_allclose(found.previous_share.astype(float), before.share, atol=1e-9)
    np.testing.assert_allclose(
        found.rank_change.astype("Float64").to_numpy(float, na_value=np.nan),
        before["rank"] - expected["rank"],
    )


@CASES
@pytest.mark.parametrize(
    ("level", "column"), [("developers", "organisation"), ("countries", "country"), ("models", "model_id")]
)
def test_concentration(
    demo_results: Results, demo_flows: Flows, lens: str, as_of: date, level: str, column: str
) -> None:
    [found] = table(demo_results, "concentration", lens=lens, as_of=as_of, level=level, **MONTH).to_dict("records")
    rows = recomputed(demo_flows, lens, as_of)
    if level == "countries":
        rows = rows[rows.country != "unattributed"]
    sizes = rows.groupby(column).downloads.sum().to_numpy()
    sizes = np.sort(sizes[sizes > 0])[::-1]
    share = sizes / sizes.sum()
    assert (found["units"], found["downloads"]) == (len(sizes), sizes.sum())
    assert found["hhi"] == pytest.approx((share**2).sum(), abs=1e-9)
    assert found["effective_number"] == pytest.approx(1 / (share**2).sum(), abs=1e-6)
    # Gini by its definition: the mean difference of all pairs over twice the mean.
    pairs = np.abs(sizes[:, None] - sizes[None, :]).mean()
    assert found["gini"] == pytest.approx(pairs / (2 * sizes.mean()), abs=1e-9)
    for top in (1, 5, 10, 50):
        assert found[f"top_{top}_share"] == pytest.approx(share[:top].sum(), abs=1e-9)


@CASES
@pytest.mark.parametrize("by", ["country", "sector"])
def test_all_downloads(demo_results: Results, demo_flows: Flows, lens: str, as_of: date, by: str) -> None:
    found = table(demo_results, f"all-downloads-share-by-{by}", lens=lens, as_of=as_of, **MONTH)
    rows = recomputed(demo_flows, lens, as_of)
    assert found.set_index(by).downloads.to_dict() == rows.groupby(by).downloads.sum().to_dict()
    assert found.set_index(by).models.to_dict() == rows.groupby(by).size().to_dict()


@pytest.mark.parametrize(
    ("name", "within"),
    [
        ("all-downloads-share-by-country", ["as_of", "lens", "window_months", "basis"]),
        ("all-downloads-share-by-sector", ["as_of", "lens", "window_months", "basis"]),
        ("new-model-share-by-country", ["as_of", "reading", "lens", "window_months", "basis"]),
    ],
)
def test_shares_sum_to_one(demo_results: Results, name: str, within: list[str]) -> None:
    rows = demo_results.tables[name]
    sums = rows.groupby(within, dropna=False).share.sum()
    assert len(sums) > 60
    np.testing.assert_allclose(sums, 1, atol=1e-8)
    assert (rows.lower <= rows.share).all() and (rows.share <= rows.upper).all()
    assert not rows.duplicated([*within, "country" if "country" in rows else "sector"]).any()


def test_all_time_downloads_are_the_snapshot_s_counters(demo_results: Results, demo_snapshots: list[Snapshot]) -> None:
    rows = table(demo_results, "all-downloads-share-by-country", basis="all-time", window_months=None)
    sums = rows.groupby(["as_of", "lens"]).downloads.sum()
    for shot in demo_snapshots:
        total = int(shot.models["downloads_all_time"].to_numpy().sum())
        assert sums[shot.as_of].to_dict() == {"publisher": total, "origin": total}


def test_families(demo_results: Results, demo_flows: Flows) -> None:
    """Every family's downloads, derivatives included, against a plain sum; the rest is unassigned."""
    as_of = demo_results.as_of
    found = table(demo_results, "top-families", as_of=as_of, basis="all-time", window_months=None)
    family = demo_flows.attribution.models.to_pandas().set_index("model_id").family.fillna("unassigned")
    seen = demo_flows.data.named(demo_flows.data.observations).to_pandas()
    seen = seen[pd.to_datetime(seen.as_of) == pd.Timestamp(as_of)].set_index("model_id").downloads_all_time
    sums = seen.groupby(family.reindex(seen.index)).sum().sort_values(ascending=False)
    assert found.set_index("family").downloads.to_dict() == sums.head(50).to_dict()
    assert {"Qwen", "DeepSeek", "Llama", "unassigned"} <= set(found.family)
    assert found.family.iloc[0] == sums.index[0]


def test_whole_numbers_stay_whole_where_some_are_missing() -> None:
    rows = ibis.memtable({"models": [3, None], "share": [1.0, None]}, schema={"models": "int64", "share": "float64"})
    frame = results.frame(rows)
    assert frame.models.dtype == "Int64" and frame.models.tolist() == [3, pd.NA]
    assert frame["share"].dtype == "float64" and frame["share"].iloc[0] == 1
    summed = results.frame(rows.aggregate(models=rows.models.sum(), none=rows.models.sum(where=rows.models < 0)))
    assert summed.models.tolist() == [3] and summed.none.tolist() == [pd.NA]


def test_large_fractions_keep_their_last_digit() -> None:
    given = [4265312883.0, -6576753.741935484, 0.12345678901234, 899_999.12345678901]
    rounded = results.frame(ibis.memtable({"value": given}))["value"].tolist()
    assert rounded == [4265312883.0, -6576753.741935484, 0.1234567890, round(given[3], 10)]


def test_columns_of_numbers_without_a_value_are_still_of_numbers() -> None:
    rows = ibis.memtable({"place": [1, 2]}).mutate(entrants=ibis.null("int64"), share=ibis.null("float64"))
    frame = results.frame(rows)
    assert frame.entrants.dtype == "Int64" and frame.entrants.isna().all()
    assert frame["share"].dtype == "float64" and frame["share"].isna().all()
    assert frame["place"].tolist() == [1, 2]
