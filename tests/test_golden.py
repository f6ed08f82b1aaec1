"""Figures of the real records against plain SQL on the raw files, and the headline as it was when last looked at."""

import json
import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from samples import DATA

from generator import archive, dataset, engines, flows, metrics, results
from generator.attribution import attribute
from generator.attribution.registry import REGISTRY
from generator.results import Results
from generator.sources import counters, files

MODELS = DATA / "hub_models_2026-05.parquet"
SERIES = DATA / "all_time_downloads_2026-05_2026-07.parquet"

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(not (MODELS.exists() and SERIES.exists()), reason=f"{DATA} has no real data"),
]

FIGURES = Path(__file__).with_name("golden_figures.json")
"""For every metric's table on the real records: its number of rows, and the sum of each column of numbers.

Written anew by running this file with UPDATE_GOLDEN=1; the difference is then to be read and explained."""

MAY, JUNE, JULY = date(2026, 5, 20), date(2026, 6, 16), date(2026, 7, 16)
STALE = ["2026-05-04", "2026-05-28", "2026-05-29", "2026-06-05", "2026-06-17", "2026-07-01"]


@pytest.fixture(scope="module")
def raw() -> Iterator[duckdb.DuckDBPyConnection]:
    """The raw files as ``models`` and ``series``, and ``born``: creation dates without the Hub's floor."""
    connection = duckdb.connect()
    connection.execute(f"create view models as select * from read_parquet('{MODELS}')")
    connection.execute(f"create view series as select * from read_parquet('{SERIES}')")
    connection.execute(
        """
        create view born as
        select id, nullif(createdAt::timestamp::date, date '2022-03-02') as day from models
        """
    )
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> tuple[dataset.Dataset, Results]:
    folder = tmp_path_factory.mktemp("real")
    for snapshot in files.load(MODELS, as_of=MAY):
        archive.add(folder, snapshot)
    for snapshot in counters.load(SERIES, without={MAY}):
        archive.add(folder, snapshot)
    entries = archive.entries(folder)
    data = dataset.load(engines.connect(), entries)
    made = flows.build(data, attribute(data))
    return data, results.compute(made, metrics.discover(), [entry.manifest for entry in entries])


@pytest.fixture(scope="module")
def computed(real: tuple[dataset.Dataset, Results]) -> Results:
    return real[1]


def sums(computed: Results, name: str, **chosen: object) -> tuple[int, int]:
    """Downloads and models over all countries, the same under both lenses."""
    rows = computed.tables[name]
    for column, value in chosen.items():
        rows = rows[rows[column].isna() if value is None else rows[column] == value]
    by_lens = rows.groupby("lens")[["downloads", "models"]].sum()
    assert sorted(by_lens.index) == ["origin", "publisher"]
    assert by_lens.loc["origin"].tolist() == by_lens.loc["publisher"].tolist()
    downloads, models = by_lens.loc["origin"]
    return int(downloads), int(models)


def asked(raw: duckdb.DuckDBPyConnection, query: str) -> tuple[int, ...]:
    row = raw.execute(query).fetchone()
    assert row is not None
    return tuple(int(value) for value in row)


def test_report_dates_and_stale_days(real: tuple[dataset.Dataset, Results]) -> None:
    data, computed = real
    assert list(computed.report_dates) == list(data.report_dates) == [MAY, JUNE, JULY]
    rows = data.snapshots.to_pandas()
    day = pd.to_datetime(rows.as_of).dt.strftime("%Y-%m-%d")
    assert day[rows.stale].tolist() == STALE
    assert len(rows) == 35
    # Each day of May but that of the full export holds a few hundred models.
    assert day[rows.partial].tolist() == [text for text in day if text < "2026-06-01" and text != str(MAY)]


def test_stale_days_moved_no_counter(raw: duckdb.DuckDBPyConnection) -> None:
    """The days said to be stale, by SQL: no model's counter differs from when it was last seen."""
    found = raw.execute(
        """
        with every as (
            select snapshot::date as day, model_id, downloads_all_time as n from series
            where snapshot::date <> date '2026-05-20'
            union all select date '2026-05-20', id, downloadsAllTime from models
        ), moved as (
            select day, n <> lag(n) over (partition by model_id order by day) as moved from every
        )
        select day::varchar from moved group by day
        having count(moved) > 0 and not bool_or(moved) order by day
        """
    ).fetchall()
    assert [day for (day,) in found] == STALE


def test_totals(computed: Results, raw: duckdb.DuckDBPyConnection) -> None:
    models, month, ever = asked(raw, "select count(*), sum(downloads), sum(downloadsAllTime) from models")
    assert (models, month, ever) == (4167, 511_730_880, 7_411_396_448)
    name = "all-downloads-share-by-country"
    assert sums(computed, name, as_of=MAY, basis="snapshot-30-day") == (month, models)
    assert sums(computed, name, as_of=MAY, basis="all-time", window_months=None) == (ever, models)


