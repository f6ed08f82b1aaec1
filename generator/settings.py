"""The settings of a report: ``report.toml``, checked."""

import tomllib
from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from generator.errors import ReportError

Engine = Literal["duckdb", "spark"]

MEMORY = "2GB"
"""What DuckDB may hold in memory before it goes to disk; the process needs some hundred megabytes beside it."""


class Acknowledgement(BaseModel):
    """A jump from one month to the next that somebody has looked at, with what explains it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    table: str
    as_of: date
    name: str
    reason: str = Field(min_length=1)


class Settings(BaseModel):
    """What can be set; a key that is not listed here is an error, so that a typing slip is noticed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str = "auto"
    archive: Path = Path("archive")
    probe: Path = Path("probe")
    top: int = Field(default=20_000, ge=1, le=5_000_000)
    keep_days: int = Field(default=400, ge=1)
    licence: str = Field(default="CC-BY-4.0", min_length=1)
    publisher: str = Field(default="Open Model Report", min_length=1)
    engine: Engine = "duckdb"
    memory: str = Field(default=MEMORY, pattern=r"^[1-9][0-9]*(MB|GB)$")
    inputs_rows: int = Field(default=5_000_000, ge=0)
    coverage: float = Field(default=0.5, ge=0, le=1)
    jump: float = Field(default=0.1, gt=0, le=1)
    acknowledged: tuple[Acknowledgement, ...] = ()


def load(path: Path) -> Settings:
    """Read settings; a missing file means the defaults.

    Raises:
        ReportError: naming the file and the key at fault.
    """
    if not path.exists():
        return Settings()
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ReportError(f"{path}: cannot be read ({error.strerror or error}); mend its permissions.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ReportError(f"{path}: is no valid TOML ({error}); mend the line it names.") from None
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        fault = error.errors()[0]
        key = ".".join(str(part) for part in fault["loc"])
        raise ReportError(
            f"{path}, key {key}: {fault['msg']} (found {fault['input']!r}); docs/settings.md lists what is valid."
        ) from None
