"""On which days did the most active labs release?"""

import ibis
from ibis.expr.types import Table

from generator.flows import Flows
from generator.metric import Metric
from generator.metrics import release_cadence

COUNTRIES = ("CN", "US")
"""The two that the study compares; all others together are the third group."""

LABS_A_GROUP = 4


def compute(flows: Flows) -> Table:
    """The days with releases of the labs with most release events, at the newest report date."""
    labs = release_cadence.compute(flows)
    newest = labs.semi_join(labs.aggregate(as_of=labs.as_of.max()), "as_of")
    group = ibis.ifelse(newest.country.isin(COUNTRIES), newest.country, "other")
    place = ibis.row_number().over(ibis.window(group_by=group, order_by=newest["rank"])) + 1
    leading = newest.mutate(place=place).filter(lambda row: row.place <= LABS_A_GROUP).select("as_of", "organisation")

    past = release_cadence.events_up_to(flows)
    events = past.filter(past.recent).semi_join(leading, ["as_of", "organisation"])
    return (
        events.group_by(["as_of", "organisation", "country", "day"])
        .aggregate(
            events=events.count(),
            repositories=events.repositories.sum().cast("int64"),
            families=events.family.collect().sort().join("; "),
        )
        .select(*METRIC.columns)
        .order_by(["organisation", "day"])
    )


METRIC = Metric(
    id="release-events",
    title="Days with releases of the most active labs",
    question="When did the most active labs release?",
    definition=(
        "At the newest report date, every day with releases in the 365 days up to it, of the "
        f"{LABS_A_GROUP} large labs with most release events (as in release-cadence) in China, the "
        f"{LABS_A_GROUP} in the United States and the {LABS_A_GROUP} in all other countries."
    ),
    unit="repositories",
    columns=("as_of", "organisation", "country", "day", "events", "repositories", "families"),
    own_columns=(
        ("day", "The day (UTC) on which the repositories were created."),
        ("events", "Release events on that day: one a family."),
        ("repositories", "Repositories created on that day."),
        ("families", "Their families in alphabetical order; unassigned where neither lineage nor name tells."),
    ),
    caveats=release_cadence.CAVEATS,
    source=release_cadence.METRIC.source,
    compute=compute,
)
