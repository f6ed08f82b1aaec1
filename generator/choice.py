"""Which source a report is made from."""

from collections.abc import Callable

from generator import archive
from generator.project import Project

AUTO = "auto"
ARCHIVE = "archive"
HUB = "hub"
DEMO = "demo"


def choose(project: Project, source: str, say: Callable[[str], None]) -> str:
    """The source to use, which is said with its reason.

    Args:
        project: whose archive may hold snapshots.
        source: what was asked for. ``auto`` is the archive where it holds any, else the Hub where it answers, else
            the demo; everything else stays as it is.
        say: takes the line.
    """
    chosen, reason = _chosen(project, source)
    say(f"Source: {chosen} ({reason})")
    return chosen


def _chosen(project: Project, source: str) -> tuple[str, str]:
    if source != AUTO:
        return source, "as asked"
    kept = len(archive.entries(project.archive))
    if kept:
        return ARCHIVE, f"{project.archive} holds {kept} snapshots"
    # Imported late: where there is an archive nobody has need of the Hub's client.
    from generator.sources import hub_api

    if hub_api.reachable():
        return HUB, "no snapshot is archived yet and the Hub answers"
    return DEMO, "no snapshot is archived yet and the Hub does not answer: every figure is SIMULATED"
