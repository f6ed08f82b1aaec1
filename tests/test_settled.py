"""Figures kept from one run to the next are those that a run without them would make."""

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import projects
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from samples import Row, archives, sentence

from generator import metrics, results, settled
from generator.errors import ReportError
from generator.flows import Flows

OpenFlows = Callable[..., Flows]
Archive = dict[date, list[Row]]

KEPT = {"models_indices", "months_compared", "quality", "surges"}
"""The names under which figures are kept."""

QUICK = ("basis-comparison", "series-quality")
"""Of those that rest on them the two that ask for least beside."""

RESTING_ON_THEM = (
    "basis-comparison",
    "concentration",
    "new-model-share-without-surges",
    "series-event-counts",
    "series-events",
    "series-quality",
)

FIRST = date(2025, 1, 31)


def months(number: int) -> Archive:
    """A quiet archive of a snapshot a month, whose last but one has a surge."""
    rows: Archive = {}
    for place in range(number):
        day = (pd.Timestamp(FIRST) + pd.offsets.MonthEnd(place)).date()
        rows[day] = [
            {
                "model_id": f"a/{name}",
                "created_at": datetime(2024, 6, 1 + name),
                "downloads_30d": 300 + 10 * name,
                "downloads_all_time": 1000 + 300 * place + (10**6 if name == 0 and place >= number - 2 else 0),
            }
            for name in range(4)
        ]
    return rows


def tables(flows: Flows, names: tuple[str, ...] = RESTING_ON_THEM) -> dict[str, pd.DataFrame]:
    known = metrics.discover()
    asked = results.queries(flows, {name: known[name] for name in names})
    return {name: results.frame(query) for name, query in asked.items()}


def same(one: dict[str, pd.DataFrame], other: dict[str, pd.DataFrame]) -> None:
    for name, table in one.items():
        pd.testing.assert_frame_equal(table, other[name], obj=name)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "settled"


def files(folder: Path) -> dict[str, list[date]]:
    """By name, the report dates of which there are figures."""
    return {
        place.name: sorted(date.fromisoformat(file.name[:10]) for file in place.iterdir())
        for place in folder.iterdir()
    }  # fmt: skip


@settings(max_examples=4)
@given(archives(), some.data())
def test_whatever_the_archive_figures_kept_change_none(
    open_flows: OpenFlows, tmp_path_factory: pytest.TempPathFactory, rows: Archive, drawn: Any
) -> None:
    folder = tmp_path_factory.mktemp("settled")
    days = sorted(rows)
    for number in sorted({drawn.draw(some.integers(1, len(days))), len(days)}):
        known = {day: rows[day] for day in days[:number]}
        same(tables(open_flows(known)), tables(open_flows(known, settled=folder)))


def test_only_the_newest_two_report_dates_are_made_again(open_flows: OpenFlows, folder: Path) -> None:
    rows = months(6)
    days = sorted(rows)
    tables(open_flows({day: rows[day] for day in days[:-1]}, settled=folder))
    assert files(folder) == dict.fromkeys(KEPT, days[:-1])
    before = {file: file.stat().st_mtime_ns for file in folder.rglob("*.parquet")}
    made = open_flows(rows, settled=folder)
    # Of the newest date of then it was not known which models would be gone a month later.
    assert made.data.settled.dates() == days[:-2]
    assert {name: made.data.settled.lacking(name) for name in KEPT} == dict.fromkeys(KEPT, days[-2:])
    tables(made)
    assert files(folder) == dict.fromkeys(KEPT, days)
    kept = {file: file.stat().st_mtime_ns for file in folder.rglob("*.parquet") if file in before}
    assert kept and kept == {file: before[file] for file in kept}
    assert {date.fromisoformat(file.name[:10]) for file in kept} == set(days[:-2])


def test_what_is_kept_is_read_and_not_made(open_flows: OpenFlows, folder: Path) -> None:
    rows = months(6)
    honest = tables(open_flows(rows, settled=folder), QUICK)["series-quality"]
    marked = next((folder / "quality").glob(f"{FIRST}-*"))
    table = pq.read_table(marked, partitioning=None)
    place = table.schema.get_field_index("models")
    pq.write_table(table.set_column(place, table.schema.field(place), pa.array([77], table["models"].type)), marked)
    read = tables(open_flows(rows, settled=folder), QUICK)["series-quality"]
    assert read["models"].tolist() == [77, *honest["models"].tolist()[1:]]


