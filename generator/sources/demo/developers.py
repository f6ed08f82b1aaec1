"""The simulated developers and intermediaries, and where they live.

Each is a row of ``developers.csv``.
"""

import csv
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

import numpy as np

from generator.sources.demo.arrays import Ints
from generator.sources.demo.plan import day_number

UNATTRIBUTED = "unattributed"
DEVELOPERS_FILE = Path(__file__).with_name("developers.csv")

SHARE_DATES = {
    "share_2022_11": date(2022, 11, 30),
    "share_2023_11": date(2023, 11, 30),
    "share_2024_11": date(2024, 11, 30),
    "share_2025_08": date(2025, 8, 31),
    "share_2026_10": date(2026, 10, 31),
}
"""Columns of the developers' file: percent of the downloads of models under a year old, between them a
straight line.
"""

DERIVED_DATES = {"derived_2024_01": date(2024, 1, 15), "derived_2026_02": date(2026, 2, 14)}
"""Percent of new derivatives that descend from a developer; between them the log of each part runs straight.
"""

_TEXT_COLUMNS = frozenset({"namespace", "country", "role", "stem", "focus", "license", "first", "last"})


@dataclass(frozen=True)
class Developer:
    """A row of the developers' file; shares and percentages are fractions."""

    namespace: str
    country: str
    role: str
    stem: str
    focus: str
    license: str
    gated: float
    discloses: float
    first: int
    last: int
    cadence_days: float
    repositories: float
    uploads: float
    derived: tuple[float, ...]
    shares: tuple[float, ...]


@lru_cache(maxsize=1)
def developers() -> tuple[Developer, ...]:
    """The simulated developers and intermediaries, in the order of their file."""
    with DEVELOPERS_FILE.open(newline="", encoding="utf-8") as file:
        return tuple(_developer(row) for row in csv.DictReader(file))


def _developer(row: dict[str, str]) -> Developer:
    number = {name: float(value) if value else 0.0 for name, value in row.items() if name not in _TEXT_COLUMNS}
    return Developer(
        namespace=row["namespace"],
        country=row["country"],
        role=row["role"],
        stem=row["stem"],
        focus=row["focus"],
        license=row["license"],
        gated=number["gated"] / 100,
        discloses=number["discloses"] / 100,
        first=day_number(date.fromisoformat(row["first"])),
        last=day_number(date.fromisoformat(row["last"] or "9999-12-31")),
        cadence_days=number["cadence_days"],
        repositories=number["repositories"],
        uploads=number["uploads"] / 100,
        derived=tuple(number[name] / 100 for name in DERIVED_DATES),
        shares=tuple(number[name] / 100 for name in SHARE_DATES),
    )


def countries() -> list[str]:
    """The developers' countries in the order of their file, then UNATTRIBUTED."""
    return [*dict.fromkeys(lab.country for lab in developers()), UNATTRIBUTED]


def country_of(developer: Ints) -> Ints:
    """Positions in :func:`countries`."""
    places = {name: place for place, name in enumerate(countries())}
    table = np.array([*(places[lab.country] for lab in developers()), places[UNATTRIBUTED]])
    return table[developer]
