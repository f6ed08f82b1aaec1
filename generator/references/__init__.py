"""Figures that others published: shown only with their source, date and denominator, never mixed with ours."""

from datetime import date
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from generator import checked_rows

PUBLISHED = Path(__file__).parent / "published_figures.csv"


class PublishedFigure(BaseModel):
    """One figure of another study, with what is needed to quote it fairly.

    ``value`` is the figure as the study states it, ``precise`` with as many digits as it gives anywhere: 15.8% and
    15.86%, say. Pages quote the first; how far another figure is from it is measured from the second.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(min_length=1)
    study: str = Field(min_length=1)
    period_end: date
    country: str = Field(pattern=r"^[A-Z]{2}$")
    measure: str = Field(min_length=1)
    value: float = Field(ge=0, le=1)
    precise: float = Field(ge=0, le=1)
    denominator: str = Field(min_length=1)
    source_url: str = Field(pattern=r"^https://\S+$")
    note: str


@cache
def published_figures() -> tuple[PublishedFigure, ...]:
    """All rows of ``published_figures.csv``, checked.

    Raises:
        ReportError: naming file, line and field of the first row that breaks the schema.

    Example:
        >>> next(figure for figure in published_figures() if figure.country == "CN").period_end.year
        2025
    """
    return checked_rows.rows(PUBLISHED, PublishedFigure)
