"""The commands as a user runs them: what they leave behind, and one sentence for what goes wrong."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import projects
import pytest
from click.testing import Result
from hub_server import HTML, HubServer
from projects import run

from generator.build import Project

pytestmark = pytest.mark.site

ROWS: list[dict[str, Any]] = [
    {"id": "Qwen/a", "downloads": 600, "downloadsAllTime": 6000, "createdAt": "2026-01-01T00:00:00Z"},
    {"id": "google/b", "downloads": 300, "downloadsAllTime": 4000, "createdAt": "2026-02-01T00:00:00Z"},
]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return projects.make(tmp_path / "project")


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test may find a Hub that happens to be reachable."""
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")


def refused(result: Result) -> str:
    """The one sentence of a refusal."""
    assert result.exit_code == 1, result.output
    lines = [line for line in result.output.splitlines() if line.startswith("Error: ")]
    assert len(lines) == 1 and "Traceback" not in result.output, result.output
    return lines[0]


def written(folder: Path, rows: list[dict[str, Any]], name: str = "models.json") -> str:
    path = folder / name
    path.write_text(json.dumps(rows), encoding="utf-8")
    return str(path)


def generated(project: Project) -> list[str]:
    return sorted(
        str(path.relative_to(project.folder))
        for path in project.folder.rglob("*")
        if path.is_file() and ".cache" not in path.parts and "generator" not in path.parts
    )


