"""The archive: dated Parquet snapshots with manifests, never changed without leaving a trace.

Layout: ``<folder>/snapshot=<YYYY-MM-DD>/models.parquet`` beside its ``manifest.json``. What lies in it beside the
snapshots (figures published, the register of revisions) belongs to :mod:`generator.revisions`.
"""

from generator.archive.manifest import DATA, MANIFEST, Entry, Manifest, Revision, entries, entry
from generator.archive.snapshots import Outcome, add, read
from generator.archive.status import status
from generator.archive.verification import faults, verify

__all__ = [
    "DATA",
    "MANIFEST",
    "Entry",
    "Manifest",
    "Outcome",
    "Revision",
    "add",
    "entries",
    "entry",
    "faults",
    "read",
    "status",
    "verify",
]
