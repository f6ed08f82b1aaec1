"""This software's own files, known by what is in them."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

PACKAGE = Path(__file__).parent


def digest(patterns: Sequence[str]) -> str:
    """A digest of the names and contents of the package's files that fit any of the patterns.

    Example:
        >>> digest(["software.py"]) == digest(["soft*.py", "software.py"]) != digest(["*.py"])
        True
    """
    read = hashlib.sha256()
    for path in sorted({path for pattern in patterns for path in PACKAGE.glob(pattern)}):
        read.update(path.relative_to(PACKAGE).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return read.hexdigest()
