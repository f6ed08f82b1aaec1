"""How numbers, dates and names are written for readers."""

from datetime import date

import pandas as pd
from babel import Locale

from generator.attribution import UNATTRIBUTED
from generator.attribution.registry import INTERNATIONAL

ENGLISH = Locale("en")


def country_name(code: str) -> str:
    """The English name of a country code of our tables.

    Example:
        >>> country_name("KR"), country_name("unattributed")
        ('South Korea', 'Unattributed')
    """
    if code == UNATTRIBUTED:
        return "Unattributed"
    if code == INTERNATIONAL:
        return "International"
    return str(ENGLISH.territories.get(code, code))


def in_sentence(code: str) -> str:
    """The name as it stands within a sentence.

    Example:
        >>> in_sentence("US"), in_sentence("CN")
        ('the United States', 'China')
    """
    name = country_name(code)
    return f"the {name}" if name.startswith("United ") or name == "Netherlands" else name


def percent(share: float | None, digits: int = 1) -> str:
    """A share as a percentage, rounded; what is not quite nothing is not written as nothing.

    Example:
        >>> percent(0.17149), percent(0.00002), percent(0.0), percent(None)
        ('17.1%', '<0.1%', '0.0%', 'unknown')
    """
    if share is None or pd.isna(share):
        return "unknown"
    smallest = 10.0**-digits
    if 0 < share * 100 < smallest / 2:
        return f"<{smallest:.{digits}f}%"
    return f"{share * 100:.{digits}f}%"


def points(difference: float | None, digits: int = 1) -> str:
    """A difference of shares in percentage points, without sign.

    Example:
        >>> points(-0.0131)
        '1.3 percentage points'
    """
    if difference is None or pd.isna(difference):
        return "unknown"
    return f"{abs(difference) * 100:.{digits}f} percentage points"


def signed_points(difference: float | None, digits: int = 1) -> str:
    """A difference of shares in percentage points with its sign; what is rounded away has none.

    Example:
        >>> signed_points(-0.0131), signed_points(0.00001)
        ('−1.3', '0.0')
    """
    if difference is None or pd.isna(difference):
        return "unknown"
    rounded = round(difference * 100, digits)
    return f"{rounded + 0.0:+.{digits}f}".replace("-", "−") if rounded else f"{0:.{digits}f}"


def count(number: float | int | None) -> str:
    """A whole number with separators, or in millions and billions from ten million on.

    Example:
        >>> count(4167), count(511_730_880), count(7_411_396_448)
        ('4,167', '511.7 million', '7.41 billion')
    """
    if number is None or pd.isna(number):
        return "unknown"
    # From here on, millions with one decimal would read "1000.0 million".
    if abs(number) >= 999.95e6:
        return f"{number / 1e9:.2f} billion"
    if abs(number) >= 1e7:
        return f"{number / 1e6:.1f} million"
    return f"{number:,.0f}"


def decimal(number: float | None, digits: int = 1) -> str:
    """A plain number.

    Example:
        >>> decimal(12.345)
        '12.3'
    """
    return "unknown" if number is None or pd.isna(number) else f"{number:,.{digits}f}"


def index(number: float | None) -> str:
    """An index between 0 and 1.

    Example:
        >>> index(0.1234)
        '0.123'
    """
    return decimal(number, digits=3)


def cell(column: str, value: float | None) -> str:
    """A figure of a table by its column's name, close enough to tell a revision.

    Example:
        >>> cell("share", 0.17149), cell("rank", 3.0), cell("hhi", 0.1234), cell("share", None)
        ('17.15%', '3', '0.123', 'not given')
    """
    if value is None or pd.isna(value):
        return "not given"
    if column == "rank":
        return count(value)
    return index(value) if column in ("hhi", "gini") else percent(value, digits=2)


def day(moment: date) -> str:
    """A date.

    Example:
        >>> day(date(2026, 5, 20))
        '20 May 2026'
    """
    return f"{moment.day} {moment:%B %Y}"


def window(row: pd.Series) -> str:
    """The window of a row as it stands in a sentence: "in the twelve months to 20 May 2026"."""
    if pd.isna(row["window_months"]):
        return f"of all time, up to {day(row['as_of'])},"
    if row["window_months"] == 12:
        return f"in the twelve months to {day(row['as_of'])}"
    if row["basis"] == "snapshot-30-day":
        return f"in the 30 days to {day(row['as_of'])}"
    return f"between {day(row['window_start'])} and {day(row['as_of'])}"
