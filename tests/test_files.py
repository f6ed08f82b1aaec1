"""Files as a source: four formats, two schemas, and everything that may be wrong with them."""

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from samples import DATA, DAY, Row, known, needs_real, sentence, table

from generator.errors import ReportError
from generator.snapshot import SCHEMA, Snapshot
from generator.sources import files

FORMATS = ("parquet", "json", "jsonl", "ndjson", "csv")

HUB_ROWS: list[Row] = [
    {
        "id": "Qwen/Qwen3-8B",
        "author": "Qwen",
        "createdAt": datetime(2025, 4, 27, 3, 42, 21),
        "lastModified": datetime(2025, 7, 26, 3, 49, 13),
        "downloads": 5_000_000_000,
        "downloadsAllTime": 9_000_000_000,
        "likes": 12,
        "trendingScore": 1.5,
        "gated": "auto",
        "tags": ["license:apache-2.0", "base_model:Qwen/Base", "base_model:finetune:Qwen/Base"],
        "safetensors": {"parameters": {"BF16": 7, "F32": None}, "total": 8},
        "gguf": None,
        "baseModels": None,
        "pipeline_tag": "text-generation",
        "library_name": "transformers",
    },
    {
        "id": 'someone/<b>{{ 7*7 }}, "x"|\'=1+1',
        "author": None,
        "createdAt": datetime(2026, 1, 2),
        "lastModified": None,
        "downloads": 0,
        "downloadsAllTime": 3,
        "likes": None,
        "trendingScore": None,
        "gated": "false",
        "tags": ["a, b", "组"],
        "safetensors": None,
        "gguf": '{"architecture": "qwen3", "total": 77}',
        "baseModels": {
            "relation": "quantized",
            "models": [{"_id": "1", "id": "p/q"}, {"_id": "2", "id": "r"}],
        },
        "pipeline_tag": None,
        "library_name": None,
    },
]
HUB_READ: list[Row] = [
    {
        "model_id": "Qwen/Qwen3-8B",
        "author": "Qwen",
        "created_at": datetime(2025, 4, 27, 3, 42, 21),
        "last_modified": datetime(2025, 7, 26, 3, 49, 13),
        "downloads_30d": 5_000_000_000,
        "downloads_all_time": 9_000_000_000,
        "likes": 12,
        "trending_score": 1.5,
        "pipeline_tag": "text-generation",
        "library_name": "transformers",
        "license": "apache-2.0",
        "gated": "auto",
        "tags": ["license:apache-2.0", "base_model:Qwen/Base", "base_model:finetune:Qwen/Base"],
        "base_models": ["Qwen/Base"],
        "base_relation": "finetune",
        "parameters": 8,
        "parameters_by_dtype": '{"BF16":7}',
    },
    {
        "model_id": 'someone/<b>{{ 7*7 }}, "x"|\'=1+1',
        "author": "someone",
        "created_at": datetime(2026, 1, 2),
        "downloads_30d": 0,
        "downloads_all_time": 3,
        "gated": "no",
        "tags": ["a, b", "组"],
        "base_models": ["p/q", "r"],
        "base_relation": "quantized",
        "gguf_architecture": "qwen3",
        "gguf_parameters": 77,
    },
]


def as_bytes(rows: list[Row], ending: str, schema: pa.Schema | None = None) -> bytes:
    if ending == "parquet":
        sink = pa.BufferOutputStream()
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), sink)
        return bytes(sink.getvalue())
    if ending == "csv":
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, list(rows[0]))
        writer.writeheader()
        for row in rows:
            writer.writerow(
                {name: json.dumps(value) if isinstance(value, list | dict) else value for name, value in row.items()}
            )
        return text.getvalue().encode()
    lines = [json.dumps(row, default=lambda moment: moment.isoformat() + ".000Z") for row in rows]
    return (f"[{', '.join(lines)}]" if ending == "json" else "\n".join(lines) + "\n").encode()


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str, bytes | str | list[Row]], Path]:
    """Write a file (rows in the format of its ending) and tell its path."""

    def write(name: str, content: bytes | str | list[Row]) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, list):
            content = as_bytes(content, path.suffix[1:].lower())
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def one(path: Path, as_of: date | None = DAY) -> Snapshot:
    (snapshot,) = files.load(path, as_of)
    return snapshot


