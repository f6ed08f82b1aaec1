"""The archive between runs: on a branch of a bare repository, and on a Hub of this machine, through the commands."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import samples
from click.testing import CliRunner, Result
from hub_repository import HubRepository

from generator import archive
from generator.cli import main

pytestmark = pytest.mark.slow

NAME = "somebody/omr-archive"


class Run:
    """A fresh checkout of a project, as every run of the workflow has one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.archive = folder / "archive"
        folder.mkdir()
        (folder / "report.toml").write_text("", "utf-8")
        git(folder, "init", "--quiet")
        git(folder, "add", ".")
        git(folder, "-c", "user.name=t", "-c", "user.email=t@t", "commit", "--quiet", "-m", "start")

    def command(self, *arguments: str) -> Result:
        return CliRunner().invoke(main, ["--settings", str(self.folder / "report.toml"), *arguments])

    def collect(self, day: int) -> None:
        taken = samples.snapshot(as_of=samples.DAY.replace(day=day))
        archive.add(self.archive, taken)

    def files(self) -> dict[str, bytes]:
        return {
            path.relative_to(self.archive).as_posix(): path.read_bytes()
            for path in self.archive.rglob("*")
            if path.is_file()
        }


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    folder = tmp_path / "remote.git"
    folder.mkdir()
    git(folder, "init", "--quiet", "--bare")
    return folder


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[HubRepository]:
    # The client prefers Xet, whose protocol no local server speaks; git-LFS is its other way.
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    with HubRepository(NAME) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.endpoint)
        monkeypatch.setenv("HF_TOKEN", "hf_test")
        yield server


@pytest.fixture(params=["git", "hub"])
def where(request: pytest.FixtureRequest, bare: Path, hub: HubRepository) -> list[str]:
    return ["--git", str(bare)] if request.param == "git" else ["--hub", NAME]


def test_an_archive_comes_back_as_it_was_and_grows(where: list[str], tmp_path: Path) -> None:
    first = Run(tmp_path / "first")
    assert first.command("archive", "pull", *where).exit_code == 0, "nothing is kept yet, which is no fault"
    first.collect(1)
    (first.archive / ".writing-x").mkdir()
    (first.archive / ".writing-x" / "half").write_text("half", "utf-8")
    pushed = first.command("archive", "push", *where)
    assert pushed.exit_code == 0, pushed.output

    second = Run(tmp_path / "second")
    pulled = second.command("archive", "pull", *where)
    assert pulled.exit_code == 0 and "2 files" in pulled.stderr, pulled.output
    kept = {name: content for name, content in first.files().items() if not name.startswith(".")}
    assert second.files() == kept
    archive.verify(archive.entries(second.archive)[0])
    second.collect(2)
    assert second.command("archive", "push", *where).exit_code == 0
    again = second.command("archive", "push", *where)
    assert again.exit_code == 0 and "nothing new" in again.stderr, again.output

    third = Run(tmp_path / "third")
    assert third.command("archive", "pull", *where).exit_code == 0
    assert third.files() == second.files() and len(archive.entries(third.archive)) == 2
    assert sorted(path.name for path in third.archive.iterdir()) == ["snapshot=2026-05-01", "snapshot=2026-05-02"]


def test_a_push_without_a_pull_loses_nothing(where: list[str], tmp_path: Path) -> None:
    for number in (1, 2):
        run = Run(tmp_path / f"run{number}")
        run.collect(number)
        assert run.command("archive", "push", *where).exit_code == 0
    last = Run(tmp_path / "last")
    last.command("archive", "pull", *where)
    assert [str(item.manifest.as_of) for item in archive.entries(last.archive)] == ["2026-05-01", "2026-05-02"]


def test_other_content_under_the_same_name_is_refused(where: list[str], tmp_path: Path) -> None:
    first, second = Run(tmp_path / "first"), Run(tmp_path / "second")
    first.collect(1)
    assert first.command("archive", "push", *where).exit_code == 0
    archive.add(second.archive, samples.snapshot(samples.model("x/y"), as_of=samples.DAY.replace(day=1)))
    before = second.files()
    refused = second.command("archive", "pull", *where)
    assert refused.exit_code == 1 and "differs from what is kept" in refused.stderr
    assert second.files() == before


