"""Writing that either happens whole or not at all."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from generator.errors import ReportError


@contextmanager
def writing(target: Path) -> Iterator[None]:
    """Turn a failure to write (full disk, no permission) into one sentence that names ``target``.

    Raises:
        ReportError: in place of the OSError.
    """
    try:
        yield
    except OSError as error:
        where = error.filename or target
        raise ReportError(
            f"{target}: cannot be written ({error.strerror or error}: {where}); what was there before is "
            "unchanged. Free some space, or mend the permissions."
        ) from None


def swap(staged: Path, final: Path) -> None:
    """Put a finished file or folder in the place of another, which stays until the new one is there."""
    final.parent.mkdir(parents=True, exist_ok=True)
    if final.is_dir():
        superseded = final.with_name(f".superseded-{final.name}")
        shutil.rmtree(superseded, ignore_errors=True)
        final.rename(superseded)
        staged.rename(final)
        shutil.rmtree(superseded)
    else:
        staged.replace(final)