@pytest.fixture
def reported(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The archives that a report would be made from: where the source is in question, the report is not."""
    asked: list[Path] = []
    monkeypatch.setattr("generator.build.report", lambda project, folder, *rest: asked.append(folder))
    return asked


def test_auto_takes_the_archive_where_there_is_one(project: Project, tmp_path: Path, reported: list[Path]) -> None:
    collected = run(project, "collect", "--source", written(tmp_path, ROWS), "--as-of", "2026-05-20")
    assert collected.exit_code == 0 and "1 added" in collected.output
    result = run(project, "build", "--source", "auto", "--no-site")
    assert result.exit_code == 0, result.output
    assert "Source: archive" in result.output and reported == [project.archive]
    assert "2026-05-20" in run(project, "status").output


def test_auto_takes_the_hub_where_it_answers(
    project: Project, reported: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = [{**ROWS[0], "id": f"Qwen/model-{number}"} for number in range(120)]
    with HubServer(listed, page_size=50) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        result = run(project, "build", "--source", "auto", "--no-site")
        assert result.exit_code == 0, result.output
        assert "Source: hub" in result.output
        asked = len(hub.requests)
        again = run(project, "build", "--source", "hub", "--no-site")
        assert again.exit_code == 0 and "already holds today's snapshot" in again.output
        assert len(hub.requests) == asked and reported == [project.archive] * 2
        standing = run(project, "build", "--source", "auto", "--no-site")
        assert "Source: archive" in standing.output and "Nothing has changed" in standing.output
    manifest = json.loads(next(project.archive.glob("*/manifest.json")).read_text(encoding="utf-8"))
    assert manifest["kind"] == "hub" and manifest["rows"] == 120


def test_collecting_other_content_for_the_same_date(project: Project, tmp_path: Path) -> None:
    first = written(tmp_path, ROWS, "first.json")
    second = written(tmp_path, [*ROWS, ROWS[0] | {"id": "x/y"}], "second.json")
    day = ("--as-of", "2026-05-20")
    assert "1 added" in run(project, "collect", "--source", first, *day).output
    assert "1 unchanged" in run(project, "collect", "--source", first, *day).output
    assert "--replace" in refused(run(project, "collect", "--source", second, *day))
    assert "1 replaced" in run(project, "collect", "--source", second, *day, "--replace").output


BAD_FILES: dict[str, tuple[str, bytes, str]] = {
    "empty": ("models.json", b"", "empty"),
    "no rows": ("models.json", b"[]", ""),
    "another schema": ("models.csv", b"name,price\nchair,3\n", "another schema"),
    "garbage": ("models.parquet", b"PAR1 not really", "cannot be read as parquet"),
    "text downloads": ("models.csv", b"id,downloads\na/b,many\n", "unreadable downloads"),
    "negative downloads": ("models.csv", b"id,downloads\na/b,-1\n", "negative downloads"),
    "endless name": ("models.csv", b"id,downloads\n" + b"a" * 10_000 + b",1\n", "longer than"),
    "wrong ending": ("models.xlsx", b"PK", "not one of"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_bad_files_are_refused_with_one_sentence(project: Project, tmp_path: Path, case: str) -> None:
    name, content, words = BAD_FILES[case]
    path = tmp_path / name
    path.write_bytes(content)
    before = generated(project)
    sentence = refused(run(project, "build", "--source", str(path), "--as-of", "2026-05-20"))
    assert str(path) in sentence and words in sentence
    assert generated(project) == before


def test_bad_arguments_are_refused_with_one_sentence(project: Project, tmp_path: Path) -> None:
    source = written(tmp_path, ROWS)
    tomorrow = str((datetime.now(UTC) + timedelta(days=1)).date())
    assert "future" in refused(run(project, "build", "--source", source, "--as-of", tomorrow))
    assert "--as-of" in refused(run(project, "build", "--source", source))
    assert "no such file" in refused(run(project, "build", "--source", str(tmp_path / "nothing.json")))
    assert "--as-of" in refused(run(project, "build", "--source", "demo", "--as-of", "2026-05-20"))
    assert "--counters" in refused(run(project, "build", "--source", "demo", "--counters", source))
    assert "holds no snapshot" in refused(run(project, "build", "--source", "archive"))
    assert "collect from" in refused(run(project, "collect", "--source", "auto"))
    assert run(project, "build", "--as-of", "yesterday").exit_code == 2


def test_a_half_answering_hub_is_one_sentence(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    with HubServer([ROWS[0]], by_request={1: HTML}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        sentence = refused(run(project, "build", "--source", "hub"))
    assert hub.endpoint in sentence
    assert generated(project) == generated(projects.make(project.folder.parent / "untouched"))


def test_settings_are_checked(project: Project) -> None:
    (project.folder / "report.toml").write_text('sauce = "demo"\n', encoding="utf-8")
    assert "key sauce" in refused(run(project, "status"))


def test_a_damaged_archive_is_refused(project: Project, tmp_path: Path) -> None:
    run(project, "collect", "--source", written(tmp_path, ROWS), "--as-of", "2026-05-20")
    data = next(project.archive.glob("*/models.parquet"))
    data.write_bytes(data.read_bytes()[:-20])
    assert str(data) in refused(run(project, "build", "--source", "archive"))
    assert not project.site.exists()


def test_no_permission_is_one_sentence(project: Project, tmp_path: Path) -> None:
    # A file where the folder should be: as good as no permission, and works for the super-user too.
    project.archive.write_text("in the way", encoding="utf-8")
    sentence = refused(run(project, "collect", "--source", written(tmp_path, ROWS), "--as-of", "2026-05-20"))
    assert str(project.archive) in sentence


@pytest.mark.usefixtures("reported")
def test_a_full_disk_leaves_the_old_site(site: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk fills when the pages are made already."""
    project = projects.copy(site, tmp_path / "project")
    before = (project.site / "index.html").read_bytes()

    def full(*args: object, **options: object) -> None:
        raise OSError(28, "No space left on device", str(tmp_path))

    monkeypatch.setattr("generator.build.mkdocs_build.build", full)
    source = written(tmp_path, ROWS)
    assert "No space left" in refused(run(project, "build", "--source", source, "--as-of", "2026-05-21"))
    assert (project.site / "index.html").read_bytes() == before


def test_a_bare_mkdocs_makes_the_missing_report_first(project: Project) -> None:
    (project.folder / "report.toml").unlink()
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict"],
        cwd=project.folder,
        env={**os.environ, "PYTHONPATH": str(projects.ROOT), "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stderr
    assert "WARNING" not in built.stderr
    assert "Source: demo" in built.stderr and "SIMULATED" in built.stderr
    assert "Simulated data." in (project.site / "index.html").read_text(encoding="utf-8")
    assert not project.archive.exists()


def test_the_package_runs_as_a_module() -> None:
    answer = subprocess.run([sys.executable, "-m", "generator", "--help"], capture_output=True, text=True, check=True)
    assert all(command in answer.stdout for command in ("build", "collect", "status"))
