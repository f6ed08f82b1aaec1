"""What others published of openness: disclosure of training data, and the labs' own announcements of releases."""

from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from generator import checked_rows

FIGURES = Path(__file__).parent / "openness_figures.csv"
RELEASES = Path(__file__).parent / "frontier_releases.csv"


class DisclosureFigure(BaseModel):
    """A study's share of downloads whose models disclose their training data, or do not, in one period."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    study: str = Field(min_length=1)
    year: str = Field(pattern=r"^(to )?20\d\d$")
    measure: Literal["disclosed", "undisclosed"]
    value: float = Field(ge=0, le=1)
    denominator: str = Field(min_length=1)
    source_url: str = Field(pattern=r"^https://\S+$")


class FrontierRelease(BaseModel):
    """A lab's release, with open weights or without at the time; ``date`` is the month of its announcement."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lab: str = Field(min_length=1)
    organisation: str = Field(min_length=1)
    country: str = Field(pattern=r"^[A-Z]{2}$")
    release: str = Field(min_length=1)
    date: str = Field(pattern=r"^20\d\d-(0[1-9]|1[0-2])$")
    weights: Literal["open", "closed"]
    source_url: str = Field(pattern=r"^https://\S+$")
    note: str


@cache
def disclosure_figures() -> tuple[DisclosureFigure, ...]:
    """All rows of ``openness_figures.csv``, checked.

    Raises:
        ReportError: naming file, line and field of the first row that breaks the schema.
    """
    return checked_rows.rows(FIGURES, DisclosureFigure)


@cache
def frontier_releases() -> tuple[FrontierRelease, ...]:
    """All rows of ``frontier_releases.csv``, checked.

    Raises:
        ReportError: naming file, line and field of the first row that breaks the schema.
    """
    return checked_rows.rows(RELEASES, FrontierRelease)
