"""Projects in a temporary folder, for tests that go all the way to a site."""

import functools
import http.server
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from click.testing import CliRunner, Result
from mkdocs.config import load_config

from generator.build import Project
from generator.cli import main
from generator.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
DRAWN = ROOT / ".cache" / "charts"
"""Charts that any test has drawn. They are kept by the hash of their specification and the versions of what draws them,
so that a stale one is never found, and drawing is most of the time that a small report takes."""
WRITTEN_BY_HAND = ("about.md", "images", "javascripts", "stylesheets")


def make(folder: Path, *, drawn: bool = True) -> Project:
    """A project with the repository's own configuration and hand-written pages, and nothing generated.

    Args:
        folder: made anew.
        drawn: whether it shares the charts that other tests have drawn.
    """
    (folder / "site_src").mkdir(parents=True)
    shutil.copy(ROOT / "mkdocs.yml", folder)
    for name in ("generator", "templates"):
        (folder / name).symlink_to(ROOT / name)
    for name in WRITTEN_BY_HAND:
        source, target = ROOT / "site_src" / name, folder / "site_src" / name
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copy(source, target)
    if drawn:
        share_drawings(folder)
    (folder / "report.toml").write_text('source = "demo"\n', encoding="utf-8")
    return Project(folder, Settings(source="demo"))


def share_drawings(folder: Path) -> None:
    """Give a project's folder the charts that other tests have drawn."""
    DRAWN.mkdir(parents=True, exist_ok=True)
    (folder / ".cache").mkdir(exist_ok=True)
    (folder / ".cache" / "charts").symlink_to(DRAWN)


def copy(project: Project, folder: Path) -> Project:
    """A copy of a project with all that has been made in it."""
    shutil.copytree(project.folder, folder, symlinks=True)
    return Project(folder, project.settings)


def run(project: Project, *arguments: str) -> Result:
    """Run a command of the generator on a project."""
    return CliRunner().invoke(main, ["--settings", str(project.folder / "report.toml"), *arguments])


def output(project: Project, *arguments: str) -> str:
    """What a command says that succeeds."""
    ran = run(project, *arguments)
    assert ran.exit_code == 0, ran.output
    return ran.output


def pages_in_the_navigation() -> list[str]:
    """The addresses below the site's root of all pages that the navigation lists."""

    def listed(entry: object) -> list[str]:
        if isinstance(entry, str):
            return [entry.removesuffix("index.md").replace(".md", "/")]
        inner = entry.values() if isinstance(entry, dict) else entry if isinstance(entry, list) else []
        return [page for item in inner for page in listed(item)]

    return listed(load_config(str(ROOT / "mkdocs.yml"))["nav"])


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a local server for the files of a folder."""
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""
