"""The windows of time over which downloads are added up."""

from collections.abc import Sequence
from datetime import date, timedelta

import pandas as pd

FIRST_YEAR_DAYS = 365
WINDOW_MONTHS = (1, 12)
OPENING_TOLERANCE_DAYS = {1: 10, 12: 20}
"""How far the report date that opens a window may lie from the exact day."""

COUNTERS, THIRTY_DAYS, ALL_TIME = "counters", "30-day", "all-time"


def windows_of(report_dates: Sequence[date]) -> pd.DataFrame:
    """The windows that a list of report dates can answer.

    Returns:
        One row a window and basis: window (its number), as_of and window_start (timestamps; the window is the days
        after window_start up to as_of; null for all time), reach (window_start, or 365 days before as_of if that is
        earlier, as far back as a new model's downloads may lie), window_months (null for all time), series
        (``counters`` | ``30-day`` | ``all-time``), basis (as published) and complete: where that is false the archive
        does not reach back to the window's start, and only models created since then are known for the whole of it.
    """
    rows: list[tuple[date, date | None, date, int | None, str, str, bool]] = []
    for as_of in report_dates:
        year_before = as_of - timedelta(days=FIRST_YEAR_DAYS)
        month_before = as_of - timedelta(days=30)
        day_before = as_of - timedelta(days=1)
        rows.append((as_of, None, day_before, None, ALL_TIME, ALL_TIME, True))
        rows.append((as_of, month_before, day_before, 1, THIRTY_DAYS, "snapshot-30-day", True))
        for months in WINDOW_MONTHS:
            exact = _months_before(as_of, months)
            opening = min(report_dates, key=lambda day: abs((day - exact).days))
            near = opening < as_of and abs((opening - exact).days) <= OPENING_TOLERANCE_DAYS[months]
            if months == 12:
                start = opening if near else year_before
                rows.append((as_of, start, min(start, year_before), 12, COUNTERS, "counter-difference", near))
                covered = sorted(day for day in report_dates if exact < day <= as_of)
                if len({(day.year, day.month) for day in covered}) >= 12:
                    # A window from mid-month to mid-month touches thirteen months; twelve counts make a year.
                    reach = max([exact, *covered[:-12]])
                    rows.append((as_of, exact, reach, 12, THIRTY_DAYS, "monthly-30-day", True))
            elif near:
                rows.append((as_of, opening, opening, months, COUNTERS, "counter-difference", True))
    columns = ["as_of", "window_start", "reach", "window_months", "series", "basis", "complete"]
    frame = pd.DataFrame(rows, columns=columns).astype(
        dict.fromkeys(("as_of", "window_start", "reach"), "datetime64[s]") | {"window_months": "Int64"}
    )
    frame.insert(0, "window", pd.Series(range(len(frame)), dtype="int32"))
    return frame


def closings_of(windows: pd.DataFrame, report_dates: Sequence[date]) -> pd.DataFrame:
    """Which report dates lie in which windows.

    Args:
        windows: from :func:`windows_of`.
        report_dates: all report dates.

    Returns:
        The columns of ``windows`` and closed (timestamp): one row a window and a report date after its reach up to
        its as_of, which a flow may close on that counts for the window.
    """
    days = pd.DataFrame({"closed": pd.to_datetime(list(report_dates)).astype("datetime64[s]")})
    pairs = windows.merge(days, how="cross")
    return pairs[(pairs["closed"] > pairs["reach"]) & (pairs["closed"] <= pairs["as_of"])].reset_index(drop=True)


def thresholds_of(windows: pd.DataFrame) -> list[date]:
    """The days, in order, on which a model must have been created for a window to treat it otherwise than an older one:
    the first that makes it new at a report date, and the first of each window."""
    new = windows["as_of"] - pd.Timedelta(days=FIRST_YEAR_DAYS - 1)
    days = pd.concat([new, windows["window_start"].dropna()])
    return sorted({day.date() for day in days})


def _months_before(day: date, months: int) -> date:
    # A month's end leads to a month's end, so that a series of month-end snapshots stays aligned.
    offset = pd.offsets.MonthEnd(months) if pd.Timestamp(day).is_month_end else pd.DateOffset(months=months)
    return (pd.Timestamp(day) - offset).date()
