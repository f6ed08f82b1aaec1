"""How many organisations build open models that are used, where are they, and of what kind?"""

import ibis
from ibis.expr.types import Table

from generator.attribution import UNATTRIBUTED
from generator.attribution.registry import INTERNATIONAL
from generator.engines import kept
from generator.flows import Flows
from generator.metric import Metric
from generator.sums import cohort
from generator.windows import FIRST_YEAR_DAYS, windows_of

MIN_DOWNLOADS = 1000
"""Downloads that one new model needs to make its publisher active: enough to tell use from trials and robots."""

BASES_IN_ORDER = ("counter-difference", "monthly-30-day", "snapshot-30-day")
"""Where a model has several counts, the first of these is taken."""

CAVEATS = (
    "The country is the organisation's, never the user's: the Hub publishes no country of downloads.",
    "A download is a request for a model's query file, not a person; mirrors and continuous integration count as well.",
    "Only models that the data hold are counted: a selection of the most downloaded models misses the small "
    "organisations first, so their number is a lower bound.",
    "What the registry does not know is counted by namespace, apart from the organisations: one owner may have several "
    "namespaces, and many of them are individuals.",
    "The sector is the registry's, as it stands today; an individual with an account of their own is listed as "
    "individual, wherever they work.",
    "A model created last week had a week to reach the threshold, a model of last summer most of a year.",
)
"""What has to be said of every count of organisations."""


def compute(flows: Flows) -> Table:
    """Active organisations by country and sector at every report date."""
    rows = turnover(flows)
    cells = counted(rows, ["as_of", "country", "sector"], rows)
    named = ~cells.country.isin([UNATTRIBUTED, INTERNATIONAL])
    of_date = ibis.window(group_by=["as_of", named], order_by=[ibis.desc("active"), "country", "sector"])
    of_country = ibis.window(group_by=["as_of", "country"])
    return (
        cells.mutate(
            country_active=cells.active.sum().over(of_country).cast("int64"),
            rank=ibis.ifelse(named, (ibis.row_number().over(of_date) + 1).cast("int64"), ibis.null("int64")),
        )
        .select(*METRIC.columns)
        .order_by(["as_of", ibis.asc("rank", nulls_first=False), "country", "sector"])
    )


def active_publishers(flows: Flows) -> Table:
    """Who was active at each report date.

    Returns:
        as_of, organisation, listed (whether the registry knows it), country, sector; one row a report date and
        active organisation, or namespace where the registry knows none.
    """
    new = cohort(flows)
    # One month of counter differences is part of what the twelve months hold.
    by_basis = new.filter((new.window_months == 12) | (new.basis == "snapshot-30-day"))
    counts = (by_basis.downloads.max(where=by_basis.basis == basis) for basis in BASES_IN_ORDER)
    best = by_basis.group_by(["as_of", "model"]).aggregate(downloads=ibis.coalesce(*counts))
    models = flows.attribution.models
    published = models.filter(models.publisher_role == "developer").select(
        "model",
        organisation="publisher_organisation",
        listed=models.publisher_country != UNATTRIBUTED,
        country="publisher_country",
        sector="publisher_sector",
    )
    # An organisation whose namespaces are listed in two countries or sectors is still one organisation; a namespace
    # that nobody has listed may share its name with one and is another.
    whole = ibis.window(group_by=["organisation", "listed"])
    settled = published.mutate(country=published.country.min().over(whole), sector=published.sector.min().over(whole))
    used = best.filter(best.downloads >= MIN_DOWNLOADS)
    return used.inner_join(settled, "model").select("as_of", "organisation", "listed", "country", "sector").distinct()


def turnover(flows: Flows) -> Table:
    """Who is active at each report date or was so a year before.

    Returns:
        as_of, organisation, country, sector, active, entrant and gone (null where the archive has no report date a
        year before as_of); one row a report date and organisation.
    """
    return kept(flows.data.backend, "turnover", lambda: _turnover(flows))


