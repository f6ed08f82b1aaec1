"""What others published of derivatives."""

import csv
from functools import cache
from pathlib import Path

from generator.references import PublishedFigure

FIGURES = Path(__file__).parent / "derivative_figures.csv"


@cache
def derivative_figures() -> tuple[PublishedFigure, ...]:
    """All rows of ``derivative_figures.csv``, checked; each is a family's share, its developer's country beside it.

    Raises:
        pydantic.ValidationError: a row breaks the schema.
    """
    with FIGURES.open(encoding="utf-8", newline="") as file:
        return tuple(PublishedFigure.model_validate(row) for row in csv.DictReader(file))
