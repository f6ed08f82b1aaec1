"""What others published of openness: disclosure of training data, and the labs' own announcements of releases."""

import csv
from functools import cache
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from generator.errors import ReportError

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


Row = TypeVar("Row", bound=BaseModel)


@cache
def disclosure_figures() -> tuple[DisclosureFigure, ...]:
    """All rows of ``openness_figures.csv``, checked.

    Raises:
        ReportError: naming file, line and field of the first row that breaks the schema.
    """
    return read(FIGURES, DisclosureFigure)


@cache
def frontier_releases() -> tuple[FrontierRelease, ...]:
    """All rows of ``frontier_releases.csv``, checked.

    Raises:
        ReportError: naming file, line and field of the first row that breaks the schema.
    """
    return read(RELEASES, FrontierRelease)


def read(path: Path, kind: type[Row]) -> tuple[Row, ...]:
    """The rows of a reference table, each checked against its kind."""
    rows = []
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        for row in reader:
            try:
                rows.append(kind.model_validate(row))
            except ValidationError as error:
                fault = error.errors()[0]
                where = ".".join(str(part) for part in fault["loc"])
                raise ReportError(
                    f"{path}, line {reader.line_num}, field {where}: {fault['msg']} (found {fault['input']!r}); "
                    "mend the row."
                ) from None
    return tuple(rows)
