"""SpeechMap's judged answers as the figures that the report ships: rates, differences, agreement of the judges.

``python -m generator probe speechmap FILE`` computes them anew from SpeechMap's file (``generator/probe/speechmap.py``
does); no row of that file is here. Who developed which model is kept by hand in ``speechmap_models.csv``.
"""

from functools import cache
from pathlib import Path
from typing import Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from generator import checked_rows
from generator.probe.figures import AGREEMENT_COLUMNS, DIFFERENCE_COLUMNS, RATE_COLUMNS
from generator.probe.speechmap import AGREEMENT, DIFFERENCES, RATES

MODELS = Path(__file__).parent / "speechmap_models.csv"
NAME = "SpeechMap"
URL = "https://speechmap.ai/"
DATA_URL = "https://github.com/xlr8harder/llm-compliance"
LICENCE = "Apache-2.0"


class SpeechMapModel(BaseModel):
    """Who developed a model, and the model at the root of its lineage; ``unattributed`` where nobody says."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str = Field(min_length=1)
    developer: str = Field(min_length=1)
    country: str = Field(pattern=r"^([A-Z]{2}|unattributed)$")
    origin_country: str = Field(pattern=r"^([A-Z]{2}|unattributed)$")
    open_weights: Literal["yes", "no"]
    note: str


@cache
def models() -> tuple[SpeechMapModel, ...]:
    """All rows of ``speechmap_models.csv``, checked.

    Raises:
        ReportError: naming file, line and field of the first row that breaks the schema.
    """
    return checked_rows.rows(MODELS, SpeechMapModel)


def rates() -> pd.DataFrame:
    """Answers of each verdict by model, judge, subject and language (columns: ``figures.RATE_COLUMNS``)."""
    return _read(RATES, RATE_COLUMNS)


def differences() -> pd.DataFrame:
    """Differences between matched requests by model and judge (columns: ``figures.DIFFERENCE_COLUMNS``)."""
    return _read(DIFFERENCES, DIFFERENCE_COLUMNS)


def agreement() -> pd.DataFrame:
    """How far the two judges agree (columns: ``figures.AGREEMENT_COLUMNS``)."""
    return _read(AGREEMENT, AGREEMENT_COLUMNS)


def _read(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    days = [name for name in ("first_day", "last_day") if name in columns]
    # "none" is a word here, and no country is called "NA".
    return pd.read_csv(path, parse_dates=[str(name) for name in days], keep_default_na=False, na_values=[""])[
        list(columns)
    ]