def _turnover(flows: Flows) -> Table:
    windows = windows_of(flows.data.report_dates)
    reached = windows[(windows["basis"] == "counter-difference") & (windows["window_months"] == 12)]
    dates = ibis.memtable(
        reached.assign(year_before=reached["window_start"].where(reached["complete"]))[["as_of", "year_before"]]
    )
    dates = dates.select(as_of=dates.as_of.cast("date"), year_before=dates.year_before.cast("date"))
    active = active_publishers(flows)
    before = dates.filter(dates.year_before.notnull()).inner_join(active.rename(year_before="as_of"), "year_before")
    names = ["organisation", "listed", "country", "sector"]
    marked = ibis.union(
        active.select("as_of", *names, now=1, then=0),
        before.select("as_of", *names, now=0, then=1),
    )
    both = marked.group_by(["as_of", *names]).aggregate(now=marked.now.max(), then=marked.then.max())
    joined = both.inner_join(dates, "as_of")
    compared = joined.year_before.notnull()
    return joined.select(
        "as_of",
        "organisation",
        "country",
        "sector",
        active=joined.now == 1,
        entrant=ibis.ifelse(compared, (joined.now == 1) & (joined.then == 0), ibis.null("boolean")),
        gone=ibis.ifelse(compared, (joined.now == 0) & (joined.then == 1), ibis.null("boolean")),
    )


def counted(rows: Table, by: list[str], everyone: Table) -> Table:
    """Organisations counted by some of their attributes.

    Args:
        rows: as :func:`turnover` returns them; as_of and country among the columns.
        by: the columns to count by, as_of first.
        everyone: each organisation once a date, as :func:`turnover` returns them; the whole that shares are of.

    Returns:
        ``by``, active, share_of_active (of the date's active organisations of the registry; null for what the
        registry does not know, and where none is active), entrants and exits.
    """
    known = everyone.active & (everyone.country != UNATTRIBUTED)
    totals = everyone.group_by("as_of").aggregate(total=known.cast("int64").sum().cast("float64"))
    cells = rows.group_by(by).aggregate(
        active=rows.active.cast("int64").sum().cast("int64"),
        entrants=rows.entrant.cast("int64").sum().cast("int64"),
        exits=rows.gone.cast("int64").sum().cast("int64"),
        unlisted=(rows.country == UNATTRIBUTED).cast("int64").max(),
    )
    joined = cells.inner_join(totals, "as_of")
    whole = ibis.ifelse((joined.unlisted == 0) & (joined.total > 0), joined.total, ibis.null("float64"))
    return joined.select(*by, "active", "entrants", "exits", share_of_active=joined.active / whole)


COUNT_COLUMNS = (
    ("active", "Organisations that are active at the report date; for unattributed, namespaces."),
    (
        "share_of_active",
        "active divided by all active organisations of the registry (0 to 1); empty for unattributed.",
    ),
    (
        "entrants",
        "Those active now and not at the report date a year before; empty where the archive does not reach back.",
    ),
    (
        "exits",
        "Those active at the report date a year before and not now; empty where the archive does not reach back.",
    ),
)
"""What the columns of counts mean, here and in the summary by sector."""

DEFINITION = (
    f"An organisation is active at a report date if at least one model that it created in the {FIRST_YEAR_DAYS} days "
    f"up to that date had {MIN_DOWNLOADS:,} downloads or more since its creation, by the all-time counter; where the "
    "Hub gave no counter, in the twelve monthly 30-day counts, or else in the last 30 days. Counted by publisher: all "
    "namespaces of an organisation together, intermediaries (re-packagers) left out. Namespaces outside the registry "
    "that pass the same test are counted apart as unattributed."
)
"""When an organisation counts as active."""

METRIC = Metric(
    id="institutions",
    title="Active organisations by country and sector",
    question="How many organisations build the open models that are used, and where?",
    definition=(
        f"{DEFINITION} One row a country and sector; a row without active organisations says that there were some a "
        "year before."
    ),
    unit="organisations",
    columns=(
        "as_of",
        "country",
        "sector",
        "active",
        "share_of_active",
        "entrants",
        "exits",
        "country_active",
        "rank",
    ),
    own_columns=(
        *COUNT_COLUMNS,
        ("country_active", "active over all sectors of the country: the same in each of its rows."),
        ("rank", "Position by active, 1 the most; empty for XX and unattributed, which are no countries."),
    ),
    caveats=CAVEATS,
    source=(
        "The thin field of independent institutes was a statement in interviews, without a published table; the "
        "definition is this report's own."
    ),
    compute=compute,
)
