"""Downloads over time: what each model was downloaded between two dates, and the windows that add this up.

A *flow* is the downloads of one model in one interval. Two series are kept apart and never mixed in a figure:

``counters``
    the difference of the all-time counter between two report dates, or between a model's creation (counter 0)
    and the first report date that saw it;
``30-day``
    the Hub's own count of the 30 days before a report date.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta

import ibis
import pandas as pd
from ibis.expr.types import Table

from generator.attribution import Attribution
from generator.dataset import Dataset
from generator.probe.results import ProbeResults

FIRST_YEAR_DAYS = 365
WINDOW_MONTHS = (1, 12)
OPENING_TOLERANCE_DAYS = {1: 10, 12: 20}
"""How far the report date that opens a window may lie from the exact day."""

BASES: dict[str, str] = {
    "counter-difference": "differences of the all-time counters",
    "monthly-30-day": "sum of twelve monthly 30-day counts",
    "snapshot-30-day": "the 30-day count of one snapshot",
    "all-time": "the all-time counter",
}


@dataclass(frozen=True)
class Flows:
    """Attributed downloads, ready to be summed.

    ``intervals``: model_id, created_on, series (counters | 30-day), opened, closed, downloads; one row a flow.

    ``downloads``: the flows sorted into windows: as_of, window_months (null for all time), basis, window_start,
    complete, model_id, first_year (the flow's middle lies within a year of the model's creation), new (the model
    was created in the 365 days up to as_of), downloads. Where ``complete`` is false the archive does not reach
    back to the window's start, and only models created since then are known for the whole of it; or the flow of
    a new model began before the window and counts for its cohort alone.

    ``attributed``: ``downloads`` with the columns lens, organisation, country, sector, role and family; two rows,
    one a lens, for each of its rows.

    ``probe``: what models answered to the probe's questions, which has nothing to do with downloads; empty where
    nobody asked.
    """

    data: Dataset
    attribution: Attribution
    intervals: Table
    downloads: Table
    attributed: Table
    probe: ProbeResults = field(default_factory=ProbeResults)


def build(data: Dataset, attribution: Attribution, probe: ProbeResults | None = None) -> Flows:
    """Make the flows of a data set and sort them into the windows that the archive can answer.

    Example:
        >>> flows = build(data, attribute(data))  # doctest: +SKIP
        >>> flows.downloads.group_by("as_of").downloads.sum()  # doctest: +SKIP
    """
    backend = data.backend
    observed = data.observations.semi_join(data.snapshots.filter(data.snapshots.report_date), "as_of").inner_join(
        attribution.models.select("model_id", "created_on"), "model_id"
    )
    intervals = backend.create_table(
        "intervals",
        ibis.union(_counter_intervals(observed), _thirty_day_intervals(observed)),
        temp=True,
    )
    windows = backend.create_table("windows", ibis.memtable(windows_of(data.report_dates)), temp=True)
    in_windows = _in_windows(intervals, windows)
    all_time = observed.filter(observed.downloads_all_time.notnull()).select(
        "as_of",
        window_months=ibis.null("int64"),
        basis=ibis.literal("all-time"),
        window_start=ibis.null("date"),
        complete=ibis.literal(True),
        model_id="model_id",
        first_year=ibis.literal(False),
        new=ibis.literal(False),
        downloads=observed.downloads_all_time,
    )
    downloads = backend.create_table("window_downloads", ibis.union(in_windows, all_time), temp=True)
    attributed = downloads.inner_join(attribution.lenses.drop("created_on"), "model_id")
    return Flows(data, attribution, intervals, downloads, attributed, probe or ProbeResults())


def windows_of(report_dates: list[date]) -> pd.DataFrame:
    """The windows that a list of report dates can answer.

    Returns:
        One row an as_of, window and basis: as_of and window_start (timestamps; the window is the days after
        window_start up to as_of), reach (window_start, or 365 days before as_of if that is earlier, as far back
        as a new model's downloads may lie), window_months, series (``counters`` | ``30-day``), basis (as
        published) and complete.
    """
    rows = []
    for as_of in report_dates:
        year_before = as_of - timedelta(days=FIRST_YEAR_DAYS)
        month_before = as_of - timedelta(days=30)
        rows.append((as_of, month_before, as_of - timedelta(days=1), 1, "30-day", "snapshot-30-day", True))
        for months in WINDOW_MONTHS:
            exact = _months_before(as_of, months)
            opening = min(report_dates, key=lambda day: abs((day - exact).days))
            near = opening < as_of and abs((opening - exact).days) <= OPENING_TOLERANCE_DAYS[months]
            if months == 12:
                start = opening if near else year_before
                rows.append((as_of, start, min(start, year_before), 12, "counters", "counter-difference", near))
                covered = sorted(day for day in report_dates if exact < day <= as_of)
                if len({(day.year, day.month) for day in covered}) >= 12:
                    # A window from mid-month to mid-month touches thirteen months; twelve counts make a year.
                    reach = max([exact, *covered[:-12]])
                    rows.append((as_of, exact, reach, 12, "30-day", "monthly-30-day", True))
            elif near:
                rows.append((as_of, opening, opening, months, "counters", "counter-difference", True))
    columns = ["as_of", "window_start", "reach", "window_months", "series", "basis", "complete"]
    return pd.DataFrame(rows, columns=columns).astype(
        {"as_of": "datetime64[s]", "window_start": "datetime64[s]", "reach": "datetime64[s]"}
    )


def _months_before(day: date, months: int) -> date:
    # A month's end leads to a month's end, so that a series of month-end snapshots stays aligned.
    offset = pd.offsets.MonthEnd(months) if pd.Timestamp(day).is_month_end else pd.DateOffset(months=months)
    return (pd.Timestamp(day) - offset).date()


def _counter_intervals(observed: Table) -> Table:
    by_model = ibis.window(group_by="model_id", order_by="as_of")
    counted = observed.filter(observed.downloads_all_time.notnull()).mutate(
        counter_before=lambda row: row.downloads_all_time.lag().over(by_model),
        seen_before=lambda row: row.as_of.lag().over(by_model),
    )
    opened = counted.seen_before.fill_null(counted.created_on)
    return counted.select(
        "model_id",
        "created_on",
        series=ibis.literal("counters"),
        opened=opened,
        closed=counted.as_of,
        # A counter that fell gives a negative flow: it takes back what an earlier flow wrongly counted.
        downloads=counted.downloads_all_time - counted.counter_before.fill_null(0),
    ).filter(lambda row: row.opened.notnull())


def _thirty_day_intervals(observed: Table) -> Table:
    start = observed.as_of - ibis.interval(days=30)
    return observed.filter(observed.downloads_30d.notnull()).select(
        "model_id",
        "created_on",
        series=ibis.literal("30-day"),
        opened=ibis.greatest(start.cast("date"), observed.created_on.fill_null(start.cast("date"))),
        closed=observed.as_of,
        downloads=observed.downloads_30d,
    )


def _in_windows(intervals: Table, windows: Table) -> Table:
    dated = windows.mutate(
        as_of=windows.as_of.cast("date"),
        window_start=windows.window_start.cast("date"),
        reach=windows.reach.cast("date"),
    )
    joined = intervals.inner_join(
        dated,
        [
            intervals.series == dated.series,
            intervals.closed > dated.reach,
            intervals.closed <= dated.as_of,
        ],
    )
    age_opened = joined.opened.delta(joined.created_on, unit="day")
    age_closed = joined.closed.delta(joined.created_on, unit="day")
    age_at_report = joined.as_of.delta(joined.created_on, unit="day")
    new = (age_at_report < FIRST_YEAR_DAYS).fill_null(False)
    whole = (joined.series == "30-day") | (joined.opened >= joined.window_start)
    return joined.filter(whole | (new & (joined.window_months == 12))).select(
        "as_of",
        window_months=joined.window_months.cast("int64"),
        basis=joined.basis,
        window_start=joined.window_start,
        complete=joined.complete & whole,
        model_id=joined.model_id,
        first_year=(age_opened + age_closed <= 2 * FIRST_YEAR_DAYS).fill_null(False),
        new=new,
        downloads=joined.downloads,
    )
