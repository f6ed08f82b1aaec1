"""Shares, bounds and ranks: what holds whatever the downloads are."""

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.shares import ranking, shares

WITHIN = ("as_of", "lens")
COUNTRIES = ("CN", "US", "FR", "XX", "unattributed")
SCHEMA = {
    "as_of": "string",
    "lens": "string",
    "models": "int64",
    "country": "string",
    "downloads": "int64",
}
COLUMNS = list(SCHEMA)


def computed(rows: pd.DataFrame) -> pd.DataFrame:
    table = shares(ibis.memtable(rows[COLUMNS], schema=SCHEMA), WITHIN, "country").to_pandas()
    return table.sort_values([*WITHIN, "country"], ignore_index=True)


def rows_of(amounts: st.SearchStrategy[int]) -> st.SearchStrategy[pd.DataFrame]:
    row = st.tuples(
        st.sampled_from(["2026-01", "2026-02"]),
        st.sampled_from(["publisher", "origin"]),
        st.integers(1, 5),
        st.sampled_from(COUNTRIES),
        amounts,
    )
    return st.lists(row, min_size=1, max_size=25).map(lambda rows: pd.DataFrame(rows, columns=COLUMNS))


def one(*pairs: tuple[str, int]) -> pd.DataFrame:
    """One distribution, one model a row."""
    return computed(pd.DataFrame([("2026-01", "origin", 1, *pair) for pair in pairs], columns=COLUMNS)).set_index(
        "country"
    )


@settings(max_examples=30)
@given(rows=rows_of(st.integers(-1000, 1_000_000_000)))
def test_what_always_holds(rows: pd.DataFrame) -> None:
    table = computed(rows)
    assert not table.duplicated([*WITHIN, "country"]).any()
    assert table.downloads.sum() == rows.downloads.sum()
    for _, group in table.groupby(list(WITHIN)):
        total = group.downloads.sum()
        if total <= 0:
            assert group[["share", "lower", "upper"]].isna().all(axis=None)
        else:
            assert group.share.sum() == pytest.approx(1)
            np.testing.assert_allclose(group.share, group.downloads / total)
            assert (group.lower <= group.share).all() and (group.share <= group.upper).all()
        ranked = group[group["rank"].notna()]
        assert set(ranked.country) == set(group.country) - {"XX", "unattributed"}
        assert sorted(ranked["rank"]) == list(range(1, len(ranked) + 1))
        by_rank = ranked.sort_values("rank")
        assert by_rank.downloads.is_monotonic_decreasing


@settings(max_examples=12)
@given(rows=rows_of(st.integers(0, 10**9)), seed=st.integers(0, 1000), factor=st.integers(2, 1000))
def test_order_changes_nothing_and_scale_changes_no_share(rows: pd.DataFrame, seed: int, factor: int) -> None:
    table = computed(rows)
    pd.testing.assert_frame_equal(computed(rows.sample(frac=1, random_state=seed)), table)
    scaled = computed(rows.assign(downloads=rows.downloads * factor))
    pd.testing.assert_frame_equal(scaled.drop(columns="downloads"), table.drop(columns="downloads"))
    assert (scaled.downloads == table.downloads * factor).all()


def test_bounds_give_all_that_is_unattributed_to_each() -> None:
    found = one(("CN", 50), ("US", 30), ("unattributed", 20))
    assert found.lower.to_dict() == {"CN": 0.5, "US": 0.3, "unattributed": 0.0}
    assert found.upper.to_dict() == {"CN": 0.7, "US": 0.5, "unattributed": 0.2}
    none = one(("CN", 3), ("US", 1))
    assert (none.lower == none.share).all() and (none.upper == none.share).all()


def test_negative_unattributed_downloads_turn_the_bounds_round() -> None:
    """Counters of unattributed models fell: had they all been China's, its share would be lower."""
    found = one(("CN", 90), ("US", 30), ("unattributed", -20))
    assert found.share.to_dict() == {"CN": 0.9, "US": 0.3, "unattributed": -0.2}
    assert found.lower.to_dict() == pytest.approx({"CN": 0.7, "US": 0.1, "unattributed": -0.2})
    assert found.upper.to_dict() == pytest.approx({"CN": 0.9, "US": 0.3, "unattributed": 0.0})


@pytest.mark.parametrize("downloads", [0, -5])
def test_without_downloads_there_is_no_share(downloads: int) -> None:
    found = one(("CN", downloads), ("unattributed", 0))
    assert found[["share", "lower", "upper"]].isna().all(axis=None)
    assert found.downloads.to_dict() == {"CN": downloads, "unattributed": 0}


def test_ranks_break_ties_by_name_and_skip_what_is_no_country() -> None:
    found = one(("XX", 100), ("unattributed", 90), ("US", 10), ("CN", 10), ("FR", 20))
    ranks = found["rank"]
    assert (ranks["FR"], ranks["CN"], ranks["US"]) == (1, 2, 3)
    assert ranks[["XX", "unattributed"]].isna().all()


def test_models_are_added_up() -> None:
    row = ("2026-01", "origin", 2, "CN", 5)
    found = computed(pd.DataFrame([row, row], columns=COLUMNS))
    assert (found.downloads[0], found.models[0]) == (10, 4)


def ranked(rows: list[tuple[str, str, int]], top: int = 10) -> pd.DataFrame:
    """as_of, organisation and downloads to a ranking."""
    table = pd.DataFrame(rows, columns=["as_of", "organisation", "downloads"]).assign(models=1, country="CN")
    schema = {name: "int64" if name in ("downloads", "models") else "string" for name in table}
    found = ranking(ibis.memtable(table, schema=schema), ("as_of",), "organisation", top, attributes=("country",))
    result: pd.DataFrame = found.to_pandas().set_index(["as_of", "organisation"]).sort_index()
    return result


def test_a_ranking_keeps_the_top_and_divides_by_all() -> None:
    found = ranked([("1", "a", 60), ("1", "b", 30), ("1", "c", 10)], top=2)
    assert found["rank"].to_dict() == {("1", "a"): 1, ("1", "b"): 2}
    assert found.share.tolist() == [0.6, 0.3]
    assert found.previous_share.isna().all() and found.rank_change.isna().all()


def test_a_change_is_since_the_report_date_before_and_no_other() -> None:
    found = ranked(
        [
            ("1", "a", 60), ("1", "b", 30), ("1", "c", 10),
            ("2", "a", 25), ("2", "b", 75),
            ("3", "a", 20), ("3", "b", 50), ("3", "c", 30),
        ]
    )  # fmt: skip
    assert found.previous_share["2", "b"] == 0.3
    assert found.share_change["2", "b"] == pytest.approx(0.45)
    assert (found.rank_change["2", "b"], found.rank_change["2", "a"]) == (1, -1)
    # c was absent on the second date: nothing to compare with.
    assert found.loc[("3", "c"), ["previous_share", "share_change", "rank_change"]].isna().all()
    assert found.rank_change["3", "a"] == -1


def test_a_ranking_without_downloads_has_no_shares() -> None:
    assert ranked([("1", "a", 0), ("1", "b", 0)]).share.isna().all()
