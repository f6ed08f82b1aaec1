"""What a build was made from and with: enough to make it again, byte by byte."""

import re
import subprocess
import sys
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

from generator import __version__
from generator.results import SourceNote

DISTRIBUTION = "open-model-report"
ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class BuildRecord:
    """The generator, its commit (``…+changed`` where files differ from it), and the versions that it ran with."""

    generator: str
    commit: str
    python: str
    packages: dict[str, str]
    snapshots: dict[str, str]

    def as_json(self) -> dict[str, Any]:
        """As in ``index.json``."""
        return asdict(self)


def record(source: SourceNote) -> BuildRecord:
    """Describe the build that is running.

    No time of day is part of it: the same archive, settings and versions give the same record.

    Args:
        source: of the results; its checksums name the snapshots.
    """
    return BuildRecord(
        generator=__version__,
        commit=_commit(),
        python=".".join(str(part) for part in sys.version_info[:3]),
        packages=_packages(),
        snapshots=dict(source.sha256),
    )


def _packages() -> dict[str, str]:
    """The installed versions of what the generator needs, and of the engine beneath Ibis."""
    try:
        needed = [line for line in requires(DISTRIBUTION) or [] if "extra ==" not in line]
    except PackageNotFoundError:
        needed = []
    names = {re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in needed} | {"duckdb"}
    return {name: version(name) for name in sorted(names, key=str.lower)}


def _commit() -> str:
    """The commit that the generator's files are of, ``unknown`` outside a repository."""
    try:
        if _git("rev-parse", "--show-toplevel").strip() != str(ROOT):
            return "unknown"
        commit = _git("rev-parse", "HEAD").strip()
        # Only what decides the report: a changed test or document does not.
        changed = _git("status", "--porcelain", "--", "generator", "templates", "site_src", "mkdocs.yml").strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{commit}+changed" if changed else commit


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout
