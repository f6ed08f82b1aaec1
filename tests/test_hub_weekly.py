"""The Hub's history against a local server that speaks the Hub's protocol, through the real client."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import projects
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hub_datasets import Datasets, FileFault
from hub_server import HubServer
from huggingface_hub import constants
from huggingface_hub.utils import _http
from samples import Row, sentence

from generator import archive
from generator.build import report
from generator.collection import History
from generator.collection import collect as collect_into
from generator.edition import edition_of
from generator.errors import ReportError
from generator.pages import _environment
from generator.project import Project
from generator.provenance import record
from generator.results import Results
from generator.settings import Settings
from generator.snapshot import SCHEMA
from generator.sources import hub_weekly, ranged
from generator.sources.hub_weekly import REPOSITORY, Month

pytestmark = pytest.mark.slow

CARD = "x" * 40_000
"""A model card of random length is what makes the real files large; this one is never to be fetched."""


def hub_row(number: int, created: datetime, **fields: Any) -> Row:
    """A model in the schema of the Hub's export of 2026."""
    owner = ("Qwen", "meta-llama", "google")[number % 3]
    return {
        "id": f"{owner}/model-{number}",
        "author": owner,
        "createdAt": created,
        "lastModified": created,
        "downloads": 1000 - number,
        "downloadsAllTime": 9000 - number,
        "likes": number,
        "trendingScore": 0.5,
        "tags": ["license:apache-2.0", f"base_model:finetune:org/base-{number}", f"base_model:org/base-{number}"],
        "cardData": json.dumps({"license": "apache-2.0", "text": CARD + str(number)}),
        "safetensors": {"parameters": {"BF16": 7, "F32": None}, "total": 7},
        "gguf": None if number % 2 else '{"total": 5, "architecture": "qwen3"}',
        "baseModels": {"relation": "finetune", "models": [{"_id": f"{number:024x}", "id": f"org/base-{number}"}]},
        "pipeline_tag": "text-generation",
        "library_name": "transformers",
        "siblings": [{"rfilename": "model.safetensors"}],
        **fields,
    }


def hub_rows(taken_on: date, count: int = 40) -> list[Row]:
    """Models of which the newest was created on ``taken_on``."""
    moment = datetime(taken_on.year, taken_on.month, taken_on.day, 23, 5)
    total = 9000 + (taken_on - date(2026, 9, 30)).days
    return [
        hub_row(number, moment - timedelta(days=3 * number), downloadsAllTime=total - number) for number in range(count)
    ]


def parquet(rows: Sequence[Row], change: Callable[[pa.Table], pa.Table] = lambda table: table) -> bytes:
    sink = pa.BufferOutputStream()
    # Cards that repeat would shrink to nothing; the real ones do not.
    pq.write_table(change(pa.Table.from_pylist(list(rows))), sink, row_group_size=16, compression="none")
    return bytes(sink.getvalue())


def weekly(*dates: tuple[str, str], **changes: Any) -> dict[str, bytes]:
    """Files by path, each labelled with its first date and taken on its second."""
    return {
        f"models/{label}/models.parquet": parquet(hub_rows(date.fromisoformat(taken_on)), **changes)
        for label, taken_on in dates
    }


def served(files: Mapping[str, bytes | Path], **options: Any) -> Datasets:
    return Datasets({REPOSITORY: {"README.md": b"# card", **files}}, **options)


def replaced(name: str, values: Callable[[pa.ChunkedArray], Any]) -> Callable[[pa.Table], pa.Table]:
    def change(table: pa.Table) -> pa.Table:
        position = table.schema.get_field_index(name)
        return table.set_column(position, name, values(table.column(name)))

    return change


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("HF_TOKEN", "HF_HUB_OFFLINE", "HTTP_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no-token"))
    monkeypatch.setattr(ranged, "WORTH_A_REQUEST", 2000)
    monkeypatch.setattr(hub_weekly, "WORTH_A_REQUEST", 2000)
    monkeypatch.setattr(hub_weekly, "TAIL_BYTES", 16_000)


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The client's pauses, noted instead of made."""
    made: list[float] = []
    monkeypatch.setattr(_http, "time", SimpleNamespace(sleep=made.append))
    return made


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "archive"


