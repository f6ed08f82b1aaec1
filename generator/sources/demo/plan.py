"""What to simulate, and the calendar that it runs by.

A day is a :class:`datetime.date` where people read it and a number, counted from 1970-01-01, in arrays.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from generator.errors import ReportError
from generator.sources.demo.arrays import Bools, Ints

FLOOR = datetime(2022, 3, 2, 23, 29, 4)
"""The Hub dates every older repository to this moment."""

FIRST_MONTH = date(2022, 11, 30)
COHORT_DAYS = 365


@dataclass(frozen=True)
class Demo:
    """What to simulate.

    ``models`` (at least 500) is the number of models ever created, ``months`` (at least 6) the number of
    month ends up to and with ``last``; the first of them cannot lie before 2022-11-30.
    """

    seed: int = 20251126
    models: int = 6000
    months: int = 36
    last: date = date(2026, 10, 31)

    def __post_init__(self) -> None:
        if self.models < 500 or self.months < 6:
            raise ReportError(
                f"demo: {self.models} models over {self.months} months are too few to simulate a Hub; "
                "give at least 500 models and 6 months."
            )
        if self.last != month_end(self.last.year, self.last.month):
            raise ReportError(f"demo: {self.last} is not the last day of a month; give the last day as the end.")
        if self.dates[0] < FIRST_MONTH:
            raise ReportError(
                f"demo: the first snapshot would be {self.dates[0]}, before {FIRST_MONTH}; give fewer months."
            )

    @property
    def dates(self) -> list[date]:
        """The snapshots' dates, in order."""
        return month_ends(self.last, self.months)


def day_number(day: date) -> int:
    """The number of a day."""
    return day.toordinal() - date(1970, 1, 1).toordinal()


def date_of(number: int) -> date:
    """The day of a number."""
    return date(1970, 1, 1) + timedelta(days=int(number))


def month_end(year: int, month: int) -> date:
    """The last day of a month."""
    return date(year, month, monthrange(year, month)[1])


def month_ends(last: date, months: int) -> list[date]:
    """The last days of the ``months`` months up to and with the month of ``last``."""
    final = last.year * 12 + last.month - 1
    return [month_end(month // 12, month % 12 + 1) for month in range(final - months + 1, final + 1)]


def months_between(first: date, last: date) -> int:
    """The number of months from that of ``first`` to that of ``last``, both counted."""
    return (last.year - first.year) * 12 + last.month - first.month + 1


def in_cohort(created: Ints, day: int) -> Bools:
    """Which models were created in the COHORT_DAYS before a day."""
    result: Bools = (created > day - COHORT_DAYS) & (created < day)
    return result


FLOOR_DAY = day_number(FLOOR.date())
