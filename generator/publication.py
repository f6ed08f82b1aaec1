"""Editions as they are published: frozen once, kept in the archive, and laid out together for a web host."""

import hashlib
import io
import json
import re
import shutil
import tarfile
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

from pydantic import BaseModel, ValidationError

from generator.atomic import swap, writing
from generator.edition import Edition
from generator.errors import ReportError
from generator.feed import atom

PAGES = "site.tar.xz"
MANIFEST = "edition.json"
OF_THE_HOST = ("404.html", "sitemap.xml", "sitemap.xml.gz")
"""What speaks of a whole host and not of one edition."""

LARGEST_HOST = 1_000_000_000
"""Bytes that GitHub Pages serves of one site."""


class Frozen(BaseModel):
    """What is known of a frozen edition without opening it."""

    id: str
    edition: Edition
    published_at: datetime
    bytes: int
    sha256: str


def freeze(site: Path, archive: Path, now: datetime) -> tuple[Frozen, bool]:
    """Keep a finished site in the archive as the edition of its month.

    Args:
        site: the folder that MkDocs made.
        archive: the archive's folder; the edition goes to ``edition=<id>/``.
        now: when it is published.

    Returns:
        The edition, and whether it is new. What is published stays: another site of the same month is not kept,
        unless it was built as a correction, which has an id of its own.

    Raises:
        ReportError: there is no site, or the archive cannot be written.
    """
    try:
        index = json.loads((site / "data" / "index.json").read_text(encoding="utf-8"))
        edition = Edition(**index["edition"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ReportError(f"{site}: is no finished site of this report ({error}); build it first.") from None
    for item in editions(archive):
        if item.id == edition.id:
            return item, False
    packed = _packed(site)
    digest = hashlib.sha256(packed).hexdigest()
    frozen = Frozen(id=edition.id, edition=edition, published_at=now, bytes=len(packed), sha256=digest)
    staged = archive / f".writing-edition-{edition.id}"
    with writing(archive):
        shutil.rmtree(staged, ignore_errors=True)
        staged.mkdir(parents=True)
        (staged / PAGES).write_bytes(packed)
        (staged / MANIFEST).write_text(frozen.model_dump_json(indent=2) + "\n", encoding="utf-8")
        staged.rename(archive / f"edition={edition.id}")
    return frozen, True


def editions(archive: Path) -> list[Frozen]:
    """All frozen editions, the oldest first.

    Raises:
        ReportError: a manifest is missing or unreadable.
    """
    found = []
    for folder in archive.glob("edition=*"):
        path = folder / MANIFEST
        try:
            found.append(Frozen.model_validate_json(path.read_text(encoding="utf-8")))
        except (OSError, ValidationError, UnicodeDecodeError) as error:
            reason = str(error).splitlines()[0]
            raise ReportError(f"{path}: unreadable ({reason}); restore the edition from where it is kept.") from None
    return sorted(found, key=lambda item: _order(item.id))


def number(archive: Path, as_of: date) -> int:
    """Which publication of its month the next one is, from 1."""
    return 1 + sum(item.id.split(".")[0] == f"{as_of:%Y-%m}" for item in editions(archive))


def _order(name: str) -> tuple[str, int]:
    month, _, number = name.partition(".")
    return month, int(number or 1)


def assemble(archive: Path, folder: Path, address: str, cache: Path) -> list[Frozen]:
    """Lay out a host: the newest edition at its root, each edition at its permanent address, and a feed of them.

    Args:
        archive: holds the frozen editions.
        folder: what to publish; replaced when all of the new is there.
        address: the site's public address.
        cache: folder for work in progress.

    Returns:
        The editions, the oldest first.

    Raises:
        ReportError: no edition is frozen, one is damaged, the address is unknown, or all together are too large.
    """
    found = editions(archive)
    if not found:
        raise ReportError(f"{archive}: holds no edition; freeze one with `python -m generator edition freeze`.")
    if not re.match(r"https?://", address):
        raise ReportError("SITE_URL is not set: the feed and the permanent addresses need the site's public address.")
    address = f"{address.rstrip('/')}/"
    staged = cache / "public"
    with writing(folder):
        shutil.rmtree(staged, ignore_errors=True)
        staged.mkdir(parents=True)
        _unpack(archive, found[-1], staged)
        for item in found:
            _unpack(archive, item, staged / item.id)
        (staged / "feed.xml").write_text(atom(found, address), encoding="utf-8")
        (staged / "editions.json").write_text(_listing(found, address), encoding="utf-8")
        # Without it GitHub Pages would look for a Jekyll site.
        (staged / ".nojekyll").touch()
        size = sum(path.stat().st_size for path in staged.rglob("*"))
        if size > LARGEST_HOST:
            raise ReportError(
                f"{folder}: {len(found)} editions are {size / 1e9:.2f} GB, more than the {LARGEST_HOST / 1e9:.0f} GB "
                "that GitHub Pages serves; publish on another host, or set a smaller `inputs_rows` in report.toml."
            )
        swap(staged, folder)
    return found


def _listing(found: list[Frozen], address: str) -> str:
    listed = [
        {
            "id": item.id,
            "title": item.edition.title,
            "url": f"{address}{item.id}/",
            "as_of": item.edition.as_of,
            "published_at": item.published_at.isoformat(),
            "sha256": item.sha256,
        }
        for item in reversed(found)
    ]
    return json.dumps({"newest": f"{address}{found[-1].id}/", "editions": listed}, indent=1) + "\n"


def _packed(site: Path) -> bytes:
    """The site as one file that depends on nothing but names and contents."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:xz", format=tarfile.PAX_FORMAT) as pack:
        for path in _contents(site):
            member = tarfile.TarInfo(path.relative_to(site).as_posix())
            member.size = path.stat().st_size
            member.mode = 0o644
            with path.open("rb") as content:
                pack.addfile(member, content)
    return buffer.getvalue()


def _contents(site: Path) -> Iterator[Path]:
    for path in sorted(site.rglob("*")):
        if path.is_file() and path.relative_to(site).as_posix() not in OF_THE_HOST:
            yield path


def _unpack(archive: Path, item: Frozen, folder: Path) -> None:
    path = archive / f"edition={item.id}" / PAGES
    mend = "restore the edition from where it is kept"
    try:
        packed = path.read_bytes()
    except OSError as error:
        raise ReportError(f"{path}: cannot be read ({error.strerror}); {mend}.") from None
    if hashlib.sha256(packed).hexdigest() != item.sha256:
        raise ReportError(f"{path}: does not match the SHA-256 in its manifest (altered?); {mend}.")
    with tarfile.open(fileobj=io.BytesIO(packed), mode="r:xz") as pack:
        pack.extractall(folder, filter="data")
