"""Counters turned into downloads between dates, and the windows that an archive can answer."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from samples import flows_in_windows

from generator import sums
from generator.flows import Flows
from generator.windows import windows_of

OpenFlows = Callable[..., Flows]

JANUARY, FEBRUARY, MARCH = date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31)
OTHER = {"model_id": "z/other", "created_at": datetime(2023, 1, 1)}
"""Moves in every snapshot, so that none is taken for a repetition."""


def month_ends(last: str, count: int) -> list[date]:
    return [day.date() for day in pd.date_range(end=last, periods=count, freq="ME")]


def seen(model_id: str, counter: int | None, created: date | None = None, **other: Any) -> dict[str, Any]:
    created_at = datetime(created.year, created.month, created.day, 12) if created else None
    return {"model_id": model_id, "downloads_all_time": counter, "created_at": created_at} | other


def archived(series: dict[date, list[dict[str, Any]]]) -> dict[date, list[dict[str, Any]]]:
    return {
        day: [*rows, OTHER | {"downloads_all_time": 1000 + place}] for place, (day, rows) in enumerate(series.items())
    }


def counters(flows: Flows, model: str) -> list[tuple[date | None, date, int]]:
    """A model's flows by its counter: opened, closed, downloads."""
    rows = flows.data.named(flows.flows).to_pandas()
    rows = rows[(rows.model_id == model) & (rows.series == "counters")].sort_values("closed")
    return [
        (pd.Timestamp(row.opened).date(), pd.Timestamp(row.closed).date(), row.downloads) for row in rows.itertuples()
    ]


def in_window(flows: Flows, as_of: date, basis: str, months: int | None) -> pd.DataFrame:
    rows = flows_in_windows(flows)
    rows = rows[(pd.to_datetime(rows.as_of) == pd.Timestamp(as_of)) & (rows.basis == basis)]
    rows = rows[rows.window_months.isna() if months is None else rows.window_months == months]
    return rows[rows.model_id != OTHER["model_id"]]


def test_a_flow_is_the_difference_of_counters_and_opens_at_creation_with_zero(open_flows: OpenFlows) -> None:
    born = date(2026, 1, 10)
    series = {JANUARY: 30, FEBRUARY: 100, MARCH: 100}
    flows = open_flows(archived({day: [seen("a/m", count, born)] for day, count in series.items()}))
    assert counters(flows, "a/m") == [
        (born, JANUARY, 30),
        (JANUARY, FEBRUARY, 70),
        (FEBRUARY, MARCH, 0),
    ]


def test_a_model_of_unknown_age_has_no_opening(open_flows: OpenFlows) -> None:
    """Its first counter holds downloads of unknown dates: they belong to no window but all time."""
    for created in (None, date(2022, 3, 2)):
        series = {JANUARY: [seen("a/m", 500, created)], FEBRUARY: [seen("a/m", 520, created)]}
        flows = open_flows(archived(series))
        assert counters(flows, "a/m") == [(JANUARY, FEBRUARY, 20)]
        assert in_window(flows, JANUARY, "all-time", None).downloads.tolist() == [500]
        assert not in_window(flows, FEBRUARY, "counter-difference", 1)[["new", "first_year"]].any(axis=None)


def test_a_counter_that_falls_gives_a_negative_flow(open_flows: OpenFlows) -> None:
    series = {JANUARY: 100, FEBRUARY: 40, MARCH: 60}
    flows = open_flows(archived({day: [seen("a/m", n, date(2024, 1, 1))] for day, n in series.items()}))
    assert [downloads for *_, downloads in counters(flows, "a/m")] == [100, -60, 20]
    assert in_window(flows, FEBRUARY, "counter-difference", 1).downloads.tolist() == [-60]


def test_vanished_models_stop_and_returning_ones_bridge_their_absence(open_flows: OpenFlows) -> None:
    born = date(2025, 3, 1)
    flows = open_flows(
        archived(
            {
                JANUARY: [seen("a/gone", 10, born), seen("a/back", 10, born)],
                FEBRUARY: [],
                MARCH: [seen("a/back", 25, born)],
            }
        )
    )
    assert counters(flows, "a/gone") == [(born, JANUARY, 10)]
    assert counters(flows, "a/back") == [(born, JANUARY, 10), (JANUARY, MARCH, 15)]
    # What came while it was away cannot be put into the last month.
    assert in_window(flows, MARCH, "counter-difference", 1).empty


def test_a_renamed_model_is_two(open_flows: OpenFlows) -> None:
    """The Hub does not tell renames: an old one's counter is left out, as no flow of the window."""
    born = date(2024, 6, 1)
    flows = open_flows(archived({JANUARY: [seen("a/old", 90, born)], FEBRUARY: [seen("a/new", 100, born)]}))
    assert counters(flows, "a/old") == [(born, JANUARY, 90)]
    assert counters(flows, "a/new") == [(born, FEBRUARY, 100)]
    assert in_window(flows, FEBRUARY, "counter-difference", 1).empty


