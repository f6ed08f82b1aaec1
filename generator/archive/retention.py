"""Which snapshots are kept for good, and letting go of the others."""

import shutil
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from generator.archive.manifest import Entry
from generator.archive.verification import verify
from generator.atomic import writing

Reason = Literal["report date", "published", "revised", "largest", "young", "neighbour", "kept for no longer"]

REASONS: dict[Reason, str] = {
    "report date": "a report date: its month's last full, fresh snapshot",
    "published": "figures were published for it",
    "revised": "it replaced another, and the register of revisions points to it",
    "largest": "the fullest snapshot of its month, against which partial ones are told",
    "young": "younger than the time for which all are kept",
    "neighbour": "the snapshot before or after a report date, which shows whether that one is fresh",
    "kept for no longer": "older than the time for which all are kept",
}


@dataclass(frozen=True)
class Decision:
    """What becomes of a snapshot, and why."""

    entry: Entry
    keep: bool
    reason: Reason


def decide(
    stored: Sequence[Entry], report_dates: Collection[date], published: Collection[date], today: date, days: int
) -> list[Decision]:
    """What the rules of retention say of each snapshot.

    Kept for good: report dates, dates with published figures, snapshots that replaced another, the fullest of each
    month, and the neighbours of report dates, since without them it could not be told that a report date is full
    and fresh. All others are kept for ``days`` days. The newest snapshot always stays.

    Args:
        stored: the archive's entries.
        report_dates: from the data set over all of them.
        published: dates for which the register holds published figures.
        today: the current date.
        days: for how long to keep what is not kept for good.

    Example:
        >>> decide([], [], [], date(2026, 1, 1), 90)
        []
    """
    ordered = sorted(stored, key=lambda entry: entry.manifest.as_of)
    dates = [entry.manifest.as_of for entry in ordered]
    beside = {
        dates[place]
        for position, day in enumerate(dates)
        if day in report_dates
        for place in (position - 1, position + 1)
        if 0 <= place < len(dates)
    }
    fullest: dict[tuple[int, int], Entry] = {}
    for entry in ordered:
        day = entry.manifest.as_of
        month = (day.year, day.month)
        if month not in fullest or entry.manifest.rows > fullest[month].manifest.rows:
            fullest[month] = entry

    def reason(entry: Entry) -> Reason:
        day = entry.manifest.as_of
        if day in report_dates:
            return "report date"
        if day in published:
            return "published"
        if entry.manifest.revisions:
            return "revised"
        if fullest[(day.year, day.month)] is entry:
            return "largest"
        if (today - day).days < days or day == dates[-1]:
            return "young"
        return "neighbour" if day in beside else "kept for no longer"

    found = [(entry, reason(entry)) for entry in ordered]
    return [Decision(entry, why != "kept for no longer", why) for entry, why in found]


def compact(archive: Path, decisions: Sequence[Decision]) -> int:
    """Remove the snapshots that are kept for no longer.

    Every snapshot that stays is verified first: from a damaged archive nothing is removed. Each goes whole, under
    another name first, so that an interruption leaves no half of one.

    Returns:
        The bytes set free.

    Raises:
        ReportError: one that stays is damaged, or a folder cannot be removed.
    """
    for decision in decisions:
        if decision.keep:
            verify(decision.entry)
    freed = 0
    with writing(archive):
        for left in archive.glob(".removing-*"):
            shutil.rmtree(left)
        for decision in decisions:
            if not decision.keep:
                going = archive / f".removing-{decision.entry.manifest.as_of}"
                decision.entry.folder.rename(going)
                shutil.rmtree(going)
                freed += decision.entry.manifest.bytes
    return freed


def plan(archive: Path, decisions: Sequence[Decision]) -> str:
    """What :func:`compact` would do, for people."""
    going = [decision for decision in decisions if not decision.keep]
    size = sum(decision.entry.manifest.bytes for decision in going)
    lines = [f"{archive}: {len(decisions)} snapshots, {len(going)} to remove ({size / 1e6:,.1f} MB)", ""]
    lines += [
        f"{decision.entry.manifest.as_of!s:<12}{'keep' if decision.keep else 'remove':<8}{REASONS[decision.reason]}"
        for decision in decisions
    ]
    return "\n".join(lines)
