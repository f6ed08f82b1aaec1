"""How open a model is by its own record: its licence's class, its gate, and whether it names its training data."""

from pathlib import Path
from typing import Literal, get_args

import ibis
from ibis.expr.types import ArrayValue, StringValue, Table
from pydantic import BaseModel, ConfigDict, Field

from generator import checked_rows
from generator.dataset import Dataset
from generator.engines import kept
from generator.errors import ReportError

TABLE = "model_openness"
LICENCES = Path(__file__).parent / "licences.csv"

LicenceClass = Literal["open-source", "open-other", "restricted", "non-commercial", "other"]
OTHER: LicenceClass = "other"
NONE = "none"

CLASSES: tuple[str, ...] = (*get_args(LicenceClass), NONE)
"""From the most open to what nobody can tell.

``open-source``: approved by the Open Source Initiative. ``open-other``: any use, change and redistribution allowed,
but not on the Initiative's list, as licences for content and data are not (CC0, CC BY, ODC). ``restricted``: open
weights with restrictions of use, of size or of change. ``non-commercial``: research or non-commercial use only.
``other``: a licence is named that is in none of these classes or not known to the table. ``none``: none is stated.
"""

GATES = ("no", "auto", "manual", "unknown")
DISCLOSURE = ("disclosed", "undisclosed", "unknown")

DATASET_TAG = "dataset:"


class Licence(BaseModel):
    """One row of the table: a licence by the Hub's identifier, its class and where its text can be read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    licence: str = Field(min_length=1, pattern=r"^[a-z0-9.+-]+$")
    licence_class: LicenceClass = Field(alias="class")
    evidence_url: str = Field(pattern=r"^https://\S+$")
    note: str


def load(path: Path = LICENCES) -> list[Licence]:
    """Read and check the table of licences.

    Raises:
        ReportError: naming file, line and field of the first row that breaks the schema, or a licence that is
            listed twice.
    """
    licences: dict[str, Licence] = {}
    for line, licence in checked_rows.read(path, Licence):
        if licence.licence in licences:
            raise ReportError(f"{path}, line {line}: licence '{licence.licence}' is listed twice; keep one row.")
        licences[licence.licence] = licence
    return list(licences.values())


def licence_class(licence: StringValue, table: list[Licence]) -> StringValue:
    """The class of a licence's identifier (case is ignored): one of :data:`CLASSES`."""
    named = licence.strip().lower()
    listed = (
        (named.isin([row.licence for row in table if row.licence_class == name]), name)
        for name in CLASSES
        if name not in (OTHER, NONE)
    )
    return ibis.cases((named.fill_null("") == "", NONE), *listed, else_=OTHER)


def gate(gated: StringValue) -> StringValue:
    """Whether files are handed out on request only: one of :data:`GATES`."""
    return ibis.ifelse(gated.isin(GATES[:-1]), gated, "unknown").fill_null("unknown")


def disclosure(tags: ArrayValue) -> StringValue:
    """Whether the model's tags name a data set: one of :data:`DISCLOSURE`, ``unknown`` without any tags."""
    named = tags.filter(lambda tag: tag.startswith(DATASET_TAG)).length() > 0
    return ibis.cases((tags.isnull(), "unknown"), (named.fill_null(False), "disclosed"), else_="undisclosed")


def openness(data: Dataset) -> Table:
    """The three traits of every model, computed once a data set and kept in its engine.

    Returns:
        model, licence_class, gate, disclosure; one row a model, none of them null.
    """
    return kept(data.backend, TABLE, lambda: data.numbered(classify(data.models)))


def classify(models: Table) -> Table:
    """The expression behind :func:`openness`.

    Args:
        models: with the columns model_id, license, gated and tags.
    """
    return models.select(
        "model_id",
        licence_class=licence_class(models.license, load()),
        gate=gate(models.gated),
        disclosure=disclosure(models.tags),
    )
