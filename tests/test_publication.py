"""Editions: frozen once, laid out together, each as it was on its day; and their feed."""

import json
import tarfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result
from samples import snapshot

from generator import archive
from generator.cli import main
from generator.edition import Edition
from generator.publication import editions, number

ADDRESS = "https://example.org/omr/"
ATOM = "{http://www.w3.org/2005/Atom}"


class Project:
    """A project with a site of a few files, as if MkDocs had just made it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.site = folder / "site"
        self.archive = folder / "archive"
        folder.mkdir(exist_ok=True)
        (folder / "report.toml").write_text("", "utf-8")

    def build(self, month: str, text: str) -> dict[str, bytes]:
        edition = Edition(month, f"{month[:7]}-20", "CC-BY-4.0", "A & B", ADDRESS)
        files = {
            "index.html": f"<p>{text}</p>",
            "404.html": "of the host",
            "sitemap.xml": "of the host",
            "report/changes/index.html": text,
            "data/index.json": json.dumps({"edition": edition.as_json()}),
        }
        for name, content in files.items():
            path = self.site / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, "utf-8")
        return contents(self.site, without=("404.html", "sitemap.xml"))

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(main, ["--settings", str(self.folder / "report.toml"), "edition", *arguments])

    @property
    def public(self) -> Path:
        return self.folder / "public"


def contents(folder: Path, without: tuple[str, ...] = ()) -> dict[str, bytes]:
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in files.items() if name not in without}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("SITE_URL", ADDRESS.rstrip("/"))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int(datetime(2026, 6, 2, 5, tzinfo=UTC).timestamp())))
    return Project(tmp_path / "project")


def test_each_month_stays_as_it_was_and_the_newest_is_at_the_root(project: Project) -> None:
    may = project.build("2026-05", "May")
    assert project.run("freeze").exit_code == 0
    june = project.build("2026-06", "June")
    assert project.run("freeze").exit_code == 0
    assert project.run("assemble").exit_code == 0
    public = project.public
    assert contents(public / "2026-05") == may and contents(public / "2026-06") == june
    assert {name: (public / name).read_bytes() for name in june} == june
    assert not (public / "404.html").exists() and (public / ".nojekyll").exists()
    listed = json.loads((public / "editions.json").read_text("utf-8"))
    assert listed["newest"] == f"{ADDRESS}2026-06/" and [item["id"] for item in listed["editions"]] == [
        "2026-06",
        "2026-05",
    ]


def test_what_is_published_does_not_change_and_a_correction_stands_beside_it(project: Project) -> None:
    may = project.build("2026-05", "May")
    project.run("freeze")
    project.build("2026-05", "May, quietly changed")
    again = project.run("freeze")
    assert again.exit_code == 0 and "stays as it is" in again.stderr
    corrected = project.build("2026-05.2", "May, corrected")
    assert project.run("freeze").exit_code == 0
    assert project.run("assemble").exit_code == 0
    assert contents(project.public / "2026-05") == may
    assert contents(project.public / "2026-05.2") == corrected
    assert (project.public / "index.html").read_text("utf-8") == "<p>May, corrected</p>"
    assert [item.id for item in editions(project.archive)] == ["2026-05", "2026-05.2"]
    assert number(project.archive, datetime(2026, 5, 20)) == 3 and number(project.archive, datetime(2026, 6, 1)) == 1


def test_the_tenth_correction_comes_after_the_second(project: Project) -> None:
    for name in ("2026-05.10", "2026-05.2", "2026-05", "2026-04"):
        project.build(name, name)
        project.run("freeze")
    assert [item.id for item in editions(project.archive)] == ["2026-04", "2026-05", "2026-05.2", "2026-05.10"]


def test_the_same_site_gives_the_same_bytes_wherever_it_lies(project: Project, tmp_path: Path) -> None:
    other = Project(tmp_path / "elsewhere")
    for one in (project, other):
        one.build("2026-05", "May")
        one.run("freeze")
    assert contents(project.archive) == contents(other.archive)
    with tarfile.open(project.archive / "edition=2026-05" / "site.tar.xz") as pack:
        assert {(member.mtime, member.uid, member.mode) for member in pack} == {(0, 0, 0o644)}


def test_editions_lie_beside_the_snapshots_and_disturb_none(project: Project) -> None:
    project.build("2026-05", "May")
    project.run("freeze")
    archive.add(project.archive, snapshot())
    assert len(archive.entries(project.archive)) == 1 and len(editions(project.archive)) == 1


def test_a_damaged_edition_is_named_and_nothing_is_laid_out(project: Project) -> None:
    project.build("2026-05", "May")
    project.run("freeze")
    project.run("assemble")
    before = contents(project.public)
    pack = project.archive / "edition=2026-05" / "site.tar.xz"
    pack.write_bytes(pack.read_bytes()[:-9])
    refused = project.run("assemble")
    assert refused.exit_code == 1 and "does not match the SHA-256" in refused.stderr
    assert contents(project.public) == before


@pytest.mark.parametrize(
    ("made", "address", "said"),
    [
        (False, ADDRESS, "holds no edition"),
        (True, "", "SITE_URL is not set"),
    ],
)
def test_what_is_missing_is_named(
    project: Project, monkeypatch: pytest.MonkeyPatch, made: bool, address: str, said: str
) -> None:
    monkeypatch.setenv("SITE_URL", address)
    if made:
        project.build("2026-05", "May")
        project.run("freeze")
    refused = project.run("assemble")
    assert refused.exit_code == 1 and said in refused.stderr and not project.public.exists()


def test_no_site_cannot_be_frozen(project: Project) -> None:
    refused = project.run("freeze")
    assert refused.exit_code == 1 and "build it first" in refused.stderr and not project.archive.exists()


def test_more_than_the_host_serves_is_refused(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("generator.publication.LARGEST_HOST", 500)
    project.build("2026-05", "May")
    project.run("freeze")
    assert "GitHub Pages serves" in project.run("assemble").stderr


def one(parent: ElementTree.Element, name: str) -> ElementTree.Element:
    found = parent.findall(f"{ATOM}{name}")
    assert len(found) == 1, f"RFC 4287 asks for one {name}"
    return found[0]


def test_the_feed_is_valid_atom(project: Project) -> None:
    for name in ("2026-05", "2026-06", "2026-06.2"):
        project.build(name, name)
        project.run("freeze")
    project.run("assemble")
    feed = ElementTree.parse(project.public / "feed.xml").getroot()
    assert feed.tag == f"{ATOM}feed"
    links: dict[Any, Any] = {link.get("rel"): link.get("href") for link in feed.findall(f"{ATOM}link")}
    assert links == {"self": f"{ADDRESS}feed.xml", "alternate": ADDRESS}
    assert one(feed, "id").text == f"{ADDRESS}feed.xml" and one(one(feed, "author"), "name").text == "A & B"
    entries = feed.findall(f"{ATOM}entry")
    assert [one(entry, "id").text for entry in entries] == [
        f"{ADDRESS}{name}/" for name in ("2026-06.2", "2026-06", "2026-05")
    ]
    assert len({one(entry, "id").text for entry in entries}) == len(entries), "ids are for good and for one entry"
    for element in (feed, *entries):
        updated = datetime.fromisoformat(str(one(element, "updated").text))
        assert updated == datetime(2026, 6, 2, 5, tzinfo=UTC) and one(element, "title").text
    for entry in entries:
        alternate = [link for link in entry.findall(f"{ATOM}link") if link.get("rel") == "alternate"]
        assert len(alternate) == 1 and one(entry, "summary").text
        assert (project.public / str(alternate[0].get("href")).removeprefix(ADDRESS) / "index.html").exists()
    assert "(correction)" in str(one(entries[0], "title").text)
