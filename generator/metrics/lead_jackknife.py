"""Does the lead hang on one organisation?"""

from collections.abc import Sequence

import ibis
from ibis.expr.types import Table

from generator.attribution import LENSES, UNATTRIBUTED
from generator.attribution.lenses import MIXED, UNKNOWN_ORIGIN
from generator.dataset import among
from generator.engines import summed_in_turn
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
    owned = _owned(flows).inner_join(owners.select("lens", "owner", "body", "country"), ["lens", "owner"])

    def of(country: str) -> ibis.Value:
        return owned.downloads.sum(where=owned.country == country).fill_null(0).cast("int64")

    # An organisation whose namespaces lie in two countries leaves both.
    held = owned.group_by([*WITHIN, "body"]).aggregate(
        downloads=owned.downloads.sum().cast("int64"),
        models=owned.models.sum().cast("int64"),
        own=of(COUNTRY),
        other=of(OTHER_COUNTRY),
        unattributed=of(UNATTRIBUTED),
    )
    whole = ibis.window(group_by=list(WITHIN))
    totals = {
        name: held[name].sum().over(whole).cast("int64") for name in ("downloads", "own", "other", "unattributed")
    }
    held = held.mutate(**{f"all_{name}": value for name, value in totals.items()})
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
    # Bodies are numbered in the order of their names.
    by_change = ibis.window(group_by=list(WITHIN), order_by=[ibis.desc(moved.change.abs().round(DECIMALS)), "body"])
    ranked = moved.mutate(
        rank=(ibis.row_number().over(by_change) + 1).cast("int64"),
        turning=moved.turns.cast("int64").sum().over(ibis.window(group_by=list(WITHIN))),
        cohort_months=ibis.literal(MONTHS, type="int64"),
    )
    first = ranked.filter(ranked["rank"] <= TOP)
    at_home = _at_home(owned.semi_join(first, [*WITHIN, "body"]))
    told = first.inner_join(at_home, [*WITHIN, "body"]).inner_join(
        owners.select("body", "organisation").distinct(), "body"
    )
    return told.select(*METRIC.columns).order_by([*WITHIN, "rank"])


def _owned(flows: Flows) -> Table:
    """Young models' downloads by :data:`WITHIN` and owner: with downloads and models."""
    young = cohorts(flows)
    young = young.filter((young.cohort_months == MONTHS) & young.basis.isin(["all-time", "snapshot-30-day"]))
    counted = young.select("as_of", "basis", "model", downloads="size")

    def some(numbers: Sequence[int]) -> Table:
        owners = among(flows.owners, numbers).select("model", *LENSES)
        return by_owner(among(counted, numbers).inner_join(owners, "model"), ["as_of", "basis"])

    data = flows.data
    return summed_in_turn(
        data.backend, "young_by_owner", some, data.numbers, data.rows, ["as_of", "basis", "lens", "owner"]
    )


def _at_home(owned: Table) -> Table:
    """The country in which an organisation has most of its downloads: :data:`WITHIN`, body, country."""
    by_size = ibis.window(group_by=[*WITHIN, "body"], order_by=[ibis.desc("downloads"), ibis.desc("country")])
    by_country = owned.group_by([*WITHIN, "body", "country"]).aggregate(downloads=owned.downloads.sum().cast("int64"))
    largest = by_country.mutate(place=ibis.row_number().over(by_size))
    return largest.filter(largest.place == 0).select(*WITHIN, "body", "country")


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