def _count(rows: Archive) -> None:
    rows[sorted(rows)[2]][1]["downloads_all_time"] += 1


def _gone(rows: Archive) -> None:
    del rows[sorted(rows)[2]]


def _created_earlier(rows: Archive) -> None:
    # Only the newest snapshot says so, and a model is as old as any of them says.
    rows[max(rows)][1]["created_at"] -= timedelta(days=200)


@pytest.mark.parametrize("change", [_count, _gone, _created_earlier])
def test_what_a_change_reaches_is_made_again(
    open_flows: OpenFlows, folder: Path, change: Callable[[Archive], None]
) -> None:
    tables(open_flows(months(8), settled=folder), QUICK)
    rows = months(8)
    change(rows)
    made = open_flows(rows, settled=folder)
    reached = 0 if change is _created_earlier else 1
    assert made.data.settled.dates() == sorted(months(8))[:reached]
    same(tables(open_flows(rows), QUICK), tables(made, QUICK))
    assert {len(days) for days in files(folder).values()} == {len(rows)}, "what nobody asks for any more is removed"


def test_another_version_of_the_software_keeps_nothing(
    open_flows: OpenFlows, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = months(4)
    tables(open_flows(rows, settled=folder), QUICK)
    assert open_flows(rows, settled=folder).data.settled.dates() == sorted(rows)
    monkeypatch.setattr(settled, "digest", lambda _: "another")
    assert open_flows(rows, settled=folder).data.settled.dates() == []


def test_a_file_that_cannot_be_read_is_made_again(open_flows: OpenFlows, folder: Path) -> None:
    rows = months(5)
    honest = tables(open_flows(rows, settled=folder))
    assert (honest["series-events"]["event"] == "surge").any()
    for name in KEPT:
        next((folder / name).glob(f"{FIRST}-*")).write_bytes(b"PAR1")
    made = open_flows(rows, settled=folder)
    assert {tuple(made.data.settled.lacking(name)) for name in KEPT} == {(FIRST,)}
    same(honest, tables(made))
    assert {tuple(open_flows(rows, settled=folder).data.settled.lacking(name)) for name in KEPT} == {()}


def test_without_a_folder_nothing_is_kept(open_flows: OpenFlows, folder: Path) -> None:
    made = open_flows(months(3))
    tables(made, QUICK)
    assert made.data.settled.dates() == [] and not folder.exists()


def test_where_the_folder_cannot_be_written_one_sentence_says_so(open_flows: OpenFlows, folder: Path) -> None:
    folder.write_text("no folder")
    with pytest.raises(ReportError) as raised:
        tables(open_flows(months(3), settled=folder), ("series-quality",))
    assert str(folder) in sentence(raised) and "cannot be written" in sentence(raised)


def test_a_report_says_how_much_was_kept_and_a_trial_keeps_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What the pages show is no matter here, nor what rests on nothing that is kept.
    asked = {name: metrics.discover()[name] for name in QUICK}
    monkeypatch.setattr(metrics, "discover", lambda: asked)
    monkeypatch.setattr("generator.build.write_pages", lambda *_, **__: [])
    project = projects.make(tmp_path / "project")
    given = project.folder / "models.json"

    for place, day in enumerate(sorted(months(4))):
        models = [{"id": f"qwen/{n}", "downloads": 300, "downloadsAllTime": 1000 + 300 * place} for n in range(3)]
        given.write_text(json.dumps(models), encoding="utf-8")
        projects.output(project, "collect", "--source", str(given), "--as-of", str(day))
        if place == 2:
            assert "Settled" not in projects.output(project, "build", "--source", "archive", "--no-site")
    kept = files(project.cache / "settled")
    assert set(kept) == {"months_compared", "quality"}
    said = projects.output(project, "build", "--source", "archive", "--no-site")
    assert "kept from an earlier run for 2 of 4 report dates" in said
    written = files(project.cache / "settled")
    trial = projects.output(project, "build", "--source", str(given), "--as-of", str(FIRST), "--no-site")
    assert "Settled" not in trial
    assert files(project.cache / "settled") == written