@pytest.fixture
def collect(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kept: Path) -> Any:
    """Collect months from a hub into ``kept``; gives what was said and the outcomes."""

    def collected(hub: HubServer, first: str = "2026-07", last: str = "2026-09", **options: Any) -> SimpleNamespace:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        said: list[str] = []
        replace = options.pop("replace", False)
        outcomes = collect_into(
            kept,
            "hub-weekly",
            work_folder=tmp_path / "work",
            top=1,
            replace=replace,
            history=History(month(first), month(last), **options),
            say=said.append,
        )
        return SimpleNamespace(said=" / ".join(said), **outcomes)

    return collected


def month(text: str) -> Month:
    return Month.of(datetime.strptime(text, "%Y-%m").date())


def dates(folder: Path) -> list[str]:
    return [str(item.manifest.as_of) for item in archive.entries(folder)]


THREE = (("2026-07-29", "2026-07-29"), ("2026-08-26", "2026-08-26"), ("2026-09-30", "2026-09-30"))


# --- Months --------------------------------------------------------------------------------------------------


def test_the_last_snapshot_of_each_month_is_archived(collect: Any, kept: Path) -> None:
    files = weekly(("2026-07-22", "2026-07-22"), *THREE, ("2026-06-24", "2026-06-24"))
    with HubServer(datasets=served(files, tree_page=3)) as hub:
        result = collect(hub)
    assert dates(kept) == ["2026-07-29", "2026-08-26", "2026-09-30"] and result.added == 3
    newest = archive.entries(kept)[-1]
    table = archive.read(newest)
    assert table.schema == SCHEMA and table.num_rows == 40
    assert table.column("model_id").to_pylist() == sorted(table.column("model_id").to_pylist())
    row = next(row for row in table.to_pylist() if row["model_id"] == "Qwen/model-0")
    assert row["downloads_all_time"] == 9000 and row["license"] == "apache-2.0" and row["parameters"] == 7
    assert row["base_models"] == ["org/base-0"] and row["base_relation"] == "finetune"
    assert (row["gguf_architecture"], row["gguf_parameters"], row["parameters_by_dtype"]) == ("qwen3", 5, '{"BF16":7}')
    coverage = newest.manifest.coverage
    assert newest.manifest.kind == "hub-weekly" and coverage["labelled"] == "2026-09-30" and not coverage["verified"]
    assert coverage["rows_in_file"] == 40 and coverage["licence"] == "ODbL-1.0" and len(coverage["revision"]) == 40
    assert "absent_columns" not in coverage and "new_columns" not in coverage and "other_types" not in coverage


def test_only_needed_columns_are_fetched(collect: Any, kept: Path) -> None:
    files = weekly(*THREE)
    with HubServer(datasets=served(files)) as hub:
        collect(hub)
        asked = hub.datasets.bytes_asked
        assert all(request.range for request in hub.datasets.of("file"))
    whole = sum(len(content) for content in files.values())
    assert asked < whole / 5
    manifests = [item.manifest for item in archive.entries(kept)]
    assert sum(manifest.coverage["bytes_read"] for manifest in manifests) <= asked
    assert sum(manifest.coverage["bytes_in_file"] for manifest in manifests) == whole


def test_whole_files_are_verified_and_give_the_same_rows(collect: Any, kept: Path, tmp_path: Path) -> None:
    files = weekly(*THREE)
    with HubServer(datasets=served(files)) as hub:
        collect(hub)
        in_part = [archive.read(item) for item in archive.entries(kept)]
        kept.rename(tmp_path / "first")
        collect(hub, whole=True)
    found = archive.entries(kept)
    assert all(item.manifest.coverage["verified"] for item in found)
    assert [archive.read(item) for item in found] == in_part


def test_a_whole_file_with_another_checksum_is_refused(collect: Any, kept: Path) -> None:
    faults = {"file": {number: FileFault(other_bytes=True) for number in (2,)}}
    with HubServer(datasets=served(weekly(THREE[-1]), faults=faults)) as hub:
        with pytest.raises(ReportError) as raised:
            collect(hub, "2026-09", whole=True)
        assert "does not have the SHA-256" in sentence(raised) and not kept.exists()
        assert collect(hub, "2026-09", whole=True).added == 1


