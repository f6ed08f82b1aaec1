"""How much of the time the series covers, in one row."""

import ibis
from ibis.expr.types import Table

from generator.flows import Flows
from generator.metric import Metric
from generator.metrics import series_days


def compute(flows: Flows) -> Table:
    """Counts of snapshots by what is wrong with them, of gaps, and of months without a report date."""
    rows = series_days.compute(flows)
    snapshot, gap = rows.kind == "snapshot", rows.kind == "gap"
    report_date = snapshot & rows.report_date

    def number(which: ibis.Value) -> ibis.Value:
        return which.fill_null(False).cast("int64").sum()

    def month(day: ibis.Value) -> ibis.Value:
        return day.year() * 12 + day.month()

    summed = rows.aggregate(
        as_of=rows.day.max(where=report_date),
        first_report_date=rows.day.min(where=report_date),
        first_snapshot=rows.day.min(where=snapshot),
        newest_snapshot=rows.day.max(where=snapshot),
        snapshots=number(snapshot),
        report_dates=number(report_date),
        stale=number(snapshot & rows.stale),
        partial=number(snapshot & rows.partial),
        stepped_back=number(snapshot & rows.stepped_back),
        gaps=number(gap),
        gap_days=rows.days.sum(where=gap).fill_null(0).cast("int64"),
        months=(month(rows.day.max(where=report_date)) - month(rows.day.min(where=report_date)) + 1).cast("int64"),
    )
    return summed.mutate(months_missing=summed.months - summed.report_dates).select(*METRIC.columns)


METRIC = Metric(
    id="series-coverage",
    title="What the series covers",
    question="How much of the time does the series cover?",
    definition=(
        "The snapshots of the archive, how many of them are stale, partial or have stepped back (a snapshot may be "
        "more than one), the gaps between them, all as in series-days, and the calendar months between the first and "
        "the newest report date that have none."
    ),
    unit="snapshots; days; months",
    columns=(
        "as_of",
        "first_report_date",
        "first_snapshot",
        "newest_snapshot",
        "snapshots",
        "report_dates",
        "stale",
        "partial",
        "stepped_back",
        "gaps",
        "gap_days",
        "months",
        "months_missing",
    ),
    own_columns=(
        ("as_of", "The newest report date (YYYY-MM-DD)."),
        ("first_report_date", "The first report date."),
        ("first_snapshot", "Date of the first snapshot."),
        ("newest_snapshot", "Date of the newest snapshot."),
        ("snapshots", "Snapshots in the archive."),
        ("report_dates", "Snapshots for which figures are given, one a month."),
        ("stale", "Snapshots in which no counter moved since the one before."),
        ("partial", "Snapshots with fewer than half of the models of their largest neighbour."),
        ("stepped_back", "Snapshots in which more than half of the counters that can be compared fell."),
        ("gaps", "Stretches without a snapshot where one was to be expected."),
        ("gap_days", "Days in them."),
        ("months", "Calendar months from the first report date to the newest."),
        ("months_missing", "Of these, months without a report date."),
    ),
    caveats=("Nothing is filled in: a month without a report date has no figures, and lines in charts break there.",),
    source="This report's own.",
    compute=compute,
)