def hub(**fields: Any) -> Row:
    return {"id": "a/b", "downloads": 1, **fields}


# --- Formats and schemas ---------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", FORMATS)
def test_the_hub_s_schema_reads_alike_in_every_format(written: Any, ending: str) -> None:
    snapshot = one(written(f"hub.{ending}", HUB_ROWS))
    assert [known(row) for row in snapshot.models.to_pylist()] == HUB_READ
    assert snapshot.models.schema == SCHEMA
    assert snapshot.provenance.skipped == {}


@pytest.mark.parametrize("ending", FORMATS)
def test_our_own_schema_comes_back_as_it_was(written: Any, ending: str) -> None:
    rows = [{name: row.get(name) for name in SCHEMA.names} for row in HUB_READ]
    path = written(f"own.{ending}", as_bytes(rows, ending, SCHEMA))
    assert one(path).models.to_pylist() == table(HUB_READ).to_pylist()


def test_the_ending_may_be_in_capitals(written: Any) -> None:
    assert one(written("HUB.CSV", HUB_ROWS)).models.num_rows == 2


def test_the_provenance(written: Any) -> None:
    path = written("hub.json", [*HUB_ROWS, hub(downloads=-1)])
    origin = one(path).provenance
    assert (origin.kind, origin.detail, origin.simulated) == ("file", "hub.json", False)
    assert origin.coverage == {"rows_in_file": 3}
    assert origin.retrieved_at == datetime.fromtimestamp(int(path.stat().st_mtime), UTC)


FORMS: list[tuple[Row, Row]] = [
    (
        {"safetensors": {"total": 5, "parameters": {"F16": 5}}},
        {"parameters": 5, "parameters_by_dtype": '{"F16":5}'},
    ),
    ({"safetensors": '{"total": 5}'}, {"parameters": 5}),
    ({"safetensors": "7B", "gguf": "none"}, {}),
    ({"gguf": {"total": 6, "architecture": "llama"}}, {"gguf_parameters": 6, "gguf_architecture": "llama"}),
    ({"gguf": '{"total": "many"}'}, {}),
    (
        {"baseModels": {"relation": "merge", "models": [{"id": "c/d"}]}},
        {"base_models": ["c/d"], "base_relation": "merge"},
    ),
    (
        {"baseModels": '{"relation": "adapter", "models": [{"id": "c/d"}]}'},
        {"base_models": ["c/d"], "base_relation": "adapter"},
    ),
    ({"baseModels": {"relation": "cousin", "models": [{"id": "c/d"}]}}, {"base_models": ["c/d"]}),
    ({"tags": ["base_model:c/d"]}, {"base_models": ["c/d"]}),
    ({"tags": ["base_model:quantized:c/d"]}, {"base_models": ["c/d"], "base_relation": "quantized"}),
    ({"tags": ["base_model:c/d", "base_model:distilled:c/d"]}, {"base_models": ["c/d"]}),
    (
        {"tags": ["base_model:e/f", "base_model:c/d", "base_model:merge:c/d", "base_model:merge:e/f"]},
        {"base_models": ["e/f", "c/d"], "base_relation": "merge"},
    ),
    (
        {"baseModels": {"relation": "finetune", "models": [{"id": "x/y"}]}, "tags": ["base_model:merge:c/d"]},
        {"base_models": ["x/y"], "base_relation": "finetune"},
    ),
    ({"tags": ["region:us", "license:mit", "license:other"]}, {"license": "mit"}),
    ({"tags": ["license:mit"], "license": "gemma"}, {"license": "gemma"}),
    ({"tags": []}, {}),
    ({"gated": False}, {"gated": "no"}),
    ({"gated": "manual"}, {"gated": "manual"}),
    ({"task": "text-to-video"}, {"pipeline_tag": "text-to-video"}),
    ({"author": " "}, {}),
    ({"createdAt": "2025-04-28T15:30:01.999Z"}, {"created_at": datetime(2025, 4, 28, 15, 30, 1)}),
    ({"createdAt": "2025-04-28T23:30:01+02:00"}, {"created_at": datetime(2025, 4, 28, 21, 30, 1)}),
    ({"createdAt": "2025-04-28"}, {"created_at": datetime(2025, 4, 28)}),
    ({"createdAt": None, "lastModified": "last week", "likes": "lots"}, {}),
]


