"""Which models went, came back, were renamed, surged, stood still or lost downloads?"""

import ibis
from ibis.expr.types import Table

from generator.events import EARLIER_FLOWS, RENAMED_GROWTH, STILL_COUNTER, SURGE_FACTOR, events
from generator.flows import Flows
from generator.metric import Metric

LISTED = 150
"""How many of a kind are listed for a date; all of them are counted in series-event-counts."""

DEFINITION = (
    "Events at report dates, each from what was known by then. counter-reset: the all-time counter is lower than when "
    "the model was last seen. vanished: seen at the report date before and not at this one. likely-renamed: vanished "
    "for good, while exactly one model appears that was created in the same second and whose counter starts between "
    f"the vanished one's last and {RENAMED_GROWTH} times that. returned: seen now and earlier, not at the report date "
    f"before. surge: downloads a day since the date before at least {SURGE_FACTOR} times the median of the model's own "
    f"earlier flows, of which there are at least {EARLIER_FLOWS}; a median below one a day counts as one. "
    f"standing-still: a counter of at least {STILL_COUNTER:,} that did not move since the date before."
)

VANISHED = (
    "A model that vanished may have been deleted, made private, renamed in a way not recognised, or left out by the "
    "export; where the source holds only the most downloaded models it may have fallen below the cut. Without asking "
    "the Hub these cannot be told apart."
)


def compute(flows: Flows) -> Table:
    """The largest events of each kind and date."""
    found = events(flows)
    by_size = ibis.window(group_by=["as_of", "event"], order_by=[ibis.desc("size"), ibis.asc("model")])
    ranked = found.mutate(rank=(ibis.row_number().over(by_size) + 1).cast("int64"))
    listed = ranked.filter(ranked["rank"] <= LISTED)
    names = flows.data.models.select("model", "model_id")
    others = names.select(other_model="model", other_model_id="model_id")
    named = listed.inner_join(names, "model").left_join(others, "other_model").drop("other_model", "other_model_right")
    return named.rename(other_model="other_model_id").select(*METRIC.columns).order_by(["as_of", "event", "rank"])


METRIC = Metric(
    id="series-events",
    title="Events in the series",
    question="Which models went, came back, were renamed, surged, stood still or lost downloads?",
    definition=f"{DEFINITION} Of each kind and date the {LISTED} largest are listed.",
    unit="downloads",
    columns=(
        "as_of",
        "event",
        "rank",
        "model_id",
        "other_model",
        "counter_before",
        "counter",
        "downloads",
        "times_usual",
    ),
    own_columns=(
        (
            "as_of",
            "Report date at which the event shows (YYYY-MM-DD): for a model that vanished the first without it.",
        ),
        ("event", "counter-reset, vanished, likely-renamed, returned, surge or standing-still."),
        ("rank", "Position among the events of its kind and date: by the fall, the counter or the downloads."),
        ("model_id", "The model."),
        ("other_model", "The name under which the model likely goes on."),
        ("counter_before", "All-time counter when last seen; of a surge or a fall, at the flow's start."),
        ("counter", "All-time counter at this date, of a renamed model under its new name."),
        ("downloads", "Downloads in between; negative where the counter fell."),
        ("times_usual", "How many times the usual downloads a day a surge had."),
    ),
    caveats=(
        VANISHED,
        "Where the source gives no time of creation, renaming cannot be recognised and shows as vanished.",
        "A surge is a fact about the counter. It may be success, a mirror, or a machine in a loop.",
    ),
    source="This report's own.",
    compute=compute,
)
