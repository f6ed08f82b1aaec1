"""The folder of a report and what lies where in it."""

from dataclasses import dataclass
from pathlib import Path

from generator.settings import Settings


@dataclass(frozen=True)
class Project:
    """The folder of a report, the one that holds ``report.toml``, and what lies where in it."""

    folder: Path
    settings: Settings

    @property
    def archive(self) -> Path:
        """Where snapshots are kept for good."""
        return self.folder / self.settings.archive

    @property
    def probe(self) -> Path:
        """Where models' answers to the probe's questions are kept for good."""
        return self.folder / self.settings.probe

    @property
    def cache(self) -> Path:
        """Where everything lies that can be made again."""
        return self.folder / ".cache"

    @property
    def site_src(self) -> Path:
        """MkDocs' ``docs_dir``."""
        return self.folder / "site_src"

    @property
    def site(self) -> Path:
        """The finished site."""
        return self.folder / "site"
