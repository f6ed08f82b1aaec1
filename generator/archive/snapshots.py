"""Adding to the archive and reading from it."""

import os
import shutil
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pyarrow as pa

from generator import __version__
from generator.archive import parquet
from generator.archive.manifest import DATA, MANIFEST, Entry, Manifest, Revision, entries, entry
from generator.archive.verification import sha256, verify
from generator.atomic import writing
from generator.errors import ReportError
from generator.snapshot import SCHEMA_VERSION, LargeSnapshot, Snapshot

Outcome = Literal["added", "unchanged", "replaced"]


def add(archive: Path, snapshot: Snapshot | LargeSnapshot, replace: bool = False) -> Outcome:
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
        finish_interrupted(archive)
        final = archive / f"snapshot={snapshot.as_of}"
        existing = entry(final) if final.exists() else None
        for other in entries(archive):
            if other.manifest.simulated != snapshot.provenance.simulated:
                raise ReportError(
                    f"{archive}: simulated and real snapshots cannot share an archive "
                    f"({other.manifest.as_of} is {'simulated' if other.manifest.simulated else 'real'}); "
                    "choose another folder with --archive."
                )
        if existing is not None:
            verify(existing)
        staging = archive / f".writing-{snapshot.as_of}-{os.getpid()}"
        # A killed process may have left one, and in a container the next has the same number.
        shutil.rmtree(staging, ignore_errors=True)
        try:
            staging.mkdir()
            _write(staging, snapshot, existing)
            if existing is None:
                staging.rename(final)
                return "added"
            if parquet.same(existing.data, staging / DATA):
                return "unchanged"
            if not replace:
                raise ReportError(
                    f"{archive}: {snapshot.as_of} is already archived with other content "
                    f"({existing.manifest.rows} rows from {existing.manifest.detail}); "
                    "run again with --replace to supersede it and record the revision."
                )
            superseded = archive / f".superseded-{snapshot.as_of}"
            final.rename(superseded)
            staging.rename(final)
            shutil.rmtree(superseded)
            return "replaced"
        finally:
            shutil.rmtree(staging, ignore_errors=True)
            finish_interrupted(archive)


def read(stored: Entry) -> pa.Table:
    """A snapshot's models, with the columns of :data:`generator.snapshot.SCHEMA`."""
    return parquet.read(stored.data)


def finish_interrupted(archive: Path) -> None:
    """Undo or complete a replacement that a crash cut in two; either way no snapshot is lost."""
    for superseded in archive.glob(".superseded-*"):
        final = archive / superseded.name.replace(".superseded-", "snapshot=")
        if final.exists():
            shutil.rmtree(superseded)
        else:
            superseded.rename(final)


def _write(folder: Path, snapshot: Snapshot | LargeSnapshot, existing: Entry | None) -> None:
    data = folder / DATA
    rows = parquet.write(data, snapshot.tables())
    manifest = Manifest(
        schema_version=SCHEMA_VERSION,
        generator_version=__version__,
        as_of=snapshot.as_of,
        rows=rows,
        bytes=data.stat().st_size,
        sha256=sha256(data),
        **asdict(snapshot.provenance),
    )
    if existing is not None:
        manifest.revisions = [
            *existing.manifest.revisions,
            Revision(
                replaced_at=datetime.now(UTC).replace(microsecond=0),
                rows_before=existing.manifest.rows,
                rows_after=rows,
                sha256_before=existing.manifest.sha256,
                sha256_after=manifest.sha256,
            ),
        ]
    (folder / MANIFEST).write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")