def test_an_unknown_counter_is_skipped_not_zero(open_flows: OpenFlows) -> None:
    series = {JANUARY: 10, FEBRUARY: None, MARCH: 30}
    flows = open_flows(archived({day: [seen("a/m", n, date(2025, 3, 1))] for day, n in series.items()}))
    assert counters(flows, "a/m")[1:] == [(JANUARY, MARCH, 20)]


def test_only_report_dates_make_flows(open_flows: OpenFlows) -> None:
    middle = date(2026, 2, 10)
    series = {JANUARY: 10, middle: 15, FEBRUARY: 30}
    flows = open_flows(archived({day: [seen("a/m", n, date(2025, 3, 1))] for day, n in series.items()}))
    assert counters(flows, "a/m")[1:] == [(JANUARY, FEBRUARY, 20)]


@pytest.mark.parametrize(
    ("age_opened", "age_closed", "first_year"),
    [(300, 331, True), (349, 380, True), (349, 381, True), (350, 381, False), (365, 396, False)],
)
def test_a_flow_is_first_year_when_its_middle_is(
    open_flows: OpenFlows, age_opened: int, age_closed: int, first_year: bool
) -> None:
    closed = MARCH
    opened = closed - timedelta(days=age_closed - age_opened)
    born = closed - timedelta(days=age_closed)
    flows = open_flows(archived({opened: [seen("a/m", 10, born)], closed: [seen("a/m", 30, born)]}))
    row = in_window(flows, closed, "counter-difference", 1)
    assert (row.first_year.tolist(), row.downloads.tolist()) == ([first_year], [20])


@pytest.mark.parametrize(("age", "new"), [(0, True), (364, True), (365, False)])
def test_new_is_created_in_the_365_days_up_to_the_date(open_flows: OpenFlows, age: int, new: bool) -> None:
    born = JANUARY - timedelta(days=age)
    flows = open_flows(archived({JANUARY: [seen("a/m", 10, born, downloads_30d=4)]}))
    month = in_window(flows, JANUARY, "snapshot-30-day", 1)
    assert (month.new.tolist(), month.downloads.tolist()) == ([new], [4])
    cohort = in_window(flows, JANUARY, "counter-difference", 12)
    assert cohort[cohort.new].downloads.tolist() == ([10] if new else [])


def test_a_single_snapshot(open_flows: OpenFlows) -> None:
    flows = open_flows(archived({JANUARY: [seen("a/m", 10, date(2025, 12, 1), downloads_30d=4)]}))
    found = in_window(flows, JANUARY, "counter-difference", 12)
    assert (found.downloads.tolist(), found.complete.tolist()) == ([10], [False])
    everything = flows_in_windows(flows)
    assert set(everything.basis) == {"counter-difference", "snapshot-30-day", "all-time"}
    assert in_window(flows, JANUARY, "counter-difference", 1).empty


def test_downloads_before_a_late_opening_count_for_the_cohort_alone(open_flows: OpenFlows) -> None:
    """The snapshot that opens the window came 15 days late: a new model's first days lie outside."""
    opening, as_of = date(2025, 6, 16), date(2026, 6, 1)
    born = date(2025, 6, 5)
    flows = open_flows(archived({opening: [seen("a/m", 10, born)], as_of: [seen("a/m", 50, born)]}))
    rows = in_window(flows, as_of, "counter-difference", 12)
    assert rows[rows.new].downloads.sum() == 50
    assert rows[rows.complete].downloads.sum() == 40
    assert (pd.to_datetime(rows.window_start) == pd.Timestamp(opening)).all()


def test_a_year_of_monthly_counts_is_twelve_of_them(open_flows: OpenFlows) -> None:
    """From mid-month to mid-month thirteen months are touched; a year still has twelve counts of 30 days."""
    days = [*month_ends("2026-04-30", 13), date(2026, 5, 20)]
    rows = {day: [seen("a/m", None, date(2024, 1, 1), downloads_30d=100)] for day in days}
    flows = open_flows(archived(rows))
    for as_of in days[-2:]:
        assert in_window(flows, as_of, "monthly-30-day", 12).downloads.tolist() == [100] * 12, as_of
    assert in_window(flows, days[0], "monthly-30-day", 12).empty


def test_flows_add_up_to_the_counter(demo_flows: Flows) -> None:
    """Whatever the dates, a dated model's flows sum to its last counter."""
    flows = demo_flows.data.named(demo_flows.flows).to_pandas()
    flows = flows[(flows.series == "counters") & flows.created_on.notna()]
    seen_last = (
        demo_flows.data.named(demo_flows.data.observations).to_pandas().sort_values("as_of").groupby("model_id").last()
    )
    total = flows.groupby("model_id").downloads.sum()
    assert len(total) > 1900
    assert (total == seen_last.downloads_all_time[total.index]).all()


