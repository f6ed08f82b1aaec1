"""A report is made again when anything it depends on has changed, and only then."""

import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import projects
import pytest
from samples import DAY, ROOT

from generator import choice, unchanged
from generator.project import Project

pytestmark = pytest.mark.slow

OPTIONS = {"as_of": None, "counters": None, "correction": False, "no_site": True}
"""Those of the command that the reports here are made with."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with a snapshot and its pages, made from there."""
    project = projects.make(tmp_path_factory.mktemp("unchanged") / "project")
    (project.folder / "models.json").write_text(json.dumps([_model(100)]), encoding="utf-8")
    projects.output(project, "collect", "--source", str(project.folder / "models.json"), "--as-of", str(DAY))
    assert "Pages" in build(project)
    return project


def _model(downloads: int) -> dict[str, object]:
    return {"id": "qwen/a", "downloads": 10, "downloadsAllTime": downloads, "createdAt": "2026-01-01"}


def build(project: Project, *more: str) -> str:
    return projects.output(project, "build", "--source", "archive", "--no-site", *more)


def left(project: Project) -> dict[str, tuple[int, int]]:
    """Every file of the project with its time of change and its number, which a rewritten one has not kept."""
    files = (path for path in project.folder.rglob("*") if path.is_file())
    return {str(path): (path.stat().st_mtime_ns, path.stat().st_ino) for path in files}


def test_without_a_change_no_file_is_written_and_it_takes_no_time(made: Project) -> None:
    build(made)
    before = left(made)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "generator", "--settings", str(made.folder / "report.toml"), "build"]
    ran = subprocess.run(
        [*command, "--source", "archive", "--no-site"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert ran.stderr.splitlines() == [
        "Source: archive (as asked)",
        f"Nothing has changed since the report in {made.site_src} was made.",
    ]
    assert left(made) == before
    # The processor's time: what else the machine does is no matter.
    assert after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime < 3


def _snapshot(project: Project) -> None:
    (project.folder / "models.json").write_text(json.dumps([_model(200)]), encoding="utf-8")
    file = str(project.folder / "models.json")
    projects.output(project, "collect", "--source", file, "--as-of", str(DAY.replace(month=6)), "--replace")


def _touched(*parts: str) -> Callable[[Project], None]:
    def touch(project: Project) -> None:
        path = project.folder.joinpath(*parts)
        os.utime(path, ns=(path.stat().st_mtime_ns, path.stat().st_mtime_ns + 1))

    return touch


def _removed(project: Project) -> None:
    next((project.site_src / "data").glob("*.csv")).unlink()


def test_after_a_change_the_report_is_made_again_and_then_stands_again(made: Project) -> None:
    build(made)
    _snapshot(made)
    assert "Pages" in build(made)
    assert "Nothing has changed" in build(made)


@pytest.mark.parametrize(
    "change",
    [_touched("mkdocs.yml"), _touched("site_src", "about.md"), _touched("site_src", "index.md"), _removed],
    ids=["the configuration", "a page by hand", "a page that was made", "a table that is gone"],
)
def test_any_change_is_noticed(made: Project, tmp_path: Path, change: Callable[..., None]) -> None:
    build(made)
    assert unchanged.stands(made, "archive", OPTIONS)
    shutil.move(made.folder, tmp_path / "kept")
    shutil.copytree(tmp_path / "kept", made.folder, symlinks=True)
    assert unchanged.stands(made, "archive", OPTIONS), "a copy with its files' times is as good"
    change(made)
    assert not unchanged.stands(made, "archive", OPTIONS)
    shutil.rmtree(made.folder)
    shutil.move(tmp_path / "kept", made.folder)


def test_settings_environment_and_options_count(made: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    build(made)
    options = OPTIONS
    assert unchanged.stands(made, "archive", options)
    assert not unchanged.stands(made, "archive", options | {"no_site": False})
    other = made.settings.model_copy(update={"publisher": "Somebody"})
    assert not unchanged.stands(Project(made.folder, other), "archive", options)
    monkeypatch.setenv("SITE_URL", "https://example.org/")
    assert not unchanged.stands(made, "archive", options)


def test_the_demo_stands_where_nothing_is_archived_and_the_hub_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = projects.make(tmp_path / "project")
    monkeypatch.setattr("generator.sources.hub_api.reachable", lambda: False)
    monkeypatch.setattr("generator.build.report", lambda *_: project.site_src.joinpath("index.md").write_text("made"))
    assert "Nothing has changed" not in projects.output(project, "build", "--source", "auto", "--no-site")
    again = projects.output(project, "build", "--source", "auto", "--no-site")
    assert "every figure is SIMULATED" in again and "Nothing has changed" in again
    monkeypatch.setattr("generator.sources.hub_api.reachable", lambda: True)
    assert choice.choose(project, "auto", print) == "hub"


def test_a_source_that_has_to_be_asked_is_asked(made: Project) -> None:
    options: dict[str, object] = {}
    for source in ("hub", "missing.json"):
        unchanged.remember(made, source, options)
        assert not unchanged.stands(made, source, options)
