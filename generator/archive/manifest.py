"""What the archive says of a snapshot without opening it."""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from generator.errors import ReportError
from generator.snapshot import SCHEMA_VERSION

DATA = "models.parquet"
MANIFEST = "manifest.json"


class Revision(BaseModel):
    """One replacement of a snapshot by another of the same date."""

    replaced_at: datetime
    rows_before: int
    rows_after: int
    sha256_before: str
    sha256_after: str


class Manifest(BaseModel):
    """What is known about a snapshot without opening it."""

    schema_version: int
    generator_version: str
    as_of: date
    kind: str
    detail: str
    retrieved_at: datetime
    simulated: bool
    rows: int
    bytes: int
    sha256: str
    coverage: dict[str, Any]
    skipped: dict[str, int]
    revisions: list[Revision] = []


@dataclass(frozen=True)
class Entry:
    """A snapshot in the archive: its folder and its manifest."""

    folder: Path
    manifest: Manifest

    @property
    def data(self) -> Path:
        """The snapshot's Parquet file."""
        return self.folder / DATA


def entries(archive: Path) -> list[Entry]:
    """The archive's snapshots in date order, by their manifests alone (an absent folder has none).

    Raises:
        ReportError: a manifest is missing, unreadable or of a newer schema.
    """
    return [entry(folder) for folder in folders(archive)]


def folders(archive: Path) -> list[Path]:
    """The folders of the snapshots in date order, sound or not."""
    return sorted(archive.glob("snapshot=*")) if archive.is_dir() else []


def entry(folder: Path) -> Entry:
    """One snapshot's folder with its manifest read.

    Raises:
        ReportError: the manifest is missing, unreadable or of a newer schema.
    """
    path = folder / MANIFEST
    try:
        manifest = Manifest.model_validate_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ReportError(f"{path}: the snapshot has no manifest; restore it or remove the folder.") from None
    except OSError as error:
        raise ReportError(
            f"{path}: cannot be read ({error.strerror or error}); mend its permissions, or remove {folder}."
        ) from None
    except (ValidationError, UnicodeDecodeError) as error:
        first = str(error).splitlines()[0]
        raise ReportError(f"{path}: unreadable manifest ({first}); restore it or remove the folder.") from None
    if manifest.schema_version > SCHEMA_VERSION:
        raise ReportError(
            f"{path}: has schema version {manifest.schema_version}, this generator knows up to "
            f"{SCHEMA_VERSION}; update the generator."
        )
    return Entry(folder, manifest)