def test_an_empty_archive_is_not_pushed(where: list[str], tmp_path: Path) -> None:
    refused = Run(tmp_path / "run").command("archive", "push", *where)
    assert refused.exit_code == 1 and "holds nothing to keep" in refused.stderr


def test_the_project_s_own_repository_stays_untouched(bare: Path, tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    (run.folder / ".gitignore").write_text("/archive/\n", "utf-8")
    git(run.folder, "remote", "add", "origin", str(bare))
    run.collect(1)
    before = git(run.folder, "status", "--porcelain"), git(run.folder, "rev-parse", "HEAD")
    assert run.command("archive", "push", "--git", "origin").exit_code == 0
    assert (git(run.folder, "status", "--porcelain"), git(run.folder, "rev-parse", "HEAD")) == before
    assert git(bare, "for-each-ref", "--format=%(refname)") == "refs/heads/archive\n"
    assert git(bare, "ls-tree", "-r", "--name-only", "archive").splitlines() == [
        "snapshot=2026-05-01/manifest.json",
        "snapshot=2026-05-01/models.parquet",
    ]


def test_a_file_too_large_for_a_branch_is_named(bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("generator.remotes.git.LARGEST_FILE", 100)
    run = Run(tmp_path / "run")
    run.collect(1)
    refused = run.command("archive", "push", "--git", str(bare))
    assert refused.exit_code == 1 and "keep the archive on the Hub with --hub" in refused.stderr


def test_a_remote_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    refused = Run(tmp_path / "run").command("archive", "pull", "--git", str(tmp_path / "nowhere"))
    assert refused.exit_code == 1
    assert refused.stderr.count("\n") == 1 and "git ls-remote failed" in refused.stderr, refused.stderr


def test_a_push_that_the_remote_refuses_is_one_sentence(bare: Path, tmp_path: Path) -> None:
    hook = bare / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho protected >&2\nexit 1\n", "utf-8")
    hook.chmod(0o755)
    run = Run(tmp_path / "run")
    run.collect(1)
    refused = run.command("archive", "push", "--git", str(bare))
    assert refused.exit_code == 1 and "git push failed for the branch archive" in refused.stderr


def test_the_hub_is_asked_with_the_token_and_one_commit_a_push(hub: HubRepository, tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    run.collect(1)
    assert run.command("archive", "push", "--hub", NAME).exit_code == 0
    assert hub.commits == ["Archive: snapshot=2026-05-01"] and hub.tokens == {"Bearer hf_test"}
    assert hub.files is not None and hub.objects, "the Parquet file goes the way of large files"


@pytest.mark.parametrize(("part", "status"), [("/preupload/", 403), ("/commit/", 400), ("/objects/", 403)])
def test_a_hub_that_refuses_is_one_sentence_and_keeps_nothing(
    hub: HubRepository, tmp_path: Path, part: str, status: int
) -> None:
    hub.refuse = {part: status}
    run = Run(tmp_path / "run")
    run.collect(1)
    refused = run.command("archive", "push", "--hub", NAME)
    assert refused.exit_code == 1 and f"{NAME} cannot be written" in refused.stderr, refused.output
    said = [line for line in refused.stderr.splitlines() if line.startswith("Error: ")]
    assert len(said) == 1 and "Traceback" not in refused.stderr and hub.files == {}


def test_without_a_token_the_hub_is_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    refused = Run(tmp_path / "run").command("archive", "push", "--hub", NAME)
    assert refused.exit_code == 1 and "HF_TOKEN is not set" in refused.stderr


def test_one_place_has_to_be_named(tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    assert "Give --git REMOTE or --hub" in run.command("archive", "pull").stderr


def test_the_hub_goes_before_the_branch_and_an_empty_name_is_none(
    hub: HubRepository, bare: Path, tmp_path: Path
) -> None:
    run = Run(tmp_path / "run")
    run.collect(1)
    assert run.command("archive", "push", "--git", str(bare), "--hub", "").exit_code == 0
    assert git(bare, "branch", "--list", "archive") and hub.files is None
    assert run.command("archive", "push", "--git", str(bare), "--hub", NAME).exit_code == 0
    assert hub.files