def read_forms(path: Path) -> list[Row]:
    rows = one(path).models.drop_columns(["author", "downloads_30d", "tags"]).to_pylist()
    return [{name: value for name, value in known(row).items() if name != "model_id"} for row in rows]


@pytest.mark.parametrize(("fields", "expected"), FORMS)
def test_the_forms_a_field_may_take(written: Any, fields: Row, expected: Row) -> None:
    assert read_forms(written("one.parquet", [hub(**fields)])) == [expected]


@pytest.mark.parametrize("ending", ("json", "jsonl", "csv"))
def test_all_forms_in_one_file(written: Any, ending: str) -> None:
    blank = dict.fromkeys(name for fields, _ in FORMS for name in fields)
    rows = [hub(**{**blank, **fields, "id": f"a/{place:02}"}) for place, (fields, _) in enumerate(FORMS)]
    assert read_forms(written(f"all.{ending}", rows)) == [expected for _, expected in FORMS]


@pytest.mark.parametrize("ending", ("json", "jsonl"))
def test_a_field_of_several_types_in_json(written: Any, ending: str) -> None:
    """The Hub gives ``gated`` as false or text; a reader that settles on JSON must not keep the quotes."""
    rows = [
        hub(id="a/1", gated=False, tags=["license:mit", 5, None], author=7),
        hub(id="a/2", gated="auto", tags=[], author="a", downloads="12"),
        hub(id="a/3", gated=None, tags=None, author=None, createdAt="2026-01-01", gguf='{"total": 9}'),
        hub(id="a/4", createdAt=5, gguf={"total": 8}),
        hub(id=5, downloads=2),
    ]
    snapshot = one(written(f"mixed.{ending}", rows))
    read = {row.pop("model_id"): known(row) for row in snapshot.models.to_pylist()}
    assert read == {
        "5": {"downloads_30d": 2},
        "a/1": {
            "author": "7",
            "downloads_30d": 1,
            "gated": "no",
            "license": "mit",
            "tags": ["license:mit", "5", None],
        },
        "a/2": {"author": "a", "downloads_30d": 12, "gated": "auto", "tags": []},
        "a/3": {"author": "a", "downloads_30d": 1, "created_at": datetime(2026, 1, 1), "gguf_parameters": 9},
    }
    assert snapshot.provenance.skipped == {"an unreadable createdAt": 1}


@pytest.mark.parametrize("ending", ("json", "jsonl"))
def test_a_fault_late_in_a_long_json_file_costs_one_row(written: Any, ending: str) -> None:
    rows = [hub(id=f"a/{number}") for number in range(21_000)]
    snapshot = one(written(f"long.{ending}", [*rows, hub(id="a/x", downloads="many", license="mit")]))
    assert snapshot.models.num_rows == 21_000
    assert snapshot.provenance.skipped == {"an unreadable downloads": 1}


def test_not_a_number_is_no_trending_score(written: Any) -> None:
    rows = [hub(trendingScore=float("nan")), hub(id="a/c", trendingScore=0.5)]
    scores = one(written("nan.parquet", rows)).models["trending_score"].to_pylist()
    assert scores == [None, 0.5]


def test_times_with_a_zone_are_kept_in_utc(written: Any) -> None:
    moments = pa.array([datetime(2025, 1, 1, 5, tzinfo=UTC)], pa.timestamp("us", "Europe/Paris"))
    path = written("zone.parquet", "")
    pq.write_table(pa.table({"id": ["a/b"], "downloads": [1], "createdAt": moments}), path)
    assert one(path).models["created_at"].to_pylist() == [datetime(2025, 1, 1, 5)]


