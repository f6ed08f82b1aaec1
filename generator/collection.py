"""From a source into an archive."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from generator import archive
from generator.archive import Outcome
from generator.choice import DEMO, HUB
from generator.errors import ReportError
from generator.snapshot import LargeSnapshot, Snapshot, today
from generator.sources import counters as counter_series
from generator.sources import demo, files, hub_api, hub_weekly
from generator.sources.hub_weekly import Month

HUB_WEEKLY = hub_weekly.KIND


@dataclass(frozen=True)
class History:
    """Which months of the Hub's history to collect: None for the first there is, and for the current one.

    ``whole`` has whole files fetched and compared with their declared checksums.
    """

    first: Month | None = None
    last: Month | None = None
    whole: bool = False


def collect(
    folder: Path,
    source: str,
    *,
    work_folder: Path,
    top: int,
    as_of: date | None = None,
    counters: Path | None = None,
    replace: bool = False,
    history: History | None = None,
    say: Callable[[str], None] = print,
) -> Counter[Outcome]:
    """Add what a source gives to an archive, date by date.

    What was added stays when a later date fails; running again goes on from there.

    Args:
        folder: the archive.
        source: ``hub``, ``hub-weekly``, ``demo``, or the path of a file or folder.
        work_folder: where an unfinished collection from the Hub keeps what it has fetched.
        top: how many models to ask the Hub for.
        as_of: the date the data was taken; for a file only.
        counters: a counter series of the same models on other dates.
        replace: supersede other content of the same date and record the revision.
        history: which months to collect; for ``hub-weekly`` only.
        say: takes each line that is worth knowing on the way, such as months without a snapshot.

    Returns:
        How many snapshots were added, unchanged and replaced.

    Raises:
        ReportError: the source gives nothing usable, or the archive refuses it.
    """
    if as_of is not None and source in (HUB, HUB_WEEKLY, DEMO):
        raise ReportError(f"--as-of {as_of} does not fit the source '{source}': leave it out, or give a file.")
    if counters is not None and source in (HUB, HUB_WEEKLY, DEMO):
        raise ReportError(f"--counters {counters} goes beside a file, not '{source}': give --source PATH.")
    if history is not None and source != HUB_WEEKLY:
        raise ReportError(f"--from, --to and --whole go with --source {HUB_WEEKLY}, not with '{source}'.")
    outcomes: Counter[Outcome] = Counter()
    known: set[date] = set()
    snapshots = (
        _history(folder, history or History(), work_folder, replace, say)
        if source == HUB_WEEKLY
        else _snapshots(source, as_of, top, work_folder)
    )
    for snapshot in snapshots:
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


def _history(
    folder: Path,
    history: History,
    work_folder: Path,
    replace: bool,
    say: Callable[[str], None],
) -> Iterator[LargeSnapshot]:
    """Months of the Hub's history, but for those whose very file the archive holds."""
    kept = {item.manifest.as_of: item.manifest for item in archive.entries(folder)}

    def refuse(day: date) -> None:
        # Said before hundreds of megabytes are fetched that the archive would then refuse.
        if day in kept and not replace:
            raise ReportError(
                f"{folder}: {day} is already archived with other content ({kept[day].rows} rows from "
                f"{kept[day].detail}); run again with --replace to supersede it and record the revision."
            )

    declared = {day: manifest.coverage.get("declared_sha256") for day, manifest in kept.items()}
    return hub_weekly.collect(
        first=history.first,
        last=history.last,
        work_folder=work_folder,
        archived={sha256: day for day, sha256 in declared.items() if sha256},
        refuse=refuse,
        whole=history.whole,
        say=say,
    )
