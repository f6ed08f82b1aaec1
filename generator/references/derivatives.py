"""What others published of derivatives."""

from functools import cache
from pathlib import Path

from generator import checked_rows
from generator.references import PublishedFigure

FIGURES = Path(__file__).parent / "derivative_figures.csv"


@cache
def derivative_figures() -> tuple[PublishedFigure, ...]:
    """All rows of ``derivative_figures.csv``, checked; each is a family's share, its developer's country beside it.

    Raises:
        ReportError: naming file, line and field of the first row that breaks the schema.
    """
    return checked_rows.rows(FIGURES, PublishedFigure)
