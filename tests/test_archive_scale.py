"""The archive at scale: small on disk, quick to look at, checked as a whole, and let go of by rules."""

import json
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import projects
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from projects import run
from samples import DAY, ROOT, model, sentence, snapshot, table

from generator import archive, dataset, engines
from generator.archive import parquet, retention
from generator.archive.retention import decide
from generator.build import Project
from generator.compaction import decisions
from generator.errors import ReportError
from generator.snapshot import SCHEMA

sys.path.insert(0, str(ROOT / "benchmarks"))
import archive_size

pytestmark = pytest.mark.slow

TAGGED = model(
    "a/b",
    tags=["gguf", "license:mit", "license:other", "base_model:x/y", "base_model:quantized:x/y", "base_model:z/z",
          "region:us", "dataset:d"],
    license="mit",
    base_models=["x/y"],
    last_modified=datetime(2026, 3, 4, 5, 6, 7),
)  # fmt: skip


# --- Size ------------------------------------------------------------------------------------------------


def test_a_month_of_the_hub_stays_small(tmp_path: Path) -> None:
    """40 bytes a model are 120 MB for three million; dictionaries weigh more the fewer models share them."""
    rows = archive_size.month(60_000)
    written = parquet.write(tmp_path / "models.parquet", [rows])
    assert written == rows.num_rows > 59_000
    assert len(set(rows.column("model_id").to_pylist())) == rows.num_rows
    assert (tmp_path / "models.parquet").stat().st_size / rows.num_rows < 40
    found = parquet.read(tmp_path / "models.parquet")
    for name in set(SCHEMA.names) - {"tags", "last_modified"}:
        assert found.column(name).equals(rows.column(name)), name


def test_parts_make_the_same_file_as_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "ROW_GROUP", 10)
    rows = table([model(f"a/{n:03d}", tags=["x"], downloads_all_time=n) for n in range(57)])
    assert parquet.write(tmp_path / "whole", [rows]) == 57
    assert (
        parquet.write(tmp_path / "parts", [rows.slice(0, 3), rows.slice(3, 31), rows.slice(34), rows.slice(57)]) == 57
    )
    assert (tmp_path / "whole").read_bytes() == (tmp_path / "parts").read_bytes()
    assert pq.read_metadata(tmp_path / "parts").num_row_groups == 6
    assert parquet.read(tmp_path / "parts").equals(rows)
    assert parquet.write(tmp_path / "empty", []) == 0 == parquet.read(tmp_path / "empty").num_rows


def test_the_tags_left_out_are_those_that_other_columns_repeat() -> None:
    kept = parquet.stored_form(table([TAGGED, model("a/c", tags=[]), model("a/d")]))
    assert kept.column("tags").to_pylist() == [["gguf", "license:other", "base_model:z/z", "dataset:d"], [], None]
    assert kept.column("last_modified").to_pylist() == [datetime(2026, 3, 4), None, None]
    assert kept.schema == SCHEMA


WORDS = some.sampled_from(
    ["mit", "x/y", "gguf", "license:mit", "base_model:x/y", "base_model:merge:x/y", "region:eu", ""]
)


@settings(max_examples=20)
@given(
    tags=some.none() | some.lists(WORDS, max_size=5),
    licence=some.none() | WORDS,
    bases=some.none() | some.lists(WORDS, max_size=2),
)
def test_the_stored_form_loses_nothing_that_cannot_be_told(
    tags: list[str] | None, licence: str | None, bases: list[str] | None
) -> None:
    given_row = table([model(tags=tags, license=licence, base_models=bases), model("a/z", tags=["only"])])
    kept = parquet.stored_form(given_row)
    assert parquet.stored_form(kept).equals(kept)
    found = kept.column("tags").to_pylist()[0]
    if tags is None:
        assert found is None
        return
    gone = [tag for tag in tags if tag not in found]
    assert [tag for tag in tags if tag not in gone] == found
    for tag in gone:
        assert (
            tag.startswith("region:")
            or tag == f"license:{licence}"
            or (bases is not None and tag.split(":")[-1] in bases and tag.startswith("base_model:"))
        )


# --- The first schema --------------------------------------------------------------------------------------


@pytest.fixture
def first_schema(tmp_path: Path) -> Path:
    """An archive as the first version wrote it: all tags, the time of the last change, plain encodings."""
    folder = tmp_path / "archive"
    archive.add(folder, snapshot(TAGGED))
    (stored,) = archive.entries(folder)
    pq.write_table(table([TAGGED]), stored.data, compression="zstd")
    manifest = json.loads((stored.folder / archive.MANIFEST).read_text())
    manifest |= {
        "schema_version": 1,
        "sha256": archive.verification.sha256(stored.data),
        "bytes": stored.data.stat().st_size,
    }
    (stored.folder / archive.MANIFEST).write_text(json.dumps(manifest))
    return folder


