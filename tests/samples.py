"""Small data and helpers that several tests share."""

import json
import os
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import ibis
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import strategies as some

from generator import sums
from generator.errors import ReportError
from generator.flows import Flows
from generator.snapshot import SCHEMA, Provenance, Snapshot

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("REAL_DATA") or ROOT.parent / "shared" / "data")
DAY = date(2026, 5, 20)

Row = dict[str, Any]

SMALL_HUB: list[Row] = [
    {
        "id": f"{owner}/model-{age}",
        "author": owner,
        "downloads": 1000 - age,
        "downloadsAllTime": 9000 - age,
        "createdAt": str(DAY - timedelta(days=age)),
        "tags": ["text-generation", "license:mit"],
    }
    for owner in ("Qwen", "google", "mistralai", "nobody-knows")
    for age in (30, 200, 900)
]
"""A few models as the Hub lists them, at :data:`DAY`, for whoever needs a report and not what is in it: the charts of
equal reports are drawn once for all tests."""

DAYS = [date(2024, 1, 31) + timedelta(days=30 * place) for place in range(30)]
"""When :func:`archives` may hold snapshots: of some months two, of others none."""

Test = TypeVar("Test", bound=Callable[..., object])


def needs_real(*names: str) -> Callable[[Test], Test]:
    """Mark a test as one of real data, skipped, and why, where a file of the shared data folder is not there."""
    missing = [str(DATA / name) for name in names if not (DATA / name).is_file()]
    absent = pytest.mark.skipif(bool(missing), reason=f"needs the real data {', '.join(missing)}")
    return lambda test: pytest.mark.real_data(absent(test))


def model(model_id: str | None = "a/b", **fields: Any) -> Row:
    """A row of the snapshot contract; what is not named is null."""
    return {"model_id": model_id, "downloads_30d": 1, "downloads_all_time": 10, **fields}


def table(rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist([dict(row) for row in rows], schema=SCHEMA)


def snapshot(*rows: Row, as_of: date = DAY, simulated: bool = False, skipped: dict[str, int] | None = None) -> Snapshot:
    return Snapshot(
        as_of=as_of,
        models=table(rows or [model()]),
        provenance=Provenance(
            kind="demo" if simulated else "file",
            detail="models.parquet",
            retrieved_at=datetime(2026, 5, 21, 8, tzinfo=UTC),
            simulated=simulated,
            coverage={"rows_in_file": len(rows)},
            skipped=skipped or {},
        ),
    )


def known(row: Mapping[str, Any]) -> Row:
    """A row without its nulls."""
    return {name: value for name, value in row.items() if value is not None}


def sentence(raised: pytest.ExceptionInfo[ReportError]) -> str:
    """The error's message, which has to be one line that ends like a sentence and shows no internals."""
    message = str(raised.value)
    assert message.endswith(".") and "\n" not in message
    assert not [word for word in ("Traceback", "LINE 1", "create temp", "sample_size", "errno") if word in message]
    return message


def strict_json(text: str) -> Any:
    """Parse JSON as browsers do: NaN and Infinity are errors."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(text, parse_constant=refuse)


def flows_in_windows(flows: Flows) -> pd.DataFrame:
    """Every flow once for each window that it counts in, the long way round.

    Returns:
        as_of, window_months, basis, window_start, complete, model_id, new, first_year, downloads.
    """
    rows = sums.in_windows(ibis.union(flows.flows, flows.readings), flows.closings)
    dated = rows.inner_join(flows.windows.drop("complete"), "window").rename(complete="whole")
    return flows.data.named(dated).to_pandas()


def make_anew_in_parts(flows: Flows, tables: Iterable[str], rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have working tables made by whoever asks for them next, made already or not, from so many rows at a time."""
    for name in tables:
        flows.data.backend.raw_sql(f"drop table if exists {name}")
    monkeypatch.setattr("generator.engines.PART_ROWS", rows)


@some.composite
def archives(draw: Any) -> dict[date, list[Row]]:
    """Models that come, go, return, lack one count or the other (in some archives none does), or their creation."""
    days = draw(some.lists(some.sampled_from(DAYS), min_size=1, max_size=16, unique=True).map(sorted))
    both = draw(some.booleans())
    # Large ones among them, so that some months are surges.
    known_counts = some.one_of(some.integers(0, 50), some.integers(0, 10**6))
    counts = known_counts if both else some.one_of(some.none(), known_counts)
    other = {"model_id": "z/other", "created_at": datetime(2023, 1, 1), "downloads_30d": 7 if both else None}
    rows: dict[date, list[Row]] = {
        day: [other | {"downloads_all_time": 1000 + place}] for place, day in enumerate(days)
    }
    for number in range(draw(some.integers(1, 4))):
        created = draw(some.one_of(some.none(), some.integers(-400, 900)))
        born_on = None if created is None else datetime.combine(DAYS[0] + timedelta(days=created), datetime.min.time())
        for day in days:
            if draw(some.booleans()) and (born_on is None or born_on.date() <= day):
                rows[day].append(
                    {
                        "model_id": f"a/{number}",
                        "created_at": born_on,
                        "downloads_all_time": draw(counts),
                        "downloads_30d": draw(counts),
                    }
                )
    return rows
