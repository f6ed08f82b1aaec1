"""Does the lead hang on one organisation?"""

from collections.abc import Sequence

import ibis
from ibis.expr.types import Table

from generator.attribution import LENSES, UNATTRIBUTED
from generator.attribution.lenses import MIXED, UNKNOWN_ORIGIN
from generator.dataset import among
from generator.engines import kept, kept_in_turn
from generator.flows import Flows
from generator.metric import USUAL_CAVEATS, Metric
from generator.metrics.lead_robustness import DECIMALS, cohorts
from generator.metrics.overtake import COUNTRY, OTHER_COUNTRY
from generator.sums import by_owner

WITHIN = ("as_of", "lens", "basis")
TOP = 20
MONTHS = 12


def compute(flows: Flows) -> Table:
    """The margin of the headline without each organisation, for those that move it most."""
    owners = flows.attribution.owners
    organisations = kept(flows.data.backend, "young_by_organisation", lambda: _by_organisation(_owned(flows)))
    # Joined, since a sum over a window would have every organisation sorted for it.
    totals = organisations.group_by(WITHIN).aggregate(
        **{
            f"all_{name}": organisations[name].sum().cast("int64")
            for name in ("downloads", "own", "other", "unattributed")
        }
    )
    held = organisations.inner_join(totals, WITHIN)
    rest = ibis.ifelse(held.all_downloads > held.downloads, held.all_downloads - held.downloads, ibis.null("int64"))
    left = held.filter(held.all_downloads > 0).mutate(
        share=held.downloads / held.all_downloads,
        margin=(held.all_own - held.all_other) / held.all_downloads,
        share_without=(held.all_own - held.own) / rest,
        other_share_without=(held.all_other - held.other) / rest,
        unattributed_without=(held.all_unattributed - held.unattributed) / rest,
    )
    left = left.mutate(
        margin=left.margin.round(DECIMALS),
        margin_without=(left.share_without - left.other_share_without).round(DECIMALS),
    )
    # What is no organisation stays in the totals, but cannot be left out.
    nobody = owners.filter(owners.organisation.isin([MIXED, UNKNOWN_ORIGIN]))
    moved = left.filter(left.margin_without.notnull()).anti_join(nobody, "body")
    moved = moved.mutate(
        change=moved.margin_without - moved.margin,
        lower=moved.margin_without - moved.unattributed_without,
        upper=moved.margin_without + moved.unattributed_without,
        turns=(moved.margin_without > 0) != (moved.margin > 0),
    )
    turning = moved.group_by(WITHIN).aggregate(turning=moved.turns.cast("int64").sum().cast("int64"))
    # Bodies are numbered in the order of their names; only what they are placed by is sorted.
    sizes = moved.select(*WITHIN, "body", size=moved.change.abs().round(DECIMALS))
    places = sizes.mutate(
        place=ibis.row_number().over(ibis.window(group_by=WITHIN, order_by=[ibis.desc("size"), "body"]))
    )
    first = moved.inner_join(places.filter(places.place < TOP), [*WITHIN, "body"])
    told = (
        _at_home(first, _owned(flows))
        .inner_join(turning, WITHIN)
        .inner_join(owners.select("body", "organisation").distinct(), "body")
        .mutate(rank=lambda row: (row.place + 1).cast("int64"), cohort_months=ibis.literal(MONTHS, type="int64"))
    )
    return told.select(*METRIC.columns).order_by([*WITHIN, "rank"])


def _owned(flows: Flows) -> Table:
    """Young models' downloads by owner: :data:`WITHIN`, body, country, downloads and models, in one row or several."""
    young = cohorts(flows)
    young = young.filter((young.cohort_months == MONTHS) & young.basis.isin(["all-time", "snapshot-30-day"]))
    counted = young.select("as_of", "basis", "model", downloads="size")

    def of_some(numbers: Sequence[int]) -> Table:
        owners = among(flows.owners, numbers).select("model", *LENSES)
        return by_owner(among(counted, numbers).inner_join(owners, "model"), ["as_of", "basis"])

    data = flows.data
    summed = kept_in_turn(data.backend, "young_by_owner", of_some, data.numbers, data.rows)
    owners = flows.attribution.owners.select("lens", "owner", "body", "country")
    return summed.inner_join(owners, ["lens", "owner"]).drop("owner")


def _by_organisation(owned: Table) -> Table:
    """:data:`WITHIN`, body, downloads, models, and how many of the downloads are either country's or unattributed."""

    def of(country: str) -> ibis.Value:
        return owned.downloads.sum(where=owned.country == country).fill_null(0).cast("int64")

    # An organisation whose namespaces lie in two countries leaves both.
    return owned.group_by([*WITHIN, "body"]).aggregate(
        downloads=owned.downloads.sum().cast("int64"),
        models=owned.models.sum().cast("int64"),
        own=of(COUNTRY),
        other=of(OTHER_COUNTRY),
        unattributed=of(UNATTRIBUTED),
    )


def _at_home(rows: Table, owned: Table) -> Table:
    """Rows of organisations with the country in which each has most of its downloads."""
    held = rows.inner_join(owned.select(*WITHIN, "body", "country", held="downloads"), [*WITHIN, "body"])
    by_country = held.group_by([*rows.columns, "country"]).aggregate(held=held.held.sum().cast("int64"))
    by_size = ibis.window(group_by=[*WITHIN, "body"], order_by=[ibis.desc("held"), ibis.desc("country")])
    return by_country.mutate(turn=ibis.row_number().over(by_size)).filter(lambda row: row.turn == 0)


METRIC = Metric(
    id="lead-jackknife",
    title="The lead without each organisation",
    question="Does the lead hang on one organisation?",
    definition=(
        "The margin between China and the United States in the downloads of models created in the 365 days up to the "
        "snapshot, computed anew without each organisation in turn (leave-one-out, or jackknife): its downloads "
        f"leave both the shares and their denominator. The {TOP} organisations that move the margin most."
    ),
    unit="fraction of downloads (difference of two shares)",
    columns=(
        *WITHIN,
        "cohort_months",
        "rank",
        "organisation",
        "country",
        "downloads",
        "models",
        "share",
        "margin",
        "share_without",
        "other_share_without",
        "margin_without",
        "change",
        "lower",
        "upper",
        "turns",
        "turning",
    ),
    own_columns=(
        ("cohort_months", "Age below which a model counts as new, in months (365 days)."),
        ("rank", "Position by how much the margin moves without the organisation, 1 the most."),
        ("country", "The country of most of the organisation's downloads."),
        ("share", "The organisation's share of the cohort's downloads."),
        ("margin", "China's share minus that of the United States, with every organisation."),
        ("share_without", "China's share without the organisation."),
        ("other_share_without", "The share of the United States without the organisation."),
        ("margin_without", "share_without minus other_share_without."),
        ("change", "margin_without minus margin."),
        ("lower", "margin_without if all unattributed downloads that remain belonged to the United States."),
        ("upper", "margin_without if all unattributed downloads that remain belonged to China."),
        ("turns", "Whether the other side leads without the organisation."),
        ("turning", "Number of organisations, of all, without any one of which the lead turns."),
    ),
    caveats=(
        *USUAL_CAVEATS,
        "A namespace that the registry does not know stands for itself, though its owner may have others.",
        "Mixed lineages and unknown origins are no organisations: they stay in the totals.",
        "Leaving an organisation out assumes that its downloads would not have gone to someone else's models.",
    ),
    source="Leave-one-out after the jackknife of Quenouille and Tukey; the application is this report's own.",
    compute=compute,
)