def test_an_archive_of_the_first_schema_is_read_and_added_to(first_schema: Path) -> None:
    (old,) = archive.entries(first_schema)
    archive.verify(old)
    assert old.manifest.schema_version == 1
    assert archive.read(old).equals(table([TAGGED]))
    later = snapshot(TAGGED | {"downloads_all_time": 25}, as_of=date(2026, 6, 20))
    assert archive.add(first_schema, later) == "added"
    data = dataset.load(engines.connect(), archive.entries(first_schema))
    assert list(data.report_dates) == [DAY, date(2026, 6, 20)]
    assert data.models.to_pandas().license.tolist() == ["mit"]


def test_the_same_content_in_another_schema_is_no_replacement(first_schema: Path) -> None:
    before = (first_schema / f"snapshot={DAY}" / archive.DATA).read_bytes()
    assert archive.add(first_schema, snapshot(TAGGED)) == "unchanged"
    assert (first_schema / f"snapshot={DAY}" / archive.DATA).read_bytes() == before
    with pytest.raises(ReportError):
        archive.add(first_schema, snapshot(TAGGED | {"license": "apache-2.0"}))


# --- Status and verification -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sixty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sixty") / "archive"
    for month in range(60):
        day = date(2021 + month // 12, month % 12 + 1, 28)
        archive.add(folder, snapshot(model(downloads_all_time=month), as_of=day))
    return folder


def test_the_status_of_sixty_snapshots_opens_none_of_them(sixty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pq, "ParquetFile", lambda *_: pytest.fail("a snapshot was opened"))
    began = time.perf_counter()
    assert len(archive.status(sixty).splitlines()) == 63
    assert time.perf_counter() - began < 1


def test_the_command_for_the_status_waits_for_no_library_it_does_not_need(sixty: Path) -> None:
    heavy = ("mkdocs", "altair", "ibis", "huggingface_hub", "pandas", "vl_convert")
    code = (
        "import sys; from generator.cli import main\n"
        f"main(['status', '--archive', {str(sixty)!r}], standalone_mode=False)\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert "60 snapshots" in done.stdout


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return projects.make(tmp_path / "project")


def monthly(folder: Path, *days: date, **fields: Any) -> None:
    for number, day in enumerate(days):
        archive.add(folder, snapshot(model(downloads_all_time=100 + number, **fields), as_of=day))


def test_verify_names_every_fault_and_fails(project: Project) -> None:
    days = [date(2026, month, 28) for month in range(1, 6)]
    monthly(project.archive, *days)
    sound = run(project, "archive", "verify")
    assert sound.exit_code == 0 and "5 snapshots, each as its manifest says" in sound.output
    folders = [project.archive / f"snapshot={day}" for day in days]
    altered = bytearray((folders[0] / archive.DATA).read_bytes())
    altered[len(altered) // 2] ^= 1
    (folders[0] / archive.DATA).write_bytes(altered)
    (folders[1] / archive.DATA).unlink()
    (folders[2] / archive.MANIFEST).write_text("{")
    folders[3].rename(project.archive / "snapshot=2025-12-31")
    found = run(project, "archive", "verify")
    assert found.exit_code == 1
    errors = [line for line in found.output.splitlines() if line.startswith("Error: ")]
    assert len(errors) == 5 and "4 of 5 snapshots are damaged" in errors[-1]
    for error, words in zip(
        errors,
        ("its manifest is that of 2026-04-28", "SHA-256", "data is missing", "unreadable manifest"),
        strict=False,
    ):
        assert words in error
    assert run(project, "archive", "verify", "--archive", str(project.folder / "none")).exit_code == 0


# --- Retention ---------------------------------------------------------------------------------------------

TODAY = date(2026, 7, 20)


def entry(day: date, rows: int = 100, revised: bool = False) -> archive.Entry:
    revision = archive.Revision(
        replaced_at=datetime(2026, 1, 1, tzinfo=UTC), rows_before=1, rows_after=1, sha256_before="a", sha256_after="b"
    )
    manifest = archive.Manifest(
        schema_version=2, generator_version="0", as_of=day, kind="file", detail="", simulated=False, rows=rows,
        retrieved_at=datetime(2026, 1, 1, tzinfo=UTC), bytes=1, sha256="", coverage={}, skipped={},
        revisions=[revision] if revised else [],
    )  # fmt: skip
    return archive.Entry(Path(f"snapshot={day}"), manifest)


def test_the_rules_of_retention() -> None:
    def day(number: int) -> date:
        return date(2026, 1, number)

    stored = [entry(day(1), 120), entry(day(3)), entry(day(5), revised=True), *map(entry, map(day, (7, 9, 11, 13, 20)))]
    stored.append(entry(date(2026, 7, 1), 3))
    found = {item.entry.manifest.as_of: item.reason for item in decide(stored, [day(11)], [day(7)], TODAY, 90)}
    assert found == {
        day(1): "largest",
        day(3): "kept for no longer",
        day(5): "revised",
        day(7): "published",
        day(9): "neighbour",
        day(11): "report date",
        day(13): "neighbour",
        day(20): "kept for no longer",
        date(2026, 7, 1): "largest",
    }
    assert not [item for item in decide(stored, [day(11)], [], TODAY, 365) if not item.keep]
    assert set(retention.REASONS) == {*found.values(), "young"}


DAYS = some.dates(date(2025, 1, 1), date(2026, 7, 1))


@settings(max_examples=60)
@given(some.sets(DAYS, min_size=1, max_size=25), some.data(), some.integers(1, 500))
def test_nothing_that_is_needed_goes(days: set[date], data: some.DataObject, keep: int) -> None:
    report_dates = data.draw(some.sets(some.sampled_from(sorted(days))))
    published = data.draw(some.sets(some.sampled_from(sorted(days))))
    found = decide([entry(day) for day in days], report_dates, published, TODAY, keep)
    assert [item.entry.manifest.as_of for item in found] == sorted(days)
    gone = {item.entry.manifest.as_of for item in found if not item.keep}
    assert not gone & (report_dates | published | {max(days)})
    assert all((TODAY - day).days >= keep for day in gone)
    # One of each month stays, whatever it is.
    assert {(day.year, day.month) for day in days - gone} == {(day.year, day.month) for day in days}


@pytest.fixture
def daily(project: Project) -> Project:
    """Every third day of three months of two years ago, the last of May stale; and a snapshot of this month."""
    first = date(2024, 3, 2)
    for number in range(30):
        day = first + timedelta(days=3 * number)
        counter = 100 + min(number, 28)
        archive.add(
            project.archive, snapshot(*(model(f"a/{n}", downloads_all_time=counter) for n in range(3)), as_of=day)
        )
    archive.add(project.archive, snapshot(model("a/0", downloads_all_time=900), as_of=date(2026, 5, 20)))
    return project


def test_compacting_says_what_it_would_do_and_does_it(daily: Project) -> None:
    before = sorted(path.name for path in daily.archive.iterdir())
    dates = dataset.load(engines.connect(), archive.entries(daily.archive)).report_dates
    assert list(dates) == [date(2024, 3, 29), date(2024, 4, 28), date(2024, 5, 25), date(2026, 5, 20)]
    dry = run(daily, "archive", "compact")
    assert dry.exit_code == 0 and "A dry run: nothing was removed" in dry.output
    assert sorted(path.name for path in daily.archive.iterdir()) == before
    done = run(daily, "archive", "compact", "--remove")
    assert done.exit_code == 0 and "MB set free" in done.output
    named = {line.split()[0] for line in dry.output.splitlines() if " remove " in line}
    kept = {str(item.manifest.as_of) for item in archive.entries(daily.archive)}
    assert named and kept == {name.removeprefix("snapshot=") for name in before} - named
    # The first of each month is the fullest, and the stale one after a report date shows that it is stale.
    assert {"2024-03-02", "2024-03-26", "2024-03-29", "2024-04-01", "2024-05-28", "2026-05-20"} <= kept
    assert dataset.load(engines.connect(), archive.entries(daily.archive)).report_dates == dates
    again = run(daily, "archive", "compact")
    assert "0 to remove" in again.output and "dry run" not in again.output


def test_a_damaged_archive_is_not_compacted(daily: Project) -> None:
    found = decisions(daily.archive, TODAY, 90)
    data = daily.archive / "snapshot=2024-03-29" / archive.DATA
    data.write_bytes(data.read_bytes()[:-3])
    count = len(list(daily.archive.iterdir()))
    with pytest.raises(ReportError) as raised:
        retention.compact(daily.archive, found)
    assert str(data) in sentence(raised)
    assert len(list(daily.archive.iterdir())) == count


def test_a_removal_cut_short_is_completed(daily: Project) -> None:
    gone = next(item for item in decisions(daily.archive, TODAY, 90) if not item.keep)
    gone.entry.folder.rename(daily.archive / f".removing-{gone.entry.manifest.as_of}")
    retention.compact(daily.archive, decisions(daily.archive, TODAY, 90))
    assert not list(daily.archive.glob(".removing-*"))


def test_what_would_change_a_report_date_is_not_removed(
    daily: Project, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    def careless(stored: list[archive.Entry], *_: Any) -> list[retention.Decision]:
        return [retention.Decision(item, item.manifest.as_of != date(2024, 5, 25), "young") for item in stored]

    monkeypatch.setattr("generator.compaction.decide", careless)
    with pytest.raises(ReportError) as raised:
        decisions(daily.archive, TODAY, 90)
    assert "nothing was removed" in sentence(raised)


def test_an_empty_archive_has_nothing_to_compact(project: Project) -> None:
    answer = run(project, "archive", "compact")
    assert answer.exit_code == 1 and "nothing to compact" in answer.output
