"""Every command of the documentation is run as it stands, on a copy of the project, or says here why not."""

import csv
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import test_study
from hub_datasets import Datasets
from hub_server import HubServer, models
from probe_server import Reply, served
from projects import ROOT, WRITTEN_BY_HAND, share_drawings
from samples import DATA, DAY, SMALL_HUB
from test_hub_weekly import weekly

from generator.sources import hub_weekly, study

pytestmark = pytest.mark.site

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
NOT_RUN = {
    "make report": "sets up an environment of its own, for which .ci/run starts from nothing",
    "make pdf": "sets up likewise; the command that it gives is in tests/test_pdf.py",
    "make test": "is what runs this test",
    "REAL_MODEL=1 python -m pytest -s tests/test_probe_real_model.py": "asks a real model for minutes; opt-in",
    "pip install 'open-model-report[probe]'": "is done: the tests' own environment holds the same packages",
    "python -m generator probe speechmap ../shared/data/speechmap_criticism_verdicts.parquet": "needs SpeechMap's file"
    if not (DATA / "speechmap_criticism_verdicts.parquet").exists()
    else "",
}
"""With the reason; an empty one takes it back."""


def commands(page: Path) -> list[str]:
    """The lines of a page's shell blocks without their remarks, and the generator's commands in its tables."""
    text = page.read_text(encoding="utf-8")
    lines = [line for block in re.findall(r"```sh\n(.+?)```", text, re.S) for line in block.splitlines()]
    bare = [re.sub(r"\s+#.*", "", line).strip() for line in lines]
    steps = re.findall(r"^\| [^|`]+ \| ((?:`[^`]+`(?:, )?)+) \|$", text, re.M) if page.name == "publishing.md" else []
    tabled = [f"python -m generator {step}" for row in steps for step in re.findall(r"`([^`]+)`", row)]
    return [line for line in (*tabled, *bare) if line]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project in a repository with a remote, and the files that the documentation names."""
    folder = tmp_path / "work" / "project"
    for name in ("generator", "templates", "report.toml", "mkdocs.yml", "site_src"):
        source = ROOT / name
        if source.is_dir():
            made = shutil.ignore_patterns("__pycache__")
            keep = {
                "site_src": lambda where, names: [
                    n for n in names if where == str(ROOT / "site_src") and n not in WRITTEN_BY_HAND
                ]
            }
            shutil.copytree(source, folder / name, ignore=keep.get(name, made))
        else:
            shutil.copy(source, folder / name)
    share_drawings(folder)
    (folder / "models.json").write_text(json.dumps(SMALL_HUB), encoding="utf-8")
    for name in ("hub_models.parquet", "hub_models_2026-05.parquet"):
        pd.DataFrame(SMALL_HUB).to_parquet(folder / name)
    counted = [
        {"snapshot": DAY - timedelta(days=day), "model_id": item["id"], "downloads_all_time": 9000 - day, "likes": 1}
        for item in SMALL_HUB
        for day in (0, 7)
    ]
    pd.DataFrame(counted).to_parquet(folder / "all_time.parquet")
    if DATA.exists():
        (tmp_path / "work" / "shared").symlink_to(DATA.parent.resolve())
    identity = ["-c", "user.name=T", "-c", "user.email=t@example.org"]
    for step in (
        ["init", "-q", "--bare", str(tmp_path / "remote")],
        ["-C", str(folder), "init", "-q"],
        ["-C", str(folder), "remote", "add", "origin", str(tmp_path / "remote")],
        ["-C", str(folder), *identity, "commit", "-q", "--allow-empty", "-m", "begin"],
    ):
        subprocess.run(["git", *step], check=True)
    return folder


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[str]:
    """The address of a Hub with models, with a year's weekly snapshots, and with the study's data."""
    counters = tmp_path / "counters.parquet"
    pd.DataFrame(test_study.rows()).to_parquet(counters)
    repositories = {
        hub_weekly.REPOSITORY: weekly(("2026-08-31", "2026-08-30"), ("2026-09-30", "2026-09-30")),
        study.REPOSITORY: {study.FILE: counters.read_bytes()},
    }
    fresh = str(datetime.now(UTC).date() - timedelta(days=20))
    listed = [item | {"createdAt": f"{fresh}T00:00:00.000Z"} for item in models(40)]
    with HubServer(listed, datasets=Datasets(repositories)) as server:
        yield server.endpoint


@pytest.fixture
def model() -> Iterator[str]:
    """The address of a model that answers every question."""
    with served(lambda question, seed, number: Reply("An answer.")) as server:
        yield server.url


def test_what_is_not_run_is_still_in_the_documentation() -> None:
    written = {line for page in PAGES for line in commands(page)}
    assert set(NOT_RUN) <= written


@pytest.mark.parametrize("page", [page for page in PAGES if commands(page)], ids=lambda page: page.name)
def test_every_command_runs_as_it_stands(page: Path, project: Path, hub: str, model: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in ("HF_TOKEN", "SITE_URL")}
    environment |= {
        "PATH": f"{Path(sys.executable).parent}:{environment['PATH']}",
        "HF_ENDPOINT": hub,
        "HF_HOME": str(project.parent / "hf"),
        "GIT_AUTHOR_NAME": "T",
        "GIT_AUTHOR_EMAIL": "t@example.org",
        "GIT_COMMITTER_NAME": "T",
        "GIT_COMMITTER_EMAIL": "t@example.org",
    }
    ran = 0
    for line in commands(page):
        if NOT_RUN.get(line):
            continue
        if "edition assemble" in line and "SITE_URL" not in line:
            environment["SITE_URL"] = "https://example.org/report/"  # The workflow sets it for all its steps.
        # Only what stands for the reader's own is put in: the address of the model, and of this Python.
        here = line.replace("http://127.0.0.1:8080/v1", model).replace(".venv/bin/", "").replace("NAME", "a-model")
        words = shlex.split(here)
        own = dict(word.split("=", 1) for word in words if re.match(r"[A-Z_]+=", word))
        done = subprocess.run(
            [word for word in words if not re.match(r"[A-Z_]+=", word)],
            cwd=project,
            env=environment | own,
            capture_output=True,
            text=True,
            timeout=900,
        )
        assert done.returncode == 0, f"{page.name}: {line}\n{done.stdout}{done.stderr}"
        ran += 1
    assert ran == sum(not NOT_RUN.get(line) for line in commands(page))
    if any(" build" in line for line in commands(page)):
        for made in ("index.html", "report/countries/index.html"):
            assert (project / "site" / made).is_file()
        index = published(project / "site" / "data")
        if page == ROOT / "README.md":
            assert index["as_of"] == str(DAY) and not index["simulated"]
            assert not (project / "archive").exists(), "a file that is tried out is not kept"


def published(data: Path) -> dict[str, Any]:
    """The index of the published tables, each of which is there as CSV and JSON, alike and with what it needs."""
    index: dict[str, Any] = json.loads((data / "index.json").read_text(encoding="utf-8"))
    assert index["metrics"]
    for metric in index["metrics"]:
        table = json.loads((data / metric["json"]).read_text(encoding="utf-8"))
        with (data / metric["csv"]).open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert len(rows) == len(table["rows"]) == metric["rows"]
        assert {"definition", "unit", "as_of", "source", "coverage", "licence"} <= set(table)
        assert list(table["columns"]) == (list(rows[0]) if rows else list(table["columns"]))
    return index
