"""A branch that holds nothing but the archive: one commit a run, pushed with the rights that the run has anyway."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from generator.errors import ReportError
from generator.remotes.remote import kept, settle

LARGEST_FILE = 100_000_000
"""Bytes of a file above which GitHub refuses a push."""

WHO = {
    f"GIT_{role}_{part}": value
    for role in ("AUTHOR", "COMMITTER")
    for part, value in (("NAME", "Open Model Report"), ("EMAIL", "open-model-report@users.noreply.github.com"))
}


@dataclass(frozen=True)
class Git:
    """A branch of a repository, reached from a project that is a repository itself; its own files stay untouched."""

    project: Path
    remote: str
    branch: str

    def pull(self, archive: Path) -> int:
        """See :class:`generator.remotes.remote.Remote`."""
        tip = self._tip()
        if not tip:
            return 0
        archive.parent.mkdir(parents=True, exist_ok=True)
        staged = archive.parent / f".pulling-{archive.name}"
        shutil.rmtree(staged, ignore_errors=True)
        with tempfile.TemporaryDirectory() as folder:
            index = {"GIT_INDEX_FILE": str(Path(folder, "index"))}
            self._git("read-tree", tip, environment=index)
            self._git("checkout-index", "--all", f"--prefix={staged.resolve()}/", environment=index)
        return settle(staged, archive)

    def push(self, archive: Path) -> bool:
        """See :class:`generator.remotes.remote.Remote`."""
        folders = kept(archive)
        for path in (path for folder in folders for path in folder.rglob("*")):
            if path.stat().st_size > LARGEST_FILE:
                raise ReportError(
                    f"{path}: has {path.stat().st_size / 1e6:.0f} MB, more than the {LARGEST_FILE / 1e6:.0f} MB that "
                    "GitHub takes in a branch; keep the archive on the Hub with --hub."
                )
        tip = self._tip()
        with tempfile.TemporaryDirectory() as folder:
            index = {"GIT_INDEX_FILE": str(Path(folder, "index")), "GIT_WORK_TREE": str(archive.resolve())}
            # Starting from what is kept, so that a folder that was never pulled is not taken for deleted.
            self._git("read-tree", tip or "--empty", environment=index)
            names = [item.name for item in folders]
            self._git("add", "--force", "--ignore-removal", "--", *names, environment=index, folder=archive)
            tree = self._git("write-tree", environment=index)
        if tip and tree == self._git("rev-parse", f"{tip}^{{tree}}"):
            return False
        parent = ["-p", tip] if tip else []
        commit = self._git("commit-tree", tree, *parent, "-m", f"Archive: {names[-1]}", environment=WHO)
        self._git("push", "--quiet", self.remote, f"{commit}:refs/heads/{self.branch}")
        return True

    def _tip(self) -> str:
        """The branch's newest commit, fetched; empty where the branch is not there yet."""
        if not self._git("ls-remote", self.remote, f"refs/heads/{self.branch}"):
            return ""
        self._git("fetch", "--quiet", "--no-tags", "--depth=1", self.remote, f"refs/heads/{self.branch}")
        return self._git("rev-parse", "FETCH_HEAD")

    def _git(self, *arguments: str, environment: Mapping[str, str] | None = None, folder: Path | None = None) -> str:
        folder = folder or self.project
        directory = {} if folder == self.project else {"GIT_DIR": self._git("rev-parse", "--absolute-git-dir")}
        done = subprocess.run(
            ["git", *arguments],
            cwd=folder,
            env={**os.environ, "GIT_TERMINAL_PROMPT": "0", **directory, **(environment or {})},
            capture_output=True,
            text=True,
        )
        if done.returncode:
            said = [line for line in done.stderr.strip().splitlines() if line.strip()] or ["no reason given"]
            reason = next((line for line in said if line.startswith(("fatal:", "error:", " !"))), said[-1]).strip()
            raise ReportError(
                f"git {arguments[0]} failed for the branch {self.branch} of {self.remote} ({reason.rstrip('.')}); "
                "nothing was lost here: mend it and run the same command again."
            )
        return done.stdout.strip()


def on_branch(project: Path, remote: str, branch: str) -> Git:
    """The branch of a remote, given a project that is a git repository.

    Raises:
        ReportError: git is not installed.
    """
    if shutil.which("git") is None:
        raise ReportError("git is not installed; install it, or keep the archive on the Hub with --hub.")
    return Git(project, remote, branch)
