"""The workflows: pinned, with the least permissions, and calling only commands that exist."""

import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from projects import ROOT

from generator.cli import main

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
MONTHLY: Any = yaml.safe_load((ROOT / ".github" / "workflows" / "monthly.yml").read_text(encoding="utf-8"))
STEPS = [step for job in MONTHLY["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_pinned_by_its_commit_with_its_version_beside_it(path: Path) -> None:
    used = re.findall(r"uses: (.+)", path.read_text(encoding="utf-8"))
    assert used and all(re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line) for line in used), used


def test_each_job_has_the_rights_that_it_needs_and_no_other() -> None:
    assert MONTHLY["permissions"] == {}
    assert {name: job["permissions"] for name, job in MONTHLY["jobs"].items()} == {
        "edition": {"contents": "write", "pages": "read"},
        "deploy": {"pages": "write", "id-token": "write"},
        "tell": {"issues": "write"},
    }
    assert MONTHLY["concurrency"]["cancel-in-progress"] is False


def test_nothing_is_deployed_unless_the_checks_pass() -> None:
    assert MONTHLY["jobs"]["deploy"]["needs"] == "edition" and "if" not in MONTHLY["jobs"]["deploy"]
    text = "\n".join(step.get("run", "") for step in STEPS)
    order = [
        "archive pull",
        "collect",
        "archive push",
        "build",
        "generator check",
        "edition freeze",
        "edition assemble",
    ]
    assert [text.index(command) for command in order] == sorted(text.index(command) for command in order)
    assert not [step for step in STEPS if step.get("continue-on-error")]


def test_the_commands_of_the_workflow_exist_with_their_options() -> None:
    lines = [line for step in STEPS for line in step.get("run", "").splitlines() if "-m generator" in line]
    assert len(lines) >= 8
    for line in lines:
        words = shlex.split(line.split("-m generator", 1)[1])
        command: Any = main
        while words and words[0] in getattr(command, "commands", {}):
            command = command.commands[words.pop(0)]
        given = {word for word in words if word.startswith("--")}
        known = {name for option in command.params for name in option.opts}
        assert command is not main and given <= known, line
        assert CliRunner().invoke(command, ["--help"]).exit_code == 0


def test_scripts_are_sound_shell() -> None:
    for step in STEPS:
        if "run" in step:
            checked = subprocess.run(["bash", "-n"], input=step["run"], text=True, capture_output=True)
            assert checked.returncode == 0, checked.stderr
