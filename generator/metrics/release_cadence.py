"""How often does each large lab release?"""

import ibis
from ibis.expr.types import Table

from generator.attribution import UNATTRIBUTED
from generator.flows import Flows
from generator.metric import Metric
from generator.metrics.top_families import UNASSIGNED

WINDOW_DAYS = 365
"""The trailing twelve months, as long as the cohort of new models."""

MONTHS = 12

LARGE = 5
"""Repositories from which a lab is large; with fewer there are hardly intervals to take a median of."""

CAVEATS = (
    "The country is the developer's, never the user's.",
    "Only repositories that the data hold are counted, each by the day (UTC) on which it was created, which may be "
    "earlier than the day on which it was made public. What was deleted, or is outside a selection of models, is "
    "missing: the number of releases is a lower bound, and an interval may hold releases that nobody sees here.",
    "A median of few intervals says little, and releases that come in bursts make it short: two releases within one "
    "week of an otherwise quiet year are less than a week apart. Read it beside the number of releases.",
    "A lab that released on one day only has no interval within twelve months, so the slowest labs are absent from "
    "the first median. The second, of intervals that may begin earlier, has them, but is long where the older or the "
    "newer models are the worse covered.",
    "Individuals and namespaces outside the registry are no labs here; re-packagers release nothing of their own.",
)
"""What has to be said of every figure about releases."""


def release_events(flows: Flows) -> Table:
    """Every release event of every lab, of whatever day.

    Returns:
        organisation, country, sector, day (date), family (``unassigned`` where nothing tells), repositories; one
        row an organisation, day and family.
    """
    models = flows.attribution.models
    # Whoever is no individual and known to the registry; floor dates are null already.
    published = models.filter(
        (models.publisher_role == "developer")
        & (models.publisher_country != UNATTRIBUTED)
        & ~models.publisher_sector.isin(["individual", UNATTRIBUTED])
        & models.created_on.notnull()
    ).select(
        organisation="publisher_organisation",
        country="publisher_country",
        sector="publisher_sector",
        day="created_on",
        family=models.family.fill_null(UNASSIGNED),
    )
    # A lab with namespaces of two countries is one lab.
    whole = ibis.window(group_by="organisation")
    settled = published.mutate(country=published.country.min().over(whole), sector=published.sector.min().over(whole))
    return settled.group_by(["organisation", "country", "sector", "day", "family"]).aggregate(
        repositories=settled.count()
    )


def events_up_to(flows: Flows) -> Table:
    """The events of each report date's large labs.

    Returns:
        as_of and the columns of :func:`release_events`, and recent (whether the day lies in the trailing twelve
        months); one row a report date and an event up to it.
    """
    dates = flows.data.snapshots.filter(flows.data.snapshots.report_date).select("as_of")
    events = release_events(flows)
    past = dates.join(events, dates.as_of >= events.day)
    size = past.repositories.sum().over(ibis.window(group_by=["as_of", "organisation"]))
    recent = past.as_of.delta(past.day, unit="day") < WINDOW_DAYS
    sized = past.mutate(size=size, recent=recent)
    return sized.filter(sized["size"] >= LARGE).drop("size")


def intervals(past: Table) -> Table:
    """The days since a lab's previous day with releases.

    Args:
        past: as_of, organisation, day, recent, as :func:`events_up_to` gives them.

    Returns:
        as_of, organisation, day, days_since_previous (null for the lab's first day of all), days_between (the same
        where the previous day is recent too, else null); one row a recent day with releases.
    """
    days = past.select("as_of", "organisation", "day", "recent").distinct()
    in_order = ibis.window(group_by=["as_of", "organisation"], order_by="day")
    followed = days.mutate(before=days.day.lag().over(in_order), recent_before=days.recent.lag().over(in_order))
    since = followed.day.delta(followed.before, unit="day").cast("int64")
    return followed.filter(followed.recent).select(
        "as_of",
        "organisation",
        "day",
        days_since_previous=since,
        days_between=ibis.ifelse(followed.recent_before, since, ibis.null("int64")),
    )


def compute(flows: Flows) -> Table:
    """The rhythm of every large lab that released in the twelve months up to a report date."""
    past = events_up_to(flows)
    recent = past.filter(past.recent)
    counted = recent.group_by(["as_of", "organisation", "country", "sector"]).aggregate(
        events=recent.count(),
        repositories=recent.repositories.sum().cast("int64"),
        first_event=recent.day.min(),
        last_event=recent.day.max(),
    )
    apart = intervals(past)
    rhythm = apart.group_by(["as_of", "organisation"]).aggregate(
        release_days=apart.count(),
        median_days_between=apart.days_between.median().cast("float64"),
        median_days_since_previous=apart.days_since_previous.median().cast("float64"),
    )
    joined = counted.inner_join(rhythm, ["as_of", "organisation"])
    by_number = ibis.window(
        group_by="as_of",
        order_by=[ibis.desc("events"), ibis.desc("repositories"), ibis.asc("organisation")],
    )
    return (
        joined.mutate(
            events_per_month=joined.events.cast("float64") / MONTHS,
            rank=(ibis.row_number().over(by_number) + 1).cast("int64"),
        )
        .select(*METRIC.columns)
        .order_by(["as_of", "rank"])
    )


METRIC = Metric(
    id="release-cadence",
    title="Release cadence of large labs",
    question="How often does each large lab release?",
    definition=(
        "Release events of a lab in the 365 days up to the report date, by the day on which its repositories were "
        "created; repositories of one family that a lab created on one day are one event, whether they are original "
        "or derived from another model. The median runs over the intervals between consecutive days with releases, "
        "both in those 365 days: two families released on one day are two events but make no interval of 0 days. A "
        "second reading takes all intervals that end in the 365 days, however long ago they began, so that labs that "
        "release once a year count too. "
        "A lab is an organisation of the registry "
        "that is no individual and no intermediary, by publisher; it is large if the data hold at least "
        f"{LARGE} of its repositories created up to the report date, and listed if at least one is of those 365 days. "
        "Repositories that carry the Hub's oldest date, the floor of 2 March 2022, have no known day and are left out."
    ),
    unit="events a month; days",
    columns=(
        "as_of",
        "rank",
        "organisation",
        "country",
        "sector",
        "events",
        "release_days",
        "repositories",
        "events_per_month",
        "median_days_between",
        "median_days_since_previous",
        "first_event",
        "last_event",
    ),
    own_columns=(
        ("rank", "Position by number of events, then of repositories; 1 the most."),
        ("events", "Release events in the 365 days up to as_of: organisation, family and day."),
        ("release_days", "Days with at least one event."),
        ("repositories", "Repositories in these events."),
        ("events_per_month", "events divided by twelve."),
        (
            "median_days_between",
            "Median number of days between consecutive days with events; empty with one such day.",
        ),
        (
            "median_days_since_previous",
            "Median number of days since the previous day with events, over the days of the 365; the previous day "
            "may be older than these. Empty for a lab without one.",
        ),
        ("first_event", "The first day with an event in the 365 days."),
        ("last_event", "The last such day."),
    ),
    caveats=CAVEATS,
    source=(
        "After the statement of a study's authors that Chinese labs release every week or two and US labs twice a "
        "year; no table was published with it, so the definition is this report's own."
    ),
    compute=compute,
)
