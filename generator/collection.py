"""From a source into an archive."""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from generator import archive
from generator.archive import Outcome
from generator.errors import ReportError
from generator.snapshot import Snapshot, today
from generator.sources import counters as counter_series
from generator.sources import demo, files, hub_api

HUB = "hub"
DEMO = "demo"


def collect(
    folder: Path,
    source: str,
    *,
    work_folder: Path,
    top: int,
    as_of: date | None = None,
    counters: Path | None = None,
    replace: bool = False,
) -> Counter[Outcome]:
    """Add what a source gives to an archive, date by date.

    What was added stays when a later date fails; running again goes on from there.

    Args:
        folder: the archive.
        source: ``hub``, ``demo``, or the path of a file or folder.
        work_folder: where an unfinished collection from the Hub keeps its pages.
        top: how many models to ask the Hub for.
        as_of: the date the data was taken; for a file only.
        counters: a counter series of the same models on other dates.
        replace: supersede other content of the same date and record the revision.

    Returns:
        How many snapshots were added, unchanged and replaced.

    Raises:
        ReportError: the source gives nothing usable, or the archive refuses it.
    """
    if as_of is not None and source in (HUB, DEMO):
        raise ReportError(f"--as-of {as_of} does not fit the source '{source}': leave it out, or give a file.")
    if counters is not None and source in (HUB, DEMO):
        raise ReportError(f"--counters {counters} goes beside a file, not '{source}': give --source PATH.")
    outcomes: Counter[Outcome] = Counter()
    known: set[date] = set()
    for snapshot in _snapshots(source, as_of, top, work_folder):
        outcomes[archive.add(folder, snapshot, replace)] += 1
        known.add(snapshot.as_of)
    if source == HUB:
        hub_api.forget_pages(work_folder)
    if counters is not None:
        for snapshot in counter_series.load(counters, without=known):
            outcomes[archive.add(folder, snapshot, replace)] += 1
    return outcomes


def _snapshots(source: str, as_of: date | None, top: int, work_folder: Path) -> Iterator[Snapshot]:
    if source == HUB:
        return iter([hub_api.collect(as_of=today(), top=top, work_folder=work_folder)])
    if source == DEMO:
        return demo.snapshots(demo.Demo())
    return files.load(Path(source), as_of)
