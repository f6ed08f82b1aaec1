"""A dataset repository on the Hub, through the Hub's own client."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import httpx2
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

from generator.errors import ReportError
from generator.remotes.remote import KEPT, kept, settle

FILES = [f"{pattern}/*" for pattern in KEPT]


@dataclass(frozen=True)
class Hub:
    """A dataset repository; the token in HF_TOKEN has to have the right to write to it."""

    repository: str
    api: HfApi

    def pull(self, archive: Path) -> int:
        """See :class:`generator.remotes.remote.Remote`."""
        try:
            self.api.repo_info(self.repository, repo_type="dataset")
        except RepositoryNotFoundError:
            return 0
        except (HfHubHTTPError, httpx2.HTTPError, OSError) as error:
            raise self._failure("read", error) from None
        archive.parent.mkdir(parents=True, exist_ok=True)
        staged = Path(tempfile.mkdtemp(prefix=".pulling-", dir=archive.parent))
        try:
            self.api.snapshot_download(self.repository, repo_type="dataset", local_dir=staged, allow_patterns=FILES)
        except (HfHubHTTPError, httpx2.HTTPError, OSError) as error:
            raise self._failure("read", error) from None
        return settle(staged, archive)

    def push(self, archive: Path) -> bool:
        """See :class:`generator.remotes.remote.Remote`."""
        folders = kept(archive)
        try:
            self.api.create_repo(self.repository, repo_type="dataset", exist_ok=True)
            before = self.api.repo_info(self.repository, repo_type="dataset").sha
            done = self.api.upload_folder(
                repo_id=self.repository,
                repo_type="dataset",
                folder_path=archive,
                allow_patterns=FILES,
                commit_message=f"Archive: {folders[-1].name}",
            )
        except (HfHubHTTPError, httpx2.HTTPError, OSError) as error:
            raise self._failure("written", error) from None
        return done.oid != before

    def _failure(self, done: str, error: Exception) -> ReportError:
        reason = str(error).strip().splitlines()[0].rstrip(".:")
        return ReportError(
            f"The dataset repository {self.repository} cannot be {done} ({reason}); mend it, its name or the right of "
            "HF_TOKEN, and run the same command again."
        )


def on_hub(repository: str) -> Hub:
    """The dataset repository of that name, at the Hub that HF_ENDPOINT names.

    Raises:
        ReportError: there is no token.
    """
    if not os.environ.get("HF_TOKEN"):
        raise ReportError("HF_TOKEN is not set: keeping the archive on the Hub needs a token with the right to write.")
    return Hub(repository, HfApi(endpoint=os.environ.get("HF_ENDPOINT") or None))
