"""What cleaning drops, keeps and refuses, whatever the order of the rows."""

from datetime import date, datetime

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import DAY, Row, known, model, sentence, table

from generator.errors import ReportError
from generator.snapshot import SCHEMA, clean

FAULTY: dict[str, list[Row]] = {
    "no model id": [model(None), model(""), model("   ")],
    "a model id longer than 200 characters": [model("x" * 201), model("y/" + "z" * 10_000)],
    "negative downloads": [
        model("n/1", downloads_30d=-1),
        model("n/2", downloads_all_time=-1),
        model("n/3", downloads_30d=None, downloads_all_time=-(2**63)),
    ],
    "a creation date after the snapshot": [model("f/1", created_at=datetime(2026, 5, 21))],
    "a duplicate model id": [model("a/b", downloads_all_time=9), model("a/b")],
}


@pytest.mark.parametrize("reason", FAULTY)
def test_every_reason_is_counted(reason: str) -> None:
    usable, skipped = clean(table([model(), *FAULTY[reason]]), DAY, "a file")
    assert skipped == {reason: len(FAULTY[reason])}
    assert [known(row) for row in usable.to_pylist()] == [model()]


def test_reasons_add_up_to_the_rows_given() -> None:
    rows = [model(), model("a/c"), *(row for rows in FAULTY.values() for row in rows)]
    usable, skipped = clean(table(rows), DAY, "a file")
    assert skipped == {reason: len(rows) for reason, rows in FAULTY.items()}
    assert usable.num_rows + sum(skipped.values()) == len(rows)


@pytest.mark.parametrize(
    "row",
    [
        model("x" * 200),
        model(downloads_30d=0, downloads_all_time=0),
        model(downloads_30d=None, downloads_all_time=None),
        model(downloads_all_time=2**63 - 1),
        model(created_at=datetime(2026, 5, 20, 23, 59, 59)),
        model(last_modified=datetime(2027, 1, 1)),
        model("<script>{{ 7*7 }}{% raw %}</script>'\"\\"),
        model("组织/模型-🤗"),
    ],
)
def test_a_row_on_the_edge_is_kept_as_it_is(row: Row) -> None:
    usable, skipped = clean(table([row]), DAY, "a file")
    assert (usable.to_pylist(), skipped) == (table([row]).to_pylist(), {})


def test_the_result_has_the_contract_s_columns_sorted_by_id() -> None:
    names = ["b/a", "a/b", "B/a", "a/a", "é/a"]
    usable, _ = clean(table(map(model, names)), DAY, "a file")
    assert usable.schema == SCHEMA
    assert usable["model_id"].to_pylist() == sorted(names)


REPEATED = [
    model("a/b", downloads_all_time=5, downloads_30d=9),
    model("a/b", downloads_all_time=7, downloads_30d=1),
    model("a/b", downloads_all_time=7, downloads_30d=2, last_modified=datetime(2026, 1, 1)),
    model("a/b", downloads_all_time=7, downloads_30d=2, last_modified=datetime(2026, 2, 1), likes=1),
    model("a/b", downloads_all_time=None, downloads_30d=99),
    model("a/b", downloads_all_time=-8),
    model("a/c", downloads_30d=3),
    model("a/c", downloads_30d=None),
    # A full tie: nothing but their text tells these two apart.
    model("a/d", tags=["x"]),
    model("a/d", tags=["y"]),
    model("a/d", tags=["x"]),
]


@settings(max_examples=40)
@given(rows=st.permutations(REPEATED))
def test_of_duplicates_the_highest_counters_stay_in_any_order(rows: list[Row]) -> None:
    usable, skipped = clean(table(rows), DAY, "a file")
    assert skipped == {"a duplicate model id": 7, "negative downloads": 1}
    assert [known(row) for row in usable.to_pylist()] == [REPEATED[3], REPEATED[6], REPEATED[8]]


def test_the_date_may_be_today_but_not_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("generator.snapshot.today", lambda: date(2026, 5, 20))
    assert clean(table([model()]), date(2026, 5, 20), "a file")[0].num_rows == 1
    with pytest.raises(ReportError) as raised:
        clean(table([model()]), date(2026, 5, 21), "kept/models.csv")
    assert sentence(raised) == (
        "kept/models.csv: the snapshot date 2026-05-21 lies in the future (today is 2026-05-20); "
        "pass the date the data was taken with --as-of YYYY-MM-DD."
    )


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "no usable model row (it is empty); give a file with at least one model."),
        (
            [model(""), model(downloads_30d=-5), model(None)],
            "(1 with negative downloads, 2 with no model id)",
        ),
    ],
)
def test_nothing_usable_is_refused_with_the_reasons(rows: list[Row], said: str) -> None:
    with pytest.raises(ReportError) as raised:
        clean(table(rows), DAY, "models.json")
    assert sentence(raised).startswith("models.json: ") and said in sentence(raised)


def test_other_layouts_of_the_same_table_give_the_same_result() -> None:
    rows = table([model("a/b", tags=["x"]), model("a/c"), model("a/c")])
    chunked = pa.concat_tables([rows.slice(2), rows.slice(0, 1), rows.slice(1, 1)])
    assert clean(chunked, DAY, "a")[0].equals(clean(rows, DAY, "a")[0])
