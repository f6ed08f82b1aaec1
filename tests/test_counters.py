"""Counter series as a source: one snapshot a day, with what the series does not know left null."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from samples import DATA, known, needs_real, sentence

from generator.errors import ReportError
from generator.snapshot import SCHEMA
from generator.sources import counters

FIRST, SECOND, THIRD = (date(2026, 5, day) for day in (3, 4, 7))


def series(folder: Path, **columns: Any) -> Path:
    path = folder / "series.parquet"
    pq.write_table(pa.table(columns), path)
    return path


@pytest.fixture
def three_days(tmp_path: Path) -> Path:
    return series(
        tmp_path,
        snapshot=[SECOND, FIRST, THIRD, SECOND, FIRST],
        model_id=["org/a", "org/a", "org/a", "gpt2", "gpt2"],
        # The second day repeats the first, as exports do; on the third a counter falls and a model is gone.
        downloads_all_time=[100, 100, 90, 7, 7],
        likes=[2, 1, None, 0, 0],
    )


def test_a_series_becomes_snapshots_in_date_order(three_days: Path) -> None:
    shots = list(counters.load(three_days))
    assert [shot.as_of for shot in shots] == [FIRST, SECOND, THIRD]
    assert all(shot.models.schema == SCHEMA for shot in shots)
    assert [[known(row) for row in shot.models.to_pylist()] for shot in shots] == [
        [
            {"model_id": "gpt2", "downloads_all_time": 7, "likes": 0},
            {"model_id": "org/a", "author": "org", "downloads_all_time": 100, "likes": 1},
        ],
        [
            {"model_id": "gpt2", "downloads_all_time": 7, "likes": 0},
            {"model_id": "org/a", "author": "org", "downloads_all_time": 100, "likes": 2},
        ],
        [{"model_id": "org/a", "author": "org", "downloads_all_time": 90}],
    ]


def test_the_provenance(three_days: Path) -> None:
    origin = next(iter(counters.load(three_days))).provenance
    assert (origin.kind, origin.detail, origin.simulated) == ("counters", "series.parquet", False)
    assert (origin.coverage, origin.skipped) == ({"rows_in_file": 2}, {})
    assert origin.retrieved_at == datetime.fromtimestamp(int(three_days.stat().st_mtime), UTC)


def test_days_with_a_fuller_snapshot_are_left_out(three_days: Path) -> None:
    assert [shot.as_of for shot in counters.load(three_days, without={SECOND})] == [FIRST, THIRD]
    assert list(counters.load(three_days, without={FIRST, SECOND, THIRD})) == []


def test_the_likes_may_be_absent_and_the_types_others(tmp_path: Path) -> None:
    path = series(tmp_path, snapshot=["2026-05-03"], model_id=[5], downloads_all_time=["12"])
    (shot,) = counters.load(path)
    assert [known(row) for row in shot.models.to_pylist()] == [{"model_id": "5", "downloads_all_time": 12}]


def test_rows_left_out_are_counted(tmp_path: Path) -> None:
    path = series(
        tmp_path,
        snapshot=["2026-05-03"] * 5 + ["2026-05-04", None, "soon"],
        model_id=["a/b", "a/b", "", "a/c", "a/d", "a/b", "a/e", "a/f"],
        downloads_all_time=["8", "9", "1", "-1", "many", "9", "1", "1"],
    )
    first, second = counters.load(path)
    assert first.provenance.skipped == {
        "a duplicate model id": 1,
        "negative downloads": 1,
        "no model id": 1,
        "no readable downloads_all_time": 1,
        "no readable date of its own": 2,
    }
    assert first.provenance.coverage == {"rows_in_file": 5}
    assert first.models["downloads_all_time"].to_pylist() == [9]
    assert second.provenance.skipped == {}


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (
            {"snapshot": [FIRST], "id": ["a/b"]},
            "is no counter series: model_id, downloads_all_time missing among its columns snapshot, id; "
            "it needs snapshot, model_id, downloads_all_time.",
        ),
        (
            {"snapshot": ["soon"], "model_id": ["a/b"], "downloads_all_time": [1]},
            "the counter series holds no dated row; give a file with at least one.",
        ),
        (
            {"snapshot": [FIRST], "model_id": ["a/b"], "downloads_all_time": ["many"]},
            "no row of 2026-05-03 has a readable downloads_all_time; mend or remove that day's rows.",
        ),
        (
            {"snapshot": [date(2999, 1, 1)], "model_id": ["a/b"], "downloads_all_time": [1]},
            "the snapshot date 2999-01-01 lies in the future",
        ),
    ],
)
def test_what_is_no_series_is_refused(tmp_path: Path, columns: dict[str, Any], said: str) -> None:
    path = series(tmp_path, **columns)
    with pytest.raises(ReportError) as raised:
        list(counters.load(path))
    assert sentence(raised).startswith(f"{path}: ") and said in sentence(raised)


@pytest.mark.parametrize("content", [b"", b"snapshot,model_id,downloads_all_time\n", b"\x00\xff" * 99, None])
def test_what_is_no_parquet_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "series.parquet"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ReportError) as raised:
        list(counters.load(path))
    message = sentence(raised)
    assert message.startswith(f"{path}: cannot be read as a Parquet counter series (")
    assert message.endswith("check the path.")


REAL = "all_time_downloads_2026-05_2026-07.parquet"


@needs_real(REAL)
def test_the_real_series() -> None:
    shots = list(counters.load(DATA / REAL))
    assert len(shots) == 35
    assert (shots[0].as_of, shots[-1].as_of) == (date(2026, 5, 3), date(2026, 7, 16))
    assert sum(shot.models.num_rows for shot in shots) == 72_626
    assert all(shot.provenance.skipped == {} for shot in shots)
    sizes = [shot.models.num_rows for shot in shots]
    assert max(sizes[:18]) == 300 and min(sizes[18:]) == 3912
    values = [
        dict(zip(*shot.models.select(["model_id", "downloads_all_time"]).to_pydict().values(), strict=True))
        for shot in shots
    ]
    stale = [
        later.as_of
        for later, now, before in zip(shots[1:], values[1:], values, strict=False)
        if all(now[name] == before[name] for name in now.keys() & before.keys())
    ]
    # Days on which the export repeated the day before are passed on as they are.
    assert stale == [
        date(2026, 5, 4),
        date(2026, 5, 28),
        date(2026, 5, 29),
        date(2026, 6, 5),
        date(2026, 6, 17),
        date(2026, 7, 1),
    ]
