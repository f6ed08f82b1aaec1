"""The documentation keeps its word."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import cast

import click
import pandas as pd
import projects
import pytest
from projects import ROOT
from samples import DAY

from generator import command_reference
from generator.cli import main
from generator.settings import Settings

DOCS = ROOT / "docs"


@pytest.mark.site
def test_the_example_is_all_it_takes_to_add_a_metric_and_its_chapter(tmp_path: Path) -> None:
    """The two files as they stand in the documentation, in a copy of the project, make a table and a page."""
    text = (DOCS / "adding-a-metric.md").read_text(encoding="utf-8")
    (metric,) = re.findall(r"```python\n(.+?)```", text, re.S)
    (template,) = re.findall(r"```jinja\n(.+?)```", text, re.S)
    project = tmp_path / "project"
    for name in ("generator", "templates", "site_src", "report.toml", "mkdocs.yml"):
        source = ROOT / name
        if source.is_dir():
            made = shutil.ignore_patterns("__pycache__", "report", "data", "assets", "index.md")
            shutil.copytree(source, project / name, ignore=made if name == "site_src" else None)
        else:
            shutil.copy(source, project / name)
    projects.share_drawings(project)
    (project / "generator" / "metrics" / "median_age.py").write_text(metric, encoding="utf-8")
    (project / "templates" / "age.md.j2").write_text(template, encoding="utf-8")
    models = [
        {"id": f"qwen/{age}", "downloads": 10, "downloadsAllTime": 100, "createdAt": str(DAY - timedelta(days=age))}
        for age in (30, 200, 900)
    ]
    (project / "models.json").write_text(json.dumps(models), encoding="utf-8")
    command = ["build", "--source", "models.json", "--as-of", str(DAY), "--no-site"]
    ran = subprocess.run([sys.executable, "-m", "generator", *command], cwd=project, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    table = pd.read_csv(project / "site_src" / "data" / "median-age.csv")
    assert list(table.columns) == ["as_of", "window_months", "basis", "median_age_days", "models"]
    month = table[table["window_months"] == 1].iloc[0]
    assert (month["median_age_days"], month["models"]) == (115, 2)
    page = (project / "site_src" / "report" / "age.md").read_text(encoding="utf-8")
    assert "<td>115.0</td><td>2</td>" in page and "never the user" in page
    method = (project / "site_src" / "report" / "method.md").read_text(encoding="utf-8")
    assert "#median-age" in method and "models of unknown creation are left out" in method


COMMAND_LINE = re.compile(r"^(?:\.venv/bin/)?python -m generator(?: +([^#\n]*))?", re.M)


def test_the_reference_of_commands_is_up_to_date() -> None:
    assert (DOCS / "commands.md").read_text(encoding="utf-8") == command_reference.reference()


@pytest.mark.parametrize("page", [ROOT / "README.md", *sorted(DOCS.glob("*.md"))], ids=lambda page: page.name)
def test_commands_in_the_documentation_exist_with_their_options(page: Path) -> None:
    for block in re.findall(r"```sh\n(.+?)```", page.read_text(encoding="utf-8"), re.S):
        for line in COMMAND_LINE.findall(block.replace("\\\n", " ")):
            words, command = shlex.split(line), cast(click.Command, main)
            while isinstance(command, click.Group) and words:
                context = click.Context(command, info_name="generator")
                found = command.get_command(context, words[0])
                assert found is not None, line
                command, words = found, words[1:]
            # Nothing is run here: only the options are read.
            command.make_parser(click.Context(command)).parse_args(words)


def test_every_setting_is_documented() -> None:
    text = (DOCS / "settings.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)` \| `", text, re.M) == list(Settings.model_fields)
    given = re.findall(r"^(\w+) =", (ROOT / "report.toml").read_text(encoding="utf-8"), re.M)
    assert given == list(Settings.model_fields)


@pytest.mark.parametrize("page", [ROOT / "README.md", *sorted(DOCS.glob("*.md"))], ids=lambda page: page.name)
def test_links_between_documents_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target


def test_modules_named_in_the_design_exist() -> None:
    text = (DOCS / "design.md").read_text(encoding="utf-8")
    made = {"site/", "site_src/"}
    for name in set(re.findall(r"`((?:generator/)?[\w/]+(?:\.py|/))`", text)) - made:
        assert any((ROOT / start / name).exists() for start in ("", "generator")), name