@pytest.mark.parametrize(
    ("basis", "column", "months"),
    [("snapshot-30-day", "downloads", 1), ("counter-difference", "downloadsAllTime", 12)],
)
def test_new_models_on_each_basis(
    computed: Results, raw: duckdb.DuckDBPyConnection, basis: str, column: str, months: int
) -> None:
    """The cohort of 2026-05-20: models created in the 365 days up to it."""
    expected = asked(
        raw,
        f"""
        select sum({column}), count({column}) from models join born using (id)
        where born.day > date '2026-05-20' - 365
        """,
    )
    assert expected[1] == 150
    found = sums(computed, "new-model-share-by-country", as_of=MAY, reading="cohort", basis=basis, window_months=months)
    assert found == expected
    bases = computed.tables["new-model-share-by-country"].query("as_of == @MAY and reading == 'cohort'").basis
    assert set(bases) == {"snapshot-30-day", "counter-difference"}


def test_first_year_downloads_of_the_last_thirty_days(computed: Results, raw: duckdb.DuckDBPyConnection) -> None:
    """A 30-day count, begun at creation where that is later, is first-year when its middle is."""
    expected = asked(
        raw,
        """
        with aged as (
            select downloads, date '2026-05-20' - day as age
            from models join born using (id) where day is not null
        )
        select sum(downloads), count(*) from aged where greatest(age - 30, 0) + age <= 730
        """,
    )
    assert sums(computed, "new-model-share-by-country", as_of=MAY, reading="first-year", window_months=1) == expected


@pytest.mark.parametrize(("opening", "closing", "at_least"), [(MAY, JUNE, 190_000_000), (JUNE, JULY, 510_000_000)])
def test_downloads_between_two_dates(
    computed: Results, raw: duckdb.DuckDBPyConnection, opening: date, closing: date, at_least: int
) -> None:
    """By difference of the counters, plus all that models created since then have."""
    expected = asked(
        raw,
        f"""
        with every as (
            select snapshot::date as day, model_id, downloads_all_time as n from series
            where snapshot::date <> date '{MAY}'
            union all select date '{MAY}', id, downloadsAllTime from models
        ), pairs as (
            select now.n as now, before.n as before, born.day >= date '{opening}' as younger
            from (from every where day = date '{closing}') as now
            left join (from every where day = date '{opening}') as before using (model_id)
            left join born on born.id = now.model_id
        )
        select sum(now - coalesce(before, 0)), count(*) from pairs where before is not null or younger
        """,
    )
    found = sums(
        computed,
        "all-downloads-share-by-country",
        as_of=closing,
        basis="counter-difference",
        window_months=1,
    )
    assert found == expected
    assert found[0] > at_least


def test_the_quality_of_the_series(computed: Results, raw: duckdb.DuckDBPyConnection) -> None:
    columns = (
        "models", "with_counter", "with_creation_date", "appeared", "standing_still", "fallen",
        "fallen_downloads",
    )  # fmt: skip
    rows = raw.execute(
        """
        with every as (
            select snapshot::date as day, model_id, downloads_all_time as n from series
            where snapshot::date in (date '2026-06-16', date '2026-07-16')
            union all select date '2026-05-20', id, downloadsAllTime from models
        ), before as (
            -- A counter is compared with the model's last one, even where the date between missed it.
            select *, n - lag(n) over by_model as growth, lag(day) over by_model as last_seen
            from every window by_model as (partition by model_id order by day)
        ), dates as (
            select day, lag(day) over (order by day) as previous from (select distinct day from every)
        )
        select day::varchar, count(*), count(n), count(born.day),
               count(*) filter (where previous is not null and last_seen is distinct from previous),
               count(*) filter (where growth = 0),
               count(*) filter (where growth < 0),
               coalesce(sum(growth) filter (where growth < 0), 0)
        from before join dates using (day) left join born on born.id = model_id
        group by day order by day
        """
    ).fetchall()
    found = computed.tables["series-quality"].set_index("as_of")
    assert [day for day, *_ in rows] == [str(day) for day in found.index]
    for day, *figures in rows:
        row = found.loc[date.fromisoformat(day), list(columns)]
        assert row.tolist() == [int(figure) for figure in figures], day
    assert found.vanished_after.tolist() == [143, 105, 0]
    assert found.models.tolist() == [4167, 4026, 3941]


@pytest.mark.parametrize(
    ("as_of", "lens", "china", "united_states", "unattributed"),
    [
        (MAY, "publisher", 0.6278, 0.3640, 0.0000),
        (MAY, "origin", 0.6274, 0.3643, 0.0000),
        (JULY, "publisher", 0.5986, 0.3994, 0.0000),
        (JULY, "origin", 0.5989, 0.3993, 0.0000),
    ],
)
def test_the_headline(
    computed: Results, as_of: date, lens: str, china: float, united_states: float, unattributed: float
) -> None:
    """A change of the registry that moves the headline has to be seen, and these figures changed with it."""
    table = computed.tables["new-model-share-by-country"]
    chosen = table[
        (table["as_of"] == as_of)
        & (table["lens"] == lens)
        & (table["reading"] == "cohort")
        & (table["basis"] == "counter-difference")
        & (table["window_months"] == 12)
    ].set_index("country")["share"]
    found = (chosen["CN"], chosen["US"], chosen.get("unattributed", 0.0))
    assert found == pytest.approx((china, united_states, unattributed), abs=0.0002)


