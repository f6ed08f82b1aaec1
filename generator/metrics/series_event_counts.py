"""How many models went, came back, were renamed, surged, stood still or lost downloads?"""

import ibis
from ibis.expr.types import Table

from generator.events import EVENTS, events, report_dates
from generator.flows import Flows
from generator.metric import Metric
from generator.metrics.series_events import DEFINITION, VANISHED


def compute(flows: Flows) -> Table:
    """Every kind of event at every report date, nought where there was none."""
    dates = report_dates(flows).select("as_of")
    every = ibis.union(*(dates.mutate(event=ibis.literal(event)) for event in EVENTS))
    found = events(flows)
    counted = found.group_by("as_of", "event").aggregate(
        models=found.count(),
        counter_before=found.counter_before.sum(),
        downloads=found.downloads.sum(),
    )
    return (
        every.left_join(counted, ["as_of", "event"])
        .select(
            "as_of",
            "event",
            models=lambda row: row.models.fill_null(0).cast("int64"),
            counter_before=lambda row: row.counter_before.fill_null(0).cast("int64"),
            downloads=lambda row: row.downloads.fill_null(0).cast("int64"),
        )
        .order_by(["as_of", "event"])
    )


METRIC = Metric(
    id="series-event-counts",
    title="Events in the series, counted",
    question="How many models went, came back, were renamed, surged, stood still or lost downloads?",
    definition=f"{DEFINITION} All of each kind are counted.",
    unit="models; downloads",
    columns=("as_of", "event", "models", "counter_before", "downloads"),
    own_columns=(
        ("event", "counter-reset, vanished, likely-renamed, returned, surge or standing-still."),
        ("models", "Models with such an event at this report date."),
        ("counter_before", "Sum of their all-time counters before it: how much of the series they stand for."),
        ("downloads", "Sum of their downloads since the report date before; negative for counters that fell."),
    ),
    caveats=(VANISHED, "At the first report date nothing can have happened yet."),
    source="This report's own.",
    compute=compute,
)