HOSTILE = [
    "<script>alert(1)</script>",
    "{{ config.items() }}{% for x in y %}{# #}",
    "=HYPERLINK(1)",
    "'; drop table given; --",
    "a\\n\\u0041%s{}$path?",
    "\u202egnp.exe",
    "two\nlines\tand,a;b|c",
    "__import__('os')",
]


@pytest.mark.parametrize("ending", FORMATS)
def test_hostile_names_stay_as_they_are(written: Any, ending: str) -> None:
    rows = [hub(id=f"a/{name}", pipeline_tag=name, tags=[name]) for name in HOSTILE]
    read = one(written(f"names.{ending}", rows)).models.to_pylist()
    assert {row["model_id"]: (row["author"], row["pipeline_tag"], row["tags"]) for row in read} == {
        f"a/{name}": ("a", name, [name]) for name in HOSTILE
    }


def test_a_column_name_cannot_be_sql(written: Any) -> None:
    rows = [hub(**{'x" from given; drop table given; --': 1})]
    assert one(written("columns.json", rows)).models.num_rows == 1


@pytest.mark.parametrize("name", ["models*.csv", "models?.csv", "models[12].csv"])
def test_a_path_is_no_pattern(written: Any, name: str) -> None:
    written("models1.csv", [hub(id="other/1")])
    written("models2.csv", [hub(id="other/2")])
    assert one(written(name, [hub(id="own/1")])).models["model_id"].to_pylist() == ["own/1"]


@pytest.mark.parametrize("ending", ("json", "jsonl"))
def test_the_weekly_digest(written: Any, ending: str) -> None:
    digest = {
        "snapshot_date": "2026-05-13",
        "generated_at": "2026-05-15T11:58:56.644970+00:00",
        "models": [
            {
                "id": "a/b",
                "author": "a",
                "task": "text-to-image",
                "likes": 2,
                "downloadsAllTime": 9,
                "createdAt": "2026-05-01T09:40:33",
            },
            {
                "id": "c/d",
                "author": None,
                "task": None,
                "likes": 0,
                "downloadsAllTime": -1,
                "createdAt": "2026-05-02T00:00:00",
            },
        ],
        "datasets": [{"id": "e/f", "downloadsAllTime": 4}],
    }
    snapshot = one(written(f"digest.{ending}", json.dumps(digest)), None)
    assert snapshot.as_of == date(2026, 5, 13)
    assert [known(row) for row in snapshot.models.to_pylist()] == [
        {
            "model_id": "a/b",
            "author": "a",
            "created_at": datetime(2026, 5, 1, 9, 40, 33),
            "downloads_all_time": 9,
            "likes": 2,
            "pipeline_tag": "text-to-image",
        }
    ]
    assert snapshot.provenance.skipped == {"negative downloads": 1}


# --- Dates -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "fields", "as_of", "expected"),
    [
        ("models-2026-03-01.json", {"snapshot": "2026-04-01"}, DAY, DAY),
        ("models-2026-03-01.json", {"snapshot": "2026-04-01"}, None, date(2026, 4, 1)),
        ("models-2026-03-01.json", {"snapshot_date": "2026-04-01"}, None, date(2026, 4, 1)),
        ("models-2026-03-01.json", {"as_of": "2026-04-01T05:00:00"}, None, date(2026, 4, 1)),
        ("models-2026-03-01.json", {"snapshot": "v1"}, None, date(2026, 3, 1)),
        ("models-2026-03-01.json", {}, None, date(2026, 3, 1)),
        ("2025-01-01/models-2026-03-01.json", {}, None, date(2026, 3, 1)),
        ("2025-01-01/models.json", {}, None, date(2025, 1, 1)),
    ],
)
def test_where_the_date_comes_from(written: Any, name: str, fields: Row, as_of: date | None, expected: date) -> None:
    assert one(written(name, [hub(**fields)]), as_of).as_of == expected


