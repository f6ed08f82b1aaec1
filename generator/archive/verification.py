"""Whether the archive still holds what its manifests say."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from generator.archive.manifest import Entry, entry, folders
from generator.errors import ReportError


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
    if sha256(checked.data) != manifest.sha256:
        raise ReportError(f"{checked.data}: does not match the SHA-256 in its manifest (altered?); {mend}")


def faults(archive: Path) -> Iterator[tuple[Path, ReportError | None]]:
    """Hash every snapshot anew and go on after a fault, so that all of them are named.

    Yields:
        Each snapshot's folder in date order, with what is wrong with it or None.
    """
    for folder in folders(archive):
        try:
            stored = entry(folder)
            verify(stored)
            if folder.name != f"snapshot={stored.manifest.as_of}":
                raise ReportError(
                    f"{folder}: its manifest is that of {stored.manifest.as_of}; give the folder its name back, "
                    "or remove it."
                )
        except ReportError as error:
            yield folder, error
        except OSError as error:
            yield folder, ReportError(f"{folder}: cannot be read ({error.strerror or error}); mend its permissions.")
        else:
            yield folder, None


def sha256(path: Path) -> str:
    """A file's SHA-256 in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
