"""Letting go of old snapshots without changing a report date."""

from datetime import date
from pathlib import Path

from generator import archive, dataset, engines, revisions
from generator.archive import Entry
from generator.archive.retention import Decision, decide
from generator.errors import ReportError


def decisions(folder: Path, today: date, days: int) -> list[Decision]:
    """What the rules of retention say of an archive's snapshots, checked against the report dates.

    Args:
        folder: the archive.
        today: the current date.
        days: for how long the snapshots are kept that are not kept for good.

    Raises:
        ReportError: the archive is empty or damaged, or without the snapshots to remove the report would have
            other dates.
    """
    stored = archive.entries(folder)
    if not stored:
        raise ReportError(f"{folder}: holds no snapshot; there is nothing to compact.")
    dates = _report_dates(stored)
    found = decide(stored, dates, revisions.published_dates(folder), today, days)
    kept = [decision.entry for decision in found if decision.keep]
    if len(kept) < len(stored) and _report_dates(kept) != dates:
        raise ReportError(
            f"{folder}: without the snapshots older than {days} days other dates would count as full and fresh; "
            "nothing was removed. Set a higher keep_days in report.toml."
        )
    return found


def _report_dates(stored: list[Entry]) -> tuple[date, ...]:
    return dataset.load(engines.connect(), stored).report_dates