@pytest.mark.parametrize("name", ["models.json", "models-2026-02-30.json"])
def test_no_date_is_refused(written: Any, name: str) -> None:
    path = written(name, [hub()])
    with pytest.raises(ReportError) as raised:
        one(path, None)
    assert sentence(raised) == (
        f"{path}: neither a snapshot or snapshot_date or as_of column nor the file's name tells the date "
        "the data was taken; pass it with --as-of YYYY-MM-DD."
    )


@pytest.mark.parametrize("ending", FORMATS)
def test_a_file_of_several_dates(written: Any, ending: str) -> None:
    rows = [
        hub(snapshot="2026-02-01", downloads=2),
        hub(snapshot="2026-01-01", downloads=1),
        hub(snapshot="2026-02-01", downloads=-2, id="a/c"),
        hub(snapshot=None, id="a/d"),
        hub(snapshot="soon", id="a/e"),
    ]
    first, second = files.load(written(f"series.{ending}", rows))
    assert (first.as_of, second.as_of) == (date(2026, 1, 1), date(2026, 2, 1))
    assert first.models["downloads_30d"].to_pylist() == [1]
    assert second.models["downloads_30d"].to_pylist() == [2]
    assert first.provenance.skipped == {"no readable date of its own": 2}
    assert second.provenance.skipped == {"negative downloads": 1}
    assert second.provenance.coverage == {"rows_in_file": 2}


def test_a_folder_of_dated_files_in_the_order_of_dates(written: Any, tmp_path: Path) -> None:
    written("in/z-2026-01-05.json", [hub(downloads=1)])
    written("in/a-2026-03-02.csv", [hub(downloads=3)])
    written("in/2026-02-02/models.parquet", [hub(downloads=2)])
    written("in/2026-02-02/manifest.json", '{"rows": 1}')
    written("in/readme-2026-01-01.txt", "not a table")
    shots = list(files.load(tmp_path / "in"))
    assert [shot.as_of for shot in shots] == [date(2026, 1, 5), date(2026, 2, 2), date(2026, 3, 2)]
    assert [shot.models["downloads_30d"].to_pylist() for shot in shots] == [[1], [2], [3]]


def test_one_date_fits_a_folder_of_one_file_only(written: Any, tmp_path: Path) -> None:
    written("in/models.json", [hub()])
    assert one(tmp_path / "in").as_of == DAY
    written("in/more.json", [hub()])
    with pytest.raises(ReportError) as raised:
        files.load(tmp_path / "in", DAY)
    assert "holds 2 files, so one --as-of date cannot fit them all; put each file's date" in sentence(raised)


def test_a_bad_file_in_a_folder_is_named(written: Any, tmp_path: Path) -> None:
    written("in/2026-01-01.json", [hub()])
    bad = written("in/2026-02-01.json", "[{")
    loaded = files.load(tmp_path / "in")
    assert next(loaded).as_of == date(2026, 1, 1)
    with pytest.raises(ReportError) as raised:
        next(loaded)
    assert sentence(raised).startswith(f"{bad}: cannot be read as json")


