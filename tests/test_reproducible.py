"""The same archive, settings and versions give the same site, byte by byte."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import projects
import pytest
from samples import DAY, SMALL_HUB

pytestmark = pytest.mark.site

MOMENT = "1779235200"


def generator(folder: Path, seed: str, *arguments: str) -> None:
    command = [sys.executable, "-m", "generator", "--settings", str(folder / "report.toml"), *arguments]
    variables = {**os.environ, "SOURCE_DATE_EPOCH": MOMENT, "PYTHONHASHSEED": seed}
    ran = subprocess.run(command, cwd=projects.ROOT, env=variables, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def test_two_builds_in_two_folders_are_equal_to_the_byte(tmp_path: Path) -> None:
    """One takes the charts that other tests have drawn, where they have; the other draws all of its own."""
    one = projects.make(tmp_path / "one")
    two = projects.make(tmp_path / "elsewhere" / "two", drawn=False)
    source = tmp_path / "models.json"
    source.write_text(json.dumps(SMALL_HUB), encoding="utf-8")
    generator(one.folder, "1", "collect", "--source", str(source), "--as-of", str(DAY))
    shutil.copytree(one.archive, two.archive)
    generator(one.folder, "1", "build", "--source", "archive")
    generator(two.folder, "2", "build", "--source", "archive")
    first, second = files(one.site), files(two.site)
    assert sorted(first) == sorted(second) and len(first) > 100
    assert [name for name in first if first[name] != second[name]] == []
