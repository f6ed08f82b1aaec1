"""How numbers and names are written, at the edges that the examples in the docstrings do not show."""

import doctest
from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from generator import text, wording


@pytest.mark.parametrize("module", [wording, text])
def test_the_examples_in_the_docstrings(module: Any) -> None:
    failed, tried = doctest.testmod(module)
    assert (failed, tried > 0) == (0, True)


@pytest.mark.parametrize("write", [wording.percent, wording.points, wording.count, wording.decimal, wording.index])
@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA, np.float64("nan"), pd.NaT])
def test_what_is_missing_is_unknown(write: Callable[[Any], str], missing: Any) -> None:
    assert write(missing) == "unknown"


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1,000"),
        (np.int64(9_999_999), "9,999,999"),
        (10_000_000, "10.0 million"),
        (-10_000_000, "-10.0 million"),
        (999_949_999, "999.9 million"),
        (999_950_000, "1.00 billion"),
        (999_999_999, "1.00 billion"),
        (1_000_000_000, "1.00 billion"),
        (7_411_396_448, "7.41 billion"),
        (12.4, "12"),
    ],
)
def test_counts(number: float, expected: str) -> None:
    assert wording.count(number) == expected


def test_shares_and_differences() -> None:
    assert wording.percent(0) == "0.0%"
    assert wording.percent(1) == "100.0%"
    assert wording.percent(0.4567, digits=0) == "46%"
    assert wording.points(0.0131) == wording.points(-0.0131) == "1.3 percentage points"
    assert wording.points(0.0131, digits=2) == "1.31 percentage points"
    assert wording.decimal(1234.56) == "1,234.6"
    assert wording.index(np.float64(1)) == "1.000"


@pytest.mark.parametrize(
    ("code", "name", "within"),
    [
        ("CN", "China", "China"),
        ("US", "United States", "the United States"),
        ("GB", "United Kingdom", "the United Kingdom"),
        ("AE", "United Arab Emirates", "the United Arab Emirates"),
        ("NL", "Netherlands", "the Netherlands"),
        ("XX", "International", "International"),
        ("unattributed", "Unattributed", "Unattributed"),
        ("Q?", "Q?", "Q?"),
    ],
)
def test_countries(code: str, name: str, within: str) -> None:
    assert (wording.country_name(code), wording.in_sentence(code)) == (name, within)


def test_days() -> None:
    assert wording.day(date(2026, 5, 1)) == "1 May 2026"
    assert wording.day(pd.Timestamp("2025-12-31 23:59")) == "31 December 2025"
