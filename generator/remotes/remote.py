"""What a place to keep the archive can do, and what both kinds have in common."""

import filecmp
import shutil
from pathlib import Path
from typing import Protocol

from generator.atomic import writing
from generator.errors import ReportError

KEPT = ("snapshot=*", "edition=*")
"""The folders of an archive that are kept; what else lies there is work in progress."""


class Remote(Protocol):
    """A place where the archive is kept between runs."""

    def pull(self, archive: Path) -> int:
        """Bring what is kept there into a folder.

        Returns:
            How many files are kept there; 0 before the first push.

        Raises:
            ReportError: the place cannot be read, or the folder holds other content under the same name.
        """

    def push(self, archive: Path) -> bool:
        """Keep what a folder holds there, beside what is kept already.

        Returns:
            Whether there was anything new.

        Raises:
            ReportError: the place refuses it.
        """


def kept(archive: Path) -> list[Path]:
    """The folders of an archive that are kept.

    Raises:
        ReportError: there are none.
    """
    folders = sorted(folder for pattern in KEPT for folder in archive.glob(pattern))
    if not folders:
        raise ReportError(f"{archive}: holds nothing to keep; collect a snapshot first.")
    return folders


def settle(staged: Path, archive: Path) -> int:
    """Move fetched folders into an archive, and refuse to change what it holds.

    Returns:
        How many files were fetched.
    """
    folders = sorted(folder for pattern in KEPT for folder in staged.glob(pattern))
    for folder in folders:
        there = archive / folder.name
        if there.exists():
            names = {path.relative_to(base).as_posix() for base in (folder, there) for path in base.rglob("*")}
            _, different, odd = filecmp.cmpfiles(folder, there, sorted(names), shallow=False)
            if [name for name in (*different, *odd) if not (there / name).is_dir()]:
                raise ReportError(
                    f"{there}: differs from what is kept under the same name; move {archive} away and pull again, or "
                    "push it to another place."
                )
    files = sum(path.is_file() for folder in folders for path in folder.rglob("*"))
    with writing(archive):
        archive.mkdir(parents=True, exist_ok=True)
        for folder in folders:
            if not (archive / folder.name).exists():
                folder.rename(archive / folder.name)
        shutil.rmtree(staged)
    return files
