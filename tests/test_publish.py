"""Numbers that leave the report: the facts quoted, the CSV and JSON files."""

import csv
import io
import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import strict_json

from generator.edition import Edition
from generator.facts import FactBook, plain, sentence
from generator.flows import Flows
from generator.metric import COLUMNS, Metric
from generator.provenance import BuildRecord
from generator.publish import FORMULA_STARTS, as_csv, as_rows, publish
from generator.results import Results, SourceNote

EVIL = "=HYPERLINK(\"//x.test\",'a')<b>{{x}}"


def never(_: Flows) -> Any:
    raise AssertionError("publishing computes nothing")


METRIC = Metric(
    id="top-things",
    title="Top <things>",
    question="Which?",
    definition='The "largest" & best.',
    unit="fraction",
    columns=("as_of", "lens", "window_months", "organisation", "share", "size", "leads"),
    caveats=("Mind the gap.",),
    source="Made up.",
    compute=never,
    own_columns=(("size", "How large."), ("leads", "Whether ahead.")),
)
TABLE = pd.DataFrame(
    {
        "as_of": [date(2026, 4, 30), date(2026, 5, 20), date(2026, 5, 20)],
        "lens": "publisher",
        "window_months": pd.array([12, None, None], dtype="Int64"),
        "organisation": ["Org", EVIL, None],
        "share": [0.25, 0.17149, float("nan")],
        "size": [1, 2, 3],
        "leads": [True, False, False],
    }
)
EMPTY = replace(METRIC, id="nothing")
RESULTS = Results(
    metrics={METRIC.id: METRIC, EMPTY.id: EMPTY},
    tables={METRIC.id: TABLE, EMPTY.id: TABLE.iloc[:0]},
    report_dates=(date(2026, 4, 30), date(2026, 5, 20)),
    snapshots=pd.DataFrame({"as_of": [date(2026, 4, 30), date(2026, 5, 20)], "models": 3}),
    newest_creation=None,
    source=SourceNote(
        kinds=("file", "counters"),
        details=("models.parquet",),
        simulated=False,
        selection=True,
        retrieved_at=datetime(2026, 5, 21, tzinfo=UTC),
        snapshots=2,
        coverage={"rows": 3},
        skipped={},
        sha256={"2026-05-20": "0" * 64},
    ),
)


EDITION = Edition("2026-05", "2026-05-20", "CC-BY-4.0", "Somebody", "https://example.org/")
BUILD = BuildRecord("0.1.0", "abc", "3.11.0", {"pandas": "3"}, {"2026-05-20": "0" * 64})


@pytest.fixture
def book() -> FactBook:
    return FactBook(RESULTS)


def row(place: int, **changed: Any) -> pd.Series:
    fields: dict[Any, Any] = TABLE.iloc[place].to_dict()
    return pd.Series(fields | changed)


# --- Facts -----------------------------------------------------------------------------------------------


def test_a_fact_is_remembered_with_its_row(book: FactBook) -> None:
    fact = book.quote(TABLE.iloc[1], METRIC.id, "share", "percent")
    assert (str(fact), fact.value, fact.id) == ("17.1%", 0.17149, "1")
    content = strict_json(json.dumps(book.as_json(), allow_nan=False))
    assert content == {
        "as_of": "2026-05-20",
        "source": "Hugging Face Hub records from a file; all-time download counters (models.parquet)",
        "simulated": False,
        "facts": [
            {
                "id": "1",
                "metric": "top-things",
                "column": "share",
                "row": {"as_of": "2026-05-20", "lens": "publisher", "organisation": EVIL},
                "value": 0.17149,
                "text": "17.1%",
                "definition": 'The "largest" & best.',
            }
        ],
    }


def test_the_same_fact_is_kept_once(book: FactBook) -> None:
    first = book.quote(TABLE.iloc[0], METRIC.id, "share", "percent")
    assert book.quote(TABLE.iloc[0].copy(), METRIC.id, "share", "percent") is first
    others = [
        book.quote(TABLE.iloc[1], METRIC.id, "share", "percent"),
        book.quote(TABLE.iloc[0], METRIC.id, "size", "count"),
        book.quote(TABLE.iloc[0], METRIC.id, "share", "points"),
        book.quote(TABLE.iloc[0], EMPTY.id, "share", "percent"),
        book.quote(row(0, window_months=24), METRIC.id, "share", "percent"),
        book.quote(row(0, lens="origin"), METRIC.id, "share", "percent"),
    ]
    assert [fact.id for fact in (first, *others)] == list("1234567")


def test_rows_that_differ_only_in_other_columns_do_not_share_a_number(book: FactBook) -> None:
    quoted = [
        str(book.quote(row(0, relation=relation, share=share), METRIC.id, "share", "percent"))
        for relation, share in [("adapter", 0.1), ("merge", 0.9)]
    ]
    assert quoted == ["10.0%", "90.0%"]