def test_the_cohort_s_shares_by_publisher_in_plain_sql(computed: Results, raw: duckdb.DuckDBPyConnection) -> None:
    expected = raw.execute(
        f"""
        select coalesce(country, 'unattributed') as country, sum(downloadsAllTime)::bigint as downloads
        from models join born using (id)
        left join read_csv('{REGISTRY}', all_varchar = true) on namespace = split_part(id, '/', 1)
        where day > date '{MAY}' - 365 and downloadsAllTime is not null
        group by 1 order by 1
        """
    ).df()
    table = computed.tables["new-model-share-by-country"]
    found = table[
        (table["as_of"] == MAY)
        & (table["lens"] == "publisher")
        & (table["reading"] == "cohort")
        & (table["basis"] == "counter-difference")
    ].sort_values("country")
    assert found["country"].tolist() == expected["country"].tolist()
    assert found["downloads"].tolist() == expected["downloads"].tolist()


def test_all_downloads_by_country_and_sector_in_plain_sql(computed: Results, raw: duckdb.DuckDBPyConnection) -> None:
    for of, metric in (("country", "all-downloads-share-by-country"), ("sector", "all-downloads-share-by-sector")):
        expected = raw.execute(
            f"""
            select coalesce({of}, 'unattributed') as {of}, sum(downloads)::bigint as downloads, count(*) as models,
                   sum(downloads) / sum(sum(downloads)) over () as share
            from models
            left join read_csv('{REGISTRY}', all_varchar = true) on lower(namespace) = lower(split_part(id, '/', 1))
            group by 1 order by 1
            """
        ).df()
        table = computed.tables[metric]
        found = table[
            (table["as_of"] == MAY) & (table["lens"] == "publisher") & (table["basis"] == "snapshot-30-day")
        ].sort_values(of)
        assert found[of].tolist() == expected[of].tolist()
        assert found["downloads"].tolist() == expected["downloads"].tolist()
        assert found["models"].tolist() == expected["models"].tolist()
        assert found["share"].tolist() == pytest.approx(expected["share"].tolist(), abs=1e-9)


def test_concentration_over_organisations_in_plain_sql(computed: Results, raw: duckdb.DuckDBPyConnection) -> None:
    expected = raw.execute(
        f"""
        with by_organisation as (
            select coalesce(organisation, split_part(id, '/', 1)) as organisation, sum(downloads) as n
            from models
            left join read_csv('{REGISTRY}', all_varchar = true) on lower(namespace) = lower(split_part(id, '/', 1))
            group by 1 having sum(downloads) > 0
        ), ranked as (
            select n / sum(n) over () as share, row_number() over (order by n desc) as rank from by_organisation
        )
        select sum(share * share), sum(share) filter (where rank <= 1), sum(share) filter (where rank <= 10),
               (count + 1 - 2 * sum(rank * share)) / count
        from ranked, (select count(*)::double as count from ranked) group by count
        """
    ).fetchone()
    assert expected is not None
    hhi, top_1, top_10, gini = expected
    table = computed.tables["concentration"]
    row = table[
        (table["as_of"] == MAY)
        & (table["lens"] == "publisher")
        & (table["basis"] == "snapshot-30-day")
        & (table["level"] == "developers")
    ].iloc[0]
    assert row["hhi"] == pytest.approx(hhi, abs=1e-9)
    assert row["effective_number"] == pytest.approx(1 / hhi)
    assert (row["top_1_share"], row["top_10_share"]) == pytest.approx((top_1, top_10), abs=1e-9)
    assert row["gini"] == pytest.approx(gini, abs=1e-9)


def summed(table: pd.DataFrame) -> dict[str, float]:
    figures: dict[str, float] = {"rows": len(table)}
    for name in table.columns:
        if pd.api.types.is_numeric_dtype(table[name]) and not pd.api.types.is_bool_dtype(table[name]):
            total = table[name].sum()
            figures[name] = int(total) if float(total).is_integer() else round(float(total), 6)
    return figures


def test_figures_are_kept_for_every_metric(computed: Results) -> None:
    found = {name: summed(table) for name, table in sorted(computed.tables.items())}
    if os.environ.get("UPDATE_GOLDEN"):
        FIGURES.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    kept = json.loads(FIGURES.read_text(encoding="utf-8"))
    assert sorted(kept) == sorted(metrics.discover())
    for name, figures in found.items():
        assert list(figures) == list(kept[name]), name
        assert list(figures.values()) == pytest.approx(list(kept[name].values()), rel=1e-6, abs=1e-6), name
