"""How often does the median lab of each country release?"""

import ibis
from ibis.expr.types import Table

from generator.flows import Flows
from generator.metric import Metric
from generator.metrics import release_cadence


def compute(flows: Flows) -> Table:
    """The rhythm of each country's median lab at every report date."""
    labs = release_cadence.compute(flows)
    by_country = labs.group_by(["as_of", "country"]).aggregate(
        labs=labs.count(),
        labs_with_interval=labs.median_days_between.count(),
        events=labs.events.sum().cast("int64"),
        repositories=labs.repositories.sum().cast("int64"),
        median_days_between=labs.median_days_between.median().cast("float64"),
        labs_with_previous=labs.median_days_since_previous.count(),
        median_days_since_previous=labs.median_days_since_previous.median().cast("float64"),
    )
    return (
        by_country.mutate(events_per_lab=by_country.events / by_country.labs.cast("float64"))
        .select(*METRIC.columns)
        .order_by(["as_of", ibis.desc("events"), "country"])
    )


METRIC = Metric(
    id="release-cadence-by-country",
    title="Release cadence by country",
    question="Whose labs release in the quickest rhythm?",
    definition=(
        "The large labs of release-cadence, by country: how many there are, their release events in the 365 days up "
        "to the report date, and the median over labs of each lab's median days between releases. Each lab counts "
        "once, however much it releases; labs with releases on one day only have no interval and are left out of "
        "the median of "
        "intervals within the 365 days; the second median, of intervals that end in them, has these labs too."
    ),
    unit="events; days",
    columns=(
        "as_of",
        "country",
        "labs",
        "labs_with_interval",
        "events",
        "repositories",
        "events_per_lab",
        "median_days_between",
        "labs_with_previous",
        "median_days_since_previous",
    ),
    own_columns=(
        ("labs", "Large labs with a release in the 365 days up to as_of."),
        ("labs_with_interval", "Those with releases on two days or more, over which the median runs."),
        ("events", "Release events of these labs: organisation, family and day."),
        ("repositories", "Repositories in these events."),
        ("events_per_lab", "events divided by labs."),
        ("median_days_between", "The median lab's median number of days between releases; empty where none has one."),
        ("labs_with_previous", "Labs that had released before, in or before the 365 days."),
        (
            "median_days_since_previous",
            "The median over these labs of the median number of days since the previous release, however old.",
        ),
    ),
    caveats=release_cadence.CAVEATS,
    source=release_cadence.METRIC.source,
    compute=compute,
)