def test_a_file_is_dated_by_its_newest_model_and_not_by_its_label(collect: Any, kept: Path) -> None:
    """The repository fills a label's folder with the state of up to a week later."""
    late = weekly(("2026-07-22", "2026-07-28"), ("2026-07-29", "2026-08-04"), ("2026-08-26", "2026-08-31"))
    with HubServer(datasets=served(late)) as hub:
        result = collect(hub, "2026-07", "2026-08")
    assert dates(kept) == ["2026-07-28", "2026-08-31"] and result.added == 2
    assert [item.manifest.coverage["labelled"] for item in archive.entries(kept)] == ["2026-07-22", "2026-08-26"]
    assert [item.manifest.skipped for item in archive.entries(kept)] == [{}, {}]


def test_months_without_a_snapshot_are_said_and_stay_empty(collect: Any, kept: Path) -> None:
    # August's file repeats the state of July.
    files = weekly(("2026-06-24", "2026-06-24"), ("2026-07-29", "2026-07-29"), ("2026-08-26", "2026-07-29"))
    with HubServer(datasets=served(files)) as hub:
        result = collect(hub, "2026-05", "2026-08")
    assert dates(kept) == ["2026-06-24", "2026-07-29"]
    assert "No snapshot was taken in 2026-05, 2026-08" in result.said


def test_a_range_without_any_snapshot_is_an_error(collect: Any) -> None:
    with HubServer(datasets=served(weekly(*THREE))) as hub, pytest.raises(ReportError) as raised:
        collect(hub, "2025-01", "2025-03")
    assert "labelled 2026-07-29 to 2026-09-30" in sentence(raised)


def test_the_running_month_is_said_to_be_unfinished(collect: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_weekly, "today", lambda: date(2026, 9, 30))
    with HubServer(datasets=served(weekly(*THREE))) as hub:
        assert "2026-09 is not over: 2026-09-30 is its last snapshot so far" in collect(hub).said


def test_a_file_that_cannot_be_dated_is_an_error(collect: Any) -> None:
    with HubServer(datasets=served(weekly(("2026-07-29", "2026-09-20")))) as hub, pytest.raises(ReportError) as raised:
        collect(hub)
    # Its data would be of September, which the folder of July cannot hold.
    assert "so it cannot be dated" in sentence(raised)


# --- Going on after an interruption --------------------------------------------------------------------------


def test_a_second_run_fetches_only_what_is_new(collect: Any, kept: Path) -> None:
    files = weekly(*THREE[:2])
    with HubServer(datasets=served(files)) as hub:
        collect(hub)
        before = {path: path.stat().st_mtime_ns for path in kept.rglob("*")}
        hub.datasets.requests.clear()
        hub.datasets.repositories[REPOSITORY] |= weekly(THREE[2])
        result = collect(hub)
        labels = {request.path.split("/")[-2] for request in hub.datasets.of("resolve")}
    assert result.added == 1 and "Archived already: 2 of 3 months" in result.said and labels == {"2026-09-30"}
    assert all(path.stat().st_mtime_ns == moment for path, moment in before.items())


def test_another_file_for_an_archived_date_needs_replace(collect: Any, kept: Path) -> None:
    with HubServer(datasets=served(weekly(*THREE))) as hub:
        collect(hub)
        changed = [row | {"likes": 7} for row in hub_rows(date(2026, 8, 26))]
        hub.datasets.repositories[REPOSITORY]["models/2026-08-26/models.parquet"] = parquet(changed)
        hub.datasets.requests.clear()
        with pytest.raises(ReportError) as raised:
            collect(hub)
        assert "2026-08-26 is already archived with other content" in sentence(raised)
        assert hub.datasets.bytes_asked < 100_000
        result = collect(hub, replace=True)
    assert result.replaced == 1
    assert len(archive.entries(kept)[1].manifest.revisions) == 1


def test_the_same_rows_from_another_file_are_unchanged(collect: Any, kept: Path) -> None:
    with HubServer(datasets=served(weekly(THREE[2]))) as hub:
        collect(hub)
        reversed_rows = list(reversed(hub_rows(date(2026, 9, 30))))
        hub.datasets.repositories[REPOSITORY] = {"models/2026-09-30/models.parquet": parquet(reversed_rows)}
        assert collect(hub, replace=True).unchanged == 1


