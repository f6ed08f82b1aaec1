"""The archive: dated Parquet snapshots with manifests, never changed without leaving a trace.

Layout: ``<folder>/snapshot=<YYYY-MM-DD>/models.parquet`` beside its ``manifest.json``.
"""

import hashlib
import os
import shutil
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ValidationError

from generator import __version__
from generator.atomic import writing
from generator.errors import ReportError
from generator.snapshot import SCHEMA, SCHEMA_VERSION, Snapshot

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


Outcome = Literal["added", "unchanged", "replaced"]


def add(archive: Path, snapshot: Snapshot, replace: bool = False) -> Outcome:
    """Write a snapshot; nothing is visible in the archive before it is there whole.

    Args:
        archive: the archive's folder, made if missing.
        snapshot: what to store under its date.
        replace: store it even where the date already has other content, and record the revision.

    Returns:
        ``"added"``, ``"replaced"``, or ``"unchanged"`` where the date already holds exactly this content, in
        which case no file is touched.

    Raises:
        ReportError: the date has other content and ``replace`` is false; simulated and real snapshots would
            mix; or the folder cannot be written (no permission, full disk).
    """
    with writing(archive):
        archive.mkdir(parents=True, exist_ok=True)
        _finish_interrupted(archive)
        final = archive / f"snapshot={snapshot.as_of}"
        existing = entry(final) if final.exists() else None
        for other in entries(archive):
            if other.manifest.simulated != snapshot.provenance.simulated:
                raise ReportError(
                    f"{archive}: simulated and real snapshots cannot share an archive "
                    f"({other.manifest.as_of} is {'simulated' if other.manifest.simulated else 'real'}); "
                    "choose another folder with --archive."
                )
        revisions: list[Revision] = []
        if existing is not None:
            verify(existing)
            if read(existing).equals(snapshot.models):
                return "unchanged"
            if not replace:
                raise ReportError(
                    f"{archive}: {snapshot.as_of} is already archived with other content "
                    f"({existing.manifest.rows} rows from {existing.manifest.detail}); "
                    "run again with --replace to supersede it and record the revision."
                )
            revisions = existing.manifest.revisions
        staging = archive / f".writing-{snapshot.as_of}-{os.getpid()}"
        # A killed process may have left one, and in a container the next has the same number.
        shutil.rmtree(staging, ignore_errors=True)
        try:
            staging.mkdir()
            _write(staging, snapshot, existing, revisions)
            if existing is None:
                staging.rename(final)
                return "added"
            superseded = archive / f".superseded-{snapshot.as_of}"
            final.rename(superseded)
            staging.rename(final)
            shutil.rmtree(superseded)
            return "replaced"
        finally:
            shutil.rmtree(staging, ignore_errors=True)
            _finish_interrupted(archive)


def entries(archive: Path) -> list[Entry]:
    """The archive's snapshots in date order, by their manifests alone (an absent folder has none).

    Raises:
        ReportError: a manifest is missing, unreadable or of a newer schema.
    """
    if not archive.is_dir():
        return []
    return [entry(folder) for folder in sorted(archive.glob("snapshot=*"))]


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


def verify(checked: Entry) -> None:
    """Compare a snapshot's data with the checksum in its manifest.

    Raises:
        ReportError: the data file is missing, truncated or altered.
    """
    manifest = checked.manifest
    mend = f"collect {manifest.as_of} again with --replace after removing {checked.folder}, or restore it."
    if not checked.data.is_file():
        raise ReportError(f"{checked.data}: the snapshot's data is missing; {mend}")
    size = checked.data.stat().st_size
    if size != manifest.bytes:
        raise ReportError(
            f"{checked.data}: is {size} bytes long, its manifest says {manifest.bytes} (truncated?); {mend}"
        )
    if _sha256(checked.data) != manifest.sha256:
        raise ReportError(f"{checked.data}: does not match the SHA-256 in its manifest (altered?); {mend}")


def read(stored: Entry) -> pa.Table:
    """A snapshot's models, with the columns of :data:`generator.snapshot.SCHEMA`."""
    # One file, not a data set: the folder's "snapshot=" must not come back as a column.
    return pq.ParquetFile(stored.data).read().select(SCHEMA.names).cast(SCHEMA)


def status(archive: Path) -> str:
    """A table of what the archive holds, for people.

    Raises:
        ReportError: as :func:`entries`.
    """
    found = entries(archive)
    if not found:
        return f"{archive}: no snapshots yet. `python -m generator collect` adds one."
    lines = [f"{archive}: {len(found)} snapshots", ""]
    lines.append(f"{'date':<12}{'models':>10}{'size':>10}  {'source':<10}{'skipped':>8}{'revised':>9}  detail")
    for item in found:
        manifest = item.manifest
        lines.append(
            f"{manifest.as_of!s:<12}{manifest.rows:>10,}{manifest.bytes / 1e3:>7,.0f} kB  {manifest.kind:<10}"
            f"{sum(manifest.skipped.values()):>8,}{len(manifest.revisions):>9}  {manifest.detail}"
        )
    return "\n".join(lines)


def _write(folder: Path, snapshot: Snapshot, existing: Entry | None, revisions: list[Revision]) -> None:
    data = folder / DATA
    pq.write_table(snapshot.models, data, compression="zstd")
    sha256 = _sha256(data)
    if existing is not None:
        revisions = [
            *revisions,
            Revision(
                replaced_at=datetime.now(UTC).replace(microsecond=0),
                rows_before=existing.manifest.rows,
                rows_after=snapshot.models.num_rows,
                sha256_before=existing.manifest.sha256,
                sha256_after=sha256,
            ),
        ]
    manifest = Manifest(
        schema_version=SCHEMA_VERSION,
        generator_version=__version__,
        as_of=snapshot.as_of,
        rows=snapshot.models.num_rows,
        bytes=data.stat().st_size,
        sha256=sha256,
        revisions=revisions,
        **asdict(snapshot.provenance),
    )
    (folder / MANIFEST).write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")


def _finish_interrupted(archive: Path) -> None:
    """Undo or complete a replacement that a crash cut in two; either way no snapshot is lost."""
    for superseded in archive.glob(".superseded-*"):
        final = archive / superseded.name.replace(".superseded-", "snapshot=")
        if final.exists():
            shutil.rmtree(superseded)
        else:
            superseded.rename(final)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
