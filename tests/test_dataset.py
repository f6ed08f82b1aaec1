"""The archive as tables: which snapshots the report can stand on, and what is last known of a model."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

import pandas as pd
import pytest

from generator.archive import Entry
from generator.dataset import Dataset, load
from generator.engines import connect
from generator.errors import ReportError

OpenDataset = Callable[..., Dataset]


def counted(count: int, counter: int | None, month: int | None = 1) -> list[dict[str, Any]]:
    return [{"model_id": f"a/{n:02d}", "downloads_all_time": counter, "downloads_30d": month} for n in range(count)]


def judged(data: Dataset) -> dict[date, str]:
    """What each snapshot was found to be, in one word or more."""
    found = {}
    for row in data.snapshots.to_pandas().itertuples():
        words = [name for name in ("stale", "partial", "report_date") if getattr(row, name)]
        found[pd.Timestamp(row.as_of).date()] = " ".join(words)
    return found


def test_the_last_full_fresh_snapshot_of_each_month_is_its_report_date(open_dataset: OpenDataset) -> None:
    data = open_dataset(
        {
            date(2026, 1, 10): counted(10, 100),
            date(2026, 1, 20): counted(10, 200),
            date(2026, 1, 31): counted(10, 200),  # nothing moved
            date(2026, 2, 20): counted(10, 300),
            date(2026, 2, 25): counted(4, 400),  # under half of its neighbours
            date(2026, 3, 30): counted(5, 500),  # half is enough
            date(2026, 5, 1): counted(5, 500),  # a month without any usable snapshot
        }
    )
    assert judged(data) == {
        date(2026, 1, 10): "",
        date(2026, 1, 20): "report_date",
        date(2026, 1, 31): "stale",
        date(2026, 2, 20): "report_date",
        date(2026, 2, 25): "partial",
        date(2026, 3, 30): "report_date",
        date(2026, 5, 1): "stale",
    }
    assert list(data.report_dates) == [date(2026, 1, 20), date(2026, 2, 20), date(2026, 3, 30)]
    assert data.snapshots.to_pandas().models.tolist() == [10, 10, 10, 10, 4, 5, 5]


def test_an_archive_opened_in_parts_is_the_same(open_dataset: OpenDataset, monkeypatch: pytest.MonkeyPatch) -> None:
    months = [date(2026, month, 28) for month in range(1, 7)]
    rows = {day: counted(10 + place, 100 - place % 3) for place, day in enumerate(months)}

    def opened() -> list[pd.DataFrame]:
        data = open_dataset(rows)
        tables = {"observations": ["model", "as_of"], "models": ["model"], "snapshots": ["as_of"]}
        return [getattr(data, name).to_pandas().sort_values(by, ignore_index=True) for name, by in tables.items()]

    whole = opened()
    assert whole[2].moved.tolist() == [0, 10, 11, 12, 13, 14] and whole[2].fallen.tolist() == [0, 10, 11, 0, 13, 14]
    monkeypatch.setattr("generator.engines.PART_ROWS", 7)
    for one, other in zip(opened(), whole, strict=True):
        pd.testing.assert_frame_equal(one, other)


def test_one_moving_counter_makes_a_snapshot_fresh(open_dataset: OpenDataset) -> None:
    moved = counted(10, 100)
    moved[3]["downloads_all_time"] = 101
    data = open_dataset({date(2026, 1, 31): counted(10, 100), date(2026, 2, 28): moved})
    assert judged(data)[date(2026, 2, 28)] == "report_date"


def test_only_new_models_or_no_counters_are_not_stale(open_dataset: OpenDataset) -> None:
    """Staleness is a statement about counters that can be compared; without any there is none."""
    others = [{"model_id": f"b/{n}", "downloads_all_time": 100} for n in range(10)]
    data = open_dataset(
        {
            date(2026, 1, 31): counted(10, 100),
            date(2026, 2, 28): others,
            date(2026, 3, 31): counted(10, None),
        }
    )
    assert set(judged(data).values()) == {"report_date"}


def test_a_fall_counts_as_movement_and_a_gap_is_bridged(open_dataset: OpenDataset) -> None:
    data = open_dataset(
        {
            date(2026, 1, 31): counted(10, 100),
            date(2026, 2, 28): counted(10, 90),
            date(2026, 3, 31): counted(10, None),
            date(2026, 4, 30): counted(10, 90),
        }
    )
    assert judged(data)[date(2026, 2, 28)] == "report_date"
    # Compared with February, the last snapshot that had counters.
    assert judged(data)[date(2026, 4, 30)] == "stale"


def test_size_is_compared_within_forty_five_days_only(open_dataset: OpenDataset) -> None:
    """The Hub grows: a small snapshot of long ago is no partial one."""
    grown: Mapping[date, list[dict[str, Any]]] = {
        date(2026, 1, 1): counted(10, 100),
        date(2026, 2, 15): counted(21, 200),
        date(2026, 4, 2): counted(50, 300),
    }
    assert judged(open_dataset(grown)) == {
        date(2026, 1, 1): "partial",  # 45 days
        date(2026, 2, 15): "report_date",  # 46 days
        date(2026, 4, 2): "report_date",
    }


def test_each_attribute_is_the_last_known_one(open_dataset: OpenDataset) -> None:
    first = {
        "model_id": "a/model",
        "created_at": datetime(2025, 5, 1, 12),
        "license": "mit",
        "pipeline_tag": "text-generation",
        "tags": ["one"],
        "base_models": ["b/base"],
        "downloads_all_time": 10,
    }
    data = open_dataset(
        {
            date(2026, 1, 31): [first],
            date(2026, 2, 28): [
                {"model_id": "a/model", "license": "apache-2.0", "tags": ["two"], "downloads_all_time": 11},
                {"model_id": "a/late", "created_at": datetime(2026, 2, 3), "downloads_all_time": 5},
            ],
            # A counter series knows counters alone, and must not wipe out the rest.
            date(2026, 3, 31): [{"model_id": "a/model", "downloads_all_time": 12}],
        }
    )
    models = data.models.to_pandas().set_index("model_id")
    assert len(models) == 2
    row = models.loc["a/model"]
    assert (row.license, row.pipeline_tag, list(row.tags)) == ("apache-2.0", "text-generation", ["two"])
    assert (list(row.base_models), row.author) == (["b/base"], "a")
    assert pd.Timestamp(row.created_on).date() == date(2025, 5, 1)
    assert len(data.observations.to_pandas()) == 4


@pytest.mark.parametrize(
    ("created_at", "known"),
    [
        (datetime(2022, 3, 2, 23, 29, 4), None),
        (datetime(2022, 3, 2), None),
        (datetime(2022, 3, 3), date(2022, 3, 3)),
        (None, None),
    ],
)
def test_the_hub_s_floor_is_no_creation_date(
    open_dataset: OpenDataset, created_at: datetime | None, known: date | None
) -> None:
    data = open_dataset({date(2026, 1, 31): [{"model_id": "a/model", "created_at": created_at}]})
    found = data.models.to_pandas().created_on[0]
    assert (None if pd.isna(found) else pd.Timestamp(found).date()) == known


def test_vanished_and_renamed_models_stay_known(open_dataset: OpenDataset) -> None:
    born = {"created_at": datetime(2025, 5, 1), "downloads_all_time": 7}
    data = open_dataset(
        {
            date(2026, 1, 31): [{"model_id": name} | born for name in ("a/gone", "a/old-name", "a/stays")],
            date(2026, 2, 28): [{"model_id": name} | born for name in ("a/new-name", "a/stays")],
        }
    )
    assert sorted(data.models.to_pandas().model_id) == ["a/gone", "a/new-name", "a/old-name", "a/stays"]


def test_the_order_of_entries_changes_nothing(demo_entries: list[Entry]) -> None:
    few = demo_entries[:3]
    forward, backward = load(connect(), few), load(connect(), few[::-1])
    for name in ("observations", "models", "snapshots"):
        pair = [getattr(data, name).to_pandas() for data in (forward, backward)]
        keys = [key for key in ("as_of", "model") if key in pair[0]]
        sorted_pair = [frame.sort_values(keys, ignore_index=True) for frame in pair]
        pd.testing.assert_frame_equal(*sorted_pair)
    assert list(forward.report_dates) == [entry.manifest.as_of for entry in few]


def test_an_altered_snapshot_is_refused(
    demo_entries: list[Entry],
) -> None:
    broken = demo_entries[0].manifest.model_copy(update={"sha256": "0" * 64})
    with pytest.raises(ReportError, match="does not match the SHA-256"):
        load(connect(), [Entry(demo_entries[0].folder, broken)])
