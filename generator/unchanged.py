"""Whether a report stands as it would be made again: nothing that it is made from has changed, nor what was made.

Files are known by their names, sizes and times of change, as make does; whoever doubts these removes ``.cache``.
"""

import hashlib
import json
import os
import sys
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path

from generator.atomic import swap, writing
from generator.choice import ARCHIVE, DEMO
from generator.project import Project

MADE_BY_RUNNING = ("__pycache__",)
ENVIRONMENT = ("SITE_URL", "SOURCE_DATE_EPOCH")


def stands(project: Project, source: str, options: Mapping[str, object]) -> bool:
    """Whether the report of the same source and options was made last, and everything is as it was left.

    Args:
        project: whose report.
        source: as :func:`generator.choice.choose` gives it; the Hub is always asked again.
        options: the others of the command.
    """
    now = _state(project, source, options)
    kept = _remembered(project)
    return now is not None and kept.is_file() and kept.read_text(encoding="utf-8") == now


def remember(project: Project, source: str, options: Mapping[str, object]) -> None:
    """Note how everything was left, once a report is whole.

    Raises:
        ReportError: the note cannot be written.
    """
    kept, now = _remembered(project), _state(project, source, options)
    if now is None:
        return
    with writing(kept):
        kept.parent.mkdir(parents=True, exist_ok=True)
        staged = kept.with_suffix(".writing")
        staged.write_text(now, encoding="utf-8")
        swap(staged, kept)


def _remembered(project: Project) -> Path:
    return project.cache / "report.state"


def _state(project: Project, source: str, options: Mapping[str, object]) -> str | None:
    """A digest of all that a report depends on and consists of; None where a source can only be known by asking it."""
    read = [project.archive, project.probe, Path(__file__).parent, project.folder / "templates"]
    if source not in (ARCHIVE, DEMO):
        given = Path(source)
        if not given.exists():
            return None
        read.append(given)
    read += [given for given in options.values() if isinstance(given, Path)]
    read += [project.folder / name for name in ("mkdocs.yml", "report.toml")]
    written = [project.site_src, project.site]
    found = hashlib.sha256()
    libraries = sorted(f"{item.name} {item.version}" for item in metadata.distributions())
    environment = {name: os.environ.get(name) for name in ENVIRONMENT}
    settings = project.settings.model_dump_json()
    found.update(
        json.dumps([source, repr(sorted(options.items())), settings, environment, sys.version, libraries]).encode()
    )
    for place in (*read, *written):
        for path in sorted(_files(place)):
            about = path.stat()
            found.update(f"{path}\0{about.st_size}\0{about.st_mtime_ns}\n".encode())
    return found.hexdigest()


def _files(place: Path) -> Iterator[Path]:
    if place.is_file():
        yield place
    for folder, folders, names in os.walk(place):
        folders[:] = [name for name in folders if name not in MADE_BY_RUNNING]
        yield from (Path(folder) / name for name in names)