def test_a_killed_run_goes_on_within_the_file(tmp_path: Path, kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed without warning in the second of three files: the first month is there, finished blocks stay."""
    files = weekly(*THREE)
    program = (
        "import sys; from pathlib import Path; from generator.sources import hub_weekly, ranged;"
        "from generator.collection import collect, History; from generator.sources.hub_weekly import Month;"
        "ranged.BLOCK_BYTES = 4000; hub_weekly.TAIL_BYTES = 16000; hub_weekly.WORTH_A_REQUEST = 2000;"
        "collect(Path(sys.argv[1]), 'hub-weekly', work_folder=Path(sys.argv[2]), top=1,"
        " history=History(Month(2026, 7), Month(2026, 9)), say=lambda line: None)"
    )
    command = [sys.executable, "-c", program, str(kept), str(tmp_path / "work")]
    with HubServer(datasets=served(files)) as hub:
        environment = {**os.environ, "HF_ENDPOINT": hub.endpoint, "HF_HUB_DISABLE_TELEMETRY": "1"}
        undisturbed = subprocess.run([*command[:-2], str(tmp_path / "other"), str(tmp_path / "w")], env=environment)
        assert undisturbed.returncode == 0
        expected = [archive.read(item) for item in archive.entries(tmp_path / "other")]
        asked = [(request.path, request.range) for request in hub.datasets.of("file")]
        assert len(asked) == len(set(asked))
        hub.datasets.requests.clear()
        # The footers come first, then file by file: stop in the middle of the second.
        second = [path for number, (path, _) in enumerate(asked) if path not in {path for path, _ in asked[:number]}][1]
        stop_at = [number for number, (path, _) in enumerate(asked, start=1) if path == second][-3]
        hub.datasets.faults["file"] = {stop_at: FileFault(hang_seconds=30)}
        run = subprocess.Popen(command, env=environment)
        while len(hub.datasets.of("file")) < stop_at:
            time.sleep(0.01)
            assert run.poll() is None
        run.send_signal(signal.SIGKILL)
        run.wait()
        assert dates(kept) == ["2026-07-29"]
        hub.datasets.faults.clear()
        finished = subprocess.run(command, env=environment)
        assert finished.returncode == 0
        again = hub.datasets.of("file")
    # Only the block that was under way is asked twice.
    assert len(again) == len(asked) + 1
    assert [archive.read(item) for item in archive.entries(kept)] == expected
    assert not list((tmp_path / "work").rglob("*.parquet"))


def test_a_damaged_block_is_fetched_again(tmp_path: Path) -> None:
    remote = ranged.Remote("http://hub/file", 100, None)
    copy = ranged.PartialFile(remote, tmp_path / "a.parquet")
    copy._keep(0, b"a" * 40)
    copy._keep(60, b"b" * 20)
    assert ranged.PartialFile(remote, copy.path).missing([(0, 100)]) == [(40, 60), (80, 100)]
    with copy.path.open("r+b") as file:
        file.seek(65)
        file.write(b"?")
    assert ranged.PartialFile(remote, copy.path).missing([(0, 100)]) == [(40, 100)]
    copy.journal.write_text(copy.journal.read_text()[:-20])
    assert ranged.PartialFile(remote, copy.path).missing([(0, 100)]) == [(40, 100)]
    other = ranged.Remote("http://hub/other", 100, None)
    assert ranged.PartialFile(other, copy.path).missing([(0, 100)]) == [(0, 100)]


# --- Faults of the Hub ---------------------------------------------------------------------------------------

FAULTS: dict[str, dict[str, dict[int, FileFault]]] = {
    "a limit on the list": {"tree": {1: FileFault(429, {"Retry-After": "2"})}},
    "a limit on the commit": {"commit": {1: FileFault(429, {"Retry-After": "2"})}},
    "a limit on a block": {"file": {4: FileFault(429, {"Retry-After": "2"})}},
    "a failing resolver": {"resolve": {2: FileFault(503), 3: FileFault(502)}},
    "a failing store": {"file": {4: FileFault(500), 5: FileFault(503)}},
    "a connection cut in mid-range": {"file": {4: FileFault(share=0.5), 5: FileFault(share=0.9)}},
    "a connection cut in the footer": {"file": {1: FileFault(share=0.5)}},
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_passing_fault_changes_nothing(collect: Any, kept: Path, waits: list[float], case: str) -> None:
    with HubServer(datasets=served(weekly(*THREE), faults=FAULTS[case])) as hub:
        assert collect(hub).added == 3
    assert waits and all(wait <= 8 for wait in waits)
    assert archive.read(archive.entries(kept)[-1]).num_rows == 40


def test_a_hub_that_keeps_failing_is_one_sentence_and_finished_blocks_stay(collect: Any, kept: Path) -> None:
    faults = {"file": {number: FileFault(share=0.5) for number in range(4, 30)}}
    with HubServer(datasets=served(weekly(*THREE), faults=faults)) as hub:
        with pytest.raises(ReportError) as raised:
            collect(hub)
        footers = len({request.path for request in hub.datasets.of("file")})
        hub.datasets.faults.clear()
        hub.datasets.requests.clear()
        assert "run the same command again" in sentence(raised) and not kept.exists()
        assert collect(hub).added == footers == 3
        assert not [request for request in hub.datasets.of("file") if request.range and "16000" in request.range]


def test_too_long_a_wait_is_refused(collect: Any, waits: list[float]) -> None:
    faults = {"file": {5: FileFault(429, {"Retry-After": "86400"})}}
    with HubServer(datasets=served(weekly(*THREE), faults=faults)) as hub, pytest.raises(ReportError) as raised:
        collect(hub)
    assert "asks to wait 86400 seconds before models/2026-" in sentence(raised) and not waits


def test_a_proxy_that_ignores_ranges_is_told_and_its_answer_not_read(collect: Any) -> None:
    faults = {"file": {1: FileFault(whole=True)}}
    with HubServer(datasets=served(weekly(*THREE), faults=faults)) as hub, pytest.raises(ReportError) as raised:
        collect(hub)
    assert "comes only as a whole" in sentence(raised)


def test_a_file_of_another_length_is_told(collect: Any) -> None:
    faults = {"file": {4: FileFault(headers={"Content-Range": "bytes 0-1/2"})}}
    with HubServer(datasets=served(weekly(*THREE), faults=faults)) as hub, pytest.raises(ReportError) as raised:
        collect(hub)
    assert "the file has changed or a proxy alters answers" in sentence(raised)


def test_no_repository_and_no_network_are_one_sentence(collect: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with HubServer(datasets=Datasets({REPOSITORY: {"README.md": b""}})) as hub:
        with pytest.raises(ReportError) as raised:
            collect(hub)
        assert "lists no models/<date>/models.parquet" in sentence(raised)
    with HubServer() as hub:
        with pytest.raises(ReportError) as raised:
            collect(hub)
        assert REPOSITORY in sentence(raised)
        monkeypatch.setenv("HF_HUB_OFFLINE", "1")
        with pytest.raises(ReportError) as raised:
            collect(hub)
        assert "HF_HUB_OFFLINE" in sentence(raised)


def test_no_parquet_is_told(collect: Any) -> None:
    files = {"models/2026-09-30/models.parquet": b"<html>" * 9}
    with HubServer(datasets=served(files)) as hub, pytest.raises(ReportError) as raised:
        collect(hub)
    assert "is no Parquet file" in sentence(raised)


# --- Schemas that change -------------------------------------------------------------------------------------


def text(column: pa.ChunkedArray) -> pa.Array:
    return pa.array([None if value is None else str(value) for value in column.to_pylist()])


def as_json(column: pa.ChunkedArray) -> pa.Array:
    return pa.array([None if value is None else json.dumps(value) for value in column.to_pylist()])


SAME_ROWS: dict[str, tuple[Callable[[pa.Table], pa.Table], dict[str, Any]]] = {
    "no author": (lambda table: table.drop_columns(["author"]), {"absent_columns": ["author"]}),
    "no baseModels": (lambda table: table.drop_columns(["baseModels"]), {"absent_columns": ["baseModels"]}),
    "an author of nulls": (
        replaced("author", lambda column: pa.nulls(len(column))),
        {"empty_columns": ["author"]},
    ),
    "a new column": (
        lambda table: table.append_column("mood", pa.array(["good"] * len(table))),
        {"new_columns": ["mood"]},
    ),
    "counts as text": (
        lambda table: replaced("downloads", text)(replaced("downloadsAllTime", text)(table)),
        {"other_types": {"downloads": "VARCHAR", "downloadsAllTime": "VARCHAR"}},
    ),
    "counts as floats": (
        replaced("downloads", lambda column: column.cast(pa.float64())),
        {"other_types": {"downloads": "DOUBLE"}},
    ),
    "times as text": (
        replaced("createdAt", lambda column: pa.array([f"{value.isoformat()}.000Z" for value in column.to_pylist()])),
        {"other_types": {"createdAt": "VARCHAR"}},
    ),
    "times in nanoseconds": (
        replaced("createdAt", lambda column: column.cast(pa.timestamp("ns"))),
        {},
    ),
    "times with a zone": (
        replaced("createdAt", lambda column: column.cast(pa.timestamp("ms", "UTC"))),
        {},
    ),
    "base models as JSON": (replaced("baseModels", as_json), {"other_types": {"baseModels": "VARCHAR"}}),
    "safetensors as JSON": (replaced("safetensors", as_json), {"other_types": {"safetensors": "VARCHAR"}}),
    "tags as JSON": (replaced("tags", as_json), {"other_types": {"tags": "VARCHAR"}}),
    "ids under another name": (
        lambda table: table.rename_columns({"id": "modelId"}),
        {"absent_columns": ["id"]},
    ),
}


@pytest.mark.parametrize("case", SAME_ROWS)
def test_known_drift_gives_the_same_rows_and_is_logged(collect: Any, kept: Path, tmp_path: Path, case: str) -> None:
    change, logged = SAME_ROWS[case]
    with HubServer(datasets=served(weekly(THREE[2]))) as hub:
        collect(hub)
        kept.rename(tmp_path / "usual")
        hub.datasets.repositories[REPOSITORY] = weekly(THREE[2], change=change)
        collect(hub)
    (found,) = archive.entries(kept)
    assert archive.read(found) == archive.read(archive.entries(tmp_path / "usual")[0])
    drift = ("absent_columns", "new_columns", "empty_columns", "other_types")
    seen = {name: value for name, value in found.manifest.coverage.items() if name in drift}
    assert seen == logged or (not logged and set(seen) <= {"other_types"})


@pytest.mark.parametrize("value", [0, None])
def test_an_all_time_count_that_the_hub_did_not_keep_yet_is_null(collect: Any, kept: Path, value: int | None) -> None:
    change = replaced("downloadsAllTime", lambda column: pa.array([value] * len(column), pa.int64()))
    with HubServer(datasets=served(weekly(THREE[2], change=change))) as hub:
        collect(hub)
    (found,) = archive.entries(kept)
    assert archive.read(found).column("downloads_all_time").null_count == 40
    assert archive.read(found).column("downloads_30d").null_count == 0
    assert found.manifest.coverage["empty_columns"] == ["downloadsAllTime"]


WRONG: dict[str, tuple[Callable[[pa.Table], pa.Table], str]] = {
    "no id": (lambda table: table.drop_columns(["id"]), "without an id"),
    "no counts": (lambda table: table.drop_columns(["downloads", "downloadsAllTime"]), "without any download count"),
    "seconds or milliseconds": (
        replaced("createdAt", lambda column: column.cast(pa.timestamp("ms")).cast(pa.int64())),
        "the column createdAt has the type BIGINT, usually TIMESTAMP",
    ),
    "counts in thousands": (
        replaced("downloads", lambda column: pa.array([value.as_py() / 1000 for value in column])),
        "the column downloads holds fractions",
    ),
    "counts in words": (
        replaced("downloads", lambda column: pa.array([f"{value.as_py()}k" for value in column])),
        "40 with an unreadable downloads",
    ),
    "counts in lists": (
        replaced("downloads", lambda column: pa.array([[value.as_py()] for value in column])),
        "the column downloads has the type BIGINT[]",
    ),
    "counts exchanged": (
        lambda table: table.rename_columns({"downloads": "downloadsAllTime", "downloadsAllTime": "downloads"}),
        "more downloads in 30 days than of all time",
    ),
    "parents as a list of names": (
        replaced("baseModels", lambda column: pa.array([["a/b"]] * len(column))),
        "the column baseModels has the type VARCHAR[]",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_drift_that_would_give_wrong_numbers_is_one_sentence(collect: Any, kept: Path, case: str) -> None:
    change, said = WRONG[case]
    with HubServer(datasets=served(weekly(THREE[2], change=change))) as hub, pytest.raises(ReportError) as raised:
        collect(hub)
    assert said in sentence(raised) and "models/2026-09-30/models.parquet" in sentence(raised)
    assert not list(kept.glob("snapshot=*"))


def test_single_rows_that_cannot_be_used_are_counted(collect: Any, kept: Path) -> None:
    rows = hub_rows(date(2026, 9, 30), count=300)
    rows[7]["downloads"] = -1
    rows.append(rows[3] | {"downloadsAllTime": 1})
    with HubServer(datasets=served({"models/2026-09-30/models.parquet": parquet(rows)})) as hub:
        collect(hub)
    (found,) = archive.entries(kept)
    assert found.manifest.skipped == {"a duplicate model id": 1, "negative downloads": 1}
    assert found.manifest.rows + 2 == found.manifest.coverage["rows_in_file"] == 301


# --- The command ---------------------------------------------------------------------------------------------


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = projects.make(tmp_path / "project")

    def run(*arguments: str) -> Any:
        return projects.run(project, *arguments)

    with HubServer(datasets=served(weekly(*THREE))) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        span = ("--source", "hub-weekly", "--from", "2026-08", "--to", "2026-10")
        result = run("collect", *span)
        assert result.exit_code == 0 and "2 added" in result.output, result.output
        assert "No snapshot was taken in 2026-10" in result.output and "To fetch: 2 months" in result.output
        assert "Archived already: 2 of 2 months" in run("collect", *span).output
    assert run("collect", "--source", "hub-weekly", "--from", "2026-13").exit_code == 2
    for arguments, said in (
        (("collect", "--source", "demo", "--from", "2026-08"), "go with --source hub-weekly"),
        (("collect", "--source", "hub-weekly", "--from", "2026-09", "--to", "2026-08"), "comes after"),
        (("collect", "--source", "hub-weekly", "--as-of", "2026-09-01"), "--as-of"),
        (("build", "--source", "hub-weekly"), "collect it into the archive first"),
    ):
        refused = run(*arguments)
        assert refused.exit_code == 1 and said in refused.output, refused.output


@pytest.mark.parametrize(("terminal", "shown"), [(True, True), (False, False)])
def test_progress_in_bytes_and_time_left(
    collect: Any, monkeypatch: pytest.MonkeyPatch, terminal: bool, shown: bool
) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(stream, "isatty", lambda: terminal)
    monkeypatch.setattr(sys, "stderr", stream)
    with HubServer(datasets=served(weekly(*THREE))) as hub:
        collect(hub)
    written = stream.getvalue()
    assert bool(written) == shown
    if shown:
        assert "hub-weekly 2026-09: 100%" in written and "B/s]" in written


def test_the_token_goes_to_the_hub_and_nowhere_else(collect: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    with HubServer(datasets=served(weekly(THREE[2]))) as hub:
        collect(hub)
        assert {request.headers.get("authorization") for request in hub.datasets.of("resolve")} == {"Bearer hf_secret"}
        assert {request.headers.get("authorization") for request in hub.datasets.of("file")} == {None}


def test_a_build_from_history_reminds_of_its_licence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the build itself, which takes longer than all the rest here."""

    def enough(*_: object) -> None:
        raise ReportError("that was enough.")

    monkeypatch.setattr("generator.build.dataset.load", enough)
    with HubServer(datasets=served(weekly(*THREE))) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        for licence, reminded in (("CC-BY-4.0", True), ("ODbL-1.0", False)):
            project = Project(tmp_path, Settings(licence=licence))
            said: list[str] = []
            collect_into(project.archive, "hub-weekly", work_folder=project.cache, top=1, say=said.append)
            said.clear()
            with pytest.raises(ReportError, match="enough"):
                report(project, project.archive, said.append)
            assert any('set licence = "ODbL-1.0"' in line for line in said) == reminded


@pytest.mark.parametrize(("kinds", "named"), [(("hub-weekly", "hub"), True), (("hub",), False)])
def test_the_data_page_names_the_licence_of_history(demo_results: Results, kinds: tuple[str, ...], named: bool) -> None:
    source = replace(demo_results.source, kinds=kinds, simulated=False)
    edition = edition_of(demo_results.as_of, "ODbL-1.0", "Somebody", "", False, 1)
    context = {"edition": edition, "build": record(source), "root": "../", "licence": edition.licence}
    page = _environment().get_template("data.md.j2").render(results=replace(demo_results, source=source), **context)
    assert ("Open Database License 1.0" in page) == named