def test_a_future_date_is_refused(written: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("generator.snapshot.today", lambda: date(2026, 1, 1))
    path = written("models-2026-01-02.csv", [hub()])
    with pytest.raises(ReportError) as raised:
        one(path, None)
    assert f"{path}: the snapshot date 2026-01-02 lies in the future" in sentence(raised)
    assert "--as-of YYYY-MM-DD" in sentence(raised)


# --- Bad input -------------------------------------------------------------------------------------------

PARQUET = as_bytes(HUB_ROWS, "parquet")
NO_COUNTS = "has no download counts: none of 'downloads', 'downloadsAllTime', 'downloads_30d' and"


@pytest.mark.parametrize(
    ("name", "content", "said", "mend"),
    [
        *((f"empty.{ending}", "", "the file is empty (0 bytes)", "give a file with") for ending in FORMATS),
        ("models.xlsx", "PK", "the ending '.xlsx' is not one of .parquet, .json", "convert the file"),
        ("models", "id,downloads", "the ending '' is not one of", "convert the file"),
        ("garbage.parquet", b"\x00\xff" * 500, "cannot be read as parquet (", "get the file again"),
        ("csv.parquet", "id,downloads\na/b,1\n", "cannot be read as parquet (", "get the file again"),
        ("short.parquet", PARQUET[:-30], "cannot be read as parquet (", "get the file again"),
        ("half.parquet", PARQUET[: len(PARQUET) // 2], "cannot be read as parquet (", "get the file again"),
        (
            "torn.json",
            '[{"id": "a/b", "downloads": 1}, {"id": ',
            "cannot be read as json (",
            "get the file again",
        ),
        (
            "torn.jsonl",
            '{"id": "a/b", "downloads": 1}\n{"id',
            "cannot be read as jsonl (",
            "get the file again",
        ),
        ("html.json", "<html>502 Bad Gateway</html>", "cannot be read as json (", "get the file again"),
        ("garbage.json", b"\x89PNG\r\n\x1a\n\x00\xff", "cannot be read as json (", "get the file again"),
        (
            "latin.csv",
            "id,downloads\na/é,1\n".encode("latin-1"),
            "cannot be read as csv (",
            "get the file again",
        ),
        (
            "other.json",
            [{"name": "x", "size": 3}],
            "has another schema: no 'id' or 'model_id' column among name, size",
            "give model rows",
        ),
        ("other.csv", "who,what\nx,y\n", "no 'id' or 'model_id' column among who, what", "give model rows"),
        ("other.parquet", [{"name": "x"}], "no 'id' or 'model_id' column among name", "give model rows"),
        ("text.json", '"models"', "has another schema", "give model rows"),
        ("numbers.json", "[1, 2]", "has another schema", "give model rows"),
        (
            "digest.json",
            '{"snapshot_date": "2026-05-13", "models": 5}',
            "cannot be read as json (",
            "get the file again",
        ),
        (
            "names.json",
            '{"snapshot_date": "2026-05-13", "models": ["a/b"]}',
            "has another schema",
            "give model rows",
        ),
        ("none.json", "[]", "holds no rows", "give a file with at least one model"),
        ("week.json", '{"snapshot_date": "2026-05-13", "models": []}', "holds no rows", "give a file with"),
        ("header.csv", "id,downloads\n", "holds no rows", "give a file with at least one model"),
        ("uncounted.json", [{"id": "a/b", "likes": 3}], NO_COUNTS, "give model rows"),
        ("uncounted.csv", "model_id,likes\na/b,3\n", NO_COUNTS, "give model rows"),
        ("uncounted.parquet", [{"id": "a/b"}], NO_COUNTS, "give model rows"),
        (
            "words.csv",
            "id,downloads\na/b,many\n",
            "no usable model row (1 with an unreadable downloads)",
            "check its contents",
        ),
        (
            "negative.csv",
            "id,downloads\na/b,-1\n",
            "no usable model row (1 with negative downloads)",
            "give a file",
        ),
    ],
)
def test_a_bad_file_gives_one_sentence(
    written: Any, name: str, content: bytes | str | list[Row], said: str, mend: str
) -> None:
    path = written(name, content)
    with pytest.raises(ReportError) as raised:
        list(files.load(path, DAY))
    message = sentence(raised)
    assert message.startswith(f"{path}: ") and said in message and mend in message
    assert len(message) < 600


def test_a_damaged_page_of_a_parquet_file(written: Any) -> None:
    rows = [hub(id=f"a/{number}", tags=[f"t{number}"]) for number in range(5000)]
    damaged = bytearray(as_bytes(rows, "parquet"))
    damaged[500:6000] = b"\xaa" * 5500
    path = written("damaged.parquet", bytes(damaged))
    with pytest.raises(ReportError) as raised:
        one(path)
    assert f"{path}: cannot be read as parquet (" in sentence(raised)


def test_a_missing_path_and_an_empty_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ReportError) as raised:
        files.load(tmp_path / "nowhere.parquet")
    assert sentence(raised) == (
        f"{tmp_path / 'nowhere.parquet'}: there is no such file or folder; check the path given as the source."
    )
    (tmp_path / "notes.txt").write_text("no table")
    with pytest.raises(ReportError) as raised:
        files.load(tmp_path)
    assert sentence(raised).startswith(f"{tmp_path}: the folder holds no .parquet, .json")


BAD_ROWS: dict[str, list[Row]] = {
    "a creation date after the snapshot": [hub(createdAt="2026-05-21T00:00:00.000Z")],
    "a duplicate model id": [hub(id="a/c", downloads=1), hub(id="a/b", downloads=5, downloadsAllTime=8)],
    "a model id longer than 200 characters": [hub(id="x" * 10_000)],
    "an unreadable createdAt": [
        hub(createdAt="yesterday"),
        hub(createdAt="2026-02-30T00:00:00.000Z"),
        hub(createdAt="infinity"),
    ],
    "an unreadable downloads": [hub(downloads="many"), hub(downloads="1 000"), hub(downloads="NaN")],
    "an unreadable downloadsAllTime": [hub(downloadsAllTime="9" * 30)],
    "negative downloads": [hub(downloads=-5), hub(downloadsAllTime=-5)],
    "no model id": [hub(id=None), hub(id=" ")],
}


@pytest.mark.parametrize("ending", FORMATS)
def test_bad_rows_are_left_out_and_counted(written: Any, ending: str) -> None:
    good = [
        hub(downloadsAllTime=9, createdAt="2026-05-20T23:59:59.000Z"),
        hub(id="a/c", downloads=7, downloadsAllTime=9, createdAt=None),
    ]
    blank = dict.fromkeys(good[0])
    rows = [{**blank, **row} for row in (good[0], *(bad for bads in BAD_ROWS.values() for bad in bads), good[1])]
    if ending == "parquet":
        # A Parquet column has one type: beside text, numbers are text too.
        rows = [{name: cell if cell is None else str(cell) for name, cell in row.items()} for row in rows]
    snapshot = one(written(f"rows.{ending}", rows))
    assert snapshot.provenance.skipped == {reason: len(bads) for reason, bads in BAD_ROWS.items()}
    assert snapshot.provenance.coverage == {"rows_in_file": len(rows)}
    assert snapshot.models.select(["model_id", "downloads_30d"]).to_pylist() == [
        {"model_id": "a/b", "downloads_30d": 1},
        {"model_id": "a/c", "downloads_30d": 7},
    ]


# --- Real files ------------------------------------------------------------------------------------------

REAL = "hub_models_2026-05.parquet"
WEEKLY = "hub_weekly_new_2026-06-24.json"


@needs_real(REAL)
def test_the_real_models() -> None:
    snapshot = one(DATA / REAL)
    models = snapshot.models
    assert (models.num_rows, snapshot.provenance.skipped) == (4167, {})
    assert pc.sum(models["downloads_30d"]).as_py() == 511_730_880
    assert pc.sum(models["downloads_all_time"]).as_py() == 7_411_396_448
    assert pc.min(models["created_at"]).as_py().date() == date(2022, 3, 2)
    assert pc.max(models["created_at"]).as_py().date() == date(2026, 4, 22)
    relations = {row["values"]: row["counts"] for row in models["base_relation"].value_counts().to_pylist()}
    assert relations["quantized"] >= 49 and set(relations) <= {
        None,
        "finetune",
        "adapter",
        "quantized",
        "merge",
    }
    for name in ("parameters", "parameters_by_dtype", "license", "base_models", "gguf_parameters"):
        assert 0 < models[name].null_count < models.num_rows, name


@needs_real(WEEKLY)
def test_the_real_weekly_digest() -> None:
    snapshot = one(DATA / WEEKLY, None)
    assert (snapshot.as_of, snapshot.models.num_rows) == (date(2026, 6, 24), 665)
    row = next(row for row in snapshot.models.to_pylist() if row["model_id"] == "baidu/Unlimited-OCR")
    assert known(row) == {
        "model_id": "baidu/Unlimited-OCR",
        "author": "baidu",
        "created_at": datetime(2026, 6, 19, 9, 40, 33),
        "downloads_all_time": 212_760,
        "likes": 1098,
        "pipeline_tag": "image-text-to-text",
    }