@pytest.mark.parametrize("missing", [float("nan"), None, pd.NA, pd.NaT, np.float64("nan")])
@pytest.mark.parametrize("written", ["percent", "points", "count", "decimal", "index", "date", "name", "country"])
def test_an_unknown_value_is_said_to_be_unknown(book: FactBook, missing: Any, written: str) -> None:
    fact = book.quote(row(0, share=missing), METRIC.id, "share", written)
    assert (fact.value, fact.text) == (None, "unknown")
    assert strict_json(json.dumps(book.as_json()))["facts"][0]["value"] is None


@pytest.mark.parametrize(
    ("column", "value", "written", "text"),
    [
        ("size", np.int64(4167), "count", "4,167"),
        ("share", -0.0131, "points", "1.3 percentage points"),
        ("as_of", date(2026, 5, 20), "date", "20 May 2026"),
        ("organisation", "US", "country", "the United States"),
        ("organisation", "Qwen", "name", "Qwen"),
        ("share", 0.1234, "index", "0.123"),
        ("share", 12.34, "decimal", "12.3"),
    ],
)
def test_the_ways_to_write(book: FactBook, column: str, value: Any, written: str, text: str) -> None:
    assert str(book.quote(row(0, **{column: value}), METRIC.id, column, written)) == text


class Elements(HTMLParser):
    """The elements and the text that a browser would find."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("name", [EVIL, '"><script>alert(1)</script>', "' onclick='x", "&lt;b&gt;", "a & b"])
def test_a_fact_and_a_sentence_show_names_as_text(book: FactBook, name: str) -> None:
    fact = book.quote(row(1, organisation=name), METRIC.id, "organisation", "name")
    page = sentence("{who} has {share} of {raw}.", who=fact, share="5%", raw=name)
    seen = Elements(str(page))
    assert seen.found == [("data", {"class": "fact", "data-fact": "1", "value": name})]
    assert seen.text == f"{name} has 5% of {name}."


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (float("nan"), None),
        (pd.NA, None),
        (pd.NaT, None),
        (None, None),
        (np.float64(0.5), 0.5),
        (np.int64(5), 5),
        (np.bool_(True), True),
        (False, False),
        (date(2026, 5, 20), "2026-05-20"),
        (np.str_("x"), "x"),
        ("", ""),
        (["a", "b"], "['a', 'b']"),
    ],
)
def test_plain_values(value: Any, expected: Any) -> None:
    assert plain(value) == expected
    assert type(plain(value)) in (type(None), bool, int, float, str)
    strict_json(json.dumps(plain(value)))


# --- CSV -------------------------------------------------------------------------------------------------


def parsed(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def test_csv_and_json_hold_the_same_rows() -> None:
    assert as_rows(TABLE) == [
        {
            "as_of": "2026-04-30", "lens": "publisher", "window_months": 12, "organisation": "Org",
            "share": 0.25, "size": 1, "leads": True,
        },
        {
            "as_of": "2026-05-20", "lens": "publisher", "window_months": None, "organisation": EVIL,
            "share": 0.17149, "size": 2, "leads": False,
        },
        {
            "as_of": "2026-05-20", "lens": "publisher", "window_months": None, "organisation": None,
            "share": None, "size": 3, "leads": False,
        },
    ]  # fmt: skip
    assert parsed(as_csv(TABLE)) == [
        list(METRIC.columns),
        ["2026-04-30", "publisher", "12", "Org", "0.25", "1", "true"],
        ["2026-05-20", "publisher", "", f"'{EVIL}", "0.17149", "2", "false"],
        ["2026-05-20", "publisher", "", "", "", "3", "false"],
    ]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\n"])
def test_a_formula_becomes_text(start: str) -> None:
    assert parsed(as_csv(pd.DataFrame({"a": [f"{start}cmd|' /C calc'!A0"]})))[1] == [f"'{start}cmd|' /C calc'!A0"]


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_a_line_end_in_a_name_starts_no_row(end: str) -> None:
    assert parsed(as_csv(pd.DataFrame({"a": [f"x{end}=1+1"], "b": [2]}))) == [["a", "b"], ["x\n=1+1", "2"]]


def test_negative_numbers_are_no_formulas() -> None:
    table = pd.DataFrame({"a": [-5], "b": [-0.25], "c": np.array([-7], dtype="int64")})
    assert as_csv(table) == "a,b,c\n-5,-0.25,-7\n"


CELLS = st.one_of(
    st.text(),
    st.tuples(st.sampled_from([*FORMULA_STARTS, "'", '"', "\n"]), st.text(max_size=5)).map("".join),
)


@settings(max_examples=150)
@given(cells=st.lists(CELLS.filter(lambda cell: "\x00" not in cell), min_size=1, max_size=4))
def test_any_text_comes_back_and_no_cell_starts_a_formula(cells: list[str]) -> None:
    header, *rows = parsed(as_csv(pd.DataFrame({"first": cells, "second": cells[::-1]}, dtype=object)))
    assert header == ["first", "second"]
    back = [one for one, _ in rows]
    assert not any(cell.startswith(FORMULA_STARTS) for line in rows for cell in line)
    lines = [cell.replace("\r\n", "\n").replace("\r", "\n") for cell in cells]
    assert back == [f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell for cell in lines]


# --- Files -----------------------------------------------------------------------------------------------


def test_the_files_published(tmp_path: Path, book: FactBook) -> None:
    folder = tmp_path / "site" / "data"
    book.quote(TABLE.iloc[2], METRIC.id, "share", "percent")
    publish(RESULTS, book, EDITION, BUILD, {"a-chart": "A chart"}, folder)
    assert {path.name for path in folder.iterdir()} == {
        *(f"{name}.{kind}" for name in ("top-things", "nothing") for kind in ("csv", "json", "parquet")),
        *("index.json", "facts.json", "datapackage.json", "citation.bib", "CITATION.cff"),
    }  # fmt: skip
    content = {path.stem: strict_json(path.read_text("utf-8")) for path in folder.glob("*.json")}
    assert content["top-things"] == {
        "id": "top-things",
        "title": "Top <things>",
        "definition": 'The "largest" & best.',
        "unit": "fraction",
        "as_of": "2026-05-20",
        "source": RESULTS.source.label,
        "simulated": False,
        "coverage": {"rows": 3},
        "licence": "CC-BY-4.0",
        "caveats": ["Mind the gap."],
        "columns": {
            **{name: COLUMNS[name] for name in ("as_of", "lens", "window_months", "organisation", "share")},
            "size": "How large.",
            "leads": "Whether ahead.",
        },
        "rows": as_rows(TABLE),
    }
    assert content["nothing"]["rows"] == []
    assert (folder / "nothing.csv").read_text("utf-8") == ",".join(METRIC.columns) + "\n"
    assert (folder / "top-things.csv").read_text("utf-8") == as_csv(TABLE)
    assert content["index"] == {
        "as_of": "2026-05-20",
        "source": RESULTS.source.label,
        "simulated": False,
        "licence": "CC-BY-4.0",
        "metrics": [
            {"id": name, "title": "Top <things>", "rows": rows}
            | {kind: f"{name}.{kind}" for kind in ("csv", "json", "parquet")}
            for name, rows in [("top-things", 3), ("nothing", 0)]
        ],
        "edition": EDITION.as_json(),
        "inputs": {},
        "charts": [
            {
                "id": "a-chart",
                "title": "A chart",
                "page": "../charts/a-chart/",
                "svg": "../charts/a-chart/a-chart.svg",
                "png": "../charts/a-chart/a-chart.png",
                "vega_lite": "../charts/a-chart/a-chart.vl.json",
            }
        ],
        "build": BUILD.as_json(),
    }
    assert content["facts"] == book.as_json()
    assert content["facts"]["facts"][0]["value"] is None


def test_parquet_holds_the_same_rows_with_types(tmp_path: Path, book: FactBook) -> None:
    publish(RESULTS, book, EDITION, BUILD, {}, tmp_path)
    table = pq.read_table(tmp_path / "top-things.parquet")
    assert table.to_pylist() == [row | {"as_of": date.fromisoformat(row["as_of"])} for row in as_rows(TABLE)]
    assert [str(field.type) for field in table.schema] == [
        "date32[day]", "string", "int64", "string", "double", "int64", "bool"
    ]  # fmt: skip
    about = strict_json(table.schema.metadata[b"open_model_report"].decode())
    assert about["definition"] == METRIC.definition and about["caveats"] == ["Mind the gap."]
    assert pq.read_table(tmp_path / "nothing.parquet").num_rows == 0


def test_publishing_again_gives_the_same_bytes(tmp_path: Path, book: FactBook) -> None:
    for name in ("one", "two"):
        publish(RESULTS, book, EDITION, BUILD, {}, tmp_path / name)
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert [(tmp_path / "one" / name).read_bytes() for name in files] == [
        (tmp_path / "two" / name).read_bytes() for name in files
    ]


def test_simulated_data_says_so_in_every_file(tmp_path: Path) -> None:
    results = replace(RESULTS, source=replace(RESULTS.source, simulated=True))
    publish(results, FactBook(results), replace(EDITION, simulated=True), BUILD, {}, tmp_path)
    assert "SIMULATED" in (tmp_path / "CITATION.cff").read_text() + (tmp_path / "citation.bib").read_text()
    for path in tmp_path.glob("*.json"):
        content = strict_json(path.read_text("utf-8"))
        if path.name == "datapackage.json":
            assert "SIMULATED" in content["title"] and content["description"].startswith("SIMULATED")
            continue
        assert content["simulated"] is True and content["source"].startswith("SIMULATED"), path.name


def test_an_infinite_number_is_an_error_and_never_invalid_json(tmp_path: Path, book: FactBook) -> None:
    table = TABLE.assign(share=[float("inf"), 0.1, 0.2])
    results = replace(RESULTS, tables={**RESULTS.tables, METRIC.id: table})
    with pytest.raises(ValueError, match="not JSON compliant"):
        publish(results, book, EDITION, BUILD, {}, tmp_path)
    assert not re.search("Infinity", "".join(path.read_text() for path in tmp_path.glob("*.json")))
