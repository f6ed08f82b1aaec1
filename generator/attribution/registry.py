"""The registry of organisations: which namespace belongs to whom, where, and how we know."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import pandas as pd
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from generator import checked_rows
from generator.errors import ReportError

REGISTRY = Path(__file__).parent / "organisations.csv"

INTERNATIONAL = "XX"
"""The country code of bodies without a country; ISO 3166-1 leaves it free for such use."""

Sector = Literal["company", "academia", "non-profit", "government", "community", "individual"]
Role = Literal["developer", "intermediary"]
OptionalDate = Annotated[date | None, BeforeValidator(lambda text: text or None)]


class Organisation(BaseModel):
    """One row of the registry: a namespace of the Hub and the organisation behind it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    namespace: str = Field(min_length=1, pattern=r"^[\w.-]+$")
    organisation: str = Field(min_length=1)
    country: str = Field(pattern=r"^[A-Z]{2}$")
    sector: Sector
    role: Role
    valid_from: OptionalDate
    evidence_url: str = Field(pattern=r"^https://\S+$")
    note: str


def load(path: Path = REGISTRY) -> list[Organisation]:
    """Read and check the registry.

    Raises:
        ReportError: naming file, line and field of the first row that breaks the schema, or the namespace that
            is listed twice for the same time.
    """
    rows = checked_rows.read(path, Organisation, "mend the row as docs/organisations.md describes")
    organisations = [organisation for _, organisation in rows]
    if not organisations:
        raise ReportError(f"{path}: the registry lists no organisation; restore the file.")
    keys = Counter((item.namespace.lower(), item.valid_from) for item in organisations)
    for (namespace, valid_from), count in keys.items():
        if count > 1:
            raise ReportError(
                f"{path}: namespace '{namespace}' is listed {count} times from {valid_from or 'the beginning'}; "
                "keep one row, or give the later one a valid_from date."
            )
    return organisations


def frame(organisations: Sequence[Organisation]) -> pd.DataFrame:
    """The registry as a table with the time for which each row holds.

    Returns:
        Columns namespace, organisation, country, sector, role (text), valid_from and valid_until (timestamps;
        the row holds from the first up to but not including the second).
    """
    table = pd.DataFrame([item.model_dump() for item in organisations])
    table["valid_from"] = pd.to_datetime(table["valid_from"].fillna(date(1970, 1, 1)))
    table = table.sort_values(["namespace", "valid_from"], ignore_index=True)
    following = table.groupby(table["namespace"].str.lower())["valid_from"].shift(-1)
    table["valid_until"] = following.fillna(pd.Timestamp("2200-01-01"))
    return table[["namespace", "organisation", "country", "sector", "role", "valid_from", "valid_until"]]
