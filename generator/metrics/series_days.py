"""Which days the series holds, which of them can be used, and where it has gaps."""

import ibis
from ibis.expr.types import Table

from generator.dataset import NEIGHBOURHOOD_DAYS
from generator.flows import Flows
from generator.metric import Metric

GAP = 1.5
"""An interval this many times the usual one nearby is a gap: a month of 31 days is none, a day left out is one."""

STEPPED_BACK_SHARE = 0.5
"""Single counters are corrected now and then; if more than this share falls at once, two sources are out of step."""


def compute(flows: Flows) -> Table:
    """Every snapshot, and every stretch without one, in order of time."""
    snapshots = flows.data.snapshots
    seen = snapshots.select(
        "models",
        "compared",
        "moved",
        "fallen",
        "stale",
        "partial",
        "report_date",
        day="as_of",
        until="as_of",
        days=ibis.literal(1, "int64"),
        kind=ibis.literal("snapshot"),
        stepped_back=snapshots.fallen > STEPPED_BACK_SHARE * snapshots.compared,
    ).select(*METRIC.columns)
    absent = gaps(snapshots)
    nothing = {name: ibis.null(seen[name].type()) for name in METRIC.columns if name not in absent.columns}
    return ibis.union(seen, absent.mutate(**nothing).select(*METRIC.columns)).order_by("day")


def gaps(snapshots: Table) -> Table:
    """The stretches in which the series holds no snapshot though one was to be expected.

    Expected is the usual interval between snapshots at the time, the median of the intervals within
    :data:`NEIGHBOURHOOD_DAYS`, so that a monthly series and a daily one are each held to their own measure; and in
    any case one snapshot a calendar month.

    Returns:
        kind (``gap``), day and until (its first and last day) and days.
    """
    apart = snapshots.select("as_of", before=snapshots.as_of.lag().over(order_by="as_of")).filter(
        lambda row: row.before.notnull()
    )
    intervals = apart.mutate(
        length=apart.as_of.delta(apart.before, unit="day").cast("int64"),
        months=(apart.as_of.year() - apart.before.year()) * 12 + apart.as_of.month() - apart.before.month(),
    )
    other = intervals.select(other_as_of="as_of", other_before="before", other_length="length")
    near = (intervals.as_of.delta(other.other_as_of, unit="day").abs() <= NEIGHBOURHOOD_DAYS) | (
        intervals.before.delta(other.other_before, unit="day").abs() <= NEIGHBOURHOOD_DAYS
    )
    judged = (
        intervals.join(other, near)
        .group_by("as_of", "before", "length", "months")
        .aggregate(usual=lambda pair: pair.other_length.median())
    )
    one_day = ibis.interval(days=1)
    return judged.filter((judged.length > GAP * judged.usual) | (judged.months > 1)).select(
        kind=ibis.literal("gap"),
        day=(judged.before + one_day).cast("date"),
        until=(judged.as_of - one_day).cast("date"),
        days=(judged.length - 1).cast("int64"),
    )


METRIC = Metric(
    id="series-days",
    title="Days of the series",
    question="Which days does the series hold, and which of them bear figures?",
    definition=(
        "One row a snapshot, and one a stretch of days without a snapshot where one was to be expected: where the "
        f"interval is more than {GAP} times the usual one within {NEIGHBOURHOOD_DAYS} days, or leaves out a whole "
        "calendar month. A snapshot is stale if no counter moved since the one before, partial if it holds far fewer "
        "models than its neighbours, and has stepped back if more than half of the counters that can be compared "
        "fell: then it and the one before are not of the dates that they bear. Only report dates carry figures."
    ),
    unit="days; models",
    columns=(
        "day",
        "until",
        "days",
        "kind",
        "report_date",
        "stale",
        "partial",
        "stepped_back",
        "models",
        "compared",
        "moved",
        "fallen",
    ),
    own_columns=(
        ("day", "Date of the snapshot, or first day of the gap (YYYY-MM-DD)."),
        ("until", "The same for a snapshot; last day of the gap."),
        ("days", "1 for a snapshot; length of the gap in days."),
        ("kind", "snapshot or gap."),
        ("report_date", "Whether figures are given for it: the last full, fresh snapshot of its month."),
        ("stale", "Whether no counter moved since the snapshot before: the export repeated itself."),
        ("partial", "Whether it holds fewer than half of the models of its largest neighbour."),
        ("stepped_back", "Whether more than half of the counters that can be compared fell."),
        ("models", "Models in the snapshot."),
        ("compared", "Of these, models whose counter was known before."),
        ("moved", "Of these, models whose counter is another than when last seen."),
        ("fallen", "Of these, models whose counter is lower than when last seen."),
    ),
    caveats=(
        "Nothing is filled in: a gap stays a gap in every table, and lines in charts break there.",
        "A snapshot that repeats the day before cannot be told from a day on which nothing was downloaded; on the "
        "Hub the second does not happen.",
    ),
    source="This report's own.",
    compute=compute,
)