def test_both_lenses_carry_the_same_downloads(demo_flows: Flows) -> None:
    total = sums.market(demo_flows).downloads.sum().to_pyarrow().as_py()
    rows = sums.by_lens(sums.market(demo_flows))
    by_lens = rows.group_by("lens").aggregate(n=rows.downloads.sum()).to_pandas()
    assert by_lens.set_index("lens").n.to_dict() == {"publisher": total, "origin": total}


# Windows


def windows(dates: list[date]) -> dict[tuple[date, str, int], tuple[date, date, bool]]:
    """By as_of, basis and months: window_start, reach, complete."""
    frame = windows_of(dates)
    assert not frame.duplicated(["as_of", "window_months", "basis"]).any()
    return {
        (row.as_of.date(), row.basis, row.window_months): (
            row.window_start.date(),
            row.reach.date(),
            row.complete,
        )
        for row in frame.dropna(subset=["window_months"]).itertuples()
    }


def test_windows_of_a_single_date() -> None:
    day = date(2026, 5, 20)
    assert windows([day]) == {
        (day, "snapshot-30-day", 1): (date(2026, 4, 20), date(2026, 5, 19), True),
        (day, "counter-difference", 12): (date(2025, 5, 20), date(2025, 5, 20), False),
    }


def test_windows_of_two_dates() -> None:
    found = windows([JANUARY, FEBRUARY])
    assert len(found) == 5
    assert (JANUARY, "counter-difference", 1) not in found
    assert found[FEBRUARY, "counter-difference", 1] == (JANUARY, JANUARY, True)
    assert found[FEBRUARY, "counter-difference", 12] == (date(2025, 2, 28), date(2025, 2, 28), False)


def test_windows_of_thirteen_months() -> None:
    days = month_ends("2026-02-28", 13)
    found = windows(days)
    assert found[FEBRUARY, "counter-difference", 12] == (days[0], days[0], True)
    assert found[FEBRUARY, "monthly-30-day", 12] == (days[0], days[0], True)
    assert found[days[11], "monthly-30-day", 12][2] is True
    assert not found[days[11], "counter-difference", 12][2]
    assert (days[10], "monthly-30-day", 12) not in found
    one_month = {key[0]: value[0] for key, value in found.items() if key[1:] == ("counter-difference", 1)}
    assert one_month == dict(zip(days[1:], days[:-1], strict=True))


def test_windows_across_a_gap() -> None:
    """A missing month takes its own window and its successor's, and the year of monthly counts."""
    days = month_ends("2026-02-28", 14)
    missing = days.pop(6)
    found = windows(days)
    assert missing not in {as_of for as_of, *_ in found}
    assert (days[6], "counter-difference", 1) not in found
    assert (days[7], "counter-difference", 1) in found
    assert (FEBRUARY, "monthly-30-day", 12) not in found
    assert found[FEBRUARY, "counter-difference", 12] == (date(2025, 2, 28), date(2025, 2, 28), True)


@pytest.mark.parametrize(
    ("opening", "months", "near"),
    [
        (date(2026, 4, 30), 1, True),  # ten days early
        (date(2026, 4, 29), 1, False),
        (date(2026, 5, 20), 1, True),  # ten days late
        (date(2026, 5, 21), 1, False),
        (date(2025, 5, 21), 12, True),  # twenty days
        (date(2025, 5, 20), 12, False),
        (date(2025, 6, 30), 12, True),
        (date(2025, 7, 1), 12, False),
    ],
)
def test_the_opening_may_lie_a_little_off(opening: date, months: int, near: bool) -> None:
    as_of = date(2026, 6, 10)
    found = windows([opening, as_of])
    complete = found.get((as_of, "counter-difference", months), (None, None, False))
    assert complete[2] is near
    if near:
        assert complete[0] == opening
        assert complete[1] == (min(opening, as_of - timedelta(days=365)) if months == 12 else opening)


def test_of_two_openings_the_nearer_is_taken() -> None:
    as_of = date(2026, 6, 10)
    found = windows([date(2026, 5, 2), date(2026, 5, 12), as_of])
    assert found[as_of, "counter-difference", 1][0] == date(2026, 5, 12)


def test_a_month_s_end_leads_to_a_month_s_end() -> None:
    """Through a leap day: the exact start of the year to 2025-02-28 is 2024-02-29."""
    days = month_ends("2025-02-28", 13)
    assert windows(days)[date(2025, 2, 28), "counter-difference", 12][0] == date(2024, 2, 29)
    assert windows(days)[date(2025, 2, 28), "monthly-30-day", 12][0] == date(2024, 2, 29)
